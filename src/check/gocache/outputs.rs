//! Rules on outputs, and on what action entries say of them.

use std::path::Path;

use super::builds::Disagreement;
use crate::evidence::gocache::{OutputSeen, OutputState, action_path, output_path};
use crate::finding::{Finding, RootKind, Sink, path_text};
use crate::format::action::ActionEntry;
use crate::format::hex;
use crate::format::output::OutputClass;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys;

const SOURCE: &str = "cmd/go/internal/cache/cache.go (GetFile, GetMmap: size alone; copyFile: written in place)";

/// The rules of this file.
pub const RULES: &[&Rule] =
    &[&OUTPUT_HASH_MISMATCH, &OUTPUT_TRUNCATED, &OUTPUT_INCOMPLETE, &ACTION_SIZE_MISMATCH, &EXECUTABLE_NOT_ONE_FILE];

/// Other bytes under a name that Go will use.
pub static OUTPUT_HASH_MISMATCH: Rule = Rule {
    id: "output-hash-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "the bytes of a cached output are not those that its name stands for",
    what: "sha256 of every `-d` file, and of the program in every executable directory, against its name. The size fits an action entry, so \
           Go will use it.",
    why: "Whoever may write to the cache changes compiled code without touching a source: the next link takes it. A bad disk or bad \
          memory looks the same.",
    go: "Uses it: it compares sizes only, so what was changed is linked, replayed or started.",
    mend: "Move it away with its action entries; the next build makes them afresh. Then find out who wrote it.",
    source: SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        let mut bytes = sys::read(&path, 1 << 20)?;
        if let Some(first) = bytes.first_mut() {
            *first ^= 1;
        }
        s.write(&path, &bytes)?;
        Ok(Sample::place(&path))
    },
};

/// Other bytes of another size.
pub static OUTPUT_TRUNCATED: Rule = Rule {
    id: "output-size-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached output has neither the bytes nor the size that it should have",
    what: "sha256 of every `-d` file against its name, and its size against the action entries that name it.",
    why: "It was cut off or overwritten after Go had stored it whole: a full or failing disk, a bad restore, or a hand.",
    go: "Takes it as a miss and builds it again, in silence, so that nobody learns of the cause.",
    mend: "Move it away with its action entries; the next build makes them afresh.",
    source: SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        s.write(&path, b"./samp")?;
        Ok(Sample::place(&path))
    },
};

/// What a killed build leaves.
pub static OUTPUT_INCOMPLETE: Rule = Rule {
    id: "output-incomplete",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "an output was begun and never finished",
    what: "Outputs whose sha256 is not their name and that no action entry names (Go writes the output first and the entry after it), or \
           that were begun anew after a trim had taken the old one away.",
    why: "A build that is killed, or runs out of disk, leaves such a file. Go never uses it.",
    go: "Overwrites it when it next builds the same output.",
    mend: "Nothing to do.",
    source: SOURCE,
    witness: |s| {
        let id = crate::format::action::OutputId([0x42; 32]);
        let path = s.output_path(id);
        s.write(&path, b"half an out")?;
        Ok(Sample::place(&path))
    },
};

/// The entry gives another size than the output has.
pub static ACTION_SIZE_MISMATCH: Rule = Rule {
    id: "action-size-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "an action entry gives another size than its output has",
    what: "The size in every action entry against the size of its output, where the output's bytes fit its name.",
    why: "An output ID stands for one content and so for one size: the entry was written by something else than Go.",
    go: "Takes it as a miss and builds the action again.",
    mend: "Move the entry away; the next build makes it afresh.",
    source: SOURCE,
    witness: |s| {
        let path = s.an_action()?;
        let text = String::from_utf8(sys::read(&path, 1 << 10)?).map_err(std::io::Error::other)?;
        let (head, tail) = (text.get(..133).unwrap_or(""), text.get(153..).unwrap_or(""));
        s.write(&path, format!("{head}{:>20}{tail}", 4711).as_bytes())?;
        Ok(Sample::place(&path))
    },
};

/// Not exactly one program in an executable directory.
pub static EXECUTABLE_NOT_ONE_FILE: Rule = Rule {
    id: "executable-not-one-file",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an executable directory does not hold exactly one program",
    what: "What lies in every `-d` directory: Go puts one regular file there, named after the program.",
    why: "A second file beside a program that Go starts may be loaded by it, or be started in its place by a Go that does not count.",
    go: "Go 1.24 and later refuse to start anything from it.",
    mend: "Move the directory away; the next `go run` or `go tool` makes it afresh.",
    source: "cmd/go/internal/cache/cache.go (PutExecutable, OutputFile)",
    witness: |s| {
        let dir = s.an_executable()?;
        s.write(&dir.join("second"), b"#!/bin/sh\n")?;
        Ok(Sample::place(&dir))
    },
};

