//! Why a Go environment does not take effect, and which part of it is unsafe.
//!
//! | theme | what is told |
//! |---|---|
//! | [`answer`] | which `go` it is, and why |
//! | [`path`] | entries of PATH: empty, relative, missing, writable by others, twice |
//!
//! What is judged is what was gathered: nothing here opens a file or runs a program.

pub mod answer;
pub mod path;

pub use answer::{Answer, Evidence, answer};

use std::io;
use std::path::PathBuf;

use crate::environment::Machine;
use crate::finding::{Finding, Mend, Place, RootKind, Sink};
use crate::format::shell::At;
use crate::locate::text_of;
use crate::rule::Rule;
use crate::sample::Sample;

/// Every rule that `doctor` alone tells.
pub const RULES: &[&[&Rule]] = &[path::RULES];

/// Judges all that was gathered.
pub fn check(machine: &Machine, sink: &mut Sink) {
    let judge = Judge { machine };
    judge.path(sink);
}

struct Judge<'a> {
    machine: &'a Machine,
}

impl Judge<'_> {
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

    /// The line at `at` put otherwise, or removed.
    fn edit(&self, at: &At, new: Option<String>) -> Option<Mend> {
        let old = self.machine.lines.text(at)?;
        Some(Mend::Edit { file: PathBuf::from(text_of(&at.file)), line: u64::from(at.line), old, new })
    }
}

/// A witness: a line at the end of the user's `.profile`, which a login shell reads.
fn profile_line(s: &mut Sample, line: &str) -> io::Result<Place> {
    let path = s.root().join("home/.profile");
    s.append(&path, format!("{line}\n").as_bytes())?;
    Ok(Sample::place(&path))
}
