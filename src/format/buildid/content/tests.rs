use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

/// Go's rule, word for word, on the whole file.
fn reference(data: &[u8], id: &[u8], excluded: &[Range<u64>]) -> (IdHash, u64) {
    let mut data = data.to_vec();
    for r in excluded {
        for i in r.clone() {
            if let Some(b) = usize::try_from(i).ok().and_then(|i| data.get_mut(i)) {
                *b = 0;
            }
        }
    }
    let (mut at, mut matches) = (0, 0);
    while at + id.len() <= data.len() {
        if data[at..at + id.len()] == *id {
            data[at..at + id.len()].fill(0);
            at += id.len();
            matches += 1;
        } else {
            at += 1;
        }
    }
    (IdHash::of(&Sha256::digest(&data).into()), matches)
}

/// Yields `step` bytes a read, and fails where it is told to.
struct Source<'a> {
    rest: &'a [u8],
    step: usize,
    fails_after: Option<usize>,
}

impl Read for Source<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match &mut self.fails_after {
            Some(0) => return Err(io::Error::other("the disk is gone")),
            Some(left) => *left -= 1,
            None => {}
        }
        let n = to.len().min(self.step).min(self.rest.len());
        let (now, rest) = self.rest.split_at(n);
        to[..n].copy_from_slice(now);
        self.rest = rest;
        Ok(n)
    }
}

fn hash(data: &[u8], expected: usize, step: usize, watch: Option<&Watch>) -> ContentHash {
    let mut from = Source { rest: data, step, fails_after: None };
    let got = ContentHasher::default().hash(&mut from, u64::try_from(expected).unwrap(), &mut |_| watch.cloned()).unwrap();
    assert_eq!(got.sha256, <[u8; 32]>::from(Sha256::digest(data)));
    assert_eq!(got.size, u64::try_from(data.len()).unwrap());
    got
}

fn check(data: &[u8], id: &[u8], excluded: &[Range<u64>], step: usize) {
    let watch = Watch::new(&BuildId::new(id), excluded).unwrap();
    let got = hash(data, data.len(), step, Some(&watch));
    let (content, matches) = reference(data, id, excluded);
    assert_eq!((got.content, got.matches), (Some(content.clone()), matches));
    let mut from = Source { rest: data, step, fails_after: None };
    let alone = ContentHasher::default().content(&mut from, u64::try_from(data.len()).unwrap(), &watch).unwrap();
    assert_eq!(alone, content);
}

/// Bytes in which no block is like another.
fn filled(length: usize) -> Vec<u8> {
    let mut at = 1u64;
    let mut byte = || {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        at.to_be_bytes()[0]
    };
    (0..length).map(|_| byte()).collect()
}

#[test]
fn an_id_is_found_wherever_it_lies() {
    let id: Vec<u8> = (0..MAX_ID).map(|i| b'A' + u8::try_from(i % 26).unwrap()).collect();
    for length in [PIECE - 1, PIECE + 100] {
        let plain = filled(length);
        for at in (0..300).chain(PIECE - 300..(PIECE + 150).min(length)).step_by(29).filter(|at| at + id.len() <= length) {
            let mut data = plain.clone();
            data[at..at + id.len()].copy_from_slice(&id);
            check(&data, &id, &[], usize::MAX);
        }
    }
}

#[test]
fn a_file_of_nothing_but_ids() {
    let id = b"abcabcabd";
    for length in [0, 8, 9, 100, PIECE + 9, 3 * PIECE] {
        let data: Vec<u8> = id.iter().copied().cycle().take(length).collect();
        check(&data, id, &[], usize::MAX);
        check(&data, id, &[3..4, 90..70_000], usize::MAX);
        check(&data, id, &[50..60, 70..900_000], usize::MAX);
    }
}

#[test]
fn what_is_read_counts_and_not_the_size_that_was_told() {
    let data = filled(3 * PIECE);
    for (length, expected) in
        [(70_000, 200_000), (3 * PIECE, 70_000), (10, 0), (PIECE, PIECE), (PIECE, PIECE + 1), (0, 0), (0, 9)]
    {
        let got = hash(&data[..length], expected, usize::MAX, None);
        assert_eq!((got.content, got.matches), (None, 0));
    }
}

#[test]
fn the_first_piece_is_whole_however_it_is_read() {
    let data = filled(2 * PIECE);
    for step in [1, 1000, usize::MAX] {
        let mut from = Source { rest: &data, step, fails_after: None };
        let mut calls = 0;
        let mut first = |piece: &[u8]| {
            calls += 1;
            assert_eq!(piece, &data[..PIECE]);
            None
        };
        ContentHasher::default().hash(&mut from, 2 << 16, &mut first).unwrap();
        assert_eq!(calls, 1);
    }
}

