//! Rules on names: what lies in the module cache that is none of Go's, leftovers, version lists, unknown databases.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{about, locks};
use crate::evidence::modcache::{Content, ListFile, Stray, VersionUnit};
use crate::finding::{Finding, RootKind, Sink, path_text};
use crate::format::list::VersionList;
use crate::format::module::version::canonical_version;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::subject::is_litter;
use crate::subject::modcache::{NameFault, Part, Subject, classify};
use crate::sys::{self, NodeKind};

/// The rules of this file.
pub const RULES: &[&Rule] = &[
    &NAME_NOT_ESCAPED,
    &VERSION_NOT_CANONICAL,
    &GOMODCACHE_STRAY,
    &WRONG_NODE_TYPE,
    &DOWNLOAD_LEFTOVER,
    &LIST_MALFORMED,
    &UNKNOWN_CHECKSUM_DATABASE,
];

/// A name with upper-case letters.
pub static NAME_NOT_ESCAPED: Rule = Rule {
    id: "name-not-escaped",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a name in the module cache is not escaped as Go does it",
    what: "In paths and versions an upper-case letter stands on disk as `!` and the lower-case letter.",
    why: "Go never makes such a name, but where the file system knows no case it opens one: two modules that differ in case would share a folder.",
    go: "Takes no notice where the file system knows case.",
    mend: "Move it away; Go fetches what it needs under the right name.",
    source: "golang.org/x/mod/module/module.go (EscapePath)",
    witness: |s| {
        let path = s.gomodcache().join("example.test/Sample@v1.0.0");
        s.write(&path.join("sample.go"), b"package sample\n")?;
        Ok(Sample::place(&path))
    },
};

/// A version that Go would not ask for.
pub static VERSION_NOT_CANONICAL: Rule = Rule {
    id: "version-not-canonical",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "a file or directory of a version whose name is not canonical",
    what: "Versions are complete (`v1.6.0`, not `v1.6`) and have no build metadata but `+incompatible`.",
    why: "Go never makes nor opens such a file. Something else writes here, or prepares for a tool that does open it, such as a proxy that serves this \
          folder.",
    go: "Refuses such a version (\"non-canonical module version\").",
    mend: "Move it away.",
    source: "cmd/go/internal/modfetch/cache.go (CachePath)",
    witness: |s| {
        let path = s.download("mod").with_file_name("v1.0.mod");
        s.write(&path, b"module example.test/sample\n")?;
        Ok(Sample::place(&path))
    },
};

/// Something that is no part of a module cache.
pub static GOMODCACHE_STRAY: Rule = Rule {
    id: "gomodcache-stray",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "something lies in the module cache that Go never put there",
    what: "Every name outside of extracted directories. Names that operating systems and repositories leave anywhere (`lost+found`, `.DS_Store`, \
           `CACHEDIR.TAG`, `.nfs…`; `.gitignore` at the top) and the database of old govulncheck versions are a `note`.",
    why: "Nobody looks into a module cache, so a file stays hidden there and travels with every CI cache. A `go.mod`, `go.work` or `.git` above modules \
          changes what tools take the code below for.",
    go: "Takes no notice, and removes it only with `go clean -modcache`.",
    mend: "Move it away.",
    source: "cmd/go/internal/modfetch/cache.go, fetch.go, sumdb.go, codehost/codehost.go",
    witness: |s| {
        let path = s.download("mod").with_file_name("install.sh");
        s.write(&path, b"#!/bin/sh\nexit 0\n")?;
        Ok(Sample::place(&path))
    },
};

/// A directory where Go keeps a file, or the other way round.
pub static WRONG_NODE_TYPE: Rule = Rule {
    id: "wrong-node-type",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a directory lies where go keeps a file, or a file where go keeps a directory",
    what: "The type of everything outside of extracted directories against its name.",
    why: "Whoever did it keeps go from this version, or from fetching it anew; a file in the place of a repository may send git to another one.",
    go: "Fails with an error that does not name the cause, or removes it and fetches again.",
    mend: "Move it away; go fetches the version again.",
    source: "cmd/go/internal/modfetch/cache.go, codehost/codehost.go (WorkDir)",
    witness: |s| {
        let path = s.download("mod").with_file_name("v1.9.0.zip");
        sys::create_dir_all(&path)?;
        Ok(Sample::place(&path))
    },
};

