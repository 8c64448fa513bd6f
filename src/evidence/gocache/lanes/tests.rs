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

fn run(jobs: Vec<Job<Source>>) -> Vec<Done<Source>> {
    let (mut lanes, mut out) = (Lanes::new(true), Vec::new());
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
        let (Head { class, .. }, ContentHash { sha256: digest, size, .. }) = done.read.as_ref().unwrap();
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
        assert_eq!(done[at].read.as_ref().unwrap().1.sha256, want);
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
            let (_, ContentHash { sha256: digest, size, .. }) = done.read.as_ref().unwrap();
            prop_assert_eq!((*digest, *size), (want, u64::try_from(*length).unwrap()));
        }
    }
}

#[test]
fn an_archive_between_others_gives_its_content_id_where_that_is_wanted() {
    let (plain, archive) = (content(7, 100_000), crate::sample::Sample::archive("one"));
    let id = archive_build_id(&archive).unwrap();
    for wanted in [true, false] {
        let (mut lanes, mut out) = (Lanes::new(wanted), Vec::new());
        for (number, bytes) in (0u8..).zip([&plain, &archive, &plain]) {
            let expected = u64::try_from(bytes.len()).unwrap();
            let from = Source { rest: bytes.clone(), step: usize::MAX, fails_after: None };
            lanes.take(Job { id: OutputId([number; 32]), from, expected, mtime_ns: 0 }, &mut |d| out.push(d));
        }
        lanes.drain(&mut |d| out.push(d));
        for done in out {
            let (head, hash) = done.read.unwrap();
            let is_archive = done.id.0[0] == 1;
            let want: [u8; 32] = Sha256::digest(if is_archive { &archive } else { &plain }).into();
            assert_eq!(hash.sha256, want);
            assert_eq!(head.archive, is_archive.then(|| id.clone()));
            assert_eq!(hash.content, id.archive_content().filter(|_| is_archive && wanted));
        }
    }
}

#[test]
fn an_archive_is_of_the_compiler_whose_objects_it_holds() {
    let head = b"!<arch>\nfiller          0           0     0     644     200000    `\n";
    for (object, ours) in [(&b"go object linux amd64"[..], true), (b"\x7fELF", false)] {
        let member = [&b"_go_.o          0           0     0     644     21        `\n"[..], object].concat();
        let rest = [&head[..], &vec![b'x'; 200_000], &member].concat();
        let (mut lanes, mut out) = (Lanes::new(false), Vec::new());
        let expected = u64::try_from(rest.len()).unwrap();
        let from = Source { rest, step: 1000, fails_after: None };
        lanes.take(Job { id: OutputId([0; 32]), from, expected, mtime_ns: 0 }, &mut |d| out.push(d));
        lanes.drain(&mut |d| out.push(d));
        let (head, hash) = out.pop().unwrap().read.unwrap();
        assert_eq!((head.class == OutputClass::Archive, head.archive), (ours, ours.then(BuildId::default)));
        assert_eq!(hash.content, None);
    }
}
