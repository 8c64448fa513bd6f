//! The sweep of a module cache: the skeleton first, then module versions side by side, each zip and its extracted directory in
//! one pass, and a second look at whatever seems wrong.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{Known, QUIET, ROUNDS, Run, index, online, sumdb, vendor, wait_until_quiet, youngest_damage};
use crate::check::download::{self, Claims, sums};
use crate::check::module::{self as checked, SumClaim, SumClaims};
use crate::check::sumdb::{self as recorded, Proofs, ProvenSums};
use crate::check::trust as required;
use crate::check::vcs;
use crate::evidence::index::Indexes;
use crate::evidence::main_module::MainSums;
use crate::evidence::modcache::{Skeleton, VersionUnit, walk, walk_only};
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::evidence::vendor::Zipped;
use crate::evidence::zip::{ModuleEvidence, Request, Verifier};
use crate::facts::{Fact, ModuleTrust};
use crate::finding::Finding;
use crate::format::dirhash::H1;
use crate::rule::{Kind, Level};
use crate::subject::modcache::Part;
use crate::sys::{Dir, File, NodeKind};

/// Sweeps the module cache at `root`; what it says of modules goes to `known`.
pub(super) fn sweep(run: &Run<'_>, root: &Root, number: u32, known: &mut Known, tally: &mut Tally) {
    let skeleton = walk(root, tally);
    judge_skeleton(run, root, number, known, &skeleton, tally);
}

/// Looks once more at these entries, which are there, and at nothing else.
pub(super) fn again(run: &Run<'_>, root: &Root, number: u32, known: &mut Known, rels: &[PathBuf], tally: &mut Tally) {
    let skeleton = walk_only(root, rels, tally);
    judge_skeleton(run, root, number, known, &skeleton, tally);
}

fn judge_skeleton(run: &Run<'_>, root: &Root, number: u32, known: &mut Known, skeleton: &Skeleton, tally: &mut Tally) {
    let gosumdb = run.plan.settings.text("GOSUMDB");
    let own = run.plan.sumdb_key.as_deref().and_then(|key| key.split('+').next());
    download::strays::databases(&root.path, &skeleton.databases, &gosumdb, own, &mut tally.sink);
    let (mut proofs, usable) = sumdb::databases(run, root, skeleton, tally);
    online::ask(run, root, number, skeleton, &usable, &mut proofs, tally);
    for (module, sum) in proofs.sums() {
        known.sums.add_recorded(module, &sum.to_string());
    }
    if let Some(main) = &run.main {
        recorded::go_sum(main, &proofs, &mut tally.sink);
    }
    let outside = Outside { main: run.main.as_ref(), proofs: &proofs, indexes: &known.indexes };
    for stray in &skeleton.strays {
        download::strays::stray(&root.path, stray, &mut tally.sink);
    }
    for list in &skeleton.lists {
        let content = list.read(root, tally);
        download::strays::list(&root.path, list, &content, &mut tally.sink);
    }
    for repository in &skeleton.repositories {
        let seen = repository.read(root, tally);
        vcs::repository(&root.path, repository, &seen, &mut tally.sink);
    }
    let folder: PathBuf = root.path.components().collect();
    let place = |unit: &VersionUnit| folder.join(unit.tree_path()).as_os_str().as_encoded_bytes().into();
    known.module_roots.extend(skeleton.units.iter().map(place));
    let packed = |unit: &VersionUnit| unit.stat(Part::Zip).map_or(0, |s| s.size);
    let total = skeleton.units.iter().map(packed).sum();
    run.phase(number, root.kind, "modules", skeleton.units.len(), Some(total));
    // The largest first, so that none is left alone at the end; the report keeps the order of the names.
    let mut order: Vec<(usize, &VersionUnit)> = skeleton.units.iter().enumerate().collect();
    order.sort_by_key(|(i, unit)| (std::cmp::Reverse(packed(unit)), *i));
    let idle = Mutex::new(Idle::default());
    let mut units: Vec<(usize, Module)> = run.pool.install(|| {
        order
            .par_iter()
            .with_max_len(1)
            .map(|(i, unit)| {
                let mut verifier = Idle::take(&idle);
                let module = settled(run, root, unit, &outside, &mut verifier);
                Idle::put_back(&idle, verifier);
                run.progress.advance(1, packed(unit));
                (*i, module)
            })
            .collect()
    });
    units.sort_by_key(|(i, _)| *i);
    for ((_, module), unit) in units.into_iter().zip(&skeleton.units) {
        let name = unit.module();
        // What is at fault itself is no measure for binaries.
        if !module.tally.sink.has_error() {
            if let Some(h1) = &module.h1 {
                known.sums.add_zip(&name, h1);
            }
            if let Some(h1) = &module.ziphash {
                known.sums.add_ziphash(&name, h1);
            }
        }
        if let Some(zipped) = module.vendored {
            known.zips.add(name, zipped);
        }
        tally.absorb(module.tally);
        tally.absorb(module.indexed);
    }
}

