//! Words to arguments: tildes, parameters, substitutions, splitting, wildcards.

use super::super::value::{At, Piece, Value};
use super::Dialect;
use super::ast::{Part, Word};
use super::pattern::{Pattern, Seen, Written};
use super::shell::Shell;
use super::state::Held;

/// Bytes of a field that have one origin.
#[derive(Debug, Clone)]
pub(super) struct Bit {
    /// `None` is not known.
    pub(super) text: Option<Vec<u8>>,
    pub(super) at: Option<At>,
    /// Wildcards in it are none.
    pub(super) quoted: bool,
}

/// An argument in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Field {
    pub(super) bits: Vec<Bit>,
    /// It stays where it is empty.
    pub(super) keep: bool,
}

impl Field {
    pub(super) fn value(&self) -> Value {
        let mut out = Value::new();
        for bit in &self.bits {
            match &bit.text {
                Some(text) => out.push(text, bit.at.as_ref()),
                None => out.push_unknown(bit.at.as_ref()),
            }
        }
        out
    }

    fn written(&self) -> Vec<Written> {
        let mut out = Vec::new();
        for bit in &self.bits {
            match &bit.text {
                Some(text) => out.extend(text.iter().map(|b| if bit.quoted { Written::Quoted(*b) } else { Written::Bare(*b) })),
                None => out.push(Written::Unknown),
            }
        }
        out
    }
}

/// What a word is expanded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Arguments: split, with wildcards.
    Args,
    /// The right side of an assignment: one string, tildes behind colons too.
    Assign,
    /// One string.
    Single,
}

/// Arguments.
#[derive(Debug, Clone, Default)]
pub(super) struct Args {
    pub(super) list: Vec<Value>,
    /// How many there are is not known.
    pub(super) unsure: bool,
}

pub(super) struct Building {
    pub(super) done: Vec<Field>,
    pub(super) now: Field,
    pub(super) mode: Mode,
    pub(super) unsure: bool,
}

/// Words that braces and wildcards may make of one.
pub(super) const MANY: usize = 1024;

