//! `gocachescan prune`: what healthy caches hold, and what of it may go. Told from names, states and action entries alone.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{add_root, no_worker, pool, settle};
use crate::check::prune::{self as check, Bound};
use crate::evidence::holdings::modules;
use crate::evidence::holdings::outputs::{BuildCache, Outputs};
use crate::evidence::holdings::required::Required;
use crate::evidence::node::Root;
use crate::evidence::owners::Owners;
use crate::evidence::tally::Tally;
use crate::finding::RootKind;
use crate::plan::Plan;
use crate::report::{Progress, Pruned, Report, RootState};
use crate::sample::{Pruning, Sample};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Of build caches.
    pub bound: Bound,
    /// What module caches must keep; all where nothing was named.
    pub required: Option<Required>,
}

impl Asked {
    /// What the damage of a sample asks for.
    ///
    /// # Errors
    ///
    /// A list that can't be trusted, in one line.
    pub fn of_sample(sample: &Sample, plan: &Plan) -> Result<Asked, String> {
        let Pruning { max_size, orphans, used_by } = &sample.prune;
        let required = (!used_by.is_empty()).then(|| Required::read(used_by, &plan.settings)).transpose()?;
        Ok(Asked { bound: Bound { max_size: *max_size, orphans: *orphans }, required })
    }

    /// Whether anything is to be taken.
    pub fn takes(&self) -> bool {
        self.bound != Bound::default() || self.required.is_some()
    }
}

/// Looks at the caches that the plan names, and decides what of them may go.
pub fn prune(plan: &Plan, asked: &Asked, progress: &dyn Progress) -> Report {
    let (started_at, clock) = (SystemTime::now(), Instant::now());
    let mut report = Report::empty("prune", started_at, plan.settings.clone());
    let (lists, without_sums) = asked.required.as_ref().map(|r| (r.files.clone(), r.without_sums.clone())).unwrap_or_default();
    let mut told = Pruned { lists, without_sums, asked: asked.takes(), ..Pruned::default() };
    match pool(plan) {
        Ok(pool) => pool.install(|| look(plan, asked, progress, &mut told, &mut report)),
        Err(e) => no_worker(plan, &e, &mut report),
    }
    progress.finish();
    settle(plan, &mut report);
    report.complete = report.unread.is_empty();
    report.prune = Some(told);
    report.elapsed = clock.elapsed();
    report
}

fn look(plan: &Plan, asked: &Asked, progress: &dyn Progress, told: &mut Pruned, report: &mut Report) {
    let owners = Owners::look();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ns = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
    let of = u32::try_from(plan.roots.len()).unwrap_or(u32::MAX);
    for (number, planned) in (1u32..).zip(&plan.roots) {
        let mut tally = Tally::new(|_, _, _, _| {});
        let phase = |unit, items: usize| {
            progress.phase(number, of, planned.kind.title(), unit, u64::try_from(items).unwrap_or(0), None);
        };
        let state = match Root::open(planned.kind, &planned.path, &owners) {
            Ok(root) => {
                match planned.kind {
                    RootKind::Gocache => {
                        phase("shards", 256);
                        told.caches.push(build_cache(&root, asked, now_ns, progress, &mut tally));
                    }
                    RootKind::Gomodcache => {
                        let versions = modules::read(&root, &mut tally, &|n| phase("modules", n), &|| progress.advance(1, 0));
                        for tree in versions.iter().filter_map(|version| version.tree) {
                            tally.counts.files += tree.number;
                            tally.counts.bytes += tree.bytes;
                        }
                        told.modules.push(check::modules(&root.path, &versions, asked.required.as_ref(), &mut tally.sink));
                    }
                    // Named for where they lie: a quarantine lies in none of them.
                    RootKind::Sumdb
                    | RootKind::Gobin
                    | RootKind::Binary
                    | RootKind::Goroot
                    | RootKind::Vendor
                    | RootKind::Environment => {}
                }
                RootState::Ok
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => RootState::Absent,
            Err(e) => {
                tally.failed(&planned.path, &e);
                RootState::Unreadable
            }
        };
        let findings = add_root(report, planned, state, tally);
        report.findings.extend(findings);
    }
}

fn build_cache(root: &Root, asked: &Asked, now_ns: i64, progress: &dyn Progress, tally: &mut Tally) -> Outputs {
    let cache = BuildCache::read(root, tally, &|| progress.advance(1, 0));
    let whole = tally.unread.is_empty();
    let told = check::outputs(&root.path, &cache, asked.bound, whole, now_ns, &mut tally.sink);
    let (kinds, total) = (&told.kinds, told.kinds.total());
    let counts = &mut tally.counts;
    (counts.files, counts.bytes) = (counts.files + total.number, counts.bytes + total.bytes);
    (counts.actions, counts.outputs) = (kinds.entries.number, kinds.outputs.number + kinds.programs.number);
    counts.dangling = told.dangling.number;
    told
}
