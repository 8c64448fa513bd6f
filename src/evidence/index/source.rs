//! The files that an index stands for, read from the directories themselves.

use std::io;
use std::path::{Path, PathBuf};

use crate::format::index::{Comparison, MAX_SOURCE};
use crate::sys::{Dir, NodeKind, Stat};

/// A regular file of a package directory: name, time of the last write in nanoseconds since 1970, size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Base name, as bytes.
    pub name: String,
    /// Nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Bytes.
    pub size: u64,
}

/// The files of a directory in the order of their names, as the key of its index is made from them (read.go: `dirHash`). `None`: Go
/// makes no index of it.
pub fn listed(dir: &Dir) -> io::Result<Option<Vec<Listed>>> {
    let mut names: Vec<String> = Vec::new();
    for (name, kind) in dir.list()? {
        match (kind, name.into_string()) {
            (NodeKind::Dir, _) => {}
            (NodeKind::File, Ok(name)) => names.push(name),
            _ => return Ok(None),
        }
    }
    names.sort_unstable();
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        let Stat { mtime_ns, size, .. } = dir.stat(Path::new(&name))?;
        out.push(Listed { name, mtime_ns, size });
    }
    Ok(Some(out))
}

/// Holds the files of one directory against an index. `rel`: the directory, relative to the module's root, with slashes.
pub fn package_files(dir: &Dir, rel: &str, files: &[Listed], comparison: &mut Comparison<'_>) -> io::Result<()> {
    comparison.directory(rel.as_bytes());
    for file in files {
        one(dir, rel, &file.name, comparison)?;
    }
    Ok(())
}

fn one(dir: &Dir, rel: &str, name: &str, comparison: &mut Comparison<'_>) -> io::Result<()> {
    let path = if rel.is_empty() { name.to_owned() } else { format!("{rel}/{name}") };
    let bytes = if Comparison::wants(path.as_bytes()) {
        let (bytes, ended) = dir.open_file_in(name)?.read_all(MAX_SOURCE)?;
        Some(bytes).filter(|_| ended)
    } else {
        None
    };
    comparison.file(path.as_bytes(), bytes.as_deref());
    Ok(())
}

/// Holds all files of a module's directory against an index, as Go would make it now (scan.go: `indexModule`). An error where
/// something can't be read, or is neither file nor folder. `root` was not listed since it was opened.
pub fn tree_files(root: &Dir, comparison: &mut Comparison<'_>) -> io::Result<()> {
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let opened = if folder.as_os_str().is_empty() { None } else { Some(root.open_dir(&folder)?) };
        let dir = opened.as_ref().unwrap_or(root);
        let entries = dir.list()?;
        // Another module begins here.
        if !folder.as_os_str().is_empty() && entries.iter().any(|(n, k)| n == "go.mod" && *k != NodeKind::Dir) {
            continue;
        }
        let rel = folder.to_str().ok_or(io::ErrorKind::InvalidData)?.replace(std::path::MAIN_SEPARATOR, "/");
        comparison.directory(rel.as_bytes());
        for (name, kind) in entries {
            match (kind, name.to_str()) {
                (NodeKind::Dir, _) => folders.push(folder.join(&name)),
                (NodeKind::File, Some(name)) => one(dir, &rel, name, comparison)?,
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
    Ok(())
}
