//! Healthy machines, and settings that several ways of starting share.

use super::*;

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
