//! `math`: sums, products and remainders.

use super::call::Reply;
use super::eval::Eval;
use super::state::{Item, joined};
use crate::format::shell::Value;

/// How deep parentheses may nest.
const NESTING: u32 = 24;
/// Numbers up to this are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

struct Reader<'a> {
    text: &'a [u8],
    pos: usize,
    depth: u32,
}

impl Eval<'_> {
    pub(super) fn math(&mut self, args: &[Item]) -> Reply {
        let mut scale = None;
        let mut rest = args;
        while let Some((first, others)) = rest.split_first() {
            let Some(text) = first.text() else { break };
            let value = if let Some(value) = text.strip_prefix(b"--scale=") {
                value.to_vec()
            } else if matches!(&text[..], b"-s" | b"--scale") {
                let Some((value, tail)) = others.split_first() else { return Reply::Status(2) };
                rest = tail;
                scale = value.text().and_then(|t| std::str::from_utf8(&t).ok()?.parse::<usize>().ok()).or(Some(99));
                continue;
            } else if let Some(value) = text.strip_prefix(b"-s").filter(|v| !v.is_empty()) {
                value.to_vec()
            } else {
                if text == b"--" {
                    rest = others;
                }
                break;
            };
            scale = std::str::from_utf8(&value).ok().and_then(|t| t.parse::<usize>().ok()).or(Some(99));
            rest = others;
        }
        let at = self.at();
        let told = joined(rest, b' ').text().filter(|_| !rest.iter().any(|i| i.many)).and_then(|text| {
            let mut reader = Reader { text: &text, pos: 0, depth: 0 };
            let value = reader.sum()?;
            reader.blank();
            (reader.pos == text.len()).then_some(value)
        });
        match told.and_then(|v| printed(v, scale.unwrap_or(6))) {
            Some(text) => {
                self.print_line(&Value::put(text.as_bytes(), Some(&at)));
                Reply::Status(0)
            }
            None => {
                self.print_unknown();
                Reply::Unsure
            }
        }
    }
}

/// A number as fish prints it: without needless zeros, cut to so many places.
fn printed(value: f64, scale: usize) -> Option<String> {
    if !value.is_finite() || value.abs() > EXACT || scale > 15 {
        return None;
    }
    if scale == 0 {
        return Some(format!("{:.0}", value.trunc())).map(|t| if t == "-0" { "0".to_owned() } else { t });
    }
    let mut text = format!("{value:.scale$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    Some(if text == "-0" { "0".to_owned() } else { text })
}

impl Reader<'_> {
    fn blank(&mut self) {
        while self.text.get(self.pos).is_some_and(u8::is_ascii_whitespace) {
            self.pos += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.blank();
        self.text.get(self.pos).copied()
    }

    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product()?;
        while let Some(op @ (b'+' | b'-')) = self.peek() {
            self.pos += 1;
            let other = self.product()?;
            value = if op == b'+' { value + other } else { value - other };
        }
        Some(value)
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.sign()?;
        loop {
            let op = match self.peek() {
                Some(op @ (b'*' | b'/' | b'%')) => op,
                // `x` between blanks is a product too.
                Some(b'x') if self.text.get(self.pos + 1).is_some_and(u8::is_ascii_whitespace) => b'*',
                _ => return Some(value),
            };
            self.pos += 1;
            let other = self.sign()?;
            value = match op {
                b'*' => value * other,
                _ if other == 0.0 => return None,
                b'/' => value / other,
                _ => value % other,
            };
        }
    }

    fn sign(&mut self) -> Option<f64> {
        match self.peek()? {
            b'-' | b'+' if self.depth >= NESTING => None,
            sign @ (b'-' | b'+') => {
                self.pos += 1;
                self.depth += 1;
                let value = self.sign()?;
                self.depth -= 1;
                Some(if sign == b'-' { -value } else { value })
            }
            _ => self.atom(),
        }
    }

    fn atom(&mut self) -> Option<f64> {
        if self.peek()? == b'(' {
            if self.depth >= NESTING {
                return None;
            }
            self.pos += 1;
            self.depth += 1;
            let value = self.sum()?;
            self.depth -= 1;
            (self.peek()? == b')').then_some(())?;
            self.pos += 1;
            return Some(value);
        }
        let start = self.pos;
        while self.text.get(self.pos).is_some_and(|b| b.is_ascii_digit() || *b == b'.') {
            self.pos += 1;
        }
        let digits = std::str::from_utf8(self.text.get(start..self.pos)?).ok()?;
        // Powers, functions and other bases are beyond us.
        if matches!(self.peek(), Some(b'^' | b'e' | b'E' | b'!')) || digits.len() > 15 {
            return None;
        }
        digits.parse().ok()
    }
}
