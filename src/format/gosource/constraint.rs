//! Build constraints of a header (cmd/go/internal/modindex/build.go: `getConstraints`, `parseFileHeader`).

use memchr::{memchr, memmem};

/// What a header says of when its file is built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Constraints<'a> {
    /// The `//go:build` line.
    pub go_build: &'a [u8],
    /// The `// +build` lines.
    pub plus_build: Vec<&'a [u8]>,
    /// Whether there is a `//go:binary-only-package` line.
    pub binary_only: bool,
}

/// `None`: Go reports the file as unreadable, for two `//go:build` lines.
pub(super) fn constraints(header: &[u8]) -> Option<Constraints<'_>> {
    let mut out = Constraints::default();
    if memmem::find(header, b"//go:b").is_none() && memmem::find(header, b"+build").is_none() {
        return Some(out);
    }
    let mut go_build = None;
    let end = file_header(header, &mut go_build, &mut out.binary_only)?;
    match go_build {
        Some(line) => out.go_build = line,
        None => out.plus_build = lines(header.get(..end)?).map(|(line, _)| line).filter(|l| is_plus_build(l)).collect(),
    }
    Some(out)
}

/// Each line, trimmed, and where the one after it begins.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|r| !r.is_empty())?;
        let n = memchr(b'\n', rest);
        at += n.map_or(rest.len(), |n| n + 1);
        Some((trim(rest.get(..n.unwrap_or(rest.len())).unwrap_or(rest)), at))
    })
}

/// Finds the end of what may hold `// +build` lines.
fn file_header<'a>(header: &'a [u8], go_build: &mut Option<&'a [u8]>, binary_only: &mut bool) -> Option<usize> {
    let (mut end, mut ended, mut in_block) = (0, false, false);
    'lines: for (mut line, next) in lines(header) {
        if line.is_empty() && !ended {
            end = next;
            continue;
        }
        if !line.starts_with(b"//") {
            ended = true;
        }
        if !in_block && is_go_build(line) {
            if go_build.is_some() {
                return None;
            }
            *go_build = Some(line);
        }
        if !in_block && line == b"//go:binary-only-package" {
            *binary_only = true;
        }
        while !line.is_empty() {
            if in_block {
                let Some(n) = memmem::find(line, b"*/") else { continue 'lines };
                in_block = false;
                line = trim(line.get(n + 2..).unwrap_or(&[]));
            } else if line.starts_with(b"//") {
                continue 'lines;
            } else if let Some(rest) = line.strip_prefix(b"/*") {
                in_block = true;
                line = trim(rest);
            } else {
                break 'lines;
            }
        }
    }
    Some(end)
}

fn is_go_build(line: &[u8]) -> bool {
    line.strip_prefix(b"//go:build").is_some_and(|rest| rest.is_empty() || trim(rest).len() < rest.len())
}

/// go/build/constraint: `IsPlusBuild`.
fn is_plus_build(line: &[u8]) -> bool {
    let rest = line.strip_prefix(b"//").map(trim).and_then(|l| l.strip_prefix(b"+build"));
    rest.is_some_and(|rest| rest.is_empty() || trim(rest).len() < rest.len())
}

/// As Go's `TrimSpace`: white space of Unicode at both ends.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let ascii = |c: &u8| matches!(c, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let mut text = text;
    while let Some((first, rest)) = text.split_first() {
        if ascii(first) {
            text = rest;
        } else if let Some(width) = wide_space(text, false) {
            text = text.get(width..).unwrap_or(&[]);
        } else {
            break;
        }
    }
    while let Some((last, rest)) = text.split_last() {
        if ascii(last) {
            text = rest;
        } else if let Some(width) = wide_space(text, true) {
            text = text.get(..text.len() - width).unwrap_or(&[]);
        } else {
            break;
        }
    }
    text
}

/// The width of the white space beyond ASCII with which a text begins or ends.
fn wide_space(text: &[u8], at_end: bool) -> Option<usize> {
    let edge = if at_end { text.last() } else { text.first() };
    if edge.is_none_or(u8::is_ascii) {
        return None;
    }
    (2..=3).find(|n| {
        let piece = if at_end { text.len().checked_sub(*n).and_then(|at| text.get(at..)) } else { text.get(..*n) };
        let mut chars = piece.and_then(|p| std::str::from_utf8(p).ok()).unwrap_or("").chars();
        matches!((chars.next(), chars.next()), (Some(c), None) if c.is_whitespace())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(String, Vec<String>, bool)> {
        let text_of = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
        constraints(text.as_bytes())
            .map(|c| (text_of(c.go_build), c.plus_build.iter().map(|l| text_of(l)).collect(), c.binary_only))
    }

    #[test]
    fn constraints_stand_above_the_package_clause() {
        assert_eq!(of("//go:build a\n\npackage p\n"), Some(("//go:build a".into(), vec![], false)));
        assert_eq!(
            of("// +build a\n//+build b \n\npackage p\n"),
            Some((String::new(), vec!["// +build a".into(), "//+build b".into()], false))
        );
        // No blank line behind.
        assert_eq!(of("// +build a\npackage p\n"), Some((String::new(), vec![], false)));
        assert_eq!(of("/* x\n//go:build a\n*/\n\npackage p\n"), Some((String::new(), vec![], false)));
        assert_eq!(of("package p //go:build a\n"), Some((String::new(), vec![], false)));
        assert_eq!(of("//go:binary-only-package\n\npackage p\n"), Some((String::new(), vec![], true)));
        assert_eq!(of("//go:build a\n//go:build b\n\npackage p\n"), None);
        assert_eq!(of("//go:builder\n\npackage p\n"), Some((String::new(), vec![], false)));
    }

    #[test]
    fn white_space_is_that_of_unicode() {
        assert_eq!(trim("\u{85}\u{2003} a \u{3000}".as_bytes()), b"a");
        assert_eq!(trim(b"\xa0a\xff"), b"\xa0a\xff");
        assert_eq!(trim(b" \n"), b"");
    }
}
