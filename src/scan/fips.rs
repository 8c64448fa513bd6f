//! `golang.org/fips140`, which Go unpacks into the module cache from a zip of its own installation (cmd/go/internal/fips140,
//! `initDir`): no zip lies in the cache, no sum is checked, and whatever was changed in it is compiled.

use std::path::{Path, PathBuf};

use super::{Run, index};
use crate::check::module::SumClaim;
use crate::evidence::modcache::VersionUnit;
use crate::evidence::tally::Tally;
use crate::evidence::zip::ZipEvidence;
use crate::sys::{self, File};

/// The zip that the directory was unpacked from, of the first Go installation that has this version.
pub(super) fn snapshot(run: &Run<'_>, unit: &VersionUnit) -> Option<(PathBuf, File)> {
    if unit.name.path != "golang.org/fips140" {
        return None;
    }
    let name = format!("{}.zip", unit.name.version);
    // GOROOT first: toolchains lie in the cache that is in question.
    let goroot = run.plan.settings.path("GOROOT").map(Path::to_path_buf);
    goroot.into_iter().chain(index::installations(run)).find_map(|goroot| {
        let path = goroot.join("lib").join("fips140").join(&name);
        sys::open(&path).ok().map(|file| (path, file))
    })
}

/// What the installation's zip claims of the directory; where it can't be read as Go reads it, that is told as unread.
pub(super) fn claim(read: &ZipEvidence, tally: &mut Tally) -> Option<SumClaim> {
    tally.counts.bytes += read.bytes;
    let why = match (&read.unread, read.changed) {
        (Some(why), _) => why,
        (None, true) => "kept changing while it was read",
        (None, false) => "is no module zip that Go could unpack",
    };
    match read.h1 {
        Some(h1) if read.unread.is_none() && !read.changed => Some(SumClaim { h1, by: read.path.display().to_string() }),
        _ => {
            tally.unreadable(&read.path, why);
            None
        }
    }
}
