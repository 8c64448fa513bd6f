//! Which module, import and file paths Go accepts: golang.org/x/mod/module/module.go (`CheckPath` and its kin).

use std::fmt;

use super::letters::is_letter;
use super::version;

/// Why a path, or a pair of path and version, is refused. Prints as Go's reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathFault {
    /// Bytes that are no UTF-8.
    InvalidUtf8,
    /// Nothing.
    Empty,
    /// The path begins with `-`.
    LeadingDash,
    /// `//`
    DoubleSlash,
    /// The path begins with `/`.
    LeadingSlash,
    /// The path ends in `/`.
    TrailingSlash,
    /// Nothing between two slashes.
    EmptyElement,
    /// An element of dots only.
    DotsOnly(String),
    /// An element begins with a dot.
    LeadingDot,
    /// An element ends in a dot.
    TrailingDot,
    /// A character that may not stand there.
    InvalidChar(char),
    /// A name that Windows keeps for devices, whatever follows its first dot.
    WindowsName(String),
    /// Looks like a short name of Windows: ends in `~` and digits.
    ShortName,
    /// The first element is no domain name: it has no dot.
    NoDomain,
    /// The first element begins with `-`.
    LeadingDashInDomain,
    /// A character that no domain name has.
    InvalidDomainChar(char),
    /// The last element looks like a major version and is none.
    InvalidMajor,
    /// The version is none.
    NotSemver,
    /// The version does not belong to the path's major version.
    WrongMajor {
        /// What the path asks for.
        want: String,
        /// What the version has.
        got: String,
    },
    /// An escape that is none: `!` without a lower-case letter after it, an upper-case letter, a byte above 0x7f.
    InvalidEscape,
    /// A version that can't be a file name or holds `!`.
    DisallowedVersion,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathFault::InvalidUtf8 => "invalid UTF-8",
            PathFault::Empty => "empty string",
            PathFault::LeadingDash => "leading dash",
            PathFault::DoubleSlash => "double slash",
            PathFault::LeadingSlash => "leading slash",
            PathFault::TrailingSlash => "trailing slash",
            PathFault::EmptyElement => "empty path element",
            PathFault::DotsOnly(e) => return write!(f, "invalid path element {e:?}"),
            PathFault::LeadingDot => "leading dot in path element",
            PathFault::TrailingDot => "trailing dot in path element",
            PathFault::InvalidChar(c) => return write!(f, "invalid char {c:?}"),
            PathFault::WindowsName(n) => return write!(f, "{n:?} disallowed as path element component on Windows"),
            PathFault::ShortName => "trailing tilde and digits in path element",
            PathFault::NoDomain => "missing dot in first path element",
            PathFault::LeadingDashInDomain => "leading dash in first path element",
            PathFault::InvalidDomainChar(c) => return write!(f, "invalid char {c:?} in first path element"),
            PathFault::InvalidMajor => "invalid version",
            PathFault::NotSemver => "not a semantic version",
            PathFault::WrongMajor { want, got } => return write!(f, "should be {want}, not {got}"),
            PathFault::InvalidEscape => "invalid escape",
            PathFault::DisallowedVersion => "disallowed version string",
        })
    }
}

impl std::error::Error for PathFault {}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathKind {
    Module,
    Import,
    File,
}

/// `CheckPath`: whether `path` is a module path; returns it as text.
pub fn check_path(path: &[u8]) -> Result<&str, PathFault> {
    let path = check_general(path, PathKind::Module)?;
    let first = path.split('/').next().unwrap_or("");
    if first.is_empty() {
        return Err(PathFault::LeadingSlash);
    }
    if !first.contains('.') {
        return Err(PathFault::NoDomain);
    }
    if first.starts_with('-') {
        return Err(PathFault::LeadingDashInDomain);
    }
    if let Some(c) = first.chars().find(|c| !matches!(c, '-' | '.' | '0'..='9' | 'a'..='z')) {
        return Err(PathFault::InvalidDomainChar(c));
    }
    split_path_version(path).map(|_| path).ok_or(PathFault::InvalidMajor)
}

