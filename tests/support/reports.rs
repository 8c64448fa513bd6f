//! Reports made by hand, one for each situation.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gocachescan::check;
use gocachescan::evidence::holdings::Amount;
use gocachescan::evidence::holdings::modules::{Modules, Named};
use gocachescan::evidence::holdings::outputs::{Kinds, Outputs};
use gocachescan::facts::{BinaryFact, BuildModule, Fact, ModuleTrust, ModuleVersion, Role, RoleBy};
use gocachescan::finding::{Finding, Mend, Place, RootKind};
use gocachescan::locate::{Settings, Source};
use gocachescan::report::{Counts, Coverage, FixReport, FixStep, Pruned, Report, Roles, RootReport, RootState, Trust, Unread};
use gocachescan::rule::{Fix, Kind, Level, Rule};

pub const HOME: &str = "/home/gopher";

pub static REPOINTED: Rule = Rule {
    id: "archive-action-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "an action entry names an archive of another action",
    what: "The action ID in the build ID of the archive is that of the entry.",
    why: "Go links such an archive without a word: it compares sizes only. An accident can't look like this.",
    go: "Nothing: it links the archive.",
    mend: "Remove the entry; the next build makes it afresh. Then find out who could write to the cache.",
    source: "cmd/go/internal/cache/cache.go (get)",
    witness: |_| Ok(Place::Env(String::new())),
};

pub static DIFFERS: Rule =
    Rule { id: "tree-file-differs", summary: "an extracted file is not the one in the zip", ..copy(&REPOINTED) };
pub static WRITABLE: Rule = Rule {
    id: "writable-by-others",
    level: Level::Warning,
    kind: Kind::Posture,
    fix: Fix::Chmod,
    why: "Anybody on this machine may change what you build.",
    mend: "Take the right away.",
    ..copy(&REPOINTED)
};
pub static UMASK: Rule =
    Rule { id: "group-writable", level: Level::Note, kind: Kind::Posture, fix: Fix::None, ..copy(&REPOINTED) };
pub static SUMDB_OFF: Rule = Rule {
    id: "sumdb-off",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    why: "A module that is changed on its way here is not noticed.",
    mend: "Unset it.",
    ..copy(&REPOINTED)
};

const fn copy(r: &Rule) -> Rule {
    Rule {
        id: r.id,
        level: r.level,
        kind: r.kind,
        fix: r.fix,
        summary: r.summary,
        what: r.what,
        why: r.why,
        go: r.go,
        mend: r.mend,
        source: r.source,
        witness: r.witness,
    }
}

fn at(rule: &'static Rule, root: RootKind, path: &str, subject: &str, message: &str) -> Finding {
    Finding::new(rule, root, Place::Path(PathBuf::from(path)), subject, message)
}

fn root(kind: RootKind, path: &str, origin: Source, state: RootState, counts: Counts, trust: Trust) -> RootReport {
    RootReport {
        vendored: None,
        kind,
        path: PathBuf::from(path),
        origin,
        state,
        counts,
        trust,
        roles: if kind == RootKind::Gocache { roles() } else { Roles::default() },
    }
}

fn roles() -> Roles {
    let told = [((RoleBy::Key, Role::Build), 3_526), ((RoleBy::Key, Role::Stdout), 3_526), ((RoleBy::Content, Role::Pgo), 1)];
    Roles { told: told.into_iter().collect(), unexplained: 4_413 }
}

