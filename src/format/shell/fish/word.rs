//! The words of fish: quotes, escapes, variables, substitutions, braces and wildcards.

use std::rc::Rc;

use super::ast::{Part, Word};
use super::parse::{Parser, Syntax};

/// Whether a byte may stand in the name of a variable; fish takes letters and digits of any script.
pub(super) fn name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// A brace that is open while a word is read.
struct Brace {
    /// Where its `Open` stands among the parts.
    at: usize,
    /// Whether it has a comma or a variable: without one it is text.
    is_group: bool,
    /// Where its commas stand.
    commas: Vec<usize>,
}

/// The parts of a word as it is read.
#[derive(Default)]
struct Builder {
    parts: Vec<Part>,
    text: Vec<u8>,
    braces: Vec<Brace>,
    any: bool,
}

impl Builder {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(std::mem::take(&mut self.text)));
        }
    }

    fn push(&mut self, part: Part) {
        self.flush();
        if matches!(part, Part::Var { .. } | Part::Sub { .. })
            && let Some(brace) = self.braces.last_mut()
        {
            brace.is_group = true;
        }
        self.parts.push(part);
    }

    fn trim(&mut self) {
        while self.text.last().is_some_and(|b| b" \t\n\r".contains(b)) {
            self.text.pop();
        }
    }
}

