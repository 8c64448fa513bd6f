//! Rules on build IDs: what a compiled package or a linked program says of the action that made it, and of its own bytes.
//!
//! Go stores either only after it has found in it the ID that it had it made with, `action/action`, and has put the content
//! ID in the place of the second part (`updateBuildID`). So each carries an ID that names the action which stored it.

use std::path::Path;

use crate::evidence::gocache::{Built, OutputSeen, action_path, output_path};
use crate::finding::{Finding, RootKind, Sink};
use crate::format::action::ActionEntry;
use crate::format::binary::Format;
use crate::format::buildid::IdHash;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

const SOURCE: &str = "cmd/go/internal/work/buildid.go (updateBuildID, useCache), cmd/internal/buildid/rewrite.go (FindAndHash)";
const BY_ENTRY: &str = "the entry's name";
const BY_ID: &str = "its build ID";

/// The rules of this file.
pub const RULES: &[&Rule] =
    &[&ARCHIVE_ACTION, &ARCHIVE_CONTENT, &ARCHIVE_NO_ID, &EXECUTABLE_ACTION, &EXECUTABLE_CONTENT, &EXECUTABLE_NO_ID];

/// Those for which content IDs must be computed.
pub const NEED_CONTENT: &[&Rule] = &[&ARCHIVE_CONTENT, &EXECUTABLE_CONTENT];

/// The entry of one package names the archive of another.
pub static ARCHIVE_ACTION: Rule = Rule {
    id: "archive-action-mismatch",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an action entry names a compiled package that another action made",
    what: "The first part of the build ID in every archive against the action ID of every entry that names it. Go stores an archive \
           under the action that made it and no other, so at most one entry names it. Where several do, those that differ are told.",
    why: "Whoever re-points an entry has other code linked in the place of a package: every size, sum and format is in order, and no \
          accident does it.",
    go: "Links the archive without a word: it compares sizes only, and takes the build ID as it stands.",
    mend: "Move the entry away; the next build makes it afresh. The archive itself may be intact. Then find out who wrote the entry.",
    source: SOURCE,
    witness: |s| {
        let (archive, size) = s.an_archive("two");
        let entry = s.put_action(&Sample::package_action("one"), archive, size)?;
        Ok(Sample::place(&entry))
    },
};

/// An archive that was changed after Go stored it.
pub static ARCHIVE_CONTENT: Rule = Rule {
    id: "archive-content-mismatch",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a compiled package is not what the compiler wrote: its content ID does not fit its bytes",
    what: "The second part of the build ID in every archive against the hash of the archive with that ID blanked, where the bytes fit the \
           name of the output.",
    why: "Compiled code was changed and stored under its new sha256, with an entry to match. A forger who computes the content ID anew is \
          not found by this: only building it again finds that one.",
    go: "Links the archive without a word: it never computes a content ID again.",
    mend: "Move it away with its action entries; the next build makes them afresh. Then find out who wrote it.",
    source: SOURCE,
    witness: |s| {
        let mut archive = Sample::archive("one");
        if let Some(code) = archive.last_mut() {
            *code ^= 1;
        }
        let path = s.put_output(&Sample::package_action("one"), &archive)?;
        Ok(Sample::place(&path))
    },
};

/// An archive without the ID that Go gives to all it stores.
pub static ARCHIVE_NO_ID: Rule = Rule {
    id: "archive-without-build-id",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a compiled package that Go would link carries no build ID of the form that Go gives to all it stores",
    what: "The header of every compiled package that an action entry names. Go stores none in which it did not find the ID that it gave to \
           the compiler, so one built with `-gcflags=-buildid=` or by a tool that changes the ID is never stored, and neither is a bare \
           object file, or an archive of objects without a package header, both of which its linker takes. Archives of gccgo hold \
           other objects and are not judged.",
    why: "Without an ID nothing ties the code to the action that is said to have made it: whoever takes the ID away hides that the archive \
          was forged or taken from elsewhere.",
    go: "Links the archive without a word: no ID is as good as any.",
    mend: "Move it away with its action entries; the next build makes them afresh. Then find out who wrote it.",
    source: SOURCE,
    witness: |s| {
        let archive = String::from_utf8_lossy(&Sample::archive("one")).into_owned();
        let unnamed: String = archive.split_inclusive('\n').filter(|l| !l.starts_with("build id ")).collect();
        let path = s.put_output(&Sample::package_action("one"), unnamed.as_bytes())?;
        Ok(Sample::place(&path))
    },
};

/// The entry of one program names another.
pub static EXECUTABLE_ACTION: Rule = Rule {
    id: "executable-action-mismatch",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an action entry names a cached program that another action linked",
    what: "The first part of the build ID of the program in every executable directory against the action ID of every entry that names it.",
    why: "Whoever re-points an entry has another program started by `go run` or `go tool`, with every size and sum in order.",
    go: "Starts the program: it compares sizes only, and takes the build ID as it stands.",
    mend: "Move the entry away; the next `go run` or `go tool` makes it afresh. Then find out who wrote the entry.",
    source: SOURCE,
    witness: |s| {
        let (program, size) = s.a_program();
        let entry = s.put_action(b"another program", program, size)?;
        Ok(Sample::place(&entry))
    },
};

