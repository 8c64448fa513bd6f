//! The sweep of a folder of binaries, or of one that was named: each is opened once, read once, and held against what the
//! module cache says.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::{QUIET, Run, wait_until_quiet};
use crate::check::binary::{self, ModuleSums};
use crate::evidence::binary::{BinaryEvidence, read};
use crate::evidence::node::{Expect, Root};
use crate::evidence::tally::Tally;
use crate::facts::{Fact, ModuleTrust};
use crate::finding::{RootKind, Sink};
use crate::sys::NodeKind;

/// `go install` writes programs for another platform to `GOOS_GOARCH` below `GOPATH/bin` (cmd/go/internal/load/pkg.go).
fn is_platform_folder(name: &OsStr) -> bool {
    name.to_str().and_then(|n| n.split_once('_')).is_some_and(|(os, arch)| {
        let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        plain(os) && plain(arch)
    })
}

/// Sweeps the folder `root`, or only the file called `only` in it.
pub(super) fn sweep(run: &Run<'_>, root: &Root, only: Option<&OsStr>, number: u32, known: &ModuleSums, tally: &mut Tally) {
    let files = match only {
        Some(name) => vec![PathBuf::from(name)],
        None => list(root, tally),
    };
    run.phase(number, root.kind, "binaries", files.len(), None);
    let units: Vec<Tally> = run.pool.install(|| {
        files
            .par_iter()
            .map(|rel| {
                let mut unit = run.tally();
                if let Err(e) = one(run, root, rel, known, &mut unit) {
                    unit.failed(&root.path.join(rel), &e);
                }
                run.progress.advance(1, unit.counts.bytes);
                unit
            })
            .collect()
    });
    for unit in units {
        tally.absorb(unit);
    }
}

/// The files of a folder of binaries; what is neither is judged by who may change it.
fn list(root: &Root, tally: &mut Tally) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entries = WalkDir::new(&root.real).min_depth(1).max_depth(2).max_open(2).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                tally.walk_failed(root, e);
                continue;
            }
        };
        let Ok(rel) = entry.path().strip_prefix(&root.real) else { continue };
        if entry.file_type().is_file() {
            files.push(rel.to_path_buf());
            continue;
        }
        if entry.file_type().is_dir() && !is_platform_folder(entry.file_name()) {
            entries.skip_current_dir();
        }
        let judged = root.dir.stat(rel).and_then(|stat| tally.node(root, rel, stat, Expect::Others));
        if let Err(e) = judged {
            tally.failed(&root.path.join(rel), &e);
        }
    }
    files
}

fn one(run: &Run<'_>, root: &Root, rel: &Path, known: &ModuleSums, tally: &mut Tally) -> io::Result<()> {
    let path = root.path.join(rel);
    let Some(mut evidence) = look(root, rel, &path, tally)? else { return Ok(()) };
    if !evidence.damage.is_empty() {
        // `go install` writes in place where it can't rename: what is young gets a moment to be finished.
        let stat = root.dir.stat(rel)?;
        if wait_until_quiet(stat.mtime_ns.max(stat.ctime_ns), QUIET) {
            let mut second = tally.fresh();
            match look(root, rel, &path, &mut second)? {
                Some(again) => evidence = again,
                None => return Ok(()),
            }
        }
    }
    tally.counts.files += 1;
    tally.counts.binaries += 1;
    tally.counts.bytes += evidence.size;
    let mut sink = Sink::default();
    binary::local(&evidence, root.kind, &mut sink);
    if evidence.fact.go {
        let trusts = binary::joined(&evidence.fact, root.kind, known, &mut sink);
        for trust in trusts.iter().flatten() {
            tally.counts.deps += 1;
            tally.counts.deps_matched += u64::from(*trust != ModuleTrust::None);
            tally.trust.dependency(*trust);
        }
        let fact = &mut evidence.fact;
        for (module, trust) in fact.main.iter_mut().chain(&mut fact.deps).zip(trusts) {
            module.trust = trust;
        }
    }
    let state = if !evidence.damage.is_empty() || sink.has_error() {
        &mut tally.coverage.damaged
    } else if binary::is_verifiable(&evidence.fact) && evidence.fact.content_id_ok == Some(true) {
        &mut tally.coverage.intact
    } else {
        &mut tally.coverage.unverifiable
    };
    *state += 1;
    if evidence.damage.is_empty() && evidence.fact.content_id_ok == Some(true) {
        tally.trust.content_id += 1;
    } else {
        tally.trust.binary_none += 1;
    }
    tally.sink.absorb(sink);
    if run.plan.options.facts {
        tally.facts.push(Fact::Binary(Box::new(evidence.fact)));
    }
    Ok(())
}

/// Opens and reads one file; `None` where it is no regular file, which the posture rules tell. A link in a folder of programs is
/// followed no further than telling where it leads.
fn look(root: &Root, rel: &Path, path: &Path, tally: &mut Tally) -> io::Result<Option<BinaryEvidence>> {
    let stat = root.dir.stat(rel)?;
    if stat.kind != NodeKind::File {
        tally.node(root, rel, stat, Expect::Others)?;
        return Ok(None);
    }
    let file = root.dir.open_file(rel)?;
    tally.node(root, rel, *file.stat(), Expect::Others)?;
    read(path, &file).map(Some)
}

/// Splits a binary that was named into its folder and its name.
pub(super) fn split(kind: RootKind, path: &Path) -> Option<(&Path, &OsStr)> {
    let named = kind == RootKind::Binary && crate::sys::lstat(path).is_ok_and(|s| s.kind != NodeKind::Dir);
    if named { path.parent().zip(path.file_name()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_other_platforms_are_swept() {
        for (name, is) in [("linux_arm64", true), ("js_wasm", true), ("linux", false), ("My_Tools", false), ("_x", false)] {
            assert_eq!(is_platform_folder(OsStr::new(name)), is, "{name}");
        }
    }
}
