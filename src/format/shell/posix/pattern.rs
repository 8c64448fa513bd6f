//! Wildcards.

/// A byte of what is matched, or a part of which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// A byte.
    Byte(u8),
    /// Any bytes.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Byte(u8),
    Any,
    Star,
    Set(bool, Vec<(u8, u8)>),
    /// Any bytes that are not known.
    Unknown,
}

/// A pattern: its alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    alternatives: Vec<Vec<Token>>,
    /// It has what is not evaluated.
    odd: bool,
}

/// A byte of a pattern's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Without quotes: it may be a wildcard.
    Bare(u8),
    /// It stands for itself.
    Quoted(u8),
    /// Any bytes.
    Unknown,
}

/// Alternatives that a pattern may have.
const ALTERNATIVES: usize = 64;
/// Pattern tokens times subject bytes that one match may look at.
const WORK: usize = 4 << 20;

impl Pattern {
    /// Reads a pattern. `groups`: `(a|b)` is a choice (zsh); `extended`: `@(a|b)` and its kin are (bash).
    pub(super) fn new(text: &[Written], groups: bool, extended: bool) -> Pattern {
        let mut pattern = Pattern { alternatives: Vec::new(), odd: false };
        let mut todo = vec![text.to_vec()];
        while let Some(text) = todo.pop() {
            if pattern.alternatives.len() + todo.len() > ALTERNATIVES {
                pattern.odd = true;
                break;
            }
            match group(&text, groups, extended) {
                Some((from, choices, to, optional)) => {
                    let before = text.get(..from).unwrap_or(&[]);
                    let after = text.get(to..).unwrap_or(&[]);
                    let none = optional.then(Vec::new);
                    for choice in choices.into_iter().chain(none) {
                        todo.push([before, &choice, after].concat());
                    }
                }
                None => {
                    let tokens = pattern.tokens(&text, extended, groups);
                    pattern.alternatives.push(tokens);
                }
            }
        }
        pattern
    }

    fn tokens(&mut self, text: &[Written], extended: bool, groups: bool) -> Vec<Token> {
        let mut out = Vec::new();
        let mut i = 0;
        while let Some(w) = text.get(i) {
            i += 1;
            match w {
                Written::Quoted(b) => out.push(Token::Byte(*b)),
                Written::Unknown => out.push(Token::Unknown),
                Written::Bare(b'*') => {
                    if out.last() != Some(&Token::Star) {
                        out.push(Token::Star);
                    }
                }
                Written::Bare(b'?') => out.push(Token::Any),
                Written::Bare(b'[') => match set(text, i) {
                    Some((token, next)) => {
                        out.push(token);
                        i = next;
                    }
                    None => out.push(Token::Byte(b'[')),
                },
                Written::Bare(b'\\') => match text.get(i) {
                    Some(Written::Bare(b) | Written::Quoted(b)) => {
                        out.push(Token::Byte(*b));
                        i += 1;
                    }
                    _ => out.push(Token::Byte(b'\\')),
                },
                Written::Bare(b) => {
                    // What only extended globbing knows and is not evaluated.
                    let next = text.get(i) == Some(&Written::Bare(b'('));
                    self.odd |= extended && matches!(b, b'+' | b'!') && next
                        || groups && matches!(b, b'#' | b'^') && i > 1
                        || groups && *b == b'<' && text.get(i..).is_some_and(|t| t.contains(&Written::Bare(b'>')));
                    out.push(Token::Byte(*b));
                }
            }
        }
        out
    }

    /// Whether it matches all of it; `None` where that is not known.
    pub(super) fn matches(&self, subject: &[Seen]) -> Option<bool> {
        if self.odd {
            return None;
        }
        let mut possible = false;
        for tokens in &self.alternatives {
            if tokens.len().saturating_mul(subject.len()) > WORK {
                return None;
            }
            let full = tokens.len();
            if run(tokens, subject, false).last().is_some_and(|s| s.get(full) == Some(&true)) {
                return Some(true);
            }
            possible |= run(tokens, subject, true).last().is_some_and(|s| s.get(full) == Some(&true));
        }
        if possible { None } else { Some(false) }
    }

