//! `/proc/self/mountinfo`.
#![no_main]

use gocachescan::format::mountinfo::mount_points;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assert!(mount_points(data).iter().map(Vec::len).sum::<usize>() <= data.len());
});
