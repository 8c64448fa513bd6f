//! Everything that is decided before the first file is opened.

use std::path::PathBuf;

use crate::finding::RootKind;
use crate::locate::{Settings, Source};
use crate::rule::Level;

/// A place to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRoot {
    /// What it is.
    pub kind: RootKind,
    /// Where.
    pub path: PathBuf,
    /// Who says so.
    pub origin: Source,
}

/// What one run does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to look.
    pub roots: Vec<PlannedRoot>,
    /// Go's settings; judged, and printed in the report.
    pub settings: Settings,
    /// Folder of the main module, whose go.sum is held against the caches.
    pub main_module: Option<PathBuf>,
    /// Only these rules (all where empty).
    pub only: Vec<String>,
    /// Not these rules.
    pub skip: Vec<String>,
    /// The level from which the exit code is 1; `None` for never.
    pub fail_on: Option<Level>,
    /// Whether a run that finds nothing to scan is a success.
    pub allow_empty: bool,
    /// Worker threads.
    pub jobs: usize,
    /// Whether rows for `--facts` are kept.
    pub facts: bool,
}
