//! Rules on the files of the checksum database.

use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sample::sumdb::Fork;
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[
    &LOOKUP_MALFORMED,
    &LOOKUP_SIGNATURE_INVALID,
    &LOOKUP_OTHER_MODULE,
    &LOOKUP_NUMBER_IMPOSSIBLE,
    &LOOKUP_NOT_IN_TREE,
    &TILE_ALTERED,
    &TILE_MALFORMED,
    &TILE_PAST_END,
    &SUMDB_STRAY,
    &TREE_HEAD_MALFORMED,
    &TREE_HEAD_SIGNATURE_INVALID,
    &TREE_HEADS_CONTRADICT,
];

const RECORD: &str = "golang.org/x/mod/sumdb/client.go (Lookup, checkRecord), sumdb/tlog/note.go (ParseRecord)";
const NOTE: &str = "golang.org/x/mod/sumdb/note/note.go (Open), sumdb/client.go (mergeLatestMem)";
const TILES: &str = "golang.org/x/mod/sumdb/tlog/tile.go (ParseTilePath, TileHashReader), sumdb/client.go (readTile)";
const REMOVE: &str = "Remove the file; go fetches it again when it next needs the record, and checks it against the signed tree.";

/// No lookup.
pub static LOOKUP_MALFORMED: Rule = Rule {
    id: "lookup-malformed",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached lookup of the checksum database is damaged",
    what: "Every lookup is a record number, the record's lines, an empty line and a signed tree head. An empty file is being written, and is no finding.",
    why: "A cut-off write, or somebody took the proof of a module away.",
    go: "Stops with \"malformed record data\" or \"malformed note\" whenever it needs this module, and never fetches the record again.",
    mend: REMOVE,
    source: RECORD,
    witness: |s| {
        s.make_database()?;
        Ok(Sample::place(&s.edit_lookup(|text| text.chars().take(40).collect())?))
    },
};

/// A lookup whose head nobody signed.
pub static LOOKUP_SIGNATURE_INVALID: Rule = Rule {
    id: "lookup-signature-invalid",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "the tree head in a cached lookup is not signed by its checksum database",
    what: "The tree head in every lookup bears a good signature with the database's own key.",
    why: "The head was changed, or made by somebody who has not the key: who controls the head chooses the tree, and with it every record.",
    go: "Stops with \"invalid signature\" when it reads the lookup.",
    mend: REMOVE,
    source: NOTE,
    witness: |s| {
        s.make_database()?;
        Ok(Sample::place(&s.edit_lookup(|text| text.replace("tree\n300\n", "tree\n301\n"))?))
    },
};

/// A lookup on something else.
pub static LOOKUP_OTHER_MODULE: Rule = Rule {
    id: "lookup-other-module",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached lookup holds the record of another module than its name says",
    what: "Every line of a record is about the module version that the lookup is named after, and one is about its zip.",
    why: "An authentic record of another module is in the signed tree, so that every proof holds; it says nothing about this one. Go before the mend of \
          CVE-2026-42501 took it, and with it a module without any sum.",
    go: "Older releases take it and find no line for the module; newer ones refuse it.",
    mend: REMOVE,
    source: RECORD,
    witness: |s| {
        s.make_database()?;
        s.put_other_record()?;
        Ok(Sample::place(&s.lookup()))
    },
};

/// A number that no record has.
pub static LOOKUP_NUMBER_IMPOSSIBLE: Rule = Rule {
    id: "lookup-number-impossible",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached lookup claims a record number that its signed tree does not have",
    what: "The number is not negative, and less than the number of records of the tree head behind it. Nothing signs the number itself.",
    why: "Somebody edited the file: a number that points elsewhere makes some readers look at another record, or at none.",
    go: "Stops with \"cannot validate record\" where the number is too large for the newest head it knows; some negative numbers pass.",
    mend: REMOVE,
    source: RECORD,
    witness: |s| {
        s.make_database()?;
        Ok(Sample::place(&s.edit_lookup(|text| text.replacen("7\n", "-1\n", 1))?))
    },
};

/// A record that the tree does not hold.
pub static LOOKUP_NOT_IN_TREE: Rule = Rule {
    id: "lookup-not-in-tree",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached record of the checksum database is not in its signed tree",
    what: "The hash of every record against the tile that holds its number, where that tile is here. Where the tile is proven by a signed head the record is \
           false; where it is not, one of both is. A missing tile is no finding: the record is then not proven.",
    why: "The record was changed: it gives a forged module its sum, or takes the sum of the true one away.",
    go: "Stops with \"cannot authenticate record data\" when it asks for this record; what is in go.sum already it does not ask for.",
    mend: REMOVE,
    source: RECORD,
    witness: |s| {
        s.make_database()?;
        Ok(Sample::place(&s.edit_lookup(|text| text.replacen(" h1:", " h1:AAAA", 1).replacen("=\n", "\n", 1))?))
    },
};

