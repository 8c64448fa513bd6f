//! `read`: lines of a file or of a pipe become variables.

use super::call::Reply;
use super::eval::{Eval, Flow};
use super::state::{Input, Item, texts};
use super::text::escaped;
use crate::format::shell::Value;

impl Eval<'_> {
    pub(super) fn read_input(&mut self, args: &[Item]) -> Reply {
        let Some(words) = texts(args) else {
            self.forget("which variables `read` sets".to_owned());
            return Reply::Unsure;
        };
        let mut scope: Vec<Vec<u8>> = Vec::new();
        let (mut array, mut tokens, mut beyond) = (false, false, false);
        let mut delimiter: Option<Vec<u8>> = None;
        let mut rest = words.iter();
        let mut names: Vec<Vec<u8>> = Vec::new();
        while let Some(word) = rest.next() {
            if word == b"--" {
                names.extend(rest.by_ref().cloned());
                break;
            }
            if let Some(long) = word.strip_prefix(b"--") {
                match long {
                    b"local" | b"global" | b"universal" | b"export" | b"unexport" | b"function" => scope.push(long.to_vec()),
                    b"list" | b"array" => array = true,
                    b"tokenize" => tokens = true,
                    b"silent" | b"shell" => {}
                    b"delimiter" => delimiter = rest.next().cloned(),
                    _ if long.starts_with(b"delimiter=") => delimiter = long.get(10..).map(<[u8]>::to_vec),
                    _ => beyond = true,
                }
            } else if word.starts_with(b"-") && word.len() > 1 {
                let mut letters = word.iter().skip(1);
                while let Some(letter) = letters.next() {
                    match letter {
                        b'l' | b'g' | b'U' | b'x' | b'u' | b'f' => scope.push(vec![*letter]),
                        b'a' => array = true,
                        b't' => tokens = true,
                        b's' | b'S' => {}
                        b'd' | b'p' | b'P' | b'c' | b'R' | b'n' => {
                            let tail: Vec<u8> = letters.by_ref().copied().collect();
                            let value = if tail.is_empty() { rest.next().cloned() } else { Some(tail) };
                            if *letter == b'd' {
                                delimiter = value;
                            }
                            beyond |= *letter == b'n';
                        }
                        _ => beyond = true,
                    }
                }
            } else {
                names.push(word.clone());
            }
        }
        let at = self.at();
        let line = match self.state.inputs.last_mut() {
            Some(Input::Text { text, known, pos }) if !beyond => {
                let left = known.get(*pos..).unwrap_or_default();
                if left.is_empty() {
                    Some(None)
                } else {
                    let end = left.iter().position(|b| *b == b'\n').unwrap_or(left.len());
                    let line = left.get(..end).unwrap_or_default().to_vec();
                    *pos += end + 1;
                    Some(Some((line, text.at().cloned())))
                }
            }
            _ => None,
        };
        if let Some(Input::Text { known, pos, .. }) = self.state.inputs.last_mut() {
            *pos = (*pos).min(known.len());
        }
        let scope: Vec<&[u8]> = scope.iter().map(Vec::as_slice).collect();
        let values: Option<Vec<Vec<Item>>> = match &line {
            None => None,
            Some(None) => Some(names.iter().map(|_| Vec::new()).collect()),
            Some(Some((text, by))) => {
                let put = |part: &[u8]| Item::one(Value::put(part, by.as_ref().or(Some(&at))));
                if names.is_empty() {
                    let value = Value::put(text, by.as_ref());
                    self.print_line(&value);
                    return Reply::Status(0);
                }
                self.cut(text, names.len(), array, tokens, delimiter.as_deref()).map(|parts| {
                    if array {
                        vec![parts.iter().map(|p| put(p)).collect()]
                    } else {
                        (0..names.len()).map(|i| parts.get(i).map(|p| put(p)).into_iter().collect()).collect()
                    }
                })
            }
        };
        if line.is_none() && names.is_empty() {
            self.print_unknown();
        }
        let mut values = values.map(Vec::into_iter);
        for name in &names {
            let items = match &mut values {
                Some(values) => values.next().unwrap_or_default(),
                None => vec![Item::unknown(Some(&at))],
            };
            let flow = self.assign(&scope, name, items);
            if flow != Flow::Normal {
                return Reply::Flow(flow);
            }
        }
        match line {
            None => Reply::Unsure,
            Some(None) => Reply::Status(1),
            Some(Some(_)) => Reply::Status(0),
        }
    }

    /// A line in parts for so many variables; `None` where it is beyond us.
    fn cut(&self, line: &[u8], count: usize, array: bool, tokens: bool, delimiter: Option<&[u8]>) -> Option<Vec<Vec<u8>>> {
        if tokens {
            // Where nothing is quoted, tokens are words.
            if line.split(u8::is_ascii_whitespace).any(|w| !w.is_empty() && escaped(w, false).as_deref() != Some(w)) || !array {
                return None;
            }
            return Some(line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).map(<[u8]>::to_vec).collect());
        }
        let most = if array { usize::MAX } else { count };
        if let Some(delimiter) = delimiter {
            if delimiter.is_empty() {
                return None;
            }
            let mut out = Vec::new();
            let mut rest = line;
            while out.len() + 1 < most {
                let Some(i) = rest.windows(delimiter.len()).position(|w| w == delimiter) else { break };
                out.push(rest.get(..i)?.to_vec());
                rest = rest.get(i + delimiter.len()..)?;
            }
            out.push(rest.to_vec());
            return Some(out);
        }
        let ifs = self.state.get(b"IFS").map_or(Some(Vec::new()), |v| super::state::joined(&v.items, b' ').text())?;
        if ifs.is_empty() {
            return None;
        }
        // As `split_string_tok`: runs of separators are one, the last part is all that is left.
        let mut out = Vec::new();
        let mut rest = line;
        loop {
            let start = rest.iter().position(|b| !ifs.contains(b)).unwrap_or(rest.len());
            rest = rest.get(start..)?;
            if rest.is_empty() {
                return Some(out);
            }
            if out.len() + 1 == most {
                out.push(rest.to_vec());
                return Some(out);
            }
            let end = rest.iter().position(|b| ifs.contains(b)).unwrap_or(rest.len());
            out.push(rest.get(..end)?.to_vec());
            rest = rest.get(end..)?;
        }
    }
}
