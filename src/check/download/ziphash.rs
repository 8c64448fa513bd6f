//! Rules on `.ziphash`, the unsigned claim that stands beside every zip.

use std::path::Path;

use super::about;
use crate::evidence::modcache::{Content, VersionUnit};
use crate::finding::Sink;
use crate::format::ziphash::Ziphash;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::subject::modcache::Part;
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&ZIPHASH_MISSING, &ZIPHASH_MALFORMED, &ZIPHASH_TRAILING_BYTES];

const SOURCE: &str = "cmd/go/internal/modfetch/fetch.go (hashZip, checkMod, isValidSum), cache.go (DownloadDir)";

/// A zip without its `.ziphash`.
pub static ZIPHASH_MISSING: Rule = Rule {
    id: "ziphash-missing",
    level: Level::Warning,
    kind: Kind::Integrity,
    fix: Fix::None,
    summary: "a module zip has no `.ziphash` beside it",
    what: "Every zip has a `.ziphash`: Go writes it before it gives the zip its name. The other way round, a `.ziphash` without a zip, is what a \
           killed build leaves, and is no finding; nor is a zip that go.sum or the checksum database proves and of which nothing is extracted.",
    why: "Nothing in the cache says any more what the zip should be; somebody who swaps a zip takes its `.ziphash` away.",
    go: "Hashes the zip as it is now and takes that for the truth, unless go.sum or the checksum database has another sum.",
    mend: "Remove the zip and the extracted directory of this version; Go fetches them again and checks them.",
    source: SOURCE,
    witness: |s| {
        let path = s.download("ziphash");
        sys::remove_made(&path)?;
        Ok(Sample::place(&path))
    },
};

/// A `.ziphash` without a dirhash.
pub static ZIPHASH_MALFORMED: Rule = Rule {
    id: "ziphash-malformed",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a `.ziphash` holds no dirhash",
    what: "A `.ziphash` is exactly `h1:` and 44 characters of base64. An empty one, or one of NUL bytes, without a zip beside it is what a killed \
           build leaves, and is no finding.",
    why: "The claim that stands for the zip is gone: the zip may have been changed, or the disk lost data (golang/go#43313).",
    go: "Since 1.16 hashes the zip as it is now and takes that for the truth; before it stops with `unexpected ziphash`.",
    mend: "Remove it with the extracted directory; Go hashes the zip when it extracts it again, and checks that against go.sum or the checksum \
           database. Remove the whole version where neither knows it.",
    source: SOURCE,
    witness: |s| {
        let path = s.download("ziphash");
        s.write(&path, b"garbage")?;
        Ok(Sample::place(&path))
    },
};

/// A `.ziphash` with more than the dirhash.
pub static ZIPHASH_TRAILING_BYTES: Rule = Rule {
    id: "ziphash-trailing-bytes",
    level: Level::Warning,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a `.ziphash` holds more than the dirhash",
    what: "A `.ziphash` is 47 bytes, without a newline.",
    why: "Go never writes it so: somebody or something else wrote here, perhaps a tool that changed line ends.",
    go: "Passes over white space; anything else makes it hash the zip afresh and believe that.",
    mend: "Remove it with the extracted directory; Go hashes the zip when it extracts it again, and checks that against go.sum or the checksum \
           database. Remove the whole version where neither knows it.",
    source: SOURCE,
    witness: |s| {
        let path = s.download("ziphash");
        let mut bytes = sys::read(&path, 4096)?;
        bytes.extend_from_slice(b"\nh1:second=\n");
        s.write(&path, &bytes)?;
        Ok(Sample::place(&path))
    },
};

/// Judges the `.ziphash` of a version; returns it where it could be read.
pub fn ziphash(root: &Path, unit: &VersionUnit, content: &Content, sink: &mut Sink) -> Option<Ziphash> {
    let has_zip = unit.has(Part::Zip);
    let malformed = |why: String| about(&ZIPHASH_MALFORMED, root, unit, Part::Ziphash, why);
    let found = match content {
        Content::Bytes(bytes) => Ziphash::parse(bytes),
        Content::TooLong(size) => {
            sink.push(
                malformed(format!("is {size} bytes long, where a dirhash has 47")).claims("47 bytes", format!("{size} bytes")),
            );
            return None;
        }
        Content::Absent | Content::Blocked | Content::Unread => return None,
    };
    match found {
        Ziphash::Exact(_) => {}
        Ziphash::Padded(h1) | Ziphash::Trailing(h1) => {
            let message = format!("holds more than the dirhash `{h1}`");
            let size = content.bytes().map_or(0, <[u8]>::len);
            sink.push(
                about(&ZIPHASH_TRAILING_BYTES, root, unit, Part::Ziphash, message).claims("47 bytes", format!("{size} bytes")),
            );
        }
        // Go reserves the bytes, writes them, and only then names the zip.
        Ziphash::Empty | Ziphash::Unfinished if !has_zip => {}
        Ziphash::Empty => sink.push(malformed("is empty, where the dirhash of the zip should be".to_owned())),
        Ziphash::Unfinished => sink.push(malformed("holds only NUL bytes, where the dirhash of the zip should be".to_owned())),
        Ziphash::Garbage => sink.push(malformed("holds no dirhash".to_owned())),
    }
    Some(found)
}

/// Judges a version without a `.ziphash`; `proven`: whether go.sum or the checksum database proves its zip. Of one that is, and of
/// which nothing is extracted, Go hashes the zip and checks it before anything of it is used.
pub fn missing(root: &Path, unit: &VersionUnit, content: &Content, proven: bool, sink: &mut Sink) {
    if matches!(content, Content::Absent) && unit.has(Part::Zip) && !(proven && unit.tree.is_none()) {
        let message = "is gone, so nothing beside the zip says what it should be";
        sink.push(about(&ZIPHASH_MISSING, root, unit, Part::Ziphash, message));
    }
}
