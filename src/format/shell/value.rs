//! Values that know which line put each part of them there.

use std::sync::Arc;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The file, as the shell named it.
    pub file: Arc<[u8]>,
    /// The line, from 1.
    pub line: u32,
}

/// A part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes, and the line that put them there; `None` for what was there before the first file was read.
    Text(Vec<u8>, Option<At>),
    /// What only a run could tell, of any length, and the line that asks for it.
    Unknown(Option<At>),
}

/// A string, parts of which may be unknown. Neighbouring pieces never have the same place and kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Value(Vec<Piece>);

impl Value {
    /// The empty string.
    pub fn new() -> Value {
        Value::default()
    }

    /// `text`, put there by `at`.
    pub fn put(text: &[u8], at: Option<&At>) -> Value {
        let mut value = Value::new();
        value.push(text, at);
        value
    }

    /// A value of which nothing is known.
    pub fn unknown(at: Option<&At>) -> Value {
        Value(vec![Piece::Unknown(at.cloned())])
    }

    /// Its parts in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Whether it is the empty string.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of it is known.
    pub fn is_known(&self) -> bool {
        self.0.iter().all(|p| matches!(p, Piece::Text(..)))
    }

    /// All of it, where all is known.
    pub fn text(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text, _) => out.extend_from_slice(text),
                Piece::Unknown(_) => return None,
            }
        }
        Some(out)
    }

    /// Bytes that are known.
    pub fn known_len(&self) -> usize {
        self.0.iter().map(|p| if let Piece::Text(text, _) = p { text.len() } else { 0 }).sum()
    }

    /// Appends bytes.
    pub fn push(&mut self, text: &[u8], at: Option<&At>) {
        if text.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(Piece::Text(last, by)) if by.as_ref() == at => last.extend_from_slice(text),
            _ => self.0.push(Piece::Text(text.to_vec(), at.cloned())),
        }
    }

    /// Appends what is not known.
    pub fn push_unknown(&mut self, at: Option<&At>) {
        let piece = Piece::Unknown(at.cloned());
        if self.0.last() != Some(&piece) {
            self.0.push(piece);
        }
    }

    /// Appends another value; its parts keep their places.
    pub fn append(&mut self, other: &Value) {
        for piece in &other.0 {
            match piece {
                Piece::Text(text, at) => self.push(text, at.as_ref()),
                Piece::Unknown(at) => self.push_unknown(at.as_ref()),
            }
        }
    }

    /// Its parts between separators, as `PATH` is read: one value where there is no separator; an unknown piece has none that
    /// could be seen, and stays within its part.
    pub fn split(&self, separator: u8) -> Vec<Value> {
        let mut parts = vec![Value::new()];
        for piece in &self.0 {
            match piece {
                Piece::Text(text, at) => {
                    for (i, part) in text.split(|b| *b == separator).enumerate() {
                        if i > 0 {
                            parts.push(Value::new());
                        }
                        if let Some(last) = parts.last_mut() {
                            last.push(part, at.as_ref());
                        }
                    }
                }
                Piece::Unknown(at) => {
                    if let Some(last) = parts.last_mut() {
                        last.push_unknown(at.as_ref());
                    }
                }
            }
        }
        parts
    }

    /// The same parts, each with the line that put it there; of an empty part that of a separator beside it.
    pub fn split_placed(&self, separator: u8) -> Vec<(Value, Option<At>)> {
        let places = self.0.iter().flat_map(|piece| match piece {
            Piece::Text(text, at) => {
                let separators = text.iter().filter(|b| **b == separator).count();
                std::iter::repeat_n(at.clone(), separators)
            }
            Piece::Unknown(_) => std::iter::repeat_n(None, 0),
        });
        let separators: Vec<Option<At>> = places.collect();
        let beside = |i: usize| {
            let before = i.checked_sub(1).and_then(|b| separators.get(b)).cloned().flatten();
            separators.get(i).cloned().flatten().or(before)
        };
        let placed = |(i, part): (usize, Value)| {
            let at = if part.is_empty() { beside(i) } else { part.at().cloned() };
            (part, at)
        };
        self.split(separator).into_iter().enumerate().map(placed).collect()
    }

    /// The line that put the first known part there.
    pub fn at(&self) -> Option<&At> {
        self.0.iter().find_map(|p| if let Piece::Text(_, at) = p { at.as_ref() } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32) -> At {
        At { file: Arc::from(&b"/etc/profile"[..]), line }
    }

    #[test]
    fn parts_keep_their_lines() {
        let mut v = Value::put(b"/new:", Some(&at(9)));
        v.append(&Value::put(b"/usr/bin:/bin", None));
        v.push_unknown(Some(&at(10)));
        v.push(b"/x", Some(&at(10)));
        assert!(!v.is_known());
        assert_eq!(v.text(), None);
        let parts = v.split(b':');
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0].at(), Some(&at(9)));
        assert_eq!(parts[1].text().unwrap(), b"/usr/bin");
        assert_eq!(parts[1].at(), None);
        assert!(!parts[2].is_known());
        assert_eq!(Value::new().split(b':').len(), 1);
        let mut v = Value::put(b":", Some(&at(3)));
        v.push(b"/usr/bin:/bin", None);
        let placed = v.split_placed(b':');
        assert_eq!(placed.iter().map(|(_, at)| at.as_ref().map(|a| a.line)).collect::<Vec<_>>(), [Some(3), None, None]);
    }
}
