//! Machines made by hand: what is told of each, and that ordinary ones are told nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::environment::{
    Around, Asked, CacheSeen, EntryState, Found, Installation, Lines, Machine, PathEntry, Program, ProgramKind, Shell, Start,
    StartKind, User, View,
};
use crate::evidence::owners::Owners;
use crate::format::shell::{FileSeen, Named, Value};
use crate::locate::Source;
use crate::rule::Level;

const HOME: &str = "/home/ann";
const OLD: &str = "/opt/go1.22.10";
const NEW: &str = "/usr/local/go";

fn at(file: &str, line: u32) -> At {
    At { file: Arc::from(file.as_bytes()), line }
}

/// `go` of a version in a folder; one in `bin` of a GOROOT lies in an installation.
fn go(entry: usize, folder: &str, version: &str) -> Found {
    let root = folder.strip_suffix("/bin").filter(|r| *r != "/usr").unwrap_or("/usr/lib/go");
    let path = PathBuf::from(folder).join("go");
    let kind = ProgramKind::Go { goroot: Some(root.into()), version: Some(version.to_owned()) };
    let program =
        Program { real: Some(Path::new(root).join("bin/go")), path, links: vec![], kind, built_with: None, steps: vec![] };
    let beside = (root != "/usr/lib/go").then(|| Arc::new(installation(root, version)));
    Found { entry, program: Arc::new(program), beside }
}

fn installation(root: &str, version: &str) -> Installation {
    let version = Some(version.to_owned());
    let (go, compiler) = (version.clone(), version.clone());
    Installation { root: root.into(), version, go, compiler, nested: None, has_tools: true, steps: vec![] }
}

/// A PATH: folder, line, version of the `go` there.
fn view(entries: &[(&str, Option<At>, Option<&str>)]) -> View {
    let entry = |(folder, at, _): &(&str, Option<At>, Option<&str>)| PathEntry {
        text: folder.as_bytes().to_vec(),
        at: at.clone(),
        state: EntryState::Folder,
        folder: Some(folder.into()),
        steps: Arc::from([]),
        is_goroot: false,
    };
    let gos = entries.iter().enumerate().filter_map(|(i, (folder, _, version))| Some(go(i, folder, (*version)?)));
    View {
        path: entries.iter().map(entry).collect(),
        path_known: true,
        gos: gos.collect(),
        tools: BTreeMap::new(),
        dead: vec![],
        settings: None,
        goroot: None,
    }
}

fn start(kind: StartKind, files: &[(&str, bool)], view: View) -> Start {
    let seen = |(path, read): &(&str, bool)| FileSeen {
        path: path.as_bytes().to_vec(),
        read: Some(*read),
        why: String::new(),
        by: None,
    };
    Start {
        kind,
        files: files.iter().map(seen).collect(),
        env: BTreeMap::new(),
        kept_back: BTreeMap::new(),
        names: BTreeMap::new(),
        undecided: vec![],
        ended: None,
        asked: Asked::No,
        view,
    }
}

fn bash(login: bool, interactive: bool) -> StartKind {
    StartKind::Shell(Shell::Bash, login, interactive)
}

fn machine(here: View, starts: Vec<Start>) -> Machine {
    Machine {
        user: User {
            name: b"ann".to_vec(),
            uid: 1000,
            home: HOME.into(),
            login_shell: Some(b"/bin/bash".to_vec()),
            at: Some(at("/etc/passwd", 7)),
            is_us: true,
        },
        owners: Owners::look(),
        env: BTreeMap::new(),
        here,
        starts,
        cron_jobs: vec![],
        units: Vec::new(),
        installations: vec![],
        caches: Vec::new(),
        container: None,
        target: None,
        process: None,
        first: None,
        belongs: crate::format::machine::cgroup::Belongs::default(),
        editor_files: vec![],
        around: Around { root: "/".into(), ..Around::default() },
        lines: Lines::default(),
    }
}

fn told(machine: &Machine) -> Vec<Finding> {
    let mut sink = Sink::default();
    check(machine, Elsewhere::default(), &mut sink);
    sink.into_findings()
}

