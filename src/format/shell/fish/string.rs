//! `string`: what finds and splits.

use super::call::Reply;
use super::eval::Eval;
use super::glob;
use super::options::options;
use super::regex::Regex;
use super::state::{Input, Item};
use crate::format::shell::Value;

impl Eval<'_> {
    pub(super) fn string(&mut self, args: &[Item]) -> Reply {
        let reply = args.split_first().and_then(|(which, rest)| {
            let which = which.text()?;
            match &which[..] {
                b"match" => self.string_match(rest),
                b"replace" => self.string_replace(rest),
                b"split" => self.string_split(rest, false),
                b"split0" => self.string_split(rest, true),
                b"join" => self.string_join(rest, false),
                b"join0" => self.string_join(rest, true),
                b"collect" => self.string_collect(rest),
                b"escape" => {
                    let (o, rest) = options(rest, b"S")?;
                    let strings = self.strings(&rest)?;
                    let style = o.value(b'S').unwrap_or(b"script").to_vec();
                    Some(self.string_escape(&strings, !o.has(b'n'), &style))
                }
                _ => self.string_edit(&which, rest),
            }
        });
        reply.unwrap_or_else(|| {
            self.print_unknown();
            if args
                .iter()
                .any(|a| a.text().is_some_and(|t| t.windows(3).any(|w| w == b"(?<") || t.windows(4).any(|w| w == b"(?P<")))
            {
                self.forget("which variables `string match` sets".to_owned());
            }
            Reply::Unsure
        })
    }

    /// The strings that a subcommand works on: its arguments, or the lines of its input.
    pub(super) fn strings(&mut self, args: &[Item]) -> Option<Vec<Item>> {
        if !args.is_empty() || !self.direct {
            return Some(args.to_vec());
        }
        match self.state.inputs.last_mut()? {
            Input::Unknown => None,
            Input::Text { text, known, pos } => {
                let whole = *pos == 0;
                let rest = known.get(*pos..).unwrap_or_default().to_vec();
                *pos = known.len();
                let value = if whole { text.clone() } else { Value::put(&rest, text.at()) };
                let mut lines = value.split(b'\n');
                if lines.last().is_some_and(Value::is_empty) {
                    lines.pop();
                }
                Some(lines.into_iter().map(Item::one).collect())
            }
        }
    }

    fn string_match(&mut self, args: &[Item]) -> Option<Reply> {
        let (o, rest) = options(args, b"")?;
        let (pattern, rest) = rest.split_first()?;
        let mut pattern = pattern.text()?;
        let strings = self.strings(rest)?;
        let quiet = o.has(b'q');
        let insensitive = o.has(b'i');
        let regex = if o.has(b'r') { Some(Regex::new(&pattern, insensitive)?) } else { None };
        if o.has(b'n') && !o.has(b'r') {
            return None;
        }
        if regex.is_none() && o.has(b'e') {
            pattern = [b"*", &pattern[..], b"*"].concat();
        }
        if insensitive {
            pattern.make_ascii_lowercase();
        }
        let tokens = glob::pattern(&pattern, self.question());
        let (mut any, mut unsure) = (false, false);
        let mut captured: Option<Vec<(Vec<u8>, Vec<Item>)>> = None;
        for item in &strings {
            let Some(text) = item.text() else {
                unsure = true;
                if !quiet {
                    self.print_unknown();
                }
                continue;
            };
            if !self.pay(text.len()) {
                return None;
            }
            let Some(regex) = &regex else {
                let mut folded = text.clone();
                if insensitive {
                    folded.make_ascii_lowercase();
                }
                let fits = fits_whole(&folded, &tokens);
                if fits != o.has(b'v') {
                    any = true;
                    if !quiet {
                        self.print_line(&item.value);
                    }
                }
                continue;
            };
            let mut from = 0;
            let mut here = false;
            while from <= text.len() {
                let Some(found) = regex.find(&text, from).ok()? else { break };
                here = true;
                if captured.is_none() {
                    captured = Some(
                        regex
                            .names
                            .iter()
                            .map(|(name, group)| {
                                let part = found.get(*group).copied().flatten().and_then(|(a, b)| text.get(a..b));
                                (name.clone(), part.map(|p| Item::one(Value::put(p, item.value.at()))).into_iter().collect())
                            })
                            .collect(),
                    );
                }
                if o.has(b'v') {
                    break;
                }
                let (start, end) = found.first().copied().flatten()?;
                if !quiet {
                    if o.has(b'e') {
                        self.print_line(&item.value);
                    }
                    let skip = usize::from(o.has(b'e') || o.has(b'g'));
                    for group in found.iter().skip(skip) {
                        match group {
                            Some((a, b)) if o.has(b'n') => {
                                let line = format!("{} {}", a + 1, b - a);
                                self.print_line(&Value::put(line.as_bytes(), item.value.at()));
                            }
                            Some((a, b)) => {
                                let part = Value::put(text.get(*a..*b)?, item.value.at());
                                self.print_line(&part);
                            }
                            // A group that was not found prints nothing.
                            None => {}
                        }
                    }
                }
                from = if end > start { end } else { end + 1 };
                if !o.has(b'a') {
                    break;
                }
            }
            if o.has(b'v') && !here && !quiet {
                self.print_line(&item.value);
            }
            any |= here != o.has(b'v');
        }
        if let Some(regex) = regex.filter(|r| !r.names.is_empty()) {
            if o.has(b'a') || unsure {
                return None;
            }
            let none = regex.names.iter().map(|(name, _)| (name.clone(), Vec::new())).collect();
            // Without a match the variables are empty lists.
            for (name, items) in captured.unwrap_or(none) {
                let flow = self.assign(&[], &name, items);
                if !flow.goes_on() {
                    return Some(Reply::Flow(flow));
                }
            }
        }
        Some(if any {
            Reply::Status(0)
        } else if unsure {
            Reply::Unsure
        } else {
            Reply::Status(1)
        })
    }

    fn string_replace(&mut self, args: &[Item]) -> Option<Reply> {
        let (o, rest) = options(args, b"")?;
        let (pattern, rest) = rest.split_first()?;
        let (replacement, rest) = rest.split_first()?;
        let strings = self.strings(rest)?;
        let (pattern, by) = (pattern.text()?, replacement.text()?);
        let insensitive = o.has(b'i');
        let regex = if o.has(b'r') { Some(Regex::new(&pattern, insensitive)?) } else { None };
        let (mut any, mut unsure) = (false, false);
        for item in &strings {
            let Some(text) = item.text() else {
                unsure = true;
                if !o.has(b'q') {
                    self.print_unknown();
                    if !o.has(b'f') && !item.many {
                        let at = self.at();
                        self.state.print(&Value::put(b"\n", Some(&at)));
                    }
                }
                continue;
            };
            if !self.pay(text.len()) {
                return None;
            }
            let mut out = Vec::new();
            let mut from = 0;
            let mut here = false;
            while from <= text.len() {
                let found = match &regex {
                    Some(regex) => regex.find(&text, from).ok()?,
                    None if pattern.is_empty() => None,
                    None => text
                        .get(from..)?
                        .windows(pattern.len())
                        .position(|w| w == &pattern[..] || (insensitive && w.eq_ignore_ascii_case(&pattern)))
                        .map(|i| vec![Some((from + i, from + i + pattern.len()))]),
                };
                let Some(found) = found else { break };
                let (start, end) = found.first().copied().flatten()?;
                here = true;
                out.extend_from_slice(text.get(from..start)?);
                match &regex {
                    Some(regex) => out.extend(filled(&by, &text, &found, regex)?),
                    None => out.extend_from_slice(&by),
                }
                from = end;
                if end == start {
                    out.extend(text.get(end));
                    from += 1;
                }
                if !o.has(b'a') || out.len() > crate::format::shell::VALUE_LIMIT {
                    break;
                }
            }
            out.extend_from_slice(text.get(from.min(text.len())..)?);
            any |= here;
            if !o.has(b'q') && (here || !o.has(b'f')) {
                if here {
                    let at = item.value.at().or(replacement.value.at()).cloned();
                    self.print_line(&Value::put(&out, at.as_ref()));
                } else {
                    self.print_line(&item.value);
                }
            }
        }
        Some(if any {
            Reply::Status(0)
        } else if unsure {
            Reply::Unsure
        } else {
            Reply::Status(1)
        })
    }

    fn string_split(&mut self, args: &[Item], by_nul: bool) -> Option<Reply> {
        let (o, rest) = options(args, b"mf")?;
        if o.has(b'r') && o.value(b'm').is_none() {
            // Without a bound the side does not matter.
        } else if o.has(b'r') || o.has(b'f') || by_nul {
            return None;
        }
        let (separator, rest) = rest.split_first()?;
        let separator = separator.text()?;
        let strings = self.strings(rest)?;
        let most = match o.number(b'm') {
            Some(number) => Some(usize::try_from(number?).ok()?),
            None => None,
        };
        let (mut any, mut unsure) = (false, false);
        for item in &strings {
            if item.many {
                self.print_unknown();
                unsure = true;
                continue;
            }
            let parts: Vec<Value> = match (&separator[..], most) {
                ([one], None) => item.value.split(*one),
                _ => {
                    let Some(text) = item.text() else {
                        self.print_unknown();
                        unsure = true;
                        continue;
                    };
                    split(&text, &separator, most.unwrap_or(usize::MAX))?.iter().map(|p| Value::put(p, item.value.at())).collect()
                }
            };
            any |= parts.len() > 1;
            unsure |= !item.value.is_known();
            for part in parts {
                if part.is_empty() && o.has(b'n') {
                    continue;
                }
                if !o.has(b'q') {
                    self.print_line(&part);
                }
            }
        }
        Some(if any {
            Reply::Status(0)
        } else if unsure {
            Reply::Unsure
        } else {
            Reply::Status(1)
        })
    }

    fn string_join(&mut self, args: &[Item], by_nul: bool) -> Option<Reply> {
        let (o, rest) = options(args, b"")?;
        let (separator, rest) = if by_nul {
            (vec![0], &rest[..])
        } else {
            let (separator, rest) = rest.split_first()?;
            (separator.text()?, rest)
        };
        let strings = self.strings(rest)?;
        if strings.is_empty() {
            return Some(Reply::Status(1));
        }
        let mut out = Value::new();
        let mut first = true;
        let mut unsure = false;
        for item in &strings {
            if item.many {
                let at = self.at();
                out.push_unknown(Some(&at));
                unsure = true;
                continue;
            }
            if o.has(b'n') && item.value.is_empty() {
                continue;
            }
            if !first {
                out.push(&separator, item.value.at());
            }
            first = false;
            out.append(&item.value);
        }
        if !o.has(b'q') {
            if by_nul { self.state.print(&out) } else { self.print_line(&out) }
        }
        Some(if unsure { Reply::Unsure } else { Reply::Status(u8::from(strings.len() < 2)) })
    }

    fn string_collect(&mut self, args: &[Item]) -> Option<Reply> {
        let (o, rest) = options(args, b"")?;
        let lines = self.strings(&rest)?;
        let items: Vec<Item> = if rest.is_empty() {
            let mut out = Value::new();
            let filled = lines.iter().rposition(|l| !l.value.is_empty()).map_or(0, |i| i + 1);
            for (i, line) in lines.iter().take(if o.has(b'N') { lines.len() } else { filled }).enumerate() {
                if i > 0 {
                    out.push(b"\n", line.value.at());
                }
                out.append(&line.value);
            }
            if out.is_empty() && !o.has(b'a') { Vec::new() } else { vec![Item::one(out)] }
        } else {
            lines
        };
        let status = u8::from(items.is_empty());
        for item in &items {
            self.print_line(&item.value);
        }
        if self.state.outputs.len() == self.collecting {
            self.explicit = Some(items);
        }
        Some(Reply::Status(status))
    }
}