impl Parser<'_> {
    /// A word; one starts here.
    pub(super) fn word(&mut self) -> Result<Word, Syntax> {
        let line = self.line;
        let mut b = Builder::default();
        if self.peek(0) == Some(b'~') {
            self.pos += 1;
            let mut user = Vec::new();
            while let Some(byte) = self.peek(0).filter(|c| c.is_ascii_alphanumeric() || b"_-.".contains(c)) {
                user.push(byte);
                self.pos += 1;
            }
            b.parts.push(Part::Home(user));
            b.any = true;
        }
        while let Some(byte) = self.peek(0) {
            if b" \t\r\n".contains(&byte) && !b.braces.is_empty() {
                self.bump();
                if !b.text.is_empty() || !matches!(b.parts.last(), Some(Part::Open | Part::Comma)) {
                    b.text.push(b' ');
                }
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|' | b')' | b'<' | b'>' => break,
                b'&' => match self.peek(1) {
                    // Since fish 3.4 `&` amid a word is text.
                    Some(next) if !b" \t\r\n;|&<>)".contains(&next) && b.any => {
                        b.text.push(byte);
                        self.pos += 1;
                    }
                    _ => break,
                },
                b'\\' if self.peek(1) == Some(b'\n') => {
                    self.bump();
                    self.bump();
                }
                b'\\' => self.escape(&mut b.text)?,
                b'\'' => self.single(&mut b.text)?,
                b'"' => self.double(&mut b)?,
                b'$' => self.dollar(&mut b, false)?,
                b'(' => {
                    self.pos += 1;
                    self.substitution(&mut b, false)?;
                }
                b'*' if self.peek(1) == Some(b'*') => {
                    self.pos += 2;
                    b.push(Part::StarStar);
                }
                b'*' => {
                    self.pos += 1;
                    b.push(Part::Star);
                }
                b'?' if self.question => {
                    self.pos += 1;
                    b.push(Part::Question);
                }
                b'{' | b'}' | b',' => self.brace(&mut b, byte)?,
                _ => {
                    b.text.push(byte);
                    self.pos += 1;
                }
            }
            b.any = true;
        }
        if !b.braces.is_empty() {
            return Err(self.error("a brace is not closed"));
        }
        b.flush();
        if b.parts.is_empty() {
            if !b.any {
                return Err(self.error("a word is missing"));
            }
            b.parts.push(Part::Text(Vec::new()));
        }
        Ok(Word { line, parts: b.parts })
    }

    fn brace(&mut self, b: &mut Builder, byte: u8) -> Result<(), Syntax> {
        self.pos += 1;
        match byte {
            b'{' if b.braces.len() >= 16 => {
                return Err(Syntax { ours: true, ..self.error("braces nested deeper than we follow") });
            }
            b'{' => {
                b.push(Part::Open);
                b.braces.push(Brace { at: b.parts.len() - 1, is_group: false, commas: Vec::new() });
            }
            b',' if !b.braces.is_empty() => {
                b.trim();
                b.push(Part::Comma);
                let at = b.parts.len() - 1;
                if let Some(brace) = b.braces.last_mut() {
                    brace.is_group = true;
                    brace.commas.push(at);
                }
            }
            b'}' => {
                let Some(brace) = b.braces.pop() else { return Err(self.error("a brace closes nothing")) };
                if brace.is_group {
                    b.trim();
                    b.push(Part::Close);
                    if let Some(outer) = b.braces.last_mut() {
                        outer.is_group = outer.is_group || !brace.commas.is_empty();
                    }
                } else {
                    b.flush();
                    if let Some(open) = b.parts.get_mut(brace.at) {
                        *open = Part::Text(b"{".to_vec());
                    }
                    b.text.push(b'}');
                }
            }
            _ => b.text.push(byte),
        }
        Ok(())
    }

    fn hex(&mut self, most: usize) -> Option<u32> {
        let mut value = None;
        for _ in 0..most {
            let Some(digit) = self.peek(0).and_then(|c| char::from(c).to_digit(16)) else { break };
            value = Some(value.unwrap_or(0u32) << 4 | digit);
            self.pos += 1;
        }
        value
    }

    /// A backslash outside of quotes.
    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Syntax> {
        self.pos += 1;
        let Some(byte) = self.bump() else { return Err(self.error("a backslash at the end")) };
        let bad = "an escape that means nothing";
        match byte {
            b'a' => text.push(7),
            b'b' => text.push(8),
            b'e' => text.push(0x1b),
            b'f' => text.push(12),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'v' => text.push(11),
            b'x' | b'X' => {
                let value = self.hex(2).and_then(|v| u8::try_from(v).ok()).ok_or_else(|| self.error(bad))?;
                text.push(value);
            }
            b'u' | b'U' => {
                let value = self.hex(if byte == b'u' { 4 } else { 8 }).and_then(char::from_u32).ok_or_else(|| self.error(bad))?;
                text.extend_from_slice(value.encode_utf8(&mut [0; 4]).as_bytes());
            }
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek(0) else { break };
                    value = value << 3 | u32::from(digit - b'0');
                    self.pos += 1;
                }
                text.push(u8::try_from(value).map_err(|_| self.error(bad))?);
            }
            b'c' => {
                let byte = self.bump().ok_or_else(|| self.error(bad))?;
                text.push(byte & 0x1f);
            }
            _ => text.push(byte),
        }
        Ok(())
    }

    fn single(&mut self, text: &mut Vec<u8>) -> Result<(), Syntax> {
        self.pos += 1;
        loop {
            match (self.bump(), self.peek(0)) {
                (None, _) => return Err(self.error("a quote is not closed")),
                (Some(b'\''), _) => return Ok(()),
                (Some(b'\\'), Some(next @ (b'\\' | b'\''))) => {
                    text.push(next);
                    self.pos += 1;
                }
                (Some(byte), _) => text.push(byte),
            }
        }
    }

    fn double(&mut self, b: &mut Builder) -> Result<(), Syntax> {
        self.pos += 1;
        let before = b.parts.len();
        loop {
            match (self.peek(0), self.peek(1)) {
                (None, _) => return Err(self.error("a quote is not closed")),
                (Some(b'"'), _) => {
                    self.pos += 1;
                    // `""` beside a variable changes nothing; alone it is the empty word, which the caller makes.
                    debug_assert!(b.parts.len() >= before);
                    return Ok(());
                }
                (Some(b'\\'), Some(b'\n')) => {
                    self.bump();
                    self.bump();
                }
                (Some(b'\\'), Some(next @ (b'\\' | b'"' | b'$'))) => {
                    b.text.push(next);
                    self.pos += 2;
                }
                (Some(b'$'), _) => self.dollar(b, true)?,
                (Some(byte), _) => {
                    b.text.push(byte);
                    self.bump();
                }
            }
        }
    }

    /// `$name`, `$$name`, `$(…)`.
    fn dollar(&mut self, b: &mut Builder, quoted: bool) -> Result<(), Syntax> {
        let mut dollars = 0u32;
        while self.peek(0) == Some(b'$') {
            dollars = dollars.saturating_add(1);
            self.pos += 1;
        }
        if self.peek(0) == Some(b'(') && dollars == 1 {
            self.pos += 1;
            return self.substitution(b, quoted);
        }
        let mut name = Vec::new();
        while let Some(byte) = self.peek(0).filter(|c| name_byte(*c)) {
            name.push(byte);
            self.pos += 1;
        }
        if name.is_empty() {
            return Err(self.error("`$` without the name of a variable"));
        }
        let mut slices = Vec::new();
        while self.peek(0) == Some(b'[') && slices.len() < 8 {
            slices.push(self.slice()?);
        }
        b.push(Part::Var { dollars, name, slices, quoted });
        Ok(())
    }

    /// `[…]` behind a variable or a substitution.
    fn slice(&mut self) -> Result<Word, Syntax> {
        self.pos += 1;
        let line = self.line;
        let mut b = Builder::default();
        loop {
            match self.peek(0) {
                None => return Err(self.error("a bracket is not closed")),
                Some(b']') => {
                    self.pos += 1;
                    b.flush();
                    return Ok(Word { line, parts: b.parts });
                }
                Some(b'$') => self.deeper(|p| p.dollar(&mut b, true))?,
                Some(b'(') => {
                    self.pos += 1;
                    self.substitution(&mut b, true)?;
                }
                Some(b'"') => self.pos += 1,
                Some(b'\n' | b';') => return Err(self.error("a bracket is not closed")),
                Some(byte) => {
                    b.text.push(byte);
                    self.pos += 1;
                }
            }
        }
    }

    /// A substitution behind its opening parenthesis.
    fn substitution(&mut self, b: &mut Builder, quoted: bool) -> Result<(), Syntax> {
        let body = self.deeper(Self::list)?;
        if self.peek(0) != Some(b')') {
            return Err(self.error("a parenthesis is not closed"));
        }
        self.pos += 1;
        let slice = if self.peek(0) == Some(b'[') && !quoted { Some(self.slice()?) } else { None };
        b.push(Part::Sub { body: Rc::new(body), slice, quoted });
        Ok(())
    }
}
