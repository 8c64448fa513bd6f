//! How far Go reads a source file for its index: to the end of the imports, or of the first comments
//! (cmd/go/internal/modindex/build_read.go: `importReader`).

use memchr::{memchr, memchr2, memmem};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Why reading stopped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Syntax,
    Nul,
}

/// What was cut out of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut<'a> {
    /// All up to the end of the imports.
    Header(&'a [u8]),
    /// The whole file, since it could not be told where the imports end.
    Whole(&'a [u8]),
    /// Go reports the file as unreadable.
    Unreadable,
}

/// The file without the byte order mark that it may begin with.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BOM).unwrap_or(bytes)
}

/// The header of a Go file. `strict`: a NUL anywhere in what could not be told apart makes it unreadable, as before Go 1.26.
pub(super) fn go_header(bytes: &[u8], strict: bool) -> Cut<'_> {
    let bytes = without_mark(bytes);
    let mut reader = Reader::new(bytes);
    reader.keyword(b"package");
    reader.ident();
    while reader.peek(true) == b'i' {
        reader.keyword(b"import");
        if reader.peek(true) == b'(' {
            reader.next(false);
            while reader.peek(true) != b')' && reader.stop.is_none() {
                reader.import();
            }
            reader.next(false);
        } else {
            reader.import();
        }
    }
    match reader.stop {
        Some(Stop::Nul) => Cut::Unreadable,
        Some(Stop::Syntax) if strict && memchr(0, reader.rest()).is_some() => Cut::Unreadable,
        Some(Stop::Syntax) => Cut::Whole(bytes),
        None => Cut::Header(reader.read()),
    }
}

/// The comments at the start of another file.
pub(super) fn comments(bytes: &[u8]) -> Cut<'_> {
    let mut reader = Reader::new(without_mark(bytes));
    reader.peek(true);
    if reader.stop.is_some() { Cut::Unreadable } else { Cut::Header(reader.read()) }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// A byte that was read and not used; 0 for none.
    held: u8,
    stop: Option<Stop>,
    eof: bool,
}

fn is_ident(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c >= 0x80
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0, held: 0, stop: None, eof: false }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    /// What was read, without the byte that told that this is the end.
    fn read(&self) -> &'a [u8] {
        let end = if self.eof { self.at } else { self.at.saturating_sub(1) };
        self.bytes.get(..end).unwrap_or(&[])
    }

    fn syntax(&mut self) {
        self.stop = self.stop.or(Some(Stop::Syntax));
    }

    fn byte(&mut self) -> u8 {
        match self.bytes.get(self.at) {
            Some(c) => {
                self.at += 1;
                if *c == 0 {
                    self.stop = self.stop.or(Some(Stop::Nul));
                }
                *c
            }
            None => {
                self.eof = true;
                0
            }
        }
    }

    fn peek(&mut self, skip_space: bool) -> u8 {
        if self.stop.is_some() {
            return 0;
        }
        let mut c = self.held;
        if c == 0 {
            c = self.byte();
        }
        while skip_space && self.stop.is_none() && !self.eof {
            match c {
                b' ' | 0x0c | b'\t' | b'\r' | b'\n' | b';' => c = self.byte(),
                b'/' => {
                    match self.byte() {
                        b'/' => self.line_comment(),
                        b'*' => self.block_comment(),
                        _ => self.syntax(),
                    }
                    c = self.byte();
                }
                _ => break,
            }
        }
        self.held = c;
        c
    }

    /// To the end of the line.
    fn line_comment(&mut self) {
        match memchr2(b'\n', 0, self.rest()) {
            Some(n) => {
                self.at += n;
                self.byte();
            }
            None => {
                self.at = self.bytes.len();
                self.eof = true;
            }
        }
    }

    /// To the end of the comment.
    fn block_comment(&mut self) {
        let end = memmem::find(self.rest(), b"*/");
        let inside = end.and_then(|n| self.rest().get(..n)).unwrap_or(self.rest());
        if let Some(n) = memchr(0, inside) {
            self.at += n;
            self.byte();
        } else if let Some(n) = end {
            self.at += n + 2;
        } else {
            self.at = self.bytes.len();
            self.eof = true;
            self.syntax();
        }
    }

    fn next(&mut self, skip_space: bool) -> u8 {
        let c = self.peek(skip_space);
        self.held = 0;
        c
    }

    fn keyword(&mut self, word: &[u8]) {
        self.peek(true);
        for want in word {
            if self.next(false) != *want {
                return self.syntax();
            }
        }
        if is_ident(self.peek(false)) {
            self.syntax();
        }
    }

    fn ident(&mut self) {
        if !is_ident(self.peek(true)) {
            return self.syntax();
        }
        while is_ident(self.peek(false)) {
            self.held = 0;
        }
    }

    fn import(&mut self) {
        let c = self.peek(true);
        if c == b'.' {
            self.held = 0;
        } else if is_ident(c) {
            self.ident();
        }
        self.string();
    }

    fn string(&mut self) {
        match self.next(true) {
            b'`' => {
                while self.stop.is_none() && self.next(false) != b'`' {
                    if self.eof {
                        self.syntax();
                    }
                }
            }
            b'"' => {
                while self.stop.is_none() {
                    let c = self.next(false);
                    if c == b'"' {
                        break;
                    }
                    if self.eof || c == b'\n' {
                        self.syntax();
                    }
                    if c == b'\\' {
                        self.next(false);
                    }
                }
            }
            _ => self.syntax(),
        }
    }
}