fn short(found: &[Finding]) -> Vec<(&'static str, Level, String)> {
    let place = |f: &Finding| match &f.place {
        Place::Path(path) => format!("{}:{}", path.display(), f.proof.line.unwrap_or(0)),
        Place::Env(name) => name.clone(),
    };
    found.iter().map(|f| (f.rule.id, f.level, place(f))).collect()
}

fn one(found: &[Finding]) -> &Finding {
    assert_eq!(found.len(), 1, "{found:#?}");
    &found[0]
}

fn new_text(found: &Finding) -> Option<String> {
    match found.mend.as_ref().unwrap() {
        Mend::Edit { new, .. } => new.clone(),
        Mend::Command(words) => Some(words.join(" ")),
    }
}

/// A login shell whose .profile has `.bashrc` sourced, as Debian's does: `go` is put there by one line of .bashrc.
fn debian() -> Machine {
    let line = || Some(at("/home/ann/.bashrc", 3));
    let with = || view(&[("/usr/bin", None, None), ("/usr/local/go/bin", line(), Some("go1.26.8"))]);
    let without = || view(&[("/usr/bin", None, None)]);
    let (profile, rc) = (("/home/ann/.profile", true), ("/home/ann/.bashrc", true));
    let starts = vec![
        start(bash(true, true), &[("/etc/profile", true), profile, rc], with()),
        start(bash(true, false), &[("/etc/profile", true), profile, rc], without()),
        start(bash(false, true), &[("/etc/bash.bashrc", true), rc], with()),
        start(bash(false, false), &[], without()),
        start(StartKind::Shell(Shell::Sh, false, false), &[], without()),
        start(StartKind::Cron, &[], without()),
    ];
    let mut machine = machine(with(), starts);
    machine.lines.keep(b"/home/ann/.bashrc", b"# mine\n\nexport PATH=$PATH:/usr/local/go/bin\n");
    machine.around.shells = Some(vec![b"/bin/sh".to_vec(), b"/usr/bin/bash".to_vec()]);
    machine.around.usual = vec![Arc::new(installation(NEW, "go1.26.8"))];
    machine
}

#[test]
fn ordinary_machines_are_told_nothing() {
    assert_eq!(told(&debian()), []);
    // As Go's instructions say: a line of ~/.profile, and a process that has it.
    let mut m = debian();
    for s in &mut m.starts {
        let login = matches!(s.kind, StartKind::Shell(_, true, _));
        let line = Some(at("/home/ann/.profile", 9));
        s.view = if login {
            view(&[("/usr/bin", None, None), ("/usr/local/go/bin", line, Some("go1.26.8"))])
        } else {
            view(&[("/usr/bin", None, None)])
        };
    }
    assert_eq!(told(&m), []);
    // Two of one version; no Go at all; a system's Go alone.
    let same = view(&[("/usr/bin", None, Some("go1.26.8")), ("/usr/local/go/bin", None, Some("go1.26.8"))]);
    assert_eq!(told(&machine(same, vec![])), []);
    assert_eq!(told(&machine(view(&[("/usr/bin", None, None)]), vec![])), []);
    assert_eq!(told(&machine(view(&[("/usr/bin", None, Some("go1.19.8"))]), vec![])), []);
}

#[test]
fn an_old_go_put_first_is_told_with_both_lines() {
    let (first, late) = (at("/home/ann/.bashrc", 14), at("/home/ann/.profile", 9));
    let both = || {
        view(&[
            ("/opt/go1.22.10/bin", Some(first.clone()), Some("go1.22.10")),
            ("/usr/bin", None, None),
            ("/usr/local/go/bin", Some(late.clone()), Some("go1.26.8")),
        ])
    };
    let mut m =
        machine(both(), vec![start(bash(true, true), &[("/home/ann/.profile", true), ("/home/ann/.bashrc", true)], both())]);
    m.lines.keep(b"/home/ann/.bashrc", format!("{}export PATH={OLD}/bin:$PATH\n", "\n".repeat(13)).as_bytes());
    let found = told(&m);
    let f = one(&found);
    assert_eq!(short(&found), [("go-shadowed", Level::Warning, "/home/ann/.bashrc:14".to_owned())]);
    assert!(f.message.contains("/home/ann/.profile:9") && f.message.contains("go1.22.10"), "{}", f.message);
    assert!(matches!(&f.mend, Some(Mend::Edit { line: 14, new: None, .. })), "{:?}", f.mend);
    // The newer one first is a note.
    let newer = view(&[("/usr/local/go/bin", Some(late), Some("go1.26.8")), ("/usr/bin", None, Some("go1.19.8"))]);
    assert_eq!(one(&told(&machine(newer, vec![]))).level, Level::Note);
}

