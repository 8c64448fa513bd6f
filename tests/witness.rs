//! No rule without its proof: a healthy sample gives no finding above note, and the one damage of a rule's witness gives that
//! rule's finding, at its level and place, with nothing beside it that the damage does not explain.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "test code")]

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
use gocachescan::scan::Visit;
use gocachescan::sys;

fn sample() -> (tempfile::TempDir, Sample) {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample::make(&folder.path().join("world")).unwrap();
    (folder, sample)
}

fn scan(sample: &Sample) -> Report {
    let env = sample.environment().into_iter().map(|(k, v)| (k.into(), v.into())).collect();
    let settings = locate::survey(&Host { env, cwd: sample.root().to_path_buf() }, &Flags::default());
    let mut request = Request::of_sample(sample);
    (request.options.jobs, request.options.facts) = (2, true);
    let plan = Plan::assemble(settings, request).unwrap();
    gocachescan::scan::run(&plan, &Silent)
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

#[test]
fn a_healthy_machine_has_no_finding() {
    let (_folder, sample) = sample();
    sample.make_machine().unwrap();
    let report = examine(&sample, false);
    assert_eq!(report.findings.iter().map(|f| format!("{f:?}")).collect::<Vec<_>>(), [""; 0]);
    assert!(report.complete, "{:?}", report.unread);
}

#[cfg(unix)]
#[test]
fn services_that_find_the_same_go_are_no_finding() {
    let (_folder, sample) = sample();
    sample.make_machine().unwrap();
    sample.put_tool(&sample.root().join("usr/lib/systemd/systemd"), "go1.26.8").unwrap();
    sample.make_installation(&sample.root().join("opt/old"), "go1.21.13").unwrap();
    let (new, old) = (sample.goroot().join("bin"), sample.root().join("opt/old/bin"));
    let (new, old) = (new.display(), old.display());
    let units = [
        ("etc/systemd/system/same.service", format!("Environment=PATH={new}:/bin\nExecStart=/bin/sh -c 'go build'\n")),
        ("etc/systemd/system/full.service", format!("User=ann\nExecStart={new}/go build\n")),
        ("etc/systemd/system/search.service", format!("ExecSearchPath={new}\nExecStart=go build\n")),
        ("etc/systemd/system/login.service", "ExecStart=/bin/bash -lc 'go build'\n".to_owned()),
        ("etc/systemd/system/each@.service", "Environment=PATH=/opt/%i/bin\nExecStart=/bin/sh -c 'go build'\n".to_owned()),
        ("etc/systemd/system/pam.service", "PAMName=login\nExecStart=/bin/sh -c 'go build'\n".to_owned()),
        ("etc/systemd/system/rooted.service", "RootDirectory=/srv\nExecStart=/bin/sh -c 'go build'\n".to_owned()),
        ("etc/systemd/system/server.service", "Environment=GOMEMLIMIT=1GiB GODEBUG=tls3des=1\nExecStart=/bin/true\n".to_owned()),
        ("etc/systemd/system/folders.service", format!("Environment=GOCACHE=/var/cache/go\nExecStart={new}/go build\n")),
        // The vendor's is not ours to judge, and what nobody starts under that name neither.
        ("usr/lib/systemd/system/vendor.service", format!("Environment=PATH={old}\nExecStart=/bin/sh -c 'go build'\n")),
        ("run/systemd/system/masked.service", format!("Environment=PATH={old}\nExecStart=/bin/sh -c 'go build'\n")),
        ("home/.config/systemd/user/own.service", format!("Environment=\"PATH={new}\" A=1\nExecStart=/usr/bin/env go build\n")),
    ];
    for (path, text) in &units {
        sample.write(&sample.root().join(path), format!("[Service]\n{text}").as_bytes()).unwrap();
    }
    sys::symlink("/dev/null".as_ref(), &sample.root().join("etc/systemd/system/masked.service")).unwrap();
    let vendor = sample.root().join("usr/lib/systemd/system/vendor.service");
    sys::symlink(&vendor, &sample.root().join("etc/systemd/system/vendor.service")).unwrap();
    sys::symlink(&vendor, &sample.root().join("etc/systemd/system/alias.service")).unwrap();
    let told = |report: &Report| report.findings.iter().map(|f| format!("{} {:?}", f.rule.id, f.place)).collect::<Vec<_>>();
    assert_eq!(told(&examine(&sample, false)), [""; 0]);
    // With a drop-in of the administrator's the vendor's is told, by the line that decides.
    let drop_in = "etc/systemd/system/vendor.service.d/go.conf";
    sample.write(&sample.root().join(drop_in), format!("[Service]\nEnvironment=PATH={old}:/bin\n").as_bytes()).unwrap();
    let report = examine(&sample, false);
    assert_eq!(told(&report), [format!("systemd-unit-has-another-go Path(\"/{drop_in}\")")]);
    assert_eq!((report.findings[0].level, report.findings[0].proof.line), (Level::Warning, Some(2)));
    // A service of somebody else's is a note; so is one that names its go in full.
    sample
        .write(
            &sample.root().join("etc/passwd"),
            &[sys::read(&sample.root().join("etc/passwd"), 9999).unwrap(), b"bob:x:7777:7777::/:/bin/sh\n".to_vec()].concat(),
        )
        .unwrap();
    sample.write(&sample.root().join(drop_in), format!("[Service]\nUser=bob\nEnvironment=PATH={old}\n").as_bytes()).unwrap();
    sample
        .write(
            &sample.root().join("etc/systemd/system/full.service"),
            format!("[Service]\nExecStart={old}/go build\n").as_bytes(),
        )
        .unwrap();
    let levels: Vec<_> = examine(&sample, false).findings.iter().map(|f| (f.rule.id, f.level)).collect();
    assert_eq!(levels, [("systemd-unit-has-another-go", Level::Note); 2]);
}

#[cfg(unix)]
#[test]
fn settings_of_every_way_of_starting_are_told_by_their_line() {
    let (_folder, mut sample) = sample();
    sample.make_machine().unwrap();
    sample.put_tool(&sample.root().join("usr/lib/systemd/systemd"), "go1.26.8").unwrap();
    let dockerfile = sample.home().join("Dockerfile");
    sample.dockerfile = Some(dockerfile.clone());
    let harmless = [
        ("etc/environment", "LANG=C.UTF-8\n# x\n"),
        ("etc/security/pam_env.conf", "# x\nEDITOR DEFAULT=vi\n"),
        ("etc/pam.d/login", "session required pam_env.so\n"),
        ("etc/pam.d/cron", "session required pam_env.so\n"),
        ("etc/systemd/user.conf", "[Manager]\nDefaultEnvironment=A=1\n"),
        ("etc/systemd/system.conf", "[Manager]\n# x\n"),
        ("home/.config/environment.d/go.conf", "# x\nA=1\n"),
        ("etc/cron.d/build", "# x\n17 3 * * * ann true\n"),
        ("home/Dockerfile", "FROM golang:1.26\nENV GOFLAGS=-mod=vendor\nRUN go build ./...\n"),
    ];
    for (path, text) in harmless {
        sample.write(&sample.root().join(path), text.as_bytes()).unwrap();
    }
    assert_eq!(examine(&sample, false).findings.iter().map(|f| format!("{f:?}")).collect::<Vec<_>>(), [""; 0]);
    let go = sample.goroot().join("bin/go");
    let job = format!("GOSUMDB=off\n17 3 * * * ann true\n18 3 * * * ann PATH={}\n", go.display());
    let cases = [
        ("etc/environment", "LANG=C\nexport GOSUMDB=off\n".to_owned(), Some(2), Some(None)),
        ("etc/security/pam_env.conf", "GOSUMDB DEFAULT=off\n".to_owned(), Some(1), Some(None)),
        (
            "etc/systemd/user.conf",
            "[Manager]\nDefaultEnvironment=A=1 GOSUMDB=off\n".to_owned(),
            Some(2),
            Some(Some("DefaultEnvironment=A=1")),
        ),
        ("etc/systemd/user.conf", "[Manager]\nManagerEnvironment=GOSUMDB=off\n".to_owned(), Some(2), Some(None)),
        ("etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=GOSUMDB=off\n".to_owned(), Some(2), Some(None)),
        // The system's manager keeps that to itself.
        ("etc/systemd/system.conf", "[Manager]\nManagerEnvironment=GOSUMDB=off\n".to_owned(), None, None),
        ("home/.config/environment.d/go.conf", "A=1\n\nGOSUMDB=off\n".to_owned(), Some(3), Some(None)),
        // No job there starts Go by its name.
        ("etc/cron.d/build", job, None, None),
        ("etc/cron.d/build", "GOSUMDB=off\n17 3 * * * ann go test ./...\n".to_owned(), Some(1), Some(None)),
        ("home/Dockerfile", "FROM golang:1.26\nENV A=1 GOSUMDB=off\n".to_owned(), Some(2), Some(Some("ENV A=1"))),
    ];
    for (path, text, line, mended) in cases {
        let file = sample.root().join(path);
        let healthy = sys::read(&file, 9999).unwrap();
        sample.write(&file, text.as_bytes()).unwrap();
        let report = examine(&sample, false);
        let told: Vec<_> = report.findings.iter().filter(|f| f.rule.id == "sumdb-off").collect();
        assert_eq!(
            told.iter().map(|f| f.proof.line).collect::<Vec<_>>(),
            line.map(Some).into_iter().collect::<Vec<_>>(),
            "{text}"
        );
        for finding in told {
            assert!(matches!(&finding.place, Place::Path(p) if p.ends_with(path)), "{:?}", finding.place);
            let Some(Mend::Edit { new, .. }) = &finding.mend else { panic!("{text}: {:?}", finding.mend) };
            assert_eq!(new.as_deref(), mended.unwrap(), "{text}");
        }
        sample.write(&file, &healthy).unwrap();
    }
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

/// What is told of the vendor folder: rule, level, path in it.
fn of_vendor(sample: &Sample, report: &Report) -> Vec<(&'static str, Level, String)> {
    let vendor = sample.main().join("vendor");
    let rel = |f: &Finding| match &f.place {
        Place::Path(path) => path.strip_prefix(&vendor).unwrap().display().to_string(),
        Place::Env(_) => unreachable!(),
    };
    report.findings.iter().filter(|f| f.root == RootKind::Vendor).map(|f| (f.rule.id, f.level, rel(f))).collect()
}

fn vendored(report: &Report) -> Vec<(u64, u64)> {
    report.roots.iter().filter_map(|r| r.vendored).map(|v| (v.same, v.unchecked())).collect()
}

#[test]
fn a_healthy_vendor_folder_has_no_finding() {
    let (_folder, mut sample) = sample();
    assert_eq!(vendored(&scan(&sample)), []);
    let vendor = sample.make_vendor().unwrap();
    let report = scan(&sample);
    assert_eq!((loud(&report), of_vendor(&sample, &report), vendored(&report)), (vec![], vec![], vec![(4, 0)]));
    // Beside go.work it counts too, if it says that it is a workspace's.
    let (shared, text) = (sample.root().join("vendor"), sys::read(&vendor.join("modules.txt"), 9999).unwrap());
    sys::rename(&vendor, &shared).unwrap();
    sample.write(&sample.root().join("go.work"), b"go 1.22\n\nuse ./main\n").unwrap();
    assert_eq!(vendored(&scan(&sample)), []);
    sample.write(&shared.join("modules.txt"), &[b"## workspace\n", &text[..]].concat()).unwrap();
    assert_eq!(vendored(&scan(&sample)), [(4, 0)]);
    sample.env.insert("GOWORK".to_owned(), "off".to_owned());
    assert_eq!(vendored(&scan(&sample)), []);
}

#[test]
fn what_is_vendored_and_cannot_be_checked_is_neither_a_finding_nor_intact() {
    let (_folder, sample) = sample();
    let vendor = sample.make_vendor().unwrap();
    let list = vendor.join("modules.txt");
    let text = String::from_utf8(sys::read(&list, 9999).unwrap()).unwrap();
    sample.append(&vendor.join("example.com/greet/greet.go"), b"// more\n").unwrap();
    sample.write(&vendor.join("example.com/greet/more.go"), b"package greet\n").unwrap();
    let first = "# example.com/greet v1.0.0";
    for (with, count) in [
        (format!("{first} => ../greet"), (0, 5)),
        (format!("{first} => example.com/greet v1.0.1"), (0, 5)),
        ("# example.com/greet v1.0.1".to_owned(), (0, 5)),
    ] {
        sample.write(&list, text.replace(first, &with).as_bytes()).unwrap();
        let report = scan(&sample);
        assert_eq!((of_vendor(&sample, &report), vendored(&report)), (vec![], vec![count]), "{with}");
        assert_eq!(report.coverage.unverifiable, scan_without_vendor(&sample) + 5, "{with}");
    }
    // A zip that is not what go.sum says proves nothing.
    sample.write(&list, text.as_bytes()).unwrap();
    let mut members = sample.zip_members();
    members[3].content.extend_from_slice(b"// more\n");
    let go_sum = sys::read(&sample.main().join("go.sum"), 9999).unwrap();
    sample.put_zip(&members).unwrap();
    sample.write(&sample.main().join("go.sum"), &go_sum).unwrap();
    let report = scan(&sample);
    assert_eq!((of_vendor(&sample, &report), vendored(&report)), (vec![], vec![(0, 5)]));
    assert!(report.findings.iter().any(|f| f.rule == &ZIP_GO_SUM_MISMATCH));
}

fn scan_without_vendor(sample: &Sample) -> u64 {
    let (vendor, aside) = (sample.main().join("vendor"), sample.root().join("aside"));
    sys::rename(&vendor, &aside).unwrap();
    let count = scan(sample).coverage.unverifiable;
    sys::rename(&aside, &vendor).unwrap();
    count
}

#[test]
fn how_bad_a_change_of_a_vendored_file_is() {
    let (_folder, sample) = sample();
    let vendor = sample.make_vendor().unwrap();
    let at = |name: &str| vendor.join("example.com/greet").join(name);
    let readme = String::from_utf8(sys::read(&at("README.md"), 9999).unwrap()).unwrap();
    sample.write(&at("README.md"), readme.replace('\n', "\r\n").as_bytes()).unwrap();
    sample.write(&at("LICENSE"), b"none\n").unwrap();
    sample.write(&at("internal/notes"), b"x\n").unwrap();
    sample.write(&at("internal/words/words.s"), b"x\n").unwrap();
    sample.write(&vendor.join("OWNERS"), b"x\n").unwrap();
    let path = |name: &str| format!("example.com/greet/{name}");
    let mut want = vec![
        ("vendor-file-added", Level::Error, path("internal/words/words.s")),
        ("vendor-file-differs", Level::Warning, path("LICENSE")),
        ("vendor-file-added", Level::Note, "OWNERS".to_owned()),
        ("vendor-file-differs", Level::Note, path("README.md")),
        ("vendor-file-added", Level::Note, path("internal/notes")),
    ];
    let report = scan(&sample);
    assert_eq!(of_vendor(&sample, &report), want);
    let command = |f: &Finding| {
        f.mend == Some(Mend::Command(["go", "-C", sample.main().to_str().unwrap(), "mod", "vendor"].map(str::to_owned).to_vec()))
    };
    assert!(report.findings.iter().all(command));
    // Where a package above embeds files, what is no source counts, too; and a tree that is wrong is mended first.
    sample.append(&at("greet.go"), b"\n//go:embed internal\n").unwrap();
    sample.put_in_tree("greet.go", b"package greet\n").unwrap();
    want = vec![
        ("vendor-file-differs", Level::Error, path("LICENSE")),
        ("vendor-file-differs", Level::Error, path("greet.go")),
        ("vendor-file-added", Level::Error, path("internal/words/words.s")),
        ("vendor-file-added", Level::Warning, path("internal/notes")),
        ("vendor-file-added", Level::Note, "OWNERS".to_owned()),
        ("vendor-file-differs", Level::Note, path("README.md")),
    ];
    let report = scan(&sample);
    assert_eq!(of_vendor(&sample, &report), want);
    let told = report.findings.iter().filter(|f| f.root == RootKind::Vendor && f.level > Level::Note);
    assert!(told.clone().all(|f| f.mend.is_none() && f.message.contains("example.com/greet@v1.0.0 first")), "{told:?}");
}

#[test]
fn a_bad_file_does_not_hide_behind_many_odd_ones() {
    let (_folder, sample) = sample();
    let vendor = sample.make_vendor().unwrap();
    for i in 0..300 {
        sample.write(&vendor.join(format!("a/{i}.txt")), b"x\n").unwrap();
    }
    sample.write(&vendor.join("example.com/greet/z.go"), b"package greet\n").unwrap();
    let report = scan(&sample);
    let told = of_vendor(&sample, &report);
    assert_eq!(told[0], ("vendor-file-added", Level::Error, "example.com/greet/z.go".to_owned()));
    assert_eq!((told.len(), report.findings.iter().map(|f| f.more).sum::<u64>(), report.coverage.damaged), (256, 45, 1));
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
        let report = if is_doctors(rule) { examine(&sample, *rule == &SAYS_OTHERWISE) } else { scan(&sample) };
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
