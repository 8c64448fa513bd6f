//! Who may change a thing, and where a link leads: rules on every entry below a root. The rules on the way down to a
//! root stand in [`way`].

pub mod rules;
pub mod way;

use rules::*;

use crate::evidence::node::{Expect, Link, LinkEnd, Node, Root};
use crate::evidence::owners::GroupTrust;
use crate::finding::{Finding, Place, RootKind, Sink, path_text};
use crate::format::acl::Grantee;
use crate::rule::{Level, Rule};
use crate::sys::{NodeKind, Stat};

/// The rules of this file and of [`way`].
pub const RULES: &[&Rule] = &[
    &LINK_ESCAPES,
    &LINK_DANGLES,
    &LINK_LOOPS,
    &LINK_INSIDE,
    &SPECIAL_FILE,
    &FOREIGN_OWNER,
    &WRITABLE_BY_OTHERS,
    &WRITABLE_BY_FOREIGN_GROUP,
    &WRITABLE_BY_OWN_GROUP,
    &ACL_GRANTS_WRITE,
    &SETUID,
    &HARD_LINKED,
    &UNEXPECTED_EXECUTABLE,
    &way::ROOT_IS_LINK,
    &way::ANCESTOR_WRITABLE,
    &way::ANCESTOR_FOREIGN_OWNER,
    &way::MOUNT_INSIDE,
];

/// Judges the owner, mode, links and type of one entry below (or of) a root.
///
/// What the whole root shares is counted in the sink and told once, at the root.
pub fn entry(root: &Root, node: &Node, expect: Expect, sink: &mut Sink) {
    let stat = &node.stat;
    let judge = Judge { root, node, is_root: node.rel.as_os_str().is_empty() };
    match stat.kind {
        NodeKind::Link => judge.link(sink),
        NodeKind::Fifo | NodeKind::Socket | NodeKind::Device | NodeKind::Unknown => sink.push(
            judge
                .find(&SPECIAL_FILE, format!("is a {}, where Go makes only files and folders", stat.kind.word()))
                .claims("regular file or directory", stat.kind.word()),
        ),
        NodeKind::File | NodeKind::Dir => {}
    }
    judge.owner(sink);
    judge.writers(sink);
    judge.bits(expect, sink);
}

struct Judge<'a> {
    root: &'a Root,
    node: &'a Node,
    is_root: bool,
}

