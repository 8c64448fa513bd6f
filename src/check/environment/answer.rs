//! The one line that the user needs: which `go` it is, from where, and which line of which file says so.

use crate::environment::{EntryState, Found, Machine, PathEntry, ProgramKind, View};
use crate::finding::path_text;
use crate::format::shell::At;

/// The answer, with the lines that it rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// One sentence.
    pub sentence: String,
    /// Its evidence.
    pub lines: Vec<Evidence>,
}

/// A line of a file, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The line.
    pub at: At,
    /// What stands there, where the file could be read.
    pub text: Option<String>,
    /// What it does, in a few words.
    pub does: String,
}

/// The answer for this process.
pub fn answer(machine: &Machine) -> Answer {
    let view = &machine.here;
    let Some(first) = view.go() else { return none(view) };
    let entry = view.entry(first);
    let mut sentence = format!("`go` is {} from `{}`", shown(first), folder(first));
    if let Some(real) = first.program.real.as_ref().filter(|r| **r != first.program.path) {
        sentence.push_str(&format!(" (a link to `{}`)", path_text(real).0));
    }
    let mut lines = Vec::new();
    let mut tell = |entry: Option<&PathEntry>, does: String| {
        if let Some(at) = entry.and_then(|e| e.at.clone()) {
            lines.push(Evidence { text: machine.lines.text(&at), at, does });
        }
    };
    tell(entry, format!("puts `{}` into PATH", folder(first)));
    let other =
        view.gos.iter().skip(1).find(|o| o.program.real != first.program.real && o.program.version() != first.program.version());
    match other {
        Some(other) => {
            sentence.push_str(&format!(", not the {} in `{}`, which comes later in PATH", shown(other), folder(other)));
            tell(view.entry(other), format!("puts `{}` into PATH, too late", folder(other)));
        }
        None => match entry.and_then(|e| e.at.as_ref()) {
            Some(at) => sentence.push_str(&format!(", which `{}`:{} puts into PATH", String::from_utf8_lossy(&at.file), at.line)),
            None => sentence.push_str(", which PATH names first"),
        },
    }
    Answer { sentence, lines }
}

/// There is no `go`.
fn none(view: &View) -> Answer {
    let unknown = view.path.iter().any(|e| e.state == EntryState::Unknown);
    let sentence = if view.path.is_empty() {
        "PATH is not set: no `go` is found".to_owned()
    } else if unknown {
        "which `go` it is can't be told: a part of PATH is known to a run alone".to_owned()
    } else {
        let entries = view.path.len();
        format!("there is no `go` in PATH: none of its {entries} {} has one", if entries == 1 { "entry" } else { "entries" })
    };
    Answer { sentence, lines: Vec::new() }
}

/// The version of a `go`, or what it is instead.
fn shown(found: &Found) -> String {
    match &found.program.kind {
        ProgramKind::Go { version: Some(version), .. } => version.strip_prefix("go").unwrap_or(version).to_owned(),
        ProgramKind::Go { version: None, .. } | ProgramKind::Other => "a program that tells no version".to_owned(),
        ProgramKind::Script => "a script".to_owned(),
        ProgramKind::Launcher => "what a version manager chooses".to_owned(),
    }
}

fn folder(found: &Found) -> String {
    found.program.path.parent().map(|p| path_text(p).0).unwrap_or_default()
}
