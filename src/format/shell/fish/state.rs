//! The state of a fish: its variables in their scopes, its functions, what a substitution has printed so far.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::ast::List;
use crate::format::shell::{At, Value};

/// An element of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The string.
    pub value: Value,
    /// It stands for any number of strings, none too, of each of which nothing but the known parts of `value` is known.
    pub many: bool,
}

impl Item {
    pub(super) fn one(value: Value) -> Item {
        Item { value, many: false }
    }

    pub(super) fn unknown(at: Option<&At>) -> Item {
        Item { value: Value::unknown(at), many: true }
    }

    /// The string, where it is one and known.
    pub(super) fn text(&self) -> Option<Vec<u8>> {
        if self.many { None } else { self.value.text() }
    }
}

/// The strings of a list, where all are known.
pub(super) fn texts(items: &[Item]) -> Option<Vec<Vec<u8>>> {
    items.iter().map(Item::text).collect()
}

/// The elements as one string, as fish exports and quotes a list. An element of unknown number takes its separators with it.
pub(super) fn joined(items: &[Item], separator: u8) -> Value {
    let mut out = Value::new();
    let mut first = true;
    for item in items {
        if item.many {
            // `a` and any number of further elements is `a` and what may follow it; before the first one, a separator is theirs.
            out.push_unknown(super::place_of(&item.value));
            continue;
        }
        if !first {
            out.push(&[separator], item.value.at());
        }
        first = false;
        out.append(&item.value);
    }
    out
}

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FishVar {
    pub items: Vec<Item>,
    /// `None`: not known.
    pub exported: Option<bool>,
    /// Whether it is split and joined at colons.
    pub path: bool,
    pub at: Option<At>,
    /// Whether it is there for certain.
    pub certain: bool,
}

impl FishVar {
    pub(super) fn unknown(at: Option<&At>) -> FishVar {
        FishVar { items: vec![Item::unknown(at)], exported: None, path: false, at: at.cloned(), certain: false }
    }

    pub(super) fn separator(&self) -> u8 {
        if self.path { b':' } else { b' ' }
    }
}

/// Variables by name.
pub type Table = BTreeMap<Vec<u8>, FishVar>;

/// A block or a function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    pub vars: Table,
    /// What lies outside of it is not seen.
    pub function: bool,
}

/// A function.
#[derive(Debug)]
pub struct Function {
    pub body: Rc<List>,
    pub file: Arc<[u8]>,
    pub at: Option<At>,
    /// Where all that it does is put, for a function of fish's own or of a text without a file.
    pub fixed: Option<At>,
    pub arguments: Vec<Vec<u8>>,
    pub inherited: Vec<(Vec<u8>, FishVar)>,
    pub on_variable: Vec<Vec<u8>>,
    pub on_event: Vec<Vec<u8>>,
    pub shadows: bool,
    /// Its file was read because it was called: any state that has not looked for it yet would find the same.
    pub loaded: bool,
}

/// What a name of a function stands for.
#[derive(Debug, Clone)]
pub enum Named {
    Known(Rc<Function>),
    /// One of several, or none.
    Unknown,
    /// `functions -e`: it is not loaded again.
    Erased,
}

impl PartialEq for Named {
    fn eq(&self, other: &Named) -> bool {
        match (self, other) {
            (Named::Known(a), Named::Known(b)) => Rc::ptr_eq(a, b),
            (Named::Unknown, Named::Unknown) | (Named::Erased, Named::Erased) => true,
            _ => false,
        }
    }
}

/// What is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Unknown,
    Text { text: Value, known: Vec<u8>, pos: usize },
}

