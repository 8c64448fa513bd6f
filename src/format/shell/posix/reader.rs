//! Reads words: quotes, expansions, and where each ends.

use std::sync::Arc;

use super::Dialect;
use super::ast::{Part, Word};
use super::parser::{NEST, Syntax};

/// Second readings of one text: nested ones double the work with each level.
const TRIES: u32 = 500;

/// A place in the text of a file.
pub(super) struct Reader<'a> {
    pub(super) src: &'a [u8],
    pub(super) pos: usize,
    pub(super) line: u32,
    pub(super) dialect: Dialect,
    pub(super) nest: u32,
    /// How often a text was read a second time because it was not what it looked like.
    tries: u32,
    /// Here-documents whose bodies follow the next newline: the end mark, and whether tabs are stripped.
    pub(super) heredocs: Vec<(Vec<u8>, bool)>,
}

/// Whether a byte may start a name.
pub(super) fn name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}

/// Whether a byte may stand in a name.
pub(super) fn name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Whether all of it is a name.
pub(super) fn is_name(text: &[u8]) -> bool {
    text.first().is_some_and(|b| name_start(*b)) && text.iter().all(|b| name_byte(*b))
}

/// What ends a word in the place that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Blanks and operators.
    Blank,
    /// As `Blank`, but `|` and parentheses belong to it where they are balanced: zsh's and `[[ =~ ]]`'s patterns.
    Pattern,
    /// `}`, in the word of `${x:-…}`.
    Brace,
    /// `/` or `}`, in `${x/…/…}`.
    Slash,
    /// `:` or `}`
    Colon,
    /// `]`
    Bracket,
    /// `"`
    DoubleQuote,
    /// `))`, in arithmetic.
    Arith,
    /// `;` or `))`, in `for ((…))`.
    ArithStep,
}

impl<'a> Reader<'a> {
    pub(super) fn new(src: &'a [u8], line: u32, dialect: Dialect, nest: u32) -> Reader<'a> {
        Reader { src, pos: 0, line, dialect, nest, tries: 0, heredocs: Vec::new() }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.src.get(self.pos).copied()
    }

    pub(super) fn peek_at(&self, n: usize) -> Option<u8> {
        self.src.get(self.pos + n).copied()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.src.get(self.pos..).unwrap_or(&[])
    }

    pub(super) fn starts(&self, text: &[u8]) -> bool {
        self.rest().starts_with(text)
    }

    pub(super) fn bump(&mut self) -> Option<u8> {
        let b = self.peek()?;
        self.pos += 1;
        if b == b'\n' {
            self.line = self.line.saturating_add(1);
        }
        Some(b)
    }

    pub(super) fn skip(&mut self, n: usize) {
        for _ in 0..n {
            self.bump();
        }
    }

    /// Goes back to read a text in another way.
    pub(super) fn again(&mut self, pos: usize, line: u32) -> Result<(), Syntax> {
        (self.pos, self.line) = (pos, line);
        self.tries += 1;
        if self.tries > TRIES { Err(Syntax::TooDeep) } else { Ok(()) }
    }

    /// Goes one level deeper.
    pub(super) fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Syntax>) -> Result<T, Syntax> {
        if self.nest >= NEST {
            return Err(Syntax::TooDeep);
        }
        self.nest += 1;
        let out = f(self);
        self.nest -= 1;
        out
    }

