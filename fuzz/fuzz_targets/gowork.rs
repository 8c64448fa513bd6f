//! The `use` lines of go.work.
#![no_main]

use gocachescan::format::gowork::uses;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let found = uses(data);
    assert!(found.len() <= data.split(|b| *b == b'\n').count());
});
