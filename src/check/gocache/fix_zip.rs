//! Rules on what `go fix` keeps of its work.

use std::path::Path;

use super::roles::Row;
use crate::evidence::gocache::{Kept, OutputState, output_path};
use crate::facts::Role;
use crate::finding::{Finding, RootKind, Sink};
use crate::format::fix_zip;
use crate::rule::{Fix, Kind, Level, Rule};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&FIX_ZIP_OUTSIDE, &FIX_ZIP_ODD];

const SOURCE: &str =
    "cmd/go/internal/vet/vet.go (readZip), golang.org/x/tools/go/analysis/unitchecker/unitchecker.go (processResults)";

/// A file that `go fix` would write where it has no business.
pub static FIX_ZIP_OUTSIDE: Rule = Rule {
    id: "fix-zip-outside-package",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "what is kept of `go fix` would write files that are no sources of one package",
    what: "The names in every `fix.zip`: clean absolute paths of Go files, all in one folder, none twice. With `-overlay` the replacements may \
           lie elsewhere; remove the cached fix there, nothing is lost.",
    why: "`go fix` writes the contents over whatever files are named, in silence and with your rights: shell start-up files, sources of other \
          projects, anything.",
    go: "Writes every file, with no output and exit code 0 (Go 1.26 and later).",
    mend: "Move it away; the next `go fix` computes its fixes afresh. Then find out who wrote it.",
    source: SOURCE,
    witness: |s| s.forge_fix_zip("/etc/profile.d/x.sh"),
};

/// Another program's zip.
pub static FIX_ZIP_ODD: Rule = Rule {
    id: "fix-zip-odd",
    level: Level::Warning,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "what is kept of `go fix` was not written by Go, or can't be read",
    what: "Every byte of each `fix.zip` against what Go's own zip writer makes: deflated members with their sizes behind them, nothing between, \
           CRC-32 and sizes as claimed.",
    why: "`go fix` replays the new contents of your sources from it. Another writer's zip is the trace of a program that put its own code there.",
    go: "Writes what it can read, and fails on the rest.",
    mend: "Move it away; the next `go fix` computes its fixes afresh.",
    source: SOURCE,
    witness: |s| s.damage_fix_zip(),
};

/// Judges what lies under one entry, if that is a `fix.zip` by its key or by what it holds.
pub fn judge(root: &Path, row: &Row<'_>, sink: &mut Sink) {
    let (Some((Role::FixZip, _)), Some(output)) = (row.role, row.output) else { return };
    if output.state != OutputState::Intact {
        return;
    }
    let path = root.join(output_path(output.id));
    let find = |rule, message: String| Finding::at(rule, RootKind::Gocache, &path, row.entry.action.to_string(), message);
    let too_large;
    let damage = match row.kept() {
        Some(Kept::Fix(damage)) => damage,
        Some(Kept::TooLarge) => {
            too_large = vec![fix_zip::FixDamage::TooLarge(output.size)];
            &too_large
        }
        _ => return,
    };
    let joined = |writes: bool| {
        let some: Vec<String> = damage.iter().filter(|d| d.writes() == writes).map(ToString::to_string).collect();
        (!some.is_empty()).then(|| some.join("; "))
    };
    if let Some(what) = joined(true) {
        let message = format!("`go fix` would write over files that it has no business with: {what}");
        sink.push(find(&FIX_ZIP_OUTSIDE, message).claims("Go files of one package, by clean absolute paths", what));
    } else if let Some(what) = joined(false) {
        sink.push(find(&FIX_ZIP_ODD, format!("the kept fixes are not as go writes them: {what}")));
    }
}
