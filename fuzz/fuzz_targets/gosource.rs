//! Source files: every dialect ends, what it tells lies in the file, and what follows the imports has no say.
#![no_main]

use gocachescan::format::gosource::{Dialect, source};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for dialect in Dialect::all() {
        for name in [&b"x.go"[..], b"x_test.go", b"x.s"] {
            let found = source(name, data, b"/m/d", dialect);
            for text in found.imports.iter().chain(&found.embeds).chain(&found.directives) {
                assert!(text.at.offset <= data.len());
            }
            assert!(!found.unreadable || (found.imports.is_empty() && found.package.is_empty()));
            if name == b"x.go" && !found.syntax_error && !found.unsure && !found.unreadable && found.imports.iter().all(|i| *i.text != *b"embed") {
                let more = [data, b"\nfunc f() {}\n"].concat();
                let longer = source(name, &more, b"/m/d", dialect);
                assert_eq!((&found.package, &found.imports), (&longer.package, &longer.imports));
            }
        }
    }
});
