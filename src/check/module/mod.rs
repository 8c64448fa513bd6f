//! Module zips and extracted directories: each against the sums that claim them, against each other, and in its shape.

pub mod tree;
mod tree_rules;
pub mod zip;
mod zip_rules;

use std::path::{Path, PathBuf};

use crate::evidence::zip::ModuleEvidence;
use crate::finding::{Finding, RootKind};
use crate::format::dirhash::H1;
use crate::rule::Rule;

pub use tree_rules::RULES as TREE_RULES;
pub use zip_rules::RULES as ZIP_RULES;

/// One sum of a module and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumClaim {
    /// The dirhash.
    pub h1: H1,
    /// The file, or other source, that claims it.
    pub by: String,
}

/// What is claimed of a module's content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SumClaims {
    /// The strongest proof from outside the module's own files: the checksum database, or else go.sum.
    pub proven: Option<SumClaim>,
    /// The module's `.ziphash`.
    pub ziphash: Option<SumClaim>,
}

impl SumClaims {
    /// The strongest.
    pub fn strongest(&self) -> Option<&SumClaim> {
        self.proven.as_ref().or(self.ziphash.as_ref())
    }
}

/// Which of both is at fault. Where zip and directory disagree, the strongest claim tells which one is wrong, and only that
/// one is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The zip is what is claimed, or nothing is claimed: where the directory differs, it is wrong.
    Tree,
    /// The zip is not what is claimed; the directory is.
    Zip,
    /// Neither is what is claimed.
    Both,
}

fn fault(evidence: &ModuleEvidence, claims: &SumClaims) -> Fault {
    let zip = evidence.zip.as_ref().and_then(|z| z.h1);
    let Some(claim) = claims.strongest().map(|c| c.h1) else { return Fault::Tree };
    match &evidence.tree {
        // A `.ziphash` that fits a zip of a shape that Go refuses was made to fit.
        _ if zip == Some(claim) && claims.proven.is_none() && zip::is_refused(evidence) => Fault::Zip,
        _ if zip == Some(claim) => Fault::Tree,
        Some(tree) if tree.h1 == Some(claim) => Fault::Zip,
        _ => Fault::Both,
    }
}

/// A finding about a file of the module; `part` makes the subject distinct where one module has several.
fn about(rule: &'static Rule, path: &Path, evidence: &ModuleEvidence, part: &str, message: impl Into<String>) -> Finding {
    let subject = if part.is_empty() { evidence.module.to_string() } else { format!("{}/{part}", evidence.module) };
    Finding::at(rule, RootKind::Gomodcache, path, subject, message)
}

fn ziphash_path(zip: &Path) -> PathBuf {
    let mut name = zip.as_os_str().to_owned();
    name.push("hash");
    PathBuf::from(name)
}
