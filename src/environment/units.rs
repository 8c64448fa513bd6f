//! Services of systemd that an administrator or the user wrote, as far as they matter to Go. Read from files alone: no manager
//! is asked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::services::{TOOLS as GO_TOOLS, called};
use super::{Disk, Looker, Program, User, View};
use crate::evidence::node::{Step, way_to};
use crate::evidence::owners::Owners;
use crate::evidence::settings::{SettingsEvidence, look};
use crate::format::machine::Env;
use crate::format::machine::cgroup::Belongs;
use crate::format::machine::environment_d::order;
use crate::format::machine::passwd::Account;
use crate::format::machine::systemd::service::{Exec, ServiceEnvironment, manager};
use crate::format::machine::systemd::{DEFAULT_PATH, Setting, Specifiers, drop_in_folders, parse};
use crate::format::shell::{At, Missing, Value, World};
use crate::locate::{bytes_of, text_of};
use crate::sys::NodeKind;

/// Units of one manager that are looked at: no machine has a tenth of it in the folders that people write to.
const UNITS: usize = 2000;

/// Folders of units of the system's manager, those that win first (systemd.unit(5)); below `/usr` they are the vendor's.
const SYSTEM: &[&str] =
    &["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"];
/// Those of a user's manager, below its home folder's first.
const USER: &[&str] = &["/etc/systemd/user", "/run/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"];

/// Who looks for the program of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// A shell, or `env`: by PATH of the service's environment.
    Path,
    /// systemd, for a program without a folder: by `ExecSearchPath=`, else where systemd was built to look, whatever PATH says
    /// (systemd.service(5), "Command lines").
    Manager,
    /// Nobody: it is written in full.
    Named,
}

/// A command that starts a program of Go.
#[derive(Debug, Clone)]
pub struct UnitCall {
    /// The program.
    pub tool: &'static str,
    /// Who looks for it.
    pub lookup: Lookup,
    /// The line of the command.
    pub at: At,
    /// The line that decides where it is looked for; `None` where that is systemd's own default.
    pub decided_at: Option<At>,
    /// What is found; its path as written where nothing is and it is written in full.
    pub found: Result<Arc<Program>, Option<PathBuf>>,
    /// Whether the user may look everywhere where it could be.
    pub certain: bool,
}

/// A service.
#[derive(Debug)]
pub struct Unit {
    /// Its full name.
    pub name: Vec<u8>,
    /// Whether the user's own manager runs it.
    pub of_user_manager: bool,
    /// Who it runs as; `None` where that is not known.
    pub runs_as: Option<Vec<u8>>,
    /// The unit's files and environment files that were read, those that win last.
    pub files: Vec<Arc<[u8]>>,
    /// What its programs get.
    pub env: Env,
    /// What that leads to.
    pub view: View,
    /// What Go's settings there name; `None` where something unknown decides.
    pub seen: Option<SettingsEvidence>,
    /// Its commands that start a program of Go.
    pub calls: Vec<UnitCall>,
}

impl Unit {
    /// Whether one of its own files has this line.
    pub fn sets(&self, at: &At) -> bool {
        self.files.contains(&at.file)
    }
}

/// One manager, and what it gives to every service.
struct Manager<'a> {
    user: &'a User,
    disk: &'a Disk,
    looker: &'a Looker,
    owners: &'a Owners,
    accounts: &'a [Account],
    of_user: bool,
    folders: Vec<Vec<u8>>,
    env: Env,
    own: Env,
}

/// The services of the system's manager and of the user's own that matter to Go. `user_env` is what the latter gives to its
/// services, where there is one. Of the system's, all concern who runs us, and another user those that run in his name.
pub fn units(
    user: &User,
    accounts: &[Account],
    disk: &Disk,
    looker: &Looker,
    owners: &Owners,
    user_env: Option<&Env>,
) -> Vec<Unit> {
    if !is_there(disk) {
        return Vec::new();
    }
    let to_bytes = |folders: &[&str]| folders.iter().map(|f| f.as_bytes().to_vec()).collect::<Vec<_>>();
    let (default, own) = manager(&configuration(disk, "system"));
    let mut env = Env::from([(b"PATH".to_vec(), Value::put(DEFAULT_PATH.as_bytes(), None))]);
    env.extend(default);
    let mut system_own = env.clone();
    system_own.extend(own);
    let parts = Manager { user, disk, looker, owners, accounts, of_user: false, folders: to_bytes(SYSTEM), env, own: system_own };
    let mut out = parts.units();
    if let Some(env) = user_env {
        let home = bytes_of(user.home.as_os_str());
        let mut folders = vec![[home.as_slice(), b"/.config/systemd/user"].concat()];
        folders.extend(to_bytes(USER));
        let mut own = env.clone();
        own.extend(manager(&configuration(disk, "user")).1);
        out.extend(Manager { of_user: true, folders, env: env.clone(), own, ..parts }.units());
    }
    out
}

