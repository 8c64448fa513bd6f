//! What a service's settings say about its environment (systemd.exec(5) "Environment"; systemd's src/core/load-fragment.c,
//! src/core/exec-invoke.c): assignments, files, what is passed on and taken away, the user, the programs.

use std::sync::Arc;

use super::super::environment_d;
use super::super::{Env, is_name, placed};
use super::{Setting, Specifiers, words};
use crate::format::shell::{At, Value};

/// `EnvironmentFile=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentFile {
    /// The path; it may be a pattern with `*` and `?`.
    pub path: Value,
    /// Whether it may be missing (`-` before it).
    pub optional: bool,
    /// The line.
    pub at: At,
}

/// Settings that hold commands.
const COMMANDS: [&str; 7] =
    ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost"];

/// A command of `ExecStart=` and the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// The setting.
    pub key: &'static str,
    /// Signs before the program, of `@-:+!|`.
    pub prefixes: Vec<u8>,
    /// The program, and its arguments; variables in them are not expanded.
    pub words: Vec<Value>,
    /// The line.
    pub at: At,
}

/// What a unit says about its environment; of what may be said several times, the last or all, as systemd takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceEnvironment {
    /// `Environment=`, in order.
    pub assignments: Vec<(Vec<u8>, Value, At)>,
    /// `EnvironmentFile=`, in order; they win over `Environment=`.
    pub files: Vec<EnvironmentFile>,
    /// Names of `PassEnvironment=`: taken from the manager.
    pub pass: Vec<(Vec<u8>, At)>,
    /// `UnsetEnvironment=`: names, or assignments that are taken away only where they hold.
    pub unset: Vec<(Vec<u8>, At)>,
    /// `User=`.
    pub user: Option<(Value, At)>,
    /// `PAMName=`: a session of this service is opened, whose environment comes on top.
    pub pam_name: Option<(Value, At)>,
    /// `ExecSearchPath=`, joined by `:`.
    pub exec_search_path: Option<(Value, At)>,
    /// `ExecStart=` and the like.
    pub commands: Vec<Exec>,
}

impl ServiceEnvironment {
    /// Reads the settings of the unit's file and then of its drop-ins, in the order in which systemd reads them. `sections` are those
    /// that count, such as `Service`.
    pub fn of(settings: &[Setting], sections: &[&[u8]], specifiers: &Specifiers) -> ServiceEnvironment {
        let mut out = ServiceEnvironment::default();
        for s in settings.iter().filter(|s| sections.contains(&s.section.as_slice())) {
            out.add(s, specifiers);
        }
        out
    }

    fn add(&mut self, s: &Setting, specifiers: &Specifiers) {
        let one = || Some((specifiers.expand(&s.value, &s.at), s.at.clone())).filter(|_| !s.value.is_empty());
        match s.key.as_slice() {
            b"Environment" if s.value.is_empty() => self.assignments.clear(),
            b"Environment" => self.assignments.extend(assignments(s, Some(specifiers))),
            b"EnvironmentFile" if s.value.is_empty() => self.files.clear(),
            b"EnvironmentFile" => {
                let path = s.value.strip_prefix(b"-");
                let (optional, path) = (path.is_some(), specifiers.expand(path.unwrap_or(&s.value), &s.at));
                self.files.push(EnvironmentFile { path, optional, at: s.at.clone() });
            }
            b"PassEnvironment" if s.value.is_empty() => self.pass.clear(),
            b"PassEnvironment" => self.pass.extend(names(s, is_name)),
            b"UnsetEnvironment" if s.value.is_empty() => self.unset.clear(),
            b"UnsetEnvironment" => self.unset.extend(names(s, |w| is_name(super::super::span(w, |b| b == b'=').0))),
            b"User" => self.user = one(),
            b"PAMName" => self.pam_name = one(),
            b"ExecSearchPath" => self.exec_search_path = one(),
            key => {
                let Some(key) = COMMANDS.iter().find(|c| c.as_bytes() == key) else { return };
                if s.value.is_empty() {
                    self.commands.retain(|c| c.key != *key);
                }
                self.commands.extend(exec(key, s, specifiers));
            }
        }
    }

    /// The environment that the service's programs get, before the variables that systemd makes for itself (`INVOCATION_ID` and
    /// the like). `manager` is what the manager gives to every service: `PATH`, `LANG`, `DefaultEnvironment=`; `own` what it has
    /// itself, for `PassEnvironment=`; `identity` `HOME`, `LOGNAME`, `USER`, `SHELL` where it sets them. `read` gives the bytes of
    /// an environment file, `None` where it can't be had.
    pub fn environment(&self, manager: &Env, own: &Env, identity: &Env, read: &dyn Fn(&[u8]) -> Option<Vec<u8>>) -> Env {
        let mut env = manager.clone();
        env.extend(identity.clone());
        if let Some((path, _)) = &self.exec_search_path {
            env.insert(b"PATH".to_vec(), path.clone());
        }
        for (name, at) in &self.pass {
            if let Some(value) = own.get(name) {
                env.insert(name.clone(), placed(value, at));
            }
        }
        env.extend(self.assignments.iter().map(|(n, v, _)| (n.clone(), v.clone())));
        for file in &self.files {
            let Some(path) = file.path.text() else { continue };
            let Some(bytes) = read(&path) else { continue };
            let path: Arc<[u8]> = Arc::from(path);
            for a in environment_d::parse(&bytes, &path).into_iter().filter(|a| is_name(&a.name)) {
                env.insert(a.name, Value::put(&a.value, Some(&a.at)));
            }
        }
        for (word, _) in &self.unset {
            let (name, value) = super::super::span(word, |b| b == b'=');
            match value.strip_prefix(b"=") {
                Some(value) if env.get(name).and_then(Value::text).is_none_or(|v| v != value) => {}
                _ => {
                    env.remove(name);
                }
            }
        }
        env
    }
}

