//! bash, zsh, dash, and bash under the name `sh`.
//!
//! Sources: the manuals bash(1) "INVOCATION", zsh(1) "STARTUP/SHUTDOWN FILES", dash(1) "Invocation", and POSIX.1-2017 "Shell
//! Command Language". What a construct does that is not evaluated here is unknown, never guessed.

mod arith;
mod assign;
mod ast;
mod braces;
mod branches;
mod builtins;
mod compound;
mod declare;
mod edit;
mod escapes;
mod expand;
mod glob;
mod names;
mod operate;
mod options;
mod output;
mod param_value;
mod params;
mod parse_simple;
mod parser;
mod pattern;
mod reader;
mod run;
mod shell;
mod simple;
mod start;
mod state;
mod test;
mod variables;

use super::outcome::Outcome;
use super::vars::Vars;
use super::world::World;

/// A shell of this family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// dash, `sh` on Debian.
    Dash,
    /// bash.
    Bash,
    /// zsh.
    Zsh,
    /// bash under the name `sh`: it reads other files, and those not in POSIX mode.
    BashAsSh,
}

/// Where this machine's build of a shell has its system-wide files.
#[derive(Debug, Clone, Copy)]
pub struct SystemFiles<'a> {
    /// `/etc/profile`
    pub profile: &'a [u8],
    /// bash's file for interactive shells: `/etc/bash.bashrc` on Debian, none upstream.
    pub bashrc: Option<&'a [u8]>,
    /// The folder of zsh's: `/etc/zsh` on Debian, `/etc` upstream.
    pub zsh: &'a [u8],
}

/// How a shell is started.
#[derive(Debug, Clone, Copy)]
pub struct PosixStart<'a> {
    /// Which shell.
    pub dialect: Dialect,
    /// A login shell.
    pub login: bool,
    /// An interactive shell.
    pub interactive: bool,
    /// A command is given with `-c`; it is never run here.
    pub command: bool,
    /// The user's home folder, as the account database has it.
    pub home: Option<&'a [u8]>,
    /// The user's name.
    pub user: &'a [u8],
    /// The user's number.
    pub uid: u32,
    /// The folder it is started in: an absolute path without `.` and `..`.
    pub cwd: &'a [u8],
    /// The shell's version, such as `5.2.15`.
    pub version: Option<&'a str>,
    /// The machine's name.
    pub hostname: Option<&'a [u8]>,
    /// Its system-wide files.
    pub system: SystemFiles<'a>,
}

/// What such a start ends with, just before the first prompt or the command of `-c`. It always ends, and errors of the files are
/// what they are to the shell.
pub fn start(world: &dyn World, start: &PosixStart<'_>, env: Vars) -> Outcome {
    let mut shell = shell::Shell::new(world, start);
    shell.prepare(env);
    shell.init_files();
    shell.outcome()
}
