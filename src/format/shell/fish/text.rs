//! `echo`, `printf` and the escapes of texts.

use super::call::Reply;
use super::eval::Eval;
use super::state::{Item, joined, texts};
use crate::format::shell::Value;

/// A text as fish would have to read it to get it (`string escape`). `quotes`: whether quotes may be used.
pub(super) fn escaped(text: &[u8], quotes: bool) -> Option<Vec<u8>> {
    if text.is_empty() && quotes {
        return Some(b"''".to_vec());
    }
    let mut out = Vec::new();
    let (mut need, mut complex) = (false, false);
    for byte in text {
        let name = match byte {
            b'\t' => Some(b't'),
            b'\n' => Some(b'n'),
            8 => Some(b'b'),
            b'\r' => Some(b'r'),
            0x1b => Some(b'e'),
            _ => None,
        };
        match byte {
            _ if name.is_some() => {
                out.push(b'\\');
                out.extend(name);
                complex = true;
            }
            0..=31 | 127 => return None,
            // What is no text in this locale is escaped too; which locale it is, we can't tell.
            0x80.. => return None,
            b'\\' | b'\'' => {
                out.extend([b'\\', *byte]);
                complex = true;
            }
            b'&' | b'$' | b' ' | b'#' | b'<' | b'>' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'?' | b'*' | b'|' | b';'
            | b'"' | b'%' | b'~' => {
                out.extend([b'\\', *byte]);
                need = true;
            }
            _ => out.push(*byte),
        }
    }
    if quotes && need && !complex {
        return Some([b"'", text, b"'"].concat());
    }
    Some(out)
}

/// The escapes that `echo -e` and `printf` read; `None` where the output ends or the escape is beyond us.
fn unescape(text: &[u8], echo: bool) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            None => out.push(b'\\'),
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'e') => out.push(0x1b),
            Some(b'a') => out.push(7),
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'v') => out.push(11),
            Some(b'\\') => out.push(b'\\'),
            Some(b'"') if !echo => out.push(b'"'),
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                let most = if digit == b'0' { 3 } else { 2 };
                for _ in 0..most {
                    let Some(next @ b'0'..=b'7') = bytes.peek().copied() else { break };
                    value = value << 3 | u32::from(next - b'0');
                    bytes.next();
                }
                out.push(u8::try_from(value & 0xff).ok()?);
            }
            Some(_) => return None,
        }
    }
    Some(out)
}

impl Eval<'_> {
    pub(super) fn echo(&mut self, args: &[Item]) -> Reply {
        let (mut newline, mut spaces, mut escapes) = (true, true, false);
        let mut rest = args;
        while let Some((first, others)) = rest.split_first() {
            let Some(text) = first.text() else { break };
            if text == b"--" {
                // `echo --` prints nothing of it.
                rest = others;
                break;
            }
            let Some(letters) = text.strip_prefix(b"-").filter(|l| !l.is_empty() && l.iter().all(|b| b"nseE".contains(b))) else {
                break;
            };
            for letter in letters {
                match letter {
                    b'n' => newline = false,
                    b's' => spaces = false,
                    b'e' => escapes = true,
                    _ => escapes = false,
                }
            }
            rest = others;
        }
        let mut value = if spaces {
            joined(rest, b' ')
        } else {
            let mut out = Value::new();
            for item in rest {
                out.append(&item.value);
            }
            out
        };
        let at = self.at();
        if escapes {
            let at = value.at().cloned().unwrap_or_else(|| at.clone());
            value = match value.text().and_then(|t| unescape(&t, true)) {
                Some(text) => Value::put(&text, Some(&at)),
                None => Value::unknown(Some(&at)),
            };
        }
        if newline {
            let end = value.at().cloned().unwrap_or(at);
            value.push(b"\n", Some(&end));
        }
        self.state.print(&value);
        Reply::Status(0)
    }

    pub(super) fn printf(&mut self, args: &[Item]) -> Reply {
        let args = match args.split_first() {
            Some((first, rest)) if first.text().as_deref() == Some(b"--") => rest,
            _ => args,
        };
        let Some((format, values)) = args.split_first() else { return Reply::Status(2) };
        let told = format.text().filter(|_| !values.iter().any(|v| v.many)).and_then(|f| self.formatted(&f, values));
        match told {
            Some(value) => {
                self.state.print(&value);
                Reply::Status(0)
            }
            None => {
                self.print_unknown();
                Reply::Unsure
            }
        }
    }

    fn formatted(&mut self, format: &[u8], values: &[Item]) -> Option<Value> {
        let at = self.at();
        let mut out = Value::new();
        let mut values = values.iter();
        loop {
            let before = values.len();
            let mut rest = format;
            while let Some(i) = rest.iter().position(|b| *b == b'%') {
                let (text, from) = rest.split_at(i);
                out.push(&unescape(text, false)?, Some(&at));
                let (kind, after) = from.get(1..)?.split_first()?;
                rest = after;
                match kind {
                    b'%' => out.push(b"%", Some(&at)),
                    b's' => {
                        if let Some(item) = values.next() {
                            out.append(&item.value);
                        }
                    }
                    b'd' | b'i' => match values.next() {
                        Some(item) => {
                            let number: i64 = std::str::from_utf8(&item.text()?).ok()?.parse().ok()?;
                            out.push(number.to_string().as_bytes(), Some(&at));
                        }
                        None => out.push(b"0", Some(&at)),
                    },
                    _ => return None,
                }
            }
            out.push(&unescape(rest, false)?, Some(&at));
            if values.len() == 0 || values.len() == before || !self.pay(out.known_len()) {
                return Some(out).filter(|_| !self.exhausted);
            }
        }
    }

    /// `string escape` and `string unescape`.
    pub(super) fn string_escape(&mut self, args: &[Item], quotes: bool, style: &[u8]) -> Reply {
        for item in args {
            let text = item.text().and_then(|t| match style {
                b"script" => escaped(&t, quotes),
                b"regex" => Some(
                    t.iter().flat_map(|b| if b".^$*+()?[{}\\|-]".contains(b) { vec![b'\\', *b] } else { vec![*b] }).collect(),
                ),
                b"url" => Some(
                    t.iter()
                        .flat_map(|b| {
                            if b.is_ascii_alphanumeric() || b"/._~-".contains(b) {
                                vec![*b]
                            } else {
                                format!("%{b:02X}").into_bytes()
                            }
                        })
                        .collect(),
                ),
                _ => None,
            });
            let at = self.at();
            let by = item.value.at().cloned().unwrap_or_else(|| at.clone());
            match text {
                Some(text) => self.print_line(&Value::put(&text, Some(&by))),
                None => self.print_line(&Value::unknown(Some(&at))),
            }
        }
        if texts(args).is_some() { Reply::Status(u8::from(args.is_empty())) } else { Reply::Unsure }
    }
}
