//! sha256 of two messages at a time.
//!
//! One stream of SHA instructions waits most of its time for its own last result; a second, independent message fills the
//! gaps, so that a core hashes half again to nearly twice as much. Where the processor has no such instructions, and for a
//! message that is alone, `sha2` does the work.

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
    }
}

use std::io::{self, Read};

use sha2::block_api::compress256;

/// The unit of the hash function (FIPS 180-4, 5.2.1).
type Block = [u8; 64];

/// Most bytes that are read at once: larger buffers fall out of the second-level cache and cost more than the calls they save.
pub const PIECE: usize = 64 << 10;

/// Blocks of a piece.
const PIECE_BLOCKS: usize = PIECE / size_of::<Block>();
/// Blocks that the padding may need beyond a full piece: a rest of up to 63 bytes, the 1 bit and the length.
const PADDING_BLOCKS: usize = 2;

/// FIPS 180-4, 5.3.3.
const START: [u32; 8] = [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// What one read yielded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The bytes; none at the end of the message.
    pub bytes: &'a [u8],
    /// Whether as much came as there was room for.
    pub full: bool,
}

/// One message under way: what was read of it, and the hash of what came before.
#[derive(Debug)]
pub struct Lane {
    state: [u32; 8],
    buffer: Vec<Block>,
    /// Bytes of the message, or of its padding, at the start of the buffer.
    held: usize,
    /// Blocks of them that are part of the hash already.
    taken: usize,
    /// Bytes of the message so far.
    length: u64,
    ended: bool,
}

impl Default for Lane {
    fn default() -> Self {
        let buffer = vec![[0; 64]; PIECE_BLOCKS + PADDING_BLOCKS];
        Lane { state: START, buffer, held: 0, taken: 0, length: 0, ended: false }
    }
}

impl Lane {
    /// Forgets the message and begins another.
    pub fn restart(&mut self) {
        (self.state, self.held, self.taken, self.length, self.ended) = (START, 0, 0, 0, false);
    }

    /// Bytes of the message so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether there is anything to hash before more is read.
    pub fn is_pending(&self) -> bool {
        !self.pending().is_empty()
    }

    /// The sha256 of the message once it ended and all of it was hashed.
    pub fn digest(&self) -> Option<[u8; 32]> {
        if !self.ended || self.is_pending() {
            return None;
        }
        Some(digest_of(self.state))
    }

    /// Reads once more; nothing read means that `from` is at its end. After [`Lane::end`] nothing more is read.
    ///
    /// # Errors
    ///
    /// Those of `from`, but for an interruption, after which it is asked again.
    pub fn fill(&mut self, from: &mut impl Read) -> io::Result<Piece<'_>> {
        if self.ended {
            return Ok(Piece { bytes: &[], full: false });
        }
        if self.is_pending() {
            self.advance();
        }
        // Less than a block is left; it moves to the front.
        let done = self.taken * size_of::<Block>();
        let bytes = self.buffer.as_flattened_mut();
        bytes.copy_within(done.min(self.held)..self.held, 0);
        self.held = self.held.saturating_sub(done);
        self.taken = 0;
        let room = bytes.get_mut(self.held..PIECE).unwrap_or_default();
        let n = loop {
            match from.read(room) {
                Ok(n) => break n.min(room.len()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        };
        let full = n == room.len();
        let start = self.held;
        self.held += n;
        self.length = self.length.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        Ok(Piece { bytes: self.buffer.as_flattened().get(start..self.held).unwrap_or_default(), full })
    }

    /// Ends the message: appends the padding of FIPS 180-4, 5.1.1.
    pub fn end(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        let end = (self.held + 1 + size_of::<u64>()).next_multiple_of(size_of::<Block>());
        // A piece of room was never exceeded, and the buffer has room for the padding of a full piece.
        if let Some((bits, padding)) = self
            .buffer
            .as_flattened_mut()
            .get_mut(self.held..end)
            .and_then(<[u8]>::split_last_chunk_mut::<8>)
            .map(|(p, b)| (b, p))
        {
            padding.fill(0);
            if let Some(first) = padding.first_mut() {
                *first = 0x80;
            }
            *bits = self.length.wrapping_mul(8).to_be_bytes();
            self.held = end;
        }
    }

    /// Hashes what is pending, alone.
    pub fn advance(&mut self) {
        let blocks = self.pending().len();
        self.advance_by(blocks);
    }

    fn advance_by(&mut self, blocks: usize) {
        let mut state = self.state;
        compress256(&mut state, self.pending().get(..blocks).unwrap_or_default());
        self.state = state;
        self.taken += blocks;
    }

    fn pending(&self) -> &[Block] {
        self.buffer.get(self.taken..self.held / size_of::<Block>()).unwrap_or_default()
    }
}

/// Hashes of both what both have pending: as many blocks as the one with fewer has.
pub fn advance_both(a: &mut Lane, b: &mut Lane) {
    advance_with(x2::Unit::detect(), a, b);
}

fn advance_with(unit: Option<x2::Unit>, a: &mut Lane, b: &mut Lane) {
    let blocks = a.pending().len().min(b.pending().len());
    let Some(unit) = unit else {
        a.advance_by(blocks);
        b.advance_by(blocks);
        return;
    };
    let (mut of_a, mut of_b) = (a.state, b.state);
    unit.compress(
        (&mut of_a, a.pending().get(..blocks).unwrap_or_default()),
        (&mut of_b, b.pending().get(..blocks).unwrap_or_default()),
    );
    (a.state, b.state) = (of_a, of_b);
    a.taken += blocks;
    b.taken += blocks;
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
                done(ended.index, digest_of(ended.state));
                *slot = order.pop().map(Slice::new);
            }
        }
    }
}

/// A message in memory under way.
#[derive(Debug)]
struct Slice<'a> {
    index: usize,
    state: [u32; 8],
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
        Slice { index, state: START, whole, last, padded }
    }

    fn pending(&self) -> &[Block] {
        if self.whole.is_empty() { self.last.get(self.padded..).unwrap_or_default() } else { self.whole }
    }

    fn advance(&mut self) {
        let mut state = self.state;
        let blocks = self.pending().len();
        compress256(&mut state, self.pending());
        self.take(state, blocks);
    }

    fn advance_both(unit: Option<x2::Unit>, a: &mut Slice<'_>, b: &mut Slice<'_>) {
        let Some(unit) = unit else {
            a.advance();
            return b.advance();
        };
        let blocks = a.pending().len().min(b.pending().len());
        let (mut of_a, mut of_b) = (a.state, b.state);
        unit.compress((&mut of_a, a.pending()), (&mut of_b, b.pending()));
        a.take(of_a, blocks);
        b.take(of_b, blocks);
    }

    fn take(&mut self, state: [u32; 8], blocks: usize) {
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
