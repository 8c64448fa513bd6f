//! Backslash escapes of `$'…'`, `printf`, and `echo`.

/// Who reads the escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `$'…'`
    Dollar,
    /// The format of `printf`: octal without a leading zero.
    Format,
    /// `echo -e`, `printf %b`: octal with a leading zero, `\c` ends all.
    Echo,
}

/// The bytes that `text` stands for, and whether `\c` ended it.
pub(super) fn decode(text: &[u8], style: Style) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((b, after)) = rest.split_first() {
        rest = after;
        if *b != b'\\' {
            out.push(*b);
            continue;
        }
        let Some((c, after)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = after;
        match c {
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'e' | b'E' => out.push(27),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'\\' => out.push(b'\\'),
            b'\'' | b'"' | b'?' if style != Style::Echo => out.push(*c),
            b'c' if style == Style::Echo => return (out, true),
            b'x' => out.push(number(&mut rest, 16, 2)),
            b'u' => utf8(&mut out, &mut rest, 4),
            b'U' => utf8(&mut out, &mut rest, 8),
            b'0' if style == Style::Echo => out.push(number(&mut rest, 8, 3)),
            b'0'..=b'7' if style != Style::Echo => {
                rest = text.get(text.len() - rest.len() - 1..).unwrap_or(&[]);
                out.push(number(&mut rest, 8, 3));
            }
            c => out.extend([b'\\', *c]),
        }
    }
    (out, false)
}

fn digits(rest: &mut &[u8], radix: u32, most: usize) -> u32 {
    let mut value = 0u32;
    for _ in 0..most {
        let Some(digit) = rest.first().and_then(|b| char::from(*b).to_digit(radix)) else { break };
        value = value.wrapping_mul(radix).wrapping_add(digit);
        *rest = rest.get(1..).unwrap_or(&[]);
    }
    value
}

fn number(rest: &mut &[u8], radix: u32, most: usize) -> u8 {
    u8::try_from(digits(rest, radix, most) & 0xff).unwrap_or(0)
}

fn utf8(out: &mut Vec<u8>, rest: &mut &[u8], most: usize) {
    let c = char::from_u32(digits(rest, 16, most)).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
