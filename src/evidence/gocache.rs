//! Reads the build cache: every entry opened once, hashed once.

mod kept;
mod lanes;
mod program;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use self::kept::Kept;
pub use self::lanes::outputs_at_once;
use self::lanes::{Done, Job, Lanes};
use super::node::{Expect, Root};
use super::tally::Tally;
use crate::format::action::{self, ActionDamage, ActionEntry, ActionId, ActionOddity, OutputId};
use crate::format::binary::Format;
use crate::format::buildid::{BuildId, ContentHasher, IdHash};
use crate::format::hex;
use crate::format::output::OutputClass;
use crate::subject::gocache::{ShardEntry, shard_entry};
use crate::sys::{Dir, File, NodeKind};

/// What a worker keeps between subjects.
#[derive(Debug)]
pub struct Scratch {
    lanes: Lanes<File>,
    program: ContentHasher,
    content: bool,
}

impl Scratch {
    /// `content`: whether content IDs are to be computed; without them the rules on content are silent.
    pub fn new(content: bool) -> Scratch {
        Scratch { lanes: Lanes::new(content), program: ContentHasher::default(), content }
    }
}

/// An action entry as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionSeen {
    /// From the name.
    pub id: ActionId,
    /// What it says, or why Go would not use it.
    pub entry: Result<(ActionEntry, Option<ActionOddity>), ActionDamage>,
}

/// How the bytes of an output stand to its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputState {
    /// sha256 of the bytes is the name.
    Intact,
    /// It is not; the sha256 that was computed. For an executable directory: of the file called so inside.
    Differs(Box<([u8; 32], Option<OsString>)>),
    /// An executable directory that has not exactly one regular file; how many entries it has, and one that is too many.
    NotOneFile(usize, Option<Box<OsString>>),
}

/// What an output says of the action that made it: a compiled package or a linked program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Its build ID as it stands there; empty where Go reads none.
    pub id: BuildId,
    /// The content ID of its bytes, computed where the build ID has the shape that Go gives it.
    pub content: Option<IdHash>,
    /// What a program is by its first bytes; `None` for an archive.
    pub program: Option<Format>,
}

impl Built {
    /// The part of the build ID that shows the action, in an ID of the shape that Go gives.
    pub fn action(&self) -> Option<IdHash> {
        if self.program.is_some() { self.id.linked_action() } else { self.id.archive_action() }
    }

    /// The part of the build ID that shows the content.
    pub fn claimed_content(&self) -> Option<IdHash> {
        if self.program.is_some() { self.id.linked_content() } else { self.id.archive_content() }
    }

    /// Whether the bytes fit the content ID; `None` where there is none to hold them against.
    pub fn content_ok(&self) -> Option<bool> {
        Some(self.claimed_content()? == *self.content.as_ref()?)
    }
}

/// An output as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSeen {
    /// From the name.
    pub id: OutputId,
    /// Size in bytes; of an executable directory, that of the file in it.
    pub size: u64,
    /// What it is.
    pub class: OutputClass,
    /// How it stands to its name.
    pub state: OutputState,
    /// Time of the last write, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// What a compiled package, or the program of an executable directory, says of its making.
    pub built: Option<Box<Built>>,
    /// What is kept of the content of an intact one, where anything is.
    pub kept: Option<Box<Kept>>,
}

/// What was read of some shards, or of some entries of one.
#[derive(Debug, Default)]
pub struct ShardSeen {
    /// Action entries.
    pub actions: Vec<ActionSeen>,
    /// Outputs.
    pub outputs: Vec<OutputSeen>,
    /// Names that are neither, relative to the root.
    pub strays: Vec<PathBuf>,
    /// Names of action entries or outputs that are held by something else than a file or directory.
    pub blocked: u64,
    /// About how many bytes are kept of outputs.
    kept: usize,
}

/// Path of a shard relative to the root.
pub fn shard_path(shard: u8) -> PathBuf {
    PathBuf::from(hex(&[shard]))
}

