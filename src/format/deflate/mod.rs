//! Inflates deflate streams (RFC 1951) of which the size of the content is known, from memory to memory.
//!
//! It is fast and knows two answers: this is the content, or that it does not know. Whatever is unusual is left to a decoder
//! that can say what is wrong. It never takes what zlib refuses, and never gives other bytes than zlib. The way of decoding is
//! that of libdeflate (`lib/decompress_template.h`).

mod code;

use code::{CODE_LENGTHS, DISTANCES, END, LITERAL, LITERALS_AND_LENGTHS, ONWARDS, SPECIAL, SYMBOLS, fill};

/// What the output must be larger than the content, in bytes: one turn writes two literals, a match of 258 bytes and up to 31
/// bytes more.
pub const SLACK: usize = 320;

/// What one turn may read of the input, in bytes: it takes up to fourteen and reads eight ahead.
const TURN: usize = 32;

/// What should lie behind the stream in the input, in bytes: eight may be held before the last turn.
pub const AHEAD: usize = TURN + 8;

/// Bits of the first look-up of a literal or length, of a distance, and of the length of a code word.
const BITS: [usize; 3] = [11, 8, 7];

/// Entries of the table of literals and lengths: a power of two above the 2,342 that zlib's `enough 288 11 15` tells.
const LITERAL_ROOM: usize = 4096;

/// Entries of the table of distances: a power of two above the 402 that `enough 32 8 15` tells.
const DISTANCE_ROOM: usize = 512;

/// Lengths of code words: 316 at most, of which the last may say that it is repeated 138 times.
const LENGTHS_ROOM: usize = 512;

/// How far [`Decoder::go_on`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the end of the stream.
    Ended,
    /// To where it takes more input.
    Starved,
    /// It does not know: the stream may be damaged, or hold more than there is room for.
    Unknown,
}

/// Why it stopped before the end.
enum Stop {
    Starved,
    Unknown,
}

/// Inflates streams one after the other.
#[derive(Debug)]
pub struct Decoder {
    literals: [u32; LITERAL_ROOM],
    distances: [u32; DISTANCE_ROOM],
    lengths: [u8; LENGTHS_ROOM],
    /// Bits of the first look-up in `literals`.
    bits: usize,
    /// Whether the tables are those of the fixed codes.
    fixed: bool,
    /// What was taken from the input and not used yet: less than a byte between two calls.
    held: Bits,
    made: usize,
    /// Whether the tables are those of a block that goes on.
    within: bool,
    /// Whether the block is the last one.
    last: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder {
            literals: [0; LITERAL_ROOM],
            distances: [0; DISTANCE_ROOM],
            lengths: [0; LENGTHS_ROOM],
            bits: 0,
            fixed: false,
            held: Bits::default(),
            made: 0,
            within: false,
            last: false,
        }
    }
}

impl Decoder {
    /// Begins a new stream.
    pub fn begin(&mut self) {
        (self.held, self.made, self.within, self.last) = (Bits::default(), 0, false, false);
    }

    /// Bytes of content that were written.
    pub fn made(&self) -> usize {
        self.made
    }

    /// Goes on with the bytes of the stream from where it stopped, and what lies behind them. Returns how many it used.
    /// `out` is that of the calls before: the content, and [`SLACK`].
    pub fn go_on(&mut self, input: &[u8], out: &mut [u8]) -> (Step, usize) {
        let mut bits = Bits { at: 0, ..self.held };
        let step = match self.blocks(&mut bits, input, out) {
            Ok(()) => Step::Ended,
            Err(Stop::Starved) => Step::Starved,
            Err(Stop::Unknown) => Step::Unknown,
        };
        bits.give_back();
        self.held = bits;
        (step, bits.at)
    }

    /// Stops between two blocks, or two symbols of a block.
    fn blocks(&mut self, bits: &mut Bits, input: &[u8], out: &mut [u8]) -> Result<(), Stop> {
        loop {
            if self.within {
                self.block(bits, input, out)?;
                self.within = false;
            }
            if self.last {
                return Ok(());
            }
            let mut ahead = *bits;
            ahead.refill(input)?;
            let last = ahead.take(1) == 1;
            match ahead.take(2) {
                0 => self.stored(&mut ahead, input, out)?,
                1 => self.within = self.fixed().ok_or(Stop::Unknown)?,
                2 => self.within = self.dynamic(&mut ahead, input)?,
                _ => return Err(Stop::Unknown),
            }
            (*bits, self.last) = (ahead, last);
        }
    }

    fn stored(&mut self, bits: &mut Bits, input: &[u8], out: &mut [u8]) -> Result<(), Stop> {
        bits.take(bits.left & 7);
        bits.give_back();
        let rest = input.get(bits.at..).unwrap_or_default();
        let ([a, b, c, d], rest) = rest.split_first_chunk::<4>().ok_or(Stop::Starved)?;
        let size = u16::from_le_bytes([*a, *b]);
        if size != !u16::from_le_bytes([*c, *d]) {
            return Err(Stop::Unknown);
        }
        let size = usize::from(size);
        let bytes = rest.get(..size).ok_or(Stop::Starved)?;
        out.get_mut(self.made..self.made + size).ok_or(Stop::Unknown)?.copy_from_slice(bytes);
        bits.at += 4 + size;
        self.made += size;
        Ok(())
    }

