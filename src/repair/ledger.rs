//! The runs of all quarantines beside the roots that Go uses: listed, shown, put back, purged.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::act::{Now, Work, digest};
use super::journal::{RunRecord, Stage, identity};
use super::place::{Found, Quarantine, beside, look, run_names, runs};
use super::plan::{Hold, Site, Step, Wanted};
use super::transfer;
use super::undo::{Undo, recover_all};
use crate::evidence::node::Root;
use crate::evidence::owners::Owners;
use crate::finding::RootKind;
use crate::format::journal::{Change, RootRecord};
use crate::sys::{self, NodeKind};
use crate::word::words;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunState {
    /// It came to its end, and all that it did stands.
    Done,
    /// A kill left something half done, only a part is put back, or its journal can't be read.
    Partial,
    /// All that it did is put back.
    Restored,
}

words!(RunState: Done => "done", Partial => "partial", Restored => "restored");

/// A run, merged over the quarantines that it worked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// Its name.
    pub run: String,
    /// When it began, RFC 3339.
    pub time: String,
    /// Steps that it did.
    pub steps: u64,
    /// Bytes that lie in quarantine.
    pub bytes: u64,
    /// How it stands.
    pub state: RunState,
    /// What is wrong with its journal.
    pub damage: Option<String>,
}

/// What became of putting a run back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// How many steps were undone.
    pub undone: u64,
    /// Places that hold something else now; where there are any and nobody said to overwrite, nothing was done.
    pub occupied: Vec<PathBuf>,
    /// What was in those places is in this run now.
    pub displaced: Option<String>,
    /// What could not be put back, and why.
    pub kept: Vec<(PathBuf, String)>,
}

/// What became of a purge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purged {
    /// Runs that are gone.
    pub runs: u64,
}

/// The quarantines beside some roots.
#[derive(Debug, Clone)]
pub struct Ledger {
    places: Vec<PathBuf>,
}

