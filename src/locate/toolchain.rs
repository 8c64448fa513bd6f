//! What a Go release does differently, and what Go says of a GOTOOLCHAIN that it can't use.

use crate::format::gover;

/// What a Go release does differently, told from its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Such as `go1.26.8`, the first line of `GOROOT/VERSION`; empty where it is not known.
    pub name: String,
    /// The 26 of `go1.26.8`. Where it is not known, that of the newest release that was held against Go's source.
    pub minor: u32,
}

/// The newest release whose source the rules of this room were read from.
pub const NEWEST: u32 = 27;

impl Release {
    /// Reads `GOROOT/VERSION`, or the name alone: `go1.26.8`, `go1.27rc1`, `devel go1.27-abc`.
    pub fn parse(text: &str) -> Release {
        let name = text.lines().next().unwrap_or_default().trim();
        let digits = name.find("go1.").map_or("", |at| name.get(at + 4..).unwrap_or_default());
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let minor = digits.get(..end).and_then(|d| d.parse().ok()).unwrap_or(NEWEST);
        Release { name: name.to_owned(), minor }
    }
}

/// Why Go stops on this GOTOOLCHAIN (`cmd/go/internal/toolchain/select.go`, Select); `None` where it goes on.
pub fn refuse_toolchain(value: &str) -> Option<String> {
    if value.is_empty() || value == "auto" || value == "path" {
        return None;
    }
    let (min, suffix) = value.split_once('+').map_or((value, None), |(m, s)| (m, Some(s)));
    let quoted = go_quote(value.as_bytes());
    if min != "local" && gover::of_toolchain(min).is_none() {
        return Some(match suffix {
            Some(_) => format!("invalid GOTOOLCHAIN {quoted}: invalid minimum toolchain {}", go_quote(min.as_bytes())),
            None => format!("invalid GOTOOLCHAIN {quoted}"),
        });
    }
    match suffix {
        Some(s) if s != "auto" && s != "path" => {
            Some(format!("invalid GOTOOLCHAIN {quoted}: only version suffixes are +auto and +path"))
        }
        _ if min != "local" && !min.starts_with("go1") => Some(format!("invalid GOTOOLCHAIN {}", go_quote(min.as_bytes()))),
        _ => None,
    }
}

/// Go's `%q`: a string literal of Go with everything unprintable escaped.
pub fn go_quote(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{7}' => out.push_str("\\a"),
                '\u{8}' => out.push_str("\\b"),
                '\u{b}' => out.push_str("\\v"),
                '\u{c}' => out.push_str("\\f"),
                c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                    let _ = write!(out, "\\x{:02x}", u32::from(c));
                }
                c if c.is_control() => {
                    let _ = write!(out, "\\u{:04x}", u32::from(c));
                }
                c => out.push(c),
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_releases() {
        for (text, minor) in
            [("go1.26.8\ntime 2026\n", 26), ("go1.27rc1", 27), ("devel go1.28-abcdef Mon", 28), ("go1.9", 9), ("weekly", NEWEST)]
        {
            assert_eq!(Release::parse(text).minor, minor, "{text}");
        }
    }

    #[test]
    fn refuses_toolchains_in_gos_words() {
        assert_eq!(refuse_toolchain("badname").unwrap(), "invalid GOTOOLCHAIN \"badname\"");
        assert_eq!(refuse_toolchain("local\r").unwrap(), "invalid GOTOOLCHAIN \"local\\r\"");
        assert_eq!(
            refuse_toolchain("'local+path'").unwrap(),
            "invalid GOTOOLCHAIN \"'local+path'\": invalid minimum toolchain \"'local\""
        );
        assert_eq!(
            refuse_toolchain("local+auto ").unwrap(),
            "invalid GOTOOLCHAIN \"local+auto \": only version suffixes are +auto and +path"
        );
        for good in ["", "auto", "path", "local", "local+auto", "local+path", "go1.22.1", "go1.22.1+auto", "go1.23rc1"] {
            assert_eq!(refuse_toolchain(good), None, "{good}");
        }
    }

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(go_quote("a\"\\\n\u{7}\u{1}日\u{85}".as_bytes()), "\"a\\\"\\\\\\n\\a\\x01日\\u0085\"");
        assert_eq!(go_quote(b"\xff"), "\"\\xff\"");
    }
}
