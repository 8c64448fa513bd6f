//! Access control lists.
#![no_main]

use gocachescan::format::acl;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(writers) = acl::writers(data) {
        assert!(writers.len() * 8 <= data.len());
    }
});