impl Shell<'_> {
    /// The arguments that words make.
    pub(super) fn args(&mut self, words: &[Word]) -> Args {
        let mut out = Args::default();
        for word in words {
            self.line = word.line;
            let some = self.word_args(word);
            out.unsure |= some.unsure;
            out.list.extend(some.list);
            if out.list.len() > super::shell::ELEMENTS {
                out.list.truncate(super::shell::ELEMENTS);
                out.unsure = true;
                break;
            }
        }
        out
    }

    /// The arguments that a word makes.
    pub(super) fn word_args(&mut self, word: &Word) -> Args {
        let mut out = Args::default();
        let braces = self.dialect() != Dialect::Dash;
        let all = if braces { super::braces::expand(&word.parts) } else { Some(vec![word.parts.clone()]) };
        let Some(all) = all else {
            return Args { list: vec![Value::unknown(Some(&self.at()))], unsure: true };
        };
        for parts in all {
            let fields = self.fields(&parts, Mode::Args);
            out.unsure |= fields.unsure;
            for field in fields.done {
                self.wildcards(&field, &mut out);
            }
        }
        out
    }

    /// The string that a word makes where it is not split.
    pub(super) fn single(&mut self, word: &Word, mode: Mode) -> Value {
        let fields = self.fields(&word.parts, mode);
        let all: Vec<Value> = fields.done.iter().map(Field::value).collect();
        super::shell::join(&all, b" ")
    }

    /// A word within double quotes, as arithmetic and here-documents are.
    pub(super) fn quoted(&mut self, word: &Word) -> Value {
        let mut building = Building { done: Vec::new(), now: Field::default(), mode: Mode::Single, unsure: false };
        self.parts(&word.parts, true, &mut building);
        building.done.push(building.now);
        let all: Vec<Value> = building.done.iter().map(Field::value).collect();
        super::shell::join(&all, b" ")
    }

    /// A word as a pattern.
    pub(super) fn pattern(&mut self, word: &Word) -> Pattern {
        let fields = self.fields(&word.parts, Mode::Single);
        let text: Vec<Written> = fields.done.iter().flat_map(Field::written).collect();
        self.make_pattern(&text)
    }

    pub(super) fn make_pattern(&self, text: &[Written]) -> Pattern {
        Pattern::new(text, self.zsh(), self.bash())
    }

    fn fields(&mut self, parts: &[Part], mode: Mode) -> Building {
        let mut building = Building { done: Vec::new(), now: Field::default(), mode, unsure: false };
        self.level(|s| {
            s.parts(parts, false, &mut building);
        });
        let now = std::mem::take(&mut building.now);
        if mode != Mode::Args || now.keep || !now.bits.is_empty() {
            building.done.push(now);
        }
        building
    }

    pub(super) fn parts(&mut self, parts: &[Part], quoted: bool, to: &mut Building) {
        for (i, part) in parts.iter().enumerate() {
            if !self.step(1) {
                to.now.bits.push(Bit { text: None, at: Some(self.at()), quoted: true });
                to.unsure = true;
                return;
            }
            let at = Some(self.at());
            match part {
                Part::Text(text) if quoted => to.now.bits.push(Bit { text: Some(text.clone()), at, quoted: true }),
                Part::Text(text) => self.bare_text(text, i == 0, parts.get(i + 1).is_none(), to),
                Part::Quoted(text) => {
                    to.now.keep = true;
                    to.now.bits.push(Bit { text: Some(text.clone()), at, quoted: true });
                }
                Part::Double(inner) => {
                    // `"$@"` with nothing in it makes no field.
                    let only_list = matches!(inner.as_slice(), [Part::Param(_)]);
                    let before = to.done.len();
                    if !only_list {
                        to.now.keep = true;
                    }
                    let empty = self.level(|s| s.parts_quoted(inner, to)).unwrap_or(false);
                    if only_list && !(empty && to.done.len() == before) {
                        to.now.keep = true;
                    }
                }
                Part::Param(param) => {
                    if self.level(|s| s.place_param(param, quoted, to)).is_none() {
                        to.now.bits.push(Bit { text: None, at, quoted: true });
                    }
                }
                Part::Command(body) => {
                    let value = match body {
                        Some(body) => self.level(|s| s.substitute(body)).unwrap_or_else(|| Value::unknown(at.as_ref())),
                        None => Value::unknown(at.as_ref()),
                    };
                    self.place(&value, quoted, true, to);
                }
                Part::Arith(word) => {
                    let text = self.quoted(word);
                    let value = match self.number(&text) {
                        Some(n) => Value::put(n.to_string().as_bytes(), at.as_ref()),
                        None => Value::unknown(at.as_ref()),
                    };
                    self.place(&value, true, false, to);
                    to.now.keep = true;
                }
                Part::Unknown => {
                    to.now.bits.push(Bit { text: None, at, quoted: true });
                    to.unsure |= !quoted;
                }
            }
        }
    }

    /// Parts within quotes; whether they made nothing because they are an empty list.
    fn parts_quoted(&mut self, inner: &[Part], to: &mut Building) -> bool {
        let bits = to.now.bits.len();
        self.parts(inner, true, to);
        let list = matches!(inner, [Part::Param(p)] if super::param_value::is_list(p));
        list && to.now.bits.len() == bits
    }

    /// Bytes without quotes: tildes.
    fn bare_text(&mut self, text: &[u8], first: bool, last: bool, to: &mut Building) {
        let at = Some(self.at());
        let mut rest = text;
        let mut start = first && to.now.bits.is_empty() && !to.now.keep;
        loop {
            let n = if to.mode == Mode::Assign { memchr::memchr(b':', rest).unwrap_or(rest.len()) } else { rest.len() };
            let (part, after) = rest.split_at(n);
            if start && part.first() == Some(&b'~') {
                let end = part.iter().position(|b| *b == b'/').unwrap_or(part.len());
                let (name, tail) = part.split_at(end);
                // A name that goes on in quotes or a parameter is none.
                let whole = end < part.len() || last || !after.is_empty();
                if whole {
                    self.tilde(name, to);
                } else {
                    to.now.bits.push(Bit { text: Some(name.to_vec()), at: at.clone(), quoted: false });
                }
                if !tail.is_empty() {
                    to.now.bits.push(Bit { text: Some(tail.to_vec()), at: at.clone(), quoted: false });
                }
            } else if self.zsh() && start && to.mode == Mode::Args && part.first() == Some(&b'=') && part.len() > 1 {
                // `=command`: its path.
                to.now.bits.push(Bit { text: None, at: at.clone(), quoted: true });
            } else if !part.is_empty() {
                to.now.bits.push(Bit { text: Some(part.to_vec()), at: at.clone(), quoted: false });
            }
            if after.is_empty() {
                return;
            }
            to.now.bits.push(Bit { text: Some(b":".to_vec()), at: at.clone(), quoted: false });
            rest = after.get(1..).unwrap_or(&[]);
            start = true;
        }
    }

    fn tilde(&mut self, name: &[u8], to: &mut Building) {
        let at = Some(self.at());
        let value = match name {
            b"~" => match self.held(b"HOME") {
                Held::One(value) => value,
                Held::Unset => match (self.start.home, self.mode) {
                    (Some(home), Dialect::Bash | Dialect::BashAsSh) => Value::put(home, at.as_ref()),
                    (_, Dialect::Dash) => Value::put(b"~", at.as_ref()),
                    _ => Value::unknown(at.as_ref()),
                },
                _ => Value::unknown(at.as_ref()),
            },
            b"~+" if self.dialect() != Dialect::Dash => match self.held(b"PWD") {
                Held::One(value) => value,
                _ => Value::unknown(at.as_ref()),
            },
            [b'~', user @ ..] if user == self.start.user => match self.start.home {
                Some(home) => Value::put(home, at.as_ref()),
                None => Value::unknown(at.as_ref()),
            },
            [b'~', ..] => Value::unknown(at.as_ref()),
            other => Value::put(other, at.as_ref()),
        };
        to.now.keep = true;
        push_value(&value, true, &mut to.now);
    }

    /// Puts a value where it was expanded. `split`: it is split without quotes also in zsh.
    pub(super) fn place(&mut self, value: &Value, quoted: bool, split: bool, to: &mut Building) {
        self.step(1 + value.known_len() / 256 + value.pieces().len() / 16);
        let as_sh = !self.zsh() || self.state.option(b"shwordsplit") != Some(false);
        let splits = !quoted && to.mode == Mode::Args && (split || as_sh);
        if splits && as_sh && self.zsh() && self.state.option(b"shwordsplit").is_none() {
            return push_unsure(value, to);
        }
        if !splits {
            // zsh takes no wildcards from values.
            push_value(value, quoted || self.zsh(), &mut to.now);
            return;
        }
        let separators = match self.state.held(b"IFS") {
            Held::Unset => b" \t\n".to_vec(),
            Held::One(v) => match v.text() {
                Some(t) => t,
                None => return push_unsure(value, to),
            },
            _ => return push_unsure(value, to),
        };
        let quoted = self.zsh();
        for piece in value.pieces() {
            match piece {
                Piece::Unknown(at) => {
                    to.now.bits.push(Bit { text: None, at: at.clone(), quoted });
                    to.unsure = true;
                }
                Piece::Text(text, at) => {
                    let mut i = 0;
                    while i < text.len() {
                        let n = text[i..].iter().take_while(|b| !separators.contains(b)).count();
                        if n > 0 {
                            to.now.bits.push(Bit { text: Some(text[i..i + n].to_vec()), at: at.clone(), quoted });
                            i += n;
                            continue;
                        }
                        // One separator that is no blank ends a field even if it is empty; blanks around it go with it.
                        let mut hard = false;
                        while i < text.len() && separators.contains(&text[i]) {
                            let blank = matches!(text[i], b' ' | b'\t' | b'\n');
                            if !blank && hard {
                                break;
                            }
                            hard |= !blank;
                            i += 1;
                        }
                        if hard || to.now.keep || !to.now.bits.is_empty() {
                            to.done.push(std::mem::take(&mut to.now));
                            if let Some(last) = to.done.last_mut() {
                                last.keep |= hard;
                            }
                        }
                    }
                }
            }
        }
    }

    /// Wildcards of a field.
    fn wildcards(&mut self, field: &Field, out: &mut Args) {
        let wild = |bit: &Bit| {
            !bit.quoted
                && bit.text.as_ref().is_some_and(|t| {
                    t.iter().any(|b| matches!(b, b'*' | b'?' | b'[')) || self.zsh() && t.contains(&b'(') && t.contains(&b')')
                })
        };
        let noglob = self.state.option(b"noglob");
        if noglob == Some(true) || !field.bits.iter().any(wild) {
            let value = field.value();
            if !value.is_empty() || field.keep {
                out.list.push(value);
            }
            return;
        }
        let unknown = |s: &Self, out: &mut Args| {
            out.unsure = true;
            out.list.push(Value::unknown(Some(&s.at())));
        };
        if noglob.is_none() {
            return unknown(self, out);
        }
        let mut text = field.written();
        let mut qualifier = Vec::new();
        if self.zsh()
            && text.last() == Some(&Written::Bare(b')'))
            && let Some(open) = text.iter().rposition(|w| *w == Written::Bare(b'('))
        {
            let inner: Vec<u8> = text[open + 1..text.len() - 1]
                .iter()
                .filter_map(|w| if let Written::Bare(b) = w { Some(*b) } else { None })
                .collect();
            if !inner.contains(&b'|') && open > 0 {
                qualifier = inner;
                text.truncate(open);
            }
        }
        let plain = |w: &Written| match w {
            Written::Bare(b) | Written::Quoted(b) => Some(*b),
            Written::Unknown => None,
        };
        // A lone `[` is a command, not a set.
        let Some(bytes) = text.iter().map(plain).collect::<Option<Vec<u8>>>() else { return unknown(self, out) };
        let Some(found) = super::glob::glob(self, &text, &bytes, &qualifier) else { return unknown(self, out) };
        let at = self.at();
        if !found.is_empty() {
            out.list.extend(found.iter().map(|f| Value::put(f, Some(&at))));
            return;
        }
        let none = qualifier.contains(&b'N');
        let set = |s: &Self, name: &[u8]| s.state.option(name);
        let drop = if none {
            Some(true)
        } else if self.dialect() == Dialect::Dash {
            Some(false)
        } else {
            set(self, b"nullglob")
        };
        match drop {
            Some(true) => {}
            None => unknown(self, out),
            Some(false) if self.zsh() && super::glob::is_wild(&text) => match set(self, b"nomatch_off") {
                Some(true) => out.list.push(field.value()),
                // The command is not run.
                _ => {
                    out.unsure = true;
                    out.list.push(Value::unknown(Some(&at)));
                    self.note("a pattern that matches nothing");
                }
            },
            Some(false) => out.list.push(field.value()),
        }
    }
}

fn push_unsure(value: &Value, to: &mut Building) {
    push_value(value, true, &mut to.now);
    to.unsure = true;
}

/// Appends a value to a field.
pub(super) fn push_value(value: &Value, quoted: bool, to: &mut Field) {
    for piece in value.pieces() {
        to.bits.push(match piece {
            Piece::Text(text, at) => Bit { text: Some(text.clone()), at: at.clone(), quoted },
            Piece::Unknown(at) => Bit { text: None, at: at.clone(), quoted: true },
        });
    }
}

/// A value as what is matched.
pub(super) fn seen(value: &Value) -> Vec<Seen> {
    let mut out = Vec::new();
    for piece in value.pieces() {
        match piece {
            Piece::Text(text, _) => out.extend(text.iter().map(|b| Seen::Byte(*b))),
            Piece::Unknown(_) => out.push(Seen::Unknown),
        }
    }
    out
}