/// `CheckImportPath`: whether `path` is an import path; returns it as text.
pub fn check_import_path(path: &[u8]) -> Result<&str, PathFault> {
    check_general(path, PathKind::Import)
}

/// `CheckFilePath`: whether `path` may name a file of a module; returns it as text.
pub fn check_file_path(path: &[u8]) -> Result<&str, PathFault> {
    check_general(path, PathKind::File)
}

/// `Check`: whether path and version are valid and belong together.
pub fn check(path: &[u8], version: &str) -> Result<(), PathFault> {
    let path = check_path(path)?;
    if !version::is_valid(version) {
        return Err(PathFault::NotSemver);
    }
    let (_, major) = split_path_version(path).unwrap_or((path, ""));
    check_path_major(version, major)
}

fn check_general(path: &[u8], kind: PathKind) -> Result<&str, PathFault> {
    let path = std::str::from_utf8(path).map_err(|_| PathFault::InvalidUtf8)?;
    if path.is_empty() {
        return Err(PathFault::Empty);
    }
    if path.starts_with('-') && kind != PathKind::File {
        return Err(PathFault::LeadingDash);
    }
    if path.contains("//") {
        return Err(PathFault::DoubleSlash);
    }
    if path.ends_with('/') {
        return Err(PathFault::TrailingSlash);
    }
    for element in path.split('/') {
        check_element(element, kind)?;
    }
    Ok(path)
}