/// The service of these that a process belongs to.
pub fn of<'u>(units: &'u [Unit], belongs: &Belongs) -> Option<&'u Unit> {
    let name = belongs.user_unit.as_ref().or(belongs.unit.as_ref())?;
    units.iter().find(|u| u.name == *name && u.of_user_manager == belongs.user_unit.is_some())
}

/// Whether systemd is there.
pub fn is_there(disk: &Disk) -> bool {
    disk.state(b"/usr/lib/systemd/systemd").is_some_and(|s| s.exists())
}

/// `system.conf` or `user.conf` with its drop-ins (systemd-system.conf(5)).
pub fn configuration(disk: &Disk, manager: &str) -> Vec<Setting> {
    let folders = ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"];
    let paths = folders.iter().map(|f| format!("{f}/{manager}.conf").into_bytes());
    let main = paths.into_iter().find(|p| disk.state(p).is_some_and(|s| s.exists()));
    let drop_ins = folders.iter().map(|f| format!("{f}/{manager}.conf.d").into_bytes()).collect();
    main.into_iter().chain(confs(disk, drop_ins)).filter_map(|path| settings(disk, &path)).flatten().collect()
}

/// The drop-ins of folders, in the order in which they are read.
fn confs(disk: &Disk, folders: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let listed: Vec<_> = folders.into_iter().map(|f| (f.clone(), disk.list(&f).unwrap_or_default())).collect();
    let read = order(&listed).into_iter().filter(|l| l.masked_by.is_none());
    read.map(|l| [l.folder, b"/", l.name].concat()).collect()
}

fn settings(disk: &Disk, path: &[u8]) -> Option<Vec<Setting>> {
    Some(parse(&disk.read(path).ok()?, &Arc::from(path)))
}

fn is_vendors(path: &[u8]) -> bool {
    path.starts_with(b"/usr/")
}

