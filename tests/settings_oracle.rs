//! Holds `locate` against `go env -json`. The frozen table has rows of Go 1.21, 1.24, 1.26 and 1.27; the script
//! `tests/oracle/settings/run` asks the Go of this machine about as many more as wanted and names them in `SETTINGS_ROWS`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "test code"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use gocachescan::locate::{Flags, Host, resolve};
use gocachescan::report::env::env_json;
use serde_json::Value;

/// A folder with as much of a Go installation as tells which one it is.
fn make_goroot(root: &Path, about: &Value) {
    let experiments: String =
        about["experiments"].as_array().unwrap().iter().map(|e| format!("\t{} bool\n", e.as_str().unwrap())).collect();
    let host = about["host"].as_str().unwrap();
    for (path, text) in [
        ("VERSION", format!("{}\n", about["go"].as_str().unwrap())),
        ("go.env", about["go.env"].as_str().unwrap().to_owned()),
        ("src/internal/goexperiment/flags.go", format!("type Flags struct {{\n{experiments}}}\n")),
        ("bin/go", String::new()),
        (&format!("pkg/tool/{host}/compile"), String::new()),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::set_permissions(root.join("bin/go"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// What differs from Go's answer in one row.
fn differences(row: &Value, goroot: &Path) -> Vec<String> {
    let sandbox = tempfile::tempdir().unwrap();
    let (w, root) = (sandbox.path().to_str().unwrap(), goroot.to_str().unwrap());
    let fill = |text: &str| text.replace("$W", w).replace("$GOROOT", root);
    for dir in ["home", "cwd"] {
        fs::create_dir_all(sandbox.path().join(dir)).unwrap();
    }
    for (path, text) in row["files"].as_object().unwrap() {
        let path = fill(path);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(path, fill(text.as_str().unwrap())).unwrap();
    }
    let mut env: BTreeMap<_, _> =
        row["env"].as_object().unwrap().iter().map(|(k, v)| (k.into(), fill(v.as_str().unwrap()).into())).collect();
    env.insert("PATH".into(), format!("{root}/bin:/usr/bin:/bin").into());
    let host = Host { env, cwd: sandbox.path().join("cwd") };
    let settings = match resolve(&host, &Flags::default()) {
        Ok(settings) if row["answer"].is_null() => {
            return vec![format!("Go refuses: {}; we: {}", row["why"], settings.text("GOROOT"))];
        }
        Ok(settings) => settings,
        // In Go's own words, behind a warning of its perhaps.
        Err(why) if row["answer"].is_null() => {
            let theirs = fill(row["why"].as_str().unwrap());
            let ours = why.to_string();
            return if theirs.contains(ours.lines().next().unwrap().trim_end()) {
                Vec::new()
            } else {
                vec![format!("Go says {theirs:?}, we {ours:?}")]
            };
        }
        Err(why) => return vec![format!("we refuse: {why}")],
    };
    let mut wrong = Vec::new();
    for part in ["answer", "costly"] {
        let Some(answer) = row[part].as_object() else { continue };
        let names: Vec<String> = answer.keys().cloned().collect();
        let ours: Value = serde_json::from_slice(&env_json(&settings, &names)).unwrap();
        for (name, theirs) in answer {
            let theirs = fill(theirs.as_str().unwrap());
            let got = ours[name].as_str().unwrap();
            // A program that Go finds in PATH lies where it lies.
            if got != theirs && !(name == "GOTOOLDIR" && theirs.is_empty()) {
                wrong.push(format!("{name}: Go {theirs:?}, we {got:?}"));
            }
        }
    }
    wrong
}

fn hold(table: &str) -> (usize, usize) {
    let (mut good, mut bad) = (0, 0);
    let mut goroot = tempfile::tempdir().unwrap();
    for line in table.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        if row.get("go").is_some() {
            goroot = tempfile::tempdir().unwrap();
            make_goroot(goroot.path(), &row);
            continue;
        }
        let wrong = differences(&row, goroot.path());
        if wrong.is_empty() {
            good += 1;
        } else {
            bad += 1;
            println!("env {}\nfiles {}\n  {}", row["env"], row["files"], wrong.join("\n  "));
        }
    }
    (good, bad)
}

#[test]
fn settings_are_those_of_go_env() {
    let frozen = include_str!("oracle/settings/frozen.jsonl");
    let table = match std::env::var_os("SETTINGS_ROWS") {
        Some(path) => fs::read_to_string(path).unwrap(),
        None => frozen.to_owned(),
    };
    let (good, bad) = hold(&table);
    println!("{good} rows agree, {bad} do not");
    assert_eq!(bad, 0);
    assert!(good > 100);
}
