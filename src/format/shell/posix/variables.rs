//! Variables of the shell: read, set, scoped, exported.

use super::super::VALUE_LIMIT;
use super::super::value::Value;
use super::super::vars::Var;
use super::Dialect;
use super::shell::{ELEMENTS, Shell, join, lossy, map_case, merge, unique};
use super::state::{Array, Attributes, Held, Saved, State};

/// Ends the innermost function's variables.
pub(super) fn leave_scope(state: &mut State) {
    let Some(scope) = state.scopes.pop() else { return };
    for (name, saved) in scope {
        match saved.var {
            Some(var) => state.vars.insert(&name, var),
            None => {
                state.vars.remove(&name);
            }
        }
        match saved.array {
            Some(array) => state.arrays.insert(name.clone(), array),
            None => state.arrays.remove(&name),
        };
        match saved.attributes {
            Some(attributes) => state.attributes.insert(name, attributes),
            None => state.attributes.remove(&name),
        };
    }
}

impl Shell<'_> {
    /// The variable may be set, to anything.
    pub(super) fn forget(&mut self, name: &[u8]) {
        let at = self.at();
        if let Some((array, scalar, _)) = self.state.tie_of(name) {
            let (array, scalar) = (array.to_vec(), scalar.to_vec());
            if array == name {
                return self.forget(&scalar);
            }
        }
        if self.state.arrays.contains_key(name) {
            self.state.arrays.insert(name.to_vec(), Array::Unknown(Some(at)));
            return;
        }
        let exported = self.state.vars.get(name).and_then(|v| v.exported).filter(|e| *e);
        self.state.vars.insert(name, Var { value: Some(Value::unknown(Some(&at))), exported, at: Some(at) });
    }

    fn attributes(&self, name: &[u8]) -> Attributes {
        self.state.attributes.get(name).cloned().unwrap_or_default()
    }

    /// Sets a string; attributes are heeded, the export flag stays.
    pub(super) fn set(&mut self, name: &[u8], value: Value) {
        let attributes = self.attributes(name);
        if attributes.readonly {
            // How much of the file is still read hangs on the shell and its version.
            return self.forget_all(format!("what follows on setting `{}`, which is read-only", lossy(name)));
        }
        self.step(1 + value.known_len() / 256 + value.pieces().len() / 16);
        if value.known_len() > VALUE_LIMIT || value.pieces().len() > ELEMENTS {
            self.note(format!("`{}` is longer than a variable may be", lossy(name)));
            return self.forget(name);
        }
        let mut value = value;
        if attributes.odd {
            value = Value::unknown(Some(&self.at()));
        }
        if attributes.integer {
            value = match self.number(&value) {
                Some(n) => Value::put(n.to_string().as_bytes(), Some(&self.at())),
                None => Value::unknown(Some(&self.at())),
            };
        }
        if attributes.lower || attributes.upper {
            value = map_case(&value, attributes.upper, true);
        }
        if let Some((array, scalar, separator)) = self.state.tie_of(name) {
            let (array, scalar) = (array.to_vec(), scalar.to_vec());
            if array == name {
                return self.set_array(name, vec![value]);
            }
            // Each of the two names has a mark of its own.
            if attributes.unique {
                value = join(&unique(value.split(separator)), &[separator]);
            }
            return self.put(&scalar, value);
        }
        if (name == b"PS1" || name == b"PROMPT" || name == b"prompt") && self.zsh() {
            for other in [&b"PS1"[..], b"PROMPT", b"prompt"] {
                self.put(other, value.clone());
            }
            return;
        }
        if let Some(array) = self.state.arrays.get_mut(name) {
            match array {
                Array::List(items) if !matches!(self.mode, Dialect::Zsh) => {
                    match items.first_mut() {
                        Some(first) => *first = value,
                        None => items.push(value),
                    }
                    return;
                }
                _ if self.mode == Dialect::Zsh => {
                    self.state.arrays.remove(name);
                }
                _ => {
                    *array = Array::Unknown(None);
                    return;
                }
            }
        }
        self.put(name, value);
        if self.bash() && name == b"POSIXLY_CORRECT" {
            self.note("bash's POSIX mode, set by POSIXLY_CORRECT");
        }
    }

    fn put(&mut self, name: &[u8], value: Value) {
        let at = Some(self.at());
        let every = self.state.option(b"allexport");
        match self.state.vars.get_mut(name) {
            Some(var) => {
                *var = Var { value: Some(value), exported: merge(var.exported, every), at };
            }
            None => {
                let held = if self.state.vars.others_unknown { None } else { Some(false) };
                self.state.vars.insert(name, Var { value: Some(value), exported: merge(held, every), at });
            }
        }
    }

    /// Sets an array.
    pub(super) fn set_array(&mut self, name: &[u8], items: Vec<Value>) {
        if items.len() > ELEMENTS {
            self.note(format!("`{}` has more elements than are held", lossy(name)));
            return self.forget(name);
        }
        let attributes = self.attributes(name);
        if attributes.readonly {
            return self.forget_all(format!("what follows on setting `{}`, which is read-only", lossy(name)));
        }
        if let Some((_, scalar, separator)) = self.state.tie_of(name) {
            let scalar = scalar.to_vec();
            let items = if attributes.unique { unique(items) } else { items };
            return self.put(&scalar, join(&items, &[separator]));
        }
        let items = if attributes.unique { unique(items) } else { items };
        let mark = self.state.vars.get(name).and_then(|v| v.exported);
        self.state.vars.remove(name);
        if mark == Some(true) && self.zsh() {
            // An array is never exported.
            self.state.vars.remove(name);
        }
        self.state.arrays.insert(name.to_vec(), Array::List(items));
    }

    /// Takes a variable away.
    pub(super) fn unset(&mut self, name: &[u8]) {
        if self.attributes(name).readonly {
            return;
        }
        if let Some((array, scalar, _)) = self.state.tie_of(name) {
            let (array, scalar) = (array.to_vec(), scalar.to_vec());
            self.state.tied.remove(&array);
            self.state.vars.remove(&scalar);
            return;
        }
        self.state.vars.remove(name);
        if self.state.vars.others_unknown {
            // What is not held may be set; this one is not.
            let at = Some(self.at());
            self.state.vars.insert(name, Var { value: None, exported: Some(false), at });
        }
        self.state.arrays.remove(name);
        self.state.attributes.remove(name);
    }

    /// Makes a variable local to the function that runs; outside of one nothing.
    pub(super) fn make_local(&mut self, name: &[u8]) {
        let saved = Saved {
            var: self.state.vars.get(name).cloned(),
            array: self.state.arrays.get(name).cloned(),
            attributes: self.state.attributes.get(name).cloned(),
        };
        if let Some(scope) = self.state.scopes.last_mut() {
            scope.entry(name.to_vec()).or_insert(saved);
        }
    }

    /// Ends the innermost function's variables.
    pub(super) fn leave_scope(&mut self) {
        leave_scope(&mut self.state);
    }

    /// Marks for export.
    pub(super) fn export(&mut self, name: &[u8], exported: bool) {
        let at = Some(self.at());
        let name = match self.state.tied.get(name) {
            Some((scalar, _)) => scalar.clone(),
            None => name.to_vec(),
        };
        let again = exported && self.sh_of_zsh();
        match self.state.vars.get_mut(&name) {
            Some(var) => {
                // What is marked for the second time has a value.
                if again && var.exported == Some(true) && var.value.is_none() {
                    var.value = Some(Value::new());
                }
                var.exported = Some(exported);
            }
            None if self.state.arrays.contains_key(&name) => {}
            None => {
                let value = if self.state.vars.others_unknown {
                    Some(Value::unknown(at.as_ref()))
                } else if self.zsh() && exported {
                    Some(Value::new())
                } else {
                    None
                };
                // zsh hands on a variable that never had a value only once it has one.
                let exported = if self.zsh() && exported { None } else { Some(exported) };
                self.state.vars.insert(&name, Var { value, exported, at });
            }
        }
    }

    /// A variable, special ones included.
    pub(super) fn held(&mut self, name: &[u8]) -> Held {
        let at = self.at();
        let known = |text: &[u8]| Held::One(Value::put(text, Some(&at)));
        let modern = self.mode != Dialect::Dash;
        match name {
            b"LINENO" => known(self.line.to_string().as_bytes()),
            b"UID" | b"EUID" if modern => known(self.start.uid.to_string().as_bytes()),
            b"RANDOM" | b"SECONDS" | b"BASHPID" | b"EPOCHSECONDS" | b"EPOCHREALTIME" | b"SRANDOM" | b"PPID" | b"GROUPS"
            | b"_" | b"BASH_COMMAND" | b"BASHOPTS" | b"SHELLOPTS" | b"DIRSTACK" | b"PIPESTATUS" | b"TTY" | b"COLUMNS"
            | b"LINES" | b"BASH"
                if modern =>
            {
                Held::Unknown(Some(at))
            }
            b"BASH_SOURCE" if self.bash() => {
                // Its first element: the file that is read, or that the function was defined in.
                let mut items = vec![Value::put(&self.file.clone(), Some(&at))];
                if self.depth > 1 {
                    items.push(Value::unknown(Some(&at)));
                }
                Held::Many(items)
            }
            b"FUNCNAME" if self.bash() => match self.calls.last() {
                Some(name) => known(&name.clone()),
                None => Held::Unset,
            },
            b"commands" | b"functions" | b"aliases" | b"parameters" | b"options" | b"builtins" | b"modules" if self.zsh() => {
                Held::Unknown(Some(at))
            }
            _ => self.state.held(name),
        }
    }

    /// A variable's text where all of it is known.
    pub(super) fn text(&self, name: &[u8]) -> Option<Vec<u8>> {
        match self.state.held(name) {
            Held::One(value) => value.text(),
            _ => None,
        }
    }

    /// The environment that a program gets, where all of it is known.
    pub(super) fn environment(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let known = |(name, var): (&[u8], &Var)| {
            let text = var.value.as_ref().filter(|_| var.exported == Some(true))?.text()?;
            Some((name.to_vec(), text))
        };
        self.state.vars.iter().filter_map(known).collect()
    }
}
