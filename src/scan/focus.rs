//! After a repair: what was touched is looked at again, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Known, Run, bins, gocache, modcache, pool, share, sumdb};
use crate::check::posture;
use crate::evidence::expect::expect;
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::finding::{Finding, Place, RootKind};
use crate::plan::Plan;
use crate::policy;
use crate::report::{Progress, Report};
use crate::rule::{Fix, Kind};
use crate::subject::modcache::{Part, version_of};

/// A node that a repair touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// The kind of its root.
    pub kind: RootKind,
    /// Its root, as Go has it.
    pub root: PathBuf,
    /// Relative to the root.
    pub rel: PathBuf,
    /// Whether only its mode or owner was changed, and what it holds was never in doubt.
    pub node_only: bool,
}

/// What is looked at again in one root.
#[derive(Debug, Default)]
struct Focus {
    nodes: BTreeSet<PathBuf>,
    wholes: BTreeSet<PathBuf>,
}

/// Looks again at what was touched: findings about it are replaced by what is found now.
pub fn again(plan: &Plan, report: &mut Report, touched: &[Touched], progress: &dyn Progress) {
    let mut focus: BTreeMap<(RootKind, &Path), Focus> = BTreeMap::new();
    for t in touched {
        let of_root = focus.entry((t.kind, t.root.as_path())).or_default();
        if t.node_only {
            of_root.nodes.insert(t.rel.clone());
            continue;
        }
        of_root.wholes.insert(t.rel.clone());
        if t.kind == RootKind::Gomodcache {
            // Parts of a version are judged together, and against the checksum database.
            if let Some(name) = version_of(&t.rel) {
                of_root.wholes.extend(Part::ALL.map(|part| name.file(part)));
                of_root.wholes.insert(name.tree());
            }
            of_root.wholes.insert(PathBuf::from("cache/download/sumdb"));
        }
    }
    let mut narrow = plan.clone();
    narrow.roots.retain(|r| focus.contains_key(&(r.kind, r.path.as_path())));
    let Ok(pool) = pool(plan) else { return };
    let mut first = Tally::new(posture::entry);
    let run = Run::begin(&narrow, &pool, progress, &mut first);
    let mut known = Known::default();
    let mut found = Vec::new();
    for (number, planned) in (1u32..).zip(&narrow.roots) {
        let Some(of_root) = focus.get(&(planned.kind, planned.path.as_path())) else { continue };
        report.findings.retain(|f| !of_root.replaces(planned.kind, &planned.path, f));
        let mut tally = run.tally();
        match Root::open(planned.kind, &planned.path, &run.owners) {
            Ok(root) => {
                of_root.look(&run, &root, number, &mut known, &mut tally);
                share(&root, &mut tally);
            }
            Err(e) => tally.failed(&planned.path, &e),
        }
        report.unread.append(&mut tally.unread);
        found.extend(posture::fold(tally.sink.into_findings()));
    }
    progress.finish();
    let judged = policy::judge(found, &plan.module_caches(), &plan.options.only, &plan.options.skip, plan.options.fail_on);
    // What a whole root shares was counted and told at the first look.
    let told: BTreeSet<(&str, &Place, &str)> =
        report.findings.iter().map(|f| (f.rule.id, &f.place, f.subject.as_str())).collect();
    let anew: Vec<Finding> =
        judged.kept.into_iter().filter(|f| !told.contains(&(f.rule.id, &f.place, f.subject.as_str()))).collect();
    report.findings.extend(anew);
    report.findings.sort_by(Finding::order);
    report.unread.sort();
    report.unread.dedup();
    report.complete = report.complete && report.unread.is_empty();
}

impl Focus {
    /// Whether a finding is about something that is looked at again.
    fn replaces(&self, kind: RootKind, root: &Path, finding: &Finding) -> bool {
        let Place::Path(path) = &finding.place else { return false };
        if finding.root != kind {
            return false;
        }
        let Ok(rel) = path.strip_prefix(root) else { return false };
        // What has no repair is told of more than the node: a mount, the way down to a root.
        let of_node =
            finding.fix != Fix::None && (finding.rule.kind == Kind::Posture || matches!(finding.fix, Fix::Chmod | Fix::Chown));
        rel.ancestors().any(|above| self.wholes.contains(above)) || (of_node && self.nodes.contains(rel))
    }

    fn look(&self, run: &Run<'_>, root: &Root, number: u32, known: &mut Known, tally: &mut Tally) {
        for rel in &self.nodes {
            let stat = if rel.as_os_str().is_empty() { root.dir.stat_self() } else { root.dir.stat(rel) };
            let judged = stat.and_then(|stat| tally.node(root, rel, stat, expect(root.kind, rel)));
            if let Err(e) = judged {
                tally.failed(&root.path.join(rel), &e);
            }
        }
        let there: Vec<PathBuf> = self.wholes.iter().filter(|rel| root.dir.stat(rel).is_ok()).cloned().collect();
        match root.kind {
            RootKind::Gocache => gocache::again(run, root, &there, &known.module_roots, tally),
            RootKind::Gomodcache => modcache::again(run, root, number, known, &there, tally),
            RootKind::Sumdb => sumdb::sweep(run, root, tally),
            RootKind::Gobin | RootKind::Binary => {
                for rel in &there {
                    bins::sweep(run, root, Some(rel.as_os_str()), number, &known.sums, tally);
                }
            }
            RootKind::Goroot | RootKind::Vendor | RootKind::Environment => {}
        }
    }
}
