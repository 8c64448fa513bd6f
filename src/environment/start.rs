//! Ways of starting a shell or a program, and what each ends with.

use std::collections::BTreeMap;

use super::view::View;
use crate::format::shell::{At, FileSeen, Named, Undecided, Value};

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shell {
    /// bash.
    Bash,
    /// `/bin/sh`, whatever it is here.
    Sh,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

crate::word::words!(Shell: Bash => "bash", Sh => "sh", Zsh => "zsh", Fish => "fish");

/// How something is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StartKind {
    /// A shell: whether it is a login shell, and whether it is interactive. One that is neither was given a command or a script.
    Shell(Shell, bool, bool),
    /// `sudo`.
    Sudo,
    /// A job of cron.
    Cron,
    /// A unit of the user's own systemd.
    SystemdUser,
    /// `RUN` in a Dockerfile.
    DockerRun,
    /// `ENTRYPOINT` or `CMD` of a Dockerfile.
    DockerEntrypoint,
}

impl StartKind {
    /// The words of the report.
    pub fn as_str(self) -> String {
        match self {
            StartKind::Shell(shell, login, interactive) => {
                let how = match (login, interactive) {
                    (true, true) => "login interactive",
                    (true, false) => "login",
                    (false, true) => "interactive",
                    (false, false) => "-c",
                };
                format!("{shell} {how}")
            }
            StartKind::Sudo => "sudo".to_owned(),
            StartKind::Cron => "cron".to_owned(),
            StartKind::SystemdUser => "systemd user".to_owned(),
            StartKind::DockerRun => "docker RUN".to_owned(),
            StartKind::DockerEntrypoint => "docker ENTRYPOINT".to_owned(),
        }
    }
}

/// The names of several ways of starting: a shell whose four ways are all among them is named once.
pub fn names(kinds: &[StartKind]) -> String {
    let of = |shell: Shell| kinds.iter().filter(|k| matches!(k, StartKind::Shell(s, ..) if *s == shell)).count();
    let mut out: Vec<String> = Vec::new();
    for kind in kinds {
        let name = match kind {
            StartKind::Shell(shell, ..) if of(*shell) == 4 => shell.as_str().to_owned(),
            _ => kind.as_str(),
        };
        if out.last() != Some(&name) {
            out.push(name);
        }
    }
    out.join(", ")
}

/// What a real shell said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Nobody asked: `--no-exec`, the shell is not there, or its files belong to somebody else.
    No,
    /// It gave no answer in time, or none that could be read.
    Failed(String),
    /// Its environment.
    Environment(BTreeMap<Vec<u8>, Vec<u8>>),
}

/// One way of starting a shell or a program, and what it ends with.
#[derive(Debug, Clone)]
pub struct Start {
    /// How.
    pub kind: StartKind,
    /// Init files in the order in which they are looked at.
    pub files: Vec<FileSeen>,
    /// Exported variables as predicted; a value may be unknown in part.
    pub env: BTreeMap<Vec<u8>, Value>,
    /// PATH and variables of Go that are set, but not exported: programs do not get them.
    pub kept_back: BTreeMap<Vec<u8>, Value>,
    /// Aliases and functions called like a program that counts.
    pub names: BTreeMap<Vec<u8>, Named>,
    /// What could not be told without a run.
    pub undecided: Vec<Undecided>,
    /// Where the shell leaves before it is ready.
    pub ended: Option<At>,
    /// What the real shell said.
    pub asked: Asked,
    /// What the predicted environment leads to.
    pub view: View,
}

/// Whether a report tells a variable: those that decide what Go does and what init files are read. Others may hold secrets.
pub fn told(name: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[
        b"PATH",
        b"HOME",
        b"USER",
        b"LOGNAME",
        b"SHELL",
        b"ENV",
        b"BASH_ENV",
        b"ZDOTDIR",
        b"XDG_CONFIG_HOME",
        b"XDG_CACHE_HOME",
        b"CC",
        b"CXX",
        b"AR",
        b"FC",
        b"GCCGO",
        b"PKG_CONFIG",
        b"TMPDIR",
    ];
    name.starts_with(b"GO") || name.starts_with(b"CGO_") || NAMES.contains(&name)
}

impl Start {
    /// Whether it reads an init file, or may read it.
    pub fn reads(&self, file: &[u8]) -> bool {
        self.files.iter().any(|f| f.path == file && f.read != Some(false))
    }

    /// The value of an exported variable, as far as all of it is known.
    pub fn text(&self, name: &str) -> Option<Vec<u8>> {
        self.env.get(name.as_bytes()).and_then(Value::text)
    }
}
