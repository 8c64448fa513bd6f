//! `--online`: asks for what is missing to prove the modules of a cache.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::sumdb::known_head;
use super::{Run, version};
use crate::check::sumdb::{self, Proofs};
use crate::evidence::modcache::{Skeleton, VersionUnit};
use crate::evidence::node::Root;
use crate::evidence::online::{Places, Session, Usable, gather};
use crate::evidence::tally::Tally;
use crate::facts::ModuleVersion;
use crate::finding::{Place, Sink};
use crate::locate::{Ask, Source, may_be_told};
use crate::subject::modcache::Part;

/// Asks for every module version that is not proven yet, that no setting keeps private, and of which there is content.
pub(super) fn ask(
    run: &Run<'_>,
    root: &Root,
    number: u32,
    skeleton: &Skeleton,
    usable: &BTreeMap<String, Usable>,
    proofs: &mut Proofs,
    tally: &mut Tally,
) {
    let Some(online) = &run.plan.options.online else { return };
    let settings = &run.plan.settings;
    let unproven = |unit: &&VersionUnit| {
        // The FIPS module is unpacked from the Go installation: no database has it.
        let recorded = unit.name.path != "golang.org/fips140";
        let content = unit.has(Part::Zip) || unit.has(Part::Mod) || unit.tree.is_some();
        recorded && content && proofs.of(&unit.module()).is_none()
    };
    let public = |unit: &&VersionUnit| may_be_told(settings, &unit.name.path) && !run.keys.exempt.has(&unit.name.path);
    let (told, private): (Vec<&VersionUnit>, Vec<&VersionUnit>) = skeleton.units.iter().filter(unproven).partition(public);
    let mut spent = run.spent.lock().unwrap_or_else(PoisonError::into_inner);
    spent.withheld += u64::try_from(private.len()).unwrap_or(0);
    drop(spent);
    let mut places: Places = told.into_iter().map(|u| (u.module(), root.path.join(version::shown_part(u)))).collect();
    if places.is_empty() {
        return;
    }
    let ask = match Ask::of(settings, run.plan.options.sumdb_key.as_deref()) {
        Ok(ask) => ask,
        Err((name, why)) => {
            let place = match settings.get(name).map(|s| s.source) {
                Some(Source::Goenv) => settings.goenv_file.clone().map(Place::Path),
                Some(Source::GoEnv) => settings.go_env_file.clone().map(Place::Path),
                _ => None,
            };
            let message = format!("{name} {why}: nobody is asked about {} modules that lack a proof", places.len());
            tally.sink.push(sumdb::not_asked(place.unwrap_or_else(|| Place::Env(name.to_owned())), name, message));
            return;
        }
    };
    let database = ask.key.name();
    let mut usable = usable.get(database).cloned().unwrap_or_default();
    if usable.heads.is_empty() {
        // A module cache without any lookup: what came later is still held to the head that Go remembers.
        usable.heads.extend(known_head(run, &ask.key, tally));
    }
    let usable = &usable;
    // A record that lies here lacks tiles only.
    for (module, ..) in &usable.records {
        places.remove(module);
    }
    let mut wanted: Vec<ModuleVersion> = places.keys().cloned().collect();
    wanted.sort();
    let session = match Session::new(online.remote.as_ref(), &ask, &online.folder) {
        Ok(session) => session,
        Err(e) => {
            tally.sink.push(sumdb::not_asked(Place::Env("GOPROXY".to_owned()), "GOPROXY", e.to_string()));
            return;
        }
    };
    run.phase(number, root.kind, "records", wanted.len(), None);
    for anew in [false, true] {
        let gathered = gather(&session, &ask.key, &wanted, usable, root, anew, &|| run.progress.advance(1, 0));
        let mut sink = Sink::default();
        let fetched = sumdb::fetched(&gathered, usable, &session, database, (&root.path, &places), &mut sink);
        for (name, bytes) in &fetched.keep {
            session.keep(name, bytes);
        }
        // What was kept, or lies in the module cache, may be what is false.
        if fetched.is_false && gathered.has_old() && !anew {
            continue;
        }
        proofs.absorb(fetched.proofs);
        tally.sink.absorb(sink);
        break;
    }
    let spent = session.spent();
    let mut all = run.spent.lock().unwrap_or_else(PoisonError::into_inner);
    all.requests += spent.requests;
    all.bytes += spent.bytes;
    all.base = spent.base.or(all.base.take());
}
