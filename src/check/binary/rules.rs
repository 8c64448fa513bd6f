//! The rules about installed binaries, each with its explanation and a witness.

use std::io;
use std::path::PathBuf;

use crate::finding::Place;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sample::binary::{BinarySample, SAMPLE_DEP};

const REINSTALL: &str = "Install it again from a source that you trust (`go install PATH@VERSION`).";

/// Every rule about binaries.
pub const RULES: &[&Rule] = &[
    &EMPTY,
    &TRUNCATED,
    &NO_PROGRAM,
    &CHANGED,
    &BUILD_INFO,
    &PLATFORM,
    &NAME,
    &VERSION_HIDDEN,
    &SUM,
    &NO_SUM,
    &LOCAL_REPLACE,
    &MODIFIED,
    &DEVEL,
    &UNVERIFIABLE,
];

/// Puts a binary made otherwise in the place of the sample's.
fn remake(sample: &Sample, make: impl FnOnce(&mut BinarySample)) -> io::Result<Place> {
    let mut binary = BinarySample::healthy(&sample.dep_sum());
    make(&mut binary);
    let path = sample.put_binary(&binary)?;
    Ok(Sample::place(&path))
}

/// Edits the bytes of the sample's binary.
fn edit(sample: &Sample, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<Place> {
    let binary = BinarySample::healthy(&sample.dep_sum());
    let mut bytes = binary.bytes();
    change(&mut bytes);
    let path: PathBuf = sample.gobin().join(&binary.name);
    sample.write_program(&path, &bytes)?;
    Ok(Sample::place(&path))
}

/// An empty file.
pub static EMPTY: Rule = Rule {
    id: "binary-empty",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "an installed binary has no bytes",
    what: "Files in GOBIN and GOPATH/bin have at least one byte. In a folder that you named (`--bin`), and of a file that can't be executed, this is a note.",
    why: "A full disk or a kill in the middle of `go install` leaves such a file; a shell runs an empty file as a script that succeeds, so a check that it stood for passes without a word.",
    go: "`go version -m` says that the file format is not recognized; `go install` writes it anew.",
    mend: REINSTALL,
    source: "cmd/go/internal/work/shell.go (moveOrCopyFile)",
    witness: |s| edit(s, Vec::clear),
};

/// A file that ends too early.
pub static TRUNCATED: Rule = Rule {
    id: "binary-truncated",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "an installed binary ends before what its headers speak of",
    what: "Every section, segment and table that the headers of an ELF, PE, Mach-O, XCOFF, Plan 9 or WebAssembly file name lies within the file. Outside GOBIN this is a note.",
    why: "An interrupted copy or a full disk cuts a file; the program fails or behaves oddly where the missing part is used.",
    go: "`go version -m` may still show the build info of such a file.",
    mend: REINSTALL,
    source: "debug/elf/file.go, debug/pe/file.go, debug/macho/file.go (NewFile)",
    witness: |s| edit(s, |b| b.truncate(b.len() / 2)),
};

/// A script or data.
pub static NO_PROGRAM: Rule = Rule {
    id: "binary-not-program",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "what lies where Go installs programs is no executable",
    what: "Files in GOBIN and GOPATH/bin begin like an executable of a format that Go builds and keep its rules. Outside GOBIN, and of a file that can't be executed, this is a note.",
    why: "GOBIN stands in PATH: a script under the name of a tool runs in its place and may call the true one, so that nobody notices.",
    go: "Nothing: Go never looks at what lies there.",
    mend: REINSTALL,
    source: "debug/buildinfo/buildinfo.go (readRawBuildInfo)",
    witness: |s| edit(s, |b| *b = b"#!/bin/sh\nexit 0\n".to_vec()),
};

/// The content ID.
pub static CHANGED: Rule = Rule {
    id: "binary-changed-after-link",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a binary is not what the linker wrote",
    what: "The last part of the build ID is the hash of the file with that ID blanked. It is computed again, without the system's own build ID as Go does since 1.24 and with it as before. Outside GOBIN, where stripped and packed binaries are usual, this is a note.",
    why: "One changed byte is told, wherever it lies: a patched function, an edited version in the build info. `strip`, UPX, patchelf and another code signature change a file too and look the same. A program that was linked anew is not told.",
    go: "Nothing: Go computes content IDs only to decide what to build again.",
    mend: REINSTALL,
    source: "cmd/internal/buildid/rewrite.go (FindAndHash)",
    witness: |s| {
        edit(s, |b| {
            if let Some(last) = b.last_mut() {
                *last ^= 1;
            }
        })
    },
};

/// Lines of the build info.
pub static BUILD_INFO: Rule = Rule {
    id: "binary-build-info-malformed",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "the build info of a binary has lines that Go's linker never writes",
    what: "Build info consists of `path`, `mod`, `dep`, `=>` and `build` lines between the linker's marks; no line is blank, repeated, cut or of another kind, and sums are SHA-256.",
    why: "Go passes over what it does not know: `dep` lines that are overwritten with `####` vanish from `go version -m`, from software inventories and from vulnerability scanners.",
    go: "It drops lines that it does not know, and gives no build info at all for some that are broken.",
    mend: REINSTALL,
    source: "runtime/debug/mod.go (ParseBuildInfo)",
    witness: |s| {
        remake(s, |b| {
            let blank = "#".repeat(20);
            b.modinfo =
                b.modinfo.lines().map(|l| if l.starts_with("dep\t") { format!("{blank}\n") } else { format!("{l}\n") }).collect();
        })
    },
};

/// Platform.
pub static PLATFORM: Rule = Rule {
    id: "binary-platform-mismatch",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "GOOS or GOARCH in the build info contradicts the file header",
    what: "The GOOS and GOARCH that the build info names are among those that the header of the file (machine, class, byte order, brand, notes) allows.",
    why: "The build info was edited, or belongs to another file.",
    go: "Nothing: it prints what the build info says.",
    mend: REINSTALL,
    source: "cmd/link/internal/ld/elf.go, debug/elf/elf.go (Machine)",
    witness: |s| remake(s, |b| b.modinfo = b.modinfo.replace("GOARCH=amd64", "GOARCH=mips6")),
};

/// Name.
pub static NAME: Rule = Rule {
    id: "binary-name-mismatch",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a binary lies under the name of another program",
    what: "The file name is the one that `go install` gives to the package in the build info: its last path element, or the one before a major version such as `v2`. A copy with a version in its name, and any mismatch outside GOBIN, is a note; a file built from files named on the command line has any name.",
    why: "Whoever calls the tool by its name runs another program, with true build info and an intact content ID. A binary that you renamed yourself looks the same.",
    go: "Nothing: the name of a program means nothing to it.",
    mend: REINSTALL,
    source: "cmd/go/internal/load/pkg.go (DefaultExecName)",
    witness: |s| {
        remake(s, |b| {
            "other".clone_into(&mut b.name);
        })
    },
};

/// Version hidden.
pub static VERSION_HIDDEN: Rule = Rule {
    id: "binary-version-hidden",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a binary names one version of a module and carries the sum of another",
    what: "The sum beside a module in the build info is not the sum that the module cache or go.sum has for another version or module.",
    why: "A vulnerable version passes as a mended one: vulnerability scanners believe the version and never look at the sum.",
    go: "Nothing: it prints what the build info says.",
    mend: REINSTALL,
    source: "cmd/go/internal/load/pkg.go (setBuildInfo)",
    witness: |s| remake(s, |b| b.modinfo = b.modinfo.replace(SAMPLE_DEP.1, "v99.0.0")),
};

/// Sum.
pub static SUM: Rule = Rule {
    id: "binary-sum-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a sum in a binary differs from that of the same module here",
    what: "The sums of the main module, of each dependency and of each replacement equal the h1 of the zip in the module cache, its `.ziphash` or the line of go.sum. A module that is not here is normal. Where neither go.sum nor the checksum database proves the module, it may be the module that was changed: a repair takes neither.",
    why: "The binary was built from other bytes than those that go by that version here, or its build info was edited, or the cache was changed after it was built.",
    go: "Nothing: sums in binaries are never read again.",
    mend: "Where go.sum or the checksum database proves the module, install it again from a source that you trust (`go install PATH@VERSION`); else scan with `--main-module` or `--online` first, or remove the version (zip, `.ziphash`, directory) and run `go clean -cache`, so that go fetches it again.",
    source: "cmd/go/internal/load/pkg.go (setBuildInfo), cmd/go/internal/modfetch/fetch.go (Sum)",
    witness: |s| {
        let sum = s.dep_sum();
        remake(s, |b| b.modinfo = b.modinfo.replace(&sum, &format!("h1:{}=", "A".repeat(43))))
    },
};

/// No sum.
pub static NO_SUM: Rule = Rule {
    id: "binary-dependency-without-sum",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a binary records no sum of a module that came from a proxy",
    what: "Each dependency with a version has a sum, on its own line or on that of its replacement. A vendored build has none (before Go 1.23 only those that the module cache knew): that is told once, as a note.",
    why: "Go copies the sum from the `.ziphash` of the version that it names. A `.info` file that was edited to name a mended version leads to a binary that claims this version, is built from the old one, and has no sum.",
    go: "It leaves the sum out without a word.",
    mend: REINSTALL,
    source: "cmd/go/internal/load/pkg.go (setBuildInfo)",
    witness: |s| {
        let sum = s.dep_sum();
        remake(s, |b| b.modinfo = b.modinfo.replace(&format!("\t{sum}"), ""))
    },
};

/// Local replace.
pub static LOCAL_REPLACE: Rule = Rule {
    id: "binary-local-replace",
    level: Level::Warning,
    kind: Kind::Integrity,
    fix: Fix::None,
    summary: "a binary was built with a module replaced by a folder",
    what: "No module in the build info is replaced by a path of a file system.",
    why: "What lay in that folder is in no checksum: nobody can tell what was compiled in place of the module.",
    go: "It records the path of the folder.",
    mend: "Build it again without the replacement, or publish the replacement as a module.",
    source: "cmd/go/internal/load/pkg.go (setBuildInfo)",
    witness: |s| {
        let sum = s.dep_sum();
        remake(s, |b| b.modinfo = b.modinfo.replace(&format!("\t{sum}"), "\n=>\t../fork\t(devel)\t\n"))
    },
};

/// Modified.
pub static MODIFIED: Rule = Rule {
    id: "binary-modified-source",
    level: Level::Warning,
    kind: Kind::Integrity,
    fix: Fix::None,
    summary: "a binary was built from a work tree with changes that were not committed",
    what: "Neither `vcs.modified=true` nor a main version that ends with `+dirty` stands in the build info.",
    why: "Its source can't be found again: the revision that it names is not what was compiled.",
    go: "It records this.",
    mend: "Build it again from a clean work tree.",
    source: "cmd/go/internal/load/pkg.go (setBuildInfo)",
    witness: |s| remake(s, |b| b.modinfo.push_str("build\tvcs.modified=true\n")),
};

/// Devel.
pub static DEVEL: Rule = Rule {
    id: "binary-unversioned",
    level: Level::Note,
    kind: Kind::Integrity,
    fix: Fix::None,
    summary: "a binary was built from a work tree and names no version",
    what: "The main module in the build info has a version other than `(devel)`.",
    why: "Nothing tells which source it was built from; usual for your own programs.",
    go: "It records `(devel)` where neither a proxy nor version control gave a version.",
    mend: "Nothing needs mending; `go install PATH@VERSION` gives a binary that names its version.",
    source: "cmd/go/internal/load/pkg.go (setBuildInfo)",
    witness: |s| {
        let versioned = format!("\tv1.0.0\t{}", BinarySample::main_sum());
        remake(s, |b| b.modinfo = b.modinfo.replace(&versioned, "\t(devel)\t"))
    },
};

/// Unverifiable.
pub static UNVERIFIABLE: Rule = Rule {
    id: "binary-unverifiable",
    level: Level::Note,
    kind: Kind::Integrity,
    fix: Fix::None,
    summary: "a binary says nothing that could be checked",
    what: "Told of a native program without Go build info, of one that names no main module (GOPATH mode, Bazel and other build systems), of WebAssembly, and of the pointer format of Go 1.13 to 1.17.",
    why: "It is neither intact nor damaged: there is no claim to hold it against.",
    go: "`go version -m` shows nothing, or only the version of Go.",
    mend: "Nothing needs mending; `go install PATH@VERSION` with a Go of today gives a binary that can be checked.",
    source: "debug/buildinfo/buildinfo.go (readRawBuildInfo)",
    witness: |s| remake(s, |b| b.modinfo.clear()),
};
