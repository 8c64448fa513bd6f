//! `@v/list`: the versions of which a `.mod` file lies beside it, one a line (cmd/go/internal/modfetch/cache.go,
//! `rewriteVersionList`).

use super::module::version::canonical_version;

/// A million versions of the longest kind fit; the longest lists on proxy.golang.org are below 1 MB.
pub const LIMIT: u64 = 64 << 20;

/// A line that no version list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrayLine {
    /// From 1.
    pub line: u64,
    /// The line, shortened to 200 characters, bytes that are no text replaced.
    pub text: String,
}

/// What a version list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionList {
    /// How many lines are versions.
    pub versions: u64,
    /// The first lines that are none, at most 100.
    pub strays: Vec<StrayLine>,
    /// How many lines are none.
    pub stray_count: u64,
    /// NUL bytes at the end: Go reserves the size before it writes, so a write was cut off.
    pub unfinished: bool,
}

const KEPT: usize = 100;

impl VersionList {
    /// Reads a whole list.
    pub fn parse(bytes: &[u8]) -> VersionList {
        let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
        let mut list = VersionList { unfinished: end < bytes.len(), ..VersionList::default() };
        let text = bytes.get(..end).unwrap_or(&[]);
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if text.is_empty() {
            return list;
        }
        for (number, line) in (1..).zip(text.split(|b| *b == b'\n')) {
            match std::str::from_utf8(line) {
                Ok(v) if !v.is_empty() && canonical_version(v) == v => list.versions += 1,
                _ => {
                    list.stray_count += 1;
                    if list.strays.len() < KEPT {
                        let text = String::from_utf8_lossy(line.get(..line.len().min(800)).unwrap_or(line));
                        list.strays.push(StrayLine { line: number, text: text.chars().take(200).collect() });
                    }
                }
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_strays() {
        assert_eq!(VersionList::parse(b""), VersionList::default());
        assert_eq!(VersionList::parse(b"v1.0.0\nv2.0.0+incompatible\n").versions, 2);
        let bad = VersionList::parse(b"v1.6.0\n../../evil\n<html>\nv1.6\n");
        assert_eq!((bad.versions, bad.stray_count), (1, 3));
        assert_eq!(bad.strays[0], StrayLine { line: 2, text: "../../evil".into() });
        let cut = VersionList::parse(b"v1.6.0\n\0\0\0\0");
        assert_eq!((cut.versions, cut.stray_count, cut.unfinished), (1, 0, true));
    }
}
