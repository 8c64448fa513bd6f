//! The exit codes: their own contract, the same for every command and every format. Nothing else decides one.
//!
//! A report that is cut off by a closed pipe (`gocachescan | head`) ends quietly and keeps the code of the whole report:
//! what was found does not depend on who reads it.

use std::process::ExitCode;

use crate::error::Error;
use crate::policy;
use crate::report::{FixReport, Report};
use crate::rule::Level;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// The scan is complete and no finding reaches `--fail-on`.
    Clean,
    /// At least one finding reaches `--fail-on`.
    Found,
    /// Wrong usage, or an input that is not what it claims to be.
    Usage,
    /// No such finding, but the scan is incomplete or there was nothing to scan.
    Incomplete,
    /// Something that was planned was not done; nothing is lost.
    Undone,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Found => 1,
            Exit::Usage => 2,
            Exit::Incomplete => 3,
            Exit::Undone => 4,
        }
    }

    /// What a report means. A repair that fell short outweighs everything, then a finding at `fail_on`; then comes what could not be looked at.
    pub fn of_report(report: &Report, fail_on: Option<Level>, allow_empty: bool) -> Exit {
        if report.fix.as_ref().is_some_and(FixReport::fell_short) {
            return Exit::Undone;
        }
        let empty = report.nothing_scanned() || report.named_root_absent();
        if policy::reaches(&report.findings, fail_on) {
            Exit::Found
        } else if !report.complete || (empty && !allow_empty) {
            Exit::Incomplete
        } else {
            Exit::Clean
        }
    }

    /// What a failure of ours means.
    pub fn of_error(error: &Error) -> Exit {
        match error {
            Error::Usage(_) | Error::GoRefuses(_) => Exit::Usage,
            Error::Io { .. } => Exit::Incomplete,
        }
    }

    /// The graver of what a report means and what became of writing it: a finding stays one though a file could not be
    /// written.
    #[must_use]
    pub fn unless_found(self, other: Exit) -> Exit {
        if matches!(self, Exit::Found | Exit::Undone) { self } else { self.max(other) }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
