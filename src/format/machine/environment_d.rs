//! systemd's environment files (environment.d(5), systemd.exec(5) `EnvironmentFile=`; systemd's src/basic/env-file.c,
//! src/basic/env-util.c `replace_env_full`, src/basic/conf-files.c): the syntax, the expansion, and which files count.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Env, Growth, LIMIT, at, is_name};
use crate::format::shell::{At, Value};

/// Folders for the user manager, those that win first; `~/.config` stands for `XDG_CONFIG_HOME`.
pub const USER_FOLDERS: [&str; 5] = [
    "~/.config/environment.d",
    "/etc/environment.d",
    "/run/environment.d",
    "/usr/local/lib/environment.d",
    "/usr/lib/environment.d",
];

/// One assignment of a file, before expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The name, blanks around it taken off; not proven to be one.
    pub name: Vec<u8>,
    /// The bytes of the value, quotes and escapes resolved.
    pub value: Vec<u8>,
    /// The line of the name.
    pub at: At,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    PreKey,
    Key,
    PreValue,
    Value,
    ValueEscape,
    Single,
    Double,
    DoubleEscape,
    Comment,
    CommentEscape,
}

/// The assignments of a file, in order: systemd's own state machine, in which a value may go on after its closing quote and
/// a line that ends in a backslash goes on in the next.
pub fn parse(bytes: &[u8], file: &Arc<[u8]>) -> Vec<Assignment> {
    let bytes = bytes.get(..LIMIT).unwrap_or(bytes);
    let (mut out, mut state, mut line, mut first) = (Vec::new(), State::PreKey, 1u32, 1u32);
    let (mut key, mut value): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    // Length of the value up to which blanks at its end are part of it.
    let mut solid = 0usize;
    let is_newline = |b: u8| b == b'\n' || b == b'\r';
    let is_white = |b: u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
    let mut push = |key: &mut Vec<u8>, value: &mut Vec<u8>, line: u32| {
        out.push(Assignment { name: key.trim_ascii().to_vec(), value: std::mem::take(value), at: at(file, line) });
        key.clear();
    };
    for b in bytes.iter().copied() {
        state = match state {
            State::PreKey if b == b'#' || b == b';' => State::Comment,
            State::PreKey if is_white(b) => State::PreKey,
            State::PreKey => {
                key = vec![b];
                first = line;
                State::Key
            }
            State::Key if is_newline(b) => {
                key.clear();
                State::PreKey
            }
            State::Key if b == b'=' => {
                solid = 0;
                State::PreValue
            }
            State::Key => {
                key.push(b);
                State::Key
            }
            State::PreValue | State::Value if is_newline(b) => {
                if state == State::Value {
                    value.truncate(solid);
                }
                push(&mut key, &mut value, first);
                State::PreKey
            }
            State::PreValue if b == b'\'' => State::Single,
            State::PreValue if b == b'"' => State::Double,
            State::PreValue | State::Value if b == b'\\' => {
                solid = value.len();
                State::ValueEscape
            }
            State::PreValue if is_white(b) => State::PreValue,
            State::PreValue | State::Value => {
                value.push(b);
                if !is_white(b) {
                    solid = value.len();
                }
                State::Value
            }
            State::ValueEscape => {
                if !is_newline(b) {
                    value.push(b);
                    solid = value.len();
                }
                State::Value
            }
            State::Single if b == b'\'' => State::PreValue,
            State::Double if b == b'"' => State::PreValue,
            State::Double if b == b'\\' => State::DoubleEscape,
            State::Single | State::Double => {
                value.push(b);
                solid = value.len();
                state
            }
            State::DoubleEscape => {
                if matches!(b, b'"' | b'\\' | b'`' | b'$') {
                    value.push(b);
                } else if b != b'\n' {
                    value.extend_from_slice(&[b'\\', b]);
                }
                solid = value.len();
                State::Double
            }
            State::Comment if b == b'\\' => State::CommentEscape,
            State::Comment | State::CommentEscape if is_newline(b) => State::PreKey,
            State::Comment | State::CommentEscape => State::Comment,
        };
        if b == b'\n' {
            line = line.saturating_add(1);
        }
    }
    match state {
        State::PreKey | State::Key | State::Comment | State::CommentEscape => {}
        _ => {
            if state == State::Value {
                value.truncate(solid);
            }
            push(&mut key, &mut value, first);
        }
    }
    out
}

