//! Text to jobs. As fish does, a text is parsed whole before any of it runs, and one syntax error keeps all of it from running.

use std::rc::Rc;

use super::ast::{Conj, Decoration, Direction, Job, Kind, Link, List, Part, Redirection, Stmt, Word};

/// How deep blocks, substitutions and braces may nest: it bounds our stack. Init files nest some ten levels.
pub const NESTING: u32 = 48;

/// Why a text is not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syntax {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong, in a few words.
    pub what: &'static str,
    /// It is our limit, not fish's grammar.
    pub ours: bool,
}

/// A reader of fish's grammar.
pub(super) struct Parser<'a> {
    pub(super) src: &'a [u8],
    pub(super) pos: usize,
    pub(super) line: u32,
    pub(super) depth: u32,
    /// Whether `?` is a wildcard: until fish 4.0.
    pub(super) question: bool,
    loops: u32,
}

type Parsed<T> = Result<T, Syntax>;

/// The jobs of a text. `question`: whether `?` is a wildcard, as it was before fish 4.0.
pub fn parse(src: &[u8], question: bool) -> Result<List, Syntax> {
    let src = src.strip_prefix(b"\xef\xbb\xbf").unwrap_or(src);
    let mut parser = Parser { src, pos: 0, line: 1, depth: 0, question, loops: 0 };
    let list = parser.list()?;
    if parser.pos < parser.src.len() {
        return Err(parser.error(match parser.src.get(parser.pos) {
            Some(b')') => "a parenthesis closes nothing",
            _ => "`end`, `else` or `case` outside of its block",
        }));
    }
    Ok(list)
}

