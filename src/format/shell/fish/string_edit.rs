//! `string`: what changes texts.

use super::call::Reply;
use super::eval::Eval;
use super::options::options;
use super::state::Item;
use crate::format::shell::Value;

impl Eval<'_> {
    /// The subcommands that make one text of each; `None` where the answer is not known.
    pub(super) fn string_edit(&mut self, which: &[u8], args: &[Item]) -> Option<Reply> {
        let with_value: &[u8] = match which {
            b"trim" => b"c",
            b"sub" => b"sle",
            b"repeat" => b"nm",
            b"upper" | b"lower" | b"length" => b"",
            _ => return None,
        };
        let (o, rest) = options(args, with_value)?;
        let strings = self.strings(&rest)?;
        let (mut any, mut unsure) = (false, false);
        for item in &strings {
            let told = item.text().and_then(|text| match which {
                b"trim" => trimmed(&text, o.value(b'c').unwrap_or(b" \x0c\n\r\t\x0b"), o.has(b'l'), o.has(b'r')),
                b"sub" => {
                    let number = |letter| o.number(letter).map_or(Some(None), |n| n.map(Some));
                    let part = sub(&text, number(b's')?, number(b'l')?, number(b'e')?)?;
                    Some((part, true))
                }
                b"repeat" => {
                    if o.has(b'm') || o.has(b'N') {
                        return None;
                    }
                    let count = usize::try_from(o.number(b'n')??).ok()?;
                    if text.len().saturating_mul(count) > crate::format::shell::VALUE_LIMIT {
                        return None;
                    }
                    Some((text.repeat(count), count > 0 && !text.is_empty()))
                }
                b"length" => text.is_ascii().then(|| (text.len().to_string().into_bytes(), !text.is_empty())),
                _ => {
                    if !text.is_ascii() {
                        return None;
                    }
                    let changed = if which == b"upper" { text.to_ascii_uppercase() } else { text.to_ascii_lowercase() };
                    let differs = changed != text;
                    Some((changed, differs))
                }
            });
            match told {
                Some((text, did)) => {
                    any |= did;
                    if !o.has(b'q') {
                        let at = item.value.at().cloned().unwrap_or_else(|| self.at());
                        self.print_line(&Value::put(&text, Some(&at)));
                    }
                }
                None => {
                    unsure = true;
                    if !o.has(b'q') {
                        self.print_unknown();
                    }
                }
            }
        }
        Some(if any {
            Reply::Status(0)
        } else if unsure {
            Reply::Unsure
        } else {
            Reply::Status(1)
        })
    }
}

fn trimmed(text: &[u8], chars: &[u8], left: bool, right: bool) -> Option<(Vec<u8>, bool)> {
    if !chars.is_ascii() {
        return None;
    }
    let (left, right) = if left == right { (true, true) } else { (left, right) };
    let mut rest = text;
    while left && let Some((first, others)) = rest.split_first().filter(|(b, _)| chars.contains(b)) {
        let _ = first;
        rest = others;
    }
    while right && let Some((last, others)) = rest.split_last().filter(|(b, _)| chars.contains(b)) {
        let _ = last;
        rest = others;
    }
    Some((rest.to_vec(), rest.len() < text.len()))
}

/// The part from `start`, counted from 1 or from the end; fish: `string_sub`.
fn sub(text: &[u8], start: Option<i64>, length: Option<i64>, end: Option<i64>) -> Option<Vec<u8>> {
    if !text.is_ascii() || (length.is_some() && end.is_some()) || start == Some(0) || end == Some(0) {
        return None;
    }
    let size = i64::try_from(text.len()).ok()?;
    let from = match start {
        Some(n) if n > 0 => n.saturating_sub(1),
        Some(n) => size.saturating_add(n).max(0),
        None => 0,
    }
    .min(size);
    let to = match (length, end) {
        (Some(n), _) if n >= 0 => from.saturating_add(n),
        (Some(_), _) => return None,
        (None, Some(n)) if n > 0 => n,
        (None, Some(n)) => size.saturating_add(n),
        (None, None) => size,
    }
    .clamp(from, size);
    text.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_fish_counts() {
        assert_eq!(sub(b"abcde", Some(2), Some(3), None).unwrap(), b"bcd");
        assert_eq!(sub(b"abcde", Some(-2), None, None).unwrap(), b"de");
        assert_eq!(sub(b"abcde", None, None, Some(-2)).unwrap(), b"abc");
        assert_eq!(sub(b"abcde", Some(4), None, Some(2)).unwrap(), b"");
        assert_eq!(sub(b"abcde", Some(9), None, None).unwrap(), b"");
    }
}