#[test]
fn an_error_leaves_the_hasher_fit_for_the_next_file() {
    let data = filled(3 * PIECE);
    let mut hasher = ContentHasher::default();
    for fails_after in [0, 1, 2] {
        let mut from = Source { rest: &data, step: usize::MAX, fails_after: Some(fails_after) };
        assert!(hasher.hash(&mut from, 3 << 16, &mut |_| None).is_err());
        let got = hasher.hash(&mut &data[..], 3 << 16, &mut |_| None).unwrap();
        assert_eq!(got.sha256, <[u8; 32]>::from(Sha256::digest(&data)));
    }
}

#[test]
fn what_go_gives_no_content_id_is_not_watched() {
    for id in [vec![], vec![b'a'; MAX_ID + 1], vec![b'a', 0]] {
        assert!(Watch::new(&BuildId::new(id), &[]).is_none());
    }
}

/// All files at once, the hashers taking turns as lanes do.
fn hash_together(files: &[Vec<u8>], watches: &[Option<Watch>], step: usize) -> Vec<ContentHash> {
    let mut hashers: Vec<ContentHasher> = files.iter().map(|_| ContentHasher::default()).collect();
    let mut from: Vec<Source<'_>> = files.iter().map(|f| Source { rest: f, step, fails_after: None }).collect();
    while hashers.iter().any(|h| h.done().is_none()) {
        for (((hasher, from), file), watch) in hashers.iter_mut().zip(&mut from).zip(files).zip(watches) {
            if !hasher.is_pending() && hasher.done().is_none() {
                hasher.fill(from, u64::try_from(file.len()).unwrap(), &mut |_| watch.clone()).unwrap();
            }
        }
        ContentHasher::advance_all(&mut hashers.iter_mut().filter(|h| h.is_pending()).collect::<Vec<_>>());
    }
    hashers.iter().map(|h| h.done().unwrap()).collect()
}

#[test]
fn files_side_by_side_are_what_each_is_alone() {
    let id = b"0123456789abcdefghij/ABCDEFGHIJ9876543210";
    let sizes =
        [0, 41, 63, 64, 200, 4095, 60_000, 65_536, 65_577, 131_072, 150_000, 70_001, 9, 80_000, 90_000, 100_000, 130_000, 3, 77];
    for number in [1, 2, 8, 9, 16, sizes.len()] {
        let mut files: Vec<Vec<u8>> = sizes.iter().take(number).map(|n| filled(*n)).collect();
        for (i, file) in files.iter_mut().enumerate() {
            for at in [i * 37 % 300, 5000 + i * 1000, 65_520 + i] {
                if let Some(to) = file.get_mut(at..at + id.len()) {
                    to.copy_from_slice(id);
                }
            }
        }
        let excluded = [100..101, 60_000..90_000];
        let watch = |i: usize| {
            let id = BuildId::new(&id[..]);
            [None, Watch::new(&id, &excluded), Watch::new(&id, &[]), Watch::new(&id, &[]), Watch::new(&id, &[])]
                .into_iter()
                .nth(i % 5)
                .unwrap()
        };
        let watches: Vec<Option<Watch>> = (0..number).map(watch).collect();
        for (i, (got, file)) in hash_together(&files, &watches, 50_000).into_iter().zip(&files).enumerate() {
            let want = watches[i].as_ref().map(|w| reference(file, id, &w.excluded));
            assert_eq!(got.sha256, <[u8; 32]>::from(Sha256::digest(file)));
            assert_eq!(got.content, want.as_ref().map(|(content, _)| content.clone()), "{i} of {number}");
            assert_eq!(got.matches, want.map_or(0, |(_, matches)| matches));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_give_gos_hash(
        data in proptest::collection::vec(0u8..4, 0..400),
        id in proptest::collection::vec(1u8..4, 1..5),
        step in 1usize..90,
        start in 0u64..300, len in 0u64..40,
    ) {
        check(&data, &id, &[start..start + len, 200..230], step);
        check(&data, &id, &[], step);
    }

    #[test]
    fn any_place_in_a_long_file_gives_gos_hash(
        length in 0usize..200_000,
        places in proptest::collection::vec(0usize..200_000, 0..6),
        step in 500usize..80_000,
        start in 0u64..200_000, len in 0u64..80_000,
    ) {
        let id = b"0123456789abcdefghij/ABCDEFGHIJ9876543210";
        let mut data = filled(length);
        for at in places {
            if let Some(to) = data.get_mut(at..at + id.len()) { to.copy_from_slice(id) }
        }
        let range = start..start + len;
        check(&data, id, std::slice::from_ref(&range), step);
        check(&data, id, &[], step);
    }
}
