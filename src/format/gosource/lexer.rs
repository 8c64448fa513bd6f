//! The tokens of a Go file's header (go/scanner), and where a `//line` comment says that they stand (go/token).

use memchr::{memchr, memmem};

/// What a token is, as far as package clause and imports need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Package,
    Import,
    /// Another word that Go keeps for itself.
    Keyword,
    Ident,
    String,
    LeftParen,
    RightParen,
    RightBrace,
    Period,
    /// A line's end that stands for one, or `;`.
    Semicolon,
    Comment,
    /// Anything else.
    Other,
    End,
}

/// A token: bytes `start..end` of the header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// From 1, whatever a `//line` comment says.
    pub line: u32,
    /// Offset of the first byte of that line.
    pub line_start: usize,
}

/// A place in a file (go/token: `Position`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The path that a `//line` comment gives; `None` for the file itself.
    pub file: Option<Vec<u8>>,
    /// From 0, in bytes, without a byte order mark.
    pub offset: usize,
    /// From 1.
    pub line: u32,
    /// From 1, in bytes; 0 where a `//line` comment leaves it open.
    pub column: u32,
}

/// The largest line or column that a `//line` comment may give (go/scanner: `maxLineCol`).
const MAX_LINE: u64 = 1 << 30;

/// What one `//line` comment says of all that follows.
#[derive(Debug)]
struct LineInfo {
    /// Where what follows begins, and its true line.
    offset: usize,
    true_line: u32,
    file: Option<Vec<u8>>,
    line: u32,
    column: u32,
}

/// The `//line` comments of a file that were met.
#[derive(Debug, Default)]
pub(super) struct LineInfos(Vec<LineInfo>);

impl LineInfos {
    fn at(&self, offset: usize) -> Option<&LineInfo> {
        self.0.iter().rev().find(|i| i.offset <= offset)
    }

    /// The line that is told for a true one (go/token: `File.unpack`).
    pub(super) fn line(&self, offset: usize, line: u32) -> u32 {
        self.at(offset).map_or(line, |i| i.line.wrapping_add(line.wrapping_sub(i.true_line)))
    }

    /// The place that is told for a true one.
    pub(super) fn place(&self, offset: usize, line: u32, line_start: usize) -> Place {
        let column = |from: usize, at: u32| at.saturating_add(u32::try_from(offset - from.min(offset)).unwrap_or(u32::MAX));
        let Some(info) = self.at(offset) else {
            return Place { file: None, offset, line, column: column(line_start, 1) };
        };
        let column = match (info.column, line == info.true_line) {
            (0, _) => 0,
            (at, true) => column(info.offset, at),
            (_, false) => column(line_start, 1),
        };
        Place { file: info.file.clone(), offset, line: self.line(offset, line), column }
    }

    /// Takes a comment, without its carriage returns at the end; `next`: offset and true line of what follows it, and the size of
    /// the file. `false`: Go calls it malformed (go/scanner: `updateLineInfo`).
    pub(super) fn comment(&mut self, text: &[u8], offset: usize, next: (usize, u32, usize), dir: &[u8]) -> bool {
        let inner = if text.starts_with(b"/*") { text.get(7..text.len().saturating_sub(2)) } else { text.get(7..) };
        let text = inner.unwrap_or(&[]);
        let Some((rest, number)) = last_number(text) else { return true };
        let Some(n) = number else { return false };
        let (mut file, mut line, mut column, mut with_column) = (rest, n, 0, false);
        if let Some((rest, Some(first))) = last_number(rest) {
            if n == 0 || n > MAX_LINE {
                return false;
            }
            (file, line, column, with_column) = (rest, first, n, true);
        }
        if line == 0 || line > MAX_LINE {
            return false;
        }
        let file = match file {
            b"" if with_column => self.at(offset + 7).and_then(|i| i.file.clone()),
            b"" => Some(Vec::new()),
            name if name.starts_with(b"/") => Some(clean(name)),
            name => Some(clean(&[dir, b"/", name].concat())),
        };
        let (offset, true_line, size) = next;
        // go/token: `AddLineColumnInfo`.
        if offset < size && self.0.last().is_none_or(|i| i.offset < offset) {
            let word = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            self.0.push(LineInfo { offset, true_line, file, line: word(line), column: word(column) });
        }
        true
    }
}

