//! Rules on module zips.

use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sample::zip::{ZipMember, pack, sum};
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[
    &ZIP_HASH_MISMATCH,
    &ZIP_UNREADABLE,
    &ZIP_CRC_MISMATCH,
    &ZIP_NAME_REFUSED,
    &ZIP_NAME_COLLISION,
    &ZIP_TOO_LARGE,
    &ZIP_BOMB,
    &ZIP_HIDDEN_DATA,
    &ZIP_HEADERS_DIFFER,
    &ZIP_SPECIAL_MEMBER,
    &ZIP_FOLDER_ENTRY,
    &ZIP_MADE_BY_GIT,
];

const READER: &str = "archive/zip/reader.go (readDirectoryEnd, readDirectoryHeader, findBodyOffset)";
const CHECK: &str = "golang.org/x/mod/zip/zip.go (checkZip, Unzip)";
const REMOVE: &str = "Remove this version (zip, `.ziphash` and extracted directory); go fetches it again, and go.sum or the checksum database tells whether that is the true one.";

/// A healthy zip with one thing done to its members.
fn with_members(s: &Sample, change: impl FnOnce(&mut Vec<ZipMember>)) -> std::io::Result<crate::place::Place> {
    let mut members = s.zip_members();
    change(&mut members);
    Ok(Sample::place(&s.put_zip(&members)?))
}

/// The content is not what `.ziphash` says.
pub static ZIP_HASH_MISMATCH: Rule = Rule {
    id: "zip-hash-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a module zip is not the one that its `.ziphash` claims",
    what: "The dirhash of every zip, computed from the content of its members, against the `.ziphash` beside it.",
    why: "The zip or its `.ziphash` was changed after go had checked them, or the disk rots. Go extracts the zip again whenever the directory is missing, and compiles what comes out.",
    go: "Only `go mod verify` looks; `go build` believes the `.ziphash`.",
    mend: "Remove this version (zip, `.ziphash` and extracted directory), or, where the zip is proven, only the other two; go fetches or extracts it \
           again, and go.sum or the checksum database tells whether that is the true one.",
    source: "cmd/go/internal/modcmd/verify.go (verifyMod), golang.org/x/mod/sumdb/dirhash (HashZip)",
    witness: |s| {
        let mut members = s.zip_members();
        if let Some(m) = members.iter_mut().find(|m| m.name.ends_with(b"greet.go")) {
            m.content.extend_from_slice(b"// changed\n");
        }
        let zip = s.zip();
        s.write(&zip, &pack(&members)?)?;
        Ok(Sample::place(&zip))
    },
};

/// No zip that Go can read.
pub static ZIP_UNREADABLE: Rule = Rule {
    id: "zip-unreadable",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a module zip can't be read: cut off, empty or rotten",
    what: "The end of the directory, the directory, each member's header and data are there, and each member inflates to the size that it claims.",
    why: "A download or a restore of a CI cache was cut off, the disk was full, or bits have flipped. The next extraction fails in the middle of a build.",
    go: "Fails with \"zip: not a valid zip file\" or \"unexpected EOF\" when it extracts the module, and never fetches it again by itself.",
    mend: REMOVE,
    source: READER,
    witness: |s| {
        let zip = s.zip();
        let bytes = sys::read(&zip, 1 << 20)?;
        s.write(&zip, bytes.get(..bytes.len() / 2).unwrap_or(&[]))?;
        Ok(Sample::place(&zip))
    },
};

/// A CRC-32 that does not fit.
pub static ZIP_CRC_MISMATCH: Rule = Rule {
    id: "zip-crc-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "the CRC-32 of a member of a module zip does not fit its content",
    what: "The CRC-32 of each member's content against the directory, and that of its data descriptor. A member that claims none is told too: go does not \
           check it then.",
    why: "Bits have flipped, or somebody changed the content with a tool that does not know about it.",
    go: "Fails with \"zip: checksum error\" when it extracts or hashes the zip.",
    mend: REMOVE,
    source: "archive/zip/reader.go (checksumReader, readDataDescriptor)",
    witness: |s| {
        with_members(s, |members| {
            if let Some(m) = members.first_mut() {
                m.crc_offset = 1;
            }
        })
    },
};

