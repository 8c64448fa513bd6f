//! From words to arguments: substitutions, then variables from the last to the first, then braces, `~`, wildcards, as fish does.

use super::ast::{Part, Word};
use super::eval::{Eval, Flow};
use super::glob;
use super::indexes::indexes;
use super::place_of;
use super::state::{FishVar, Item, joined};
use super::word::name_byte;
use crate::format::shell::{At, Piece, VALUE_LIMIT, Value};

/// Arguments that one word may become; fish itself stops at 512 Ki.
const ITEMS: usize = 4096;

/// What an element costs as if it were so many bytes.
pub(super) const ITEM_COST: usize = 128;

/// A word that fails keeps its command from running; the status that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken(pub Option<u8>);

/// A part of an argument while it is expanded.
#[derive(Debug, Clone)]
enum Seg {
    Value(Value),
    /// A string of which any number may be, none too.
    Many(Value),
    Star,
    StarStar,
    Question,
    Home(Vec<u8>),
    Var {
        dollars: u32,
        name: Vec<u8>,
        slices: Vec<Vec<u8>>,
        quoted: bool,
    },
    Open,
    Comma,
    Close,
}

impl Eval<'_> {
    /// The arguments that words become. `null`: whether a wildcard without a match is left out instead of an error.
    pub(super) fn words(&mut self, words: &[Word], null: bool) -> Result<Vec<Item>, Broken> {
        let mut out = Vec::new();
        for word in words {
            out.extend(self.expand(word, null)?);
            if out.len() > ITEMS {
                return Ok(vec![Item::unknown(Some(&self.at()))]);
            }
        }
        Ok(out)
    }

    /// The arguments that a word becomes.
    pub(super) fn expand(&mut self, word: &Word, null: bool) -> Result<Vec<Item>, Broken> {
        let at = self.at_line(word.line);
        if let [Part::Text(text)] = &word.parts[..] {
            return Ok(vec![Item::one(Value::put(text, Some(&at)))]);
        }
        let mut variants: Vec<Vec<Seg>> = vec![Vec::new()];
        for part in &word.parts {
            let choices: Vec<Vec<Seg>> = match part {
                Part::Text(text) => vec![vec![Seg::Value(Value::put(text, Some(&at)))]],
                Part::Star => vec![vec![Seg::Star]],
                Part::StarStar => vec![vec![Seg::StarStar]],
                Part::Question => vec![vec![Seg::Question]],
                Part::Home(user) => vec![vec![Seg::Home(user.clone())]],
                Part::Open => vec![vec![Seg::Open]],
                Part::Comma => vec![vec![Seg::Comma]],
                Part::Close => vec![vec![Seg::Close]],
                Part::Var { dollars, name, slices, quoted } => {
                    let mut texts = Vec::new();
                    for slice in slices {
                        match self.one(slice)? {
                            Some(text) => texts.push(text),
                            None => texts.push(b"?".to_vec()),
                        }
                    }
                    vec![vec![Seg::Var { dollars: *dollars, name: name.clone(), slices: texts, quoted: *quoted }]]
                }
                Part::Sub { body, slice, quoted } => {
                    let lines = self.substitute(body)?;
                    let lines = match slice {
                        Some(slice) => {
                            let text = self.one(slice)?.unwrap_or_else(|| b"?".to_vec());
                            self.slice(&lines, &text)?
                        }
                        None => lines,
                    };
                    if *quoted {
                        vec![vec![Seg::Value(lines_as_text(&lines))]]
                    } else {
                        lines.into_iter().map(|l| vec![if l.many { Seg::Many(l.value) } else { Seg::Value(l.value) }]).collect()
                    }
                }
            };
            if let [one] = &choices[..] {
                for variant in &mut variants {
                    variant.extend(one.iter().cloned());
                }
            } else {
                let mut next = Vec::new();
                for variant in &variants {
                    for choice in &choices {
                        next.push(variant.iter().chain(choice).cloned().collect());
                    }
                }
                variants = next;
            }
            if variants.len() > ITEMS {
                return Ok(vec![Item::unknown(Some(&at))]);
            }
        }
        let variants = self.variables(variants, &at)?;
        let mut out = Vec::new();
        let mut unmatched = false;
        for variant in braces(variants) {
            match self.finish(variant, &at) {
                Some(items) => out.extend(items),
                None => unmatched = true,
            }
        }
        if out.len() > ITEMS || !self.pay(out.iter().map(|i| i.value.known_len() + ITEM_COST).sum()) {
            return Ok(vec![Item::unknown(Some(&at))]);
        }
        if unmatched && out.is_empty() && !null {
            return Err(Broken(Some(124)));
        }
        Ok(out)
    }

    /// A word as one known string; `None` where it is not known.
    fn one(&mut self, word: &Word) -> Result<Option<Vec<u8>>, Broken> {
        let items = self.expand(word, true)?;
        Ok(joined(&items, b' ').text())
    }

    fn variables(&mut self, mut variants: Vec<Vec<Seg>>, at: &At) -> Result<Vec<Vec<Seg>>, Broken> {
        // Every round takes a `$` away from each variant; values bring none.
        loop {
            let mut next = Vec::new();
            let mut found = false;
            for variant in variants {
                let Some(i) = variant.iter().rposition(|s| matches!(s, Seg::Var { .. })) else {
                    next.push(variant);
                    continue;
                };
                found = true;
                let (before, rest) = variant.split_at(i);
                let Some((Seg::Var { dollars, name, slices, quoted }, after)) = rest.split_first() else { continue };
                for choice in self.variable(*dollars, name, slices, *quoted, at)? {
                    next.push(before.iter().cloned().chain(choice).chain(after.iter().cloned()).collect());
                }
                if next.len() > ITEMS {
                    return Ok(vec![vec![Seg::Many(Value::unknown(Some(at)))]]);
                }
            }
            variants = next;
            if !found {
                return Ok(variants);
            }
            if !self.pay(variants.len().saturating_mul(ITEM_COST)) {
                return Ok(vec![vec![Seg::Many(Value::unknown(Some(at)))]]);
            }
        }
    }

    /// What `$name[slice]` becomes; what follows the first `$` of several is left to the next round.
    fn variable(
        &mut self,
        dollars: u32,
        name: &[u8],
        slices: &[Vec<u8>],
        quoted: bool,
        at: &At,
    ) -> Result<Vec<Vec<Seg>>, Broken> {
        let (slice, slices) = match slices.split_first() {
            Some((first, rest)) => (Some(first), rest),
            None => (None, slices),
        };
        let var = self.lookup(name);
        let (mut items, separator) = match &var {
            Some(var) => (var.items.clone(), var.separator()),
            None => (Vec::new(), b' '),
        };
        if let Some(slice) = slice {
            items = self.slice(&items, slice)?;
        }
        let leftover: Vec<u8> =
            if dollars > 1 { Vec::new() } else { slices.iter().flat_map(|s| [b"[", &s[..], b"]"].concat()).collect() };
        if dollars <= 1 {
            if quoted {
                let mut value = if var.is_some() { joined(&items, separator) } else { Value::new() };
                value.push(&leftover, Some(at));
                return Ok(vec![vec![Seg::Value(value)]]);
            }
            return Ok(items
                .into_iter()
                .map(|item| {
                    let mut value = item.value;
                    value.push(&leftover, Some(at));
                    vec![if item.many { Seg::Many(value) } else { Seg::Value(value) }]
                })
                .collect());
        }
        let names: Vec<Item> = if quoted { vec![Item::one(joined(&items, separator))] } else { items };
        let mut out = Vec::new();
        for item in names {
            let Some(text) = item.text() else {
                out.push(vec![if quoted { Seg::Value(Value::unknown(Some(at))) } else { Seg::Many(Value::unknown(Some(at))) }]);
                continue;
            };
            let end = text.iter().position(|b| !name_byte(*b)).unwrap_or(text.len());
            let (name, tail) = text.split_at(end);
            if name.is_empty() {
                if quoted {
                    out.push(vec![Seg::Value(Value::put(tail, Some(at)))]);
                }
                continue;
            }
            let mut segs = vec![Seg::Var { dollars: dollars - 1, name: name.to_vec(), slices: slices.to_vec(), quoted }];
            if !tail.is_empty() {
                segs.push(Seg::Value(Value::put(tail, Some(at))));
            }
            out.push(segs);
        }
        Ok(out)
    }

    /// The variable that a name stands for, those that are computed too.
    pub(super) fn lookup(&self, name: &[u8]) -> Option<FishVar> {
        let at = self.at();
        let computed = |value: Option<Vec<u8>>| {
            let value = value.map_or_else(|| Value::unknown(Some(&at)), |v| Value::put(&v, Some(&at)));
            Some(FishVar { items: vec![Item::one(value)], exported: Some(false), path: false, at: None, certain: true })
        };
        match name {
            b"status" => computed(self.state.status.map(|s| s.to_string().into_bytes())),
            b"PWD" => computed(self.state.pwd.clone()).map(|v| FishVar { exported: Some(true), ..v }),
            b"umask" | b"pipestatus" | b"status_generation" | b"fish_kill_signal" | b"fish_pid" | b"hostname" => computed(None),
            b"history" | b"fish_killring" => Some(FishVar { certain: true, ..FishVar::unknown(Some(&at)) }),
            _ => match self.state.get(name) {
                Some(var) => Some(var),
                // Nobody sets what fish's own functions name so.
                None if self.state.strange && !(name.starts_with(b"_flag_") || name.starts_with(b"__fish_")) => {
                    Some(FishVar::unknown(Some(&at)))
                }
                None => None,
            },
        }
    }

    /// The elements that `[…]` picks.
    fn slice(&self, items: &[Item], text: &[u8]) -> Result<Vec<Item>, Broken> {
        let unsure = || Ok(vec![Item::unknown(Some(&self.at()))]);
        if text.contains(&b'?') {
            return unsure();
        }
        let known = items.iter().position(|i| i.many).unwrap_or(items.len());
        let indexes = indexes(text, items.len()).ok_or(Broken(Some(121)))?;
        let mut out = Vec::new();
        for (index, from_end) in indexes {
            // Before the first element of unknown number, places from the start are certain.
            if known < items.len() && (from_end || index < 1 || usize::try_from(index).is_ok_and(|i| i > known)) {
                return unsure();
            }
            if let Some(item) = usize::try_from(index).ok().and_then(|i| items.get(i.checked_sub(1)?)) {
                out.push(item.clone());
            }
            if out.len() > ITEMS {
                return unsure();
            }
        }
        Ok(out)
    }

    /// Runs a substitution and gives the lines that it prints.
    fn substitute(&mut self, body: &super::ast::List) -> Result<Vec<Item>, Broken> {
        let at = self.at();
        let Some((out, explicit)) = self.capture(body) else { return Ok(vec![Item::unknown(Some(&at))]) };
        if self.state.broken {
            return Err(Broken(self.state.status));
        }
        self.doubtful |= self.state.doubtful;
        if let Some(items) = explicit {
            return Ok(items);
        }
        if out.is_empty() {
            return Ok(Vec::new());
        }
        let unsplit = self.state.get(b"IFS").is_some_and(|v| v.items.iter().all(|i| i.value.is_empty()));
        let mut lines = if unsplit { vec![out] } else { out.split(b'\n') };
        if lines.last().is_some_and(Value::is_empty) {
            lines.pop();
        }
        Ok(lines.into_iter().map(|value| Item { many: !value.is_known(), value }).collect())
    }

    /// `~` and wildcards; `None` where a wildcard has no match.
    fn finish(&self, variant: Vec<Seg>, at: &At) -> Option<Vec<Item>> {
        let mut value = Value::new();
        let (mut many, mut wild) = (false, false);
        let mut pattern = Vec::new();
        for seg in variant {
            let piece = match seg {
                Seg::Value(v) => v,
                Seg::Many(v) => {
                    many = true;
                    let mut unknown = v;
                    if unknown.is_known() {
                        unknown.push_unknown(Some(at));
                    }
                    unknown
                }
                Seg::Home(user) => self.home_of(&user, at),
                Seg::Star | Seg::StarStar | Seg::Question => {
                    wild = true;
                    pattern.push(match seg {
                        Seg::Star => glob::Token::Star,
                        Seg::StarStar => glob::Token::StarStar,
                        _ => glob::Token::Question,
                    });
                    value.push_unknown(Some(at));
                    continue;
                }
                Seg::Var { .. } | Seg::Open | Seg::Comma | Seg::Close => continue,
            };
            if let Some(text) = piece.text() {
                pattern.extend(text.into_iter().map(glob::Token::Byte));
            } else {
                many |= wild;
                pattern.push(glob::Token::Unknown);
            }
            value.append(&piece);
        }
        if value.known_len() > VALUE_LIMIT {
            return Some(vec![Item { value: Value::unknown(Some(at)), many }]);
        }
        if !wild {
            return Some(vec![Item { value, many }]);
        }
        if pattern.contains(&glob::Token::Unknown) {
            return Some(vec![Item { value, many: true }]);
        }
        match glob::matches(self.world, &pattern, self.state.pwd.as_deref()) {
            Some(found) if found.is_empty() => None,
            Some(found) => Some(found.into_iter().map(|path| Item::one(Value::put(&path, Some(at)))).collect()),
            None => Some(vec![Item { value, many: true }]),
        }
    }

    fn home_of(&self, user: &[u8], at: &At) -> Value {
        let home = if user.is_empty() {
            self.lookup(b"HOME").and_then(|v| v.items.first().and_then(Item::text))
        } else if user == self.start.user {
            self.start.home.map(<[u8]>::to_vec)
        } else {
            None
        };
        match home {
            Some(home) if !home.is_empty() => Value::put(&glob::normalize(&home), Some(at)),
            _ => Value::unknown(Some(at)),
        }
    }
}