impl Manager<'_> {
    fn units(&self) -> Vec<Unit> {
        let mut names = BTreeSet::new();
        for folder in self.folders.iter().filter(|f| !is_vendors(f)) {
            for name in self.disk.list(folder).unwrap_or_default() {
                let unit = name.strip_suffix(b".d").unwrap_or(&name);
                if unit.ends_with(b".service") && names.len() < UNITS {
                    names.insert(unit.to_vec());
                }
            }
        }
        names.iter().filter_map(|name| self.unit(name)).collect()
    }

    /// The unit's own file, and whether it is the vendor's; `None` where there is none, it is masked, or another unit's.
    fn fragment(&self, name: &[u8]) -> Option<(Vec<u8>, bool)> {
        let paths = || self.folders.iter().map(|f| [f.as_slice(), b"/", name].concat());
        let (path, state) = paths().find_map(|path| {
            let state = self.disk.state(&path).filter(|s| s.exists() || s.link)?;
            Some((path, state))
        })?;
        // A link to /dev/null and an empty file mask it.
        if !state.file || state.size == 0 {
            return None;
        }
        if !state.link {
            let vendors = is_vendors(&path);
            return Some((path, vendors));
        }
        let real = self.disk.resolve(&path)?;
        let named = real.rsplit(|b| *b == b'/').next().unwrap_or_default();
        if named != name && template(name).as_deref() != Some(named) {
            return None;
        }
        let vendors = self.folders.iter().filter(|f| is_vendors(f)).filter_map(|f| self.disk.resolve(f));
        let is_vendors = vendors.into_iter().any(|f| real.starts_with(&f));
        Some((path, is_vendors))
    }

    fn unit(&self, name: &[u8]) -> Option<Unit> {
        let (fragment, vendors) = self.fragment(name).or_else(|| self.fragment(&template(name)?))?;
        let all = drop_in_folders(name);
        let folders = self.folders.iter().flat_map(|f| all.iter().map(move |d| [f.as_slice(), b"/", d].concat())).collect();
        let drop_ins = confs(self.disk, folders);
        if vendors && drop_ins.iter().all(|d| is_vendors(d)) {
            return None;
        }
        let mut files = Vec::new();
        let mut all = Vec::new();
        for path in std::iter::once(fragment).chain(drop_ins) {
            if let Some(settings) = settings(self.disk, &path) {
                all.extend(settings);
                files.push(Arc::from(path));
            }
        }
        let of_service =
            |key: &[u8]| all.iter().rev().find(|s| s.section == b"Service" && s.key == key).map(|s| s.value.as_slice());
        // What lies below another root can't be told from here.
        if [&b"RootDirectory"[..], b"RootImage"].iter().any(|key| of_service(key).is_some_and(|v| !v.is_empty())) {
            return None;
        }
        let service = ServiceEnvironment::of(&all, &[b"Service"], &self.specifiers(name));
        let (runs_as, identity) = self.identity(&service, of_service(b"DynamicUser"));
        if !self.user.is_us && runs_as.as_ref() != Some(&self.user.name) {
            return None;
        }
        let mut env = service.environment(&self.env, &self.own, &identity, &|path| self.disk.read(path).ok());
        let mut certain = service.pam_name.is_none();
        for file in &service.files {
            match file.path.text().filter(|p| !p.contains(&b'*') && !p.contains(&b'?') && !p.contains(&b'[')) {
                Some(path) => match self.disk.read(&path) {
                    Ok(_) => files.push(Arc::from(path)),
                    Err(e) => certain &= e == Missing::Absent,
                },
                None => certain = false,
            }
        }
        if !certain {
            env.insert(b"PATH".to_vec(), Value::unknown(None));
        }
        let cwd = if self.of_user { self.user.home.as_path() } else { Path::new("/") };
        let view = self.looker.view(&env, cwd);
        let calls: Vec<UnitCall> = service.commands.iter().flat_map(|c| self.calls(c, &service, &env, &view)).collect();
        let own = |value: &Value| value.at().is_some_and(|at| files.contains(&at.file));
        let counts = |name: &[u8]| name == b"PATH" || name.starts_with(b"GO") || name.starts_with(b"CGO_");
        if calls.is_empty() && !env.iter().any(|(name, value)| counts(name) && own(value)) {
            return None;
        }
        let seen = view.settings.as_deref().map(|s| look(s, self.owners));
        Some(Unit { name: name.to_vec(), of_user_manager: self.of_user, runs_as, files, env, view, seen, calls })
    }

    fn specifiers(&self, unit: &[u8]) -> Specifiers {
        let unit = unit.to_vec();
        if !self.of_user {
            let put = |text: &[u8]| Some(text.to_vec());
            return Specifiers {
                unit,
                user_manager: false,
                home: put(b"/root"),
                user: put(b"root"),
                uid: Some(0),
                shell: None,
                runtime: put(b"/run"),
            };
        }
        Specifiers {
            unit,
            user_manager: true,
            home: Some(bytes_of(self.user.home.as_os_str())),
            user: Some(self.user.name.clone()),
            uid: Some(self.user.uid),
            shell: self.user.login_shell.clone(),
            runtime: None,
        }
    }

    /// Who the service runs as, and what the system's manager sets for that account.
    fn identity(&self, service: &ServiceEnvironment, dynamic: Option<&[u8]>) -> (Option<Vec<u8>>, Env) {
        let dynamic = dynamic.is_some_and(|v| matches!(v, b"yes" | b"true" | b"1" | b"on" | b"y" | b"t"));
        match &service.user {
            _ if self.of_user => (Some(self.user.name.clone()), Env::new()),
            None if dynamic => (None, Env::new()),
            None => (Some(b"root".to_vec()), Env::new()),
            Some((value, at)) => {
                let account = value.text().and_then(|text| {
                    let number = std::str::from_utf8(&text).ok().and_then(|t| t.parse::<u32>().ok());
                    self.accounts.iter().find(|a| a.name == text || Some(a.uid) == number)
                });
                let Some(account) = account else { return (None, Env::new()) };
                let put = |name: &[u8], text: &[u8]| (name.to_vec(), Value::put(text, Some(at)));
                let env = Env::from([
                    put(b"HOME", &account.home),
                    put(b"LOGNAME", &account.name),
                    put(b"USER", &account.name),
                    put(b"SHELL", account.login_shell()),
                ]);
                (Some(account.name.clone()), env)
            }
        }
    }

    /// The programs of Go that a command starts.
    fn calls(&self, exec: &Exec, service: &ServiceEnvironment, env: &Env, view: &View) -> Vec<UnitCall> {
        let words: Vec<String> =
            exec.words.iter().map(|w| String::from_utf8_lossy(&w.text().unwrap_or_default()).into_owned()).collect();
        let skip = 1 + usize::from(exec.prefixes.contains(&b'@'));
        let Some((program, arguments)) = words.first().zip(words.get(skip..)) else { return Vec::new() };
        let named = program.rsplit('/').next().unwrap_or_default();
        let call =
            |tool, lookup, decided_at, found, certain| UnitCall { tool, lookup, at: exec.at.clone(), decided_at, found, certain };
        if let Some(tool) = GO_TOOLS.iter().copied().find(|t| *t == named) {
            if program.contains('/') {
                let path = PathBuf::from(text_of(program.as_bytes()));
                let certain = self.may_look(&way_to(&path)) && exec.words.first().is_some_and(Value::is_known);
                let found = self.looker.programs.at(&path).ok_or(Some(path));
                return vec![call(tool, Lookup::Named, Some(exec.at.clone()), found, certain)];
            }
            let search = service.exec_search_path.as_ref();
            let default = Value::put(DEFAULT_PATH.as_bytes(), None);
            let path = search.map_or(&default, |(path, _)| path);
            let view = self.looker.view(&Env::from([(b"PATH".to_vec(), path.clone())]), Path::new("/"));
            let (found, certain) = self.find(&view, tool);
            return vec![call(tool, Lookup::Manager, search.map(|(_, at)| at.clone()), found, certain)];
        }
        let by_path = |tool| {
            let (found, certain) = self.find(view, tool);
            let entry = found.as_ref().ok().and_then(|p| view.path.iter().find(|e| e.folder.as_deref() == p.path.parent()));
            let line = match entry {
                Some(entry) => entry.at.clone(),
                None => env.get(b"PATH".as_slice()).and_then(Value::at).cloned(),
            };
            call(tool, Lookup::Path, line, found, certain)
        };
        searched(named, arguments).into_iter().map(by_path).collect()
    }

    fn find(&self, view: &View, tool: &str) -> (Result<Arc<Program>, Option<PathBuf>>, bool) {
        let found = view.first(tool);
        let certain = view.path_known && view.path.iter().all(|e| self.may_look(&e.steps));
        (found.map(|f| Arc::clone(&f.program)).ok_or(None), certain)
    }

    /// Whether the user may see what lies at the end of a way.
    fn may_look(&self, steps: &[Step]) -> bool {
        steps.last().is_none_or(|s| s.stat.kind != NodeKind::Dir || self.disk.may(&s.stat, 1))
    }
}

