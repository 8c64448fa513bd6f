use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use proptest::prelude::*;

use super::*;

/// What zlib makes of a stream: the content, of at most `most` bytes, and how much of the stream it takes.
fn zlib(stream: &[u8], most: usize) -> Option<(Vec<u8>, usize)> {
    let mut out = vec![0; most + 1];
    let mut raw = Decompress::new(false);
    let ended = matches!(raw.decompress(stream, &mut out, FlushDecompress::Finish), Ok(Status::StreamEnd));
    out.truncate(usize::try_from(raw.total_out()).unwrap());
    (ended && out.len() <= most).then(|| (out, usize::try_from(raw.total_in()).unwrap()))
}

/// Where contents begin here.
const START: usize = 300;

/// The same here, with no more than `window` bytes at a time.
fn ours(decoder: &mut Decoder, stream: &[u8], most: usize, window: usize) -> Option<(Vec<u8>, usize)> {
    let input = [stream, &[0; AHEAD]].concat();
    // Not at the front: what lies before it is not its own.
    let mut bytes = vec![0; ROOM + SLACK];
    let room: &mut Room = bytes.first_chunk_mut().unwrap();
    room[..START].fill(0xee);
    let (mut at, mut window) = (0, window);
    decoder.begin(START..START + most);
    loop {
        let end = input.len().min(at + window);
        let (step, used) = decoder.go_on(&input[at..end], room);
        at += used;
        match step {
            Step::Ended => break,
            // A block's codes come in one piece.
            Step::Starved if used == 0 && end < input.len() => window *= 2,
            Step::Starved if used > 0 => {}
            Step::Starved | Step::Unknown => return None,
        }
    }
    let out = room[START..START + decoder.made()].to_vec();
    (at <= stream.len() && out.len() <= most).then_some((out, at))
}

/// One answer or none.
fn check(decoder: &mut Decoder, stream: &[u8], most: usize) {
    let want = zlib(stream, most);
    for window in [usize::MAX / 2, 100] {
        if let Some(found) = ours(decoder, stream, most, window) {
            assert_eq!(Some(found), want);
        }
    }
}

fn deflate(pieces: &[&[u8]], level: u32, flush: FlushCompress) -> Vec<u8> {
    let mut raw = Compress::new(Compression::new(level), false);
    let mut out = Vec::with_capacity(pieces.iter().map(|p| p.len()).sum::<usize>() * 2 + 1000 * (pieces.len() + 1));
    for piece in pieces.iter().filter(|p| !p.is_empty()) {
        assert_eq!(raw.compress_vec(piece, &mut out, flush).unwrap(), Status::Ok);
    }
    assert_eq!(raw.compress_vec(&[], &mut out, FlushCompress::Finish).unwrap(), Status::StreamEnd);
    out
}

/// Bytes that no two are alike in, and of which the lower bits are not random.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below.max(1)
    }
}

/// Text of a few words, noise, runs of a byte, and what was there before at every distance.
fn content(parts: &[(u8, usize, u64)]) -> Vec<u8> {
    let mut out = Vec::new();
    for &(kind, size, seed) in parts {
        let mut random = Random(seed);
        let words = ["func ", "return ", "err != nil ", "{\n\t", "}\n", "package ", "a", "0x"];
        let end = out.len() + size;
        while out.len() < end {
            match kind {
                0 => out.extend_from_slice(words[random.next(8)].as_bytes()),
                1 => out.push(random.next(256).to_le_bytes()[0]),
                2 => out.extend(std::iter::repeat_n(out.last().copied().unwrap_or(7), 1 + random.next(600))),
                3 => out.push(b"acgt"[random.next(4)]),
                _ => {
                    let from = out.len() - (1 + random.next(out.len().min(40))).min(out.len());
                    let again: Vec<u8> = out.iter().copied().skip(from).cycle().take(3 + random.next(300)).collect();
                    out.extend(again);
                    out.push(random.next(256).to_le_bytes()[0]);
                }
            }
        }
        out.truncate(end);
    }
    out
}

