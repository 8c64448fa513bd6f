//! Sixteen pairs of alike messages at a time, one in each lane of 512-bit vectors: the schedule of words is made once for both
//! messages of a pair.
//!
//! As in [`x2`](super::x2), [`Unit`] is the proof that the processor has the instructions, and no pointer is touched.
#![expect(unsafe_code, reason = "calls a function that needs the processor features which `Unit` proves")]

use core::arch::x86_64::{
    __m128i, __m512i, _mm_extract_epi32, _mm512_add_epi32, _mm512_extracti32x4_epi32, _mm512_ror_epi32, _mm512_set_epi32,
    _mm512_set_epi64, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_shuffle_epi8, _mm512_shuffle_i32x4, _mm512_srli_epi32,
    _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::{Block, K};

/// Pairs of messages.
pub(super) const LANES: usize = 16;

/// The states of one message of each pair, message by message.
pub(super) type States = [[u32; 8]; LANES];

/// Proof that this processor has the instructions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit(());

impl Unit {
    /// Asks the processor; the answer is kept by the standard library.
    pub(super) fn detect() -> Option<Unit> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")).then_some(Unit(()))
    }

    /// Hashes the blocks of each lane for both states of that lane, as many as the shortest list has.
    pub(super) fn compress_alike(self, a: &mut States, b: &mut States, blocks: &[&[Block]; LANES]) {
        // SAFETY: a `Unit` is made by `detect` alone, which found every feature that `compress_alike` is compiled for.
        unsafe { compress_alike(a, b, blocks) }
    }
}

// Neither closures nor iterators of vectors: what is not compiled for the instructions, as the standard library's part of them
// is not, may stay a call and takes its vectors through memory.

#[target_feature(enable = "avx512f,avx512bw")]
fn compress_alike(a: &mut States, b: &mut States, blocks: &[&[Block]; LANES]) {
    let (mut at_a, mut at_b) = (load(a), load(b));
    let mut words = [_mm512_setzero_si512(); 64];
    let [l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11, l12, l13, l14, l15] = *blocks;
    let fewest = blocks.iter().map(|list| list.len()).min().unwrap_or(0);
    for at in 0..fewest {
        macro_rules! row {
            ($($lane:ident)*) => { [$(whole($lane, at)),*] };
        }
        schedule(transpose(row!(l0 l1 l2 l3 l4 l5 l6 l7 l8 l9 l10 l11 l12 l13 l14 l15)), &mut words);
        let (before_a, before_b) = (at_a, at_b);
        for eight in words.as_chunks::<8>().0 {
            let [w0, w1, w2, w3, w4, w5, w6, w7] = *eight;
            macro_rules! rounds {
                ($($w:ident)*) => {$(
                    at_a = round(at_a, $w);
                    at_b = round(at_b, $w);
                )*};
            }
            rounds!(w0 w1 w2 w3 w4 w5 w6 w7);
        }
        at_a = sum(at_a, before_a);
        at_b = sum(at_b, before_b);
    }
    store(at_a, a);
    store(at_b, b);
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn sum([a, b, c, d, e, f, g, h]: [__m512i; 8], [i, j, k, l, m, n, o, p]: [__m512i; 8]) -> [__m512i; 8] {
    [add(a, i), add(b, j), add(c, k), add(d, l), add(e, m), add(f, n), add(g, o), add(h, p)]
}

/// One round; the words of the state move on by one.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn round([a, b, c, d, e, f, g, h]: [__m512i; 8], word: __m512i) -> [__m512i; 8] {
    let choice = _mm512_ternarylogic_epi32::<0xca>(e, f, g);
    let first = add(add(h, word), add(choice, xor(ror::<6>(e), ror::<11>(e), ror::<25>(e))));
    let majority = _mm512_ternarylogic_epi32::<0xe8>(a, b, c);
    let second = add(majority, xor(ror::<2>(a), ror::<13>(a), ror::<22>(a)));
    [add(first, second), a, b, c, add(d, first), e, f, g]
}

/// All words of a block, the constants added.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn schedule(mut w: [__m512i; 16], out: &mut [__m512i; 64]) {
    for (sixteen, k) in out.as_chunks_mut::<16>().0.iter_mut().zip(K.as_chunks::<4>().0) {
        macro_rules! keep {
            ($($i:literal)*) => {$( sixteen[$i] = add(w[$i], _mm512_set1_epi32(k[$i / 4][$i % 4].cast_signed())); )*};
        }
        keep!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        w = following(w);
    }
}

