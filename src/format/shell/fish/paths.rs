//! `cd`, `path` and `realpath`.

use super::call::Reply;
use super::eval::Eval;
use super::glob;
use super::options::options;
use super::state::{Item, texts};
use crate::format::shell::Value;

/// What stands before the last slash.
pub(super) fn dirname(path: &[u8]) -> Vec<u8> {
    let trimmed = trim_slashes(path);
    match trimmed.iter().rposition(|b| *b == b'/') {
        Some(i) => trim_slashes(trimmed.get(..=i).unwrap_or_default()).to_vec(),
        None => b".".to_vec(),
    }
}

/// What stands behind the last slash.
pub(super) fn basename(path: &[u8]) -> Vec<u8> {
    let trimmed = trim_slashes(path);
    if trimmed == b"/" {
        return trimmed.to_vec();
    }
    trimmed.rsplit(|b| *b == b'/').next().unwrap_or_default().to_vec()
}

fn trim_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|b| *b != b'/').map_or(path.len().min(1), |i| i + 1);
    path.get(..end).unwrap_or_default()
}

/// The part of a name from its last dot on, where it has one.
fn extension(path: &[u8]) -> Vec<u8> {
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
    match name.iter().rposition(|b| *b == b'.') {
        Some(i) if i > 0 && name != b".." => name.get(i..).unwrap_or_default().to_vec(),
        _ => Vec::new(),
    }
}

