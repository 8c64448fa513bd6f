//! One node from one folder to another: by rename, or to another file system by a copy that is compared.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::journal::{is_node, is_unchanged};
use crate::format::journal::{Identity, InnerMode, Name};
use crate::sys::{self, Dir, NodeKind, Stat};

/// Deepest folder that is gone into: each level takes a descriptor. Go's own files lie less deep.
const MAX_DEPTH: usize = 128;

/// Why a node was not moved.
#[derive(Debug)]
pub(super) enum Refused {
    /// Source and target are on different file systems. It is where it was.
    OtherFileSystem,
    /// Anything else, in words. It is where it was.
    Because(String),
    /// The system refused both to go on and to go back.
    Halfway {
        /// In words.
        why: String,
        /// Whether something has its new name; else it is where it was, with another mode.
        moved: bool,
    },
}

impl From<io::Error> for Refused {
    fn from(e: io::Error) -> Refused {
        Refused::Because(said(&e))
    }
}

/// What the system says, in words that fit a list.
pub(super) fn said(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "is gone: another program took it away meanwhile".to_owned(),
        io::ErrorKind::StorageFull => format!("there is no room left where the quarantine lies ({e})"),
        io::ErrorKind::ReadOnlyFilesystem => format!("the file system is read-only ({e})"),
        io::ErrorKind::PermissionDenied => format!("the system does not let us ({e})"),
        _ => e.to_string(),
    }
}

/// Renames a node that must be the one that `was` tells of, and stay so.
///
/// A folder that we may not write to is opened for the time of the move: the system changes its `..`.
pub(super) fn rename(from: &Dir, name: &OsStr, to: &Dir, to_name: &OsStr, was: &Identity) -> Result<(), Refused> {
    let stat = from.stat(Path::new(name))?;
    if !is_unchanged(&stat, was) {
        return Err(Refused::Because("has changed since it was looked at".to_owned()));
    }
    let locked = stat.kind == NodeKind::Dir && stat.mode & 0o200 == 0 && sys::process::effective_uid() != 0;
    let held = if locked { Some(from.node(name)?) } else { None };
    let unlock = |mode| held.as_ref().map_or(Ok(()), |node| if is_node(node.stat(), was) { node.set_mode(mode) } else { Ok(()) });
    let time = from.stat_self()?.mtime_ns;
    unlock(stat.mode | 0o200)?;
    let halfway = |e: io::Error, moved| Refused::Halfway { why: said(&e), moved };
    if let Err(e) = from.rename_new(name, to, to_name) {
        unlock(stat.mode).map_err(|e| halfway(e, false))?;
        return Err(if sys::is_other_file_system(&e) { Refused::OtherFileSystem } else { e.into() });
    }
    let why = match to.stat(Path::new(to_name)) {
        Ok(moved) if is_node(&moved, was) => return unlock(stat.mode).map_err(|e| halfway(e, true)),
        // Somebody put another thing there between the look and the move.
        Ok(_) => "was swapped for something else while it was being moved".to_owned(),
        Err(e) => said(&e),
    };
    go_back(to, to_name, from, name, time).map_err(|e| halfway(e, true))?;
    unlock(stat.mode).map_err(|e| halfway(e, false))?;
    Err(Refused::Because(why))
}

/// Takes a move back: the folder was last written at `time` then.
pub(super) fn go_back(to: &Dir, to_name: &OsStr, from: &Dir, name: &OsStr, time: i128) -> io::Result<()> {
    to.rename_new(to_name, from, name)?;
    // Worth no failure.
    let _ = from.set_mtime(time);
    Ok(())
}

/// Copies a node, whatever it is, with mode, owner, times and access lists, and makes the copy durable.
pub(super) fn copy(from: &Dir, name: &OsStr, to: &Dir, to_name: &OsStr) -> io::Result<()> {
    copy_at(from, name, to, to_name, 0)?;
    to.sync()
}

fn copy_at(from: &Dir, name: &OsStr, to: &Dir, to_name: &OsStr, depth: usize) -> io::Result<()> {
    let stat = from.stat(Path::new(name))?;
    match stat.kind {
        NodeKind::File => {
            let mut source = from.open_file(Path::new(name))?;
            let mut target = to.make_file(to_name, 0o600)?;
            io::copy(&mut source, &mut target)?;
            copy_lists(from, name, to, to_name)?;
            sys::finish_copy(&target, &stat)
        }
        NodeKind::Dir => {
            let source = from.open_dir(Path::new(name))?;
            to.make_dir(to_name, 0o700)?;
            let target = to.open_dir(Path::new(to_name))?;
            for inner in names(&source, depth)? {
                copy_at(&source, &inner, &target, &inner, depth + 1)?;
            }
            copy_lists(from, name, to, to_name)?;
            let node = target.own_node()?;
            own(node.stat(), &stat, |uid, gid| node.set_owner(uid, gid))?;
            node.set_mode(stat.mode)?;
            target.set_mtime(stat.mtime_ns)?;
            target.sync()
        }
        NodeKind::Link | NodeKind::Fifo | NodeKind::Socket | NodeKind::Device | NodeKind::Unknown => {
            if stat.kind == NodeKind::Link {
                to.make_link(to_name, &from.read_link(Path::new(name))?)?;
            } else {
                to.make_special_like(from, name, to_name)?;
                to.node(to_name)?.set_mode(stat.mode)?;
            }
            own(&to.stat(Path::new(to_name))?, &stat, |uid, gid| to.set_owner_of(to_name, uid, gid))?;
            to.set_mtime_of(to_name, stat.mtime_ns)
        }
    }
}

