//! What is to be done, decided before anything is: steps with what is there now, so that each can be held to it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::act::digest;
use super::journal::identity;
use super::place::{beside, may_have_quarantine};
use super::unit::{Context, Want, wants};
use crate::evidence::holdings::files_below;
use crate::evidence::node::Root;
use crate::evidence::owners::Owners;
use crate::finding::{Finding, Place, RootKind};
use crate::format::hex;
use crate::format::journal::Identity;
use crate::locate::Settings;
use crate::report::{Report, RootState};
use crate::rule::{Fix, Level};
use crate::sys::{self, NodeKind, Stat};

/// What a step changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Moves it to the quarantine.
    Quarantine,
    /// The same with a link, never its target.
    Unlink,
    /// Sets its mode and takes its access lists away.
    Mode {
        /// The new bits.
        to: u32,
        /// The access list that is there.
        acl: Option<Vec<u8>>,
        /// The default list that is there.
        default_acl: Option<Vec<u8>>,
    },
    /// Gives it to the owner of its root.
    Owner {
        /// The new owner.
        uid: u32,
        /// The new group.
        gid: u32,
    },
}

impl Wanted {
    /// As the report names it.
    pub fn act(&self) -> Fix {
        match self {
            Wanted::Quarantine => Fix::Quarantine,
            Wanted::Unlink => Fix::Unlink,
            Wanted::Mode { .. } => Fix::Chmod,
            Wanted::Owner { .. } => Fix::Chown,
        }
    }

    /// What moves a node goes before what changes one in its place.
    fn rank(&self) -> u8 {
        match self {
            Wanted::Quarantine | Wanted::Unlink => 0,
            Wanted::Owner { .. } => 1,
            Wanted::Mode { .. } => 2,
        }
    }
}

/// Which findings a plan is made of, and how closely it holds the steps to what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Findings below this level are left alone.
    pub least: Level,
    /// Whether programs of GOBIN may be moved away.
    pub fix_binaries: bool,
    /// What shows that nothing has changed since it was looked at.
    pub hold: Hold,
}

impl Scope {
    /// Of a repair: what is wrong is held to its bytes.
    pub fn repair(fix_binaries: bool) -> Scope {
        Scope { least: Level::Warning, fix_binaries, hold: Hold::Content }
    }

    /// Of what is healthy: notes too, and no file is read, however much is to be moved.
    pub fn prune() -> Scope {
        Scope { least: Level::Note, fix_binaries: false, hold: Hold::State }
    }
}

/// What shows that a node is the one that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Device, number, size and time, and of a file its sha256.
    Content,
    /// Device, number, size and time, and of a folder its time, too: what was used meanwhile is another.
    State,
}

/// One change to one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Index of its root in [`RepairPlan::sites`].
    pub site: usize,
    /// Relative to the root; empty for the root itself.
    pub rel: PathBuf,
    /// What.
    pub wanted: Wanted,
    /// The rule whose finding asks for it.
    pub rule: &'static str,
    /// What is there.
    pub was: Identity,
    /// What it is held to.
    pub hold: Hold,
    /// Bytes that are moved.
    pub bytes: u64,
    /// What go does afterwards.
    pub then: &'static str,
    /// The place of the finding: steps of one finding are shown together.
    pub about: Arc<Path>,
    /// Locks of Go's, relative to the root.
    pub locks: Vec<PathBuf>,
}

/// A root that something is to be changed in.
#[derive(Debug)]
pub struct Site {
    /// The root, open.
    pub root: Root,
    /// The quarantine beside it; `None` where there can be none.
    pub quarantine: Option<PathBuf>,
}

/// All that is to be done.
#[derive(Debug, Default)]
pub struct RepairPlan {
    /// Roots.
    pub sites: Vec<Site>,
    /// Steps, in the order in which they are done.
    pub steps: Vec<Step>,
    /// What somebody else has mended or taken away since it was found.
    pub overtaken: Vec<Overtaken>,
}

/// Something that was found and is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overtaken {
    /// Index of its root in [`RepairPlan::sites`].
    pub site: usize,
    /// Relative to the root.
    pub rel: PathBuf,
    /// Whether it is still there, with another mode.
    pub node_only: bool,
}

