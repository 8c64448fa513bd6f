//! The sweep of a module cache: the skeleton first, then module versions side by side, each zip and its extracted directory in
//! one pass, and a second look at whatever seems wrong.

use std::path::PathBuf;

use rayon::prelude::*;

use super::{QUIET, ROUNDS, Run, sumdb, wait_until_quiet, youngest_damage};
use crate::check::binary::ModuleSums;
use crate::check::download::{self, Claims, sums};
use crate::check::module::{self as checked, SumClaim, SumClaims};
use crate::check::sumdb::{self as recorded, Proofs, ProvenSums};
use crate::check::vcs;
use crate::evidence::main_module::MainSums;
use crate::evidence::modcache::{Skeleton, VersionUnit, walk, walk_only};
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::evidence::zip::{ModuleEvidence, Request, Verifier};
use crate::facts::{Fact, ModuleTrust};
use crate::format::dirhash::H1;
use crate::format::gosum::Verdict;
use crate::rule::Level;
use crate::subject::modcache::Part;
use crate::sys::{Dir, File, NodeKind};

/// Sweeps the module cache at `root`; what it says of modules goes to `known`.
pub(super) fn sweep(run: &Run<'_>, root: &Root, number: u32, main: Option<&MainSums>, known: &mut ModuleSums, tally: &mut Tally) {
    let skeleton = walk(root, tally);
    judge_skeleton(run, root, number, main, known, &skeleton, tally);
}

/// Looks once more at these entries, which are there, and at nothing else.
pub(super) fn again(
    run: &Run<'_>,
    root: &Root,
    number: u32,
    main: Option<&MainSums>,
    known: &mut ModuleSums,
    rels: &[PathBuf],
    tally: &mut Tally,
) {
    let skeleton = walk_only(root, rels, tally);
    judge_skeleton(run, root, number, main, known, &skeleton, tally);
}

fn judge_skeleton(
    run: &Run<'_>,
    root: &Root,
    number: u32,
    main: Option<&MainSums>,
    known: &mut ModuleSums,
    skeleton: &Skeleton,
    tally: &mut Tally,
) {
    let gosumdb = run.plan.settings.text("GOSUMDB");
    let own = run.plan.sumdb_key.as_deref().and_then(|key| key.split('+').next());
    download::strays::databases(&root.path, &skeleton.databases, &gosumdb, own, &mut tally.sink);
    let proofs = sumdb::databases(run, root, skeleton, tally);
    if let Some(main) = main {
        recorded::go_sum(main, &proofs, &mut tally.sink);
    }
    let outside = Outside { main, proofs: &proofs };
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
    let packed = |unit: &VersionUnit| unit.stat(Part::Zip).map_or(0, |s| s.size);
    let total = skeleton.units.iter().map(packed).sum();
    run.phase(number, root.kind, "modules", skeleton.units.len(), Some(total));
    // The largest first, so that none is left alone at the end; the report keeps the order of the names.
    let mut order: Vec<(usize, &VersionUnit)> = skeleton.units.iter().enumerate().collect();
    order.sort_by_key(|(i, unit)| (std::cmp::Reverse(packed(unit)), *i));
    let mut units: Vec<(usize, Module)> = run.pool.install(|| {
        order
            .par_iter()
            .with_max_len(1)
            .map_init(Verifier::default, |verifier, (i, unit)| {
                let module = settled(run, root, unit, &outside, verifier);
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
                known.add_zip(&name, h1);
            }
            if let Some(h1) = &module.ziphash {
                known.add_ziphash(&name, h1);
            }
        }
        tally.absorb(module.tally);
    }
}

/// What is known from outside of the module's own files.
struct Outside<'a> {
    /// The main module's go.sum.
    main: Option<&'a MainSums>,
    /// The checksum database.
    proofs: &'a Proofs,
}

/// What was found of one module version.
struct Module {
    tally: Tally,
    /// Computed from the zip.
    h1: Option<String>,
    /// What `.ziphash` says.
    ziphash: Option<String>,
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
    let zip_file = unit.has(Part::Zip).then(|| open_zip(root, unit, &mut tally)).flatten();
    let tree_dir = open_tree(root, unit, &mut tally);
    let ziphash = claims.ziphash.as_ref().and_then(|z| z.h1()).map(|h1| h1.to_string());
    let mut module = Module { tally, h1: None, ziphash };
    if zip_file.is_some() || tree_dir.is_some() {
        let name = unit.module();
        let evidence = {
            let request = Request {
                module: &name,
                zip: zip_file.as_ref().map(|(path, file)| (path.as_path(), file)),
                tree: tree_dir.as_ref(),
                rows: false,
            };
            let (tree_path, tally) = (unit.tree_path(), &mut module.tally);
            verifier.verify(&request, &mut |rel, stat, expect| {
                let rel = if rel.as_os_str().is_empty() { tree_path.clone() } else { tree_path.join(rel) };
                if let Err(e) = tally.node(root, &rel, *stat, expect) {
                    tally.failed(&root.path.join(&rel), &e);
                }
            })
        };
        verified(run, root, unit, &evidence, &claims, files.go_mod.bytes(), main, proven, &mut module);
    }
    if let (Some(h1), true) = (claims.go_mod, run.plan.facts) {
        let path = root.path.join(unit.path(Part::Mod));
        module.tally.facts.push(Fact::Mod { path, module: unit.module(), h1: h1.to_string() });
    }
    module
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
) {
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
                sums::moved_tag(go_mod, read.go_mod.as_deref(), &mut tally.sink);
                module.h1 = Some(h1.to_string());
            }
            let sound = read.h1.is_some() && !tally.sink.iter().skip(before).any(|f| f.level == Level::Error);
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
        tally.judged(before, read.same_as_zip == Some(true) || (read.h1.is_some() && read.h1 == claimed));
        if run.plan.facts {
            tally.facts.push(Fact::Tree {
                path: root.path.join(unit.tree_path()),
                module: unit.module(),
                h1: read.h1.map(|h1| h1.to_string()),
                same_as_zip: read.same_as_zip,
            });
        }
    }
    let proven = matches!(trust, ModuleTrust::Sumdb | ModuleTrust::GoSum);
    tally.sink.iter_mut().for_each(|f| f.proven = proven);
    match trust {
        ModuleTrust::Sumdb => tally.trust.sumdb += 1,
        ModuleTrust::GoSum => tally.trust.go_sum += 1,
        ModuleTrust::Ziphash => tally.trust.ziphash += 1,
        ModuleTrust::None => tally.trust.module_none += 1,
    }
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
    let listed =
        main.zip(computed).and_then(|(main, h1)| match main.sums.judge_module(&unit.name.path, &unit.name.version, h1) {
            Verdict::Match(sum) | Verdict::Mismatch(sum) => {
                Some(SumClaim { h1: sum.h1, by: format!("{}:{}", main.path.display(), sum.line) })
            }
            Verdict::Absent => None,
        });
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
