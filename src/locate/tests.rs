//! Defaults of each system, sources and methods. What Go itself answers stands in `tests/settings_oracle.rs`.

use super::*;

fn settings(os: Os, env: &[(&str, &str)], flags: &Flags) -> Settings {
    let env = env.iter().map(|(k, v)| (OsString::from(k), OsString::from(v))).collect();
    resolve::survey(os, &Host { env, cwd: PathBuf::from("/cwd") }, flags)
}

#[test]
fn each_system_has_its_own_folders() {
    let unix = settings(Os::Unix, &[("HOME", "/h")], &Flags::default());
    assert_eq!(
        [unix.text("GOCACHE"), unix.text("GOMODCACHE"), unix.text("GOENV")],
        ["/h/.cache/go-build", "/h/go/pkg/mod", "/h/.config/go/env"]
    );
    let mac = settings(Os::Macos, &[("HOME", "/Users/h"), ("XDG_CACHE_HOME", "/no")], &Flags::default());
    assert_eq!(mac.text("GOCACHE"), "/Users/h/Library/Caches/go-build");
    assert_eq!(mac.text("GOENV"), "/Users/h/Library/Application Support/go/env");
    assert_eq!([mac.text("CC"), mac.text("GOOS")], ["clang", "darwin"]);
    let windows = settings(
        Os::Windows,
        &[("localappdata", r"C:\L"), ("APPDATA", r"C:\R"), ("USERPROFILE", r"C:\U"), ("GoPath", r"D:\a;D:\b")],
        &Flags::default(),
    );
    assert_eq!(windows.text("GOCACHE"), r"C:\L\go-build");
    assert_eq!(windows.text("GOENV"), r"C:\R\go\env");
    assert_eq!(windows.text("GOMODCACHE"), r"D:\a\pkg\mod");
    assert_eq!([windows.text("GOOS"), windows.text("CC")], ["windows", "gcc"]);
    let bare = settings(Os::Windows, &[("USERPROFILE", r"C:\U")], &Flags::default());
    assert_eq!([bare.text("GOPATH"), bare.text("GOCACHE"), bare.text("GOENV")], [r"C:\U\go", "off", ""]);
    assert!(bare.get("GOCACHE").unwrap().error.as_deref().unwrap().ends_with("%LocalAppData% is not defined"));
}

#[test]
fn flags_come_before_the_environment() {
    let flags = Flags { gocache: Some("c".into()), gopath: Some("/f".into()), ..Flags::default() };
    let env = [("HOME", "/h"), ("GOCACHE", "off"), ("GOPATH", "relative"), ("GOMODCACHE", "/m"), ("GOBIN", "bin")];
    let s = settings(Os::Unix, &env, &flags);
    assert_eq!(s.refusal, None);
    assert_eq!((s.path("GOCACHE"), s.get("GOCACHE").unwrap().source), (Some(Path::new("/cwd/c")), Source::Flag));
    assert_eq!((s.path("GOMODCACHE"), s.get("GOMODCACHE").unwrap().source), (Some(Path::new("/m")), Source::Env));
    assert_eq!(s.sumdb.as_deref(), Some(Path::new("/f/pkg/sumdb")));
    assert_eq!((s.path("GOBIN"), s.bin_folders()), (None, (vec![], Source::Env)));
    assert_eq!(s.get("GOBIN").unwrap().error.as_deref(), Some("cannot install, GOBIN must be an absolute path"));
}

#[test]
fn programs_are_installed_below_each_entry_of_gopath() {
    let s = settings(Os::Unix, &[("GOPATH", "/a::/b")], &Flags::default());
    assert_eq!(s.bin_folders(), (vec![PathBuf::from("/a/bin"), PathBuf::from("/b/bin")], Source::Env));
    let s = settings(Os::Unix, &[("GOPATH", ":/b")], &Flags::default());
    assert_eq!((s.text("GOMODCACHE"), s.sumdb.clone()), (String::new(), None));
    assert_eq!(
        s.get("GOMODCACHE").unwrap().error.as_deref(),
        Some("module cache not found: neither GOMODCACHE nor GOPATH is set")
    );
    let s = settings(Os::Unix, &[("GOBIN", "/x"), ("GOPATH", "/a")], &Flags::default());
    assert_eq!(s.bin_folders(), (vec![PathBuf::from("/x")], Source::Env));
}

#[test]
fn a_home_that_is_goroot_gives_no_gopath() {
    let s = settings(Os::Unix, &[("HOME", "/usr/local"), ("GOROOT", "/usr/local/go/")], &Flags::default());
    assert_eq!([s.text("GOPATH"), s.text("GOMODCACHE")], ["", ""]);
}

#[cfg(unix)]
#[test]
fn files_are_read_and_overruled() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("env");
    crate::sys::write_file(&file, b"GOCACHE=/x\nGOPROXY=\nGOCACHE=/y\nGOPRIVATE=p\nGOSUMDB=off\n").unwrap();
    let name = file.to_str().unwrap();
    let s = settings(Os::current(), &[("GOENV", name), ("HOME", "/h"), ("GOSUMDB", "sum.golang.org")], &Flags::default());
    let cache = s.get("GOCACHE").unwrap();
    assert_eq!((cache.source, cache.line, s.path("GOCACHE")), (Source::Goenv, Some(3), Some(Path::new("/y"))));
    assert_eq!([s.text("GOPROXY"), s.text("GONOSUMDB")], ["", "p"]);
    assert_eq!(s.hidden(), [Hidden { name: "GOSUMDB", value: "off".into(), line: 5 }]);
    let off = settings(Os::current(), &[("GOENV", "off"), ("HOME", "/h")], &Flags::default());
    assert_eq!(
        (off.goenv_file.clone(), off.text("GOENV"), off.text("GOCACHE")),
        (
            None,
            String::new(),
            "/h/.cache/go-build".replace("/.cache", if cfg!(target_os = "macos") { "/Library/Caches" } else { "/.cache" })
        )
    );
}

#[cfg(unix)]
#[test]
fn of_a_long_file_what_counts_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("env");
    let read = |end: &str| {
        crate::sys::write_file(&file, format!("GOCACHE=/x\n{}{end}", "#\n".repeat(600_000)).as_bytes()).unwrap();
        settings(Os::current(), &[("GOENV", file.to_str().unwrap()), ("HOME", "/h")], &Flags::default())
    };
    let s = read("GOCACHE=/y\nGOPRIVATE=p");
    let size = 11 + 1_200_000 + 11 + 11;
    assert_eq!([s.text("GOCACHE"), s.text("GOPRIVATE")], ["/y", "p"]);
    assert_eq!(s.get("GOCACHE").unwrap().line, Some(600_002));
    assert_eq!((s.long_files.clone(), s.unread().count()), (vec![LongFile { path: file.clone(), size, whole: true }], 0));
    let s = read(&format!("GOFLAGS={}\n", "x".repeat(200_000)));
    assert_eq!((s.text("GOFLAGS"), s.unread().map(|(p, _)| p).collect::<Vec<_>>()), (String::new(), vec![file.as_path()]));
}

#[cfg(unix)]
#[test]
fn any_bytes_are_kept() {
    use std::os::unix::ffi::OsStringExt;
    let value = OsString::from_vec(b"/\xff\xfe/c".to_vec());
    let host = Host { env: [(OsString::from("GOCACHE"), value.clone())].into(), cwd: "/".into() };
    let s = survey(&host, &Flags::default());
    assert_eq!(s.path("GOCACHE"), Some(Path::new(&value)));
}
