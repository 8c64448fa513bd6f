//! The sweep of a module cache: one walk over its names, then versions, lists and repositories side by side.

use rayon::prelude::*;

use super::Run;
use crate::check::download::{self, Claims, strays, sums};
use crate::check::vcs;
use crate::evidence::main_module::MainSums;
use crate::evidence::modcache::{SmallFiles, VersionUnit, walk};
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::facts::Fact;
use crate::subject::modcache::Part;

/// Sweeps the module cache at `root`.
pub(super) fn sweep(run: &Run<'_>, root: &Root, (number, of): (u32, u32), tally: &mut Tally) {
    let main = run.plan.main_module.as_deref().and_then(|dir| MainSums::read(dir, tally));
    if let Some(main) = &main {
        sums::go_sum(main, &mut tally.sink);
    }
    let skeleton = walk(root, tally);
    for stray in &skeleton.strays {
        strays::stray(&root.path, stray, &mut tally.sink);
    }
    let gosumdb = run.plan.settings.get("GOSUMDB").map(|s| s.value.to_string_lossy().into_owned()).unwrap_or_default();
    strays::databases(&root.path, &skeleton.databases, &gosumdb, &mut tally.sink);
    run.progress.phase(
        number,
        of,
        root.kind.title(),
        "modules",
        u64::try_from(skeleton.units.len()).unwrap_or(0),
        Some(tally.counts.bytes),
    );
    let each = |work: &(dyn Fn(&mut Tally) + Sync)| {
        let mut tally = run.tally();
        work(&mut tally);
        tally
    };
    let units: Vec<Tally> = run.pool.install(|| {
        let units = skeleton.units.par_iter().map(|unit| {
            let tally = each(&|tally| {
                version(run, root, unit, main.as_ref(), tally);
            });
            run.progress.advance(1, unit.stat(Part::Zip).map_or(0, |s| s.size));
            tally
        });
        let lists = skeleton.lists.par_iter().map(|list| {
            each(&|tally| {
                let content = list.read(root, tally);
                strays::list(&root.path, list, &content, &mut tally.sink);
            })
        });
        let repositories = skeleton.repositories.par_iter().map(|repository| {
            each(&|tally| {
                let seen = repository.read(root, tally);
                vcs::repository(&root.path, repository, &seen, &mut tally.sink);
            })
        });
        units.chain(lists).chain(repositories).collect()
    });
    for unit in units {
        tally.absorb(unit);
    }
}

/// Looks at one version: its small files, and what they claim of zip and tree.
fn version(run: &Run<'_>, root: &Root, unit: &VersionUnit, main: Option<&MainSums>, tally: &mut Tally) -> (SmallFiles, Claims) {
    let files = unit.read(root, tally);
    let claims = download::version(&root.path, unit, &files, main, &mut tally.sink);
    if run.plan.facts
        && let Some(h1) = claims.go_mod
    {
        tally.facts.push(Fact::Mod { path: root.path.join(unit.path(Part::Mod)), module: unit.module(), h1: h1.to_string() });
    }
    (files, claims)
}