/// Verifiers that no worker uses just now: the buffers of one unit serve the next.
#[derive(Default)]
struct Idle {
    verifiers: Vec<Verifier>,
    /// How many there are, the others included.
    made: usize,
}

impl Idle {
    /// How many have room for large members: few, since there may be as many workers as anybody asks for.
    const ROOMY: usize = 2;

    fn take(idle: &Mutex<Idle>) -> Verifier {
        let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.verifiers.pop().unwrap_or_else(|| {
            idle.made += 1;
            Verifier::new(idle.made <= Idle::ROOMY)
        })
    }

    fn put_back(idle: &Mutex<Idle>, verifier: Verifier) {
        idle.lock().unwrap_or_else(PoisonError::into_inner).verifiers.push(verifier);
    }
}

/// What is known from outside of the module's own files.
struct Outside<'a> {
    /// The main module's go.sum.
    main: Option<&'a MainSums>,
    /// The checksum database.
    proofs: &'a Proofs,
    /// The indexes of the build caches.
    indexes: &'a Indexes,
}

/// What was found of one module version.
struct Module {
    tally: Tally,
    /// What is said of its indexes, which are no part of it.
    indexed: Tally,
    /// Computed from the zip.
    h1: Option<String>,
    /// What `.ziphash` says.
    ziphash: Option<String>,
    /// Whether its zip is what every claim says, as far as there is one.
    sound: bool,
    /// What is kept of it for a vendor folder.
    vendored: Option<Zipped>,
}

/// Judges one version, and once more as long as what seems wrong is being written or removed.
fn settled(run: &Run<'_>, root: &Root, unit: &VersionUnit, outside: &Outside<'_>, verifier: &mut Verifier) -> Module {
    let mut module = judge(run, root, unit, outside, verifier);
    for _ in 0..ROUNDS {
        if !youngest_damage(root, &module.tally).is_some_and(|changed| wait_until_quiet(changed, QUIET)) {
            break;
        }
        let again = unit.listed_again(root);
        module = judge(run, root, &again, outside, verifier);
    }
    module
}

fn judge(run: &Run<'_>, root: &Root, unit: &VersionUnit, outside: &Outside<'_>, verifier: &mut Verifier) -> Module {
    let mut tally = run.tally();
    let files = unit.read(root, &mut tally);
    let main = outside.main;
    let proven = outside.proofs.of(&unit.module());
    let mut claims = download::version(&root.path, unit, &files, main, &mut tally.sink);
    if let (Some(h1), false) = (claims.go_mod, claims.go_mod_told) {
        claims.go_mod_told = recorded::go_mod(&root.path, unit, h1, proven, &mut tally.sink);
    }
    let recorded_mod = proven.filter(|p| !p.exempt).and_then(|p| p.go_mod);
    if recorded_mod.is_some() && recorded_mod == claims.go_mod {
        // It is the true one: go.sum is wrong, and is told of itself.
        tally.sink.retain(|f| f.rule != &download::go_mod::MOD_GO_SUM_MISMATCH);
    }
    let zip_file = unit.has(Part::Zip).then(|| open_zip(root, unit, &mut tally)).flatten();
    let tree_dir = open_tree(root, unit, &mut tally);
    let ziphash = claims.ziphash.as_ref().and_then(|z| z.h1()).map(|h1| h1.to_string());
    let mut module = Module { tally, indexed: run.tally(), h1: None, ziphash, sound: false, vendored: None };
    let mut trust = claims.go_mod.map(|h1| go_mod_trust(unit, h1, main, proven));
    if zip_file.is_some() || tree_dir.is_some() {
        let name = unit.module();
        let mut evidence = {
            let request = Request {
                module: &name,
                zip: zip_file.as_ref().map(|(path, file)| (path.as_path(), file)),
                tree: tree_dir.as_ref(),
                rows: run.vendors.iter().any(|vendor| vendor.has(&name)),
            };
            let (tree_path, tally) = (unit.tree_path(), &mut module.tally);
            index::module(run, outside.indexes, root, unit, &mut module.indexed, &mut |onlooker| {
                let mut visit = |rel: &std::path::Path, stat: &crate::sys::Stat, expect| {
                    let rel = if rel.as_os_str().is_empty() { tree_path.clone() } else { tree_path.join(rel) };
                    if let Err(e) = tally.node(root, &rel, *stat, expect) {
                        tally.failed(&root.path.join(&rel), &e);
                    }
                };
                verifier.verify_watched(&request, &mut visit, onlooker)
            })
        };
        trust = Some(verified(run, root, unit, &evidence, &claims, files.go_mod.bytes(), main, proven, &mut module));
        index::settle(root, unit, &evidence, &module.tally, &mut module.indexed);
        module.vendored = vendor::kept(run, root, unit, &mut evidence, module.sound, &module.tally);
    }
    download::ziphash::missing(&root.path, unit, &files.ziphash, trust.is_some_and(proves), &mut module.tally.sink);
    if let Some(trust) = trust {
        count_trust(run, root, unit, outside, trust, &mut module.tally);
    }
    if let (Some(h1), true) = (claims.go_mod, run.plan.facts) {
        let path = root.path.join(unit.path(Part::Mod));
        module.tally.facts.push(Fact::Mod { path, module: unit.module(), h1: h1.to_string() });
    }
    module
}