/// Names that Go refuses.
pub static ZIP_NAME_REFUSED: Rule = Rule {
    id: "zip-name-refused",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a module zip holds a name that no module may hold",
    what: "Every name lies in `path@version/`, is clean, and is made of the characters that a file of a module may have; there is one `go.mod` at most, at the \
           root, in lower case.",
    why: "A name with `..`, a backslash or another prefix makes some extractor write outside the module. Go itself refuses the zip, but it made it into the cache.",
    go: "Refuses to extract the whole zip.",
    mend: REMOVE,
    source: CHECK,
    witness: |s| with_members(s, |m| m.push(ZipMember::new(Sample::member_name("../../../evil.go"), "package evil\n"))),
};

/// Names that meet.
pub static ZIP_NAME_COLLISION: Rule = Rule {
    id: "zip-name-collision",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "two names of a module zip are one and the same on some file systems",
    what: "No two names are equal under Unicode case folding, none is there twice, none is both a file and a folder.",
    why: "Which of the two files is extracted depends on the machine: what is reviewed on one is not what is compiled on the other.",
    go: "Refuses to extract the whole zip; its dirhash takes the last of two equal names.",
    mend: REMOVE,
    source: "golang.org/x/mod/zip/zip.go (collisionChecker)",
    witness: |s| with_members(s, |m| m.push(ZipMember::new(Sample::member_name("GREET.go"), "package greet\n"))),
};

/// Beyond Go's limits.
pub static ZIP_TOO_LARGE: Rule = Rule {
    id: "zip-too-large",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a module zip is larger than go takes",
    what: "The zip and the sum of its members are at most 500 MiB, `go.mod` and `LICENSE` at most 16 MiB.",
    why: "Go never wrote it. Whoever inflates it without looking fills the disk.",
    go: "Refuses to extract it.",
    mend: REMOVE,
    source: "golang.org/x/mod/zip/zip.go (MaxZipFile, MaxGoMod, MaxLICENSE)",
    witness: |s| {
        with_members(s, |members| {
            if let Some(m) = members.iter_mut().find(|m| m.name.ends_with(b"/go.mod")) {
                // Of no compressible zeros: this is no bomb.
                let mut n = 1u32;
                m.content.extend(
                    std::iter::repeat_with(|| {
                        n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        n.to_be_bytes()[0]
                    })
                    .take(16 << 20),
                );
                m.stored = true;
            }
        })
    },
};

/// A bomb.
pub static ZIP_BOMB: Rule = Rule {
    id: "zip-bomb",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a member of a module zip inflates out of all proportion",
    what: "No member of 16 MiB or more inflates to 250 times its packed size or more. Source text reaches 60; real modules hold larger files, and smaller ones of \
           a higher ratio.",
    why: "A few kilobytes fill memory and disk of whoever unpacks them: builds, proxies and scanners fail.",
    go: "Extracts up to 500 MiB.",
    mend: REMOVE,
    source: CHECK,
    witness: |s| with_members(s, |m| m.push(ZipMember::new(Sample::member_name("zeros.bin"), vec![0; 16 << 20]))),
};

