//! Holds the evaluation of fish's init files against fish itself. The frozen table has rows of fish 3.6.0; the script
//! `tests/oracle/run-fish.py` makes as many more as wanted and names them in `FISH_ROWS`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "test code"
)]

#[path = "support/folder_world.rs"]
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use gocachescan::format::shell::fish::{FishStart, start};
use gocachescan::format::shell::{Outcome, Piece, Value, Vars};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value as Json;
use world::FolderWorld;

/// Whether a string is what a value with unknown pieces stands for.
fn fits(value: &Value, text: &[u8]) -> bool {
    fn tail(pieces: &[Piece], text: &[u8]) -> bool {
        match pieces.split_first() {
            None => text.is_empty(),
            Some((Piece::Text(part, _), rest)) => text.strip_prefix(&part[..]).is_some_and(|t| tail(rest, t)),
            Some((Piece::Unknown(_), rest)) => (0..=text.len()).any(|i| tail(rest, &text[i..])),
        }
    }
    tail(value.pieces(), text)
}

/// What a row tells and what it leaves open: variables that differ, that are unknown, that agree.
#[derive(Default)]
struct Tally {
    wrong: Vec<String>,
    unknown: usize,
    equal: usize,
}

/// What stands in for fish's own files.
const STAND_IN: &[(&str, &str)] = &[
    ("config.fish", include_str!("oracle/fish/share/config.fish")),
    ("functions/alias.fish", include_str!("oracle/fish/share/functions/alias.fish")),
    ("functions/export.fish", include_str!("oracle/fish/share/functions/export.fish")),
    ("functions/fish_add_path.fish", include_str!("oracle/fish/share/functions/fish_add_path.fish")),
    ("functions/setenv.fish", include_str!("oracle/fish/share/functions/setenv.fish")),
];

