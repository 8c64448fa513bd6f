//! The report: one value, made by the scan, from which every format is rendered. It decides nothing.

pub mod env;
pub mod facts;
pub mod human;
pub mod json;
pub mod progress;
pub mod schema;
pub mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use crate::check::environment::Answer;
pub use crate::count::{Counts, Coverage, Roles, Trust, Unread, Vendored};
use crate::environment::Start;
use crate::evidence::holdings::modules::Modules;
use crate::evidence::holdings::outputs::Outputs;
use crate::evidence::online::Spent;
use crate::facts::Fact;
use crate::finding::{Finding, RootKind};
use crate::locate::{Settings, Source};
use crate::rule::Fix;
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
    /// Of a vendor folder: how its files stand to the zips of their modules.
    pub vendored: Option<Vendored>,
}

/// The outcome of one run.
#[derive(Debug, Clone)]
pub struct Report {
    /// `scan`, `doctor` or `prune`.
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
    /// What `--online` sent and got; `None` without it.
    pub online: Option<Spent>,
    /// Versions of Go that may have used the caches, such as `go1.26.8`.
    pub go_versions: Vec<String>,
    /// What was repaired, or would be; `None` if nobody asked.
    pub fix: Option<FixReport>,
    /// What `doctor` tells beside its findings; `None` of a scan.
    pub doctor: Option<Doctor>,
    /// What `prune` tells beside its findings; `None` of all else.
    pub prune: Option<Pruned>,
}

/// What `prune` tells beside its findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Build caches.
    pub caches: Vec<Outputs>,
    /// Module caches.
    pub modules: Vec<Modules>,
    /// The files of sums whose modules stay.
    pub lists: Vec<PathBuf>,
    /// The go.work of workspaces whose own file of sums is missing.
    pub without_sums: Vec<PathBuf>,
    /// Whether anything was asked to be taken.
    pub asked: bool,
}

/// What `doctor` tells beside its findings.
#[derive(Debug, Clone)]
pub struct Doctor {
    /// Who runs us.
    pub here: Person,
    /// Other users, where they were asked for.
    pub others: Vec<Person>,
}

/// What `doctor` tells of one user.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Name.
    pub name: Vec<u8>,
    /// Which `go` it is, and why.
    pub answer: Answer,
    /// Ways of starting a shell or program.
    pub starts: Vec<Start>,
}

/// What was repaired, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FixReport {
    /// The name of the run, as `quarantine` takes it; `None` where nothing was begun.
    pub run: Option<String>,
    /// Whether only the plan was asked for.
    pub dry_run: bool,
    /// Whether the user was asked, and said no.
    pub declined: bool,
    /// Whether the plan was shown before.
    pub shown: bool,
    /// Steps, in the order in which they were done.
    pub steps: Vec<FixStep>,
}

/// One step of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixStep {
    /// `quarantine`, `chmod`, `chown` or `unlink`.
    pub act: Fix,
    /// Where.
    pub path: PathBuf,
    /// The mode that is given.
    pub mode: Option<u32>,
    /// The rule whose finding asks for it.
    pub rule: &'static str,
    /// Bytes that are moved.
    pub bytes: u64,
    /// What go does afterwards.
    pub then: &'static str,
    /// The place of the finding.
    pub about: Arc<Path>,
    /// Whether it was done.
    pub done: bool,
    /// Why it was not, or what went wrong.
    pub error: Option<String>,
}

impl FixReport {
    /// Bytes that were moved, or would be.
    pub fn bytes(&self) -> u64 {
        self.steps.iter().filter(|s| s.done || self.dry_run).map(|s| s.bytes).sum()
    }

    /// Whether something that was planned, and to be done, was not.
    pub fn fell_short(&self) -> bool {
        !self.dry_run && !self.declined && self.steps.iter().any(|s| !s.done || s.error.is_some())
    }
}

impl Report {
    /// The report of a run that has not looked at anything yet.
    pub fn empty(command: &'static str, started_at: SystemTime, settings: Settings) -> Report {
        Report {
            command,
            started_at,
            elapsed: Duration::ZERO,
            complete: true,
            roots: Vec::new(),
            counts: Counts::default(),
            coverage: Coverage::default(),
            trust: Trust::default(),
            roles: Roles::default(),
            findings: Vec::new(),
            settings,
            unread: Vec::new(),
            suppressed: 0,
            facts: Vec::new(),
            online: None,
            go_versions: Vec::new(),
            fix: None,
            doctor: None,
            prune: None,
        }
    }

    /// Whether nothing at all was looked at: never a success by itself.
    pub fn nothing_scanned(&self) -> bool {
        self.counts.files == 0 && self.counts.binaries == 0
    }

    /// Whether a repair has changed something since the scan counted it.
    pub fn repaired(&self) -> bool {
        self.fix.as_ref().is_some_and(|fix| !fix.dry_run && fix.steps.iter().any(|s| s.done))
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
