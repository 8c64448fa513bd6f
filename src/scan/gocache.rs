//! The sweep of a build cache: shards side by side, then the join of action entries and outputs, then a second look at
//! whatever seems wrong.

mod roles;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::{QUIET, ROUNDS, Run, wait_until_quiet};
use crate::check::gocache::outputs::OutputVerdict;
use crate::check::gocache::{builds, entries, outputs, strays};
use crate::evidence::gocache::{
    ActionSeen, Kept, OutputSeen, OutputState, Scratch, ShardSeen, action_path, look, open, output_path, read_entry, read_shards,
};
use crate::evidence::index::Indexes;
use crate::evidence::node::{Expect, Root};
use crate::evidence::tally::Tally;
use crate::facts::Fact;
use crate::finding::{Finding, Place, RootKind};
use crate::format::action::{ActionEntry, ActionId, OutputId};
use crate::format::buildid::{ContentHash, ContentHasher};
use crate::format::hex;
use crate::format::output::OutputClass;
use crate::format::subkey::GoVersion;
use crate::policy;
use crate::rule::Rule;
use crate::subject::gocache::{CacheEntry, cache_entry, output_of};
use crate::sys::{Dir, NodeKind, Stat};

/// Longest `trim.txt` or `testexpire.txt` that is read, in bytes: Go writes 11 and 20.
const MAX_TIME_FILE: u64 = 64;

/// Shards that one worker takes at a time: at the end of a unit few outputs are left to hash side by side, which costs more,
/// while fewer units share out worse. A full cache makes 32.
const SHARDS_OF_UNIT: usize = 8;

/// Sweeps the build cache at `root`, and tells `indexes` which it holds. What was seen is still to be judged.
pub(super) fn sweep(run: &Run<'_>, root: &Root, number: u32, indexes: &mut Indexes, tally: &mut Tally) -> Seen {
    let mut shards: Vec<u8> = Vec::new();
    let mut seen = Seen::default();
    let mut entries = match Dir::open_root(&root.real).and_then(|dir| dir.list()) {
        Ok(entries) => entries,
        Err(e) => {
            tally.failed(&root.path, &e);
            Vec::new()
        }
    };
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, _) in &entries {
        let rel = Path::new(name);
        match top(run, root, rel, tally) {
            Ok(Top::Shard(shard)) => shards.push(shard),
            Ok(Top::TrimTime(time)) => seen.trimmed_ns = time,
            Ok(Top::Other) => {}
            Err(e) => tally.failed(&root.path.join(rel), &e),
        }
    }
    run.phase(number, root.kind, "shards", shards.len(), None);
    let units: Vec<(Tally, ShardSeen)> = run.pool.install(|| {
        shards
            .par_chunks(SHARDS_OF_UNIT)
            .map_init(
                || scratch(run),
                |scratch, shards| {
                    let mut tally = run.tally();
                    let seen = read_shards(root, shards, scratch, &mut tally, &|bytes| run.progress.advance(1, bytes));
                    (tally, seen)
                },
            )
            .collect()
    });
    for (unit, shard) in units {
        tally.absorb(unit);
        for rel in &shard.strays {
            let stat = root.dir.stat(rel);
            stray(root, rel, stat.as_ref().ok(), tally);
        }
        seen.blocked += shard.blocked;
        seen.take(shard, run.now_ns);
    }
    seen.settle(run, root, tally);
    if let Ok(dir) = Dir::open_root(&root.real) {
        indexes.add(&root.path, dir, seen.indexes(), &seen.versions());
    }
    seen
}

/// What a worker needs for the rules that are asked for.
fn scratch(run: &Run<'_>) -> Scratch {
    let asked = |rule: &&Rule| policy::asks(rule, &run.plan.options.only, &run.plan.options.skip);
    Scratch::new(builds::NEED_CONTENT.iter().any(asked))
}

