use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

/// Yields what is left in pieces of the given lengths, over and over.
struct Pieces<'a> {
    rest: &'a [u8],
    lengths: std::iter::Cycle<std::iter::Copied<std::slice::Iter<'a, usize>>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.lengths.next().unwrap().clamp(1, to.len()).min(self.rest.len());
        let (now, rest) = self.rest.split_at(n);
        to[..n].copy_from_slice(now);
        self.rest = rest;
        Ok(n)
    }
}

fn pieces<'a>(rest: &'a [u8], lengths: &'a [usize]) -> Pieces<'a> {
    Pieces { rest, lengths: lengths.iter().copied().cycle() }
}

/// Reads and ends as soon as nothing is pending, as those who use a lane do.
fn refill(lane: &mut Lane, from: &mut Pieces<'_>) {
    while !lane.is_pending() && lane.digest().is_none() {
        if lane.fill(from).unwrap().bytes.is_empty() {
            lane.end();
        }
    }
}

/// Hashes all messages, two at a time, each free lane taking the next.
fn hash_all(unit: Option<x2::Unit>, messages: &[Vec<u8>], lengths: &[usize]) -> Vec<[u8; 32]> {
    let mut out = vec![[0; 32]; messages.len()];
    let mut lanes = [Lane::default(), Lane::default()];
    let mut jobs: [Option<(usize, Pieces<'_>)>; 2] = [None, None];
    let mut next = messages.iter().enumerate();
    loop {
        for (lane, job) in lanes.iter_mut().zip(&mut jobs) {
            if let (Some((i, _)), Some(digest)) = (&job, lane.digest()) {
                out[*i] = digest;
                assert_eq!(lane.length(), u64::try_from(messages[*i].len()).unwrap());
                *job = None;
            }
            if job.is_none() {
                *job = next.next().map(|(i, m)| (i, pieces(m, lengths)));
                lane.restart();
            }
            if let Some((_, from)) = job {
                refill(lane, from);
            }
        }
        let [a, b] = &mut lanes;
        match (&jobs[0], &jobs[1]) {
            (Some(_), Some(_)) => advance_with(unit, a, b),
            (Some(_), None) => a.advance(),
            (None, Some(_)) => b.advance(),
            (None, None) => return out,
        }
    }
}

fn hash_in_memory(unit: Option<x2::Unit>, messages: &[Vec<u8>]) -> Vec<[u8; 32]> {
    let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let mut out = vec![None; messages.len()];
    hash_each_with(unit, &slices, &mut |i, digest| assert_eq!(out[i].replace(digest), None, "told once"));
    out.into_iter().map(Option::unwrap).collect()
}

fn check(messages: &[Vec<u8>], lengths: &[usize]) {
    let want: Vec<[u8; 32]> = messages.iter().map(|m| Sha256::digest(m).into()).collect();
    for unit in [x2::Unit::detect(), None] {
        assert_eq!(hash_all(unit, messages, lengths), want, "{unit:?}");
        assert_eq!(hash_in_memory(unit, messages), want, "{unit:?}");
    }
}

/// Bytes in which no block is like another.
fn filled(length: usize, seed: u64) -> Vec<u8> {
    let mut at = seed | 1;
    let mut byte = || {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        at.to_be_bytes()[0]
    };
    (0..length).map(|_| byte()).collect()
}

#[test]
fn every_length_about_the_block_boundaries_is_right() {
    let messages: Vec<Vec<u8>> = (0..260).zip(1..).map(|(n, seed)| filled(n, seed)).collect();
    check(&messages, &[usize::MAX]);
    check(&messages, &[1, 63, 64, 65]);
}

#[test]
fn every_length_about_the_piece_boundaries_is_right() {
    let near =
        [PIECE - 65, PIECE - 9, PIECE - 8, PIECE - 1, PIECE, PIECE + 1, PIECE + 64, 2 * PIECE - 1, 2 * PIECE, 3 * PIECE + 7];
    let messages: Vec<Vec<u8>> = near.into_iter().zip(1..).map(|(n, seed)| filled(n, seed)).collect();
    check(&messages, &[usize::MAX]);
    check(&messages, &[usize::MAX, 13]);
}

#[test]
fn known_answers_hold() {
    let hashed = |m: &[u8]| crate::format::hex(&hash_all(x2::Unit::detect(), &[m.to_vec(), m.to_vec()], &[7])[1]);
    // FIPS 180-2, appendix B.1 and B.2.
    assert_eq!(hashed(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_eq!(hashed(two_blocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

#[test]
fn filling_before_hashing_loses_nothing() {
    let message = filled(5 * PIECE + 5, 9);
    let (mut lane, mut from) = (Lane::default(), pieces(&message, &[usize::MAX]));
    while !lane.fill(&mut from).unwrap().bytes.is_empty() {}
    lane.end();
    lane.end();
    assert_eq!(lane.digest(), None, "the padding is still to be hashed");
    lane.advance();
    let want: [u8; 32] = Sha256::digest(&message).into();
    assert_eq!(lane.digest(), Some(want));
    assert!(lane.fill(&mut pieces(b"more", &[4])).unwrap().bytes.is_empty(), "an ended message takes no more");
    assert_eq!(lane.digest(), Some(want));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_at_a_time_are_what_each_is_alone(
        sizes in proptest::collection::vec((prop_oneof![0usize..300, 0usize..9000, 60_000usize..140_000], any::<u64>()), 0..9),
        lengths in proptest::collection::vec(prop_oneof![1usize..200, 1usize..70_000], 1..6),
    ) {
        // Many tiny reads of a long message take long and show nothing new.
        let lengths = if lengths.iter().all(|n| *n < 200) { [lengths, vec![30_000]].concat() } else { lengths };
        let messages: Vec<Vec<u8>> = sizes.into_iter().map(|(n, seed)| filled(n, seed)).collect();
        check(&messages, &lengths);
    }
}
