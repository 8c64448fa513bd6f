//! Every way of starting a shell: evaluated from its init files, and asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ask::{Ask, ask_all, program_of};
use super::{Asked, Disk, Looker, Shell, Start, StartKind, User};
use crate::format::shell::fish::{self, FishStart};
use crate::format::shell::posix::{self, Dialect, PosixStart, SystemFiles};
use crate::format::shell::{Outcome, STACK, Undecided, Value, Vars, World};
use crate::locate::bytes_of;
use crate::sys;

/// A shell of this machine, as far as it matters to its init files.
#[derive(Debug)]
struct Installed {
    shell: Shell,
    program: Option<PathBuf>,
    /// What `/bin/sh` is.
    dialect: Dialect,
}

/// What every start begins with.
#[derive(Debug)]
pub struct Origin<'a> {
    /// Whose.
    pub user: &'a User,
    /// Files as the user sees them.
    pub disk: &'a Disk,
    /// The environment before the first init file.
    pub env: BTreeMap<Vec<u8>, Value>,
    /// Whether shells may be asked.
    pub exec: bool,
    /// Name of this machine.
    pub hostname: Vec<u8>,
}

/// The user's own files of a shell: where there is one, the shell matters though its program is not here.
fn own_files(shell: Shell) -> &'static [&'static str] {
    match shell {
        Shell::Bash => &[".bashrc", ".bash_profile", ".bash_login"],
        Shell::Sh => &[".profile"],
        Shell::Zsh => &[".zshenv", ".zprofile", ".zshrc", ".zlogin"],
        Shell::Fish => &[".config/fish/config.fish"],
    }
}

/// Evaluates all starts of all shells that matter, and asks those that may be asked.
pub fn starts(origin: &Origin<'_>, looker: &Looker) -> Vec<Start> {
    let mut all = Vec::new();
    if cfg!(not(unix)) {
        return Vec::new();
    }
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Sh] {
        let program = program_of(shell, origin.user.login_shell.as_deref());
        let home = &origin.user.home;
        let has_files = own_files(shell).iter().any(|f| sys::lstat(&home.join(f)).is_ok());
        if program.is_none() && !has_files {
            continue;
        }
        let dialect = dialect_of(shell, program.as_deref());
        let installed = Installed { shell, program, dialect };
        for (login, interactive) in [(true, true), (true, false), (false, true), (false, false)] {
            all.push((installed.program.clone(), installed.start(origin, looker, login, interactive)));
        }
    }
    ask(origin, &mut all);
    let mut starts: Vec<Start> = all.into_iter().map(|(_, start)| start).collect();
    for start in &mut starts {
        learn(start, &origin.user.home, looker);
    }
    starts
}

/// Asks the shells, side by side, where the user is who runs us: nobody else's files are run.
fn ask(origin: &Origin<'_>, all: &mut [(Option<PathBuf>, Start)]) {
    let env: Option<BTreeMap<Vec<u8>, Vec<u8>>> = origin.env.iter().map(|(n, v)| Some((n.clone(), v.text()?))).collect();
    let (Some(env), true) = (env, origin.exec && origin.user.is_us) else { return };
    let cwd = if sys::stat(&origin.user.home).is_ok() { origin.user.home.clone() } else { PathBuf::from("/") };
    let question = |(program, start): &(Option<PathBuf>, Start)| {
        let program = program.clone()?;
        Some(Ask { kind: start.kind, program, env: env.clone(), cwd: cwd.clone() })
    };
    let asks: Vec<Option<Ask>> = all.iter().map(question).collect();
    let mut answers = ask_all(&asks.iter().flatten().cloned().collect::<Vec<_>>()).into_iter();
    for ((_, start), asked) in all.iter_mut().zip(&asks) {
        if asked.is_some() {
            start.asked = answers.next().unwrap_or(Asked::No);
        }
    }
}

/// Where the prediction leaves PATH open, what the shell said tells which `go` it is; lines stay those of the prediction.
fn learn(start: &mut Start, home: &Path, looker: &Looker) {
    let Asked::Environment(env) = &start.asked else { return };
    if start.view.path_known && start.view.settings.is_some() {
        return;
    }
    let values = env.iter().map(|(name, value)| (name.clone(), Value::put(value, None))).collect();
    let mut view = looker.view(&values, home);
    view.lend_lines(start.view.path.iter());
    start.view = view;
}

