//! From the text of a pattern to its instructions.

use super::{Inst, Regex};

/// Instructions that a pattern may have.
const PROGRAM: usize = 4096;

/// How deep groups may nest.
const NESTING: u32 = 24;

struct Compiler<'a> {
    text: &'a [u8],
    pos: usize,
    program: Vec<Inst>,
    groups: usize,
    names: Vec<(Vec<u8>, usize)>,
    marks: usize,
    insensitive: bool,
    depth: u32,
}

impl Regex {
    /// Reads a pattern; `None` where it is beyond us or means nothing.
    pub fn new(text: &[u8], insensitive: bool) -> Option<Regex> {
        let mut c = Compiler { text, pos: 0, program: Vec::new(), groups: 1, names: Vec::new(), marks: 0, insensitive, depth: 0 };
        c.program.push(Inst::Save(0));
        c.alternatives()?;
        if c.pos != text.len() {
            return None;
        }
        c.program.push(Inst::Save(1));
        c.program.push(Inst::Done);
        Some(Regex {
            slots: c.groups * 2 + c.marks,
            groups: c.groups,
            names: c.names,
            program: c.program,
            insensitive: c.insensitive,
        })
        .map(|r| r.place_marks())
    }

    /// Marks lie behind the groups, whose number is known only at the end.
    fn place_marks(mut self) -> Regex {
        let shift = self.groups * 2;
        for inst in &mut self.program {
            if let Inst::Mark(slot) | Inst::Moved(slot) = inst {
                *slot += shift;
            }
        }
        self
    }
}

