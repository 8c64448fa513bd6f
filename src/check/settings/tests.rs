//! Every witness is found, and nothing is told of ordinary machines.

use std::path::Path;

use super::*;
use crate::evidence::owners::Owners;
use crate::evidence::settings::look;
use crate::locate::{Flags, Host, survey};
use crate::rule::Level;
use crate::sample::Sample;

fn sample(dir: &Path) -> Sample {
    Sample::make(&dir.join("world")).unwrap()
}

fn findings(s: &Sample) -> Vec<Finding> {
    let env = s.environment().into_iter().map(|(k, v)| (k.into(), v.into())).collect();
    let settings = survey(&Host { env, cwd: s.root().to_path_buf() }, &Flags::default());
    let seen = look(&settings, &Owners::look());
    let mut sink = Sink::default();
    check(&settings, &seen, &mut sink);
    sink.into_findings()
}

fn with_goenv(text: &str) -> Vec<Finding> {
    let dir = tempfile::tempdir().unwrap();
    let s = sample(dir.path());
    s.write(&s.goenv(), text.as_bytes()).unwrap();
    findings(&s)
}

fn with_env(name: &str, value: &str) -> Vec<Finding> {
    let dir = tempfile::tempdir().unwrap();
    let mut s = sample(dir.path());
    s.env.insert(name.to_owned(), value.to_owned());
    findings(&s)
}

/// Rule and level of everything above a note.
fn loud(found: &[Finding]) -> Vec<(&'static str, Level)> {
    found.iter().filter(|f| f.level > Level::Note).map(|f| (f.rule.id, f.level)).collect()
}

#[test]
fn every_witness_is_found_where_it_says() {
    for rule in [download::RULES, commands::RULES, places::RULES, lines::RULES].into_iter().flatten() {
        let dir = tempfile::tempdir().unwrap();
        let mut s = sample(dir.path());
        assert_eq!(findings(&s), [], "the healthy sample");
        let place = match (rule.witness)(&mut s) {
            Ok(place) => place,
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => continue,
            Err(e) => panic!("{}: {e}", rule.id),
        };
        let found = findings(&s);
        let hit = found.iter().find(|f| f.rule == *rule && f.place == place);
        assert!(hit.is_some_and(|f| f.level == rule.level), "{}: {place:?} not in {found:#?}", rule.id);
    }
}

#[test]
fn ordinary_settings_are_told_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("GOFLAGS", "-mod=vendor"),
        ("GOFLAGS", "-mod=readonly -trimpath -buildvcs=false"),
        ("GOFLAGS", "-modcacherw '-ldflags=-s -w'"),
        ("GOFLAGS", "-toolexec="),
        ("GOFLAGS", "-mod=mod -mod=readonly"),
        ("GOFLAGS", "--mod=vendor"),
        ("GOPROXY", "off"),
        ("GOPROXY", "direct"),
        ("GOPROXY", "https://corp.example.com|https://proxy.golang.org,direct"),
        ("GOPROXY", "file:///srv/proxy"),
        ("GOPROXY", "direct,http://never.reached.test"),
        ("GOTOOLCHAIN", "auto"),
        ("GOTOOLCHAIN", "go1.22.1+auto"),
        ("GONOSUMDB", "corp.example.com,*.corp.test/x"),
        ("GOPRIVATE", "github.com/mycorp/*,gitlab.com/mycorp"),
        ("GONOPROXY", "*"),
        ("GOSUMDB", "sum.golang.org"),
        ("GOSUMDB", "sum.golang.google.cn"),
        ("GOSUMDB", "sum.golang.org https://sums.corp.example.com"),
        ("GOSUMDB", crate::locate::SUM_GOLANG_ORG),
        ("GOAUTH", "netrc; git /srv"),
        ("GOVCS", "public:git,private:all"),
        ("GOVCS", "corp.example.com:all"),
        ("GODEBUG", "gocacheverify=1,http2client=0,tlsrsakex=0"),
        ("GOCACHE", ""),
        ("CC", "no-such-compiler-here"),
        ("CC", "sh -c"),
        ("CC", "env A=b sh"),
        ("PKG_CONFIG", "/usr/bin/pkg-config --static"),
        ("CGO_CFLAGS", "-O2 -g -specs=/usr/lib/rpm/redhat/redhat-hardened-cc1"),
        ("CGO_LDFLAGS", "-fuse-ld=lld -L/opt/x -Wl,-rpath,/opt/x"),
        ("GO111MODULE", "on"),
        ("GOOS", "windows"),
        ("GOEXPERIMENT", "none"),
        ("GOINSECURE", ","),
    ] {
        let mut s = sample(dir.path());
        s.env.insert(name.to_owned(), value.to_owned());
        assert_eq!(loud(&findings(&s)), [], "{name}={value}");
        if !value.is_empty() {
            s.env.clear();
            s.write(&s.goenv(), format!("# mine\n{name}={value}\n\n").as_bytes()).unwrap();
            assert_eq!(loud(&findings(&s)), [], "GOENV {name}={value}");
        }
    }
}

