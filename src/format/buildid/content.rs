//! sha256 and content ID of a file, from one read.
//!
//! The content ID is the hash of the file with every occurrence of its build ID, and the excluded ranges, read as NUL
//! (`cmd/internal/buildid/rewrite.go`, `FindAndHash`). Nearly all blocks of a file are therefore alike for both hashes.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memmem::Finder;

use super::{BuildId, IdHash, PART_LEN};
use crate::format::sha256::{Block, PADDING_BLOCKS, Pair, State, advance_alike, advance_both, advance_pairs};

/// Most bytes that are read at once: larger buffers fall out of the second-level cache and cost more than the calls they save.
pub const PIECE: usize = 64 << 10;

/// Longest ID that is searched: four hashes.
const MAX_ID: usize = 4 * PART_LEN + 3;

/// Blocks for what is carried from one piece to the next (less than a block, and what may be the beginning of an ID), and
/// for the padding.
const SLACK_BLOCKS: usize = 1 + MAX_ID.div_ceil(size_of::<Block>()) + PADDING_BLOCKS;

/// Blocks that are looked at together: where one of them differs for the two hashes, all are hashed as if they did.
const GROUP: usize = 32;

/// What the content ID of a file depends on besides its bytes.
#[derive(Debug, Clone)]
pub struct Watch {
    id: Finder<'static>,
    excluded: Vec<Range<u64>>,
}

impl Watch {
    /// For the file that carries `id`; `excluded` are ranges of offsets in the file (none for an archive). `None` for an ID
    /// that is none, or longer than four hashes, or has a NUL: Go's have no content ID in such a one.
    pub fn new(id: &BuildId, excluded: &[Range<u64>]) -> Option<Watch> {
        let id = id.as_bytes();
        let fits = !id.is_empty() && id.len() <= MAX_ID && !id.contains(&0);
        let excluded = excluded.iter().filter(|r| !r.is_empty()).cloned().collect();
        fits.then(|| Watch { id: Finder::new(id).into_owned(), excluded })
    }

    /// Bytes of the ID.
    fn len(&self) -> usize {
        self.id.needle().len()
    }

    /// Whether an excluded range has a part of this one.
    fn excludes(&self, range: &Range<u64>) -> bool {
        self.excluded.iter().any(|e| overlap(e, range))
    }
}

/// The offset in the file `blocks` after `base`.
fn offset(base: u64, blocks: usize) -> u64 {
    base.saturating_add(u64::try_from(blocks.saturating_mul(size_of::<Block>())).unwrap_or(u64::MAX))
}

/// So many blocks more are hashed.
fn pass(base: &mut u64, found: &mut Vec<Range<u64>>, blocks: usize) {
    *base = offset(*base, blocks);
    found.retain(|range| range.end > *base);
}

/// Fills the part of `range`, of offsets in the file, that lies in `bytes`, which begin at `base`.
fn blank(bytes: &mut [u8], base: u64, range: &Range<u64>) {
    let at = |offset: u64| usize::try_from(offset.saturating_sub(base)).unwrap_or(usize::MAX).min(bytes.len());
    let (from, to) = (at(range.start), at(range.end));
    bytes.get_mut(from..to).unwrap_or_default().fill(0);
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// What one read of a file gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentHash {
    /// sha256 of the bytes.
    pub sha256: [u8; 32],
    /// The content ID, if there was something to [`Watch`].
    pub content: Option<IdHash>,
    /// How many bytes were read.
    pub size: u64,
    /// How many times the build ID occurs outside the excluded ranges.
    pub matches: u64,
}

/// Hashes files one after the other; holds one piece.
#[derive(Debug)]
pub struct ContentHasher {
    buffer: Vec<Block>,
    zeroed: [Block; GROUP],
    run: Run,
    /// Bytes at the start of the buffer.
    held: usize,
    /// Blocks of them that are hashed already.
    taken: usize,
    /// Blocks of them that can be hashed before more is read.
    sure: usize,
    ended: bool,
}

