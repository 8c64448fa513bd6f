//! What the integration tests share.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::as_conversions, clippy::disallowed_methods, reason = "test code")]

pub mod reports;
pub mod schema;

use std::path::Path;

/// Holds `actual` to the file `tests/snapshots/NAME`; with UPDATE_SNAPSHOTS set, writes that file instead.
pub fn snapshot(name: &str, actual: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, actual).unwrap();
        return;
    }
    let wanted = std::fs::read_to_string(&file).unwrap_or_default();
    if wanted != actual {
        let line = wanted.lines().zip(actual.lines()).position(|(a, b)| a != b).unwrap_or(0) + 1;
        panic!(
            "{name} differs, first in line {line} (UPDATE_SNAPSHOTS=1 accepts it)\n--- wanted\n{wanted}\n--- actual\n{actual}"
        );
    }
}
