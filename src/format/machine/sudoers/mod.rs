//! sudoers (sudoers(5); sudo 1.9's plugins/sudoers/toke.l, gram.y): `Defaults`, aliases, includes. Rules about who may run what are
//! not read: they decide no environment but by `SETENV:`, which only lets a user ask for more.

pub mod environment;
pub mod scope;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{at, span};
use crate::format::shell::At;
use text::{Logical, logical};

/// To whom a line `Defaults` applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everybody.
    All,
    /// `Defaults:`, users who call sudo.
    User(Vec<Vec<u8>>),
    /// `Defaults@`, hosts.
    Host(Vec<Vec<u8>>),
    /// `Defaults>`, users whose rights are taken.
    Runas(Vec<Vec<u8>>),
    /// `Defaults!`, commands.
    Command(Vec<Vec<u8>>),
}

/// What is done with a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// The name alone.
    On,
    /// `!` before the name.
    Off,
    /// `=`.
    Set,
    /// `+=`.
    Add,
    /// `-=`.
    Remove,
}

/// One setting of a line `Defaults`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Default {
    /// To whom it applies.
    pub scope: Scope,
    /// Such as `env_keep`.
    pub name: Vec<u8>,
    /// What is done.
    pub op: Op,
    /// The value, quotes resolved; empty without one.
    pub value: Vec<u8>,
    /// The line of the name.
    pub at: At,
}

/// Kinds of alias, by the word before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `User_Alias`.
    User,
    /// `Runas_Alias`.
    Runas,
    /// `Host_Alias`.
    Host,
    /// `Cmnd_Alias`, `Cmd_Alias`.
    Command,
}

/// Members of the aliases, by kind and name.
pub type Aliases = BTreeMap<(Kind, Vec<u8>), Vec<Vec<u8>>>;

/// What stands in a file, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A setting.
    Default(Default),
    /// An alias and its members.
    Alias(Kind, Vec<u8>, Vec<Vec<u8>>),
    /// Another file is read here. Without a `/` before it, it lies in the folder of this file; `%h` stands for the short host name.
    Include(Vec<u8>, At),
    /// The files of a folder are read here, those that [`is_included`] holds for, sorted by their bytes.
    IncludeFolder(Vec<u8>, At),
}

/// Whether a file in an included folder is read.
pub fn is_included(name: &[u8]) -> bool {
    !name.contains(&b'.') && !name.ends_with(b"~") && !name.is_empty()
}

/// What a file says, in order; what sudo would refuse is left out.
pub fn parse(bytes: &[u8], file: &Arc<[u8]>) -> Vec<Item> {
    let mut out = Vec::new();
    for line in logical(bytes) {
        let text = line.text.trim_ascii();
        let first = || at(file, line.line_at(0));
        if let Some(rest) = text.strip_prefix(b"Defaults") {
            out.extend(defaults(&line, rest, file).into_iter().map(Item::Default));
        } else if let Some(rest) = word(text, &[b"@includedir", b"#includedir"]) {
            out.extend(include(rest).map(|path| Item::IncludeFolder(path, first())));
        } else if let Some(rest) = word(text, &[b"@include", b"#include"]) {
            out.extend(include(rest).map(|path| Item::Include(path, first())));
        } else {
            let kinds: [(Kind, &[&[u8]]); 4] = [
                (Kind::User, &[b"User_Alias"]),
                (Kind::Runas, &[b"Runas_Alias"]),
                (Kind::Host, &[b"Host_Alias"]),
                (Kind::Command, &[b"Cmnd_Alias", b"Cmd_Alias"]),
            ];
            for (kind, names) in kinds {
                if let Some(rest) = word(text, names) {
                    out.extend(aliases(kind, rest));
                }
            }
        }
    }
    out
}

/// What follows one of the words and a blank.
fn word<'t>(text: &'t [u8], words: &[&[u8]]) -> Option<&'t [u8]> {
    let rest = words.iter().find_map(|w| text.strip_prefix(*w))?;
    rest.first().is_some_and(|b| super::is_blank(*b)).then(|| rest.trim_ascii_start())
}