/// The template of an instance: `go@.service` of `go@x.service`.
fn template(name: &[u8]) -> Option<Vec<u8>> {
    let at = name.iter().position(|b| *b == b'@')?;
    let dot = name.iter().rposition(|b| *b == b'.').filter(|dot| *dot > at + 1)?;
    Some([name.get(..=at)?, name.get(dot..)?].concat())
}

/// The programs of Go that a shell or `env` looks for in PATH; none where the shell reads files of its own first.
fn searched(program: &str, arguments: &[String]) -> Vec<&'static str> {
    let mut rest = arguments.iter().map(String::as_str);
    match program {
        "env" => {
            let mut rest = rest.skip_while(|w| !w.starts_with('-') && w.contains('=') && !w.starts_with("PATH="));
            rest.next().and_then(|word| GO_TOOLS.iter().copied().find(|t| *t == word)).into_iter().collect()
        }
        "sh" | "bash" | "dash" | "ash" | "ksh" => {
            while let Some(flag) = rest.next().and_then(|w| w.strip_prefix('-')) {
                if flag.starts_with('-') || flag.contains(['l', 'i']) {
                    return Vec::new();
                }
                if flag.contains('o') {
                    rest.next();
                }
                if flag.contains('c') {
                    return rest.next().map(called).unwrap_or_default();
                }
            }
            Vec::new()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_tell_who_looks_for_go() {
        let told = |line: &str| {
            let words: Vec<String> = line.split('|').map(str::to_owned).collect();
            searched(&words[0], &words[1..])
        };
        assert_eq!(told("env|GOFLAGS=-x|go|build"), ["go"]);
        assert_eq!(told("env|PATH=/x|go"), [""; 0]);
        assert_eq!(told("sh|-c|cd /srv && go build ./..."), ["go"]);
        assert_eq!(told("bash|-eo|pipefail|-c|go test"), ["go"]);
        assert_eq!(told("bash|-lc|go build"), [""; 0], "a login shell has its own PATH");
        assert_eq!(told("bash|--login|-c|go build"), [""; 0]);
        assert_eq!(told("sh|-c|export PATH=/x; go build"), [""; 0]);
        assert_eq!(told("sh|/srv/build.sh"), [""; 0]);
    }

    #[test]
    fn an_instance_has_a_template() {
        assert_eq!(template(b"go@x.service").unwrap(), b"go@.service");
        assert_eq!(template(b"go@.service"), None);
        assert_eq!(template(b"go.service"), None);
    }
}
