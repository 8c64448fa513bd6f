//! `argparse`: options of functions become `_flag_…` variables.

use super::call::{Reply, plain};
use super::eval::Eval;
use super::state::{Item, texts};
use crate::format::shell::Value;

/// How an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Maybe,
    One,
    Many,
}

struct Spec {
    short: Option<u8>,
    /// Whether the short name may be used.
    used: bool,
    long: Vec<u8>,
    takes: Takes,
    seen: Vec<Item>,
    count: usize,
}

/// `h/help`, `n-name=`, `x=+`, `long=?`; `None` where it is beyond us (`#max`, a command that validates).
fn spec(text: &[u8]) -> Option<Spec> {
    let (names, takes) = if let Some(names) = text.strip_suffix(b"=+") {
        (names, Takes::Many)
    } else if let Some(names) = text.strip_suffix(b"=?") {
        (names, Takes::Maybe)
    } else if let Some(names) = text.strip_suffix(b"=") {
        (names, Takes::One)
    } else {
        (text, Takes::Nothing)
    };
    let (first, rest) = names.split_first()?;
    if names.contains(&b'!') || names.contains(&b'#') || names.contains(&b'=') {
        return None;
    }
    let (short, used, long) = match rest.split_first() {
        None => (Some(*first), true, Vec::new()),
        Some((b'/', long)) => (Some(*first), true, long.to_vec()),
        Some((b'-', long)) => (Some(*first), false, long.to_vec()),
        _ => (None, false, names.to_vec()),
    };
    Some(Spec { short, used, long, takes, seen: Vec::new(), count: 0 })
}