impl Eval<'_> {
    pub(super) fn cd(&mut self, args: &[Item]) -> Reply {
        let args = match args.split_first() {
            Some((first, rest)) if first.text().as_deref() == Some(b"--") => rest,
            _ => args,
        };
        let target = match args.first() {
            Some(item) => item.text(),
            None => self.value_of(b"HOME").and_then(|v| v.text()),
        };
        let searched =
            self.lookup(b"CDPATH").is_some() && !target.as_ref().is_some_and(|t| t.starts_with(b"/") || t.starts_with(b"."));
        let path =
            target.and_then(|t| if t.is_empty() { Some(Vec::new()) } else { glob::absolute(&t, self.state.pwd.as_deref()) });
        let state = path.as_ref().filter(|_| !searched).and_then(|p| self.world.state(&glob::normalize(p)));
        let (Some(path), Some(state)) = (path, state) else {
            self.state.pwd = None;
            self.note("where `cd` leads".to_owned());
            return Reply::Unsure;
        };
        if path.is_empty() || !state.folder || !state.executable || !state.readable {
            return Reply::Status(1);
        }
        self.state.pwd = Some(glob::normalize(&path));
        match self.changed(b"PWD", false) {
            super::eval::Flow::Normal => Reply::Status(0),
            flow => Reply::Flow(flow),
        }
    }

    pub(super) fn realpath(&mut self, args: &[Item]) -> Reply {
        let Some(words) = texts(args) else {
            self.print_unknown();
            return Reply::Unsure;
        };
        let links = !words.iter().any(|w| matches!(&w[..], b"-s" | b"--no-symlinks"));
        let names: Vec<usize> = words.iter().enumerate().filter(|(_, w)| !w.starts_with(b"-")).map(|(i, _)| i).collect();
        let [index] = names[..] else {
            self.print_unknown();
            return Reply::Unsure;
        };
        let (Some(word), Some(item)) = (words.get(index), args.get(index)) else { return Reply::Unsure };
        let full = glob::absolute(word, self.state.pwd.as_deref());
        let told = if links { full.and_then(|p| self.world.resolve(&p)) } else { full.map(|p| glob::normalize(&p)) };
        match told {
            Some(path) => {
                let at = item.value.at().cloned().unwrap_or_else(|| self.at());
                self.print_line(&Value::put(&path, Some(&at)));
                Reply::Status(0)
            }
            None => {
                self.print_unknown();
                Reply::Unsure
            }
        }
    }

    pub(super) fn path(&mut self, args: &[Item]) -> Reply {
        self.path_told(args).unwrap_or_else(|| {
            self.print_unknown();
            Reply::Unsure
        })
    }

    fn path_told(&mut self, args: &[Item]) -> Option<Reply> {
        let (which, rest) = args.split_first()?;
        let which = which.text()?;
        let filter = matches!(&which[..], b"is" | b"filter");
        let (o, mut rest) = options(rest, if filter { b"tp" } else { b"" })?;
        let mut ending = None;
        if &which[..] == b"change-extension" {
            let first = rest.first()?.text()?;
            rest.remove(0);
            ending = Some(if first.is_empty() || first.starts_with(b".") { first } else { [b".", &first[..]].concat() });
        }
        if o.has(b'z') || o.has(b'Z') || (rest.is_empty() && self.direct) {
            return None;
        }
        let mut any = false;
        let mut unsure = false;
        for item in &rest {
            let Some(text) = item.text() else {
                unsure = true;
                if !o.has(b'q') && &which[..] != b"is" {
                    self.print_unknown();
                }
                continue;
            };
            let told = match &which[..] {
                b"basename" => Some((basename(&text), basename(&text) != text)),
                b"dirname" => Some((dirname(&text), dirname(&text) != text)),
                b"extension" => Some((extension(&text), !extension(&text).is_empty())),
                b"normalize" => {
                    let mut path = glob::normalize(&text);
                    if path.starts_with(b"-") {
                        path = [b"./", &path[..]].concat();
                    }
                    let differs = path != text;
                    Some((path, differs))
                }
                b"change-extension" => {
                    let old = extension(&text);
                    let stem = text.get(..text.len() - old.len())?;
                    Some(([stem, ending.as_deref()?].concat(), true))
                }
                b"resolve" => {
                    let full = glob::absolute(&text, self.state.pwd.as_deref())?;
                    let path = self.world.resolve(&full)?;
                    let differs = path != text;
                    Some((path, differs))
                }
                b"is" | b"filter" => self.filtered(&text, &o)?.then(|| (text.clone(), true)),
                _ => return None,
            };
            let Some((path, did)) = told else { continue };
            any |= did;
            if !o.has(b'q') && &which[..] != b"is" {
                let at = item.value.at().cloned().unwrap_or_else(|| self.at());
                self.print_line(&Value::put(&path, Some(&at)));
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

    fn filtered(&self, text: &[u8], o: &super::options::Options) -> Option<bool> {
        let state = self.world.state(&glob::absolute(text, self.state.pwd.as_deref())?)?;
        let mut kinds: Vec<Vec<u8>> =
            o.value(b't').map(|v| v.split(|b| *b == b',').map(<[u8]>::to_vec).collect()).unwrap_or_default();
        let mut rights: Vec<Vec<u8>> =
            o.value(b'p').map(|v| v.split(|b| *b == b',').map(<[u8]>::to_vec).collect()).unwrap_or_default();
        for (letter, kind) in [(b'd', b"dir".as_slice()), (b'f', b"file"), (b'l', b"link")] {
            if o.has(letter) {
                kinds.push(kind.to_vec());
            }
        }
        for (letter, right) in [(b'r', b"read".as_slice()), (b'w', b"write"), (b'x', b"exec")] {
            if o.has(letter) {
                rights.push(right.to_vec());
            }
        }
        let mut fits = state.exists() || (state.link && kinds.iter().any(|k| k == b"link"));
        if !kinds.is_empty() {
            let mut one = false;
            for kind in &kinds {
                one |= match &kind[..] {
                    b"dir" => state.folder,
                    b"file" => state.file,
                    b"link" => state.link,
                    _ => return None,
                };
            }
            fits &= one;
        }
        for right in &rights {
            fits &= match &right[..] {
                b"read" => state.readable,
                b"write" => state.writable,
                b"exec" => state.executable,
                _ => return None,
            };
        }
        Some(fits != o.has(b'v'))
    }
}
