//! The small texts of the build cache: source lists, test logs and results, compilers, coverage meta data, messages.
#![no_main]

use gocachescan::format::action::ActionId;
use gocachescan::format::escape;
use gocachescan::format::subkey::GoVersion;
use gocachescan::format::{c_compiler, cover_meta, source_list, test_result};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assert!(source_list::parse(data).generated.len() <= source_list::MAX_GENERATED);
    let _ = (test_result::is_result(data), escape::in_json(data));
    let go = GoVersion::of_archive(data).unwrap_or_else(|| GoVersion::new("go1.26.8"));
    assert!(go.as_str().starts_with(go.salt()));
    if let Some(log) = test_result::parse_log(data) {
        let inputs = log.inputs(&go);
        assert_eq!(inputs.is_none(), log.names_files);
        let _ = inputs.map(|inputs| test_result::result_key(ActionId([7; 32]), inputs));
    }
    if let Some(compiler) = c_compiler::parse(data) {
        assert!(!compiler.path.is_empty());
        let _ = (go.c_compiler(&compiler.path), compiler.flag("-no-pie"));
    }
    assert!(cover_meta::import_path(data).is_none_or(|path| !path.is_empty()));
    let found = escape::find(data);
    assert!(found.is_some() || !data.contains(&0x1b));
});
