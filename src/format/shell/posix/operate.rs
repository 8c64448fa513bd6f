//! What `${…}` does to a value: defaults aside, its operators, slices and flags of zsh.

use super::super::value::Value;
use super::ast::{Op, Word};
use super::expand::Mode;
use super::shell::{Shell, join, map_case, unique};
use super::state::Held;

impl Shell<'_> {
    pub(super) fn operate(&mut self, op: &Op, held: Held, all: bool) -> Held {
        match op {
            Op::None | Op::Default { .. } => held,
            Op::Unknown => Held::Unknown(Some(self.at())),
            Op::Slice(offset, length) => self.slice(held, offset, length.as_ref(), all),
            Op::Trim { pattern, .. } | Op::Without(pattern) | Op::Replace { pattern, .. } => {
                let pattern = self.pattern(pattern);
                let with = if let Op::Replace { with, .. } = op { Some(self.single(with, Mode::Single)) } else { None };
                if let (Op::Without(_), Held::Many(items)) = (op, &held) {
                    let mut out = Vec::new();
                    for item in items {
                        match pattern.matches(&super::expand::seen(item)) {
                            Some(true) => {}
                            Some(false) => out.push(item.clone()),
                            None => return Held::Unknown(Some(self.at())),
                        }
                    }
                    return Held::Many(out);
                }
                self.each(held, |s, value| super::edit::edit(s, op, &pattern, with.as_ref(), value))
            }
            Op::Case { upper, all } => self.each(held, |_, value| {
                // Letters beyond ASCII hang on the locale.
                value.text().is_none_or(|t| t.is_ascii()).then(|| map_case(value, *upper, *all))
            }),
            Op::Modifiers(letters) => self.each(held, |s, value| super::edit::modify(s, letters, value)),
        }
    }

    fn each(&mut self, held: Held, mut f: impl FnMut(&mut Self, &Value) -> Option<Value>) -> Held {
        let at = self.at();
        let mut one = |s: &mut Self, value: &Value| {
            if s.step(1 + value.known_len() / 64) {
                f(s, value).unwrap_or_else(|| Value::unknown(Some(&at)))
            } else {
                Value::unknown(Some(&at))
            }
        };
        match held {
            Held::One(value) => Held::One(one(self, &value)),
            Held::Many(items) => Held::Many(items.iter().map(|i| one(self, i)).collect()),
            Held::Unset => Held::One(one(self, &Value::new())),
            Held::Unknown(at) => Held::Unknown(at),
        }
    }

    pub(super) fn slice(&mut self, held: Held, offset: &Word, length: Option<&Word>, all: bool) -> Held {
        let unknown = Held::Unknown(Some(self.at()));
        let offset = self.quoted(offset);
        let Some(offset) = self.number(&offset) else { return unknown };
        let length = match length {
            None => None,
            Some(word) => {
                let text = self.quoted(word);
                match self.number(&text) {
                    Some(n) => Some(n),
                    None => return unknown,
                }
            }
        };
        let range = |len: usize, offset: i64| -> Option<(usize, usize)> {
            let len = i64::try_from(len).ok()?;
            let from = if offset < 0 { len + offset } else { offset };
            if from < 0 || from > len {
                return Some((0, 0));
            }
            let to = match length {
                None => len,
                Some(n) if n < 0 => len + n,
                Some(n) => from.saturating_add(n).min(len),
            };
            if to < from {
                return None;
            }
            Some((usize::try_from(from).ok()?, usize::try_from(to).ok()?))
        };
        match held {
            Held::Many(items) => {
                // `${@:0}` starts with `$0`; `${a[@]:0}` does not, but which of them this is is not told here.
                let positional = all && self.state.positional.as_ref() == Some(&items);
                if positional && offset <= 0 {
                    return unknown;
                }
                let offset = if positional { offset - 1 } else { offset };
                match range(items.len(), offset) {
                    Some((a, b)) => Held::Many(items.get(a..b).unwrap_or(&[]).to_vec()),
                    None => unknown,
                }
            }
            Held::One(value) => match value.text().filter(|t| t.is_ascii()).and_then(|t| range(t.len(), offset)) {
                Some((a, b)) => Held::One(super::edit::cut(&value, a, b)),
                None => unknown,
            },
            Held::Unset => Held::One(Value::new()),
            Held::Unknown(_) => unknown,
        }
    }

    /// zsh's flags, as far as they are evaluated.
    pub(super) fn zsh_flags(&mut self, flags: &[u8], held: Held) -> Held {
        let at = self.at();
        let unknown = Held::Unknown(Some(at.clone()));
        let mut held = held;
        let (mut joined, mut split) = (None, None);
        let mut rest = flags;
        while let Some((flag, after)) = rest.split_first() {
            rest = after;
            match flag {
                b'@' | b'P' => {}
                b's' | b'j' => {
                    let Some((mark, after)) = rest.split_first() else { return unknown };
                    let close = match mark {
                        b'(' | b'{' | b'[' | b'<' => return unknown,
                        mark => *mark,
                    };
                    let Some(n) = after.iter().position(|b| *b == close) else { return unknown };
                    let text = after.get(..n).unwrap_or(&[]).to_vec();
                    rest = after.get(n + 1..).unwrap_or(&[]);
                    if *flag == b's' { split = Some(text) } else { joined = Some(text) }
                }
                b'f' => split = Some(b"\n".to_vec()),
                b'F' => joined = Some(b"\n".to_vec()),
                b'U' | b'L' => {
                    held =
                        self.each(held, |_, v| v.text().is_some_and(|t| t.is_ascii()).then(|| map_case(v, *flag == b'U', true)))
                }
                b'u' => {
                    if let Held::Many(items) = held {
                        held = Held::Many(unique(items));
                    }
                }
                b'%' => {
                    let name = self.calls.last().cloned().unwrap_or_else(|| self.file.to_vec());
                    let (file, user) = (self.file.clone(), self.start.user);
                    held = self.each(held, |_, v| match v.text()?.as_slice() {
                        b"%x" => Some(Value::put(&file, Some(&at))),
                        b"%N" => Some(Value::put(&name, Some(&at))),
                        b"%n" => Some(Value::put(user, Some(&at))),
                        text if !text.contains(&b'%') => Some(v.clone()),
                        _ => None,
                    });
                }
                _ => return unknown,
            }
        }
        if let (Some(text), Held::Many(items)) = (&joined, &held) {
            held = Held::One(join(items, text));
        }
        if let Some(text) = split {
            let value = match held {
                Held::One(value) => value,
                Held::Many(items) => join(&items, b" "),
                Held::Unset => Value::new(),
                Held::Unknown(_) => return unknown,
            };
            let [separator] = text.as_slice() else { return unknown };
            if !value.is_known() {
                return unknown;
            }
            held = Held::Many(value.split(*separator));
        }
        held
    }
}