/// What a killed fetch leaves.
pub static DOWNLOAD_LEFTOVER: Rule = Rule {
    id: "download-leftover",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "an unfinished download or extraction",
    what: "`.tmp` files below `@v`, `.partial` marks of an extraction that has not ended, and `<module>.tmp-…` directories of Go before 1.16.",
    why: "Harmless: a build is running, or was killed. It takes space.",
    go: "Cleans up when it next fetches that version.",
    mend: "Nothing needs to be done.",
    source: "cmd/go/internal/modfetch/fetch.go (downloadZip, unzip), cache.go (tempFile)",
    witness: |s| {
        let path = s.download("zip").with_file_name("v1.0.0.zip123456.tmp");
        s.write(&path, b"PK\x03\x04")?;
        Ok(Sample::place(&path))
    },
};

/// A list with lines that are no versions.
pub static LIST_MALFORMED: Rule = Rule {
    id: "list-malformed",
    level: Level::Warning,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "an `@v/list` holds lines that are no versions",
    what: "Every line is a canonical version. NUL bytes at the end, which a killed build or a power cut leaves, are a `note`.",
    why: "Go does not read the list itself, but every proxy that serves this folder does, and hands the lines to its clients.",
    go: "Writes the list afresh when it next stores a `.mod` of this module.",
    mend: "Remove the file; Go makes it afresh.",
    source: "cmd/go/internal/modfetch/cache.go (rewriteVersionList)",
    witness: |s| {
        let path = s.download("mod").with_file_name("list");
        s.write(&path, b"v1.0.0\n../../evil\n")?;
        Ok(Sample::place(&path))
    },
};

/// Records of a database that nobody configured.
pub static UNKNOWN_CHECKSUM_DATABASE: Rule = Rule {
    id: "unknown-checksum-database",
    level: Level::Warning,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "the module cache holds records of a checksum database that is not configured",
    what: "Each folder below `cache/download/sumdb` is named after sum.golang.org, sum.golang.google.cn or the database that GOSUMDB names.",
    why: "Some build here asked another database, which vouches for whatever it likes: an environment or a GOENV file names it, or did.",
    go: "Takes no notice unless GOSUMDB names it.",
    mend: "Find out who set GOSUMDB (`go env -w` writes a file); then move the folder away.",
    source: "cmd/go/internal/modfetch/sumdb.go (dbDial, ReadCache)",
    witness: |s| {
        let folder = s.gomodcache().join("cache/download/sumdb/sum.evil.test");
        s.write(&folder.join("lookup/example.test/sample@v1.0.0"), b"1\nx\n")?;
        Ok(Sample::place(&folder))
    },
};

/// Judges the version's name on each of its files and its directory; tells a leftover extraction.
pub fn version_name(root: &Path, unit: &VersionUnit, sink: &mut Sink) {
    if !unit.name.is_canonical() {
        let canonical = canonical_version(&unit.name.version);
        let message = format!("is of version `{}`, which go only knows as `{canonical}`", unit.name.version);
        for part in unit.parts() {
            let finding = about(&VERSION_NOT_CANONICAL, root, unit, part, message.clone());
            sink.push(finding.claims(unit.name.version.clone(), canonical.clone()));
        }
        if unit.tree.is_some() {
            let path = root.join(unit.tree_path());
            let finding = Finding::at(&VERSION_NOT_CANONICAL, RootKind::Gomodcache, &path, unit.module().to_string(), message);
            sink.push(finding.claims(unit.name.version.clone(), canonical));
        }
    }
    if unit.is_partial() {
        let message = "marks an extraction that has not ended: go does not use the directory and extracts it afresh";
        sink.push(about(&DOWNLOAD_LEFTOVER, root, unit, Part::Partial, message));
    }
}