/// Whether it says more of a module than the module itself.
fn proves(trust: ModuleTrust) -> bool {
    matches!(trust, ModuleTrust::Sumdb | ModuleTrust::GoSum)
}

/// What a zip and an extracted directory show, against each other and against every claim.
#[allow(clippy::too_many_arguments, reason = "one step of `judge`, split off for its length")]
fn verified(
    run: &Run<'_>,
    root: &Root,
    unit: &VersionUnit,
    evidence: &ModuleEvidence,
    claims: &Claims,
    go_mod: Option<&[u8]>,
    main: Option<&MainSums>,
    proven: Option<&ProvenSums>,
    module: &mut Module,
) -> ModuleTrust {
    let tally = &mut module.tally;
    let mut trust = ModuleTrust::None;
    let claimed = claims.ziphash.and_then(|z| z.h1());
    let sums = sum_claims(root, unit, evidence, claimed, main, proven);
    if let Some(read) = &evidence.zip {
        tally.counts.bytes += read.bytes;
        if let Some(why) = &read.unread {
            tally.unreadable(&read.path, why);
        } else if read.changed {
            tally.unreadable(&read.path, "kept changing while it was read");
        } else {
            let before = tally.sink.len();
            checked::zip::judge(evidence, read, &sums, &mut tally.sink);
            if let Some(h1) = read.h1 {
                trust = sums::zip(&root.path, unit, h1, claims, main, &mut tally.sink);
                trust = recorded::zip(&root.path, unit, h1, proven, trust, &mut tally.sink);
                if trust == ModuleTrust::Sumdb {
                    // The same.
                    tally.sink.retain(|f| f.rule != &sums::ZIP_GO_SUM_MISMATCH);
                }
                sums::moved_tag(go_mod, read.go_mod.as_deref(), &mut tally.sink);
                module.h1 = Some(h1.to_string());
            }
            let sound = read.h1.is_some() && !tally.sink.iter().skip(before).any(|f| f.level == Level::Error);
            module.sound = sound;
            if let (Some(bytes), false, true) = (go_mod, claims.go_mod_told, sound) {
                download::go_mod::against_zip(&root.path, unit, bytes, read.go_mod.as_deref(), &mut tally.sink);
            }
            tally.judged(before, read.h1.is_some() && trust != ModuleTrust::None);
        }
        if run.plan.facts {
            tally.facts.push(Fact::Zip {
                path: root.path.join(unit.path(Part::Zip)),
                module: unit.module(),
                h1: read.h1.map(|h1| h1.to_string()),
                claimed_h1: module.ziphash.clone(),
                size: read.size,
                trust,
            });
        }
    }
    if let Some(read) = &evidence.tree {
        tally.counts.files += read.files;
        tally.counts.bytes += if evidence.zip.is_some() { 0 } else { read.bytes };
        for (rel, why) in &read.unread {
            tally.unreadable(&root.path.join(unit.tree_path()).join(rel), why);
        }
        let before = tally.sink.len();
        checked::tree::judge(evidence, read, &sums, &mut tally.sink);
        let mut held = read.same_as_zip == Some(true);
        if let Some(h1) = read.h1 {
            let listed = main.and_then(|m| m.module(&unit.name.path, &unit.name.version, h1)).is_some_and(|listed| listed.fits);
            let recorded = proven.filter(|p| !p.exempt).and_then(|p| p.zip);
            let claims =
                [(recorded, ModuleTrust::Sumdb), (listed.then_some(h1), ModuleTrust::GoSum), (claimed, ModuleTrust::Ziphash)];
            let tree_trust = required::strongest(h1, &claims);
            held |= tree_trust != ModuleTrust::None;
            if evidence.zip.is_none() {
                trust = tree_trust;
            }
        }
        tally.judged(before, held);
        if run.plan.facts {
            tally.facts.push(Fact::Tree {
                path: root.path.join(unit.tree_path()),
                module: unit.module(),
                h1: read.h1.map(|h1| h1.to_string()),
                same_as_zip: read.same_as_zip,
            });
        }
    }
    let proven = proves(trust);
    tally.sink.iter_mut().for_each(|f| f.proven = proven);
    trust
}