impl Eval<'_> {
    pub(super) fn argparse(&mut self, args: &[Item]) -> Reply {
        match self.argparsed(args) {
            Some(status) => Reply::Status(status),
            None => {
                // The flags and `argv` are those of the function's scope.
                let at = self.at();
                let mut names: Vec<Vec<u8>> = vec![b"argv".to_vec()];
                let specs = args.iter().take_while(|a| a.text().as_deref() != Some(b"--"));
                for spec in specs.filter_map(Item::text).filter_map(|t| spec(&t)) {
                    names.extend(spec.short.filter(|_| spec.used).map(|s| [&b"_flag_"[..], &[s]].concat()));
                    names.push(flag(&spec.long));
                }
                if let Some(scope) = self.state.scopes.last_mut() {
                    for name in names {
                        scope.vars.insert(name, super::state::FishVar::unknown(Some(&at)));
                    }
                }
                Reply::Unsure
            }
        }
    }

    fn argparsed(&mut self, args: &[Item]) -> Option<u8> {
        let end = args.iter().position(|a| a.text().as_deref() == Some(b"--"))?;
        let (before, after) = (args.get(..end)?, args.get(end + 1..)?);
        let words = texts(before)?;
        let mut words = words.iter();
        let mut specs: Vec<Spec> = Vec::new();
        let mut exclusive: Vec<Vec<Vec<u8>>> = Vec::new();
        let (mut stop, mut ignore) = (false, false);
        let (mut low, mut high) = (0usize, usize::MAX);
        while let Some(word) = words.next() {
            let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<usize>().ok();
            match &word[..] {
                b"-x" | b"--exclusive" => exclusive.push(words.next()?.split(|b| *b == b',').map(<[u8]>::to_vec).collect()),
                b"-n" | b"--name" => {
                    words.next()?;
                }
                b"-s" | b"--stop-nonopt" => stop = true,
                b"-i" | b"--ignore-unknown" => ignore = true,
                b"-N" | b"--min-args" => low = number(words.next()?)?,
                b"-X" | b"--max-args" => high = number(words.next()?)?,
                _ => {
                    if let Some(value) = word.strip_prefix(b"--max-args=") {
                        high = number(value)?;
                    } else if let Some(value) = word.strip_prefix(b"--min-args=") {
                        low = number(value)?;
                    } else if !word.starts_with(b"-") {
                        specs.push(spec(word)?);
                    } else if !word.starts_with(b"--name=") {
                        return None;
                    }
                }
            }
        }
        let mut argv: Vec<Item> = Vec::new();
        let mut rest = after;
        while let Some((first, others)) = rest.split_first() {
            // What is not known may be an option.
            let Some(text) = first.text() else {
                if first.many
                    || first.value.known_len() == 0
                    || !matches!(first.value.pieces().first(), Some(p) if known_start(p))
                {
                    return None;
                }
                argv.push(first.clone());
                rest = others;
                continue;
            };
            rest = others;
            if text == b"--" {
                argv.extend_from_slice(rest);
                break;
            }
            if text.len() < 2 || text.first() != Some(&b'-') {
                argv.push(first.clone());
                if stop {
                    argv.extend_from_slice(rest);
                    break;
                }
                continue;
            }
            if let Some(long) = text.strip_prefix(b"--") {
                let (name, attached) = match long.iter().position(|b| *b == b'=') {
                    Some(i) => (long.get(..i)?, long.get(i + 1..)),
                    None => (long, None),
                };
                let exact = specs.iter().position(|s| s.long == name);
                let fits: Vec<usize> =
                    specs.iter().enumerate().filter(|(_, s)| s.long.starts_with(name)).map(|(i, _)| i).collect();
                let index = exact.or(if fits.len() == 1 { fits.first().copied() } else { None });
                let Some(spec) = index.and_then(|i| specs.get_mut(i)) else {
                    if ignore {
                        argv.push(first.clone());
                        continue;
                    }
                    return Some(2);
                };
                let at = first.value.at();
                let seen = [&b"--"[..], &spec.long].concat();
                match (spec.takes, attached) {
                    (Takes::Nothing, Some(_)) => return Some(2),
                    (Takes::Nothing, None) => spec.take(Some(Item::one(Value::put(&seen, at)))),
                    (_, Some(value)) => spec.take(Some(Item::one(Value::put(value, at)))),
                    (Takes::Maybe, None) => spec.take(None),
                    (_, None) => {
                        let Some((value, tail)) = rest.split_first() else { return Some(2) };
                        if value.many {
                            return None;
                        }
                        rest = tail;
                        spec.take(Some(value.clone()));
                    }
                }
                continue;
            }
            let mut letters = text.get(1..)?;
            while let Some((letter, tail)) = letters.split_first() {
                letters = tail;
                let Some(spec) = specs.iter_mut().find(|s| s.used && s.short == Some(*letter)) else {
                    if ignore {
                        argv.push(first.clone());
                        break;
                    }
                    return Some(2);
                };
                let at = first.value.at();
                match spec.takes {
                    Takes::Nothing => spec.take(Some(Item::one(Value::put(&[b'-', *letter], at)))),
                    Takes::Maybe if tail.is_empty() => spec.take(None),
                    _ if !tail.is_empty() => {
                        spec.take(Some(Item::one(Value::put(tail, at))));
                        break;
                    }
                    _ => {
                        let Some((value, others)) = rest.split_first() else { return Some(2) };
                        if value.many {
                            return None;
                        }
                        rest = others;
                        spec.take(Some(value.clone()));
                    }
                }
            }
        }
        for set in &exclusive {
            let used = specs
                .iter()
                .filter(|s| s.count > 0 && set.iter().any(|n| *n == s.long || s.short.is_some_and(|c| n[..] == [c])))
                .count();
            if used > 1 {
                return Some(2);
            }
        }
        if argv.len() < low || argv.len() > high {
            return if argv.iter().any(|a| a.many) { None } else { Some(1) };
        }
        let at = self.at();
        let scope = self.state.scopes.last_mut()?;
        for spec in specs.into_iter().filter(|s| s.count > 0) {
            if let Some(short) = spec.short.filter(|_| spec.used) {
                scope.vars.insert([&b"_flag_"[..], &[short]].concat(), plain(spec.seen.clone(), &at));
            }
            if !spec.long.is_empty() {
                scope.vars.insert(flag(&spec.long), plain(spec.seen, &at));
            }
        }
        scope.vars.insert(b"argv".to_vec(), plain(argv, &at));
        Some(0)
    }
}

impl Spec {
    fn take(&mut self, value: Option<Item>) {
        self.count += 1;
        if matches!(self.takes, Takes::One | Takes::Maybe) {
            self.seen.clear();
        }
        self.seen.extend(value);
    }
}

fn flag(long: &[u8]) -> Vec<u8> {
    let name = long.iter().map(|b| if b.is_ascii_alphanumeric() { *b } else { b'_' });
    b"_flag_".iter().copied().chain(name).collect()
}

/// Whether a string whose rest is unknown begins with something that is no option.
fn known_start(piece: &crate::format::shell::Piece) -> bool {
    matches!(piece, crate::format::shell::Piece::Text(text, _) if text.first().is_some_and(|b| *b != b'-'))
}