impl Compiler<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        let found = self.text.get(self.pos..).is_some_and(|t| t.starts_with(text));
        if found {
            self.pos += text.len();
        }
        found
    }

    fn alternatives(&mut self) -> Option<()> {
        self.depth += 1;
        if self.depth > NESTING {
            return None;
        }
        let start = self.program.len();
        self.sequence()?;
        let mut jumps = Vec::new();
        let mut from = start;
        while self.eat(b"|") {
            // The branch so far is one of two: a split before it, a jump behind it.
            self.shift(from);
            let jump = self.program.len();
            self.program.push(Inst::Jump(0));
            jumps.push(jump);
            let second = self.program.len();
            if let Some(inst) = self.program.get_mut(from) {
                *inst = Inst::Split(from + 1, second);
            }
            from = second;
            self.sequence()?;
        }
        let end = self.program.len();
        for jump in jumps {
            if let Some(inst) = self.program.get_mut(jump) {
                *inst = Inst::Jump(end);
            }
        }
        self.depth -= 1;
        Some(())
    }

    /// Makes room for an instruction; targets behind it move along.
    fn shift(&mut self, at: usize) {
        for inst in self.program.iter_mut().skip(at) {
            match inst {
                Inst::Jump(to) | Inst::Look(to, _) => *to += usize::from(*to >= at),
                Inst::Split(a, b) => {
                    *a += usize::from(*a >= at);
                    *b += usize::from(*b >= at);
                }
                _ => {}
            }
        }
        self.program.insert(at, Inst::Jump(at + 1));
    }

    fn sequence(&mut self) -> Option<()> {
        while let Some(byte) = self.peek() {
            if byte == b'|' || byte == b')' {
                return Some(());
            }
            let start = self.program.len();
            self.atom()?;
            self.repeat(start)?;
            if self.program.len() > PROGRAM {
                return None;
            }
        }
        Some(())
    }

    fn repeat(&mut self, start: usize) -> Option<()> {
        let (low, high) = match self.peek() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => match self.counts() {
                Some(counts) => counts,
                None => return Some(()),
            },
            _ => return Some(()),
        };
        self.pos += 1;
        if self.peek() == Some(b'+') {
            return None;
        }
        let lazy = self.eat(b"?");
        if matches!(self.peek(), Some(b'*' | b'{')) {
            return None;
        }
        let body: Vec<Inst> = self.program.drain(start..).collect();
        let copies = usize::try_from(high.unwrap_or(low)).ok()?.max(1);
        if body.len().saturating_mul(copies + 1) > PROGRAM {
            return None;
        }
        for _ in 0..low {
            self.copy(&body, start);
        }
        let split = |a: usize, b: usize| if lazy { Inst::Split(b, a) } else { Inst::Split(a, b) };
        match high {
            Some(high) => {
                let mut splits = Vec::new();
                for _ in low..high {
                    splits.push(self.program.len());
                    self.program.push(Inst::Jump(0));
                    self.copy(&body, start);
                }
                let end = self.program.len();
                for at in splits {
                    if let Some(inst) = self.program.get_mut(at) {
                        *inst = split(at + 1, end);
                    }
                }
            }
            None => {
                let at = self.program.len();
                let mark = self.marks;
                self.marks += 1;
                self.program.push(Inst::Jump(0));
                self.program.push(Inst::Mark(mark));
                self.copy(&body, start);
                self.program.push(Inst::Moved(mark));
                self.program.push(Inst::Jump(at));
                let end = self.program.len();
                if let Some(inst) = self.program.get_mut(at) {
                    *inst = split(at + 1, end);
                }
            }
        }
        Some(())
    }

    /// `{2}`, `{2,}`, `{2,4}`; leaves the place at the closing brace.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let rest = self.text.get(self.pos + 1..)?;
        let end = rest.iter().position(|b| *b == b'}')?;
        let inner = std::str::from_utf8(rest.get(..end)?).ok()?;
        let counts = match inner.split_once(',') {
            None => {
                let n: u32 = inner.parse().ok()?;
                (n, Some(n))
            }
            Some((low, "")) => (low.parse().ok()?, None),
            Some((low, high)) => (low.parse().ok()?, Some(high.parse().ok()?)),
        };
        self.pos += end + 1;
        Some(counts)
    }

    fn copy(&mut self, body: &[Inst], from: usize) {
        let to = self.program.len();
        let move_by = |target: usize| if target >= from { target - from + to } else { target };
        for inst in body {
            self.program.push(match inst {
                Inst::Jump(t) => Inst::Jump(move_by(*t)),
                Inst::Look(t, w) => Inst::Look(move_by(*t), *w),
                Inst::Split(a, b) => Inst::Split(move_by(*a), move_by(*b)),
                other => other.clone(),
            });
        }
    }

    fn atom(&mut self) -> Option<()> {
        let byte = self.peek()?;
        self.pos += 1;
        match byte {
            b'.' => self.program.push(Inst::Any),
            b'^' => self.program.push(Inst::Start),
            b'$' => self.program.push(Inst::End),
            b'[' => self.class()?,
            b'(' => self.group()?,
            b'*' | b'+' | b'?' => return None,
            b'\\' => {
                let escape = self.peek()?;
                self.pos += 1;
                match escape {
                    b'b' => self.program.push(Inst::Boundary(true)),
                    b'B' => self.program.push(Inst::Boundary(false)),
                    b'A' => self.program.push(Inst::Start),
                    b'z' | b'Z' => self.program.push(Inst::End),
                    b'1'..=b'9' => self.program.push(Inst::Back(usize::from(escape - b'0'))),
                    b'd' | b'D' | b's' | b'S' | b'w' | b'W' | b'h' => {
                        let mut set = [false; 128];
                        shorthand(&mut set, escape);
                        self.program.push(Inst::Class(Box::new(set), escape.is_ascii_uppercase()));
                    }
                    _ => {
                        let literal = literal(escape)?;
                        self.program.push(Inst::Byte(literal));
                    }
                }
            }
            // In a repeated non-ASCII character the last byte alone would repeat.
            0x80.. => {
                self.program.push(Inst::Byte(byte));
                while self.peek().is_some_and(|b| b & 0xc0 == 0x80) {
                    let next = self.peek()?;
                    self.program.push(Inst::Byte(next));
                    self.pos += 1;
                }
            }
            _ => self.program.push(Inst::Byte(byte)),
        }
        Some(())
    }

    fn group(&mut self) -> Option<()> {
        let mut group = None;
        if self.eat(b"?") {
            if self.eat(b"=") || self.eat(b"!") {
                let wanted = self.text.get(self.pos - 1) == Some(&b'=');
                let at = self.program.len();
                self.program.push(Inst::Look(0, wanted));
                self.alternatives()?;
                self.program.push(Inst::Done);
                let end = self.program.len();
                if let Some(inst) = self.program.get_mut(at) {
                    *inst = Inst::Look(end, wanted);
                }
                return self.eat(b")").then_some(());
            } else if self.eat(b"i)") {
                self.insensitive = true;
                return (self.program.len() == 1).then_some(());
            } else if self.eat(b"P<") || self.eat(b"<") {
                let rest = self.text.get(self.pos..)?;
                let end = rest.iter().position(|b| *b == b'>')?;
                let name = rest.get(..end)?.to_vec();
                if name.is_empty() || !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') {
                    return None;
                }
                self.pos += end + 1;
                self.names.push((name, self.groups));
                group = Some(self.groups);
            } else if !self.eat(b":") {
                return None;
            }
        } else if self.peek() == Some(b'*') {
            return None;
        } else {
            group = Some(self.groups);
        }
        if let Some(group) = group {
            self.groups += 1;
            self.program.push(Inst::Save(group * 2));
        }
        self.alternatives()?;
        if let Some(group) = group {
            self.program.push(Inst::Save(group * 2 + 1));
        }
        self.eat(b")").then_some(())
    }

    fn class(&mut self) -> Option<()> {
        let negated = self.eat(b"^");
        let mut set = [false; 128];
        let mut first = true;
        loop {
            let byte = self.peek()?;
            self.pos += 1;
            let low = match byte {
                b']' if !first => break,
                b'[' if matches!(self.peek(), Some(b':')) => {
                    let rest = self.text.get(self.pos + 1..)?;
                    let end = rest.iter().position(|b| *b == b':')?;
                    let name = rest.get(..end)?;
                    let test: fn(&u8) -> bool = match name {
                        b"alpha" => u8::is_ascii_alphabetic,
                        b"digit" => u8::is_ascii_digit,
                        b"alnum" => u8::is_ascii_alphanumeric,
                        b"space" => |b| b.is_ascii_whitespace() || *b == 11,
                        b"upper" => u8::is_ascii_uppercase,
                        b"lower" => u8::is_ascii_lowercase,
                        b"punct" => u8::is_ascii_punctuation,
                        b"xdigit" => u8::is_ascii_hexdigit,
                        _ => return None,
                    };
                    for (place, b) in set.iter_mut().zip(0u8..) {
                        *place |= test(&b);
                    }
                    self.pos += end + 2;
                    if !self.eat(b"]") {
                        return None;
                    }
                    first = false;
                    continue;
                }
                b'\\' => {
                    let escape = self.peek()?;
                    self.pos += 1;
                    if matches!(escape, b'd' | b's' | b'w' | b'h') {
                        shorthand(&mut set, escape);
                        first = false;
                        continue;
                    }
                    if escape == b'b' { 8 } else { literal(escape)? }
                }
                _ => byte,
            };
            first = false;
            let mut high = low;
            if self.peek() == Some(b'-') && self.text.get(self.pos + 1).is_some_and(|b| *b != b']') {
                self.pos += 1;
                high = self.peek()?;
                self.pos += 1;
                if high == b'\\' {
                    high = literal(self.peek()?)?;
                    self.pos += 1;
                }
                if high < low || high == b'[' {
                    return None;
                }
            }
            for byte in low..=high {
                *set.get_mut(usize::from(byte))? = true;
            }
        }
        self.program.push(Inst::Class(Box::new(set), negated));
        Some(())
    }
}

fn shorthand(set: &mut [bool; 128], kind: u8) {
    for (place, byte) in set.iter_mut().zip(0u8..) {
        *place |= match kind.to_ascii_lowercase() {
            b'd' => byte.is_ascii_digit(),
            b's' => byte.is_ascii_whitespace() || byte == 11,
            b'h' => byte == b' ' || byte == b'\t',
            _ => byte.is_ascii_alphanumeric() || byte == b'_',
        };
    }
}

/// The byte that a backslash before `byte` stands for.
fn literal(byte: u8) -> Option<u8> {
    match byte {
        b'n' => Some(b'\n'),
        b't' => Some(b'\t'),
        b'r' => Some(b'\r'),
        b'e' => Some(0x1b),
        b'f' => Some(12),
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => None,
        _ => Some(byte),
    }
}
