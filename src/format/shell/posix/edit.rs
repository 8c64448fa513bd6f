//! What `${x#p}`, `${x/p/r}` and zsh's `${x:h}` make of a value.

use super::super::value::{Piece, Value};
use super::ast::Op;
use super::pattern::{Pattern, Seen};
use super::shell::{Shell, map_case};

/// Bytes up to which each place of a value is tried.
const TRIED: usize = 8192;

/// The bytes from `from` to `to` of a known value; they keep their lines.
pub(super) fn cut(value: &Value, from: usize, to: usize) -> Value {
    let mut out = Value::new();
    let mut pos = 0;
    for piece in value.pieces() {
        if let Piece::Text(text, at) = piece {
            let end = pos + text.len();
            if from < end && to > pos {
                let part = text.get(from.max(pos) - pos..to.min(end) - pos).unwrap_or(&[]);
                out.push(part, at.as_ref());
            }
            pos = end;
        }
    }
    out
}

/// `None` where it is not known.
pub(super) fn edit(shell: &mut Shell<'_>, op: &Op, pattern: &Pattern, with: Option<&Value>, value: &Value) -> Option<Value> {
    let text = value.text()?;
    let all = |from: usize| -> Vec<Seen> { text.get(from..).unwrap_or(&[]).iter().map(|b| Seen::Byte(*b)).collect() };
    match op {
        Op::Without(_) => Some(if pattern.matches(&all(0))? { Value::new() } else { value.clone() }),
        Op::Trim { suffix: false, longest, .. } => {
            let lengths = pattern.prefixes(&text)?;
            let n = if *longest { lengths.last() } else { lengths.first() }.copied().unwrap_or(0);
            Some(cut(value, n, text.len()))
        }
        Op::Trim { suffix: true, longest, .. } => {
            if let Some(literal) = pattern.literal() {
                return Some(if text.ends_with(&literal) { cut(value, 0, text.len() - literal.len()) } else { value.clone() });
            }
            if text.len() > TRIED {
                return None;
            }
            let mut places: Box<dyn Iterator<Item = usize>> =
                if *longest { Box::new(0..=text.len()) } else { Box::new((0..=text.len()).rev()) };
            let found = places.find_map(|from| {
                if !shell.step(1 + (text.len() - from) / 64) {
                    return Some(None);
                }
                match pattern.matches(&all(from)) {
                    Some(true) => Some(Some(from)),
                    Some(false) => None,
                    None => Some(None),
                }
            });
            match found {
                None => Some(value.clone()),
                Some(from) => Some(cut(value, 0, from?)),
            }
        }
        Op::Replace { kind, .. } => replace(shell, *kind, pattern, with?, value, &text),
        _ => None,
    }
}

fn replace(shell: &mut Shell<'_>, kind: u8, pattern: &Pattern, with: &Value, value: &Value, text: &[u8]) -> Option<Value> {
    // bash 5.2 takes an unquoted `&` as what was matched.
    if with.text().is_none_or(|w| w.contains(&b'&') || w.contains(&b'\\')) && shell.bash() {
        return None;
    }
    let literal = pattern.literal();
    if literal.is_none() && text.len() > TRIED {
        return None;
    }
    let longest = |shell: &mut Shell<'_>, from: usize| -> Option<Option<usize>> {
        let rest = text.get(from..).unwrap_or(&[]);
        match &literal {
            Some(l) => Some(Some(l.len()).filter(|_| rest.starts_with(l) && !l.is_empty())),
            None => {
                if !shell.step(1 + rest.len() / 64) {
                    return None;
                }
                Some(pattern.prefixes(rest)?.last().copied())
            }
        }
    };
    let mut out = Value::new();
    let mut pos = 0;
    match kind {
        b'#' => {
            if let Some(n) = longest(shell, 0)? {
                out.append(with);
                pos = n;
            }
            out.append(&cut(value, pos, text.len()));
            return Some(out);
        }
        b'%' => return None,
        _ => {}
    }
    let mut from = 0;
    while from < text.len() {
        match longest(shell, from)? {
            Some(n) if n > 0 => {
                out.append(&cut(value, pos, from));
                out.append(with);
                from += n;
                pos = from;
                if kind == b'/' {
                    break;
                }
            }
            _ => from += 1,
        }
    }
    out.append(&cut(value, pos, text.len()));
    Some(out)
}

/// zsh's modifiers.
pub(super) fn modify(shell: &mut Shell<'_>, letters: &[u8], value: &Value) -> Option<Value> {
    let mut value = value.clone();
    for letter in letters {
        let text = value.text()?;
        let name = text.iter().rposition(|b| *b == b'/').map_or(0, |i| i + 1);
        let dot = text.iter().rposition(|b| *b == b'.').filter(|d| *d >= name);
        let at = value.at().cloned();
        value = match letter {
            b'h' => {
                let end = text.iter().rposition(|b| *b != b'/').map_or(0, |i| i + 1);
                let slash = text.get(..end)?.iter().rposition(|b| *b == b'/');
                match slash {
                    None if text.starts_with(b"/") => Value::put(b"/", at.as_ref()),
                    None => Value::put(b".", at.as_ref()),
                    Some(slash) => {
                        let n = text.get(..slash)?.iter().rposition(|b| *b != b'/').map_or(1, |i| i + 1);
                        cut(&value, 0, n)
                    }
                }
            }
            b't' if !text.ends_with(b"/") => cut(&value, name, text.len()),
            b'r' => cut(&value, 0, dot.unwrap_or(text.len())),
            b'e' => cut(&value, dot.map_or(text.len(), |d| d + 1), text.len()),
            b'l' | b'u' if text.is_ascii() => map_case(&value, *letter == b'u', true),
            b'A' | b'P' => {
                let path = shell.absolute(&text)?;
                Value::put(&shell.world.resolve(&path)?, at.as_ref())
            }
            b'a' => Value::put(&normal(&shell.absolute(&text)?), at.as_ref()),
            _ => return None,
        };
    }
    Some(value)
}

/// A path without `.`, `..` and doubled slashes, as `cd` keeps it.
pub(super) fn normal(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut out = Vec::new();
    for part in parts {
        out.push(b'/');
        out.extend_from_slice(part);
    }
    if out.is_empty() { b"/".to_vec() } else { out }
}
