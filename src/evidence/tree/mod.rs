//! An extracted module directory, held against the zip it came from, or hashed where there is none.

mod sibling;
mod walker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) use sibling::{BUFFER, hash};
pub(super) use walker::Walker;

use super::node::Expect;
use crate::format::dirhash::H1;
use crate::sys::{Dir, NodeKind, Stat};

/// How a file differs from the zip's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Offset of the first byte that differs, or where one of both ends.
    pub offset: u64,
    /// The line that it is in, from 1; `None` for what is no text.
    pub line: Option<u64>,
    /// How many bytes differ, where both have one size.
    pub bytes: Option<u64>,
    /// Size in the zip.
    pub zip_size: u64,
    /// Size on disk.
    pub size: u64,
}

/// One defect of an extracted directory. Paths are relative to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeDamage {
    /// The bytes are not those of the zip.
    Differs(PathBuf, Difference),
    /// The zip holds the file, the directory does not.
    Missing(PathBuf),
    /// The zip holds no such file. With the path of a missing file that has the same bytes.
    Added(PathBuf, Option<PathBuf>),
    /// A symbolic link, and where it points; Go makes none.
    Linked(PathBuf, PathBuf),
    /// A pipe, socket or device.
    SpecialFile(PathBuf, NodeKind),
    /// A folder without anything in it.
    EmptyFolder(PathBuf),
    /// A folder where the zip has a file.
    NotAFile(PathBuf),
    /// Its owner may write to it, mode.
    Writable(PathBuf, u32),
    /// A copy of `_go.mod` that Go has begun and not finished.
    Unfinished(PathBuf),
}

/// The kinds of damage, each the matter of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreeClass {
    /// Content.
    Differs,
    /// Gone.
    Missing,
    /// Too much.
    Added,
    /// Links.
    Linked,
    /// Pipes, sockets and devices.
    SpecialFile,
    /// Empty folders.
    EmptyFolder,
    /// Mode.
    Writable,
    /// Begun and not finished.
    Unfinished,
}

impl TreeDamage {
    /// The kind.
    pub fn class(&self) -> TreeClass {
        match self {
            TreeDamage::Differs(..) | TreeDamage::NotAFile(_) => TreeClass::Differs,
            TreeDamage::Missing(_) => TreeClass::Missing,
            TreeDamage::Added(..) => TreeClass::Added,
            TreeDamage::Linked(..) => TreeClass::Linked,
            TreeDamage::SpecialFile(..) => TreeClass::SpecialFile,
            TreeDamage::EmptyFolder(_) => TreeClass::EmptyFolder,
            TreeDamage::Writable(..) => TreeClass::Writable,
            TreeDamage::Unfinished(_) => TreeClass::Unfinished,
        }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        match self {
            TreeDamage::Differs(p, _)
            | TreeDamage::NotAFile(p)
            | TreeDamage::Missing(p)
            | TreeDamage::Added(p, _)
            | TreeDamage::Linked(p, _)
            | TreeDamage::SpecialFile(p, _)
            | TreeDamage::EmptyFolder(p)
            | TreeDamage::Writable(p, _)
            | TreeDamage::Unfinished(p) => p,
        }
    }
}

/// What one look at an extracted directory gave.
#[derive(Debug, Clone, Default)]
pub struct TreeEvidence {
    /// Where it lies.
    pub path: PathBuf,
    /// Regular files.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Its dirhash as `go mod verify` would compute it; `None` where something could not be read or is no file.
    pub h1: Option<H1>,
    /// Whether every byte is as in the zip and nothing is missing or added; `None` where there was no zip to compare with.
    pub same_as_zip: Option<bool>,
    /// The first few of each kind, in the order of their paths.
    pub damage: Vec<TreeDamage>,
    /// How many more of each kind there are.
    pub more: BTreeMap<TreeClass, u64>,
    /// What could not be read, relative to the directory.
    pub unread: Vec<(PathBuf, String)>,
}

/// How many of one kind are kept.
const KEPT: usize = 16;

impl TreeEvidence {
    /// Those of one kind that were kept, and how many more there are.
    pub fn of(&self, class: TreeClass) -> (impl Iterator<Item = &TreeDamage>, u64) {
        (self.damage.iter().filter(move |d| d.class() == class), self.more.get(&class).copied().unwrap_or(0))
    }

    fn push(&mut self, damage: TreeDamage) {
        let class = damage.class();
        if self.damage.iter().filter(|d| d.class() == class).count() < KEPT {
            self.damage.push(damage);
        } else {
            *self.more.entry(class).or_default() += 1;
        }
    }
}

/// Whether Go makes the file at `rel` of an extracted module executable: only the programs of a toolchain.
pub(in crate::evidence) fn may_be_executed(module: &str, rel: &Path) -> bool {
    module == "golang.org/toolchain" && rel.to_str().is_some_and(walker::is_program)
}

/// A regular file or a folder whose state was learned.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Path relative to the module's directory.
    pub rel: &'a Path,
    /// Its state.
    pub stat: &'a Stat,
    /// What Go makes of it.
    pub expect: Expect,
    /// The folder itself, as long as it is open.
    pub folder: Option<&'a Dir>,
}

/// Takes every regular file and folder that was seen, so that owners and modes need no second look.
pub type Visit<'a> = dyn FnMut(&Seen<'_>) + 'a;
