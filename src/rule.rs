//! What a rule is; none is defined here. The rules stand in [`check`](crate::check), one file a subject.

use crate::sample::Sample;
use std::io;

/// How bad a finding is: SARIF's three levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Unusual, harmless.
    Note,
    /// A protection is off or weakened.
    Warning,
    /// The content is not what it must be, or someone else may change it.
    Error,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Content against the claim that stands for it.
    Integrity,
    /// A shape that Go never writes and an attacker gains from.
    Tamper,
    /// Who may change a thing, and where a link leads.
    Posture,
    /// Leftovers and strays.
    Hygiene,
    /// Settings of Go.
    Environment,
}

/// What `--fix` would do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fix {
    /// Move it to the quarantine; Go fetches or builds it again.
    Quarantine,
    /// Give it the mode that Go gives.
    Chmod,
    /// Give it back to the owner of its root.
    Chown,
    /// Remove the link (never its target).
    Unlink,
    /// Nothing: explained only.
    None,
}

pub(crate) use crate::word::words;

words!(Level: Note => "note", Warning => "warning", Error => "error");
words!(Kind: Integrity => "integrity", Tamper => "tamper", Posture => "posture", Hygiene => "hygiene", Environment => "environment");
words!(Fix: Quarantine => "quarantine", Chmod => "chmod", Chown => "chown", Unlink => "unlink", None => "none");

/// A promise about one kind of subject, with all that is ever said of it. `explain`, the reports, the documentation and
/// the tests are made from this one definition.
pub struct Rule {
    /// Says the defect, kebab-case, never used again for something else.
    pub id: &'static str,
    /// The level of its findings. A finding of the same rule may be lower where `what` says so, never higher.
    pub level: Level,
    /// What it is about.
    pub kind: Kind,
    /// What `--fix` would do.
    pub fix: Fix,
    /// The defect in one line.
    pub summary: &'static str,
    /// What is checked, and when the level is lower than usual.
    pub what: &'static str,
    /// Why it matters: what an attacker gains, and what accident looks the same.
    pub why: &'static str,
    /// What Go does by itself when it meets this.
    pub go: &'static str,
    /// What to do.
    pub mend: &'static str,
    /// Where Go's behaviour can be read, such as `cmd/go/internal/cache/cache.go (get)`.
    pub source: &'static str,
    /// One damage to a healthy sample that this rule, and at most rules that the same damage explains, must tell.
    pub witness: Witness,
}

/// Damages a healthy sample and returns where the finding must be.
pub type Witness = fn(&mut Sample) -> io::Result<crate::place::Place>;

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rule({})", self.id)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}
