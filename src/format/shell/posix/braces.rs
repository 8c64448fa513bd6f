//! `{a,b}` and `{1..3}`.

use super::ast::Part;
use super::expand::MANY;

#[derive(Clone)]
enum Token {
    Byte(u8),
    Part(Part),
}

/// The words that braces make of one; `None` where they are more than [`MANY`].
pub(super) fn expand(parts: &[Part]) -> Option<Vec<Vec<Part>>> {
    if !parts.iter().any(|p| matches!(p, Part::Text(t) if t.contains(&b'{'))) {
        return Some(vec![parts.to_vec()]);
    }
    let mut tokens = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => tokens.extend(text.iter().map(|b| Token::Byte(*b))),
            other => tokens.push(Token::Part(other.clone())),
        }
    }
    let mut done = Vec::new();
    let mut todo = vec![(tokens, 0)];
    while let Some((tokens, from)) = todo.pop() {
        if done.len() + todo.len() > MANY {
            return None;
        }
        match first(&tokens, from) {
            None => done.push(parts_of(tokens)),
            Some((open, close, choices)) => {
                if choices.len() > MANY {
                    return None;
                }
                // The last is pushed first: the words come out in order.
                for choice in choices.into_iter().rev() {
                    let mut all = tokens[..open].to_vec();
                    all.extend(choice);
                    all.extend_from_slice(&tokens[close + 1..]);
                    todo.push((all, open));
                }
            }
        }
    }
    Some(done)
}

fn byte(tokens: &[Token], i: usize) -> Option<u8> {
    match tokens.get(i) {
        Some(Token::Byte(b)) => Some(*b),
        _ => None,
    }
}

type Choice = (usize, usize, Vec<Vec<Token>>);

/// The first braces that are a choice.
fn first(tokens: &[Token], from: usize) -> Option<Choice> {
    let mut open = from;
    let mut tries = 0;
    while open < tokens.len() {
        if byte(tokens, open) == Some(b'{') {
            tries += 1;
            if tries > 64 {
                return None;
            }
            if let Some((close, choices)) = choices(tokens, open) {
                return Some((open, close, choices));
            }
        }
        open += 1;
    }
    None
}

fn choices(tokens: &[Token], open: usize) -> Option<(usize, Vec<Vec<Token>>)> {
    let mut depth = 0u32;
    let mut parts = vec![Vec::new()];
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Byte(b'{') => {
                depth += 1;
                if depth == 1 {
                    continue;
                }
            }
            Token::Byte(b'}') => {
                depth -= 1;
                if depth == 0 {
                    if parts.len() > 1 {
                        return Some((i, parts));
                    }
                    return sequence(parts.first()?).map(|s| (i, s));
                }
            }
            Token::Byte(b',') if depth == 1 => {
                parts.push(Vec::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut()?.push(token.clone());
    }
    None
}

fn sequence(inner: &[Token]) -> Option<Vec<Vec<Token>>> {
    let text: String =
        inner.iter().map(|t| if let Token::Byte(b) = t { Some(char::from(*b)) } else { None }).collect::<Option<_>>()?;
    let (a, b) = text.split_once("..")?;
    let word = |s: String| s.bytes().map(Token::Byte).collect::<Vec<_>>();
    let most = i64::try_from(MANY).ok()?;
    if let (Ok(from), Ok(to)) = (a.parse::<i64>(), b.parse::<i64>()) {
        let padded = |s: &str| s.trim_start_matches('-').len() > 1 && s.trim_start_matches('-').starts_with('0');
        if padded(a) || padded(b) || from.abs_diff(to) > most.unsigned_abs() {
            return None;
        }
        let all: Vec<_> = if from <= to { (from..=to).collect() } else { (to..=from).rev().collect() };
        return Some(all.into_iter().map(|n| word(n.to_string())).collect());
    }
    let (Ok(from), Ok(to)) = (a.parse::<char>(), b.parse::<char>()) else { return None };
    if !from.is_ascii_alphabetic() || !to.is_ascii_alphabetic() {
        return None;
    }
    let all: Vec<char> = if from <= to { (from..=to).collect() } else { (to..=from).rev().collect() };
    Some(all.into_iter().map(|c| word(c.to_string())).collect())
}

fn parts_of(tokens: Vec<Token>) -> Vec<Part> {
    let mut out = Vec::new();
    for token in tokens {
        match (token, out.last_mut()) {
            (Token::Byte(b), Some(Part::Text(text))) => text.push(b),
            (Token::Byte(b), _) => out.push(Part::Text(vec![b])),
            (Token::Part(part), _) => out.push(part),
        }
    }
    out
}