    /// Loads the tables of the fixed codes (RFC 1951, 3.2.6).
    fn fixed(&mut self) -> Option<bool> {
        if !self.fixed {
            let mut lengths = [8; SYMBOLS];
            lengths.get_mut(144..256)?.fill(9);
            lengths.get_mut(256..280)?.fill(7);
            self.bits = fill(&mut self.literals, &lengths, &LITERALS_AND_LENGTHS, BITS[0], true)?;
            fill(&mut self.distances, &[5; 32], &DISTANCES, BITS[1], false)?;
            self.fixed = true;
        }
        Some(true)
    }

    /// Reads the codes of a block (RFC 1951, 3.2.7).
    fn dynamic(&mut self, bits: &mut Bits, input: &[u8]) -> Result<bool, Stop> {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        self.fixed = false;
        let (literals, distances, count) = (bits.index(5) + 257, bits.index(5) + 1, bits.index(4) + 4);
        // zlib takes no more, though the format has room for them.
        if literals > 286 || distances > 30 {
            return Err(Stop::Unknown);
        }
        let mut lengths = [0; 19];
        for (i, symbol) in ORDER.iter().enumerate().take(count) {
            if i % 16 == 0 {
                bits.refill(input)?;
            }
            lengths[*symbol] = bits.byte(3);
        }
        // Complete, of whatever number of words.
        if lengths.iter().filter(|l| **l > 0).map(|l| 128 >> l).sum::<u32>() != 128 {
            return Err(Stop::Unknown);
        }
        let mut table = [0; 1 << BITS[2]];
        fill(&mut table, &lengths, &CODE_LENGTHS, BITS[2], false).ok_or(Stop::Unknown)?;
        let total = literals + distances;
        let mut at = 0;
        while at < total {
            if bits.left & 63 < 14 {
                bits.refill(input)?;
            }
            let entry = table[bits.low(0x7f)];
            bits.eat(entry & 7);
            let symbol = entry.to_le_bytes()[2];
            let before = at.checked_sub(1).and_then(|i| self.lengths.get(i).copied());
            let (length, times) = match symbol {
                16 => (before.ok_or(Stop::Unknown)?, 3 + bits.index(2)),
                17 => (0, 3 + bits.index(3)),
                18 => (0, 11 + bits.index(7)),
                _ => {
                    self.lengths[at % LENGTHS_ROOM] = symbol;
                    at += 1;
                    continue;
                }
            };
            self.lengths.get_mut(at..at + times).ok_or(Stop::Unknown)?.fill(length);
            at += times;
        }
        let (of_literals, rest) = self.lengths.split_at(literals);
        if at != total || of_literals.get(256) == Some(&0) {
            return Err(Stop::Unknown);
        }
        let of_distances = rest.get(..distances).unwrap_or_default();
        self.bits = fill(&mut self.literals, of_literals, &LITERALS_AND_LENGTHS, BITS[0], true).ok_or(Stop::Unknown)?;
        fill(&mut self.distances, of_distances, &DISTANCES, BITS[1], false).ok_or(Stop::Unknown)?;
        Ok(true)
    }

    /// Literals and matches up to the end of the block.
    fn block(&mut self, bits: &mut Bits, input: &[u8], out: &mut [u8]) -> Result<(), Stop> {
        let full = out.len().checked_sub(SLACK).ok_or(Stop::Unknown)?;
        let limit = input.len().checked_sub(TURN).ok_or(Stop::Starved)?;
        let Decoder { literals, distances, .. } = self;
        let mask = ((1u64 << self.bits) - 1) & 0xfff;
        let mut made = self.made;
        let mut b = *bits;
        b.refill(input)?;
        let mut entry = literals[b.low(mask)];
        let ended = loop {
            if made > full {
                break Err(Stop::Unknown);
            }
            if b.at > limit {
                break Err(Stop::Starved);
            }
            let mut before = b.buf;
            b.eat(entry);
            if entry & LITERAL != 0 {
                // Up to three of them take no more than 33 bits.
                let Some(three) = out.get_mut(made..).and_then(|rest| rest.first_chunk_mut::<3>()) else {
                    break Err(Stop::Unknown);
                };
                three[0] = entry.to_le_bytes()[2];
                made += 1;
                (entry, before) = (literals[b.low(mask)], b.buf);
                b.eat(entry);
                if entry & LITERAL != 0 {
                    three[1] = entry.to_le_bytes()[2];
                    made += 1;
                    (entry, before) = (literals[b.low(mask)], b.buf);
                    b.eat(entry);
                    if entry & LITERAL != 0 {
                        three[2] = entry.to_le_bytes()[2];
                        made += 1;
                        entry = literals[b.low(mask)];
                        b.refill(input)?;
                        continue;
                    }
                }
            }
            if entry & (SPECIAL | END) == SPECIAL {
                entry = literals[(high(entry) + b.low(ones(entry >> 8))) % LITERAL_ROOM];
                before = b.buf;
                b.eat(entry);
                if entry & LITERAL != 0 {
                    let Some(one) = out.get_mut(made) else { break Err(Stop::Unknown) };
                    *one = entry.to_le_bytes()[2];
                    made += 1;
                    entry = literals[b.low(mask)];
                    b.refill(input)?;
                    continue;
                }
            }
            if entry & SPECIAL != 0 {
                break if entry & ONWARDS == 0 { Ok(()) } else { Err(Stop::Unknown) };
            }
            let length = high(entry) + further(before, entry);
            entry = distances[b.low(0xff)];
            if b.left & 63 < 15 + 13 + 11 {
                b.refill(input)?;
            }
            if entry & (SPECIAL | END) == SPECIAL {
                b.eat(8);
                entry = distances[(high(entry) + b.low(ones(entry >> 8))) % DISTANCE_ROOM];
            }
            if entry & SPECIAL != 0 {
                break Err(Stop::Unknown);
            }
            before = b.buf;
            b.eat(entry);
            let distance = high(entry) + further(before, entry);
            // Looked up before the copy, so that neither waits for the other.
            entry = literals[b.low(mask)];
            b.refill(input)?;
            if copy(out, made, distance, length).is_none() {
                break Err(Stop::Unknown);
            }
            made += length;
        };
        self.made = made;
        *bits = b;
        ended
    }
}

