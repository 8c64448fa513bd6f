//! Finishes or rolls back what a kill left half done, and puts a run back.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::act::{Trouble, aside_name, drop_original};
use super::journal::{self, RunRecord, Stage, StepRecord, Writer, identity, is_node};
use super::place::{Found, run, run_names};
use super::transfer::{self, Refused, said};
use crate::format::journal::{Change, Identity, Record, RootRecord, TIGHTEN_MAX};
use crate::sys::{self, Dir, NodeKind, Stat};

/// Finishes or rolls back every run of a quarantine that did not come to its end; the runs with which that could not be done,
/// and why. A run whose journal is damaged is left alone: nothing that can't be read is acted on.
pub(super) fn recover_all(quarantine: &Dir) -> io::Result<BTreeMap<String, io::Error>> {
    let mut stuck = BTreeMap::new();
    for name in run_names(quarantine)? {
        let found = run(quarantine, name)?;
        let ended = if found.journal.as_ref().is_ok_and(|j| j.records.is_empty()) {
            drop_unbegun(quarantine, &found)
        } else if found.journal.is_ok() && found.record().is_open() {
            Undo::open(&found).and_then(|mut undo| undo.recover())
        } else {
            Ok(())
        };
        if let Err(e) = ended {
            stuck.insert(found.name, e);
        }
    }
    Ok(stuck)
}

/// Takes away the folder of a run that was killed before its journal said a word: nothing was done.
fn drop_unbegun(quarantine: &Dir, found: &Found) -> io::Result<()> {
    let names = found.dir.reopen()?.list()?;
    if names.iter().any(|(name, _)| name != journal::NAME) {
        return Ok(());
    }
    for (name, _) in names {
        found.dir.remove_file(&name)?;
    }
    quarantine.remove_dir(OsStr::new(&found.name))
}

/// A run whose journal goes on.
pub(super) struct Undo<'a> {
    run: &'a Dir,
    name: &'a str,
    record: RunRecord,
    writer: Writer,
    roots: Vec<Option<Dir>>,
}

/// Where a step's node lies: its folder and its name there; no folder for a root itself.
struct At {
    parent: Option<(Dir, OsString)>,
}

impl At {
    fn stat(&self) -> Option<Stat> {
        self.parent.as_ref().and_then(|(dir, name)| dir.stat(Path::new(name)).ok())
    }
}

