//! Whether the user may write to Go's caches.

use std::path::PathBuf;

use super::Disk;
use crate::locate::{Settings, bytes_of};
use crate::sys::{self, NodeKind};

/// A cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSeen {
    /// The variable that names it.
    pub name: &'static str,
    /// The folder.
    pub path: PathBuf,
    /// The folder itself, or the nearest one above it that is there.
    pub above: PathBuf,
    /// Whether that is a folder.
    pub is_folder: bool,
    /// Who owns that.
    pub owner: u32,
    /// Whether the user may write there.
    pub writable: bool,
}

/// Looks at the build cache and the module cache.
pub fn look(settings: &Settings, disk: &Disk) -> Vec<CacheSeen> {
    let seen = |name: &'static str| {
        let path = settings.path(name).filter(|p| p.is_absolute())?;
        let (above, stat) =
            path.ancestors().find_map(|p| Some((p.to_path_buf(), sys::stat(&disk.place(&bytes_of(p.as_os_str()))).ok()?)))?;
        let is_folder = stat.kind == NodeKind::Dir;
        let writable = is_folder && disk.may(&stat, 2) && disk.may(&stat, 1);
        Some(CacheSeen { name, path: path.to_path_buf(), above, is_folder, owner: stat.uid, writable })
    };
    ["GOCACHE", "GOMODCACHE"].into_iter().filter_map(seen).collect()
}
