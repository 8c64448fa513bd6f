//! The wiring of one run: a plan in, a report out. The only room that knows the order of things.

mod bins;
mod doctor;
mod fips;
mod focus;
mod gocache;
mod index;
mod modcache;
mod online;
mod prune;
mod sumdb;
mod vendor;
mod version;

pub use doctor::{Visit, doctor};
pub use focus::{Touched, again};
pub use prune::{Asked, prune};

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::check::binary::ModuleSums;
use crate::check::download::sums;
use crate::check::module::tree;
use crate::check::{posture, settings};
use crate::evidence::gocache::outputs_at_once;
use crate::evidence::index::Indexes;
use crate::evidence::main_module::MainSums;
use crate::evidence::node::{Expect, Root, way_to};
use crate::evidence::online::Spent;
use crate::evidence::owners::Owners;
use crate::evidence::settings::look;
use crate::evidence::tally::Tally;
use crate::evidence::vendor::{Vendor, Zips};
use crate::facts::ModuleVersion;
use crate::finding::{Finding, Place, RootKind};
use crate::format::mountinfo;
use crate::plan::{Plan, PlannedRoot};
use crate::policy;
use crate::report::{Progress, Report, RootReport, RootState, Unread};
use crate::rule::Kind;
use crate::sys;

/// What every sweep of a root needs.
pub(crate) struct Run<'a> {
    plan: &'a Plan,
    pool: &'a rayon::ThreadPool,
    progress: &'a dyn Progress,
    owners: Owners,
    main: Option<MainSums>,
    vendors: Vec<Vendor>,
    keys: sumdb::Keys,
    spent: Mutex<Spent>,
    mount_points: Vec<PathBuf>,
    now_ns: i128,
}

/// Descriptors that one worker holds at most beside the outputs that it hashes: a shard, the folder and file of an executable
/// directory, and one for chance. A module needs a folder that is listed, one that is open, a zip, a file, and two for chance.
const DESCRIPTORS_PER_WORKER: u64 = 4;
/// Descriptors of the process itself: standard streams, roots, report files, the pool.
const DESCRIPTORS_RESERVED: u64 = 24;

/// Sweeps everything that the plan names.
pub fn run(plan: &Plan, progress: &dyn Progress) -> Report {
    let started_at = SystemTime::now();
    let clock = Instant::now();
    let pool = pool(plan);
    let mut report = Report { go_versions: go_versions(plan), ..Report::empty("scan", started_at, plan.settings.clone()) };
    match pool {
        Ok(pool) => sweep_all(plan, &pool, progress, &mut report),
        Err(e) => no_worker(plan, &e, &mut report),
    }
    progress.finish();
    settle(plan, &mut report);
    // A run that looked at nothing has shown nothing.
    let empty = report.nothing_scanned() || report.named_root_absent();
    report.complete = report.unread.is_empty() && (plan.options.allow_empty || !empty);
    report.elapsed = clock.elapsed();
    report
}

/// Nothing could be looked at.
fn no_worker(plan: &Plan, error: &rayon::ThreadPoolBuildError, report: &mut Report) {
    let unread = |r: &PlannedRoot| Unread { path: r.path.clone(), error: format!("no worker could be started: {error}") };
    report.unread.extend(plan.roots.iter().map(unread));
}

/// Keeps of the findings what was asked for, and puts all in its order.
fn settle(plan: &Plan, report: &mut Report) {
    let options = &plan.options;
    let findings = std::mem::take(&mut report.findings);
    let judged = policy::judge(findings, &plan.module_caches(), &options.only, &options.skip, options.fail_on);
    report.findings = judged.kept;
    report.suppressed = judged.suppressed;
    report.findings.sort_by(Finding::order);
    report.unread.sort();
    report.unread.dedup();
}

/// Adds what was learned of a root. Returns what was found in it.
fn add_root(report: &mut Report, planned: &PlannedRoot, state: RootState, mut tally: Tally) -> Vec<Finding> {
    report.counts.add(&tally.counts);
    report.coverage.add(&tally.coverage);
    report.trust.add(&tally.trust);
    report.roles.add(&tally.roles);
    report.unread.append(&mut tally.unread);
    report.facts.append(&mut tally.facts);
    report.roots.push(RootReport {
        kind: planned.kind,
        path: planned.path.clone(),
        origin: planned.origin,
        state,
        counts: tally.counts,
        trust: tally.trust,
        roles: tally.roles,
        vendored: None,
    });
    tally.sink.into_findings()
}

/// The workers of a run.
fn pool(plan: &Plan) -> Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    let jobs = workers(plan.options.jobs, sys::process::raise_descriptor_limit(), outputs_at_once(true));
    rayon::ThreadPoolBuilder::new().num_threads(jobs).build()
}

