//! One pass over every module of a module cache, as the scan makes it: `cargo bench --bench module_pass -- GOMODCACHE
//! [JOBS]`. Prints what was read and everything that was found; exit status 1 if anything was. `benches/module_verify.py`
//! holds its cost against that of `go mod verify`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, reason = "a measuring tool")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gocachescan::evidence::zip::{ModuleEvidence, Request, Verifier};
use gocachescan::facts::ModuleVersion;
use gocachescan::format::module::{unescape_path, unescape_version};
use gocachescan::sys::{self, Dir};
use rayon::prelude::*;

struct Found {
    module: ModuleVersion,
    zip: PathBuf,
    tree: PathBuf,
    size: u64,
}

fn modules(root: &Path) -> Vec<Found> {
    let download = root.join("cache/download");
    let mut out = Vec::new();
    for entry in walkdir::WalkDir::new(&download).into_iter().flatten() {
        let rel = entry.path().strip_prefix(&download).unwrap().to_str().unwrap_or("").to_owned();
        let Some((path, version)) = rel.strip_suffix(".zip").and_then(|r| r.split_once("/@v/")) else { continue };
        let (Ok(path), Ok(plain)) = (unescape_path(path.as_bytes()), unescape_version(version.as_bytes())) else { continue };
        let tree = root.join(format!("{}@{version}", rel.split_once("/@v/").unwrap().0));
        let size = entry.metadata().map_or(0, |m| m.len());
        out.push(Found { module: ModuleVersion { path, version: plain }, zip: entry.path().to_path_buf(), tree, size });
    }
    out.sort_by_key(|f| std::cmp::Reverse(f.size));
    out
}

fn verify(verifier: &mut Verifier, found: &Found, nodes: &mut u64) -> ModuleEvidence {
    let zip = sys::open(&found.zip).expect("the zip opens");
    let tree = Dir::open_root(&found.tree).ok();
    let request = Request { module: &found.module, zip: Some((&found.zip, &zip)), tree: tree.as_ref(), rows: false };
    verifier.verify(&request, &mut |_| *nodes += 1)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let Some(root) = args.first() else {
        println!("usage: module_pass GOMODCACHE [JOBS]");
        return ExitCode::SUCCESS;
    };
    let jobs = args.get(1).and_then(|j| j.parse().ok()).unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().expect("threads");
    let all = modules(Path::new(root));
    let seen: Vec<(ModuleEvidence, Option<String>, u64)> = pool.install(|| {
        all.par_iter()
            .with_max_len(1)
            .map_init(Verifier::default, |verifier, found| {
                let mut nodes = 0;
                let evidence = verify(verifier, found, &mut nodes);
                let claimed = std::fs::read_to_string(found.zip.with_extension("ziphash")).ok();
                (evidence, claimed, nodes)
            })
            .collect()
    });
    let (mut bytes, mut files, mut nodes, mut trees, mut wrong) = (0, 0, 0, 0, 0);
    for (evidence, claimed, n) in &seen {
        let zip = evidence.zip.as_ref().expect("a zip was given");
        bytes += zip.bytes;
        files += zip.members;
        nodes += n;
        let h1 = zip.h1.map(|h| h.to_string());
        let mut say = |what: String| {
            wrong += 1;
            println!("{}: {what}", evidence.module);
        };
        if h1.as_deref() != claimed.as_deref().map(str::trim) {
            say(format!("zip is {h1:?}, .ziphash says {claimed:?}"));
        }
        for damage in zip.damage.iter() {
            say(format!("zip: {damage}"));
        }
        if zip.changed || zip.unread.is_some() {
            say(format!("zip changed or unread: {:?}", zip.unread));
        }
        let Some(tree) = &evidence.tree else { continue };
        trees += 1;
        if tree.same_as_zip == Some(false) || tree.h1 != zip.h1 {
            say(format!("directory is {:?}, zip {h1:?}", tree.h1));
        }
        for damage in &tree.damage {
            say(format!("directory: {damage:?}"));
        }
        for (path, error) in &tree.unread {
            say(format!("directory: cannot read {}: {error}", path.display()));
        }
    }
    println!("{} zips, {trees} directories, {files} members, {bytes} bytes, {nodes} nodes, {wrong} wrong", seen.len());
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
