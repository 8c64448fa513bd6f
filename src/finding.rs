//! A plain value: one broken rule on one subject, with its own proof.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use crate::place::{Place, RootKind, path_text};
use crate::rule::{Fix, Level, Rule};

/// The proof: two values that should agree, and whose the claim is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof {
    /// What the cache, the name or the mode says.
    pub claimed: Option<String>,
    /// What we found.
    pub computed: Option<String>,
    /// The file, or other source, of the claim.
    pub claimed_by: Option<String>,
    /// The line in the file that the finding is about, from 1.
    pub line: Option<u64>,
}

/// A change that mends the cause, for a person or a script to apply.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mend {
    /// A command, word by word.
    Command(Vec<String>),
    /// A line of a file to replace, or to remove where `new` is `None`.
    Edit {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The line as it stands.
        old: String,
        /// What it should be.
        new: Option<String>,
    },
}

/// One broken rule on one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// At most the level of the rule.
    pub level: Level,
    /// The file, directory or variable that is wrong.
    pub place: Place,
    /// The place of Go's that it lies in.
    pub root: RootKind,
    /// What is wrong, named without any path of this machine: `module@version`, an action or output ID, a variable, or a
    /// path relative to the root. With the rule it makes the fingerprint.
    pub subject: String,
    /// One sentence: lower case, present tense, values in backquotes.
    pub message: String,
    /// Claimed against computed.
    pub proof: Proof,
    /// The change that mends it, where one can be named.
    pub mend: Option<Mend>,
    /// How many more entries below `place` share this cause and are not listed one by one.
    pub more: u64,
    /// What a repair would do about it: what its rule says, or nothing where it would not help.
    pub fix: Fix,
    /// What stands and falls with it: of an output, the action entries that name it.
    pub with: Vec<PathBuf>,
    /// Whether go.sum or the checksum database proves the zip of the module version that it is about.
    pub proven: bool,
    /// What go does after the repair, where that is not what one would expect.
    pub then: Option<&'static str>,
}

impl Finding {
    /// A finding of `rule` at its usual level.
    pub fn new(
        rule: &'static Rule,
        root: RootKind,
        place: Place,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Finding {
        Finding {
            rule,
            level: rule.level,
            place,
            root,
            subject: subject.into(),
            message: message.into(),
            proof: Proof::default(),
            mend: None,
            more: 0,
            fix: rule.fix,
            with: Vec::new(),
            proven: false,
            then: None,
        }
    }

    /// A finding about the node at `path`.
    pub fn at(
        rule: &'static Rule,
        root: RootKind,
        path: &Path,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Finding {
        Finding::new(rule, root, Place::Path(path.to_path_buf()), subject, message)
    }

    /// The same at a lower level.
    #[must_use]
    pub fn lowered_to(mut self, level: Level) -> Finding {
        self.level = self.level.min(level);
        self
    }

    /// The same with the two values that disagree.
    #[must_use]
    pub fn claims(mut self, claimed: impl Into<String>, computed: impl Into<String>) -> Finding {
        self.proof.claimed = Some(claimed.into());
        self.proof.computed = Some(computed.into());
        self
    }

    /// The same with the source of the claim.
    #[must_use]
    pub fn claimed_by(mut self, source: impl Into<String>) -> Finding {
        self.proof.claimed_by = Some(source.into());
        self
    }

    /// The same with the line that it is about.
    #[must_use]
    pub fn line(mut self, line: u64) -> Finding {
        self.proof.line = Some(line);
        self
    }

    /// The same, told only: a repair would not help.
    #[must_use]
    pub fn unfixed(mut self) -> Finding {
        self.fix = Fix::None;
        self
    }

    /// The same with what go does after the repair.
    #[must_use]
    pub fn then(mut self, then: &'static str) -> Finding {
        self.then = Some(then);
        self
    }

    /// The same with the change that mends it.
    #[must_use]
    pub fn mend(mut self, mend: Mend) -> Finding {
        self.mend = Some(mend);
        self
    }

    /// The same wherever the caches lie: from the rule, the kind of the root and what is named, never from a path of this
    /// machine. 32 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut h = Sha256::new();
        for part in [self.rule.id, self.root.as_str(), &self.subject] {
            h.update(part.as_bytes());
            h.update([0]);
        }
        crate::format::hex(&h.finalize()[..16])
    }

    /// The order of the report: worst first, then by place, rule and words; the same for the same input.
    pub fn order(&self, other: &Finding) -> std::cmp::Ordering {
        other
            .level
            .cmp(&self.level)
            .then_with(|| self.root.cmp(&other.root))
            .then_with(|| self.place.cmp(&other.place))
            .then_with(|| self.rule.id.cmp(other.rule.id))
            .then_with(|| self.subject.cmp(&other.subject))
            .then_with(|| self.message.cmp(&other.message))
            .then_with(|| self.proof.cmp(&other.proof))
    }
}

/// Where checks put what they find.
#[derive(Debug, Default)]
pub struct Sink {
    findings: Vec<Finding>,
    more: BTreeMap<&'static str, (&'static Rule, u64)>,
    told: BTreeMap<&'static str, usize>,
}

/// How many findings of one posture rule are told one by one for one unit of work (a shard, a module).
pub const MANY: usize = 256;

impl Sink {
    /// Takes a finding.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Takes a finding of which a whole folder may be full: past [`MANY`] of one rule the rest is counted with the last.
    pub fn push_bounded(&mut self, finding: Finding) {
        let told = self.told.entry(finding.rule.id).or_insert(0);
        *told += 1;
        if *told > MANY
            && let Some(last) = self.findings.iter_mut().rev().find(|f| f.rule == finding.rule)
        {
            last.more += 1;
        } else {
            self.findings.push(finding);
        }
    }

    /// Counts one more entry that shares a fault with its root, which is told once.
    pub fn count_more(&mut self, rule: &'static Rule) {
        self.more.entry(rule.id).or_insert((rule, 0)).1 += 1;
    }

    /// Takes all that another sink holds.
    pub fn absorb(&mut self, other: Sink) {
        self.findings.extend(other.findings);
        for (id, (rule, n)) in other.more {
            self.more.entry(id).or_insert((rule, 0)).1 += n;
        }
    }

    /// Keeps those for which `keep` says yes.
    pub fn retain(&mut self, keep: impl FnMut(&Finding) -> bool) {
        self.findings.retain(keep);
    }

    /// The finding of `rule` about the root at `path`, if there is one.
    pub fn about_root(&mut self, rule: &'static Rule, path: &Path) -> Option<&mut Finding> {
        self.findings.iter_mut().find(|f| f.rule == rule && matches!(&f.place, Place::Path(p) if p == path))
    }

    /// What was counted and not told one by one.
    pub fn take_more(&mut self) -> Vec<(&'static Rule, u64)> {
        std::mem::take(&mut self.more).into_values().collect()
    }

    /// What it holds, in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// The same, to add to what is known of each.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        self.findings.iter_mut()
    }

    /// Whether one of them is an error.
    pub fn has_error(&self) -> bool {
        self.findings.iter().any(|f| f.level == Level::Error)
    }

    /// How many it holds.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// What it holds, in the order found.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