#[test]
fn a_line_that_appends_after_the_systems_go_is_put_first() {
    let late = at("/home/ann/.bashrc", 1);
    let mut m =
        machine(view(&[("/usr/bin", None, Some("go1.19.8")), ("/usr/local/go/bin", Some(late), Some("go1.26.8"))]), vec![]);
    m.lines.keep(b"/home/ann/.bashrc", b"export PATH=$PATH:/usr/local/go/bin\n");
    let found = told(&m);
    assert_eq!(short(&found), [("go-shadowed", Level::Warning, "/home/ann/.bashrc:1".to_owned())]);
    assert_eq!(new_text(&found[0]).unwrap(), "export PATH=/usr/local/go/bin:$PATH");
}

#[test]
fn what_is_not_known_before_it_keeps_a_go_from_being_judged() {
    let mut v = view(&[("?", None, None), ("/usr/bin", None, Some("go1.19.8")), ("/usr/local/go/bin", None, Some("go1.26.8"))]);
    v.path[0].state = EntryState::Unknown;
    v.path_known = false;
    let mut m = machine(v, vec![]);
    m.around.usual = vec![Arc::new(installation(NEW, "go1.26.8"))];
    assert_eq!(told(&m), []);
}

#[test]
fn an_installation_that_no_path_leads_to_is_told_with_the_line_to_add() {
    let mut m = machine(view(&[("/usr/bin", None, None)]), vec![start(bash(true, true), &[], view(&[("/usr/bin", None, None)]))]);
    m.around.usual = vec![Arc::new(installation(NEW, "go1.26.8"))];
    let found = told(&m);
    assert_eq!(short(&found), [("go-not-in-path", Level::Warning, "PATH".to_owned())]);
    let command = new_text(&found[0]).unwrap();
    assert!(command.contains("'export PATH=\"/usr/local/go/bin:$PATH\"' >> '/home/ann/.bashrc'"), "{command}");
    // This login shell does not read .bashrc.
    assert!(command.ends_with("'[ -r /home/ann/.bashrc ] && . /home/ann/.bashrc' >> '/home/ann/.profile'"), "{command}");
}

#[test]
fn a_line_that_only_one_way_of_starting_reads_is_told() {
    // ~/.bash_profile that does not source ~/.bashrc: a login shell has no go.
    let mut m = debian();
    m.starts[0] = start(
        bash(true, true),
        &[("/home/ann/.bash_profile", true), ("/home/ann/.profile", false)],
        view(&[("/usr/bin", None, None)]),
    );
    let found = told(&m);
    assert_eq!(short(&found), [("init-file-not-read", Level::Warning, "/home/ann/.bashrc:3".to_owned())]);
    assert!(new_text(&found[0]).unwrap().contains(">> '/home/ann/.bash_profile'"), "{:?}", found[0].mend);
    // ~/.bash_profile alone: the terminal of an editor has none; a note where this process has it.
    let line = || Some(at("/home/ann/.bash_profile", 2));
    let mut m = debian();
    m.lines.keep(b"/home/ann/.bash_profile", b"#\nexport PATH=/usr/local/go/bin:$PATH\n");
    m.starts[0] =
        start(bash(true, true), &[("/home/ann/.bash_profile", true)], view(&[("/usr/local/go/bin", line(), Some("go1.26.8"))]));
    m.starts[2] = start(bash(false, true), &[("/home/ann/.bashrc", true)], view(&[("/usr/bin", None, Some("go1.19.8"))]));
    let found = told(&m);
    assert_eq!(short(&found), [("init-file-not-read", Level::Note, "/home/ann/.bash_profile:2".to_owned())]);
    m.here = view(&[("/usr/bin", None, Some("go1.19.8"))]);
    let found = told(&m);
    assert_eq!(short(&found), [("init-file-not-read", Level::Warning, "/home/ann/.bash_profile:2".to_owned())]);
    assert!(new_text(&found[0]).unwrap().contains("'export PATH=/usr/local/go/bin:$PATH' >> '/home/ann/.bashrc'"));
}

