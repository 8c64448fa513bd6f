//! Rules on module and package indexes.

use std::path::Path;

use crate::evidence::index::StoredIndex;
use crate::facts::ModuleVersion;
use crate::finding::{Finding, RootKind, Sink, path_text};
use crate::format::index::{Difference, IndexDamage};
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

const SOURCE: &str = "cmd/go/internal/modindex (read.go: openIndexModule, openIndexPackage; scan.go: indexModule)";

/// The rules of this file.
pub const RULES: &[&Rule] = &[&INDEX_NAME_OUTSIDE, &MODULE_INDEX_MISMATCH, &PACKAGE_INDEX_MISMATCH, &INDEX_MALFORMED];

/// A name that leads out of its directory.
pub static INDEX_NAME_OUTSIDE: Rule = Rule {
    id: "index-name-outside",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached index names a file or directory by a path that leads elsewhere",
    what: "Every name in every module and package index: base names for files, clean relative paths for directories. What lies where such a name leads is told as \
           well.",
    why: "Go compiles the files that the index names: `../u.go` for `uuid.go` compiles a file beside the module, which itself stays \
          untouched, so that `go mod verify` and `go.sum` say that all is well.",
    go: "Joins the name to the directory and compiles what is there.",
    mend: "Move the index away with its action entries; the next build makes it afresh. Then find out who wrote it.",
    source: SOURCE,
    witness: |s| {
        s.put_index(s.module_index_key(), |packages| {
            if let Some(file) = packages.first_mut().and_then(|p| p.files.first_mut()) {
                file.name = b"../greet.go";
            }
        })
    },
};

/// Another content than the module has.
pub static MODULE_INDEX_MISMATCH: Rule = Rule {
    id: "module-index-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "the cached index of a module says something else than the module's files",
    what: "Every index whose key is that of a module in the module cache, derived afresh from the zip (or, without one, from the extracted directory): \
           directories, file names, package names, build constraints, imports with their positions, cgo lines, embedding patterns, directives, synopsis. Where neither go.sum \
           nor the checksum database proves the module, it may be the module that was changed: a repair takes neither.",
    why: "Go decides by the index which files of a module are compiled, with which imports and C flags, and does not look at the files' headers again. Whoever may write \
          to the build cache so leaves out a file, adds an import or a linker flag, in a module that verifies.",
    go: "Uses it: it checks the size alone.",
    mend: "Where go.sum or the checksum database proves the module, move the index away with its action entries; else scan with `--main-module` or `--online` first, or \
           remove the version (zip, `.ziphash`, directory) and run `go clean -cache`, so that go fetches it again. The next build makes the index afresh. Then find out who wrote it.",
    source: SOURCE,
    witness: |s| {
        s.put_index(s.module_index_key(), |packages| {
            if let Some(package) = packages.first_mut() {
                package.files.clear();
            }
        })
    },
};

/// Another content than the directory has.
pub static PACKAGE_INDEX_MISMATCH: Rule = Rule {
    id: "package-index-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "the cached index of a package directory says something else than the files there",
    what: "Every index whose key is that of a directory of the Go installation, or of the main module that `--main-module` names, as it is now: names, times and sizes of its \
           files are in the key. It is derived afresh from the files.",
    why: "Go decides by the index which files are compiled, with which imports and C flags. A file that was rewritten with its time and size kept, as by a restored \
          archive, leaves a stale one behind (golang/go#69179); whoever may write to the build cache makes a false one.",
    go: "Uses it as long as names, times and sizes of the files stay as they are.",
    mend: "Move the index away with its action entries, or `touch` the files; the next build makes it afresh.",
    source: SOURCE,
    witness: |s| {
        s.put_package_index(|package| {
            if let Some(import) = package.files.first_mut().and_then(|f| f.imports.first_mut()) {
                import.text = b"os";
            }
        })
    },
};