    /// Skips blanks and continued lines; not newlines.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.pos += 1,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.skip(2),
                Some(b'#') => {
                    while self.peek().is_some_and(|b| b != b'\n') {
                        self.pos += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn ends(&self, b: u8, until: Until) -> bool {
        match until {
            Until::Blank => matches!(b, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'),
            Until::Pattern => matches!(b, b' ' | b'\t' | b'\n' | b';' | b'&' | b'<' | b'>' | b')' | b'|'),
            Until::Brace => b == b'}',
            Until::Slash => b == b'/' || b == b'}',
            Until::Colon => b == b':' || b == b'}',
            Until::Bracket => b == b']',
            Until::DoubleQuote => b == b'"',
            Until::Arith => b == b')',
            Until::ArithStep => b == b';' || b == b')',
        }
    }

    /// Reads a word. `quoted`: within double quotes, where fewer bytes count.
    pub(super) fn word(&mut self, until: Until, quoted: bool) -> Result<Word, Syntax> {
        self.deeper(|r| r.word_inner(until, quoted))
    }

    fn word_inner(&mut self, until: Until, quoted: bool) -> Result<Word, Syntax> {
        let mut word = Word { parts: Vec::new(), line: self.line };
        let mut text = Vec::new();
        let mut parens = 0u32;
        let arithmetic = matches!(until, Until::Arith | Until::ArithStep);
        let flush = |text: &mut Vec<u8>, word: &mut Word| {
            if !text.is_empty() {
                word.parts.push(Part::Text(std::mem::take(text)));
            }
        };
        while let Some(b) = self.peek() {
            // Parentheses that belong to the word: arithmetic, patterns of zsh, `@(…)` of bash.
            if b == b'(' && (arithmetic || self.paren_in_word(&text, &word, until)) {
                parens += 1;
                text.push(b);
                self.bump();
                continue;
            }
            if parens > 0 && (b == b')' || !arithmetic && matches!(b, b'|' | b' ' | b'<' | b'>' | b'&')) {
                parens -= u32::from(b == b')');
                text.push(b);
                self.bump();
                continue;
            }
            if self.ends(b, until) && !(b == b'<' || b == b'>') {
                break;
            }
            match b {
                b'\\' => {
                    self.bump();
                    match self.peek() {
                        None => text.push(b'\\'),
                        Some(b'\n') => {
                            self.bump();
                        }
                        Some(next) if quoted => {
                            let counts =
                                matches!(next, b'$' | b'`' | b'"' | b'\\') || (next == b'}' && until != Until::DoubleQuote);
                            flush(&mut text, &mut word);
                            word.parts.push(Part::Quoted(if counts { vec![next] } else { vec![b'\\', next] }));
                            self.bump();
                        }
                        Some(next) => {
                            flush(&mut text, &mut word);
                            word.parts.push(Part::Quoted(vec![next]));
                            self.bump();
                        }
                    }
                }
                b'\'' if !quoted && !arithmetic => {
                    flush(&mut text, &mut word);
                    self.bump();
                    let from = self.pos;
                    while self.peek().is_some_and(|b| b != b'\'') {
                        self.bump();
                    }
                    let inner = self.src.get(from..self.pos).unwrap_or(&[]).to_vec();
                    if self.bump().is_none() {
                        return Err(Syntax::Unfinished);
                    }
                    word.parts.push(Part::Quoted(inner));
                }
                b'"' if until != Until::DoubleQuote => {
                    flush(&mut text, &mut word);
                    self.bump();
                    let inner = self.word(Until::DoubleQuote, true)?;
                    if self.bump() != Some(b'"') {
                        return Err(Syntax::Unfinished);
                    }
                    word.parts.push(Part::Double(inner.parts));
                }
                b'`' => {
                    flush(&mut text, &mut word);
                    let part = self.backquoted(quoted)?;
                    word.parts.push(part);
                }
                b'$' => {
                    if let Some(part) = self.dollar_part(quoted)? {
                        flush(&mut text, &mut word);
                        word.parts.push(part);
                    } else {
                        text.push(b'$');
                        self.bump();
                    }
                }
                b'<' | b'>' if until == Until::Blank || until == Until::Pattern => {
                    if self.peek_at(1) == Some(b'(') && self.dialect != Dialect::Dash {
                        flush(&mut text, &mut word);
                        self.skip(2);
                        self.balanced(b')')?;
                        word.parts.push(Part::Unknown);
                    } else if self.dialect == Dialect::Zsh && b == b'<' && self.number_range() {
                        while let Some(b) = self.bump() {
                            text.push(b);
                            if b == b'>' {
                                break;
                            }
                        }
                    } else {
                        break;
                    }
                }
                b'=' if self.dialect == Dialect::Zsh
                    && text.is_empty()
                    && word.parts.is_empty()
                    && self.peek_at(1) == Some(b'(') =>
                {
                    self.skip(2);
                    self.balanced(b')')?;
                    word.parts.push(Part::Unknown);
                }
                _ => {
                    text.push(b);
                    self.bump();
                }
            }
        }
        flush(&mut text, &mut word);
        Ok(word)
    }

    /// zsh's `<1-9>` in a pattern.
    fn number_range(&self) -> bool {
        let inner = self.rest().get(1..).unwrap_or(&[]);
        let n = inner.iter().take_while(|b| b.is_ascii_digit()).count();
        if inner.get(n) != Some(&b'-') {
            return false;
        }
        let m = inner.get(n + 1..).unwrap_or(&[]).iter().take_while(|b| b.is_ascii_digit()).count();
        inner.get(n + 1 + m) == Some(&b'>')
    }

    fn paren_in_word(&self, text: &[u8], word: &Word, until: Until) -> bool {
        match until {
            Until::Blank if self.dialect == Dialect::Zsh => {
                // `f()` is a definition, not a pattern.
                (!text.is_empty() || !word.parts.is_empty()) && self.peek_at(1) != Some(b')')
            }
            Until::Blank => {
                self.dialect != Dialect::Dash && text.last().is_some_and(|b| matches!(b, b'?' | b'*' | b'+' | b'@' | b'!'))
            }
            Until::Pattern => true,
            _ => false,
        }
    }

    /// Skips to the closing parenthesis or brace, quotes read as such; the closing one is skipped too.
    pub(super) fn balanced(&mut self, close: u8) -> Result<(), Syntax> {
        let open = if close == b')' { b'(' } else { b'{' };
        let mut depth = 1u32;
        while let Some(b) = self.bump() {
            match b {
                b'\\' => {
                    self.bump();
                }
                b'\'' => while self.bump().ok_or(Syntax::Unfinished)? != b'\'' {},
                b'"' => loop {
                    match self.bump().ok_or(Syntax::Unfinished)? {
                        b'\\' => {
                            self.bump();
                        }
                        b'"' => break,
                        _ => {}
                    }
                },
                b if b == open => depth += 1,
                b if b == close => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        Err(Syntax::Unfinished)
    }

    fn backquoted(&mut self, quoted: bool) -> Result<Part, Syntax> {
        let line = self.line;
        self.bump();
        let mut inner = Vec::new();
        loop {
            match self.bump().ok_or(Syntax::Unfinished)? {
                b'`' => break,
                b'\\' => match self.bump().ok_or(Syntax::Unfinished)? {
                    b @ (b'$' | b'`' | b'\\') => inner.push(b),
                    b'"' if quoted => inner.push(b'"'),
                    b => inner.extend([b'\\', b]),
                },
                b => inner.push(b),
            }
        }
        let mut reader = Reader::new(&inner, line, self.dialect, self.nest + 1);
        Ok(Part::Command(reader.program().ok().map(Arc::new)))
    }

    /// What a `$` starts; `None` where it stands for itself.
    pub(super) fn dollar_part(&mut self, quoted: bool) -> Result<Option<Part>, Syntax> {
        let modern = self.dialect != Dialect::Dash;
        match self.peek_at(1) {
            Some(b'(') if self.peek_at(2) == Some(b'(') => {
                let (pos, line) = (self.pos, self.line);
                self.skip(3);
                if let Ok(word) = self.word(Until::Arith, true)
                    && self.starts(b"))")
                {
                    self.skip(2);
                    return Ok(Some(Part::Arith(Box::new(word))));
                }
                self.again(pos, line)?;
                self.substitution().map(Some)
            }
            Some(b'(') => self.substitution().map(Some),
            Some(b'[') if modern => {
                self.skip(2);
                let word = self.word(Until::Bracket, true)?;
                match self.bump() {
                    Some(b']') => Ok(Some(Part::Arith(Box::new(word)))),
                    _ => Err(Syntax::Unfinished),
                }
            }
            Some(b'\'') if modern && !quoted => {
                self.skip(2);
                let mut inner = Vec::new();
                loop {
                    match self.bump().ok_or(Syntax::Unfinished)? {
                        b'\'' => break,
                        b'\\' => inner.extend([b'\\', self.bump().ok_or(Syntax::Unfinished)?]),
                        b => inner.push(b),
                    }
                }
                let (text, _) = super::escapes::decode(&inner, super::escapes::Style::Dollar);
                Ok(Some(Part::Quoted(text)))
            }
            Some(b'"') if modern && !quoted && self.dialect != Dialect::Zsh => {
                self.skip(2);
                let inner = self.word(Until::DoubleQuote, true)?;
                if self.bump() != Some(b'"') {
                    return Err(Syntax::Unfinished);
                }
                Ok(Some(Part::Double(inner.parts)))
            }
            Some(b'{') => self.deeper(|r| r.braced(quoted)).map(Some),
            _ => self.deeper(|r| r.unbraced(quoted)),
        }
    }

    fn substitution(&mut self) -> Result<Part, Syntax> {
        self.skip(2);
        let list = self.deeper(|r| r.list(&[b")"]))?;
        if self.bump() != Some(b')') {
            return Err(Syntax::Unfinished);
        }
        Ok(Part::Command(Some(Arc::new(list))))
    }
}