impl RepairPlan {
    /// Decides what is to be done about the findings of a report. Reads only.
    pub fn make(report: &Report, settings: &Settings, scope: Scope) -> RepairPlan {
        let sites = open_sites(report, scope.fix_binaries);
        let begun = report.started_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let begun_ns = i128::try_from(begun.as_nanos()).unwrap_or(i128::MAX);
        let mut all: BTreeMap<(usize, PathBuf, u8), Want> = BTreeMap::new();
        let mut overtaken = Vec::new();
        {
            let context = Context::new(&sites, settings, &report.go_versions);
            for finding in report.findings.iter().filter(|f| f.level >= scope.least && f.fix != Fix::None) {
                let Some((index, rel)) = site_of(&sites, finding) else { continue };
                let wanted = wants(&context, index, &rel, finding);
                if wanted.is_empty() {
                    let gone = is_gone(&sites, index, &rel);
                    // Only root can give a folder back, so for others nothing wanted does not mean that all is well.
                    let root = sys::process::effective_uid() == 0;
                    if gone || finding.fix == Fix::Chmod || (root && finding.fix == Fix::Chown) {
                        overtaken.push(Overtaken { site: index, rel, node_only: !gone });
                    }
                    continue;
                }
                // What somebody has used or written since is left, with all that stands and falls with it.
                let younger = |want: &Want| want.seen.is_some_and(|stat| stat.mtime_ns >= begun_ns);
                if scope.hold == Hold::State && wanted.iter().any(younger) {
                    continue;
                }
                for want in wanted {
                    let rank = want.wanted.rank();
                    all.entry((want.site, want.rel.clone(), rank)).or_insert(want);
                }
            }
        }
        // A file holds nothing that would go along with it but a change of itself.
        let in_place = all.keys().any(|(_, _, rank)| *rank > 0);
        let may_hold = |want: &Want| in_place || want.seen.is_none_or(|stat| stat.kind != NodeKind::File);
        let moved = all.iter().filter(|((_, _, rank), want)| *rank == 0 && may_hold(want));
        let moved: Vec<(usize, PathBuf)> = moved.map(|((site, rel, _), _)| (*site, rel.clone())).collect();
        let goes_along = |site: usize, rel: &Path, rank: u8| {
            let above = |at: &Path| moved.binary_search_by(|(s, r)| (*s, r.as_path()).cmp(&(site, at))).is_ok();
            rel.ancestors().skip(usize::from(rank == 0)).any(above)
        };
        let mut steps = Vec::new();
        for ((site, rel, _), want) in all.into_iter().filter(|((site, rel, rank), _)| !goes_along(*site, rel, *rank)) {
            match step(&sites, want, scope.hold) {
                Some(step) => steps.push(step),
                None => overtaken.push(Overtaken { site, rel, node_only: false }),
            }
        }
        // An action entry goes before the output that it names, so that no build finds it dangling; what is changed in its
        // place comes last.
        steps.sort_by(|a, b| order(a).cmp(&order(b)));
        RepairPlan { sites, steps, overtaken }
    }

    /// The root of a step.
    pub fn site(&self, step: &Step) -> Option<&Site> {
        self.sites.get(step.site)
    }

    /// The path of a step as Go has it.
    pub fn path(&self, step: &Step) -> PathBuf {
        let root = self.site(step).map(|s| s.root.path.clone()).unwrap_or_default();
        if step.rel.as_os_str().is_empty() { root } else { root.join(&step.rel) }
    }

    /// Digest of the whole plan.
    pub(super) fn digest(&self) -> String {
        let mut sha = Sha256::new();
        for step in &self.steps {
            sha.update(format!("{:?} {:?} {:?} {:?}\n", step.site, step.rel, step.wanted, step.was));
        }
        hex(&sha.finalize())
    }
}

fn order(step: &Step) -> (usize, u8, bool, &Path) {
    let entry = step.rel.as_os_str().as_encoded_bytes().ends_with(b"-a");
    (step.site, step.wanted.rank(), !entry, &step.rel)
}

/// Opens the roots in which something may be changed: the caches, and GOBIN where programs may be.
fn open_sites(report: &Report, fix_binaries: bool) -> Vec<Site> {
    let owners = Owners::look();
    let there = report.roots.iter().filter(|r| may_have_quarantine(r.kind) && r.state == RootState::Ok);
    let roots: Vec<Root> = there.filter_map(|r| Root::open(r.kind, &r.path, &owners).ok()).collect();
    let real: Vec<PathBuf> = roots.iter().map(|r| r.real.clone()).collect();
    let wanted = roots.into_iter().filter(|root| root.kind != RootKind::Gobin || fix_binaries);
    wanted.map(|root| Site { quarantine: beside(&root.real, &real), root }).collect()
}

/// The site that a finding lies in, and where.
fn site_of(sites: &[Site], finding: &Finding) -> Option<(usize, PathBuf)> {
    let Place::Path(path) = &finding.place else { return None };
    let holding = sites.iter().enumerate().filter(|(_, s)| s.root.kind == finding.root);
    holding
        .filter_map(|(i, s)| Some((i, s.root.path.components().count(), path.strip_prefix(&s.root.path).ok()?)))
        .max_by_key(|(_, depth, _)| *depth)
        .map(|(i, _, rel)| (i, rel.to_path_buf()))
}

fn is_gone(sites: &[Site], site: usize, rel: &Path) -> bool {
    let there = sites.get(site).filter(|_| !rel.as_os_str().is_empty()).map(|s| s.root.dir.stat(rel));
    matches!(there, Some(Err(e)) if e.kind() == io::ErrorKind::NotFound)
}

/// Looks at what is to be changed; nothing where it is gone already.
fn step(sites: &[Site], want: Want, hold: Hold) -> Option<Step> {
    let Want { site, rel, wanted, rule, then, about, locks, seen } = want;
    let root = &sites.get(site)?.root;
    let (stat, sha256) = if let Some(stat) = seen.filter(|_| hold == Hold::State) {
        (stat, None)
    } else if rel.as_os_str().is_empty() {
        (root.dir.stat_self().ok()?, None)
    } else {
        let stat = root.dir.stat(&rel).ok()?;
        let moved = hold == Hold::Content && wanted.rank() == 0 && stat.kind == NodeKind::File;
        // What we may not read is held to the rest of what is known of it.
        let file = if moved { root.dir.open_file(&rel).ok() } else { None };
        (stat, file.and_then(|mut f| digest(&mut f).ok()))
    };
    let bytes = if wanted.rank() == 0 { size(root, &rel, &stat) } else { 0 };
    Some(Step { site, rel, was: identity(&stat, sha256), hold, wanted, rule, bytes, then, about, locks })
}

/// Bytes in a file, or in all files of a folder.
fn size(root: &Root, rel: &Path, stat: &Stat) -> u64 {
    match stat.kind {
        NodeKind::File => stat.size,
        NodeKind::Dir => files_below(root, rel).bytes,
        _ => 0,
    }
}