fn parts() -> impl Strategy<Value = Vec<(u8, usize, u64)>> {
    proptest::collection::vec((0u8..5, prop_oneof![0usize..40, 0usize..3000, 30_000usize..90_000], any::<u64>()), 0..6)
}

#[test]
fn each_kind_of_block_is_read() {
    let decoder = &mut Decoder::default();
    let text = content(&[(0, 70_000, 1), (4, 70_000, 2), (1, 70_000, 3), (3, 9_000, 4)]);
    for level in 0..=9 {
        for flush in [FlushCompress::None, FlushCompress::Sync, FlushCompress::Full] {
            let pieces: Vec<&[u8]> = text.chunks(7_777).collect();
            let stream = deflate(&pieces, level, flush);
            for window in [usize::MAX / 2, 5_000, 100] {
                let found = ours(decoder, &stream, text.len(), window).expect("a sound stream is read");
                assert!(found == (text.clone(), stream.len()), "level {level}, {window} bytes at a time");
            }
        }
    }
    // Fixed codes, and no content.
    assert_eq!(ours(decoder, &[3, 0], 0, 100), Some((vec![], 2)));
    assert_eq!(ours(decoder, &[0x4b, 0x04, 0x00], 1, 100), Some((b"a".to_vec(), 3)));
}

#[test]
fn what_zlib_refuses_is_not_taken() {
    let decoder = &mut Decoder::default();
    // A reserved kind of block, a wrong length, and a fixed code with nothing before a match.
    for bad in [&[7, 0][..], &[1, 1, 0, 0xff, 0xff, 0], &[0x03, 0x02, 0x00], &[0x63, 0x00], &[]] {
        assert_eq!((ours(decoder, bad, 1000, 100), zlib(bad, 1000)), (None, None), "{bad:?}");
    }
    // The last symbols of the fixed codes, 286 and 287, and the distances 30 and 31.
    for bad in [[0x1b, 0x03, 0x00, 0x00], [0x1b, 0x07, 0x00, 0x00], [0x4b, 0x04, 0xfe, 0x00], [0x4b, 0x04, 0xf6, 0x00]] {
        check(decoder, &bad, 1000);
    }
    // More content than there is room for.
    let stream = deflate(&[&[1; 3000]], 6, FlushCompress::None);
    assert_eq!(ours(decoder, &stream, 2999, 1 << 20), None);
    assert!(ours(decoder, &stream, 3000, 1 << 20).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn sound_streams_are_read(parts in parts(), level in 0u32..10, window in prop_oneof![Just(usize::MAX / 2), 40usize..2000]) {
        let text = content(&parts);
        let stream = deflate(&[&text], level, FlushCompress::None);
        let found = ours(&mut Decoder::default(), &stream, text.len(), window);
        prop_assert!(found == Some((text, stream.len())));
    }

    #[test]
    fn damaged_streams_are_as_zlib_says_or_unknown(
        parts in parts(),
        level in 0u32..10,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0u8..8), 0..4),
        // Where the codes of a block are told.
        early in proptest::collection::vec((0usize..90, 0u8..8), 0..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let text = content(&parts);
        let mut stream = deflate(&[&text], level, FlushCompress::None);
        let flips = flips.iter().map(|(at, bit)| (at.index(stream.len()), *bit)).chain(early).collect::<Vec<_>>();
        for (at, bit) in flips {
            if let Some(byte) = stream.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        if let Some(cut) = cut {
            stream.truncate(cut.index(stream.len()));
        }
        check(&mut Decoder::default(), &stream, text.len());
    }

    #[test]
    fn anything_is_as_zlib_says_or_unknown(
        stream in proptest::collection::vec(any::<u8>(), 0..300),
        // The kind of the first block.
        kind in 0u8..3,
    ) {
        let mut stream = stream;
        if let Some(first) = stream.first_mut() {
            *first = *first & !6 | kind << 1;
        }
        check(&mut Decoder::default(), &stream, 3000);
    }
}