/// The next sixteen words (FIPS 180-4, 6.2.2).
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn following(mut w: [__m512i; 16]) -> [__m512i; 16] {
    macro_rules! words {
        ($($t:literal)*) => {$(
            let (w1, w9, w14) = (w[($t + 1) % 16], w[($t + 9) % 16], w[($t + 14) % 16]);
            let low = xor(ror::<7>(w1), ror::<18>(w1), _mm512_srli_epi32::<3>(w1));
            let high = xor(ror::<17>(w14), ror::<19>(w14), _mm512_srli_epi32::<10>(w14));
            w[$t] = add(add(w[$t], low), add(w9, high));
        )*};
    }
    words!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    w
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add(a: __m512i, b: __m512i) -> __m512i {
    _mm512_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn xor(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn ror<const BITS: i32>(a: __m512i) -> __m512i {
    _mm512_ror_epi32::<BITS>(a)
}

/// A block as it lies in memory.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn whole(list: &[Block], at: usize) -> __m512i {
    let Some(block) = list.get(at) else { return _mm512_setzero_si512() };
    let [a, b, c, d, e, f, g, h] = longs(block);
    _mm512_set_epi64(h, g, f, e, d, c, b, a)
}

#[inline]
fn longs(block: &Block) -> [i64; 8] {
    let mut out = [0; 8];
    for (to, eight) in out.iter_mut().zip(block.as_chunks::<8>().0) {
        *to = i64::from_le_bytes(*eight);
    }
    out
}

/// From a block in each row to a word of each block in each row; words are big-endian.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transpose([r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15]: [__m512i; 16]) -> [__m512i; 16] {
    let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (quads(r0, r1, r2, r3), quads(r4, r5, r6, r7));
    let ([c0, c1, c2, c3], [d0, d1, d2, d3]) = (quads(r8, r9, r10, r11), quads(r12, r13, r14, r15));
    let ([w0, w4, w8, w12], [w1, w5, w9, w13]) = (quarters(a0, b0, c0, d0), quarters(a1, b1, c1, d1));
    let ([w2, w6, w10, w14], [w3, w7, w11, w15]) = (quarters(a2, b2, c2, d2), quarters(a3, b3, c3, d3));
    [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15]
}

/// Of four rows the first word of each quarter, then the second, the third and the fourth, in each quarter those of all four.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn quads(r0: __m512i, r1: __m512i, r2: __m512i, r3: __m512i) -> [__m512i; 4] {
    let (high, low) = (0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let swap = _mm512_set_epi64(high, low, high, low, high, low, high, low);
    let (r0, r1) = (_mm512_shuffle_epi8(r0, swap), _mm512_shuffle_epi8(r1, swap));
    let (r2, r3) = (_mm512_shuffle_epi8(r2, swap), _mm512_shuffle_epi8(r3, swap));
    let (low01, low23) = (_mm512_unpacklo_epi32(r0, r1), _mm512_unpacklo_epi32(r2, r3));
    let (high01, high23) = (_mm512_unpackhi_epi32(r0, r1), _mm512_unpackhi_epi32(r2, r3));
    [
        _mm512_unpacklo_epi64(low01, low23),
        _mm512_unpackhi_epi64(low01, low23),
        _mm512_unpacklo_epi64(high01, high23),
        _mm512_unpackhi_epi64(high01, high23),
    ]
}

/// The first quarters of all four, then the second, the third and the fourth.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn quarters(a: __m512i, b: __m512i, c: __m512i, d: __m512i) -> [__m512i; 4] {
    let (ab_low, ab_high) = (_mm512_shuffle_i32x4::<0x44>(a, b), _mm512_shuffle_i32x4::<0xee>(a, b));
    let (cd_low, cd_high) = (_mm512_shuffle_i32x4::<0x44>(c, d), _mm512_shuffle_i32x4::<0xee>(c, d));
    [
        _mm512_shuffle_i32x4::<0x88>(ab_low, cd_low),
        _mm512_shuffle_i32x4::<0xdd>(ab_low, cd_low),
        _mm512_shuffle_i32x4::<0x88>(ab_high, cd_high),
        _mm512_shuffle_i32x4::<0xdd>(ab_high, cd_high),
    ]
}

/// Word by word of all lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(states: &States) -> [__m512i; 8] {
    let [a, b, c, d, e, f, g, h] = by_word(states);
    [lanes(a), lanes(b), lanes(c), lanes(d), lanes(e), lanes(f), lanes(g), lanes(h)]
}

#[inline]
fn by_word(states: &States) -> [[i32; LANES]; 8] {
    let mut out = [[0; LANES]; 8];
    for (lane, state) in states.iter().enumerate() {
        for (to, word) in out.iter_mut().zip(state) {
            to[lane] = word.cast_signed();
        }
    }
    out
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn lanes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]: [i32; LANES]) -> __m512i {
    _mm512_set_epi32(p, o, n, m, l, k, j, i, h, g, f, e, d, c, b, a)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn store([a, b, c, d, e, f, g, h]: [__m512i; 8], states: &mut States) {
    let words = [words(a), words(b), words(c), words(d), words(e), words(f), words(g), words(h)];
    for (lane, state) in states.iter_mut().enumerate() {
        for (to, from) in state.iter_mut().zip(&words) {
            *to = from.as_flattened()[lane].cast_unsigned();
        }
    }
}

/// The words of a vector, four by four.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn words(v: __m512i) -> [[i32; 4]; 4] {
    let (a, b) = (_mm512_extracti32x4_epi32::<0>(v), _mm512_extracti32x4_epi32::<1>(v));
    let (c, d) = (_mm512_extracti32x4_epi32::<2>(v), _mm512_extracti32x4_epi32::<3>(v));
    [quarter(a), quarter(b), quarter(c), quarter(d)]
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn quarter(q: __m128i) -> [i32; 4] {
    [_mm_extract_epi32::<0>(q), _mm_extract_epi32::<1>(q), _mm_extract_epi32::<2>(q), _mm_extract_epi32::<3>(q)]
}
