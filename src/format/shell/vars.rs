//! The variables of a shell.

use std::collections::BTreeMap;

use super::value::{At, Value};

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Var {
    /// Its value; `None` where it is declared and has none yet.
    pub value: Option<Value>,
    /// Whether programs get it; `None` where that hangs on what is not known.
    pub exported: Option<bool>,
    /// The line that last set it or changed what it is.
    pub at: Option<At>,
}

/// All variables of a shell, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vars {
    known: BTreeMap<Vec<u8>, Var>,
    /// Whether a name that is not held may be set all the same: something unknown was run in this shell.
    pub others_unknown: bool,
}

impl Vars {
    /// The variables that a process starts with, all exported.
    pub fn of_environment(env: impl IntoIterator<Item = (Vec<u8>, Value)>) -> Vars {
        let known = env.into_iter().map(|(n, v)| (n, Var { value: Some(v), exported: Some(true), at: None })).collect();
        Vars { known, others_unknown: false }
    }

    /// The variable.
    pub fn get(&self, name: &[u8]) -> Option<&Var> {
        self.known.get(name)
    }

    /// The variable, to change.
    pub fn get_mut(&mut self, name: &[u8]) -> Option<&mut Var> {
        self.known.get_mut(name)
    }

    /// Puts a variable in the place of what was there.
    pub fn insert(&mut self, name: &[u8], var: Var) {
        self.known.insert(name.to_vec(), var);
    }

    /// Takes a variable away.
    pub fn remove(&mut self, name: &[u8]) -> Option<Var> {
        self.known.remove(name)
    }

    /// All that are held, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Var)> {
        self.known.iter().map(|(n, v)| (n.as_slice(), v))
    }

    /// After something unknown was run: every value may be another.
    pub fn forget_all(&mut self, at: Option<&At>) {
        for var in self.known.values_mut() {
            *var = Var { value: Some(Value::unknown(at)), exported: None, at: at.cloned() };
        }
        self.others_unknown = true;
    }

    /// What is known where either this or `other` holds, as after a branch that hangs on what is not known: what both agree on
    /// stays, the rest is unknown because of `at`.
    pub fn meet(&mut self, other: &Vars, at: Option<&At>) {
        self.others_unknown |= other.others_unknown;
        let unknown = || Var { value: Some(Value::unknown(at)), exported: None, at: at.cloned() };
        for (name, theirs) in &other.known {
            match self.known.get_mut(name) {
                Some(ours) if ours == theirs => {}
                Some(ours) => {
                    let exported = ours.exported.filter(|e| theirs.exported == Some(*e));
                    let same = match (&ours.value, &theirs.value) {
                        (Some(a), Some(b)) => a.is_known() && a.text() == b.text(),
                        (None, None) => true,
                        _ => false,
                    };
                    if !same {
                        ours.value = Some(Value::unknown(at));
                        ours.at = at.cloned();
                    }
                    ours.exported = exported;
                }
                None => {
                    self.known.insert(name.clone(), unknown());
                }
            }
        }
        for (name, ours) in &mut self.known {
            if !other.known.contains_key(name) {
                *ours = unknown();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &[(&str, &str)]) -> Vars {
        Vars::of_environment(pairs.iter().map(|(n, v)| (n.as_bytes().to_vec(), Value::put(v.as_bytes(), None))))
    }

    #[test]
    fn what_both_branches_agree_on_stays() {
        let mut a = vars(&[("PATH", "/bin"), ("GOROOT", "/a"), ("X", "1")]);
        a.meet(&vars(&[("PATH", "/bin"), ("GOROOT", "/b"), ("Y", "2")]), None);
        assert_eq!(a.get(b"PATH").unwrap().value.as_ref().unwrap().text().unwrap(), b"/bin");
        for name in ["GOROOT", "X", "Y"] {
            let var = a.get(name.as_bytes()).unwrap();
            assert!(!var.value.as_ref().unwrap().is_known(), "{name}");
        }
        assert_eq!(a.get(b"Y").unwrap().exported, None);
        assert_eq!(a.get(b"GOROOT").unwrap().exported, Some(true));
    }
}