/// Versions of Go that may have used the caches, whatever archives say: the one that would run, and the toolchains that go.mod
/// files switched to.
fn go_versions(plan: &Plan) -> Vec<String> {
    let mut versions = vec![plan.settings.text("GOVERSION")];
    for root in plan.roots.iter().filter(|r| r.kind == RootKind::Gomodcache) {
        let folder = root.path.join("golang.org");
        let entries = sys::Dir::open_root(&folder).and_then(|dir| dir.list()).unwrap_or_default();
        versions.extend(entries.iter().filter_map(|(name, _)| {
            // toolchain@v0.0.1-go1.26.8.linux-amd64
            let release = name.to_str()?.strip_prefix("toolchain@v0.0.1-")?;
            Some(release.rsplit_once('.')?.0.to_owned())
        }));
    }
    versions.retain(|v| !v.is_empty());
    versions
}

/// How many workers the descriptors are enough for, where each hashes `outputs` at a time.
fn workers(asked: usize, descriptors: u64, outputs: usize) -> usize {
    let each = DESCRIPTORS_PER_WORKER.saturating_add(u64::try_from(outputs).unwrap_or(u64::MAX));
    let affordable = descriptors.saturating_sub(DESCRIPTORS_RESERVED) / each;
    asked.clamp(1, usize::try_from(affordable).unwrap_or(usize::MAX).max(1))
}

fn sweep_all(plan: &Plan, pool: &rayon::ThreadPool, progress: &dyn Progress, report: &mut Report) {
    let mut first = Tally::new(posture::entry);
    let mut run = Run::begin(plan, pool, progress, &mut first);
    run.vendors = vendor::list(&run, &mut first);
    let mut known = Known::default();
    for file in run.main.iter().flat_map(|main| &main.files) {
        sums::go_sum(file, &mut first.sink);
        for (path, version, lines) in file.sums.iter().filter(|(_, version, _)| !version.ends_with("/go.mod")) {
            // The first line is the one that Go goes by.
            if let Some(sum) = lines.first() {
                let module = ModuleVersion { path: path.to_owned(), version: version.to_owned() };
                known.sums.add_go_sum(&module, &sum.h1.to_string());
            }
        }
    }
    settings::check(&plan.settings, &look(&plan.settings, &run.owners), &mut first.sink);
    report.findings.extend(first.sink.into_findings());
    report.unread.append(&mut first.unread);
    let unread = plan.settings.unread().map(|(path, error)| Unread { path: path.to_path_buf(), error });
    report.unread.extend(unread);
    let mut swept: Vec<(Tally, RootState)> = Vec::new();
    let mut caches: Vec<(usize, Root, gocache::Seen)> = Vec::new();
    for (number, planned) in (1u32..).zip(&plan.roots) {
        let (tally, state, cache) = run.sweep(number, planned, &mut known);
        caches.extend(cache.map(|(root, seen)| (swept.len(), root, seen)));
        swept.push((tally, state));
    }
    // Where modules lie tells what an entry of a build cache is for: build caches are judged when module caches were swept.
    for (at, root, seen) in &caches {
        if let Some((tally, _)) = swept.get_mut(*at) {
            seen.judge(&run, root, &known.module_roots, tally);
        }
    }
    for (planned, (tally, state)) in plan.roots.iter().zip(swept) {
        let trees = tally.counts.trees;
        let findings = tree::fold(add_root(report, planned, state, tally), &planned.path, trees);
        report.findings.extend(posture::fold(findings));
    }
    vendor::sweep(&run, &known.zips, report);
    let mut left = run.tally();
    index::packages(&run, &known.indexes, &mut left);
    report.facts.append(&mut left.facts);
    report.findings.extend(left.sink.into_findings());
    for (_, root, seen) in &caches {
        seen.name_companions(root, report.findings.iter_mut());
    }
    report.go_versions.extend(known.indexes.versions().iter().map(|v| v.as_str().to_owned()));
    report.go_versions.sort();
    report.go_versions.dedup();
    report.online = plan.options.online.is_some().then(|| run.spent.into_inner().unwrap_or_else(PoisonError::into_inner));
}

/// What one root tells that another needs.
#[derive(Default)]
pub(crate) struct Known {
    /// Sums of modules, for binaries.
    sums: ModuleSums,
    /// Directories of modules in module caches, as Go names them.
    module_roots: Vec<Box<[u8]>>,
    /// Module zips, for vendor folders.
    zips: Zips,
    /// The indexes that build caches hold.
    indexes: Indexes,
}

impl<'a> Run<'a> {
    /// Reads what every root is held against.
    fn begin(plan: &'a Plan, pool: &'a rayon::ThreadPool, progress: &'a dyn Progress, first: &mut Tally) -> Run<'a> {
        let mount_points = sys::process::mountinfo().map(|text| mountinfo::mount_points(&text)).unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        Run {
            plan,
            main: plan
                .options
                .main_module
                .as_deref()
                .map(|dir| MainSums::read(dir, plan.settings.workspace(dir).as_deref(), first)),
            vendors: Vec::new(),
            keys: sumdb::Keys::of(plan),
            spent: Mutex::default(),
            pool,
            progress,
            owners: Owners::look(),
            mount_points: mount_points.into_iter().map(sys::path_from_bytes).collect(),
            now_ns: now.and_then(|d| i128::try_from(d.as_nanos()).ok()).unwrap_or(0),
        }
    }
}

impl Run<'_> {
    fn tally(&self) -> Tally {
        Tally::new(posture::entry)
    }

