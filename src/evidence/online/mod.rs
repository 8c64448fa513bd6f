//! Fetches what is missing for proofs of the checksum database: lookups, then the tiles under the largest signed head. What comes is
//! evidence like what lies on disk: its form is read here, and `check` judges it.

mod session;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::Mutex;

use rayon::prelude::*;

use super::node::Root;
use super::sumdb::{HeadState, Notes};
use crate::facts::ModuleVersion;
use crate::format::module::{escape_path, escape_version};
use crate::format::sumdb::key::VerifierKey;
use crate::format::sumdb::log::{LocalTile, Wanted};
use crate::format::sumdb::needs::needs;
use crate::format::sumdb::text::{self, Record, Sums};
use crate::format::sumdb::tile::{self, Tile};
use crate::format::sumdb::{Hash, Tree};
use crate::remote::NoAnswer;
use crate::sys;

pub use session::{Session, Spent};

/// What lies in a module cache of the database and was found sound.
#[derive(Debug, Clone, Default)]
pub struct Usable {
    /// Every signed head.
    pub heads: Vec<Tree>,
    /// Records whose head is signed and that no tile here proves, with the path of their lookup.
    pub records: Vec<(ModuleVersion, Signed, PathBuf)>,
    /// Tiles, with their place relative to the root.
    pub tiles: BTreeMap<(u64, u64), Vec<(Tile, PathBuf)>>,
}

/// A record with the signed head that came with it. What proves it is another question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
    /// What it says of the module.
    pub sums: Sums,
    /// The head.
    pub head: Tree,
}

/// Where something comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The module cache.
    Here,
    /// What an earlier run fetched.
    Kept,
    /// The network.
    Remote,
}

/// Why an answer can't be what the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerFault {
    /// Longer than any that there is.
    TooLong,
    /// No record with a signed head.
    NoRecord,
    /// The head does not bear the database's signature.
    NotSigned,
    /// A number that the tree of its own head does not have.
    Number,
    /// On another module.
    OtherModule,
    /// Without a sum of the module's zip.
    NoSum,
}

impl fmt::Display for AnswerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AnswerFault::TooLong => "is longer than any record or tile",
            AnswerFault::NoRecord => "holds no record with a signed tree head",
            AnswerFault::NotSigned => "holds a tree head that the database did not sign",
            AnswerFault::Number => "claims a record number that its signed tree does not have",
            AnswerFault::OtherModule => "holds the record of another module",
            AnswerFault::NoSum => "holds no sum of the module's zip",
        })
    }
}

/// What became of one lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A record.
    Signed(Signed),
    /// The database has none.
    Absent,
    /// No answer.
    Failed(NoAnswer),
    /// An answer that can't be true.
    False(AnswerFault),
}

/// One module that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The module.
    pub module: ModuleVersion,
    /// What became of it.
    pub lookup: Lookup,
    /// Where it comes from.
    pub origin: Origin,
    /// Its name in the database, and in what is kept.
    pub name: String,
    /// What came, where it is worth keeping once it is proven.
    bytes: Vec<u8>,
}

/// A tile that is here now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Where it comes from.
    pub origin: Origin,
    bytes: Vec<u8>,
}

/// Everything that it takes to judge what was asked.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Each module that was asked for, in their order.
    pub answers: Vec<Answer>,
    /// The size of the largest signed head; 0 without any.
    pub size: u64,
    /// Every signed head, each once, the smallest first.
    pub heads: Vec<Tree>,
    /// The tiles.
    pub tiles: Vec<LocalTile>,
    /// Of each tile.
    pub held: Vec<Held>,
    /// Tiles that could not be had.
    pub missing: BTreeMap<Tile, NoAnswer>,
    /// Tiles that came with another size than theirs.
    pub cut: BTreeSet<Tile>,
}

impl Gathered {
    /// Whether anything of it was not fetched just now.
    pub fn has_old(&self) -> bool {
        self.answers.iter().any(|a| a.origin != Origin::Remote) || self.held.iter().any(|h| h.origin != Origin::Remote)
    }

    /// What was fetched of this answer.
    pub fn lookup_to_keep<'a>(&self, answer: &'a Answer) -> Option<(String, &'a [u8])> {
        (answer.origin == Origin::Remote).then(|| (answer.name.clone(), answer.bytes.as_slice()))
    }

    /// What was fetched of this tile.
    pub fn tile_to_keep(&self, i: usize) -> Option<(String, &[u8])> {
        let (tile, held) = (self.tiles.get(i)?, self.held.get(i)?);
        (held.origin == Origin::Remote).then(|| (tile.tile().to_string(), held.bytes.as_slice()))
    }
}

