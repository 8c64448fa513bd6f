//! Module paths, versions and escapes: what can be escaped comes back, and the order of versions is one.
#![no_main]

use gocachescan::format::module::{check_path, escape_path, split_path_version, unescape_path, unescape_version, version};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(path) = check_path(data) {
        let escaped = escape_path(path).expect("a valid path can be escaped");
        assert_eq!(unescape_path(escaped.as_bytes()).as_deref(), Ok(path));
        let _ = split_path_version(path);
    }
    let _ = unescape_version(data);
    if let Ok(text) = std::str::from_utf8(data) {
        let (a, b) = text.split_once(' ').unwrap_or((text, text));
        assert_eq!(version::compare(a, b), version::compare(b, a).reverse());
        assert_eq!(version::is_valid(a), !version::canonical(a).is_empty());
    }
});
