//! The files `GOENV` and `GOROOT/go.env`, as Go reads them (`cmd/go/internal/cfg/cfg.go`, readEnvFile).
//!
//! | what stands in the file | what Go makes of it |
//! |---|---|
//! | `KEY=value` | sets KEY to everything up to the line feed: no quotes, no comments, no expansion, no trimming |
//! | a line whose first byte is not `A` to `Z`, or without `=` | skipped without a word: comments, ` KEY=x`, `export KEY=x` |
//! | `KEY = x` | sets the key `KEY `, which nobody asks for |
//! | the same key twice | the last one wins in the user's file, the first one in `go.env` |
//! | a carriage return before the line feed | stays in the value |
//! | a byte order mark | belongs to the first line, which is therefore skipped |
//! | a last line without line feed | counts |

/// The longest file that we read, 1 MiB: Go has no limit, `go env -w` writes at most one line a variable.
pub const LIMIT: u64 = 1 << 20;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// As it stands, without the line feed.
    pub raw: Vec<u8>,
    /// What Go makes of it.
    pub meaning: Meaning,
}

/// What Go makes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing to read: empty, or white space alone.
    Blank,
    /// A comment.
    Comment,
    /// `KEY=value`.
    Setting {
        /// Up to the first `=`.
        key: Vec<u8>,
        /// Everything after it.
        value: Vec<u8>,
    },
    /// Skipped, though a person meant it to count.
    Skipped(Skip),
}

/// Why Go skips a line that is no comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// A byte order mark stands before it.
    ByteOrderMark,
    /// It begins with white space.
    Indented,
    /// It begins with `export ` or `set `, as for a shell.
    ShellWord,
    /// It has no `=`.
    NoEquals,
    /// It begins with something else than a capital letter.
    NoCapital,
}

impl Skip {
    /// The reason, for a message.
    pub fn reason(self) -> &'static str {
        match self {
            Skip::ByteOrderMark => "a byte order mark stands before it",
            Skip::Indented => "it begins with white space",
            Skip::ShellWord => "it is written for a shell",
            Skip::NoEquals => "it has no `=`",
            Skip::NoCapital => "it does not begin with a capital letter",
        }
    }
}

/// Something in a setting that Go keeps and a person did not mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// The value ends with a carriage return, as editors of Windows write.
    CarriageReturn,
    /// The value stands in quotes, which Go takes as part of it.
    Quotes,
    /// The value begins or ends with a space or tab.
    OuterSpace,
    /// A `#` after a space: Go knows no comment after a value.
    Comment,
    /// A NUL byte, which no process can be given.
    Nul,
    /// Spaces before the `=` make another key.
    KeySpace,
}

impl Oddity {
    /// What is odd, for a message.
    pub fn what(self) -> &'static str {
        match self {
            Oddity::CarriageReturn => "a carriage return at its end",
            Oddity::Quotes => "the quotes around it",
            Oddity::OuterSpace => "the white space at its ends",
            Oddity::Comment => "the comment after it",
            Oddity::Nul => "a NUL byte",
            Oddity::KeySpace => "the white space before `=`",
        }
    }
}

impl Line {
    /// The key and the value, where Go takes the line as a setting.
    pub fn setting(&self) -> Option<(&[u8], &[u8])> {
        match &self.meaning {
            Meaning::Setting { key, value } => Some((key, value)),
            _ => None,
        }
    }

    /// What is odd about a setting.
    pub fn oddities(&self) -> Vec<Oddity> {
        let Some((key, value)) = self.setting() else { return Vec::new() };
        let mut odd = Vec::new();
        if key.last().is_some_and(|b| is_blank(*b)) {
            odd.push(Oddity::KeySpace);
        }
        let body = value.strip_suffix(b"\r").unwrap_or(value);
        if body.len() != value.len() {
            odd.push(Oddity::CarriageReturn);
        }
        let trimmed = trim(body);
        if trimmed.len() != body.len() {
            odd.push(Oddity::OuterSpace);
        }
        if let [first @ (b'"' | b'\''), .., last] = trimmed
            && first == last
            && !trimmed.get(1..trimmed.len() - 1).unwrap_or(&[]).contains(first)
        {
            odd.push(Oddity::Quotes);
        }
        if trimmed.windows(2).any(|w| matches!(w, [b' ' | b'\t', b'#'])) {
            odd.push(Oddity::Comment);
        }
        if value.contains(&0) {
            odd.push(Oddity::Nul);
        }
        odd
    }

