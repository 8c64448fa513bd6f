//! Reads `$x` and `${…}`.

use super::Dialect;
use super::ast::{Op, Param, Part, Prefix, Subject, Word};
use super::parser::Syntax;
use super::reader::{Reader, Until, name_byte, name_start};

/// Parameters of one byte.
fn special(b: u8) -> bool {
    matches!(b, b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!')
}

fn param(subject: Subject) -> Param {
    Param { flags: Vec::new(), prefix: Prefix::None, marks: Vec::new(), subject, index: None, op: Op::None }
}

impl Reader<'_> {
    fn name(&mut self) -> Vec<u8> {
        let from = self.pos;
        while self.peek().is_some_and(name_byte) {
            self.pos += 1;
        }
        self.src.get(from..self.pos).unwrap_or(&[]).to_vec()
    }

    /// `$x`, without braces; `None` where the `$` stands for itself.
    pub(super) fn unbraced(&mut self, quoted: bool) -> Result<Option<Part>, Syntax> {
        let zsh = self.dialect == Dialect::Zsh;
        let mut p = param(Subject::Name(Vec::new()));
        let from = self.pos;
        self.bump();
        if zsh {
            while let Some(mark @ (b'^' | b'=' | b'~')) = self.peek() {
                let next = self.peek_at(1);
                if !next.is_some_and(|b| name_start(b) || matches!(b, b'^' | b'=' | b'~' | b'{' | b'@' | b'*' | b'(')) {
                    break;
                }
                p.marks.push(mark);
                self.bump();
            }
            match (self.peek(), self.peek_at(1)) {
                (Some(b'+'), Some(next)) if name_start(next) => {
                    p.prefix = Prefix::IsSet;
                    self.bump();
                }
                (Some(b'#'), Some(next)) if name_start(next) || next == b'@' || next == b'*' => {
                    p.prefix = Prefix::Length;
                    self.bump();
                }
                (Some(b'{'), _) if !p.marks.is_empty() => {
                    // `$^{x}`: as `${^x}`.
                    self.pos -= 1;
                    if let Part::Param(mut inner) = self.braced(quoted)? {
                        inner.marks.extend(p.marks);
                        return Ok(Some(Part::Param(inner)));
                    }
                    return Ok(Some(Part::Unknown));
                }
                _ => {}
            }
        }
        let name = match self.peek() {
            Some(b) if name_start(b) => self.name(),
            Some(b) if b.is_ascii_digit() || special(b) => {
                self.bump();
                vec![b]
            }
            _ => {
                self.pos = from;
                return Ok(None);
            }
        };
        p.subject = Subject::Name(name);
        if zsh && self.peek() == Some(b'[') && self.peek_at(1) != Some(b']') {
            let (pos, line) = (self.pos, self.line);
            self.bump();
            let index = self.word(Until::Bracket, quoted)?;
            if self.peek() == Some(b']') && !index.parts.is_empty() {
                self.bump();
                p.index = Some(index);
            } else {
                self.again(pos, line)?;
            }
        }
        if zsh && self.peek() == Some(b':') && p.prefix == Prefix::None {
            let letters = self.modifiers();
            if !letters.is_empty() {
                p.op = Op::Modifiers(letters);
            }
        }
        Ok(Some(Part::Param(Box::new(p))))
    }

    /// `:h:t` and so on, as far as they are known.
    fn modifiers(&mut self) -> Vec<u8> {
        let mut letters = Vec::new();
        while self.peek() == Some(b':') {
            match self.peek_at(1) {
                Some(b @ (b'h' | b't' | b'r' | b'e' | b'A' | b'a' | b'P' | b'l' | b'u' | b'q' | b'Q' | b'c'))
                    if !self.peek_at(2).is_some_and(name_byte) =>
                {
                    letters.push(b);
                    self.skip(2);
                }
                _ => break,
            }
        }
        letters
    }

    /// `${…}`. What is not understood is skipped and unknown.
    pub(super) fn braced(&mut self, quoted: bool) -> Result<Part, Syntax> {
        let zsh = self.dialect == Dialect::Zsh;
        self.skip(2);
        let (pos, line) = (self.pos, self.line);
        let mut p = param(Subject::Name(Vec::new()));
        if let Some(p) = self.braced_inner(&mut p, quoted, zsh)?
            && self.peek() == Some(b'}')
        {
            self.bump();
            return Ok(Part::Param(Box::new(p)));
        }
        (self.pos, self.line) = (pos, line);
        self.balanced(b'}')?;
        Ok(Part::Unknown)
    }

    fn braced_inner(&mut self, p: &mut Param, quoted: bool, zsh: bool) -> Result<Option<Param>, Syntax> {
        if zsh && self.peek() == Some(b'(') {
            self.bump();
            let from = self.pos;
            // A delimiter of `(s.:.)` may be a parenthesis no flag is: the first one ends the flags.
            while self.peek().is_some_and(|b| b != b')') {
                self.bump();
            }
            p.flags = self.src.get(from..self.pos).unwrap_or(&[]).to_vec();
            self.bump();
        }
        loop {
            match (self.peek(), self.peek_at(1)) {
                (Some(mark @ (b'^' | b'=' | b'~')), Some(next)) if zsh && next != b'}' => {
                    p.marks.push(mark);
                    self.bump();
                }
                (Some(b'+'), Some(next)) if zsh && (name_start(next)) => {
                    p.prefix = Prefix::IsSet;
                    self.bump();
                }
                (Some(b'#'), Some(next))
                    if name_byte(next) || matches!(next, b'@' | b'*' | b'?' | b'-' | b'!' | b'$') || (zsh && next == b'{') =>
                {
                    // `${#-x}` and `${#?}`: the length where the brace closes behind it.
                    if matches!(next, b'?' | b'-' | b'!' | b'$') && self.peek_at(2) != Some(b'}') {
                        break;
                    }
                    p.prefix = Prefix::Length;
                    self.bump();
                    break;
                }
                (Some(b'!'), Some(next))
                    if !zsh && self.dialect != Dialect::Dash && (name_byte(next) || next == b'#' || next == b'@') =>
                {
                    p.prefix = Prefix::Indirect;
                    self.bump();
                    break;
                }
                _ => break,
            }
        }
        match self.peek() {
            Some(b) if name_start(b) => p.subject = Subject::Name(self.name()),
            Some(b) if b.is_ascii_digit() => {
                let from = self.pos;
                while self.peek().is_some_and(|b| b.is_ascii_digit()) {
                    self.pos += 1;
                }
                p.subject = Subject::Name(self.src.get(from..self.pos).unwrap_or(&[]).to_vec());
            }
            Some(b'$' | b'"') if zsh && self.peek_at(1) != Some(b'}') => {
                let part = self.nested(quoted)?;
                p.subject = Subject::Nested(Word { parts: vec![part], line: self.line });
            }
            Some(b) if special(b) => {
                self.bump();
                p.subject = Subject::Name(vec![b]);
            }
            // `${(%):-%x}`
            Some(b':') if zsh => {}
            _ => return Ok(None),
        }
        if self.peek() == Some(b'[') && self.dialect != Dialect::Dash {
            self.bump();
            p.index = Some(self.word(Until::Bracket, quoted)?);
            if self.bump() != Some(b']') {
                return Ok(None);
            }
        }
        if p.prefix == Prefix::Indirect {
            let all = p.index.as_ref().and_then(Word::plain).is_some_and(|i| i == b"@" || i == b"*");
            if all || (matches!(self.peek(), Some(b'@' | b'*')) && self.peek_at(1) == Some(b'}')) {
                p.prefix = Prefix::Names;
                if !all {
                    self.bump();
                }
            }
        }
        p.op = self.operator(quoted, zsh)?;
        Ok(Some(p.clone()))
    }

    fn nested(&mut self, quoted: bool) -> Result<Part, Syntax> {
        if self.peek() == Some(b'"') {
            self.bump();
            let inner = self.word(Until::DoubleQuote, true)?;
            return if self.bump() == Some(b'"') { Ok(Part::Double(inner.parts)) } else { Err(Syntax::Unfinished) };
        }
        if self.peek_at(1) == Some(b'{') {
            return self.deeper(|r| r.braced(quoted));
        }
        let from = self.pos;
        let word = if self.peek_at(1) == Some(b'(') { self.dollar_part(quoted)? } else { self.unbraced(quoted)? };
        match word {
            Some(part) if self.pos > from => Ok(part),
            _ => Ok(Part::Unknown),
        }
    }

    fn operator(&mut self, quoted: bool, zsh: bool) -> Result<Op, Syntax> {
        let colon = self.peek() == Some(b':');
        let kind = if colon { self.peek_at(1) } else { self.peek() };
        let Some(kind) = kind else { return Ok(Op::Unknown) };
        if kind == b'}' && !colon {
            return Ok(Op::None);
        }
        if matches!(kind, b'-' | b'=' | b'?' | b'+') {
            self.skip(usize::from(colon) + 1);
            return Ok(Op::Default { kind, colon, word: self.word(Until::Brace, quoted)? });
        }
        if colon && zsh && kind == b'#' {
            self.skip(2);
            return Ok(Op::Without(self.word(Until::Brace, false)?));
        }
        if colon && zsh {
            let letters = self.modifiers();
            if !letters.is_empty() {
                return Ok(Op::Modifiers(letters));
            }
        }
        if self.dialect == Dialect::Dash && !matches!(kind, b'#' | b'%') {
            return Ok(Op::Unknown);
        }
        if colon {
            self.bump();
            let offset = self.word(Until::Colon, true)?;
            let mut length = None;
            if self.peek() == Some(b':') {
                self.bump();
                length = Some(self.word(Until::Brace, true)?);
            }
            return Ok(Op::Slice(offset, length));
        }
        match kind {
            b'#' | b'%' => {
                self.bump();
                let longest = self.peek() == Some(kind);
                self.skip(usize::from(longest));
                Ok(Op::Trim { suffix: kind == b'%', longest, pattern: self.word(Until::Brace, false)? })
            }
            b'/' => {
                self.bump();
                let mut kind = b'/';
                match self.peek() {
                    Some(b'/') => {
                        kind = b'a';
                        self.bump();
                    }
                    Some(b @ (b'#' | b'%')) => {
                        kind = b;
                        self.bump();
                    }
                    _ => {}
                }
                let pattern = self.word(Until::Slash, false)?;
                let mut with = Word::default();
                if self.peek() == Some(b'/') {
                    self.bump();
                    with = self.word(Until::Brace, quoted)?;
                }
                Ok(Op::Replace { kind, pattern, with })
            }
            b'^' | b',' if !zsh => {
                self.bump();
                let all = self.peek() == Some(kind);
                self.skip(usize::from(all));
                let pattern = self.word(Until::Brace, false)?;
                Ok(if pattern.parts.is_empty() { Op::Case { upper: kind == b'^', all } } else { Op::Unknown })
            }
            _ => {
                self.word(Until::Brace, false)?;
                Ok(Op::Unknown)
            }
        }
    }
}
