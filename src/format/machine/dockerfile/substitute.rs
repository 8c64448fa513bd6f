//! Words and variables of Dockerfiles (docs.docker.com/reference/dockerfile "Environment replacement"; BuildKit's
//! frontend/dockerfile/shell/lex.go).

use super::super::{Growth, span};
use crate::format::shell::{At, Value};

/// What a name stands for: `None` where it is not set.
pub(super) type Get<'a> = dyn Fn(&[u8]) -> Option<&'a Value> + 'a;

/// How deep a default may hold a default.
const DEPTH: u32 = 16;

/// Words between blanks, still with their quotes and escapes.
pub(super) fn words(text: &[u8], escape: u8) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let (mut start, mut quote, mut escaped) = (None, None, false);
    for (i, b) in text.iter().copied().enumerate() {
        if start.is_none() && !b.is_ascii_whitespace() {
            start = Some(i);
        }
        match quote {
            _ if escaped => escaped = false,
            Some(b'\'') if b != b'\'' => {}
            _ if b == escape => escaped = true,
            Some(q) if b == q => quote = None,
            None if b == b'"' || b == b'\'' => quote = Some(b),
            None if b.is_ascii_whitespace() => {
                out.extend(start.take().and_then(|s| text.get(s..i)));
            }
            _ => {}
        }
    }
    out.extend(start.and_then(|s| text.get(s..)));
    out
}

/// A word without quotes and escapes, its variables replaced.
pub(super) fn expand(text: &[u8], escape: u8, get: &Get<'_>, at: &At, growth: &mut Growth, depth: u32) -> Value {
    let mut out = Value::new();
    let (mut rest, mut quote) = (text, None);
    while let [b, after @ ..] = rest {
        rest = after;
        match (*b, quote) {
            (b'\'', Some(b'\'')) | (b'"', Some(b'"')) => quote = None,
            (_, Some(b'\'')) => out.push(&[*b], Some(at)),
            (b'\'' | b'"', None) => quote = Some(*b),
            (e, _) if e == escape => match after {
                // Within double quotes only these are escaped.
                [c, ..] if quote.is_some() && *c != b'"' && *c != b'$' && *c != escape => out.push(&[e], Some(at)),
                [c, more @ ..] => {
                    out.push(&[*c], Some(at));
                    rest = more;
                }
                [] => {}
            },
            (b'$', _) => rest = variable(after, escape, get, at, growth, depth, &mut out),
            _ => out.push(&[*b], Some(at)),
        }
    }
    out
}

/// Appends what stands after a `$`, and gives what follows.
fn variable<'t>(
    text: &'t [u8],
    escape: u8,
    get: &Get<'_>,
    at: &At,
    growth: &mut Growth,
    depth: u32,
    out: &mut Value,
) -> &'t [u8] {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let Some(inner) = text.strip_prefix(b"{") else {
        let (name, rest) = span(text, |b| !letter(b));
        if name.is_empty() {
            out.push(b"$", Some(at));
        } else if let Some(value) = get(name) {
            growth.append(out, value, Some(at));
        }
        return rest;
    };
    let (name, after) = span(inner, |b| !letter(b));
    if let [b'}', rest @ ..] = after {
        if let Some(value) = get(name) {
            growth.append(out, value, Some(at));
        }
        return rest;
    }
    let mut nest = 0u32;
    let end = after.iter().position(|b| {
        match b {
            b'{' => nest = nest.saturating_add(1),
            b'}' if nest == 0 => return true,
            b'}' => nest -= 1,
            _ => {}
        }
        false
    });
    let (word, rest) = match end {
        Some(end) => (after.get(..end).unwrap_or_default(), after.get(end + 1..).unwrap_or_default()),
        None => (after, &[][..]),
    };
    let (empty_counts, sign, word) = match word {
        [b':', sign @ (b'-' | b'+'), word @ ..] => (false, *sign, word),
        [sign @ (b'-' | b'+'), word @ ..] => (true, *sign, word),
        // Patterns, `?` and what is malformed: not evaluated.
        _ => {
            out.push_unknown(Some(at));
            return rest;
        }
    };
    let value = get(name).filter(|v| empty_counts || !v.is_empty());
    match (sign, value) {
        (b'-', Some(value)) => growth.append(out, value, Some(at)),
        (b'+', None) => {}
        _ if depth >= DEPTH => out.push_unknown(Some(at)),
        _ => out.append(&expand(word, escape, get, at, growth, depth + 1)),
    }
    rest
}
