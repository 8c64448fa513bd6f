//! Unix: descriptors, `openat2` on Linux, component by component elsewhere.

pub mod change;
pub mod run;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};

use super::{File, NodeKind, Stat};

/// Opens a folder to look at what is in it by name: where the system can, also one that may not be listed.
#[cfg(target_os = "linux")]
const LOOK: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const LOOK: OFlags = OFlags::RDONLY;

/// An open directory. Everything is reached relative to its descriptor, and no link below it is followed.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    /// Opens the directory `path`, links on the way followed, as Go does with its roots.
    pub fn open_root(path: &Path) -> io::Result<Dir> {
        let fd = rustix::fs::open(path, OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Dir { fd, path: path.to_path_buf() })
    }

    /// The path it was opened with.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The state of the directory itself.
    pub fn stat_self(&self) -> io::Result<Stat> {
        Ok(stat_of_rustix(&rustix::fs::fstat(&self.fd)?))
    }

    /// The raw POSIX ACL of the directory itself, as [`acl::read`] gives it.
    pub fn acl(&self, default: bool) -> io::Result<Option<Vec<u8>>> {
        acl::read_open(&self.fd, default)
    }

    /// Opens the directory at `rel`; fails if any part of `rel` is a link.
    pub fn open_dir(&self, rel: &Path) -> io::Result<Dir> {
        let fd = open_beneath(&self.fd, rel, OFlags::RDONLY | OFlags::DIRECTORY)?;
        Ok(Dir { fd, path: self.path.join(rel) })
    }

    /// Opens the regular file at `rel` for reading; fails if any part of `rel` is a link. Never blocks: a FIFO or device
    /// in its place is an error of kind `InvalidInput`.
    pub fn open_file(&self, rel: &Path) -> io::Result<File> {
        let fd = open_beneath(&self.fd, rel, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        regular(fd)
    }

    /// Opens the directory called `name`, which is a single name, directly in this one; a link is not followed. The same
    /// as [`Dir::open_dir`] for less, since there is no way to check.
    pub fn open_dir_in(&self, name: &str) -> io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let fd = rustix::fs::openat(&self.fd, single(name)?, flags, Mode::empty())?;
        Ok(Dir { fd, path: self.path.join(name) })
    }

    /// Opens the regular file called `name`, which is a single name, directly in this directory, as [`Dir::open_file`] does.
    pub fn open_file_in(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let fd = rustix::fs::openat(&self.fd, single(name)?, flags, Mode::empty())?;
        let stat = stat_of_rustix(&rustix::fs::fstat(&fd)?);
        if stat.kind != NodeKind::File {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("is a {}", stat.kind.word())));
        }
        Ok(File { file: std::fs::File::from(fd), stat })
    }

    /// What lies directly in this directory, in the order of the system, each with its type. May be called once for each
    /// opening.
    pub fn list(&self) -> io::Result<Vec<(OsString, NodeKind)>> {
        let mut out = Vec::new();
        let mut add = |name: &[u8], kind: rustix::fs::FileType| -> io::Result<()> {
            if name == b"." || name == b".." {
                return Ok(());
            }
            let name = OsStr::from_bytes(name).to_os_string();
            let kind = match kind_of(kind) {
                NodeKind::Unknown => self.stat(Path::new(&name))?.kind,
                kind => kind,
            };
            out.push((name, kind));
            Ok(())
        };
        #[cfg(target_os = "linux")]
        {
            let mut buf = [std::mem::MaybeUninit::<u8>::uninit(); 8192];
            let mut entries = rustix::fs::RawDir::new(&self.fd, &mut buf);
            while let Some(entry) = entries.next() {
                let entry = entry?;
                add(entry.file_name().to_bytes(), entry.file_type())?;
            }
        }
        #[cfg(not(target_os = "linux"))]
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            add(entry.file_name().to_bytes(), entry.file_type())?;
        }
        Ok(out)
    }

    /// The state of the node at `rel`, a link at its end not followed; fails if a folder on the way is a link.
    pub fn stat(&self, rel: &Path) -> io::Result<Stat> {
        let at = |dir: BorrowedFd<'_>, name: &Path| rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
        let stat = match (rel.parent().filter(|p| !p.as_os_str().is_empty()), rel.file_name()) {
            (Some(parent), Some(name)) => at(open_beneath(&self.fd, parent, LOOK | OFlags::DIRECTORY)?.as_fd(), Path::new(name)),
            _ => at(self.fd.as_fd(), rel),
        };
        Ok(stat_of_rustix(&stat?))
    }

    /// Where the link at `rel` points, as it is written.
    pub fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        let raw = rustix::fs::readlinkat(&self.fd, rel, Vec::new())?;
        Ok(PathBuf::from(OsString::from_vec(raw.into_bytes())))
    }
}

