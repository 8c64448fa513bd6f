//! What a shell holds while it goes through its files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::value::{At, Piece, Value};
use super::super::vars::{Var, Vars};
use super::ast::Command;

/// An array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Array {
    /// By position.
    List(Vec<Value>),
    /// By key.
    Map(BTreeMap<Vec<u8>, Value>),
    /// Nothing is known of what it holds.
    Unknown(Option<At>),
}

/// What `typeset` says of a variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) readonly: bool,
    pub(super) integer: bool,
    pub(super) lower: bool,
    pub(super) upper: bool,
    /// zsh's `-U`: each element once.
    pub(super) unique: bool,
    /// bash's `-n`, zsh's `-F` and others that are not evaluated.
    pub(super) odd: bool,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) body: Arc<Command>,
    pub(super) at: At,
}

/// What a variable was before a function made one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Saved {
    pub(super) var: Option<Var>,
    pub(super) array: Option<Array>,
    pub(super) attributes: Option<Attributes>,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) vars: Vars,
    pub(super) arrays: BTreeMap<Vec<u8>, Array>,
    pub(super) attributes: BTreeMap<Vec<u8>, Attributes>,
    /// Pairs of zsh's `typeset -T`, by the array's name: the scalar and the separator.
    pub(super) tied: BTreeMap<Vec<u8>, (Vec<u8>, u8)>,
    /// Functions; `None` where it is not known whether or how one is defined.
    pub(super) functions: BTreeMap<Vec<u8>, Option<Function>>,
    /// Aliases; likewise.
    pub(super) aliases: BTreeMap<Vec<u8>, Option<(Vec<u8>, At)>>,
    /// `$1` and on; `None` where they are not known.
    pub(super) positional: Option<Vec<Value>>,
    /// Options that were set or unset, by name.
    pub(super) options: BTreeMap<Vec<u8>, Option<bool>>,
    /// The working folder.
    pub(super) cwd: Option<Vec<u8>>,
    /// `$?`
    pub(super) status: Option<u8>,
    /// What was printed, where it is caught.
    pub(super) out: Value,
    /// Files that commands may have changed: what is in them is not what will be.
    pub(super) written: BTreeSet<Vec<u8>>,
    /// Local variables of the functions that run, the innermost last.
    pub(super) scopes: Vec<BTreeMap<Vec<u8>, Saved>>,
    /// Something unknown was run: a name may be a function.
    pub(super) lost: bool,
}

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    /// It is not set.
    Unset,
    /// A string, which may have unknown parts.
    One(Value),
    /// An array.
    Many(Vec<Value>),
    /// Neither is known, nor whether it is set.
    Unknown(Option<At>),
}

impl State {
    /// The names of an array and a string that are one.
    pub(super) fn tie_of(&self, name: &[u8]) -> Option<(&[u8], &[u8], u8)> {
        if let Some((scalar, separator)) = self.tied.get(name) {
            return self.tied.get_key_value(name).map(|(array, _)| (array.as_slice(), scalar.as_slice(), *separator));
        }
        self.tied
            .iter()
            .find(|(_, (scalar, _))| scalar == name)
            .map(|(array, (scalar, sep))| (array.as_slice(), scalar.as_slice(), *sep))
    }

    /// What the variable holds.
    pub(super) fn held(&self, name: &[u8]) -> Held {
        if let Some((scalar, separator)) = self.tied.get(name) {
            return match self.held(scalar) {
                Held::One(value) if value.is_empty() => Held::Many(Vec::new()),
                Held::One(value) => Held::Many(value.split(*separator)),
                other => other,
            };
        }
        match self.arrays.get(name) {
            Some(Array::List(items)) => return Held::Many(items.clone()),
            Some(Array::Map(items)) => return Held::Many(items.values().cloned().collect()),
            Some(Array::Unknown(at)) => return Held::Unknown(at.clone()),
            None => {}
        }
        match self.vars.get(name) {
            // Wholly unknown: it may be unset.
            Some(Var { value: Some(value), at, .. }) => match value.pieces() {
                [Piece::Unknown(_)] => Held::Unknown(at.clone()),
                _ => Held::One(value.clone()),
            },
            Some(Var { value: None, .. }) => Held::Unset,
            None if self.vars.others_unknown => Held::Unknown(None),
            None => Held::Unset,
        }
    }

    /// An option.
    pub(super) fn option(&self, name: &[u8]) -> Option<bool> {
        self.options.get(name).copied().unwrap_or(Some(false))
    }

    /// After something unknown was run.
    pub(super) fn forget_all(&mut self, at: Option<&At>) {
        self.vars.forget_all(at);
        for array in self.arrays.values_mut() {
            *array = Array::Unknown(at.cloned());
        }
        self.functions.values_mut().for_each(|f| *f = None);
        self.aliases.values_mut().for_each(|a| *a = None);
        self.options.values_mut().for_each(|o| *o = None);
        self.cwd = None;
        self.status = None;
        self.positional = None;
        self.lost = true;
    }

    /// What is known where either this or `other` holds.
    pub(super) fn meet(&mut self, other: &State, at: Option<&At>) {
        self.vars.meet(&other.vars, at);
        meet_maps(&mut self.arrays, &other.arrays, || Array::Unknown(at.cloned()));
        for (name, theirs) in &other.attributes {
            let ours = self.attributes.entry(name.clone()).or_default();
            if ours != theirs {
                ours.odd = true;
            }
        }
        meet_maps(&mut self.functions, &other.functions, || None);
        meet_maps(&mut self.aliases, &other.aliases, || None);
        // An option that only one of them set may be either.
        meet_maps(&mut self.options, &other.options, || None);
        if self.positional != other.positional {
            self.positional = None;
        }
        if self.cwd != other.cwd {
            self.cwd = None;
        }
        if self.status != other.status {
            self.status = None;
        }
        if self.out.pieces() != other.out.pieces() {
            self.out = Value::unknown(at);
        }
        self.written.extend(other.written.iter().cloned());
        for (name, pair) in &other.tied {
            self.tied.entry(name.clone()).or_insert_with(|| pair.clone());
        }
        for (ours, theirs) in self.scopes.iter_mut().zip(&other.scopes) {
            for (name, saved) in theirs {
                ours.entry(name.clone()).or_insert_with(|| saved.clone());
            }
        }
        self.lost |= other.lost;
    }
}

/// Keeps what both hold alike; the rest becomes `unknown`.
fn meet_maps<T: Clone + PartialEq>(ours: &mut BTreeMap<Vec<u8>, T>, theirs: &BTreeMap<Vec<u8>, T>, unknown: impl Fn() -> T) {
    for (name, value) in ours.iter_mut() {
        if theirs.get(name) != Some(value) {
            *value = unknown();
        }
    }
    for name in theirs.keys() {
        ours.entry(name.clone()).or_insert_with(&unknown);
    }
}
