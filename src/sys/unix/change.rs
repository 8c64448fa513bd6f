//! Changes beneath an open directory: by descriptor and single name, never through a link, never over what is there.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT};

use super::{Dir, File, NodeKind, Stat, acl, stat_of_rustix};

/// Where a test stops or spoils the work: each change asks here first.
#[cfg(test)]
pub(crate) mod fault {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
        static ONCE: Cell<Option<io::ErrorKind>> = const { Cell::new(None) };
        static SPENT: Cell<bool> = const { Cell::new(false) };
        static FAR: Cell<bool> = const { Cell::new(false) };
    }

    /// From now on every folder seems to lie on a file system of its own, or no longer.
    pub(crate) fn set_far(far: bool) {
        FAR.set(far);
    }

    pub(super) fn is_far() -> bool {
        FAR.get()
    }

    /// After `changes` more changes every change fails, as if the process had been killed there; `None`: none fails.
    pub(crate) fn stop_after(changes: Option<u64>) {
        ONCE.set(None);
        SPENT.set(false);
        LEFT.set(changes);
    }

    /// After `changes` more changes one fails with `kind`.
    pub(crate) fn fail_once_after(changes: u64, kind: io::ErrorKind) {
        stop_after(Some(changes));
        ONCE.set(Some(kind));
    }

    /// Whether a change was refused.
    pub(crate) fn was_hit() -> bool {
        SPENT.get()
    }

    pub(super) fn point() -> io::Result<()> {
        match LEFT.get() {
            None => Ok(()),
            Some(0) => {
                SPENT.set(true);
                let kind = ONCE.take();
                if kind.is_some() {
                    LEFT.set(None);
                }
                Err(io::Error::new(kind.unwrap_or(io::ErrorKind::Other), "stopped by a test"))
            }
            Some(n) => {
                LEFT.set(Some(n - 1));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
use fault::point;

#[cfg(not(test))]
#[allow(clippy::unnecessary_wraps, reason = "the shape that a test's point has")]
fn point() -> io::Result<()> {
    Ok(())
}

impl Dir {
    /// Opens the folder that holds the node at `rel`, no link followed on the way; the folder and the name in it.
    pub fn open_parent(&self, rel: &Path) -> io::Result<(Dir, OsString)> {
        let none = || io::Error::new(io::ErrorKind::InvalidInput, "has no folder above it here");
        let (parent, name) = (rel.parent().ok_or_else(none)?, rel.file_name().ok_or_else(none)?);
        let dir = if parent.as_os_str().is_empty() { self.reopen()? } else { self.open_dir(parent)? };
        Ok((dir, name.to_os_string()))
    }

    /// Opens this folder once more.
    pub fn reopen(&self) -> io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Dir { fd: rustix::fs::openat(&self.fd, ".", flags, Mode::empty())?, path: self.path.clone() })
    }

    /// Makes the folder `name` in this one.
    pub fn make_dir(&self, name: &OsStr, mode: u32) -> io::Result<()> {
        point()?;
        Ok(rustix::fs::mkdirat(&self.fd, one(name)?, Mode::from_raw_mode(raw(mode)))?)
    }

    /// Makes the file `name` in this folder for writing; fails where anything is there.
    pub fn make_file(&self, name: &OsStr, mode: u32) -> io::Result<std::fs::File> {
        point()?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.fd, one(name)?, flags, Mode::from_raw_mode(raw(mode)))?.into())
    }

    /// Opens the regular file `name` in this folder to append to it.
    pub fn open_append(&self, name: &OsStr) -> io::Result<std::fs::File> {
        point()?;
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = super::regular(rustix::fs::openat(&self.fd, one(name)?, flags, Mode::empty())?)?;
        Ok(file.file)
    }

    /// Makes the symbolic link `name`, which points to `target`.
    pub fn make_link(&self, name: &OsStr, target: &Path) -> io::Result<()> {
        point()?;
        Ok(rustix::fs::symlinkat(target, &self.fd, one(name)?)?)
    }

    /// Makes a named pipe, socket or device that is like the node `name` of `from`.
    pub fn make_special_like(&self, from: &Dir, name: &OsStr, to: &OsStr) -> io::Result<()> {
        point()?;
        #[cfg(target_os = "linux")]
        {
            let stat = rustix::fs::statat(&from.fd, one(name)?, AtFlags::SYMLINK_NOFOLLOW)?;
            let kind = rustix::fs::FileType::from_raw_mode(stat.st_mode);
            let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
            Ok(rustix::fs::mknodat(&self.fd, one(to)?, kind, mode, stat.st_rdev)?)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (from, name, to);
            Err(io::Error::new(io::ErrorKind::Unsupported, "a special file can't be copied to another file system here"))
        }
    }

    /// Renames `name` of this folder to `to_name` of `to`, which must not be there.
    ///
    /// Where the file system can't promise that in one step, a second name is made (which never replaces anything) and the
    /// first one taken away; a folder is renamed after a look.
    pub fn rename_new(&self, name: &OsStr, to: &Dir, to_name: &OsStr) -> io::Result<()> {
        point()?;
        #[cfg(test)]
        if fault::is_far() && self.path != to.path {
            return Err(rustix::io::Errno::XDEV.into());
        }
        let (name, to_name) = (one(name)?, one(to_name)?);
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        {
            use rustix::io::Errno;
            match rustix::fs::renameat_with(&self.fd, name, &to.fd, to_name, rustix::fs::RenameFlags::NOREPLACE) {
                Ok(()) => return Ok(()),
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                Err(e) => return Err(e.into()),
            }
        }
        let stat = self.stat(Path::new(name))?;
        if stat.kind == NodeKind::Dir {
            if to.stat(Path::new(to_name)).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            return Ok(rustix::fs::renameat(&self.fd, name, &to.fd, to_name)?);
        }
        rustix::fs::linkat(&self.fd, name, &to.fd, to_name, AtFlags::empty())?;
        let gone = point().and_then(|()| Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?));
        if gone.is_err() {
            // As it was: one name, the first.
            let _ = rustix::fs::unlinkat(&to.fd, to_name, AtFlags::empty());
        }
        gone
    }

    /// Takes away the name `name`, which is no folder.
    pub fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        point()?;
        Ok(rustix::fs::unlinkat(&self.fd, one(name)?, AtFlags::empty())?)
    }

    /// Takes away the empty folder `name`.
    pub fn remove_dir(&self, name: &OsStr) -> io::Result<()> {
        point()?;
        Ok(rustix::fs::unlinkat(&self.fd, one(name)?, AtFlags::REMOVEDIR)?)
    }

    /// Makes durable what was named and renamed in this folder.
    pub fn sync(&self) -> io::Result<()> {
        point()?;
        match rustix::fs::fsync(&self.fd) {
            // Some file systems know no such thing for folders.
            Ok(()) | Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOTSUP) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// The node `name` of this folder, a link not followed, to be changed by its descriptor.
    pub fn node(&self, name: &OsStr) -> io::Result<Node> {
        let flags = HOLD | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Node::of(rustix::fs::openat(&self.fd, one(name)?, flags, Mode::empty())?)
    }

    /// This folder, to be changed by its descriptor.
    pub fn own_node(&self) -> io::Result<Node> {
        Node::of(self.fd.try_clone()?)
    }

    /// Sets the time of the last write of `name` in this folder, a link not followed.
    pub fn set_mtime_of(&self, name: &OsStr, mtime_ns: i128) -> io::Result<()> {
        point()?;
        Ok(rustix::fs::utimensat(&self.fd, one(name)?, &times(mtime_ns), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Sets the time of the last write of this folder.
    pub fn set_mtime(&self, mtime_ns: i128) -> io::Result<()> {
        point()?;
        Ok(rustix::fs::futimens(&self.fd, &times(mtime_ns))?)
    }

    /// Gives `name` of this folder, a link not followed, to a user and group.
    pub fn set_owner_of(&self, name: &OsStr, uid: u32, gid: u32) -> io::Result<()> {
        point()?;
        let (uid, gid) = (rustix::fs::Uid::from_raw(uid), rustix::fs::Gid::from_raw(gid));
        Ok(rustix::fs::chownat(&self.fd, one(name)?, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?)
    }
}

/// How a node is opened that is only to be changed: without reading it, where the system can.
#[cfg(target_os = "linux")]
const HOLD: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const HOLD: OFlags = OFlags::RDONLY;

/// A node that is held by its descriptor, so that what is changed is what was looked at.
#[derive(Debug)]
pub struct Node {
    fd: OwnedFd,
    stat: Stat,
}

impl Node {
    fn of(fd: OwnedFd) -> io::Result<Node> {
        let stat = stat_of_rustix(&rustix::fs::fstat(&fd)?);
        Ok(Node { fd, stat })
    }

    /// Its state when it was opened.
    pub fn stat(&self) -> &Stat {
        &self.stat
    }

    /// A name under which the system reaches just this node. Linux changes no mode through a descriptor that was opened
    /// without reading.
    fn by_descriptor(&self) -> String {
        format!("/proc/self/fd/{}", self.fd.as_fd().as_raw_fd())
    }

    /// Sets its permission bits. A link has none.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        if self.stat.kind == NodeKind::Link {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "is a symbolic link"));
        }
        point()?;
        let mode = Mode::from_raw_mode(raw(mode));
        if cfg!(target_os = "linux") {
            return Ok(rustix::fs::chmodat(rustix::fs::CWD, self.by_descriptor(), mode, AtFlags::empty())?);
        }
        Ok(rustix::fs::fchmod(&self.fd, mode)?)
    }

    /// Gives it to a user and group.
    pub fn set_owner(&self, uid: u32, gid: u32) -> io::Result<()> {
        point()?;
        let (uid, gid) = (Some(rustix::fs::Uid::from_raw(uid)), Some(rustix::fs::Gid::from_raw(gid)));
        #[cfg(target_os = "linux")]
        {
            Ok(rustix::fs::chownat(&self.fd, "", uid, gid, AtFlags::EMPTY_PATH)?)
        }
        #[cfg(not(target_os = "linux"))]
        {
            Ok(rustix::fs::fchown(&self.fd, uid, gid)?)
        }
    }

    /// Its raw POSIX ACL, as [`acl::read`] gives it.
    pub fn acl(&self, default: bool) -> io::Result<Option<Vec<u8>>> {
        match self.stat.kind {
            NodeKind::File | NodeKind::Dir if cfg!(target_os = "linux") => acl::read_through(&self.by_descriptor(), default),
            _ => Ok(None),
        }
    }

    /// Sets its raw POSIX ACL, or takes it away.
    pub fn set_acl(&self, default: bool, list: Option<&[u8]>) -> io::Result<()> {
        point()?;
        acl::set_through(&self.by_descriptor(), default, list)
    }
}

/// Sets mode, owner and time of a file that we have just written; what is not ours to give is left.
pub fn finish_copy(file: &std::fs::File, like: &Stat) -> io::Result<()> {
    point()?;
    let (uid, gid) = (rustix::fs::Uid::from_raw(like.uid), rustix::fs::Gid::from_raw(like.gid));
    let now = super::stat_of(file)?;
    if (now.uid, now.gid) != (like.uid, like.gid) {
        rustix::fs::fchown(file, Some(uid), Some(gid))?;
    }
    rustix::fs::fchmod(file, Mode::from_raw_mode(raw(like.mode)))?;
    rustix::fs::futimens(file, &times(like.mtime_ns))?;
    file.sync_all()
}

/// Appends and makes it durable.
pub fn append_durably(file: &mut std::fs::File, bytes: &[u8]) -> io::Result<()> {
    point()?;
    io::Write::write_all(file, bytes)?;
    point()?;
    file.sync_data()
}

/// Cuts a file that we write.
pub fn cut_to(file: &std::fs::File, length: u64) -> io::Result<()> {
    point()?;
    file.set_len(length)?;
    file.sync_all()
}

impl File {
    /// Locks it for ourselves alone, as Go does (cmd/go/internal/lockedfile), without waiting; whether it could be had.
    /// Held until the file is dropped.
    pub fn try_lock(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(std::fs::TryLockError::WouldBlock) => Ok(false),
            Err(std::fs::TryLockError::Error(e)) => Err(e),
        }
    }
}

/// Major and minor number of a file system, as `/proc/locks` names it.
pub fn device_numbers(dev: u64) -> Option<(u32, u32)> {
    let dev = rustix::fs::Dev::try_from(dev).ok()?;
    Some((rustix::fs::major(dev), rustix::fs::minor(dev)))
}

/// Whether an error says that two places lie on different file systems.
pub fn is_other_file_system(e: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(e) == Some(rustix::io::Errno::XDEV)
}

/// A name that leads to nothing but an entry of the directory itself.
fn one(name: &OsStr) -> io::Result<&OsStr> {
    let bytes = name.as_encoded_bytes();
    if matches!(bytes, b"" | b"." | b"..") || bytes.contains(&b'/') {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no single name"));
    }
    Ok(name)
}

// The width of a mode differs between systems.
#[allow(clippy::useless_conversion, reason = "the field widths differ between systems")]
fn raw(mode: u32) -> rustix::fs::RawMode {
    rustix::fs::RawMode::try_from(mode & 0o7777).unwrap_or(0)
}

fn times(mtime_ns: i128) -> Timestamps {
    let seconds = i64::try_from(mtime_ns.div_euclid(1_000_000_000)).unwrap_or(0);
    let rest = i64::try_from(mtime_ns.rem_euclid(1_000_000_000)).unwrap_or(0);
    #[allow(clippy::useless_conversion, reason = "the field widths differ between systems")]
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT.into() },
        last_modification: Timespec { tv_sec: seconds.try_into().unwrap_or(0), tv_nsec: rest.try_into().unwrap_or(0) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys;

    fn folder() -> (tempfile::TempDir, Dir) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open_root(temp.path()).unwrap();
        (temp, dir)
    }

    #[test]
    fn a_rename_never_replaces() {
        let (temp, dir) = folder();
        for name in ["a", "b"] {
            sys::write_file(&temp.path().join(name), name.as_bytes()).unwrap();
        }
        let error = dir.rename_new("a".as_ref(), &dir, "b".as_ref()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(sys::read(&temp.path().join("b"), 9).unwrap(), b"b");
        dir.rename_new("a".as_ref(), &dir, "c".as_ref()).unwrap();
        assert_eq!(sys::read(&temp.path().join("c"), 9).unwrap(), b"a");
        for bad in ["", ".", "..", "x/y"] {
            assert!(dir.rename_new("c".as_ref(), &dir, bad.as_ref()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_changed_is_what_was_opened() {
        let (temp, dir) = folder();
        let (inside, outside) = (temp.path().join("in"), temp.path().join("out"));
        sys::write_file(&inside, b"x").unwrap();
        sys::write_file(&outside, b"x").unwrap();
        sys::set_mode(&inside, 0).unwrap();
        let node = dir.node("in".as_ref()).unwrap();
        sys::rename(&inside, &temp.path().join("moved")).unwrap();
        sys::symlink(&outside, &inside).unwrap();
        node.set_mode(0o640).unwrap();
        assert_eq!(sys::lstat(&temp.path().join("moved")).unwrap().mode, 0o640);
        assert_eq!(sys::lstat(&outside).unwrap().mode & 0o777, 0o644 & sys::lstat(&outside).unwrap().mode);
        let link = dir.node("in".as_ref()).unwrap();
        assert_eq!(link.stat().kind, NodeKind::Link);
        assert!(link.set_mode(0o777).is_err());
    }

    #[test]
    fn times_before_1970_and_links() {
        let (temp, dir) = folder();
        sys::symlink(Path::new("nowhere"), &temp.path().join("l")).unwrap();
        for ns in [-1_500_000_000_i128, 1_700_000_000_123_456_789] {
            dir.set_mtime_of("l".as_ref(), ns).unwrap();
            assert_eq!(dir.stat(Path::new("l")).unwrap().mtime_ns, ns);
            dir.set_mtime(ns).unwrap();
            assert_eq!(dir.stat_self().unwrap().mtime_ns, ns);
        }
    }

    #[test]
    fn a_lock_is_had_once() {
        let (temp, dir) = folder();
        sys::write_file(&temp.path().join("lock"), b"").unwrap();
        let first = dir.open_file(Path::new("lock")).unwrap();
        let second = dir.open_file(Path::new("lock")).unwrap();
        assert!(first.try_lock().unwrap());
        assert!(!second.try_lock().unwrap());
        drop(first);
        assert!(second.try_lock().unwrap());
    }
}
