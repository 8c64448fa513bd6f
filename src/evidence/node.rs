//! What is known of a node without reading it: state, where a link leads, whom an ACL lets write.

use std::io;
use std::path::{Path, PathBuf};

use crate::evidence::owners::{GroupTrust, Owners};
use crate::finding::RootKind;
use crate::format::acl::{self, Grantee};
use crate::sys::{self, Dir, NodeKind, Stat};

/// What Go makes of an entry, as far as its mode is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// A file that Go never makes executable, or a directory.
    Plain,
    /// A program that Go makes: executable, never hard linked.
    Program,
    /// Data that git may link between repositories.
    Linked,
    /// What others make or move about (an installed program, a hook of git): executable and hard linked at will.
    Others,
}

/// A root that is open, and who is trusted with it.
#[derive(Debug)]
pub struct Root {
    /// What it is.
    pub kind: RootKind,
    /// The path as Go has it; every place of a finding begins with it.
    pub path: PathBuf,
    /// The path with all links resolved.
    pub real: PathBuf,
    /// The open directory; everything below is opened relative to it.
    pub dir: Dir,
    /// State of the directory itself.
    pub stat: Stat,
    /// The accounts of this machine.
    pub owners: Owners,
}

impl Root {
    /// Opens a root.
    pub fn open(kind: RootKind, path: &Path, owners: &Owners) -> io::Result<Root> {
        let dir = Dir::open_root(path)?;
        let stat = dir.stat_self()?;
        let real = sys::resolve(path)?;
        Ok(Root { kind, path: path.to_path_buf(), real, dir, stat, owners: owners.clone() })
    }
}

/// Where a link leads in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEnd {
    /// To a node inside the same root.
    Inside(PathBuf),
    /// To a node outside.
    Outside(PathBuf),
    /// To a folder that holds the link: a walk that follows it never ends.
    Loop,
    /// To nothing.
    Nothing,
    /// The system does not say.
    Unknown(String),
}

/// Where a link points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// As it is written.
    pub target: PathBuf,
    /// Where that leads.
    pub end: LinkEnd,
}

/// A node as it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Path relative to the root; empty for the root itself.
    pub rel: PathBuf,
    /// Its state, a link not followed.
    pub stat: Stat,
    /// Where it leads, if it is a link.
    pub link: Option<Link>,
    /// Those beside the owner whom an ACL lets write to it.
    pub acl: Vec<Grantee>,
    /// Those whom a default ACL lets write to whatever is made below it.
    pub default_acl: Vec<Grantee>,
}

impl Node {
    /// Looks at the node at `rel` whose state is known already (from the listing, or from an open descriptor). `open`: the
    /// folder itself, if it is one and open.
    ///
    /// Cheap for what is ordinary: an access ACL that grants write access shows in the group's write bit, which then holds
    /// the ACL's mask (acl(5)), so other files are not asked; folders are asked for their default ACL.
    pub fn look(root: &Root, rel: &Path, stat: Stat, open: Option<&Dir>) -> io::Result<Node> {
        if !Node::may_hold_more(stat) {
            return Ok(Node { rel: rel.to_path_buf(), stat, link: None, acl: Vec::new(), default_acl: Vec::new() });
        }
        let path = if rel.as_os_str().is_empty() { root.real.clone() } else { root.real.join(rel) };
        let link = if stat.kind == NodeKind::Link { Some(follow(root, rel, &path)?) } else { None };
        let granted = |default| -> Vec<Grantee> {
            let raw = open.map_or_else(|| sys::acl::read(&path, default), |dir| dir.acl(default));
            raw.ok().flatten().and_then(|raw| acl::writers(&raw)).unwrap_or_default()
        };
        let named = |list: Vec<Grantee>| -> Vec<Grantee> {
            list.into_iter().filter(|g| matches!(g, Grantee::User(_) | Grantee::Group(_))).collect()
        };
        let acl = if stat.group_writes() { named(granted(false)) } else { Vec::new() };
        let default_acl = if stat.kind == NodeKind::Dir { granted(true) } else { Vec::new() };
        Ok(Node { rel: rel.to_path_buf(), stat, link, acl, default_acl })
    }

    /// Whether the system has to be asked for more than the state: what a link leads to, whom an ACL lets write.
    fn may_hold_more(stat: Stat) -> bool {
        matches!(stat.kind, NodeKind::Link | NodeKind::Dir) || stat.group_writes()
    }
}

