//! Every entry becomes exactly one subject, strays too: the build cache.
use std::ffi::OsStr;

use crate::format::action::{ActionId, OutputId};
use crate::format::unhex32;

/// What an entry of a shard is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardEntry {
    /// `<64 hex>-a`.
    Action(ActionId),
    /// `<64 hex>-d`.
    Output(OutputId),
    /// Anything else.
    Stray,
}

/// Tells what an entry of shard `shard` is. An ID in upper case or in the wrong shard is a stray: Go never looks there.
pub fn shard_entry(shard: u8, name: &OsStr) -> ShardEntry {
    let parsed = name.to_str().and_then(|n| n.split_at_checked(64)).and_then(|(id, kind)| {
        let lower = !id.bytes().any(|b| b.is_ascii_uppercase());
        unhex32(id.as_bytes()).filter(|id| lower && id.first() == Some(&shard)).map(|id| (id, kind))
    });
    match parsed {
        Some((id, "-a")) => ShardEntry::Action(ActionId(id)),
        Some((id, "-d")) => ShardEntry::Output(OutputId(id)),
        _ => ShardEntry::Stray,
    }
}

/// The output that the entry at `rel` is or lies in.
pub fn output_of(rel: &std::path::Path) -> Option<OutputId> {
    let mut names = rel.iter();
    match (cache_entry(names.next()?), names.next()) {
        (CacheEntry::Shard(shard), Some(name)) => match shard_entry(shard, name) {
            ShardEntry::Output(id) => Some(id),
            ShardEntry::Action(_) | ShardEntry::Stray => None,
        },
        _ => None,
    }
}

/// What an entry directly in the build cache is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheEntry {
    /// `00` to `ff`.
    Shard(u8),
    /// `README`.
    Readme,
    /// When the cache was last trimmed, in seconds.
    TrimTime,
    /// When cached test results were last declared void, in nanoseconds (`go clean -testcache`).
    TestExpiry,
    /// The corpus of `go test -fuzz`.
    Fuzz,
    /// The log of Go 1.11 and earlier.
    OldLog,
    /// Anything else.
    Stray,
}

/// Tells what an entry directly in the build cache is.
pub fn cache_entry(name: &OsStr) -> CacheEntry {
    match name.to_str() {
        Some("README") => CacheEntry::Readme,
        Some("trim.txt") => CacheEntry::TrimTime,
        Some("testexpire.txt") => CacheEntry::TestExpiry,
        Some("fuzz") => CacheEntry::Fuzz,
        Some("log.txt") => CacheEntry::OldLog,
        Some(two) if two.len() == 2 && two.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) => {
            u8::from_str_radix(two, 16).map_or(CacheEntry::Stray, CacheEntry::Shard)
        }
        _ => CacheEntry::Stray,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_subject() {
        let id = "ab".repeat(32);
        let of = |shard, name: &str| shard_entry(shard, OsStr::new(name));
        assert_eq!(of(0xab, &format!("{id}-a")), ShardEntry::Action(ActionId([0xab; 32])));
        assert_eq!(of(0xab, &format!("{id}-d")), ShardEntry::Output(OutputId([0xab; 32])));
        assert_eq!(of(0xac, &format!("{id}-d")), ShardEntry::Stray, "wrong shard");
        assert_eq!(of(0xab, &format!("{}-d", id.to_uppercase())), ShardEntry::Stray);
        assert_eq!(of(0xab, &format!("{id}-x")), ShardEntry::Stray);
        assert_eq!(cache_entry(OsStr::new("7f")), CacheEntry::Shard(0x7f));
        assert_eq!(cache_entry(OsStr::new("7F")), CacheEntry::Stray);
        assert_eq!(cache_entry(OsStr::new("+1")), CacheEntry::Stray);
    }
}
