//! Package clause and imports of a header (go/parser with `ImportsOnly | ParseComments`).

use std::ops::Range;

use super::Dialect;
use super::lexer::{Kind, Lexer, LineInfos, Token};

/// An import.
#[derive(Debug)]
pub(super) struct Import<'a> {
    /// Its path, without quotes.
    pub path: &'a [u8],
    /// Where it begins: at its name, if it has one.
    pub at: Token,
    /// The comments above it.
    pub doc: Range<usize>,
}

/// What a header holds.
#[derive(Debug)]
pub(super) struct Parsed<'a> {
    /// Why all that follows the package clause, or the clause too, is not to be told.
    pub trouble: Option<Trouble>,
    /// Empty where the clause could not be read.
    pub package: &'a [u8],
    /// Offset of the package clause.
    pub clause: usize,
    /// The comments above the package clause.
    pub doc: Range<usize>,
    pub imports: Vec<Import<'a>>,
    /// Every comment.
    pub comments: Vec<Token>,
    pub infos: LineInfos,
}

/// Why there is nothing to be told of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Go reports a syntax error.
    Syntax,
    /// It holds what is not told apart here as Go does.
    Unsure,
}

/// Parses a header. `dir`: directory of the file, absolute.
pub(super) fn parse<'a>(bytes: &'a [u8], dir: &'a [u8], dialect: Dialect) -> Parsed<'a> {
    let lexer = Lexer::new(bytes, dir);
    let start = Token { kind: Kind::Other, start: 0, end: 0, line: 0, line_start: 0 };
    let (imports, comments) = (Vec::new(), Vec::new());
    let mut parser = Parser { lexer, token: start, above: 0..0, package: b"", clause: 0, doc: 0..0, imports, comments, dialect };
    let mut trouble = parser.file().err();
    let lexer = &parser.lexer;
    if lexer.failed || !is_text(lexer.seen()) {
        trouble = Some(Trouble::Syntax);
    } else if lexer.unsure || bytes.get(lexer.seen().len()).is_some_and(|c| !c.is_ascii()) {
        // What the parser has looked at, and the one character behind that.
        trouble = trouble.or(Some(Trouble::Unsure));
    }
    let Parser { lexer, package, clause, doc, imports, comments, .. } = parser;
    Parsed { trouble, package, clause, doc, imports, comments, infos: lexer.infos }
}

/// Whether the scanner takes every character.
fn is_text(bytes: &[u8]) -> bool {
    if bytes.contains(&0) {
        return false;
    }
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok_and(|t| !t.char_indices().any(|(at, c)| c == '\u{feff}' && at > 0))
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    /// The comments directly above the token.
    above: Range<usize>,
    package: &'a [u8],
    clause: usize,
    doc: Range<usize>,
    imports: Vec<Import<'a>>,
    comments: Vec<Token>,
    dialect: Dialect,
}

impl<'a> Parser<'a> {
    fn file(&mut self) -> Result<(), Trouble> {
        self.next();
        let doc = self.above.clone();
        self.clause = self.token.start;
        self.expect(Kind::Package)?;
        let package = self.text(self.token);
        self.expect(Kind::Ident)?;
        self.semicolon()?;
        (self.package, self.doc) = (package, doc);
        while self.token.kind == Kind::Import {
            let doc = self.above.clone();
            self.next();
            if self.token.kind != Kind::LeftParen {
                let import = self.import(doc)?;
                self.imports.push(import);
                continue;
            }
            self.next();
            let first = self.imports.len();
            while !matches!(self.token.kind, Kind::RightParen | Kind::End) {
                let above = self.above.clone();
                let import = self.import(above)?;
                self.imports.push(import);
            }
            self.expect(Kind::RightParen)?;
            self.semicolon()?;
            // A lone import has the comments above its block where it has none of its own.
            if let [only] = self.imports.get_mut(first..).unwrap_or(&mut [])
                && only.doc.is_empty()
            {
                only.doc = doc;
            }
        }
        match self.token.kind {
            Kind::Other | Kind::String => Err(Trouble::Unsure),
            _ => Ok(()),
        }
    }

    fn text(&self, token: Token) -> &'a [u8] {
        self.lexer.bytes.get(token.start..token.end).unwrap_or(&[])
    }

    fn expect(&mut self, kind: Kind) -> Result<(), Trouble> {
        if self.token.kind != kind {
            return Err(Trouble::Syntax);
        }
        self.next();
        Ok(())
    }

    fn semicolon(&mut self) -> Result<(), Trouble> {
        match self.token.kind {
            Kind::RightParen | Kind::RightBrace => Ok(()),
            _ => self.expect(Kind::Semicolon),
        }
    }

    fn import(&mut self, doc: Range<usize>) -> Result<Import<'a>, Trouble> {
        let at = self.token;
        if matches!(at.kind, Kind::Ident | Kind::Period) {
            self.next();
        }
        let path = self.text(self.token);
        self.expect(Kind::String)?;
        self.semicolon()?;
        let path = path.get(1..path.len().saturating_sub(1)).unwrap_or(&[]);
        Ok(Import { path, at, doc })
    }

    fn line(&self, token: Token) -> u32 {
        if self.dialect.adjusted_lines { self.lexer.infos.line(token.start, token.line) } else { token.line }
    }

    /// The next token that is no comment.
    fn next(&mut self) {
        self.above = 0..0;
        // Before the first token Go's parser stands on line 0.
        let last = if self.token.line == 0 { 0 } else { self.line(self.token) };
        self.token = self.lexer.scan();
        if self.token.kind != Kind::Comment {
            return;
        }
        if self.line(self.token) == last {
            self.group(0);
        }
        let mut group = None;
        while self.token.kind == Kind::Comment {
            group = Some(self.group(1));
        }
        if let Some((comments, end)) = group
            && end.wrapping_add(1) == self.line(self.token)
        {
            self.above = comments;
        }
    }

    /// Comments with at most `gap` line ends between one and the next; the line on which the last one ends.
    fn group(&mut self, gap: u32) -> (Range<usize>, u32) {
        let first = self.comments.len();
        let mut end = self.line(self.token);
        while self.token.kind == Kind::Comment && self.line(self.token) <= end.saturating_add(gap) {
            let inner = self.text(self.token);
            let lines = if inner.starts_with(b"/*") { memchr::memchr_iter(b'\n', inner).count() } else { 0 };
            end = self.line(self.token).saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            self.comments.push(self.token);
            self.token = self.lexer.scan();
        }
        (first..self.comments.len(), end)
    }
}
