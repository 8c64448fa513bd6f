//! The only door to files: list, stat and open beneath a root without following a link, read within a budget.
//!
//! Everything below a root is opened relative to the root's descriptor with no link followed on the way, so that a folder
//! that is swapped for a link between listing and opening can't lead us elsewhere; what was opened is stat'ed again by
//! its descriptor. Nothing here ever maps a file of others: a writer that truncates it would kill us with SIGBUS.
#![allow(clippy::disallowed_methods, reason = "this room is the door that the lint guards")]

mod stat;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod windows;
mod write;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use stat::{NodeKind, Stat};
#[cfg(unix)]
use unix as os;
#[cfg(not(unix))]
use windows as os;

#[cfg(all(unix, test))]
pub(crate) use os::change::fault;
#[cfg(unix)]
pub use os::change::{Node, append_durably, cut_to, device_numbers, finish_copy, is_other_file_system};
#[cfg(unix)]
pub use os::run::{Question, answer};
pub use os::{Dir, acl, is_link_loop, is_null_device, make_fifo, mount_for_witness, process, symlink, unmount_for_witness};
pub use write::{
    AtomicFile, create_dir_all, create_private_dir, hard_link, remove_made, remove_temp_tree, rename, replace_file, set_mode,
    set_mtime, set_owner, write_file,
};

use crate::format::ReadAt;

/// A regular file that was opened without following a link.
#[derive(Debug)]
pub struct File {
    file: std::fs::File,
    stat: Stat,
}

impl File {
    /// The state of the file when it was opened.
    pub fn stat(&self) -> &Stat {
        &self.stat
    }

    /// The state of the file now, by its descriptor.
    pub fn stat_now(&self) -> io::Result<Stat> {
        os::stat_of(&self.file)
    }

    /// Reads at most `limit` bytes from the start; one more byte than `limit` is never read.
    ///
    /// Returns the bytes and whether the file ended within the limit.
    pub fn read_all(&mut self, limit: u64) -> io::Result<(Vec<u8>, bool)> {
        let hint = usize::try_from(self.stat.size.min(limit)).unwrap_or(0);
        let mut out = Vec::with_capacity(hint.saturating_add(1));
        (&mut self.file).take(limit).read_to_end(&mut out)?;
        let mut probe = [0u8; 1];
        let ended = loop {
            match self.file.read(&mut probe) {
                Ok(n) => break n == 0,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        };
        Ok((out, ended))
    }
}

impl Read for File {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read(buf)
    }
}

impl ReadAt for File {
    fn size(&self) -> u64 {
        self.stat.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        os::read_at(&self.file, offset, buf)
    }
}

/// The state of `path` itself, a link not followed.
pub fn lstat(path: &Path) -> io::Result<Stat> {
    std::fs::symlink_metadata(path).map(|m| os::stat_of_metadata(&m))
}

/// The state of what `path` names, links followed, as Go's os.Stat.
pub fn stat(path: &Path) -> io::Result<Stat> {
    std::fs::metadata(path).map(|m| os::stat_of_metadata(&m))
}

/// Where the link `path` points, as it is written.
pub fn read_link(path: &Path) -> io::Result<PathBuf> {
    std::fs::read_link(path)
}

/// A path of this system from the bytes that the system itself gave.
pub fn path_from_bytes(bytes: Vec<u8>) -> PathBuf {
    #[cfg(unix)]
    {
        PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes))
    }
    #[cfg(not(unix))]
    {
        PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The path with every link on the way resolved.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

/// Opens a file by its path, links followed as Go does for its configuration; it must be a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    os::open_following(path)
}

/// Reads a configuration file as Go does (links followed), at most `limit` bytes of it.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let (bytes, ended) = open(path)?.read_all(limit)?;
    if ended { Ok(bytes) } else { Err(io::Error::other(format!("is longer than {limit} bytes"))) }
}
