//! The rules on owners, modes, types and links of entries, with explanations and witnesses.

use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys;

const CACHE_SOURCE: &str = "cmd/go/internal/cache/cache.go (Open, putIndexEntry, copyFile: os.MkdirAll 0777, os.OpenFile 0666)";

/// A link leads out of its root.
pub static LINK_ESCAPES: Rule = Rule {
    id: "link-escapes",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::Unlink,
    summary: "a symbolic link inside a cache leads out of it",
    what: "Every symbolic link below a root is followed to its end. Go makes no links in its caches. In a folder of programs the \
           level is `warning`, since people put links there.",
    why: "What is read through the link is kept where other rules apply and other people may write; what Go writes through it \
          overwrites a file outside.",
    go: "Follows it without a word, for reading and for writing.",
    mend: "Remove the link; Go makes the entry afresh.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        let outside = s.root().join("outside");
        s.write(&outside, b"elsewhere")?;
        s.replace_by_link(&path, &outside)
    },
};

/// A link leads to nothing.
pub static LINK_DANGLES: Rule = Rule {
    id: "link-dangles",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::Unlink,
    summary: "a symbolic link inside a cache leads to nothing",
    what: "Every symbolic link below a root is followed to its end. In a folder of programs the level is `warning`.",
    why: "Go opens such a name for writing and thereby creates the file that the link names, wherever that is.",
    go: "Creates the target when it next stores that entry.",
    mend: "Remove the link; Go makes the entry afresh.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        let nowhere = s.root().join("nowhere");
        s.replace_by_link(&path, &nowhere)
    },
};

/// A link leads back to itself.
pub static LINK_LOOPS: Rule = Rule {
    id: "link-loops",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::Unlink,
    summary: "a symbolic link inside a cache leads back to itself or to a folder that holds it",
    what: "Every symbolic link below a root is followed to its end.",
    why: "A walk that follows it never ends, and what seems to lie in one place lies in another.",
    go: "Fails with \"too many levels of symbolic links\", or mixes up two folders.",
    mend: "Remove the link; Go makes the folder afresh.",
    source: CACHE_SOURCE,
    witness: |s| {
        let link = s.gocache().join("fuzz");
        sys::symlink(std::path::Path::new("."), &link)?;
        Ok(Sample::place(&link))
    },
};

/// A link stays inside its root.
pub static LINK_INSIDE: Rule = Rule {
    id: "link-inside",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::Unlink,
    summary: "a symbolic link inside a cache leads to another place in it",
    what: "Every symbolic link below a root is followed to its end. In a folder of programs the level is `note`.",
    why: "Go makes no links in its caches, so somebody else did: what lies under this name is what another name stands for, and \
          what Go writes to the one changes the other.",
    go: "Follows it without a word.",
    mend: "Remove the link; Go makes the entry afresh.",
    source: CACHE_SOURCE,
    witness: |s| {
        let target = s.an_output()?;
        let link = s.gocache().join("testexpire.txt");
        sys::symlink(&target, &link)?;
        Ok(Sample::place(&link))
    },
};

/// A FIFO, socket or device.
pub static SPECIAL_FILE: Rule = Rule {
    id: "special-file",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::Quarantine,
    summary: "a named pipe, socket or device lies in a cache",
    what: "The type of every entry. Go makes regular files and directories only.",
    why: "Whoever opens a named pipe waits for ever, and a device answers with bytes that nobody stored.",
    go: "Opens it: `go build` and `go mod verify` hang.",
    mend: "Move it away; Go makes the entry afresh.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        sys::remove_made(&path)?;
        sys::make_fifo(&path)?;
        Ok(Sample::place(&path))
    },
};

/// An owner who is neither the root's owner nor root.
pub static FOREIGN_OWNER: Rule = Rule {
    id: "foreign-owner",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::Chown,
    summary: "an entry belongs to a user who owns neither the cache nor the machine",
    what: "The owner of every entry: the owner of its root, root, or the user who runs the scan. For the root itself: root or the \
           user who runs the scan.",
    why: "The owner of a file may change its mode and then its content at any time, after every check. The same is seen, harmlessly, \
          after `sudo go build` or when a cache was restored with the numbers of another machine.",
    go: "Looks at no owner.",
    mend: "`chown -R` the cache to its user, or remove the entry.",
    source: "cmd/go looks at owners nowhere",
    witness: |s| {
        let path = s.an_output()?;
        sys::set_owner(&path, 4_000_001, 4_000_001)?;
        Ok(Sample::place(&path))
    },
};

