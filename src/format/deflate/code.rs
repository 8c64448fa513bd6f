//! Tables that decode Huffman codes (RFC 1951, 3.2.2): looked up by the next bits of the stream, the first bit lowest.
//!
//! The first `bits` bits of a code word lead to an entry; the words that are longer share an entry which leads on to a table
//! of their own, further back. An entry says all that a symbol stands for, so that nothing else is looked up.

/// The symbol is a literal: its byte is the third of the entry.
pub(super) const LITERAL: u32 = 1 << 31;
/// No literal, no length and no distance: one of those below.
pub(super) const SPECIAL: u32 = 1 << 15;
/// Goes on in the table at the upper half of the entry, by as many bits as its second byte says. Along with [`END`]: no symbol.
pub(super) const ONWARDS: u32 = 1 << 14;
/// The end of the block.
pub(super) const END: u32 = 1 << 13;
/// What no symbol stands for.
const NOTHING: u32 = SPECIAL | ONWARDS | END;

/// Longest code word in bits.
const LONGEST: usize = 15;
/// Most symbols of a code.
pub(super) const SYMBOLS: usize = 288;
/// A code has fewer symbols than this, a power of two.
const ROOM: usize = 512;

/// What a symbol stands for but for the length of its code word: the base in the upper half, how many more bits there are to
/// be read in the first byte.
pub(super) type Meaning = u32;

/// Literals, the end, and lengths (RFC 1951, 3.2.5).
pub(super) const LITERALS_AND_LENGTHS: [Meaning; SYMBOLS] = {
    let mut all = [NOTHING; SYMBOLS];
    let (mut at, mut byte) = (0, 0);
    while at < 256 {
        all[at] = LITERAL | byte << 16;
        (at, byte) = (at + 1, byte + 1);
    }
    all[256] = SPECIAL | END;
    // Four symbols for each number of further bits, from the second four on; the last is on its own.
    let (mut at, mut base) = (257, 3);
    while at < 285 {
        let more = if at < 265 { 0 } else { (at - 261) / 4 };
        all[at] = base << 16 | WIDTHS[more];
        (at, base) = (at + 1, base + (1 << more));
    }
    all[285] = 258 << 16;
    all
};

/// Distances (RFC 1951, 3.2.5).
pub(super) const DISTANCES: [Meaning; 32] = {
    let mut all = [NOTHING; 32];
    let (mut at, mut base) = (0, 1);
    while at < 30 {
        let more = if at < 4 { 0 } else { (at - 2) / 2 };
        all[at] = base << 16 | WIDTHS[more];
        (at, base) = (at + 1, base + (1 << more));
    }
    all
};

/// The code of the lengths of code words (RFC 1951, 3.2.7).
pub(super) const CODE_LENGTHS: [Meaning; 19] = {
    let mut all = [0; 19];
    let (mut at, mut symbol) = (0, 0);
    while at < 19 {
        all[at] = symbol << 16;
        (at, symbol) = (at + 1, symbol + 1);
    }
    all
};

const WIDTHS: [u32; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];

