//! The content of members of moderate size, kept one behind the other until there is enough to be hashed two at a time.

use crate::format::sha256::hash_each;

/// Largest member, in bytes, that is inflated in one step.
pub(super) const AT_ONCE: usize = 4 << 20;

/// From this many bytes on what was kept is hashed: little enough to lie in the second-level cache still.
const ENOUGH: usize = 1 << 20;

/// What was inflated and is not hashed yet.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Bytes at the start of `bytes` that were kept: fewer than [`ENOUGH`] between two calls.
    kept: usize,
    /// Bytes behind them that the last member filled.
    last: usize,
    /// Member and end of its content, each beginning where the one before ends.
    rows: Vec<(usize, usize)>,
    done: Vec<(usize, [u8; 32])>,
}

impl Batch {
    /// Room for the next content, at most one byte more than [`AT_ONCE`]; what was not kept is overwritten.
    pub(super) fn room(&mut self, size: usize) -> &mut [u8] {
        self.last = 0;
        let end = self.kept + size.min(AT_ONCE + 1);
        if self.bytes.len() < end {
            self.bytes.resize(end.max(ENOUGH), 0);
        }
        self.bytes.get_mut(self.kept..end).unwrap_or_default()
    }

    /// Says how much of the room was filled.
    pub(super) fn filled(&mut self, size: usize) {
        self.last = size;
    }

    /// The last content.
    pub(super) fn last(&self) -> &[u8] {
        self.bytes.get(self.kept..self.kept + self.last).unwrap_or_default()
    }

    /// Keeps the last content, as that of `member`.
    pub(super) fn keep(&mut self, member: usize) {
        self.kept += std::mem::take(&mut self.last);
        self.rows.push((member, self.kept));
        if self.kept >= ENOUGH {
            self.hash();
        }
    }

    /// The digest of everything that was kept since the last call.
    pub(super) fn digests(&mut self) -> Vec<(usize, [u8; 32])> {
        self.hash();
        std::mem::take(&mut self.done)
    }

    fn hash(&mut self) {
        let mut start = 0;
        let slice = |&(_, end): &(usize, usize)| self.bytes.get(std::mem::replace(&mut start, end)..end).unwrap_or_default();
        let messages: Vec<&[u8]> = self.rows.iter().map(slice).collect();
        let (rows, done) = (&self.rows, &mut self.done);
        hash_each(&messages, &mut |i, digest| done.extend(rows.get(i).map(|(member, _)| (*member, digest))));
        self.rows.clear();
        self.kept = 0;
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn what_is_kept_is_hashed_and_what_is_not_is_forgotten() {
        let mut batch = Batch::default();
        let content = |i: usize| vec![u8::try_from(i % 251).unwrap(); i * 97 % 70_000];
        let add = |batch: &mut Batch, i: usize| {
            let content = content(i);
            batch.room(content.len() + 1)[..content.len()].copy_from_slice(&content);
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
        assert!(batch.bytes.len() <= ENOUGH + AT_ONCE + 1);
    }
}