/// The part of a module that stands for all of it: its zip, else its directory, else its `.mod`.
pub(super) fn shown_part(unit: &VersionUnit) -> PathBuf {
    if unit.has(Part::Zip) {
        unit.path(Part::Zip)
    } else if unit.tree.is_some() {
        unit.tree_path()
    } else {
        unit.path(Part::Mod)
    }
}

/// Counts a module as what proves it; what is damaged in any part is proven by nothing.
fn count_trust(run: &Run<'_>, root: &Root, unit: &VersionUnit, outside: &Outside<'_>, trust: ModuleTrust, tally: &mut Tally) {
    let damaged = |f: &Finding| f.level == Level::Error && matches!(f.rule.kind, Kind::Integrity | Kind::Tamper);
    if tally.sink.iter().any(damaged) {
        tally.trust.module(ModuleTrust::None);
        return;
    }
    tally.trust.module(trust);
    let Some(least) = run.plan.require_trust else { return };
    let asked = required::Required { least, go_sum: outside.main.is_some(), online: run.plan.online.is_some() };
    let exempt = run.keys.exempt.has(&unit.name.path);
    if let Some(finding) = required::required(asked, &unit.module(), &root.path.join(shown_part(unit)), trust, exempt) {
        tally.sink.push(finding);
    }
}

/// What proves a `.mod` whose version has neither zip nor directory, as a pruned module graph leaves it.
fn go_mod_trust(unit: &VersionUnit, computed: H1, main: Option<&MainSums>, proven: Option<&ProvenSums>) -> ModuleTrust {
    let listed = main.and_then(|m| m.go_mod(&unit.name.path, &unit.name.version, computed)).is_some_and(|listed| listed.fits);
    let recorded = proven.filter(|p| !p.exempt).and_then(|p| p.go_mod);
    required::strongest(computed, &[(recorded, ModuleTrust::Sumdb), (listed.then_some(computed), ModuleTrust::GoSum)])
}

/// What the checksum database, go.sum and `.ziphash` claim of a module.
fn sum_claims(
    root: &Root,
    unit: &VersionUnit,
    evidence: &ModuleEvidence,
    ziphash: Option<H1>,
    main: Option<&MainSums>,
    proven: Option<&ProvenSums>,
) -> SumClaims {
    let computed = evidence.zip.as_ref().and_then(|z| z.h1).or(evidence.tree.as_ref().and_then(|t| t.h1));
    let listed = main.zip(computed).and_then(|(main, h1)| main.module(&unit.name.path, &unit.name.version, h1));
    let listed = listed.map(|l| SumClaim { h1: l.sum.h1, by: l.by() });
    let recorded = proven.filter(|p| !p.exempt).and_then(|p| Some(SumClaim { h1: p.zip?, by: p.by.clone() }));
    let by = root.path.join(unit.path(Part::Ziphash)).display().to_string();
    SumClaims { proven: recorded.or(listed), ziphash: ziphash.map(|h1| SumClaim { h1, by }) }
}

fn open_zip(root: &Root, unit: &VersionUnit, tally: &mut Tally) -> Option<(PathBuf, File)> {
    let rel = unit.path(Part::Zip);
    let path = root.path.join(&rel);
    match root.dir.open_file(&rel) {
        Ok(file) => Some((path, file)),
        Err(e) => {
            tally.failed(&path, &e);
            None
        }
    }
}

/// The extracted directory, if it is one and Go has finished it.
fn open_tree(root: &Root, unit: &VersionUnit, tally: &mut Tally) -> Option<Dir> {
    if unit.is_partial() || unit.tree.is_none_or(|t| t.kind != NodeKind::Dir) {
        return None;
    }
    match root.dir.open_dir(&unit.tree_path()) {
        Ok(dir) => Some(dir),
        Err(e) => {
            tally.failed(&root.path.join(unit.tree_path()), &e);
            None
        }
    }
}
