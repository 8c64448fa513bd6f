//! Reads commands.

use super::Dialect;
use super::ast::{Command, Kind};
use super::reader::Reader;

/// How deep constructs may nest: the parser calls itself for each level, and the stack of a thread is 2 MiB.
pub(super) const NEST: u32 = 100;

/// Why a text can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// A construct or a quote is not closed.
    Unfinished,
    /// Something stands where it may not.
    Unexpected,
    /// Nested deeper than is read here.
    TooDeep,
}

/// Words that a list ends at: those that close a construct.
type Ends<'e> = &'e [&'e [u8]];

/// Words that end a list wherever they stand in command position.
const CLOSING: [&[u8]; 9] = [b"then", b"else", b"elif", b"fi", b"do", b"done", b"esac", b"}", b"end"];

impl Reader<'_> {
    /// All commands up to the end of the text.
    pub(super) fn program(&mut self) -> Result<Vec<Command>, Syntax> {
        let mut out = Vec::new();
        while let Some(line) = self.complete_line()? {
            out.extend(line);
        }
        Ok(out)
    }

    /// The commands of the next line that has any, read on to where they are complete: what a shell reads before it runs
    /// anything. `None` at the end of the text.
    pub(super) fn complete_line(&mut self) -> Result<Option<Vec<Command>>, Syntax> {
        loop {
            self.blanks();
            match self.peek() {
                None => return Ok(None),
                Some(b'\n') => self.newline(),
                Some(_) => break,
            }
        }
        let mut out = Vec::new();
        loop {
            out.push(self.and_or()?);
            self.blanks();
            match self.peek() {
                Some(b';') if self.peek_at(1) != Some(b';') => {
                    self.bump();
                    self.blanks();
                    if matches!(self.peek(), None | Some(b'\n')) {
                        break;
                    }
                }
                Some(b'&') if self.peek_at(1) != Some(b'&') => {
                    self.background(&mut out);
                    self.blanks();
                    if matches!(self.peek(), None | Some(b'\n')) {
                        break;
                    }
                }
                None | Some(b'\n') => break,
                Some(_) => return Err(Syntax::Unexpected),
            }
        }
        if self.peek() == Some(b'\n') {
            self.newline();
        }
        Ok(Some(out))
    }

    fn background(&mut self, out: &mut Vec<Command>) {
        self.bump();
        if matches!(self.peek(), Some(b'!' | b'|')) && self.dialect == Dialect::Zsh {
            self.bump();
        }
        if let Some(last) = out.pop() {
            out.push(Command { line: last.line, kind: Kind::Background(Box::new(last)), redirects: Vec::new() });
        }
    }

    /// Goes over a newline and the here-documents behind it.
    fn newline(&mut self) {
        self.bump();
        for (end, strip) in std::mem::take(&mut self.heredocs) {
            while self.peek().is_some() {
                let rest = self.rest();
                let n = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let line = rest.get(..n).unwrap_or(&[]);
                let bare = if strip { line.trim_ascii_start() } else { line };
                let done = bare == end;
                self.skip(n + 1);
                if done {
                    break;
                }
            }
        }
    }

    /// Skips blanks, comments and newlines.
    pub(super) fn gaps(&mut self) {
        loop {
            self.blanks();
            if self.peek() != Some(b'\n') {
                return;
            }
            self.newline();
        }
    }

    /// The word of letters and such that stands here, without moving.
    fn here(&self) -> &[u8] {
        let rest = self.rest();
        let n = rest
            .iter()
            .take_while(|b| !matches!(b, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>'))
            .count();
        rest.get(..n).unwrap_or(&[])
    }

    pub(super) fn take_word(&mut self, word: &[u8]) -> bool {
        self.gaps();
        let there = self.here() == word;
        if there {
            self.skip(word.len());
        }
        there
    }

    pub(super) fn must(&mut self, word: &[u8]) -> Result<(), Syntax> {
        if self.take_word(word) {
            return Ok(());
        }
        Err(if self.peek().is_none() { Syntax::Unfinished } else { Syntax::Unexpected })
    }

    fn at_end_of_list(&self, ends: Ends<'_>) -> bool {
        let here = self.here();
        match self.peek() {
            None => true,
            Some(b')') => true,
            Some(b';') => true,
            Some(b'}') => ends.contains(&&b"}"[..]) || here == b"}",
            _ => ends.contains(&here) || (CLOSING.contains(&here) && (here != b"end" || ends.contains(&here))),
        }
    }

    /// Commands up to one of `ends`, which is not read.
    pub(super) fn list(&mut self, ends: Ends<'_>) -> Result<Vec<Command>, Syntax> {
        let mut out = Vec::new();
        loop {
            self.gaps();
            if self.at_end_of_list(ends) {
                break;
            }
            out.push(self.and_or()?);
            self.blanks();
            match self.peek() {
                Some(b';') if !matches!(self.peek_at(1), Some(b';' | b'&' | b'|')) => {
                    self.bump();
                }
                Some(b'&') if self.peek_at(1) != Some(b'&') => self.background(&mut out),
                Some(b'\n') => {}
                _ => {
                    self.gaps();
                    if !self.at_end_of_list(ends) {
                        return Err(Syntax::Unexpected);
                    }
                }
            }
        }
        let close = ends.iter().any(|e| self.starts(e)) || ends.is_empty();
        match (self.peek(), close) {
            (None, false) => Err(Syntax::Unfinished),
            (_, true) => Ok(out),
            _ => Err(Syntax::Unexpected),
        }
    }

    /// A list that may not be empty, but in zsh.
    fn body(&mut self, ends: Ends<'_>) -> Result<Vec<Command>, Syntax> {
        let out = self.list(ends)?;
        if out.is_empty() && self.dialect != Dialect::Zsh { Err(Syntax::Unexpected) } else { Ok(out) }
    }

    fn and_or(&mut self) -> Result<Command, Syntax> {
        self.deeper(|r| {
            let first = r.pipeline()?;
            let mut more = Vec::new();
            loop {
                r.blanks();
                let and = r.starts(b"&&");
                if !and && !r.starts(b"||") {
                    break;
                }
                r.skip(2);
                r.gaps();
                more.push((and, r.pipeline()?));
            }
            if more.is_empty() {
                return Ok(first);
            }
            Ok(Command { line: first.line, kind: Kind::AndOr(Box::new(first), more), redirects: Vec::new() })
        })
    }

    fn pipeline(&mut self) -> Result<Command, Syntax> {
        self.blanks();
        let line = self.line;
        let mut not = false;
        while self.here() == b"!" || (self.here() == b"time" && self.dialect != Dialect::Dash) || self.here() == b"coproc" {
            not ^= self.peek() == Some(b'!');
            self.skip(self.here().len());
            self.blanks();
        }
        let mut all = vec![self.command()?];
        loop {
            self.blanks();
            if self.peek() != Some(b'|') || self.peek_at(1) == Some(b'|') {
                break;
            }
            self.bump();
            if self.peek() == Some(b'&') {
                self.bump();
            }
            self.gaps();
            all.push(self.command()?);
        }
        let mut out = match all.pop() {
            Some(only) if all.is_empty() => only,
            Some(last) => {
                all.push(last);
                Command { line, kind: Kind::Pipeline(all), redirects: Vec::new() }
            }
            None => return Err(Syntax::Unexpected),
        };
        if not {
            out = Command { line, kind: Kind::Not(Box::new(out)), redirects: Vec::new() };
        }
        Ok(out)
    }

    fn command(&mut self) -> Result<Command, Syntax> {
        self.blanks();
        let line = self.line;
        let kind = match self.compound()? {
            Some(kind) => kind,
            // Where a list could end it was asked for them before; `end` is one of zsh's short forms alone.
            None if CLOSING.contains(&self.here()) && self.here() != b"end" => return Err(Syntax::Unexpected),
            None => return self.simple(),
        };
        let mut redirects = Vec::new();
        if !matches!(kind, Kind::Function(..)) {
            while let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
            }
        }
        Ok(Command { line, kind, redirects })
    }

    /// A command behind `f()` or a short form: with redirections.
    pub(super) fn one_command(&mut self) -> Result<Command, Syntax> {
        self.gaps();
        self.deeper(Reader::command)
    }

    /// A list between `do` and `done`, or `{` and `}` where the shell takes that.
    pub(super) fn do_body(&mut self) -> Result<Vec<Command>, Syntax> {
        self.gaps();
        if self.peek() == Some(b';') {
            self.bump();
            self.gaps();
        }
        if self.take_word(b"do") {
            let out = self.body(&[b"done"])?;
            self.must(b"done")?;
            return Ok(out);
        }
        if self.dialect != Dialect::Dash && self.peek() == Some(b'{') {
            return self.braces();
        }
        if self.dialect == Dialect::Zsh { Ok(vec![self.and_or()?]) } else { Err(Syntax::Unexpected) }
    }

    /// `{ … }`
    pub(super) fn braces(&mut self) -> Result<Vec<Command>, Syntax> {
        self.gaps();
        if self.bump() != Some(b'{') {
            return Err(Syntax::Unexpected);
        }
        let out = self.body(&[b"}"])?;
        self.gaps();
        if self.bump() == Some(b'}') { Ok(out) } else { Err(Syntax::Unfinished) }
    }

    pub(super) fn then_body(&mut self, ends: Ends<'_>) -> Result<Vec<Command>, Syntax> {
        self.must(b"then")?;
        self.body(ends)
    }

    pub(super) fn here_word(&self) -> Vec<u8> {
        self.here().to_vec()
    }
}
