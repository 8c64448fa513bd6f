//! The content of members of moderate size, kept one behind the other until there is enough to be hashed two at a time.

use std::ops::Range;

use memmap2::{MmapMut, MmapOptions};

use crate::format::deflate::{ROOM, Room, SLACK};
use crate::format::sha256::{Message, State, hash_each};

/// Largest member, in bytes, that is inflated in one step.
const AT_ONCE: usize = 4 << 20;

/// The same where there is more room. The largest members of common modules hold about as much.
const AT_ONCE_ROOMY: usize = ROOM - BESIDE;

/// From this many bytes on what was kept is hashed: little enough to lie in the second-level cache still.
const ENOUGH: usize = 256 << 10;

/// What is kept at most beside a last content of the largest size, in bytes.
const BESIDE: usize = 1 << 20;

/// What was inflated and is not hashed yet.
#[derive(Debug)]
pub(super) struct Batch {
    at_once: usize,
    /// A [`Room`], once it is needed.
    bytes: Option<MmapMut>,
    /// Up to where it was written to.
    touched: usize,
    /// End of what is kept in `bytes`.
    kept: usize,
    /// Bytes behind it that the last member filled.
    last: usize,
    /// Bytes that were kept since some were hashed last.
    fresh: usize,
    /// What is kept, one behind the other.
    rows: Vec<Row>,
    done: Vec<(usize, [u8; 32])>,
}

/// A member whose content is kept, or what is left of it.
#[derive(Debug)]
struct Row {
    member: usize,
    /// The hash of what is gone.
    state: State,
    /// Bytes that are gone.
    gone: usize,
    start: usize,
    end: usize,
}

impl Batch {
    /// `roomy`: for larger members, and with as much more memory.
    pub(super) fn new(roomy: bool) -> Batch {
        let at_once = if roomy { AT_ONCE_ROOMY } else { AT_ONCE };
        Batch { at_once, bytes: None, touched: 0, kept: 0, last: 0, fresh: 0, rows: Vec::new(), done: Vec::new() }
    }

    /// Largest member, in bytes, that there is room for.
    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    /// Room for the next content, of at most [`Batch::at_once`] bytes, and its place there; what was not kept is overwritten.
    pub(super) fn room(&mut self, size: usize) -> Option<(&mut Room, Range<usize>)> {
        self.last = 0;
        let (size, most) = (size.min(self.at_once), self.at_once + BESIDE);
        if self.kept + size > most {
            self.hash(false);
            self.move_to_front();
        }
        if self.kept + size > most {
            self.hash(true);
        }
        let place = self.kept..self.kept + size;
        self.touched = self.touched.max(place.end + SLACK);
        if self.bytes.is_none() {
            self.bytes = memory(self.at_once == AT_ONCE_ROOMY);
        }
        Some((self.bytes.as_mut()?.first_chunk_mut()?, place))
    }

    /// Says how much of the room was filled.
    pub(super) fn filled(&mut self, size: usize) {
        self.last = size;
    }

    /// The last content.
    pub(super) fn last(&self) -> &[u8] {
        self.bytes.as_ref().and_then(|bytes| bytes.get(self.kept..self.kept + self.last)).unwrap_or_default()
    }

    /// Keeps the last content, as that of `member`.
    pub(super) fn keep(&mut self, member: usize) {
        let size = std::mem::take(&mut self.last);
        let (start, end) = (self.kept, self.kept + size);
        self.rows.push(Row { member, state: State::default(), gone: 0, start, end });
        self.kept = end;
        self.fresh += size;
        if self.fresh >= ENOUGH {
            self.hash(false);
        }
    }

    /// The digest of everything that was kept since the last call.
    pub(super) fn digests(&mut self) -> Vec<(usize, [u8; 32])> {
        self.hash(true);
        // Few modules need more, and there may be many that have no more room.
        if self.at_once == AT_ONCE && self.touched > 3 * BESIDE {
            (self.bytes, self.touched) = (None, 0);
        }
        std::mem::take(&mut self.done)
    }

    /// Hashes what is kept. Unless it is to be `all`, a member that is left alone waits for others.
    fn hash(&mut self, all: bool) {
        let bytes = |r: &Row| self.bytes.as_ref().and_then(|bytes| bytes.get(r.start..r.end)).unwrap_or_default();
        let messages: Vec<Message<'_>> =
            self.rows.iter().map(|r| Message { state: r.state, before: r.gone, rest: bytes(r) }).collect();
        let (rows, done) = (&self.rows, &mut self.done);
        let alone = hash_each(&messages, all, &mut |i, digest| done.extend(rows.get(i).map(|row| (row.member, digest))));
        (self.kept, self.fresh) = (0, 0);
        let left = alone.filter(|a| a.index < self.rows.len()).map(|a| (self.rows.swap_remove(a.index), a));
        self.rows.clear();
        if let Some((mut row, alone)) = left {
            row.state = alone.state;
            row.gone += alone.taken;
            row.start += alone.taken;
            // Moved to the front where that costs less than what was hashed of it, or of the others.
            let worth = row.start >= row.end - row.start;
            self.kept = row.end;
            self.rows.push(row);
            if worth {
                self.move_to_front();
            }
        }
    }

    /// Moves what is left of a member to the front.
    fn move_to_front(&mut self) {
        if let ([row], Some(bytes)) = (self.rows.as_mut_slice(), &mut self.bytes) {
            bytes.copy_within(row.start..row.end, 0);
            (row.start, row.end) = (0, row.end - row.start);
            self.kept = row.end;
        }
    }
}

/// Memory for a [`Room`]: what was never written to takes none. Where it is to be filled it comes in large pages, which costs
/// the system less than many small ones. `None` where there is not enough of it.
fn memory(large_pages: bool) -> Option<MmapMut> {
    let memory = MmapOptions::new().len(ROOM + SLACK).map_anon().ok()?;
    #[cfg(target_os = "linux")]
    if large_pages {
        // A system without them says so, and nothing is lost.
        let _ = memory.advise(memmap2::Advice::HugePage);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = large_pages;
    Some(memory)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn what_is_kept_is_hashed_and_what_is_not_is_forgotten() {
        let mut batch = Batch::new(false);
        let content = |i: usize| vec![u8::try_from(i % 251).unwrap(); i * 97 % 70_000];
        let add = |batch: &mut Batch, i: usize| {
            let content = content(i);
            let (room, place) = batch.room(content.len()).unwrap();
            room[place].copy_from_slice(&content);
            batch.filled(content.len());
            assert_eq!(batch.last(), content);
        };
        for round in 0..2 {
            for i in 0..60 {
                add(&mut batch, i);
                if i % 3 != 1 {
                    batch.keep(i);
                }
            }
            let mut done = batch.digests();
            done.sort_unstable();
            let want: Vec<(usize, [u8; 32])> =
                (0..60).filter(|i| i % 3 != 1).map(|i| (i, Sha256::digest(content(i)).into())).collect();
            assert_eq!(done, want, "round {round}");
        }
        assert!(batch.touched <= AT_ONCE + BESIDE + SLACK);
    }
}
