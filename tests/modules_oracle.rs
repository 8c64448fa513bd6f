//! Holds `format::module` against golang.org/x/mod's own answers. The frozen table has rows of each function; the script
//! `tests/oracle/modules/run` makes the whole table with Go and names it in `MODULE_ROWS`.

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
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use gocachescan::format::gitconfig::{Entry, GitConfig};
use gocachescan::format::info::Info;
use gocachescan::format::module::pseudo::PseudoVersion;
use gocachescan::format::module::{self, pattern, version};
use gocachescan::format::{gomod, gowork};
use serde_json::Value;

fn bytes(v: &Value) -> Vec<u8> {
    match v {
        Value::String(s) => s.clone().into_bytes(),
        Value::Object(o) => {
            let hex = o["hex"].as_str().expect("hex");
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("digits")).collect()
        }
        other => panic!("no string: {other}"),
    }
}

/// What the row's function gives here: the values, or `Err` with the reason; `None` for a function that is not ours.
fn answer(function: &str, inputs: &[Vec<u8>]) -> Option<Result<Vec<Vec<u8>>, String>> {
    let first = inputs.first().expect("an input");
    let second = || inputs.get(1).expect("two inputs");
    // Versions that are no UTF-8 are no versions, and no more are they with U+FFFD in them.
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    let checked = |r: Result<&str, module::path::PathFault>| r.map(|_| vec![]).map_err(|e| e.to_string());
    let one = |r: Result<String, module::path::PathFault>| r.map(|s| vec![s.into_bytes()]).map_err(|e| e.to_string());
    let words = |w: Vec<String>| Ok(w.into_iter().map(String::into_bytes).collect());
    let as_text = |b: &[u8]| std::str::from_utf8(b).map(str::to_owned).map_err(|_| module::path::PathFault::InvalidUtf8);
    let v = text(first);
    Some(match function {
        "module.CheckPath" => checked(module::check_path(first)),
        "module.CheckImportPath" => checked(module::check_import_path(first)),
        "module.CheckFilePath" => checked(module::check_file_path(first)),
        "module.Check" => module::check(first, &text(second())).map(|()| vec![]).map_err(|e| e.to_string()),
        "module.CheckPathMajor" => module::check_path_major(&v, &text(second())).map(|()| vec![]).map_err(|e| e.to_string()),
        "module.EscapePath" => one(as_text(first).and_then(|p| module::escape_path(&p))),
        "module.EscapeVersion" => one(as_text(first).and_then(|p| module::escape_version(&p))),
        "module.UnescapePath" => one(module::unescape_path(first)),
        "module.UnescapeVersion" => one(module::unescape_version(first)),
        "module.SplitPathVersion" => {
            // Only ASCII letters matter to it: bytes that are no UTF-8 stand in as the characters of the same number.
            let path: String = first.iter().copied().map(char::from).collect();
            let raw = |s: &str| s.chars().map(|c| u8::try_from(c).expect("a byte")).collect::<Vec<u8>>();
            Ok(match module::split_path_version(&path) {
                Some((prefix, major)) => vec![raw(prefix), raw(major), b"true".to_vec()],
                None => vec![raw(&path), vec![], b"false".to_vec()],
            })
        }
        "module.CanonicalVersion" => words(vec![version::canonical_version(&v)]),
        "module.IsPseudoVersion" => words(vec![PseudoVersion::parse(&v).is_some().to_string()]),
        "module.PseudoVersionTime" => {
            let p = PseudoVersion::parse(&v)?;
            p.time().map(|t| vec![t.as_bytes().to_vec()]).ok_or_else(|| "malformed time".to_owned())
        }
        "module.PseudoVersionRev" => words(vec![PseudoVersion::parse(&v)?.revision.to_owned()]),
        "module.PseudoVersionBase" => {
            let p = PseudoVersion::parse(&v)?;
            p.base().map(|b| vec![b.into_bytes()]).ok_or_else(|| "no base".to_owned())
        }
        "module.MatchPrefixPatterns" => words(vec![pattern::match_prefix_patterns(first, second()).to_string()]),
        "semver.IsValid" => words(vec![version::is_valid(&v).to_string()]),
        "semver.Canonical" => words(vec![
            version::canonical(&v),
            version::major(&v).to_owned(),
            version::major_minor(&v),
            version::prerelease(&v).to_owned(),
            version::build(&v).to_owned(),
        ]),
        "semver.Compare" => words(vec![i32::from(version::compare(&v, &text(second())) as i8).to_string()]),
        "modfile.ModulePath" => Ok(vec![gomod::module_path(first)]),
        "modfile.ParseWork" => Ok(gowork::uses(first)),
        "info.Unmarshal" => Info::parse(first)
            .map(|i| vec![i.version.into_bytes(), i.has_origin.to_string().into_bytes()])
            .map_err(|e| e.to_string()),
        "git.config" => {
            let config = GitConfig::parse(first);
            let shown = |e: Entry| match &e.value {
                Some(value) => format!("{}\n{value}", e.key()).into_bytes(),
                None => e.key().into_bytes(),
            };
            config.bad.map_or_else(|| Ok(config.entries.into_iter().map(shown).collect()), |b| Err(b.to_string()))
        }
        _ => return None,
    })
}

