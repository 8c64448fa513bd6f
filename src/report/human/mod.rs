//! `--format human`: findings first, then what could not be read, one line a root, and the answer last.

mod doctor;
mod findings;
mod fix;
mod prune;
mod summary;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{FixReport, Report, text};
use crate::rule::Level;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Findings, and the answer unless all is well.
    Quiet,
    /// That and the roots; what is many is cut.
    Normal,
    /// Everything.
    Verbose,
}

/// How a report is laid out.
#[derive(Debug, Clone)]
pub struct Look {
    /// Columns.
    pub width: usize,
    /// Whether levels and paths have colour.
    pub color: bool,
    /// Whether long IDs are cut where a line would not fit. Not in a file: there they must be found by a search.
    pub shorten: bool,
    /// The home folder, shown as `~`.
    pub home: Option<PathBuf>,
    /// How much is said.
    pub detail: Detail,
}

impl Look {
    /// For a file or pipe: 80 columns, no colour, every name whole.
    pub fn plain(home: Option<PathBuf>, detail: Detail) -> Look {
        Look { width: 80, color: false, shorten: false, home, detail }
    }

    fn path(&self, path: &Path) -> String {
        text::path(path, self.home.as_deref())
    }

    /// A sentence with paths below the home folder as `~/...`.
    fn sentence(&self, sentence: &str) -> String {
        let shown = text::sentence(sentence);
        match self.home.as_deref().and_then(Path::to_str).filter(|h| h.len() > 1) {
            Some(home) => shown.replace(&format!("`{home}/"), "`~/").replace(&format!("`{home}`"), "`~`"),
            None => shown,
        }
    }

    /// The line, with long IDs cut if it does not fit otherwise.
    fn fit(&self, line: String) -> String {
        if self.shorten && text::columns(&line) > self.width { text::shorten_ids(&line) } else { line }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn level(&self, level: Level, text: &str) -> String {
        let code = match level {
            Level::Error => "1;31",
            Level::Warning => "1;33",
            Level::Note => "1;36",
        };
        self.paint(code, text)
    }

    fn place(&self, text: &str) -> String {
        self.paint("36", text)
    }
}

/// Writes what is going to be done, before it is asked for.
pub fn write_plan(report: &Report, repair: &FixReport, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    match &report.prune {
        Some(told) => prune::render_before(report, told, Some(repair), look, &mut page),
        None => fix::render_plan(repair, look, &mut page),
    }
    out.write_all(page.as_bytes())
}

/// Writes the report for people.
pub fn write(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    if let Some(told) = &report.doctor {
        if look.detail > Detail::Quiet {
            doctor::render_head(told, look, &mut page);
            doctor::render_starts(told, look, &mut page);
        }
        findings::render(report, look, &mut page);
        summary::render_unread(report, look, &mut page);
        doctor::render_end(report, look, &mut page);
        return out.write_all(page.as_bytes());
    }
    if let Some(told) = &report.prune {
        prune::render(report, told, look, &mut page);
        return out.write_all(page.as_bytes());
    }
    findings::render(report, look, &mut page);
    summary::render_unread(report, look, &mut page);
    if look.detail > Detail::Quiet {
        summary::render_roots(report, look, &mut page);
    }
    if let Some(repair) = &report.fix {
        fix::render(report, repair, look, &mut page);
    }
    summary::render_answer(report, look, &mut page);
    out.write_all(page.as_bytes())
}
