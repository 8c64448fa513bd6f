//! Systems without Unix descriptors: by path, with a check that no part of the way is a link. Owners and modes are not told.

use std::io;
use std::path::{Path, PathBuf};

use super::{File, NodeKind, Stat};

/// A directory. What lies below it is reached by path; a link on the way is refused.
#[derive(Debug)]
pub struct Dir {
    path: PathBuf,
}

impl Dir {
    /// Opens the directory `path`, links on the way followed, as Go does with its roots.
    pub fn open_root(path: &Path) -> io::Result<Dir> {
        if std::fs::metadata(path)?.is_dir() {
            Ok(Dir { path: path.to_path_buf() })
        } else {
            Err(io::Error::new(io::ErrorKind::NotADirectory, "is no directory"))
        }
    }

    /// The path it was opened with.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The state of the directory itself.
    pub fn stat_self(&self) -> io::Result<Stat> {
        std::fs::metadata(&self.path).map(|m| stat_of_metadata(&m))
    }

    /// This system keeps no POSIX ACLs.
    pub fn acl(&self, _default: bool) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// Opens the directory at `rel`; fails if any part of `rel` is a link.
    pub fn open_dir(&self, rel: &Path) -> io::Result<Dir> {
        self.refuse_links(rel)?;
        Dir::open_root(&self.path.join(rel))
    }

    /// Opens the regular file at `rel` for reading; fails if any part of `rel` is a link.
    pub fn open_file(&self, rel: &Path) -> io::Result<File> {
        self.refuse_links(rel)?;
        open_following(&self.path.join(rel))
    }

    /// Opens the directory called `name` directly in this one; a link is not followed.
    pub fn open_dir_in(&self, name: &str) -> io::Result<Dir> {
        self.open_dir(Path::new(name))
    }

    /// Opens the regular file called `name` directly in this directory; a link is not followed.
    pub fn open_file_in(&self, name: &str) -> io::Result<File> {
        self.open_file(Path::new(name))
    }

    /// What lies directly in this directory, in the order of the system, each with its type.
    pub fn list(&self) -> io::Result<Vec<(std::ffi::OsString, NodeKind)>> {
        std::fs::read_dir(&self.path)?
            .map(|entry| {
                let entry = entry?;
                Ok((entry.file_name(), NodeKind::from(entry.file_type()?)))
            })
            .collect()
    }

    /// The state of the node at `rel`, a link not followed.
    pub fn stat(&self, rel: &Path) -> io::Result<Stat> {
        super::lstat(&self.path.join(rel))
    }

    /// Where the link at `rel` points, as it is written.
    pub fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        std::fs::read_link(self.path.join(rel))
    }

    fn refuse_links(&self, rel: &Path) -> io::Result<()> {
        let mut at = self.path.clone();
        for part in rel.components() {
            at.push(part);
            if super::lstat(&at)?.kind == NodeKind::Link {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "is a symbolic link"));
            }
        }
        Ok(())
    }
}

pub(super) fn open_following(path: &Path) -> io::Result<File> {
    let file = std::fs::File::open(path)?;
    let stat = stat_of(&file)?;
    if stat.kind != NodeKind::File {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("is a {}", stat.kind.word())));
    }
    Ok(File { file, stat })
}

pub(super) fn read_at(file: &std::fs::File, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
    #[cfg(windows)]
    {
        std::os::windows::fs::FileExt::seek_read(file, buf, offset)
    }
    #[cfg(not(windows))]
    {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(offset))?;
        file.read(buf)
    }
}

pub(super) fn stat_of(file: &std::fs::File) -> io::Result<Stat> {
    file.metadata().map(|m| stat_of_metadata(&m))
}

pub(super) fn stat_of_metadata(m: &std::fs::Metadata) -> Stat {
    let since_1970 = |t: io::Result<std::time::SystemTime>| {
        t.ok()
            .and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok())
            .and_then(|d| i128::try_from(d.as_nanos()).ok())
            .unwrap_or(0)
    };
    Stat {
        kind: NodeKind::from(m.file_type()),
        mode: if m.permissions().readonly() { 0o444 } else { 0o644 },
        uid: 0,
        gid: 0,
        nlink: 1,
        size: m.len(),
        mtime_ns: since_1970(m.modified()),
        ctime_ns: since_1970(m.created()),
        dev: 0,
        ino: 0,
    }
}

/// Whether an error says that links lead in a circle.
pub fn is_link_loop(_: &io::Error) -> bool {
    false
}

/// Makes a symbolic link at `link` that points to `target`.
pub fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    #[cfg(windows)]
    {
        std::os::windows::fs::symlink_file(target, link)
    }
    #[cfg(not(windows))]
    {
        let _ = (target, link);
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}

/// Devices of this system lie in no folder.
pub fn is_null_device(_path: &Path) -> bool {
    false
}

/// This system has none.
pub fn make_fifo(_path: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// This system has no such thing.
pub fn mount_for_witness(_path: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// This system has no such thing.
pub fn unmount_for_witness(_path: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Access control lists.
pub mod acl {
    use std::io;
    use std::path::Path;

    /// This system keeps no POSIX ACLs.
    pub fn write_for_witness(_path: &Path) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    /// This system keeps no POSIX ACLs.
    pub fn read(_path: &Path, _default: bool) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// This process.
pub mod process {
    /// Always 0: this system has no such numbers.
    pub fn effective_uid() -> u32 {
        0
    }

    /// This system has no such limit.
    pub fn raise_descriptor_limit() -> u64 {
        u64::MAX
    }

    /// This system has no such list.
    pub fn mountinfo() -> Option<Vec<u8>> {
        None
    }
}