impl Parser<'_> {
    pub(super) fn error(&self, what: &'static str) -> Syntax {
        Syntax { line: self.line, what, ours: false }
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.src.get(self.pos.saturating_add(ahead)).copied()
    }

    pub(super) fn bump(&mut self) -> Option<u8> {
        let byte = self.peek(0)?;
        self.pos += 1;
        if byte == b'\n' {
            self.line = self.line.saturating_add(1);
        }
        Some(byte)
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        let found = self.src.get(self.pos..).is_some_and(|rest| rest.starts_with(text));
        if found {
            self.pos += text.len();
        }
        found
    }

    /// Blanks, continued lines and a comment.
    fn blanks(&mut self) {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b' ' | b'\t' | b'\r'), _) => self.pos += 1,
                (Some(b'\\'), Some(b'\n')) => {
                    self.bump();
                    self.bump();
                }
                (Some(b'#'), _) => {
                    while self.peek(0).is_some_and(|b| b != b'\n') {
                        self.pos += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn separators(&mut self) {
        loop {
            self.blanks();
            match self.peek(0) {
                Some(b'\n' | b';') => {
                    self.bump();
                }
                _ => return,
            }
        }
    }

    fn newlines(&mut self) {
        loop {
            self.blanks();
            if self.peek(0) != Some(b'\n') {
                return;
            }
            self.bump();
        }
    }

    /// The word that starts here, where it is plain.
    fn plain(&self) -> &[u8] {
        let rest = self.src.get(self.pos..).unwrap_or_default();
        let end = rest.iter().position(|b| b" \t\r\n;|&<>()".contains(b)).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn keyword(&mut self, word: &[u8]) -> bool {
        self.plain() == word && self.eat(word)
    }

    pub(super) fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= NESTING {
            return Err(Syntax { ours: true, ..self.error("nested deeper than we follow") });
        }
        self.depth += 1;
        let out = f(self);
        self.depth -= 1;
        out
    }

    /// Jobs up to the end, a closing parenthesis, or a word that belongs to the block around.
    pub(super) fn list(&mut self) -> Parsed<List> {
        let mut list = List::new();
        loop {
            self.separators();
            match self.peek(0) {
                None | Some(b')') => return Ok(list),
                _ if matches!(self.plain(), b"end" | b"else" | b"case") => return Ok(list),
                _ => list.push(self.conj()?),
            }
        }
    }

    fn conj(&mut self) -> Parsed<Conj> {
        let decorator = match self.plain() {
            b"and" => Some(Link::And),
            b"or" => Some(Link::Or),
            _ => None,
        };
        if decorator.is_some() {
            self.pos += self.plain().len();
            self.blanks();
        }
        let first = self.job()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let link = if self.eat(b"&&") {
                Link::And
            } else if self.eat(b"||") {
                Link::Or
            } else {
                break;
            };
            self.newlines();
            rest.push((link, self.job()?));
        }
        self.blanks();
        match self.peek(0) {
            None | Some(b'\n' | b';' | b')') => Ok(Conj { decorator, first, rest }),
            // A background job ends its statement; `end` and the like may follow a block at once.
            _ if first.background || rest.last().is_some_and(|(_, j)| j.background) => Ok(Conj { decorator, first, rest }),
            _ => Err(self.error("a job is not ended")),
        }
    }

    fn job(&mut self) -> Parsed<Job> {
        let mut job = Job { negated: false, background: false, stages: Vec::new() };
        loop {
            self.blanks();
            if self.keyword(b"not") || self.keyword(b"!") {
                job.negated = !job.negated;
            } else if !self.keyword(b"time") {
                break;
            }
        }
        loop {
            let mut stmt = self.stmt()?;
            self.blanks();
            let mut piped = false;
            if self.peek(0) == Some(b'|') && self.peek(1) != Some(b'|') {
                self.pos += 1;
                piped = true;
            } else if self.eat(b"&|") {
                piped = true;
            } else if self.eat(b"2>|") {
                stmt.pipes_errors = true;
                piped = true;
            } else if self.eat(b">|") || self.eat(b"1>|") {
                piped = true;
            } else if self.peek(0) == Some(b'&') && self.peek(1) != Some(b'&') {
                self.pos += 1;
                job.background = true;
            }
            job.stages.push(stmt);
            if !piped {
                return Ok(job);
            }
            self.newlines();
            while self.keyword(b"not") || self.keyword(b"!") {
                job.negated = !job.negated;
                self.blanks();
            }
        }
    }

    fn stmt(&mut self) -> Parsed<Stmt> {
        let line = self.line;
        let mut assignments = Vec::new();
        while let Some(name) = self.assigned() {
            self.pos += name.len() + 1;
            let value = if self.at_word_end() { Word { line, parts: vec![Part::Text(Vec::new())] } } else { self.word()? };
            assignments.push((name, value));
            self.blanks();
        }
        if self.at_word_end() {
            let what = if assignments.is_empty() { "a command is missing" } else { "`NAME=value` without a command" };
            return Err(self.error(what));
        }
        let start = self.pos;
        let block = self.plain().to_vec();
        if matches!(&block[..], b"begin" | b"if" | b"while" | b"for" | b"function" | b"switch") {
            self.pos += block.len();
            self.blanks();
            if matches!(self.plain(), b"-h" | b"--help") {
                self.pos = start;
            } else {
                let kind = self.deeper(|p| p.block(&block))?;
                if !self.keyword(b"end") {
                    return Err(self.error("a block is not closed by `end`"));
                }
                let (extra, redirections) = self.arguments()?;
                if !extra.is_empty() {
                    return Err(self.error("`end` takes no argument"));
                }
                return Ok(Stmt { line, assignments, kind, redirections, pipes_errors: false });
            }
        }
        let mut decoration = match &block[..] {
            b"command" => Decoration::Command,
            b"builtin" => Decoration::Builtin,
            b"exec" => Decoration::Exec,
            _ => Decoration::None,
        };
        if decoration != Decoration::None {
            self.pos += block.len();
            self.blanks();
            if self.at_word_end() || self.peek(0) == Some(b'-') {
                self.pos = start;
                decoration = Decoration::None;
            }
        }
        if matches!(self.plain(), b"break" | b"continue") && self.loops == 0 {
            return Err(self.error("`break` or `continue` outside of a loop"));
        }
        let (words, redirections) = self.arguments()?;
        if words.is_empty() {
            return Err(self.error("a command is missing"));
        }
        Ok(Stmt { line, assignments, kind: Kind::Command { decoration, words }, redirections, pipes_errors: false })
    }

    /// The name in `NAME=value`, if that stands here.
    fn assigned(&self) -> Option<Vec<u8>> {
        let rest = self.src.get(self.pos..)?;
        let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))?;
        (end > 0 && rest.get(end) == Some(&b'=')).then(|| rest.get(..end).unwrap_or_default().to_vec())
    }

    fn body(&mut self, in_loop: bool) -> Parsed<List> {
        self.loops += u32::from(in_loop);
        let list = self.list();
        self.loops -= u32::from(in_loop);
        list
    }

    /// The condition of `if` and `while`: a job, and those after it that begin with `and` or `or`.
    fn condition(&mut self) -> Parsed<List> {
        self.separators();
        let mut list = vec![self.conj()?];
        loop {
            self.separators();
            if !matches!(self.plain(), b"and" | b"or") {
                return Ok(list);
            }
            list.push(self.conj()?);
        }
    }

    fn block(&mut self, word: &[u8]) -> Parsed<Kind> {
        match word {
            b"begin" => Ok(Kind::Begin(self.body(false)?)),
            b"while" => {
                let condition = self.condition()?;
                Ok(Kind::While { condition, body: self.body(true)? })
            }
            b"for" => {
                let name = self.word()?;
                self.blanks();
                if !self.keyword(b"in") {
                    return Err(self.error("`for` without `in`"));
                }
                let (items, redirections) = self.arguments()?;
                if !redirections.is_empty() {
                    return Err(self.error("`for` with a redirection"));
                }
                Ok(Kind::For { name, items, body: self.body(true)? })
            }
            b"function" => {
                let (words, redirections) = self.arguments()?;
                if words.is_empty() || !redirections.is_empty() {
                    return Err(self.error("`function` without a name"));
                }
                let loops = std::mem::take(&mut self.loops);
                let body = self.body(false);
                self.loops = loops;
                Ok(Kind::Function { words, body: Rc::new(body?) })
            }
            b"switch" => {
                let on = self.word()?;
                let mut cases = Vec::new();
                loop {
                    self.separators();
                    if !self.keyword(b"case") {
                        break;
                    }
                    let (words, redirections) = self.arguments()?;
                    if !redirections.is_empty() {
                        return Err(self.error("`case` with a redirection"));
                    }
                    cases.push((words, self.body(false)?));
                }
                Ok(Kind::Switch { on, cases })
            }
            _ => {
                let mut arms = Vec::new();
                let mut otherwise = List::new();
                let condition = self.condition()?;
                arms.push((condition, self.body(false)?));
                while self.keyword(b"else") {
                    self.blanks();
                    if self.keyword(b"if") {
                        let condition = self.condition()?;
                        arms.push((condition, self.body(false)?));
                    } else {
                        otherwise = self.body(false)?;
                        break;
                    }
                }
                Ok(Kind::If { arms, otherwise })
            }
        }
    }

    /// Whether no word starts here.
    fn at_word_end(&self) -> bool {
        matches!(self.peek(0), None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|' | b')' | b'<' | b'>' | b'&'))
    }

    /// Words and redirections up to the end of a command.
    fn arguments(&mut self) -> Parsed<(Vec<Word>, Vec<Redirection>)> {
        let (mut words, mut redirections) = (Vec::new(), Vec::new());
        loop {
            self.blanks();
            if let Some(redirection) = self.redirection()? {
                redirections.push(redirection);
                continue;
            }
            if self.at_word_end() || self.pipe_ahead() {
                return Ok((words, redirections));
            }
            words.push(self.word()?);
        }
    }

    fn pipe_ahead(&self) -> bool {
        let rest = self.src.get(self.pos..).unwrap_or_default();
        rest.starts_with(b"2>|") || rest.starts_with(b"1>|")
    }

    fn redirection(&mut self) -> Parsed<Option<Redirection>> {
        let start = self.pos;
        let mut both = false;
        let mut fd = None;
        if self.peek(0) == Some(b'&') && self.peek(1) == Some(b'>') {
            self.pos += 1;
            both = true;
        } else {
            while let Some(digit @ b'0'..=b'9') = self.peek(0) {
                fd = Some(fd.unwrap_or(0u32).saturating_mul(10).saturating_add(u32::from(digit - b'0')));
                self.pos += 1;
            }
        }
        let direction = match (self.peek(0), self.peek(1)) {
            (Some(b'>'), Some(b'|')) => None,
            (Some(b'>'), _) => Some(Direction::Out),
            (Some(b'<'), _) => Some(Direction::In),
            _ => None,
        };
        let Some(mut direction) = direction else {
            self.pos = start;
            return Ok(None);
        };
        self.pos += 1;
        let fd = fd.unwrap_or(u32::from(direction == Direction::Out));
        if direction == Direction::Out {
            let _ = self.eat(b">");
            let _ = self.eat(b"?");
        }
        if self.peek(0) == Some(b'&') {
            self.pos += 1;
            direction = Direction::Copy;
        }
        self.blanks();
        if self.at_word_end() {
            return Err(self.error("a redirection without a target"));
        }
        let target = self.word()?;
        Ok(Some(Redirection { fd, direction, target, both }))
    }
}
