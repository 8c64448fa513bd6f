//! vendor/modules.txt.
#![no_main]

use gocachescan::format::modules_txt::ModulesTxt;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let list = ModulesTxt::parse(data);
    assert!(list.packages.values().all(|at| *at < list.modules.len()));
    assert!(list.modules.len() + list.packages.len() <= data.split(|b| *b == b'\n').count());
    for package in list.packages.keys().take(8) {
        let file = format!("{package}/x.go");
        assert_eq!(list.owners(&file), [list.packages[package]]);
        assert_eq!(list.packages_above(&file).next(), Some(package.as_str()));
        assert!(list.above(&file).all(|at| list.modules[at].member(&file).is_some()));
    }
});
