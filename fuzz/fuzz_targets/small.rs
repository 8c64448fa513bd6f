//! The smallest formats: `.ziphash`, `list`, dirhashes, lists of quoted words.
#![no_main]

use gocachescan::format::dirhash::H1;
use gocachescan::format::list::VersionList;
use gocachescan::format::quoted;
use gocachescan::format::ziphash::Ziphash;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(h1) = H1::parse(data) {
        assert_eq!(H1::parse(h1.to_string()), Some(h1));
    }
    let _ = Ziphash::parse(data).h1();
    let _ = VersionList::parse(data);
    // An empty word gets no quotes, as in Go, and is lost.
    if let Ok(words) = quoted::split(data)
        && words.iter().all(|w| !w.is_empty())
        && let Some(joined) = quoted::join(&words)
    {
        assert_eq!(quoted::split(&joined).as_deref(), Ok(words.as_slice()));
    }
});