/// A tile that the signed tree contradicts.
pub static TILE_ALTERED: Rule = Rule {
    id: "tile-altered",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached tile of the checksum database is not of its signed tree",
    what: "Every tile against the signed heads, the tile above it, and other widths of the same tile, from the top down. Where several tiles together do not \
           give a signed root and nothing tells them apart, each is told.",
    why: "Tiles are what proves a record: a changed one hides a record or makes a true one look false.",
    go: "Stops with \"downloaded inconsistent tile\" when it needs the tile, and never fetches it again.",
    mend: REMOVE,
    source: TILES,
    witness: |s| {
        s.make_database()?;
        let path = s.database_file("tile/8/0/000");
        let mut bytes = sys::read(&path, 1 << 20)?;
        if let Some(b) = bytes.get_mut(100) {
            *b ^= 1;
        }
        s.write(&path, &bytes)?;
        Ok(Sample::place(&path))
    },
};

/// A tile of another size.
pub static TILE_MALFORMED: Rule = Rule {
    id: "tile-malformed",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached tile of the checksum database is cut off or too long",
    what: "A tile is 32 bytes for each hash that its name stands for. An empty file is being written, and is no finding.",
    why: "A cut-off write or a full disk; what it should prove can't be proven.",
    go: "Stops with \"bad result slice\" when it needs the tile, and never fetches it again.",
    mend: REMOVE,
    source: TILES,
    witness: |s| {
        s.make_database()?;
        let path = s.database_file("tile/8/0/001.p/44");
        let bytes = sys::read(&path, 1 << 20)?;
        s.write(&path, bytes.get(..33).unwrap_or(&[]))?;
        Ok(Sample::place(&path))
    },
};

/// A tile beyond every head.
pub static TILE_PAST_END: Rule = Rule {
    id: "tile-past-end",
    level: Level::Warning,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached tile lies past the end of every signed tree of its checksum database",
    what: "Every tile ends within the largest tree that a head in `latest` or in a lookup signs. A `note` where `latest` is not here: it may have been lost with \
           GOPATH while the tile was kept.",
    why: "Go keeps a tile only after a signed head has proven it. Somebody put it there, or took the head away that it belongs to, as a rollback does.",
    go: "Never notices: it reads the tiles that it needs.",
    mend: REMOVE,
    source: TILES,
    witness: |s| {
        s.make_database()?;
        let path = s.database_file("tile/8/0/002");
        s.write(&path, &[7; 8192])?;
        Ok(Sample::place(&path))
    },
};

/// Neither lookup nor tile.
pub static SUMDB_STRAY: Rule = Rule {
    id: "sumdb-stray",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "a file in the folder of a checksum database that go never makes",
    what: "Every file is `lookup/` and an escaped module version, or `tile/8/` and the place of a tile, spelled as Go spells it.",
    why: "Something else writes here, or a name was made that only some reader takes for a record.",
    go: "Never looks at it.",
    mend: "Move it away.",
    source: TILES,
    witness: |s| {
        s.make_database()?;
        let path = s.database_file("tile/8/0/7");
        s.write(&path, &[7; 32])?;
        Ok(Sample::place(&path))
    },
};

/// `latest` that is none.
pub static TREE_HEAD_MALFORMED: Rule = Rule {
    id: "tree-head-malformed",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "the newest tree head of a checksum database is damaged",
    what: "`latest` is a signed note with a tree head, or empty.",
    why: "It is what go remembers of the log: without it a rolled-back log goes unnoticed.",
    go: "Stops with \"malformed note\" whenever it needs the database.",
    mend: "Remove the file; go fetches the head again with the next record.",
    source: NOTE,
    witness: |s| {
        s.make_database()?;
        let path = s.latest();
        s.write(&path, b"go.sum database tree\n")?;
        Ok(Sample::place(&path))
    },
};

/// `latest` that nobody signed.
pub static TREE_HEAD_SIGNATURE_INVALID: Rule = Rule {
    id: "tree-head-signature-invalid",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "the newest tree head of a checksum database does not bear its signature",
    what: "`latest` bears a good signature with the database's own key.",
    why: "Somebody edited the head: to hide a fork or a rollback, or to keep go from using the database.",
    go: "Stops with \"invalid signature\" whenever it needs the database.",
    mend: "Remove the file; go fetches the head again with the next record.",
    source: NOTE,
    witness: |s| {
        s.make_database()?;
        let path = s.latest();
        let text = String::from_utf8_lossy(&sys::read(&path, 1 << 20)?).replace("\n300\n", "\n301\n");
        s.write(&path, text.as_bytes())?;
        Ok(Sample::place(&path))
    },
};

/// A fork or a rollback.
pub static TREE_HEADS_CONTRADICT: Rule = Rule {
    id: "tree-heads-contradict",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::None,
    summary: "two signed tree heads of a checksum database can't be of the same log",
    what: "All signed heads, those in lookups and `latest`: two of one size have one root, and the tiles of a larger tree give the root of each smaller one, as far \
           as they are here.",
    why: "The database, or somebody who has its key, showed two histories: a record that you see and another one that others see.",
    go: "Stops with \"SECURITY ERROR: go.sum database server misbehavior detected\" if it ever holds the two heads against each other.",
    mend: "Keep a copy of all files of the database: they are the proof. Report it to who runs the database, and trust none of its records until then.",
    source: "golang.org/x/mod/sumdb/client.go (checkTrees)",
    witness: |s| {
        s.make_forked_database(Fork::Latest)?;
        Ok(Sample::place(&s.latest()))
    },
};