/// All that a fish knows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    pub scopes: Vec<Scope>,
    pub globals: Table,
    pub universal: Table,
    pub functions: BTreeMap<Vec<u8>, Named>,
    /// `$status`; `None`: not known.
    pub status: Option<u8>,
    /// The last job did not run at all: it ends a substitution with an error.
    pub broken: bool,
    /// Whether the last job ran at all is not known.
    pub doubtful: bool,
    /// The working folder.
    pub pwd: Option<Vec<u8>>,
    /// Functions for which files were looked for.
    pub tried: BTreeSet<Vec<u8>>,
    /// Something unknown was run: it may have defined anything.
    pub strange: bool,
    /// Programs that printed text which was then run: such text often makes a function of the same name.
    pub suspects: BTreeSet<Vec<u8>>,
    /// What substitutions and pipes have printed so far, the innermost last.
    pub outputs: Vec<Value>,
    pub inputs: Vec<Input>,
    /// Files that were written to: what they hold is not known any more.
    pub written: BTreeSet<Vec<u8>>,
}

fn meet_tables(ours: &mut Table, theirs: &Table, at: Option<&At>) {
    for (name, their) in theirs {
        match ours.get_mut(name) {
            Some(our) if our == their => {}
            Some(our) => {
                let same = our.items.len() == their.items.len()
                    && our.items.iter().zip(&their.items).all(|(a, b)| a == b || (a.text().is_some() && a.text() == b.text()));
                if !same {
                    our.items = vec![Item::unknown(at)];
                    our.at = at.cloned();
                }
                our.exported = our.exported.filter(|e| their.exported == Some(*e));
                our.certain &= their.certain;
            }
            None => {
                ours.insert(name.clone(), FishVar { path: their.path, ..FishVar::unknown(at) });
            }
        }
    }
    for (name, our) in ours.iter_mut() {
        if !theirs.contains_key(name) && (our.certain || our.exported.is_some()) {
            *our = FishVar { path: our.path, ..FishVar::unknown(at) };
        }
    }
}

/// Whether a state that has looked for so many functions would still find this one.
fn waits(named: &Named, name: &[u8], tried: &BTreeSet<Vec<u8>>) -> bool {
    matches!(named, Named::Known(function) if function.loaded) && !tried.contains(name)
}

impl State {
    /// What holds in this state and in another.
    pub(super) fn meet(&mut self, other: &State, at: Option<&At>) {
        let depth = self.scopes.len().min(other.scopes.len());
        self.scopes.truncate(depth);
        for (ours, theirs) in self.scopes.iter_mut().zip(&other.scopes) {
            meet_tables(&mut ours.vars, &theirs.vars, at);
        }
        meet_tables(&mut self.globals, &other.globals, at);
        meet_tables(&mut self.universal, &other.universal, at);
        for (name, theirs) in &other.functions {
            match self.functions.get_mut(name) {
                Some(ours) if ours == theirs => {}
                Some(ours) => *ours = Named::Unknown,
                None => {
                    let named = if waits(theirs, name, &self.tried) { theirs.clone() } else { Named::Unknown };
                    self.functions.insert(name.clone(), named);
                }
            }
        }
        for (name, ours) in &mut self.functions {
            if !other.functions.contains_key(name) && !waits(ours, name, &other.tried) {
                *ours = Named::Unknown;
            }
        }
        self.status = self.status.filter(|s| other.status == Some(*s));
        self.doubtful |= other.doubtful || self.broken != other.broken;
        self.broken &= other.broken;
        if self.pwd != other.pwd {
            self.pwd = None;
        }
        self.strange |= other.strange;
        self.suspects.extend(other.suspects.iter().cloned());
        self.tried.extend(other.tried.iter().cloned());
        self.written.extend(other.written.iter().cloned());
        self.outputs.truncate(other.outputs.len());
        for (ours, theirs) in self.outputs.iter_mut().zip(&other.outputs) {
            if ours != theirs {
                *ours = Value::unknown(at);
            }
        }
        self.inputs.truncate(other.inputs.len());
        for (ours, theirs) in self.inputs.iter_mut().zip(&other.inputs) {
            if ours != theirs {
                *ours = Input::Unknown;
            }
        }
    }