#[test]
fn a_machine_without_home_is_told_nothing() {
    let host = Host { env: [("PATH".into(), "/usr/bin:/bin".into())].into(), cwd: "/".into() };
    let settings = survey(&host, &Flags::default());
    assert_eq!(settings.text("GOCACHE"), "off");
    assert!(
        settings.get("GOCACHE").unwrap().error.as_deref().unwrap().ends_with("neither $XDG_CACHE_HOME nor $HOME are defined")
    );
    let mut sink = Sink::default();
    check(&settings, &look(&settings, &Owners::look()), &mut sink);
    assert_eq!(sink.into_findings(), []);
}

#[test]
fn levels_follow_the_facts() {
    let one = |name: &str, value: &str| loud(&with_env(name, value));
    assert_eq!(one("GOINSECURE", "corp.example.com"), [("insecure-download", Level::Warning)]);
    assert_eq!(one("GOINSECURE", "*"), [("insecure-download", Level::Error)]);
    assert_eq!(one("GOPROXY", "http://127.0.0.1:3000,direct"), []);
    assert_eq!(with_env("GOPROXY", "http://[::1]:3000")[0].level, Level::Note);
    assert_eq!(one("GOPROXY", "https://a,http://u:p@b.test/x"), [("proxy-without-tls", Level::Error)]);
    assert!(!with_env("GOPROXY", "http://u:secret@b.test")[0].message.contains("secret"));
    assert_eq!(one("GONOSUMDB", "*.com,*.org,*.in,*.io,*.org/x,golang.org"), [("sumdb-exempts-all", Level::Error)]);
    assert_eq!(one("GONOSUMDB", "github.com"), [("sumdb-exempts-public-host", Level::Warning)]);
    assert_eq!(one("GOSUMDB", "off"), [("sumdb-off", Level::Error)]);
    assert_eq!(one("GOSUMDB", "sum.golang.org+00000000+AAAA"), [("sumdb-untrusted", Level::Error)]);
    assert_eq!(one("GOSUMDB", "sum.example.com"), [("sumdb-untrusted", Level::Error)]);
    assert_eq!(one("GOSUMDB", "sum.golang.org a b"), [("sumdb-untrusted", Level::Warning)]);
    assert_eq!(
        one("GOFLAGS", "-mod=mod -toolexec=/x"),
        [("goflags-toolexec", Level::Error), ("goflags-mod-mod", Level::Warning)]
    );
    assert_eq!(one("GOFLAGS", "'unclosed"), [("setting-unusable", Level::Warning)]);
    assert_eq!(one("GOMODCACHE", "rel"), [("setting-unusable", Level::Warning)]);
    assert_eq!(one("GOPATH", "rel"), [("go-refuses-environment", Level::Warning)]);
    assert_eq!(one("CC", "./cc"), [("program-outside-system", Level::Error)]);
    assert_eq!(one("CGO_LDFLAGS", "-Wl,-plugin,/tmp/x.so"), [("cgo-flags-run-code", Level::Error)]);
    for flags in [
        "'-ldflags=-linkmode=external -extldflags=-B/tmp/x'",
        "-ldflags=all=-extldflags=-B/tmp/x",
        "\"-ldflags=-extldflags '-O2 -wrapper /tmp/x'\"",
        "'-ldflags=-s --extldflags -Wl,-plugin,/tmp/x.so'",
        "--gccgoflags=-B/tmp/x",
    ] {
        assert_eq!(one("GOFLAGS", flags), [("cgo-flags-run-code", Level::Error)], "{flags}");
    }
    assert_eq!(one("GOFLAGS", "'-ldflags=-I /tmp/ld.so -X main.a=-I'"), [("goflags-loader", Level::Error)]);
    assert_eq!(one("GOFLAGS", "'-ldflags=all=-r=/tmp/lib'"), [("goflags-loader", Level::Warning)]);
    assert_eq!(one("GOFLAGS", "'-ldflags=-s -w -I /lib64/ld-linux-x86-64.so.2 -extldflags=-static -r /usr/lib'"), []);
    assert_eq!(one("GOWORK", "/tmp/go.work"), [("gowork-named", Level::Warning)]);
    assert_eq!(one("GOWORK", "off"), []);
    assert_eq!(one("CGO_CFLAGS", "-Xclang -load -Xclang /tmp/x.so"), [("cgo-flags-run-code", Level::Error)]);
}