/// Path of an action entry relative to the root.
pub fn action_path(id: ActionId) -> PathBuf {
    shard_path(id.shard()).join(format!("{id}-a"))
}

/// Path of an output relative to the root.
pub fn output_path(id: OutputId) -> PathBuf {
    shard_path(id.shard()).join(format!("{id}-d"))
}

/// Where what is read goes.
struct Yield<'a> {
    root: &'a Root,
    tally: &'a mut Tally,
    seen: &'a mut ShardSeen,
}

impl Yield<'_> {
    fn failed(&mut self, rel: &Path, error: &io::Error) {
        self.tally.failed(&self.root.path.join(rel), error);
    }

    fn output(&mut self, done: Done<File>) {
        let Done { id, mtime_ns, from, read } = done;
        match read {
            Ok((head, hash)) => {
                self.tally.counts.outputs += 1;
                self.tally.counts.bytes += hash.size;
                let intact = hash.sha256 == id.0;
                let state = if intact { OutputState::Intact } else { OutputState::Differs(Box::new((hash.sha256, None))) };
                let kept = if intact { kept::of(head.class, head.text, &from, &hash) } else { Ok(None) };
                let room = kept::MAX_KEPT.saturating_sub(self.seen.kept);
                let kept = kept.map(|kept| kept.or(head.go.map(Kept::Archive)).map(|kept| Box::new(kept.within(room))));
                let built = head.archive.map(|id| Box::new(Built { id, content: hash.content, program: None }));
                match kept {
                    Ok(kept) => {
                        self.seen.kept += kept.as_ref().map_or(0, |kept| kept.weight());
                        let row = OutputSeen { id, size: hash.size, class: head.class, state, mtime_ns, built, kept };
                        self.seen.outputs.push(row);
                    }
                    Err(e) => self.failed(&output_path(id), &e),
                }
            }
            Err(e) => self.failed(&output_path(id), &e),
        }
    }
}

/// Reads all entries of some shards; tells `step` after each how many bytes were read since it was last told.
pub fn read_shards(root: &Root, shards: &[u8], scratch: &mut Scratch, tally: &mut Tally, step: &dyn Fn(u64)) -> ShardSeen {
    let mut seen = ShardSeen::default();
    let mut to = Yield { root, tally, seen: &mut seen };
    let mut told = 0;
    for (left, shard) in (0..shards.len()).rev().zip(shards) {
        let rel = shard_path(*shard);
        match root.dir.open_dir(&rel).and_then(|dir| Ok((dir.list()?, dir))) {
            Ok((entries, dir)) => entries.iter().for_each(|(name, _)| read_entry_in(&dir, *shard, name, scratch, &mut to)),
            Err(e) => to.failed(&rel, &e),
        }
        if left == 0 {
            scratch.lanes.drain(&mut |done| to.output(done));
        }
        step(to.tally.counts.bytes.saturating_sub(told));
        told = to.tally.counts.bytes;
    }
    seen
}

/// Reads one entry of a shard.
pub fn read_entry(root: &Root, shard: u8, name: &OsStr, scratch: &mut Scratch, tally: &mut Tally, seen: &mut ShardSeen) {
    let rel = shard_path(shard);
    let mut to = Yield { root, tally, seen };
    match root.dir.open_dir(&rel) {
        Ok(dir) => {
            read_entry_in(&dir, shard, name, scratch, &mut to);
            scratch.lanes.drain(&mut |done| to.output(done));
        }
        Err(e) => to.failed(&rel.join(name), &e),
    }
}

fn read_entry_in(dir: &Dir, shard: u8, name: &OsStr, scratch: &mut Scratch, to: &mut Yield<'_>) {
    let rel = shard_path(shard).join(name);
    let result = match shard_entry(shard, name) {
        ShardEntry::Action(id) => read_action(dir, id, &rel, to),
        ShardEntry::Output(id) => read_output(dir, id, &rel, scratch, to),
        ShardEntry::Stray => look(to.root, &rel, Expect::Plain, to.tally).map(|_| to.seen.strays.push(rel.clone())),
    };
    if let Err(e) = result {
        to.failed(&rel, &e);
    }
}

