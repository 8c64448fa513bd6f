//! Which `Defaults` hold for one call of sudo (plugins/sudoers/defaults.c `update_defaults`, match.c): and what they set.

use super::{Aliases, Default, Item, Kind, Op, Scope};
use crate::format::shell::{At, Value};

/// One call of sudo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who calls: name, number, names of the groups.
    pub user: Vec<u8>,
    /// Its number.
    pub uid: u32,
    /// The number of its primary group.
    pub gid: u32,
    /// The names of all its groups.
    pub groups: Vec<Vec<u8>>,
    /// Whose rights are taken, by name.
    pub runas: Vec<u8>,
    /// Its number.
    pub runas_uid: u32,
    /// The host, short.
    pub host: Vec<u8>,
    /// The program as an absolute path, and its arguments.
    pub command: Vec<Vec<u8>>,
}

/// How deep an alias may name aliases: sudo refuses cycles.
const DEPTH: u32 = 32;
/// Members that one decision may look at, aliases unfolded.
const MEMBERS: u32 = 10_000;

/// Whether a list matches; `None` where that can't be told, such as for netgroups and addresses. The last member that matches decides.
fn matches(list: &[Vec<u8>], kind: Kind, aliases: &Aliases, call: &Call, depth: u32, left: &mut u32) -> Option<Option<bool>> {
    for member in list.iter().rev() {
        *left = left.checked_sub(1)?;
        let bangs = member.iter().take_while(|b| **b == b'!').count();
        let name = member.get(bangs..).unwrap_or_default().trim_ascii();
        let positive = bangs % 2 == 0;
        let found = match aliases.get(&(kind, name.to_vec())) {
            Some(_) if depth >= DEPTH => return None,
            Some(inner) => matches(inner, kind, aliases, call, depth + 1, left)?,
            None => member_matches(name, kind, call)?.then_some(true),
        };
        if let Some(found) = found {
            return Some(Some(found == positive));
        }
    }
    Some(None)
}

fn member_matches(name: &[u8], kind: Kind, call: &Call) -> Option<bool> {
    if name == b"ALL" {
        return Some(true);
    }
    match kind {
        Kind::User | Kind::Runas => {
            let (who, uid) = if kind == Kind::User { (&call.user, call.uid) } else { (&call.runas, call.runas_uid) };
            match name {
                [b'+', ..] | [b'%', b':', ..] => None,
                [b'%', b'#', gid @ ..] if kind == Kind::User => {
                    // The other groups' numbers are not known here.
                    (super::super::passwd::number(gid)? == call.gid).then_some(true)
                }
                [b'%', group @ ..] if kind == Kind::User => Some(call.groups.iter().any(|g| g == group)),
                [b'%', ..] => None,
                [b'#', number @ ..] => Some(super::super::passwd::number(number)? == uid),
                name => Some(name == who.as_slice()),
            }
        }
        Kind::Host => {
            if name.first().is_some_and(|b| *b == b'+' || b.is_ascii_digit()) || name.contains(&b':') {
                return None;
            }
            let short = if name.contains(&b'.') { return None } else { name };
            glob(short, &call.host)
        }
        Kind::Command => {
            let path = call.command.first()?;
            match name.strip_suffix(b"/") {
                _ if name.contains(&b' ') || name.starts_with(b"^") || name.starts_with(b"sha") => None,
                Some(folder) => {
                    let slash = path.iter().rposition(|b| *b == b'/')?;
                    glob(folder, path.get(..slash)?)
                }
                None => glob(name, path),
            }
        }
    }
}

/// Equal, or unknown where a pattern would have to be matched.
fn glob(pattern: &[u8], text: &[u8]) -> Option<bool> {
    if pattern.iter().any(|b| b"*?[\\".contains(b)) { None } else { Some(pattern == text) }
}

