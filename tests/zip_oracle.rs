//! Holds the reading of module zips against Go's own verdict: archive/zip, golang.org/x/mod/zip and dirhash. The frozen rows
//! are the cases of x/mod's own tests and a few hundred zips damaged at random; the script `tests/oracle/modzip/run` makes
//! more with Go and names them in `ZIP_ROWS`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "test code"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gocachescan::evidence::zip::{Request, Verifier, ZipEvidence};
use gocachescan::facts::ModuleVersion;
use gocachescan::format::module;
use gocachescan::format::zip::ZipClass;
use gocachescan::sys;
use serde_json::Value;

fn verify(verifier: &mut Verifier, path: &Path, module: &ModuleVersion) -> ZipEvidence {
    let file = sys::open(path).expect("the zip opens");
    let request = Request { module, zip: Some((path, &file)), tree: None, rows: false };
    verifier.verify(&request, &mut |_| {}).zip.expect("a zip was given")
}

/// What differs from Go's verdict.
fn compare(row: &Value, zip: &ZipEvidence, module: &ModuleVersion) -> Vec<String> {
    let mut out = Vec::new();
    let go = |key: &str| row[key].as_bool().expect("a verdict");
    let mut differ = |what: &str, go: String, ours: String| {
        if go != ours {
            let damage: Vec<String> = zip.damage.iter().map(ToString::to_string).collect();
            out.push(format!("{}: {what}: go {go} ({}), ours {ours}: {damage:?}", row["name"], row["why"]));
        }
    };
    let of = |classes: &[ZipClass]| zip.damage.iter().any(|d| classes.contains(&d.class()));
    // Of a zip that Go refuses we give up before Go does where members share their bytes or claim too much: that is told, and
    // what lies behind is not looked at.
    let given_up = zip.h1.is_none() && !go("extracted") && of(&[ZipClass::TooLarge, ZipClass::Headers]);
    if !given_up {
        differ("h1", row["h1"].as_str().unwrap_or("").to_owned(), zip.h1.map(|h| h.to_string()).unwrap_or_default());
    }
    // Module path and version are judged elsewhere.
    if module::check(module.path.as_bytes(), &module.version).is_err()
        || zip.unread.is_some()
        || module::version::canonical_version(&module.version) != module.version
    {
        return out;
    }
    let listed = go("listed") || of(&[ZipClass::TooLarge]);
    differ("listed", listed.to_string(), zip.listed.to_string());
    let checked = zip.listed && !of(&[ZipClass::Name, ZipClass::Collision, ZipClass::TooLarge]);
    differ("checked", go("checked").to_string(), checked.to_string());
    if !given_up {
        differ("extracted", go("extracted").to_string(), (!zip.damage.refused()).to_string());
    }
    out
}

fn hold(rows: &Path) -> (usize, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("x.zip");
    let mut verifier = Verifier::default();
    let (mut count, mut wrong) = (0, Vec::new());
    for line in BufReader::new(std::fs::File::open(rows).unwrap()).lines() {
        let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = |key: &str| row[key].as_str().unwrap_or("").to_owned();
        let module = ModuleVersion { path: text("path"), version: text("version") };
        let path = match row["file"].as_str() {
            Some(file) => PathBuf::from(file),
            None => {
                let bytes = STANDARD.decode(text("zip")).unwrap();
                std::fs::File::create(&made).unwrap().write_all(&bytes).unwrap();
                made.clone()
            }
        };
        wrong.extend(compare(&row, &verify(&mut verifier, &path, &module), &module));
        count += 1;
    }
    (count, wrong)
}

#[test]
fn the_verdict_is_that_of_go() {
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/modzip/frozen.jsonl");
    let rows = std::env::var_os("ZIP_ROWS").map_or(frozen, PathBuf::from);
    let (count, wrong) = hold(&rows);
    println!("{count} zips, {} differences", wrong.len());
    assert!(count >= 100, "only {count} rows");
    assert!(wrong.is_empty(), "{} differences in {count} zips:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}
