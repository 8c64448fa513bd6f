//! Whatever a rule's witness damages is mended as its finding promises, and put back byte for byte.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "test code")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::SystemTime;

use gocachescan::check::catalogue;
use gocachescan::finding::{Finding, Place, RootKind};
use gocachescan::locate::{self, Flags, Host};
use gocachescan::plan::{Options, Plan, Request};
use gocachescan::repair::{FOLDER, Ledger, Now, RepairPlan, RunState, Scope, Wanted, act};
use gocachescan::report::{Report, Silent};
use gocachescan::rule::{Fix, Kind, Level, Rule};
use gocachescan::sample::Sample;
use gocachescan::scan::{Asked, Touched};
use gocachescan::sys::{self, NodeKind};

/// Type, mode, owner, group, last write, and bytes or target of each node; quarantines left out.
type Snapshot = BTreeMap<PathBuf, Look>;
type Look = (NodeKind, u32, u32, u32, i128, Vec<u8>);

fn snapshot(top: &Path) -> Snapshot {
    let all = walkdir::WalkDir::new(top).into_iter().filter_entry(|e| e.file_name() != FOLDER);
    let node = |entry: walkdir::Result<walkdir::DirEntry>| {
        let path = entry.unwrap().into_path();
        let s = sys::lstat(&path).unwrap();
        let content = match s.kind {
            NodeKind::File => sys::read(&path, 64 << 20).unwrap(),
            NodeKind::Link => sys::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
            _ => Vec::new(),
        };
        (path, (s.kind, s.mode, s.uid, s.gid, s.mtime_ns, content))
    };
    all.map(node).collect()
}

fn plan_of(sample: &Sample) -> Plan {
    let env = sample.environment().into_iter().map(|(k, v)| (k.into(), v.into())).collect();
    let settings = locate::survey(&Host { env, cwd: sample.root().to_path_buf() }, &Flags::default());
    let (main_module, sumdb_key) = (Some(sample.main()), sample.sumdb_key.clone());
    let options = Options { main_module, jobs: 2, sumdb_key, ..Options::default() };
    let request = Request { options, ..Request::default() };
    Plan::assemble(settings, request).unwrap()
}

fn loud(report: &Report) -> Vec<&Finding> {
    report.findings.iter().filter(|f| f.level > Level::Note).collect()
}

fn names(report: &Report) -> Vec<String> {
    loud(report).iter().map(|f| format!("{} {:?}", f.rule.id, f.place)).collect()
}

/// What --fix never touches, whatever the rule says.
fn told_only(finding: &Finding) -> bool {
    let program = matches!(finding.root, RootKind::Gobin | RootKind::Binary | RootKind::Environment);
    finding.fix == Fix::None || (program && !matches!(finding.rule.kind, Kind::Integrity | Kind::Tamper))
}

fn ledger_of(sample: &Sample) -> Ledger {
    let roots = [sample.gocache(), sample.gomodcache(), sample.root().join("gopath/pkg/sumdb"), sample.gobin()];
    Ledger::beside(roots.iter().map(PathBuf::as_path))
}

/// What is not as it was before.
fn differences(sample: &Sample, before: Snapshot) -> Option<Vec<PathBuf>> {
    // A folder in which a quarantine was made has a new time.
    let strip = |all: Snapshot| -> Snapshot {
        let root = sample.root();
        let places = [root.to_path_buf(), root.join("gopath"), root.join("gopath/pkg"), root.join("elsewhere")];
        let timeless = |(path, mut n): (PathBuf, Look)| {
            if places.contains(&path) {
                n.4 = 0;
            }
            (path, n)
        };
        all.into_iter().map(timeless).collect()
    };
    let (after, before) = (strip(snapshot(sample.root())), strip(before));
    let differs: Vec<_> = before.iter().filter(|(p, n)| after.get(*p) != Some(n)).map(|(p, _)| p.clone()).collect();
    (!differs.is_empty() || after.len() != before.len()).then_some(differs)
}

