//! The journal of a repair, and `/proc/locks`.
#![no_main]

use gocachescan::format::journal::{Chain, parse};
use gocachescan::format::lock_table::holder;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = holder(data, 8, 2, 1);
    if let Ok(journal) = parse(data) {
        let mut chain = Chain::default();
        let written: String = journal.records.iter().filter_map(|r| chain.line(r).ok()).collect();
        assert_eq!(u64::try_from(written.len()), Ok(journal.length));
        assert!(data.starts_with(written.as_bytes()));
        assert_eq!(chain, journal.chain);
    }
});
