//! Rules on what `--online` asks and gets.

use crate::place::Place;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sample::served::Serve;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&ANSWER_FALSE, &RECORD_ABSENT, &DATABASE_NOT_ASKED];

const SOURCE: &str = "cmd/go/internal/modfetch/sumdb.go (initBase, ReadRemote), golang.org/x/mod/sumdb/client.go (Lookup, checkRecord, checkTrees)";

/// An answer that the signed tree contradicts.
pub static ANSWER_FALSE: Rule = Rule {
    id: "database-answer-false",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::None,
    summary: "what a proxy gave for the checksum database is not what the database signed",
    what: "With `--online`: every fetched lookup, tile and head, exactly as those on disk are judged. What is false is neither believed nor kept.",
    why: "The proxy, or somebody between, hides a record or gives a false one: that is what it takes to pass a forged module off. The module itself may be intact.",
    go: "Stops with \"SECURITY ERROR\" or \"cannot authenticate record\" when it gets such an answer.",
    mend: "Ask through another way, such as `GOPROXY=https://proxy.golang.org`, and trust nothing that came through this one.",
    source: SOURCE,
    witness: |s| {
        s.serve(|files| {
            for (name, bytes) in files {
                if name.contains("/lookup/")
                    && let Some(b) = bytes.get_mut(20)
                {
                    *b ^= 1;
                }
            }
        })?;
        Ok(Sample::place(&s.zip()))
    },
};

/// A module that the database does not know.
pub static RECORD_ABSENT: Rule = Rule {
    id: "record-absent",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "the checksum database has no record of a module",
    what: "With `--online`: the database, or the proxy for it, answers 404 or 410.",
    why: "A private module that GOPRIVATE does not name: its path was told to the proxy just now, as go would tell it. Or a version that was never published, \
          or that the database can't fetch.",
    go: "Stops with \"verifying module\" and the server's words, where go.sum does not list the module.",
    mend: "Name private modules in GOPRIVATE: then nobody is asked about them.",
    source: SOURCE,
    witness: |s| {
        s.serve(|files| files.retain(|name, _| !name.contains("/lookup/")))?;
        Ok(Sample::place(&s.zip()))
    },
};

/// Nobody was asked, or nobody answered.
pub static DATABASE_NOT_ASKED: Rule = Rule {
    id: "database-not-asked",
    level: Level::Note,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the checksum database was not asked, or gave no answer",
    what: "With `--online`: GOSUMDB and GOPROXY let somebody be asked, and whoever is asked answers in time. Otherwise what is here must do, and the scan itself \
           is complete. With `--require-trust` each module that lacks a proof is an error.",
    why: "A network that fails looks like one that somebody cuts, so that a forged module is not noticed.",
    go: "Stops where it needs the database and can't reach it.",
    mend: "Look at the network, GOPROXY and GOSUMDB, or let go.sum prove the modules: `--main-module`.",
    source: SOURCE,
    witness: |s| {
        s.serve(|files| files.clear())?;
        s.unreachable();
        Ok(Place::Env("GOPROXY".to_owned()))
    },
};
