//! Holds the code to the order of the rooms: a room uses only rooms above it (docs/ARCHITECTURE.md).

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

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every room that may be, top first. A room of this list that does not exist yet may be built; another one needs its place here first.
const ORDER: &[&str] = &[
    "word",
    "error",
    "facts",
    "count",
    "format",
    "sys",
    "remote",
    "locate",
    "place",
    "sample",
    "rule",
    "finding",
    "walk",
    "subject",
    "evidence",
    "environment",
    "check",
    "policy",
    "state",
    "plan",
    "report",
    "scan",
    "repair",
    "net",
    "cli",
];

/// Not rooms: the tour, and the caller of everything.
const OUTSIDE: &[&str] = &["lib", "main"];

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The code of a file that is not comment and not unit test.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod ").next().unwrap();
    body.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every name that stands directly after `crate::`, groups in braces included.
fn named(code: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let word = |s: &str| s.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => {
                out.insert(word(rest));
            }
            Some(group) => {
                let mut depth = 0;
                let mut start = true;
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && !c.is_whitespace() => {
                            out.insert(word(&group[i..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    out
}

fn room_of(file: &Path, src: &Path) -> String {
    let first = file.strip_prefix(src).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn a_room_uses_only_rooms_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 5, "the sources were not found below {}", src.display());
    let height = |room: &str| ORDER.iter().position(|r| *r == room);
    let mut wrong = Vec::new();
    for file in files {
        let room = room_of(&file, &src);
        if OUTSIDE.contains(&room.as_str()) {
            continue;
        }
        let Some(own) = height(&room) else {
            wrong.push(format!("{}: the room `{room}` has no place in ORDER", file.display()));
            continue;
        };
        for other in named(&code(&fs::read_to_string(&file).unwrap())) {
            match height(&other) {
                Some(theirs) if theirs > own => {
                    wrong.push(format!("{}: `{room}` uses `{other}`, which lies below it", file.display()))
                }
                Some(_) => {}
                None => wrong.push(format!("{}: `crate::{other}` is no room of ORDER", file.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_are_read_from_every_form_of_use() {
    let text = "use crate::{a::{x, y}, b, c::z};\nuse crate::d;\nfn f() -> crate::e::T {}\n// use crate::no;\nmod m { use other_crate::no; }\n#[cfg(test)]\nmod tests { use crate::no; }";
    assert_eq!(named(&code(text)).into_iter().collect::<Vec<_>>(), ["a", "b", "c", "d", "e"]);
}

/// Without `--online` no packet leaves: one room knows the network, and one file of the command line makes what it holds.
#[test]
fn the_network_is_in_one_room_and_has_one_caller() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let (mut speaks, mut starts, mut calls) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for file in &files {
        let text = code(&fs::read_to_string(file).unwrap());
        let network = ["ureq", "rustls", "TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs", "std::os::unix::net"];
        if network.iter().any(|word| text.contains(word)) {
            speaks.insert(room_of(file, &src));
        }
        if text.contains("std::process::Command") || text.contains("Command::new") || text.contains("process_wrap") {
            starts.insert(room_of(file, &src));
        }
        if named(&text).contains("net") {
            calls.push((file.strip_prefix(&src).unwrap().to_path_buf(), text));
        }
    }
    assert_eq!(speaks.into_iter().collect::<Vec<_>>(), ["net"]);
    // Programs are started by one room, and asked for by one file: only `doctor` does it, and not with `--no-exec`.
    assert_eq!(starts.into_iter().collect::<Vec<_>>(), ["sys"]);
    let asks = files.iter().filter(|f| code(&fs::read_to_string(f).unwrap()).contains("sys::answer("));
    assert_eq!(asks.map(|f| f.strip_prefix(&src).unwrap()).collect::<Vec<_>>(), [Path::new("environment/ask.rs")]);
    let (caller, text) = &calls[0];
    assert_eq!((calls.len(), caller.as_path()), (1, Path::new("cli/scan.rs")));
    assert_eq!(text.matches("Client::new").count(), 1, "made once");
    assert!(text.contains("online: args.online.then(|| online(host))"), "and only where the flag asks for it");
    // No other crate that is used here speaks to a network.
    let manifest = fs::read_to_string(src.parent().unwrap().join("Cargo.toml")).unwrap();
    for other in ["reqwest", "hyper", "tokio", "curl", "native-tls", "socket2", "mio"] {
        assert!(!manifest.lines().any(|l| l.starts_with(other)), "{other}");
    }
}
