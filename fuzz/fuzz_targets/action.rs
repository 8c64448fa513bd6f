//! Action entries: what Go would take must come out of its own rendering, up to what Go never writes.
#![no_main]

use gocachescan::format::action::{ActionId, parse};
use gocachescan::format::unhex32;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let name = ActionId(data.get(3..67).and_then(unhex32).unwrap_or_default());
    if let Ok((entry, oddity)) = parse(data, name) {
        assert_eq!(entry.action, name);
        assert_eq!(oddity.is_none(), entry.render() == data);
    }
});