    /// After something unknown was run.
    pub(super) fn forget(&mut self, at: Option<&At>) {
        let tables = self.scopes.iter_mut().map(|s| &mut s.vars).chain([&mut self.globals, &mut self.universal]);
        for table in tables {
            for var in table.values_mut() {
                *var = FishVar { path: var.path, ..FishVar::unknown(at) };
            }
        }
        self.strange = true;
        self.pwd = None;
        self.status = None;
    }

    /// The scopes that are seen, the innermost first.
    pub(super) fn visible(&self) -> impl Iterator<Item = usize> + use<> {
        let count = self.scopes.len();
        let outermost = self.scopes.iter().rposition(|s| s.function).unwrap_or(0);
        (outermost..count).rev()
    }

    /// The scope where `set -f` puts a variable.
    pub(super) fn function_scope(&self) -> usize {
        let outermost = self.scopes.iter().rposition(|s| s.function).unwrap_or(0);
        outermost.min(self.scopes.len().saturating_sub(1))
    }

    fn local(&self, name: &[u8]) -> Option<usize> {
        self.visible().find(|i| self.scopes.get(*i).is_some_and(|s| s.vars.contains_key(name)))
    }

    /// The variable as a plain `$name` finds it; of one that may be missing, what it may be.
    pub(super) fn get(&self, name: &[u8]) -> Option<FishVar> {
        let found = self
            .local(name)
            .and_then(|i| self.scopes.get(i)?.vars.get(name))
            .into_iter()
            .chain(self.globals.get(name))
            .chain(self.universal.get(name));
        let mut uncertain: Option<&FishVar> = None;
        for var in found {
            match (var.certain, uncertain) {
                (true, None) => return Some(var.clone()),
                // An inner one that may be missing before an outer one that is there.
                (true, Some(first)) => return Some(FishVar { certain: true, ..first.clone() }),
                (false, _) => uncertain = uncertain.or(Some(var)),
            }
        }
        uncertain.cloned()
    }

    /// Where a plain `set` puts a variable.
    pub(super) fn place(&mut self, name: &[u8]) -> Place {
        if let Some(i) = self.local(name) {
            return Place::Scope(i);
        }
        if self.globals.contains_key(name) {
            return Place::Global;
        }
        if self.universal.contains_key(name) {
            return Place::Universal;
        }
        match self.scopes.iter().rposition(|s| s.function) {
            Some(i) => Place::Scope(i),
            None => Place::Global,
        }
    }

    pub(super) fn table(&mut self, place: Place) -> Option<&mut Table> {
        match place {
            Place::Scope(i) => self.scopes.get_mut(i).map(|s| &mut s.vars),
            Place::Global => Some(&mut self.globals),
            Place::Universal => Some(&mut self.universal),
        }
    }

    /// Prints to the substitution or pipe around, if there is one.
    pub(super) fn print(&mut self, text: &Value) {
        if let Some(out) = self.outputs.last_mut() {
            out.append(text);
        }
    }

    /// All exported variables as programs get them, by name.
    pub(super) fn exports(&self) -> Table {
        let mut out = Table::new();
        let mut apply = |table: &Table| {
            for (name, var) in table {
                match var.exported {
                    Some(true) => {
                        out.insert(name.clone(), var.clone());
                    }
                    Some(false) if var.certain => {
                        out.remove(name);
                    }
                    _ => {
                        out.insert(name.clone(), FishVar { exported: None, ..var.clone() });
                    }
                }
            }
        };
        apply(&self.globals);
        let mut visible: Vec<usize> = self.visible().collect();
        visible.reverse();
        for i in visible {
            if let Some(scope) = self.scopes.get(i) {
                apply(&scope.vars);
            }
        }
        for (name, var) in &self.universal {
            if var.exported != Some(false) && !out.contains_key(name) {
                out.insert(name.clone(), var.clone());
            }
        }
        out
    }
}

/// Where a variable lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Scope(usize),
    Global,
    Universal,
}