/// Asks for every module of `wanted`, and for the tiles that prove what comes. With `anew` what was kept and what lies in the module
/// cache at `root` is left aside, since some of it was found false.
pub fn gather(
    session: &Session<'_>,
    key: &VerifierKey,
    wanted: &[ModuleVersion],
    usable: &Usable,
    root: &Root,
    anew: bool,
    done: &(dyn Fn() + Sync),
) -> Gathered {
    let notes = Mutex::new(Notes::new(key));
    let answers: Vec<Answer> = session.pool().install(|| {
        let one = |module: &ModuleVersion| {
            let answer = look_up(session, module, &notes, anew);
            done();
            answer
        };
        wanted.par_iter().with_max_len(1).filter_map(one).collect()
    });
    let records = || usable.records.iter().map(|(_, signed, _)| *signed).chain(answers.iter().filter_map(Answer::signed));
    let heads: BTreeSet<Tree> = usable.heads.iter().copied().chain(records().map(|r| r.head)).collect();
    let size = heads.iter().map(|h| h.size).max().unwrap_or(0);
    // The largest head that was known before stands for all older ones, as Go's `latest` does.
    let before = usable.heads.iter().map(|h| h.size).max();
    let sizes = answers.iter().filter_map(Answer::signed).map(|s| s.head.size).chain(before);
    let tiles: Vec<Tile> = if records().next().is_some() {
        needs(size, records().map(|r| r.number), sizes).into_iter().collect()
    } else {
        Vec::new()
    };
    let mut kept = Wanted::default();
    heads.iter().for_each(|h| kept.head(h.size));
    records().for_each(|r| kept.record(r.number));
    let had: Vec<(Tile, Had)> = session.pool().install(|| {
        let one = |tile: &Tile| (*tile, tile_of(session, tile, usable, root, &kept, anew));
        tiles.par_iter().with_max_len(1).map(one).collect()
    });
    let mut gathered = Gathered { answers, size, heads: heads.into_iter().collect(), ..Gathered::default() };
    for (tile, had) in had {
        match had {
            Ok((local, held)) => {
                gathered.tiles.push(local);
                gathered.held.push(held);
            }
            Err(TileFault::Missing(why)) => drop(gathered.missing.insert(tile, why)),
            Err(TileFault::Cut) => drop(gathered.cut.insert(tile)),
        }
    }
    gathered
}

impl Answer {
    fn signed(&self) -> Option<Signed> {
        match self.lookup {
            Lookup::Signed(signed) => Some(signed),
            _ => None,
        }
    }
}

/// `None` for a module whose name is none that Go would ask for.
fn look_up(session: &Session<'_>, module: &ModuleVersion, notes: &Mutex<Notes<'_>>, anew: bool) -> Option<Answer> {
    let name = format!("lookup/{}@{}", escape_path(&module.path).ok()?, escape_version(&module.version).ok()?);
    let answer = |lookup, origin, bytes| Some(Answer { module: module.clone(), lookup, origin, name: name.clone(), bytes });
    if !anew
        && let Ok(bytes) = sys::read(&session.kept(&name), text::LIMIT)
        && let Ok(signed) = read_record(&bytes, module, notes)
    {
        return answer(Lookup::Signed(signed), Origin::Kept, Vec::new());
    }
    let (lookup, bytes) = match session.fetch(&name, text::LIMIT) {
        Ok(bytes) => match read_record(&bytes, module, notes) {
            Ok(signed) => (Lookup::Signed(signed), bytes),
            Err(fault) => (Lookup::False(fault), Vec::new()),
        },
        Err(why) if why.is_absent() => (Lookup::Absent, Vec::new()),
        Err(NoAnswer::TooLong) => (Lookup::False(AnswerFault::TooLong), Vec::new()),
        Err(why) => (Lookup::Failed(why), Vec::new()),
    };
    answer(lookup, Origin::Remote, bytes)
}

fn read_record(bytes: &[u8], module: &ModuleVersion, notes: &Mutex<Notes<'_>>) -> Result<Signed, AnswerFault> {
    let record = Record::parse(bytes).ok_or(AnswerFault::NoRecord)?;
    // A thread that panicked while it held the lock has left nothing half done: a note is known whole or not at all.
    let state = notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).open(record.rest);
    let head = match state {
        HeadState::Signed(head) => head,
        HeadState::NoTree => return Err(AnswerFault::NoRecord),
        HeadState::Refused(_) => return Err(AnswerFault::NotSigned),
    };
    let number = u64::try_from(record.id).ok().filter(|n| *n < head.size).ok_or(AnswerFault::Number)?;
    let sums = record.sums(module);
    match (sums.others, sums.zip) {
        (true, _) => Err(AnswerFault::OtherModule),
        (false, None) => Err(AnswerFault::NoSum),
        (false, Some(_)) => Ok(Signed { number, hash: Hash::of_record(record.text), sums, head }),
    }
}

/// A tile with where it comes from, or why there is none.
type Had = Result<(LocalTile, Held), TileFault>;

/// Why there is no tile.
enum TileFault {
    Missing(NoAnswer),
    Cut,
}

fn tile_of(session: &Session<'_>, tile: &Tile, usable: &Usable, root: &Root, wanted: &Wanted, anew: bool) -> Had {
    if !anew {
        let full = Tile { width: tile::WIDTH, ..*tile };
        for kept in [*tile, full] {
            if let Ok(bytes) = sys::read(&session.kept(&kept.to_string()), tile::LIMIT)
                && let Some(local) = LocalTile::read(kept, &bytes, wanted)
            {
                return Ok((local, Held { origin: Origin::Kept, bytes: Vec::new() }));
            }
        }
        let place = (tile.level.unwrap_or(0), tile.number);
        for (here, rel) in usable.tiles.get(&place).into_iter().flatten().filter(|(t, _)| t.width >= tile.width) {
            let read = root.dir.open_file(rel).and_then(|mut file| file.read_all(tile::LIMIT));
            if let Ok((bytes, true)) = read
                && let Some(local) = LocalTile::read(*here, &bytes, wanted)
            {
                return Ok((local, Held { origin: Origin::Here, bytes: Vec::new() }));
            }
        }
    }
    match session.fetch(&tile.to_string(), tile::LIMIT) {
        Ok(bytes) => {
            let local = LocalTile::read(*tile, &bytes, wanted).ok_or(TileFault::Cut)?;
            Ok((local, Held { origin: Origin::Remote, bytes }))
        }
        Err(NoAnswer::TooLong) => Err(TileFault::Cut),
        Err(why) => Err(TileFault::Missing(why)),
    }
}

/// The modules by name, for those who look for the place of one.
pub type Places = HashMap<ModuleVersion, PathBuf>;
