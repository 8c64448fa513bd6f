//! A rule on the empty files: locks and marks, in which Go never writes.

use std::path::Path;

use super::about;
use crate::evidence::modcache::VersionUnit;
use crate::finding::{Finding, RootKind, Sink, path_text};
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::subject::modcache::Part;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&LOCK_NOT_EMPTY];

/// A lock with content.
pub static LOCK_NOT_EMPTY: Rule = Rule {
    id: "lock-not-empty",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "a lock file of the module cache is not empty",
    what: "`cache/lock`, `.lock` and `.partial` files have no bytes: Go only ever creates and locks them.",
    why: "Nobody looks into a lock, so what lies there stays hidden and travels with every copy of the cache.",
    go: "Takes no notice.",
    mend: "Remove the file; Go makes it afresh.",
    source: "cmd/go/internal/modfetch/cache.go (lockVersion, SideLock), fetch.go (unzip)",
    witness: |s| {
        let path = s.download("lock");
        s.write(&path, b"#!/bin/sh\n")?;
        Ok(Sample::place(&path))
    },
};

fn message(size: u64) -> String {
    format!("holds {size} bytes, where go writes none")
}

/// Judges the lock and the mark of a version.
pub fn version(root: &Path, unit: &VersionUnit, sink: &mut Sink) {
    for part in [Part::Lock, Part::Partial] {
        if let Some(stat) = unit.stat(part).filter(|s| unit.has(part) && s.size > 0) {
            sink.push(
                about(&LOCK_NOT_EMPTY, root, unit, part, message(stat.size)).claims("0 bytes", format!("{} bytes", stat.size)),
            );
        }
    }
}

/// Judges another lock, `rel` relative to the root.
pub fn other(root: &Path, rel: &Path, size: u64, sink: &mut Sink) {
    if size > 0 {
        let finding = Finding::at(&LOCK_NOT_EMPTY, RootKind::Gomodcache, &root.join(rel), path_text(rel).0, message(size));
        sink.push(finding.claims("0 bytes", format!("{size} bytes")));
    }
}
