//! Rules on the way from `/` down to a root: who may put another cache in the place of this one.

use std::path::Path;

use crate::evidence::node::{Root, Step};
use crate::evidence::owners::GroupTrust;
use crate::finding::{Finding, RootKind, Sink, path_text};
use crate::format::acl::Grantee;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys::{self, NodeKind};

const SOURCE: &str = "cmd/go/internal/cache/default.go (initDefaultCache: os.MkdirAll and no look at the folders above)";

/// The root is a link.
pub static ROOT_IS_LINK: Rule = Rule {
    id: "root-is-link",
    level: Level::Warning,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "a cache is itself a symbolic link",
    what: "The last part of each root's path. Links further up are judged by who owns them.",
    why: "Who may replace the link chooses what you build from; and removing or mending \"the cache\" acts on another place than it seems.",
    go: "Follows it without a word.",
    mend: "Set GOCACHE, GOMODCACHE or GOPATH to the true folder.",
    source: SOURCE,
    witness: |s| {
        let path = s.gocache();
        let moved = s.root().join("moved");
        sys::rename(&path, &moved)?;
        sys::symlink(&moved, &path)?;
        Ok(Sample::place(&path))
    },
};

/// Somebody else may write to a folder above a root.
pub static ANCESTOR_WRITABLE: Rule = Rule {
    id: "ancestor-writable",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "a folder above a cache may be written by others",
    what: "The mode and ACL of every folder from `/` to the root. The sticky bit protects what is already there, so `/tmp` is no fault. \
           Writable by a group that others are in: `warning`.",
    why: "Who may write to a folder may rename what is in it: the whole cache can be swapped for another between two builds.",
    go: "Looks at no mode.",
    mend: "`chmod o-w` on the folder.",
    source: SOURCE,
    witness: |s| {
        let path = s.root().to_path_buf();
        sys::set_mode(&path, 0o777)?;
        Ok(Sample::place(&path))
    },
};

/// Somebody else owns a folder or link above a root.
pub static ANCESTOR_FOREIGN_OWNER: Rule = Rule {
    id: "ancestor-foreign-owner",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "a folder or link above a cache belongs to somebody else",
    what: "The owner of every folder and link from `/` to the root: the owner of the root, root, or the user who runs the scan.",
    why: "The owner of a folder may rename what is in it, the owner of a link in a shared folder may point it elsewhere: the whole cache \
          can be swapped between two builds.",
    go: "Looks at no owner.",
    mend: "Move the cache below a folder of its user, or `chown` the folder.",
    source: SOURCE,
    witness: |s| {
        let path = s.root().to_path_buf();
        sys::set_owner(&path, 4_000_001, 4_000_001)?;
        Ok(Sample::place(&path))
    },
};

/// Another file system begins inside a root.
pub static MOUNT_INSIDE: Rule = Rule {
    id: "mount-inside",
    level: Level::Warning,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "another file system is mounted inside a cache",
    what: "The mount points of this machine, on Linux. The root of a cache may be a mount point itself, as in containers.",
    why: "What lies below comes from elsewhere and hides what the cache has in that place; a file can be replaced by mounting over it \
          without touching the cache.",
    go: "Looks at no mount.",
    mend: "Unmount it, or mount the whole cache instead of a part.",
    source: SOURCE,
    witness: |s| {
        let path = s.gocache().join("00");
        sys::mount_for_witness(&path)?;
        Ok(Sample::place(&path))
    },
};

/// Judges the way to a root, the root itself last. Owner and mode of the root itself are for [`super::entry`].
pub fn way(root: &Root, steps: &[Step], sink: &mut Sink) {
    let owner = root.stat.uid;
    let finding = |rule, step: &Step, up: usize, message: String| {
        Finding::at(rule, root.kind, &step.path, format!("{up} above the root"), message)
    };
    for (up, step) in steps.iter().rev().enumerate() {
        let stat = &step.stat;
        let text = path_text(&root.path).0;
        if step.path == root.path {
            if let Some(target) = &step.link {
                sink.push(root_is_link(root.kind, &step.path, target));
            }
            continue;
        }
        if !root.owners.trusts(stat.uid, owner) {
            let message = format!("belongs to user {}, who may put another folder in the place of `{text}`", stat.uid);
            sink.push(
                finding(&ANCESTOR_FOREIGN_OWNER, step, up, message)
                    .claims(format!("user {owner} or root"), format!("user {}", stat.uid)),
            );
        }
        if stat.kind != NodeKind::Dir || stat.sticky() || step.path == root.real {
            continue;
        }
        let named: Vec<&Grantee> = step.acl.iter().filter(|g| matches!(g, Grantee::User(_) | Grantee::Group(_))).collect();
        if stat.others_write() || !named.is_empty() {
            let message = format!("anybody on this machine may put another folder in the place of `{text}`");
            let message = if stat.others_write() {
                message
            } else {
                message.replace("anybody on this machine", "somebody named in its ACL")
            };
            sink.push(finding(&ANCESTOR_WRITABLE, step, up, message).claims("no write access for others", stat.mode_string()));
        } else if stat.group_writes() && root.owners.group(stat.gid, owner) == GroupTrust::Foreign {
            let message = format!("every member of group {} may put another folder in the place of `{text}`", stat.gid);
            let finding =
                finding(&ANCESTOR_WRITABLE, step, up, message).claims("no write access for the group", stat.mode_string());
            sink.push(finding.lowered_to(Level::Warning));
        }
    }
}

/// A root that is itself a link to `target`.
pub fn root_is_link(kind: RootKind, path: &Path, target: &Path) -> Finding {
    let to = path_text(target).0;
    let message = format!("the {} is a link to `{to}`", kind.title());
    Finding::at(&ROOT_IS_LINK, kind, path, kind.as_str(), message).claims("a folder", format!("a link to {to}"))
}

/// Judges the mount points of this machine.
pub fn mounts(root: &Root, mount_points: &[std::path::PathBuf], sink: &mut Sink) {
    let mut inside: Vec<_> =
        mount_points.iter().filter_map(|m| m.strip_prefix(&root.real).ok()).filter(|r| !r.as_os_str().is_empty()).collect();
    inside.sort();
    inside.dedup();
    for rel in inside {
        let message = "another file system begins here: what Go reads below does not come from this cache".to_owned();
        sink.push(Finding::at(&MOUNT_INSIDE, root.kind, &root.path.join(rel), path_text(rel).0, message));
    }
}
