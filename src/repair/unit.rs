//! From a finding to the smallest unit that makes Go right again. What a unit is follows from what the path of the finding
//! is (`subject`) and from what its rule's `fix` says, never from the name of a rule.
//!
//! | what the path is | what goes |
//! |---|---|
//! | an action entry, a stray, a file of the fuzz corpus | itself |
//! | an output, or something in it | the output, and the action entries that name it |
//! | an extracted directory, or something in it | the directory, and the module index that was made from it |
//! | a zip whose content is wrong | the version: everything else of it was made from the zip or beside it |
//! | a `.ziphash` | itself and the directory where the zip is proven: Go hashes that again to extract it; else the version |
//! | `.mod`, `.info`, `list`, a lookup, a tile, `latest` | itself: Go asks for it again |
//! | a cached repository, or something in it | the repository with its `.info` and `.lock` |
//! | something of a module version, where the finding says what goes with it | just that |
//! | any of these, where only its node is wrong (a link, a pipe, a second name) | the node |

use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::plan::{Site, Wanted};
use crate::check::posture;
use crate::evidence::expect::expect;
use crate::evidence::gocache::action_path;
use crate::evidence::node::{Expect, Node, Root};
use crate::evidence::owners::GroupTrust;
use crate::finding::{Finding, Place, RootKind, Sink};
use crate::format::subkey::GoVersion;
use crate::locate::Settings;
use crate::rule::{Fix, Kind};
use crate::subject::gocache::{CacheEntry, ShardEntry, cache_entry, shard_entry};
use crate::subject::modcache::{Part, Subject, VersionName, classify, version_of};
use crate::sys::{self, NodeKind, Stat};

/// One change that a finding asks for.
#[derive(Debug, Clone)]
pub(super) struct Want {
    pub(super) site: usize,
    pub(super) rel: PathBuf,
    pub(super) wanted: Wanted,
    pub(super) rule: &'static str,
    pub(super) then: &'static str,
    pub(super) about: Arc<Path>,
    pub(super) locks: Vec<PathBuf>,
    /// What was there when it was asked for, where that was looked at.
    pub(super) seen: Option<Stat>,
}

/// What is known beside the finding.
pub(super) struct Context<'a> {
    sites: &'a [Site],
    /// Go versions that may have used these caches.
    versions: &'a [String],
    /// Whether Go is told to leave extracted folders writable.
    modcacherw: bool,
    euid: u32,
}

impl<'a> Context<'a> {
    pub(super) fn new(sites: &'a [Site], settings: &Settings, versions: &'a [String]) -> Context<'a> {
        let flags = settings.text("GOFLAGS");
        let modcacherw = flags.split_whitespace().any(|f| matches!(f.trim_start_matches('-'), "modcacherw" | "modcacherw=true"));
        Context { sites, versions, modcacherw, euid: sys::process::effective_uid() }
    }
}

/// What a finding at `rel` of a site asks for; nothing where a repair would not help.
pub(super) fn wants(context: &Context<'_>, site: usize, rel: &Path, finding: &Finding) -> Vec<Want> {
    let Some(here) = context.sites.get(site) else { return Vec::new() };
    let about = match &finding.place {
        Place::Path(path) => path.as_path().into(),
        Place::Env(_) => Path::new("").into(),
    };
    let ask = Ask { context, site, here, finding, about };
    if matches!(here.root.kind, RootKind::Gobin) {
        return ask.program(rel);
    }
    match finding.fix {
        Fix::None => Vec::new(),
        Fix::Quarantine | Fix::Unlink => ask.each(rel).iter().flat_map(|rel| ask.take_away(rel)).collect(),
        Fix::Chmod => ask.each(rel).iter().flat_map(|rel| ask.mode(rel)).collect(),
        Fix::Chown => ask.each(rel).iter().flat_map(|rel| ask.owner(rel)).collect(),
    }
}

struct Ask<'a> {
    context: &'a Context<'a>,
    site: usize,
    here: &'a Site,
    finding: &'a Finding,
    about: Arc<Path>,
}