    /// The line as it was meant: the setting without what is odd about it. `None` for a line that is no setting, or
    /// where nobody can tell.
    pub fn mended(&self) -> Option<Vec<u8>> {
        let (key, value) = self.setting()?;
        if value.contains(&0) {
            return None;
        }
        let mut body = trim(value.strip_suffix(b"\r").unwrap_or(value));
        if let Some(at) = body.windows(2).position(|w| matches!(w, [b' ' | b'\t', b'#'])) {
            body = trim(body.get(..at).unwrap_or(&[]));
        }
        if let [first @ (b'"' | b'\''), inner @ .., last] = body
            && first == last
            && !inner.contains(first)
        {
            body = inner;
        }
        Some([trim(key), b"=", body].concat())
    }
}

/// A whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvFile {
    /// Every line, in order.
    pub lines: Vec<Line>,
    /// Whether it begins with a byte order mark.
    pub byte_order_mark: bool,
}

impl EnvFile {
    /// Reads a file; there is no file that Go would refuse.
    pub fn parse(bytes: &[u8]) -> EnvFile {
        let byte_order_mark = bytes.starts_with(BOM);
        let mut lines = Vec::new();
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if !bytes.is_empty() {
            for (number, raw) in (1..).zip(body.split(|b| *b == b'\n')) {
                lines.push(Line { number, raw: raw.to_vec(), meaning: read_line(raw) });
            }
        }
        EnvFile { lines, byte_order_mark }
    }

    /// Every setting, in order: key, value and line.
    pub fn settings(&self) -> impl Iterator<Item = (&[u8], &[u8], &Line)> {
        self.lines.iter().filter_map(|l| l.setting().map(|(key, value)| (key, value, l)))
    }

    /// The line that decides `key` in a user's file: the last.
    pub fn last(&self, key: &[u8]) -> Option<&Line> {
        self.settings().filter(|(k, _, _)| *k == key).map(|(_, _, line)| line).last()
    }