impl<'a> Undo<'a> {
    pub(super) fn open(found: &'a Found) -> io::Result<Undo<'a>> {
        let journal = found.journal.as_ref().map_err(|e| io::Error::new(e.kind(), e.to_string()))?;
        let record = RunRecord::of(journal);
        let roots = record.roots.iter().map(open_root).collect();
        Ok(Undo { run: &found.dir, name: &found.name, writer: Writer::resume(&found.dir, journal)?, record, roots })
    }

    fn tell(&mut self, record: Record) -> io::Result<()> {
        self.writer.tell(&record)?;
        self.record.take(&record);
        Ok(())
    }

    fn root(&self, step: &StepRecord) -> Option<&Dir> {
        usize::try_from(step.root).ok().and_then(|i| self.roots.get(i)).and_then(Option::as_ref)
    }

    fn at(&self, step: &StepRecord) -> At {
        let parent = self.root(step).and_then(|root| root.open_parent(&step.rel()).ok());
        At { parent }
    }

    /// The node that a step changed in its place, where it is still that one.
    fn node(&self, step: &StepRecord) -> Option<sys::Node> {
        let root = self.root(step)?;
        let node = if step.path.0.is_empty() {
            root.own_node()
        } else {
            let (parent, name) = root.open_parent(&step.rel()).ok()?;
            parent.node(&name)
        };
        node.ok().filter(|n| is_node(n.stat(), &step.was))
    }

    /// Brings every step to an end, one way or the other, and ends the run.
    pub(super) fn recover(&mut self) -> io::Result<()> {
        let open: Vec<StepRecord> = self.record.steps.values().filter(|s| s.is_open()).cloned().collect();
        for step in open {
            let back = matches!(step.stage, Stage::Returning | Stage::ReturnCopied);
            let verdict = match (&step.change, back) {
                (Change::Move { item, .. }, false) => self.settle_move(&step, &item_name(item))?,
                (Change::Move { item, .. }, true) => self.settle_return(&step, &item_name(item))?,
                (Change::Mode { .. } | Change::Owner { .. }, false) => self.settle_change(&step)?,
                // Given back once more: it does no harm where it was given back already.
                (Change::Mode { .. } | Change::Owner { .. }, true) => match self.change_back(&step) {
                    Ok(()) => Record::Returned { step: step.step },
                    Err(trouble) => Record::Kept { step: step.step, why: trouble.why },
                },
            };
            self.tell(verdict)?;
        }
        if !self.record.ended {
            self.tell(Record::End)?;
        }
        self.rest()?;
        self.writer.commit()
    }

    /// Gives folders that things were put back into their times of before, and says so where all is back; the folders with
    /// which that could not be done, and why.
    fn rest(&mut self) -> io::Result<Vec<(PathBuf, String)>> {
        let mut kept = Vec::new();
        // The earliest step of the run that touched a folder knows when it was last written before.
        let mut parents: BTreeMap<(u32, PathBuf), &StepRecord> = BTreeMap::new();
        let touched = self.record.steps.values().filter(|s| matches!(s.stage, Stage::Done | Stage::Returned));
        for step in touched.filter(|s| matches!(s.change, Change::Move { .. })) {
            if let Some(parent) = step.rel().parent() {
                parents.entry((step.root, parent.to_path_buf())).or_insert(step);
            }
        }
        let back: BTreeSet<(u32, PathBuf)> = self
            .record
            .steps
            .values()
            .filter(|s| s.stage == Stage::Returned)
            .filter_map(|s| Some((s.root, s.rel().parent()?.to_path_buf())))
            .collect();
        for ((_, parent), step) in parents.iter().filter(|(place, _)| back.contains(*place)) {
            let Some(root) = self.root(step) else { continue };
            let dir = if parent.as_os_str().is_empty() { root.reopen() } else { root.open_dir(parent) };
            let timed = dir.and_then(|dir| {
                dir.set_mtime(step.parent.to_ns())?;
                dir.sync()
            });
            if let Err(e) = timed {
                kept.push((root.path().join(parent), format!("has not its time of before: {}", said(&e))));
            }
        }
        if kept.is_empty() && !self.record.restored && !back.is_empty() && self.record.standing().next().is_none() {
            self.tell(Record::Restored)?;
        }
        Ok(kept)
    }

    /// A move that was about to be done: where is the thing?
    fn settle_move(&mut self, step: &StepRecord, item: &OsStr) -> io::Result<Record> {
        let number = step.step;
        let failed = |why: &str| Ok(Record::Failed { step: number, why: why.to_owned() });
        let at = self.at(step);
        let there = at.stat();
        let is_original = there.is_some_and(|s| is_node(&s, &step.was));
        let moved = self.run.stat(Path::new(item)).ok();
        match (&step.stage, moved) {
            (Stage::Copying, _) if is_original => {
                transfer::remove(self.run, item)?;
                failed("was interrupted while it was copied, and is where it was")
            }
            (Stage::Copying, _) => failed("was interrupted while it was copied, and is gone from its place"),
            (Stage::Copied, Some(_)) => self.settle_copied(step, &at, item, is_original),
            (Stage::Copied, None) => failed("was interrupted, and its copy is gone"),
            (_, Some(moved)) if is_node(&moved, &step.was) => {
                relock(self.run, item, &moved, &step.was)?;
                if let (true, Some((parent, name))) = (is_original, &at.parent) {
                    // Killed between the second name and taking the first away.
                    parent.remove_file(name)?;
                }
                self.tighten(step, item)?;
                Ok(Record::Done { step: number })
            }
            // Something else was caught in the moment of the move, and was to go back.
            (_, Some(moved)) => match (&at.parent, there) {
                (Some((parent, name)), None) => {
                    let caught = identity(&moved, None);
                    match transfer::rename(self.run, item, parent, name, &caught) {
                        Ok(()) => failed("was swapped for something else while it was being moved"),
                        Err(_) => Ok(Record::Done { step: number }),
                    }
                }
                _ => Ok(Record::Done { step: number }),
            },
            (_, None) => {
                if let (Some(stat), Some((parent, name))) = (there, &at.parent)
                    && is_original
                {
                    relock(parent, name, &stat, &step.was)?;
                }
                failed(if is_original { "was interrupted, and is where it was" } else { "is gone from its place" })
            }
        }
    }

    fn settle_copied(&mut self, step: &StepRecord, at: &At, item: &OsStr, is_original: bool) -> io::Result<Record> {
        let number = step.step;
        let aside = aside_name(self.name, number);
        if let Some((parent, name)) = &at.parent {
            let outcome = if is_original {
                drop_original(parent, name, &aside, self.run, item, &step.was)
            } else if parent.stat(Path::new(&aside)).is_ok_and(|s| is_node(&s, &step.was)) {
                if transfer::is_part(parent, &aside, self.run, item)? {
                    transfer::remove(parent, &aside)?;
                    Ok(())
                } else if transfer::go_back(parent, &aside, parent, name, step.parent.to_ns()).is_ok() {
                    Err("changed while it was copied".into())
                } else {
                    // Something else has taken its place: both stay.
                    Ok(())
                }
            } else {
                Ok(())
            };
            match outcome {
                Ok(()) => {}
                Err(Trouble { why, open: true, .. }) => return Err(io::Error::other(why)),
                Err(Trouble { why, .. }) => {
                    transfer::remove(self.run, item)?;
                    return Ok(Record::Failed { step: number, why });
                }
            }
        }
        self.tighten(step, item)?;
        Ok(Record::Done { step: number })
    }

    /// A mode or owner that was about to be set: it is set.
    fn settle_change(&self, step: &StepRecord) -> io::Result<Record> {
        let Some(node) = self.node(step) else {
            return Ok(Record::Failed { step: step.step, why: "is gone from its place".to_owned() });
        };
        let done = match &step.change {
            Change::Mode { to, acl, default_acl } => transfer::set_mode(&node, *to, acl.is_some(), default_acl.is_some()),
            Change::Owner { uid, gid } => node.set_owner(*uid, *gid),
            Change::Move { .. } => Ok(()),
        };
        match (done, &step.change) {
            (Ok(()), _) => Ok(Record::Done { step: step.step }),
            (Err(e), Change::Mode { acl, default_acl, .. }) => {
                transfer::give_lists(&node, unhexed(acl).as_deref(), unhexed(default_acl).as_deref())?;
                Ok(Record::Failed { step: step.step, why: said(&e) })
            }
            (Err(e), _) => Ok(Record::Failed { step: step.step, why: said(&e) }),
        }
    }

    /// A move back that was about to be done.
    fn settle_return(&mut self, step: &StepRecord, item: &OsStr) -> io::Result<Record> {
        let number = step.step;
        let returned = Ok(Record::Returned { step: number });
        let kept = |why: &str| Ok(Record::Kept { step: number, why: why.to_owned() });
        let at = self.at(step);
        let in_quarantine = self.run.stat(Path::new(item)).is_ok();
        let aside = aside_name(self.name, number);
        let Some((parent, name)) = &at.parent else { return kept("the folder that it came from is gone") };
        let copy = parent.stat(Path::new(&aside)).ok();
        if step.stage == Stage::ReturnCopied && in_quarantine {
            // A copy that was whole once may have been about to be taken away again.
            let whole = copy.is_some() && transfer::is_part(self.run, item, parent, &aside)?;
            if copy.is_some() && !(whole && parent.rename_new(&aside, parent, name).is_ok()) {
                transfer::remove(parent, &aside)?;
                transfer::set_modes(self.run, item, &step.inner, false)?;
                return kept("was interrupted, or something else is in its place");
            }
            // What is not back is not taken away here.
            if !transfer::is_part(self.run, item, parent, name)? {
                transfer::set_modes(self.run, item, &step.inner, false)?;
                return kept("was interrupted");
            }
            parent.sync()?;
            transfer::remove(self.run, item)?;
        } else if in_quarantine {
            transfer::remove(parent, &aside)?;
            transfer::set_modes(self.run, item, &step.inner, false)?;
            return kept("was interrupted");
        }
        if at.stat().is_some() {
            give_modes(parent, name, step)?;
            return returned;
        }
        kept("is gone from the quarantine")
    }

    /// Takes from what was moved the right to be executed, and to be written by others.
    fn tighten(&mut self, step: &StepRecord, item: &OsStr) -> io::Result<()> {
        let loose = transfer::loose(self.run, item)?;
        for nodes in loose.chunks(TIGHTEN_MAX) {
            self.tell(Record::Tighten { step: step.step, nodes: nodes.to_vec() })?;
        }
        if loose.is_empty() {
            return Ok(());
        }
        self.writer.commit()?;
        transfer::set_modes(self.run, item, &loose, false)
    }

    /// Places that hold something now which the run would be put over.
    pub(super) fn occupied(&self) -> Vec<(u32, PathBuf)> {
        let moves = self.record.standing().filter(|s| matches!(s.change, Change::Move { .. }));
        moves.filter(|s| self.at(s).stat().is_some()).map(|s| (s.root, s.rel())).collect()
    }

    /// What the journal says.
    pub(super) fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Puts back every step that stands, the last one first. Says what could not be put back.
    pub(super) fn restore(&mut self) -> io::Result<Vec<(PathBuf, String)>> {
        let standing: Vec<StepRecord> = self.record.standing().rev().cloned().collect();
        let mut kept = Vec::new();
        for batch in standing.chunks(BATCH) {
            for step in batch {
                self.tell(Record::Return { step: step.step })?;
            }
            self.writer.commit()?;
            for step in batch {
                let outcome = match &step.change {
                    Change::Move { item, .. } => self.put_back(step, &item_name(item)),
                    Change::Mode { .. } | Change::Owner { .. } => self.change_back(step),
                };
                match outcome {
                    Ok(()) => self.tell(Record::Returned { step: step.step })?,
                    Err(Trouble { why, open, .. }) => {
                        kept.push((self.shown(step), why.clone()));
                        if !open {
                            self.tell(Record::Kept { step: step.step, why })?;
                        }
                    }
                }
            }
        }
        kept.extend(self.rest()?);
        self.run.sync()?;
        self.writer.commit()?;
        Ok(kept)
    }

    /// The path of a step as Go has it.
    pub(super) fn shown(&self, step: &StepRecord) -> PathBuf {
        let root = usize::try_from(step.root).ok().and_then(|i| self.record.roots.get(i));
        let root = root.map(|r| sys::path_from_bytes(r.path.0.clone())).unwrap_or_default();
        if step.path.0.is_empty() { root } else { root.join(step.rel()) }
    }

    fn put_back(&mut self, step: &StepRecord, item: &OsStr) -> Result<(), Trouble> {
        let root = self.root(step).ok_or("its root is gone")?;
        make_way(root, &step.rel())?;
        let (parent, name) = root.open_parent(&step.rel())?;
        let stat = self.run.stat(Path::new(item))?;
        let here = identity(&stat, None);
        match transfer::rename(self.run, item, &parent, &name, &here) {
            Ok(()) => {}
            Err(Refused::Because(why)) => return Err(why.into()),
            Err(Refused::Halfway { why, moved }) => return Err(Trouble::open(why, moved)),
            Err(Refused::OtherFileSystem) => self.copy_back(step, item, &parent, &name)?,
        }
        let back = |e| Trouble::open(format!("was put back, but has not its mode of before: {}", said(&e)), true);
        give_modes(&parent, &name, step).map_err(back)
    }

    /// To another file system: a copy beside the place, compared, that then takes the name.
    fn copy_back(&mut self, step: &StepRecord, item: &OsStr, parent: &Dir, name: &OsStr) -> Result<(), Trouble> {
        let aside = aside_name(self.name, step.step);
        let copied = transfer::copy(self.run, item, parent, &aside)
            .and_then(|()| transfer::is_same(self.run, item, parent, &aside))
            .and_then(|same| if same { Ok(()) } else { Err(io::Error::other("changed while it was copied")) })
            .and_then(|()| self.tell(Record::ReturnCopied { step: step.step }))
            .and_then(|()| self.writer.commit())
            .and_then(|()| parent.rename_new(&aside, parent, name));
        if let Err(e) = copied {
            // Where that can't be taken away either the next run does it.
            let open = transfer::remove(parent, &aside).is_err();
            return Err(Trouble { open, ..e.into() });
        }
        let back = |e| Trouble::open(format!("was put back, but lies in the quarantine, too: {}", said(&e)), true);
        parent.sync().and_then(|()| transfer::remove(self.run, item)).map_err(back)
    }

    fn change_back(&self, step: &StepRecord) -> Result<(), Trouble> {
        let node = self.node(step).ok_or("is not what it was when it was changed")?;
        match &step.change {
            Change::Mode { acl, default_acl, .. } => {
                transfer::give_lists(&node, unhexed(acl).as_deref(), unhexed(default_acl).as_deref())?;
            }
            Change::Owner { .. } => node.set_owner(step.was.uid, step.was.gid)?,
            Change::Move { .. } => {}
        }
        // After an owner was set the system has perhaps taken bits away; and the bits of the group are the mask of a list.
        Ok(node.set_mode(step.was.mode)?)
    }
}

/// Steps of one write to the journal.
const BATCH: usize = 64;

fn item_name(item: &crate::format::journal::Name) -> OsString {
    sys::path_from_bytes(item.0.clone()).into_os_string()
}

fn unhexed(list: &Option<String>) -> Option<Vec<u8>> {
    list.as_deref().and_then(unhex)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.bytes().map(|b| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}

/// Opens the root that a journal names: the same folder, or one of our own that was made anew at the same place, with no link
/// on the way.
fn open_root(root: &RootRecord) -> Option<Dir> {
    let path = sys::path_from_bytes(root.real.0.clone());
    let dir = Dir::open_root(&path).ok()?;
    let stat = dir.stat_self().ok()?;
    let same = stat.dev == root.dev && stat.ino == root.ino;
    let anew = || stat.uid == sys::process::effective_uid() && sys::resolve(&path).is_ok_and(|real| real == path);
    (same || anew()).then_some(dir)
}

/// Takes back the right to write to a folder that was given for the time of a move.
fn relock(dir: &Dir, name: &OsStr, stat: &Stat, was: &Identity) -> io::Result<()> {
    if stat.kind == NodeKind::Dir && stat.mode != was.mode && stat.mode == was.mode | 0o200 {
        dir.node(name)?.set_mode(was.mode)?;
    }
    Ok(())
}

/// Gives what is back in its place the modes that it had.
fn give_modes(parent: &Dir, name: &OsStr, step: &StepRecord) -> io::Result<()> {
    transfer::set_modes(parent, name, &step.inner, true)?;
    // Perhaps it could not be locked again when it was moved.
    relock(parent, name, &parent.stat(Path::new(name))?, &step.was)
}

/// Makes the folders above `rel` that are gone meanwhile, as Go makes them.
fn make_way(root: &Dir, rel: &Path) -> io::Result<()> {
    let Some(parent) = rel.parent().filter(|p| !p.as_os_str().is_empty()) else { return Ok(()) };
    let mut at = root.reopen()?;
    for part in parent.components() {
        let name = part.as_os_str();
        match at.make_dir(name, 0o777) {
            Ok(()) => at.sync()?,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
        at = at.open_dir(Path::new(name))?;
    }
    Ok(())
}