/// What `/bin/sh` is: told by where its link leads.
fn dialect_of(shell: Shell, program: Option<&Path>) -> Dialect {
    match shell {
        Shell::Bash => Dialect::Bash,
        Shell::Zsh => Dialect::Zsh,
        Shell::Fish | Shell::Sh => {
            let real = program.and_then(|p| sys::resolve(p).ok());
            let is_bash = real.as_deref().and_then(Path::file_name).is_some_and(|n| n.to_string_lossy().starts_with("bash"));
            if is_bash { Dialect::BashAsSh } else { Dialect::Dash }
        }
    }
}

impl Installed {
    fn start(&self, origin: &Origin<'_>, looker: &Looker, login: bool, interactive: bool) -> Start {
        let vars = Vars::of_environment(origin.env.clone());
        let evaluate = || match self.shell {
            Shell::Fish => self.fish(origin, vars, login, interactive),
            Shell::Bash | Shell::Sh | Shell::Zsh => self.posix(origin, vars, login, interactive),
        };
        // Init files may nest and call as deep as they like: how deep they are followed is bounded, and so is the stack for it.
        let outcome = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, evaluate).ok()?;
            thread.join().ok()
        });
        let outcome = outcome.unwrap_or_else(|| {
            let what = "what its init files do: no thread could be started to go through them".to_owned();
            let mut vars = Vars::default();
            vars.others_unknown = true;
            Outcome { vars, undecided: vec![Undecided { at: None, what }], ..Outcome::default() }
        });
        of_outcome(StartKind::Shell(self.shell, login, interactive), outcome, &origin.user.home, looker)
    }

    fn posix(&self, origin: &Origin<'_>, vars: Vars, login: bool, interactive: bool) -> Outcome {
        let home = bytes_of(origin.user.home.as_os_str());
        let there = |path: &[u8]| origin.disk.state(path).is_some_and(|s| s.exists());
        let system = SystemFiles {
            profile: b"/etc/profile",
            bashrc: Some(b"/etc/bash.bashrc".as_slice()).filter(|p| there(p)),
            // Debian, Arch and others build zsh with --enable-etcdir=/etc/zsh.
            zsh: if there(b"/etc/zsh") { b"/etc/zsh" } else { b"/etc" },
        };
        let start = PosixStart {
            dialect: self.dialect,
            login,
            interactive,
            command: true,
            home: Some(&home),
            user: &origin.user.name,
            uid: origin.user.uid,
            cwd: &home,
            version: None,
            hostname: Some(&origin.hostname),
            system,
        };
        posix::start(origin.disk, &start, vars)
    }

    fn fish(&self, origin: &Origin<'_>, vars: Vars, login: bool, interactive: bool) -> Outcome {
        let home = bytes_of(origin.user.home.as_os_str());
        let data_dir = match self.program.as_deref().and_then(|p| sys::resolve(p).ok()) {
            Some(real) if real.starts_with("/usr/local") => b"/usr/local/share/fish".as_slice(),
            Some(real) if real.starts_with("/opt/homebrew") => b"/opt/homebrew/share/fish".as_slice(),
            _ => b"/usr/share/fish".as_slice(),
        };
        let start = FishStart {
            login,
            interactive,
            command: true,
            home: Some(&home),
            user: &origin.user.name,
            uid: origin.user.uid,
            cwd: &home,
            version: None,
            data_dir,
            sysconf_dir: b"/etc/fish",
        };
        fish::start(origin.disk, &start, vars)
    }
}

/// A start from the variables and files that an evaluation ended with.
pub fn of_outcome(kind: StartKind, outcome: Outcome, home: &Path, looker: &Looker) -> Start {
    let mut env = BTreeMap::new();
    let mut kept_back = BTreeMap::new();
    for (name, var) in outcome.vars.iter() {
        match (&var.value, var.exported) {
            (Some(value), Some(true)) => {
                env.insert(name.to_vec(), value.clone());
            }
            // Whether programs get it is not known: then its value is not.
            (Some(value), None) => {
                env.insert(name.to_vec(), Value::unknown(value.at()));
            }
            (Some(value), Some(false)) if name == b"PATH" || name.starts_with(b"GO") => {
                kept_back.insert(name.to_vec(), value.clone());
            }
            _ => {}
        }
    }
    if outcome.vars.others_unknown {
        // Something unknown was run in the shell itself: it may have set any of them.
        env.entry(b"PATH".to_vec()).or_insert_with(|| Value::unknown(None));
    }
    let view = looker.view(&env, home);
    let counts = |name: &&[u8]| matches!(*name, b"go" | b"gofmt" | b"gopls" | b"git" | b"gcc");
    let names = outcome.names.into_iter().filter(|(name, _)| counts(&name.as_slice())).collect();
    Start {
        kind,
        files: outcome.files,
        env,
        kept_back,
        names,
        undecided: outcome.undecided,
        ended: outcome.ended,
        asked: Asked::No,
        view,
    }
}
