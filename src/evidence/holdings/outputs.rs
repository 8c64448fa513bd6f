//! The build cache by its names: outputs, and the action entries that name each. Everything is listed and looked at once, and
//! joined by sorting, so that the time grows as the number of files does.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Amount, files_below};
use crate::evidence::gocache::shard_path;
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::format::action::{self, ActionId, OutputId};
use crate::subject::gocache::{CacheEntry, ShardEntry, cache_entry, shard_entry};
use crate::sys::{Dir, NodeKind, Stat};

/// An output, as it was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// From its name.
    pub id: OutputId,
    /// Bytes; of an executable directory, those of the files in it.
    pub size: u64,
    /// When Go last noted a use of it, nanoseconds since 1970.
    used_ns: i64,
}

/// A sound action entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The output that it names.
    output: OutputId,
    /// From its name.
    pub action: ActionId,
    /// When Go last noted a use of it, nanoseconds since 1970.
    used_ns: i64,
}

/// What stands and falls together: an output and all entries that name it.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'a> {
    /// The output.
    pub output: &'a Output,
    /// The entries; none where it is an orphan.
    pub entries: &'a [Entry],
    /// When Go last noted a use of any of them, nanoseconds since 1970.
    pub used_ns: i64,
}

impl Unit<'_> {
    /// Bytes of all of it.
    pub fn bytes(&self) -> u64 {
        let entries = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        self.output.size.saturating_add(entries.saturating_mul(ENTRY_BYTES))
    }
}

/// Bytes of a sound action entry.
pub const ENTRY_BYTES: u64 = 175;

/// What a build cache holds, by what names, types and sizes tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Outputs that are files: packages, indexes, test results. Which is which stands in them alone.
    pub outputs: Amount,
    /// Executable directories: programs that `go run` and `go tool` keep.
    pub programs: Amount,
    /// Action entries.
    pub entries: Amount,
    /// The corpus of `go test -fuzz`.
    pub fuzz: Amount,
    /// `README`, `trim.txt`, and what is none of Go's.
    pub other: Amount,
}

impl Kinds {
    /// All of it.
    pub fn total(&self) -> Amount {
        let mut total = Amount::default();
        [self.outputs, self.programs, self.entries, self.fuzz, self.other].into_iter().for_each(|a| total.add(a));
        total
    }

    fn add(&mut self, other: &Kinds) {
        self.outputs.add(other.outputs);
        self.programs.add(other.programs);
        self.entries.add(other.entries);
        self.fuzz.add(other.fuzz);
        self.other.add(other.other);
    }
}

/// A build cache as it was listed.
#[derive(Debug, Default)]
pub struct BuildCache {
    /// What it holds.
    pub kinds: Kinds,
    outputs: Vec<Output>,
    entries: Vec<Entry>,
}

impl BuildCache {
    /// Lists the build cache at `root`, shards side by side; `step` is told of each shard. What can't be read is noted.
    pub fn read(root: &Root, tally: &mut Tally, step: &(dyn Fn() + Sync)) -> BuildCache {
        let mut cache = BuildCache::default();
        let mut shards = Vec::new();
        match Dir::open_root(&root.real).and_then(|dir| dir.list()) {
            Ok(top) => top.iter().for_each(|(name, kind)| cache.top(root, name, *kind, &mut shards, tally)),
            Err(e) => tally.failed(&root.path, &e),
        }
        let none = tally.fresh();
        let read: Vec<(BuildCache, Tally)> = shards
            .par_iter()
            .map(|shard| {
                let (mut part, mut tally) = (BuildCache::default(), none.fresh());
                part.shard(root, *shard, &mut tally);
                step();
                (part, tally)
            })
            .collect();
        for (part, unread) in read {
            cache.kinds.add(&part.kinds);
            cache.outputs.extend(part.outputs);
            cache.entries.extend(part.entries);
            tally.absorb(unread);
        }
        cache.outputs.par_sort_unstable_by_key(|output| output.id);
        cache.entries.par_sort_unstable();
        cache
    }

    fn top(&mut self, root: &Root, name: &OsStr, kind: NodeKind, shards: &mut Vec<u8>, tally: &mut Tally) {
        let rel = Path::new(name);
        match (cache_entry(name), kind) {
            (CacheEntry::Shard(shard), NodeKind::Dir) => shards.push(shard),
            (CacheEntry::Fuzz, NodeKind::Dir) => self.kinds.fuzz.add(files_below(root, rel)),
            (_, NodeKind::Dir) => self.kinds.other.add(files_below(root, rel)),
            _ => match root.dir.stat(rel) {
                Ok(stat) => self.kinds.other.count(file_size(&stat)),
                Err(e) => tally.failed(&root.path.join(rel), &e),
            },
        }
    }

    fn shard(&mut self, root: &Root, shard: u8, tally: &mut Tally) {
        let rel = shard_path(shard);
        let names = root.dir.open_dir(&rel).and_then(|dir| Ok((dir.list()?, dir)));
        let (names, dir) = match names {
            Ok(listed) => listed,
            Err(e) => return tally.failed(&root.path.join(rel), &e),
        };
        for (name, kind) in &names {
            let at = rel.join(name);
            if let Err(e) = self.entry(root, &dir, shard, name, *kind, &at) {
                tally.failed(&root.path.join(at), &e);
            }
        }
    }

