//! Reads the repositories of `cache/vcs`: what a version control program would obey when Go next runs it there.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::modcache::{Content, read};
use super::node::{Expect, Root};
use super::tally::Tally;
use crate::format::gitconfig;
use crate::sys::{NodeKind, Stat};

/// An entry inside a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryEntry {
    /// Relative to the repository.
    pub rel: PathBuf,
    /// Its state.
    pub stat: Stat,
}

/// One repository as it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// 64 hexadecimal digits: sha256 of the key in `.info`.
    pub name: String,
    /// The folder.
    pub dir: Option<Stat>,
    /// `<name>.info`.
    pub info: Option<Stat>,
    /// Its entries, those left out that hold nothing but data: objects and ordinary refs.
    pub entries: Vec<RepositoryEntry>,
}

/// The repository called `name`, made where there is none yet.
pub(super) fn at(all: &mut BTreeMap<String, Repository>, name: String) -> &mut Repository {
    all.entry(name.clone()).or_insert_with(|| Repository { name, dir: None, info: None, entries: Vec::new() })
}

/// What the version control program makes of the entry at `rel`, relative to the root: git copies the hooks of its template with
/// their modes and may link objects between repositories; its settings and refs are plain files.
pub(super) fn expect(rel: &Path) -> Expect {
    let mut inside = rel.components().skip(3).filter_map(|c| c.as_os_str().to_str());
    match inside.next() {
        Some("config" | "config.worktree" | "HEAD" | "FETCH_HEAD" | "packed-refs" | "description" | "info" | "refs") => {
            Expect::Plain
        }
        Some("objects") => Expect::Linked,
        _ => Expect::Others,
    }
}

impl Repository {
    /// Where the folder lies, relative to the root.
    pub fn path(&self) -> PathBuf {
        PathBuf::from("cache/vcs").join(&self.name)
    }

    /// Where `.info` lies, relative to the root.
    pub fn info_path(&self) -> PathBuf {
        PathBuf::from(format!("cache/vcs/{}.info", self.name))
    }

    /// Takes an entry of the repository, `rel` relative to the root.
    pub(super) fn take(&mut self, rel: &Path, stat: Stat) {
        let inside: PathBuf = rel.components().skip(3).collect();
        if !is_data(&inside) {
            self.entries.push(RepositoryEntry { rel: inside, stat });
        }
    }

    /// The entry at `rel`, relative to the repository.
    pub fn entry(&self, rel: &str) -> Option<&RepositoryEntry> {
        self.entries.iter().find(|e| e.rel == Path::new(rel))
    }

    /// Reads what a version control program would obey.
    pub fn read(&self, root: &Root, tally: &mut Tally) -> RepositorySeen {
        let mut file = |rel: PathBuf, stat: Option<&Stat>, limit: u64| match stat {
            Some(stat) if stat.kind == NodeKind::File => read(root, &rel, limit, |_| false, tally),
            Some(_) => Content::Blocked,
            None => Content::Absent,
        };
        let info = file(self.info_path(), self.info.as_ref(), INFO_LIMIT);
        let mut files = BTreeMap::new();
        for (name, limit) in READ {
            if let Some(entry) = self.entry(name) {
                files.insert(*name, file(self.path().join(name), Some(&entry.stat), *limit));
            }
        }
        let mut hooks = Vec::new();
        for entry in self.entries.iter().filter(|e| is_hook(&e.rel) && e.stat.kind == NodeKind::File) {
            hooks.push((entry.rel.clone(), file(self.path().join(&entry.rel), Some(&entry.stat), HOOK_LIMIT)));
        }
        RepositorySeen { info, files, hooks }
    }
}

/// A URL of any length that a server takes, and the prefix of its type.
const INFO_LIMIT: u64 = 64 << 10;
/// A hook that is longer is none of those we know.
const HOOK_LIMIT: u64 = 16 << 10;

/// The files that are read, where they are there, with their limits: a packed ref has some 60 bytes and the largest
/// repositories have below a million; attributes are read by git up to 100 MB, and Go writes 34 bytes.
const READ: &[(&str, u64)] =
    &[("config", gitconfig::LIMIT), ("packed-refs", 256 << 20), ("info/attributes", 1 << 20), (".hg/hgrc", gitconfig::LIMIT)];

/// What was read of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositorySeen {
    /// `<name>.info`.
    pub info: Content,
    /// The files of the repository that were there, by their names relative to it.
    pub files: BTreeMap<&'static str, Content>,
    /// Files in `hooks` that are not called `*.sample`.
    pub hooks: Vec<(PathBuf, Content)>,
}

/// Whether git would run it: whatever lies in `hooks` and is not called `*.sample`.
pub fn is_hook(rel: &Path) -> bool {
    rel.parent() == Some(Path::new("hooks")) && rel.extension() != Some("sample".as_ref())
}

/// Loose objects, packs and refs in the places where a fetch of Go's puts them.
fn is_data(inside: &Path) -> bool {
    let names: Vec<&str> = inside
        .components()
        .map(|c| match c {
            Component::Normal(name) => name.to_str().unwrap_or("?"),
            _ => "?",
        })
        .collect();
    match names.as_slice() {
        ["objects", "info", ..] => false,
        ["objects", ..] | ["refs"] | ["refs", "heads" | "tags" | "remotes", ..] | ["reftable", ..] => true,
        [".hg", "store" | "cache" | "wcache", ..] => true,
        [".bzr", "repository", ..] => true,
        _ => false,
    }
}
