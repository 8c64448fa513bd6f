//! Lines of sudoers as its lexer sees them (plugins/sudoers/toke.l): continued ones joined, comments taken off.

use super::super::lines;

/// A line and those that continue it.
#[derive(Debug, Default)]
pub(super) struct Logical {
    /// Without comments and continuations.
    pub text: Vec<u8>,
    /// From which place on which line of the file stands there.
    breaks: Vec<(usize, u32)>,
}

impl Logical {
    /// The line of the file that the byte at `place` comes from.
    pub fn line_at(&self, place: usize) -> u32 {
        self.breaks.iter().take_while(|(from, _)| *from <= place).last().map_or(1, |(_, line)| *line)
    }
}

pub(super) fn logical(bytes: &[u8]) -> Vec<Logical> {
    let mut out = Vec::new();
    let mut open = Logical::default();
    let mut quoted = false;
    for (line, text) in lines(bytes) {
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let text = text.trim_ascii_start();
        open.breaks.push((open.text.len(), line));
        let mut rest = text;
        let mut continued = false;
        loop {
            match rest {
                [] => break,
                [b'\\', after @ ..] if after.trim_ascii().is_empty() => {
                    continued = true;
                    break;
                }
                [b'\\', b, after @ ..] => {
                    open.text.extend_from_slice(&[b'\\', *b]);
                    rest = after;
                }
                [b'#', after @ ..] if !quoted && !keeps_hash(&open.text, after) => break,
                [b, after @ ..] => {
                    quoted ^= *b == b'"';
                    open.text.push(*b);
                    rest = after;
                }
            }
        }
        if continued {
            if !quoted {
                open.text.push(b' ');
            }
        } else {
            out.push(std::mem::take(&mut open));
            quoted = false;
        }
    }
    out.push(open);
    out.retain(|l| !l.text.trim_ascii().is_empty());
    out
}

/// `#` is no comment before a number, or as the old form of `@include`.
fn keeps_hash(before: &[u8], after: &[u8]) -> bool {
    let digits = after.strip_prefix(b"-").unwrap_or(after);
    let number = digits.first().is_some_and(u8::is_ascii_digit) && before.last().is_some_and(|b| b" \t,:=!>@%(".contains(b));
    let include = before.is_empty() && (after.starts_with(b"include ") || after.starts_with(b"include\t"))
        || before.is_empty() && (after.starts_with(b"includedir ") || after.starts_with(b"includedir\t"));
    number || include
}
