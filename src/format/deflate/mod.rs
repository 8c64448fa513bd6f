//! Inflates deflate streams (RFC 1951) of which the size of the content is known, from memory to memory.
//!
//! It is fast and knows two answers: this is the content, or that it does not know. Whatever is unusual is left to a decoder
//! that can say what is wrong. It never takes what zlib refuses, and never gives other bytes than zlib. The way of decoding is
//! that of libdeflate (`lib/decompress_template.h`).

mod block;
mod code;
mod input;

use std::ops::Range;

use block::Symbols;
use code::{CODE_LENGTHS, DISTANCES, LITERALS_AND_LENGTHS, SYMBOLS, fill};
use input::Input;

/// What lies behind a content in a [`Room`] is overwritten, up to so many bytes: one turn writes two literals, a match of 258
/// bytes and up to 39 bytes more.
pub const SLACK: usize = 320;

/// What one turn may read of the input, in bytes: it takes up to fourteen and reads eight ahead.
const TURN: usize = 32;

/// What should lie behind the stream in the input, in bytes: eight may be held before the last turn.
pub const AHEAD: usize = TURN + 8;

/// Where the content of a stream may end in a [`Room`] at most, in bytes.
pub const ROOM: usize = 17 << 20;

/// The memory that contents are written to. Its size is known when this is compiled, so that few places of it have to be
/// checked: that makes a twentieth of the speed.
pub type Room = [u8; ROOM + SLACK];

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
    held: (u64, u32),
    /// Where the content is written, and up to where it is.
    place: Range<usize>,
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
            held: (0, 0),
            place: 0..0,
            made: 0,
            within: false,
            last: false,
        }
    }
}

impl Decoder {
    /// Begins a new stream, whose content is to fill this place of the room.
    pub fn begin(&mut self, place: Range<usize>) {
        (self.held, self.made, self.within, self.last) = ((0, 0), place.start, false, false);
        self.place = place.start..place.end.min(ROOM);
    }

    /// Bytes of content that were written.
    pub fn made(&self) -> usize {
        self.made.saturating_sub(self.place.start)
    }

    /// Goes on with the bytes of the stream from where it stopped, and what lies behind them. Returns how many it used.
    /// `room` is that of the calls before.
    pub fn go_on(&mut self, input: &[u8], room: &mut Room) -> (Step, usize) {
        let mut input = Input::new(input, self.held);
        let step = match self.blocks(&mut input, room) {
            Ok(()) => Step::Ended,
            Err(Stop::Starved) => Step::Starved,
            Err(Stop::Unknown) => Step::Unknown,
        };
        let used = input.give_back();
        self.held = input.held();
        (step, used)
    }

    /// Stops between two blocks, or two symbols of a block.
    fn blocks(&mut self, input: &mut Input<'_>, room: &mut Room) -> Result<(), Stop> {
        loop {
            if self.within {
                let symbols = Symbols { literals: &self.literals, distances: &self.distances, bits: self.bits };
                symbols.all(input, room, &self.place, &mut self.made)?;
                self.within = false;
            }
            if self.last {
                return Ok(());
            }
            let mut ahead = *input;
            ahead.refill()?;
            let last = ahead.take(1) == 1;
            match ahead.take(2) {
                0 => self.stored(&mut ahead, room)?,
                1 => self.within = self.fixed().ok_or(Stop::Unknown)?,
                2 => self.within = self.dynamic(&mut ahead)?,
                _ => return Err(Stop::Unknown),
            }
            (*input, self.last) = (ahead, last);
        }
    }

    fn stored(&mut self, input: &mut Input<'_>, room: &mut Room) -> Result<(), Stop> {
        let rest = input.next_byte();
        let ([a, b, c, d], rest) = rest.split_first_chunk::<4>().ok_or(Stop::Starved)?;
        let size = u16::from_le_bytes([*a, *b]);
        if size != !u16::from_le_bytes([*c, *d]) {
            return Err(Stop::Unknown);
        }
        let (bytes, rest) = rest.split_at_checked(usize::from(size)).ok_or(Stop::Starved)?;
        let end = self.made + bytes.len();
        if end > self.place.end {
            return Err(Stop::Unknown);
        }
        room.get_mut(self.made..end).ok_or(Stop::Unknown)?.copy_from_slice(bytes);
        input.go_to(rest);
        self.made = end;
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
    fn dynamic(&mut self, input: &mut Input<'_>) -> Result<bool, Stop> {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        self.fixed = false;
        let (literals, distances, count) = (input.index(5) + 257, input.index(5) + 1, input.index(4) + 4);
        // zlib takes no more, though the format has room for them.
        if literals > 286 || distances > 30 {
            return Err(Stop::Unknown);
        }
        let mut lengths = [0; 19];
        for (i, symbol) in ORDER.iter().enumerate().take(count) {
            if i % 16 == 0 {
                input.refill()?;
            }
            lengths[*symbol] = input.byte(3);
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
            if input.left() < 14 {
                input.refill()?;
            }
            let entry = table[input.low(0x7f)];
            input.eat(entry & 7);
            let symbol = entry.to_le_bytes()[2];
            let before = at.checked_sub(1).and_then(|i| self.lengths.get(i).copied());
            let (length, times) = match symbol {
                16 => (before.ok_or(Stop::Unknown)?, 3 + input.index(2)),
                17 => (0, 3 + input.index(3)),
                18 => (0, 11 + input.index(7)),
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
}

#[cfg(test)]
mod tests;
