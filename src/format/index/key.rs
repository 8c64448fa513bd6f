//! Under which actions Go stores indexes (cmd/go/internal/modindex/read.go, cmd/go/internal/cache/hash.go).

use sha2::{Digest, Sha256};

use crate::format::action::ActionId;
use crate::format::subkey::GoVersion;

/// The action under which the index of a directory outside of the module cache is stored, written from its files in the order
/// of their names (read.go: `dirHash`).
#[derive(Debug, Clone)]
pub struct PackageKey(Sha256);

impl PackageKey {
    /// `root`: the module's directory, or `GOROOT/src` or `GOROOT/src/cmd`; `dir`: the package's; both absolute.
    pub fn new(version: &GoVersion, root: &[u8], dir: &[u8]) -> PackageKey {
        let mut hash = Sha256::new();
        hash.update(version.salt());
        hash.update(b"modroot ");
        hash.update(root);
        hash.update(format!("\npackage {} go index v2 ", version.as_str()));
        hash.update(dir);
        hash.update(b"\n");
        PackageKey(hash)
    }

    /// Takes one more file; `time` as [`time_text`] gives it.
    pub fn file(&mut self, name: &[u8], time: &str, size: u64) {
        self.0.update(b"file ");
        self.0.update(name);
        self.0.update(format!(" {time} {size}\n"));
    }

    /// The key.
    pub fn finish(self) -> ActionId {
        ActionId(self.0.finalize().into())
    }
}

/// A time as Go prints it (time: `Time.String`): nanoseconds since 1970, in a zone that is `east` seconds east of Greenwich and
/// is called `zone`. `None` for a time past the years that have four digits.
pub fn time_text(ns: i128, east: i32, zone: &str) -> Option<String> {
    let local = time::OffsetDateTime::from_unix_timestamp_nanos(ns.checked_add(i128::from(east) * 1_000_000_000)?).ok()?;
    if !(0..=9999).contains(&local.year()) {
        return None;
    }
    let mut fraction = String::new();
    if local.nanosecond() != 0 {
        fraction = format!(".{:09}", local.nanosecond());
        fraction.truncate(fraction.trim_end_matches('0').len());
    }
    let (sign, minutes) = if east < 0 { ('-', east / -60) } else { ('+', east / 60) };
    let (date, clock) = (local.date(), local.time());
    Some(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}{fraction} {sign}{:02}{:02} {zone}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        minutes / 60,
        minutes % 60
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_does() {
        assert_eq!(time_text(1_787_000_000_000_000_000, 0, "UTC").unwrap(), "2026-08-17 20:53:20 +0000 UTC");
        assert_eq!(time_text(1_787_000_000_120_000_000, -9_000, "NDT").unwrap(), "2026-08-17 18:23:20.12 -0230 NDT");
        assert_eq!(time_text(i128::MAX, 0, "UTC"), None);
    }
}