/// Looks once more at these entries, which are there.
pub(super) fn again(run: &Run<'_>, root: &Root, rels: &[PathBuf], module_roots: &[Box<[u8]>], tally: &mut Tally) {
    let mut scratch = scratch(run);
    let (mut seen, mut read) = (Seen::default(), ShardSeen::default());
    for rel in rels {
        let mut names = rel.iter();
        match (names.next().map(|top| (top, cache_entry(top))), names.next()) {
            (Some((_, CacheEntry::Shard(shard))), Some(name)) => read_entry(root, shard, name, &mut scratch, tally, &mut read),
            (Some((name, _)), _) => {
                if let Err(e) = top(run, root, Path::new(name), tally) {
                    tally.failed(&root.path.join(name), &e);
                }
            }
            (None, _) => {}
        }
    }
    for rel in &read.strays {
        let stat = root.dir.stat(rel);
        stray(root, rel, stat.as_ref().ok(), tally);
    }
    seen.take(read, run.now_ns);
    seen.settle(run, root, tally);
    seen.judge(run, root, module_roots, tally);
    seen.name_companions(root, tally.sink.iter_mut());
}

/// What the sweep needs of an entry directly in the cache.
enum Top {
    /// A shard to be swept.
    Shard(u8),
    /// When Go last trimmed the cache, in nanoseconds, if that is known.
    TrimTime(Option<i128>),
    /// Nothing.
    Other,
}

/// Looks at one entry directly in the cache.
fn top(run: &Run<'_>, root: &Root, rel: &Path, tally: &mut Tally) -> std::io::Result<Top> {
    let stat = root.dir.stat(rel)?;
    let entry = cache_entry(rel.as_os_str());
    match (entry, stat.kind) {
        (CacheEntry::Shard(shard), NodeKind::Dir) => {
            tally.node(root, rel, stat, Expect::Plain)?;
            return Ok(Top::Shard(shard));
        }
        (CacheEntry::Fuzz, NodeKind::Dir) => fuzz(root, rel, tally),
        (CacheEntry::TrimTime | CacheEntry::TestExpiry, NodeKind::File) => {
            if let Some(mut file) = open(root, rel, Expect::Plain, tally)? {
                let (bytes, _) = file.read_all(MAX_TIME_FILE)?;
                let trim = entry == CacheEntry::TrimTime;
                let unit_ns = if trim { 1_000_000_000 } else { 1 };
                let time = strays::time_file(&root.path, rel, &bytes, unit_ns, run.now_ns, &mut tally.sink);
                if trim {
                    return Ok(Top::TrimTime(time));
                }
            }
        }
        (CacheEntry::Shard(_) | CacheEntry::Fuzz, _) => {
            look(root, rel, Expect::Plain, tally)?;
            strays::not_a_directory(&root.path, rel, stat.kind, &mut tally.sink);
        }
        (CacheEntry::Stray, _) => {
            look(root, rel, Expect::Plain, tally)?;
            stray(root, rel, Some(&stat), tally);
        }
        (CacheEntry::Readme | CacheEntry::OldLog | CacheEntry::TrimTime | CacheEntry::TestExpiry, kind) => {
            look(root, rel, Expect::Plain, tally)?;
            if kind == NodeKind::Dir {
                stray(root, rel, Some(&stat), tally);
            }
        }
    }
    Ok(Top::Other)
}

fn stray(root: &Root, rel: &Path, stat: Option<&Stat>, tally: &mut Tally) {
    if let Some(stat) = stat {
        strays::stray(&root.path, rel, stat.kind, stat.executable(), &mut tally.sink);
    }
}

/// The corpus of `go test -fuzz`: `fuzz/<import path>/<FuzzName>/<16 hex>`.
fn fuzz(root: &Root, top: &Path, tally: &mut Tally) {
    let mut hasher = ContentHasher::default();
    for entry in WalkDir::new(root.real.join(top)).follow_root_links(false).max_open(4).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                tally.walk_failed(root, e);
                continue;
            }
        };
        let Ok(rel) = entry.path().strip_prefix(&root.real) else { continue };
        if let Err(e) = corpus_entry(root, rel, NodeKind::from(entry.file_type()), &mut hasher, tally) {
            tally.failed(&root.path.join(rel), &e);
        }
    }
}

