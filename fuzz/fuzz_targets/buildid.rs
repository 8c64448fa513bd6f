//! Build IDs of archives, and content hashes: the pieces in which a file is read don't matter, and its hash is Go's.
#![no_main]

use std::io::Read;

use gocachescan::format::buildid::{BuildId, ContentHash, ContentHasher, Watch, archive_build_id};

/// Yields so many bytes a read.
struct Steps<'a>(&'a [u8], usize);

impl Read for Steps<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(to.len());
        self.0.read(&mut to[..n])
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Sizes about that of a piece come from repeating what there is.
    let data = &data.repeat(if data.len() % 5 == 0 { 70_000 / data.len().max(100) + 1 } else { 1 })[..];
    let id = archive_build_id(data).unwrap_or_else(|| BuildId::new(data.get(..3).unwrap_or_default()));
    let excluded = data.first().map(|b| u64::from(*b)..u64::from(*b) + 5);
    let watch = Watch::new(&id, excluded.as_slice());
    let mut hasher = ContentHasher::default();
    let mut hash = |step: usize| -> ContentHash {
        let size = u64::try_from(data.len()).unwrap();
        hasher.hash(&mut Steps(data, step), size, &mut |_| watch.clone()).unwrap()
    };
    let whole = hash(usize::MAX);
    assert_eq!(hash(7), whole);
    assert_eq!(hash(5000), whole);
    if watch.is_some() {
        let mut zeroed = data.to_vec();
        for range in excluded.iter() {
            for at in range.clone() {
                if let Some(b) = zeroed.get_mut(usize::try_from(at).unwrap()) {
                    *b = 0;
                }
            }
        }
        let mut at = 0;
        while let Some(window) = zeroed.get_mut(at..at + id.as_bytes().len()) {
            let found = window == id.as_bytes();
            if found {
                window.fill(0);
            }
            at += if found { window.len() } else { 1 };
        }
        let size = u64::try_from(zeroed.len()).unwrap();
        let plain = hasher.hash(&mut &zeroed[..], size, &mut |_| None).unwrap();
        assert_eq!(whole.content, Some(gocachescan::format::buildid::IdHash::of(&plain.sha256)));
    }
});
