//! No rule without its proof: a healthy sample gives no finding above note, and the one damage of a rule's witness gives that
//! rule's finding, at its level and place, with nothing beside it that the damage does not explain.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "test code")]

mod doctor;
mod vendor;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gocachescan::check::catalogue;
use gocachescan::check::download::sums::ZIP_GO_SUM_MISMATCH;
use gocachescan::check::environment::{self, starts::SAYS_OTHERWISE};
use gocachescan::check::sumdb::ZIP_SUMDB_MISMATCH;
use gocachescan::environment::Inquiry;
use gocachescan::facts::{Fact, SumdbVerdict};
use gocachescan::finding::{Finding, Mend, Place, RootKind};
use gocachescan::locate::{self, Flags, Host};
use gocachescan::plan::{Plan, Request};
use gocachescan::report::{Report, Silent};
use gocachescan::rule::{Level, Rule};
use gocachescan::sample::Sample;
use gocachescan::scan::{Asked, Visit};
use gocachescan::sys;

fn sample() -> (tempfile::TempDir, Sample) {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample::make(&folder.path().join("world")).unwrap();
    (folder, sample)
}

fn plan_of(sample: &Sample) -> Plan {
    let env = sample.environment().into_iter().map(|(k, v)| (k.into(), v.into())).collect();
    let settings = locate::survey(&Host { env, cwd: sample.root().to_path_buf() }, &Flags::default());
    let mut request = Request::of_sample(sample);
    (request.options.jobs, request.options.facts) = (2, true);
    Plan::assemble(settings, request).unwrap()
}

fn scan(sample: &Sample) -> Report {
    gocachescan::scan::run(&plan_of(sample), &Silent)
}

/// What `prune` would take of it.
fn prune(sample: &Sample) -> Report {
    let plan = plan_of(sample);
    gocachescan::scan::prune(&plan, &Asked::of_sample(sample, &plan).unwrap(), &Silent)
}

/// What `doctor` tells of the sample's user, whose shells are asked where `exec` says so.
fn examine(sample: &Sample, exec: bool) -> Report {
    let env = sample.login_environment().into_iter().map(|(k, v)| (k.into(), v.into())).collect();
    let host = Host { env, cwd: sample.home() };
    let inquiry = Inquiry {
        root: sample.root().to_path_buf(),
        host,
        exec,
        pid: sample.pid,
        dockerfile: sample.dockerfile.clone(),
        target: sample.target.clone(),
    };
    gocachescan::scan::doctor(&Visit { inquiry, all_users: false, only: vec![], skip: vec![], fail_on: None }).unwrap()
}

fn is_doctors(rule: &Rule) -> bool {
    environment::RULES.iter().any(|group| group.contains(&rule))
}

fn is_prunes(rule: &Rule) -> bool {
    gocachescan::check::prune::RULES.contains(&rule)
}

fn loud(report: &Report) -> Vec<String> {
    let shown = |f: &Finding| format!("{} {} {:?}: {}", f.level, f.rule.id, f.place, f.message);
    report.findings.iter().filter(|f| f.level > Level::Note).map(shown).collect()
}

#[test]
fn a_healthy_sample_has_no_finding() {
    let (_folder, sample) = sample();
    let report = scan(&sample);
    assert_eq!(report.findings.iter().map(|f| format!("{f:?}")).collect::<Vec<_>>(), [""; 0]);
    assert!(report.complete, "{:?}", report.unread);
    assert!(report.counts.actions >= 4 && report.counts.outputs >= 4, "{:?}", report.counts);
}

#[test]
fn a_healthy_checksum_database_proves_the_module() {
    let (_folder, mut sample) = sample();
    sample.make_database().unwrap();
    let report = scan(&sample);
    assert_eq!(report.findings.iter().map(|f| format!("{f:?}")).collect::<Vec<_>>(), [""; 0]);
    assert_eq!((report.trust.sumdb, report.trust.go_sum), (1, 0));
    let verdicts = report.facts.iter().filter_map(|f| if let Fact::Sumdb { verdict, .. } = f { Some(*verdict) } else { None });
    let verdicts: Vec<_> = verdicts.collect();
    assert_eq!(verdicts.iter().filter(|v| **v == SumdbVerdict::Proven).count(), 4, "{verdicts:?}");
    assert!(verdicts.contains(&SumdbVerdict::Signed), "{verdicts:?}");
}

