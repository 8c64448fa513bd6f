//! sha256 of two messages at a time.
//!
//! One stream of SHA instructions waits most of its time for its own last result; a second, independent message fills the
//! gaps, so that a core hashes half again to nearly twice as much. Two messages that are alike for a while cost hardly more
//! than one. Where the processor has no such instructions, and for a message that is alone, `sha2` does the work.

#[cfg(target_arch = "x86_64")]
mod x2;
#[cfg(not(target_arch = "x86_64"))]
mod x2 {
    //! Other processors: nothing to be found.
    use super::Block;

    #[derive(Debug, Clone, Copy)]
    pub(super) enum Unit {}

    impl Unit {
        pub(super) fn detect() -> Option<Unit> {
            None
        }

        pub(super) fn compress(self, _a: (&mut [u32; 8], &[Block]), _b: (&mut [u32; 8], &[Block])) {
            match self {}
        }

        pub(super) fn compress_alike(self, _a: &mut [u32; 8], _b: &mut [u32; 8], _blocks: &[Block]) {
            match self {}
        }
    }
}

use sha2::block_api::compress256;

/// The unit of the hash function (FIPS 180-4, 5.2.1).
pub type Block = [u8; 64];

/// Blocks that the padding may need: a rest of up to 63 bytes, the 1 bit and the length.
pub const PADDING_BLOCKS: usize = 2;

/// FIPS 180-4, 5.3.3.
const START: [u32; 8] = [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The hash of the whole blocks of a message so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State([u32; 8]);

impl Default for State {
    fn default() -> Self {
        State(START)
    }
}

impl State {
    /// Takes the next blocks.
    pub fn advance(&mut self, blocks: &[Block]) {
        compress256(&mut self.0, blocks);
    }

    /// The digest, if the padding was taken.
    pub fn digest(&self) -> [u8; 32] {
        digest_of(self.0)
    }
}

/// Two messages take the same blocks: what is made of the blocks alone is made once.
pub fn advance_alike(a: &mut State, b: &mut State, blocks: &[Block]) {
    advance_alike_with(x2::Unit::detect(), a, b, blocks);
}

fn advance_alike_with(unit: Option<x2::Unit>, a: &mut State, b: &mut State, blocks: &[Block]) {
    match unit {
        Some(unit) => unit.compress_alike(&mut a.0, &mut b.0, blocks),
        None => {
            a.advance(blocks);
            b.advance(blocks);
        }
    }
}

/// Two messages take blocks of their own, as many each: what one has more is left out.
pub fn advance_both(a: &mut State, of_a: &[Block], b: &mut State, of_b: &[Block]) {
    advance_both_with(x2::Unit::detect(), a, of_a, b, of_b);
}

fn advance_both_with(unit: Option<x2::Unit>, a: &mut State, of_a: &[Block], b: &mut State, of_b: &[Block]) {
    let blocks = of_a.len().min(of_b.len());
    let (of_a, of_b) = (of_a.get(..blocks).unwrap_or_default(), of_b.get(..blocks).unwrap_or_default());
    match unit {
        Some(unit) => unit.compress((&mut a.0, of_a), (&mut b.0, of_b)),
        None => {
            a.advance(of_a);
            b.advance(of_b);
        }
    }
}

/// The sha256 of each of `messages`, which lie in memory: the two lanes take them from the longest to the shortest, so that
/// both end at nearly the same time. `done` is told the index of a message and its digest, in no order to rely on.
pub fn hash_each(messages: &[&[u8]], done: &mut dyn FnMut(usize, [u8; 32])) {
    hash_each_with(x2::Unit::detect(), messages, done);
}

fn hash_each_with(unit: Option<x2::Unit>, messages: &[&[u8]], done: &mut dyn FnMut(usize, [u8; 32])) {
    let mut order: Vec<(usize, &[u8])> = messages.iter().copied().enumerate().collect();
    order.sort_unstable_by_key(|(_, m)| m.len());
    let mut a = order.pop().map(Slice::new);
    let mut b = order.pop().map(Slice::new);
    loop {
        match (&mut a, &mut b) {
            (Some(a), Some(b)) => Slice::advance_both(unit, a, b),
            (Some(one), None) | (None, Some(one)) => one.advance(),
            (None, None) => return,
        }
        for slot in [&mut a, &mut b] {
            if let Some(ended) = slot.as_ref().filter(|s| s.pending().is_empty()) {
                done(ended.index, ended.state.digest());
                *slot = order.pop().map(Slice::new);
            }
        }
    }
}

/// A message in memory under way.
#[derive(Debug)]
struct Slice<'a> {
    index: usize,
    state: State,
    /// Whole blocks that are not part of the hash yet.
    whole: &'a [Block],
    /// The rest of the message and the padding: the last blocks, from `padded` on.
    last: [Block; PADDING_BLOCKS],
    padded: usize,
}

impl<'a> Slice<'a> {
    fn new((index, message): (usize, &'a [u8])) -> Self {
        let (whole, rest) = message.as_chunks::<64>();
        let padded = usize::from(rest.len() + 1 + size_of::<u64>() <= size_of::<Block>());
        let mut last = [[0; 64]; PADDING_BLOCKS];
        let text = last.as_flattened_mut().get_mut(padded * size_of::<Block>()..).unwrap_or_default();
        for (to, from) in text.iter_mut().zip(rest.iter().chain(&[0x80])) {
            *to = *from;
        }
        if let Some(bits) = text.last_chunk_mut::<8>() {
            *bits = u64::try_from(message.len()).unwrap_or(u64::MAX).wrapping_mul(8).to_be_bytes();
        }
        Slice { index, state: State::default(), whole, last, padded }
    }

    fn pending(&self) -> &[Block] {
        if self.whole.is_empty() { self.last.get(self.padded..).unwrap_or_default() } else { self.whole }
    }

    fn advance(&mut self) {
        let mut state = self.state;
        let blocks = self.pending().len();
        state.advance(self.pending());
        self.take(state, blocks);
    }

    fn advance_both(unit: Option<x2::Unit>, a: &mut Slice<'_>, b: &mut Slice<'_>) {
        let blocks = a.pending().len().min(b.pending().len());
        let (mut of_a, mut of_b) = (a.state, b.state);
        advance_both_with(unit, &mut of_a, a.pending(), &mut of_b, b.pending());
        a.take(of_a, blocks);
        b.take(of_b, blocks);
    }

    fn take(&mut self, state: State, blocks: usize) {
        self.state = state;
        match self.whole.get(blocks..) {
            Some(rest) if !self.whole.is_empty() => self.whole = rest,
            _ => self.padded += blocks,
        }
    }
}

fn digest_of(state: [u32; 8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, word) in out.chunks_exact_mut(4).zip(state) {
        to.copy_from_slice(&word.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests;