/// `DefaultEnvironment=` and `ManagerEnvironment=` of the section `[Manager]`: what every service gets, and what the manager has
/// itself.
pub fn manager(settings: &[Setting]) -> (Env, Env) {
    let (mut default, mut own) = (Env::new(), Env::new());
    for s in settings.iter().filter(|s| s.section == b"Manager") {
        let env = match s.key.as_slice() {
            b"DefaultEnvironment" => &mut default,
            b"ManagerEnvironment" => &mut own,
            _ => continue,
        };
        if s.value.is_empty() {
            env.clear();
        }
        env.extend(assignments(s, None).into_iter().map(|(n, v, _)| (n, v)));
    }
    (default, own)
}

fn assignments(s: &Setting, specifiers: Option<&Specifiers>) -> Vec<(Vec<u8>, Value, At)> {
    let none = Specifiers::default();
    let one = |word: Vec<u8>| {
        let at = word.iter().position(|b| *b == b'=')?;
        let (name, value) = (word.get(..at)?, word.get(at + 1..)?);
        let value = specifiers.unwrap_or(&none).expand(value, &s.at);
        is_name(name).then(|| (name.to_vec(), value, s.at.clone()))
    };
    words(&s.value).0.into_iter().filter_map(one).collect()
}

fn names(s: &Setting, holds: impl Fn(&[u8]) -> bool) -> Vec<(Vec<u8>, At)> {
    words(&s.value).0.into_iter().filter(|w| holds(w)).map(|w| (w, s.at.clone())).collect()
}

/// The commands of a line: `;` as a word of its own starts another.
fn exec(key: &'static str, s: &Setting, specifiers: &Specifiers) -> Vec<Exec> {
    let mut out = Vec::new();
    for command in words(&s.value).0.split(|w| w == b";") {
        let Some((first, rest)) = command.split_first() else { continue };
        let (prefixes, program) = super::super::span(first, |b| !b"@-:+!|".contains(&b));
        if program.is_empty() {
            continue;
        }
        let words = std::iter::once(program).chain(rest.iter().map(Vec::as_slice));
        let words = words.map(|w| specifiers.expand(w, &s.at)).collect();
        out.push(Exec { key, prefixes: prefixes.to_vec(), words, at: s.at.clone() });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Vec<Setting> {
        super::super::parse(text.as_bytes(), &Arc::from(&b"x.service"[..]))
    }

    #[test]
    fn later_settings_add_and_empty_ones_reset() {
        let all = settings(
            "[Service]\nEnvironment=GONE=1\nEnvironment=\nEnvironment=\"GOPATH=%h/go\" A=1 2B=no\nEnvironmentFile=-/etc/default/x\nPassEnvironment=GOPROXY\n\
             UnsetEnvironment=LANG A=2\nUser=ann\nExecStart=/bin/gone\nExecStartPre=/bin/pre\nExecStart=\nExecStart=-@/usr/bin/go run . ; +/bin/true\n[Install]\nEnvironment=NO=1\n",
        );
        let of = Specifiers { home: Some(b"/root".to_vec()), ..Specifiers::default() };
        let got = ServiceEnvironment::of(&all, &[b"Service"], &of);
        assert_eq!(got.user.as_ref().unwrap().0.text().unwrap(), b"ann");
        let keys: Vec<_> = got.commands.iter().map(|c| c.key).collect();
        assert_eq!(keys, ["ExecStartPre", "ExecStart", "ExecStart"], "an empty one resets its own kind alone");
        assert_eq!(got.commands[1].prefixes, b"-@");
        assert_eq!(got.commands[1].words[0].text().unwrap(), b"/usr/bin/go");
        let v = |t: &str| Value::put(t.as_bytes(), None);
        let manager = Env::from([(b"PATH".to_vec(), v("/bin")), (b"LANG".to_vec(), v("C"))]);
        let own = Env::from([(b"GOPROXY".to_vec(), v("off"))]);
        let read = |path: &[u8]| (path == b"/etc/default/x").then(|| b"A=2\nGOFLAGS='-mod=mod'\n".to_vec());
        let env = got.environment(&manager, &own, &Env::new(), &read);
        let told: Vec<(String, String)> = env
            .iter()
            .map(|(n, v)| (String::from_utf8_lossy(n).into_owned(), String::from_utf8_lossy(&v.text().unwrap()).into_owned()))
            .collect();
        let want = [("GOFLAGS", "-mod=mod"), ("GOPATH", "/root/go"), ("GOPROXY", "off"), ("PATH", "/bin")];
        assert_eq!(told, want.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(env[&b"GOPROXY"[..]].at().unwrap().line, 6);
    }

    #[test]
    fn the_manager_has_two_environments() {
        let (default, own) =
            manager(&settings("[Manager]\nDefaultEnvironment=A=1 \"B=x y\"\nDefaultEnvironment=A=2\nManagerEnvironment=C=3\n"));
        assert_eq!(default[&b"A"[..]].text().unwrap(), b"2");
        assert_eq!(default[&b"B"[..]].text().unwrap(), b"x y");
        assert_eq!(own.len(), 1);
    }
}
