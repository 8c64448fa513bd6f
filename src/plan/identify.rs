//! What a path that the user named is, told from what is in it.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::finding::RootKind;
use crate::place::QUARANTINE;
use crate::sys::{self, NodeKind};

/// So many entries of a folder are looked at: a cache shows what it is in its first level.
const LOOKED_AT: usize = 4096;

/// What `path` is. A folder of GOPATH is several things: its module cache, its checksum database and its binaries.
///
/// Fails where it is none of Go's, with the flag that says what it is.
pub fn identify(path: &Path) -> Result<Vec<(RootKind, PathBuf)>, Error> {
    if path.iter().any(|part| part == QUARANTINE) {
        return Err(usage(path, "lies in a quarantine; `gocachescan quarantine list` tells what is in it"));
    }
    match sys::Dir::open_root(path) {
        Ok(_) => folder(path),
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => file(path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(usage(path, "does not exist")),
        Err(e) => Err(Error::io("look into", path, e)),
    }
}

fn usage(path: &Path, what: &str) -> Error {
    Error::Usage(format!("`{}` {what}", path.display()))
}

fn file(path: &Path) -> Result<Vec<(RootKind, PathBuf)>, Error> {
    let head = match sys::open(path).and_then(|mut f| f.read_all(8)) {
        Ok((head, _)) => head,
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => return Err(usage(path, &format!("{e}, no cache or binary"))),
        Err(e) => return Err(Error::io("read", path, e)),
    };
    if is_executable(&head) {
        Ok(vec![(RootKind::Binary, path.to_path_buf())])
    } else {
        Err(usage(path, "is no executable; `--bin` scans it as one all the same"))
    }
}

fn folder(path: &Path) -> Result<Vec<(RootKind, PathBuf)>, Error> {
    let is = |rel: &str, kind| stat_following(&path.join(rel)) == Some(kind);
    let one = |kind| Ok(vec![(kind, path.to_path_buf())]);
    let names = names(path);
    let shards = names.iter().filter(|n| n.len() == 2 && n.bytes().all(|b| b.is_ascii_hexdigit())).count();
    if shards >= 16 || (shards > 0 && (is("trim.txt", NodeKind::File) || is("README", NodeKind::File))) {
        return one(RootKind::Gocache);
    }
    if is("cache/download", NodeKind::Dir) || is("cache/lock", NodeKind::File) || has_module(path) {
        return one(RootKind::Gomodcache);
    }
    if is("VERSION", NodeKind::File) && (is("pkg/tool", NodeKind::Dir) || is("src/runtime", NodeKind::Dir)) {
        return one(RootKind::Goroot);
    }
    if is("pkg/mod", NodeKind::Dir) || is("pkg/sumdb", NodeKind::Dir) {
        let parts = [("pkg/mod", RootKind::Gomodcache), ("pkg/sumdb", RootKind::Sumdb), ("bin", RootKind::Gobin)];
        return Ok(parts
            .into_iter()
            .filter(|(rel, _)| is(rel, NodeKind::Dir))
            .map(|(rel, kind)| (kind, path.join(rel)))
            .collect());
    }
    if names.iter().any(|n| is(&format!("{n}/latest"), NodeKind::File) || is(&format!("{n}/lookup"), NodeKind::Dir)) {
        return one(RootKind::Sumdb);
    }
    let binary =
        |n: &String| sys::open(&path.join(n)).and_then(|mut f| f.read_all(8)).is_ok_and(|(head, _)| is_executable(&head));
    if names.iter().any(binary) {
        return one(RootKind::Binary);
    }
    Err(usage(
        path,
        "is no cache or folder of binaries that can be told; `--gocache`, `--gomodcache` or `--bin` says which it is",
    ))
}

/// Names in a folder, those that are UTF-8: Go makes no others on this level.
fn names(path: &Path) -> Vec<String> {
    let all = walkdir::WalkDir::new(path).min_depth(1).max_depth(1).into_iter().flatten();
    all.filter_map(|e| e.file_name().to_str().map(str::to_owned)).take(LOOKED_AT).collect()
}

/// Whether an extracted module lies near the top: all that is left of a module cache that was copied in part.
fn has_module(path: &Path) -> bool {
    let all = walkdir::WalkDir::new(path).min_depth(1).max_depth(3).into_iter().flatten();
    all.take(LOOKED_AT).any(|e| e.file_type().is_dir() && e.file_name().to_str().is_some_and(|n| n.contains("@v")))
}

/// The type of what is at `path`, a link followed as Go does with its roots.
fn stat_following(path: &Path) -> Option<NodeKind> {
    let kind = sys::lstat(path).ok()?.kind;
    if kind != NodeKind::Link {
        return Some(kind);
    }
    match sys::Dir::open_root(path) {
        Ok(_) => Some(NodeKind::Dir),
        Err(_) => sys::open(path).is_ok().then_some(NodeKind::File),
    }
}

/// Whether a file begins as an executable of a system that Go builds for.
fn is_executable(head: &[u8]) -> bool {
    const MAGIC: &[&[u8]] = &[
        b"\x7fELF",
        b"MZ",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\xca\xfe\xba\xbf",
        b"\0asm",
        b"\x01\xdf",
        b"\x01\xf7",
        // Plan 9: 386, arm, amd64.
        b"\0\0\x01\xeb",
        b"\0\0\x06\x47",
        b"\0\0\x8a\x97",
    ];
    MAGIC.iter().any(|m| head.starts_with(m))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for f in files {
            let bytes: &[u8] = if f.contains("bin/") { b"\x7fELF\x02\x01\x01\0" } else { b"text" };
            sys::write_file(&dir.path().join(f), bytes).unwrap();
        }
        dir
    }

    fn kinds(dir: &Path) -> Vec<RootKind> {
        identify(dir).unwrap().into_iter().map(|(kind, _)| kind).collect()
    }

    #[test]
    fn content_tells_the_kind() {
        assert_eq!(kinds(world(&["trim.txt", "3f/x-a"]).path()), [RootKind::Gocache]);
        assert_eq!(kinds(world(&["cache/download/x/@v/list"]).path()), [RootKind::Gomodcache]);
        assert_eq!(kinds(world(&["golang.org/x/text@v0.3.8/go.mod"]).path()), [RootKind::Gomodcache]);
        assert_eq!(kinds(world(&["sum.golang.org/latest"]).path()), [RootKind::Sumdb]);
        assert_eq!(kinds(world(&["VERSION", "src/runtime/x.go"]).path()), [RootKind::Goroot]);
        let gopath = world(&["pkg/mod/cache/lock", "bin/tool"]);
        assert_eq!(kinds(gopath.path()), [RootKind::Gomodcache, RootKind::Gobin]);
        assert_eq!(kinds(&gopath.path().join("bin")), [RootKind::Binary]);
        assert_eq!(kinds(&gopath.path().join("bin/tool")), [RootKind::Binary]);
    }

    #[test]
    fn a_quarantine_is_no_cache() {
        let dir = world(&[".gocachescan-quarantine/2026-11-22T23-14-07/000001/cache/download/x/@v/list"]);
        for path in [".gocachescan-quarantine", ".gocachescan-quarantine/2026-11-22T23-14-07/000001"] {
            let error = identify(&dir.path().join(path)).unwrap_err().to_string();
            assert!(error.contains("quarantine list"), "{error}");
        }
    }

    #[test]
    fn what_is_none_of_it_is_refused_with_a_way_on() {
        let dir = world(&["notes.txt"]);
        for (path, say) in
            [("", "--gocache"), ("notes.txt", "--bin"), ("absent", "does not exist"), ("notes.txt/x", "is no executable")]
        {
            match identify(&dir.path().join(path)) {
                Err(e @ Error::Usage(_)) => assert!(e.to_string().contains(say), "{path}: {e}"),
                Err(Error::Io { .. }) if path == "notes.txt/x" => {}
                other => panic!("{path}: {other:?}"),
            }
        }
    }
}