impl Default for ContentHasher {
    fn default() -> Self {
        let buffer = vec![[0; 64]; PIECE / size_of::<Block>() + SLACK_BLOCKS];
        ContentHasher { buffer, zeroed: [[0; 64]; GROUP], run: Run::default(), held: 0, taken: 0, sure: 0, ended: false }
    }
}

impl ContentHasher {
    /// Reads `from` to its end and hashes what it yields; see [`ContentHasher::fill`].
    ///
    /// # Errors
    ///
    /// Those of `from`.
    pub fn hash(
        &mut self,
        from: &mut impl Read,
        expected: u64,
        first: &mut dyn FnMut(&[u8]) -> Option<Watch>,
    ) -> io::Result<ContentHash> {
        self.restart();
        loop {
            self.fill(from, expected, first)?;
            self.advance();
            if let Some(done) = self.done() {
                return Ok(done);
            }
        }
    }

    /// Reads `from` to its end and computes its content ID alone, which is less work.
    ///
    /// # Errors
    ///
    /// Those of `from`.
    pub fn content(&mut self, from: &mut impl Read, expected: u64, watch: &Watch) -> io::Result<IdHash> {
        self.restart();
        self.run.content_alone = true;
        loop {
            self.fill(from, expected, &mut |_| Some(watch.clone()))?;
            self.advance();
            if let Some(done) = self.done() {
                return Ok(IdHash::of(&done.sha256));
            }
        }
    }

    /// Forgets the file and begins another.
    pub fn restart(&mut self) {
        self.run = Run::default();
        (self.held, self.taken, self.sure, self.ended) = (0, 0, 0, false);
    }

    /// Reads the next piece; `expected` is the size that the file was said to have, and what is read counts, not this.
    /// `first` gets the first piece, whole up to [`PIECE`] bytes, and tells what to watch.
    ///
    /// # Errors
    ///
    /// Those of `from`, but for an interruption, after which it is asked again.
    pub fn fill(&mut self, from: &mut impl Read, expected: u64, first: &mut dyn FnMut(&[u8]) -> Option<Watch>) -> io::Result<()> {
        self.advance();
        if self.ended {
            return Ok(());
        }
        let done = self.taken * size_of::<Block>();
        self.buffer.as_flattened_mut().copy_within(done..self.held, 0);
        self.held -= done;
        (self.taken, self.sure) = (0, 0);
        let run = &mut self.run;
        let room = self.buffer.as_flattened_mut().get_mut(self.held..self.held + PIECE).unwrap_or_default();
        let (n, ended) = read_piece(from, room, expected.checked_sub(run.size))?;
        if run.size == 0 {
            run.watch = first(room.get(..n).unwrap_or_default());
        }
        run.size = run.size.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        self.held += n;
        let held = self.buffer.as_flattened_mut().get_mut(..self.held).unwrap_or_default();
        let mut sure = held.len().saturating_sub(run.search(held));
        if run.content_alone {
            run.blank(held);
        }
        if ended {
            self.held = pad(self.buffer.as_flattened_mut(), self.held, run.size);
            sure = self.held;
        }
        self.ended = ended;
        self.sure = sure / size_of::<Block>();
        Ok(())
    }

    /// Whether there is something to hash before more is read.
    pub fn is_pending(&self) -> bool {
        self.taken < self.sure
    }

    /// Hashes what is pending.
    pub fn advance(&mut self) {
        self.run.take(self.buffer.get(self.taken..self.sure).unwrap_or_default(), &mut self.zeroed);
        self.taken = self.sure;
    }