#[test]
fn what_the_settings_exempt_is_never_counted_as_proven() {
    for (name, value) in [("GONOSUMDB", "example.com"), ("GOPRIVATE", "*.com"), ("GOSUMDB", "off")] {
        let (_folder, mut sample) = sample();
        sample.make_database().unwrap();
        sample.env.insert(name.to_owned(), value.to_owned());
        let report = scan(&sample);
        assert_eq!((report.trust.sumdb, report.trust.go_sum), (0, 1), "{name}");
        (ZIP_SUMDB_MISMATCH.witness)(&mut sample).unwrap();
        let level = |r: &Report| r.findings.iter().find(|f| f.rule.id == "zip-sumdb-mismatch").map(|f| f.level);
        assert_eq!(level(&scan(&sample)), Some(Level::Warning), "{name}");
    }
}

#[test]
fn an_empty_file_of_the_database_is_being_written() {
    for file in ["lookup/example.com/greet@v1.0.0", "tile/8/0/000", "tile/8/1/000.p/1"] {
        let (_folder, mut sample) = sample();
        sample.make_database().unwrap();
        sample.write(&sample.database_file(file), b"").unwrap();
        let report = scan(&sample);
        assert_eq!(report.findings.iter().map(|f| format!("{f:?}")).collect::<Vec<_>>(), [""; 0], "{file}");
        assert_eq!((report.trust.sumdb, report.trust.go_sum), (0, 1), "{file}");
    }
}

#[test]
fn zip_ziphash_go_sum_and_tree_changed_alike_are_found() {
    let (_folder, mut sample) = sample();
    (ZIP_SUMDB_MISMATCH.witness)(&mut sample).unwrap();
    sample
        .put_in_tree(
            "greet.go",
            &sample
                .zip_members()
                .iter()
                .find(|m| m.name.ends_with(b"greet.go"))
                .map(|m| {
                    let mut forged = m.content.clone();
                    forged.extend_from_slice(b"// forged\n");
                    forged
                })
                .unwrap(),
        )
        .unwrap();
    let forged = String::from_utf8(sys::read(&sample.download("ziphash"), 64).unwrap()).unwrap();
    sample.append(&sample.main().join("go.sum"), format!("example.com/greet v1.0.0 {forged}\n").as_bytes()).unwrap();
    let report = scan(&sample);
    let told: Vec<_> = report.findings.iter().filter(|f| f.level == Level::Error).map(|f| f.rule.id).collect();
    assert!(told.contains(&"zip-sumdb-mismatch") && told.contains(&"tree-hash-mismatch"), "{told:?}");
    assert!(!told.contains(&"zip-go-sum-mismatch") && !told.contains(&"zip-hash-mismatch"), "{told:?}");
}

#[test]
fn the_sums_of_a_workspace_count() {
    let (_folder, mut sample) = sample();
    let (own, work) = (sample.main().join("go.sum"), sample.root().join("go.work.sum"));
    sys::rename(&own, &work).unwrap();
    assert_eq!(scan(&sample).trust.go_sum, 0, "there is no workspace yet");
    sample.write(&sample.root().join("go.work"), b"go 1.21\n\nuse ./main\n").unwrap();
    let report = scan(&sample);
    assert_eq!((loud(&report), report.trust.go_sum), (vec![], 1));
    // The damage of a rule's witness, with the forged go.sum as that of the workspace.
    sys::rename(&work, &own).unwrap();
    let place = (ZIP_GO_SUM_MISMATCH.witness)(&mut sample).unwrap();
    sys::rename(&own, &work).unwrap();
    let report = scan(&sample);
    let told = report.findings.iter().find(|f| f.rule == &ZIP_GO_SUM_MISMATCH).unwrap();
    assert_eq!((&told.place, told.proof.line), (&place, Some(1)));
    assert_eq!(told.proof.claimed_by, Some(format!("{}:1", work.display())));
    sample.env.insert("GOWORK".to_owned(), "off".to_owned());
    assert_eq!(loud(&scan(&sample)), [""; 0]);
}

fn explained(finding: &Finding, place: &Place) -> bool {
    match (&finding.place, place) {
        (Place::Path(a), Place::Path(b)) => a.starts_with(b) || b.starts_with(a),
        (a, b) => a == b,
    }
}

