//! The GOENV file and go.env.
#![no_main]

use gocachescan::format::goenv::EnvFile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let file = EnvFile::parse(data);
    for (key, _, line) in file.settings() {
        assert!(file.last(key).is_some_and(|last| last.number >= line.number));
        assert!(file.first(key).is_some_and(|first| first.number <= line.number));
    }
    for line in &file.lines {
        let _ = (line.oddities(), line.mended());
    }
});
