//! Rules on what an output holds, against what its key says that it is.

mod derive;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use derive::{Row, Rows, derive};

use crate::evidence::gocache::{Kept, action_path};
use crate::facts::{Role, RoleBy};
use crate::finding::{Finding, RootKind, Sink};
use crate::format::output::OutputClass;
use crate::rule::{Fix, Kind, Level, Rule};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&ACTION_ROLE_MISMATCH, &SOURCE_LIST_OUTSIDE];

/// A key of one role with an output of another.
pub static ACTION_ROLE_MISMATCH: Rule = Rule {
    id: "action-role-mismatch",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an action entry names an output of another kind than its key stands for",
    what: "What each key stands for is computed as Go does: the messages, source list, generated sources and C header beside an archive, \
           what `go vet` and `go fix` said, the index of a module, what is known of a C compiler, the result of a test. The output must be \
           of that kind. An archive or program that names another action is told by its build ID alone.",
    why: "Every sha256 is in order in such a cache, so nothing else shows it. Somebody pointed the entry to another output, to have it \
          printed, compiled or believed in the place of the true one.",
    go: "Uses the output: it compares sizes only.",
    mend: "Move the entry away; the next build makes it afresh. Then find out who wrote it.",
    source: "cmd/go/internal/cache/hash.go (Subkey), cmd/go/internal/work/exec.go, buildid.go, modindex/read.go, test/test.go",
    witness: |s| s.repoint_source_list(),
};

/// A list of sources that leads out of its package.
pub static SOURCE_LIST_OUTSIDE: Rule = Rule {
    id: "source-list-outside-package",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached list of source files leads out of its package",
    what: "Every line of a source list: `./name` for a file of the package, a bare name for one that was generated. No name climbs by `..`.",
    why: "`go vet` and `go list -compiled`, and the editors and linters that ask it, read the files that are named there in the place of \
          those that are compiled.",
    go: "Takes the list as it stands.",
    mend: "Move the entry away; the next build makes it afresh.",
    source: "cmd/go/internal/work/exec.go (cacheSrcFiles, loadCachedVet, loadCachedCompiledGoFiles)",
    witness: |s| s.climbing_source_list(),
};

/// Judges one entry whose role is known.
pub fn judge(root: &Path, row: &Row<'_>, sink: &mut Sink) {
    let Some((role, by)) = row.role else { return };
    let (Some(class), true) = (row.class(), by == RoleBy::Key || role == Role::SourceList) else { return };
    let path = root.join(action_path(row.entry.action));
    let find = |rule, message: String| Finding::at(rule, RootKind::Gocache, &path, row.entry.action.to_string(), message);
    if by == RoleBy::Key && !fits(role, class, row) {
        let message = format!("is the entry of {}, and names an output of another kind: {}", described(role), shown(class));
        let finding = find(&ACTION_ROLE_MISMATCH, message).claims(role.as_str(), class.as_str());
        sink.push(finding.claimed_by("the entry's key"));
    }
    if let Some(Kept::Sources(list)) = row.kept()
        && let Some(damage) = &list.damage
    {
        let message = format!("the list of source files leads out of its package: {damage}");
        sink.push(find(&SOURCE_LIST_OUTSIDE, message));
    }
}

/// Whether an output of this class may lie under a key of this role.
fn fits(role: Role, class: OutputClass, row: &Row<'_>) -> bool {
    let built = row.output.and_then(|o| o.built.as_ref());
    // The rules on build IDs tell of what names another action, and of an archive that names none.
    if built.is_some_and(|b| b.program.is_none() || b.action().is_some()) {
        return true;
    }
    match role {
        // A compiler other than Go's own makes archives of another form.
        Role::Build => matches!(class, OutputClass::Archive | OutputClass::Other),
        Role::ModuleIndex => class == OutputClass::Index,
        Role::SourceList => matches!(class, OutputClass::SourceList | OutputClass::Empty),
        Role::CFlag => class == OutputClass::CompilerFlag,
        Role::TestResult => matches!(row.kept(), Some(Kept::Result(_) | Kept::TooLarge)),
        Role::FixZip => class == OutputClass::FixZip,
        // Text that Go did not write, or content that gave the key: all but what Go itself would take for something else.
        _ => !matches!(class, OutputClass::Archive | OutputClass::Index | OutputClass::Executable) || role == Role::Executable,
    }
}

fn described(role: Role) -> &'static str {
    match role {
        Role::Build => "a compiled package",
        Role::Stdout => "what the compiler said",
        Role::LinkStdout => "what the linker said",
        Role::SourceList => "a list of source files",
        Role::GeneratedSource => "a generated source",
        Role::CgoHeader => "the header of a C library",
        Role::CoverMeta => "coverage meta data",
        Role::Executable => "a program",
        Role::Vet => "the facts of `go vet`",
        Role::VetStdout => "what `go vet` said",
        Role::FixZip => "what `go fix` would write",
        Role::ModuleIndex | Role::Index => "the index of a module",
        Role::TestMain => "the main package of a test",
        Role::CCompiler => "what is known of a C compiler",
        Role::CFlag => "whether a C compiler knows a flag",
        Role::Pgo => "a preprocessed profile",
        Role::TestLog => "what a test read",
        Role::TestResult => "the result of a test that passed",
        Role::CoverProfile => "the coverage of a test",
        Role::Empty => "nothing",
    }
}

fn shown(class: OutputClass) -> &'static str {
    match class {
        OutputClass::Empty => "one without content",
        OutputClass::Other => "one of no known kind",
        class => class.as_str(),
    }
}