/// Fills `table` for the code in which the symbols have words of these lengths; `most` is the number of bits of the first
/// look-up, which becomes as few as the code needs if it is `short`. Returns that number; `None` for what is no complete code,
/// unless it is one that zlib takes: of no word, or of one word of one bit.
pub(super) fn fill(table: &mut [u32], lengths: &[u8], meanings: &[Meaning], most: usize, short: bool) -> Option<usize> {
    let mut counts = [0u16; LONGEST + 1];
    for length in lengths {
        counts[usize::from(length & 15)] += 1;
    }
    let longest = counts.iter().rposition(|count| *count > 0).unwrap_or(0).max(1);
    let bits = if short { most.min(longest) } else { most };
    let mut places = [0u16; LONGEST + 2];
    let mut space = 0u32;
    for length in 1..=LONGEST {
        places[length + 1] = places[length] + counts[length];
        space = 2 * space + u32::from(counts[length]);
    }
    let mut sorted = [0u16; ROOM];
    for (symbol, length) in (0u16..).zip(lengths).filter(|(_, length)| **length > 0) {
        let place = &mut places[usize::from(length & 15)];
        sorted[usize::from(*place) % ROOM] = symbol;
        *place += 1;
    }
    let mut meanings = sorted.iter().map(|symbol| meanings.get(usize::from(*symbol)).copied().unwrap_or(NOTHING));
    if space != 1 << LONGEST {
        let first = match (space, counts[1]) {
            (0, _) => NOTHING,
            (_, 1) if space == 1 << (LONGEST - 1) => meanings.next()? + 0x101,
            _ => return None,
        };
        for pair in table.get_mut(..1 << bits)?.chunks_mut(2) {
            pair.copy_from_slice(&[first, NOTHING]);
        }
        return Some(bits);
    }
    let mut words = Words { length: 0, word: 0, count: 0, counts };
    words.longer()?;
    while words.length > 0 && words.length <= bits {
        // The table is as large as words of this length need; each that is longer doubles it.
        let size = 1usize << words.length;
        let length = words.length;
        loop {
            *table.get_mut(words.word)? = meanings.next()? + repeated(length);
            if !words.following() {
                double(table, size, 1 << bits)?;
                return Some(bits);
            }
            if words.length != length {
                break;
            }
        }
        double(table, size, 1 << words.length.min(bits))?;
    }
    subtables(table, bits, words, &mut meanings)?;
    Some(bits)
}

/// The words that are longer than `bits`.
fn subtables(table: &mut [u32], bits: usize, mut words: Words, meanings: &mut dyn Iterator<Item = Meaning>) -> Option<()> {
    let (mut start, mut end) = (0, 1usize << bits);
    let mask = end - 1;
    let mut prefix = None;
    loop {
        let head = words.word & mask;
        if prefix != Some(head) {
            prefix = Some(head);
            // As many bits as it takes until the words with this beginning fill the table.
            let mut more = words.length - bits;
            let mut space = usize::from(words.count);
            while space < 1 << more {
                more += 1;
                space = 2 * space + usize::from(*words.counts.get(bits + more)?);
            }
            start = end;
            end += 1 << more;
            let leads = u32::try_from(start << 16 | more << 8 | bits).ok()?;
            *table.get_mut(head)? = leads | SPECIAL | ONWARDS;
        }
        let entry = meanings.next()? + repeated(words.length - bits);
        for place in table.get_mut(start..end)?.iter_mut().skip(words.word >> bits).step_by(1 << (words.length - bits)) {
            *place = entry;
        }
        if !words.following() {
            return Some(());
        }
    }
}

/// The length of a word, in the second byte and added to the bits to be read in the first.
fn repeated(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(0) * 0x101
}

/// Repeats what is in the first `from` places until `to` are filled.
fn double(table: &mut [u32], mut from: usize, to: usize) -> Option<()> {
    while from < to {
        let (done, rest) = table.split_at_mut_checked(from)?;
        rest.get_mut(..from)?.copy_from_slice(done);
        from *= 2;
    }
    Some(())
}

/// The words of a complete code one after the other, from the shortest on, their bits in reverse.
struct Words {
    length: usize,
    word: usize,
    /// How many of this length there are from this one on.
    count: u16,
    counts: [u16; LONGEST + 1],
}

impl Words {
    /// Whether there is a next one, which this becomes.
    #[inline]
    fn following(&mut self) -> bool {
        let all = (1usize << self.length) - 1;
        if self.word == all {
            return false;
        }
        // Adds one at the end that is the front here.
        let bit = 1usize << (self.word ^ all).ilog2();
        self.word = self.word & (bit - 1) | bit;
        self.count -= 1;
        self.count > 0 || self.longer().is_some()
    }

    /// Goes on to the next length that words have.
    #[inline]
    fn longer(&mut self) -> Option<()> {
        while self.count == 0 {
            self.length += 1;
            self.count = *self.counts.get(self.length)?;
        }
        Some(())
    }
}
