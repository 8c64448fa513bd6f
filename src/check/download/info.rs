//! Rules on `.info`, which is unsigned and believed.

use std::path::Path;

use super::about;
use crate::evidence::modcache::{Content, VersionUnit};
use crate::finding::Sink;
use crate::format::info::Info;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::subject::modcache::Part;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&INFO_VERSION_MISMATCH, &INFO_MALFORMED, &INFO_AMBIGUOUS];

const SOURCE: &str = "cmd/go/internal/modfetch/cache.go (readDiskStat, writeDiskStat), repo.go (RevInfo)";

/// An `.info` about another version.
pub static INFO_VERSION_MISMATCH: Rule = Rule {
    id: "info-version-mismatch",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an `.info` file names another version than its own name",
    what: "The version that Go would read from every `.info` against the name of the file. Go writes an `.info` only under the version it names, also \
           when a branch or a commit was asked for.",
    why: "Go believes it without a check: programs built from the old version then say that they hold the new one, without a sum, and vulnerability \
          scanners fall silent.",
    go: "Puts the false version into `go list -m`, build info and `go version -m`.",
    mend: "Remove the file; Go fetches it again. Build afresh what was built with it.",
    source: SOURCE,
    witness: |s| {
        let path = s.download("info");
        s.write(&path, br#"{"Version":"v1.0.1","Time":"2024-01-23T18:54:04Z"}"#)?;
        Ok(Sample::place(&path))
    },
};

/// An `.info` that Go can't read.
pub static INFO_MALFORMED: Rule = Rule {
    id: "info-malformed",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "an `.info` file is not what Go writes",
    what: "Every `.info` is a JSON object with a version and a time, of at most 1 MiB.",
    why: "Go renames a finished file into place, so a half one means lost data or a foreign writer.",
    go: "Takes it as absent and asks the proxy again; with `GOPROXY=off` the build fails.",
    mend: "Remove the file; Go fetches it again.",
    source: SOURCE,
    witness: |s| {
        let path = s.download("info");
        s.write(&path, br#"{"Version":"v1.0.0","#)?;
        Ok(Sample::place(&path))
    },
};

/// An `.info` that two readers read in two ways.
pub static INFO_AMBIGUOUS: Rule = Rule {
    id: "info-ambiguous",
    level: Level::Warning,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an `.info` file has a key twice, or in another case",
    what: "The keys `Version`, `Time` and `Origin` stand at most once, and in this spelling.",
    why: "Go folds the case of keys and takes the last of two; other tools take the first: each of them can be shown another version.",
    go: "Takes the last.",
    mend: "Remove the file; Go fetches it again.",
    source: SOURCE,
    witness: |s| {
        let path = s.download("info");
        s.write(&path, br#"{"Version":"v9.9.9","Time":"2024-01-23T18:54:04Z","version":"v1.0.0"}"#)?;
        Ok(Sample::place(&path))
    },
};

/// Judges the `.info` of a version.
pub fn info(root: &Path, unit: &VersionUnit, content: &Content, sink: &mut Sink) {
    let malformed = |why: String| about(&INFO_MALFORMED, root, unit, Part::Info, why);
    let bytes = match content {
        Content::Bytes(bytes) => bytes,
        Content::TooLong(size) => return sink.push(malformed(format!("is {size} bytes long, where go writes some hundred"))),
        Content::Absent | Content::Blocked | Content::Unread => return,
    };
    let info = match Info::parse(bytes) {
        Ok(info) => info,
        Err(why) => return sink.push(malformed(format!("is no version information, so go takes it as absent: {why}"))),
    };
    if info.version != unit.name.version {
        let message = format!("makes go take this module for version `{}`", shortened(&info.version));
        let finding = about(&INFO_VERSION_MISMATCH, root, unit, Part::Info, message);
        sink.push(finding.claims(shortened(&info.version), unit.name.version.clone()).claimed_by(".info"));
    }
    if !info.ambiguous.is_empty() {
        let keys = info.ambiguous.iter().map(|k| format!("`{}`", shortened(k))).collect::<Vec<_>>().join(", ");
        let message = format!("has the key {keys} twice or in another case, so readers disagree about it");
        sink.push(about(&INFO_AMBIGUOUS, root, unit, Part::Info, message));
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