/// A name that leads to nothing but an entry of the directory itself.
fn single(name: &str) -> io::Result<&str> {
    if matches!(name, "" | "." | "..") || name.contains('/') {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no single name"));
    }
    Ok(name)
}

fn regular(fd: OwnedFd) -> io::Result<File> {
    let file = std::fs::File::from(fd);
    let stat = stat_of(&file)?;
    if stat.kind != NodeKind::File {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("is a {}", stat.kind.word())));
    }
    Ok(File { file, stat })
}

pub(super) fn open_following(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    regular(rustix::fs::open(path, flags, Mode::empty())?)
}

pub(super) fn read_at(file: &std::fs::File, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read_at(buf, offset) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Opens `rel` beneath `dir` with no link followed, `..` and absolute paths refused.
fn open_beneath(dir: &OwnedFd, rel: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::ResolveFlags;
        use rustix::io::Errno;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        loop {
            match rustix::fs::openat2(dir, rel, flags, Mode::empty(), resolve) {
                Ok(fd) => return Ok(fd),
                Err(Errno::AGAIN | Errno::INTR) => {}
                // An old kernel, or a sandbox that does not know the call: go on step by step.
                Err(Errno::NOSYS | Errno::PERM) => break,
                Err(e) => return Err(e.into()),
            }
        }
    }
    open_stepwise(dir, rel, flags)
}

fn open_stepwise(dir: &OwnedFd, rel: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let names: Vec<&OsStr> = rel
        .components()
        .map(|c| match c {
            Component::Normal(name) => Ok(name),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "is no path beneath its root")),
        })
        .collect::<io::Result<_>>()?;
    let Some((last, parents)) = names.split_last() else {
        return Ok(rustix::fs::openat(dir, ".", flags, Mode::empty())?);
    };
    let step = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut at: Option<OwnedFd> = None;
    for name in parents {
        let from = at.as_ref().map_or(dir.as_fd(), AsFd::as_fd);
        at = Some(rustix::fs::openat(from, *name, step, Mode::empty())?);
    }
    let from = at.as_ref().map_or(dir.as_fd(), AsFd::as_fd);
    Ok(rustix::fs::openat(from, *last, flags, Mode::empty())?)
}

pub(super) fn stat_of(file: &std::fs::File) -> io::Result<Stat> {
    file.metadata().map(|m| stat_of_metadata(&m))
}

pub(super) fn stat_of_metadata(m: &std::fs::Metadata) -> Stat {
    Stat {
        kind: NodeKind::from(m.file_type()),
        mode: m.mode() & 0o7777,
        uid: m.uid(),
        gid: m.gid(),
        nlink: m.nlink(),
        size: m.size(),
        mtime_ns: nanoseconds(m.mtime(), m.mtime_nsec()),
        ctime_ns: nanoseconds(m.ctime(), m.ctime_nsec()),
        dev: m.dev(),
        ino: m.ino(),
    }
}

fn nanoseconds(seconds: i64, rest: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(rest)
}

fn kind_of(t: rustix::fs::FileType) -> NodeKind {
    use rustix::fs::FileType;
    match t {
        FileType::RegularFile => NodeKind::File,
        FileType::Directory => NodeKind::Dir,
        FileType::Symlink => NodeKind::Link,
        FileType::Fifo => NodeKind::Fifo,
        FileType::Socket => NodeKind::Socket,
        FileType::CharacterDevice | FileType::BlockDevice => NodeKind::Device,
        FileType::Unknown => NodeKind::Unknown,
    }
}

