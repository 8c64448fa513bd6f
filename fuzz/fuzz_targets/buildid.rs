//! Build IDs of archives, and content hashes: the pieces in which a file is read don't matter.
#![no_main]

use gocachescan::format::buildid::{BuildId, ContentHasher, archive_build_id};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let id = archive_build_id(data).unwrap_or_else(|| BuildId::new(data.get(..3).unwrap_or_default()));
    let excluded = data.first().map(|b| u64::from(*b)..u64::from(*b) + 5);
    let hash = |size: usize| {
        let mut hasher = ContentHasher::new(&id, excluded.as_slice(), true);
        data.chunks(size).for_each(|piece| hasher.update(piece));
        hasher.finish()
    };
    assert_eq!(hash(1), hash(data.len().max(1)));
    assert_eq!(hash(7), hash(64));
});
