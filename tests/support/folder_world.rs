//! A machine below a folder, for evaluations of init files.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use gocachescan::format::shell::{Missing, NodeState, World};

/// The folder that stands for `/`. Links in it are followed as in a changed root.
pub struct FolderWorld {
    pub root: PathBuf,
}

impl FolderWorld {
    /// The path on this machine, links followed within the root; the last one only if asked.
    fn real(&self, path: &[u8], last: bool) -> Option<PathBuf> {
        let mut todo: Vec<Vec<u8>> = path.split(|b| *b == b'/').rev().map(<[u8]>::to_vec).collect();
        let mut at: Vec<Vec<u8>> = Vec::new();
        let mut links = 0;
        while let Some(part) = todo.pop() {
            match part.as_slice() {
                b"" | b"." => continue,
                b".." => {
                    at.pop();
                    continue;
                }
                _ => at.push(part),
            }
            let here = self.below(&at);
            let meta = std::fs::symlink_metadata(&here).ok()?;
            if meta.is_symlink() && (last || !todo.iter().all(Vec::is_empty)) {
                links += 1;
                if links > 40 {
                    return None;
                }
                let target = std::fs::read_link(&here).ok()?.into_os_string().into_vec();
                at.pop();
                if target.starts_with(b"/") {
                    at.clear();
                }
                todo.extend(target.split(|b| *b == b'/').rev().map(<[u8]>::to_vec));
            } else if !meta.is_dir() && !todo.iter().all(Vec::is_empty) {
                return None;
            }
        }
        Some(self.below(&at))
    }

    fn below(&self, parts: &[Vec<u8>]) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(parts.iter().map(|p| Path::new(std::ffi::OsStr::from_bytes(p))));
        path
    }
}

impl World for FolderWorld {
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, Missing> {
        let path = self.real(path, true).ok_or(Missing::Absent)?;
        if path.is_dir() {
            return Err(Missing::Folder);
        }
        if !path.is_file() {
            return Err(Missing::Unreadable);
        }
        std::fs::read(path).map_err(|_| Missing::Denied)
    }

    fn state(&self, path: &[u8]) -> Option<NodeState> {
        let link = self.real(path, false).is_some_and(|p| p.is_symlink());
        let Some(meta) = self.real(path, true).and_then(|p| std::fs::metadata(p).ok()) else {
            return Some(NodeState { link, ..NodeState::default() });
        };
        // Root reads and writes all; it executes what anyone may.
        let executable = meta.is_dir() || meta.permissions().mode() & 0o111 != 0;
        let (folder, file) = (meta.is_dir(), meta.is_file());
        Some(NodeState {
            folder,
            file,
            special: !folder && !file,
            link,
            readable: true,
            writable: true,
            executable,
            size: meta.len(),
        })
    }

    fn list(&self, folder: &[u8]) -> Option<Vec<Vec<u8>>> {
        let Some(path) = self.real(folder, true).filter(|p| p.is_dir()) else { return Some(Vec::new()) };
        Some(std::fs::read_dir(path).ok()?.map(|e| e.unwrap().file_name().into_vec()).collect())
    }

    fn resolve(&self, path: &[u8]) -> Option<Vec<u8>> {
        let path = self.real(path, true)?;
        let rest = path.strip_prefix(&self.root).ok()?.as_os_str().as_bytes().to_vec();
        Some([b"/", rest.as_slice()].concat())
    }

    fn told_by(&self, command: &[Vec<u8>], _env: &[(Vec<u8>, Vec<u8>)]) -> Option<(Vec<u8>, u8)> {
        let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        match words.as_slice() {
            [b"id" | b"/usr/bin/id", b"-u"] => Some((b"0\n".to_vec(), 0)),
            [b"uname"] | [b"uname", b"-s"] => Some((b"Linux\n".to_vec(), 0)),
            _ => None,
        }
    }
}
