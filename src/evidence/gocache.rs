//! Reads the build cache: every entry opened once, hashed once.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::node::{Expect, Root};
use super::tally::Tally;
use crate::format::action::{self, ActionDamage, ActionEntry, ActionId, ActionOddity, OutputId};
use crate::format::hex;
use crate::format::output::{self, OutputClass};
use crate::subject::gocache::{ShardEntry, shard_entry};
use crate::sys::{File, NodeKind};

/// Size of the read buffer in bytes: larger ones fall out of the second-level cache and cost more than the calls they save.
pub const BUFFER: usize = 64 << 10;

/// What a worker keeps between subjects.
#[derive(Debug)]
pub struct Scratch {
    buffer: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch { buffer: vec![0; BUFFER] }
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
}

/// What was read of one shard, or of some entries of it.
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

/// Reads all entries of a shard.
pub fn read_shard(root: &Root, shard: u8, scratch: &mut Scratch, tally: &mut Tally) -> ShardSeen {
    let mut seen = ShardSeen::default();
    let rel = shard_path(shard);
    match root.dir.open_dir(&rel).and_then(|dir| dir.list()) {
        Ok(entries) => entries.iter().for_each(|(name, _)| read_entry(root, shard, name, scratch, tally, &mut seen)),
        Err(e) => tally.failed(&root.path.join(&rel), &e),
    }
    seen
}

/// Reads one entry of a shard.
pub fn read_entry(root: &Root, shard: u8, name: &OsString, scratch: &mut Scratch, tally: &mut Tally, seen: &mut ShardSeen) {
    let rel = shard_path(shard).join(name);
    let result = match shard_entry(shard, name) {
        ShardEntry::Action(id) => read_action(root, id, &rel, tally, seen),
        ShardEntry::Output(id) => read_output(root, id, &rel, scratch, tally, seen),
        ShardEntry::Stray => look(root, &rel, Expect::Plain, tally).map(|_| seen.strays.push(rel.clone())),
    };
    if let Err(e) = result {
        tally.failed(&root.path.join(&rel), &e);
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
    match root.dir.open_file(rel) {
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

fn read_action(root: &Root, id: ActionId, rel: &Path, tally: &mut Tally, seen: &mut ShardSeen) -> io::Result<()> {
    let Some(mut file) = open(root, rel, Expect::Plain, tally)? else {
        // Posture has no word on a directory; Go fails to store the entry there.
        if root.dir.stat(rel)?.kind == NodeKind::Dir {
            seen.actions.push(ActionSeen { id, entry: Err(ActionDamage::Directory) });
        } else {
            seen.blocked += 1;
        }
        return Ok(());
    };
    // One byte more than an entry has tells a longer file; its true size is known from the stat.
    let mut bytes = [0u8; action::ENTRY_SIZE + 1];
    let mut length = 0;
    while let Some(rest) = bytes.get_mut(length..).filter(|r| !r.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(n) => length += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    tally.counts.actions += 1;
    tally.counts.bytes += file.stat().size;
    let entry = match action::parse(bytes.get(..length).unwrap_or(&[]), id) {
        Err(ActionDamage::Length(_)) if length > action::ENTRY_SIZE => {
            Err(ActionDamage::Length(usize::try_from(file.stat().size).unwrap_or(usize::MAX)))
        }
        other => other,
    };
    seen.actions.push(ActionSeen { id, entry });
    Ok(())
}

fn read_output(
    root: &Root,
    id: OutputId,
    rel: &Path,
    scratch: &mut Scratch,
    tally: &mut Tally,
    seen: &mut ShardSeen,
) -> io::Result<()> {
    if let Some(mut file) = open(root, rel, Expect::Plain, tally)? {
        let (digest, size, class) = hash(&mut file, &mut scratch.buffer)?;
        tally.counts.outputs += 1;
        tally.counts.bytes += size;
        let state = if digest == id.0 { OutputState::Intact } else { OutputState::Differs(Box::new((digest, None))) };
        seen.outputs.push(OutputSeen { id, size, class, state, mtime_ns: file.stat().mtime_ns });
    } else if root.dir.stat(rel)?.kind == NodeKind::Dir {
        read_executable(root, id, rel, scratch, tally, seen)?;
    } else {
        seen.blocked += 1;
    }
    Ok(())
}

/// An executable directory: one program, named by its sha256 (cmd/go/internal/cache/cache.go: `PutExecutable`).
fn read_executable(
    root: &Root,
    id: OutputId,
    rel: &Path,
    scratch: &mut Scratch,
    tally: &mut Tally,
    seen: &mut ShardSeen,
) -> io::Result<()> {
    let mut names: Vec<OsString> = root.dir.open_dir(rel)?.list()?.into_iter().map(|(name, _)| name).collect();
    names.sort();
    tally.counts.outputs += 1;
    let mtime_ns = root.dir.stat(rel)?.mtime_ns;
    let mut row = OutputSeen { id, size: 0, class: OutputClass::Executable, state: OutputState::Intact, mtime_ns };
    for name in &names {
        let inner = rel.join(name);
        let opened = open(root, &inner, Expect::Program, tally)?;
        match (opened, names.len()) {
            (Some(mut file), 1) => {
                let (digest, size, _) = hash(&mut file, &mut scratch.buffer)?;
                tally.counts.bytes += size;
                row.size = size;
                row.mtime_ns = row.mtime_ns.max(file.stat().mtime_ns);
                if digest != id.0 {
                    row.state = OutputState::Differs(Box::new((digest, Some(name.clone()))));
                }
            }
            (None, 1) => row.state = OutputState::NotOneFile(1, Some(Box::new(name.clone()))),
            _ => {}
        }
    }
    if names.len() != 1 {
        row.state = OutputState::NotOneFile(names.len(), names.pop().map(Box::new));
    }
    seen.outputs.push(row);
    Ok(())
}

/// sha256, size and class of what a file holds from its start; reads to the end, whatever its size was said to be.
pub fn hash(file: &mut File, buffer: &mut [u8]) -> io::Result<([u8; 32], u64, OutputClass)> {
    let mut sha = Sha256::new();
    let mut size = 0u64;
    let mut class = OutputClass::Empty;
    loop {
        let n = match file.read(buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        let piece = buffer.get(..n).unwrap_or(&[]);
        if size == 0 {
            class = output::classify(piece.get(..output::HEAD).unwrap_or(piece), file.stat().size);
        }
        sha.update(piece);
        size = size.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
    }
    Ok((sha.finalize().into(), size, class))
}
