//! What `go fix` keeps: names and contents of a zip.
#![no_main]

use gocachescan::format::fix_zip::check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for windows in [false, true] {
        for damage in check(data, windows) {
            assert!(!damage.to_string().contains('\x1b'));
        }
    }
});