/// An index that can't be read.
pub static INDEX_MALFORMED: Rule = Rule {
    id: "index-malformed",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached index can't be read",
    what: "Offsets, counts and strings of every module and package index. A note where no directory is known that it stands for: other output may begin with the \
           same words.",
    why: "Go reads an index through a map of the file and stops with an error, or worse, when it leads out of itself.",
    go: "Stops with `error reading module index`, again and again, until the cache is cleaned.",
    mend: "Move the index away with its action entries; the next build makes it afresh.",
    source: SOURCE,
    witness: |s| s.put_output_at(s.module_index_key(), b"go index v2\n\x40\0\0\0\x01\0\0\0").map(|p| Sample::place(&p)),
};

fn found(rule: &'static Rule, stored: &StoredIndex, message: String) -> Finding {
    Finding::at(rule, RootKind::Gocache, &stored.path, stored.output.to_string(), message)
}

/// What an index stands for.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// A module in the module cache.
    Module(&'a ModuleVersion),
    /// A directory.
    Directory(&'a Path),
    /// It is not known.
    Unknown,
}

impl std::fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Of::Module(module) => write!(f, "`{module}`"),
            Of::Directory(dir) => write!(f, "`{}`", path_text(dir).0),
            Of::Unknown => f.write_str("a directory that is not here"),
        }
    }
}

/// Tells that an index can't be read.
pub fn malformed(stored: &StoredIndex, of: Of<'_>, damage: IndexDamage, sink: &mut Sink) {
    let message = format!("the index of {of} {damage}; action `{}` names it", stored.action);
    let finding = found(&INDEX_MALFORMED, stored, message);
    sink.push(if matches!(of, Of::Unknown) { finding.lowered_to(Level::Note) } else { finding });
}

/// Tells that a name leads elsewhere.
pub fn outside(stored: &StoredIndex, of: Of<'_>, name: &str, sink: &mut Sink) {
    let message =
        format!("the index of {of} names `{name}`, so that Go compiles what lies there; action `{}` will use it", stored.action);
    sink.push(found(&INDEX_NAME_OUTSIDE, stored, message).claims(name, "a plain name").claimed_by("the index"));
}

/// Tells of the file or folder at `path`, to which such a name leads, that Go compiles it.
pub fn compiled(stored: &StoredIndex, of: Of<'_>, path: &Path, root: RootKind, subject: String, sink: &mut Sink) {
    let message = format!("is compiled as if it were part of {of}: the cached index `{}` names it", path_text(&stored.path).0);
    sink.push(Finding::at(&INDEX_NAME_OUTSIDE, root, path, subject, message));
}

/// Adds to a finding on an index that nothing proves the module: an index that was made before the module was changed is right,
/// and the last that tells of it. So a repair leaves it.
pub fn unproven(finding: &mut Finding) {
    finding.fix = Fix::None;
    finding.message.push_str(
        ". The module or its index was changed, and neither go.sum nor the checksum database tells which: a repair takes neither",
    );
}

/// Tells in what an index differs from the files that it stands for; `more`: how many differences are not given.
pub fn differs(stored: &StoredIndex, of: Of<'_>, differences: &[Difference], more: u64, sink: &mut Sink) {
    let outside_name = differences.iter().find_map(|d| if let Difference::Unclean(name) = d { Some(name) } else { None });
    if let Some(name) = outside_name {
        return outside(stored, of, name, sink);
    }
    let Some(first) = differences.first() else { return };
    let others = u64::try_from(differences.len() - 1).unwrap_or(u64::MAX).saturating_add(more);
    let (rule, cause) = match of {
        Of::Directory(_) => (
            &PACKAGE_INDEX_MISMATCH,
            ". Names, times and sizes of the files are those that it was made for: a file was rewritten with both kept (golang/go#69179), or the index was",
        ),
        _ => (&MODULE_INDEX_MISMATCH, ""),
    };
    let rest = match others {
        0 => String::new(),
        1 => ", and one more difference".to_owned(),
        n => format!(", and {n} more differences"),
    };
    let message = format!(
        "is not the index of {of}, and action `{}` will use it to choose what is compiled: {first}{rest}{cause}",
        stored.action
    );
    let mut finding = found(rule, stored, message).claimed_by("the index");
    if let Difference::Field(_, _, index, source) = first {
        finding = finding.claims(index.as_str(), source.as_str());
    }
    sink.push(finding);
}
