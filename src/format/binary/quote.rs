//! Go's string literals, as `strconv.Unquote` and `strconv.QuotedPrefix` read them.

/// The text of bytes as Go prints it: each byte that is no valid UTF-8 becomes one U+FFFD.
pub fn lossy(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

/// The value of a whole quoted string (`"…"` or `` `…` ``); `None` if it is none.
pub fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let (value, len) = unquote_prefix(text)?;
    (len == text.len()).then_some(value)
}

/// The value of the quoted string at the beginning of `text` and its length with both quotes.
pub(super) fn unquote_prefix(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (quote, rest) = text.split_first()?;
    match quote {
        b'`' => {
            let end = rest.iter().position(|b| *b == b'`')?;
            let value = rest.get(..end)?.iter().copied().filter(|b| *b != b'\r').collect();
            Some((value, end + 2))
        }
        b'"' => {
            let mut value = Vec::new();
            let mut at = rest;
            loop {
                match *at {
                    [b'"', ref after @ ..] => return Some((value, text.len() - after.len())),
                    [] | [b'\n', ..] => return None,
                    [b'\\', ref after @ ..] => at = escape(after, &mut value)?,
                    _ => at = plain(at, &mut value)?,
                }
            }
        }
        _ => None,
    }
}

/// One character; a byte that is no valid UTF-8 becomes U+FFFD.
fn plain<'a>(at: &'a [u8], value: &mut Vec<u8>) -> Option<&'a [u8]> {
    let window = at.get(..4).unwrap_or(at);
    let chunk = window.utf8_chunks().next()?;
    match chunk.valid().chars().next() {
        Some(c) => {
            push(c, value);
            at.get(c.len_utf8()..)
        }
        None => {
            push(char::REPLACEMENT_CHARACTER, value);
            at.get(1..)
        }
    }
}

fn push(c: char, value: &mut Vec<u8>) {
    value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// What follows a backslash (`strconv.UnquoteChar` with the quote `"`).
fn escape<'a>(at: &'a [u8], value: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (kind, rest) = at.split_first()?;
    let simple = match kind {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' | b'"' => *kind,
        b'x' | b'u' | b'U' => {
            let len = match kind {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let number = digits(rest.get(..len)?, 16)?;
            match kind {
                b'x' => value.push(u8::try_from(number).ok()?),
                _ => push(char::from_u32(number)?, value),
            }
            return rest.get(len..);
        }
        b'0'..=b'7' => {
            value.push(u8::try_from(digits(at.get(..3)?, 8)?).ok()?);
            return at.get(3..);
        }
        _ => return None,
    };
    value.push(simple);
    Some(rest)
}

fn digits(text: &[u8], base: u32) -> Option<u32> {
    text.iter().try_fold(0u32, |n, d| n.checked_mul(base)?.checked_add(char::from(*d).to_digit(base)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_as_go() {
        let rows: &[(&[u8], Option<&[u8]>)] = &[
            (b"\"\"", Some(b"")),
            (b"\"a b\"", Some(b"a b")),
            (b"`a\"\\n\rb`", Some(b"a\"\\nb")),
            (br#""\a\b\f\n\r\t\v\\\"""#, Some(b"\x07\x08\x0c\n\r\t\x0b\\\"")),
            (br#""\xff\377\u00e9\U0001F600""#, Some(b"\xff\xff\xc3\xa9\xf0\x9f\x98\x80")),
            (b"\"\xff\xc3(\"", Some(b"\xef\xbf\xbd\xef\xbf\xbd(")),
            (br#""\'""#, None),
            (br#""\400""#, None),
            (br#""\ud800""#, None),
            (br#""\x4""#, None),
            (b"\"a\nb\"", None),
            (b"\"a", None),
            (b"\"a\"b", None),
            (b"'a'", None),
            (b"\"", None),
            (b"", None),
        ];
        for (text, want) in rows {
            assert_eq!(unquote(text).as_deref(), *want, "{}", lossy(text));
        }
        assert_eq!(unquote_prefix(b"\"a\"=b"), Some((b"a".to_vec(), 3)));
    }
}