fn build(w: &str, row: &Json, fill: &dyn Fn(&str) -> String) {
    for folder in row["folders"].as_array().into_iter().flatten() {
        fs::create_dir_all(fill(folder.as_str().unwrap())).unwrap();
    }
    for (path, text) in row["files"].as_object().unwrap() {
        let path = fill(path);
        assert!(path.starts_with(w), "{path}");
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        let text = fill(text.as_str().unwrap());
        let program = text.starts_with("#!");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(if program { 0o755 } else { 0o644 })).unwrap();
    }
    if row["stand_in"] == true {
        for (name, text) in STAND_IN {
            let path = format!("{w}/fish/share/fish/{name}");
            fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    for (path, to) in row["links"].as_object().into_iter().flatten() {
        let path = fill(path);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        symlink(fill(to.as_str().unwrap()), path).unwrap();
    }
}

fn ask(row: &Json, w: &str, fill: &dyn Fn(&str) -> String) -> Outcome {
    let env = row["env"].as_object().unwrap();
    let vars = Vars::of_environment(
        env.iter().map(|(k, v)| (k.as_bytes().to_vec(), Value::put(fill(v.as_str().unwrap()).as_bytes(), None))),
    );
    let (data, conf, cwd) = (format!("{w}/fish/share/fish"), format!("{w}/fish/etc/fish"), format!("{w}/home"));
    let asked = FishStart {
        login: row["login"].as_bool().unwrap(),
        interactive: row["interactive"].as_bool().unwrap(),
        command: row["command"].as_bool().unwrap(),
        home: Some(b"/root"),
        user: row["user"].as_str().unwrap().as_bytes(),
        uid: u32::try_from(row["uid"].as_u64().unwrap()).unwrap(),
        cwd: cwd.as_bytes(),
        version: row["version"].as_str(),
        data_dir: data.as_bytes(),
        sysconf_dir: conf.as_bytes(),
    };
    start(&FolderWorld { root: "/".into() }, &asked, vars)
}

fn compare(row: &Json) -> Tally {
    let sandbox = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(sandbox.path()).unwrap();
    let w = root.to_str().unwrap().to_owned();
    let fill = |text: &str| text.replace("$W", &w);
    build(&w, row, &fill);
    let outcome = ask(row, &w, &fill);
    let mut tally = Tally::default();
    let answer: BTreeMap<&str, String> =
        row["answer"].as_object().unwrap().iter().map(|(k, v)| (k.as_str(), fill(v.as_str().unwrap()))).collect();
    for (name, theirs) in &answer {
        match outcome.vars.get(name.as_bytes()) {
            None if outcome.vars.others_unknown => tally.unknown += 1,
            None => tally.wrong.push(format!("{name}: fish {theirs:?}, we have none")),
            Some(ours) => {
                let value = ours.value.clone().unwrap_or_default();
                let told = value.text().map(|t| String::from_utf8_lossy(&t).into_owned());
                if ours.exported == Some(false) {
                    tally.wrong.push(format!("{name}: fish {theirs:?}, we export none ({told:?})"));
                } else if ours.exported.is_none() {
                    tally.unknown += 1;
                } else if !fits(&value, theirs.as_bytes()) {
                    tally.wrong.push(format!("{name}: fish {theirs:?}, we {:?}", told.ok_or(value.pieces().len())));
                } else if told.is_some() {
                    tally.equal += 1;
                } else {
                    tally.unknown += 1;
                }
            }
        }
    }
    for (name, ours) in outcome.vars.iter() {
        let name = String::from_utf8_lossy(name);
        if ours.exported == Some(true) && !answer.contains_key(&*name) {
            tally.wrong.push(format!(
                "{name}: fish exports none, we {:?}",
                ours.value.as_ref().and_then(Value::text).map(|t| String::from_utf8_lossy(&t).into_owned())
            ));
        }
    }
    if std::env::var_os("FISH_SHOW").is_some() && tally.unknown > 0 {
        for note in &outcome.undecided {
            let at = note.at.as_ref().map(|a| format!("{}:{}", String::from_utf8_lossy(&a.file), a.line));
            println!("undecided {}: {}", at.unwrap_or_default(), note.what);
        }
    }
    tally
}

fn hold(table: &str) -> (usize, usize, usize, usize) {
    let (mut rows, mut bad, mut unknown, mut equal) = (0, 0, 0, 0);
    for line in table.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        rows += 1;
        let begun = std::time::Instant::now();
        let tally = compare(&row);
        if std::env::var_os("FISH_SHOW").is_some() && (tally.unknown > 0 || begun.elapsed().as_millis() > 200) {
            println!("set {}: {} unknown, {:?}", row["set"], tally.unknown, begun.elapsed());
        }
        unknown += tally.unknown;
        equal += tally.equal;
        if !tally.wrong.is_empty() {
            bad += 1;
            println!("== set {} login {} interactive {}", row["set"], row["login"], row["interactive"]);
            if std::env::var_os("FISH_SHOW").is_some() {
                for (path, text) in row["files"].as_object().unwrap() {
                    if !path.contains("/share/fish/") && !text.as_str().unwrap().starts_with("#!") {
                        println!("--- {path}\n{}", text.as_str().unwrap());
                    }
                }
            }
            println!("env {}\n  {}", row["env"], tally.wrong.join("\n  "));
        }
    }
    (rows, bad, unknown, equal)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a file holds, its evaluation ends and takes the machine at its word.
    #[test]
    fn any_bytes_end(bytes in vec(any::<u8>(), 0..400), words in vec(select(WORDS), 0..60)) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("share/config.fish", b"set -gx HELD yes\n".to_vec()), ("etc/config.fish", bytes), ("home/.config/fish/config.fish", words.join(" ").into_bytes())] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let vars = Vars::of_environment([(b"HOME".to_vec(), Value::put(b"/home", None))]);
        let asked = FishStart {
            login: true, interactive: false, command: true, home: None, user: b"u", uid: 7, cwd: b"/home", version: Some("3.6.0"), data_dir: b"/share",
            sysconf_dir: b"/etc",
        };
        let outcome = start(&FolderWorld { root: fs::canonicalize(dir.path()).unwrap() }, &asked, vars);
        prop_assert!(outcome.vars.get(b"HELD").is_some());
    }
}

