//! Vendor folders: those of the main module and of its workspace, listed before the module caches are swept, and held against the
//! zips when these were.

use super::{QUIET, ROUNDS, Run, wait_until_quiet, youngest_damage};
use crate::check::vendor as checked;
use crate::evidence::modcache::VersionUnit;
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::evidence::vendor::{Held, Vendor, Zipped, Zips};
use crate::evidence::zip::ModuleEvidence;
use crate::finding::{Place, RootKind};
use crate::locate::Source;
use crate::policy;
use crate::report::{Report, RootReport, RootState};
use crate::rule::Kind;
use crate::subject::modcache::Part;

/// Lists the vendor folders that there are, if a rule asks for them.
pub(super) fn list(run: &Run<'_>, tally: &mut Tally) -> Vec<Vendor> {
    let plan = run.plan;
    let Some(main) = plan
        .options
        .main_module
        .as_deref()
        .filter(|_| checked::RULES.iter().any(|r| policy::asks(r, &plan.options.only, &plan.options.skip)))
    else {
        return Vec::new();
    };
    let own = Vendor::open(main, &run.owners, tally);
    let work = plan.settings.workspace(main);
    let folder = work.as_deref().and_then(|work| work.parent()).filter(|folder| *folder != main);
    let shared = folder.and_then(|folder| Vendor::open(folder, &run.owners, tally)).filter(|vendor| vendor.list.workspace);
    own.into_iter().chain(shared).collect()
}

/// What is kept of a module for the vendor folders.
pub(super) fn kept(
    run: &Run<'_>,
    root: &Root,
    unit: &VersionUnit,
    evidence: &mut ModuleEvidence,
    sound: bool,
    tally: &Tally,
) -> Option<Zipped> {
    let vendors: Vec<&Vendor> = run.vendors.iter().filter(|vendor| vendor.has(&evidence.module)).collect();
    let rows = evidence.zip.as_mut().filter(|_| !vendors.is_empty()).map(|zip| std::mem::take(&mut zip.rows))?;
    let wanted = |member: &str| vendors.iter().any(|vendor| vendor.wants(&evidence.module, member));
    let tree = root.path.join(unit.tree_path());
    let wrong = |kind| matches!(kind, Kind::Integrity | Kind::Tamper);
    let tree_wrong =
        tally.sink.iter().any(|f| wrong(f.rule.kind) && matches!(&f.place, Place::Path(path) if path.starts_with(&tree)));
    Some(Zipped {
        zip: root.path.join(unit.path(Part::Zip)),
        sound,
        tree,
        tree_wrong,
        members: if sound { rows.into_iter().filter(|(member, _)| wanted(member)).collect() } else { Default::default() },
    })
}

/// Holds the vendor folders against the zips, and once more as long as what seems wrong is being written.
pub(super) fn sweep(run: &Run<'_>, zips: &Zips, report: &mut Report) {
    for listed in &run.vendors {
        let (mut tally, mut held) = judge(run, listed, listed, zips);
        for _ in 0..ROUNDS {
            if !youngest_damage(&listed.root, &tally).is_some_and(|changed| wait_until_quiet(changed, QUIET)) {
                break;
            }
            match Vendor::open(&listed.main, &run.owners, &mut run.tally()) {
                Some(now) => (tally, held) = judge(run, &now, listed, zips),
                None => {
                    // `go mod vendor` is at work: it takes the whole folder away first, and writes its list last.
                    (tally, held) = (run.tally(), Held::default());
                    tally.unreadable(&listed.root.path, "kept changing while it was read");
                    break;
                }
            }
        }
        report.counts.add(&tally.counts);
        report.coverage.add(&tally.coverage);
        report.unread.append(&mut tally.unread);
        report.roots.push(RootReport {
            kind: RootKind::Vendor,
            path: listed.root.path.clone(),
            origin: Source::Flag,
            state: RootState::Ok,
            counts: tally.counts,
            trust: tally.trust,
            roles: tally.roles,
            vendored: Some(held.count),
        });
        report.findings.extend(tally.sink.into_findings());
    }
}

fn judge(run: &Run<'_>, vendor: &Vendor, listed: &Vendor, zips: &Zips) -> (Tally, Held) {
    let mut tally = run.tally();
    let held = run.pool.install(|| vendor.hold(listed, zips));
    for (rel, error) in &held.unread {
        tally.failed(&vendor.root.path.join(rel), error);
    }
    let damaged = checked::judge(vendor, &held, zips.wrong_tree(), &mut tally.sink);
    tally.counts.files = held.count.same + damaged;
    tally.counts.bytes = held.bytes;
    tally.coverage.intact = held.count.same;
    tally.coverage.damaged = damaged;
    tally.coverage.unverifiable = held.count.unchecked();
    (tally, held)
}
