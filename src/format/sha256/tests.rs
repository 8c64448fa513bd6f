use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

/// Whole blocks with the padding of FIPS 180-4, 5.1.1.
fn padded(message: &[u8]) -> Vec<Block> {
    let mut bytes = [message, &[0x80]].concat();
    bytes.resize((bytes.len() + 8).next_multiple_of(64) - 8, 0);
    bytes.extend_from_slice(&(8 * u64::try_from(message.len()).unwrap()).to_be_bytes());
    bytes.as_chunks().0.to_vec()
}

/// Both states over two messages: block by block alike where they are, apart where they are not.
fn hash_two(unit: Option<x2::Unit>, a: &[u8], b: &[u8]) -> [[u8; 32]; 2] {
    let (a, b) = (padded(a), padded(b));
    let (mut of_a, mut of_b) = (State::default(), State::default());
    let common = a.len().min(b.len());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    advance_alike_with(unit, &mut of_a, &mut of_b, &a[..same]);
    advance_both_with(unit, &mut of_a, &a[same..common], &mut of_b, &b[same..common]);
    of_a.advance(&a[common..]);
    of_b.advance(&b[common..]);
    [of_a.digest(), of_b.digest()]
}

/// Pairs side by side, each taking its blocks: both messages of a pair are alike, from another state each.
fn check_pairs(unit: Option<x16::Unit>, messages: &[Vec<u8>]) {
    let blocks: Vec<Vec<Block>> = messages.iter().map(|m| padded(m)).collect();
    let mut states = vec![(State::default(), State([7; 8])); messages.len()];
    let mut done = vec![0; messages.len()];
    loop {
        let rest = states.iter_mut().zip(&blocks).zip(&mut done).filter(|((_, blocks), done)| **done < blocks.len());
        let (mut pairs, mut counts): (Vec<Pair<'_>>, Vec<&mut usize>) =
            rest.map(|(((a, b), blocks), done)| (Pair { a, b, blocks: &blocks[*done..] }, done)).unzip();
        if pairs.is_empty() {
            break;
        }
        let mut told = counts.iter_mut();
        advance_pairs_with(unit, &mut pairs, &mut |n| {
            assert!(n > 0);
            **told.next().unwrap() += n;
        });
        assert!(told.next().is_none());
    }
    for (((a, b), message), blocks) in states.iter().zip(messages).zip(&blocks) {
        let mut other = State([7; 8]);
        other.advance(blocks);
        assert_eq!((a.digest(), *b), (Sha256::digest(message).into(), other), "{unit:?}");
    }
}

fn hash_in_memory(unit: Option<x2::Unit>, messages: &[Vec<u8>], all: bool) -> Vec<[u8; 32]> {
    let mut left: Vec<(usize, State, usize)> = (0..messages.len()).map(|i| (i, State::default(), 0)).collect();
    let mut out = vec![None; messages.len()];
    // As many as are there, then what is left of the last one beside nothing else, to its end.
    for all in [all, true] {
        let slices: Vec<Message<'_>> =
            left.iter().map(|&(i, state, before)| Message { state, before, rest: &messages[i][before..] }).collect();
        let mut told = |at: usize, digest| assert_eq!(out[left[at].0].replace(digest), None, "told once");
        let alone = hash_each_with(unit, &slices, all, &mut told);
        assert!(!all || alone.is_none());
        left = alone.map(|a| (left[a.index].0, a.state, a.taken)).into_iter().collect();
    }
    out.into_iter().map(Option::unwrap).collect()
}

fn check(messages: &[Vec<u8>]) {
    for unit in [x16::Unit::detect(), None] {
        check_pairs(unit, messages);
    }
    let digest = |m: &[u8]| <[u8; 32]>::from(Sha256::digest(m));
    let want: Vec<[u8; 32]> = messages.iter().map(|m| digest(m)).collect();
    for unit in [x2::Unit::detect(), None] {
        assert_eq!(hash_in_memory(unit, messages, true), want, "{unit:?}");
        assert_eq!(hash_in_memory(unit, messages, false), want, "{unit:?}");
        for message in messages {
            let other = [message.get(..message.len() / 2).unwrap(), b"another end"].concat();
            assert_eq!(hash_two(unit, message, &other), [digest(message), digest(&other)], "{unit:?}");
            assert_eq!(hash_two(unit, message, message), [digest(message); 2], "{unit:?}");
        }
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
    check(&messages);
}

#[test]
fn known_answers_hold() {
    let hashed = |m: &[u8]| hash_two(x2::Unit::detect(), m, m).map(|d| crate::format::hex(&d));
    // FIPS 180-2, appendix B.1 and B.2.
    assert_eq!(hashed(b"abc"), ["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; 2]);
    let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_eq!(hashed(two_blocks), ["248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"; 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_at_a_time_are_what_each_is_alone(
        sizes in proptest::collection::vec((prop_oneof![0usize..300, 0usize..9000, 20_000usize..50_000], any::<u64>()), 0..20),
    ) {
        let messages: Vec<Vec<u8>> = sizes.into_iter().map(|(n, seed)| filled(n, seed)).collect();
        check(&messages);
    }
}
