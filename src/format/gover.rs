//! Go versions and names of toolchains (`internal/gover/gover.go`, `cmd/go/internal/gover/toolchain.go`, `gomod.go`).

use std::cmp::Ordering;

/// A version taken apart; the numbers stay as they are written, so that none is too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Version<'a> {
    major: &'a str,
    minor: &'a str,
    patch: &'a str,
    kind: &'a str,
    pre: &'a str,
}

/// `gover.Parse`: major, optional minor, and either a patch or a kind of prerelease with a number; `None` for what is no version.
fn parse(text: &str) -> Option<Version<'_>> {
    let (major, rest) = cut_number(text)?;
    if rest.is_empty() {
        return Some(Version { major, minor: "0", patch: "0", ..Version::default() });
    }
    let (minor, rest) = cut_number(rest.strip_prefix('.')?)?;
    if rest.is_empty() {
        // A patch that is missing is 0 before Go 1.21; from then on it is the language, which comes before the first release.
        let patch = if number(minor, "21") == Ordering::Less { "0" } else { "" };
        return Some(Version { major, minor, patch, ..Version::default() });
    }
    if let Some(rest) = rest.strip_prefix('.') {
        let (patch, rest) = cut_number(rest)?;
        return rest.is_empty().then_some(Version { major, minor, patch, ..Version::default() });
    }
    let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
    let (kind, rest) = rest.split_at_checked(letters)?;
    if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let pre = if rest.is_empty() { "" } else { cut_number(rest).filter(|(_, rest)| rest.is_empty())?.0 };
    Some(Version { major, minor, kind, pre, ..Version::default() })
}

fn cut_number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 || (text.starts_with('0') && end != 1) { None } else { text.split_at_checked(end) }
}

/// `gover.CmpInt`: decimal numbers without leading zeros.
fn number(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// `gover.IsValid`.
pub fn is_valid(text: &str) -> bool {
    parse(text).is_some()
}

/// `gover.Compare`: what is no version comes before every other.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parse(a).unwrap_or_default(), parse(b).unwrap_or_default());
    number(a.major, b.major)
        .then_with(|| number(a.minor, b.minor))
        .then_with(|| number(a.patch, b.patch))
        .then_with(|| a.kind.cmp(b.kind))
        .then_with(|| number(a.pre, b.pre))
}

/// `gover.IsLang`: whether it names a language (`1.22`), not a release (`1.22.0`, `1.22rc1`).
pub fn is_lang(text: &str) -> bool {
    parse(text).is_some_and(|v| v.patch.is_empty() && v.kind.is_empty() && v.pre.is_empty())
}

/// `gover.Lang`: the language of a version, `1.22` of `1.22.3`; empty for what is no version.
pub fn lang(text: &str) -> String {
    let v = parse(text).unwrap_or_default();
    if v.minor.is_empty() || (v.major == "1" && v.minor == "0") { v.major.to_owned() } else { format!("{}.{}", v.major, v.minor) }
}

/// `gover.FromToolchain`: the version in `go1.2.3` or `go1.2.3-bigcorp`.
pub fn of_toolchain(name: &str) -> Option<&str> {
    if name.contains(['/', '\\']) {
        return None;
    }
    let version = name.strip_prefix("go")?;
    let version = version.split([' ', '\t', '-']).next().unwrap_or_default();
    is_valid(version).then_some(version)
}

/// A value of go.mod or go.work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As it stands there, without blanks and comment.
    pub value: String,
    /// The line, from 1.
    pub line: u32,
}

/// `gover.GoModLookup`: the first line of go.mod or go.work that begins with `key`, by text alone.
pub fn lookup(text: &[u8], key: &str) -> Option<Line> {
    text.split(|b| *b == b'\n').zip(1u32..).find_map(|(line, number)| {
        let line = String::from_utf8_lossy(line);
        let rest = line.trim().strip_prefix(key)?;
        if !rest.starts_with([' ', '\t']) {
            return None;
        }
        let value = rest.split("//").next().unwrap_or_default().trim().to_owned();
        Some(Line { value, line: number })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // From internal/gover/gover_test.go and cmd/go/internal/gover/toolchain_test.go.
    #[test]
    fn compares_as_go_does() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, want) in [
            ("", "", Equal),
            ("x", "x", Equal),
            ("", "x", Equal),
            ("1", "1.1", Less),
            ("1.5", "1.6", Less),
            ("1.5", "1.10", Less),
            ("1.6", "1.6.1", Less),
            ("1.19", "1.19.0", Equal),
            ("1.19rc1", "1.19", Less),
            ("1.20", "1.20.0", Equal),
            ("1.20rc1", "1.20", Less),
            ("1.21", "1.21.0", Less),
            ("1.21", "1.21rc1", Less),
            ("1.21rc1", "1.21.0", Less),
            ("1.6", "1.19", Less),
            ("1.19", "1.19.1", Less),
            ("1.19rc1", "1.19.1", Less),
            ("1.19rc1", "1.19rc2", Less),
            ("1.19.0", "1.19.1", Less),
            ("1.19alpha3", "1.19beta2", Less),
            ("1.99999999999999998", "1.99999999999999999", Less),
            ("1.26.8", "", Greater),
        ] {
            assert_eq!(compare(a, b), want, "{a} {b}");
            assert_eq!(compare(b, a), want.reverse(), "{b} {a}");
        }
    }

    #[test]
    fn knows_valid_versions_and_languages() {
        for v in ["1", "1.2", "1.21", "1.21.0", "1.2rc3", "1.2rc", "1.999testmod", "1.21rc1"] {
            assert!(is_valid(v), "{v}");
        }
        for v in ["", "x", "01.2", "1.02", "1.", "1.2.", "1.2.3.4", "1.2.3rc1", "1.2-x", "1.2RC1", "v1.2", "1.600+auto"] {
            assert!(!is_valid(v), "{v}");
        }
        for (v, is, of) in
            [("1.2rc3", false, "1.2"), ("1.2.3", false, "1.2"), ("1.21", true, "1.21"), ("1", false, "1"), ("x", false, "")]
        {
            assert_eq!((is_lang(v), lang(v).as_str()), (is, of), "{v}");
        }
        assert_eq!(of_toolchain("go1.2.3-bigcorp"), Some("1.2.3"));
        assert_eq!(of_toolchain("go1.26.8x bad"), None);
        assert_eq!(of_toolchain("bigcorp-go1.2.3"), None);
        assert_eq!(of_toolchain("go1.2.3-../x"), None);
    }

    #[test]
    fn lines_are_found_by_their_first_word() {
        let text = b"module x\n\n  go 1.22 // c\r\ngo 1.23\ntoolchain\tgo1.24.1\n";
        assert_eq!(lookup(text, "go"), Some(Line { value: "1.22".to_owned(), line: 3 }));
        assert_eq!(lookup(text, "toolchain"), Some(Line { value: "go1.24.1".to_owned(), line: 5 }));
        assert_eq!(lookup(b"gox 1\n(go)\n", "go"), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), a in "[0-9.a-c\u{e4}]{0,9}", b in "[0-9.a-c]{0,9}") {
            let _ = (lookup(&bytes, "go"), lang(&a), of_toolchain(&a));
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        }
    }
}
