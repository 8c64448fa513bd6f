//! Build IDs: `actionID/[../]contentID` in archives and linked files, and the content ID recomputed in one streaming pass.
//!
//! Go's source: `cmd/internal/buildid/buildid.go` (`HashToString`), `cmd/internal/buildid/rewrite.go` (`FindAndHash`).

use std::fmt;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

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

    /// The action ID, of an ID of either shape.
    pub fn action(&self) -> Option<IdHash> {
        self.hashes()?.into_iter().next()
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

/// What one pass over a file gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentHash {
    /// The content ID: the hash with every occurrence of the build ID and the excluded ranges read as NUL.
    pub content: IdHash,
    /// Plain sha256 of the bytes, if it was asked for.
    pub sha256: Option<[u8; 32]>,
    /// How many times the build ID occurs.
    pub matches: u64,
}

/// Hashes a file as Go does to make its content ID, in pieces of any size; holds no more than one piece and one build ID.
///
/// The excluded ranges are read as NUL first, then the ID is searched, left to right and without overlap, across the
/// borders of pieces too. An empty ID is never found.
#[derive(Debug, Clone)]
pub struct ContentHasher {
    zeroed: Sha256,
    plain: Option<Sha256>,
    id: Vec<u8>,
    /// Horspool's table: how far the window may move when its last byte is this one.
    shift: Vec<usize>,
    excluded: Vec<Range<u64>>,
    /// What may be the beginning of an ID that goes on in the next piece, not hashed yet.
    pending: Vec<u8>,
    offset: u64,
    matches: u64,
}

impl ContentHasher {
    /// A hasher for the file that carries `id`; `excluded` are ranges of offsets in the file (none for an archive);
    /// with `plain` the sha256 of the unchanged bytes is computed in the same pass.
    pub fn new(id: &BuildId, excluded: &[Range<u64>], plain: bool) -> ContentHasher {
        let id = id.0.clone();
        let mut shift = vec![id.len().max(1); 256];
        for (i, b) in id.iter().enumerate().take(id.len().saturating_sub(1)) {
            if let Some(s) = shift.get_mut(usize::from(*b)) {
                *s = id.len() - 1 - i;
            }
        }
        ContentHasher {
            zeroed: Sha256::new(),
            plain: plain.then(Sha256::new),
            id,
            shift,
            excluded: excluded.to_vec(),
            pending: Vec::new(),
            offset: 0,
            matches: 0,
        }
    }

    /// Takes the next piece of the file.
    pub fn update(&mut self, piece: &[u8]) {
        if let Some(plain) = &mut self.plain {
            plain.update(piece);
        }
        let mut data = std::mem::take(&mut self.pending);
        let fresh = data.len();
        data.extend_from_slice(piece);
        self.blank(data.get_mut(fresh..).unwrap_or_default());
        self.offset = self.offset.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));

        let mut done = 0;
        while let Some(at) = self.find(&data, done) {
            self.zeroed.update(data.get(done..at).unwrap_or_default());
            self.zeroed.update(vec![0; self.id.len()]);
            self.matches = self.matches.saturating_add(1);
            done = at + self.id.len();
        }
        // All but what may be the beginning of an ID.
        let keep = data.len().saturating_sub(self.id.len().saturating_sub(1)).max(done);
        self.zeroed.update(data.get(done..keep).unwrap_or_default());
        data.drain(..keep.min(data.len()));
        self.pending = data;
    }

    /// The hashes of all that was taken.
    pub fn finish(mut self) -> ContentHash {
        self.zeroed.update(&self.pending);
        let content: [u8; 32] = self.zeroed.finalize().into();
        ContentHash { content: IdHash::of(&content), sha256: self.plain.map(|p| p.finalize().into()), matches: self.matches }
    }

    /// Reads the excluded ranges of a fresh piece as NUL.
    fn blank(&self, piece: &mut [u8]) {
        let len = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        for range in &self.excluded {
            let from = range.start.saturating_sub(self.offset).min(len);
            let to = range.end.saturating_sub(self.offset).min(len);
            if let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) {
                piece.get_mut(from..to).unwrap_or_default().fill(0);
            }
        }
    }

    /// The first occurrence of the ID in `data` from `from` on.
    fn find(&self, data: &[u8], from: usize) -> Option<usize> {
        let len = self.id.len();
        if len == 0 {
            return None;
        }
        let mut at = from;
        loop {
            let window = data.get(at..at.checked_add(len)?)?;
            if window == self.id {
                return Some(at);
            }
            let last = window.last().copied().unwrap_or_default();
            at += self.shift.get(usize::from(last)).copied().unwrap_or(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Go's rule, word for word, on the whole file.
    fn reference(data: &[u8], id: &[u8], excluded: &[Range<u64>]) -> IdHash {
        let mut data = data.to_vec();
        for r in excluded {
            for i in r.clone() {
                if let Some(b) = usize::try_from(i).ok().and_then(|i| data.get_mut(i)) {
                    *b = 0;
                }
            }
        }
        let mut at = 0;
        while at + id.len() <= data.len() {
            if !id.is_empty() && data[at..at + id.len()] == *id {
                data[at..at + id.len()].fill(0);
                at += id.len();
            } else {
                at += 1;
            }
        }
        IdHash::of(&Sha256::digest(&data).into())
    }

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
    fn id_across_the_border_of_two_pieces_is_found() {
        let id = BuildId::new("abcabcabd");
        let data = [b"xxabcabc".as_slice(), b"abcabd", b"zz", b"abcabcabd"].concat();
        for cut in 0..data.len() {
            let mut hasher = ContentHasher::new(&id, &[], true);
            hasher.update(&data[..cut]);
            hasher.update(&data[cut..]);
            let hash = hasher.finish();
            assert_eq!(hash.matches, 2);
            assert_eq!(hash.content, reference(&data, id.as_bytes(), &[]));
            assert_eq!(hash.sha256, Some(Sha256::digest(&data).into()));
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

    proptest! {
        #[test]
        fn any_cut_gives_gos_hash(
            data in proptest::collection::vec(0u8..3, 0..300),
            id in proptest::collection::vec(0u8..3, 1..6),
            cuts in proptest::collection::vec(1usize..50, 1..20),
            start in 0u64..300, len in 0u64..40,
        ) {
            let range = start..start + len;
            let excluded = std::slice::from_ref(&range);
            let mut hasher = ContentHasher::new(&BuildId::new(id.clone()), excluded, false);
            let mut rest = data.as_slice();
            for cut in cuts.into_iter().cycle() {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                hasher.update(piece);
                rest = after;
                if rest.is_empty() { break }
            }
            prop_assert_eq!(hasher.finish().content, reference(&data, &id, excluded));
        }
    }
}
