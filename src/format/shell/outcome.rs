//! What an evaluation ends with.

use std::collections::BTreeMap;

use super::value::At;
use super::vars::Vars;

/// An init file that a start looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSeen {
    /// The path, as the shell named it.
    pub path: Vec<u8>,
    /// Whether it was read; `None` where that hangs on what is not known.
    pub read: Option<bool>,
    /// Why it was read or not, in a few words: `the first of ~/.bash_profile, ~/.bash_login and ~/.profile that is there`,
    /// `not there`, `~/.bash_profile was read instead`, `sourced`.
    pub why: String,
    /// The line that sourced it; `None` for what the shell reads by itself.
    pub by: Option<At>,
}

/// A place where only a run could tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// The line.
    pub at: Option<At>,
    /// What is not known and why, in a few words: ``what `eval "$(brew shellenv)"` sets``.
    pub what: String,
}

/// An alias or a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it stands for, as written; of a function its body is left out.
    pub text: Vec<u8>,
    /// Whether it is a function.
    pub function: bool,
    /// The line that defines it.
    pub at: Option<At>,
}

/// How a start of a shell ends: the state before the first prompt or the first command of `-c`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The variables.
    pub vars: Vars,
    /// Init files in the order that the shell looked at them, those that were not read too.
    pub files: Vec<FileSeen>,
    /// What could not be decided, in order.
    pub undecided: Vec<Undecided>,
    /// Aliases and functions by name: `go` may be one.
    pub names: BTreeMap<Vec<u8>, Named>,
    /// The shell left or became another program (`exit`, `exec`, a syntax error that ends it) on this line: no prompt is reached.
    pub ended: Option<At>,
}
