//! git's config files.
#![no_main]

use gocachescan::format::gitconfig::GitConfig;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = GitConfig::parse(data);
});