// The widths of the fields of `struct stat` differ between systems: where one of these is needed the next finds it useless.
#[allow(clippy::useless_conversion, reason = "the field widths differ between systems")]
fn stat_of_rustix(s: &rustix::fs::Stat) -> Stat {
    let mode = u32::from(s.st_mode);
    Stat {
        kind: kind_of(rustix::fs::FileType::from_raw_mode(s.st_mode)),
        mode: mode & 0o7777,
        uid: s.st_uid,
        gid: s.st_gid,
        nlink: u64::from(s.st_nlink),
        size: u64::try_from(s.st_size).unwrap_or(0),
        mtime_ns: nanoseconds(i64::from(s.st_mtime), i64::try_from(s.st_mtime_nsec).unwrap_or(0)),
        ctime_ns: nanoseconds(i64::from(s.st_ctime), i64::try_from(s.st_ctime_nsec).unwrap_or(0)),
        dev: u64::try_from(s.st_dev).unwrap_or(0),
        ino: s.st_ino,
    }
}

/// Whether an error says that links lead in a circle.
pub fn is_link_loop(e: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(e) == Some(rustix::io::Errno::LOOP)
}

/// Makes a symbolic link at `link` that points to `target`.
pub fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Whether `path` is the device that is always empty, under whatever name: `/dev/null` itself, or mounted over a file.
pub fn is_null_device(path: &Path) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let device = |p: &Path| std::fs::metadata(p).ok().filter(|m| m.file_type().is_char_device()).map(|m| m.rdev());
    device(path).is_some_and(|number| device(Path::new("/dev/null")) == Some(number))
}

/// Makes a named pipe.
pub fn make_fifo(path: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, FileType, mknodat};
        Ok(mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0)?)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}

/// Mounts an empty file system at `path`, in the mount namespace of this process. Needs root.
pub fn mount_for_witness(path: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::mount::{MountFlags, mount};
        Ok(mount("none", path, "tmpfs", MountFlags::empty(), None)?)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}

/// Undoes [`mount_for_witness`].
pub fn unmount_for_witness(path: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        Ok(rustix::mount::unmount(path, rustix::mount::UnmountFlags::empty())?)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}

/// Access control lists.
pub mod acl {
    use super::*;

    /// The raw POSIX ACL of `path` as Linux keeps it (`system.posix_acl_access` or `_default`); `None` where there is
    /// none or the system has no such thing. A link is not followed.
    #[cfg(target_os = "linux")]
    pub fn read(path: &Path, default: bool) -> io::Result<Option<Vec<u8>>> {
        let mut buf = [0u8; MOST];
        list_of(rustix::fs::lgetxattr(path, kind(default), &mut buf[..]), &buf)
    }

    /// The same of what is open.
    #[cfg(target_os = "linux")]
    pub(super) fn read_open(fd: &OwnedFd, default: bool) -> io::Result<Option<Vec<u8>>> {
        let mut buf = [0u8; MOST];
        list_of(rustix::fs::fgetxattr(fd, kind(default), &mut buf[..]), &buf)
    }

    /// The same through a name that leads to the node by its descriptor.
    #[cfg(target_os = "linux")]
    pub(super) fn read_through(name: &str, default: bool) -> io::Result<Option<Vec<u8>>> {
        let mut buf = vec![0u8; 64 << 10];
        list_of(rustix::fs::getxattr(name, kind(default), &mut buf[..]), &buf)
    }

    /// Largest list, in bytes, that is looked at: 511 rows.
    #[cfg(target_os = "linux")]
    const MOST: usize = 4096;