fn mend(id: &str, sample: &Sample) -> Result<(), String> {
    let ledger = ledger_of(sample);
    let plan = plan_of(sample);
    let before = snapshot(sample.root());
    let mut report = gocachescan::scan::run(&plan, &Silent);
    let found = names(&report);
    let repair = RepairPlan::make(&report, &plan.settings, Scope::repair(true));
    if snapshot(sample.root()) != before {
        return Err("the plan changed something".to_owned());
    }
    let wanted = loud(&report).into_iter().any(|f| !told_only(f));
    if wanted == repair.steps.is_empty() {
        return Err(format!("{} steps for {found:?}", repair.steps.len()));
    }
    if repair.steps.is_empty() {
        return Ok(());
    }
    let acted = act(&repair, &Now::of(SystemTime::now()));
    if let Some(bad) = acted.outcomes.iter().find(|o| o.is_err()) {
        return Err(format!("{bad:?}"));
    }
    let touched: Vec<Touched> = repair
        .steps
        .iter()
        .map(|step| {
            let root = &repair.sites[step.site].root;
            let in_place = matches!(step.wanted, Wanted::Mode { .. } | Wanted::Owner { .. });
            let posture = catalogue().any(|r| r.id == step.rule && r.kind == Kind::Posture);
            Touched { kind: root.kind, root: root.path.clone(), rel: step.rel.clone(), node_only: in_place && posture }
        })
        .collect();
    gocachescan::scan::again(&plan, &mut report, &touched, &Silent);
    if let Some(left) = loud(&report).into_iter().find(|f| !told_only(f)) {
        return Err(format!("left: {left:?}, of {found:?}"));
    }
    let whole = gocachescan::scan::run(&plan, &Silent);
    if names(&whole) != names(&report) {
        return Err(format!("a whole scan finds {:?}, the second look {:?}", names(&whole), names(&report)));
    }
    let run = acted.run.ok_or("no run")?;
    let restored = ledger.restore(&run, false, &Now::of(SystemTime::now())).map_err(|e| e.to_string())?;
    if !restored.kept.is_empty() || !restored.occupied.is_empty() {
        return Err(format!("{restored:?}"));
    }
    if let Some(differs) = differences(sample, before) {
        return Err(format!("{id}: put back, but not as it was: {differs:?}"));
    }
    let runs = ledger.runs().map_err(|e| e.to_string())?;
    if runs.iter().any(|r| r.state != RunState::Restored) {
        return Err(format!("{runs:?}"));
    }
    let again = gocachescan::scan::run(&plan, &Silent);
    if names(&again) != found { Err(format!("found at first {found:?}, then {:?}", names(&again))) } else { Ok(()) }
}

#[test]
fn every_damage_is_mended_as_its_rule_says() {
    let root = sys::process::effective_uid() == 0;
    let failures = Mutex::new(Vec::new());
    let rules: Vec<_> = catalogue().collect();
    let show = |rule: &&'static Rule| {
        let folder = tempfile::tempdir().unwrap();
        let mut sample = Sample::make(&folder.path().join("world")).unwrap();
        match (rule.witness)(&mut sample) {
            Ok(place) => {
                if let Err(why) = mend(rule.id, &sample) {
                    failures.lock().unwrap().push(format!("{}: {why}", rule.id));
                }
                if let ("mount-inside", Place::Path(path)) = (rule.id, &place) {
                    sys::unmount_for_witness(path).unwrap();
                }
            }
            Err(e) => assert!(!root || e.kind() != std::io::ErrorKind::PermissionDenied, "{}: {e}", rule.id),
        }
    };
    // Not on workers of rayon: one that waits for the scan of one rule would begin with another on the same stack.
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while let Some(rule) = rules.get(next.fetch_add(1, Ordering::Relaxed)) {
                    show(rule);
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), rules.len(), failures.join("\n"));
}

/// The second stands for a use between the look and the plan, the third for one between the plan and the move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Used {
    Never,
    BeforeThePlan,
    BeforeTheMove,
}

#[test]
fn what_prune_takes_is_put_back_and_what_is_used_meanwhile_stays() {
    for rule in gocachescan::check::prune::RULES {
        for used in [Used::Never, Used::BeforeThePlan, Used::BeforeTheMove] {
            let folder = tempfile::tempdir().unwrap();
            let mut sample = Sample::make(&folder.path().join("world")).unwrap();
            let Place::Path(place) = (rule.witness)(&mut sample).unwrap() else { unreachable!() };
            let plan = plan_of(&sample);
            let before = snapshot(sample.root());
            let report = gocachescan::scan::prune(&plan, &Asked::of_sample(&sample, &plan).unwrap(), &Silent);
            let of_file = sys::lstat(&place).unwrap().kind == NodeKind::File;
            if used != Used::Never && !of_file {
                continue;
            }
            // As go notes a use.
            let touch = |when| {
                if used == when {
                    sys::set_mtime(&place, SystemTime::now()).unwrap()
                }
            };
            touch(Used::BeforeThePlan);
            let repair = RepairPlan::make(&report, &plan.settings, Scope::prune());
            touch(Used::BeforeTheMove);
            assert!(repair.steps.iter().all(|s| s.was.sha256.is_none() && s.rule == rule.id), "{}: nothing is hashed", rule.id);
            let acted = act(&repair, &Now::of(SystemTime::now()));
            let is_there = sys::lstat(&place).is_ok();
            match used {
                Used::Never => assert!(!is_there && acted.outcomes.iter().all(Result::is_ok), "{}: {acted:?}", rule.id),
                Used::BeforeThePlan => assert!(is_there && repair.steps.is_empty(), "{}: {repair:?}", rule.id),
                Used::BeforeTheMove => assert!(is_there && acted.outcomes.iter().any(Result::is_err), "{}: {acted:?}", rule.id),
            }
            if used == Used::Never {
                assert!(loud(&gocachescan::scan::run(&plan, &Silent)).is_empty(), "{}", rule.id);
                let restored = ledger_of(&sample).restore(&acted.run.unwrap(), false, &Now::of(SystemTime::now())).unwrap();
                assert!(restored.kept.is_empty() && restored.occupied.is_empty(), "{restored:?}");
                assert_eq!(differences(&sample, before), None, "{}", rule.id);
            }
        }
    }
}