/// Judges an entry that is no part of a module cache. Links and special files are told by the posture rules.
pub fn stray(root: &Path, stray: &Stray, sink: &mut Sink) {
    let find = |rule: &'static Rule, message: String| {
        Finding::at(rule, RootKind::Gomodcache, &root.join(&stray.rel), path_text(&stray.rel).0, message)
    };
    match &stray.subject {
        Subject::CacheLock | Subject::RepoLock(_) => locks::other(root, &stray.rel, stray.stat.size, sink),
        Subject::Leftover => {
            let message = "is what a fetch writes before it names its result, or leaves when it is killed".to_owned();
            sink.push(find(&DOWNLOAD_LEFTOVER, message));
        }
        Subject::BadName(NameFault::Escape) => {
            sink.push(find(&NAME_NOT_ESCAPED, format!("is a name that go never makes: {}", NameFault::Escape)));
        }
        _ if !matches!(stray.stat.kind, NodeKind::File | NodeKind::Dir) => {}
        Subject::BadName(fault) => sink.push(lowered(stray, find(&GOMODCACHE_STRAY, format!("is no folder of go's: {fault}")))),
        // A link counts as what its name says.
        Subject::Stray
            if !matches!(classify(&stray.rel, NodeKind::Link), Subject::Stray | Subject::BelowStray | Subject::BadName(_)) =>
        {
            let (is, should) = if stray.stat.kind == NodeKind::Dir { ("directory", "file") } else { ("file", "directory") };
            sink.push(find(&WRONG_NODE_TYPE, format!("is a {is}, where go keeps a {should}")).claims(should, is));
        }
        _ => {
            let what = if stray.stat.kind == NodeKind::Dir { "folder" } else { "file" };
            let can_run =
                if stray.stat.kind == NodeKind::File && stray.stat.executable() { ", and it may be executed" } else { "" };
            sink.push(lowered(stray, find(&GOMODCACHE_STRAY, format!("is a {what} that go never puts here{can_run}"))));
        }
    }
}

fn lowered(stray: &Stray, finding: Finding) -> Finding {
    let name = stray.rel.file_name().and_then(|n| n.to_str()).unwrap_or("");
    let at_top = stray.rel.components().count() == 1 && matches!(name, ".gitignore" | ".gitkeep");
    // golang.org/x/vuln kept its database here until 2022.
    let govulncheck = stray.rel == Path::new("cache/download/vulndb");
    if is_litter(name) || at_top || govulncheck { finding.lowered_to(Level::Note) } else { finding }
}

/// Judges a version list.
pub fn list(root: &Path, file: &ListFile, content: &Content, sink: &mut Sink) {
    let find = |message: String| {
        Finding::at(&LIST_MALFORMED, RootKind::Gomodcache, &root.join(&file.rel), path_text(&file.rel).0, message)
    };
    let bytes = match content {
        Content::Bytes(bytes) => bytes,
        Content::TooLong(size) => return sink.push(find(format!("is {size} bytes long, more than any list of versions"))),
        Content::Absent | Content::Blocked | Content::Unread => return,
    };
    let list = VersionList::parse(bytes);
    if let Some(first) = list.strays.first() {
        let mut finding = find(format!("holds `{}`, which is no version", first.text)).line(first.line);
        finding.more = list.stray_count - 1;
        sink.push(finding.claims("a version a line", first.text.clone()));
    } else if list.unfinished {
        sink.push(find("ends in NUL bytes: a write was cut off".to_owned()).lowered_to(Level::Note));
    }
}

/// The databases that a build may ask when nobody says otherwise.
const KNOWN_DATABASES: [&str; 2] = ["sum.golang.org", "sum.golang.google.cn"];

/// Judges which checksum databases have records here. `gosumdb` is the value of GOSUMDB: a name, or a name with key and
/// perhaps a URL.
pub fn databases(root: &Path, databases: &BTreeMap<String, PathBuf>, gosumdb: &str, known: Option<&str>, sink: &mut Sink) {
    let configured = gosumdb.split_whitespace().next().and_then(|k| k.split('+').next()).unwrap_or("");
    let is_known = |name: &str| {
        KNOWN_DATABASES.iter().copied().chain([configured]).chain(known).any(|k| {
            // A name may hold slashes: the folders above it are known too.
            k == name || k.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let mut told: Option<&str> = None;
    for (name, folder) in databases {
        let below_told = told.is_some_and(|t| name.strip_prefix(t).is_some_and(|rest| rest.starts_with('/')));
        if is_known(name) || below_told {
            continue;
        }
        told = Some(name);
        let message = format!("holds records of `{name}`, a checksum database that is not configured");
        let finding = Finding::at(&UNKNOWN_CHECKSUM_DATABASE, RootKind::Gomodcache, &root.join(folder), name.clone(), message);
        sink.push(
            finding.claims(if configured.is_empty() { "sum.golang.org" } else { configured }, name.clone()).claimed_by("GOSUMDB"),
        );
    }
}
