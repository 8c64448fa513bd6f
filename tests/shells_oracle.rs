//! Holds the evaluation of init files against the shells themselves. The frozen rows were answered by bash 5.2.15, dash 0.5.12 and
//! zsh 5.9; `tests/oracle/shells/run` makes as many more as wanted, asks the shells of this machine, and names them in `SHELLS_ROWS`.
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
mod folder_world;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use folder_world::FolderWorld;
use gocachescan::format::shell::posix::{Dialect, PosixStart, SystemFiles, start};
use gocachescan::format::shell::{Value, Vars};
use serde_json::Value as Json;

/// Lays a row's files out: text, `{"exec": text}`, `{"link": target}`, or `null` for a folder.
fn lay_out(root: &Path, files: &Json) {
    for (path, what) in files.as_object().unwrap() {
        let path = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match what {
            Json::Null => fs::create_dir_all(&path).unwrap(),
            Json::String(text) => fs::write(&path, text).unwrap(),
            what if what.get("link").is_some() => std::os::unix::fs::symlink(what["link"].as_str().unwrap(), &path).unwrap(),
            what => {
                fs::write(&path, what["exec"].as_str().unwrap()).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }
}

#[derive(Default)]
struct Count {
    rows: usize,
    same: usize,
    unknown: usize,
    /// Rows of which nothing is known in the end.
    lost: usize,
    different: Vec<String>,
}

fn hold(row: &Json, tools: &Json, count: &mut Count) {
    let sandbox = tempfile::tempdir().unwrap();
    lay_out(sandbox.path(), tools);
    lay_out(sandbox.path(), &row["files"]);
    let world = FolderWorld { root: sandbox.path().to_path_buf() };
    let asked = &row["start"];
    let dialect = match asked["shell"].as_str().unwrap() {
        "bash" => Dialect::Bash,
        "zsh" => Dialect::Zsh,
        "dash" => Dialect::Dash,
        _ => Dialect::BashAsSh,
    };
    let how = PosixStart {
        dialect,
        login: asked["login"].as_bool().unwrap(),
        interactive: asked["interactive"].as_bool().unwrap(),
        command: true,
        home: Some(b"/root"),
        user: b"root",
        uid: 0,
        cwd: b"/root",
        version: Some(if dialect == Dialect::Zsh { "5.9" } else { "5.2.15" }),
        hostname: None,
        system: SystemFiles { profile: b"/etc/profile", bashrc: Some(b"/etc/bash.bashrc"), zsh: b"/etc/zsh" },
    };
    let env = row["env"].as_object().unwrap().iter();
    let env = Vars::of_environment(env.map(|(n, v)| (n.as_bytes().to_vec(), Value::put(v.as_str().unwrap().as_bytes(), None))));
    let outcome = start(&world, &how, env);
    count.rows += 1;
    let name = format!("{} {}", row["name"].as_str().unwrap(), row["start"]);
    // What the shell printed its environment before it came to the command, or not at all.
    if row["answer"].is_null() {
        if outcome.ended.is_none()
            && !outcome.undecided.iter().any(|u| u.what.contains("ends here") || u.what.contains("follows"))
            && !outcome.vars.others_unknown
        {
            count.different.push(format!("{name}: the shell ends, ours goes on"));
        }
        return;
    }
    if outcome.ended.is_some() {
        count.different.push(format!("{name}: ours ends at {:?}, the shell goes on", outcome.ended));
        return;
    }
    count.lost += usize::from(outcome.vars.others_unknown);
    let answer: BTreeMap<&str, &str> =
        row["answer"].as_object().unwrap().iter().map(|(n, v)| (n.as_str(), v.as_str().unwrap())).collect();
    for (variable, theirs) in &answer {
        match outcome.vars.get(variable.as_bytes()) {
            None if outcome.vars.others_unknown => count.unknown += 1,
            None => count.different.push(format!("{name}: {variable} is {theirs:?}, ours has none")),
            Some(var) => match (&var.value, var.exported) {
                (_, Some(false)) => count.different.push(format!(
                    "{name}: {variable} is {theirs:?}, ours is not exported: {:?}",
                    var.value.as_ref().map(Value::text)
                )),
                (None, _) => count.different.push(format!("{name}: {variable} is {theirs:?}, ours has no value")),
                (Some(value), _) => match value.text() {
                    Some(text) if text == theirs.as_bytes() => count.same += 1,
                    Some(text) => count
                        .different
                        .push(format!("{name}: {variable} is {theirs:?}, ours {:?}", String::from_utf8_lossy(&text))),
                    None => count.unknown += 1,
                },
            },
        }
    }
    for (variable, var) in outcome.vars.iter() {
        let variable = String::from_utf8_lossy(variable).into_owned();
        if var.exported == Some(true)
            && let Some(text) = var.value.as_ref().and_then(Value::text)
            && !answer.contains_key(variable.as_str())
        {
            count.different.push(format!("{name}: {variable} is not there, ours is {:?}", String::from_utf8_lossy(&text)));
        }
    }
}

#[test]
fn variables_are_those_of_the_shells() {
    let frozen = include_str!("oracle/shells/frozen.jsonl");
    let table = match std::env::var_os("SHELLS_ROWS") {
        Some(path) => fs::read_to_string(path).unwrap(),
        None => frozen.to_owned(),
    };
    let mut count = Count::default();
    let mut tools = Json::Null;
    for line in table.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        match row.get("tools") {
            Some(names) => {
                tools = names
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|n| (n.as_str().unwrap().to_owned(), serde_json::json!({ "exec": "" })))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }
            None => hold(&row, &tools, &mut count),
        }
    }
    for line in &count.different {
        println!("{line}");
    }
    let Count { rows, same, unknown, lost, different } = &count;
    println!("{rows} rows: {same} variables agree, {unknown} are unknown ({lost} rows lost), {} differ", different.len());
    assert!(different.is_empty());
    assert!(*same > 100 && *unknown * 2 < *same);
}