/// Whether a whole string is what a pattern stands for, dots at its start included.
fn fits_whole(text: &[u8], pattern: &[glob::Token]) -> bool {
    glob::fits(text, pattern, false)
}

/// The parts of a text between separators, at most `most` separators seen; every character where the separator is empty.
fn split(text: &[u8], separator: &[u8], most: usize) -> Option<Vec<Vec<u8>>> {
    let mut out = Vec::new();
    let mut rest = text;
    if separator.is_empty() {
        if !text.is_ascii() {
            return None;
        }
        while rest.len() > 1 && out.len() < most {
            let (first, others) = rest.split_at(1);
            out.push(first.to_vec());
            rest = others;
        }
    } else {
        while out.len() < most {
            let Some(i) = rest.windows(separator.len()).position(|w| w == separator) else { break };
            out.push(rest.get(..i)?.to_vec());
            rest = rest.get(i + separator.len()..)?;
        }
    }
    out.push(rest.to_vec());
    Some(out)
}

/// A replacement with its groups put in; `None` where it is beyond us.
fn filled(by: &[u8], text: &[u8], found: &[Option<(usize, usize)>], regex: &Regex) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = by;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\\' => {
                let (next, after) = rest.split_first()?;
                rest = after;
                match next {
                    b'n' => out.push(b'\n'),
                    b't' => out.push(b'\t'),
                    // `\U` and the like change the case of what follows.
                    b if b.is_ascii_alphanumeric() => return None,
                    b => out.push(*b),
                }
            }
            b'$' => {
                if let Some(after) = rest.strip_prefix(b"$") {
                    out.push(b'$');
                    rest = after;
                    continue;
                }
                let braced = rest.first() == Some(&b'{');
                let body = if braced { rest.get(1..)? } else { rest };
                let end = body.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(body.len());
                let name = body.get(..end)?;
                let number = match std::str::from_utf8(name).ok()?.parse::<usize>() {
                    Ok(number) => number,
                    Err(_) => regex.names.iter().find(|(n, _)| n == name)?.1,
                };
                let group = found.get(number)?;
                if let Some((a, b)) = group {
                    out.extend_from_slice(text.get(*a..*b)?);
                }
                rest = body.get(end..)?;
                if braced {
                    rest = rest.strip_prefix(b"}")?;
                }
            }
            _ => out.push(*byte),
        }
    }
    Some(out)
}
