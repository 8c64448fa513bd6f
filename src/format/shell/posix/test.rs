//! `[[ … ]]`, `[ … ]` and `test`.

use std::cmp::Ordering;

use super::super::value::Value;
use super::Dialect;
use super::ast::{Part, Test, Word};
use super::expand::{Mode, seen};
use super::pattern::{Pattern, Written};
use super::shell::Shell;
use super::state::Held;

/// Words that `[` takes here.
const WORDS: usize = 64;

impl Shell<'_> {
    /// `[[ … ]]`; `None` where it is not known.
    pub(super) fn test(&mut self, test: &Test) -> Option<bool> {
        match test {
            Test::Or(a, b) => match self.inner_test(a) {
                Some(true) => Some(true),
                first => {
                    let second = self.inner_test(b);
                    if first == Some(false) || second == Some(true) { second } else { None }
                }
            },
            Test::And(a, b) => match self.inner_test(a) {
                Some(false) => Some(false),
                first => {
                    let second = self.inner_test(b);
                    if first == Some(true) || second == Some(false) { second } else { None }
                }
            },
            Test::Not(a) => self.inner_test(a).map(|t| !t),
            Test::Unary(op, word) => {
                let value = self.single(word, Mode::Single);
                match op {
                    None => nonempty(&value),
                    Some(op) => self.unary(op, &value),
                }
            }
            Test::Binary(left, op, right) => {
                let value = self.single(left, Mode::Single);
                match op.as_slice() {
                    b"=" | b"==" | b"!=" => {
                        let pattern = self.pattern(right);
                        self.step(1 + value.known_len() / 16);
                        let matched = pattern.matches(&seen(&value));
                        if op == b"!=" { matched.map(|m| !m) } else { matched }
                    }
                    b"=~" => self.regex(&value, right),
                    op => {
                        let right = self.single(right, Mode::Single);
                        if op.starts_with(b"-") && !matches!(op, b"-nt" | b"-ot" | b"-ef" | b"-pcre-match") {
                            let (a, b) = (self.number(&value)?, self.number(&right)?);
                            return compare(op, a, b);
                        }
                        self.binary(&value, op, &right)
                    }
                }
            }
        }
    }

    fn inner_test(&mut self, test: &Test) -> Option<bool> {
        self.level(|s| s.test(test)).flatten()
    }

    /// A regular expression that is a literal with anchors; others are not known.
    fn regex(&mut self, value: &Value, word: &Word) -> Option<bool> {
        let matched = self.regex_match(value, word);
        if matched != Some(false) {
            let names: &[&[u8]] = if self.zsh() { &[b"MATCH", b"match", b"MBEGIN", b"MEND"] } else { &[b"BASH_REMATCH"] };
            for name in names {
                self.forget(name);
            }
        }
        matched
    }

    fn regex_match(&mut self, value: &Value, word: &Word) -> Option<bool> {
        let mut text = Vec::new();
        for part in &word.parts {
            match part {
                Part::Text(t) => text.extend(t.iter().map(|b| Written::Bare(*b))),
                other => {
                    let some = self.single(&Word { parts: vec![other.clone()], line: word.line }, Mode::Single).text()?;
                    // A value without quotes is read as an expression; only plain ones are told.
                    let quoted = matches!(other, Part::Quoted(_) | Part::Double(_));
                    text.extend(some.iter().map(|b| if quoted { Written::Quoted(*b) } else { Written::Bare(*b) }));
                }
            }
        }
        let (mut begin, mut end) = (false, false);
        if text.first() == Some(&Written::Bare(b'^')) {
            begin = true;
            text.remove(0);
        }
        if text.last() == Some(&Written::Bare(b'$')) {
            end = true;
            text.pop();
        }
        let special = |w: &Written| {
            matches!(
                w,
                Written::Bare(b'.' | b'*' | b'+' | b'?' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'$')
            )
        };
        if text.iter().any(special) {
            return None;
        }
        let star = || Some(Written::Bare(b'*'));
        let all: Vec<Written> =
            (if begin { None } else { star() }).into_iter().chain(text).chain(if end { None } else { star() }).collect();
        Pattern::new(&all, false, false).matches(&seen(value))
    }

    /// `[ … ]`, by the number of words as POSIX has it.
    pub(super) fn test_words(&mut self, words: &[Value]) -> Option<u8> {
        self.words(words, 0).map(|t| u8::from(!t))
    }

    fn words(&mut self, words: &[Value], deep: usize) -> Option<bool> {
        if deep > WORDS || words.len() > WORDS {
            return None;
        }
        let is = |i: usize, text: &[u8]| words.get(i).and_then(Value::text).as_deref() == Some(text);
        let op = |i: usize| words.get(i).and_then(Value::text).unwrap_or_default();
        match words {
            [] => Some(false),
            [one] => nonempty(one),
            [_, second] => {
                if is(0, b"!") {
                    return nonempty(second).map(|t| !t);
                }
                self.unary(&op(0), second)
            }
            [left, _, right] if is_binary(&op(1)) => self.binary(left, &op(1), right),
            [_, rest @ ..] if is(0, b"!") && words.len() <= 4 => self.words(rest, deep + 1).map(|t| !t),
            [_, inner @ .., _]
                if is(0, b"(")
                    && is(words.len() - 1, b")")
                    && !inner.iter().any(|w| matches!(w.text().as_deref(), Some(b"(" | b")"))) =>
            {
                self.words(inner, deep + 1)
            }
            _ => {
                if words.iter().any(|w| matches!(w.text().as_deref(), Some(b"(" | b")"))) {
                    return None;
                }
                if let Some(at) = words.iter().position(|w| w.text().as_deref() == Some(b"-o")).filter(|at| *at > 0) {
                    let (a, b) = (self.words(&words[..at], deep + 1), self.words(&words[at + 1..], deep + 1));
                    return if a == Some(true) || b == Some(true) { Some(true) } else { Some(a? || b?) };
                }
                if let Some(at) = words.iter().position(|w| w.text().as_deref() == Some(b"-a")).filter(|at| *at > 0) {
                    let (a, b) = (self.words(&words[..at], deep + 1), self.words(&words[at + 1..], deep + 1));
                    return if a == Some(false) || b == Some(false) { Some(false) } else { Some(a? && b?) };
                }
                if is(0, b"!") { self.words(&words[1..], deep + 1).map(|t| !t) } else { None }
            }
        }
    }

    fn unary(&mut self, op: &[u8], value: &Value) -> Option<bool> {
        match op {
            b"-n" => return nonempty(value),
            b"-z" => return nonempty(value).map(|t| !t),
            b"-v" => {
                let name = value.text()?;
                let base: Vec<u8> = name.iter().copied().take_while(|b| super::reader::name_byte(*b)).collect();
                return match self.held(&base) {
                    Held::Unset => Some(false),
                    Held::One(_) if base == name => Some(true),
                    Held::Many(items) if base == name => {
                        if self.zsh() {
                            Some(true)
                        } else {
                            Some(!items.is_empty())
                        }
                    }
                    _ => None,
                };
            }
            b"-o" if self.dialect() != Dialect::Dash => {
                let name = value.text()?;
                if name == b"interactive" {
                    return Some(self.start.interactive);
                }
                if name == b"login" || name == b"login_shell" {
                    return Some(self.start.login);
                }
                return self.state.options.get(&name).copied().flatten();
            }
            b"-t" => return None,
            _ => {}
        }
        let path = value.text()?;
        let node = match op {
            b"-e" | b"-a" | b"-f" | b"-d" | b"-r" | b"-w" | b"-x" | b"-s" | b"-L" | b"-h" => self.node(&path)?,
            _ => return None,
        };
        Some(match op {
            b"-f" => node.file,
            b"-d" => node.folder,
            b"-r" => node.exists() && node.readable,
            b"-w" => node.exists() && node.writable,
            b"-x" => node.exists() && node.executable,
            b"-s" if node.folder => return None,
            b"-s" => node.file && node.size > 0,
            b"-L" | b"-h" => node.link,
            _ => node.exists(),
        })
    }

    fn binary(&mut self, left: &Value, op: &[u8], right: &Value) -> Option<bool> {
        match op {
            b"=" | b"==" => equal(left, right),
            b"!=" => equal(left, right).map(|e| !e),
            b"<" | b">" => {
                let (a, b) = (left.text()?, right.text()?);
                // The order of other bytes is the locale's.
                let plain = |t: &[u8]| t.iter().all(u8::is_ascii_digit) || t.iter().all(u8::is_ascii_lowercase);
                if a == b {
                    return Some(false);
                }
                (plain(&a) && plain(&b)).then(|| (a.cmp(&b) == Ordering::Less) == (op == b"<"))
            }
            b"-eq" | b"-ne" | b"-lt" | b"-le" | b"-gt" | b"-ge" => {
                let parse =
                    |v: &Value| v.text().and_then(|t| std::str::from_utf8(&t).ok().and_then(|t| t.trim().parse::<i64>().ok()));
                // What is no number is an error, and that is no truth.
                match (left.is_known(), right.is_known()) {
                    (true, true) => match (parse(left), parse(right)) {
                        (Some(a), Some(b)) => compare(op, a, b),
                        _ if self.zsh() => None,
                        _ => Some(false),
                    },
                    _ => None,
                }
            }
            b"-a" => Some(nonempty(left)? && nonempty(right)?),
            b"-o" => Some(nonempty(left)? || nonempty(right)?),
            b"-nt" | b"-ot" | b"-ef" => {
                let (a, b) = (self.node(&left.text()?)?, self.node(&right.text()?)?);
                match op {
                    b"-nt" if !a.exists() => Some(false),
                    b"-ot" if !b.exists() => Some(false),
                    b"-ef" if !a.exists() || !b.exists() => Some(false),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn is_binary(op: &[u8]) -> bool {
    [&b"="[..], b"==", b"!=", b"<", b">", b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge", b"-nt", b"-ot", b"-ef", b"-a", b"-o"]
        .contains(&op)
}

fn compare(op: &[u8], a: i64, b: i64) -> Option<bool> {
    Some(match op {
        b"-eq" => a == b,
        b"-ne" => a != b,
        b"-lt" => a < b,
        b"-le" => a <= b,
        b"-gt" => a > b,
        b"-ge" => a >= b,
        _ => return None,
    })
}

/// Whether a string has anything in it.
fn nonempty(value: &Value) -> Option<bool> {
    if value.is_empty() {
        Some(false)
    } else if value.known_len() > 0 {
        Some(true)
    } else {
        None
    }
}

/// Whether two strings are the same.
fn equal(a: &Value, b: &Value) -> Option<bool> {
    if let (Some(a), Some(b)) = (a.text(), b.text()) {
        return Some(a == b);
    }
    let written = |v: &Value| -> Vec<Written> {
        seen(v)
            .into_iter()
            .map(|s| if let super::pattern::Seen::Byte(b) = s { Written::Quoted(b) } else { Written::Unknown })
            .collect()
    };
    // One of them has unknown parts: they are the same perhaps, or surely not.
    let (pattern, subject) = if a.is_known() { (b, a) } else { (a, b) };
    if Pattern::new(&written(pattern), false, false).matches(&seen(subject)) == Some(false) { Some(false) } else { None }
}
