//! Carries out a plan: what is about to be done is durable in the journal before it is done.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::journal::{Writer, is_node, is_unchanged};
use super::locks::Locks;
use super::place::{Quarantine, look, run_names};
use super::plan::{Hold, RepairPlan, Site, Step, Wanted};
use super::transfer::{self, Refused, said};
use crate::finding::RootKind;
use crate::format::hex;
use crate::format::journal::{Change, Identity, InnerMode, Moment, Name, NodeType, Record, RootRecord, TIGHTEN_MAX};
use crate::sys::{self, Dir, File};

/// Steps whose intents share one write to the disk. Each holds up to four descriptors.
const BATCH: usize = 64;

/// The same where each holds but one: no file to be hashed, no lock of Go's.
const LIGHT_BATCH: usize = 4 * BATCH;

/// What went wrong with a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// In words.
    pub why: String,
    /// Whether the step stands all the same, and can be undone.
    pub done: bool,
    /// Whether the system refused both to go on and to go back: no end is written of it, and the next run brings it to one.
    pub(super) open: bool,
}

impl Trouble {
    /// Of a step that was brought to no end.
    pub(super) fn open(why: String, done: bool) -> Trouble {
        Trouble { why, done, open: true }
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Trouble {
        Trouble { why, done: false, open: false }
    }
}

impl From<&str> for Trouble {
    fn from(why: &str) -> Trouble {
        why.to_owned().into()
    }
}

impl From<io::Error> for Trouble {
    fn from(e: io::Error) -> Trouble {
        said(&e).into()
    }
}

/// What became of a step.
pub type Outcome = Result<(), Trouble>;

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Acted {
    /// The name of the run; `None` where no step was begun.
    pub run: Option<String>,
    /// One a step, in the order of the plan.
    pub outcomes: Vec<Outcome>,
}

/// Carries out `plan`. `now` names the run: UTC, and the same as RFC 3339.
pub fn act(plan: &RepairPlan, now: &Now) -> Acted {
    let mut acted = Acted { run: None, outcomes: plan.steps.iter().map(|_| Err("was not reached".into())).collect() };
    let places: BTreeSet<&PathBuf> = plan.steps.iter().filter_map(|s| plan.site(s)?.quarantine.as_ref()).collect();
    let mut open: BTreeMap<&PathBuf, io::Result<Quarantine>> = BTreeMap::new();
    for path in places {
        open.insert(path, Quarantine::make(path));
    }
    // Also where nothing is to be done now: runs of one name count as one.
    let all = plan.sites.iter().filter_map(|site| look(site.quarantine.as_ref()?).ok().flatten());
    let taken: BTreeSet<String> = all.filter_map(|dir| run_names(&dir).ok()).flatten().collect();
    let name = now.free_name(&taken);
    for (path, quarantine) in open {
        let (numbers, steps): (Vec<usize>, Vec<&Step>) = plan
            .steps
            .iter()
            .enumerate()
            .filter(|(_, s)| plan.site(s).is_some_and(|site| site.quarantine.as_ref() == Some(path)))
            .unzip();
        let done = match quarantine.and_then(|q| Work::begin(q, &name, &now.rfc3339, &plan.sites, &plan.digest())) {
            Ok(mut work) => {
                acted.run = Some(name.clone());
                work.all(&steps)
            }
            Err(e) => {
                let why = format!("there is no quarantine for it at `{}`: {}", path.display(), said(&e));
                steps.iter().map(|_| Err(why.clone().into())).collect()
            }
        };
        for (number, outcome) in numbers.into_iter().zip(done) {
            if let Some(slot) = acted.outcomes.get_mut(number) {
                *slot = outcome;
            }
        }
    }
    for (step, outcome) in plan.steps.iter().zip(&mut acted.outcomes) {
        if plan.site(step).is_none_or(|site| site.quarantine.is_none()) {
            *outcome = Err("there is no place beside its root for a quarantine".into());
        }
    }
    acted
}

/// The time at which a run begins.
#[derive(Debug, Clone)]
pub struct Now {
    /// As a run is named: `2026-11-22T23-14-07`.
    pub name: String,
    /// As it is written: `2026-11-22T23:14:07Z`.
    pub rfc3339: String,
}

impl Now {
    /// That of `at`, in UTC.
    pub fn of(at: std::time::SystemTime) -> Now {
        let whole = time::OffsetDateTime::from(at).replace_nanosecond(0).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        let rfc3339 = whole.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
        let name: String = rfc3339.chars().take(19).map(|c| if c == ':' { '-' } else { c }).collect();
        Now { name, rfc3339 }
    }

