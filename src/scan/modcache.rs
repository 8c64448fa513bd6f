//! The sweep of a module cache: the skeleton first, then module versions side by side, each zip and its extracted directory in
//! one pass, and a second look at whatever seems wrong.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::version::{Module, Outside, settled};
use super::{Known, Run, online, sumdb};
use crate::check::download;
use crate::check::sumdb as recorded;
use crate::check::vcs;
use crate::evidence::modcache::{Skeleton, VersionUnit, walk, walk_only};
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::evidence::zip::Verifier;
use crate::subject::modcache::Part;

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
    let own = run.plan.options.sumdb_key.as_deref().and_then(|key| key.split('+').next());
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
