//! Classes of outputs.
#![no_main]

use gocachescan::format::output::classify;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let size = u64::try_from(data.len()).unwrap_or(u64::MAX);
    assert_eq!(classify(data, size), classify(data, size));
});
