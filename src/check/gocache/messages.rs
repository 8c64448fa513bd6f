//! Rules on text that Go prints again as it is kept: what compilers, linkers, vet and tests said.

use std::path::Path;

use super::roles::Row;
use crate::evidence::gocache::{Kept, output_path};
use crate::facts::Role;
use crate::finding::{Finding, RootKind, Sink};
use crate::format::escape::Escape;
use crate::rule::{Fix, Kind, Level, Rule};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&TERMINAL_ESCAPE];

/// Terminal escapes in what is printed again.
pub static TERMINAL_ESCAPE: Rule = Rule {
    id: "terminal-escape",
    level: Level::Warning,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "cached messages hold terminal escapes, which Go prints as they are",
    what: "Escape sequences in the cached messages of compiler and linker. Colours, which gcc writes when it is told to, and whatever a test or \
           `go vet` printed, are a `note`: tests may print anything.",
    why: "Escapes can hide a warning, rewrite what was shown before, or put a command into the clipboard, each time that the package is \
          taken from the cache. Neither Go's compiler nor its linker writes them; a wrapper around them (`-toolexec`) may.",
    go: "Prints them unchanged.",
    mend: "Look at the file with `cat -v`. Move it away with its action entry if you do not know where it comes from.",
    source: "cmd/go/internal/work/buildid.go (showStdout), cmd/go/internal/test/test.go (tryCacheWithID)",
    witness: |s| s.put_escape(),
};

/// Judges what lies under one entry, if Go prints it.
pub fn judge(root: &Path, row: &Row<'_>, sink: &mut Sink) {
    let (Some((role, _)), Some(output)) = (row.role, row.output) else { return };
    let who = match role {
        Role::Stdout => "the compiler",
        Role::LinkStdout => "the linker",
        Role::VetStdout => "`go vet` or `go fix`",
        Role::TestResult => "a test",
        _ => return,
    };
    let (escape, in_json) = match row.kept() {
        Some(Kept::Result(escape)) => (*escape, false),
        Some(Kept::Text { escape, in_json }) => (*escape, *in_json && role == Role::VetStdout),
        _ => return,
    };
    let what = match escape {
        Some(Escape::Control) => "escapes that move the cursor or command the terminal otherwise",
        Some(Escape::Colour) => "colours",
        None if in_json => "an escape in the spelling of JSON",
        None => return,
    };
    let tool = matches!(role, Role::Stdout | Role::LinkStdout);
    let path = root.join(output_path(output.id));
    let message = format!("what {who} said holds {what}; go prints it unchanged whenever it takes the result from the cache");
    let finding = Finding::at(&TERMINAL_ESCAPE, RootKind::Gocache, &path, row.entry.action.to_string(), message);
    let told = if tool && escape == Some(Escape::Control) { finding } else { finding.lowered_to(Level::Note) };
    sink.push_bounded(told);
}