/// A path, in quotes perhaps or with blanks escaped.
fn include(text: &[u8]) -> Option<Vec<u8>> {
    let (path, _) = value(text);
    Some(path).filter(|p| !p.is_empty())
}

/// A quoted string or a word, its escapes resolved, and what follows.
fn value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let quoted = text.strip_prefix(b"\"");
    let mut rest = quoted.unwrap_or(text);
    let mut out = Vec::new();
    loop {
        match rest {
            [] => return (out, rest),
            [b'"', after @ ..] if quoted.is_some() => return (out, after),
            [b'\\', b'"', after @ ..] if quoted.is_some() => {
                out.push(b'"');
                rest = after;
            }
            // In a string a backslash before anything else stays.
            [b'\\', b, after @ ..] if quoted.is_none() => {
                out.push(*b);
                rest = after;
            }
            [b, ..] if quoted.is_none() && b" \t,=\"#".contains(b) => return (out, rest),
            [b, after @ ..] => {
                out.push(*b);
                rest = after;
            }
        }
    }
}

/// Members between commas, as they are written but for quotes, up to a blank that no comma is next to.
fn members(text: &[u8]) -> (Vec<Vec<u8>>, &[u8]) {
    let mut out = Vec::new();
    let mut rest = text.trim_ascii_start();
    loop {
        let (bang, after) = span(rest, |b| b != b'!' && !super::is_blank(b));
        let (member, after) = value(after);
        let negated = bang.iter().filter(|b| **b == b'!').count() % 2 == 1;
        if member.is_empty() {
            return (out, after);
        }
        out.push(if negated { [b"!".to_vec(), member].concat() } else { member });
        match after.trim_ascii_start().strip_prefix(b",") {
            Some(more) => rest = more.trim_ascii_start(),
            None => return (out, after),
        }
    }
}

fn defaults(line: &Logical, after: &[u8], file: &Arc<[u8]>) -> Vec<Default> {
    let mut out = Vec::new();
    let scoped = |make: fn(Vec<Vec<u8>>) -> Scope, text| {
        let (list, rest) = members(text);
        (make(list), rest)
    };
    let (scope, mut rest): (Scope, &[u8]) = match after {
        [b':', text @ ..] => scoped(Scope::User, text),
        [b'@', text @ ..] => scoped(Scope::Host, text),
        [b'>', text @ ..] => scoped(Scope::Runas, text),
        [b'!', text @ ..] => scoped(Scope::Command, text),
        [b' ' | b'\t', text @ ..] => (Scope::All, text),
        _ => return out,
    };
    loop {
        let (bang, text) = span(rest, |b| b != b'!' && !super::is_blank(b));
        let off = bang.iter().filter(|b| **b == b'!').count() % 2 == 1;
        let (name, text_after) = span(text, |b| !b.is_ascii_lowercase() && b != b'_');
        if name.is_empty() {
            return out;
        }
        // The name lies within the line, so its place is what the text has lost so far.
        let place = line.line_at(line.text.trim_ascii_end().len().saturating_sub(text.len()));
        let text = text_after.trim_ascii_start();
        let (op, text) = match text {
            [b'=', text @ ..] => (Op::Set, text),
            [b'+', b'=', text @ ..] => (Op::Add, text),
            [b'-', b'=', text @ ..] => (Op::Remove, text),
            _ => (if off { Op::Off } else { Op::On }, text),
        };
        let (value, text) = match op {
            Op::On | Op::Off => (Vec::new(), text),
            _ => value(text.trim_ascii_start()),
        };
        out.push(Default { scope: scope.clone(), name: name.to_vec(), op, value, at: at(file, place) });
        match text.trim_ascii_start().strip_prefix(b",") {
            Some(more) => rest = more,
            None => return out,
        }
    }
}

