//! The program as a user meets it: what is typed, what is printed, what it ends with.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, clippy::print_stderr, reason = "test code")]

#[cfg(unix)]
mod doctor;
#[cfg(unix)]
mod prune;
#[cfg(unix)]
mod repair;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gocachescan::sample::Sample;
use gocachescan::sample::zip::{ZipMember, pack, sum};
use serde_json::Value;

/// A healthy world, and the program in its environment.
struct World {
    folder: tempfile::TempDir,
    sample: Sample,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let sample = Sample::make(&folder.path().join("world")).unwrap();
        World { folder, sample }
    }

    /// The same after the damage of the first rule whose level is error and whose witness works here.
    fn poisoned() -> (World, &'static str) {
        let mut world = World::new();
        let rule =
            gocachescan::check::rule("output-hash-mismatch").unwrap_or_else(|| gocachescan::check::catalogue().next().unwrap());
        (rule.witness)(&mut world.sample).unwrap();
        (world, rule.id)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gocachescan"));
        command.args(args).env_clear().envs(self.sample.environment()).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_slice(&self.run(args).stdout).unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal ends it")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_healthy_world_is_told_in_every_format() {
    let world = World::new();
    let human = world.run(&[]);
    assert_eq!(code(&human), 0, "{}{}", text(&human.stdout), text(&human.stderr));
    assert!(text(&human.stdout).lines().last().unwrap().starts_with("intact"), "{}", text(&human.stdout));
    assert_eq!(text(&human.stderr), "", "nothing but the report where nothing is a terminal");
    assert_eq!(code(&world.run(&["--quiet"])), 0);
    assert_eq!(text(&world.run(&["--quiet"]).stdout), "");
    for format in ["json", "jsonl"] {
        assert_eq!(code(&world.run(&["scan", "--format", format])), 0);
    }
}

#[test]
fn the_exit_code_is_the_same_for_every_format() {
    let (world, id) = World::poisoned();
    for format in ["human", "json", "jsonl"] {
        let out = world.run(&["--format", format]);
        assert_eq!(code(&out), 1, "{format}");
        assert!(text(&out.stdout).contains(id), "{format}");
        assert_eq!(code(&world.run(&["--format", format, "--fail-on", "never"])), 0, "{format}");
        assert_eq!(code(&world.run(&["--format", format, "--skip", id, "--fail-on", "error"])), 0, "{format}");
    }
    let skipped = world.json(&["--format", "json", "--skip", id]);
    assert!(skipped["suppressed"].as_u64().unwrap() >= 1);
}

#[test]
fn real_reports_fit_the_schema() {
    let schema: Value = serde_json::from_slice(&World::new().run(&["explain", "--schema"]).stdout).unwrap();
    for world in [World::new(), World::poisoned().0] {
        let report = world.json(&["--format", "json"]);
        assert_eq!(support::schema::problems(&schema, "", &report), Vec::<String>::new());
        assert!(report["settings"]["GOCACHE"]["source"] == "env", "{}", report["settings"]);
        let facts = world.folder.path().join("facts.jsonl");
        world.run(&["--facts", facts.to_str().unwrap()]);
        let written = std::fs::read_to_string(facts).unwrap();
        for (pointer, lines) in [("/$defs/line", text(&world.run(&["--format", "jsonl"]).stdout)), ("/$defs/fact", written)] {
            assert!(lines.lines().count() > 1);
            for line in lines.lines() {
                let value = serde_json::from_str(line).unwrap();
                assert_eq!(support::schema::problems(&schema, pointer, &value), Vec::<String>::new(), "{line}");
            }
            assert!(lines.lines().last().unwrap().contains("\"done\""));
        }
    }
}

#[test]
fn a_scan_is_the_default_and_threads_change_nothing() {
    let (world, _) = World::poisoned();
    let timeless = |args: &[&str]| {
        let mut report = world.json(args);
        for key in ["started_at", "elapsed_ms"] {
            report.as_object_mut().unwrap().remove(key);
        }
        report
    };
    let one = timeless(&["--format", "json", "--jobs", "1"]);
    assert_eq!(one, timeless(&["scan", "--format", "json", "--jobs", "64"]));
    assert_eq!(one, timeless(&["--format", "json", "scan"]), "the word may stand last");
}

