//! The checksum database as it lies on disk: lookups, tiles and signed heads against each other, and modules against the
//! records that are proven.

mod modules;
mod online;
mod online_rules;
mod rules;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::evidence::online::{Signed, Usable};
use crate::evidence::sumdb::{Database, HeadState, Lookup, LookupRead, TileRead};
use crate::facts::{ModuleVersion, SumdbFile, SumdbVerdict};
use crate::finding::{Finding, RootKind, Sink, path_text};
use crate::format::dirhash::H1;
use crate::format::module::pattern::match_prefix_patterns;
use crate::format::sumdb::Tree;
use crate::format::sumdb::log::{HeadVerdict, LocalTile, Log, RecordVerdict, TileVerdict};
use crate::format::sumdb::note::NoteFault;
use crate::rule::{Level, Rule};

pub use modules::{MODULE_RULES, ZIP_SUMDB_MISMATCH, go_mod, go_sum, zip};
pub use online::{Fetched, fetched, not_asked};
pub use online_rules::RULES as ONLINE_RULES;
pub use rules::RULES;
use rules::{
    LOOKUP_MALFORMED, LOOKUP_NOT_IN_TREE, LOOKUP_NUMBER_IMPOSSIBLE, LOOKUP_OTHER_MODULE, LOOKUP_SIGNATURE_INVALID, SUMDB_STRAY,
    TILE_ALTERED, TILE_MALFORMED, TILE_PAST_END, TREE_HEAD_MALFORMED, TREE_HEAD_SIGNATURE_INVALID, TREE_HEADS_CONTRADICT,
};

/// The sums of a module version that a signed tree holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenSums {
    /// Of its zip.
    pub zip: Option<H1>,
    /// Of its go.mod.
    pub go_mod: Option<H1>,
    /// The lookup that says so.
    pub by: String,
    /// The database.
    pub database: String,
    /// Whether the settings exempt the module, so that Go does not ask for it.
    pub exempt: bool,
}

/// What is proven of the modules of one cache.
#[derive(Debug, Default)]
pub struct Proofs {
    sums: HashMap<ModuleVersion, ProvenSums>,
}

impl Proofs {
    /// What is proven of a module version.
    pub fn of(&self, module: &ModuleVersion) -> Option<&ProvenSums> {
        self.sums.get(module)
    }

    /// The sums of zips that are proven of modules that no setting exempts.
    pub fn sums(&self) -> impl Iterator<Item = (&ModuleVersion, H1)> {
        self.sums.iter().filter(|(_, p)| !p.exempt).filter_map(|(module, p)| Some((module, p.zip?)))
    }

    /// Adds a proof.
    fn insert(&mut self, module: &ModuleVersion, proven: ProvenSums) {
        self.sums.insert(module.clone(), proven);
    }

    /// Takes what another database proves; the first one has its way.
    pub fn absorb(&mut self, other: Proofs) {
        for (module, sums) in other.sums {
            self.sums.entry(module).or_insert(sums);
        }
    }
}

/// Which modules Go asks no database about.
#[derive(Debug, Clone, Default)]
pub struct Exempt {
    /// GOSUMDB is `off`.
    pub off: bool,
    /// GONOSUMDB, which is GOPRIVATE where it is not set.
    pub globs: Vec<u8>,
}

impl Exempt {
    /// Whether Go leaves the module out (cmd/go/internal/modfetch/sumdb.go, `useSumDB`): toolchains never.
    pub fn has(&self, path: &str) -> bool {
        path != "golang.org/toolchain" && (self.off || match_prefix_patterns(&self.globs, path.as_bytes()))
    }
}

/// How one file of the database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub kind: SumdbFile,
    /// Where it lies.
    pub path: PathBuf,
    /// How it stands.
    pub verdict: SumdbVerdict,
}

/// What came out of one database.
#[derive(Debug, Default)]
pub struct Judged {
    /// What is proven.
    pub proofs: Proofs,
    /// Each lookup and tile.
    pub rows: Vec<Row>,
    /// What may serve in further proofs.
    pub usable: Usable,
}

