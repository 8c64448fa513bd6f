//! The symbols of a block: where nearly all time goes.

use std::cell::Cell;
use std::ops::Range;

use super::code::{END, LITERAL, ONWARDS, SPECIAL};
use super::input::{Input, ones};
use super::{DISTANCE_ROOM, LITERAL_ROOM, ROOM, Room, Stop, TURN};

/// How many bytes are copied at once.
const PIECE: usize = 40;

/// The codes of a block.
pub(super) struct Symbols<'a> {
    pub(super) literals: &'a [u32; LITERAL_ROOM],
    pub(super) distances: &'a [u32; DISTANCE_ROOM],
    /// Bits of the first look-up in `literals`.
    pub(super) bits: usize,
}

/// What a turn led to.
enum Turn {
    On,
    EndOfBlock,
    Unknown,
}

/// What changes with every symbol.
struct State {
    /// The next symbol.
    entry: u32,
    /// Up to where the content is written.
    made: usize,
}

impl Symbols<'_> {
    /// Literals and matches up to the end of the block; `made` says up to where the content of `place` is written.
    #[inline(never)]
    pub(super) fn all(&self, input: &mut Input<'_>, room: &mut Room, place: &Range<usize>, made: &mut usize) -> Result<(), Stop> {
        let (mask, full) = (((1 << self.bits) - 1) & 0xfff, place.end.min(ROOM));
        let mut at = *input;
        at.refill()?;
        let mut state = State { entry: self.literals[at.low(mask)], made: *made };
        let ended = loop {
            if state.made > full {
                break Err(Stop::Unknown);
            }
            if at.ahead() < TURN {
                break Err(Stop::Starved);
            }
            match self.turn(&mut at, &mut state, room, place.start, mask) {
                Turn::On => {}
                Turn::EndOfBlock => break Ok(()),
                Turn::Unknown => break Err(Stop::Unknown),
            }
        };
        (*input, *made) = (at, state.made);
        ended
    }

    /// Up to three literals, or up to two and a match. There is input enough for that: [`TURN`].
    #[inline(always)]
    fn turn(&self, input: &mut Input<'_>, state: &mut State, room: &mut Room, start: usize, mask: u64) -> Turn {
        let State { entry, made } = state;
        let mut before = input.bits();
        input.eat(*entry);
        if *entry & LITERAL != 0 {
            // Up to three of them take no more than 33 bits.
            let literal = *entry;
            (*entry, before) = (self.literals[input.low(mask)], input.bits());
            input.eat(*entry);
            write(room, made, literal);
            if *entry & LITERAL != 0 {
                let literal = *entry;
                (*entry, before) = (self.literals[input.low(mask)], input.bits());
                input.eat(*entry);
                write(room, made, literal);
                if *entry & LITERAL != 0 {
                    return self.last_literal(input, state, room, mask);
                }
            }
        }
        if *entry & SPECIAL != 0 {
            if *entry & END != 0 {
                return end(*entry);
            }
            *entry = self.literals[(high(*entry) + input.low(ones(*entry >> 8))) % LITERAL_ROOM];
            before = input.bits();
            input.eat(*entry);
            if *entry & LITERAL != 0 {
                return self.last_literal(input, state, room, mask);
            }
            if *entry & SPECIAL != 0 {
                return end(*entry);
            }
        }
        let length = high(*entry) + further(before, *entry);
        *entry = self.distances[input.low(0xff)];
        if *entry & SPECIAL != 0 {
            if *entry & END != 0 {
                return Turn::Unknown;
            }
            if input.left() < 15 + 13 + 11 && input.refill().is_err() {
                return Turn::Unknown;
            }
            input.eat(8);
            *entry = self.distances[(high(*entry) + input.low(ones(*entry >> 8))) % DISTANCE_ROOM];
            if *entry & SPECIAL != 0 {
                return Turn::Unknown;
            }
        } else if input.left() < 8 + 13 + 11 && input.refill().is_err() {
            return Turn::Unknown;
        }
        before = input.bits();
        input.eat(*entry);
        let distance = high(*entry) + further(before, *entry);
        // Looked up before the copy, so that neither waits for the other.
        *entry = self.literals[input.low(mask)];
        if input.refill().is_err() {
            return Turn::Unknown;
        }
        let to = *made;
        *made += length;
        if distance > to - start || copy(room, to - distance, to, *made).is_none() {
            return Turn::Unknown;
        }
        Turn::On
    }

    #[inline(always)]
    fn last_literal(&self, input: &mut Input<'_>, state: &mut State, room: &mut Room, mask: u64) -> Turn {
        let literal = state.entry;
        state.entry = self.literals[input.low(mask)];
        let refilled = input.refill();
        write(room, &mut state.made, literal);
        if refilled.is_ok() { Turn::On } else { Turn::Unknown }
    }
}

#[inline(always)]
fn end(entry: u32) -> Turn {
    if entry & ONWARDS == 0 { Turn::EndOfBlock } else { Turn::Unknown }
}

/// Writes a literal.
#[inline(always)]
fn write(room: &mut Room, made: &mut usize, entry: u32) {
    if let Some(place) = room.get_mut(*made) {
        *place = entry.to_le_bytes()[2];
    }
    *made += 1;
}

/// Copies what lies at `from` to `to` until it reaches `end`, and a few bytes more. What is copied first is there when it is
/// copied again.
#[inline(always)]
fn copy(room: &mut Room, mut from: usize, mut to: usize, end: usize) -> Option<()> {
    let distance = to - from;
    let cells = Cell::from_mut(&mut room[..]).as_slice_of_cells();
    if distance >= 8 {
        loop {
            let old = cells.get(from..from + PIECE)?.first_chunk::<PIECE>()?;
            let new = cells.get(to..to + PIECE)?.first_chunk::<PIECE>()?;
            for (old, new) in old.as_chunks().0.iter().zip(new.as_chunks().0) {
                eight(old, new);
            }
            (from, to) = (from + PIECE, to + PIECE);
            if to >= end {
                return Some(());
            }
        }
    }
    if distance == 1 {
        let byte = cells.get(from)?.get();
        while to < end {
            cells.get(to..)?.first_chunk::<32>()?.iter().for_each(|cell| cell.set(byte));
            to += 32;
        }
        return Some(());
    }
    while to < end {
        eight(cells.get(from..)?.first_chunk()?, cells.get(to..)?.first_chunk()?);
        (from, to) = (from + distance, to + distance);
    }
    Some(())
}

/// All are read before the first is written.
#[inline(always)]
fn eight(old: &[Cell<u8>; 8], new: &[Cell<u8>; 8]) {
    let bytes = old.each_ref().map(Cell::get);
    for (cell, byte) in new.iter().zip(bytes) {
        cell.set(byte);
    }
}

/// The upper half of an entry.
#[inline(always)]
fn high(entry: u32) -> usize {
    usize::try_from(entry >> 16).unwrap_or(0)
}

/// What the bits behind a code word say: both together are as long as the first byte of the entry tells, the word as its second.
#[inline(always)]
fn further(bits: u64, entry: u32) -> usize {
    usize::try_from((bits & ones(entry)) >> ((entry >> 8) & 15)).unwrap_or(0)
}
