//! The `module` line of go.mod.
#![no_main]

use gocachescan::format::gomod::{declares_module, module_path};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = (module_path(data), declares_module(data));
});