/// An executable directory has its time of use itself.
#[test]
fn a_program_that_is_used_meanwhile_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut sample = Sample::make(&folder.path().join("world")).unwrap();
    sample.prune.max_size = Some(0);
    let dir = sys::Dir::open_root(&sample.gocache()).unwrap();
    let long_ago = 1_000_000_000_000_000_000;
    for entry in walkdir::WalkDir::new(sample.gocache()).min_depth(2).into_iter().flatten() {
        let rel = entry.path().strip_prefix(sample.gocache()).unwrap();
        let (parent, name) = dir.open_parent(rel).unwrap();
        parent.set_mtime_of(&name, long_ago).unwrap();
    }
    let plan = plan_of(&sample);
    let report = gocachescan::scan::prune(&plan, &Asked::of_sample(&sample, &plan).unwrap(), &Silent);
    let repair = RepairPlan::make(&report, &plan.settings, Scope::prune());
    let program = sample.an_executable().unwrap();
    assert!(repair.steps.iter().any(|s| repair.path(s) == program));
    sys::Dir::open_root(&program).unwrap().set_mtime(long_ago + 1).unwrap();
    let acted = act(&repair, &Now::of(SystemTime::now()));
    let failed: Vec<PathBuf> =
        repair.steps.iter().zip(&acted.outcomes).filter(|(_, o)| o.is_err()).map(|(s, _)| repair.path(s)).collect();
    assert_eq!(failed, [program]);
}

/// What is on disk of a module that was changed together with its `.ziphash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    Whole,
    ZipOnly,
    TreeOnly,
    TreeOnceMore,
}

/// An index and a binary from before the change are all that tell of it.
#[test]
fn what_contradicts_an_unproven_module_stays() {
    for changed in [Changed::Whole, Changed::ZipOnly, Changed::TreeOnly, Changed::TreeOnceMore] {
        let folder = tempfile::tempdir().unwrap();
        let sample = Sample::make(&folder.path().join("world")).unwrap();
        let evil = |text: &[u8]| [b"//go:build ignore\n\n", text].concat();
        let mut members = sample.zip_members();
        let file = members.iter_mut().find(|m| m.name.ends_with(b"/greet.go")).unwrap();
        file.content = evil(&file.content);
        let content = file.content.clone();
        sample.put_zip(&members).unwrap();
        sample.put_in_tree("greet.go", &if changed == Changed::TreeOnceMore { evil(&content) } else { content }).unwrap();
        match changed {
            Changed::Whole | Changed::TreeOnceMore => {}
            Changed::ZipOnly => sys::remove_temp_tree(&sample.tree()).unwrap(),
            Changed::TreeOnly => sys::remove_made(&sample.zip()).unwrap(),
        }
        let plan = plan_of(&sample);
        let report = gocachescan::scan::run(&plan, &Silent);
        let told = |id: &str| {
            let told = loud(&report).into_iter().find(|f| f.rule.id == id);
            told.map(|f| (f.level, f.fix, f.message.contains("neither go.sum nor the checksum database")))
        };
        let left = Some((Level::Error, Fix::None, true));
        assert_eq!(told("module-index-mismatch"), left, "{changed:?}: {:?}", names(&report));
        if changed == Changed::Whole {
            assert_eq!(told("binary-sum-mismatch"), left, "{:?}", names(&report));
        }
        let repair = RepairPlan::make(&report, &plan.settings, Scope::repair(true));
        assert!(repair.steps.is_empty(), "{changed:?}: {:?}", repair.steps);
    }
}

#[test]
fn what_contradicts_a_proven_module_goes() {
    for (id, database) in [
        ("module-index-mismatch", false),
        ("module-index-mismatch", true),
        ("binary-sum-mismatch", false),
        ("binary-sum-mismatch", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut sample = Sample::make(&folder.path().join("world")).unwrap();
        if database {
            sample.make_database().unwrap();
            sample.write(&sample.main().join("go.sum"), b"").unwrap();
        }
        (catalogue().find(|r| r.id == id).unwrap().witness)(&mut sample).unwrap();
        let plan = plan_of(&sample);
        let report = gocachescan::scan::run(&plan, &Silent);
        let told = loud(&report).into_iter().find(|f| f.rule.id == id).unwrap();
        assert!(told.fix == Fix::Quarantine && !told.message.contains("neither"), "{told:?}");
        let repair = RepairPlan::make(&report, &plan.settings, Scope::repair(true));
        assert!(repair.steps.iter().any(|s| s.rule == id), "{id}: {:?}", repair.steps);
    }
}
