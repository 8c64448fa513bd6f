//! Two streams of the SHA instructions of x86-64, interleaved.
//!
//! The one place with unsafe code: functions that are compiled for instructions which not every processor has may only be
//! called once the processor was asked. [`Unit`] is the proof that it was. No pointer is touched: blocks are loaded by value.
#![expect(unsafe_code, reason = "calls functions that need the processor features which `Unit` proves")]

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_set_epi8, _mm_set_epi32, _mm_set_epi64x,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
};

use super::{Block, K};

/// Proof that this processor has the instructions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit(());

impl Unit {
    /// Asks the processor; the answer is kept by the standard library.
    pub(super) fn detect() -> Option<Unit> {
        let has = is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("ssse3");
        has.then_some(Unit(()))
    }

    /// Hashes the blocks of both messages, as many as the shorter list has.
    pub(super) fn compress(self, a: (&mut [u32; 8], &[Block]), b: (&mut [u32; 8], &[Block])) {
        // SAFETY: a `Unit` is made by `detect` alone, which found every feature that `compress` is compiled for.
        unsafe { compress(a, b) }
    }

    /// Hashes the same blocks for both messages.
    pub(super) fn compress_alike(self, a: &mut [u32; 8], b: &mut [u32; 8], blocks: &[Block]) {
        // SAFETY: as in `compress`.
        unsafe { compress_alike(a, b, blocks) }
    }
}

/// Two states, one schedule of words.
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress_alike(a: &mut [u32; 8], b: &mut [u32; 8], blocks: &[Block]) {
    let (mut at_a, mut at_b) = (State::load(a), State::load(b));
    for block in blocks {
        let (before_a, before_b) = (at_a, at_b);
        let mut w = words(block);
        macro_rules! groups {
            ($($i:literal)*) => {$(
                let k = _mm_add_epi32(w[0], vector(K[$i]));
                at_a.rounds(k);
                at_b.rounds(k);
                w = following::<$i>(w);
            )*};
        }
        groups!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
        let k = _mm_add_epi32(w[0], vector(K[15]));
        at_a.rounds(k);
        at_b.rounds(k);
        at_a.add(before_a);
        at_b.add(before_b);
    }
    *a = at_a.store();
    *b = at_b.store();
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress((a, a_blocks): (&mut [u32; 8], &[Block]), (b, b_blocks): (&mut [u32; 8], &[Block])) {
    let (mut at_a, mut at_b) = (State::load(a), State::load(b));
    for (a_block, b_block) in a_blocks.iter().zip(b_blocks) {
        let (before_a, before_b) = (at_a, at_b);
        let (mut a_words, mut b_words) = (words(a_block), words(b_block));
        // Written out, since the words would wander through memory in a loop that the compiler leaves as one.
        macro_rules! groups {
            ($($i:literal)*) => {$(
                let k = vector(K[$i]);
                at_a.rounds(_mm_add_epi32(a_words[0], k));
                at_b.rounds(_mm_add_epi32(b_words[0], k));
                a_words = following::<$i>(a_words);
                b_words = following::<$i>(b_words);
            )*};
        }
        groups!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
        let k = vector(K[15]);
        at_a.rounds(_mm_add_epi32(a_words[0], k));
        at_b.rounds(_mm_add_epi32(b_words[0], k));
        at_a.add(before_a);
        at_b.add(before_b);
    }
    *a = at_a.store();
    *b = at_b.store();
}

/// The eight words of the hash as the instructions want them.
#[derive(Clone, Copy)]
struct State {
    abef: __m128i,
    cdgh: __m128i,
}

impl State {
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn load(&[a, b, c, d, e, f, g, h]: &[u32; 8]) -> State {
        State { abef: vector([f, e, b, a]), cdgh: vector([h, g, d, c]) }
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn store(self) -> [u32; 8] {
        let (abef, cdgh) = (self.abef, self.cdgh);
        [
            _mm_extract_epi32::<3>(abef),
            _mm_extract_epi32::<2>(abef),
            _mm_extract_epi32::<3>(cdgh),
            _mm_extract_epi32::<2>(cdgh),
            _mm_extract_epi32::<1>(abef),
            _mm_extract_epi32::<0>(abef),
            _mm_extract_epi32::<1>(cdgh),
            _mm_extract_epi32::<0>(cdgh),
        ]
        .map(i32::cast_unsigned)
    }

    /// Four rounds with four words of the schedule, the constants added.
    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn rounds(&mut self, words: __m128i) {
        self.cdgh = _mm_sha256rnds2_epu32(self.cdgh, self.abef, words);
        self.abef = _mm_sha256rnds2_epu32(self.abef, self.cdgh, _mm_shuffle_epi32::<0x0e>(words));
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn add(&mut self, before: State) {
        self.abef = _mm_add_epi32(self.abef, before.abef);
        self.cdgh = _mm_add_epi32(self.cdgh, before.cdgh);
    }
}

/// The schedule moved on by four words after the group `GROUP`; the last three groups need no new ones.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn following<const GROUP: usize>([w0, w1, w2, w3]: [__m128i; 4]) -> [__m128i; 4] {
    if GROUP >= 12 {
        return [w1, w2, w3, w0];
    }
    let part = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8::<4>(w3, w2));
    [w1, w2, w3, _mm_sha256msg2_epu32(part, w3)]
}

/// The sixteen words of a block, which are big-endian.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn words(block: &Block) -> [__m128i; 4] {
    let swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    let mut out = [_mm_set_epi64x(0, 0); 4];
    for (to, sixteen) in out.iter_mut().zip(block.as_chunks::<16>().0) {
        let whole = u128::from_le_bytes(*sixteen);
        let half = |bytes: u128| i64::from_le_bytes(low(bytes));
        *to = _mm_shuffle_epi8(_mm_set_epi64x(half(whole >> 64), half(whole)), swap);
    }
    out
}

/// The lower eight bytes, the least first.
#[inline]
fn low(whole: u128) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = whole.to_le_bytes();
    [a, b, c, d, e, f, g, h]
}

/// Four words, the first lowest.
#[inline]
#[target_feature(enable = "sse4.1")]
fn vector([a, b, c, d]: [u32; 4]) -> __m128i {
    _mm_set_epi32(d.cast_signed(), c.cast_signed(), b.cast_signed(), a.cast_signed())
}