    /// The lengths of the prefixes of a known text that it matches, ascending; `None` where that is not known.
    pub(super) fn prefixes(&self, text: &[u8]) -> Option<Vec<usize>> {
        if self.odd || self.alternatives.iter().any(|t| t.contains(&Token::Unknown) || t.len().saturating_mul(text.len()) > WORK)
        {
            return None;
        }
        let subject: Vec<Seen> = text.iter().map(|b| Seen::Byte(*b)).collect();
        let mut out = std::collections::BTreeSet::new();
        for tokens in &self.alternatives {
            for (n, states) in run(tokens, &subject, false).iter().enumerate() {
                if states.get(tokens.len()) == Some(&true) {
                    out.insert(n);
                }
            }
        }
        Some(out.into_iter().collect())
    }

    /// Whether it has no wildcard, and what it is then.
    pub(super) fn literal(&self) -> Option<Vec<u8>> {
        let [tokens] = self.alternatives.as_slice() else { return None };
        tokens
            .iter()
            .map(|t| if let Token::Byte(b) = t { Some(*b) } else { None })
            .collect::<Option<Vec<u8>>>()
            .filter(|_| !self.odd)
    }
}

/// Which positions of the pattern may be reached before each position of the subject. `may`: an unknown part is whatever suits;
/// otherwise only `*` takes one.
fn run(tokens: &[Token], subject: &[Seen], may: bool) -> Vec<Vec<bool>> {
    let close = |states: &mut Vec<bool>| {
        for (i, token) in tokens.iter().enumerate() {
            if states[i] && (*token == Token::Star || may && *token == Token::Unknown) {
                states[i + 1] = true;
            }
        }
    };
    let mut states = vec![false; tokens.len() + 1];
    states[0] = true;
    close(&mut states);
    let mut all = Vec::with_capacity(subject.len() + 1);
    for seen in subject {
        let mut next = vec![false; tokens.len() + 1];
        let mut alive = false;
        for (i, token) in tokens.iter().enumerate() {
            if !states[i] {
                continue;
            }
            alive = true;
            match (token, seen) {
                (Token::Star, _) => next[i] = true,
                (Token::Unknown, _) if may => next[i] = true,
                (Token::Byte(a), Seen::Byte(b)) if a == b => next[i + 1] = true,
                (Token::Any, Seen::Byte(_)) => next[i + 1] = true,
                (Token::Set(not, ranges), Seen::Byte(b)) if ranges.iter().any(|(lo, hi)| lo <= b && b <= hi) != *not => {
                    next[i + 1] = true
                }
                _ => {}
            }
        }
        if may
            && *seen == Seen::Unknown
            && let Some(first) = states.iter().position(|s| *s)
        {
            next.iter_mut().skip(first).for_each(|s| *s = true);
            alive = true;
        }
        close(&mut next);
        all.push(std::mem::replace(&mut states, next));
        if !alive {
            // Nothing is reached any more; the rest is as empty.
            states.iter_mut().for_each(|s| *s = false);
        }
    }
    all.push(states);
    all
}

/// A set behind its `[`, and where it ends.
fn set(text: &[Written], from: usize) -> Option<(Token, usize)> {
    let byte = |i: usize| match text.get(i) {
        Some(Written::Bare(b) | Written::Quoted(b)) => Some(*b),
        _ => None,
    };
    let mut i = from;
    let not = matches!(text.get(i), Some(Written::Bare(b'!' | b'^')));
    i += usize::from(not);
    let first = i;
    let mut ranges = Vec::new();
    loop {
        match text.get(i)? {
            Written::Bare(b']') if i > first => return Some((Token::Set(not, ranges), i + 1)),
            Written::Bare(b'[') if text.get(i + 1) == Some(&Written::Bare(b':')) => {
                let mut name = Vec::new();
                i += 2;
                while byte(i)? != b':' {
                    name.push(byte(i)?);
                    i += 1;
                }
                i += 2;
                let class: &[(u8, u8)] = match name.as_slice() {
                    b"alpha" => &[(b'a', b'z'), (b'A', b'Z')],
                    b"digit" => &[(b'0', b'9')],
                    b"alnum" => &[(b'a', b'z'), (b'A', b'Z'), (b'0', b'9')],
                    b"space" => &[(9, 13), (32, 32)],
                    b"blank" => &[(9, 9), (32, 32)],
                    b"upper" => &[(b'A', b'Z')],
                    b"lower" => &[(b'a', b'z')],
                    b"xdigit" => &[(b'0', b'9'), (b'a', b'f'), (b'A', b'F')],
                    b"punct" => &[(33, 47), (58, 64), (91, 96), (123, 126)],
                    _ => return None,
                };
                ranges.extend_from_slice(class);
                continue;
            }
            Written::Unknown => return None,
            Written::Bare(b) | Written::Quoted(b) => {
                let high = match (text.get(i + 1), byte(i + 2)) {
                    (Some(Written::Bare(b'-')), Some(high)) if text.get(i + 2) != Some(&Written::Bare(b']')) => {
                        i += 2;
                        high
                    }
                    _ => *b,
                };
                ranges.push((*b, high));
                i += 1;
            }
        }
    }
}

