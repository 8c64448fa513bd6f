//! A small world is mended and put back: at one go, and stopped or disturbed at every change of the system.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::act::{Acted, Now, act, digest};
use super::journal::identity;
use super::ledger::{Ledger, RunState};
use super::place::{FOLDER, Quarantine};
use super::plan::{RepairPlan, Site, Step, Wanted};
use super::undo::recover_all;
use crate::evidence::node::Root;
use crate::evidence::owners::Owners;
use crate::finding::RootKind;
use crate::sys::fault;
use crate::sys::{self, NodeKind};

/// Type, mode, owner, group, last write, and bytes or target of each node.
type Snapshot = BTreeMap<PathBuf, (NodeKind, u32, u32, u32, i128, Vec<u8>)>;

struct World {
    _temp: tempfile::TempDir,
    cache: PathBuf,
    outside: PathBuf,
}

const ODD: &[u8] = b"bb/\xff\n%41";

impl World {
    fn new() -> World {
        let temp = tempfile::tempdir().unwrap();
        let (cache, outside) = (temp.path().join("place/cache"), temp.path().join("outside"));
        let at = |p: &str| cache.join(p);
        sys::write_file(&at("aa/entry-a"), b"entry").unwrap();
        sys::write_file(&at("bb/out-d"), b"output").unwrap();
        sys::write_file(&at("bb/other"), b"stays").unwrap();
        sys::write_file(&cache.join(OsStr::from_bytes(ODD)), b"odd").unwrap();
        sys::write_file(&at("m@v1/sub/file.go"), b"package m\n").unwrap();
        sys::write_file(&at("m@v1/tool"), b"#!/bin/sh\n").unwrap();
        sys::write_file(&at("cc/open"), b"open").unwrap();
        sys::write_file(&outside, b"outside").unwrap();
        sys::hard_link(&outside, &at("aa/linked")).unwrap();
        sys::symlink(&outside, &at("aa/link")).unwrap();
        sys::make_fifo(&at("cc/pipe")).unwrap();
        for (p, mode) in [
            ("bb/out-d", 0o4755),
            ("m@v1/tool", 0o777),
            ("m@v1/sub/file.go", 0o444),
            ("m@v1/sub", 0o555),
            ("m@v1", 0o555),
            ("cc/open", 0o666),
            ("cc", 0o777),
            ("aa/linked", 0o755),
        ] {
            sys::set_mode(&at(p), mode).unwrap();
        }
        let old = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        sys::set_mtime(&at("bb/out-d"), old).unwrap();
        World { _temp: temp, cache, outside }
    }

    fn plan(&self) -> RepairPlan {
        let root = Root::open(RootKind::Gocache, &self.cache, &Owners::look()).unwrap();
        let mode = |to| Wanted::Mode { to, acl: None, default_acl: None };
        let wanted = [
            (Path::new("aa/entry-a"), Wanted::Quarantine),
            (Path::new("aa/link"), Wanted::Unlink),
            (Path::new("aa/linked"), Wanted::Quarantine),
            (Path::new("bb/out-d"), Wanted::Quarantine),
            (Path::new(OsStr::from_bytes(ODD)), Wanted::Quarantine),
            (Path::new("cc/pipe"), Wanted::Quarantine),
            (Path::new("m@v1"), Wanted::Quarantine),
            (Path::new("cc/open"), mode(0o644)),
            (Path::new("cc"), mode(0o755)),
            (Path::new(""), mode(0o700)),
        ];
        let there = |rel: &Path| rel.as_os_str().is_empty() || root.dir.stat(rel).is_ok();
        let steps = wanted.into_iter().filter(|(rel, _)| there(rel)).map(|(rel, wanted)| step(&root, rel, wanted)).collect();
        RepairPlan { sites: vec![Site { root, quarantine: Some(self.quarantine()) }], steps, overtaken: Vec::new() }
    }

    fn quarantine(&self) -> PathBuf {
        self.cache.parent().unwrap().join(FOLDER)
    }

    fn ledger(&self) -> Ledger {
        Ledger::beside(std::iter::once(self.cache.as_path()))
    }

