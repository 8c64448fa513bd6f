//! Module and package indexes of the build caches against the directories that they stand for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Run;
use crate::check::gocache::index::{self as checked, Of};
use crate::evidence::index::{Indexes, Listed, Onlooker, StoredIndex, bytes_of, listed, package_files, tree_files, zones};
use crate::evidence::modcache::VersionUnit;
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::evidence::zip::ModuleEvidence;
use crate::facts::{Fact, IndexVerdict};
use crate::finding::{Finding, Place, RootKind};
use crate::format::index::{Comparison, Difference, Index, PackageKey, outside, time_text, unclean};
use crate::format::subkey::GoVersion;
use crate::format::zone::Zone;
use crate::rule::{Fix, Kind, Level};
use crate::sys::{self, Dir, NodeKind};

/// Verifies a module with `verify`, and every index that is stored for it along with that: what is inflated is shown to both.
/// What is said of indexes goes to `indexed`.
pub(super) fn module(
    run: &Run<'_>,
    indexes: &Indexes,
    root: &Root,
    unit: &VersionUnit,
    indexed: &mut Tally,
    verify: &mut dyn FnMut(Option<&mut Onlooker<'_>>) -> ModuleEvidence,
) -> ModuleEvidence {
    let stored = indexes.of_module(&[root.path.clone(), root.real.clone()], &unit.tree_path());
    let read = |(stored, full)| {
        let bytes = indexes.read(&stored)?;
        Some((stored, full, bytes))
    };
    let held: Vec<(StoredIndex, Vec<u8>, Vec<u8>)> = stored.into_iter().filter_map(read).collect();
    if held.is_empty() {
        return verify(None);
    }
    let name = unit.module();
    let of = Of::Module(&name);
    let mut parsed = Vec::new();
    for (stored, full, bytes) in &held {
        match Index::parse(bytes) {
            Ok(index) => parsed.push((stored, full, index)),
            Err(damage) => {
                checked::malformed(stored, of, damage, &mut indexed.sink);
                fact(run, stored, of, IndexVerdict::Malformed, indexed);
            }
        }
    }
    for (stored, full, index) in &parsed {
        planted(run, stored, of, index, full, indexed);
    }
    let mut comparisons: Vec<Comparison<'_>> = parsed.iter().map(|(_, full, index)| Comparison::new(index, full)).collect();
    let evidence = {
        let mut take = |path: &str, bytes: Option<&[u8]>| {
            comparisons.iter_mut().for_each(|c| c.file(path.as_bytes(), bytes));
        };
        verify(Some(&mut Onlooker { wants: Comparison::wants, take: &mut take }))
    };
    let sound = evidence.zip.as_ref().is_some_and(|z| z.h1.is_some() && z.damage.is_empty() && !z.changed && z.unread.is_none());
    let same_tree = evidence.tree.as_ref().is_none_or(|t| t.same_as_zip == Some(true));
    for ((stored, full, index), comparison) in parsed.iter().zip(comparisons) {
        let by_zip = sound.then(|| comparison.finish());
        let settled = matches!(&by_zip, Some((differences, _)) if differences.is_empty() || same_tree);
        // Go makes the index from the directory: what was changed there is told of the directory alone.
        let by_tree = if settled { None } else { against_tree(root, unit, index, full) };
        let verdict = match (by_zip, by_tree) {
            (Some((differences, _)), _) if differences.is_empty() => IndexVerdict::Same,
            (_, Some((differences, _))) if differences.is_empty() => IndexVerdict::Same,
            (Some((differences, more)), _) | (None, Some((differences, more))) => {
                checked::differs(stored, of, &differences, more, &mut indexed.sink);
                IndexVerdict::Differs
            }
            (None, None) => IndexVerdict::Unverifiable,
        };
        fact(run, stored, of, verdict, indexed);
    }
    evidence
}

/// Tells what lies where the names of an index lead that are no plain ones.
fn planted(run: &Run<'_>, stored: &StoredIndex, of: Of<'_>, index: &Index<'_>, root: &[u8], tally: &mut Tally) {
    for path in outside(index, root) {
        let path = sys::path_from_bytes(path);
        if sys::lstat(&path).is_ok() {
            let holder = run.plan.roots.iter().find(|r| path.starts_with(&r.path));
            let rel = holder.and_then(|r| path.strip_prefix(&r.path).ok()).map(|p| p.to_string_lossy().replace('\\', "/"));
            let kind = holder.map_or(RootKind::Gocache, |r| r.kind);
            checked::compiled(stored, of, &path, kind, rel.unwrap_or_else(|| stored.output.to_string()), &mut tally.sink);
        }
    }
}

/// Takes back that an index differs from its module where the module itself, as far as it is told, is not what it should be: the
/// index may be right. Where it may be as well since the module is not `proven`, a repair is not to touch it.
pub(super) fn settle(
    root: &Root,
    unit: &VersionUnit,
    evidence: &ModuleEvidence,
    proven: bool,
    module: &mut Tally,
    indexed: &mut Tally,
) {
    let tree = root.path.join(unit.tree_path());
    let in_tree = |f: &&Finding| matches!(&f.place, Place::Path(path) if path.starts_with(&tree));
    let errors = || module.sink.iter().filter(|f| f.level == Level::Error);
    let zip_wrong = errors().any(|f| !in_tree(&f));
    let alike = evidence.tree.as_ref().is_some_and(|t| t.same_as_zip == Some(true));
    let tree_wrong = evidence.tree.is_none() || errors().any(|f| in_tree(&f)) || (alike && zip_wrong);
    if (zip_wrong || evidence.zip.is_none()) && tree_wrong {
        let before = indexed.sink.len();
        indexed.sink.retain(|f| f.rule != &checked::MODULE_INDEX_MISMATCH);
        if indexed.sink.len() < before {
            for fact in &mut indexed.facts {
                if let Fact::Index { verdict, .. } = fact
                    && *verdict == IndexVerdict::Differs
                {
                    *verdict = IndexVerdict::Unverifiable;
                }
            }
        }
    }
    if proven {
        return;
    }
    let mut in_doubt = false;
    for finding in indexed.sink.iter_mut().filter(|f| f.rule == &checked::MODULE_INDEX_MISMATCH) {
        checked::unproven(finding);
        in_doubt = true;
    }
    if in_doubt {
        // With the directory its index would go.
        let content = |f: &Finding| matches!(f.rule.kind, Kind::Integrity | Kind::Tamper);
        let inside = |f: &Finding| matches!(&f.place, Place::Path(path) if path.starts_with(&tree));
        module.sink.iter_mut().filter(|f| content(f) && inside(f)).for_each(|f| f.fix = Fix::None);
    }
}

/// The differences from the extracted directory; `None` where it can't be read, or Go has not finished it.
fn against_tree(root: &Root, unit: &VersionUnit, index: &Index<'_>, full: &[u8]) -> Option<(Vec<Difference>, u64)> {
    if unit.is_partial() {
        return None;
    }
    let dir = root.dir.open_dir(&unit.tree_path()).ok()?;
    let mut comparison = Comparison::new(index, full);
    tree_files(&dir, &mut comparison).ok()?;
    Some(comparison.finish())
}

fn fact(run: &Run<'_>, stored: &StoredIndex, of: Of<'_>, verdict: IndexVerdict, tally: &mut Tally) {
    if run.plan.options.facts {
        let of = match of {
            Of::Module(module) => Some(module.to_string()),
            Of::Directory(dir) => Some(dir.display().to_string()),
            Of::Unknown => None,
        };
        tally.facts.push(Fact::Index { path: stored.path.clone(), action_id: stored.action.to_string(), of, verdict });
    }
}

/// A folder whose package directories have indexes of their own.
#[derive(Debug)]
struct Origin {
    /// As Go names it: `GOROOT/src`, `GOROOT/src/cmd` or a main module's.
    path: PathBuf,
    versions: Vec<GoVersion>,
}

/// Holds what is left of the indexes, once every root was swept, against the package directories of the Go installations and
/// of the main module.
pub(super) fn packages(run: &Run<'_>, indexes: &Indexes, tally: &mut Tally) {
    if indexes.is_empty() {
        return;
    }
    let places = places(run, indexes);
    let zones = zones(run.plan.settings.zone.as_ref());
    let left = indexes.unexplained();
    // The directory that an index gives is where to look first, and no more than that.
    let hinted: Vec<String> = run.pool.install(|| {
        let hint = |stored: &StoredIndex| {
            let bytes = indexes.read(stored)?;
            let index = Index::parse(&bytes).ok()?;
            let [package] = index.packages.as_slice() else { return None };
            unclean(&index).is_none().then(|| String::from_utf8(package.dir.to_vec()).ok().map(|d| d.replace('\\', "/")))?
        };
        left.par_iter().filter_map(hint).collect()
    });
    let hinted: BTreeSet<String> = hinted.into_iter().collect();
    let pairs: Vec<(&Origin, &String)> = places.iter().flat_map(|p| hinted.iter().map(move |d| (p, d))).collect();
    check_all(run, indexes, &zones, &pairs, tally);
    if !indexes.unexplained().is_empty() {
        let others: Vec<(&Origin, Vec<String>)> =
            places.iter().map(|p| (p, folders(&p.path).into_iter().filter(|d| !hinted.contains(d)).collect())).collect();
        let pairs: Vec<(&Origin, &String)> = others.iter().flat_map(|(p, dirs)| dirs.iter().map(|d| (*p, d))).collect();
        check_all(run, indexes, &zones, &pairs, tally);
    }
    for stored in indexes.unexplained() {
        let Some(bytes) = indexes.read(&stored) else { continue };
        let verdict = match Index::parse(&bytes) {
            Ok(index) => match unclean(&index) {
                Some(name) => {
                    checked::outside(&stored, Of::Unknown, &name, &mut tally.sink);
                    IndexVerdict::Differs
                }
                None => IndexVerdict::Unverifiable,
            },
            Err(damage) => {
                checked::malformed(&stored, Of::Unknown, damage, &mut tally.sink);
                IndexVerdict::Malformed
            }
        };
        fact(run, &stored, Of::Unknown, verdict, tally);
    }
}

fn check_all(run: &Run<'_>, indexes: &Indexes, zones: &[Zone], pairs: &[(&Origin, &String)], tally: &mut Tally) {
    let told: Vec<Tally> = run.pool.install(|| {
        let check = |(place, rel): &(&Origin, &String)| {
            let mut tally = run.tally();
            check(run, indexes, zones, place, rel, &mut tally);
            tally
        };
        pairs.par_iter().map(check).collect()
    });
    told.into_iter().for_each(|t| tally.absorb(t));
}

/// Each Go installation that is known: GOROOT, and the toolchains of the module caches.
pub(super) fn installations(run: &Run<'_>) -> BTreeSet<PathBuf> {
    let mut roots: BTreeSet<PathBuf> = run.plan.settings.path("GOROOT").map(Path::to_path_buf).into_iter().collect();
    for root in run.plan.roots.iter().filter(|r| r.kind == RootKind::Gomodcache) {
        let folder = root.path.join("golang.org");
        let entries = Dir::open_root(&folder).and_then(|d| d.list()).unwrap_or_default();
        let toolchain = |name: &str| name.starts_with("toolchain@");
        let names = entries.into_iter().filter(|(name, kind)| *kind == NodeKind::Dir && name.to_str().is_some_and(toolchain));
        roots.extend(names.map(|(name, _)| folder.join(name)));
    }
    roots
}

/// The folders that may hold indexed packages: of each Go installation that is known, and of the main module.
fn places(run: &Run<'_>, indexes: &Indexes) -> Vec<Origin> {
    let mut out = Vec::new();
    for root in installations(run) {
        // The version that this installation's Go has; where that is not known, every one that was seen.
        let text = sys::read(&root.join("VERSION"), 1 << 10).unwrap_or_default();
        let own = text.split(|b| *b == b'\n').next().and_then(|l| std::str::from_utf8(l).ok()).map(str::trim).unwrap_or_default();
        let versions = if own.starts_with("go") { vec![GoVersion::new(own)] } else { indexes.versions().to_vec() };
        let src = root.join("src");
        out.push(Origin { path: src.join("cmd"), versions: versions.clone() });
        out.push(Origin { path: src, versions });
    }
    if let Some(main) = &run.plan.options.main_module {
        for path in [main.clone(), main.join("vendor")] {
            out.push(Origin { path, versions: indexes.versions().to_vec() });
        }
    }
    out
}

/// Every folder below that may be a package, relative, with slashes.
fn folders(root: &Path) -> Vec<String> {
    let hidden = |name: &str| name == "testdata" || name.starts_with('.') || name.starts_with('_');
    let walk = walkdir::WalkDir::new(root).max_open(4).into_iter();
    walk.filter_entry(|e| e.depth() == 0 || (e.file_type().is_dir() && e.file_name().to_str().is_some_and(|n| !hidden(n))))
        .filter_map(|e| Some(e.ok()?.path().strip_prefix(root).ok()?.to_str()?.replace(std::path::MAIN_SEPARATOR, "/")))
        .collect()
}

/// Holds the index of one directory, if one is stored under the key that its files make, against these files.
fn check(run: &Run<'_>, indexes: &Indexes, zones: &[Zone], place: &Origin, rel: &str, tally: &mut Tally) {
    let open = || -> std::io::Result<(Dir, Option<Vec<Listed>>)> {
        let root = Dir::open_root(&place.path)?;
        let dir = if rel.is_empty() { root } else { root.open_dir(Path::new(rel))? };
        let files = listed(&dir)?;
        Ok((dir, files))
    };
    let Ok((dir, Some(files))) = open() else { return };
    let full = if rel.is_empty() { place.path.clone() } else { place.path.join(rel) };
    for version in &place.versions {
        for zone in zones {
            let Some(key) = key(version, &place.path, &full, &files, zone) else { continue };
            for stored in indexes.of(key) {
                let Some(bytes) = indexes.read(&stored) else { continue };
                let of = Of::Directory(&full);
                let root = bytes_of(&place.path);
                let verdict = match Index::parse(&bytes) {
                    Ok(index) => {
                        planted(run, &stored, of, &index, &root, tally);
                        let mut comparison = Comparison::of_package(&index, &root);
                        if package_files(&dir, rel, &files, &mut comparison).is_err() {
                            IndexVerdict::Unverifiable
                        } else {
                            let (differences, more) = comparison.finish();
                            if differences.is_empty() {
                                IndexVerdict::Same
                            } else if open().is_ok_and(|(_, now)| now.as_ref() == Some(&files)) {
                                checked::differs(&stored, of, &differences, more, &mut tally.sink);
                                IndexVerdict::Differs
                            } else {
                                // Someone writes there.
                                IndexVerdict::Unverifiable
                            }
                        }
                    }
                    Err(damage) => {
                        checked::malformed(&stored, of, damage, &mut tally.sink);
                        IndexVerdict::Malformed
                    }
                };
                fact(run, &stored, of, verdict, tally);
            }
        }
    }
}

fn key(version: &GoVersion, root: &Path, dir: &Path, files: &[Listed], zone: &Zone) -> Option<crate::format::action::ActionId> {
    let mut key = PackageKey::new(version, &bytes_of(root), &bytes_of(dir));
    for file in files {
        let seconds = i64::try_from(file.mtime_ns.div_euclid(1_000_000_000)).ok()?;
        let (east, name) = zone.at(seconds)?;
        key.file(file.name.as_bytes(), &time_text(file.mtime_ns, east, &name)?, file.size);
    }
    Some(key.finish())
}