#[test]
fn wrong_usage_takes_one_line_that_helps() {
    let world = World::new();
    for (args, says) in [
        (&["--fix"][..], "--fix"),
        (&["gate"], "neither a path nor a command"),
        (&["seal"], "neither a path nor a command"),
        (&["explian"], "did you mean `explain`?"),
        (&["--quiet", "env"], "the command comes first"),
        (&["./absent"], "does not exist"),
        (&["--only", "no-such-rule-at-all"], "gocachescan explain"),
        (&["--format", "sarif"], "possible values: human, json, jsonl"),
        (&["--output", "sarif:x"], "human:FILE"),
        (&["--output", "json:absent/x"], "absent/x"),
        (&["--output", "json:a", "--output", "human:a"], "two reports"),
        (&["--facts", "-"], "--format"),
        (&["--jobs", "0"], "--jobs"),
        (&["--main-module", "."], "go.mod"),
        (&["--quiet", "--verbose"], "--verbose"),
        (&["--no-bin", "--bin", "x"], "--bin"),
        (&["explain", "no-such-rule-at-all"], "gocachescan explain"),
        (&["explain", "--schema", "trust"], "--schema"),
        (&["completions", "tcsh"], "bash"),
        (&["man", "sacn"], "did you mean `scan`?"),
        (&["env", "--nope"], "--nope"),
        (&["prune", "--max-size", "10"], "10GB"),
        (&["prune", "--max-size", "10XB", "--yes"], "10GB"),
        (&["prune", "--orphans"], "--yes"),
        (&["prune", "--orphans", "--yes", "--dry-run"], "--dry-run"),
        (&["prune", "--used-by", "absent", "--yes"], "absent"),
        (&["prune", "--fail-on", "never", "--only", "no-such-rule-at-all"], "gocachescan explain"),
    ] {
        let out = world.run(args);
        let said = text(&out.stderr);
        assert_eq!(code(&out), 2, "{args:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
        assert!(said.starts_with("gocachescan: ") && said.contains(says), "{args:?}: {said}");
        assert_eq!(text(&out.stdout), "", "{args:?}");
    }
    let rule = gocachescan::check::catalogue().next().unwrap().id;
    let out = world.run(&["--only", rule.get(..rule.len() - 1).unwrap()]);
    assert!(text(&out.stderr).contains(&format!("did you mean `{rule}`?")), "{}", text(&out.stderr));
}

#[test]
fn nothing_to_scan_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gocachescan"));
        command.args(args).env_clear().env("HOME", folder.path()).env("PATH", "").current_dir(folder.path()).output().unwrap()
    };
    let out = run(&["--fail-on", "never"]);
    assert_eq!(code(&out), 3, "{}", text(&out.stdout));
    assert!(text(&out.stdout).contains("nothing to scan"));
    assert_eq!(code(&run(&["--fail-on", "never", "--allow-empty"])), 0);
    assert_eq!(code(&run(&["--fail-on", "never", "--format", "json"])), 3);
}

#[test]
fn a_place_that_a_flag_names_must_be_there() {
    let world = World::new();
    assert_eq!(code(&world.run(&["--gocache", "absent"])), 3);
    assert_eq!(code(&world.run(&["--gocache", "absent", "--allow-empty"])), 0);
}

#[test]
fn paths_are_scanned_for_what_they_are() {
    let world = World::new();
    let kinds = |args: &[&str]| -> Vec<(String, String)> {
        let args: Vec<&str> = ["--format", "json"].iter().chain(args).copied().collect();
        let word = |v: &Value| v.as_str().unwrap().to_owned();
        world.json(&args)["roots"].as_array().unwrap().iter().map(|r| (word(&r["kind"]), word(&r["origin"]))).collect()
    };
    let root = |kind: &str| (kind.to_owned(), "flag".to_owned());
    let show = |p: PathBuf| p.to_str().unwrap().to_owned();
    world.sample.write(&world.sample.gomodcache().join("cache/lock"), b"").unwrap();
    assert_eq!(kinds(&[&show(world.sample.gocache())]), [root("gocache")]);
    assert_eq!(kinds(&[&show(world.sample.gomodcache())]), [root("gomodcache")]);
    assert_eq!(kinds(&["--no-bin"]).iter().filter(|(k, _)| k == "gobin").count(), 0);
    let bin = show(world.sample.gobin());
    assert!(kinds(&["--bin", &bin]).contains(&root("binary")));
    assert_eq!(kinds(&["world/gocache", "--gomodcache", "world/gopath/pkg/mod"])[..2], [root("gocache"), root("gomodcache")]);
}