#[test]
fn settings_of_a_shell_that_is_no_longer_the_login_shell_are_told() {
    let mut m = debian();
    m.user.login_shell = Some(b"/usr/bin/zsh".to_vec());
    m.here = view(&[("/usr/bin", None, None)]);
    for (login, interactive) in [(true, true), (false, true)] {
        let kind = StartKind::Shell(Shell::Zsh, login, interactive);
        m.starts.push(start(kind, &[("/home/ann/.zshrc", true)], view(&[("/usr/bin", None, None)])));
    }
    let found = told(&m);
    assert_eq!(
        short(&found),
        [
            ("settings-in-other-shell", Level::Warning, "/home/ann/.bashrc:3".to_owned()),
            ("shell-not-listed", Level::Warning, "/etc/shells:0".to_owned()),
        ]
    );
    assert!(new_text(&found[0]).unwrap().ends_with(">> '/home/ann/.zshrc'"));
}

#[test]
fn a_profile_in_whose_place_another_is_read_is_told() {
    let mut m = debian();
    m.lines.keep(b"/home/ann/.profile", b"# x\nexport GOFLAGS=-trimpath\n");
    m.starts[0].files = vec![];
    for s in &mut m.starts[..2] {
        s.files = start(
            s.kind,
            &[("/home/ann/.bash_profile", true), ("/home/ann/.bashrc", true), ("/home/ann/.profile", false)],
            view(&[]),
        )
        .files;
    }
    let found = told(&m);
    assert_eq!(short(&found), [("profile-not-read", Level::Warning, "/home/ann/.profile:2".to_owned())]);
    assert!(new_text(&found[0]).unwrap().ends_with(">> '/home/ann/.bash_profile'"));
    m.starts[0].files[2].read = Some(true);
    assert_eq!(told(&m), []);
}

#[test]
fn a_variable_that_is_kept_back_and_an_alias_are_told_once() {
    let mut m = debian();
    m.lines.keep(b"/home/ann/.bashrc", b"GOFLAGS=-trimpath\nalias go=/x/go\n\n");
    for s in m.starts.iter_mut().take(3) {
        s.kept_back.insert(b"GOFLAGS".to_vec(), Value::put(b"-trimpath", Some(&at("/home/ann/.bashrc", 1))));
        s.kept_back.insert(b"GOVERSION".to_vec(), Value::put(b"1.26.8", Some(&at("/home/ann/.bashrc", 1))));
        s.names.insert(b"go".to_vec(), Named { text: b"/x/go".to_vec(), function: false, at: Some(at("/home/ann/.bashrc", 2)) });
    }
    let found = told(&m);
    assert_eq!(
        short(&found),
        [
            ("go-alias", Level::Warning, "/home/ann/.bashrc:2".to_owned()),
            ("variable-not-exported", Level::Warning, "/home/ann/.bashrc:1".to_owned()),
        ]
    );
    assert_eq!(new_text(&found[1]).unwrap(), "export GOFLAGS=-trimpath");
    for s in &mut m.starts {
        s.kept_back.clear();
        s.names.entry(b"go".to_vec()).and_modify(|n| n.text = b"grc go".to_vec());
    }
    assert_eq!(one(&told(&m)).level, Level::Note);
}

#[test]
fn sudo_with_another_go_is_told_at_secure_path() {
    let mut m = debian();
    let line = at("/etc/sudoers", 4);
    m.lines.keep(b"/etc/sudoers", b"#\n#\n#\nDefaults secure_path=\"/usr/sbin:/usr/bin\"\n");
    m.starts.push(start(StartKind::Sudo, &[], view(&[("/usr/bin", Some(line), Some("go1.19.8"))])));
    let found = told(&m);
    assert_eq!(short(&found), [("sudo-has-another-go", Level::Warning, "/etc/sudoers:4".to_owned())]);
    assert_eq!(new_text(&found[0]).unwrap(), "Defaults secure_path=\"/usr/local/go/bin:/usr/sbin:/usr/bin\"");
    m.starts.last_mut().unwrap().view = view(&[("/usr/bin", None, None)]);
    assert_eq!(one(&told(&m)).level, Level::Note);
    m.starts.last_mut().unwrap().view = view(&[("/usr/local/go/bin", None, Some("go1.26.8"))]);
    assert_eq!(told(&m), []);
}

