//! What `--online` brought, judged as what lies on disk is: under signed heads, from the top down.

use std::path::Path;

use super::online_rules::{ANSWER_FALSE, DATABASE_NOT_ASKED, RECORD_ABSENT};
use super::rules::{LOOKUP_NOT_IN_TREE, TREE_HEADS_CONTRADICT};
use super::{Proofs, ProvenSums, shown};
use crate::evidence::online::{Answer, Gathered, Lookup, Origin, Places, Session, Signed, Usable};
use crate::facts::ModuleVersion;
use crate::finding::{Finding, Place, RootKind, Sink};
use crate::format::sumdb::log::{HeadVerdict, Log, RecordVerdict, TileVerdict};
use crate::format::sumdb::needs::needs;

/// What came out of it.
#[derive(Debug, Default)]
pub struct Fetched<'a> {
    /// What is proven.
    pub proofs: Proofs,
    /// What is worth keeping: names in the database, and bytes.
    pub keep: Vec<(String, &'a [u8])>,
    /// Whether something was false.
    pub is_false: bool,
}

struct Judge<'a> {
    gathered: &'a Gathered,
    session: &'a Session<'a>,
    database: &'a str,
    places: &'a Places,
    root: &'a Path,
    log: Log<'a>,
}

/// How one record came out.
enum Outcome {
    Proven,
    /// It, or a tile on its way, is false: in words.
    False(String),
    /// Something on its way could not be had: in words.
    Missing(String),
}

/// Judges everything that was gathered for modules of the cache at `root`. `places` has the part of each module that a finding names.
pub fn fetched<'a>(
    gathered: &'a Gathered,
    usable: &Usable,
    session: &Session<'_>,
    database: &str,
    (root, places): (&Path, &Places),
    sink: &mut Sink,
) -> Fetched<'a> {
    let log = Log::new(&gathered.tiles, &gathered.heads);
    let judge = Judge { gathered, session, database, places, root, log };
    let mut out = Fetched::default();
    if judge.heads(sink) {
        // Of two histories neither proves anything.
        return Fetched { is_false: true, ..out };
    }
    let mut unanswered: Vec<(&ModuleVersion, String)> = Vec::new();
    let mut false_tiles: Vec<(String, Finding)> = Vec::new();
    for answer in &gathered.answers {
        match &answer.lookup {
            Lookup::Signed(signed) => match judge.record(signed) {
                Outcome::Proven => {
                    let by = if answer.origin == Origin::Kept {
                        session.kept(&answer.name).display().to_string()
                    } else {
                        session.url(&answer.name)
                    };
                    out.proofs.insert(&answer.module, judge.proven(signed, by));
                    out.keep.extend(gathered.lookup_to_keep(answer));
                }
                Outcome::False(what) => {
                    out.is_false = true;
                    match false_tiles.iter_mut().find(|(told, _)| *told == what) {
                        Some((_, finding)) => finding.more += 1,
                        None => false_tiles.push((what.clone(), judge.answer_is_false(answer, &what))),
                    }
                }
                Outcome::Missing(why) => unanswered.push((&answer.module, why)),
            },
            Lookup::Absent => {
                let message = format!("`{database}` has no record of it: a private module, or one that was never published");
                sink.push_bounded(judge.about(&RECORD_ABSENT, &answer.module, message));
            }
            Lookup::Failed(why) => unanswered.push((&answer.module, why.to_string())),
            Lookup::False(fault) => {
                out.is_false = true;
                sink.push_bounded(judge.answer_is_false(answer, &fault.to_string()));
            }
        }
    }
    for (_, finding) in false_tiles {
        sink.push_bounded(finding);
    }
    for (module, signed, lookup) in &usable.records {
        match judge.record(signed) {
            Outcome::Proven => out.proofs.insert(module, judge.proven(signed, root.join(lookup).display().to_string())),
            Outcome::False(what) => {
                out.is_false = true;
                let message = format!("{what} of `{database}`");
                sink.push_bounded(Finding::at(
                    &LOOKUP_NOT_IN_TREE,
                    RootKind::Gomodcache,
                    &root.join(lookup),
                    module.to_string(),
                    message,
                ));
            }
            Outcome::Missing(why) => unanswered.push((module, why)),
        }
    }
    for (i, verdict) in judge.log.tile_verdicts().iter().enumerate() {
        if *verdict == TileVerdict::Proven {
            out.keep.extend(gathered.tile_to_keep(i));
        }
    }
    if let Some((module, why)) = unanswered.first() {
        let more = unanswered.len() - 1;
        let others = if more == 0 { String::new() } else { format!(" and {more} more") };
        let message = format!("no proof of `{module}`{others} could be had from `{database}`: {why}");
        let mut finding = not_asked(Place::Env("GOPROXY".to_owned()), "GOPROXY", message);
        finding.more = u64::try_from(more).unwrap_or(0);
        sink.push(finding);
    }
    out
}

