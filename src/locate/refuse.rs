//! When `go env` itself stops (`cmd/go/main.go`, `internal/toolchain/select.go`, `internal/base/goflags.go`,
//! `internal/buildcfg/cfg.go`, `internal/modload/init.go`, `internal/fips140/fips140.go`), in the order in which Go looks.

use std::path::Path;

use super::Refusal;
use super::layers::read_limited;
use super::paths::text_of;
use super::resolve::Resolver;
use super::toolchain::{go_quote, refuse_toolchain};
use crate::format::quoted;
use crate::sys::{self, NodeKind};

/// Why Go stops here, if it does. Takes back an inferred GOPATH, as Go does on the way.
pub fn refusal(r: &mut Resolver<'_>) -> Option<Refusal> {
    let goroot = missing_goroot(r);
    // Before Go 1.22 GOPATH is looked at first.
    let (first, second) = if r.minor() >= 22 { (goroot, refused_gopath(r)) } else { (refused_gopath(r), goroot) };
    toolchain(r)
        .or(first)
        .or(second)
        // Since Go 1.23 its own statistics ask whether there is a workspace (internal/telemetrystats).
        .or_else(|| if r.minor() >= 23 && r.modules_on() { workspace(r) } else { None })
        .or_else(|| goflags(r))
        .or_else(|| build_config(r))
        .or_else(|| experiment(r))
        .or_else(|| fips140(r))
        .or_else(|| modules(r))
        .or_else(|| workspace(r))
}

fn refuse(name: &'static str, message: impl Into<String>) -> Option<Refusal> {
    Some(Refusal { name, message: message.into() })
}

fn toolchain(r: &Resolver<'_>) -> Option<Refusal> {
    if !r.modules_on() {
        return None;
    }
    let value = String::from_utf8_lossy(&r.get("GOTOOLCHAIN")).into_owned();
    if let Some(why) = refuse_toolchain(&value) {
        return refuse("GOTOOLCHAIN", format!("go: {why}"));
    }
    // To learn which toolchain is wanted Go looks for the workspace at once.
    let looks = value.ends_with("auto") || value.ends_with("path");
    if looks { workspace(r) } else { None }
}

fn missing_goroot(r: &Resolver<'_>) -> Option<Refusal> {
    let value = r.get("GOROOT");
    if value.is_empty() || r.os != super::paths::Os::current() {
        return None;
    }
    let dir = r.host.cwd.join(text_of(&value));
    let there = sys::stat(&dir).is_ok_and(|s| s.kind == NodeKind::Dir);
    if there { None } else { refuse("GOROOT", format!("go: cannot find GOROOT directory: {}", String::from_utf8_lossy(&value))) }
}

fn refused_gopath(r: &mut Resolver<'_>) -> Option<Refusal> {
    let gopath = r.inferred_gopath();
    if r.os.clean(&gopath) == r.os.clean(&r.get("GOROOT")) {
        return None;
    }
    let set = !r.get("GOPATH").is_empty();
    for entry in r.os.split_list(&gopath).into_iter().filter(|e| !e.is_empty()) {
        let quoted = go_quote(&entry);
        if entry.starts_with(b"~") {
            return refuse("GOPATH", format!("go: GOPATH entry cannot start with shell metacharacter '~': {quoted}"));
        }
        if !r.os.is_abs(&entry) {
            if set {
                let more = "For more details see: 'go help gopath'";
                return refuse("GOPATH", format!("go: GOPATH entry is relative; must be absolute path: {quoted}.\n{more}"));
            }
            r.gopath_dropped = true;
        }
    }
    None
}

