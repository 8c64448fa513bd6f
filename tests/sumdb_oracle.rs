//! Holds our reading of the checksum database against golang.org/x/mod's own client, on a log with its own key. The frozen table
//! holds over a thousand damaged databases; `tests/oracle/sumdb/run` makes more with Go and names them in `SUMDB_ROWS`.

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
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gocachescan::check::sumdb::{self, Exempt};
use gocachescan::evidence::node::Root;
use gocachescan::evidence::owners::Owners;
use gocachescan::evidence::sumdb::{Database, Latest, latest};
use gocachescan::evidence::tally::Tally;
use gocachescan::facts::{ModuleVersion, SumdbFile, SumdbVerdict};
use gocachescan::finding::RootKind;
use gocachescan::format::sumdb::key::VerifierKey;
use gocachescan::format::sumdb::note;
use gocachescan::format::sumdb::text::{Record, parse_tree};
use gocachescan::format::sumdb::tile::Tile;
use gocachescan::rule::Level;
use serde_json::Value;

const NAME: &str = "sum.oracle.test";

fn rows() -> Vec<Value> {
    let table: Box<dyn Read> = match std::env::var("SUMDB_ROWS") {
        Ok(path) => Box::new(std::fs::File::open(path).unwrap()),
        Err(_) => {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/sumdb/frozen.jsonl.gz");
            Box::new(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()))
        }
    };
    BufReader::new(table).lines().map(|l| serde_json::from_str(&l.unwrap()).unwrap()).collect()
}

fn bytes(v: &Value) -> Vec<u8> {
    match v {
        Value::String(s) => s.clone().into_bytes(),
        Value::Object(o) => {
            let hex = o["hex"].as_str().unwrap();
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
        }
        other => panic!("no string: {other}"),
    }
}

fn answer(function: &str, input: &[u8], key: &VerifierKey) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(input);
    let words = |w: Vec<String>| w.into_iter().map(String::into_bytes).collect();
    match function {
        "ParseTilePath" => Tile::parse(text.ok()?).map(|t| {
            let level = t.level.map_or("-1".to_owned(), |l| l.to_string());
            words(vec![t.height.to_string(), level, t.number.to_string(), t.width.to_string()])
        }),
        "ParseTree" => parse_tree(input).map(|t| words(vec![t.size.to_string(), t.root.to_string()])),
        "ParseRecord" => Record::parse(input).map(|r| vec![r.id.to_string().into_bytes(), r.text.to_vec(), r.rest.to_vec()]),
        "NewVerifier" => {
            VerifierKey::parse(text.ok()?).ok().map(|k| words(vec![k.name().to_owned(), format!("{:08x}", k.hash())]))
        }
        "Open" => note::open(input, Some(key)).ok().map(|t| vec![t.as_bytes().to_vec()]),
        other => panic!("no function of ours: {other}"),
    }
}

fn base(rows: &[Value]) -> (&Value, VerifierKey) {
    let base = rows.iter().find(|r| r.get("base").is_some()).unwrap();
    (base, VerifierKey::parse(base["key"].as_str().unwrap()).unwrap())
}

#[test]
fn functions_answer_as_gos() {
    let rows = rows();
    let (_, key) = base(&rows);
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.get("fn").is_some()) {
        let function = row["fn"].as_str().unwrap();
        let input = bytes(&row["in"][0]);
        let want = row["ok"].as_bool().unwrap().then(|| row["out"].as_array().unwrap().iter().map(bytes).collect::<Vec<_>>());
        let count = counts.entry(function).or_default();
        count.0 += 1;
        count.1 += u32::from(want.is_some());
        assert_eq!(answer(function, &input, &key), want, "{row}");
    }
    println!("rows and accepted: {counts:?}");
    assert!(counts.len() == 5 && counts.values().all(|(rows, accepted)| *rows >= 200 && *accepted >= 2), "{counts:?}");
}

fn write(root: &Path, file: &str, content: Option<Vec<u8>>) -> PathBuf {
    let path = match file.strip_suffix("/latest") {
        Some(name) => root.join("sumdb").join(name).join("latest"),
        None => root.join("mod/cache/download/sumdb").join(file),
    };
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    match content {
        Some(content) => std::fs::write(&path, content).unwrap(),
        None => drop(std::fs::remove_file(&path)),
    }
    path
}

fn list(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(root.join(folder)).sort_by_file_name();
    let files = walk.into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file());
    files.map(|e| e.path().strip_prefix(root).unwrap().to_path_buf()).collect()
}

/// What we say of a database: the worst, every rule that speaks, and the sums that count as proven.
struct Ours {
    verdict: &'static str,
    rules: Vec<&'static str>,
    proven: Vec<(ModuleVersion, String)>,
}