/// `checkElem`. Windows' reserved names are compared as `strings.EqualFold` does: none of them holds a `K` or `S`, the two
/// ASCII letters with a non-ASCII twin.
pub(super) fn check_element(element: &str, kind: PathKind) -> Result<(), PathFault> {
    if element.is_empty() {
        return Err(PathFault::EmptyElement);
    }
    if element.bytes().all(|b| b == b'.') {
        return Err(PathFault::DotsOnly(element.to_owned()));
    }
    if element.starts_with('.') && kind == PathKind::Module {
        return Err(PathFault::LeadingDot);
    }
    if element.ends_with('.') {
        return Err(PathFault::TrailingDot);
    }
    let allowed = match kind {
        PathKind::Module => in_module_path,
        PathKind::Import => |c| in_module_path(c) || c == '+',
        PathKind::File => in_file_name,
    };
    if let Some(c) = element.chars().find(|c| !allowed(*c)) {
        return Err(PathFault::InvalidChar(c));
    }
    let short = element.split('.').next().unwrap_or("");
    if is_windows_name(short) {
        return Err(PathFault::WindowsName(short.to_owned()));
    }
    if kind == PathKind::File {
        return Ok(());
    }
    match short.rsplit_once('~') {
        Some((_, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => Err(PathFault::ShortName),
        _ => Ok(()),
    }
}

fn in_module_path(c: char) -> bool {
    matches!(c, '-' | '.' | '_' | '~') || c.is_ascii_alphanumeric()
}

fn in_file_name(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => true,
        '!' | '#'..='&' | '(' | ')' | '+' | ',' | '=' | '@' | '[' | ']' | '^' | '{' | '}' | '~' | ' ' => true,
        _ => !c.is_ascii() && is_letter(c),
    }
}

fn is_windows_name(short: &str) -> bool {
    let is = |name: &str| short.eq_ignore_ascii_case(name);
    let numbered = |name: &str| {
        short.len() == 4
            && short.get(..3).is_some_and(|s| s.eq_ignore_ascii_case(name))
            && matches!(short.as_bytes().last(), Some(b'1'..=b'9'))
    };
    is("CON") || is("PRN") || is("AUX") || is("NUL") || numbered("COM") || numbered("LPT")
}

/// `SplitPathVersion`: prefix and major version suffix (`/v2`, `.v1` for gopkg.in, or nothing); `None` where the last
/// element looks like a version and is none.
pub fn split_path_version(path: &str) -> Option<(&str, &str)> {
    if path.starts_with("gopkg.in/") {
        return split_gopkg_in(path);
    }
    let head = path.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let Some(prefix) = head.strip_suffix("/v").filter(|_| head.len() != path.len()) else {
        return Some((path, ""));
    };
    let major = path.get(prefix.len()..)?;
    let number = major.strip_prefix("/v")?;
    if number.contains('.') || number.starts_with('0') || number == "1" {
        return None;
    }
    Some((prefix, major))
}

/// Every gopkg.in path ends in `.vN`, with or without `-unstable`.
fn split_gopkg_in(path: &str) -> Option<(&str, &str)> {
    let head = path.strip_suffix("-unstable").unwrap_or(path).trim_end_matches(|c: char| c.is_ascii_digit());
    let prefix = head.strip_suffix(".v")?;
    let major = path.get(prefix.len()..)?;
    if major.len() <= 2 || major.get(2..3) == Some("0") && major != ".v0" {
        return None;
    }
    Some((prefix, major))
}

/// `CheckPathMajor`: whether the semantic version belongs to the major version suffix of a path.
pub fn check_path_major(version: &str, path_major: &str) -> Result<(), PathFault> {
    let mut path_major = path_major;
    if path_major.starts_with(".v") {
        path_major = path_major.strip_suffix("-unstable").unwrap_or(path_major);
    }
    // An old bug of Go's made such pseudo-versions: gopkg.in/check.v1 v0.0.0-20161208181325-20d25e280405.
    if version.starts_with("v0.0.0-") && path_major == ".v1" {
        return Ok(());
    }
    let major = version::major(version);
    if path_major.is_empty() {
        if major == "v0" || major == "v1" || version::build(version) == "+incompatible" {
            return Ok(());
        }
        path_major = "v0 or v1";
    } else if let Some(want) = path_major.strip_prefix(['/', '.']) {
        if major == want {
            return Ok(());
        }
        path_major = want;
    }
    Err(PathFault::WrongMajor { want: path_major.to_owned(), got: major.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_paths_are_domains_without_surprises() {
        for good in
            ["x.y/z", "github.com/BurntSushi/toml", "gopkg.in/yaml.v3", "gopkg.in/a.v0", "a.b/v2", "golang.org/x/text", "x.y/-z"]
        {
            assert_eq!(check_path(good.as_bytes()), Ok(good));
        }
        for (bad, why) in [
            ("", PathFault::Empty),
            ("x/y", PathFault::NoDomain),
            ("-x.y/z", PathFault::LeadingDash),
            ("X.y/z", PathFault::InvalidDomainChar('X')),
            ("/x.y", PathFault::EmptyElement),
            ("x.y/../z", PathFault::DotsOnly("..".into())),
            ("x.y/.git", PathFault::LeadingDot),
            ("x.y/a b", PathFault::InvalidChar(' ')),
            ("x.y/con.txt", PathFault::WindowsName("con".into())),
            ("x.y/a~1", PathFault::ShortName),
            ("x.y/v1", PathFault::InvalidMajor),
            ("x.y/v2.0", PathFault::InvalidMajor),
            ("gopkg.in/yaml", PathFault::InvalidMajor),
        ] {
            assert_eq!(check_path(bad.as_bytes()), Err(why), "{bad}");
        }
        assert_eq!(check_path(b"x.y/\xff"), Err(PathFault::InvalidUtf8));
    }

    #[test]
    fn file_paths_allow_letters_and_spaces() {
        for good in ["a b/ü.go", "-x", ".git", "a~1", "日本語.txt"] {
            assert_eq!(check_file_path(good.as_bytes()), Ok(good));
        }
        for bad in ["a\\b", "a:b", "../x", "a/", "aux.go", "a\u{301}", "½", "a\0"] {
            assert!(check_file_path(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn major_versions_belong_to_their_paths() {
        assert_eq!(check(b"a.b/c/v2", "v2.1.0"), Ok(()));
        assert_eq!(check(b"a.b/c", "v3.0.0+incompatible"), Ok(()));
        assert_eq!(check(b"gopkg.in/check.v1", "v0.0.0-20161208181325-20d25e280405"), Ok(()));
        assert_eq!(check(b"a.b/c", "v2.1.0"), Err(PathFault::WrongMajor { want: "v0 or v1".into(), got: "v2".into() }));
        assert_eq!(check(b"a.b/c", "1.0"), Err(PathFault::NotSemver));
    }
}
