//! Reads the skeleton of the module cache: every entry but those of extracted directories, which are read beside their zip.
//! The walk yields units that workers take up side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use walkdir::WalkDir;

use super::node::{Expect, Root};
use super::tally::Tally;
use super::vcs::{self, Repository};
use crate::facts::ModuleVersion;
use crate::format::ziphash::Ziphash;
use crate::format::{gomod, info, list, ziphash};
use crate::subject::modcache::{Part, Subject, VersionName, classify};
use crate::sys::{NodeKind, Stat};

/// What lies in the cache of one module version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionUnit {
    /// Its names, plain and as they stand on disk.
    pub name: VersionName,
    /// The files below `@v`, by part; of whatever type.
    files: BTreeMap<Part, Stat>,
    /// The extracted directory, or what stands in its place.
    pub tree: Option<Stat>,
}

impl VersionUnit {
    fn new(name: VersionName) -> VersionUnit {
        VersionUnit { name, files: BTreeMap::new(), tree: None }
    }

    /// Path and version, unescaped.
    pub fn module(&self) -> ModuleVersion {
        ModuleVersion { path: self.name.path.clone(), version: self.name.version.clone() }
    }

    /// The state of a file below `@v`, if it was listed.
    pub fn stat(&self, part: Part) -> Option<&Stat> {
        self.files.get(&part)
    }

    /// Whether the part is there as a regular file.
    pub fn has(&self, part: Part) -> bool {
        self.stat(part).is_some_and(|s| s.kind == NodeKind::File)
    }

    /// The files that were listed.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.files.keys().copied()
    }

    /// Where a part lies or would lie, relative to the root.
    pub fn path(&self, part: Part) -> PathBuf {
        self.name.file(part)
    }

    /// Where the extracted directory lies or would lie, relative to the root.
    pub fn tree_path(&self) -> PathBuf {
        self.name.tree()
    }

    /// Whether the extraction has not ended: Go does not use the directory (cmd/go modfetch/cache.go, `DownloadDir`).
    pub fn is_partial(&self) -> bool {
        self.files.contains_key(&Part::Partial)
    }

    /// The same version as it is listed now.
    pub fn listed_again(&self, root: &Root) -> VersionUnit {
        let now = |rel: &Path| root.dir.stat(rel).ok();
        let files = Part::ALL.into_iter().filter_map(|part| Some((part, now(&self.path(part))?))).collect();
        VersionUnit { name: self.name.clone(), files, tree: now(&self.tree_path()) }
    }

    /// Reads `.info`, `.mod` and `.ziphash`.
    pub fn read(&self, root: &Root, tally: &mut Tally) -> SmallFiles {
        let mut part = |part: Part, limit: u64| match self.stat(part) {
            Some(stat) if stat.kind == NodeKind::File => read(root, &self.path(part), limit, |_| false, tally),
            Some(_) => Content::Blocked,
            None => Content::Absent,
        };
        let info = part(Part::Info, info::LIMIT);
        let go_mod = part(Part::Mod, gomod::LIMIT);
        let ziphash = match self.stat(Part::Ziphash) {
            Some(stat) if stat.kind != NodeKind::File => Content::Blocked,
            // It was perhaps made after its folder was listed: it is looked for again before it is missed.
            None if !self.has(Part::Zip) || root.dir.stat(&self.path(Part::Ziphash)).is_err() => Content::Absent,
            _ => {
                let unfinished = |b: &[u8]| matches!(Ziphash::parse(b), Ziphash::Empty | Ziphash::Unfinished);
                read(root, &self.path(Part::Ziphash), ziphash::LIMIT, unfinished, tally)
            }
        };
        SmallFiles { info, go_mod, ziphash }
    }
}

/// What was read of a small file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// It is not there.
    Absent,
    /// It is no regular file, which the posture rules tell.
    Blocked,
    /// It could not be read, which is told as unread.
    Unread,
    /// It is longer than any that Go would take: its size in bytes.
    TooLong(u64),
    /// All of it.
    Bytes(Vec<u8>),
}