fn ours(world: &Path, key: &VerifierKey, modules: &[ModuleVersion]) -> Ours {
    let mut tally = Tally::new(|_, _, _, _| {});
    let open = |kind, name| Root::open(kind, &world.join(name), &Owners::look()).unwrap();
    let (root, heads) = (open(RootKind::Gomodcache, "mod"), open(RootKind::Sumdb, "sumdb"));
    let latest: Latest = latest(&heads, &[NAME.to_owned()].into_iter().collect(), &mut tally);
    let folder = Path::new("cache/download/sumdb").join(NAME);
    let files = list(&root.path, &folder);
    let database = Database::read(&root, NAME, &folder, &files, key, latest.get(NAME), &mut tally);
    if let Some((path, state)) = &database.latest {
        sumdb::latest(NAME, path, *state, &mut tally.sink);
    }
    let judged = sumdb::database(&root.path, &database, &Exempt::default(), &mut tally.sink);
    assert!(tally.unread.is_empty(), "{:?}", tally.unread);
    let lookups = judged.rows.iter().filter(|r| r.kind == SumdbFile::Lookup && r.verdict == SumdbVerdict::Proven).count();
    let told: Vec<_> = tally.sink.iter().filter(|f| f.level > Level::Note).collect();
    let verdict = match (told.iter().any(|f| f.level == Level::Error), lookups == modules.len()) {
        (true, _) => "error",
        (false, true) => "ok",
        (false, false) => "offline",
    };
    let mut rules: Vec<_> = told.iter().map(|f| f.rule.id).collect();
    rules.dedup();
    let sum = |m: &ModuleVersion| Some((m.clone(), judged.proofs.of(m)?.zip?.to_string()));
    Ours { verdict, rules, proven: modules.iter().filter_map(sum).collect() }
}

#[test]
fn databases_are_judged_as_by_gos_client() {
    let rows = rows();
    let (first, key) = base(&rows);
    let decode = |v: &Value| v.as_str().map(|s| STANDARD.decode(s).unwrap());
    let world = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(world.path().join("sumdb")).unwrap();
    let files = first["base"].as_object().unwrap();
    for (file, content) in files {
        write(world.path(), file, decode(content));
    }
    let truth: BTreeMap<&str, &str> =
        first["truth"].as_object().unwrap().iter().map(|(path, sum)| (path.as_str(), sum.as_str().unwrap())).collect();
    let modules: Vec<ModuleVersion> =
        truth.keys().map(|path| ModuleVersion { path: (*path).to_owned(), version: "v1.0.0".to_owned() }).collect();
    let mut table: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
    let mut total = 0;
    for row in rows.iter().filter(|r| r.get("kind").is_some()) {
        let edit = row["edit"].as_object().unwrap();
        for (file, content) in edit {
            write(world.path(), file, decode(content));
        }
        let ours = ours(world.path(), &key, &modules);
        let (kind, go) = (row["kind"].as_str().unwrap(), row["go"].as_str().unwrap());
        total += 1;
        *table.entry((kind, go, ours.verdict)).or_default() += 1;
        let shown =
            || format!("{kind}: go says {go}, we say {} {:?}: {:?}", ours.verdict, ours.rules, edit.keys().collect::<Vec<_>>());
        // Nothing false is ever proven.
        for (module, sum) in &ours.proven {
            assert_eq!(truth[module.path.as_str()], sum, "{}", shown());
        }
        match (go, ours.verdict) {
            (a, b) if a == b => {}
            // Stricter: Go never looks at this file, at this number, or at two heads together.
            ("ok" | "offline", "error") => assert_ne!(kind, "untouched", "{}", shown()),
            // Other widths of a tile, other heads: Go looks at the newest head alone.
            ("offline", "ok") => {}
            ("loops", "offline" | "ok") => {}
            _ => panic!("{}", shown()),
        }
        let quiet = [
            "untouched",
            "partial beside full",
            "latest older",
            "latest gone",
            "tile gone",
            "tiles gone",
            "lookup empty or gone",
        ];
        assert!(!quiet.contains(&kind) || ours.rules.is_empty(), "{}", shown());
        let loud = [
            "lookup sum forged",
            "lookup head of wrong key",
            "lookup of a fork",
            "lookup of another module",
            "latest of wrong key",
            "latest of a fork",
            "tile bit flipped",
            "tile too long",
            "altered partial beside full",
        ];
        assert!(!loud.contains(&kind) || ours.verdict == "error", "{}", shown());
        assert!(kind != "tile past the end" || ours.rules == ["tile-past-end"], "{}", shown());
        for file in edit.keys() {
            write(world.path(), file, files.get(file).and_then(decode));
        }
    }
    for ((kind, go, ours), n) in &table {
        println!("{n:6}  {kind:30} go {go:8} ours {ours:8}{}", if go == ours { "" } else { "  *" });
    }
    assert!(total >= 1000, "{total}");
}