    fn snapshot(&self) -> Snapshot {
        let mut all = snapshot(&self.cache);
        all.extend(snapshot(&self.outside));
        all
    }

    /// How often the bytes of each file can be found, in place or in quarantine.
    fn bytes_there(&self) -> Vec<Vec<u8>> {
        let mut all: Vec<Vec<u8>> = snapshot(self.cache.parent().unwrap())
            .into_iter()
            .filter(|(path, n)| n.0 == NodeKind::File && !path.ends_with("journal") && !path.ends_with("lock"))
            .map(|(_, n)| n.5)
            .collect();
        all.sort();
        all
    }
}

fn step(root: &Root, rel: &Path, wanted: Wanted) -> Step {
    let stat = if rel.as_os_str().is_empty() { root.dir.stat_self() } else { root.dir.stat(rel) }.unwrap();
    let sha256 = (stat.kind == NodeKind::File).then(|| digest(&mut root.dir.open_file(rel).unwrap()).unwrap());
    Step {
        site: 0,
        rel: rel.to_path_buf(),
        wanted,
        rule: "some-rule",
        hold: super::plan::Hold::Content,
        was: identity(&stat, sha256),
        bytes: stat.size,
        then: "",
        about: Path::new("").into(),
        locks: vec![PathBuf::from("aa/lock-that-is-not-there")],
    }
}

fn snapshot(top: &Path) -> Snapshot {
    let mut all = Snapshot::new();
    for entry in walkdir::WalkDir::new(top) {
        let path = entry.unwrap().into_path();
        let s = sys::lstat(&path).unwrap();
        let content = match s.kind {
            NodeKind::File => sys::read(&path, 1 << 20).unwrap(),
            NodeKind::Link => sys::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
            _ => Vec::new(),
        };
        all.insert(path, (s.kind, s.mode, s.uid, s.gid, s.mtime_ns, content));
    }
    all
}

fn now() -> Now {
    Now::of(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_389_247))
}

fn run(world: &World) -> Acted {
    act(&world.plan(), &now())
}

fn recover(world: &World) {
    let quarantine = Quarantine::make(&world.quarantine()).unwrap();
    assert!(recover_all(&quarantine.dir).unwrap().is_empty());
}

#[test]
fn all_is_moved_tightened_and_put_back() {
    let world = World::new();
    let before = world.snapshot();
    let acted = run(&world);
    assert!(acted.outcomes.iter().all(Result::is_ok), "{:?}", acted.outcomes);
    let name = acted.run.unwrap();
    assert_eq!(name, "2026-11-22T23-14-07");
    let after = world.snapshot();
    let gone: Vec<_> = before.keys().filter(|p| !after.contains_key(*p)).count().to_string().chars().collect();
    assert_eq!(gone, ['1', '0'], "six nodes, and four in the folder");
    assert_eq!(sys::lstat(&world.cache).unwrap().mode, 0o700);
    assert_eq!(sys::lstat(&world.cache.join("cc")).unwrap().mode, 0o755);
    assert_eq!(after[&world.outside], before[&world.outside], "the other name keeps its mode");
    for (path, node) in snapshot(&world.quarantine()) {
        let shared = node.5 == b"outside";
        assert!(node.0 != NodeKind::File || shared || node.1 & 0o6133 == 0, "{path:?} {:o}", node.1);
        assert!(node.0 != NodeKind::Dir || node.1 & 0o022 == 0, "{path:?} {:o}", node.1);
    }
    let runs = world.ledger().runs().unwrap();
    assert_eq!((runs.len(), runs[0].steps, runs[0].state), (1, 10, RunState::Done));
    let restored = world.ledger().restore(&name, false, &now()).unwrap();
    assert_eq!((restored.undone, restored.kept), (10, vec![]));
    assert_eq!(world.snapshot(), before);
    assert_eq!(world.ledger().runs().unwrap()[0].state, RunState::Restored);
    world.ledger().purge(&[name]).unwrap();
    assert_eq!(world.ledger().runs().unwrap(), []);
    assert_eq!(world.snapshot(), before);
}