/// Bytes that nobody looks at.
pub static ZIP_HIDDEN_DATA: Rule = Rule {
    id: "zip-hidden-data",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a module zip holds bytes that go never looks at",
    what: "Every byte belongs to a member, the directory or the end record: nothing lies before, between or behind them or behind a deflate stream, and there is \
           no comment and no extra field that no zip writer makes.",
    why: "No sum covers these bytes: a program, a second zip or stolen data travels in a module whose dirhash is true. A reader that scans for headers, as \
          many do, sees files that go does not see.",
    go: "Takes no notice, nor does `go mod verify`.",
    mend: REMOVE,
    source: READER,
    witness: |s| {
        let mut bytes = pack(&s.zip_members())?;
        bytes.extend_from_slice(b"#!/bin/sh\nexit 0\n");
        Ok(Sample::place(&s.put_zip_bytes(&bytes, sum(&s.zip_members())?)?))
    },
};

/// Two readers see two zips.
pub static ZIP_HEADERS_DIFFER: Rule = Rule {
    id: "zip-headers-differ",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "the headers of a module zip contradict each other",
    what: "The local header of each member has the name, method, sizes and CRC-32 of the directory, the end record counts right, no two members share bytes, \
           and none is marked as encrypted.",
    why: "Go reads the directory alone; other readers, such as scanners for secrets and licences, read the local headers. They see other files than go compiles.",
    go: "Takes no notice.",
    mend: REMOVE,
    source: READER,
    witness: |s| {
        with_members(s, |members| {
            if let Some(m) = members.last_mut() {
                m.local_name = Some(Sample::member_name("internal/words/other.go").into_bytes());
            }
        })
    },
};

/// No plain file.
pub static ZIP_SPECIAL_MEMBER: Rule = Rule {
    id: "zip-special-member",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a member of a module zip is marked as a link, a device or setuid",
    what: "The mode in each member's attributes: go writes none, other tools a plain file's.",
    why: "Go makes a file of it whatever its mode. Every other extractor makes the link, through which the next member is written to where it points.",
    go: "Takes no notice.",
    mend: REMOVE,
    source: "archive/zip/struct.go (FileHeader.Mode), golang.org/x/mod/zip/zip.go (Create)",
    witness: |s| {
        with_members(s, |members| {
            if let Some(m) = members.last_mut() {
                m.unix_mode = Some(0o120_777);
            }
        })
    },
};

/// An entry for a folder.
pub static ZIP_FOLDER_ENTRY: Rule = Rule {
    id: "zip-folder-entry",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a module zip has entries for folders",
    what: "No name of a module zip ends in a slash.",
    why: "The entries count in the dirhash, and the extracted directory can't have them: no directory extracted from this zip ever equals it, so a change in it goes \
          unnoticed among the false alarms of `go mod verify`. A zip made by hand, or by a proxy that packs with `zip -r`, looks so.",
    go: "Extracts the zip; `go mod verify` then says that the directory was modified.",
    mend: "Have the zip made by go or by golang.org/x/mod/zip (`zip -D` leaves the entries out); its sum changes then.",
    source: "golang.org/x/mod/sumdb/dirhash/hash.go (HashZip, DirFiles)",
    witness: |s| {
        with_members(s, |m| {
            m.insert(0, ZipMember { stored: true, sizes_first: true, ..ZipMember::new(Sample::member_name("internal/"), "") })
        })
    },
};

/// `git archive`.
pub static ZIP_MADE_BY_GIT: Rule = Rule {
    id: "zip-made-by-git",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "a module zip was packed by `git archive`",
    what: "The comment of the zip is 40 or 64 hexadecimal digits: the commit, as `git archive` writes it.",
    why: "Harmless. Go and the proxies that follow it pack anew, so somebody made this one by hand.",
    go: "Takes no notice.",
    mend: "Nothing to do.",
    source: READER,
    witness: |s| {
        let mut bytes = pack(&s.zip_members())?;
        let len = bytes.len();
        if let Some(comment) = bytes.get_mut(len - 2..) {
            comment.copy_from_slice(&40u16.to_le_bytes());
        }
        bytes.extend_from_slice(b"0123456789abcdef0123456789abcdef01234567");
        Ok(Sample::place(&s.put_zip_bytes(&bytes, sum(&s.zip_members())?)?))
    },
};