/// A program that was changed after Go stored it.
pub static EXECUTABLE_CONTENT: Rule = Rule {
    id: "executable-content-mismatch",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached program is not what the linker wrote: its content ID does not fit its bytes",
    what: "The last part of the build ID of the program in every executable directory against the hash of the file with that ID blanked, \
           where the bytes fit the name of the directory.",
    why: "A program was patched and stored under its new sha256, with an entry to match; `go run` or `go tool` starts it. Nothing but Go \
          writes there, so no `strip` or packer explains it.",
    go: "Starts it: it never computes a content ID again.",
    mend: "Move the directory away with its action entries; the next `go run` or `go tool` makes it afresh. Then find out who wrote it.",
    source: SOURCE,
    witness: |s| {
        let mut program = Sample::program();
        if let Some(last) = program.last_mut() {
            *last ^= 1;
        }
        let path = s.put_program(&Sample::program_action(), &program)?;
        Ok(Sample::place(&path))
    },
};

/// A program without the ID that Go gives to all it stores.
pub static EXECUTABLE_NO_ID: Rule = Rule {
    id: "executable-without-build-id",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached program that Go would start carries no build ID of the form that Go gives to all it stores",
    what: "The build ID of the program in every executable directory that an action entry names; Go stores no program in which it did not \
           find the ID that it gave to the linker. A note for formats other than ELF, where another linker may put the ID where Go does \
           not look.",
    why: "A script or a program from elsewhere lies where `go run` or `go tool` starts it, stored under its own sha256.",
    go: "Starts it.",
    mend: "Move the directory away with its action entries; the next `go run` or `go tool` makes it afresh. Then find out who wrote it.",
    source: SOURCE,
    witness: |s| {
        let path = s.put_program(&Sample::program_action(), b"#!/bin/sh\nexit 0\n")?;
        Ok(Sample::place(&path))
    },
};

/// What the build ID of one output, whose bytes fit its name, shows to be wrong.
#[derive(Debug, Default)]
pub struct Disagreement<'a> {
    /// The content ID does not fit the bytes.
    content: bool,
    /// There is none of Go's form, and an entry would have it used.
    no_id: bool,
    /// Entries that would have it used for an action which did not make it.
    entries: Vec<&'a ActionEntry>,
}

impl<'a> Disagreement<'a> {
    /// Holds an output against its build ID and the entries that name it. Entries with another size are misses to Go.
    pub fn of(output: &OutputSeen, entries: &'a [ActionEntry]) -> Disagreement<'a> {
        let Some(built) = output.built.as_deref() else { return Disagreement::default() };
        let mut usable = entries.iter().filter(|e| e.size == output.size);
        match built.action() {
            Some(action) => Disagreement {
                content: built.content_ok() == Some(false),
                no_id: false,
                entries: usable.filter(|e| IdHash::of(&e.action.0) != action).collect(),
            },
            None => Disagreement { no_id: usable.next().is_some(), ..Disagreement::default() },
        }
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        !self.content && !self.no_id && self.entries.is_empty()
    }

    /// Whether the output itself is at fault, and not only entries that name it.
    pub fn damages_output(&self) -> bool {
        self.content || self.no_id
    }

    /// How many entries are at fault by themselves.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Tells it.
    pub fn tell(&self, root: &Path, output: &OutputSeen, sink: &mut Sink) {
        let Some(built) = output.built.as_deref() else { return };
        let path = root.join(output_path(output.id));
        let at_output = |rule, message: &str| Finding::at(rule, RootKind::Gocache, &path, output.id.to_string(), message);
        if let (true, Some(claimed), Some(computed)) = (self.content, built.claimed_content(), &built.content) {
            let (rule, message) = if built.program.is_some() {
                (
                    &EXECUTABLE_CONTENT,
                    "holds a program that was changed after Go linked it: its content ID does not fit its bytes",
                )
            } else {
                (
                    &ARCHIVE_CONTENT,
                    "is a compiled package that was changed after Go stored it: its content ID does not fit its bytes",
                )
            };
            sink.push(at_output(rule, message).claims(claimed.as_str(), computed.as_str()).claimed_by(BY_ID));
        }
        if self.no_id {
            sink.push(without_id(built, at_output));
        }
        let Some(action) = built.action() else { return };
        let (rule, noun, made) = if built.program.is_some() {
            (&EXECUTABLE_ACTION, "a program", "linked")
        } else {
            (&ARCHIVE_ACTION, "an archive", "built")
        };
        for entry in &self.entries {
            let message = format!("the entry of this action names {noun} that was {made} by another one, `{action}…`");
            let at = root.join(action_path(entry.action));
            sink.push(
                Finding::at(rule, RootKind::Gocache, &at, entry.action.to_string(), message)
                    .claims(IdHash::of(&entry.action.0).as_str(), format!("{action}, the build ID in output {}", output.id))
                    .claimed_by(BY_ENTRY),
            );
        }
    }
}

fn without_id(built: &Built, at_output: impl Fn(&'static Rule, &str) -> Finding) -> Finding {
    let finding = match built.program {
        None => at_output(
            &ARCHIVE_NO_ID,
            "is a compiled package without a build ID of Go's form, which Go never stores and would link",
        ),
        Some(Format::Other) => {
            at_output(&EXECUTABLE_NO_ID, "holds what is no program of any format that Go builds, and Go would start it")
        }
        Some(Format::Elf) => {
            at_output(&EXECUTABLE_NO_ID, "holds a program without a build ID of Go's form, which Go never stores and would start")
        }
        Some(_) => {
            at_output(&EXECUTABLE_NO_ID, "holds a program in which no build ID of Go's form is found, and Go would start it")
                .lowered_to(Level::Note)
        }
    };
    let shown = if built.id.is_empty() { "none".to_owned() } else { built.id.to_string() };
    finding.claims("a build ID of hashes", shown).claimed_by("what Go stores")
}