struct Judge<'a> {
    root: &'a Path,
    database: &'a Database,
    log: Log<'a>,
}

/// Judges all of a database but the form of `latest`, which [`latest`] does. `root` is that of the module cache.
pub fn database(root: &Path, database: &Database, exempt: &Exempt, sink: &mut Sink) -> Judged {
    let judge = Judge { root, database, log: Log::new(&database.tiles, &database.heads) };
    let mut judged = Judged::default();
    judge.heads(sink);
    judged.usable.heads.clone_from(&database.heads);
    for (rel, read) in &database.tile_files {
        let verdict = judge.tile(rel, read, sink);
        let sound = matches!(verdict, SumdbVerdict::Proven | SumdbVerdict::NotProvable | SumdbVerdict::PastEnd);
        if let (TileRead::Whole(i), true) = (read, sound)
            && let Some(tile) = database.tiles.get(*i).map(LocalTile::tile)
        {
            let place = (tile.level.unwrap_or(0), tile.number);
            judged.usable.tiles.entry(place).or_default().push((*tile, rel.clone()));
        }
        judged.rows.push(Row { kind: SumdbFile::Tile, path: root.join(rel), verdict });
    }
    for lookup in &database.lookups {
        let verdict = judge.lookup(lookup, sink);
        let path = root.join(&lookup.rel);
        if let (SumdbVerdict::NotProvable, LookupRead::Record { head: HeadState::Signed(head), id, hash, sums }) =
            (verdict, &lookup.read)
            && let Ok(number) = u64::try_from(*id)
        {
            let signed = Signed { number, hash: *hash, sums: *sums, head: *head };
            judged.usable.records.push((lookup.module.clone(), signed, lookup.rel.clone()));
        }
        if let (SumdbVerdict::Proven, LookupRead::Record { sums, .. }) = (verdict, &lookup.read) {
            let proven = ProvenSums {
                zip: sums.zip,
                go_mod: sums.go_mod,
                by: path.display().to_string(),
                database: database.name.clone(),
                exempt: exempt.has(&lookup.module.path),
            };
            judged.proofs.sums.insert(lookup.module.clone(), proven);
        }
        judged.rows.push(Row { kind: SumdbFile::Lookup, path, verdict });
    }
    for rel in &database.strays {
        if crate::subject::is_litter(&rel.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()) {
            continue;
        }
        sink.push_bounded(judge.find(&SUMDB_STRAY, rel, "is neither a lookup nor a tile: go never makes it"));
    }
    judged
}

/// Judges `latest` by itself.
pub fn latest(database: &str, path: &Path, state: HeadState, sink: &mut Sink) -> SumdbVerdict {
    let (rule, message, verdict) = match state {
        HeadState::Signed(_) => return SumdbVerdict::Signed,
        HeadState::Refused(NoteFault::Malformed) => {
            (&TREE_HEAD_MALFORMED, "is no signed note".to_owned(), SumdbVerdict::Malformed)
        }
        HeadState::NoTree => (&TREE_HEAD_MALFORMED, "is signed, and no tree head".to_owned(), SumdbVerdict::Malformed),
        HeadState::Refused(fault) => (
            &TREE_HEAD_SIGNATURE_INVALID,
            format!("is not what `{database}` signed: {}", said(fault, database)),
            SumdbVerdict::BadSignature,
        ),
    };
    sink.push(Finding::at(rule, RootKind::Sumdb, path, format!("{database}/latest"), message));
    verdict
}

fn said(fault: NoteFault, database: &str) -> String {
    match fault {
        NoteFault::Unsigned => format!("it bears no signature with the key of `{database}`"),
        NoteFault::InvalidSignature => "the signature does not fit the text".to_owned(),
        NoteFault::Malformed => "it is no signed note".to_owned(),
    }
}

