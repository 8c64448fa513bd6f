//! Two outputs hashed at a time: when one ends, the next takes its lane.

use std::io::{self, Read};

use crate::format::action::OutputId;
use crate::format::output::{self, OutputClass};
use crate::format::sha256::{Lane, advance_both};

/// An output that is to be hashed.
#[derive(Debug)]
pub struct Job<R> {
    /// From the name.
    pub id: OutputId,
    /// Where its bytes come from, from the first one on.
    pub from: R,
    /// Its size in bytes when it was opened. What is read counts, not this.
    pub expected: u64,
    /// Time of the last write, nanoseconds since 1970.
    pub mtime_ns: i128,
}

/// What became of a [`Job`].
#[derive(Debug)]
pub struct Done {
    /// From the name.
    pub id: OutputId,
    /// Time of the last write, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// sha256, size in bytes and class, or why it could not be read to its end.
    pub read: io::Result<([u8; 32], u64, OutputClass)>,
}

/// Two lanes, each free or with an output on it. What is done is handed on in the order in which it ends, which depends on
/// what the outputs hold and on nothing else.
#[derive(Debug)]
pub struct Lanes<R> {
    slots: [Slot<R>; 2],
}

#[derive(Debug)]
struct Slot<R> {
    lane: Lane,
    job: Option<(Job<R>, OutputClass)>,
}

impl<R> Default for Lanes<R> {
    fn default() -> Self {
        Lanes { slots: [(); 2].map(|()| Slot { lane: Lane::default(), job: None }) }
    }
}

impl<R: Read> Lanes<R> {
    /// Takes an output on; works on those it has until one of them ends if no lane is free.
    pub fn take(&mut self, job: Job<R>, done: &mut dyn FnMut(Done)) {
        loop {
            if let Some(slot) = self.slots.iter_mut().find(|s| s.job.is_none()) {
                slot.lane.restart();
                slot.job = Some((job, OutputClass::Empty));
                return;
            }
            self.turn(done);
        }
    }

    /// Works until both lanes are free.
    pub fn drain(&mut self, done: &mut dyn FnMut(Done)) {
        while self.slots.iter().any(|s| s.job.is_some()) {
            self.turn(done);
        }
    }

    fn turn(&mut self, done: &mut dyn FnMut(Done)) {
        for slot in &mut self.slots {
            slot.refill(done);
        }
        let [a, b] = &mut self.slots;
        match (&a.job, &b.job) {
            (Some(_), Some(_)) => advance_both(&mut a.lane, &mut b.lane),
            (Some(_), None) => a.lane.advance(),
            (None, Some(_)) => b.lane.advance(),
            (None, None) => {}
        }
        for slot in &mut self.slots {
            slot.settle(done);
        }
    }
}

impl<R: Read> Slot<R> {
    /// Reads until there is something to hash. An error ends the output and leaves the other lane alone.
    fn refill(&mut self, done: &mut dyn FnMut(Done)) {
        let Some((job, class)) = &mut self.job else { return };
        while !self.lane.is_pending() {
            let first = self.lane.length() == 0;
            match self.lane.fill(&mut job.from) {
                Ok(piece) => {
                    if first && !piece.bytes.is_empty() {
                        *class = output::classify(piece.bytes.get(..output::HEAD).unwrap_or(piece.bytes), job.expected);
                    }
                    let (some, full) = (!piece.bytes.is_empty(), piece.full);
                    // A short read that ends where the file was said to end needs no other read to show that nothing follows.
                    if !some || (!full && self.lane.length() == job.expected) {
                        self.lane.end();
                    }
                }
                Err(e) => {
                    done(Done { id: job.id, mtime_ns: job.mtime_ns, read: Err(e) });
                    self.job = None;
                    return;
                }
            }
        }
    }

