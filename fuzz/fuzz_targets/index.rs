//! Indexes: what can be read can be held against any files, and what was written from it is read as the same.
#![no_main]

use gocachescan::format::index::{Comparison, Index, unclean};
use gocachescan::sample::index::encode;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(index) = Index::parse(data) else { return };
    let _ = unclean(&index);
    let mut comparison = Comparison::new(&index, b"/m");
    for package in &index.packages {
        for file in &package.files {
            let path = if package.dir.is_empty() { file.name.to_vec() } else { [package.dir, b"/", file.name].concat() };
            comparison.file(&path, Some(file.cgo));
        }
    }
    let _ = comparison.finish();
    let again = encode(&index.packages).expect("an index that was read is short enough");
    assert_eq!(Index::parse(&again).as_ref(), Ok(&index));
});