/// That the database was not asked, or gave no answer.
pub fn not_asked(place: Place, subject: &str, message: impl Into<String>) -> Finding {
    Finding::new(&DATABASE_NOT_ASKED, RootKind::Environment, place, subject, message)
}

impl Judge<'_> {
    fn about(&self, rule: &'static crate::rule::Rule, module: &ModuleVersion, message: impl Into<String>) -> Finding {
        let path = self.places.get(module).map_or(self.root, |p| p.as_path());
        Finding::at(rule, RootKind::Gomodcache, path, module.to_string(), message)
    }

    fn answer_is_false(&self, answer: &Answer, what: &str) -> Finding {
        let message = format!("what was fetched to prove it is not from `{}`: it {what}", self.database);
        self.about(&ANSWER_FALSE, &answer.module, message).claimed_by(self.session.url(&answer.name))
    }

    fn proven(&self, signed: &Signed, by: String) -> ProvenSums {
        let (zip, go_mod) = (signed.sums.zip, signed.sums.go_mod);
        ProvenSums { zip, go_mod, by, database: self.database.to_owned(), exempt: false }
    }

    /// Heads that came from elsewhere and can't be of the log that was known here, or of each other's.
    fn heads(&self, sink: &mut Sink) -> bool {
        let mut any = false;
        for (head, verdict) in self.gathered.heads.iter().zip(self.log.head_verdicts()) {
            let HeadVerdict::Contradicts(other) = verdict else { continue };
            any = true;
            let bears = |a: &&Answer| matches!(a.lookup, Lookup::Signed(s) if s.head == *head) && a.origin == Origin::Remote;
            let (Some(answer), Some(other)) = (self.gathered.answers.iter().find(bears), self.gathered.heads.get(*other)) else {
                continue;
            };
            let message = format!(
                "the record that was fetched for it comes with a signed head of {} records, and that can't be of the same log as the signed head of \
                 {} records that is known: the log was forked or rolled back",
                head.size, other.size
            );
            let finding = self.about(&TREE_HEADS_CONTRADICT, &answer.module, message);
            sink.push(finding.claims(shown(head), shown(other)).claimed_by(self.session.url(&answer.name)));
        }
        any
    }

    fn record(&self, signed: &Signed) -> Outcome {
        let false_record = || Outcome::False(format!("is not what the signed tree holds as record {}", signed.number));
        match self.log.judge_record(signed.number, signed.hash) {
            RecordVerdict::Proven => return Outcome::Proven,
            RecordVerdict::Contradicted => return false_record(),
            RecordVerdict::ContradictedByTile(_) | RecordVerdict::NotProvable => {}
        }
        let way = needs(self.gathered.size, [signed.number], []);
        if let Some(tile) = way.iter().find(|t| self.gathered.cut.contains(t)) {
            return Outcome::False(format!("comes with `{tile}` of another size than that tile has"));
        }
        if let Some((tile, why)) = way.iter().find_map(|t| Some((t, self.gathered.missing.get(t)?))) {
            return Outcome::Missing(format!("`{tile}`: {why}"));
        }
        let blamed = |verdict: &TileVerdict| matches!(verdict, TileVerdict::Altered | TileVerdict::Suspect(_));
        let here = self.gathered.tiles.iter().zip(self.log.tile_verdicts());
        let mut false_tiles =
            here.filter(|(t, v)| blamed(v) && way.iter().any(|w| w.level == t.tile().level && w.number == t.tile().number));
        match false_tiles.next() {
            Some((tile, _)) => Outcome::False(format!("comes with `{}`, which is not of the signed tree", tile.tile())),
            // Nothing else is left that could keep a record from its root.
            None => false_record(),
        }
    }
}