/// `NAME = a, b : NAME = c`.
fn aliases(kind: Kind, text: &[u8]) -> Vec<Item> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let (name, after) = span(rest.trim_ascii_start(), |b| !b.is_ascii_alphanumeric() && b != b'_');
        let Some(list) = after.trim_ascii_start().strip_prefix(b"=") else { return out };
        let (mut all, mut after) = (Vec::new(), list);
        loop {
            // A command has arguments: its words up to the comma.
            let end = separator(after);
            let (member, more) = after.split_at(end);
            let member = member.trim_ascii();
            let plain = if member.starts_with(b"\"") { value(member).0 } else { member.to_vec() };
            if !plain.is_empty() {
                all.push(plain);
            }
            match more {
                [b',', more @ ..] => after = more,
                more => {
                    after = more;
                    break;
                }
            }
        }
        out.push(Item::Alias(kind, name.to_vec(), all));
        match after.strip_prefix(b":") {
            Some(more) => rest = more,
            None => return out,
        }
    }
}

/// Where a member ends: at a comma, or at the colon before another alias.
fn separator(text: &[u8]) -> usize {
    let (mut escaped, mut quoted) = (false, false);
    for (i, b) in text.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return i,
            b':' if !quoted
                && text.get(i + 1..).is_some_and(|t| t.contains(&b'='))
                && text.get(..i).is_some_and(|t| t.ends_with(b" ")) =>
            {
                return i;
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<Item> {
        parse(text.as_bytes(), &Arc::from(&b"/etc/sudoers"[..]))
    }

    fn told(text: &str) -> Vec<(String, Op, String, u32)> {
        let s = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
        let one = |item| if let Item::Default(d) = item { Some((s(&d.name), d.op, s(&d.value), d.at.line)) } else { None };
        parsed(text).into_iter().filter_map(one).collect()
    }

    #[test]
    fn defaults_are_told_with_their_lines() {
        let got = told(
            "# Defaults x\nDefaults\tenv_reset # c\nDefaults !env_reset, env_keep += \"A B\", \\\n  secure_path=/bin\\:x, env_keep -= C\nDefaults env_keep = \"X \\\n   Y\"\n",
        );
        let want = [
            ("env_reset", Op::On, "", 2),
            ("env_reset", Op::Off, "", 3),
            ("env_keep", Op::Add, "A B", 3),
            ("secure_path", Op::Set, "/bin:x", 4),
            ("env_keep", Op::Remove, "C", 4),
            ("env_keep", Op::Set, "X Y", 5),
        ];
        assert_eq!(got, want.map(|(a, o, v, l)| (a.to_owned(), o, v.to_owned(), l)));
    }

    #[test]
    fn scopes_aliases_and_includes_are_told() {
        let v = |t: &[&str]| t.iter().map(|t| t.as_bytes().to_vec()).collect::<Vec<_>>();
        let got = parsed(
            "User_Alias DEV = ann, %go, #1000 : OPS = !bob\nCmnd_Alias GO = /usr/bin/go build, /opt/go/\nDefaults:DEV,!root !env_reset\n\
             Defaults>root env_keep=A\n@includedir /etc/sudoers.d\n#include local # x\n#includes\n",
        );
        assert_eq!(got[0], Item::Alias(Kind::User, b"DEV".to_vec(), v(&["ann", "%go", "#1000"])));
        assert_eq!(got[1], Item::Alias(Kind::User, b"OPS".to_vec(), v(&["!bob"])));
        assert_eq!(got[2], Item::Alias(Kind::Command, b"GO".to_vec(), v(&["/usr/bin/go build", "/opt/go/"])));
        assert!(matches!(&got[3], Item::Default(d) if d.scope == Scope::User(v(&["DEV", "!root"])) && d.op == Op::Off));
        assert!(matches!(&got[4], Item::Default(d) if d.scope == Scope::Runas(v(&["root"]))));
        assert!(matches!(&got[5], Item::IncludeFolder(p, at) if p == b"/etc/sudoers.d" && at.line == 5));
        assert!(matches!(&got[6], Item::Include(p, _) if p == b"local"));
        assert_eq!(got.len(), 7);
        assert!(is_included(b"10-go") && !is_included(b"go.dpkg-old") && !is_included(b"go~"));
    }
}