/// The flags of `go env` that GOFLAGS may set, with an unhappy end (`SetFromGOFLAGS`). Go ignores every other one here.
fn goflags(r: &Resolver<'_>) -> Option<Refusal> {
    let value = r.get("GOFLAGS");
    for word in quoted::split(&value).ok()? {
        if word.is_empty() {
            return refuse("GOFLAGS", "panic: runtime error: slice bounds out of range [1:0]");
        }
        let (name, argument) = match word.iter().position(|b| *b == b'=') {
            Some(0) => continue,
            Some(at) => (word.get(..at).unwrap_or_default(), word.get(at + 1..)),
            None => (word, None),
        };
        let name = if name.starts_with(b"--") { name.get(1..).unwrap_or_default() } else { name };
        // Go cuts the first byte off, whatever it is.
        let flag = String::from_utf8_lossy(name.get(1..).unwrap_or_default()).into_owned();
        let shown = String::from_utf8_lossy(name).into_owned();
        match flag.as_str() {
            "C" => {
                return refuse(
                    "GOFLAGS",
                    match argument {
                        None => format!("go: flag needs an argument: {shown} (from $GOFLAGS)"),
                        Some(dir) => format!(
                            "go: invalid value {} for flag {shown} (from $GOFLAGS): -C flag must be first flag on command line",
                            go_quote(dir)
                        ),
                    },
                );
            }
            "n" | "x" | "json" | "u" | "w" => {}
            "changed" if r.minor() >= 23 => {}
            _ => continue,
        }
        let on = match argument {
            None | Some(b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True") => true,
            Some(b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False") => false,
            Some(other) => {
                return refuse(
                    "GOFLAGS",
                    format!("go: invalid boolean value {} for flag {shown} (from $GOFLAGS): parse error", go_quote(other)),
                );
            }
        };
        if on && (flag == "u" || flag == "w") {
            return refuse("GOFLAGS", format!("go: cannot use -json with -{flag}"));
        }
    }
    None
}

/// What `internal/buildcfg` holds against the environment (not against the files).
fn build_config(r: &Resolver<'_>) -> Option<Refusal> {
    let minor = r.minor();
    let value = |name: &str| r.layers.env.get(name).map(|v| String::from_utf8_lossy(&v).into_owned());
    let outside = |name: &'static str, known: &[&str], words: String| {
        value(name)
            .filter(|v| !known.contains(&v.as_str()))
            .and_then(|_| refuse(name, format!("go: invalid {name}: must {words}")))
    };
    let listed = |name: &'static str, known: &[&str]| outside(name, known, format!("be {}", known.join(", ")));
    let mut last = None;
    if minor < 23 {
        // From Go 1.23 on, what is found here is forgotten when GOARM64 is looked at.
        last = listed("GOAMD64", &["v1", "v2", "v3", "v4"]);
        last = goarm(value("GOARM"), minor).or(last);
    } else {
        last = goarm64(value("GOARM64")).or(last);
    }
    last = listed("GOMIPS", &["hardfloat", "softfloat"]).or(last);
    last = listed("GOMIPS64", &["hardfloat", "softfloat"]).or(last);
    last = listed("GOPPC64", &["power8", "power9", "power10"]).or(last);
    if minor >= 25 {
        last = listed("GORISCV64", &["rva20u64", "rva22u64", "rva23u64"]).or(last);
    } else if minor >= 23 {
        last = listed("GORISCV64", &["rva20u64", "rva22u64"]).or(last);
    }
    let features = value("GOWASM").unwrap_or_default();
    if let Some(odd) = features.split(',').rfind(|f| !matches!(*f, "" | "satconv" | "signext")) {
        last = refuse("GOWASM", format!("go: invalid GOWASM: no such feature {}", go_quote(odd.as_bytes())));
    }
    if minor >= 24 && value("GOFIPS140").is_some_and(|v| !is_fips(&v, minor)) {
        let form = if minor >= 26 { "v1.Y.Z" } else { "vX.Y.Z" };
        last = refuse("GOFIPS140", format!("go: invalid GOFIPS140: must be off, latest, inprocess, certified, or {form}"));
    }
    // Looked at last, since what it depends on stands in another file.
    if let Some(unknown) = value("GOEXPERIMENT").and_then(|v| unknown_experiment(r, &v)) {
        last = refuse("GOEXPERIMENT", format!("go: unknown GOEXPERIMENT {unknown}"));
    }
    last
}

fn goarm(value: Option<String>, minor: u32) -> Option<Refusal> {
    let value = value?;
    let number = value.strip_suffix(",softfloat").unwrap_or(&value);
    let number = number.strip_suffix(",hardfloat").unwrap_or(number);
    match minor {
        ..22 if matches!(value.as_str(), "5" | "6" | "7") => None,
        ..22 => refuse("GOARM", "go: invalid GOARM: must be 5, 6, 7"),
        _ if matches!(number, "5" | "6" | "7") => None,
        _ => refuse(
            "GOARM",
            "go: invalid GOARM: must start with 5, 6, or 7, and may optionally end in either \",hardfloat\" or \",softfloat\"",
        ),
    }
}

fn goarm64(value: Option<String>) -> Option<Refusal> {
    let value = value?;
    let mut version = value.as_str();
    while let Some(rest) = version.strip_suffix(",lse").or_else(|| version.strip_suffix(",crypto")) {
        version = rest;
    }
    let known = matches!(version.as_bytes(), [b'v', b'8', b'.', b'0'..=b'9'] | [b'v', b'9', b'.', b'0'..=b'5']);
    let words = "must start with v8.{0-9} or v9.{0-5} and may optionally end in \",lse\" and/or \",crypto\"";
    if known { None } else { refuse("GOARM64", format!("go: invalid GOARM64: {words}")) }
}

fn is_fips(value: &str, minor: u32) -> bool {
    if matches!(value, "off" | "latest" | "inprocess" | "certified") {
        return true;
    }
    let number = |text: &str| {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        (rest.len() < text.len()).then(|| rest.to_owned())
    };
    let Some(rest) = value.strip_prefix('v').and_then(number) else { return false };
    if minor >= 26 && !value.starts_with("v1.") {
        return false;
    }
    let Some(rest) = rest.strip_prefix('.').and_then(number) else { return false };
    let Some(rest) = rest.strip_prefix('.').and_then(number) else { return false };
    let release_candidate = minor >= 26 && rest.strip_prefix("-rc").and_then(number).as_deref() == Some("");
    rest.is_empty() || release_candidate || rest.strip_prefix('-').is_some_and(|hash| hash.len() == 8)
}

/// The first name that this Go does not know; `None` where its source, which tells them, is not there.
fn unknown_experiment(r: &Resolver<'_>, value: &str) -> Option<String> {
    let known = r.installation.experiments.as_ref()?;
    value.split(',').filter(|name| !matches!(*name, "" | "none")).find_map(|name| {
        let bare = name.strip_prefix("no").unwrap_or(name);
        (bare != "regabi" && !known.iter().any(|k| k == bare)).then(|| bare.to_owned())
    })
}

fn experiment(r: &Resolver<'_>) -> Option<Refusal> {
    let value = r.get("GOEXPERIMENT");
    let unknown = unknown_experiment(r, &String::from_utf8_lossy(&value))?;
    refuse("GOEXPERIMENT", format!("go: unknown GOEXPERIMENT {unknown}"))
}

/// `GOROOT/lib/fips140` must have the version, or a text that names one (`fips140.initVersion`).
fn fips140(r: &Resolver<'_>) -> Option<Refusal> {
    let value = String::from_utf8_lossy(&r.get("GOFIPS140")).into_owned();
    if r.minor() < 24 || matches!(value.as_str(), "" | "off" | "latest") {
        return None;
    }
    if value.contains(['/', '\\']) || value.contains("..") {
        return refuse("GOFIPS140", format!("go: malformed GOFIPS140 version {}", go_quote(value.as_bytes())));
    }
    let goroot = r.get("GOROOT");
    if goroot.is_empty() {
        return None;
    }
    let folder = r.host.cwd.join(text_of(&goroot)).join("lib").join("fips140");
    let has_zip = |version: &str| sys::stat(&folder.join(format!("{version}.zip"))).is_ok();
    if let Ok(text) = read_limited(Path::new(&folder.join(format!("{value}.txt")))) {
        let version = String::from_utf8_lossy(&text).trim().to_owned();
        let words =
            format!("go: unknown GOFIPS140 version {} (from {})", go_quote(version.as_bytes()), go_quote(value.as_bytes()));
        return if has_zip(&version) { None } else { refuse("GOFIPS140", words) };
    }
    if has_zip(&value) {
        None
    } else {
        refuse("GOFIPS140", format!("go: unknown GOFIPS140 version {}", go_quote(value.as_bytes())))
    }
}

fn modules(r: &Resolver<'_>) -> Option<Refusal> {
    let value = r.get("GO111MODULE");
    match value.as_slice() {
        b"" | b"on" | b"off" | b"auto" => None,
        other => refuse("GO111MODULE", format!("go: unknown environment setting GO111MODULE={}", String::from_utf8_lossy(other))),
    }
}

fn workspace(r: &Resolver<'_>) -> Option<Refusal> {
    let value = r.get("GOWORK");
    match value.as_slice() {
        b"" | b"off" | b"auto" => None,
        path if r.os.is_abs(path) => None,
        _ => refuse("GOWORK", "go: invalid GOWORK: not an absolute path"),
    }
}