    /// Hashes of each a part of what it has pending, in the way that costs least for all of them together.
    pub fn advance_all(hashers: &mut [&mut ContentHasher]) {
        let (mut pairs, mut parts, mut alone) = (Vec::new(), Vec::new(), Vec::new());
        for hasher in hashers {
            if !hasher.run.has_pair() {
                alone.push(hasher);
                continue;
            }
            let (at, sure) = (hasher.taken, hasher.sure);
            let pending = hasher.buffer.get(at..sure).unwrap_or_default();
            // What is left out of the content ID is a matter of each file by itself.
            let apart = hasher.run.apart(pending.len());
            hasher.run.take(pending.get(..apart).unwrap_or_default(), &mut hasher.zeroed);
            hasher.taken += apart;
            let rest = pending.get(apart..).unwrap_or_default();
            let alike = rest.get(..hasher.run.alike(rest.len())).unwrap_or_default();
            if !alike.is_empty() {
                let run = &mut hasher.run;
                pairs.push(Pair { a: &mut run.plain, b: &mut run.zeroed, blocks: alike });
                parts.push((&mut hasher.taken, &mut run.base, &mut run.found));
            }
        }
        let mut parts = parts.into_iter();
        advance_pairs(&mut pairs, &mut |n| {
            if let Some((taken, base, found)) = parts.next() {
                *taken += n;
                pass(base, found, n);
            }
        });
        for two in alone.chunks_mut(2) {
            match two {
                [a, b] => ContentHasher::advance_both(a, b),
                _ => two.iter_mut().for_each(|one| one.advance()),
            }
        }
    }

    /// Hashes of both, of which one hash is wanted, what both have pending; at least one has nothing pending then.
    fn advance_both(a: &mut ContentHasher, b: &mut ContentHasher) {
        let (of_a, of_b) = (a.buffer.get(a.taken..a.sure).unwrap_or_default(), b.buffer.get(b.taken..b.sure).unwrap_or_default());
        advance_both(&mut a.run.plain, of_a, &mut b.run.plain, of_b);
        let blocks = of_a.len().min(of_b.len());
        for (hasher, taken) in [(a, blocks), (b, blocks)] {
            hasher.taken += taken;
            pass(&mut hasher.run.base, &mut hasher.run.found, taken);
        }
    }

    /// What the file gave, once it ended and all of it is hashed.
    pub fn done(&self) -> Option<ContentHash> {
        (self.ended && !self.is_pending()).then(|| self.run.finish())
    }
}

