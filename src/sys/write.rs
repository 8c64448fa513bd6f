//! The few places where we write: reports that the user named, and the sample world of `demo` and the tests.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that appears under its name only when it is whole: written beside it under a temporary name, synced, renamed.
#[derive(Debug)]
pub struct AtomicFile {
    file: Option<std::fs::File>,
    temp: PathBuf,
    name: PathBuf,
}

impl AtomicFile {
    /// Starts writing what will become `name`.
    pub fn create(name: &Path) -> io::Result<AtomicFile> {
        let mut temp = name.as_os_str().to_owned();
        temp.push(format!(".{}.tmp", std::process::id()));
        let temp = PathBuf::from(temp);
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&temp)?;
        Ok(AtomicFile { file: Some(file), temp, name: name.to_path_buf() })
    }

    /// Makes what was written durable and gives it its name.
    pub fn commit(mut self) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            file.sync_all()?;
            drop(file);
            if let Err(e) = std::fs::rename(&self.temp, &self.name) {
                let _ = std::fs::remove_file(&self.temp);
                return Err(e);
            }
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |f| f.write(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |f| f.flush())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Given up before it was whole: nothing may stay behind under a name that nobody knows.
            let _ = std::fs::remove_file(&self.temp);
        }
    }
}

/// Writes `bytes` to `path`, making its parents.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, bytes)
}

/// Writes a file that is there whole or not at all; not synced: what is lost can be had again.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temp = path.as_os_str().to_owned();
    temp.push(format!(".{}.tmp", std::process::id()));
    let temp = PathBuf::from(temp);
    std::fs::write(&temp, bytes)?;
    std::fs::rename(&temp, path)
}

/// Makes `path` and its parents.
pub fn create_dir_all(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Makes a folder that only we may enter; fails if anything is there already, so that nobody can have made it for us.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(path)
    }
    #[cfg(not(unix))]
    {
        std::fs::create_dir(path)
    }
}

/// Sets the permission bits of `path`; where the system has none, its read-only flag.
pub fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    #[cfg(not(unix))]
    let permissions = {
        let mut p = std::fs::metadata(path)?.permissions();
        p.set_readonly(mode & 0o200 == 0);
        p
    };
    std::fs::set_permissions(path, permissions)
}

/// Gives `path` (a link not followed) to a user and group. Needs root.
pub fn set_owner(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::lchown(path, Some(uid), Some(gid))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, uid, gid);
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}

/// Gives the file `path` a second name.
pub fn hard_link(path: &Path, second: &Path) -> io::Result<()> {
    std::fs::hard_link(path, second)
}

/// Renames within one file system.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// Removes a file that we made ourselves.
pub fn remove_made(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

/// Sets the time of the last write of `path`.
pub fn set_mtime(path: &Path, time: SystemTime) -> io::Result<()> {
    std::fs::File::options().write(true).open(path)?.set_modified(time)
}

/// Removes a tree that we made ourselves, read-only folders included.
pub fn remove_temp_tree(path: &Path) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(path).into_iter().flatten() {
        if entry.file_type().is_dir() {
            let _ = set_mode(entry.path(), 0o700);
        }
    }
    std::fs::remove_dir_all(path)
}