    /// A name that comes after all that are taken.
    pub(super) fn free_name(&self, taken: &BTreeSet<String>) -> String {
        let of_now = taken.iter().filter_map(|name| name.strip_prefix(&self.name));
        let last = of_now.map(|rest| rest.strip_prefix('-').and_then(|n| n.parse::<u32>().ok()).unwrap_or(1)).max();
        last.map_or_else(|| self.name.clone(), |n| format!("{}-{}", self.name, n.saturating_add(1)))
    }
}

/// A run at work in one quarantine.
pub(super) struct Work<'a> {
    quarantine: Quarantine,
    run: Dir,
    writer: Writer,
    sites: &'a [Site],
    name: String,
    next: u64,
    locks: Locks,
    /// Why nothing more may be done: the journal could not be written.
    broken: Option<String>,
}

/// A step that may be done as soon as its intent is durable.
struct Ready<'s> {
    index: usize,
    number: u64,
    step: &'s Step,
    /// The folder that holds the node and its name there; `None` for a root itself.
    at: Option<(Dir, OsString)>,
    item: OsString,
    /// Held so that Go, which locks what it changes in place, waits.
    _file: Option<File>,
}

impl<'a> Work<'a> {
    pub(super) fn begin(quarantine: Quarantine, name: &str, time: &str, sites: &'a [Site], plan: &str) -> io::Result<Work<'a>> {
        let (run, mut writer) = quarantine.begin(name)?;
        let bytes = |path: &Path| Name(path.as_os_str().as_encoded_bytes().to_vec());
        let roots = sites.iter().map(|site| RootRecord {
            kind: site.root.kind.as_str().to_owned(),
            path: bytes(&site.root.path),
            real: bytes(&site.root.real),
            dev: site.root.stat.dev,
            ino: site.root.stat.ino,
        });
        writer.tell(&Record::Begin {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            time: time.to_owned(),
            plan: plan.to_owned(),
            roots: roots.collect(),
        })?;
        writer.commit()?;
        let (name, locks) = (name.to_owned(), Locks::default());
        Ok(Work { quarantine, run, writer, sites, name, next: 1, locks, broken: None })
    }

    /// Gives the quarantine back.
    pub(super) fn into_quarantine(self) -> Quarantine {
        self.quarantine
    }

    /// Does all steps, batch by batch, and ends the run.
    pub(super) fn all(&mut self, steps: &[&Step]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(steps.len());
        let light = steps.iter().all(|step| step.hold == Hold::State && step.locks.is_empty());
        for batch in steps.chunks(if light { LIGHT_BATCH } else { BATCH }) {
            outcomes.extend(self.batch(batch));
            self.locks.release();
        }
        if self.broken.is_none() {
            // If this can't be written the next run finds nothing open and ends it.
            let _ = self.writer.tell(&Record::End).and_then(|()| self.writer.commit());
        }
        outcomes
    }

    fn batch(&mut self, steps: &[&Step]) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(steps.len());
        let mut ready = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let outcome = match &self.broken {
                Some(why) => Err(why.clone().into()),
                None => self.prepare(index, step).map(|r| ready.push(r)),
            };
            outcomes.push(outcome);
        }
        let intents = ready.iter().try_for_each(|r| self.intend(r)).and_then(|()| self.writer.commit());
        if let Err(e) = intents {
            let why = self.break_off(&e);
            ready.iter().for_each(|r| set(&mut outcomes, r.index, Err(why.clone().into())));
            return outcomes;
        }
        for r in &ready {
            let done = match &self.broken {
                Some(why) => Err(why.clone().into()),
                None => self.perform(r),
            };
            set(&mut outcomes, r.index, done);
        }
        self.tighten(&ready, &outcomes);
        if let Err(e) = self.sync(&ready) {
            for r in &ready {
                if outcomes.get(r.index).is_some_and(Result::is_ok) {
                    let why = format!("was done, but the system could not make it durable: {e}");
                    set(&mut outcomes, r.index, Err(Trouble::open(why, true)));
                }
            }
        }
        for r in &ready {
            let record = match outcomes.get(r.index) {
                Some(Ok(())) => Record::Done { step: r.number },
                Some(Err(Trouble { why, open: false, .. })) => Record::Failed { step: r.number, why: why.clone() },
                Some(Err(Trouble { open: true, .. })) | None => continue,
            };
            if let Err(e) = self.writer.tell(&record) {
                self.break_off(&e);
            }
        }
        outcomes
    }

    fn break_off(&mut self, error: &io::Error) -> String {
        let why = format!("the journal could not be written: {}", said(error));
        self.broken = Some(why.clone());
        why
    }

    /// Takes Go's locks and looks whether everything is as it was planned.
    fn prepare<'s>(&mut self, index: usize, step: &'s Step) -> Result<Ready<'s>, Trouble> {
        let site = self.sites.get(step.site).ok_or("has no root")?;
        for lock in &step.locks {
            self.locks.hold(&site.root.dir, lock)?;
        }
        let (at, stat) = if step.rel.as_os_str().is_empty() {
            (None, site.root.dir.stat_self()?)
        } else {
            let (parent, name) = site.root.dir.open_parent(&step.rel)?;
            let stat = parent.stat(Path::new(&name))?;
            (Some((parent, name)), stat)
        };
        let used = step.hold == Hold::State && Moment::from_ns(stat.mtime_ns) != step.was.mtime;
        if used || !is_unchanged(&stat, &step.was) {
            return Err("has changed since it was looked at".into());
        }
        let mut file = None;
        if let (Some(wanted), Some((parent, name))) = (&step.was.sha256, &at) {
            let mut opened = parent.open_file(Path::new(name))?;
            let of_modules = matches!(site.root.kind, RootKind::Gomodcache | RootKind::Sumdb);
            if of_modules && !self.locks.has(&site.root.dir, &step.rel) {
                self.locks.wait(&opened, &step.rel)?;
            }
            let now = digest(&mut opened)?;
            if !is_node(opened.stat(), &step.was) || now != *wanted {
                return Err("has changed since it was looked at".into());
            }
            file = Some(opened);
        }
        let number = self.next;
        self.next += 1;
        Ok(Ready { index, number, step, at, item: OsString::from(format!("{number:06}")), _file: file })
    }

    fn intend(&mut self, r: &Ready<'_>) -> io::Result<()> {
        let parent = match &r.at {
            Some((dir, _)) => Moment::from_ns(dir.stat_self()?.mtime_ns),
            None => Moment { s: 0, ns: 0 },
        };
        let item = Name(r.item.as_encoded_bytes().to_vec());
        let change = match &r.step.wanted {
            Wanted::Quarantine => Change::Move { item, bytes: r.step.bytes, unlink: false },
            Wanted::Unlink => Change::Move { item, bytes: r.step.bytes, unlink: true },
            Wanted::Mode { to, acl, default_acl } => {
                let text = |list: &Option<Vec<u8>>| list.as_deref().map(hex);
                Change::Mode { to: *to, acl: text(acl), default_acl: text(default_acl) }
            }
            Wanted::Owner { uid, gid } => Change::Owner { uid: *uid, gid: *gid },
        };
        self.writer.tell(&Record::Intent {
            step: r.number,
            rule: r.step.rule.to_owned(),
            root: u32::try_from(r.step.site).unwrap_or(u32::MAX),
            path: Name(r.step.rel.as_os_str().as_encoded_bytes().to_vec()),
            change,
            was: r.step.was.clone(),
            parent,
        })
    }

    fn perform(&mut self, r: &Ready<'_>) -> Outcome {
        match (&r.step.wanted, &r.at) {
            (Wanted::Quarantine | Wanted::Unlink, Some((parent, name))) => self.take_away(r, parent, name),
            (Wanted::Quarantine | Wanted::Unlink, None) => Err("is a root, which stays".into()),
            (Wanted::Mode { to, acl, default_acl }, _) => {
                let node = self.node(r)?;
                // A change of the owner has perhaps taken the bits away that give his rights to who runs it.
                if node.stat().mode & !0o6000 != r.step.was.mode & !0o6000 {
                    return Err("has another mode than when it was looked at".into());
                }
                if r.step.was.kind == NodeType::File && node.stat().nlink > 1 {
                    return Err("has a second name now, whose mode would change as well".into());
                }
                for (default, list) in [(false, acl), (true, default_acl)] {
                    if list.is_some() && node.acl(default)? != *list {
                        return Err("has another access list than when it was looked at".into());
                    }
                }
                transfer::set_mode(&node, *to, acl.is_some(), default_acl.is_some()).or_else(|e| {
                    transfer::give_lists(&node, acl.as_deref(), default_acl.as_deref())
                        .map_err(|_| Trouble::open(said(&e), false))?;
                    Err(e.into())
                })
            }
            (Wanted::Owner { uid, gid }, _) => Ok(self.node(r)?.set_owner(*uid, *gid)?),
        }
    }

    fn node(&self, r: &Ready<'_>) -> Result<sys::Node, Trouble> {
        let root = &self.sites.get(r.step.site).ok_or("has no root")?.root;
        let node = match &r.at {
            Some((parent, name)) => parent.node(name),
            None => root.dir.own_node(),
        };
        let node = node?;
        if is_node(node.stat(), &r.step.was) { Ok(node) } else { Err("has changed since it was looked at".into()) }
    }

    fn take_away(&mut self, r: &Ready<'_>, parent: &Dir, name: &OsStr) -> Outcome {
        match transfer::rename(parent, name, &self.run, &r.item, &r.step.was) {
            Ok(()) => Ok(()),
            Err(Refused::Because(why)) => Err(why.into()),
            Err(Refused::Halfway { why, moved }) => Err(Trouble::open(why, moved)),
            Err(Refused::OtherFileSystem) => self.copy_away(r, parent, name),
        }
    }

    /// To another file system: a copy that is compared, and only then is the original taken away.
    fn copy_away(&mut self, r: &Ready<'_>, parent: &Dir, name: &OsStr) -> Outcome {
        if let Err(e) = self.writer.tell(&Record::Copying { step: r.number }).and_then(|()| self.writer.commit()) {
            return Err(self.break_off(&e).into());
        }
        let copied = transfer::copy(parent, name, &self.run, &r.item)
            .and_then(|()| transfer::is_same(parent, name, &self.run, &r.item))
            .and_then(|same| Ok(same && is_unchanged(&parent.stat(Path::new(name))?, &r.step.was)));
        match copied {
            Ok(true) => {}
            other => {
                let trouble = other.map_or_else(Trouble::from, |_| "changed while it was copied".into());
                return Err(self.uncopy(r, trouble));
            }
        }
        if let Err(e) = self.writer.tell(&Record::Copied { step: r.number }).and_then(|()| self.writer.commit()) {
            return Err(self.break_off(&e).into());
        }
        let aside = aside_name(&self.name, r.number);
        let dropped = drop_original(parent, name, &aside, &self.run, &r.item, &r.step.was);
        dropped.map_err(|trouble| if trouble.open { trouble } else { self.uncopy(r, trouble) })
    }

    /// Takes a copy away whose original stays; where that can't be done either the next run does it.
    fn uncopy(&self, r: &Ready<'_>, trouble: Trouble) -> Trouble {
        let open = transfer::remove(&self.run, &r.item).is_err();
        Trouble { open, ..trouble }
    }

    /// Takes from what was moved the right to be executed, and to be written by others.
    fn tighten(&mut self, ready: &[Ready<'_>], outcomes: &[Outcome]) {
        let mut all: Vec<(&OsString, Vec<InnerMode>)> = Vec::new();
        for r in ready {
            let moved = matches!(r.step.wanted, Wanted::Quarantine | Wanted::Unlink);
            if !moved || outcomes.get(r.index).is_none_or(Result::is_err) {
                continue;
            }
            let Ok(nodes) = transfer::loose(&self.run, &r.item) else { continue };
            for nodes in nodes.chunks(TIGHTEN_MAX) {
                if let Err(e) = self.writer.tell(&Record::Tighten { step: r.number, nodes: nodes.to_vec() }) {
                    self.break_off(&e);
                    return;
                }
            }
            if !nodes.is_empty() {
                all.push((&r.item, nodes));
            }
        }
        if all.is_empty() {
            return;
        }
        if let Err(e) = self.writer.commit() {
            self.break_off(&e);
            return;
        }
        for (item, nodes) in all {
            // Nobody else may enter the quarantine anyway.
            let _ = transfer::set_modes(&self.run, item, &nodes, false);
        }
    }

    /// Makes both sides of every move durable.
    fn sync(&self, ready: &[Ready<'_>]) -> io::Result<()> {
        if ready.is_empty() {
            return Ok(());
        }
        // What one sync has made durable costs the others nothing.
        self.run.sync()?;
        let mut seen = BTreeSet::new();
        for (dir, _) in ready.iter().filter_map(|r| r.at.as_ref()) {
            if seen.insert(dir.path()) {
                dir.sync()?;
            }
        }
        Ok(())
    }
}

fn set(outcomes: &mut [Outcome], index: usize, to: Outcome) {
    if let Some(slot) = outcomes.get_mut(index) {
        *slot = to;
    }
}

/// The name under which an original waits beside its place until it is taken away.
pub(super) fn aside_name(run: &str, step: u64) -> OsString {
    OsString::from(format!(".gocachescan-{run}-{step}"))
}

/// Takes away an original of which there is a whole copy in the quarantine: named aside first, so that nobody sees half of
/// it, and compared once more.
pub(super) fn drop_original(parent: &Dir, name: &OsStr, aside: &OsStr, run: &Dir, item: &OsStr, was: &Identity) -> Outcome {
    let time = parent.stat_self()?.mtime_ns;
    match transfer::rename(parent, name, parent, aside, was) {
        Ok(()) => {}
        Err(Refused::OtherFileSystem) => return Err("is a mount point, which stays".into()),
        Err(Refused::Because(why)) => return Err(why.into()),
        Err(Refused::Halfway { why, moved }) => return Err(Trouble::open(why, moved)),
    }
    match transfer::is_same(parent, aside, run, item) {
        Ok(true) => transfer::remove(parent, aside).map_err(|e| {
            let why = format!("was done, but what is left of it lies beside as `{}`: {}", aside.display(), said(&e));
            Trouble::open(why, true)
        }),
        other => {
            transfer::go_back(parent, aside, parent, name, time).map_err(|e| Trouble::open(said(&e), true))?;
            Err(other.map_or_else(Trouble::from, |_| "changed while it was copied".into()))
        }
    }
}

/// sha256 of all that a file holds, hexadecimal.
pub(super) fn digest(file: &mut File) -> io::Result<String> {
    let mut sha = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match io::Read::read(file, &mut buffer) {
            Ok(0) => return Ok(hex(&sha.finalize())),
            Ok(n) => sha.update(buffer.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