/// The lines of a quoted substitution as one string, without the newlines at its end.
fn lines_as_text(lines: &[Item]) -> Value {
    let mut out = Value::new();
    let filled = lines.iter().rposition(|l| !l.value.is_empty()).map_or(0, |i| i + 1);
    for (i, line) in lines.iter().take(filled).enumerate() {
        if i > 0 {
            out.push(b"\n", line.value.at());
        }
        out.append(&line.value);
        if line.many && line.value.is_known() {
            out.push_unknown(place_of(&line.value));
        }
    }
    out
}

/// The variants that braces stand for.
fn braces(mut variants: Vec<Vec<Seg>>) -> Vec<Vec<Seg>> {
    loop {
        let mut next = Vec::new();
        let mut found = false;
        for variant in variants {
            // fish takes the last group that lies in no other first, so that its items vary slowest.
            let mut level = 0usize;
            let mut last = None;
            for (i, seg) in variant.iter().enumerate() {
                match seg {
                    Seg::Open => {
                        if level == 0 {
                            last = Some(i);
                        }
                        level += 1;
                    }
                    Seg::Close => level = level.saturating_sub(1),
                    _ => {}
                }
            }
            let Some(open) = last else {
                next.push(variant);
                continue;
            };
            found = true;
            let mut depth = 0usize;
            let mut start = open + 1;
            let mut items = Vec::new();
            let mut close = variant.len();
            for (i, seg) in variant.iter().enumerate().skip(open) {
                match seg {
                    Seg::Open => depth += 1,
                    Seg::Comma if depth == 1 => {
                        items.push(start..i);
                        start = i + 1;
                    }
                    Seg::Close => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            items.push(start..i);
                            close = i + 1;
                            break;
                        }
                    }
                    _ => {}
                }
            }
            for item in items {
                let before = variant.get(..open).unwrap_or_default();
                let inner = variant.get(item).unwrap_or_default();
                let after = variant.get(close..).unwrap_or_default();
                next.push([before, inner, after].concat());
            }
            if next.len() > ITEMS {
                return vec![vec![Seg::Many(Value::unknown(None))]];
            }
        }
        variants = next;
        if !found {
            return variants;
        }
    }
}

/// The first place that a piece of a value names, known or not.
pub(super) fn first_place(value: &Value) -> Option<&At> {
    value.pieces().iter().find_map(|p| match p {
        Piece::Text(_, at) | Piece::Unknown(at) => at.as_ref(),
    })
}

impl Flow {
    /// Whether the next statement runs.
    pub(super) fn goes_on(self) -> bool {
        self == Flow::Normal
    }
}
