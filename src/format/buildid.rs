//! Build IDs: `actionID/[../]contentID` in archives and linked files, and the content ID recomputed in one read.
//!
//! Go's source: `cmd/internal/buildid/buildid.go` (`HashToString`), `cmd/internal/buildid/rewrite.go` (`FindAndHash`).

mod content;

use std::fmt;

pub use content::{ContentHash, ContentHasher, PIECE, Watch};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
/// Bytes of a sha256 that a build ID part shows: 120 bits.
const PART_BYTES: usize = 15;

/// Characters of a build ID part.
const PART_LEN: usize = 20;

/// A part of a build ID that is a hash: the first 120 bits in URL-safe base64, 20 characters (Go's `HashToString`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdHash(String);

impl IdHash {
    /// The part that shows this hash.
    pub fn of(hash: &[u8; 32]) -> IdHash {
        IdHash(URL_SAFE_NO_PAD.encode(hash.get(..PART_BYTES).unwrap_or_default()))
    }

    /// Its 20 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(part: &[u8]) -> Option<IdHash> {
        let fits = part.len() == PART_LEN && part.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        fits.then(|| IdHash(String::from_utf8_lossy(part).into_owned()))
    }
}

impl fmt::Display for IdHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A build ID as it stands in a file; any bytes, empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildId(Vec<u8>);

impl BuildId {
    /// The ID made of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> BuildId {
        BuildId(bytes.into())
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts, if every one is a hash: two in an archive (`action/content`), four in a linked file
    /// (`action/mainAction/mainContent/content`). `None` for an ID of another shape, such as one that a user or another
    /// build system gave: nothing can be checked on it.
    pub fn hashes(&self) -> Option<Vec<IdHash>> {
        let parts: Option<Vec<IdHash>> = self.0.split(|b| *b == b'/').map(IdHash::parse).collect();
        parts.filter(|p| matches!(p.len(), 2 | 4))
    }

    /// The content ID of a linked file, of an ID with four parts.
    pub fn linked_content(&self) -> Option<IdHash> {
        self.hashes().filter(|p| p.len() == 4)?.pop()
    }

    /// The content ID of an archive, of an ID with two parts.
    pub fn archive_content(&self) -> Option<IdHash> {
        self.hashes().filter(|p| p.len() == 2)?.pop()
    }

    /// The action ID of a linked file, of an ID with four parts.
    pub fn linked_action(&self) -> Option<IdHash> {
        self.hashes().filter(|p| p.len() == 4)?.into_iter().next()
    }

    /// The action ID of an archive, of an ID with two parts.
    pub fn archive_action(&self) -> Option<IdHash> {
        self.hashes().filter(|p| p.len() == 2)?.into_iter().next()
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::binary::lossy(&self.0))
    }
}

/// The build ID of a Go archive, from its first 1024 bytes; `None` if this is no archive of the gc compiler, an empty ID if
/// it has no build ID line (`cmd/internal/buildid/buildid.go`, `ReadFile`).
pub fn archive_build_id(head: &[u8]) -> Option<BuildId> {
    let head = head.get(..1024).unwrap_or(head);
    let mut lines = head.split_inclusive(|b| *b == b'\n').map(|l| l.strip_suffix(b"\n"));
    let mut next = || lines.next().flatten();
    let intact = next()? == b"!<arch>" && next()?.starts_with(b"__.PKGDEF") && next()?.starts_with(b"go object ");
    if !intact {
        return None;
    }
    match next()?.strip_prefix(b"build id ") {
        Some(quoted) => super::binary::unquote(quoted).map(BuildId),
        None => Some(BuildId::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn part_is_that_of_go() {
        // buildid_test.go has no such table: from `printf '' | sha256sum` and Go's HashToString on it.
        let empty: [u8; 32] = Sha256::digest(b"").into();
        assert_eq!(IdHash::of(&empty).as_str(), "47DEQpj8HBSa-_TImW-5");
    }

    #[test]
    fn shapes_of_ids() {
        let part = "47DEQpj8HBSa-_TImW-5";
        let id = |n: usize| BuildId::new(vec![part; n].join("/"));
        assert!(id(4).linked_content().is_some() && id(4).archive_content().is_none());
        assert!(id(2).archive_content().is_some() && id(2).linked_content().is_none());
        for other in [id(1), id(3), id(5), BuildId::new("redacted"), BuildId::default(), BuildId::new(vec![0xff; 20])] {
            assert_eq!(other.hashes(), None, "{other}");
        }
    }

    #[test]
    fn archive_head() {
        let head = b"!<arch>\n__.PKGDEF       0           0     0     644     7955      `\ngo object linux amd64 go1.26.8\nbuild id \"a/b\"\n";
        assert_eq!(archive_build_id(head), Some(BuildId::new("a/b")));
        assert_eq!(archive_build_id(b"!<arch>\n__.PKGDEF\ngo object linux amd64 go1.26.8\n\n"), Some(BuildId::default()));
        assert_eq!(archive_build_id(b"!<arch>\n__.PKGDEF\ngo object linux amd64 go1.26.8\nbuild id \"a"), None);
        assert_eq!(archive_build_id(b"!<arch>\nhello.o/\n"), None);
    }
}