/// Goes through the assignments of environment.d in order: each may name variables set before it, or those of `inherited`, which
/// the manager has already. Gives what the files set.
pub fn evaluate(assignments: &[Assignment], inherited: &Env) -> Env {
    let mut env = Env::new();
    let mut growth = Growth::default();
    for a in assignments.iter().filter(|a| is_name(&a.name) && std::str::from_utf8(&a.value).is_ok()) {
        let value = expand(&a.value, &|name| env.get(name).or_else(|| inherited.get(name)), &a.at, &mut growth, 0);
        env.insert(a.name.clone(), value);
    }
    env
}

/// How deep a default may hold a default. Each `{` of a text may open one.
const DEPTH: u32 = 16;

/// `$X`, `${X}`, `${X:-y}`, `${X:+y}`, `$$`; what is none of them stays as it is. Quotes are gone by now and protect nothing.
fn expand<'a>(text: &[u8], get: &dyn Fn(&[u8]) -> Option<&'a Value>, at: &At, growth: &mut Growth, depth: u32) -> Value {
    let mut out = Value::new();
    let mut rest = text;
    while let [b, after @ ..] = rest {
        rest = after;
        if *b != b'$' {
            out.push(&[*b], Some(at));
            continue;
        }
        match after {
            [b'$', more @ ..] => {
                out.push(b"$", Some(at));
                rest = more;
            }
            [b'{', more @ ..] => match reference(more) {
                Some((name, word, more)) => {
                    rest = more;
                    let value = get(name);
                    let filled = value.filter(|v| !v.is_empty());
                    match (word, filled) {
                        (Some((_, _)), _) if depth >= DEPTH => out.push_unknown(Some(at)),
                        (Some((b'-', word)), None) | (Some((b'+', word)), Some(_)) => {
                            let word = expand(word, get, at, growth, depth + 1);
                            out.append(&word);
                        }
                        (Some((b'+', _)), None) => {}
                        _ => {
                            if let Some(value) = value {
                                growth.append(&mut out, value, Some(at));
                            }
                        }
                    }
                }
                None => out.push(b"$", Some(at)),
            },
            [c, ..] if c.is_ascii_alphabetic() || *c == b'_' => {
                let (name, more) = super::span(after, |b| !b.is_ascii_alphanumeric() && b != b'_');
                rest = more;
                if let Some(value) = get(name) {
                    growth.append(&mut out, value, Some(at));
                }
            }
            _ => out.push(b"$", Some(at)),
        }
    }
    out
}

/// A name, the sign and the word of its alternative, and what follows.
type Reference<'t> = (&'t [u8], Option<(u8, &'t [u8])>, &'t [u8]);

/// What stands after `${`; `None` where it has no end or another shape, and is text then.
fn reference(text: &[u8]) -> Option<Reference<'_>> {
    let (name, after) = super::span(text, |b| b == b'}' || b == b':');
    match after {
        [b'}', more @ ..] => Some((name, None, more)),
        [b':', sign @ (b'-' | b'+'), word @ ..] => {
            let mut nest = 0u32;
            let end = word.iter().position(|b| match b {
                b'{' => {
                    nest += 1;
                    false
                }
                b'}' if nest == 0 => true,
                b'}' => {
                    nest -= 1;
                    false
                }
                _ => false,
            })?;
            Some((name, Some((*sign, word.get(..end)?)), word.get(end + 1..)?))
        }
        _ => None,
    }
}

/// A file found in one of several folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The folder.
    pub folder: &'a [u8],
    /// The name in it.
    pub name: &'a [u8],
    /// The path of the file in a folder that wins over it: this one is not read.
    pub masked_by: Option<&'a [u8]>,
}