    /// The line that decides `key` in `go.env`: the first.
    pub fn first(&self, key: &[u8]) -> Option<&Line> {
        self.settings().find(|(k, _, _)| *k == key).map(|(_, _, line)| line)
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

fn read_line(raw: &[u8]) -> Meaning {
    let equals = raw.iter().position(|b| *b == b'=');
    match (raw.first(), equals) {
        (Some(b'A'..=b'Z'), Some(at)) => Meaning::Setting {
            key: raw.get(..at).unwrap_or_default().to_vec(),
            value: raw.get(at + 1..).unwrap_or_default().to_vec(),
        },
        _ if trim(raw).is_empty() => Meaning::Blank,
        _ if trim(raw.strip_prefix(BOM).unwrap_or(raw)).starts_with(b"#") => Meaning::Comment,
        _ if raw == BOM => Meaning::Blank,
        (_, None) => Meaning::Skipped(Skip::NoEquals),
        _ if raw.starts_with(BOM) => Meaning::Skipped(Skip::ByteOrderMark),
        _ if raw.first().is_some_and(|b| is_blank(*b)) => Meaning::Skipped(Skip::Indented),
        _ if raw.starts_with(b"export ") || raw.starts_with(b"set ") => Meaning::Skipped(Skip::ShellWord),
        _ => Meaning::Skipped(Skip::NoCapital),
    }
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_blank(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_blank(*last)
    {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value<'a>(file: &'a EnvFile, key: &str) -> Option<&'a [u8]> {
        file.last(key.as_bytes()).and_then(Line::setting).map(|(_, v)| v)
    }

    #[test]
    fn values_are_verbatim_and_the_last_wins() {
        let f = EnvFile::parse(b"# c\nGOCACHE=/a\n GOBIN=/x\nGOCACHE=/b # c\r\nexport GOPATH=/y\nnot a pair\nGOFLAGS=-a=b");
        assert_eq!(value(&f, "GOCACHE"), Some(b"/b # c\r".as_slice()));
        assert_eq!(f.first(b"GOCACHE").and_then(Line::setting), Some((b"GOCACHE".as_slice(), b"/a".as_slice())));
        assert_eq!(value(&f, "GOBIN"), None);
        assert_eq!(value(&f, "GOPATH"), None);
        assert_eq!(value(&f, "GOFLAGS"), Some(b"-a=b".as_slice()));
        let meanings: Vec<_> = f.lines.iter().map(|l| (l.number, l.meaning.clone())).collect();
        assert_eq!(meanings[0], (1, Meaning::Comment));
        assert_eq!(meanings[2], (3, Meaning::Skipped(Skip::Indented)));
        assert_eq!(meanings[4], (5, Meaning::Skipped(Skip::ShellWord)));
        assert_eq!(meanings[5], (6, Meaning::Skipped(Skip::NoEquals)));
        assert_eq!(f.last(b"GOCACHE").unwrap().oddities(), [Oddity::CarriageReturn, Oddity::Comment]);
        assert_eq!(f.last(b"GOCACHE").unwrap().mended().unwrap(), b"GOCACHE=/b");
    }

    #[test]
    fn byte_order_mark_hides_the_first_line_only() {
        let f = EnvFile::parse("\u{feff}GOCACHE=/a\nGOMODCACHE=/m\n".as_bytes());
        assert!(f.byte_order_mark);
        assert_eq!(f.lines[0].meaning, Meaning::Skipped(Skip::ByteOrderMark));
        assert_eq!(value(&f, "GOMODCACHE"), Some(b"/m".as_slice()));
    }

    #[test]
    fn oddities_are_told_and_ordinary_values_have_none() {
        let odd = |line: &str| EnvFile::parse(line.as_bytes()).lines[0].oddities();
        assert_eq!(odd("GOCACHE=\"/a b\""), [Oddity::Quotes]);
        assert_eq!(odd("GOCACHE='/a' "), [Oddity::OuterSpace, Oddity::Quotes]);
        assert_eq!(odd("GOCACHE = /a"), [Oddity::KeySpace, Oddity::OuterSpace]);
        assert_eq!(odd("GOCACHE=/a\0x"), [Oddity::Nul]);
        for plain in [
            "GOCACHE=/a",
            "GOFLAGS='-ldflags=-X a=b' '-tags=c d'",
            "GOPROXY=https://a,direct",
            "GOFLAGS=",
            "CC=gcc",
            "CGO_CFLAGS=-DX=#1",
        ] {
            assert_eq!(odd(plain), [], "{plain}");
        }
    }

    #[test]
    fn edges() {
        assert_eq!(EnvFile::parse(b"").lines, []);
        assert_eq!(EnvFile::parse(b"\n").lines.len(), 1);
        assert_eq!(value(&EnvFile::parse(b"A="), "A"), Some(b"".as_slice()));
        assert_eq!(EnvFile::parse(b"=x").lines[0].meaning, Meaning::Skipped(Skip::NoCapital));
        let long = [b"GOPATH=/".as_slice(), &[b'x'; 5000]].concat();
        assert_eq!(value(&EnvFile::parse(&long), "GOPATH").unwrap().len(), 5001);
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_every_byte(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let f = EnvFile::parse(&bytes);
            let joined = f.lines.iter().map(|l| l.raw.clone()).collect::<Vec<_>>().join(&b'\n');
            prop_assert_eq!(&joined[..], bytes.strip_suffix(b"\n").unwrap_or(&bytes));
            for line in &f.lines {
                let _ = (line.oddities(), line.mended());
            }
        }
    }
}