impl Ledger {
    /// The quarantines beside these roots, whether they are there or not.
    pub fn beside<'a>(roots: impl Iterator<Item = &'a Path>) -> Ledger {
        let real: Vec<PathBuf> = roots.map(|r| sys::resolve(r).unwrap_or_else(|_| r.to_path_buf())).collect();
        let mut places: Vec<PathBuf> = real.iter().filter_map(|root| beside(root, &real)).collect();
        places.sort();
        places.dedup();
        Ledger { places }
    }

    /// Every run, oldest first. Reads only.
    pub fn runs(&self) -> io::Result<Vec<RunSummary>> {
        let mut all: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for place in &self.places {
            for found in look(place)?.map(|dir| runs(&dir)).transpose()?.unwrap_or_default() {
                all.entry(found.name.clone()).or_default().push(found);
            }
        }
        let mut summaries: Vec<RunSummary> = all.into_iter().map(|(name, found)| summary(name, &found)).collect();
        summaries.sort_by(|a, b| (&a.time, a.run.len(), &a.run).cmp(&(&b.time, b.run.len(), &b.run)));
        Ok(summaries)
    }

    /// The names of all runs. Reads no journal.
    pub fn names(&self) -> io::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for place in &self.places {
            names.extend(look(place)?.map(|dir| run_names(&dir)).transpose()?.unwrap_or_default());
        }
        Ok(names)
    }

    /// What the journals say of a run; empty where there is none of that name.
    pub fn show(&self, run: &str) -> io::Result<Vec<RunRecord>> {
        let mut out = Vec::new();
        for place in &self.places {
            let found = look(place)?.map(|dir| runs(&dir)).transpose()?.unwrap_or_default();
            for found in found.into_iter().filter(|f| f.name == run) {
                out.push(RunRecord::of(&found.journal?));
            }
        }
        Ok(out)
    }

    /// Puts a run back. Where a place holds something else now, nothing is done unless `overwrite`; then what is there is
    /// moved to a quarantine run of its own.
    ///
    /// # Errors
    ///
    /// A quarantine that can't be worked with, or a journal that is damaged or can't be written.
    pub fn restore(&self, run: &str, overwrite: bool, now: &Now) -> io::Result<Restored> {
        let mut restored = Restored::default();
        let mut open: Vec<(Quarantine, Found)> = Vec::new();
        let mut taken = BTreeSet::new();
        for place in &self.places {
            let Some(quarantine) = Quarantine::open(place)? else { continue };
            settled(&quarantine, |name| name == run)?;
            let all = runs(&quarantine.dir)?;
            taken.extend(all.iter().map(|f| f.name.clone()));
            if let Some(found) = all.into_iter().find(|f| f.name == run) {
                open.push((quarantine, found));
            }
        }
        for (_, found) in &open {
            let undo = Undo::open(found)?;
            restored.occupied.extend(undo.occupied().iter().map(|(root, rel)| shown(undo.record(), *root, rel)));
        }
        if !restored.occupied.is_empty() && !overwrite {
            return Ok(restored);
        }
        let name = now.free_name(&taken);
        for (quarantine, found) in open {
            let mut undo = Undo::open(&found)?;
            let occupied = undo.occupied();
            let locked = if occupied.is_empty() {
                quarantine
            } else {
                restored.displaced = Some(name.clone());
                let (quarantine, kept) = displace(quarantine, undo.record(), &occupied, &name, now)?;
                restored.kept.extend(kept);
                quarantine
            };
            let before = undo.record().standing().count();
            restored.kept.extend(undo.restore()?);
            let after = undo.record().standing().count();
            restored.undone += u64::try_from(before.saturating_sub(after)).unwrap_or(0);
            drop(locked);
        }
        Ok(restored)
    }

    /// Deletes runs for good.
    pub fn purge(&self, names: &[String]) -> io::Result<Purged> {
        let mut gone = BTreeSet::new();
        for place in &self.places {
            let Some(quarantine) = Quarantine::open(place)? else { continue };
            settled(&quarantine, |name| names.iter().any(|n| n == name))?;
            for found in runs(&quarantine.dir)?.into_iter().filter(|f| names.contains(&f.name)) {
                // The journal goes last, since it stands last among the names.
                transfer::remove(&quarantine.dir, OsStr::new(&found.name))?;
                gone.insert(found.name);
            }
            quarantine.dir.sync()?;
        }
        Ok(Purged { runs: u64::try_from(gone.len()).unwrap_or(u64::MAX) })
    }

    /// Finishes or rolls back what a kill left half done. A quarantine that can't be worked with now is passed over: whoever
    /// needs it will say so.
    ///
    /// # Errors
    ///
    /// The first run that stays half done, and why.
    pub fn recover(&self) -> io::Result<()> {
        let open = self.places.iter().filter_map(|place| Quarantine::open(place).ok().flatten());
        let mut stuck = open.map(|quarantine| settled(&quarantine, |_| true)).collect::<Vec<_>>();
        stuck.drain(..).find(io::Result::is_err).unwrap_or(Ok(()))
    }

    /// Whether there is a run of that name.
    pub fn has(&self, run: &str) -> io::Result<bool> {
        Ok(self.names()?.contains(run))
    }
}