impl Ask<'_> {
    fn want(&self, rel: &Path, wanted: Wanted, then: &'static str) -> Want {
        let then = self.finding.then.unwrap_or(then);
        let about = Arc::clone(&self.about);
        let (site, rule) = (self.site, self.finding.rule.id);
        Want { site, rel: rel.to_path_buf(), wanted, rule, then, about, locks: self.locks(rel), seen: None }
    }

    fn stat(&self, rel: &Path) -> Option<Stat> {
        if rel.as_os_str().is_empty() { self.here.root.dir.stat_self().ok() } else { self.here.root.dir.stat(rel).ok() }
    }

    /// The locks that Go holds while it changes what lies at `rel`.
    fn locks(&self, rel: &Path) -> Vec<PathBuf> {
        if self.here.root.kind != RootKind::Gomodcache {
            return Vec::new();
        }
        let mut locks = vec![PathBuf::from("cache/lock")];
        locks.extend(version_of(rel).map(|name| name.file(Part::Lock)));
        match classify(rel, NodeKind::Link) {
            Subject::Repo(name) | Subject::RepoInfo(name) | Subject::RepoLock(name) => {
                locks.push(PathBuf::from(format!("cache/vcs/{name}.lock")));
            }
            _ => {}
        }
        locks
    }

    /// The entry itself, and where it stands for others that share its fault, those.
    fn each(&self, rel: &Path) -> Vec<PathBuf> {
        let mut all = vec![rel.to_path_buf()];
        let of_node = self.finding.rule.kind == Kind::Posture || matches!(self.finding.fix, Fix::Chmod | Fix::Chown);
        if self.finding.more == 0 || !of_node {
            return all;
        }
        let wanted = usize::try_from(self.finding.more).unwrap_or(usize::MAX).saturating_add(1);
        for top in [rel, Path::new("")] {
            let below = WalkDir::new(self.here.root.real.join(top)).max_open(8).sort_by_file_name();
            for entry in below.into_iter().flatten() {
                let Ok(rel) = entry.path().strip_prefix(&self.here.root.real) else { continue };
                if self.stat(rel).is_some_and(|stat| self.has_fault(rel, stat)) {
                    all.push(rel.to_path_buf());
                }
            }
            all.sort();
            all.dedup();
            // Most faults are told at the folder that shares them; some at the last of many, wherever the others lie.
            if all.len() >= wanted || top.as_os_str().is_empty() {
                break;
            }
        }
        all
    }

    /// Whether an entry has the fault that the finding tells of.
    fn has_fault(&self, rel: &Path, stat: Stat) -> bool {
        match self.finding.fix {
            Fix::Chmod => self.go_mode(rel, &stat).is_some_and(|mode| mode != stat.mode),
            Fix::Chown => !self.here.root.owners.trusts(stat.uid, self.here.root.stat.uid),
            Fix::Quarantine | Fix::Unlink | Fix::None => {
                let mut sink = Sink::default();
                if let Ok(node) = Node::look(&self.here.root, rel, stat, None) {
                    posture::entry(&self.here.root, &node, self.expect(rel), &mut sink);
                }
                sink.iter().any(|f| f.rule == self.finding.rule)
            }
        }
    }

    /// A program of GOBIN that is not what it claims to be.
    fn program(&self, rel: &Path) -> Vec<Want> {
        let tampered = matches!(self.finding.rule.kind, Kind::Integrity | Kind::Tamper) && self.finding.fix == Fix::Quarantine;
        let is_file = self.stat(rel).is_some_and(|s| s.kind == NodeKind::File);
        if tampered && is_file { vec![self.want(rel, Wanted::Quarantine, "`go install` makes it again")] } else { Vec::new() }
    }

    /// Moves the unit that the entry belongs to.
    fn take_away(&self, rel: &Path) -> Vec<Want> {
        if rel.as_os_str().is_empty() {
            return Vec::new();
        }
        match self.here.root.kind {
            RootKind::Gocache => self.cache_unit(rel),
            RootKind::Gomodcache => self.module_unit(rel),
            _ => vec![self.node(rel, "go asks for it again")],
        }
    }

    /// Moves the node, and nothing else.
    fn node(&self, rel: &Path, then: &'static str) -> Want {
        let seen = self.stat(rel);
        let is_link = seen.is_some_and(|s| s.kind == NodeKind::Link);
        Want { seen, ..self.want(rel, if is_link { Wanted::Unlink } else { Wanted::Quarantine }, then) }
    }

    fn cache_unit(&self, rel: &Path) -> Vec<Want> {
        let mut names = rel.iter();
        let (Some(top), inner) = (names.next(), names.next()) else { return Vec::new() };
        let (CacheEntry::Shard(shard), Some(name)) = (cache_entry(top), inner) else {
            return vec![self.node(rel, "go makes it afresh if it needs it")];
        };
        match shard_entry(shard, name) {
            ShardEntry::Action(_) => vec![self.node(rel, "go builds it afresh")],
            ShardEntry::Output(_) => {
                let root = &self.here.root.path;
                let entries = self.finding.with.iter().filter_map(|path| path.strip_prefix(root).ok());
                let then = "go builds it afresh";
                let mut all: Vec<Want> = entries.map(|rel| self.node(rel, then)).collect();
                all.push(self.node(&Path::new(top).join(name), then));
                all
            }
            ShardEntry::Stray => vec![self.node(rel, "go never looks at it")],
        }
    }

    fn module_unit(&self, rel: &Path) -> Vec<Want> {
        let kind = self.stat(rel).map_or(NodeKind::File, |s| s.kind);
        let again = "go fetches it again";
        if !self.finding.with.is_empty() {
            let root = &self.here.root.path;
            let parts = self.finding.with.iter().filter_map(|path| path.strip_prefix(root).ok());
            return parts.map(|rel| self.node(rel, "go fetches it again if a build needs it")).collect();
        }
        match classify(rel, kind) {
            Subject::ModuleRoot(name) if !name.is_canonical() => vec![self.node(rel, "go never looks at it")],
            Subject::ModuleRoot(name) => self.tree(&name),
            Subject::InModule => version_of(rel).map(|name| self.tree(&name)).unwrap_or_default(),
            Subject::Download(name, _) if !name.is_canonical() => vec![self.node(rel, "go never looks at it")],
            Subject::Download(_, Part::Lock) => vec![self.node(rel, "go makes it afresh")],
            // Its node is wrong, not what it holds.
            Subject::Download(..) if self.finding.rule.kind == Kind::Posture => vec![self.node(rel, again)],
            Subject::Download(name, Part::Ziphash) if self.finding.proven => {
                // Go makes it again only when it extracts the zip again.
                let then = "go hashes the zip again, which is proven, and extracts it; no network";
                let mut all = self.tree_parts(&name, then);
                all.push(self.node(rel, then));
                all
            }
            Subject::Download(name, Part::Zip | Part::Ziphash) => self.version(&name),
            Subject::Download(_, Part::Info | Part::Mod | Part::Partial) | Subject::List | Subject::Sumdb(_) => {
                vec![self.node(rel, again)]
            }
            Subject::Repo(name) | Subject::RepoInfo(name) | Subject::InRepo(name) => self.repository(&name),
            Subject::CacheLock | Subject::RepoLock(_) => vec![self.node(rel, "go makes it afresh")],
            Subject::Leftover | Subject::BadName(_) | Subject::BelowStray | Subject::Stray => {
                vec![self.node(rel, "go never looks at it")]
            }
            // A folder on the way is taken for what it holds, unless it is no folder.
            Subject::CacheFolder | Subject::PathFolder | Subject::VersionFolder if kind != NodeKind::Dir => {
                vec![self.node(rel, "go fetches again what it led to")]
            }
            Subject::CacheFolder | Subject::PathFolder | Subject::VersionFolder => Vec::new(),
        }
    }

    /// An extracted directory, and the indexes that were made from it.
    fn tree(&self, name: &VersionName) -> Vec<Want> {
        let zip = self.stat(&name.file(Part::Zip)).is_some_and(|s| s.kind == NodeKind::File);
        let then = if zip { "go extracts it again from the zip; no network" } else { "go fetches it again" };
        self.tree_parts(name, then)
    }

    fn tree_parts(&self, name: &VersionName, then: &'static str) -> Vec<Want> {
        let mut all = Vec::new();
        for (site, other) in self.context.sites.iter().enumerate().filter(|(_, s)| s.root.kind == RootKind::Gocache) {
            let there = Ask { site, here: other, about: Arc::clone(&self.about), ..*self };
            // Go names the module by the path that it was given, which may lead over a link.
            let Root { path, real, .. } = &self.here.root;
            for root in std::iter::once(path).chain(Some(real).filter(|real| *real != path)) {
                let module = root.join(name.tree());
                for version in self.context.versions {
                    let rel = action_path(GoVersion::new(version).module_index(module.as_os_str().as_encoded_bytes()));
                    if there.stat(&rel).is_some() {
                        all.push(there.node(&rel, "go makes the index of the module afresh"));
                    }
                }
            }
        }
        if self.stat(&name.tree()).is_some() {
            all.push(self.node(&name.tree(), then));
        }
        all
    }

    /// All that is here of one version.
    fn version(&self, name: &VersionName) -> Vec<Want> {
        let then = "go fetches the module again";
        let parts = [Part::Zip, Part::Ziphash, Part::Mod, Part::Info].map(|part| name.file(part));
        let mut all = self.tree_parts(name, then);
        all.extend(parts.iter().filter(|rel| self.stat(rel).is_some()).map(|rel| self.node(rel, then)));
        all
    }

    fn repository(&self, name: &str) -> Vec<Want> {
        let parts = ["", ".info", ".lock"].map(|end| PathBuf::from(format!("cache/vcs/{name}{end}")));
        parts.iter().filter(|rel| self.stat(rel).is_some()).map(|rel| self.node(rel, "go clones it again")).collect()
    }

    /// Gives an entry the mode that Go gives it; a file with a second name, which lies elsewhere, is moved instead.
    fn mode(&self, rel: &Path) -> Vec<Want> {
        let Some(stat) = self.stat(rel) else { return Vec::new() };
        if stat.kind == NodeKind::File && stat.nlink > 1 && self.expect(rel) != Expect::Linked {
            return self.take_away(rel);
        }
        let Some(to) = self.go_mode(rel, &stat) else { return Vec::new() };
        let (acl, default_acl) = self.lists(rel, &stat);
        if to == stat.mode && acl.is_none() && default_acl.is_none() {
            return Vec::new();
        }
        vec![self.want(rel, Wanted::Mode { to, acl, default_acl }, "as go makes it")]
    }

    /// Access lists that let a stranger write.
    fn lists(&self, rel: &Path, stat: &Stat) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        let root = &self.here.root;
        let Ok(node) = Node::look(root, rel, *stat, None) else { return (None, None) };
        if node.acl.is_empty() && node.default_acl.is_empty() {
            return (None, None);
        }
        let held = if rel.as_os_str().is_empty() {
            root.dir.own_node()
        } else {
            root.dir.open_parent(rel).and_then(|(parent, name)| parent.node(&name))
        };
        let list = |default| held.as_ref().ok().and_then(|node| node.acl(default).ok()).flatten();
        (list(false), list(true))
    }

    /// The bits that an entry has, without those that Go never gives it here.
    fn go_mode(&self, rel: &Path, stat: &Stat) -> Option<u32> {
        let root = &self.here.root;
        let mut allowed = match stat.kind {
            NodeKind::Dir => 0o2775,
            NodeKind::File if self.expect(rel) == Expect::Plain => 0o664,
            NodeKind::File => 0o775,
            _ => return None,
        };
        let in_module =
            root.kind == RootKind::Gomodcache && matches!(classify(rel, stat.kind), Subject::InModule | Subject::ModuleRoot(_));
        if in_module && (stat.kind == NodeKind::File || !self.context.modcacherw) {
            allowed &= !0o222;
        }
        if root.owners.group(stat.gid, root.stat.uid) == GroupTrust::Foreign || self.has_lists(rel, stat) {
            allowed &= !0o020;
        }
        Some(stat.mode & allowed)
    }

    /// Whether the group's bits are those of an access list, which is taken away.
    fn has_lists(&self, rel: &Path, stat: &Stat) -> bool {
        stat.group_writes() && Node::look(&self.here.root, rel, *stat, None).is_ok_and(|node| !node.acl.is_empty())
    }

    fn expect(&self, rel: &Path) -> Expect {
        expect(self.here.root.kind, rel)
    }

    /// Gives an entry to the owner of its root. Only root can; another user moves a file that somebody else owns.
    fn owner(&self, rel: &Path) -> Vec<Want> {
        let Some(stat) = self.stat(rel) else { return Vec::new() };
        let root = &self.here.root;
        if rel.as_os_str().is_empty() || root.owners.trusts(stat.uid, root.stat.uid) {
            return Vec::new();
        }
        let shared = stat.kind == NodeKind::File && stat.nlink > 1;
        if self.context.euid != 0 || shared {
            return if stat.kind == NodeKind::Dir { Vec::new() } else { self.take_away(rel) };
        }
        let (uid, gid) = (root.stat.uid, root.stat.gid);
        let mut all = vec![self.want(rel, Wanted::Owner { uid, gid }, "it belongs to the owner of the cache again")];
        // In the group of its new owner its bits mean something else.
        let given = Stat { uid, gid, ..stat };
        if let Some(to) = self.go_mode(rel, &given).filter(|to| *to != stat.mode) {
            all.push(self.want(rel, Wanted::Mode { to, acl: None, default_acl: None }, "as go makes it"));
        }
        all
    }
}
