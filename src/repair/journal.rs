//! The journal of a run on disk, and what it says of each step.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;

use crate::format::journal::{Chain, Change, Identity, InnerMode, Journal, Moment, Name, NodeType, Record, RootRecord, parse};
use crate::sys::{self, Dir, NodeKind, Stat};

/// Name of the journal in the folder of its run.
pub(super) const NAME: &str = "journal";

/// Longest journal that is read, in bytes: a step takes about 700.
const MAX_JOURNAL: u64 = 1 << 30;

/// A journal that is written to. What is told reaches the disk with the next [`Writer::commit`].
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    chain: Chain,
    pending: String,
    /// A write has failed: the file may end in half a line, behind which nothing may stand.
    spoilt: bool,
}

impl Writer {
    /// Makes the journal of a new run.
    pub(super) fn make(run: &Dir) -> io::Result<Writer> {
        let file = run.make_file(OsStr::new(NAME), 0o600)?;
        Ok(Writer { file, chain: Chain::default(), pending: String::new(), spoilt: false })
    }

    /// Goes on with a journal that was read: what was not finished at its end is cut off.
    pub(super) fn resume(run: &Dir, journal: &Journal) -> io::Result<Writer> {
        let file = run.open_append(OsStr::new(NAME))?;
        if file.metadata()?.len() != journal.length {
            sys::cut_to(&file, journal.length)?;
        }
        Ok(Writer { file, chain: journal.chain, pending: String::new(), spoilt: false })
    }

    /// Takes a record.
    pub(super) fn tell(&mut self, record: &Record) -> io::Result<()> {
        if self.spoilt {
            return Err(io::Error::other("the journal could not be written"));
        }
        self.pending.push_str(&self.chain.line(record).map_err(io::Error::from)?);
        Ok(())
    }

    /// Makes all that was told durable. Once that has failed, nothing can be told any more.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(&mut self.pending);
        let written = sys::append_durably(&mut self.file, text.as_bytes());
        self.spoilt = written.is_err();
        written
    }
}

/// Reads the journal of a run, which is empty where none was begun; an error of kind `InvalidData` where it is damaged, and
/// the reason.
pub(super) fn read(run: &Dir) -> io::Result<Journal> {
    let mut file = match run.open_file_in(NAME) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Journal::default()),
        file => file?,
    };
    let (bytes, ended) = file.read_all(MAX_JOURNAL)?;
    if !ended {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the journal is longer than any that is written"));
    }
    parse(&bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("the journal is damaged: {e}")))
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// About to be done when the journal ends.
    Open,
    /// The same, and a copy was being made.
    Copying,
    /// The same, and the copy is whole.
    Copied,
    /// Done.
    Done,
    /// Not done.
    Failed(String),
    /// About to be undone when the journal ends.
    Returning,
    /// The same, and the copy back is whole.
    ReturnCopied,
    /// Undone.
    Returned,
}

/// A step as the journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    /// Its number in the run.
    pub step: u64,
    /// The rule whose finding asked for it.
    pub rule: String,
    /// Index of its root in [`RunRecord::roots`].
    pub root: u32,
    /// Where, relative to the root.
    pub path: Name,
    /// What.
    pub change: Change,
    /// What was there.
    pub was: Identity,
    /// Last write of the folder that holds it, before.
    pub parent: Moment,
    /// How far it is.
    pub stage: Stage,
    /// Nodes inside it whose mode was tightened in the quarantine.
    pub inner: Vec<InnerMode>,
}

impl StepRecord {
    /// Whether a kill left it half done.
    pub fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Done | Stage::Failed(_) | Stage::Returned)
    }

    /// Its path, relative to its root.
    pub fn rel(&self) -> std::path::PathBuf {
        sys::path_from_bytes(self.path.0.clone())
    }
}