fn follow(root: &Root, rel: &Path, path: &Path) -> io::Result<Link> {
    let target = root.dir.read_link(rel)?;
    let end = match sys::resolve(path) {
        Ok(real) if path.starts_with(&real) => LinkEnd::Loop,
        Ok(real) if real.starts_with(&root.real) => LinkEnd::Inside(real),
        Ok(real) => LinkEnd::Outside(real),
        Err(e) if e.kind() == io::ErrorKind::NotFound => LinkEnd::Nothing,
        Err(e) if sys::is_link_loop(&e) => LinkEnd::Loop,
        Err(e) => LinkEnd::Unknown(e.to_string()),
    };
    Ok(Link { target, end })
}

/// One step on the way from `/` to a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The folder or link.
    pub path: PathBuf,
    /// Its state.
    pub stat: Stat,
    /// Where it points, if it is a link.
    pub link: Option<PathBuf>,
    /// Those beside the owner whom an ACL lets write to it.
    pub acl: Vec<Grantee>,
}

/// Who beside the owner and root may change a folder or file, or put another in the place of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changer {
    /// Everybody.
    Anybody,
    /// Everybody, but the sticky bit keeps them from what is already there.
    Adder,
    /// A user or group of its access list.
    Listed,
    /// The user who owns it.
    Owner(u32),
    /// The members of its group.
    Group(u32),
}

impl Changer {
    /// In words.
    pub fn who(self) -> String {
        match self {
            Changer::Anybody | Changer::Adder => "anybody".to_owned(),
            Changer::Listed => "a user or group of its access list".to_owned(),
            Changer::Owner(uid) => format!("user {uid}"),
            Changer::Group(gid) => format!("every member of group {gid}"),
        }
    }
}

impl Step {
    /// Who may change it, beside `owner`, root and ourselves; the widest of them.
    pub fn changer(&self, owners: &Owners, owner: u32) -> Option<Changer> {
        let stat = &self.stat;
        let device = stat.kind == NodeKind::Device;
        let shared = stat.kind == NodeKind::Dir && stat.sticky();
        if stat.others_write() && !shared && !device {
            Some(Changer::Anybody)
        } else if owners.acl_lets_strangers(&self.acl) {
            Some(Changer::Listed)
        } else if !owners.trusts(stat.uid, owner) {
            Some(Changer::Owner(stat.uid))
        } else if stat.others_write() && shared {
            Some(Changer::Adder)
        } else if stat.group_writes() && owners.group(stat.gid, owner) == GroupTrust::Foreign && !device {
            Some(Changer::Group(stat.gid))
        } else {
            None
        }
    }
}

/// Most links that are followed on one way, as Linux does (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Every folder and link that is passed on the way from `/` to `path`, `path` itself last; ends early where the way ends.
///
/// Who may write to one of them may put another cache in the place of this one.
pub fn way_to(path: &Path) -> Vec<Step> {
    use std::path::Component;
    let mut steps: Vec<Step> = Vec::new();
    let mut pending: Vec<PathBuf> = path.components().rev().map(|c| PathBuf::from(c.as_os_str())).collect();
    let mut at = PathBuf::new();
    let mut links = 0;
    while let Some(name) = pending.pop() {
        match name.components().next() {
            Some(Component::ParentDir) => {
                at.pop();
                continue;
            }
            Some(Component::CurDir) | None => continue,
            Some(Component::RootDir | Component::Prefix(_)) => at = name,
            Some(Component::Normal(part)) => at.push(part),
        }
        let Ok(stat) = sys::lstat(&at) else { break };
        let link = if stat.kind == NodeKind::Link { sys::read_link(&at).ok() } else { None };
        let acl = if stat.group_writes() {
            let raw = sys::acl::read(&at, false).ok().flatten();
            raw.and_then(|raw| acl::writers(&raw)).unwrap_or_default()
        } else {
            Vec::new()
        };
        if !steps.iter().any(|s| s.path == at) {
            steps.push(Step { path: at.clone(), stat, link: link.clone(), acl });
        }
        if let Some(target) = link {
            links += 1;
            if links > MAX_LINKS {
                break;
            }
            at.pop();
            pending.extend(target.components().rev().map(|c| PathBuf::from(c.as_os_str())));
        }
    }
    steps
}