impl Judge<'_> {
    fn find(&self, rule: &'static Rule, rel: &Path, message: impl Into<String>) -> Finding {
        let (shown, _) = path_text(rel);
        let subject = shown.strip_prefix("cache/download/sumdb/").unwrap_or(&shown).to_owned();
        Finding::at(rule, RootKind::Gomodcache, &self.root.join(rel), subject, message)
    }

    fn about(&self, rule: &'static Rule, lookup: &Lookup, message: impl Into<String>) -> Finding {
        Finding::at(rule, RootKind::Gomodcache, &self.root.join(&lookup.rel), lookup.module.to_string(), message)
    }

    /// Heads that can't be of one log.
    fn heads(&self, sink: &mut Sink) {
        for (head, verdict) in self.database.heads.iter().zip(self.log.head_verdicts()) {
            let HeadVerdict::Contradicts(other) = verdict else { continue };
            let Some(other) = self.database.heads.get(*other) else { continue };
            let why = if head.size == other.size {
                "another signed head of the same number of records has another root: the log was forked".to_owned()
            } else {
                format!("it and the signed head of {} records can't be of the same log: it was forked or rolled back", other.size)
            };
            let message = format!("holds a signed head of {} records, and {why}", head.size);
            let holds = |state: HeadState| state == HeadState::Signed(*head);
            let mut found: Vec<Finding> = Vec::new();
            if let Some((path, _)) = self.database.latest.as_ref().filter(|(_, state)| holds(*state)) {
                let subject = format!("{}/latest", self.database.name);
                found.push(Finding::at(&TREE_HEADS_CONTRADICT, RootKind::Sumdb, path, subject, message.clone()));
            }
            let holder = |l: &&Lookup| matches!(l.read, LookupRead::Record { head, .. } if holds(head));
            let holders: Vec<&Lookup> = self.database.lookups.iter().filter(holder).collect();
            if let Some(first) = holders.first() {
                let mut finding = self.about(&TREE_HEADS_CONTRADICT, first, message);
                finding.more = u64::try_from(holders.len() - 1).unwrap_or(0);
                found.push(finding);
            }
            for finding in found {
                sink.push(
                    finding.claims(shown(head), shown(other)).claimed_by(format!("the signature of {}", self.database.name)),
                );
            }
        }
    }

    fn tile(&self, rel: &Path, read: &TileRead, sink: &mut Sink) -> SumdbVerdict {
        let index = match read {
            TileRead::Unread => return SumdbVerdict::Unread,
            TileRead::Empty => return SumdbVerdict::BeingWritten,
            TileRead::WrongSize { claimed, computed } => {
                let message = format!("is {computed} bytes long, where its name stands for {claimed}");
                let finding = self.find(&TILE_MALFORMED, rel, message);
                sink.push_bounded(finding.claims(format!("{claimed} bytes"), format!("{computed} bytes")).claimed_by("its name"));
                return SumdbVerdict::Malformed;
            }
            TileRead::Whole(index) => *index,
        };
        match self.log.tile_verdicts().get(index) {
            Some(TileVerdict::Proven) => SumdbVerdict::Proven,
            Some(TileVerdict::Altered) => {
                let message = "holds hashes that are not those of the signed tree";
                sink.push_bounded(self.find(&TILE_ALTERED, rel, message));
                SumdbVerdict::Altered
            }
            Some(TileVerdict::Suspect(1)) => {
                let message = "does not give the root hash of the signed tree that ends in it";
                sink.push_bounded(self.find(&TILE_ALTERED, rel, message));
                SumdbVerdict::Altered
            }
            Some(TileVerdict::Suspect(n)) => {
                let message = format!(
                    "is one of {n} tiles that together do not give the root hash of a signed tree: at least one is altered"
                );
                sink.push_bounded(self.find(&TILE_ALTERED, rel, message));
                SumdbVerdict::Altered
            }
            Some(TileVerdict::PastEnd) => {
                let finding = self.find(&TILE_PAST_END, rel, "lies past the end of every signed tree that is here");
                // Where `latest` is not kept, the head that it belongs to may be lost with it.
                let signed = matches!(self.database.latest, Some((_, HeadState::Signed(_))));
                sink.push_bounded(if signed { finding } else { finding.lowered_to(Level::Note) });
                SumdbVerdict::PastEnd
            }
            Some(TileVerdict::Partly(_) | TileVerdict::NotProvable) | None => SumdbVerdict::NotProvable,
        }
    }

    /// The most basic fault alone is told.
    fn lookup(&self, lookup: &Lookup, sink: &mut Sink) -> SumdbVerdict {
        let name = &self.database.name;
        let (finding, verdict) = match &lookup.read {
            LookupRead::Unread => return SumdbVerdict::Unread,
            LookupRead::Empty => return SumdbVerdict::BeingWritten,
            LookupRead::TooLong(size) => {
                let message = format!("is {size} bytes long, more than any record with its head");
                (self.about(&LOOKUP_MALFORMED, lookup, message), SumdbVerdict::Malformed)
            }
            LookupRead::Malformed => {
                let message = "holds no record with a number and a signed head";
                (self.about(&LOOKUP_MALFORMED, lookup, message), SumdbVerdict::Malformed)
            }
            LookupRead::Record { head: HeadState::Refused(NoteFault::Malformed) | HeadState::NoTree, .. } => {
                let message = "holds a record without a signed tree head behind it";
                (self.about(&LOOKUP_MALFORMED, lookup, message), SumdbVerdict::Malformed)
            }
            LookupRead::Record { head: HeadState::Refused(fault), .. } => {
                let message = format!("holds a tree head that `{name}` did not sign: {}", said(*fault, name));
                (self.about(&LOOKUP_SIGNATURE_INVALID, lookup, message), SumdbVerdict::BadSignature)
            }
            LookupRead::Record { head: HeadState::Signed(head), id, hash, sums } => {
                let number = u64::try_from(*id).ok().filter(|n| *n < head.size);
                let Some(number) = number else {
                    let message = format!("claims to be record {id} of a tree of {} records", head.size);
                    let finding = self.about(&LOOKUP_NUMBER_IMPOSSIBLE, lookup, message);
                    sink.push_bounded(finding.claims(id.to_string(), format!("0 to {}", i128::from(head.size) - 1)));
                    return SumdbVerdict::BadNumber;
                };
                if sums.others {
                    let message = "holds the record of another module than the one that it is named after";
                    (self.about(&LOOKUP_OTHER_MODULE, lookup, message), SumdbVerdict::OtherModule)
                } else {
                    match self.log.judge_record(number, *hash) {
                        RecordVerdict::Proven | RecordVerdict::NotProvable if sums.zip.is_none() => {
                            let message = "holds no sum of the zip that it is named after";
                            (self.about(&LOOKUP_OTHER_MODULE, lookup, message), SumdbVerdict::OtherModule)
                        }
                        RecordVerdict::Proven => return SumdbVerdict::Proven,
                        RecordVerdict::NotProvable => return SumdbVerdict::NotProvable,
                        RecordVerdict::Contradicted => {
                            let message = format!("is not what the signed tree of `{name}` holds as record {number}");
                            (self.about(&LOOKUP_NOT_IN_TREE, lookup, message), SumdbVerdict::NotInTree)
                        }
                        RecordVerdict::ContradictedByTile(tile) => {
                            let tile = self.database.tiles.get(tile).map(|t| t.tile().to_string()).unwrap_or_default();
                            let message = format!(
                                "and `{tile}` contradict each other on record {number}; what would tell which is true is not here"
                            );
                            (self.about(&LOOKUP_NOT_IN_TREE, lookup, message), SumdbVerdict::NotInTree)
                        }
                    }
                }
            }
        };
        sink.push_bounded(finding);
        verdict
    }
}

fn shown(head: &Tree) -> String {
    format!("{} records, root {}", head.size, head.root)
}