/// Copies `length` bytes from `distance` before `at`, and a few more.
#[inline(always)]
fn copy(out: &mut [u8], at: usize, distance: usize, length: usize) -> Option<()> {
    let (mut from, mut to, end) = (at.checked_sub(distance)?, at, at + length);
    if distance >= 32 {
        while to < end {
            piece::<32>(out, from, to)?;
            (from, to) = (from + 32, to + 32);
        }
    } else if distance == 1 {
        let byte = *out.get(from)?;
        out.get_mut(at..end)?.fill(byte);
    } else {
        // Steps that are no longer than a piece: from the second on it repeats itself.
        let step = distance.min(8);
        while to < end {
            piece::<8>(out, from, to)?;
            (from, to) = (from + step, to + step);
        }
    }
    Some(())
}

#[inline(always)]
fn piece<const SIZE: usize>(out: &mut [u8], from: usize, to: usize) -> Option<()> {
    let bytes = *out.get(from..)?.first_chunk::<SIZE>()?;
    *out.get_mut(to..)?.first_chunk_mut::<SIZE>()? = bytes;
    Some(())
}

/// The upper half of an entry.
#[inline(always)]
fn high(entry: u32) -> usize {
    usize::try_from(entry >> 16).unwrap_or(0)
}

/// As many bits as the last six of `count` say.
#[inline(always)]
fn ones(count: u32) -> u64 {
    (1 << (count & 63)) - 1
}

/// What the bits behind a code word say: both together are as long as the first byte of the entry tells, the word as its second.
#[inline(always)]
fn further(bits: u64, entry: u32) -> usize {
    usize::try_from((bits & ones(entry)) >> ((entry >> 8) & 15)).unwrap_or(0)
}

/// The next bits of the stream, the first lowest.
#[derive(Debug, Clone, Copy, Default)]
struct Bits {
    /// Above those that are left there may be others, which are the same that the next bytes bring.
    buf: u64,
    /// How many are left, in the last six bits; whatever is above them has no meaning.
    left: u32,
    /// Where the next byte lies.
    at: usize,
}

impl Bits {
    /// At least 56 bits.
    #[inline(always)]
    fn refill(&mut self, input: &[u8]) -> Result<(), Stop> {
        let eight = input.get(self.at..self.at.wrapping_add(8)).and_then(|rest| rest.first_chunk());
        self.buf |= u64::from_le_bytes(*eight.ok_or(Stop::Starved)?) << (self.left & 63);
        self.at += 7 - whole(self.left);
        self.left |= 56;
        Ok(())
    }

    /// Gives back what is a whole byte.
    fn give_back(&mut self) {
        self.at = self.at.saturating_sub(whole(self.left));
        self.left &= 7;
        self.buf &= ones(self.left);
    }

    /// Passes over as many as the last six bits of `count` say.
    #[inline(always)]
    fn eat(&mut self, count: u32) {
        self.buf >>= count & 63;
        self.left = self.left.wrapping_sub(count);
    }

    /// The next bits under a mask of at most 16.
    #[inline(always)]
    fn low(&self, mask: u64) -> usize {
        usize::try_from(self.buf & mask).unwrap_or(0)
    }

    fn take(&mut self, count: u32) -> u64 {
        let bits = self.buf & ones(count);
        self.eat(count);
        bits
    }

    fn index(&mut self, count: u32) -> usize {
        usize::try_from(self.take(count)).unwrap_or(0)
    }

    fn byte(&mut self, count: u32) -> u8 {
        self.take(count).to_le_bytes()[0]
    }
}

/// How many whole bytes so many bits are.
#[inline(always)]
fn whole(left: u32) -> usize {
    usize::try_from((left & 63) >> 3).unwrap_or(0)
}

#[cfg(test)]
mod tests;
