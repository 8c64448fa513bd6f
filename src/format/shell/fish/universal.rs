//! Universal variables: `~/.config/fish/fish_variables`.

use std::sync::Arc;

use super::eval::Eval;
use super::state::{FishVar, Item};
use crate::format::shell::{At, FileSeen, Value};

/// Between the elements of a list.
const SEPARATOR: u8 = 0x1e;
/// A list without elements.
const EMPTY: &[u8] = b"\x1d";

/// `\x1e`, `\u00e4`, `\n` and the like in a stored value; `None` where one means nothing.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let (kind, after) = rest.split_first()?;
        rest = after;
        let mut hex = |most: usize| -> Option<u32> {
            let digits = rest.iter().take(most).take_while(|b| b.is_ascii_hexdigit()).count();
            let text = std::str::from_utf8(rest.get(..digits)?).ok()?;
            rest = rest.get(digits..)?;
            u32::from_str_radix(text, 16).ok()
        };
        match kind {
            b'x' | b'X' => out.push(u8::try_from(hex(2)?).ok()?),
            b'u' | b'U' => {
                let value = char::from_u32(hex(if *kind == b'u' { 4 } else { 8 })?)?;
                out.extend_from_slice(value.encode_utf8(&mut [0; 4]).as_bytes());
            }
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'e' => out.push(0x1b),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            other => out.push(*other),
        }
    }
    Some(out)
}

/// A name, whether it is exported, whether it is a path, its elements, its line.
type Stored = (Vec<u8>, bool, bool, Vec<Vec<u8>>, u32);

/// The variables of the file, with the lines that hold them. fish: `populate_variables`.
fn variables(text: &[u8]) -> Vec<Stored> {
    let new =
        text.split(|b| *b == b'\n').take_while(|l| l.is_empty() || l.starts_with(b"#")).any(|l| l.starts_with(b"# VERSION: "));
    let mut out = Vec::new();
    for (i, line) in text.split(|b| *b == b'\n').enumerate() {
        let number = u32::try_from(i).unwrap_or(u32::MAX).saturating_add(1);
        if line.starts_with(b"#") || std::str::from_utf8(line).is_err() {
            continue;
        }
        let (mut export, mut path) = (false, false);
        let mut rest = if new {
            match line.strip_prefix(b"SETUVAR") {
                Some(rest) => rest.trim_ascii_start(),
                None => continue,
            }
        } else if let Some(rest) = line.strip_prefix(b"SET_EXPORT ") {
            export = true;
            rest.trim_ascii_start()
        } else if let Some(rest) = line.strip_prefix(b"SET ") {
            rest.trim_ascii_start()
        } else {
            continue;
        };
        while new && rest.starts_with(b"-") {
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            let (flag, after) = rest.split_at(end);
            export |= flag == b"--export";
            path |= flag == b"--path";
            rest = after.trim_ascii_start();
        }
        let Some(colon) = rest.iter().position(|b| *b == b':') else { continue };
        let (name, value) = rest.split_at(colon);
        let Some(value) = unescaped(value.get(1..).unwrap_or_default()) else { continue };
        let items = if value == EMPTY { Vec::new() } else { value.split(|b| *b == SEPARATOR).map(<[u8]>::to_vec).collect() };
        out.push((name.to_vec(), export, path, items, number));
    }
    out
}

impl Eval<'_> {
    /// Takes the universal variables; one that the environment brings with the same value stays universal alone.
    pub(super) fn take_universal(&mut self, config: &[u8]) {
        let file = [config, b"/fish_variables"].concat();
        let text = match self.read(&file) {
            Some(Ok(text)) => text,
            Some(Err(())) => {
                self.files.push(FileSeen { path: file, read: Some(false), why: "not there".to_owned(), by: None });
                return;
            }
            None => {
                self.files.push(FileSeen { path: file, read: None, why: "it can't be read here".to_owned(), by: None });
                self.forget("what the universal variables are".to_owned());
                return;
            }
        };
        self.files.push(FileSeen { path: file.clone(), read: Some(true), why: "universal variables".to_owned(), by: None });
        let name: Arc<[u8]> = Arc::from(&file[..]);
        for (key, export, path, items, line) in variables(&text) {
            if !self.pay(items.iter().map(Vec::len).sum()) {
                return;
            }
            let at = At { file: name.clone(), line };
            let items = items.iter().map(|i| Item::one(Value::put(i, Some(&at)))).collect();
            self.state.universal.insert(key, FishVar { items, exported: Some(export), path, at: Some(at), certain: true });
        }
        let same: Vec<Vec<u8>> = self
            .state
            .universal
            .iter()
            .filter(|(name, var)| {
                var.exported == Some(true)
                    && self.state.globals.get(*name).is_some_and(|g| {
                        g.exported == Some(true) && self.joined_text(g).is_some_and(|t| Some(t) == self.joined_text(var))
                    })
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in same {
            self.state.globals.remove(&name);
        }
    }

    fn joined_text(&self, var: &FishVar) -> Option<Vec<u8>> {
        super::state::joined(&var.items, var.separator()).text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_lists_and_flags_are_read() {
        let text = b"# This file contains fish universal variable definitions.\n# VERSION: 3.0\nSETUVAR --export EDITOR:vim\n\
            SETUVAR fish_user_paths:/a\\x1e/b\\x20c\nSETUVAR empty:\\x1d\nSETUVAR --export --path P_PATH:a\\x1eb\nnonsense\n";
        let found = variables(text);
        assert_eq!(found.len(), 4);
        assert_eq!(found[0], (b"EDITOR".to_vec(), true, false, vec![b"vim".to_vec()], 3));
        assert_eq!(found[1].3, [b"/a".to_vec(), b"/b c".to_vec()]);
        assert!(found[2].3.is_empty());
        assert!(found[3].2);
    }
}