#[test]
fn each_rule_tells_its_damage_and_nothing_else() {
    let root = sys::process::effective_uid() == 0;
    let failures = Mutex::new(Vec::new());
    let need_root = Mutex::new(Vec::new());
    let rules: Vec<_> = catalogue().collect();
    let show = |rule: &&'static Rule| {
        let fail = |why: String| failures.lock().unwrap().push(why);
        let (_folder, mut sample) = sample();
        if is_doctors(rule) {
            sample.make_machine().unwrap();
        }
        let place = match (rule.witness)(&mut sample) {
            Ok(place) => place,
            Err(e) if !root && e.kind() == std::io::ErrorKind::PermissionDenied => {
                need_root.lock().unwrap().push(rule.id);
                return;
            }
            Err(e) => {
                return fail(format!("{}: the damage can't be made: {e}", rule.id));
            }
        };
        let report = match rule {
            rule if is_doctors(rule) => examine(&sample, *rule == &SAYS_OTHERWISE),
            rule if is_prunes(rule) => prune(&sample),
            _ => scan(&sample),
        };
        let told = report.findings.iter().any(|f| f.rule == *rule && f.place == place && f.level == rule.level);
        if !told {
            fail(format!("{}: not told at {place:?}; told instead: {:#?}", rule.id, loud(&report)));
        }
        let subjects: Vec<&str> = report.findings.iter().filter(|f| f.rule == *rule).map(|f| f.subject.as_str()).collect();
        let same = |f: &Finding| explained(f, &place) || subjects.iter().any(|s| s.contains('@') && f.subject.starts_with(s));
        let noise: Vec<_> = report.findings.iter().filter(|f| f.level > Level::Note && !same(f)).collect();
        if !noise.is_empty() {
            fail(format!("{}: beside {place:?}: {noise:#?}", rule.id));
        }
        if rule.id == "mount-inside" {
            let Place::Path(path) = &place else { unreachable!() };
            sys::unmount_for_witness(path).unwrap();
        }
    };
    // Most of the time goes into the second look at what is young: side by side it is the same second. Not on workers of
    // rayon: one that waits for the scan of one rule would begin with another on the same stack.
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
    let (failures, need_root) = (failures.into_inner().unwrap(), need_root.into_inner().unwrap());
    // Never a silent skip: without root these are shown by the suite that `.ci/run` calls as root.
    assert!(need_root.len() <= 12, "{need_root:?}");
    if !need_root.is_empty() {
        eprintln!("not shown without root: {}", need_root.join(", "));
    }
    assert!(failures.is_empty(), "{} of {} rules:\n{}", failures.len(), catalogue().count(), failures.join("\n"));
}

/// What `prune` takes is healthy: a scan says nothing of it, and `prune` nothing of what nobody asks it to take.
#[test]
fn what_may_go_is_no_finding_of_a_scan() {
    let (_folder, healthy) = sample();
    assert!(prune(&healthy).findings.is_empty());
    for rule in gocachescan::check::prune::RULES {
        let (_folder, mut sample) = sample();
        (rule.witness)(&mut sample).unwrap();
        assert_eq!(scan(&sample).findings.iter().map(|f| format!("{f:?}")).collect::<Vec<_>>(), [""; 0], "{}", rule.id);
        let told = prune(&sample).findings;
        assert!(told.len() == 1 && told[0].rule == *rule, "{}: {told:?}", rule.id);
        sample.prune = gocachescan::sample::Pruning::default();
        assert!(prune(&sample).findings.is_empty(), "{}", rule.id);
    }
}

#[test]
fn the_catalogue_is_whole() {
    let mut ids: Vec<&str> = catalogue().map(|r| r.id).collect();
    let total = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), total, "a rule's name is used twice");
    for rule in catalogue() {
        let kebab = rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(kebab, "{}", rule.id);
        for (name, text) in [
            ("summary", rule.summary),
            ("what", rule.what),
            ("why", rule.why),
            ("go", rule.go),
            ("mend", rule.mend),
            ("source", rule.source),
        ] {
            assert!(text.len() > 8, "{}: {name} is missing", rule.id);
            assert!(!text.contains("  "), "{}: {name} has a run of blanks: {text}", rule.id);
        }
        assert!(rule.summary.len() <= 110, "{}: the summary is no line", rule.id);
    }
}
