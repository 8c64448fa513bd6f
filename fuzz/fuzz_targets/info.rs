//! `.info` files.
#![no_main]

use gocachescan::format::info::Info;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = Info::parse(data);
});