#[test]
fn a_shell_that_says_otherwise_is_told_where_all_was_known() {
    let mut m = debian();
    let s = &mut m.starts[0];
    s.env.insert(b"PATH".to_vec(), Value::put(b"/usr/bin", None));
    s.env.insert(b"GOPATH".to_vec(), Value::unknown(None));
    s.asked =
        Asked::Environment(BTreeMap::from([(b"PATH".to_vec(), b"/usr/bin".to_vec()), (b"GOPATH".to_vec(), b"/x".to_vec())]));
    assert_eq!(told(&m), []);
    let s = &mut m.starts[0];
    s.asked = Asked::Environment(BTreeMap::from([(b"PATH".to_vec(), b"/bin".to_vec()), (b"GOBIN".to_vec(), b"/x".to_vec())]));
    let found = told(&m);
    assert_eq!(
        short(&found),
        [("shell-says-otherwise", Level::Note, "PATH".to_owned()), ("shell-says-otherwise", Level::Note, "GOBIN".to_owned())]
    );
}

#[test]
fn a_compiled_file_of_another_text_is_to_go() {
    let mut m = debian();
    let mut s = start(StartKind::Shell(Shell::Zsh, true, true), &[], view(&[]));
    s.env.insert(b"GOFLAGS".to_vec(), Value::put(b"-x", Some(&at("/home/ann/.zshrc", 2))));
    s.asked = Asked::Environment(BTreeMap::from([(b"GOFLAGS".to_vec(), b"-v".to_vec())]));
    m.starts.push(s);
    assert_eq!(one(&told(&m)).mend, None);
    m.around.compiled.insert(b"/home/ann/.zshrc".to_vec(), "/home/ann/.zshrc.zwc".into());
    let words = ["rm", "/home/ann/.zshrc.zwc"].map(str::to_owned).to_vec();
    assert_eq!(one(&told(&m)).mend, Some(crate::finding::Mend::Command(words)));
}

#[test]
fn the_same_folder_of_two_lines_is_told_with_both() {
    let twice = view(&[
        ("/home/ann/go/bin", Some(at("/home/ann/.zshenv", 1)), None),
        ("/usr/bin", None, None),
        ("/home/ann/go/bin/", Some(at("/home/ann/.zprofile", 5)), None),
        ("/usr/bin", None, None),
    ]);
    let mut m = machine(twice, vec![]);
    m.lines.keep(b"/home/ann/.zprofile", b"\n\n\n\nexport PATH=$PATH:$HOME/go/bin/\n");
    let found = told(&m);
    assert_eq!(short(&found), [("path-entry-twice", Level::Note, "/home/ann/.zprofile:5".to_owned())]);
    assert!(found[0].message.contains("/home/ann/.zshenv:1"), "{}", found[0].message);
    assert!(matches!(&found[0].mend, Some(Mend::Edit { line: 5, new: None, .. })));
}

#[test]
fn ten_thousand_entries_are_judged_at_once() {
    let folders: Vec<String> = (0..10_000).map(|i| format!("/x/{}/go/bin", i % 5_000)).collect();
    let entries: Vec<_> = folders.iter().map(|f| (f.as_str(), None, None)).collect();
    let mut v = view(&entries);
    for e in &mut v.path {
        e.state = EntryState::Missing;
    }
    let m = machine(v, vec![]);
    let begin = Instant::now();
    let found = told(&m);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert!(found.len() <= 2 * crate::finding::MANY, "{}", found.len());
}

