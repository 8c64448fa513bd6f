//! The checksum databases of a module cache, and the newest head that Go keeps of each beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{QUIET, ROUNDS, Run, wait_until_quiet, youngest_damage};
use crate::check::sumdb::{self, Exempt, Judged, Proofs, Row};
use crate::evidence::modcache::Skeleton;
use crate::evidence::node::Root;
use crate::evidence::online::Usable;
use crate::evidence::owners::Owners;
use crate::evidence::sumdb::{Database, HeadState, Latest, Notes, head, latest};
use crate::evidence::tally::Tally;
use crate::facts::{Fact, SumdbFile, SumdbVerdict};
use crate::finding::RootKind;
use crate::format::sumdb::Tree;
use crate::format::sumdb::key::VerifierKey;
use crate::locate::{KNOWN_SUMDB, SUM_GOLANG_ORG};
use crate::plan::Plan;

/// The keys of the databases that are known: Go's own, that of GOSUMDB, that of the plan.
#[derive(Debug, Default)]
pub(super) struct Keys {
    own: Vec<VerifierKey>,
    go: Option<VerifierKey>,
    pub(super) exempt: Exempt,
}

impl Keys {
    pub(super) fn of(plan: &Plan) -> Keys {
        let gosumdb = plan.settings.text("GOSUMDB");
        let named = gosumdb.split_whitespace().next().and_then(|key| VerifierKey::parse(key).ok());
        let given = plan.options.sumdb_key.as_deref().and_then(|key| VerifierKey::parse(key).ok());
        Keys {
            own: named.into_iter().chain(given).collect(),
            go: VerifierKey::parse(SUM_GOLANG_ORG).ok(),
            exempt: Exempt { off: gosumdb == "off", globs: plan.settings.text("GONOSUMDB").into_bytes() },
        }
    }

    /// The key of the database called `name`: a key that was given for that name goes before Go's own, as with Go.
    fn of_database(&self, name: &str) -> Option<&VerifierKey> {
        let own = self.own.iter().find(|k| k.name() == name);
        own.or_else(|| self.go.as_ref().filter(|_| KNOWN_SUMDB.contains(&name)))
    }

    fn names(&self) -> BTreeSet<String> {
        KNOWN_SUMDB.iter().map(|n| (*n).to_owned()).chain(self.own.iter().map(|k| k.name().to_owned())).collect()
    }
}

/// Reads `latest` of each known database below the planned folder of the checksum database.
fn read_latest(plan: &Plan, owners: &Owners, keys: &Keys, tally: &mut Tally) -> Latest {
    let mut all = Latest::new();
    for planned in plan.roots.iter().filter(|r| r.kind == RootKind::Sumdb) {
        // A root that can't be opened is told when it is its turn.
        if let Ok(root) = Root::open(RootKind::Sumdb, &planned.path, owners) {
            all.append(&mut latest(&root, &keys.names(), tally));
        }
    }
    all
}

/// The newest head that Go keeps of the database with this key beside the module cache, where it is signed.
pub(super) fn known_head(run: &Run<'_>, key: &VerifierKey, tally: &Tally) -> Option<Tree> {
    // Read and judged once more where it belongs: what can't be read is told there.
    let all = read_latest(run.plan, &run.owners, &run.keys, &mut tally.fresh());
    match head(&all.get(key.name())?.1, &mut Notes::new(key))? {
        HeadState::Signed(tree) => Some(tree),
        HeadState::Refused(_) | HeadState::NoTree => None,
    }
}

/// Judges `latest` of each database in the checksum database's own folder.
pub(super) fn sweep(run: &Run<'_>, root: &Root, tally: &mut Tally) {
    let mut read = latest(root, &run.keys.names(), tally);
    for round in 0..=ROUNDS {
        let mut told = tally.fresh();
        for (name, (path, content)) in &read {
            let Some(key) = run.keys.of_database(name) else { continue };
            let Some(state) = head(content, &mut Notes::new(key)) else { continue };
            let before = told.sink.len();
            let verdict = sumdb::latest(name, path, state, &mut told.sink);
            told.judged(before, true);
            if run.plan.options.facts {
                told.facts.push(Fact::Sumdb { kind: SumdbFile::TreeHead, path: path.clone(), verdict });
            }
        }
        if round < ROUNDS && youngest_damage(root, &told).is_some_and(|changed| wait_until_quiet(changed, QUIET)) {
            read = latest(root, &run.keys.names(), &mut tally.fresh());
            continue;
        }
        tally.absorb(told);
        return;
    }
}

/// Judges the databases of a module cache: what they prove of modules, and what of each may serve in further proofs.
pub(super) fn databases(
    run: &Run<'_>,
    root: &Root,
    skeleton: &Skeleton,
    tally: &mut Tally,
) -> (Proofs, BTreeMap<String, Usable>) {
    let mut proofs = Proofs::default();
    let mut usable = BTreeMap::new();
    for (name, files) in &skeleton.database_files {
        let (Some(key), Some(folder)) = (run.keys.of_database(name), skeleton.databases.get(name)) else { continue };
        let (told, judged) = settled(run, root, name, folder, files, key, tally);
        proofs.absorb(judged.proofs);
        usable.insert(name.clone(), judged.usable);
        tally.absorb(told);
    }
    (proofs, usable)
}

/// Judges one database, and once more as long as what seems wrong is being written.
fn settled(
    run: &Run<'_>,
    root: &Root,
    name: &str,
    folder: &std::path::Path,
    files: &[PathBuf],
    key: &VerifierKey,
    tally: &Tally,
) -> (Tally, Judged) {
    let mut round = 0;
    loop {
        let mut told = tally.fresh();
        let latest = read_latest(run.plan, &run.owners, &run.keys, &mut told);
        let database = Database::read(root, name, folder, files, key, latest.get(name), &mut told);
        let mut judged = sumdb::database(&root.path, &database, &run.keys.exempt, &mut told.sink);
        round += 1;
        if round <= ROUNDS && youngest_damage(root, &told).is_some_and(|changed| wait_until_quiet(changed, QUIET)) {
            continue;
        }
        for row in std::mem::take(&mut judged.rows) {
            count(&row, &mut told);
            if run.plan.options.facts {
                let Row { kind, path, verdict } = row;
                told.facts.push(Fact::Sumdb { kind, path, verdict });
            }
        }
        return (told, judged);
    }
}

fn count(row: &Row, tally: &mut Tally) {
    match row.verdict {
        SumdbVerdict::Proven => tally.coverage.intact += 1,
        SumdbVerdict::Signed | SumdbVerdict::NotProvable | SumdbVerdict::BeingWritten | SumdbVerdict::PastEnd => {
            tally.coverage.unverifiable += 1;
        }
        // Counted where it could not be read.
        SumdbVerdict::Unread => {}
        _ => tally.coverage.damaged += 1,
    }
}
