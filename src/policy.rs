//! From findings to a verdict: what a flag leaves out, and whether what is left fails the run. Knows no format and no file.

use crate::finding::Finding;
use crate::rule::{Level, Rule};

/// What is left of the findings, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Findings of the rules that were asked for, in the order given.
    pub kept: Vec<Finding>,
    /// How many were left out.
    pub suppressed: u64,
    /// Whether one of those that are kept reaches the level from which a run fails.
    pub fails: bool,
}

/// Judges `findings`: only the rules named in `only` (all where it is empty), without those named in `skip`; a finding
/// at `fail_on` or above fails the run.
pub fn judge(findings: Vec<Finding>, only: &[String], skip: &[String], fail_on: Option<Level>) -> Verdict {
    let before = findings.len();
    let kept: Vec<Finding> = findings.into_iter().filter(|f| asks(f.rule, only, skip)).collect();
    let suppressed = u64::try_from(before - kept.len()).unwrap_or(u64::MAX);
    let fails = reaches(&kept, fail_on);
    Verdict { kept, suppressed, fails }
}

/// Whether a rule is asked for: named in `only` (all are where it is empty), and not in `skip`.
pub fn asks(rule: &Rule, only: &[String], skip: &[String]) -> bool {
    let names = |list: &[String]| list.iter().any(|id| id == rule.id);
    (only.is_empty() || names(only)) && !names(skip)
}

/// Whether any finding is at `fail_on` or above.
pub fn reaches(findings: &[Finding], fail_on: Option<Level>) -> bool {
    fail_on.is_some_and(|level| findings.iter().any(|f| f.level >= level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Place, RootKind};
    use crate::rule::{Fix, Kind};

    static BAD: Rule = rule("bad-thing", Level::Error);
    static ODD: Rule = rule("odd-thing", Level::Note);

    const fn rule(id: &'static str, level: Level) -> Rule {
        Rule {
            id,
            level,
            kind: Kind::Integrity,
            fix: Fix::None,
            summary: "",
            what: "",
            why: "",
            go: "",
            mend: "",
            source: "",
            witness: |_| Ok(Place::Env(String::new())),
        }
    }

    fn two() -> Vec<Finding> {
        [&BAD, &ODD].map(|r| Finding::new(r, RootKind::Gocache, Place::Env("X".into()), "X", "is wrong")).to_vec()
    }

    #[test]
    fn only_and_skip_leave_out_and_count() {
        let strings = |names: &[&str]| names.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let ids = |v: &Verdict| v.kept.iter().map(|f| f.rule.id).collect::<Vec<_>>();
        let all = judge(two(), &[], &[], Some(Level::Warning));
        assert_eq!((ids(&all), all.suppressed, all.fails), (vec!["bad-thing", "odd-thing"], 0, true));
        let only = judge(two(), &strings(&["odd-thing"]), &[], Some(Level::Warning));
        assert_eq!((ids(&only), only.suppressed, only.fails), (vec!["odd-thing"], 1, false));
        let skip = judge(two(), &strings(&["odd-thing", "bad-thing"]), &strings(&["bad-thing"]), Some(Level::Note));
        assert_eq!((ids(&skip), skip.suppressed, skip.fails), (vec!["odd-thing"], 1, true));
    }

    #[test]
    fn the_level_decides_and_never_means_never() {
        for (fail_on, fails) in
            [(Some(Level::Error), true), (Some(Level::Warning), true), (Some(Level::Note), true), (None, false)]
        {
            assert_eq!(judge(two(), &[], &[], fail_on).fails, fails);
        }
        assert!(!judge(Vec::new(), &[], &[], Some(Level::Note)).fails);
    }
}
