//! From findings to a verdict: what a flag leaves out, and whether what is left fails the run. Knows no format and no file.

use std::path::Path;

use crate::facts::ModuleVersion;
use crate::finding::{Finding, Place, RootKind};
use crate::format::module::pattern::{match_path, match_prefix_patterns};
use crate::rule::{Level, Rule};
use crate::subject::modcache::version_of;

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

/// Whether a word of `--only` or `--skip` is a module pattern, not the name of a rule.
pub fn is_module_pattern(word: &str) -> bool {
    word.contains(['/', '@', '*', '.'])
}

/// Whether a pattern names a module version: `path@version`, or a path, or the beginning of one, with globs as in GOPRIVATE.
fn names_module(pattern: &str, module: &ModuleVersion) -> bool {
    match pattern.split_once('@') {
        None => match_prefix_patterns(pattern.as_bytes(), module.path.as_bytes()),
        Some((path, version)) => {
            let is = |pattern: &str, text: &str| match_path(pattern.as_bytes(), text.as_bytes()).unwrap_or(false);
            (is(path, &module.path) || path == module.path) && (is(version, &module.version) || version == module.version)
        }
    }
}

/// The module version that a finding is about, told from where it lies; in a vendor folder, where no path tells it, from what it is
/// about.
fn module_of(caches: &[&Path], finding: &Finding) -> Option<ModuleVersion> {
    if finding.root == RootKind::Vendor {
        let (path, rest) = finding.subject.split_once('@')?;
        let version = rest.split('/').next()?;
        return Some(ModuleVersion { path: path.to_owned(), version: version.to_owned() });
    }
    let Place::Path(path) = &finding.place else { return None };
    let caches = caches.iter().filter(|_| finding.root == RootKind::Gomodcache);
    let name = caches.filter_map(|cache| path.strip_prefix(cache).ok()).find_map(version_of)?;
    Some(ModuleVersion { path: name.path, version: name.version })
}

/// Judges `findings`: only those of the rules and modules named in `only` (all where it is empty), without those named in
/// `skip`; a finding at `fail_on` or above fails the run. `caches`: module caches, in which a path tells the module.
pub fn judge(findings: Vec<Finding>, caches: &[&Path], only: &[String], skip: &[String], fail_on: Option<Level>) -> Verdict {
    let names = |list: &[String], f: &Finding| {
        let patterns = || list.iter().filter(|word| is_module_pattern(word));
        list.iter().any(|id| id == f.rule.id)
            || (patterns().next().is_some()
                && module_of(caches, f).is_some_and(|module| patterns().any(|pattern| names_module(pattern, &module))))
    };
    let before = findings.len();
    let kept: Vec<Finding> = findings.into_iter().filter(|f| (only.is_empty() || names(only, f)) && !names(skip, f)).collect();
    let suppressed = u64::try_from(before - kept.len()).unwrap_or(u64::MAX);
    let fails = reaches(&kept, fail_on);
    Verdict { kept, suppressed, fails }
}

/// Whether a rule is asked for: named in `only` (all are where it is empty, or names modules), and not in `skip`.
pub fn asks(rule: &Rule, only: &[String], skip: &[String]) -> bool {
    let names = |list: &[String]| list.iter().any(|id| id == rule.id);
    (only.is_empty() || names(only) || only.iter().any(|word| is_module_pattern(word))) && !names(skip)
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
        let all = judge(two(), &[], &[], &[], Some(Level::Warning));
        assert_eq!((ids(&all), all.suppressed, all.fails), (vec!["bad-thing", "odd-thing"], 0, true));
        let only = judge(two(), &[], &strings(&["odd-thing"]), &[], Some(Level::Warning));
        assert_eq!((ids(&only), only.suppressed, only.fails), (vec!["odd-thing"], 1, false));
        let skip = judge(two(), &[], &strings(&["odd-thing", "bad-thing"]), &strings(&["bad-thing"]), Some(Level::Note));
        assert_eq!((ids(&skip), skip.suppressed, skip.fails), (vec!["odd-thing"], 1, true));
    }

    #[test]
    fn modules_are_named_by_path_version_and_glob() {
        let cache = Path::new("/m");
        let at = |path: &str| Finding::at(&BAD, RootKind::Gomodcache, &cache.join(path), "x", "is wrong");
        let text = at("cache/download/golang.org/x/text/@v/v0.3.8.zip");
        let tree = at("github.com/!burnt!sushi/toml@v1.4.0/a/b@c.go");
        for (pattern, of_text, of_tree) in [
            ("golang.org/x/text@v0.3.8", true, false),
            ("golang.org/x/text@v0.3.7", false, false),
            ("golang.org/x/text", true, false),
            ("golang.org/x/*", true, false),
            ("golang.org/x/*@v0.3.*", true, false),
            ("golang.org/x", true, false),
            ("golang.org/x/tex", false, false),
            ("github.com/BurntSushi/toml@v1.4.0", false, true),
            ("*.com/*", false, true),
        ] {
            assert!(is_module_pattern(pattern), "{pattern}");
            let only = [pattern.to_owned()];
            let kept = |f: &Finding| judge(vec![f.clone()], &[cache], &only, &[], None).kept.len() == 1;
            assert_eq!((kept(&text), kept(&tree)), (of_text, of_tree), "{pattern}");
            assert_eq!(judge(vec![text.clone()], &[cache], &[], &only, None).kept.is_empty(), of_text, "{pattern}");
        }
        assert!(!is_module_pattern("zip-hash-mismatch"));
        let vendored = Finding::at(&BAD, RootKind::Vendor, Path::new("/v/x"), "golang.org/x/text@v0.3.8/a@b/c.go", "is wrong");
        for (pattern, kept) in [("golang.org/x/text@v0.3.8", true), ("golang.org/x/*", true), ("golang.org/x/net", false)] {
            let left = judge(vec![vendored.clone()], &[cache], &[pattern.to_owned()], &[], None).kept;
            assert_eq!(left.len() == 1, kept, "{pattern}");
        }
    }

    #[test]
    fn the_level_decides_and_never_means_never() {
        for (fail_on, fails) in
            [(Some(Level::Error), true), (Some(Level::Warning), true), (Some(Level::Note), true), (None, false)]
        {
            assert_eq!(judge(two(), &[], &[], &[], fail_on).fails, fails);
        }
        assert!(!judge(Vec::new(), &[], &[], &[], Some(Level::Note)).fails);
    }
}