/// The settings that decide the environment, for one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `env_reset`, on where nothing is said.
    pub env_reset: (bool, Option<At>),
    /// `always_set_home`.
    pub always_set_home: bool,
    /// `set_home`: with `-s`.
    pub set_home: bool,
    /// `set_logname`, on where nothing is said.
    pub set_logname: bool,
    /// `secure_path`.
    pub secure_path: Option<Value>,
    /// `exempt_group`: its members keep their `PATH`.
    pub exempt_group: Option<Vec<u8>>,
    /// `env_file`.
    pub env_file: Option<Value>,
    /// `restricted_env_file`.
    pub restricted_env_file: Option<Value>,
    /// Patterns of `env_keep`, with the line that added them.
    pub env_keep: Vec<(Vec<u8>, Option<At>)>,
    /// Patterns of `env_check`.
    pub env_check: Vec<(Vec<u8>, Option<At>)>,
    /// Patterns of `env_delete`: they count without `env_reset` only.
    pub env_delete: Vec<(Vec<u8>, Option<At>)>,
    /// Settings that may or may not hold: whom they apply to could not be told. They are not in the rest.
    pub undecided: Vec<Default>,
}

impl Settings {
    /// Goes through all files' items, in the order in which they are read: first what needs no command, then what does.
    pub fn of(items: &[Item], call: &Call) -> Settings {
        let list = |names: &[&str]| names.iter().map(|n| (n.as_bytes().to_vec(), None)).collect();
        let mut out = Settings {
            env_reset: (true, None),
            always_set_home: false,
            set_home: false,
            set_logname: true,
            secure_path: None,
            exempt_group: None,
            env_file: None,
            restricted_env_file: None,
            env_keep: list(super::environment::KEEP),
            env_check: list(super::environment::CHECK),
            env_delete: list(super::environment::DELETE),
            undecided: Vec::new(),
        };
        let mut aliases = Aliases::new();
        for item in items {
            if let Item::Alias(kind, name, members) = item {
                aliases.insert((*kind, name.clone()), members.clone());
            }
        }
        for commands in [false, true] {
            for item in items {
                let Item::Default(d) = item else { continue };
                if matches!(d.scope, Scope::Command(_)) != commands {
                    continue;
                }
                let (list, kind) = match &d.scope {
                    Scope::All => {
                        out.apply(d);
                        continue;
                    }
                    Scope::User(list) => (list, Kind::User),
                    Scope::Host(list) => (list, Kind::Host),
                    Scope::Runas(list) => (list, Kind::Runas),
                    Scope::Command(list) => (list, Kind::Command),
                };
                match matches(list, kind, &aliases, call, 0, &mut MEMBERS.clone()) {
                    Some(Some(true)) => out.apply(d),
                    Some(_) => {}
                    None => out.undecided.push(d.clone()),
                }
            }
        }
        out
    }

    fn apply(&mut self, d: &Default) {
        let text = || (d.op == Op::Set).then(|| Value::put(&d.value, Some(&d.at)));
        let on = d.op == Op::On;
        let flag = matches!(d.op, Op::On | Op::Off);
        match d.name.as_slice() {
            b"env_reset" if flag => self.env_reset = (on, Some(d.at.clone())),
            b"always_set_home" if flag => self.always_set_home = on,
            b"set_home" if flag => self.set_home = on,
            b"set_logname" if flag => self.set_logname = on,
            b"secure_path" if !on => self.secure_path = text(),
            b"env_file" if !on => self.env_file = text(),
            b"restricted_env_file" if !on => self.restricted_env_file = text(),
            b"exempt_group" if !on => self.exempt_group = (d.op == Op::Set).then(|| d.value.clone()),
            b"env_keep" => change(&mut self.env_keep, d),
            b"env_check" => change(&mut self.env_check, d),
            b"env_delete" => change(&mut self.env_delete, d),
            _ => {}
        }
    }
}

fn change(list: &mut Vec<(Vec<u8>, Option<At>)>, d: &Default) {
    match d.op {
        // A list without a value is refused.
        Op::On => return,
        Op::Off | Op::Set => list.clear(),
        Op::Add | Op::Remove => {}
    }
    for word in d.value.split(|b| super::super::is_blank(*b)).filter(|w| !w.is_empty()) {
        match d.op {
            Op::Remove => list.retain(|(have, _)| have != word),
            _ if list.iter().any(|(have, _)| have == word) => {}
            _ => list.push((word.to_vec(), Some(d.at.clone()))),
        }
    }
}
