//! The report: one value, made by the scan, from which every format is rendered. It decides nothing.

pub mod env;
pub mod facts;
pub mod human;
pub mod json;
pub mod progress;
pub mod schema;
pub mod text;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

pub use crate::count::{Counts, Coverage, Roles, Trust, Unread};
use crate::facts::Fact;
use crate::finding::{Finding, RootKind};
use crate::locate::{Settings, Source};
use crate::word::words;

/// Whether a root could be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RootState {
    /// It is there and was scanned.
    Ok,
    /// It is not there.
    Absent,
    /// It is there, but could not be read.
    Unreadable,
}

words!(RootState: Ok => "ok", Absent => "absent", Unreadable => "unreadable");

/// What one scanned root holds, for the line of the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootReport {
    /// Which of Go's places it is.
    pub kind: RootKind,
    /// The path as Go has it.
    pub path: PathBuf,
    /// Who says so.
    pub origin: Source,
    /// Whether it could be looked at.
    pub state: RootState,
    /// What was counted below it.
    pub counts: Counts,
    /// Proofs of the modules or outputs below it.
    pub trust: Trust,
    /// What the action entries below it are for.
    pub roles: Roles,
}

/// The outcome of one run.
#[derive(Debug, Clone)]
pub struct Report {
    /// `scan`.
    pub command: &'static str,
    /// When it began.
    pub started_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether there was something to scan, all of it could be read, and nothing kept changing under the scan.
    pub complete: bool,
    /// The roots, in the order of their kinds.
    pub roots: Vec<RootReport>,
    /// Sum over the roots.
    pub counts: Counts,
    /// Sum over the roots.
    pub coverage: Coverage,
    /// Sum over the roots.
    pub trust: Trust,
    /// Sum over the roots.
    pub roles: Roles,
    /// In the order of [`Finding::order`].
    pub findings: Vec<Finding>,
    /// Go's settings with their sources.
    pub settings: Settings,
    /// In the order of their paths.
    pub unread: Vec<Unread>,
    /// Findings that a flag left out.
    pub suppressed: u64,
    /// Rows for `--facts`, sorted; empty if nobody asked.
    pub facts: Vec<Fact>,
}

impl Report {
    /// Whether nothing at all was looked at: never a success by itself.
    pub fn nothing_scanned(&self) -> bool {
        self.counts.files == 0 && self.counts.binaries == 0
    }

    /// Whether a place that a flag or argument names is not there.
    pub fn named_root_absent(&self) -> bool {
        self.roots.iter().any(|r| r.origin == Source::Flag && r.state == RootState::Absent)
    }
}

/// Told by the scan while it works; shown on standard error, or not at all.
pub trait Progress: Sync {
    /// A phase begins: its number, of how many, its title, and how many items (in `unit`s) and bytes are to come, where known.
    fn phase(&self, number: u32, of: u32, title: &'static str, unit: &'static str, items: u64, bytes: Option<u64>);
    /// Some items and bytes are done.
    fn advance(&self, items: u64, bytes: u64);
    /// All is done; whatever was shown goes away.
    fn finish(&self);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _: u32, _: u32, _: &'static str, _: &'static str, _: u64, _: Option<u64>) {}
    fn advance(&self, _: u64, _: u64) {}
    fn finish(&self) {}
}
