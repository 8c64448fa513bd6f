//! Go's own reading of executables against ours, row by row. The rows come from `tests/oracle/buildinfo`, a small Go
//! program; `tests/oracle/run-buildinfo.py` builds the files, makes the rows and runs this test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "test code"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use gocachescan::check;
use gocachescan::evidence::binary::{BinaryDamage, BinaryEvidence, read};
use gocachescan::facts::BuildModule;
use gocachescan::finding::{RootKind, Sink};
use gocachescan::format::binary::{lossy, read_build_id, read_build_info};
use gocachescan::rule::Level;
use gocachescan::sys;
use serde_json::{Value, json};

/// A module as the Go program writes it.
fn module(m: &BuildModule) -> Value {
    let mut v = json!({"path": m.path, "version": m.version, "sum": m.sum});
    if let (Some(by), Some(object)) = (&m.replace, v.as_object_mut()) {
        object.insert("replace".to_owned(), module(by));
    }
    v
}

/// Our reading of one file, in the shape of a row.
fn row(path: &std::path::Path) -> (Value, BinaryEvidence) {
    let file = sys::open(path).expect("the file opens");
    let info = read_build_info(&file).expect("the file is read");
    let evidence = read(path, &file).expect("the file is read");
    let format = evidence.fact.format;
    let mut row = json!({"format": format, "go": info.is_ok(), "err": "", "go_version": "", "path_pkg": "", "main": null,
        "deps": [], "settings": []});
    match info {
        Err(e) => row["err"] = json!(e.to_string()),
        Ok(info) => {
            row["go_version"] = json!(info.go_version);
            row["path_pkg"] = json!(info.modules.path);
            row["main"] = info.modules.main.as_ref().map_or(Value::Null, module);
            row["deps"] = info.modules.deps.iter().map(module).collect();
            row["settings"] = info.modules.settings.iter().map(|(k, v)| json!([k, v])).collect();
        }
    }
    if format != "other" {
        let id = read_build_id(&file).expect("the file is read");
        row["build_id_ok"] = json!(id.is_ok());
        row["raw_build_id"] = json!(id.map(|id| lossy(id.as_bytes())).unwrap_or_default());
    }
    (row, evidence)
}

#[test]
#[ignore = "needs Go and built files: run tests/oracle/run-buildinfo.py"]
fn equals_go_on_every_row() {
    let rows =
        PathBuf::from(std::env::var_os("GOCACHESCAN_ORACLE_ROWS").expect("GOCACHESCAN_ORACLE_ROWS names the file of rows"));
    let text = std::fs::read_to_string(rows).expect("the rows are readable");
    let (mut files, mut go_files, mut checked, mut loud) = (0, 0, 0, 0);
    let mut equal: BTreeMap<String, u64> = BTreeMap::new();
    let mut versions = BTreeSet::new();
    let mut different = Vec::new();
    for line in text.lines() {
        let want: Value = serde_json::from_str(line).expect("a row is JSON");
        let path = PathBuf::from(want["path"].as_str().expect("a row has a path"));
        let (got, evidence) = row(&path);
        files += 1;
        go_files += u64::from(want["go"] == true);
        versions.extend(want["go_version"].as_str().map(str::to_owned));
        let Some(got) = got.as_object() else { continue };
        for (key, ours) in got {
            if want[key] == *ours {
                *equal.entry(key.clone()).or_default() += 1;
            } else {
                different.push(format!("{}: {key}: Go says {}, we say {ours}", path.display(), want[key]));
            }
        }
        // Files as they were linked: no finding above note, and a content ID that fits wherever there is one.
        if want["pristine"] == true {
            let mut sink = Sink::default();
            check::binary::local(&evidence, RootKind::Gobin, &mut sink);
            checked += u64::from(evidence.fact.content_id_ok == Some(true));
            for finding in sink.into_findings() {
                // They are named after their platform, and Go installs no archives.
                let apart = finding.rule.id == "binary-name-mismatch" || want["format"] == "other";
                if finding.level > Level::Note && !apart {
                    loud += 1;
                    different.push(format!("{}: false alarm: {} {}", path.display(), finding.rule.id, finding.message));
                }
            }
        } else if evidence.damage.iter().any(|d| matches!(d, BinaryDamage::Content { .. })) {
            *equal.entry("damaged copies with another content ID".to_owned()).or_default() += 1;
        }
    }
    println!("{files} files, {go_files} with build info, {} versions of Go", versions.len().saturating_sub(1));
    println!("{checked} content IDs recomputed and equal on files as linked, {loud} false alarms");
    for (key, n) in &equal {
        println!("{n:6} equal: {key}");
    }
    assert!(files > 0, "no rows");
    assert!(different.is_empty(), "{} differences:\n{}", different.len(), different[..different.len().min(40)].join("\n"));
}