#[test]
fn answers_are_those_of_go() {
    let table = std::env::var("MODULE_ROWS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/modules/frozen.jsonl").to_owned());
    let file = std::fs::File::open(&table).unwrap_or_else(|e| panic!("{table}: {e}"));
    let mut equal: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut skipped: BTreeMap<String, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in BufReader::new(file).lines() {
        let row: Value = serde_json::from_str(&line.expect("a line")).expect("a row");
        let function = row["fn"].as_str().expect("fn");
        let inputs: Vec<Vec<u8>> = row["in"].as_array().expect("in").iter().map(bytes).collect();
        let want: Vec<Vec<u8>> = row["out"].as_array().expect("out").iter().map(bytes).collect();
        let accepted = row["ok"].as_bool().expect("ok");
        let Some(got) = answer(function, &inputs) else {
            *skipped.entry(function.to_owned()).or_default() += 1;
            continue;
        };
        // Go's reason, without the path that it repeats and without the letter, which Go quotes in another way.
        let reason = |e: &str| e.split(" '").next().unwrap_or(e).to_owned();
        // Before 2.45 git wrote a blank for each tab and CR inside a value.
        let blank = |b: &Vec<u8>| String::from_utf8_lossy(b).replace(['\t', '\r'], " ");
        let lossy = |all: &[Vec<u8>]| all.iter().map(blank).collect::<Vec<_>>();
        let same = match (&got, accepted) {
            (Ok(got), true) if function == "git.config" => lossy(got) == lossy(&want),
            (Ok(got), true) => *got == want,
            // Go stops on the whole file; what we make of its other lines is our own affair.
            (Ok(_), false) if function == "modfile.ParseWork" => true,
            (Err(why), false) => {
                let err = String::from_utf8_lossy(&bytes(&row["err"])).into_owned();
                let named = ["module.CheckPath", "module.CheckImportPath", "module.CheckFilePath", "module.CheckPathMajor"];
                !named.contains(&function) || why.starts_with("invalid path element") || err.contains(&reason(why))
            }
            _ => false,
        };
        let count = equal.entry(function.to_owned()).or_default();
        count.0 += 1;
        count.1 += u64::from(accepted);
        if !same && wrong.len() < 40 {
            wrong.push(format!(
                "{function}({:?}): here {:?}, in Go {}",
                inputs.iter().map(|i| String::from_utf8_lossy(i)).collect::<Vec<_>>(),
                got.map(|g| g.iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect::<Vec<_>>()),
                row
            ));
        }
    }
    for (function, (rows, accepted)) in &equal {
        println!("{function:28} {rows:7} rows, {accepted:7} accepted");
    }
    println!("not ours: {skipped:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(equal.len() >= 23 && equal.values().map(|c| c.0).sum::<u64>() >= 1500, "the table has too few rows: {equal:?}");
}
