//! Whether Go's caches are links, and whether the user may write to them.

use std::path::PathBuf;

use super::Disk;
use crate::locate::{Settings, Source, bytes_of};
use crate::sys::{self, NodeKind};

/// A cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSeen {
    /// The variable that names it.
    pub name: &'static str,
    /// The folder.
    pub path: PathBuf,
    /// Where the setting comes from.
    pub source: Source,
    /// Where its last part points, if that is a link; links further up are not its user's affair.
    pub link: Option<PathBuf>,
    /// The folder with all links followed, where it is there.
    pub real: Option<PathBuf>,
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
        let source = settings.get(name)?.source;
        let place = disk.place(&bytes_of(path.as_os_str()));
        let is_link = sys::lstat(&place).is_ok_and(|s| s.kind == NodeKind::Link);
        let link = if is_link { sys::read_link(&place).ok() } else { None };
        let real = sys::resolve(&place).ok();
        let (above, stat) =
            path.ancestors().find_map(|p| Some((p.to_path_buf(), sys::stat(&disk.place(&bytes_of(p.as_os_str()))).ok()?)))?;
        let is_folder = stat.kind == NodeKind::Dir;
        let writable = is_folder && disk.may(&stat, 2) && disk.may(&stat, 1);
        Some(CacheSeen { name, path: path.to_path_buf(), source, link, real, above, is_folder, owner: stat.uid, writable })
    };
    ["GOCACHE", "GOMODCACHE"].into_iter().filter_map(seen).collect()
}