    #[cfg(target_os = "linux")]
    fn list_of(answer: rustix::io::Result<usize>, buf: &[u8]) -> io::Result<Option<Vec<u8>>> {
        match answer {
            Ok(n) => Ok(buf.get(..n).map(<[u8]>::to_vec)),
            Err(rustix::io::Errno::NODATA | rustix::io::Errno::OPNOTSUPP) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    #[cfg(target_os = "linux")]
    fn kind(default: bool) -> &'static str {
        if default { "system.posix_acl_default" } else { "system.posix_acl_access" }
    }

    /// Sets an ACL through such a name, or takes it away.
    #[cfg(target_os = "linux")]
    pub(super) fn set_through(name: &str, default: bool, list: Option<&[u8]>) -> io::Result<()> {
        match list {
            Some(list) => Ok(rustix::fs::setxattr(name, kind(default), list, rustix::fs::XattrFlags::empty())?),
            None => match rustix::fs::removexattr(name, kind(default)) {
                Ok(()) | Err(rustix::io::Errno::NODATA | rustix::io::Errno::OPNOTSUPP) => Ok(()),
                Err(e) => Err(e.into()),
            },
        }
    }

    /// No other system keeps its ACLs in this form.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn read_open(_fd: &OwnedFd, _default: bool) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// No other system keeps its ACLs in this form.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn read_through(_name: &str, _default: bool) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// No other system keeps its ACLs in this form.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn set_through(_name: &str, _default: bool, list: Option<&[u8]>) -> io::Result<()> {
        if list.is_none() { Ok(()) } else { Err(io::Error::from(io::ErrorKind::Unsupported)) }
    }

    /// Gives a stranger write access to whatever is made in the folder `path` from now on.
    pub fn write_for_witness(path: &Path) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            let mut list = 2u32.to_le_bytes().to_vec();
            for (tag, perm, id) in
                [(1u16, 6u16, u32::MAX), (2, 6, 4_000_001), (4, 4, u32::MAX), (0x10, 6, u32::MAX), (0x20, 4, u32::MAX)]
            {
                list.extend(tag.to_le_bytes());
                list.extend(perm.to_le_bytes());
                list.extend(id.to_le_bytes());
            }
            Ok(rustix::fs::setxattr(path, "system.posix_acl_default", &list, rustix::fs::XattrFlags::empty())?)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = path;
            Err(io::Error::from(io::ErrorKind::Unsupported))
        }
    }

    /// No other system keeps its ACLs in this form.
    #[cfg(not(target_os = "linux"))]
    pub fn read(_path: &Path, _default: bool) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// This process.
pub mod process {
    /// Effective user of this process.
    pub fn effective_uid() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    /// Raises the soft limit of open descriptors to the hard one, as Go does, and returns it.
    pub fn raise_descriptor_limit() -> u64 {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let now = getrlimit(Resource::Nofile);
        let wanted = Rlimit { current: now.maximum, maximum: now.maximum };
        let raised = setrlimit(Resource::Nofile, wanted).is_ok();
        let limit = if raised { now.maximum } else { now.current };
        limit.unwrap_or(u64::MAX)
    }

    /// The text of `/proc/self/mountinfo`; `None` where the system has no such list.
    pub fn mountinfo() -> Option<Vec<u8>> {
        #[cfg(target_os = "linux")]
        {
            super::super::open(std::path::Path::new("/proc/self/mountinfo"))
                .and_then(|mut f| f.read_all(16 << 20))
                .ok()
                .map(|(b, _)| b)
        }
        #[cfg(not(target_os = "linux"))]
        {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_folder_on_the_way_may_be_a_link() {
        let temp = tempfile::tempdir().unwrap();
        let make = |name: &str| temp.path().join(name);
        crate::sys::create_dir_all(&make("real/sub")).unwrap();
        crate::sys::write_file(&make("real/sub/file"), b"x").unwrap();
        symlink(Path::new("real"), &make("link")).unwrap();
        let dir = Dir::open_root(temp.path()).unwrap();
        assert_eq!(dir.stat(Path::new("real/sub/file")).unwrap().kind, NodeKind::File);
        assert_eq!(dir.stat(Path::new("link")).unwrap().kind, NodeKind::Link);
        for (rel, ok) in [("real/sub/file", true), ("link/sub/file", false), ("link/sub", false)] {
            assert_eq!(dir.stat(Path::new(rel)).is_ok(), ok, "{rel}");
        }
        assert!(dir.open_file(Path::new("link/sub/file")).is_err());
    }
}
