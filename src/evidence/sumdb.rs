//! Reads what lies of a checksum database: lookups and tiles in the module cache, the newest signed head in GOPATH.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::modcache::{Content, read};
use super::node::Root;
use super::tally::Tally;
use crate::facts::ModuleVersion;
use crate::format::sumdb::key::VerifierKey;
use crate::format::sumdb::log::{LEVELS, LocalTile, Wanted};
use crate::format::sumdb::note::{self, NoteFault};
use crate::format::sumdb::text::{self, Record, Sums, lookup_name, parse_tree};
use crate::format::sumdb::tile::{self, Tile};
use crate::format::sumdb::{Hash, Tree};

/// What a signed head is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadState {
    /// Signed with the key.
    Signed(Tree),
    /// No note, or one that Go refuses.
    Refused(NoteFault),
    /// Signed, and no tree head.
    NoTree,
}

/// Opens notes; each text is checked once.
#[derive(Debug)]
pub struct Notes<'a> {
    key: &'a VerifierKey,
    known: HashMap<Vec<u8>, HeadState>,
}

impl<'a> Notes<'a> {
    /// None opened yet.
    pub fn new(key: &'a VerifierKey) -> Notes<'a> {
        Notes { key, known: HashMap::new() }
    }

    /// What a note is worth.
    pub fn open(&mut self, message: &[u8]) -> HeadState {
        if let Some(state) = self.known.get(message) {
            return *state;
        }
        let state = match note::open(message, Some(self.key)) {
            Ok(text) => parse_tree(text.as_bytes()).map_or(HeadState::NoTree, HeadState::Signed),
            Err(fault) => HeadState::Refused(fault),
        };
        self.known.insert(message.to_vec(), state);
        state
    }

    /// The trees that are signed, each once, the smallest first.
    fn trees(&self) -> Vec<Tree> {
        let signed = self.known.values().filter_map(|s| if let HeadState::Signed(tree) = s { Some(*tree) } else { None });
        signed.collect::<BTreeSet<Tree>>().into_iter().collect()
    }
}

/// `latest` of each database, as read: its path and content, by the database's name.
pub type Latest = BTreeMap<String, (PathBuf, Content)>;

/// Reads `latest` of these databases below `GOPATH/pkg/sumdb`.
pub fn latest(root: &Root, names: &BTreeSet<String>, tally: &mut Tally) -> Latest {
    let mut out = Latest::new();
    for name in names {
        let rel = Path::new(name).join("latest");
        // Without it the lookups' own heads must do: it lies outside of the module cache, and is often not kept with it.
        if root.dir.stat(&rel).is_ok() {
            out.insert(name.clone(), (root.path.join(&rel), read(root, &rel, note::LIMIT, |_| false, tally)));
        }
    }
    out
}

/// What was read of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupRead {
    /// Not a regular file, gone, or unreadable: told elsewhere.
    Unread,
    /// Empty: being written.
    Empty,
    /// Longer than any that Go would take: its size in bytes.
    TooLong(u64),
    /// Not of the form.
    Malformed,
    /// A record and its head.
    Record {
        /// Its number; nothing signs it.
        id: i64,
        /// Its hash.
        hash: Hash,
        /// What it says of the module that the file is named after.
        sums: Sums,
        /// The note behind it.
        head: HeadState,
    },
}

/// A lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Relative to the root.
    pub rel: PathBuf,
    /// What it is named after.
    pub module: ModuleVersion,
    /// What is in it.
    pub read: LookupRead,
}

/// What was read of a tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TileRead {
    /// Not a regular file, gone, or unreadable: told elsewhere.
    Unread,
    /// Empty: being written.
    Empty,
    /// Of another size than its width says, both in bytes.
    WrongSize {
        /// What it should have.
        claimed: u64,
        /// What it has.
        computed: u64,
    },
    /// One of [`Database::tiles`], by its number there.
    Whole(usize),
}

/// All of one database that lies here.
#[derive(Debug, Default)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Every head that is signed, each once, the smallest first.
    pub heads: Vec<Tree>,
    /// `latest`: its path and worth; `None` where it is not here, or empty, as before the first lookup.
    pub latest: Option<(PathBuf, HeadState)>,
    /// The lookups.
    pub lookups: Vec<Lookup>,
    /// The tile files, relative to the root.
    pub tile_files: Vec<(PathBuf, TileRead)>,
    /// Those that could be read.
    pub tiles: Vec<LocalTile>,
    /// Files that are neither.
    pub strays: Vec<PathBuf>,
}