/// Go trims what was not used for five days (cache.go: `trimLimit`): an output that is younger than its entry by more than
/// that was taken away by a trim and begun anew.
const TRIM_LIMIT_NS: i128 = 5 * 86_400 * 1_000_000_000;

/// What the join tells of one output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputVerdict {
    /// The bytes fit the name, and the build ID in them fits the bytes and an action entry.
    Traced,
    /// The bytes fit the name.
    Intact,
    /// They don't, and it matters.
    Damaged,
    /// They don't, and Go never uses it.
    Incomplete,
}

/// Whether anything would be told of an output, were it judged now.
pub fn is_suspect(output: &OutputSeen, entries: &[ActionEntry]) -> bool {
    if output.state != OutputState::Intact {
        return !entries.is_empty();
    }
    entries.iter().any(|e| e.size != output.size) || !Disagreement::of(output, entries).is_none()
}

/// Judges one output against its name, its build ID and the action entries that name it; returns also how many of these are
/// at fault by themselves. `trimmed_ns`: when Go last trimmed the cache.
pub fn joined(
    root: &Path,
    output: &OutputSeen,
    entries: &[ActionEntry],
    trimmed_ns: Option<i128>,
    sink: &mut Sink,
) -> (OutputVerdict, usize) {
    let path = root.join(output_path(output.id));
    let id = output.id.to_string();
    let find = |rule, path: &Path, message: String| Finding::at(rule, RootKind::Gocache, path, id.clone(), message);
    match &output.state {
        OutputState::Intact => {
            for entry in entries.iter().filter(|e| e.size != output.size) {
                let message = format!("gives its output a size of {} bytes; the output, intact, has {}", entry.size, output.size);
                let at = root.join(action_path(entry.action));
                sink.push(
                    Finding::at(&ACTION_SIZE_MISMATCH, RootKind::Gocache, &at, entry.action.to_string(), message)
                        .claims(entry.size.to_string(), output.size.to_string())
                        .claimed_by("the entry"),
                );
            }
            let disagreement = Disagreement::of(output, entries);
            disagreement.tell(root, output, sink);
            let named = entries.iter().filter(|e| e.size == output.size).count();
            let verdict = if disagreement.damages_output() {
                OutputVerdict::Damaged
            } else if named > disagreement.entries() && output.built.as_ref().and_then(|b| b.content_ok()) == Some(true) {
                OutputVerdict::Traced
            } else {
                OutputVerdict::Intact
            };
            (verdict, entries.len() - named + disagreement.entries())
        }
        OutputState::NotOneFile(0, _) if entries.is_empty() => (OutputVerdict::Incomplete, 0),
        OutputState::NotOneFile(n, extra) => {
            let named = extra.as_ref().map_or_else(String::new, |x| format!(", `{}` among them", path_text(Path::new(&**x)).0));
            let message = format!("holds {n} entries{named}, where Go puts one program");
            sink.push(find(&EXECUTABLE_NOT_ONE_FILE, &path, message).claims("1 regular file", format!("{n} entries")));
            (OutputVerdict::Damaged, 0)
        }
        OutputState::Differs(differs) => {
            let (digest, inner) = &**differs;
            let path = inner.as_ref().map_or(path.clone(), |name| path.join(name));
            let newest = entries.iter().map(|e| i128::from(e.time_ns)).max();
            // No trim since the entry was put: nothing was taken away.
            let rewritten = newest
                .is_some_and(|put| output.mtime_ns - put > TRIM_LIMIT_NS && trimmed_ns.is_some_and(|trimmed| trimmed > put));
            let usable = entries.iter().any(|e| e.size == output.size);
            let (rule, message) = if usable {
                let action = entries.iter().find(|e| e.size == output.size).map_or(String::new(), |e| e.action.to_string());
                let what = if output.class == OutputClass::Other { "output" } else { output.class.as_str() };
                (
                    &OUTPUT_HASH_MISMATCH,
                    format!("the {what} has other bytes than its name stands for, and action `{action}` will use it"),
                )
            } else if entries.is_empty() || (rewritten && entries.iter().all(|e| output.size < e.size)) {
                (&OUTPUT_INCOMPLETE, "was begun by a build and never finished; Go does not use it".to_owned())
            } else {
                let sizes: Vec<String> = entries.iter().map(|e| e.size.to_string()).collect();
                (
                    &OUTPUT_TRUNCATED,
                    format!("has {} bytes, none of them to be trusted; it was stored with {}", output.size, sizes.join(" or ")),
                )
            };
            sink.push(find(rule, &path, message).claims(output.id.to_string(), hex(digest)).claimed_by("the output's name"));
            (if rule == &OUTPUT_INCOMPLETE { OutputVerdict::Incomplete } else { OutputVerdict::Damaged }, 0)
        }
    }
}
