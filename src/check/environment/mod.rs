//! Why a Go environment does not take effect, and which part of it is unsafe.
//!
//! | theme | what is told |
//! |---|---|
//! | [`mod@answer`] | which `go` it is, and why |
//! | [`path`] | entries of PATH: empty, relative, missing, writable by others, twice |
//! | [`tools`] | programs that Go starts by name, `gofmt` and `gopls` |
//! | [`go`] | which `go` it is: shadowed, missing, an alias |
//! | [`init`] | init files that are not read, variables that are not exported |
//! | [`installation`] | GOROOT and the Go installations |
//! | [`toolchain`] | which Go really runs in the current folder |
//! | [`caches`] | caches that are links, or that the user may not write to |
//! | [`starts`] | `sudo` and cron, and shells that say otherwise than their files |
//! | [`units`] | services of systemd that people wrote |
//! | [`first`] | process 1 of a container |
//! | [`edits`] | changes to one line of an init file |
//!
//! What is judged is what was gathered: nothing here opens a file or runs a program.

pub mod answer;
pub mod caches;
pub mod container;
pub mod editor;
pub mod edits;
pub mod first;
pub mod go;
pub mod init;
pub mod installation;
pub mod path;
mod settings;
pub mod starts;
pub mod target;
pub mod toolchain;
pub mod tools;
pub mod units;

pub use answer::{Answer, Evidence, answer};

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::environment::{Machine, View};
use crate::evidence::node::{Changer, Step};
use crate::finding::{Finding, Mend, Place, RootKind, Sink, path_text};
use crate::format::shell::At;
use crate::locate::text_of;
use crate::rule::Rule;
use crate::sample::Sample;

/// Every rule that `doctor` alone tells.
pub const RULES: &[&[&Rule]] = &[
    path::RULES,
    tools::RULES,
    installation::RULES,
    go::RULES,
    init::RULES,
    toolchain::RULES,
    starts::RULES,
    caches::RULES,
    editor::RULES,
    container::RULES,
    first::RULES,
    target::RULES,
    units::RULES,
];

/// What was found on Go's settings elsewhere than in this process.
#[derive(Debug, Default)]
pub struct Elsewhere {
    /// In each start, in their order.
    pub starts: Vec<Vec<Finding>>,
    /// In jobs of cron, by their number.
    pub jobs: Vec<(usize, Vec<Finding>)>,
    /// In each unit, in their order.
    pub units: Vec<Vec<Finding>>,
    /// In each stage of the Dockerfile, in their order.
    pub stages: Vec<Vec<Finding>>,
}

/// Judges all that was gathered. What `sink` holds already of Go's settings is told by the lines that set them, and so is what
/// was found elsewhere.
pub fn check(machine: &Machine, elsewhere: Elsewhere, sink: &mut Sink) {
    let judge = Judge { machine, seen_open: RefCell::default() };
    for finding in sink.iter_mut() {
        judge.place_setting(finding);
    }
    judge.settings_elsewhere(elsewhere.starts, elsewhere.jobs, sink);
    judge.path(sink);
    judge.tools(sink);
    judge.installations(sink);
    judge.go(sink);
    judge.init(sink);
    judge.not_in_path(sink);
    judge.toolchain(sink);
    judge.sudo(sink);
    judge.systemd_user(sink);
    judge.cron(sink);
    judge.units(elsewhere.units, sink);
    judge.caches(sink);
    judge.asked(sink);
    judge.editor(sink);
    judge.container(elsewhere.stages, sink);
    judge.first_process(sink);
    judge.target(sink);
    judge.process(sink);
}

struct Judge<'a> {
    machine: &'a Machine,
    /// Folders and files that others may write to and that were told already: one cause, one finding.
    seen_open: RefCell<BTreeSet<PathBuf>>,
}

impl<'a> Judge<'a> {
    /// What this process's environment leads to, then every start's.
    fn views(&self) -> impl Iterator<Item = &'a View> {
        let machine: &'a Machine = self.machine;
        std::iter::once(&machine.here).chain(machine.starts.iter().map(|s| &s.view))
    }

    /// Who may change a folder or file, beside the user, root and us.
    fn changer(&self, step: &Step) -> Option<Changer> {
        step.changer(&self.machine.owners, self.machine.user.uid)
    }

    /// A finding about a folder or file.
    fn node(&self, rule: &'static Rule, step: &Step, subject: String, message: String) -> Finding {
        Finding::at(rule, RootKind::Environment, &step.path, subject, message)
    }

    /// A path without what differs from machine to machine: the home folder.
    fn short(&self, path: &Path) -> String {
        match path.strip_prefix(&self.machine.user.home) {
            Ok(rest) if !self.machine.user.home.as_os_str().is_empty() => path_text(&Path::new("~").join(rest)).0,
            _ => path_text(path).0,
        }
    }

    /// A finding about a line of a file; without one, about the variable.
    fn about(
        &self,
        rule: &'static Rule,
        at: Option<&At>,
        name: &str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Finding {
        match at {
            Some(at) => {
                let place = Place::Path(PathBuf::from(text_of(&at.file)));
                Finding::new(rule, RootKind::Environment, place, subject, message).line(u64::from(at.line))
            }
            None => Finding::new(rule, RootKind::Environment, Place::Env(name.to_owned()), subject, message),
        }
    }

    /// The line at `at` without its assignment to `name`, where that is plain.
    fn unset(&self, at: &At, name: &str) -> Option<Mend> {
        self.edit(at, edits::without_assignment(&self.machine.lines.text(at)?, name)?)
    }

    /// The line at `at` put otherwise, or removed.
    fn edit(&self, at: &At, new: Option<String>) -> Option<Mend> {
        let old = self.machine.lines.text(at)?;
        Some(Mend::Edit { file: PathBuf::from(text_of(&at.file)), line: u64::from(at.line), old, new })
    }
}

/// A line of a file as `file:line`; without one, the variable.
fn said_at(at: Option<&At>, name: &str) -> String {
    at.map_or_else(|| format!("env:{name}"), |at| format!("{}:{}", path_text(Path::new(&text_of(&at.file))).0, at.line))
}

/// A witness: a line at the end of the user's `.profile`, which a login shell reads.
fn profile_line(s: &mut Sample, line: &str) -> io::Result<Place> {
    let path = s.root().join("home/.profile");
    s.append(&path, format!("{line}\n").as_bytes())?;
    Ok(Sample::place(&path))
}

#[cfg(test)]
mod tests;