/// A healthy machine of some size.
pub fn healthy() -> Report {
    let cache = Counts { files: 18_428, bytes: 2_142_776_189, actions: 11_466, outputs: 6_962, dangling: 2, ..Counts::default() };
    let modules = Counts { files: 103_302, bytes: 2_734_000_000, modules: 569, zips: 569, trees: 569, ..Counts::default() };
    let bins = Counts { files: 3, bytes: 256_000_000, binaries: 3, deps: 404, deps_matched: 404, ..Counts::default() };
    let counts = Counts {
        files: 121_733,
        bytes: 5_132_776_189,
        actions: 11_466,
        outputs: 6_962,
        modules: 569,
        zips: 569,
        trees: 569,
        binaries: 3,
        deps: 404,
        deps_matched: 404,
        dangling: 2,
        vanished: 0,
    };
    let deps = Trust { content_id: 3, dep_go_sum: 14, dep_ziphash: 390, ..Trust::default() };
    let trust = Trust { go_sum: 14, ziphash: 555, sha256: 6_962, ..deps };
    Report {
        elapsed: Duration::from_millis(3_412),
        complete: true,
        roots: vec![
            root(
                RootKind::Gocache,
                "/home/gopher/.cache/go-build",
                Source::Default,
                RootState::Ok,
                cache,
                Trust { sha256: 6_962, ..Trust::default() },
            ),
            root(
                RootKind::Gomodcache,
                "/home/gopher/go/pkg/mod",
                Source::Goenv,
                RootState::Ok,
                modules,
                Trust { go_sum: 14, ziphash: 555, ..Trust::default() },
            ),
            root(RootKind::Gobin, "/home/gopher/go/bin", Source::Default, RootState::Ok, bins, deps),
        ],
        counts,
        coverage: Coverage { intact: 8_103, ..Coverage::default() },
        trust,
        roles: roles(),
        ..Report::empty("scan", SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_417_690_400), Settings::default())
    }
}

const ENTRY: &str = "3fa1c0de9876543210fedcba98765432100123456789abcdef0123456789ab9c";

/// What a repair did, and could not do.
pub fn fixed() -> Report {
    let step = |act, path: &str, rule, then: &'static str| FixStep {
        act,
        path: PathBuf::from(path),
        mode: (act == Fix::Chmod).then_some(0o755),
        rule,
        bytes: if act == Fix::Quarantine { 20_600_000 } else { 0 },
        then,
        about: Path::new("/home/gopher/go/pkg/mod").into(),
        done: true,
        error: None,
    };
    let tree = "/home/gopher/go/pkg/mod/golang.org/x/text@v0.3.8";
    let entry = format!("/home/gopher/.cache/go-build/3f/{ENTRY}-a");
    let mut steps = vec![
        step(Fix::Quarantine, &entry, "archive-action-mismatch", "go builds it afresh"),
        step(Fix::Quarantine, tree, "tree-file-differs", "go extracts it again from the zip; no network"),
        step(Fix::Chmod, "/home/gopher/go/pkg/mod", "writable-by-others", "as go makes it"),
    ];
    for i in 0..3 {
        steps.push(step(Fix::Chmod, &format!("/home/gopher/go/pkg/mod/d{i}\u{1b}[2J"), "writable-by-others", "as go makes it"));
    }
    steps.push(FixStep {
        done: false,
        error: Some("another program (process 6145, go) holds the lock `cache/lock`: try again when it is done".to_owned()),
        ..step(Fix::Unlink, "/home/gopher/go/pkg/mod/cache/link", "link-escapes", "go makes it afresh")
    });
    let fix = FixReport { run: Some("2026-11-22T23-14-07".to_owned()), steps, ..FixReport::default() };
    Report { fix: Some(fix), ..healthy() }
}

/// The plan of the same.
pub fn planned() -> Report {
    let mut report = wrong();
    let mut fix = fixed().fix.unwrap();
    for step in &mut fix.steps {
        step.done = false;
        step.error = None;
    }
    report.fix = Some(FixReport { run: None, dry_run: true, ..fix });
    report
}

