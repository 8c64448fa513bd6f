//! Build information as text, as `runtime/debug.ParseBuildInfo` reads it, and what Go passes over in silence.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::quote::{lossy, unquote, unquote_prefix};
use crate::facts::BuildModule;

/// Why Go refuses the text; the words are Go's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: u64,
    /// Go's reason.
    pub reason: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not parse Go build info: line {}: {}", self.line, self.reason)
    }
}

/// What Go's linker never writes and Go's reader passes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Oddity {
    /// No known keyword: a line that was overwritten hides what it said.
    Unknown,
    /// An empty line that does not end a replacement.
    Blank,
    /// A second `path` or `mod` line, which replaces the first.
    Repeated,
    /// The last line has no end, and Go drops it.
    Unterminated,
    /// A sum that is no `h1:` and 32 bytes in base64.
    Sum,
}

/// A line that Go's linker never writes, though Go reads on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDamage {
    /// The line, from 1.
    pub line: u64,
    /// What is odd.
    pub oddity: Oddity,
    /// The line, at most 80 characters of it.
    pub text: String,
}

/// The text, parsed. Bytes that are no valid UTF-8 are U+FFFD.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModInfo {
    /// Package path of `main`.
    pub path: String,
    /// The main module.
    pub main: Option<BuildModule>,
    /// Dependencies in the order of the text.
    pub deps: Vec<BuildModule>,
    /// `build` lines.
    pub settings: Vec<(String, String)>,
    /// What Go passes over.
    pub damage: Vec<LineDamage>,
}

/// At most this many odd lines are kept.
const MAX_DAMAGE: usize = 100;

/// The module that a `=>` line would belong to.
#[derive(Clone, Copy)]
enum Last {
    None,
    Main,
    Dep,
}

/// Parses the text between the two marks of the linker.
pub fn parse(data: &[u8]) -> Result<ModInfo, ParseError> {
    let mut parser = Parser { info: ModInfo::default(), main: BuildModule::default(), last: Last::None, line: 1 };
    let mut rest = data;
    let mut replaced = false;
    let (mut paths, mut mains) = (0u32, 0u32);
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = after.get(1..).unwrap_or_default();
        let after_replacement = std::mem::take(&mut replaced);
        if let Some(path) = line.strip_prefix(b"path\t") {
            paths += 1;
            parser.info.path = lossy(path);
        } else if let Some(columns) = line.strip_prefix(b"mod\t") {
            mains += 1;
            parser.main = parser.module(columns)?;
            parser.last = Last::Main;
        } else if let Some(columns) = line.strip_prefix(b"dep\t") {
            let dep = parser.module(columns)?;
            parser.info.deps.push(dep);
            parser.last = Last::Dep;
        } else if let Some(columns) = line.strip_prefix(b"=>\t") {
            parser.replacement(columns)?;
            replaced = true;
        } else if let Some(setting) = line.strip_prefix(b"build\t") {
            let setting = parser.setting(setting)?;
            parser.info.settings.push(setting);
        } else if !line.is_empty() {
            parser.odd(Oddity::Unknown, line);
        } else if !after_replacement {
            parser.odd(Oddity::Blank, line);
        }
        if (paths == 2 && line.starts_with(b"path\t")) || (mains == 2 && line.starts_with(b"mod\t")) {
            parser.odd(Oddity::Repeated, line);
        }
        parser.line += 1;
    }
    if !rest.is_empty() {
        parser.odd(Oddity::Unterminated, rest);
    }
    let Parser { mut info, main, .. } = parser;
    info.main = (main != BuildModule::default()).then_some(main);
    Ok(info)
}

struct Parser {
    info: ModInfo,
    main: BuildModule,
    last: Last,
    line: u64,
}