/// Fills `room` and tells how many bytes came and whether that was the end. A short read that ends where the file was said
/// to end, after `left` bytes, needs no other read to show that nothing follows.
fn read_piece(from: &mut impl Read, room: &mut [u8], left: Option<u64>) -> io::Result<(usize, bool)> {
    let mut n = 0;
    while let Some(rest) = room.get_mut(n..).filter(|r| !r.is_empty()) {
        match from.read(rest) {
            Ok(0) => return Ok((n, true)),
            Ok(more) => n += more.min(rest.len()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        }
        if n < room.len() && u64::try_from(n).ok() == left {
            return Ok((n, true));
        }
    }
    Ok((n, false))
}

/// Appends the padding of FIPS 180-4, 5.1.1, to the `held` bytes of a message of `size` bytes; returns how many are held then.
fn pad(buffer: &mut [u8], held: usize, size: u64) -> usize {
    let end = (held + 1 + size_of::<u64>()).next_multiple_of(size_of::<Block>());
    if let Some((padding, bits)) = buffer.get_mut(held..end).and_then(<[u8]>::split_last_chunk_mut::<8>) {
        padding.fill(0);
        if let Some(first) = padding.first_mut() {
            *first = 0x80;
        }
        *bits = size.wrapping_mul(8).to_be_bytes();
    }
    end
}

/// One file under way.
#[derive(Debug, Default)]
struct Run {
    plain: State,
    zeroed: State,
    watch: Option<Watch>,
    /// The file is blanked as it is read: then `plain` gives the content ID, and `zeroed` serves nothing.
    content_alone: bool,
    /// Where the ID was found, in what is not hashed yet.
    found: Vec<Range<u64>>,
    matches: u64,
    /// Offset in the file of the first byte that is not hashed yet.
    base: u64,
    /// Offset from which an ID may still begin.
    searched: u64,
    /// Bytes read.
    size: u64,
}

impl Run {
    /// Searches the ID in what is held, and returns how many bytes at the end of it may be the beginning of one.
    fn search(&mut self, held: &[u8]) -> usize {
        let Some(watch) = &self.watch else { return 0 };
        let len = u64::try_from(watch.len()).unwrap_or(u64::MAX);
        loop {
            let rest = usize::try_from(self.searched - self.base).ok().and_then(|from| held.get(from..));
            let Some(at) = rest.and_then(|rest| watch.id.find(rest)) else { break };
            let start = self.searched.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
            let range = start..start.saturating_add(len);
            // An excluded range is read as NUL before the ID is searched.
            if watch.excludes(&range) {
                self.searched = start.saturating_add(1);
            } else {
                self.searched = range.end;
                self.found.push(range);
                self.matches += 1;
            }
        }
        self.searched = self.searched.max(self.size.saturating_sub(len - 1));
        watch.len() - 1
    }

    /// Blanks in what is held, and not hashed yet, what the content ID leaves out.
    fn blank(&self, held: &mut [u8]) {
        self.left_out().for_each(|range| blank(held, self.base, range));
    }

    /// Whether both hashes are wanted, over blocks that are mostly alike.
    fn has_pair(&self) -> bool {
        self.watch.is_some() && !self.content_alone
    }

    /// What the content ID leaves out of what is not hashed yet.
    fn left_out(&self) -> impl Iterator<Item = &Range<u64>> {
        self.watch.iter().flat_map(|w| &w.excluded).chain(&self.found)
    }

    /// How many of the next `blocks` come before the first group that is alike for both hashes.
    fn apart(&self, blocks: usize) -> usize {
        let touched = |from: usize| {
            let here = offset(self.base, from)..offset(self.base, (from + GROUP).min(blocks));
            self.left_out().any(|range| overlap(range, &here))
        };
        (0..blocks).step_by(GROUP).find(|from| !touched(*from)).unwrap_or(blocks)
    }

    /// How many of the next `blocks` come before the first one that is not alike.
    fn alike(&self, blocks: usize) -> usize {
        let before = |range: &Range<u64>| usize::try_from(range.start.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let first = self.left_out().filter(|range| range.end > self.base).map(before).min();
        first.map_or(blocks, |bytes| blocks.min(bytes / size_of::<Block>()))
    }

    fn take(&mut self, blocks: &[Block], scratch: &mut [Block; GROUP]) {
        let Some(watch) = self.watch.as_ref().filter(|_| self.has_pair()) else {
            self.plain.advance(blocks);
            return pass(&mut self.base, &mut self.found, blocks.len());
        };
        for group in blocks.chunks(GROUP) {
            let here = self.base..offset(self.base, group.len());
            let mut touched = watch.excluded.iter().chain(&self.found).filter(|r| overlap(r, &here)).peekable();
            if touched.peek().is_none() {
                advance_alike(&mut self.plain, &mut self.zeroed, group);
            } else {
                let zeroed = scratch.get_mut(..group.len()).unwrap_or_default();
                zeroed.copy_from_slice(group);
                // The padding is no part of the file, wherever a range ends.
                let file = usize::try_from(self.size.saturating_sub(self.base)).unwrap_or(usize::MAX).min(size_of_val(group));
                let bytes = zeroed.as_flattened_mut().get_mut(..file).unwrap_or_default();
                touched.for_each(|range| blank(bytes, self.base, range));
                advance_both(&mut self.plain, group, &mut self.zeroed, zeroed);
            }
            self.base = here.end;
        }
        self.found.retain(|r| r.end > self.base);
    }

    fn finish(&self) -> ContentHash {
        let content = self.watch.as_ref().map(|_| IdHash::of(&self.zeroed.digest()));
        ContentHash { sha256: self.plain.digest(), content, size: self.size, matches: self.matches }
    }
}

#[cfg(test)]
mod tests;