impl Judge<'_> {
    fn find(&self, rule: &'static Rule, message: String) -> Finding {
        let path = if self.is_root { self.root.path.clone() } else { self.root.path.join(&self.node.rel) };
        let subject = if self.is_root { "the root itself".to_owned() } else { path_text(&self.node.rel).0 };
        Finding::at(rule, self.root.kind, &path, subject, message)
    }

    /// Tells a finding, or only counts it where the root itself has the same fault.
    fn tell(&self, shared: bool, finding: Finding, sink: &mut Sink) {
        if shared && !self.is_root { sink.count_more(finding.rule) } else { sink.push_bounded(finding) }
    }

    fn in_bin(&self) -> bool {
        matches!(self.root.kind, RootKind::Gobin | RootKind::Binary)
    }

    fn link(&self, sink: &mut Sink) {
        let Some(Link { target, end }) = &self.node.link else { return };
        let to = path_text(target).0;
        let (rule, message, end) = match end {
            LinkEnd::Outside(real) => {
                (&LINK_ESCAPES, format!("is a link to `{to}`, outside of the {}", self.root.kind.title()), path_text(real).0)
            }
            LinkEnd::Nothing => (&LINK_DANGLES, format!("is a link to `{to}`, where nothing is"), "nothing".to_owned()),
            LinkEnd::Loop => (&LINK_LOOPS, format!("is a link to `{to}`, which leads back to itself"), "a loop".to_owned()),
            LinkEnd::Inside(real) => {
                (&LINK_INSIDE, format!("is a link to `{to}`, in the same {}", self.root.kind.title()), path_text(real).0)
            }
            LinkEnd::Unknown(why) => (&LINK_ESCAPES, format!("is a link to `{to}`, which can't be followed"), why.clone()),
        };
        let finding = self.find(rule, message).claims("no link", end);
        // People do put links into their folder of programs; Go writes through none there.
        sink.push(match (self.in_bin(), &self.node.link) {
            (true, Some(Link { end: LinkEnd::Inside(_), .. })) => finding.lowered_to(Level::Note),
            (true, _) => finding.lowered_to(Level::Warning),
            (false, _) => finding,
        });
    }

    fn owner(&self, sink: &mut Sink) {
        let (uid, owner) = (self.node.stat.uid, self.root.stat.uid);
        let ours = &self.root.owners;
        let (wrong, expected) = if self.is_root {
            (!ours.is_ours(uid), format!("user {} or root", ours.euid))
        } else {
            (!ours.trusts(uid, owner), format!("user {owner} or root"))
        };
        if wrong {
            let message = format!("belongs to user {uid}, who may change it at any time");
            sink.push_bounded(self.find(&FOREIGN_OWNER, message).claims(expected, format!("user {uid}")));
        }
    }

    fn writers(&self, sink: &mut Sink) {
        let (stat, root) = (&self.node.stat, self.root);
        if stat.others_write() {
            let message = if stat.kind == NodeKind::Dir && stat.sticky() {
                "anybody on this machine may put files here"
            } else if stat.kind == NodeKind::Dir {
                "anybody on this machine may put files here or take them away"
            } else {
                "anybody on this machine may change what it holds"
            };
            let finding =
                self.find(&WRITABLE_BY_OTHERS, message.to_owned()).claims("no write access for others", stat.mode_string());
            self.tell(root.stat.others_write(), finding, sink);
        }
        // With an ACL the group's bits hold the ACL's mask: then its rows speak, and the group's own row among them.
        if !self.node.acl.is_empty() {
            sink.push(self.acl(&self.node.acl, "lets", ""));
        }
        if stat.group_writes() {
            let foreign = |s: &Stat| s.group_writes() && root.owners.group(s.gid, root.stat.uid) == GroupTrust::Foreign;
            if foreign(stat) {
                let message = format!("every member of group {} may change it", stat.gid);
                let finding =
                    self.find(&WRITABLE_BY_FOREIGN_GROUP, message).claims("no write access for the group", stat.mode_string());
                self.tell(foreign(&root.stat), finding, sink);
            } else if self.node.acl.is_empty() && !stat.others_write() {
                sink.count_more(&WRITABLE_BY_OWN_GROUP);
            }
        }
        if !self.node.default_acl.is_empty() {
            let strangers: Vec<Grantee> = self.strangers(&self.node.default_acl);
            if !strangers.is_empty() {
                sink.push(self.acl(&strangers, "will let", " everything that is made below it from now on"));
            }
        }
    }

    /// Those of a default ACL who are not trusted; the owning group and the others are told too, since what is made below
    /// gets exactly these rows.
    fn strangers(&self, granted: &[Grantee]) -> Vec<Grantee> {
        let root = self.root;
        let own = |gid| root.owners.group(gid, root.stat.uid) == GroupTrust::Own;
        granted
            .iter()
            .copied()
            .filter(|g| match g {
                Grantee::User(uid) => !root.owners.trusts(*uid, root.stat.uid),
                Grantee::Group(gid) => !own(*gid),
                Grantee::OwningGroup => !own(self.node.stat.gid),
                Grantee::Others => true,
            })
            .collect()
    }

    fn acl(&self, granted: &[Grantee], verb: &str, what: &str) -> Finding {
        let who: Vec<String> = granted
            .iter()
            .map(|g| match g {
                Grantee::User(uid) => format!("user {uid}"),
                Grantee::Group(gid) => format!("group {gid}"),
                Grantee::OwningGroup => "the owning group".to_owned(),
                Grantee::Others => "everybody".to_owned(),
            })
            .collect();
        let who = who.join(", ");
        self.find(
            &ACL_GRANTS_WRITE,
            format!("an access control list {verb} {who} write to{}", if what.is_empty() { " it" } else { what }),
        )
        .claims("no write access but for the owner", who)
    }

    fn bits(&self, expect: Expect, sink: &mut Sink) {
        let stat = &self.node.stat;
        if stat.kind != NodeKind::File {
            return;
        }
        if stat.mode & 0o6000 != 0 {
            let message = "runs with the rights of its owner or group, which Go never asks for".to_owned();
            sink.push_bounded(self.find(&SETUID, message).claims("no setuid or setgid bit", stat.mode_string()));
        }
        if expect == Expect::Others {
            return;
        }
        if stat.nlink > 1 && expect != Expect::Linked {
            let more = stat.nlink - 1;
            let message = format!(
                "the same file has {more} other name{}: who may write there changes this one too",
                if more == 1 { "" } else { "s" }
            );
            sink.push_bounded(self.find(&HARD_LINKED, message).claims("1 name", format!("{} names", stat.nlink)));
        }
        if expect != Expect::Program && stat.executable() && cfg!(unix) {
            let message = "may be executed, where Go makes plain data".to_owned();
            sink.push_bounded(self.find(&UNEXPECTED_EXECUTABLE, message).claims("not executable", stat.mode_string()));
        }
    }
}

/// Folds findings that a folder above shares: of a folder that everybody may write to and the files in it, the folder is told,
/// with the number of the others.
pub fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    const FOLDED: [&Rule; 3] = [&WRITABLE_BY_OTHERS, &WRITABLE_BY_FOREIGN_GROUP, &FOREIGN_OWNER];
    let (mut folded, mut rest): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(|f| FOLDED.contains(&f.rule));
    // A folder comes before what lies in it.
    folded.sort_by(|a, b| a.rule.id.cmp(b.rule.id).then_with(|| a.place.cmp(&b.place)));
    let mut kept: Vec<Finding> = Vec::new();
    for finding in folded {
        let above = kept.iter_mut().rev().take(64).find(|k| {
            k.rule == finding.rule
                && k.root == finding.root
                && matches!((&k.place, &finding.place), (Place::Path(above), Place::Path(below)) if below.starts_with(above))
        });
        match above {
            Some(above) => above.more += 1 + finding.more,
            None => kept.push(finding),
        }
    }
    rest.append(&mut kept);
    rest
}

/// The one finding that tells what was only counted, for a root.
pub fn shared(root: &Root, rule: &'static Rule, more: u64) -> Finding {
    let message = if rule == &WRITABLE_BY_OWN_GROUP {
        "is writable by the owner's own group, as umask 002 makes it: see that nobody else is in that group"
    } else {
        "and what lies below shares this fault"
    };
    let mut finding = Finding::at(rule, root.kind, &root.path, "the root itself", message)
        .claims("no write access for the group", root.stat.mode_string());
    finding.more = more;
    finding
}