#[test]
fn a_cron_job_that_its_path_does_not_lead_to_go_is_told() {
    use crate::environment::CronJob;
    use crate::format::machine::crontab::Job;
    let job = |text: &str, view: View| {
        let job = Job { when: b"@daily".to_vec(), user: None, text: text.as_bytes().to_vec() };
        CronJob { job, at: at("/var/spool/cron/crontabs/ann", 1), user: b"ann".to_vec(), env: BTreeMap::new(), view }
    };
    let without = || view(&[("/usr/bin", None, None)]);
    let mut m = debian();
    m.lines.keep(b"/var/spool/cron/crontabs/ann", b"@daily cd /srv && go build ./...\n");
    m.cron_jobs = vec![job("cd /srv && go build ./...", without())];
    let found = told(&m);
    assert_eq!(short(&found), [("cron-job-finds-no-go", Level::Warning, "/var/spool/cron/crontabs/ann:1".to_owned())]);
    assert_eq!(new_text(&found[0]).unwrap(), "@daily cd /srv && /usr/local/go/bin/go build ./...");
    m.cron_jobs = [
        "cd /srv/go && make",
        "echo go",
        "/usr/local/go/bin/go build",
        ". $HOME/.profile; go build",
        "bash -lc 'go build'",
        "PATH=$PATH:/usr/local/go/bin; go build",
        "PATH=/usr/local/go/bin:$PATH go build",
    ]
    .map(|text| job(text, without()))
    .into();
    assert_eq!(told(&m), []);
    m.cron_jobs = vec![job("X=1 go vet", view(&[("/usr/bin", None, Some("go1.26.8"))]))];
    assert_eq!(told(&m), []);
    m.cron_jobs = vec![job("X=1 go vet", view(&[("/usr/bin", None, Some("go1.19.8"))]))];
    assert!(one(&told(&m)).message.contains("go1.19.8"));
}

/// A build cache of ann's own that nothing is wrong with.
fn cache(path: &str) -> CacheSeen {
    CacheSeen {
        name: "GOCACHE",
        path: path.into(),
        source: Source::Default,
        link: None,
        real: Some(path.into()),
        above: path.into(),
        is_folder: true,
        owner: 1000,
        writable: true,
    }
}

#[test]
fn a_cache_that_is_a_link_comes_with_its_true_folder() {
    let found = |cache| told(&Machine { caches: vec![cache], ..debian() });
    assert!(found(cache("/home/ann/c")).is_empty());
    // A link further up, as `/home` is on some systems.
    assert!(found(CacheSeen { real: Some("/usr/home/ann/c".into()), ..cache("/home/ann/c") }).is_empty());
    let linked = CacheSeen { link: Some("../../srv/c".into()), real: Some("/srv/c".into()), ..cache("/home/ann/c") };
    let told = found(linked.clone());
    assert_eq!((one(&told).rule.id, one(&told).level), ("root-is-link", Level::Warning));
    assert_eq!(new_text(&told[0]).as_deref(), Some("go env -w GOCACHE=/srv/c"));
    let told = found(CacheSeen { real: None, ..linked });
    assert!(one(&told).mend.is_none(), "where nothing is, nothing can be named");
}

#[test]
fn a_cache_that_may_not_be_written_comes_with_the_command_that_opens_it() {
    let command = |path: &str, above: &str, is_folder, owner| {
        let cache = CacheSeen { above: above.into(), is_folder, owner, writable: false, ..cache(path) };
        let found = told(&Machine { caches: vec![cache], ..debian() });
        assert_eq!(one(&found).rule.id, "cache-not-writable");
        found[0].mend.is_some().then(|| new_text(&found[0])).flatten()
    };
    let is = |text: &str| Some(text.to_owned());
    // `sudo go` made it; HOME is the root folder; a mode took it away.
    assert_eq!(command("/home/ann/c", "/home/ann/c", true, 0), is("chown -R 1000 /home/ann/c"));
    assert_eq!(command("/.cache/go-build", "/", true, 0), is("install -d -o 1000 /.cache /.cache/go-build"));
    assert_eq!(command("/srv/a/c", "/srv/a", true, 1000), is("chmod u+rwx /srv/a"));
    // Another user's, inside the home folder and outside of it.
    assert_eq!(command("/home/ann/c", "/home/ann/c", true, 1001), is("chown -R 1000 /home/ann/c"));
    assert_eq!(command("/home/bob/c", "/home/bob/c", true, 1001), None);
    assert_eq!(command("/home/bob/f/c", "/home/bob/f", false, 0), None);
}