    fn phase(&self, number: u32, kind: RootKind, unit: &'static str, items: usize, bytes: Option<u64>) {
        let of = u32::try_from(self.plan.roots.len()).unwrap_or(u32::MAX);
        self.progress.phase(number, of, kind.title(), unit, u64::try_from(items).unwrap_or(0), bytes);
    }

    /// Judges who may change what lies in a folder whose content is not looked at.
    fn look_around(&self, root: &Root, tally: &mut Tally) {
        for entry in walkdir::WalkDir::new(&root.real).min_depth(1).max_open(4).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(e) => {
                    tally.walk_failed(root, e);
                    continue;
                }
            };
            let Ok(rel) = entry.path().strip_prefix(&root.real) else { continue };
            if let Err(e) = crate::evidence::gocache::look(root, rel, Expect::Plain, tally) {
                tally.failed(&root.path.join(rel), &e);
            }
        }
    }

    /// Sweeps one root: who may swap it, who may change it, and what is in it.
    fn sweep(&self, number: u32, planned: &PlannedRoot, known: &mut Known) -> (Tally, RootState, Option<(Root, gocache::Seen)>) {
        let mut tally = self.tally();
        let (folder, only) = match bins::split(planned.kind, &planned.path) {
            Some((folder, name)) => (folder, Some(name)),
            None => (planned.path.as_path(), None),
        };
        let root = match Root::open(planned.kind, folder, &self.owners) {
            Ok(root) => root,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return (tally, RootState::Absent, None),
            Err(e) => {
                tally.failed(&planned.path, &e);
                return (tally, RootState::Unreadable, None);
            }
        };
        posture::way::way(&root, &way_to(&root.path), &mut tally.sink);
        posture::way::mounts(&root, &self.mount_points, &mut tally.sink);
        if let Err(e) = tally.node(&root, std::path::Path::new(""), root.stat, Expect::Plain) {
            tally.failed(&root.path, &e);
        }
        let mut cache = None;
        match planned.kind {
            RootKind::Gocache => cache = Some(gocache::sweep(self, &root, number, &mut known.indexes, &mut tally)),
            RootKind::Gomodcache => modcache::sweep(self, &root, number, known, &mut tally),
            RootKind::Sumdb => {
                self.look_around(&root, &mut tally);
                sumdb::sweep(self, &root, &mut tally);
            }
            RootKind::Gobin | RootKind::Binary => bins::sweep(self, &root, only, number, &known.sums, &mut tally),
            RootKind::Goroot | RootKind::Vendor | RootKind::Environment => {}
        }
        share(&root, &mut tally);
        (tally, RootState::Ok, cache.map(|seen| (root, seen)))
    }
}

/// What the root shares with entries below is told once, with their number.
fn share(root: &Root, tally: &mut Tally) {
    for (rule, more) in tally.sink.take_more() {
        match tally.sink.about_root(rule, &root.path) {
            Some(finding) => finding.more += more,
            None => tally.sink.push(posture::shared(root, rule, more)),
        }
    }
}

/// How long a file must have been left alone before what it holds counts.
const QUIET: Duration = Duration::from_secs(1);

/// How often a subject that keeps changing is looked at again.
const ROUNDS: u32 = 5;

/// Waits until what was last changed at `changed_ns` (nanoseconds since 1970) has been left alone for `quiet`. Returns whether
/// it was younger than that, so that it is worth another look.
fn wait_until_quiet(changed_ns: i128, quiet: Duration) -> bool {
    let now = i128::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(0);
    let wanted = i128::try_from(quiet.as_nanos()).unwrap_or(0);
    let age = now - changed_ns;
    if (0..wanted).contains(&age) {
        std::thread::sleep(Duration::from_nanos(u64::try_from(wanted - age).unwrap_or(0)));
    }
    age < wanted
}

/// When the youngest node was changed that a finding on content is about, or where it is gone, the folder that held it.
fn youngest_damage(root: &Root, tally: &Tally) -> Option<i128> {
    let content = |kind: Kind| matches!(kind, Kind::Integrity | Kind::Tamper);
    let changed = |path: &Path| -> Option<i128> {
        path.ancestors()
            .take_while(|p| p.starts_with(&root.path))
            .find_map(|p| sys::lstat(p).ok())
            .map(|stat| stat.mtime_ns.max(stat.ctime_ns))
    };
    tally
        .sink
        .iter()
        .filter(|f| content(f.rule.kind))
        .filter_map(|f| match &f.place {
            Place::Path(path) => changed(path),
            Place::Env(_) => None,
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::workers;

    #[test]
    fn few_descriptors_mean_few_workers() {
        assert_eq!((workers(64, 64, 2), workers(64, 64, 16)), (6, 2));
        assert_eq!((workers(8, 1024, 2), workers(8, 1024, 16)), (8, 8));
        assert_eq!(workers(0, 0, 2), 1);
    }
}