impl Content {
    /// The bytes, where all could be read.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Content::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// The small files of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallFiles {
    /// `.info`
    pub info: Content,
    /// `.mod`
    pub go_mod: Content,
    /// `.ziphash`
    pub ziphash: Content,
}

/// A `list` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFile {
    /// Relative to the root.
    pub rel: PathBuf,
    /// Its state.
    pub stat: Stat,
}

impl ListFile {
    /// Reads it.
    pub fn read(&self, root: &Root, tally: &mut Tally) -> Content {
        if self.stat.kind != NodeKind::File {
            return Content::Blocked;
        }
        read(root, &self.rel, list::LIMIT, |b| list::VersionList::parse(b).unfinished, tally)
    }
}

/// An entry that is judged by its name and state alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Relative to the root.
    pub rel: PathBuf,
    /// Its state.
    pub stat: Stat,
    /// [`Subject::Stray`], [`Subject::BadName`], [`Subject::Leftover`], or a lock that belongs to no version.
    pub subject: Subject,
}

/// All of a module cache but the inside of its modules, in the order of the names.
#[derive(Debug, Default)]
pub struct Skeleton {
    /// Module versions of which anything is there.
    pub units: Vec<VersionUnit>,
    /// Version lists.
    pub lists: Vec<ListFile>,
    /// Repositories of `cache/vcs`.
    pub repositories: Vec<Repository>,
    /// Folder of each checksum database, relative to the root, by its name.
    pub databases: BTreeMap<String, PathBuf>,
    /// Regular files of each checksum database, relative to the root, by its name.
    pub database_files: BTreeMap<String, Vec<PathBuf>>,
    /// What is judged by name and state alone: what is no part of a module cache, leftovers, locks.
    pub strays: Vec<Stray>,
}

/// Walks the module cache, extracted directories left out, and has every entry judged. Counts files, bytes, modules, zips
/// and trees.
pub fn walk(root: &Root, tally: &mut Tally) -> Skeleton {
    walk_all(root, std::iter::once(WalkDir::new(&root.real).min_depth(1)), tally)
}

/// The same for these entries and what lies below them.
pub fn walk_only(root: &Root, tops: &[PathBuf], tally: &mut Tally) -> Skeleton {
    let all: BTreeSet<&Path> = tops.iter().map(PathBuf::as_path).collect();
    let inside = |rel: &PathBuf| rel.ancestors().skip(1).any(|above| all.contains(above));
    let walks = tops.iter().filter(|rel| !inside(rel)).map(|rel| WalkDir::new(root.real.join(rel)).follow_root_links(false));
    walk_all(root, walks, tally)
}

fn walk_all(root: &Root, walks: impl Iterator<Item = WalkDir>, tally: &mut Tally) -> Skeleton {
    let mut skeleton = Skeleton::default();
    let mut units: BTreeMap<VersionName, VersionUnit> = BTreeMap::new();
    let mut repositories: BTreeMap<String, Repository> = BTreeMap::new();
    for walk in walks {
        walk_one(root, walk, &mut skeleton, &mut units, &mut repositories, tally);
    }
    skeleton.units = units.into_values().collect();
    skeleton.repositories = repositories.into_values().collect();
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    tally.counts.modules += count(skeleton.units.len());
    tally.counts.zips += count(skeleton.units.iter().filter(|u| u.has(Part::Zip)).count());
    tally.counts.trees += count(skeleton.units.iter().filter(|u| u.tree.is_some()).count());
    skeleton
}

