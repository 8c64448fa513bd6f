//! From findings to a verdict. Knows no format and no file.

use crate::finding::Finding;
use crate::rule::Level;

/// What is left of the findings.
#[derive(Debug)]
pub struct Judged {
    /// Those that count.
    pub kept: Vec<Finding>,
    /// How many a flag left out.
    pub suppressed: u64,
}

/// Leaves out what `only` does not name (all is named where it is empty) and what `skip` does.
pub fn judge(findings: Vec<Finding>, only: &[String], skip: &[String]) -> Judged {
    let total = findings.len();
    let named = |list: &[String], f: &Finding| list.iter().any(|id| id == f.rule.id);
    let kept: Vec<Finding> = findings.into_iter().filter(|f| (only.is_empty() || named(only, f)) && !named(skip, f)).collect();
    let suppressed = u64::try_from(total - kept.len()).unwrap_or(0);
    Judged { kept, suppressed }
}

/// Whether any finding reaches the level from which a run has failed.
pub fn fails(findings: &[Finding], fail_on: Option<Level>) -> bool {
    fail_on.is_some_and(|level| findings.iter().any(|f| f.level >= level))
}