fn corpus_entry(root: &Root, rel: &Path, kind: NodeKind, hasher: &mut ContentHasher, tally: &mut Tally) -> std::io::Result<()> {
    const HEADER: &[u8] = b"go test fuzz v1";
    if kind != NodeKind::File {
        look(root, rel, Expect::Plain, tally)?;
        return Ok(());
    }
    if let Some(mut file) = open(root, rel, Expect::Plain, tally)? {
        let mut head = [0u8; HEADER.len()];
        let n = crate::format::ReadAt::read_full_at(&file, 0, &mut head)?;
        let expected = file.stat().size;
        let ContentHash { sha256: digest, size, .. } = hasher.hash(&mut file, expected, &mut |_| None)?;
        tally.counts.bytes += size;
        let has_header = head.get(..n) == Some(HEADER);
        strays::corpus_file(&root.path, rel, size, &digest, has_header, &mut tally.sink);
    }
    Ok(())
}

/// All rows of a build cache, joined.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Entries that Go would use, by output.
    entries: BTreeMap<OutputId, Vec<ActionEntry>>,
    /// Entries that need a word of their own: malformed or oddly spelled ones.
    odd: BTreeMap<ActionId, ActionSeen>,
    outputs: BTreeMap<OutputId, OutputSeen>,
    /// When Go last trimmed the cache, in nanoseconds.
    trimmed_ns: Option<i128>,
    blocked: u64,
}

impl Seen {
    fn take(&mut self, shard: ShardSeen, now_ns: i128) {
        for action in shard.actions {
            if let Ok((entry, _)) = &action.entry {
                self.entries.entry(entry.output).or_default().push(*entry);
            }
            let unremarkable = matches!(&action.entry, Ok((entry, None)) if !entries::is_from_the_future(entry, now_ns));
            if !unremarkable {
                self.odd.insert(action.id, action);
            }
        }
        self.outputs.extend(shard.outputs.into_iter().map(|o| (o.id, o)));
    }

    /// The actions whose output is an index.
    fn indexes(&self) -> impl Iterator<Item = (ActionId, OutputId)> {
        let index = |o: &&OutputSeen| o.class == OutputClass::Index && o.state == OutputState::Intact;
        self.outputs.values().filter(index).flat_map(|o| {
            let used = |e: &&ActionEntry| e.size == o.size;
            self.naming(o.id).iter().filter(used).map(|e| (e.action, e.output))
        })
    }

    /// The versions of Go that made archives, and how many each.
    fn versions(&self) -> BTreeMap<GoVersion, u64> {
        let mut numbers = BTreeMap::new();
        for output in self.outputs.values() {
            if let Some(Kept::Archive(version)) = output.kept.as_deref() {
                *numbers.entry(version.clone()).or_default() += 1;
            }
        }
        numbers
    }

    fn naming(&self, output: OutputId) -> &[ActionEntry] {
        self.entries.get(&output).map_or(&[], Vec::as_slice)
    }

    /// Outputs that would be told now.
    fn suspects(&self) -> Vec<OutputId> {
        self.outputs.values().filter(|o| outputs::is_suspect(o, self.naming(o.id))).map(|o| o.id).collect()
    }

    /// Looks once more at whatever seems wrong, since a running build writes in place: what is young gets a second to be
    /// finished, and what is gone meanwhile was taken away by Go.
    fn settle(&mut self, run: &Run<'_>, root: &Root, tally: &mut Tally) {
        let mut scratch = scratch(run);
        for round in 0..ROUNDS {
            let suspects = self.suspects();
            let malformed: Vec<ActionId> = self.odd.values().filter(|a| a.entry.is_err()).map(|a| a.id).collect();
            if suspects.is_empty() && malformed.is_empty() {
                return;
            }
            let mut paths: BTreeSet<std::path::PathBuf> = malformed.iter().map(|id| action_path(*id)).collect();
            for id in &suspects {
                paths.insert(output_path(*id));
                paths.extend(self.naming(*id).iter().map(|e| action_path(e.action)));
            }
            let youngest = paths.iter().filter_map(|p| root.dir.stat(p).ok()).map(|s| s.mtime_ns.max(s.ctime_ns)).max();
            let young = youngest.is_some_and(|changed| wait_until_quiet(changed, QUIET));
            if round > 0 && !young {
                return;
            }
            for id in &suspects {
                self.outputs.remove(id);
                self.entries.remove(id);
            }
            self.odd.retain(|_, a| a.entry.is_ok());
            let mut again = ShardSeen::default();
            // Owners and modes were judged and files counted at the first look.
            let mut second = run.tally();
            for path in &paths {
                let shard = path.parent().and_then(Path::to_str).and_then(|s| u8::from_str_radix(s, 16).ok());
                if let (Some(shard), Some(name)) = (shard, path.file_name()) {
                    read_entry(root, shard, name, &mut scratch, &mut second, &mut again);
                }
            }
            tally.counts.vanished += second.counts.vanished;
            tally.unread.append(&mut second.unread);
            self.take(again, run.now_ns);
        }
    }