/// What `latest` is worth; `None` where there is nothing to judge.
pub fn head(content: &Content, notes: &mut Notes<'_>) -> Option<HeadState> {
    match content {
        Content::Bytes(bytes) if bytes.is_empty() => None,
        Content::Bytes(bytes) => Some(notes.open(bytes)),
        Content::TooLong(_) => Some(HeadState::Refused(NoteFault::Malformed)),
        Content::Absent | Content::Blocked | Content::Unread => None,
    }
}

impl Database {
    /// Reads the database called `name`, whose folder in the module cache is `folder`, from the `files` that were listed. Heads
    /// are read after tiles were listed, so that a running Go can't have written a tile that no head reaches.
    pub fn read(
        root: &Root,
        name: &str,
        folder: &Path,
        files: &[PathBuf],
        key: &VerifierKey,
        latest: Option<&(PathBuf, Content)>,
        tally: &mut Tally,
    ) -> Database {
        let mut notes = Notes::new(key);
        let mut database = Database { name: name.to_owned(), ..Database::default() };
        let mut tiles = Vec::new();
        for rel in files {
            let inside = rel.strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or("").replace('\\', "/");
            let lookup = inside.strip_prefix("lookup/").and_then(lookup_name);
            match (lookup, Tile::parse(&inside).filter(|t| t.height == tile::HEIGHT && t.level.is_some_and(|l| l < LEVELS))) {
                (Some(module), _) => {
                    let read = read_lookup(root, rel, &module, &mut notes, tally);
                    database.lookups.push(Lookup { rel: rel.clone(), module, read });
                }
                (_, Some(tile)) => tiles.push((rel, tile)),
                _ => database.strays.push(rel.clone()),
            }
        }
        database.latest = latest.and_then(|(path, content)| Some((path.clone(), head(content, &mut notes)?)));
        database.heads = notes.trees();
        database.read_tiles(root, &tiles, tally);
        database
    }

    fn read_tiles(&mut self, root: &Root, tiles: &[(&PathBuf, Tile)], tally: &mut Tally) {
        let mut wanted = Wanted::default();
        for head in &self.heads {
            wanted.head(head.size);
        }
        for (_, tile) in tiles.iter().filter(|(_, t)| t.level == Some(0) && !t.is_full()) {
            wanted.tile(tile);
        }
        for lookup in &self.lookups {
            if let LookupRead::Record { id, .. } = lookup.read
                && let Ok(id) = u64::try_from(id)
            {
                wanted.record(id);
            }
        }
        for (rel, tile) in tiles {
            let claimed = tile.width * 32;
            let read = match read(root, rel, tile::LIMIT, |_| false, tally) {
                Content::Bytes(bytes) if bytes.is_empty() => TileRead::Empty,
                Content::Bytes(bytes) => match LocalTile::read(*tile, &bytes, &wanted) {
                    Some(local) => {
                        self.tiles.push(local);
                        TileRead::Whole(self.tiles.len() - 1)
                    }
                    None => TileRead::WrongSize { claimed, computed: u64::try_from(bytes.len()).unwrap_or(u64::MAX) },
                },
                Content::TooLong(computed) => TileRead::WrongSize { claimed, computed },
                Content::Absent | Content::Blocked | Content::Unread => TileRead::Unread,
            };
            self.tile_files.push(((*rel).clone(), read));
        }
    }
}

fn read_lookup(root: &Root, rel: &Path, module: &ModuleVersion, notes: &mut Notes<'_>, tally: &mut Tally) -> LookupRead {
    match read(root, rel, text::LIMIT, |_| false, tally) {
        Content::Bytes(bytes) if bytes.is_empty() => LookupRead::Empty,
        Content::Bytes(bytes) => match Record::parse(&bytes) {
            Some(record) => LookupRead::Record {
                id: record.id,
                hash: Hash::of_record(record.text),
                sums: record.sums(module),
                head: notes.open(record.rest),
            },
            None => LookupRead::Malformed,
        },
        Content::TooLong(size) => LookupRead::TooLong(size),
        Content::Absent | Content::Blocked | Content::Unread => LookupRead::Unread,
    }
}
