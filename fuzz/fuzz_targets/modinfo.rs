//! The text of a build info.
#![no_main]

use gocachescan::format::binary::parse_modinfo;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = parse_modinfo(data);
});
