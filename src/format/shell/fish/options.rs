//! Options of builtins that take them as `string` does.

use super::state::Item;

/// The options of a subcommand: letters, and those with a value.
pub(super) struct Options {
    letters: Vec<u8>,
    values: Vec<(u8, Vec<u8>)>,
}

/// Long names of options and the letters that they stand for.
const LONG: &[(&[u8], u8)] = &[
    (b"all", b'a'),
    (b"entire", b'e'),
    (b"groups-only", b'g'),
    (b"ignore-case", b'i'),
    (b"index", b'n'),
    (b"invert", b'v'),
    (b"quiet", b'q'),
    (b"regex", b'r'),
    (b"filter", b'f'),
    (b"fields", b'f'),
    (b"max", b'm'),
    (b"no-empty", b'n'),
    (b"right", b'r'),
    (b"left", b'l'),
    (b"chars", b'c'),
    (b"start", b's'),
    (b"length", b'l'),
    (b"end", b'e'),
    (b"no-quoted", b'n'),
    (b"style", b'S'),
    (b"count", b'n'),
    (b"no-newline", b'N'),
    (b"no-trim-newlines", b'N'),
    (b"allow-empty", b'a'),
];

/// The options, wherever they stand before `--`, and the other arguments; `None` where one is unknown or not one of ours.
pub(super) fn options(args: &[Item], with_value: &[u8]) -> Option<(Options, Vec<Item>)> {
    let mut out = Options { letters: Vec::new(), values: Vec::new() };
    let mut others = Vec::new();
    let mut rest = args;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let Some(text) = first.text() else {
            // What is not known might be an option, had it been written so: nobody does.
            others.push(first.clone());
            continue;
        };
        if text == b"--" {
            others.extend_from_slice(rest);
            break;
        }
        if text.len() < 2 || text.first() != Some(&b'-') {
            others.push(first.clone());
            continue;
        }
        let mut take = |rest: &mut &[Item], letter: u8, attached: Option<&[u8]>| -> Option<()> {
            if with_value.contains(&letter) {
                let value = match attached {
                    Some(value) => value.to_vec(),
                    None => {
                        let (value, tail) = rest.split_first()?;
                        let value = value.text()?;
                        *rest = rest.get(rest.len() - tail.len()..)?;
                        value
                    }
                };
                out.values.push((letter, value));
            }
            out.letters.push(letter);
            Some(())
        };
        if let Some(long) = text.strip_prefix(b"--") {
            let (name, attached) = match long.iter().position(|b| *b == b'=') {
                Some(i) => (long.get(..i)?, long.get(i + 1..)),
                None => (long, None),
            };
            let letter = LONG.iter().find(|(l, _)| *l == name).map(|(_, l)| *l)?;
            take(&mut rest, letter, attached)?;
            continue;
        }
        let mut letters = text.get(1..)?;
        while let Some((letter, tail)) = letters.split_first() {
            letters = tail;
            if with_value.contains(letter) && !tail.is_empty() {
                take(&mut rest, *letter, Some(tail))?;
                break;
            }
            take(&mut rest, *letter, None)?;
        }
    }
    Some((out, others))
}

impl Options {
    pub(super) fn has(&self, letter: u8) -> bool {
        self.letters.contains(&letter)
    }

    pub(super) fn value(&self, letter: u8) -> Option<&[u8]> {
        self.values.iter().rev().find(|(l, _)| *l == letter).map(|(_, v)| &v[..])
    }

    pub(super) fn number(&self, letter: u8) -> Option<Option<i64>> {
        self.value(letter).map(|v| std::str::from_utf8(v).ok()?.parse().ok())
    }
}
