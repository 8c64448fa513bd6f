//! What a shell and a go command would see on this machine: gathered here for `doctor`, judged in `check`.
//!
//! | file | what it holds |
//! |---|---|
//! | `disk` | files through the eyes of one user; the machine that an evaluation of init files asks |
//! | `program` | programs, and the Go installations behind them |
//! | `view` | what one environment leads to: PATH entry by entry, every `go`, Go's settings |
//! | `ask` | asks a real shell |
//! | `start` | ways of starting a shell or program, each with what it ends with |
//! | `project` | which toolchain really runs in the current folder |
//! | `around` | what lies around: installations that no PATH leads to, the list of shells |
//! | `login` | who it is about, and what a login begins with |
//! | `shells` | every way of starting a shell |
//! | `sudo` | what sudoers makes of it |
//! | `caches` | whether Go's caches may be written |
//! | `container` | a Dockerfile |
//! | `target`, `process` | one binary, one running process |
//! | `editor` | settings of VS Code |
//! | `services` | cron and the user's own systemd |
//! | `units` | services of systemd that people wrote |
//! | `gather` | all of it, for one user |

pub mod around;
pub mod ask;
pub mod caches;
pub mod container;
pub mod disk;
pub mod editor;
pub mod gather;
pub mod login;
pub mod process;
pub mod program;
pub mod project;
pub mod services;
pub mod shells;
pub mod start;
pub mod sudo;
pub mod target;
pub mod units;
pub mod view;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use around::Around;
pub use caches::CacheSeen;
pub use container::Container;
pub use disk::Disk;
pub use editor::EditorFile;
pub use gather::{Inquiry, gather, gather_all};
pub use process::Process;
pub use program::{DeadLink, Installation, Program, ProgramKind, Programs};
pub use services::CronJob;
pub use start::{Asked, Shell, Start, StartKind, names, told};
pub use target::Target;
pub use units::{Lookup, Unit, UnitCall};
pub use view::{EntryState, Found, Looker, NamedGoroot, PathEntry, TOOLS, View};

use crate::evidence::owners::Owners;
use crate::format::machine::cgroup::Belongs;
use crate::format::shell::At;

/// Whose environment is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: Vec<u8>,
    /// Number.
    pub uid: u32,
    /// Home folder.
    pub home: PathBuf,
    /// The login shell that the account has.
    pub login_shell: Option<Vec<u8>>,
    /// The line of `/etc/passwd` that says so.
    pub at: Option<At>,
    /// Whether it is who runs us.
    pub is_us: bool,
}

/// Everything that `doctor` has gathered of one user's environment.
#[derive(Debug)]
pub struct Machine {
    /// Whose.
    pub user: User,
    /// The accounts of this machine, for who may write what.
    pub owners: Owners,
    /// What this process, or the one that was asked for, has for its environment.
    pub env: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What that leads to. The lines of its PATH are those of the first start that puts the same entry there.
    pub here: View,
    /// Ways of starting a shell or program.
    pub starts: Vec<Start>,
    /// Jobs of crontabs that the user runs.
    pub cron_jobs: Vec<CronJob>,
    /// Services of systemd that people wrote and that matter to Go.
    pub units: Vec<Unit>,
    /// Go installations that PATH of any start leads to, by their folders.
    pub installations: Vec<Arc<Installation>>,
    /// Go's caches, as this process has them.
    pub caches: Vec<CacheSeen>,
    /// The Dockerfile that was asked about.
    pub container: Option<Container>,
    /// The binary that was asked about.
    pub target: Option<Target>,
    /// The process that was asked about: `env` and `here` are its own.
    pub process: Option<Process>,
    /// What process 1 of the container leads to that this is, where it is one and we may look.
    pub first: Option<View>,
    /// Where this process, or the one that was asked about, belongs.
    pub belongs: Belongs,
    /// Settings files of VS Code.
    pub editor_files: Vec<EditorFile>,
    /// What lies around.
    pub around: Around,
    /// Texts of the lines that something came from.
    pub lines: Lines,
}

/// The texts of lines of init files.
#[derive(Debug, Clone, Default)]
pub struct Lines(BTreeMap<Vec<u8>, Arc<[u8]>>);

impl Lines {
    /// Keeps the text of a file.
    pub fn keep(&mut self, file: &[u8], text: &[u8]) {
        self.0.insert(file.to_vec(), Arc::from(text));
    }

    /// The text of a line, without its end; `None` where the file is not known. What is not Unicode is replaced.
    pub fn text(&self, at: &At) -> Option<String> {
        let number = usize::try_from(at.line).ok()?.checked_sub(1)?;
        let line = self.0.get(at.file.as_ref())?.split(|b| *b == b'\n').nth(number)?;
        Some(String::from_utf8_lossy(line).into_owned())
    }

    /// Every line of a file with its number, from 1; none where the file is not known.
    pub fn of<'l>(&'l self, file: &[u8]) -> impl Iterator<Item = (u32, String)> + use<'l> {
        let text: &'l [u8] = self.0.get(file).map_or(&[], |t| &**t);
        (1u32..).zip(text.split(|b| *b == b'\n')).map(|(n, line)| (n, String::from_utf8_lossy(line).into_owned()))
    }
}

impl User {
    /// The shell that the account has, where it is one that we know.
    pub fn shell(&self) -> Option<Shell> {
        let name = self.login_shell.as_deref()?.rsplit(|b| *b == b'/').next()?;
        match name {
            b"bash" | b"rbash" => Some(Shell::Bash),
            b"sh" | b"dash" | b"ash" => Some(Shell::Sh),
            b"zsh" => Some(Shell::Zsh),
            b"fish" => Some(Shell::Fish),
            _ => None,
        }
    }
}

impl Machine {
    /// The shell that the account has, where it is one that we know.
    pub fn login_shell(&self) -> Option<Shell> {
        self.user.shell()
    }

    /// The service that this process, or the one that was asked about, belongs to.
    pub fn own_unit(&self) -> Option<&Unit> {
        units::of(&self.units, &self.belongs).filter(|_| self.user.is_us)
    }

    /// The start of this kind, if it was evaluated.
    pub fn start(&self, kind: StartKind) -> Option<&Start> {
        self.starts.iter().find(|s| s.kind == kind)
    }
}