#[test]
fn what_is_there_now_is_kept() {
    let world = World::new();
    let before = world.snapshot();
    let name = run(&world).run.unwrap();
    let anew = world.cache.join("bb/out-d");
    sys::write_file(&anew, b"fetched meanwhile").unwrap();
    let refused = world.ledger().restore(&name, false, &now()).unwrap();
    assert_eq!((refused.occupied.as_slice(), refused.undone), ([anew.clone()].as_slice(), 0));
    assert_eq!(sys::read(&anew, 99).unwrap(), b"fetched meanwhile");
    let restored = world.ledger().restore(&name, true, &now()).unwrap();
    assert_eq!((restored.undone, restored.kept.len()), (10, 0));
    assert_eq!(world.snapshot(), before);
    let displaced = restored.displaced.unwrap();
    assert_eq!(displaced, "2026-11-22T23-14-07-2");
    assert!(world.bytes_there().contains(&b"fetched meanwhile".to_vec()));
}

#[test]
fn what_has_changed_since_is_left() {
    let world = World::new();
    let plan = world.plan();
    let at = |p: &str| world.cache.join(p);
    // Other bytes of the same size at the same time; another node; nothing; another folder.
    let mtime = sys::stat(&at("aa/entry-a")).unwrap().mtime_ns;
    sys::write_file(&at("aa/entry-a"), b"ENTRY").unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(mtime).unwrap());
    sys::set_mtime(&at("aa/entry-a"), time).unwrap();
    sys::rename(&at("bb/other"), &at("bb/out-d")).unwrap();
    sys::remove_made(&at("aa/link")).unwrap();
    sys::rename(&at("m@v1"), &at("m@v2")).unwrap();
    sys::create_dir_all(&at("m@v1")).unwrap();
    let before = world.snapshot();
    let acted = act(&plan, &now());
    let wrong: Vec<usize> = acted.outcomes.iter().enumerate().filter(|(_, o)| o.is_err()).map(|(i, _)| i).collect();
    assert_eq!(wrong, [0, 1, 3, 6], "{:?}", acted.outcomes);
    let name = acted.run.unwrap();
    world.ledger().restore(&name, false, &now()).unwrap();
    assert_eq!(world.snapshot(), before);
}

#[test]
fn a_parent_that_became_a_link_leads_nowhere() {
    let world = World::new();
    let plan = world.plan();
    let (bb, moved) = (world.cache.join("bb"), world.cache.parent().unwrap().join("elsewhere"));
    sys::rename(&bb, &moved).unwrap();
    sys::symlink(&moved, &bb).unwrap();
    let before = snapshot(&moved);
    let acted = act(&plan, &now());
    assert!(acted.outcomes[3].is_err() && acted.outcomes[4].is_err());
    assert_eq!(snapshot(&moved), before);
}

/// Runs `act`, killed after `k` changes; whether it was killed at all.
fn killed(k: u64, act: impl FnOnce()) -> bool {
    fault::stop_after(Some(k));
    act();
    let hit = fault::was_hit();
    fault::stop_after(None);
    hit
}

fn all_runs_back(world: &World) {
    // The last one first, as they were piled up.
    for run in world.ledger().runs().unwrap().into_iter().rev() {
        assert_eq!(run.damage, None);
        let restored = world.ledger().restore(&run.run, false, &now()).unwrap();
        assert_eq!((restored.occupied, restored.kept), (vec![], vec![]));
    }
}

#[test]
fn killed_at_every_change_nothing_is_lost() {
    for far in [false, true] {
        let mut k = 0;
        loop {
            let world = World::new();
            let (before, bytes) = (world.snapshot(), world.bytes_there());
            fault::set_far(far);
            let hit = killed(k, || {
                run(&world);
            });
            recover(&world);
            assert_eq!(world.bytes_there(), bytes, "after change {k}");
            for run in world.ledger().runs().unwrap() {
                assert!(run.state == RunState::Done, "{run:?} after change {k}");
            }
            // A second run does the rest.
            let acted = run(&world);
            assert!(acted.outcomes.iter().all(Result::is_ok), "{:?} after change {k}", acted.outcomes);
            let left = world_steps().iter().filter(|p| sys::lstat(&world.cache.join(p)).is_ok()).count();
            assert_eq!(left, 0, "after change {k}");
            all_runs_back(&world);
            fault::set_far(false);
            assert_same(&world.snapshot(), &before, k);
            k += 1;
            if !hit {
                break;
            }
        }
        assert!(k > 30, "{k} changes");
    }
}

