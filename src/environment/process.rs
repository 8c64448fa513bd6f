//! A running process: the environment that it really has, and what it runs.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::Disk;
use crate::error::Error;
use crate::format::machine::cgroup::{self, Belongs};
use crate::format::machine::process;
use crate::format::shell::World;
use crate::locate::{Host, text_of};
use crate::sys;

/// Longest file of `/proc` that is read, in bytes.
const LIMIT: u64 = 8 << 20;

/// A running process.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The file that it runs; `None` where we may not know.
    pub program: Option<PathBuf>,
    /// Whether that file was removed or replaced since the process started.
    pub replaced: bool,
    /// The unit or container that it belongs to.
    pub belongs: Belongs,
}

/// Reads a process; the second value is the environment that it started with, and its folder.
///
/// # Errors
///
/// There is no such process, or it belongs to somebody else.
pub fn read(pid: u32, root: &Path) -> Result<(Process, Host), Error> {
    let folder = root.join("proc").join(pid.to_string());
    let file = folder.join("environ");
    let environ = read_proc(&file).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => Error::Usage(format!("there is no process {pid}")),
        io::ErrorKind::PermissionDenied => {
            Error::Usage(format!("process {pid} belongs to another user: only that user and root may look at it"))
        }
        _ => Error::io("read the environment of a process from", &file, e),
    })?;
    let env: BTreeMap<_, _> = process::environ(&environ).into_iter().rev().map(|(n, v)| (text_of(&n), text_of(&v))).collect();
    let program = sys::read_link(&folder.join("exe")).ok();
    // The kernel says so behind the name (proc_pid_exe(5)).
    const DELETED: &str = " (deleted)";
    let shown = program.as_ref().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let replaced = shown.ends_with(DELETED);
    let program = if replaced { shown.strip_suffix(DELETED).map(PathBuf::from) } else { program };
    let belongs = belongs(&folder);
    let cwd = sys::read_link(&folder.join("cwd")).unwrap_or_else(|_| PathBuf::from("/"));
    Ok((Process { pid, program, replaced, belongs }, Host { env, cwd }))
}

/// Where a process belongs, by its folder in `/proc`.
pub fn belongs(folder: &Path) -> Belongs {
    read_proc(&folder.join("cgroup")).map(|text| cgroup::parse(&text)).unwrap_or_default()
}

/// A file of `/proc`: it tells no size.
fn read_proc(path: &Path) -> io::Result<Vec<u8>> {
    sys::open(path)?.read_all(LIMIT).map(|(bytes, _)| bytes)
}

/// The environment that the first process of a container was given, where this is one.
pub fn of_container(root: &Path, disk: &Disk) -> Option<Host> {
    let marked = [b"/.dockerenv".as_slice(), b"/run/.containerenv"].iter().any(|p| disk.state(p).is_some_and(|s| s.exists()));
    let (process, host) = read(1, root).ok()?;
    (marked || process.belongs.container.is_some()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_read() {
        let (process, host) = read(std::process::id(), Path::new("/")).unwrap();
        assert!(!process.replaced && process.program.is_some());
        assert!(host.env.contains_key(std::ffi::OsStr::new("PATH")));
        assert!(matches!(read(u32::MAX, Path::new("/")), Err(Error::Usage(_))));
    }
}