    fn settle(&mut self, done: &mut dyn FnMut(Done)) {
        let Some(digest) = self.lane.digest() else { return };
        if let Some((job, class)) = self.job.take() {
            done(Done { id: job.id, mtime_ns: job.mtime_ns, read: Ok((digest, self.lane.length(), class)) });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    /// Yields `step` bytes a read, fails where it is told to, and counts the reads.
    struct Source {
        rest: Vec<u8>,
        step: usize,
        fails_after: Option<usize>,
    }

    impl Read for Source {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let n = to.len().min(self.step).min(self.rest.len());
            match &mut self.fails_after {
                Some(0) => return Err(io::Error::other("the disk is gone")),
                Some(left) => *left -= 1,
                None => {}
            }
            to[..n].copy_from_slice(&self.rest[..n]);
            self.rest.drain(..n);
            Ok(n)
        }
    }

    fn content(number: u8, length: usize) -> Vec<u8> {
        (0..length).map(|i| number ^ u8::try_from(i * 7 % 251).unwrap()).collect()
    }

    fn run(jobs: Vec<Job<Source>>) -> Vec<Done> {
        let (mut lanes, mut out) = (Lanes::default(), Vec::new());
        for job in jobs {
            lanes.take(job, &mut |d| out.push(d));
        }
        lanes.drain(&mut |d| out.push(d));
        out.sort_by_key(|d| d.id);
        out
    }

    fn job(number: u8, length: usize, expected: usize, step: usize, fails_after: Option<usize>) -> Job<Source> {
        let from = Source { rest: content(number, length), step, fails_after };
        Job { id: OutputId([number; 32]), from, expected: u64::try_from(expected).unwrap(), mtime_ns: i128::from(number) }
    }

    #[test]
    fn what_is_read_counts_and_not_the_size_that_was_told() {
        // Truncated, grown, grown by nothing but told to be empty, and as it was told.
        let done = run(vec![
            job(0, 70_000, 200_000, usize::MAX, None),
            job(1, 200_000, 70_000, usize::MAX, None),
            job(2, 10, 0, usize::MAX, None),
            job(3, 65_536, 65_536, usize::MAX, None),
            job(4, 0, 0, usize::MAX, None),
            job(5, 0, 9, usize::MAX, None),
        ]);
        for (done, length) in done.iter().zip([70_000, 200_000, 10, 65_536, 0, 0]) {
            let (digest, size, class) = done.read.as_ref().unwrap();
            let want: [u8; 32] = Sha256::digest(content(done.id.0[0], length)).into();
            assert_eq!((*digest, *size), (want, u64::try_from(length).unwrap()));
            assert_eq!(*class == OutputClass::Empty, length == 0 || done.id.0[0] == 2);
        }
    }

    #[test]
    fn an_error_ends_its_own_output_alone() {
        let done = run(vec![
            job(0, 300_000, 300_000, usize::MAX, None),
            job(1, 300_000, 300_000, usize::MAX, Some(2)),
            job(2, 90, 90, usize::MAX, Some(0)),
            job(3, 150_000, 150_000, 1000, None),
        ]);
        let failed: Vec<bool> = done.iter().map(|d| d.read.is_err()).collect();
        assert_eq!(failed, [false, true, true, false]);
        for (at, length) in [(0, 300_000), (3, 150_000)] {
            let want: [u8; 32] = Sha256::digest(content(done[at].id.0[0], length)).into();
            assert_eq!(done[at].read.as_ref().unwrap().0, want);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn any_row_of_outputs_comes_out_whole(
            outputs in proptest::collection::vec((prop_oneof![0usize..200, 0usize..150_000], 500usize..80_000, any::<bool>()), 0..12)
        ) {
            let jobs = (0u8..).zip(&outputs).map(|(i, (length, step, known))| job(i, *length, if *known { *length } else { 1 }, *step, None));
            let done = run(jobs.collect());
            prop_assert_eq!(done.len(), outputs.len());
            for (done, (length, ..)) in done.iter().zip(&outputs) {
                let want: [u8; 32] = Sha256::digest(content(done.id.0[0], *length)).into();
                let (digest, size, _) = done.read.as_ref().unwrap();
                prop_assert_eq!((*digest, *size), (want, u64::try_from(*length).unwrap()));
            }
        }
    }
}