impl Parser {
    fn fail<T>(&self, reason: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError { line: self.line, reason: reason.into() })
    }

    fn odd(&mut self, oddity: Oddity, line: &[u8]) {
        if self.info.damage.len() < MAX_DAMAGE {
            let text = lossy(line.get(..80).unwrap_or(line));
            self.info.damage.push(LineDamage { line: self.line, oddity, text });
        }
    }

    fn sum(&mut self, sum: &[u8]) -> String {
        let valid = sum.strip_prefix(b"h1:").is_some_and(|b64| STANDARD.decode(b64).is_ok_and(|d| d.len() == 32));
        if !sum.is_empty() && !valid {
            self.odd(Oddity::Sum, sum);
        }
        lossy(sum)
    }

    fn module(&mut self, columns: &[u8]) -> Result<BuildModule, ParseError> {
        let columns: Vec<&[u8]> = columns.split(|b| *b == b'\t').collect();
        let (path, version, sum) = match columns.as_slice() {
            [path, version] => (path, version, &b""[..]),
            [path, version, sum] => (path, version, *sum),
            other => return self.fail(format!("expected 2 or 3 columns; got {}", other.len())),
        };
        Ok(BuildModule { path: lossy(path), version: lossy(version), sum: self.sum(sum), replace: None, trust: None })
    }

    fn replacement(&mut self, columns: &[u8]) -> Result<(), ParseError> {
        let columns: Vec<&[u8]> = columns.split(|b| *b == b'\t').collect();
        let [path, version, sum] = columns.as_slice() else {
            return self.fail(format!("expected 3 columns for replacement; got {}", columns.len()));
        };
        let sum = self.sum(sum);
        let by = BuildModule { path: lossy(path), version: lossy(version), sum, replace: None, trust: None };
        let module = match std::mem::replace(&mut self.last, Last::None) {
            Last::Main => Some(&mut self.main),
            Last::Dep => self.info.deps.last_mut(),
            Last::None => None,
        };
        match module {
            Some(module) => {
                module.replace = Some(Box::new(by));
                Ok(())
            }
            None => self.fail("replacement with no module on previous line"),
        }
    }

    fn setting(&self, text: &[u8]) -> Result<(String, String), ParseError> {
        let (key, value) = match text.first() {
            None => return self.fail("build line missing '='"),
            Some(b'=') => return self.fail("build line with missing key"),
            Some(b'`' | b'"') => {
                let Some((key, len)) = unquote_prefix(text) else {
                    return self.fail("invalid quoted key in build line");
                };
                match text.get(len..).and_then(<[u8]>::split_first) {
                    None => return self.fail("build line missing '=' after quoted key"),
                    Some((b'=', value)) => (key, value),
                    Some((c, _)) => {
                        return self.fail(format!("unexpected character after quoted key: {:?}", char::from(*c)));
                    }
                }
            }
            Some(_) => {
                let Some(at) = text.iter().position(|b| *b == b'=') else {
                    return self.fail("build line missing '=' after key");
                };
                let (key, value) = text.split_at_checked(at).unwrap_or((text, &[]));
                if must_quote(key, true) {
                    return self.fail(format!("unquoted key {:?} must be quoted", lossy(key)));
                }
                (key.to_vec(), value.get(1..).unwrap_or_default())
            }
        };
        let value = match value.first() {
            Some(b'`' | b'"') => match unquote(value) {
                Some(value) => value,
                None => return self.fail("invalid quoted value in build line"),
            },
            _ if must_quote(value, false) => {
                return self.fail(format!("unquoted value {:?} must be quoted", lossy(value)));
            }
            _ => value.to_vec(),
        };
        Ok((lossy(&key), lossy(&value)))
    }
}

/// Go's `quoteKey` and `quoteValue`.
fn must_quote(text: &[u8], key: bool) -> bool {
    (key && text.is_empty()) || text.iter().any(|b| b" \t\r\n\"`".contains(b) || (key && *b == b'='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SUM: &str = "h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=";

    #[test]
    fn a_replacement_and_its_empty_line() {
        let text = format!(
            "path\tm/cmd\nmod\tm\t(devel)\t\ndep\ta\tv1\n=>\t../a\t(devel)\t\n\ndep\tb\tv2\t{SUM}\nbuild\tGOOS=linux\nbuild\t-ldflags=\"-X 'a=b c'\"\n"
        );
        let info = parse(text.as_bytes()).unwrap();
        assert_eq!(info.damage, []);
        assert_eq!(info.main.unwrap().version, "(devel)");
        assert_eq!(info.deps[0].replace.as_ref().unwrap().path, "../a");
        assert_eq!(info.deps[1].sum, SUM);
        assert_eq!(info.settings[1], ("-ldflags".to_owned(), "-X 'a=b c'".to_owned()));
    }

    #[test]
    fn what_go_passes_over_is_told() {
        let odd = |text: &str| parse(text.as_bytes()).unwrap().damage.into_iter().map(|d| (d.line, d.oddity)).collect::<Vec<_>>();
        assert_eq!(odd("path\ta\n####\nmod\tm\tv1\n"), [(2, Oddity::Unknown)]);
        assert_eq!(odd("path\ta\n\n"), [(2, Oddity::Blank)]);
        assert_eq!(odd("dep\ta\tv1\n=>\tb\tv1\t\n\n\n"), [(4, Oddity::Blank)]);
        assert_eq!(odd("path\ta\npath\tb\n"), [(2, Oddity::Repeated)]);
        assert_eq!(odd("path\ta\nbuild\tGOOS=x"), [(2, Oddity::Unterminated)]);
        assert_eq!(odd("dep\ta\tv1\th1:x\n"), [(1, Oddity::Sum)]);
        assert_eq!(odd(" dep\ta\tv1\n"), [(1, Oddity::Unknown)]);
    }

    #[test]
    fn what_go_refuses() {
        let rows = [
            ("mod\tm\n", "expected 2 or 3 columns; got 1"),
            ("dep\ta\tb\tc\td\n", "expected 2 or 3 columns; got 4"),
            ("dep\ta\tv1\n=>\tb\tv1\n", "expected 3 columns for replacement; got 2"),
            ("=>\tb\tv1\t\n", "replacement with no module on previous line"),
            ("dep\ta\tv1\n=>\tb\tv1\t\n=>\tb\tv1\t\n", "replacement with no module on previous line"),
            ("build\t\n", "build line missing '='"),
            ("build\t=x\n", "build line with missing key"),
            ("build\tx\n", "build line missing '=' after key"),
            ("build\t\"x\n", "invalid quoted key in build line"),
            ("build\t\"x\"\n", "build line missing '=' after quoted key"),
            ("build\t\"x\"y\n", "unexpected character after quoted key: 'y'"),
            ("build\ta b=c\n", "unquoted key \"a b\" must be quoted"),
            ("build\ta=b c\n", "unquoted value \"b c\" must be quoted"),
            ("build\ta=\"b\n", "invalid quoted value in build line"),
        ];
        for (text, reason) in rows {
            assert_eq!(parse(text.as_bytes()).unwrap_err().reason, reason, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(data in proptest::collection::vec(proptest::sample::select(b"pathmodebuild=>\t\n\"`\\ x\xff".to_vec()), 0..200)) {
            let _ = parse(&data);
        }
    }
}