    fn entry(&mut self, root: &Root, dir: &Dir, shard: u8, name: &OsStr, kind: NodeKind, rel: &Path) -> io::Result<()> {
        match (shard_entry(shard, name), kind) {
            (ShardEntry::Action(id), NodeKind::File) => {
                let mut file = dir.open_file_in(name.to_str().unwrap_or_default())?;
                let (bytes, ended) = file.read_all(ENTRY_BYTES)?;
                // One that go would not use names nothing; the scan tells of it.
                match action::parse(&bytes, id).ok().filter(|_| ended) {
                    Some((entry, _)) => {
                        self.kinds.entries.count(ENTRY_BYTES);
                        let used_ns = used(file.stat());
                        self.entries.push(Entry { output: entry.output, action: id, used_ns });
                    }
                    None => self.kinds.other.count(file.stat().size),
                }
            }
            (ShardEntry::Output(id), NodeKind::File) => {
                let stat = dir.stat(Path::new(name))?;
                self.kinds.outputs.count(stat.size);
                self.outputs.push(Output { id, size: stat.size, used_ns: used(&stat) });
            }
            (ShardEntry::Output(id), NodeKind::Dir) => {
                // Go notes its use at the directory.
                let stat = dir.stat(Path::new(name))?;
                let size = files_below(root, rel).bytes;
                self.kinds.programs.count(size);
                self.outputs.push(Output { id, size, used_ns: used(&stat) });
            }
            (_, NodeKind::Dir) => self.kinds.other.add(files_below(root, rel)),
            _ => self.kinds.other.count(file_size(&dir.stat(Path::new(name))?)),
        }
        Ok(())
    }

    /// Every output with its entries, by its name; and the entries whose outputs are gone, which a trim leaves.
    pub fn units(&self) -> (Vec<Unit<'_>>, Amount) {
        let (mut units, mut dangling) = (Vec::with_capacity(self.outputs.len()), Amount::default());
        let mut rest = self.entries.as_slice();
        let mut leave = |entries: &[Entry]| entries.iter().for_each(|_| dangling.count(ENTRY_BYTES));
        for output in &self.outputs {
            let (before, from) = rest.split_at(rest.partition_point(|e| e.output < output.id));
            let (entries, after) = from.split_at(from.partition_point(|e| e.output == output.id));
            leave(before);
            rest = after;
            let used_ns = entries.iter().map(|e| e.used_ns).fold(output.used_ns, i64::max);
            units.push(Unit { output, entries, used_ns });
        }
        leave(rest);
        (units, dangling)
    }
}

fn used(stat: &Stat) -> i64 {
    i64::try_from(stat.mtime_ns).unwrap_or(if stat.mtime_ns < 0 { i64::MIN } else { i64::MAX })
}

fn file_size(stat: &Stat) -> u64 {
    if stat.kind == NodeKind::File { stat.size } else { 0 }
}

/// What `prune` tells of a build cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs {
    /// The cache as Go has it.
    pub path: PathBuf,
    /// What it holds.
    pub kinds: Kinds,
    /// Outputs, each with the entries that name it, by the time of their last use: within each of [`AGES`], and longer ago.
    pub ages: [Amount; AGES.len() + 1],
    /// Outputs that no entry names.
    pub orphans: Amount,
    /// Entries whose outputs are gone.
    pub dangling: Amount,
    /// The size that was asked for.
    pub max_size: Option<u64>,
    /// Whether all could be read: else nothing of it is taken.
    pub whole: bool,
    /// Whether more is to go than one run takes.
    pub cut: bool,
}

/// Ages that are told apart, in hours. What Go notes as used within two hours may be in use: it notes a use at most once an hour
/// (cmd/go/internal/cache/cache.go, `mtimeInterval`). After five days Go itself trims.
pub const AGES: [i64; 4] = [2, 24, 5 * 24, 30 * 24];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_joined_with_their_outputs() {
        let output = |n: u8, used_ns| Output { id: OutputId([n; 32]), size: 10, used_ns };
        let entry = |of: u8, action: u8, used_ns| Entry { output: OutputId([of; 32]), action: ActionId([action; 32]), used_ns };
        let cache = BuildCache {
            outputs: vec![output(2, 5), output(4, 9), output(6, 1)],
            entries: vec![entry(1, 1, 0), entry(2, 1, 3), entry(2, 2, 7), entry(5, 1, 0), entry(6, 1, 0), entry(7, 9, 0)],
            kinds: Kinds::default(),
        };
        let (units, dangling) = cache.units();
        let seen: Vec<(u8, usize, i64, u64)> =
            units.iter().map(|u| (u.output.id.shard(), u.entries.len(), u.used_ns, u.bytes())).collect();
        assert_eq!(seen, [(2, 2, 7, 360), (4, 0, 9, 10), (6, 1, 1, 185)]);
        assert_eq!(dangling, Amount { number: 3, bytes: 525 });
    }

    #[test]
    fn an_entry_has_its_size() {
        assert_eq!(u64::try_from(action::ENTRY_SIZE), Ok(ENTRY_BYTES));
    }
}
