//! The form in which paths and versions stand on disk: `!x` for `X`. golang.org/x/mod/module/module.go (`EscapePath` and
//! its kin), so that names differ on file systems that know no case.

use super::path::{PathFault, PathKind, check_element, check_path};

/// `EscapePath`: the escaped form of a module path.
pub fn escape_path(path: &str) -> Result<String, PathFault> {
    escape(check_path(path.as_bytes())?)
}

/// `EscapeVersion`: the escaped form of a version, which need not be a semantic one.
pub fn escape_version(version: &str) -> Result<String, PathFault> {
    if version.contains('!') || check_element(version, PathKind::File).is_err() {
        return Err(PathFault::DisallowedVersion);
    }
    escape(version)
}

/// `UnescapePath`: the module path of an escaped path.
pub fn unescape_path(escaped: &[u8]) -> Result<String, PathFault> {
    let path = unescape(escaped).ok_or(PathFault::InvalidEscape)?;
    check_path(path.as_bytes())?;
    Ok(path)
}

/// `UnescapeVersion`: the version of an escaped version, which need not be a semantic one.
pub fn unescape_version(escaped: &[u8]) -> Result<String, PathFault> {
    let version = unescape(escaped).ok_or(PathFault::InvalidEscape)?;
    check_element(&version, PathKind::File)?;
    Ok(version)
}

fn escape(plain: &str) -> Result<String, PathFault> {
    if let Some(c) = plain.chars().find(|c| *c == '!' || !c.is_ascii()) {
        return Err(PathFault::InvalidChar(c));
    }
    let mut out = String::with_capacity(plain.len() + 4);
    for c in plain.chars() {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
    }
    Ok(out)
}

fn unescape(escaped: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(escaped.len());
    let mut bytes = escaped.iter().copied();
    while let Some(b) = bytes.next() {
        out.push(char::from(match b {
            b'!' => bytes.next().filter(u8::is_ascii_lowercase)?.to_ascii_uppercase(),
            b'A'..=b'Z' | 0x80.. => return None,
            _ => b,
        }));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_case_is_escaped_and_back() {
        assert_eq!(escape_path("github.com/BurntSushi/toml").as_deref(), Ok("github.com/!burnt!sushi/toml"));
        assert_eq!(unescape_path(b"github.com/!burnt!sushi/toml").as_deref(), Ok("github.com/BurntSushi/toml"));
        assert_eq!(escape_version("v1.0.0-RC1").as_deref(), Ok("v1.0.0-!r!c1"));
        assert_eq!(unescape_version(b"v1.0.0-!r!c1").as_deref(), Ok("v1.0.0-RC1"));
    }

    #[test]
    fn wrong_escapes_are_refused() {
        for bad in
            ["github.com/BurntSushi/toml", "github.com/!/x", "github.com/x!", "github.com/!1", "github.com/!é", "github.com/!X"]
        {
            assert_eq!(unescape_path(bad.as_bytes()), Err(PathFault::InvalidEscape), "{bad}");
        }
        assert_eq!(escape_version("v1.0.0!"), Err(PathFault::DisallowedVersion));
    }
}
