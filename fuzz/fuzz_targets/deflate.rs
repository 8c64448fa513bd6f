//! Deflate streams: what the decoder takes is what zlib makes of it, byte for byte; whatever else it knows nothing of.
#![no_main]

use std::sync::{Mutex, PoisonError};

use flate2::{Decompress, FlushDecompress, Status};
use gocachescan::format::deflate::{AHEAD, Decoder, ROOM, SLACK, Step};

static BYTES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // How much is given at a time, and how much content there is room for.
    let Some(([window, room], stream)) = data.split_first_chunk::<2>() else { return };
    let most = usize::from(*room) << 8;
    let input = [stream, &[0; AHEAD]].concat();
    // What earlier runs wrote stays: nothing may be made of it.
    let mut bytes = BYTES.lock().unwrap_or_else(PoisonError::into_inner);
    bytes.resize(ROOM + SLACK, 0);
    let Some(out) = bytes.first_chunk_mut() else { return };
    let mut decoder = Decoder::default();
    decoder.begin(0..most);
    let (mut at, mut window) = (0, 64 + usize::from(*window) * 16);
    let ended = loop {
        let end = input.len().min(at + window);
        let (step, used) = decoder.go_on(&input[at..end], out);
        at += used;
        match step {
            Step::Ended => break true,
            Step::Starved if used == 0 && end < input.len() => window *= 2,
            Step::Starved if used > 0 => {}
            Step::Starved | Step::Unknown => break false,
        }
    };
    if !ended || at > stream.len() || decoder.made() > most {
        return;
    }
    let mut want = vec![0; most + 1];
    let mut raw = Decompress::new(false);
    let status = raw.decompress(stream, &mut want, FlushDecompress::Finish);
    assert!(matches!(status, Ok(Status::StreamEnd)), "zlib refuses it");
    assert_eq!((raw.total_in(), raw.total_out()), (at as u64, decoder.made() as u64));
    assert!(want[..decoder.made()] == out[..decoder.made()], "zlib makes other bytes of it");
});
