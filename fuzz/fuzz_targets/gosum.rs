//! go.sum.
#![no_main]

use gocachescan::format::gosum::GoSum;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let sums = GoSum::parse(data);
    assert_eq!(sums.is_empty(), sums.len() == 0);
    assert!(sums.iter().map(|(_, _, sums)| sums.len()).sum::<usize>() <= data.split(|b| *b == b'\n').count());
});
