//! Two streams of the SHA instructions of x86-64, interleaved.
//!
//! The one place with unsafe code: functions that are compiled for instructions which not every processor has may only be
//! called once the processor was asked. [`Unit`] is the proof that it was. No pointer is touched: blocks are loaded by value.
#![expect(unsafe_code, reason = "calls functions that need the processor features which `Unit` proves")]

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_set_epi8, _mm_set_epi32, _mm_set_epi64x,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
};

use super::Block;

/// FIPS 180-4, 4.2.2.
const K: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

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