type Group = (usize, Vec<Vec<Written>>, usize, bool);

/// The first `(a|b)`: where it starts, its choices, where it ends, whether nothing may stand there too.
fn group(text: &[Written], groups: bool, extended: bool) -> Option<Group> {
    let mut from = 0;
    let (start, optional) = loop {
        let at = from + text.get(from..)?.iter().position(|w| *w == Written::Bare(b'('))?;
        match at.checked_sub(1).and_then(|i| text.get(i)) {
            Some(Written::Bare(b'@')) if extended => break (at, false),
            Some(Written::Bare(b'?')) if extended => break (at, true),
            _ if groups => break (at, false),
            _ => from = at + 1,
        }
    };
    let mut depth = 0u32;
    let mut choices = vec![Vec::new()];
    for (i, w) in text.iter().enumerate().skip(start) {
        match w {
            Written::Bare(b'(') => {
                depth += 1;
                if depth == 1 {
                    continue;
                }
            }
            Written::Bare(b')') => {
                depth -= 1;
                if depth == 0 {
                    let begin = if extended && !groups { start - 1 } else { start };
                    return Some((begin, choices, i + 1, optional));
                }
            }
            Written::Bare(b'|') if depth == 1 => {
                choices.push(Vec::new());
                continue;
            }
            _ => {}
        }
        choices.last_mut()?.push(*w);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, subject: &str, groups: bool) -> Option<bool> {
        let text: Vec<Written> = pattern.bytes().map(|b| if b == b'~' { Written::Unknown } else { Written::Bare(b) }).collect();
        let subject: Vec<Seen> = subject.bytes().map(|b| if b == b'~' { Seen::Unknown } else { Seen::Byte(b) }).collect();
        Pattern::new(&text, groups, true).matches(&subject)
    }

    #[test]
    fn wildcards_match_as_a_shell_matches_them() {
        for (pattern, subject, groups, wanted) in [
            ("*:/bin:*", ":/usr/bin:/bin:", false, Some(true)),
            ("*:/bin:*", ":/usr/bin:", false, Some(false)),
            ("*:/bin:*", ":~:/bin:", false, Some(true)),
            ("*:/bin:*", ":/usr/bin:~:", false, None),
            ("xterm-color|*-256color", "xterm-256color", false, Some(false)),
            ("(xterm-color|*-256color)", "xterm-256color", true, Some(true)),
            ("@(a|b)c", "bc", false, Some(true)),
            ("?(a)c", "c", false, Some(true)),
            ("+(a)", "aa", false, None),
            ("[!a-c]x", "dx", false, Some(true)),
            ("[[:digit:]]*", "5", false, Some(true)),
            ("[]a]", "]", false, Some(true)),
            ("[a", "[a", false, Some(true)),
            ("~b", "ab", false, None),
            ("", "", false, Some(true)),
        ] {
            assert_eq!(matches(pattern, subject, groups), wanted, "{pattern} {subject}");
        }
    }

    #[test]
    fn prefixes_are_told_by_length() {
        let text: Vec<Written> = b"*:".iter().map(|b| Written::Bare(*b)).collect();
        assert_eq!(Pattern::new(&text, false, false).prefixes(b"a:b:c"), Some(vec![2, 4]));
    }
}
