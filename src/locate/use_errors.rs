//! What Go says when it comes to use a value that `go env` prints without a word.

use super::layers::Layers;
use super::paths::{Os, text_of};
use super::resolve::Resolver;
use super::toolchain::go_quote;
use crate::format::quoted;
use crate::format::sumdb::key::VerifierKey;
use crate::sys::{self, NodeKind};

/// Go's reason, in its own words; GOCACHE is judged where it is resolved.
pub fn error_at_use(r: &Resolver<'_>, name: &str, value: &[u8], raw: Option<&[u8]>) -> Option<String> {
    let relative = !value.is_empty() && !r.os.is_abs(value);
    match name {
        "GOMODCACHE" if value.is_empty() => Some("module cache not found: neither GOMODCACHE nor GOPATH is set".to_owned()),
        "GOMODCACHE" if relative => Some(format!("GOMODCACHE entry is relative; must be absolute path: {}.", go_quote(value))),
        "GOBIN" if relative => Some("cannot install, GOBIN must be an absolute path".to_owned()),
        "GOTMPDIR" if !value.is_empty() && r.os == Os::current() => {
            let dir = r.host.cwd.join(text_of(value));
            let there = sys::stat(&dir).is_ok_and(|s| s.kind == NodeKind::Dir);
            (!there).then(|| format!("creating work dir: stat {}: no such file or directory", String::from_utf8_lossy(value)))
        }
        "GOPATH" => bad_gopath(r.os, value, raw),
        "GOFLAGS" => bad_goflags(value),
        "GOSUMDB" => bad_sumdb(&String::from_utf8_lossy(value)),
        "GOPROXY" => bad_proxy(&r.layers, value),
        "GOCACHEPROG" => quoted::split(value).err().map(|why| format!("GOCACHEPROG args: {why}")),
        "CC" | "CXX" | "AR" | "FC" | "PKG_CONFIG" | "CGO_CFLAGS" | "CGO_CPPFLAGS" | "CGO_CXXFLAGS" | "CGO_FFLAGS"
        | "CGO_LDFLAGS" => {
            let raw = raw?;
            let why = quoted::split(raw).err()?;
            Some(format!("could not parse environment variable {name} with value {}: {why}", go_quote(raw)))
        }
        _ => None,
    }
}

fn bad_gopath(os: Os, value: &[u8], raw: Option<&[u8]>) -> Option<String> {
    raw?;
    os.split_list(value).into_iter().filter(|e| !e.is_empty()).find_map(|entry| {
        if entry.starts_with(b"~") {
            Some(format!("GOPATH entry cannot start with shell metacharacter '~': {}", go_quote(&entry)))
        } else if !os.is_abs(&entry) {
            Some(format!("GOPATH entry is relative; must be absolute path: {}.", go_quote(&entry)))
        } else {
            None
        }
    })
}

/// `base.InitGOFLAGS`, without the flags that no command knows: they differ from release to release.
fn bad_goflags(value: &[u8]) -> Option<String> {
    let words = match quoted::split(value) {
        Ok(words) => words,
        Err(why) => return Some(format!("parsing $GOFLAGS: {why}")),
    };
    let is_flag = |w: &&[u8]| {
        let bare = w.strip_prefix(b"--").or_else(|| w.strip_prefix(b"-"));
        bare.is_some_and(|b| !b.is_empty() && !b.starts_with(b"-") && !b.starts_with(b"="))
    };
    if let Some(odd) = words.iter().find(|w| !is_flag(w)) {
        return Some(format!("parsing $GOFLAGS: non-flag {}", go_quote(odd)));
    }
    // Gone since Go 1.17, and still found in old configurations.
    let gone = words.iter().any(|w| matches!(*w, b"-insecure" | b"--insecure") || w.starts_with(b"-insecure="));
    gone.then(|| "parsing $GOFLAGS: unknown flag -insecure".to_owned())
}

/// `modfetch.dbDial`: one or two words; the first a known name or a verifier key.
fn bad_sumdb(value: &str) -> Option<String> {
    let words: Vec<&str> = value.split_whitespace().collect();
    match words.as_slice() {
        // Empty is told only where Go's own file was found to say nothing: without any Go there is no default.
        [] | ["off"] => None,
        [_, _, _, ..] => Some("invalid GOSUMDB: too many fields".to_owned()),
        [key, ..] if super::KNOWN_SUMDB.contains(key) => None,
        [key, ..] => VerifierKey::parse(key).err().map(|fault| format!("invalid GOSUMDB: {fault}")),
    }
}

/// `modfetch.proxyList`, as far as no URL is taken apart.
fn bad_proxy(layers: &Layers<'_>, value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    layers.get("GOPROXY")?;
    let mut entries = text.split([',', '|']).map(str::trim).filter(|e| !e.is_empty()).peekable();
    if entries.peek().is_none() {
        return Some("GOPROXY list is not the empty string, but contains no entries".to_owned());
    }
    for entry in entries {
        if entry == "off" || entry == "direct" {
            return None;
        }
        let with_scheme = entry.contains(":/") || entry.starts_with('/');
        if !with_scheme && !entry.contains(['.', ':', '/']) {
            return Some(format!("invalid proxy URL missing scheme: {entry}"));
        }
    }
    None
}