/// Pieces of the grammar, to be put together at random.
const WORDS: &[&str] = &[
    "\n",
    ";",
    "if",
    "else",
    "end",
    "while",
    "for x in",
    "begin",
    "function f",
    "switch",
    "case",
    "set",
    "set -gx",
    "$x",
    "$$x",
    "(",
    ")",
    "$(",
    "\"",
    "'",
    "{",
    "}",
    ",",
    "*",
    "**",
    "?",
    "~",
    "[",
    "]",
    "[1..-1]",
    "[-1",
    "|",
    "||",
    "&&",
    "&",
    "and",
    "or",
    "not",
    "!",
    "> f",
    "2>&1",
    "< f",
    "f",
    "x",
    "x=1",
    "source",
    "eval",
    "echo",
    "true",
    "false",
    "string replace -r '(a*)*' b",
    "string split ''",
    "math '((1+'",
    "test",
    "-a",
    "argparse a/b= --",
    "read x",
    "return",
    "exit",
    "break",
    "continue",
    "cd",
    "\\\n",
    "#",
    "fish_user_paths",
    "set -e x[$x]",
    "while true",
    "exec",
    "unknown_tool",
    "string repeat -n 99999",
];

/// A loop that never ends, a function that calls itself, a file that sources itself and a list that doubles end soon.
#[test]
fn what_never_ends_ends() {
    for text in [
        "while true; set x $x$x a; end",
        "function f; f; f; end; f",
        "source (status filename); source (status filename)",
        "set x a; while true; set x $x $x; end",
        "function h --on-variable x; set x 1; end; set x 1",
        "while unknown; while unknown; while unknown; set x $x a; end; end; end",
        "set -gx GO (while true; echo x; end)",
        "eval (string repeat -n 3000 '(')",
        &"begin;".repeat(20_000),
        &"echo (".repeat(20_000),
        &"not ".repeat(20_000),
        &format!("echo {}", "$".repeat(50_000) + "x"),
        &format!("echo {}", "{a,b}".repeat(500)),
        "math (string repeat -n 9000 -- -)1; math (string repeat -n 9000 '(')1",
        "test (string split '' -- (string repeat -n 3000 '!')) x",
        "string match -r '((a+)+)+$' (string repeat -n 5000 a)b",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("share/config.fish");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::create_dir_all(dir.path().join("bin")).unwrap();
        fs::write(dir.path().join("bin/unknown"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(dir.path().join("bin/unknown"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(path, text).unwrap();
        let asked = FishStart {
            login: false,
            interactive: false,
            command: true,
            home: Some(b"/home"),
            user: b"u",
            uid: 7,
            cwd: b"/",
            version: Some("3.6.0"),
            data_dir: b"/share",
            sysconf_dir: b"/etc",
        };
        let begun = std::time::Instant::now();
        start(&FolderWorld { root: fs::canonicalize(dir.path()).unwrap() }, &asked, Vars::of_environment([]));
        let took = begun.elapsed();
        println!("{took:?} {}", &text[..text.len().min(60)]);
        assert!(took.as_secs() < 20, "{took:?}: {}", &text[..text.len().min(60)]);
    }
}

#[test]
fn variables_are_those_of_fish() {
    let frozen = include_str!("oracle/fish/frozen.jsonl");
    let table = match std::env::var_os("FISH_ROWS") {
        Some(path) => fs::read_to_string(path).unwrap(),
        None => frozen.to_owned(),
    };
    let (rows, bad, unknown, equal) = hold(&table);
    println!("{rows} starts, {bad} differ; {equal} variables equal, {unknown} unknown");
    assert_eq!(bad, 0);
    assert!(rows >= 60 && equal > 6 * unknown);
}