/// A run as its journal tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunRecord {
    /// When it began, RFC 3339; empty where not even that was written.
    pub time: String,
    /// Where it works.
    pub roots: Vec<RootRecord>,
    /// Its steps, by number.
    pub steps: BTreeMap<u64, StepRecord>,
    /// Whether it came to its end.
    pub ended: bool,
    /// Whether all of it was put back.
    pub restored: bool,
}

impl RunRecord {
    /// What a journal amounts to.
    pub(super) fn of(journal: &Journal) -> RunRecord {
        let mut run = RunRecord::default();
        for record in &journal.records {
            run.take(record);
        }
        run
    }

    pub(super) fn take(&mut self, record: &Record) {
        let mut stage = |step: &u64, to: Stage| {
            if let Some(s) = self.steps.get_mut(step) {
                s.stage = to;
            }
        };
        match record {
            Record::Begin { time, roots, .. } => {
                self.time.clone_from(time);
                self.roots.clone_from(roots);
            }
            Record::Intent { step, rule, root, path, change, was, parent } => {
                let record = StepRecord {
                    step: *step,
                    rule: rule.clone(),
                    root: *root,
                    path: path.clone(),
                    change: change.clone(),
                    was: was.clone(),
                    parent: *parent,
                    stage: Stage::Open,
                    inner: Vec::new(),
                };
                self.steps.insert(*step, record);
            }
            Record::Copying { step } => stage(step, Stage::Copying),
            Record::Copied { step } => stage(step, Stage::Copied),
            Record::Tighten { step, nodes } => {
                if let Some(s) = self.steps.get_mut(step) {
                    s.inner.extend(nodes.iter().cloned());
                }
            }
            Record::Done { step } | Record::Kept { step, .. } => stage(step, Stage::Done),
            Record::Failed { step, why } => stage(step, Stage::Failed(why.clone())),
            Record::End => self.ended = true,
            Record::Restored => self.restored = true,
            Record::Return { step } => stage(step, Stage::Returning),
            Record::ReturnCopied { step } => stage(step, Stage::ReturnCopied),
            Record::Returned { step } => stage(step, Stage::Returned),
        }
    }

    /// Steps that are done and not undone.
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = &StepRecord> {
        self.steps.values().filter(|s| s.stage == Stage::Done)
    }

    /// Whether a kill left something to be finished or rolled back.
    pub fn is_open(&self) -> bool {
        let back = |s: &StepRecord| s.stage == Stage::Returned;
        let returned = !self.restored && self.steps.values().any(back) && self.standing().next().is_none();
        !self.ended || returned || self.steps.values().any(StepRecord::is_open)
    }
}

/// The type of a node, as the journal names it.
pub(super) fn node_type(kind: NodeKind) -> NodeType {
    match kind {
        NodeKind::File => NodeType::File,
        NodeKind::Dir => NodeType::Dir,
        NodeKind::Link => NodeType::Link,
        NodeKind::Fifo | NodeKind::Socket | NodeKind::Device | NodeKind::Unknown => NodeType::Special,
    }
}

/// What a node is, for the journal.
pub(super) fn identity(stat: &Stat, sha256: Option<String>) -> Identity {
    Identity {
        kind: node_type(stat.kind),
        dev: stat.dev,
        ino: stat.ino,
        size: stat.size,
        mtime: Moment::from_ns(stat.mtime_ns),
        mode: stat.mode,
        uid: stat.uid,
        gid: stat.gid,
        nlink: stat.nlink,
        sha256,
    }
}

/// Whether `stat` is of the node that `was` tells of.
pub(super) fn is_node(stat: &Stat, was: &Identity) -> bool {
    stat.dev == was.dev && stat.ino == was.ino && node_type(stat.kind) == was.kind
}

/// Whether it is that node and, as far as time stamps can show, holds the same. A folder is taken for itself alone.
pub(super) fn is_unchanged(stat: &Stat, was: &Identity) -> bool {
    is_node(stat, was) && (was.kind == NodeType::Dir || (stat.size == was.size && Moment::from_ns(stat.mtime_ns) == was.mtime))
}