/// What stands before the last colon and the number behind it. `None`: there is no colon.
fn last_number(text: &[u8]) -> Option<(&[u8], Option<u64>)> {
    let at = memchr::memrchr(b':', text)?;
    let digits = text.get(at + 1..).filter(|d| !d.is_empty() && d.iter().all(u8::is_ascii_digit));
    let number = digits.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| d.parse().ok());
    Some((text.get(..at).unwrap_or(&[]), number))
}

/// A slash-separated path without `.`, `..` and doubled slashes, as path/filepath's `Clean`.
pub fn clean(path: &[u8]) -> Vec<u8> {
    let absolute = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|p| *p != b"..") => {
                parts.pop();
            }
            b".." if absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (absolute, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

/// Whether a comment that begins at `start` of a line that begins at `line_start` is a `//line` comment.
pub(super) fn is_line_comment(text: &[u8], start: usize, line_start: usize) -> bool {
    text.get(2..).is_some_and(|t| t.starts_with(b"line ")) && (text.starts_with(b"/*") || start == line_start)
}

/// Reads tokens one after the other.
pub(super) struct Lexer<'a> {
    pub bytes: &'a [u8],
    /// Directory of the file, absolute, for the names in `//line` comments.
    dir: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    /// Whether the end of the line stands for a semicolon.
    ends: bool,
    /// A semicolon that follows a comment over a line's end: where that is.
    pending: Option<(usize, u32, usize)>,
    pub infos: LineInfos,
    /// Go reports an error.
    pub failed: bool,
    /// Something was met that is not told apart here as Go does.
    pub unsure: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8], dir: &'a [u8]) -> Lexer<'a> {
        let at = bytes.len() - super::reader::without_mark(bytes).len();
        let infos = LineInfos::default();
        Lexer { bytes, dir, at, line: 1, line_start: 0, ends: false, pending: None, infos, failed: false, unsure: false }
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    /// All that was looked at, with the character behind it.
    pub(super) fn seen(&self) -> &'a [u8] {
        self.bytes.get(..self.at).unwrap_or(self.bytes)
    }

    fn newline(&mut self) {
        self.line += 1;
        self.line_start = self.at;
    }

    /// Goes to `to` over text that may hold ends of lines; gives the place of the first of them.
    fn pass(&mut self, to: usize) -> Option<(usize, u32, usize)> {
        let mut first = None;
        while let Some(n) = self.bytes.get(self.at..to).and_then(|text| memchr(b'\n', text)) {
            first = first.or(Some((self.at + n, self.line, self.line_start)));
            self.at += n + 1;
            self.newline();
        }
        self.at = to;
        first
    }

    pub(super) fn scan(&mut self) -> Token {
        if let Some((at, line, line_start)) = self.pending.take() {
            return Token { kind: Kind::Semicolon, start: at, end: at, line, line_start };
        }
        while let Some(c) = self.byte() {
            match c {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' if !self.ends => {
                    self.at += 1;
                    self.newline();
                }
                _ => break,
            }
        }
        let (start, line, line_start) = (self.at, self.line, self.line_start);
        let kind = self.kind();
        Token { kind, start, end: self.at, line, line_start }
    }

    fn kind(&mut self) -> Kind {
        let start = self.at;
        let Some(c) = self.byte() else {
            return if std::mem::take(&mut self.ends) { Kind::Semicolon } else { Kind::End };
        };
        if c == b'_' || c.is_ascii_alphabetic() || c >= 0x80 {
            while self.byte().is_some_and(|c| c == b'_' || c.is_ascii_alphanumeric() || c >= 0x80) {
                self.at += 1;
            }
            let word = self.bytes.get(start..self.at).unwrap_or(&[]);
            self.unsure |= !word.is_ascii();
            let kind = keyword(word);
            self.ends = kind == Kind::Ident;
            return kind;
        }
        self.at += 1;
        let ends = std::mem::take(&mut self.ends);
        match c {
            b'\n' => {
                self.newline();
                Kind::Semicolon
            }
            b';' => Kind::Semicolon,
            b'"' => self.string(),
            b'`' => self.raw_string(),
            b'(' => Kind::LeftParen,
            b')' => {
                self.ends = true;
                Kind::RightParen
            }
            b'}' => {
                self.ends = true;
                Kind::RightBrace
            }
            b'.' if self.byte().is_none_or(|c| c != b'.' && !c.is_ascii_digit()) => Kind::Period,
            b'/' if matches!(self.byte(), Some(b'/' | b'*')) => {
                self.ends = ends;
                self.comment(start);
                Kind::Comment
            }
            _ => Kind::Other,
        }
    }

    fn string(&mut self) -> Kind {
        self.ends = true;
        loop {
            match self.byte() {
                None | Some(b'\n') => {
                    self.failed = true;
                    return Kind::String;
                }
                Some(b'"') => {
                    self.at += 1;
                    return Kind::String;
                }
                Some(b'\\') => {
                    self.unsure = true;
                    self.at += 1;
                    if matches!(self.byte(), Some(b'"' | b'\\')) {
                        self.at += 1;
                    }
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn raw_string(&mut self) -> Kind {
        self.ends = true;
        let text = self.rest();
        let end = memchr(b'`', text);
        self.failed |= end.is_none();
        self.unsure |= text.get(..end.unwrap_or(0)).is_some_and(|t| t.contains(&b'\r'));
        let _ = self.pass(self.at + end.map_or(text.len(), |n| n + 1));
        Kind::String
    }

    /// A comment that began at `start`; its second byte is next.
    fn comment(&mut self, start: usize) {
        let line_start = self.line_start;
        if self.byte() == Some(b'/') {
            self.at += memchr(b'\n', self.rest()).unwrap_or(self.rest().len());
            let text = self.bytes.get(start..self.at).unwrap_or(&[]);
            if is_line_comment(text, start, line_start) {
                let next = (self.at + usize::from(self.byte().is_some()), self.line + 1);
                self.line_comment(text.strip_suffix(b"\r").unwrap_or(text), start, next);
            }
            return;
        }
        self.at += 1;
        let Some(n) = memmem::find(self.rest(), b"*/") else {
            self.failed = true;
            let _ = self.pass(self.bytes.len());
            return;
        };
        let first = self.pass(self.at + n + 2);
        if let (true, Some(place)) = (self.ends, first) {
            self.pending = Some(place);
            self.ends = false;
        }
        let text = self.bytes.get(start..self.at).unwrap_or(&[]);
        if is_line_comment(text, start, line_start) {
            self.line_comment(text, start, (self.at, self.line));
        }
    }

    fn line_comment(&mut self, text: &[u8], start: usize, (offset, line): (usize, u32)) {
        self.failed |= !self.infos.comment(text, start, (offset, line, self.bytes.len()), self.dir);
    }
}

/// go/token: `Lookup`.
fn keyword(word: &[u8]) -> Kind {
    match word {
        b"package" => Kind::Package,
        b"import" => Kind::Import,
        b"break" | b"case" | b"chan" | b"const" | b"continue" | b"default" | b"defer" | b"else" | b"fallthrough" | b"for"
        | b"func" | b"go" | b"goto" | b"if" | b"interface" | b"map" | b"range" | b"return" | b"select" | b"struct"
        | b"switch" | b"type" | b"var" => Kind::Keyword,
        _ => Kind::Ident,
    }
}