/// What `prune` took, and could not bring to the size that was asked for; hostile in its names.
pub fn pruned() -> Report {
    let amount = |number, bytes| Amount { number, bytes };
    let cache = PathBuf::from("/home/gopher/.cache/go-build");
    let kinds = Kinds {
        outputs: amount(2_312_004, 698_400_000_000),
        programs: amount(14, 210_000_000),
        entries: amount(4_120_377, 721_065_975),
        fuzz: amount(0, 0),
        other: amount(3, 228),
    };
    let outputs = Outputs {
        path: cache.clone(),
        kinds,
        ages: [
            amount(9_120, 14_100_000_000),
            amount(0, 0),
            amount(201_000, 71_000_000_000),
            amount(0, 0),
            amount(2_101_898, 614_231_065_975),
        ],
        orphans: amount(412, 31_000_000),
        dangling: amount(88, 15_400),
        max_size: Some(10_000_000_000),
        whole: true,
        cut: false,
    };
    let modules = Modules {
        path: PathBuf::from("/home/gopher/go/pkg/\u{1b}[2Jmod"),
        versions: amount(569, 2_734_000_000),
        zips: amount(569, 512_000_000),
        trees: amount(561, 2_221_000_000),
        named: Some(Named {
            whole: amount(240, 894_000_000),
            go_mod: amount(60, 9_000_000),
            none: amount(268, 1_700_000_000),
            stays: amount(1, 131_000_000),
        }),
    };
    let step = |rule, about: &str, bytes| FixStep {
        act: Fix::Quarantine,
        path: cache.join(about),
        mode: None,
        rule,
        bytes,
        then: "go builds it afresh",
        about: cache.join(about).into(),
        done: true,
        error: None,
    };
    let steps = vec![
        step("build-cache-over-size", "3f/a-d", 614_000_000_000),
        step("output-orphan", "3f/b-d", 31_000_000),
        FixStep {
            done: false,
            error: Some("has changed since it was looked at".to_owned()),
            ..step("build-cache-over-size", "3f/c-d", 1_000)
        },
    ];
    let fix = FixReport { run: Some("2026-11-22T23-14-07".to_owned()), steps, ..FixReport::default() };
    let out_of_reach =
        at(&check::prune::BUILD_CACHE_OVER_SIZE, RootKind::Gocache, "/home/gopher/.cache/go-build", "gocache", "can't be")
            .unfixed();
    let told = Pruned {
        caches: vec![outputs],
        modules: vec![modules],
        lists: vec![PathBuf::from("/home/gopher/m/go.sum")],
        without_sums: vec![PathBuf::from("/home/gopher/m/go.work")],
        asked: true,
    };
    Report { command: "prune", prune: Some(told), fix: Some(fix), findings: vec![out_of_reach], ..healthy() }
}

/// Something is wrong, of each level.
pub fn wrong() -> Report {
    let mut r = healthy();
    let entry = format!("/home/gopher/.cache/go-build/3f/{ENTRY}-a");
    r.findings = vec![
        at(
            &REPOINTED,
            RootKind::Gocache,
            &entry,
            ENTRY,
            &format!("the entry of action `{ENTRY}` names an archive that another action built (`golang.org/x/text/language`)"),
        )
        .claims(ENTRY, "88b04".repeat(12) + "0041")
        .claimed_by("the entry's name"),
        at(
            &DIFFERS,
            RootKind::Gomodcache,
            "/home/gopher/go/pkg/mod/golang.org/x/text@v0.3.8/language/parse.go",
            "golang.org/x/text@v0.3.8",
            "2 bytes differ from `/home/gopher/go/pkg/mod/cache/download/golang.org/x/text/@v/v0.3.8.zip`, first at 1204",
        )
        .claims("h1:nAL+RVCQ9uMn3vJZbV+MRnydTJFPf8qqY42YiA6MrqY=", "h1:0000000000000000000000000000000000000000000=")
        .claimed_by("/home/gopher/go/pkg/mod/cache/download/golang.org/x/text/@v/v0.3.8.ziphash"),
        Finding {
            more: 1_204,
            ..at(&WRITABLE, RootKind::Gomodcache, "/home/gopher/go/pkg/mod", ".", "drwxrwxrwx: anybody may write here")
                .mend(Mend::Command(vec!["chmod".into(), "-R".into(), "o-w".into(), "/home/gopher/go/my mod".into()]))
        },
        at(
            &SUMDB_OFF,
            RootKind::Environment,
            "/home/gopher/.config/go/env",
            "GOSUMDB",
            "`GOSUMDB=off` turns the checksum database off",
        )
        .line(3)
        .mend(Mend::Edit {
            file: PathBuf::from("/home/gopher/.config/go/env"),
            line: 3,
            old: "GOSUMDB=off".into(),
            new: None,
        }),
        Finding::new(
            &SUMDB_OFF,
            RootKind::Environment,
            Place::Env("GONOSUMDB".into()),
            "GONOSUMDB",
            "`GONOSUMDB=*` does the same",
        ),
        at(&UMASK, RootKind::Gobin, "/home/gopher/go/bin", ".", "writable by its owner's own group, as umask 002 makes it"),
    ];
    r.coverage = Coverage { intact: 8_101, damaged: 2, ..Coverage::default() };
    r
}

