//! Assignments: of a value, an element, an array.

use super::super::value::Value;
use super::ast::{Assign, AssignValue, Word};
use super::expand::Mode;
use super::shell::Shell;
use super::state::{Array, Held};
use std::collections::BTreeMap;

impl Shell<'_> {
    /// The string of an assignment.
    fn assigned(&mut self, word: &Word) -> Value {
        self.single(word, Mode::Assign)
    }

    /// Does an assignment.
    pub(super) fn assign(&mut self, assign: &Assign) {
        let name = assign.name.clone();
        match (&assign.value, &assign.index) {
            (AssignValue::Word(word), None) => {
                let value = self.assigned(word);
                if !assign.append {
                    return self.set(&name, value);
                }
                match self.state.held(&name) {
                    Held::Many(mut items) if self.zsh() => {
                        items.push(value);
                        self.set_array(&name, items);
                    }
                    Held::Many(mut items) => {
                        match items.first_mut() {
                            Some(first) => first.append(&value),
                            None => items.push(value),
                        }
                        self.set_array(&name, items);
                    }
                    Held::One(mut old) => {
                        let sum = self.state.attributes.get(&name).is_some_and(|a| a.integer);
                        if sum {
                            old.push(b"+", None);
                        }
                        old.append(&value);
                        self.set(&name, old);
                    }
                    Held::Unset => self.set(&name, value),
                    Held::Unknown(at) => {
                        let mut old = Value::unknown(at.as_ref());
                        old.append(&value);
                        self.set(&name, old);
                    }
                }
            }
            (AssignValue::Word(word), Some(index)) => {
                let value = self.assigned(word);
                let key = self.quoted(index);
                self.set_element(&name, &key, value, assign.append);
            }
            (AssignValue::Array(elements), None) => self.assign_array(&name, elements, assign.append),
            (AssignValue::Array(_), Some(_)) => self.forget(&name),
        }
    }

    pub(super) fn set_element(&mut self, name: &[u8], key: &Value, value: Value, append: bool) {
        if let Some(Array::Map(_)) = self.state.arrays.get(name) {
            let key = key.text().filter(|_| !append);
            return match (key, self.state.arrays.get_mut(name)) {
                (Some(key), Some(Array::Map(map))) if map.len() < super::shell::ELEMENTS => {
                    map.insert(key, value);
                }
                _ => self.forget(name),
            };
        }
        let mut items = match self.state.held(name) {
            Held::Many(items) => items,
            Held::One(old) if !self.zsh() => vec![old],
            Held::Unset => Vec::new(),
            _ => return self.forget(name),
        };
        let Some(n) = self.number(key) else { return self.forget(name) };
        let n = if self.zsh() { n - 1 } else { n };
        match usize::try_from(n) {
            Ok(n) if n < items.len() && !append => items[n] = value,
            Ok(n) if n == items.len() && !append => items.push(value),
            _ => return self.forget(name),
        }
        self.set_array(name, items);
    }

    pub(super) fn assign_array(&mut self, name: &[u8], elements: &[(Option<Word>, Word)], append: bool) {
        let map = matches!(self.state.arrays.get(name), Some(Array::Map(_)));
        if map {
            let mut all = match self.state.arrays.get(name) {
                Some(Array::Map(all)) if append => all.clone(),
                _ => BTreeMap::new(),
            };
            let mut flat = Vec::new();
            for (key, word) in elements {
                match key {
                    Some(key) => {
                        flat.push(self.single(key, Mode::Single));
                        flat.push(self.single(word, Mode::Single));
                    }
                    None => {
                        let some = self.word_args(word);
                        if some.unsure {
                            return self.forget(name);
                        }
                        flat.extend(some.list);
                    }
                }
            }
            for pair in flat.chunks(2) {
                let (Some(key), Some(value)) = (pair.first().and_then(Value::text), pair.get(1)) else {
                    return self.forget(name);
                };
                all.insert(key, value.clone());
            }
            self.state.arrays.insert(name.to_vec(), Array::Map(all));
            return;
        }
        let mut items = Vec::new();
        if append {
            match self.state.held(name) {
                Held::Many(old) => items = old,
                Held::One(old) => items.push(old),
                Held::Unset => {}
                Held::Unknown(_) => return self.forget(name),
            }
        }
        for (key, word) in elements {
            if key.is_some() {
                return self.forget(name);
            }
            let some = self.word_args(word);
            if some.unsure {
                // How many there are is not known, but for a tied array the string is known but for that part.
                if let Some((array, scalar, separator)) = self.state.tie_of(name)
                    && array == name
                {
                    let _ = (scalar, separator);
                }
                return self.forget(name);
            }
            items.extend(some.list);
        }
        self.set_array(name, items);
    }
}