fn walk_one(
    root: &Root,
    walk: WalkDir,
    skeleton: &mut Skeleton,
    units: &mut BTreeMap<VersionName, VersionUnit>,
    repositories: &mut BTreeMap<String, Repository>,
    tally: &mut Tally,
) {
    let mut entries = walk.sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                tally.walk_failed(root, e);
                continue;
            }
        };
        let Ok(rel) = entry.path().strip_prefix(&root.real) else { continue };
        let subject = classify(rel, NodeKind::from(entry.file_type()));
        let tree = matches!(subject, Subject::ModuleRoot(_));
        if tree && entry.file_type().is_dir() {
            entries.skip_current_dir();
        }
        let expect = if matches!(subject, Subject::InRepo(_)) { vcs::expect(rel) } else { Expect::Plain };
        // Whoever reads the extracted directory judges it, root and all.
        let looked = root.dir.stat(rel).and_then(|stat| {
            if !(tree && stat.kind == NodeKind::Dir) {
                tally.node(root, rel, stat, expect)?;
            }
            Ok(stat)
        });
        match looked {
            Ok(stat) => {
                if stat.kind == NodeKind::File {
                    tally.counts.files += 1;
                    tally.counts.bytes += stat.size;
                }
                take(skeleton, units, repositories, rel, stat, subject);
            }
            Err(e) => tally.failed(&root.path.join(rel), &e),
        }
    }
}

fn take(
    skeleton: &mut Skeleton,
    units: &mut BTreeMap<VersionName, VersionUnit>,
    repositories: &mut BTreeMap<String, Repository>,
    rel: &Path,
    stat: Stat,
    subject: Subject,
) {
    match subject {
        Subject::Download(name, part) => {
            units.entry(name.clone()).or_insert_with(|| VersionUnit::new(name)).files.insert(part, stat);
        }
        Subject::ModuleRoot(name) => {
            units.entry(name.clone()).or_insert_with(|| VersionUnit::new(name)).tree = Some(stat);
        }
        Subject::List => skeleton.lists.push(ListFile { rel: rel.to_path_buf(), stat }),
        Subject::Repo(name) => vcs::at(repositories, name).dir = Some(stat),
        Subject::RepoInfo(name) => vcs::at(repositories, name).info = Some(stat),
        Subject::InRepo(name) => vcs::at(repositories, name).take(rel, stat),
        Subject::Sumdb(name) => {
            let depth = 3 + name.split('/').count();
            let folder = rel.components().take(depth).collect();
            if stat.kind == NodeKind::File {
                skeleton.database_files.entry(name.clone()).or_default().push(rel.to_path_buf());
            }
            skeleton.databases.entry(name).or_insert(folder);
        }
        Subject::Stray | Subject::BadName(_) | Subject::Leftover | Subject::CacheLock | Subject::RepoLock(_) => {
            skeleton.strays.push(Stray { rel: rel.to_path_buf(), stat, subject });
        }
        Subject::CacheFolder | Subject::PathFolder | Subject::VersionFolder | Subject::InModule | Subject::BelowStray => {}
    }
}

/// How long a file must have been left alone before what it lacks counts.
const QUIET: Duration = Duration::from_secs(1);

/// Reads a small file whole, at most `limit` bytes of it. What a running Go has perhaps not finished writing gets a second.
pub(super) fn read(root: &Root, rel: &Path, limit: u64, unfinished: fn(&[u8]) -> bool, tally: &mut Tally) -> Content {
    let once = || -> io::Result<Content> {
        let mut file = root.dir.open_file(rel)?;
        let (bytes, ended) = file.read_all(limit)?;
        if !ended {
            return Ok(Content::TooLong(file.stat().size));
        }
        let young = |t: i128| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i128::try_from(d.as_nanos()).ok());
            now.is_none_or(|now| now - t < i128::try_from(QUIET.as_nanos()).unwrap_or(0))
        };
        if unfinished(&bytes) && young(file.stat().mtime_ns) {
            std::thread::sleep(QUIET);
            let (bytes, _) = root.dir.open_file(rel)?.read_all(limit)?;
            return Ok(Content::Bytes(bytes));
        }
        Ok(Content::Bytes(bytes))
    };
    match once() {
        Ok(content) => content,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            tally.failed(&root.path.join(rel), &e);
            Content::Absent
        }
        // Swapped for something else since it was listed: the next look at its type tells what.
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => Content::Blocked,
        Err(e) => {
            tally.failed(&root.path.join(rel), &e);
            Content::Unread
        }
    }
}
