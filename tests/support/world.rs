//! A folder as the machine that an evaluation of init files sees.
#![allow(dead_code, clippy::disallowed_methods, reason = "test code, shared by several test programs")]

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::{fs, io};

use gocachescan::format::shell::{Missing, NodeState, World};
use rustix::fs::{Access, access};

/// The paths of the machine lie below `root`: `/` for the machine itself.
pub struct FolderWorld {
    pub root: PathBuf,
}

impl FolderWorld {
    fn real(&self, path: &[u8]) -> PathBuf {
        let start = path.iter().position(|b| *b != b'/').unwrap_or(path.len());
        self.root.join(OsStr::from_bytes(&path[start..]))
    }
}

impl World for FolderWorld {
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, Missing> {
        let real = self.real(path);
        match fs::metadata(&real) {
            Ok(about) if about.is_dir() => return Err(Missing::Folder),
            Ok(about) if !about.is_file() => return Err(Missing::Unreadable),
            _ => {}
        }
        fs::read(&real).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Missing::Absent,
            io::ErrorKind::PermissionDenied => Missing::Denied,
            _ => Missing::Unreadable,
        })
    }

    fn state(&self, path: &[u8]) -> Option<NodeState> {
        let real = self.real(path);
        let link = fs::symlink_metadata(&real).is_ok_and(|m| m.is_symlink());
        let about = match fs::metadata(&real) {
            Ok(about) => about,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Some(NodeState { link, ..NodeState::default() });
            }
            Err(_) => return None,
        };
        Some(NodeState {
            folder: about.is_dir(),
            file: about.is_file(),
            special: !about.is_dir() && !about.is_file(),
            link,
            readable: access(&real, Access::READ_OK).is_ok(),
            writable: access(&real, Access::WRITE_OK).is_ok(),
            executable: access(&real, Access::EXEC_OK).is_ok(),
            size: about.len(),
        })
    }

    fn list(&self, folder: &[u8]) -> Option<Vec<Vec<u8>>> {
        match fs::read_dir(self.real(folder)) {
            Ok(entries) => entries.map(|e| Some(e.ok()?.file_name().into_vec())).collect(),
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Some(Vec::new()),
            Err(_) => None,
        }
    }

    fn resolve(&self, path: &[u8]) -> Option<Vec<u8>> {
        let real = fs::canonicalize(self.real(path)).ok()?;
        let below = real.strip_prefix(&self.root).ok()?;
        Some([b"/", below.as_os_str().as_bytes()].concat())
    }

    fn told_by(&self, _command: &[Vec<u8>], _env: &[(Vec<u8>, Vec<u8>)]) -> Option<(Vec<u8>, u8)> {
        None
    }
}
