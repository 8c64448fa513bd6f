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

use std::collections::BTreeMap;

/// The longest file that is kept whole, 1 MiB: Go has no limit, `go env -w` writes at most one line a variable. Of a longer
/// one only the lines that decide are kept.
pub const LIMIT: u64 = 1 << 20;

/// The longest line that is kept of a longer file, 128 KiB: no process of Linux can be given a longer variable (execve(2),
/// MAX_ARG_STRLEN).
pub const LINE_LIMIT: usize = 128 << 10;

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
    /// Every line, in order; of a file longer than [`LIMIT`] the first and the last line of each key that was asked for.
    pub lines: Vec<Line>,
    /// Whether it begins with a byte order mark.
    pub byte_order_mark: bool,
    /// Whether a line that may count is missing here: one that was asked for and is longer than [`LINE_LIMIT`].
    pub cut: bool,
}

/// Reads a file piece by piece, in bounded memory however long it is.
#[derive(Debug)]
pub struct EnvReader<F> {
    /// Whether the value of a key is asked for.
    wanted: F,
    file: EnvFile,
    /// First and last line of each wanted key, once the file is too long to be kept whole.
    few: BTreeMap<Vec<u8>, (Line, Option<Line>)>,
    /// The line that is being read; no longer than it may be.
    line: Vec<u8>,
    /// Whether the end of that line was left out.
    line_cut: bool,
    number: u64,
    bytes: u64,
}

impl<F: Fn(&[u8]) -> bool> EnvReader<F> {
    /// A reader that keeps of a long file the keys for which `wanted` is true.
    pub fn new(wanted: F) -> EnvReader<F> {
        EnvReader {
            wanted,
            file: EnvFile::default(),
            few: BTreeMap::new(),
            line: Vec::new(),
            line_cut: false,
            number: 1,
            bytes: 0,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let end = bytes.iter().position(|b| *b == b'\n');
            let (part, rest) = bytes.split_at(end.map_or(bytes.len(), |at| at + 1));
            self.bytes = self.bytes.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
            let body = if end.is_some() { part.strip_suffix(b"\n").unwrap_or(part) } else { part };
            // A long line of a file that may still be kept whole is kept whole.
            let room = if self.long() { LINE_LIMIT.saturating_sub(self.line.len()) } else { body.len() };
            self.line.extend_from_slice(body.get(..room).unwrap_or(body));
            self.line_cut |= room < body.len();
            if end.is_some() {
                self.end_line();
            }
            bytes = rest;
        }
    }

    /// What was read. A last line without line feed counts, unless there is `more` that was not read.
    pub fn finish(mut self, more: bool) -> EnvFile {
        if !self.line.is_empty() && !more {
            self.end_line();
        }
        if self.long() {
            self.thin();
            let kept = self.few.into_values();
            self.file.lines = kept.flat_map(|(first, last)| [Some(first), last]).flatten().collect();
            self.file.lines.sort_by_key(|line| line.number);
        }
        self.file
    }

    fn long(&self) -> bool {
        self.bytes > LIMIT
    }

    fn end_line(&mut self) {
        let raw = std::mem::take(&mut self.line);
        let cut = std::mem::take(&mut self.line_cut);
        let line = Line { number: self.number, meaning: read_line(&raw), raw };
        self.number = self.number.saturating_add(1);
        self.file.byte_order_mark |= line.number == 1 && line.raw.starts_with(BOM);
        if !self.long() {
            self.file.lines.push(line);
            return;
        }
        self.thin();
        self.keep(line, cut);
    }

    /// Keeps of the lines that were taken so far those that decide.
    fn thin(&mut self) {
        for line in std::mem::take(&mut self.file.lines) {
            self.keep(line, false);
        }
    }

    fn keep(&mut self, line: Line, cut: bool) {
        let Some((key, _)) = line.setting().filter(|(key, _)| (self.wanted)(key)) else { return };
        if cut || line.raw.len() > LINE_LIMIT {
            self.file.cut = true;
            return;
        }
        match self.few.get_mut(key) {
            Some((_, last)) => *last = Some(line),
            None => {
                self.few.insert(key.to_vec(), (line, None));
            }
        }
    }
}

impl EnvFile {
    /// Reads a file; there is no file that Go would refuse.
    pub fn parse(bytes: &[u8]) -> EnvFile {
        let mut reader = EnvReader::new(|_| true);
        reader.push(bytes);
        reader.finish(false)
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

    /// `A=1`, a megabyte of comment, and what follows.
    fn long(end: &[u8]) -> Vec<u8> {
        [b"A=1\nB=2\nA=3\n# ".as_slice(), &vec![b'x'; 1 << 20], b"\n", end].concat()
    }

    #[test]
    fn of_a_long_file_the_first_and_last_lines_are_kept() {
        let read = |end: &[u8], more: bool| {
            let mut reader = EnvReader::new(|key: &[u8]| key != b"C");
            for piece in long(end).chunks(1000) {
                reader.push(piece);
            }
            reader.finish(more)
        };
        let kept = |f: &EnvFile| f.lines.iter().map(|l| (l.number, l.raw.clone())).collect::<Vec<_>>();
        let line = |n: u64, text: &str| (n, text.as_bytes().to_vec());
        let f = read(b"A=4\nC=5\n\nA=6\nB=7", false);
        assert_eq!(kept(&f), [line(1, "A=1"), line(2, "B=2"), line(8, "A=6"), line(9, "B=7")]);
        assert!(!f.cut);
        assert_eq!(kept(&read(b"A=4\nA=5", true)).last(), Some(&line(5, "A=4")), "half a line is none");
        // A value that no process can be given.
        let huge = [b"A=".as_slice(), &vec![b'y'; LINE_LIMIT], b"\nB=7\n"].concat();
        let f = read(&huge, false);
        assert_eq!((kept(&f), f.cut), (vec![line(1, "A=1"), line(2, "B=2"), line(3, "A=3"), line(6, "B=7")], true));
        let f = read(&huge.strip_prefix(b"A").map(|rest| [b"C", rest].concat()).unwrap(), false);
        assert!(!f.cut, "nobody asks for that key");
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_file(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'='), Just(b'A'), any::<u8>()], 0..200), size in 1usize..20) {
            let mut reader = EnvReader::new(|_| true);
            for piece in bytes.chunks(size) {
                reader.push(piece);
            }
            prop_assert_eq!(reader.finish(false), EnvFile::parse(&bytes));
        }

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