fn assert_same(now: &Snapshot, before: &Snapshot, k: u64) {
    let differs: Vec<_> = before
        .iter()
        .filter(|(p, n)| now.get(*p) != Some(n))
        .map(|(p, n)| format!("{p:?}: {n:?} is now {:?}", now.get(p)))
        .chain(now.keys().filter(|p| !before.contains_key(*p)).map(|p| format!("{p:?} is new")))
        .collect();
    assert!(differs.is_empty(), "after change {k}: {differs:#?}");
}

#[test]
fn killed_while_it_is_put_back_nothing_is_lost() {
    for far in [false, true] {
        let mut k = 0;
        loop {
            let world = World::new();
            let (before, bytes) = (world.snapshot(), world.bytes_there());
            fault::set_far(far);
            let name = run(&world).run.unwrap();
            let hit = killed(k, || {
                let _ = world.ledger().restore(&name, false, &now());
            });
            recover(&world);
            assert_eq!(world.bytes_there(), bytes, "after change {k}");
            all_runs_back(&world);
            fault::set_far(false);
            assert_same(&world.snapshot(), &before, k);
            k += 1;
            if !hit {
                break;
            }
        }
        assert!(k > 20, "{k} changes");
    }
}

#[test]
fn one_change_that_fails_loses_nothing() {
    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem];
    for (far, kind) in [false, true].into_iter().zip(kinds) {
        let mut k = 0;
        loop {
            let world = World::new();
            let (before, bytes) = (world.snapshot(), world.bytes_there());
            fault::set_far(far);
            fault::fail_once_after(k, kind);
            let acted = run(&world);
            let hit = fault::was_hit();
            fault::stop_after(None);
            if !hit {
                assert!(acted.outcomes.iter().all(Result::is_ok));
                fault::set_far(false);
                break;
            }
            // What is reported as not done and not standing is where it was.
            for (step, outcome) in world_steps().iter().zip(&acted.outcomes) {
                let there = sys::lstat(&world.cache.join(step)).is_ok();
                match outcome {
                    Ok(()) => assert!(!there, "{step:?} after {k}"),
                    Err(trouble) if !trouble.done && acted.run.is_some() => {
                        assert!(there || trouble.why.contains("journal"), "{step:?} after {k}: {trouble:?}");
                    }
                    Err(_) => {}
                }
            }
            recover(&world);
            assert_eq!(world.bytes_there(), bytes, "after change {k}");
            all_runs_back(&world);
            fault::set_far(false);
            assert_same(&world.snapshot(), &before, k);
            k += 1;
        }
    }
}

/// The paths of the steps that move something.
fn world_steps() -> Vec<PathBuf> {
    let names = ["aa/entry-a", "aa/link", "aa/linked", "bb/out-d"].map(PathBuf::from);
    let rest = ["cc/pipe", "m@v1"].map(PathBuf::from);
    names.into_iter().chain([PathBuf::from(OsStr::from_bytes(ODD))]).chain(rest).collect()
}

#[test]
fn a_damaged_journal_stops_and_is_told() {
    let world = World::new();
    let name = run(&world).run.unwrap();
    let path = world.quarantine().join(&name).join("journal");
    let mut bytes = sys::read(&path, 1 << 20).unwrap();
    bytes[300] ^= 1;
    sys::write_file(&path, &bytes).unwrap();
    let run = &world.ledger().runs().unwrap()[0];
    assert_eq!(run.state, RunState::Partial);
    assert!(run.damage.as_ref().unwrap().contains("line 1"), "{run:?}");
    let before = snapshot(&world.quarantine());
    assert!(world.ledger().restore(&name, true, &now()).is_err());
    assert_eq!(snapshot(&world.quarantine()).len(), before.len());
    // A new run is not held up by it.
    sys::write_file(&world.cache.join("aa/entry-a"), b"once more").unwrap();
    assert!(act(&world.plan(), &now()).outcomes.iter().all(Result::is_ok));
}