/// The `.conf` files of folders (those that win first) in the order in which systemd reads them: by name, whichever folder they
/// are in; of two with the same name only the one in the winning folder. The masked ones follow right after what masks them.
pub fn order<'a>(folders: &'a [(Vec<u8>, Vec<Vec<u8>>)]) -> Vec<Listed<'a>> {
    let mut by_name: BTreeMap<&[u8], Vec<&'a [u8]>> = BTreeMap::new();
    for (folder, names) in folders {
        for name in names.iter().filter(|n| n.ends_with(b".conf") && !n.starts_with(b".")) {
            by_name.entry(name).or_default().push(folder);
        }
    }
    let mut out = Vec::new();
    for (name, folders) in by_name {
        for (i, folder) in folders.iter().enumerate() {
            out.push(Listed { folder, name, masked_by: folders.first().filter(|_| i > 0).copied() });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Arc<[u8]> {
        Arc::from(&b"/etc/environment.d/go.conf"[..])
    }

    fn pairs(text: &str) -> Vec<(String, String, u32)> {
        let s = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
        parse(text.as_bytes(), &file()).iter().map(|a| (s(&a.name), s(&a.value), a.at.line)).collect()
    }

    #[test]
    fn values_are_those_of_the_state_machine() {
        let got = pairs(
            "# c \\\nA=1  \n; c\nB='x y' z\nC=\"a\\\"\\q\\$\" \n D = d\\\ne  \nE=q\"q\nF=\nnothing\nG=a\\ \nH='two\nlines'",
        );
        let want = [
            ("A", "1", 2),
            ("B", "x yz", 4),
            ("C", "a\"\\q$", 5),
            ("D", "de", 6),
            ("E", "q\"q", 8),
            ("F", "", 9),
            ("G", "a ", 11),
            ("H", "two\nlines", 12),
        ];
        assert_eq!(got, want.map(|(a, b, l)| (a.to_owned(), b.to_owned(), l)));
    }

    #[test]
    fn references_are_expanded_in_order() {
        let inherited = Env::from([(b"PATH".to_vec(), Value::put(b"/bin", None)), (b"HOME".to_vec(), Value::put(b"/h", None))]);
        let text = "GOPATH=$HOME/go\nPATH='${GOPATH}/bin:$PATH'\nX=${NO:-d${HOME:+$HOME}} ${HOME:+s}${NO:+t} $$ $1 ${open\n1=no\nSELF=$NO-$LATER\nLATER=1\n";
        let env = evaluate(&parse(text.as_bytes(), &file()), &inherited);
        let text = |n: &str| String::from_utf8(env[n.as_bytes()].text().unwrap()).unwrap();
        assert_eq!(text("GOPATH"), "/h/go");
        assert_eq!(text("PATH"), "/h/go/bin:/bin", "quotes protect nothing from expansion");
        assert_eq!(text("X"), "d/h s $ $1 ${open");
        assert_eq!(text("SELF"), "-");
        assert_eq!(env.len(), 5);
        let parts = env[&b"PATH"[..]].split(b':');
        assert_eq!(parts[1].at(), None, "that part was there before");
    }

    #[test]
    fn doubling_ends_unknown() {
        let mut text = String::from("A=xxxxxxxx\n");
        text.extend(std::iter::repeat_n("A=$A$A\n", 40));
        assert!(!evaluate(&parse(text.as_bytes(), &file()), &Env::new())[&b"A"[..]].is_known());
    }

    #[test]
    fn names_decide_the_order_and_folders_who_is_masked() {
        let v = |s: &str| s.as_bytes().to_vec();
        let folders = [
            (v("~/.config/environment.d"), vec![v("50-x.conf"), v("note.txt")]),
            (v("/etc/environment.d"), vec![v("90-go.conf"), v("50-x.conf")]),
            (v("/usr/lib/environment.d"), vec![v("10-a.conf"), v("90-go.conf")]),
        ];
        let got: Vec<_> = order(&folders).into_iter().map(|l| (l.folder, l.name, l.masked_by.is_some())).collect();
        let want: [(&[u8], &[u8], bool); 5] = [
            (b"/usr/lib/environment.d", b"10-a.conf", false),
            (b"~/.config/environment.d", b"50-x.conf", false),
            (b"/etc/environment.d", b"50-x.conf", true),
            (b"/etc/environment.d", b"90-go.conf", false),
            (b"/usr/lib/environment.d", b"90-go.conf", true),
        ];
        assert_eq!(got, want);
    }
}