/// Judges who may change a node that is not opened, and tells its type.
pub fn look(root: &Root, rel: &Path, expect: Expect, tally: &mut Tally) -> io::Result<NodeKind> {
    let stat = root.dir.stat(rel)?;
    tally.node(root, rel, stat, expect)?;
    if stat.kind == NodeKind::File {
        tally.counts.files += 1;
        tally.counts.bytes += stat.size;
    }
    Ok(stat.kind)
}

/// Opens a file and judges who may change it. `None`: it is no regular file, which the posture rules have told.
pub fn open(root: &Root, rel: &Path, expect: Expect, tally: &mut Tally) -> io::Result<Option<File>> {
    opened(root, root.dir.open_file(rel), rel, expect, tally)
}

/// The same for the file at `rel` that lies directly in `dir`, which saves the way to it.
fn open_in(dir: &Dir, rel: &Path, to: &mut Yield<'_>) -> io::Result<Option<File>> {
    let name = rel.file_name().and_then(OsStr::to_str).unwrap_or_default();
    opened(to.root, dir.open_file_in(name), rel, Expect::Plain, to.tally)
}

fn opened(root: &Root, file: io::Result<File>, rel: &Path, expect: Expect, tally: &mut Tally) -> io::Result<Option<File>> {
    match file {
        Ok(file) => {
            tally.node(root, rel, *file.stat(), expect)?;
            tally.counts.files += 1;
            Ok(Some(file))
        }
        Err(e) => {
            // A link, a FIFO or a directory in its place is a finding; a file that we may not read is not.
            let stat = root.dir.stat(rel)?;
            if stat.kind == NodeKind::File {
                return Err(e);
            }
            tally.node(root, rel, stat, expect)?;
            Ok(None)
        }
    }
}

fn read_action(dir: &Dir, id: ActionId, rel: &Path, to: &mut Yield<'_>) -> io::Result<()> {
    let Some(mut file) = open_in(dir, rel, to)? else {
        // Posture has no word on a directory; Go fails to store the entry there.
        if to.root.dir.stat(rel)?.kind == NodeKind::Dir {
            to.seen.actions.push(ActionSeen { id, entry: Err(ActionDamage::Directory) });
        } else {
            to.seen.blocked += 1;
        }
        return Ok(());
    };
    // One byte more than an entry has tells a longer file; its true size is known from the stat.
    let mut bytes = [0u8; action::ENTRY_SIZE + 1];
    let mut length = 0;
    while let Some(rest) = bytes.get_mut(length..).filter(|r| !r.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(n) => {
                length += n;
                // A short read that ends where the file was said to end.
                if length < bytes.len() && u64::try_from(length).is_ok_and(|l| l == file.stat().size) {
                    break;
                }
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    to.tally.counts.actions += 1;
    to.tally.counts.bytes += file.stat().size;
    let entry = match action::parse(bytes.get(..length).unwrap_or(&[]), id) {
        Err(ActionDamage::Length(_)) if length > action::ENTRY_SIZE => {
            Err(ActionDamage::Length(usize::try_from(file.stat().size).unwrap_or(usize::MAX)))
        }
        other => other,
    };
    to.seen.actions.push(ActionSeen { id, entry });
    Ok(())
}

fn read_output(dir: &Dir, id: OutputId, rel: &Path, scratch: &mut Scratch, to: &mut Yield<'_>) -> io::Result<()> {
    if let Some(file) = open_in(dir, rel, to)? {
        let stat = *file.stat();
        let job = Job { id, from: file, expected: stat.size, mtime_ns: stat.mtime_ns };
        scratch.lanes.take(job, &mut |done| to.output(done));
    } else if to.root.dir.stat(rel)?.kind == NodeKind::Dir {
        let row = program::read(id, rel, scratch, to)?;
        to.seen.outputs.push(row);
    } else {
        to.seen.blocked += 1;
    }
    Ok(())
}
