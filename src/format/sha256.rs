//! sha256 of several messages at a time.
//!
//! One stream of SHA instructions waits most of its time for its own last result; a second, independent message fills the
//! gaps, so that a core hashes half again to nearly twice as much. Two messages that are alike for a while share what is made
//! of their blocks alone, and sixteen such pairs share 512-bit vectors where the processor has them: both hashes then cost no
//! more than one. Where it has no such instructions, and for a message that is alone, `sha2` does the work.

#[cfg(target_arch = "x86_64")]
mod x16;
#[cfg(not(target_arch = "x86_64"))]
mod x16 {
    //! Other processors: nothing to be found.
    use super::Block;

    pub(super) const LANES: usize = 16;
    pub(super) type States = [[u32; 8]; LANES];

    #[derive(Debug, Clone, Copy)]
    pub(super) enum Unit {}

    impl Unit {
        pub(super) fn detect() -> Option<Unit> {
            None
        }

        pub(super) fn compress_alike(self, _a: &mut States, _b: &mut States, _blocks: &[&[Block]; LANES]) {
            match self {}
        }
    }
}
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

/// FIPS 180-4, 4.2.2.
#[cfg(target_arch = "x86_64")]
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

/// Two messages that take the same blocks.
#[derive(Debug)]
pub struct Pair<'a> {
    /// One of them.
    pub a: &'a mut State,
    /// The other.
    pub b: &'a mut State,
    /// What both take.
    pub blocks: &'a [Block],
}

/// With fewer pairs one after the other costs less than sixteen lanes of which some are idle: both hashes of a byte take
/// twice as long alone (measured on Sapphire Rapids: 0.99 and 1.9 GB/s).
const FEW: usize = 9;

/// How many files are best under way where two hashes of each are wanted.
pub fn pairs_at_once() -> usize {
    x16::Unit::detect().map_or(2, |_| x16::LANES)
}

/// Pairs of messages take their blocks: where there are enough of them as many each as the one with fewest has, else all.
/// `taken` is told for each pair, in their order, how many blocks it took.
pub fn advance_pairs(pairs: &mut [Pair<'_>], taken: &mut dyn FnMut(usize)) {
    advance_pairs_with(x16::Unit::detect(), pairs, taken);
}

fn advance_pairs_with(unit: Option<x16::Unit>, pairs: &mut [Pair<'_>], taken: &mut dyn FnMut(usize)) {
    for pairs in pairs.chunks_mut(x16::LANES) {
        let Some(unit) = unit.filter(|_| pairs.len() >= FEW) else {
            for pair in pairs {
                advance_alike(pair.a, pair.b, pair.blocks);
                taken(pair.blocks.len());
            }
            continue;
        };
        let fewest = pairs.iter().map(|p| p.blocks.len()).min().unwrap_or(0);
        // A lane without a pair goes along with the blocks of the first.
        let first = pairs.first().map(|p| p.blocks).unwrap_or_default();
        let (mut a, mut b, mut blocks) = ([START; x16::LANES], [START; x16::LANES], [first; x16::LANES]);
        for (((a, b), blocks), pair) in a.iter_mut().zip(&mut b).zip(&mut blocks).zip(&*pairs) {
            (*a, *b, *blocks) = (pair.a.0, pair.b.0, pair.blocks);
        }
        let blocks = blocks.map(|list| list.get(..fewest).unwrap_or_default());
        unit.compress_alike(&mut a, &mut b, &blocks);
        for ((a, b), pair) in a.into_iter().zip(b).zip(pairs) {
            (pair.a.0, pair.b.0) = (a, b);
            taken(fewest);
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

/// A message that lies in memory, or what is left of one.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The hash of what came before.
    pub state: State,
    /// How many bytes came before: whole blocks.
    pub before: usize,
    /// What is left.
    pub rest: &'a [u8],
}

/// A message that was left alone before its end.
#[derive(Debug, Clone, Copy)]
pub struct Alone {
    /// Its index.
    pub index: usize,
    /// The hash of what was taken of it.
    pub state: State,
    /// How many of its bytes were taken: whole blocks.
    pub taken: usize,
}

/// The sha256 of each of `messages`: the two lanes take them from the longest to the shortest, so that both end at nearly the
/// same time. `done` is told the index of a message and its digest, in no order to rely on. A message that has no other beside
/// it any more is hashed to its end if `all` is set, else given back.
pub fn hash_each(messages: &[Message<'_>], all: bool, done: &mut dyn FnMut(usize, [u8; 32])) -> Option<Alone> {
    hash_each_with(x2::Unit::detect(), messages, all, done)
}

fn hash_each_with(
    unit: Option<x2::Unit>,
    messages: &[Message<'_>],
    all: bool,
    done: &mut dyn FnMut(usize, [u8; 32]),
) -> Option<Alone> {
    let mut order: Vec<(usize, &Message<'_>)> = messages.iter().enumerate().collect();
    order.sort_unstable_by_key(|(_, m)| m.rest.len());
    let mut a = order.pop().map(Slice::new);
    let mut b = order.pop().map(Slice::new);
    loop {
        match (&mut a, &mut b) {
            (Some(a), Some(b)) => Slice::advance_both(unit, a, b),
            (Some(one), None) | (None, Some(one)) if all || one.whole.is_empty() => one.advance(),
            (Some(one), None) | (None, Some(one)) => {
                let taken = one.blocks.saturating_sub(one.whole.len()) * size_of::<Block>();
                return Some(Alone { index: one.index, state: one.state, taken });
            }
            (None, None) => return None,
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
    /// How many whole blocks there were.
    blocks: usize,
    /// Whole blocks that are not part of the hash yet.
    whole: &'a [Block],
    /// The rest of the message and the padding: the last blocks, from `padded` on.
    last: [Block; PADDING_BLOCKS],
    padded: usize,
}

impl<'a> Slice<'a> {
    fn new((index, message): (usize, &Message<'a>)) -> Self {
        let (whole, rest) = message.rest.as_chunks::<64>();
        let padded = usize::from(rest.len() + 1 + size_of::<u64>() <= size_of::<Block>());
        let mut last = [[0; 64]; PADDING_BLOCKS];
        let text = last.as_flattened_mut().get_mut(padded * size_of::<Block>()..).unwrap_or_default();
        for (to, from) in text.iter_mut().zip(rest.iter().chain(&[0x80])) {
            *to = *from;
        }
        if let Some(bits) = text.last_chunk_mut::<8>() {
            let length = u64::try_from(message.before + message.rest.len()).unwrap_or(u64::MAX);
            *bits = length.wrapping_mul(8).to_be_bytes();
        }
        Slice { index, state: message.state, blocks: whole.len(), whole, last, padded }
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