/// When a run of that name began.
pub fn began(name: &str) -> Option<SystemTime> {
    let mut numbers = name.get(..19)?.split(['-', 'T']);
    let mut next = || numbers.next().and_then(|n| n.parse::<u16>().ok());
    let (year, month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let small = |n: u16| u8::try_from(n).ok();
    let month = time::Month::try_from(small(month)?).ok()?;
    let date = time::Date::from_calendar_date(i32::from(year), month, small(day)?).ok()?;
    Some(date.with_hms(small(hour)?, small(minute)?, small(second)?).ok()?.assume_utc().into())
}

impl RunSummary {
    /// Whether it began longer ago than `age`.
    pub fn is_older_than(&self, age: Duration, now: SystemTime) -> bool {
        began(&self.run).and_then(|began| now.duration_since(began).ok()).is_some_and(|old| old > age)
    }
}

fn summary(name: String, found: &[Found]) -> RunSummary {
    let records: Vec<RunRecord> = found.iter().map(Found::record).collect();
    let steps = || records.iter().flat_map(|r| r.steps.values());
    let number = |stage: fn(&Stage) -> bool| steps().filter(|s| stage(&s.stage)).count();
    let (done, back) = (number(|s| *s == Stage::Done), number(|s| *s == Stage::Returned));
    let damage = found.iter().find_map(|f| f.journal.as_ref().err().map(ToString::to_string));
    let state = if damage.is_some() || records.iter().any(RunRecord::is_open) || (done > 0 && back > 0) {
        RunState::Partial
    } else if back > 0 {
        RunState::Restored
    } else {
        RunState::Done
    };
    let bytes = steps().filter(|s| s.stage == Stage::Done).map(|s| match s.change {
        Change::Move { bytes, .. } => bytes,
        Change::Mode { .. } | Change::Owner { .. } => 0,
    });
    let time = records.iter().map(|r| r.time.clone()).find(|t| !t.is_empty());
    RunSummary {
        time: time.unwrap_or_else(|| name.get(..19).unwrap_or_default().to_owned()),
        steps: u64::try_from(done + back).unwrap_or(u64::MAX),
        bytes: bytes.sum(),
        state,
        damage,
        run: name,
    }
}

/// Recovers a quarantine; an error where a run that is asked for stays half done.
fn settled(quarantine: &Quarantine, asked_for: impl Fn(&str) -> bool) -> io::Result<()> {
    let stuck = recover_all(&quarantine.dir)?.into_iter().find(|(name, _)| asked_for(name));
    stuck.map_or(Ok(()), |(name, e)| Err(io::Error::new(e.kind(), format!("the run `{name}` stays half done: {e}"))))
}

/// A path as Go has it.
fn shown(record: &RunRecord, root: u32, rel: &Path) -> PathBuf {
    let root = usize::try_from(root).ok().and_then(|i| record.roots.get(i));
    root.map(|r| sys::path_from_bytes(r.path.0.clone())).unwrap_or_default().join(rel)
}

/// Moves what lies in the way of a restore into a run of its own; what could not be moved.
fn displace(
    quarantine: Quarantine,
    record: &RunRecord,
    occupied: &[(u32, PathBuf)],
    name: &str,
    now: &Now,
) -> io::Result<(Quarantine, Vec<(PathBuf, String)>)> {
    let owners = Owners::look();
    let open = |r: &RootRecord| -> io::Result<Site> {
        let kind = RootKind::ALL.iter().find(|k| k.as_str() == r.kind).copied().unwrap_or(RootKind::Gocache);
        Ok(Site { root: Root::open(kind, &sys::path_from_bytes(r.real.0.clone()), &owners)?, quarantine: None })
    };
    let sites: Vec<Site> = record.roots.iter().map(open).collect::<io::Result<_>>()?;
    let mut steps = Vec::new();
    for (root, rel) in occupied {
        let site = usize::try_from(*root).unwrap_or(usize::MAX);
        let Some(dir) = sites.get(site).map(|s| &s.root.dir) else { continue };
        let stat = dir.stat(rel)?;
        let sha256 = match stat.kind {
            NodeKind::File => Some(digest(&mut dir.open_file(rel)?)?),
            _ => None,
        };
        steps.push(Step {
            site,
            rel: rel.clone(),
            wanted: if stat.kind == NodeKind::Link { Wanted::Unlink } else { Wanted::Quarantine },
            rule: "restore",
            was: identity(&stat, sha256),
            hold: Hold::Content,
            bytes: stat.size,
            then: "",
            about: Path::new("").into(),
            locks: Vec::new(),
        });
    }
    let mut work = Work::begin(quarantine, name, &now.rfc3339, &sites, "")?;
    let outcomes = work.all(&steps.iter().collect::<Vec<_>>());
    let failed = steps.iter().zip(outcomes).filter_map(|(step, outcome)| {
        let why = outcome.err()?.why;
        Some((shown(record, u32::try_from(step.site).unwrap_or(0), &step.rel), why))
    });
    let failed = failed.collect();
    Ok((work.into_quarantine(), failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_when_a_run_began() {
        let at = began("2026-11-22T23-14-07-3").unwrap();
        assert_eq!(Now::of(at).name, "2026-11-22T23-14-07");
        assert_eq!(began("2026-13-22T23-14-07"), None);
        let run = RunSummary {
            run: "2026-11-22T23-14-07".into(),
            time: String::new(),
            steps: 0,
            bytes: 0,
            state: RunState::Done,
            damage: None,
        };
        let day = Duration::from_secs(86_400);
        assert!(run.is_older_than(day, at + day * 2) && !run.is_older_than(day * 3, at + day * 2));
        assert!(!run.is_older_than(Duration::ZERO, at - day), "a run of the future is not old");
    }
}