fn own(now: &Stat, like: &Stat, give: impl FnOnce(u32, u32) -> io::Result<()>) -> io::Result<()> {
    if (now.uid, now.gid) == (like.uid, like.gid) { Ok(()) } else { give(like.uid, like.gid) }
}

fn copy_lists(from: &Dir, name: &OsStr, to: &Dir, to_name: &OsStr) -> io::Result<()> {
    let (source, target) = (from.node(name)?, to.node(to_name)?);
    for default in [false, true] {
        let list = source.acl(default)?;
        // A default list of the folder above may have given the copy one that the source has not.
        if list.is_some() || target.acl(default)?.is_some() {
            target.set_acl(default, list.as_deref())?;
        }
    }
    Ok(())
}

/// Whether a copy is what it is the copy of: types, modes, bytes, targets of links, names.
pub(super) fn is_same(one: &Dir, name: &OsStr, other: &Dir, other_name: &OsStr) -> io::Result<bool> {
    compare(one, name, other, other_name, true, 0)
}

/// Whether everything that is left of `one` is in its copy, too.
pub(super) fn is_part(one: &Dir, name: &OsStr, other: &Dir, other_name: &OsStr) -> io::Result<bool> {
    compare(one, name, other, other_name, false, 0)
}

fn compare(one: &Dir, name: &OsStr, other: &Dir, other_name: &OsStr, whole: bool, depth: usize) -> io::Result<bool> {
    let a = one.stat(Path::new(name))?;
    let b = match other.stat(Path::new(other_name)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        b => b?,
    };
    if a.kind != b.kind || (whole && a.kind != NodeKind::Link && a.mode != b.mode) {
        return Ok(false);
    }
    match a.kind {
        NodeKind::File => same_bytes(&mut one.open_file(Path::new(name))?, &mut other.open_file(Path::new(other_name))?),
        NodeKind::Link => Ok(one.read_link(Path::new(name))? == other.read_link(Path::new(other_name))?),
        NodeKind::Dir => {
            let (one, other) = (one.open_dir(Path::new(name))?, other.open_dir(Path::new(other_name))?);
            let inner = names(&one, depth)?;
            if whole && inner != names(&other, depth)? {
                return Ok(false);
            }
            for name in inner {
                if !compare(&one, &name, &other, &name, whole, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        NodeKind::Fifo | NodeKind::Socket | NodeKind::Device | NodeKind::Unknown => Ok(true),
    }
}

fn same_bytes(one: &mut impl Read, other: &mut impl Read) -> io::Result<bool> {
    let (mut a, mut b) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let n = fill(one, &mut a)?;
        if n != fill(other, &mut b)? || a.get(..n) != b.get(..n) {
            return Ok(false);
        }
        if n < a.len() {
            return Ok(true);
        }
    }
}

fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|r| !r.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

/// Takes away a node and all that is in it: a copy of ours, or what is copied and compared. Nothing is an error where
/// nothing is there.
pub(super) fn remove(dir: &Dir, name: &OsStr) -> io::Result<()> {
    remove_at(dir, name, 0)
}

fn remove_at(dir: &Dir, name: &OsStr, depth: usize) -> io::Result<()> {
    let stat = match dir.stat(Path::new(name)) {
        Ok(stat) => stat,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    if stat.kind != NodeKind::Dir {
        return dir.remove_file(name);
    }
    if stat.mode & 0o700 != 0o700 {
        let node = dir.node(name)?;
        if node.stat().same_node(&stat) {
            node.set_mode(stat.mode | 0o700)?;
        }
    }
    let folder = dir.open_dir(Path::new(name))?;
    for inner in names(&folder, depth)? {
        remove_at(&folder, &inner, depth + 1)?;
    }
    dir.remove_dir(name)
}

/// Nodes of an item in the quarantine that may be executed or changed by others, and the item itself among them under an
/// empty name. A file with a second name is left: that name lies outside.
pub(super) fn loose(run: &Dir, item: &OsStr) -> io::Result<Vec<InnerMode>> {
    let mut out = Vec::new();
    loose_at(run, item, &PathBuf::new(), &mut out, 0)?;
    Ok(out)
}

fn loose_at(dir: &Dir, name: &OsStr, rel: &Path, out: &mut Vec<InnerMode>, depth: usize) -> io::Result<()> {
    let stat = dir.stat(Path::new(name))?;
    if tight_mode(&stat) != stat.mode {
        out.push(InnerMode { path: Name(rel.as_os_str().as_encoded_bytes().to_vec()), mode: stat.mode });
    }
    if stat.kind == NodeKind::Dir {
        // One that can't be listed holds nothing that anybody could start.
        let Ok(folder) = dir.open_dir(Path::new(name)) else { return Ok(()) };
        for inner in names(&folder, depth)? {
            loose_at(&folder, &inner, &rel.join(&inner), out, depth + 1)?;
        }
    }
    Ok(())
}

/// The mode that a node has in the quarantine.
pub(super) fn tight_mode(stat: &Stat) -> u32 {
    match stat.kind {
        NodeKind::File if stat.nlink > 1 => stat.mode,
        NodeKind::Link => stat.mode,
        NodeKind::Dir => stat.mode & !0o7022,
        _ => stat.mode & !0o7133,
    }
}

/// Sets the modes of nodes of an item: to those that they have in the quarantine, or back to those that they had.
pub(super) fn set_modes(dir: &Dir, item: &OsStr, nodes: &[InnerMode], back: bool) -> io::Result<()> {
    // The inside first: a folder may lose the right to be entered.
    for inner in nodes.iter().rev() {
        let rel = if inner.path.0.is_empty() {
            PathBuf::from(item)
        } else {
            Path::new(item).join(sys::path_from_bytes(inner.path.0.clone()))
        };
        let (parent, name) = dir.open_parent(&rel)?;
        let node = parent.node(&name)?;
        let wanted = if back { inner.mode } else { tight_mode(node.stat()) };
        if node.stat().mode != wanted {
            node.set_mode(wanted)?;
        }
    }
    Ok(())
}

/// Takes the access lists away that are told of, and sets the bits, which the lists would else change once more.
pub(super) fn set_mode(node: &sys::Node, mode: u32, acl: bool, default_acl: bool) -> io::Result<()> {
    for default in [(false, acl), (true, default_acl)].into_iter().filter_map(|(default, gone)| gone.then_some(default)) {
        node.set_acl(default, None)?;
    }
    node.set_mode(mode)
}

/// Gives the access lists back that [`set_mode`] has taken away.
pub(super) fn give_lists(node: &sys::Node, acl: Option<&[u8]>, default_acl: Option<&[u8]>) -> io::Result<()> {
    for (default, list) in [(false, acl), (true, default_acl)] {
        if list.is_some() && node.acl(default)?.as_deref() != list {
            node.set_acl(default, list)?;
        }
    }
    Ok(())
}

/// Names in a folder, in their order.
fn names(dir: &Dir, depth: usize) -> io::Result<Vec<std::ffi::OsString>> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other(format!("folders lie more than {MAX_DEPTH} deep in each other")));
    }
    let mut names: Vec<_> = dir.reopen()?.list()?.into_iter().map(|(name, _)| name).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_the_same_and_a_change_is_seen() {
        let temp = tempfile::tempdir().unwrap();
        let at = |p: &str| temp.path().join(p);
        sys::write_file(&at("a/in/file"), &vec![7; 200_000]).unwrap();
        sys::write_file(&at("a/tool"), b"x").unwrap();
        sys::symlink(Path::new("../nowhere"), &at("a/link")).unwrap();
        sys::make_fifo(&at("a/pipe")).unwrap();
        sys::set_mode(&at("a/tool"), 0o4755).unwrap();
        sys::set_mode(&at("a/in"), 0o555).unwrap();
        let dir = Dir::open_root(temp.path()).unwrap();
        let (a, b) = (OsStr::new("a"), OsStr::new("b"));
        copy(&dir, a, &dir, b).unwrap();
        assert!(is_same(&dir, a, &dir, b).unwrap());
        for p in ["in/file", "tool", "link", "pipe", "in", ""] {
            let (one, two) = (sys::lstat(&at("a").join(p)).unwrap(), sys::lstat(&at("b").join(p)).unwrap());
            assert_eq!((one.kind, one.mode, one.mtime_ns, one.uid), (two.kind, two.mode, two.mtime_ns, two.uid), "{p}");
        }
        let loose = loose(&dir, b).unwrap();
        assert_eq!(loose, [InnerMode { path: Name(b"tool".to_vec()), mode: 0o4755 }]);
        set_modes(&dir, b, &loose, false).unwrap();
        assert_eq!(sys::lstat(&at("b/tool")).unwrap().mode, 0o644);
        assert!(!is_same(&dir, a, &dir, b).unwrap());
        set_modes(&dir, b, &loose, true).unwrap();
        assert!(is_same(&dir, a, &dir, b).unwrap());
        remove(&dir, b).unwrap();
        assert!(sys::lstat(&at("b")).is_err());
        remove(&dir, b).unwrap();
    }
}
