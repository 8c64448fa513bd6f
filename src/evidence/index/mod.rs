//! The indexes of the build caches that were swept, by the actions that they are stored under, so that each can be held against
//! the directory that it stands for.

mod onlooker;
mod source;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

pub(in crate::evidence) use onlooker::Held;
pub use onlooker::{Onlooker, TakeFile};
pub use source::{Listed, listed, package_files, tree_files};

use super::gocache::output_path;
use crate::format::action::{ActionId, OutputId};
use crate::format::index;
use crate::format::subkey::GoVersion;
use crate::format::zone::{self, Zone};
use crate::sys::{self, Dir};

/// The indexes of one build cache.
#[derive(Debug)]
pub struct IndexCache {
    /// The cache's path, as findings give it.
    pub path: PathBuf,
    dir: Dir,
    outputs: HashMap<ActionId, OutputId>,
    explained: BTreeMap<OutputId, AtomicBool>,
}

/// The indexes of all build caches.
#[derive(Debug, Default)]
pub struct Indexes {
    caches: Vec<IndexCache>,
    versions: Vec<GoVersion>,
}

/// Most versions of Go that keys are computed for: those that made most archives. Ours, so that made-up archives can't make the
/// scan long.
const MAX_VERSIONS: usize = 16;

/// An index that an action names.
#[derive(Debug, Clone)]
pub struct StoredIndex {
    /// Which cache it lies in.
    cache: usize,
    /// The action.
    pub action: ActionId,
    /// The output that holds it.
    pub output: OutputId,
    /// Its path.
    pub path: PathBuf,
}

impl Indexes {
    /// Takes what a sweep saw: the actions whose output is an index with the bytes that it is named after, and the versions of
    /// Go that archives name.
    pub fn add(
        &mut self,
        path: &Path,
        dir: Dir,
        rows: impl Iterator<Item = (ActionId, OutputId)>,
        versions: &BTreeMap<GoVersion, u64>,
    ) {
        let outputs: HashMap<ActionId, OutputId> = rows.collect();
        let explained = outputs.values().map(|o| (*o, AtomicBool::new(false))).collect();
        self.caches.push(IndexCache { path: path.to_path_buf(), dir, outputs, explained });
        let mut most: Vec<_> = versions.iter().filter(|(v, _)| !self.versions.contains(v)).collect();
        most.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        self.versions.extend(most.into_iter().take(MAX_VERSIONS).map(|(v, _)| v.clone()));
    }

    /// Whether there are none at all.
    pub fn is_empty(&self) -> bool {
        self.caches.iter().all(|c| c.outputs.is_empty())
    }

    /// The versions of Go that compiled what lies in the caches.
    pub fn versions(&self) -> &[GoVersion] {
        &self.versions
    }

    /// The index that an action names, in each cache that has it; it is explained from then on.
    pub fn of(&self, action: ActionId) -> impl Iterator<Item = StoredIndex> {
        self.caches.iter().enumerate().filter_map(move |(cache, c)| {
            let output = *c.outputs.get(&action)?;
            if let Some(explained) = c.explained.get(&output) {
                explained.store(true, Ordering::Relaxed);
            }
            Some(StoredIndex { cache, action, output, path: c.path.join(output_path(output)) })
        })
    }

    /// The indexes of a module that Go has in the module cache at one of `roots`, for whatever version of Go; with the module's directory as Go names it.
    pub fn of_module(&self, roots: &[PathBuf], rel: &Path) -> Vec<(StoredIndex, Vec<u8>)> {
        let mut out: Vec<(StoredIndex, Vec<u8>)> = Vec::new();
        for root in roots {
            let full = bytes_of(&root.join(rel));
            for version in &self.versions {
                for stored in self.of(version.module_index(&full)) {
                    if !out.iter().any(|(o, ..)| o.path == stored.path) {
                        out.push((stored, full.clone()));
                    }
                }
            }
        }
        out
    }

    /// Those that nothing has explained yet, each with an action that names it.
    pub fn unexplained(&self) -> Vec<StoredIndex> {
        let mut out = Vec::new();
        for (cache, c) in self.caches.iter().enumerate() {
            let mut first: BTreeMap<OutputId, ActionId> = BTreeMap::new();
            for (action, output) in &c.outputs {
                if c.explained.get(output).is_some_and(|e| !e.load(Ordering::Relaxed)) {
                    let at = first.entry(*output).or_insert(*action);
                    *at = (*at).min(*action);
                }
            }
            let stored = |(output, action)| StoredIndex { cache, action, output, path: c.path.join(output_path(output)) };
            out.extend(first.into_iter().map(stored));
        }
        out
    }

    /// The bytes of an index; `None` where it is gone, or is not what was seen by the sweep: a build is at work.
    pub fn read(&self, stored: &StoredIndex) -> Option<Vec<u8>> {
        let cache = self.caches.get(stored.cache)?;
        let (bytes, ended) = cache.dir.open_file(&output_path(stored.output)).and_then(|mut f| f.read_all(index::LIMIT)).ok()?;
        let same = <[u8; 32]>::from(Sha256::digest(&bytes)) == stored.output.0;
        (ended && same).then_some(bytes)
    }
}

/// A path as Go has it in a string.
pub fn bytes_of(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_vec()
}

/// The zones in which Go may print times here: that of the settings (`tz`: the variable TZ), and UTC.
pub fn zones(tz: Option<&OsString>) -> Vec<Zone> {
    // time/zoneinfo_unix.go: `initLocal`, `platformZoneSources`.
    const SOURCES: &[&str] = &["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"];
    let name = tz.map(|t| t.to_string_lossy().into_owned());
    let read = |path: &Path| sys::read(path, zone::LIMIT).ok().and_then(|b| Zone::parse(&b));
    let local = match name.as_deref().map(|n| n.strip_prefix(':').unwrap_or(n)) {
        None => read(Path::new("/etc/localtime")),
        Some("" | "UTC") => None,
        Some(path) if path.starts_with('/') => read(Path::new(path)),
        Some(name) if name.split('/').any(|part| part == "..") => None,
        Some(name) => SOURCES.iter().find_map(|folder| read(&Path::new(folder).join(name))),
    };
    local.into_iter().chain([Zone::UTC]).collect()
}
