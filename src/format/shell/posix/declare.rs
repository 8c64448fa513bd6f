//! `export` and its kin, `set`, and options.

use std::collections::BTreeMap;

use super::super::value::{Piece, Value};
use super::Dialect;
use super::ast::{Assign, AssignValue};
use super::expand::Args;
use super::reader::is_name;
use super::shell::{Flow, Shell, lossy};
use super::state::{Array, Held};

/// What the flags of `typeset` ask for.
#[derive(Default)]
struct Asked {
    export: Option<bool>,
    global: bool,
    readonly: bool,
    integer: bool,
    lower: bool,
    upper: bool,
    unique: Option<bool>,
    array: bool,
    map: bool,
    tie: bool,
    functions: bool,
    print: bool,
    odd: bool,
    remove: bool,
}

/// An argument: the name, and what it is given.
enum Given<'a> {
    Assign(&'a Assign),
    Name(Vec<u8>),
    Value(Vec<u8>, Value),
}

impl Shell<'_> {
    pub(super) fn declare(&mut self, command: &[u8], list: &Args, declared: &BTreeMap<usize, &Assign>) -> Flow {
        let mut asked = Asked {
            integer: command == b"integer",
            odd: command == b"float",
            readonly: command == b"readonly",
            ..Asked::default()
        };
        if command == b"export" {
            asked.export = Some(true);
        }
        let mut given = Vec::new();
        let mut flags = true;
        for (i, word) in list.list.iter().enumerate().skip(1) {
            if let Some(assign) = declared.get(&i) {
                given.push(Given::Assign(assign));
                continue;
            }
            match word.text() {
                Some(text) if text == b"--" && flags => flags = false,
                Some(text) if flags && text.len() > 1 && (text[0] == b'-' || text[0] == b'+') => self.flags_of(&text, &mut asked),
                Some(text) => match text.iter().position(|b| *b == b'=') {
                    Some(n) => {
                        let name = text[..n].to_vec();
                        given.push(Given::Value(name, super::edit::cut(word, n + 1, text.len())));
                    }
                    None => given.push(Given::Name(text)),
                },
                None => match split_assignment(word) {
                    Some((name, value)) => given.push(Given::Value(name, value)),
                    None => {
                        self.forget_all(format!("which variable `{}` names", lossy(command)));
                        return Flow::Next;
                    }
                },
            }
        }
        if list.unsure {
            self.forget_all(format!("which variables `{}` names", lossy(command)));
            return Flow::Next;
        }
        if asked.functions || asked.print || given.is_empty() {
            if asked.functions && asked.export == Some(true) && self.bash() {
                for item in &given {
                    if let Given::Name(name) = item {
                        let name = [b"BASH_FUNC_", name.as_slice(), b"%%"].concat();
                        self.forget(&name);
                        self.export(&name, true);
                    }
                }
            }
            self.print_unknown();
            return self.done(if given.is_empty() { Some(0) } else { None });
        }
        if asked.tie && !self.state.scopes.is_empty() {
            // The pair ends with the function.
            for item in &given {
                if let Given::Name(name) | Given::Value(name, _) = item
                    && is_name(name)
                {
                    let name = name.clone();
                    self.forget(&name);
                }
            }
            self.note("what `typeset -T` ties in a function");
            return self.done(None);
        }
        if asked.tie {
            return self.tie(&given, &asked);
        }
        let in_function = !self.state.scopes.is_empty();
        let local = in_function
            && !asked.global
            && match command {
                b"export" => false,
                b"readonly" => self.zsh(),
                _ => {
                    !(self.zsh()
                        && asked.export == Some(true)
                        && !matches!(command, b"local" | b"typeset" | b"declare" | b"integer" | b"float"))
                }
            };
        let mut status = Some(0);
        // All are expanded before the first is set.
        let mut early = Vec::new();
        for item in &given {
            early.push(match item {
                Given::Assign(Assign { value: AssignValue::Word(word), index: None, .. }) => {
                    Some(self.single(word, super::expand::Mode::Assign))
                }
                Given::Value(_, value) => Some(value.clone()),
                _ => None,
            });
        }
        for (item, early) in given.into_iter().zip(early) {
            let (name, append) = match &item {
                Given::Assign(assign) => (assign.name.clone(), assign.append),
                Given::Name(name) | Given::Value(name, _) => match name.strip_suffix(b"+") {
                    Some(base) if self.dialect() != Dialect::Dash && matches!(item, Given::Value(..)) => (base.to_vec(), true),
                    _ => (name.clone(), false),
                },
            };
            if !is_name(&name) {
                if self.zsh() || name.contains(&b'[') {
                    let base: Vec<u8> = name.iter().copied().take_while(|b| super::reader::name_byte(*b)).collect();
                    self.forget(&base);
                    continue;
                }
                if self.dialect() == Dialect::Dash {
                    self.state.status = Some(2);
                    return Flow::Abort;
                }
                status = Some(1);
                continue;
            }
            self.declare_one(&name, append, &item, early, &asked, local);
        }
        // An assignment's own substitution tells the status to no one here.
        self.done(status)
    }

    fn flags_of(&mut self, text: &[u8], asked: &mut Asked) {
        let on = text[0] == b'-';
        for flag in &text[1..] {
            match flag {
                b'x' => asked.export = Some(on),
                b'n' if asked.export == Some(true) => asked.export = Some(false),
                b'g' => asked.global = true,
                b'r' => asked.readonly |= on,
                b'i' => asked.integer = on,
                b'l' => asked.lower = on,
                b'u' if !self.zsh() => asked.upper = on,
                b'U' => asked.unique = Some(on),
                b'a' => asked.array = on,
                b'A' => asked.map = on,
                b'T' => asked.tie = true,
                b'f' | b'F' if !self.zsh() || *flag == b'f' => asked.functions = true,
                b'p' => asked.print = true,
                b'H' | b'h' | b't' | b'I' => {}
                _ => asked.odd = true,
            }
            if self.zsh() && matches!(flag, b'i' | b'L' | b'R' | b'Z') && text.len() > 2 {
                asked.odd |= text.iter().any(u8::is_ascii_digit);
            }
        }
        asked.remove |= !on;
    }

    fn declare_one(&mut self, name: &[u8], append: bool, item: &Given<'_>, early: Option<Value>, asked: &Asked, local: bool) {
        if local && let Some((array, scalar, _)) = self.state.tie_of(name) {
            let (array, scalar) = (array.to_vec(), scalar.to_vec());
            self.make_pair_local(&array, &scalar);
        } else if local {
            let fresh = self.state.scopes.last().is_some_and(|s| !s.contains_key(name));
            self.make_local(name);
            if fresh && self.dialect() != Dialect::Dash {
                let exported = self.state.vars.get(name).and_then(|v| v.exported);
                self.state.arrays.remove(name);
                self.state.attributes.remove(name);
                self.state.vars.remove(name);
                let at = Some(self.at());
                let value = if self.zsh() { Some(Value::new()) } else { None };
                let exported = if self.zsh() { Some(false) } else { exported };
                self.state.vars.insert(name, super::super::vars::Var { value, exported, at });
            }
        }
        if asked.odd || asked.integer || asked.lower || asked.upper || asked.unique.is_some() {
            let entry = self.state.attributes.entry(name.to_vec()).or_default();
            entry.odd |= asked.odd;
            entry.integer |= asked.integer;
            entry.lower |= asked.lower;
            entry.upper |= asked.upper;
            if let Some(unique) = asked.unique {
                entry.unique = unique;
            }
        }
        if asked.map && !matches!(self.state.arrays.get(name), Some(Array::Map(_))) {
            self.state.vars.remove(name);
            self.state.arrays.insert(name.to_vec(), Array::Map(BTreeMap::new()));
        } else if asked.array && !asked.remove && !self.state.arrays.contains_key(name) && self.state.tie_of(name).is_none() {
            let items = match self.state.held(name) {
                Held::One(value) if !self.zsh() && !local => vec![value],
                _ => Vec::new(),
            };
            self.state.vars.remove(name);
            self.state.arrays.insert(name.to_vec(), Array::List(items));
        }
        match (item, early) {
            (_, Some(value)) if append => match self.state.held(name) {
                Held::One(mut old) => {
                    old.append(&value);
                    self.set(name, old);
                }
                Held::Unset => self.set(name, value),
                _ => self.forget(name),
            },
            (_, Some(value)) => self.set(name, value),
            (Given::Assign(assign), None) => self.assign(assign),
            _ => {
                if asked.unique == Some(true) {
                    match self.state.held(name) {
                        Held::One(value) => self.set(name, value),
                        Held::Many(items) => self.set_array(name, items),
                        _ => {}
                    }
                } else if asked.export.is_none()
                    && self.state.vars.get(name).is_none()
                    && !self.state.arrays.contains_key(name)
                    && !self.state.vars.others_unknown
                {
                    let at = Some(self.at());
                    let value = if self.zsh() && self.state.tie_of(name).is_none() { Some(Value::new()) } else { None };
                    if self.dialect() != Dialect::Dash && self.state.tie_of(name).is_none() {
                        self.state.vars.insert(name, super::super::vars::Var { value, exported: Some(false), at });
                    }
                }
            }
        }
        if let Some(export) = asked.export {
            self.export(name, export);
        }
        if asked.readonly {
            self.state.attributes.entry(name.to_vec()).or_default().readonly = true;
        }
    }

    /// A scalar and the array that mirrors it, such as `PATH` and `path`: both are the function's own, and empty at first.
    fn make_pair_local(&mut self, array: &[u8], scalar: &[u8]) {
        let fresh = self.state.scopes.last().is_some_and(|s| !s.contains_key(scalar));
        self.make_local(array);
        self.make_local(scalar);
        if fresh {
            self.state.attributes.remove(array);
            self.state.attributes.remove(scalar);
            if let Some(var) = self.state.vars.get_mut(scalar) {
                var.value = Some(Value::new());
            }
        }
    }

    /// zsh's `typeset -T SCALAR array [separator]`.
    fn tie(&mut self, given: &[Given<'_>], asked: &Asked) -> Flow {
        let (scalar, value) = match given.first() {
            Some(Given::Name(name)) => (name.clone(), None),
            Some(Given::Value(name, value)) => (name.clone(), Some(value.clone())),
            Some(Given::Assign(a)) => match &a.value {
                AssignValue::Word(word) => (a.name.clone(), Some(self.single(word, super::expand::Mode::Assign))),
                AssignValue::Array(_) => {
                    self.forget_all("what `typeset -T` ties");
                    return Flow::Next;
                }
            },
            None => return self.done(Some(1)),
        };
        let (Some(Given::Name(array)), separator) = (given.get(1), given.get(2)) else {
            self.forget(&scalar);
            self.note("what `typeset -T` ties");
            return self.done(Some(0));
        };
        let separator = match separator {
            Some(Given::Name(text)) => text.first().copied().unwrap_or(b':'),
            _ => b':',
        };
        self.state.arrays.remove(array);
        self.state.vars.remove(array);
        self.state.tied.insert(array.clone(), (scalar.clone(), separator));
        if asked.unique == Some(true) {
            self.state.attributes.entry(scalar.clone()).or_default().unique = true;
        }
        let old = match self.state.held(&scalar) {
            Held::One(old) => Some(old),
            Held::Unset => Some(Value::new()),
            _ => None,
        };
        match value.or(old) {
            Some(value) => self.set(&scalar, value),
            None => self.forget(&scalar),
        }
        if asked.export == Some(true) {
            self.export(&scalar, true);
        }
        self.done(Some(0))
    }
}

/// `NAME=…` where the name is known and the value is not all.
fn split_assignment(word: &Value) -> Option<(Vec<u8>, Value)> {
    let Some(Piece::Text(text, at)) = word.pieces().first() else { return None };
    let n = text.iter().position(|b| *b == b'=')?;
    let mut value = Value::put(text.get(n + 1..)?, at.as_ref());
    for piece in word.pieces().iter().skip(1) {
        match piece {
            Piece::Text(text, at) => value.push(text, at.as_ref()),
            Piece::Unknown(at) => value.push_unknown(at.as_ref()),
        }
    }
    Some((text.get(..n)?.to_vec(), value))
}
