//! What `$x` and `${…}` stand for.

use super::super::value::Value;
use super::ast::{Op, Param, Part, Prefix, Subject, Word};
use super::expand::{Building, Mode};
use super::shell::{Shell, join, lossy};
use super::state::Held;

/// Whether it gives one field for each element within quotes.
pub(super) fn is_list(p: &Param) -> bool {
    if p.prefix == Prefix::Length || p.prefix == Prefix::IsSet {
        return false;
    }
    let at = |w: &Word| w.plain() == Some(b"@");
    matches!(&p.subject, Subject::Name(name) if name == b"@") || p.index.as_ref().is_some_and(at) || p.flags.contains(&b'@')
}

/// Whether all elements are meant.
fn is_all(p: &Param) -> bool {
    let all = |w: &Word| matches!(w.plain(), Some(b"@" | b"*"));
    matches!(&p.subject, Subject::Name(name) if name == b"@" || name == b"*") || p.index.as_ref().is_some_and(all)
}

impl Shell<'_> {
    /// The value of a special parameter; `None` where the name is none.
    fn special(&mut self, name: &[u8]) -> Option<Held> {
        let at = self.at();
        let known = |text: &[u8]| Held::One(Value::put(text, Some(&at)));
        let unknown = Held::Unknown(Some(at.clone()));
        Some(match name {
            b"@" | b"*" | b"argv" if name != b"argv" || self.zsh() => match &self.state.positional {
                Some(all) => Held::Many(all.clone()),
                None => unknown,
            },
            b"#" | b"ARGC" if name == b"#" || self.zsh() => match &self.state.positional {
                Some(all) => known(all.len().to_string().as_bytes()),
                None => unknown,
            },
            b"?" | b"status" if name == b"?" || self.zsh() => match self.state.status {
                Some(status) => known(status.to_string().as_bytes()),
                None => unknown,
            },
            b"-" => self.flags(),
            b"$" | b"!" => unknown,
            b"0" => match (self.zsh(), self.calls.last()) {
                (true, Some(name)) => known(&name.clone()),
                (true, None) if self.depth > 0 => known(&self.file.clone()),
                _ => unknown,
            },
            [b'1'..=b'9', ..] => {
                let n: usize = std::str::from_utf8(name).ok()?.parse().ok()?;
                match &self.state.positional {
                    Some(all) => all.get(n - 1).cloned().map_or(Held::Unset, Held::One),
                    None => unknown,
                }
            }
            _ => return None,
        })
    }

    fn named(&mut self, name: &[u8]) -> Held {
        match self.special(name) {
            Some(held) => held,
            None => self.held(name),
        }
    }

    fn base(&mut self, p: &Param, quoted: bool) -> Held {
        let name = match &p.subject {
            Subject::Nested(word) => {
                if quoted && !p.flags.contains(&b'@') {
                    return Held::One(self.quoted(word));
                }
                let args = self.word_args(word);
                return match args.list.as_slice() {
                    _ if args.unsure => Held::Unknown(Some(self.at())),
                    [] => Held::One(Value::new()),
                    [one] => Held::One(one.clone()),
                    _ => Held::Many(args.list),
                };
            }
            Subject::Name(name) if name.is_empty() => return Held::Unset,
            Subject::Name(name) => name,
        };
        let zsh = self.zsh();
        let Some(index) = &p.index else {
            return match self.named(name) {
                Held::Many(items) if !zsh && name != b"@" && name != b"*" => {
                    items.into_iter().next().map_or(Held::Unset, Held::One)
                }
                other => other,
            };
        };
        if is_all(p) {
            return match self.named(name) {
                Held::One(value) if !zsh => Held::Many(vec![value]),
                Held::Unset if !zsh => Held::Many(Vec::new()),
                other => other,
            };
        }
        self.element(name, index)
    }

    /// `name[index]`
    fn element(&mut self, name: &[u8], index: &Word) -> Held {
        let unknown = Held::Unknown(Some(self.at()));
        let key = self.quoted(index);
        if self.zsh() && name == b"commands" {
            let Some(key) = key.text() else { return unknown };
            return match self.which(&key) {
                Some(Some(path)) => Held::One(Value::put(&path, Some(&self.at()))),
                Some(None) => Held::Unset,
                None => unknown,
            };
        }
        if self.zsh() && (name == b"functions" || name == b"aliases") {
            let Some(key) = key.text() else { return unknown };
            let there = if name == b"functions" {
                self.state.functions.get(&key).map(Option::is_some)
            } else {
                self.state.aliases.get(&key).map(Option::is_some)
            };
            return match there {
                None if !self.state.lost => Held::Unset,
                Some(true) => Held::One(Value::put(b"{", Some(&self.at()))).clone(),
                _ => unknown,
            };
        }
        if let Some(super::state::Array::Map(map)) = self.state.arrays.get(name) {
            let Some(key) = key.text() else { return unknown };
            return map.get(&key).cloned().map_or(Held::Unset, Held::One);
        }
        let items = match self.named(name) {
            Held::Many(items) => items,
            Held::One(value) if !self.zsh() => vec![value],
            Held::Unset => return Held::Unset,
            _ => return unknown,
        };
        let Some(n) = self.number(&key) else { return unknown };
        let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let n = if n < 0 {
            len + n
        } else if self.zsh() {
            n - 1
        } else {
            n
        };
        usize::try_from(n).ok().and_then(|n| items.get(n).cloned()).map_or(Held::Unset, Held::One)
    }

    /// Puts what a parameter stands for into the fields.
    pub(super) fn place_param(&mut self, p: &Param, quoted: bool, to: &mut Building) {
        let unknown = Value::unknown(Some(&self.at()));
        let mut held = self.base(p, quoted);
        let zsh = self.zsh();
        match p.prefix {
            Prefix::None => {}
            Prefix::Length => {
                let at = self.at();
                let n = match &held {
                    Held::Many(items) => Some(items.len()),
                    Held::Unset => Some(0),
                    // Characters hang on the locale; of ASCII they are bytes.
                    Held::One(value) => value.text().filter(|t| t.is_ascii()).map(|t| t.len()),
                    Held::Unknown(_) => None,
                };
                let value = n.map_or(unknown, |n| Value::put(n.to_string().as_bytes(), Some(&at)));
                return self.place(&value, true, false, to);
            }
            Prefix::IsSet => {
                let at = self.at();
                let set = match held {
                    Held::Unset => Value::put(b"0", Some(&at)),
                    Held::Unknown(_) => unknown,
                    _ => Value::put(b"1", Some(&at)),
                };
                return self.place(&set, true, false, to);
            }
            Prefix::Indirect => {
                held = match held {
                    Held::One(value) => match value.text() {
                        Some(name) if super::reader::is_name(&name) || name.iter().all(u8::is_ascii_digit) => self.named(&name),
                        _ => Held::Unknown(None),
                    },
                    _ => Held::Unknown(None),
                };
                if let Held::Many(items) = held {
                    held = items.into_iter().next().map_or(Held::Unset, Held::One);
                }
            }
            Prefix::Names => {
                self.place(&unknown, quoted, false, to);
                to.unsure = true;
                return;
            }
        }
        if p.flags.contains(&b'P') {
            held = match held {
                Held::One(value) => match value.text() {
                    Some(name) => self.named(&name),
                    None => Held::Unknown(None),
                },
                _ => Held::Unknown(None),
            };
        }
        if let Op::Default { kind, colon, word } = &p.op {
            let set = match &held {
                Held::Unset => Some(false),
                Held::Unknown(_) => None,
                Held::One(value) if *colon => {
                    if value.is_empty() {
                        Some(false)
                    } else if value.known_len() > 0 {
                        Some(true)
                    } else {
                        None
                    }
                }
                Held::Many(items) if *colon || !zsh => {
                    Some(!items.is_empty() && (!*colon || items.len() > 1 || items.iter().any(|i| !i.is_empty())))
                }
                _ => Some(true),
            };
            match (set, kind) {
                (None, b'=') => {
                    if let Subject::Name(name) = &p.subject {
                        let name = name.clone();
                        self.forget(&name);
                    }
                    held = Held::Unknown(None);
                }
                (None, b'?') => self.note("whether a variable is set"),
                (None, _) => {
                    // What it would put here has no effects that last: both are one unknown string.
                    held = Held::Unknown(None);
                }
                (Some(true), b'+') | (Some(false), b'-') => {
                    if p.flags.is_empty() {
                        return self.default_word(word, quoted, to);
                    }
                    held = Held::One(self.single(word, Mode::Single));
                }
                (Some(false), b'=') => {
                    let value = self.single(word, Mode::Assign);
                    if let Subject::Name(name) = &p.subject
                        && super::reader::is_name(name)
                    {
                        let name = name.clone();
                        self.set(&name, value.clone());
                    }
                    held = Held::One(value);
                }
                (Some(false), b'?') => {
                    self.forget_all("what follows on a parameter that is not set");
                    held = Held::Unknown(None);
                }
                (Some(false), _) => held = Held::One(Value::new()),
                (Some(true), _) => {}
            }
        } else {
            if held == Held::Unset
                && self.state.option(b"nounset") != Some(false)
                && !is_all(p)
                && p.subject != Subject::Name(Vec::new())
            {
                self.forget_all("what follows on a parameter that is not set, with `set -u`");
                held = Held::Unknown(None);
            }
            held = self.operate(&p.op, held, is_all(p));
        }
        if !p.flags.is_empty() {
            held = self.zsh_flags(&p.flags, held);
        }
        let splits = p.marks.contains(&b'=');
        if (p.marks.contains(&b'^') || p.marks.contains(&b'~') || zsh && self.state.option(b"rcexpandparam") != Some(false))
            && (!matches!(&held, Held::One(_) | Held::Unset) || p.marks.contains(&b'~'))
        {
            held = Held::Unknown(None);
        }
        match held {
            Held::Unset => {}
            Held::One(value) => self.place(&value, quoted, splits, to),
            Held::Unknown(_) => {
                self.place(&unknown, quoted, splits, to);
                let list = is_list(p) || zsh && !quoted;
                to.unsure |= to.mode == Mode::Args && list;
            }
            Held::Many(items) => self.place_many(p, &items, quoted, splits, to),
        }
    }

    fn place_many(&mut self, p: &Param, items: &[Value], quoted: bool, splits: bool, to: &mut Building) {
        let separate = if quoted { is_list(p) || p.flags.contains(&b'@') } else { true };
        if to.mode != Mode::Args || !separate {
            let first = if quoted && !is_list(p) || self.zsh() {
                match self.state.held(b"IFS") {
                    Held::One(v) => v.text().map(|t| t.first().map_or(Vec::new(), |b| vec![*b])),
                    Held::Unset => Some(b" ".to_vec()),
                    _ => None,
                }
            } else {
                Some(b" ".to_vec())
            };
            let value = first.map_or_else(|| Value::unknown(Some(&self.at())), |f| join(items, &f));
            return self.place(&value, true, false, to);
        }
        for (i, item) in items.iter().enumerate() {
            if !self.step(1) {
                to.unsure = true;
                return;
            }
            if i > 0 {
                let now = std::mem::take(&mut to.now);
                if now.keep || !now.bits.is_empty() {
                    to.done.push(now);
                }
            }
            self.place(item, quoted, splits, to);
            to.now.keep |= quoted;
            if quoted && item.is_empty() {
                to.now.bits.push(super::expand::Bit { text: Some(Vec::new()), at: None, quoted: true });
            }
        }
    }

    /// The word of `${x:-word}`, in its place.
    fn default_word(&mut self, word: &Word, quoted: bool, to: &mut Building) {
        for (i, part) in word.parts.iter().enumerate() {
            match part {
                Part::Text(text) if !(quoted || to.mode != Mode::Args || self.zsh() || i == 0 && text.first() == Some(&b'~')) => {
                    let value = Value::put(text, Some(&self.at()));
                    self.place(&value, false, true, to);
                }
                part => {
                    let rest = std::slice::from_ref(part);
                    self.level(|s| s.parts(rest, quoted, to));
                }
            }
        }
    }

    /// The value of an arithmetic expression; `None` where it is not known or wrong.
    pub(super) fn number(&mut self, text: &Value) -> Option<i64> {
        let known = match text.text() {
            Some(known) => known,
            None => {
                // What it assigns to is unknown.
                let all: Vec<u8> = super::expand::seen(text)
                    .iter()
                    .map(|s| if let super::pattern::Seen::Byte(b) = s { *b } else { b' ' })
                    .collect();
                if all.windows(2).any(|w| w[1] == b'=' || w == b"++" || w == b"--") {
                    for name in all.split(|b| !super::reader::name_byte(*b)).filter(|n| super::reader::is_name(n)) {
                        self.forget(name);
                    }
                }
                return None;
            }
        };
        self.step(1 + known.len() / 16);
        match super::arith::evaluate(&known, self) {
            Ok(value) => value,
            Err(_) => {
                self.note(format!("the value of `{}`", lossy(&known)));
                None
            }
        }
    }
}

impl super::arith::Numbers for Shell<'_> {
    fn get(&mut self, name: &[u8]) -> Option<i64> {
        match self.held(name) {
            Held::Unset => Some(0),
            Held::One(value) => {
                let text = value.text()?;
                let text = std::str::from_utf8(&text).ok()?.trim();
                // A value that is an expression itself is left unknown.
                if text.is_empty() {
                    Some(0)
                } else if text.len() > 1 && text.starts_with('0') {
                    None
                } else {
                    text.parse().ok()
                }
            }
            _ => None,
        }
    }

    fn set(&mut self, name: &[u8], value: Option<i64>) {
        match value {
            Some(n) => {
                let value = Value::put(n.to_string().as_bytes(), Some(&self.at()));
                Shell::set(self, name, value);
            }
            None => self.forget(name),
        }
    }
}