/// Hundreds of one cause.
pub fn many() -> Report {
    let mut r = healthy();
    r.findings = (0..1_207)
        .map(|i| {
            let path = format!("/home/gopher/go/pkg/mod/example.com/m@v1.0.0/f{i:04}.go");
            at(&DIFFERS, RootKind::Gomodcache, &path, &format!("example.com/m@v1.0.0/f{i:04}.go"), "1 byte differs from the zip")
        })
        .collect();
    r.findings.push(at(&WRITABLE, RootKind::Gocache, "/home/gopher/.cache/go-build", ".", "anybody may write here"));
    r
}

/// Names that would fool a terminal.
pub fn hostile() -> Report {
    let mut r = healthy();
    let name = "/home/gopher/go/pkg/mod/evil\n\x1b[2J\x1b]0;owned\x07\u{202e}gpj.exe\\x";
    r.findings = vec![
        at(&DIFFERS, RootKind::Gomodcache, name, "evil@v1\n.0.0\u{202e}", "the name `a\nb\x1b[31m` is not Go's\r")
            .claims("\x1b[8mhidden", "\u{200b}")
            .claimed_by("/tmp/\x1b[0m")
            .mend(Mend::Command(vec!["rm".into(), "--".into(), name.into()])),
    ];
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let raw = PathBuf::from(std::ffi::OsString::from_vec(b"/home/gopher/go/bin/100%\xff\xfe".to_vec()));
        r.findings.push(Finding::new(&WRITABLE, RootKind::Gobin, Place::Path(raw.clone()), "x", "is odd"));
        r.unread.push(Unread { path: raw, error: "Permission denied\n".into() });
        r.complete = false;
    }
    r
}

/// Some of it could not be read.
pub fn incomplete() -> Report {
    let mut r = healthy();
    r.complete = false;
    r.unread = (0..12)
        .map(|i| Unread {
            path: PathBuf::from(format!("/home/gopher/go/pkg/mod/cache/download/x{i:02}")),
            error: "Permission denied (os error 13)".into(),
        })
        .collect();
    r.coverage.unread = 12;
    r
}

/// There is nothing.
pub fn nothing() -> Report {
    let mut r = healthy();
    for root in &mut r.roots {
        root.state = RootState::Absent;
        root.counts = Counts::default();
        root.trust = Trust::default();
    }
    r.counts = Counts::default();
    r.coverage = Coverage::default();
    r.trust = Trust::default();
    r.elapsed = Duration::from_millis(4);
    r
}

/// One fact of each kind.
pub fn facts() -> Vec<Fact> {
    let path = |p: &str| PathBuf::from(p);
    let module = ModuleVersion { path: "golang.org/x/text".into(), version: "v0.3.8".into() };
    let plain =
        |p: &str, v: &str| BuildModule { path: p.into(), version: v.into(), sum: "h1:x=".into(), ..BuildModule::default() };
    vec![
        Fact::Zip {
            path: path("/m/v0.3.8.zip"),
            module: module.clone(),
            h1: Some("h1:a=".into()),
            claimed_h1: None,
            size: 12,
            trust: ModuleTrust::Ziphash,
        },
        Fact::Tree { path: path("/m/text@v0.3.8"), module: module.clone(), h1: None, same_as_zip: Some(true) },
        Fact::Mod { path: path("/m/v0.3.8.mod"), module, h1: "h1:b=".into() },
        Fact::Action {
            path: path("/c/3f/x-a"),
            action_id: "3f".into(),
            output_id: "7c".into(),
            size: 3,
            role: Some((Role::Build, RoleBy::Key)),
        },
        Fact::Output {
            path: path("/c/7c/x-d"),
            output_id: "7c".into(),
            size: 3,
            sha256: "7c".into(),
            class: "archive",
            build_id: "a/b".into(),
            content_id_ok: Some(true),
        },
        Fact::Binary(Box::new(BinaryFact {
            path: path("/b/tool"),
            format: "elf",
            goos: Some("linux"),
            goarch: None,
            go: true,
            go_version: "go1.26.8".into(),
            old_layout: false,
            path_pkg: "example.com/tool".into(),
            main: Some(plain("example.com/tool", "(devel)")),
            deps: vec![BuildModule { replace: Some(Box::new(plain("../y", ""))), ..plain("example.com/y", "v1.0.0") }],
            settings: vec![("-buildmode".into(), "exe".into()), ("GOOS".into(), "linux".into())],
            build_id: String::new(),
            content_id_ok: None,
        })),
    ]
}