#[test]
fn files_appear_whole_and_alone() {
    let (world, id) = World::poisoned();
    let dir = world.folder.path().join("out");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("report.json"), "an older one").unwrap();
    let args =
        ["--output", "json:out/report.json", "--output", "human:out/report.txt", "--output", "jsonl:out/report.jsonl", "--facts"];
    let out = world.run(&[&args[..], &["out/facts.jsonl", "--color", "always"]].concat());
    assert_eq!(code(&out), 1);
    assert!(text(&out.stdout).contains("\x1b[1;31merror"), "asked for, colour goes to a pipe, too");
    let mut names: Vec<String> =
        std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["facts.jsonl", "report.json", "report.jsonl", "report.txt"]);
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let value: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert!(value["findings"].as_array().unwrap().iter().any(|f| f["rule"] == id));
    assert!(read("report.txt").contains(id) && !read("report.txt").contains('\x1b'));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let (world, _) = World::poisoned();
    let colored = |args: &[&str], vars: &[(&str, &str)]| {
        text(&world.command(args).envs(vars.iter().copied()).output().unwrap().stdout).contains('\x1b')
    };
    assert!(!colored(&[], &[]));
    assert!(colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn a_closed_pipe_ends_quietly_and_truly() {
    let (world, _) = World::poisoned();
    for args in [&["--format", "json"][..], &["--format", "jsonl"], &[]] {
        let mut child = world.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let out = child.wait_with_output().unwrap();
        assert_eq!((code(&out), text(&out.stderr).as_str()), (1, ""), "{args:?}");
    }
    for args in [&["explain"][..], &["explain", "--schema"], &["man"], &["completions", "zsh"], &["env"], &["--help"], &["demo"]]
    {
        let mut child = world.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let out = child.wait_with_output().unwrap();
        assert_eq!((code(&out), text(&out.stderr).as_str()), (0, ""), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let world = World::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let out = world.command(&[]).stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(code(&out), 3);
    assert!(text(&out.stderr).contains("cannot write to `standard output`"), "{}", text(&out.stderr));
}

#[test]
fn every_command_has_help_with_examples() {
    let world = World::new();
    for command in [
        &["--help"][..],
        &["scan", "--help"],
        &["env", "--help"],
        &["prune", "--help"],
        &["explain", "--help"],
        &["demo", "--help"],
        &["completions", "--help"],
        &["man", "--help"],
        &["help", "scan"],
    ] {
        let out = world.run(command);
        assert_eq!(code(&out), 0);
        assert!(text(&out.stdout).contains("Examples:\n  gocachescan"), "{command:?}");
    }
    assert_eq!(text(&world.run(&["--version"]).stdout), format!("gocachescan {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn shells_and_man_get_their_pages() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let out = world.run(&["completions", shell]);
        assert!(code(&out) == 0 && text(&out.stdout).contains("main-module"), "{shell}");
    }
    let page = text(&world.run(&["man"]).stdout);
    for wanted in [".TH gocachescan", "EXIT STATUS", "ENVIRONMENT", "gocachescan\\-env(1)", "fail\\-on"] {
        assert!(page.contains(wanted), "{wanted}");
    }
    assert!(text(&world.run(&["man", "env"]).stdout).contains(".TH gocachescan-env"));
}

#[test]
fn env_prints_what_go_would() {
    let world = World::new();
    let show = |p: PathBuf| p.to_str().unwrap().to_owned();
    assert_eq!(text(&world.run(&["env", "GOCACHE"]).stdout), format!("{}\n", show(world.sample.gocache())));
    assert_eq!(world.json(&["env", "--format", "json", "GOBIN"])["GOBIN"], show(world.sample.gobin()));
    assert!(text(&world.run(&["env"]).stdout).contains("GOMODCACHE"));
    let flagged = world.run(&["env", "--gocache", "here", "GOCACHE"]);
    assert_eq!(text(&flagged.stdout), format!("{}\n", show(world.folder.path().canonicalize().unwrap().join("here"))));
    let refused = world.command(&["env"]).env("GOPATH", "relative").output().unwrap();
    let said = text(&refused.stderr);
    assert_eq!((code(&refused), said.lines().count()), (2, 1), "{said}");
    assert!(said.contains("GOPATH entry is relative"), "{said}");
}

#[test]
fn explain_tells_everything() {
    let world = World::new();
    let list = text(&world.run(&["explain"]).stdout);
    let all = world.json(&["explain", "--format", "json"]);
    for rule in gocachescan::check::catalogue() {
        assert!(list.contains(rule.id), "{}", rule.id);
        assert!(all.as_array().unwrap().iter().any(|r| r["id"] == rule.id && r["why"] == rule.why));
        assert_eq!(world.json(&["explain", rule.id, "--format", "json"])["id"], rule.id);
    }
    assert!(text(&world.run(&["explain", "trust"]).stdout).contains("go.sum"));
}

#[test]
fn the_demo_finds_what_it_plants_and_leaves_nothing() {
    let world = World::new();
    let temp = world.folder.path().join("tmp");
    std::fs::create_dir(&temp).unwrap();
    let demo = |args: &[&str]| world.command(args).env("TMPDIR", &temp).env("TEMP", &temp).output().unwrap();
    let inside = |temp: &Path| std::fs::read_dir(temp).unwrap().count();
    let out = demo(&["demo"]);
    assert_eq!(code(&out), 0, "{}{}", text(&out.stdout), text(&out.stderr));
    assert!(text(&out.stdout).contains("error: ") && text(&out.stdout).contains("This was a demo"));
    assert_eq!(inside(&temp), 0);
    let out = demo(&["demo", "--keep"]);
    assert_eq!((code(&out), inside(&temp)), (0, 1));
}

#[test]
fn the_fips_module_is_held_against_the_zip_of_the_installation() {
    const NAME: &str = "golang.org/fips140@v9.0.0";
    let world = World::new();
    let (goroot, tree) = (world.sample.root().join("anothergo"), world.sample.gomodcache().join(NAME));
    let files = [
        ("LICENSE", "free\n"),
        ("fips140/v9.0.0/aes/aes.go", "package aes\n"),
        ("fips140/v9.0.0/drbg/rand.go", "package drbg\n"),
    ];
    let members: Vec<ZipMember> = files.map(|(name, text)| ZipMember::new(format!("{NAME}/{name}"), text)).to_vec();
    let zip = goroot.join("lib/fips140/v9.0.0.zip");
    world.sample.write(&zip, &pack(&members).unwrap()).unwrap();
    world.sample.write(&goroot.join("VERSION"), b"go1.26.8\n").unwrap();
    for (name, text) in files {
        world.sample.write(&tree.join(name), text.as_bytes()).unwrap();
    }
    let told = || {
        let report = world.json(&["--goroot", goroot.to_str().unwrap(), "--format", "json"]);
        let told =
            |rule: &str| ["tree-file-differs", "tree-file-added", "tree-file-missing", "tree-hash-mismatch"].contains(&rule);
        let found = report["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap().to_owned());
        let mut found: Vec<String> = found.filter(|rule| told(rule)).collect();
        found.sort();
        (found, report["unread"].to_string())
    };
    let (healthy, unread) = told();
    assert_eq!(healthy, [""; 0]);
    assert!(!unread.contains("fips140"), "{unread}");
    world.sample.write(&tree.join("fips140/v9.0.0/aes/aes.go"), b"package bad\n").unwrap();
    world.sample.write(&tree.join("fips140/v9.0.0/drbg/more.go"), b"package drbg\n\nvar More = 1\n").unwrap();
    assert_eq!(told().0, ["tree-file-added", "tree-file-differs"]);
    // Neither a `.ziphash` nor a zip in the cache that fits the changed directory speaks for it.
    let forged = [
        ("LICENSE", "free\n"),
        ("fips140/v9.0.0/aes/aes.go", "package bad\n"),
        ("fips140/v9.0.0/drbg/more.go", "package drbg\n\nvar More = 1\n"),
        files[2],
    ];
    let forged = forged.map(|(name, text)| ZipMember::new(format!("{NAME}/{name}"), text));
    let cached = world.sample.gomodcache().join("cache/download/golang.org/fips140/@v");
    world.sample.write(&cached.join("v9.0.0.ziphash"), sum(&forged).unwrap().to_string().as_bytes()).unwrap();
    assert_eq!(told().0, ["tree-file-added", "tree-file-differs"]);
    world.sample.write(&cached.join("v9.0.0.zip"), &pack(&forged).unwrap()).unwrap();
    assert_eq!(told().0, ["tree-file-added", "tree-file-differs"]);
    // A zip of the installation that can't be read leaves the scan incomplete.
    world.sample.write(&zip, b"no zip").unwrap();
    let (none, unread) = told();
    assert_eq!(none, [""; 0]);
    assert!(unread.contains("fips140"), "{unread}");
}