#[test]
fn a_line_that_the_environment_overrules_counts_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut s = sample(dir.path());
    s.write(&s.goenv(), b"GOSUMDB=off\nGOCACHE=relative\n").unwrap();
    s.env.insert("GOSUMDB".to_owned(), "sum.golang.org".to_owned());
    let found = findings(&s);
    assert_eq!(loud(&found), [("sumdb-off", Level::Error), ("setting-unusable", Level::Warning)]);
    let off = found.iter().find(|f| f.rule.id == "sumdb-off").unwrap();
    assert_eq!((off.proof.line, &off.place), (Some(1), &Place::Path(s.goenv())));
    assert_eq!(off.mend, Some(Mend::Command(["go", "env", "-u", "GOSUMDB"].map(str::to_owned).to_vec())));
    assert_eq!(found.iter().filter(|f| f.rule.id == "goenv-overruled").count(), 2);
}

#[test]
fn a_flag_is_taken_out_of_its_line() {
    let found = with_goenv("GOFLAGS=-trimpath -toolexec=/x/y '-tags=a b'\n");
    let Some(Mend::Edit { line: 1, new: Some(new), .. }) = &found[0].mend else { panic!("{found:#?}") };
    assert_eq!(new, "GOFLAGS=-trimpath '-tags=a b'");
    let found = with_goenv("GOFLAGS=-trimpath '-ldflags=-s -I /x/ld.so'\n");
    let Some(Mend::Edit { line: 1, new: Some(new), .. }) = &found[0].mend else { panic!("{found:#?}") };
    assert_eq!(new, "GOFLAGS=-trimpath");
}

#[test]
fn odd_lines_are_told_once() {
    let found = with_goenv("GOPRIVATE=a.example.com\r\nGONOPROXY=a.example.com\r\nGOINSECURE=\r\nunknown=x\r\n# c\r\n");
    assert_eq!(found.iter().filter(|f| f.rule.id == "goenv-line-odd").map(|f| f.more).collect::<Vec<_>>(), [2]);
    let found = with_goenv("export GOPRIVATE=x.test\n GONOPROXY=y\nGOBIN = /x\nexport UNKNOWN=1\n");
    assert_eq!(
        found.iter().map(|f| (f.rule.id, f.proof.line.unwrap())).collect::<Vec<_>>(),
        [("goenv-line-ignored", 1), ("goenv-line-ignored", 2), ("goenv-line-ignored", 3)]
    );
}

#[test]
fn what_is_no_file_of_settings_is_told_by_what_go_makes_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut s = sample(dir.path());
    let mut of = |path: &str| {
        s.env.insert("GOENV".to_owned(), path.to_owned());
        loud(&findings(&s))
    };
    assert_eq!(of("/dev/null"), []);
    assert_eq!(of("off"), []);
    assert_eq!(of("/nonexistent/env"), []);
    if cfg!(unix) {
        assert_eq!(of("/dev/zero"), [("goenv-special-file", Level::Error)]);
        assert_eq!(of("/"), [("goenv-unread", Level::Warning)]);
    }
}

#[test]
fn a_goroot_that_others_may_change_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut s = sample(dir.path());
    let root = s.root().join("sdk");
    for file in ["bin/go", "pkg/tool/x"] {
        s.write(&root.join(file), b"").unwrap();
    }
    s.env.insert("GOROOT".to_owned(), root.to_string_lossy().into_owned());
    assert_eq!(loud(&findings(&s)), []);
    crate::sys::set_mode(&root, 0o777).unwrap();
    let found = findings(&s);
    assert_eq!(loud(&found), [("program-writable-by-others", Level::Error)]);
    assert_eq!(found[0].subject, "GOROOT go");
}

#[test]
fn subjects_name_no_path_of_this_machine() {
    for (name, value) in [("CC", "/x/y/cc"), ("GOFLAGS", "-toolexec=/x/y"), ("GOCACHEPROG", "/x/y/z"), ("GOCACHE", "rel")] {
        assert!(with_env(name, value).iter().all(|f| !f.subject.contains("/x/")), "{name}");
    }
    assert_eq!(with_env("GOPRIVATE", "*")[0].subject, "GOPRIVATE=*");
}
