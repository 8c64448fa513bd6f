//! Rules on the entries of PATH.

use std::collections::BTreeSet;

use super::{Judge, profile_line};
use crate::environment::{EntryState, PathEntry};
use crate::finding::{Finding, Sink};
use crate::format::shell::At;
use crate::rule::{Fix, Kind, Level, Rule};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&ENTRY_EMPTY, &ENTRY_RELATIVE, &ENTRY_TILDE];

const SOURCE: &str = "os/exec/lp_unix.go (LookPath); POSIX.1-2017, Base Definitions, chapter 8.3 (PATH)";

/// PATH has an empty entry.
pub static ENTRY_EMPTY: Rule = Rule {
    id: "path-entry-empty",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH has an empty entry, which stands for the current folder",
    what: "PATH of this process, and of every way of starting a shell. A colon at its beginning or end, or two in a row.",
    why: "In a folder that somebody else fills (a repository that was cloned, a shared folder) a `git`, `gcc` or `go` that lies there is run \
          in the place of the real one; it mostly comes from `PATH=$X:$PATH` with an X that is not set.",
    go: "Refuses what it finds so (`exec: cannot run executable found relative to current directory`); shells and other programs run it.",
    mend: "Take the colon away, or write `${X:+$X:}$PATH`.",
    source: SOURCE,
    witness: |s| profile_line(s, "PATH=\"$NOT_SET:$PATH\""),
};

/// PATH has a relative entry.
pub static ENTRY_RELATIVE: Rule = Rule {
    id: "path-entry-relative",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH has an entry that is not absolute",
    what: "PATH of this process, and of every way of starting a shell.",
    why: "It leads elsewhere in each folder: in a repository that somebody else wrote it may lead to his programs.",
    go: "Refuses what it finds so (`exec: cannot run executable found relative to current directory`); shells and other programs run it.",
    mend: "Write the folder in full, from `/`, or with `$HOME`.",
    source: SOURCE,
    witness: |s| profile_line(s, "PATH=\"go/bin:$PATH\""),
};

/// PATH has an entry with a tilde that nobody replaces.
pub static ENTRY_TILDE: Rule = Rule {
    id: "path-entry-tilde",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH has an entry that begins with a tilde which no shell has replaced",
    what: "PATH of this process, and of every way of starting a shell. A tilde in quotes stays one.",
    why: "Only bash takes it for the home folder: there the programs are found, and everywhere else (zsh, sh, an editor, Go itself) they are not.",
    go: "Takes it for a folder called `~`, and finds nothing.",
    mend: "Write `$HOME` in its place.",
    source: SOURCE,
    witness: |s| profile_line(s, "PATH=\"~/go/bin:$PATH\""),
};

impl Judge<'_> {
    /// Entries of PATH, here and in every start; each is told once, by the line that puts it there.
    pub(super) fn path(&self, sink: &mut Sink) {
        let mut told: BTreeSet<(&str, Option<&At>, &[u8])> = BTreeSet::new();
        let views = std::iter::once(&self.machine.here).chain(self.machine.starts.iter().map(|s| &s.view));
        for entry in views.flat_map(|v| &v.path) {
            let Some(finding) = self.entry(entry) else { continue };
            if told.insert((finding.rule.id, entry.at.as_ref(), &entry.text)) {
                sink.push(finding);
            }
        }
    }

    fn entry(&self, entry: &PathEntry) -> Option<Finding> {
        let text = String::from_utf8_lossy(&entry.text).into_owned();
        let (rule, subject, message) = match entry.state {
            EntryState::Empty => (
                &ENTRY_EMPTY,
                "PATH entry".to_owned(),
                "puts an empty entry into PATH: the current folder, wherever that is".to_owned(),
            ),
            EntryState::Relative => {
                (&ENTRY_RELATIVE, text.clone(), format!("puts `{text}` into PATH, which counts from the current folder"))
            }
            EntryState::Tilde => (
                &ENTRY_TILDE,
                text.clone(),
                format!("puts `{text}` into PATH with a tilde that only bash takes for the home folder"),
            ),
            EntryState::Folder | EntryState::Missing | EntryState::NotFolder | EntryState::Unknown => return None,
        };
        let finding = self.about(rule, entry.at.as_ref(), "PATH", subject, message);
        let edit = |at: &At| match entry.state {
            EntryState::Tilde => self.edit(at, Some(self.machine.lines.text(at)?.replacen("~/", "$HOME/", 1))),
            _ => self.edit(at, None),
        };
        Some(Finding { mend: entry.at.as_ref().and_then(edit), ..finding })
    }
}
