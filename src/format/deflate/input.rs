//! The bits of a stream.

use super::Stop;

/// The next bits of a stream, the first lowest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    whole: &'a [u8],
    /// What was not taken yet.
    rest: &'a [u8],
    /// Above those that are left there may be others, which are the same that the next bytes bring.
    buf: u64,
    /// How many are left, in the last six bits; whatever is above them has no meaning.
    left: u32,
}

impl<'a> Input<'a> {
    /// `held`: less than a byte that was left, and how many bits it has.
    pub(super) fn new(whole: &'a [u8], held: (u64, u32)) -> Input<'a> {
        Input { whole, rest: whole, buf: held.0, left: held.1 }
    }

    /// At least 56 bits.
    #[inline(always)]
    pub(super) fn refill(&mut self) -> Result<(), Stop> {
        let eight = self.rest.first_chunk().ok_or(Stop::Starved)?;
        self.buf |= u64::from_le_bytes(*eight) << (self.left & 63);
        self.rest = self.rest.get(7 - bytes(self.left)..).ok_or(Stop::Starved)?;
        self.left |= 56;
        Ok(())
    }

    /// Bytes that were not taken yet.
    #[inline(always)]
    pub(super) fn ahead(&self) -> usize {
        self.rest.len()
    }

    /// Bits that are left of those that were taken.
    #[inline(always)]
    pub(super) fn left(&self) -> u32 {
        self.left & 63
    }

    /// All bits that were taken and not passed over, and more.
    #[inline(always)]
    pub(super) fn bits(&self) -> u64 {
        self.buf
    }

    /// Passes over as many as the last six bits of `count` say.
    #[inline(always)]
    pub(super) fn eat(&mut self, count: u32) {
        self.buf >>= count & 63;
        self.left = self.left.wrapping_sub(count);
    }

    /// The next bits under a mask of at most 16.
    #[inline(always)]
    pub(super) fn low(&self, mask: u64) -> usize {
        usize::try_from(self.buf & mask).unwrap_or(0)
    }

    pub(super) fn take(&mut self, count: u32) -> u64 {
        let bits = self.buf & ones(count);
        self.eat(count);
        bits
    }

    pub(super) fn index(&mut self, count: u32) -> usize {
        usize::try_from(self.take(count)).unwrap_or(0)
    }

    pub(super) fn byte(&mut self, count: u32) -> u8 {
        self.take(count).to_le_bytes()[0]
    }

    /// Gives back what is a whole byte. Returns how many bytes were taken.
    pub(super) fn give_back(&mut self) -> usize {
        let used = (self.whole.len() - self.rest.len()).saturating_sub(bytes(self.left));
        self.rest = self.whole.get(used..).unwrap_or_default();
        self.left &= 7;
        self.buf &= ones(self.left);
        used
    }

    /// What is left of a byte, between two calls.
    pub(super) fn held(&self) -> (u64, u32) {
        (self.buf, self.left)
    }

    /// Passes over what is left of a byte. Returns what lies behind it.
    pub(super) fn next_byte(&mut self) -> &'a [u8] {
        self.take(self.left & 7);
        self.give_back();
        self.rest
    }

    /// Goes on at `rest`, which lies behind the next byte.
    pub(super) fn go_to(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }
}

/// As many bits as the last six of `count` say.
#[inline(always)]
pub(super) fn ones(count: u32) -> u64 {
    (1 << (count & 63)) - 1
}

/// How many whole bytes so many bits are.
#[inline(always)]
fn bytes(left: u32) -> usize {
    usize::try_from((left & 63) >> 3).unwrap_or(0)
}