    /// Judges what was seen. `module_roots`: directories of modules in module caches, as Go names them.
    pub(super) fn judge(&self, run: &Run<'_>, root: &Root, module_roots: &[Box<[u8]>], tally: &mut Tally) {
        for action in self.odd.values() {
            entries::local(&root.path, action, run.now_ns, &mut tally.sink);
        }
        let damaged = u64::try_from(self.odd.values().filter(|a| a.entry.is_err()).count()).unwrap_or(0);
        tally.coverage.damaged += damaged + self.blocked;
        for output in self.outputs.values() {
            let (verdict, faulty) = outputs::joined(&root.path, output, self.naming(output.id), self.trimmed_ns, &mut tally.sink);
            let (coverage, trust) = (&mut tally.coverage, &mut tally.trust);
            let (covered, trusted) = match verdict {
                OutputVerdict::Traced => (&mut coverage.intact, &mut trust.build_id),
                OutputVerdict::Intact => (&mut coverage.intact, &mut trust.sha256),
                OutputVerdict::Damaged => (&mut coverage.damaged, &mut trust.output_none),
                OutputVerdict::Incomplete => (&mut coverage.unverifiable, &mut trust.output_none),
            };
            *covered += 1;
            *trusted += 1;
            let faulty = u64::try_from(faulty).unwrap_or(0);
            coverage.damaged += faulty;
            coverage.intact += u64::try_from(self.naming(output.id).len()).unwrap_or(0).saturating_sub(faulty);
        }
        for (output, entries) in &self.entries {
            let n = u64::try_from(entries.len()).unwrap_or(0);
            if !self.outputs.contains_key(output) {
                tally.counts.dangling += n;
                tally.coverage.intact += n;
            }
        }
        let told = roles::judge(self, root, module_roots, tally);
        if run.plan.options.facts {
            self.facts(root, &told, tally);
        }
    }

    /// Tells each finding about an output which action entries name it: they stand and fall together.
    pub(super) fn name_companions<'f>(&self, root: &Root, findings: impl Iterator<Item = &'f mut Finding>) {
        for finding in findings.filter(|f| f.root == RootKind::Gocache) {
            let Place::Path(path) = &finding.place else { continue };
            if let Some(id) = path.strip_prefix(&root.path).ok().and_then(output_of) {
                finding.with = self.naming(id).iter().map(|e| root.path.join(action_path(e.action))).collect();
            }
        }
    }

    fn facts(&self, root: &Root, told: &roles::Told, tally: &mut Tally) {
        let mut actions: Vec<&ActionEntry> = self.entries.values().flatten().collect();
        actions.sort_by_key(|e| e.action);
        tally.facts.extend(actions.into_iter().map(|e| Fact::Action {
            path: root.path.join(action_path(e.action)),
            action_id: e.action.to_string(),
            output_id: e.output.to_string(),
            size: e.size,
            role: told.get(&e.action).copied(),
        }));
        tally.facts.extend(self.outputs.values().map(|o| Fact::Output {
            path: root.path.join(output_path(o.id)),
            output_id: o.id.to_string(),
            size: o.size,
            sha256: match &o.state {
                OutputState::Differs(d) => hex(&d.0),
                OutputState::Intact | OutputState::NotOneFile(..) => o.id.to_string(),
            },
            class: o.class.as_str(),
            build_id: o.built.as_ref().map_or_else(String::new, |b| b.id.to_string()),
            content_id_ok: o.built.as_ref().and_then(|b| b.content_ok()),
        }));
    }
}
