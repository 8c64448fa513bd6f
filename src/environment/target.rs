//! One binary that the user asks about, and what stands around it.

use std::path::{Path, PathBuf};

use super::program::program_version;
use super::view::View;
use crate::error::Error;
use crate::evidence::binary::{self, BinaryEvidence};
use crate::sys;

/// A binary.
#[derive(Debug)]
pub struct Target {
    /// As the user named it, absolute.
    pub path: PathBuf,
    /// The same with all links followed.
    pub real: PathBuf,
    /// What its bytes tell.
    pub evidence: BinaryEvidence,
    /// Programs of the same name in PATH, in its order, each with the version of its main module, where it has one.
    pub copies: Vec<Copy>,
}

/// A program of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Where PATH leads to.
    pub path: PathBuf,
    /// Whether it is the very same file.
    pub same: bool,
    /// The entry of PATH.
    pub entry: usize,
    /// The module and version that it was built from.
    pub module: Option<(String, String)>,
}

/// Looks at a binary.
///
/// # Errors
///
/// It is not there, or can't be read.
pub fn look(path: &Path, view: &View) -> Result<Target, Error> {
    let no = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => Error::Usage(format!("there is no `{}`", path.display())),
        _ => Error::io("read", path, e),
    };
    let file = sys::open(path).map_err(no)?;
    let real = sys::resolve(path).map_err(no)?;
    let evidence = binary::read(path, &file).map_err(no)?;
    let name = path.file_name().map(|n| n.to_os_string()).unwrap_or_default();
    let copies = view.path.iter().enumerate().filter_map(|(entry, seen)| {
        let at = seen.folder.as_ref()?.join(&name);
        let stat = sys::stat(&at).ok()?;
        if stat.kind != sys::NodeKind::File || !(cfg!(windows) || stat.executable()) {
            return None;
        }
        let same = sys::resolve(&at).is_ok_and(|r| r == real);
        let module = program_version(&at).and_then(|_| {
            let other = binary::read(&at, &sys::open(&at).ok()?).ok()?.fact.main?;
            Some((other.path, other.version))
        });
        Some(Copy { path: at, same, entry, module })
    });
    Ok(Target { copies: copies.collect(), path: path.to_path_buf(), real, evidence })
}