/// Writable by everybody.
pub static WRITABLE_BY_OTHERS: Rule = Rule {
    id: "writable-by-others",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::Chmod,
    summary: "everybody on this machine may change it",
    what: "The write bit for others on every file and directory below a root, the sticky bit notwithstanding: it hinders removing, not \
           adding. What the whole root shares is told once.",
    why: "Any user or service of this machine may put a forged entry in, and Go links it.",
    go: "Looks at no mode. Under umask 000 it makes such entries itself.",
    mend: "`chmod -R o-w`, and a umask of 022 or 077.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        sys::set_mode(&path, 0o666)?;
        Ok(Sample::place(&path))
    },
};

/// Writable by a group that others are in.
pub static WRITABLE_BY_FOREIGN_GROUP: Rule = Rule {
    id: "writable-by-foreign-group",
    level: Level::Warning,
    kind: Kind::Posture,
    fix: Fix::Chmod,
    summary: "a group that others are in may change it",
    what: "The write bit for the group, where the group is not the owner's own: not his primary group, not root's, and somebody else is in \
           it or nobody knows who is. What the whole root shares is told once.",
    why: "Every member of that group may put a forged entry in, and Go links it.",
    go: "Looks at no mode.",
    mend: "`chmod -R g-w`, or give the cache back to the owner's own group.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        sys::set_owner(&path, sys::process::effective_uid(), 4_000_001)?;
        sys::set_mode(&path, 0o664)?;
        Ok(Sample::place(&path))
    },
};

/// Writable by the owner's own group.
pub static WRITABLE_BY_OWN_GROUP: Rule = Rule {
    id: "writable-by-own-group",
    level: Level::Note,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "the owner's own group may change it, as umask 002 makes it",
    what: "The write bit for the group, where the group is the owner's primary group, root's, or one that nobody else is in. Told once a \
           root, with the number of entries.",
    why: "Harmless as long as nobody else is put into that group.",
    go: "Makes such entries itself under umask 002.",
    mend: "Nothing to do; umask 022 avoids it.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        sys::set_mode(&path, 0o664)?;
        Ok(Sample::place(&s.gocache()))
    },
};

/// An ACL lets somebody else write.
pub static ACL_GRANTS_WRITE: Rule = Rule {
    id: "acl-grants-write",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::Chmod,
    summary: "an access control list lets somebody else write",
    what: "Access ACLs of entries that grant a named user or group write access, and default ACLs of directories that will do so for \
           everything made below.",
    why: "The mode that `ls -l` shows hides who may write; a forged entry can be put in or left to be put in later.",
    go: "Looks at no ACL.",
    mend: "`setfacl -b` (and `setfacl -k` for the default list) on the entry.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.gocache().join("00");
        sys::acl::write_for_witness(&path)?;
        Ok(Sample::place(&path))
    },
};

/// Setuid or setgid.
pub static SETUID: Rule = Rule {
    id: "setuid",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::Chmod,
    summary: "a file runs with the rights of its owner or group",
    what: "The setuid and setgid bits of every file.",
    why: "Go never sets them; a cache or a folder of tools is a good place to hide a program that gives away rights.",
    go: "Looks at no mode.",
    mend: "`chmod ug-s`, and find out who set it.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        sys::set_mode(&path, 0o4644)?;
        Ok(Sample::place(&path))
    },
};

/// A second name for the same file.
pub static HARD_LINKED: Rule = Rule {
    id: "hard-linked",
    level: Level::Warning,
    kind: Kind::Posture,
    fix: Fix::Quarantine,
    summary: "a cached file has a second name",
    what: "The number of names of every file in a cache. Go makes no hard links there (git does, in `cache/vcs`, and is let be).",
    why: "Whoever may write to the other name changes this file without touching the cache. Copies made with `cp -l` or a deduplicating \
          backup look the same.",
    go: "Looks at no link count.",
    mend: "Copy the file over itself, or remove it; Go makes it afresh.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        sys::hard_link(&path, &s.root().join("second-name"))?;
        Ok(Sample::place(&path))
    },
};

/// Executable where Go makes data.
pub static UNEXPECTED_EXECUTABLE: Rule = Rule {
    id: "unexpected-executable",
    level: Level::Warning,
    kind: Kind::Posture,
    fix: Fix::Chmod,
    summary: "a cached file may be executed, where Go makes plain data",
    what: "The execute bits of cached files, but for the one program inside an executable entry and the programs of toolchain modules.",
    why: "A program can hide among thousands of data files and be started from there. A copy through a file system without modes looks \
          the same.",
    go: "Looks at no mode.",
    mend: "`chmod a-x`.",
    source: CACHE_SOURCE,
    witness: |s| {
        let path = s.an_output()?;
        sys::set_mode(&path, 0o755)?;
        Ok(Sample::place(&path))
    },
};
