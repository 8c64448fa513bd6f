//! Go's own locks, held as Go holds them (cmd/go/internal/lockedfile), and never made where Go made none.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::place::PATIENCE;
use crate::format::lock_table;
use crate::sys::{self, Dir, File, NodeKind};

/// Longest `/proc/locks` that is read, in bytes.
const MAX_TABLE: u64 = 16 << 20;

/// Locks that are held until they are dropped.
#[derive(Debug)]
pub(super) struct Locks {
    held: BTreeMap<PathBuf, File>,
    /// What may still be waited, over all locks of a run.
    left: Duration,
}

impl Default for Locks {
    fn default() -> Self {
        Locks { held: BTreeMap::new(), left: PATIENCE }
    }
}

impl Locks {
    /// Lets all go; what was waited stays waited.
    pub(super) fn release(&mut self) {
        self.held.clear();
    }

    /// Holds the lock file at `rel` beneath `root`. What is no regular file is no lock of Go's and is not opened.
    ///
    /// # Errors
    ///
    /// Who has it, where somebody else keeps it for too long.
    pub(super) fn hold(&mut self, root: &Dir, rel: &Path) -> Result<(), String> {
        let key = root.path().join(rel);
        if self.held.contains_key(&key) {
            return Ok(());
        }
        match root.stat(rel) {
            Ok(stat) if stat.kind == NodeKind::File => {}
            _ => return Ok(()),
        }
        match root.open_file(rel) {
            Ok(file) => {
                self.wait(&file, rel)?;
                self.held.insert(key, file);
                Ok(())
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(format!("the lock `{}` can't be opened: {e}", rel.display())),
        }
    }

    /// Whether the file at `rel` beneath `root` is one of the locks that are held.
    pub(super) fn has(&self, root: &Dir, rel: &Path) -> bool {
        self.held.contains_key(&root.path().join(rel))
    }

    /// Locks an open file as Go locks the files that it changes in place.
    pub(super) fn wait(&mut self, file: &File, rel: &Path) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(true) => break,
                Ok(false) if begun.elapsed() >= self.left => {
                    self.left = Duration::ZERO;
                    let who = holder(file).map_or_else(|| "another program".to_owned(), |who| format!("another program ({who})"));
                    return Err(format!("{who} holds the lock `{}`: try again when it is done", rel.display()));
                }
                Ok(false) => std::thread::sleep(Duration::from_millis(20)),
                // A file system without locks: Go has none there either.
                Err(_) => break,
            }
        }
        self.left = self.left.saturating_sub(begun.elapsed());
        Ok(())
    }
}

/// Who holds the lock of a file, such as `process 6145, go`, where the system tells.
pub(super) fn holder(file: &File) -> Option<String> {
    let (major, minor) = sys::device_numbers(file.stat().dev)?;
    let table = sys::read(Path::new("/proc/locks"), MAX_TABLE).ok()?;
    let process = lock_table::holder(&table, major, minor, file.stat().ino)?;
    let name = sys::read(Path::new(&format!("/proc/{process}/comm")), 64).unwrap_or_default();
    let name = String::from_utf8_lossy(&name).trim().to_owned();
    Some(if name.is_empty() { format!("process {process}") } else { format!("process {process}, {name}") })
}
