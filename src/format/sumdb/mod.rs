//! Go's checksum database as it lies on disk: verifier keys, signed notes, tree heads, records, tiles, and what can be proven
//! from them (golang.org/x/mod/sumdb, its `note` and its `tlog`). All of it pure, total and bounded: a signed size of 2^62
//! makes Go's own arithmetic loop, and is a number like any other here.

pub mod key;
pub mod log;
pub mod needs;
pub mod note;
pub mod text;
pub mod tile;

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose};
use sha2::{Digest, Sha256};

/// A hash of the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// Bytes of a [`struct@Hash`].
pub const HASH_SIZE: usize = 32;

impl Hash {
    /// The root of the tree without records.
    pub fn of_nothing() -> Hash {
        Hash(Sha256::digest([]).into())
    }

    /// The hash of a record (tlog.go, `RecordHash`).
    pub fn of_record(text: &[u8]) -> Hash {
        let mut h = Sha256::new();
        h.update([0]);
        h.update(text);
        Hash(h.finalize().into())
    }

    /// The hash of an inner node (tlog.go, `NodeHash`).
    pub fn of_node(left: Hash, right: Hash) -> Hash {
        let mut node = [1; 65];
        if let Some((_, both)) = node.split_first_mut() {
            let (l, r) = both.split_at_mut(HASH_SIZE);
            l.copy_from_slice(&left.0);
            r.copy_from_slice(&right.0);
        }
        Hash(Sha256::digest(node).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&general_purpose::STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A tree head: how many records the log had, and the hash that stands for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tree {
    /// Number of records; at most 2^63 - 1.
    pub size: u64,
    /// Root hash.
    pub root: Hash,
}

/// As Go's base64.StdEncoding: padding must be there, the bits behind the last byte may be anything.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Decodes as Go's `base64.StdEncoding.DecodeString` does, which passes over CR and newline.
fn decode64(text: &str) -> Option<Vec<u8>> {
    if text.contains(['\r', '\n']) {
        return LENIENT.decode(text.replace(['\r', '\n'], "")).ok();
    }
    LENIENT.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_lenient_as_gos() {
        assert_eq!(decode64("AAAB"), Some(vec![0, 0, 1]));
        assert_eq!(decode64("AA\r\n=\n="), Some(vec![0]));
        assert_eq!(decode64("AB=="), Some(vec![0]));
        assert_eq!(decode64("AA"), None);
        assert_eq!(decode64("AA= ="), None);
    }

    // golang.org/x/mod/sumdb/tlog/tlog_test.go checks the same constructions.
    #[test]
    fn hashes_are_those_of_rfc_6962() {
        assert_eq!(Hash::of_nothing().to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let leaf = Hash::of_record(b"");
        assert_eq!(crate::format::hex(&leaf.0), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_ne!(Hash::of_node(leaf, Hash::of_nothing()), Hash::of_node(Hash::of_nothing(), leaf));
    }
}
