//! Where quarantines lie: a folder of our own beside each root, on the same file system, that Go never looks into.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::journal::{self, RunRecord, Writer};
use crate::finding::RootKind;
use crate::format::journal::Journal;
use crate::sys::{self, Dir, File, NodeKind};

pub use crate::place::QUARANTINE as FOLDER;

/// Whether anything is ever moved out of a root of this kind.
pub fn may_have_quarantine(kind: RootKind) -> bool {
    match kind {
        RootKind::Gocache | RootKind::Gomodcache | RootKind::Sumdb | RootKind::Gobin => true,
        RootKind::Goroot | RootKind::Binary | RootKind::Vendor | RootKind::Environment => false,
    }
}

/// The file by which one run at a time works with a quarantine.
const LOCK: &str = "lock";

/// How long somebody else's work is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The folder for what is moved out of the root whose real path is `root`: beside it, or beside the root that holds it.
/// `None` for `/`.
pub(super) fn beside(root: &Path, all: &[PathBuf]) -> Option<PathBuf> {
    let mut parent = root.parent()?;
    while all.iter().any(|other| parent.starts_with(other)) {
        parent = parent.parent()?;
    }
    Some(parent.join(FOLDER))
}

/// A quarantine that is open and locked for us alone.
#[derive(Debug)]
pub(super) struct Quarantine {
    /// Its folder.
    pub(super) dir: Dir,
    _lock: File,
}

impl Quarantine {
    /// Opens the quarantine at `path`; `None` where there is none.
    pub(super) fn open(path: &Path) -> io::Result<Option<Quarantine>> {
        let Some(dir) = look(path)? else { return Ok(None) };
        if let Err(e) = dir.make_file(OsStr::new(LOCK), 0o600)
            && e.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(e);
        }
        let lock = dir.open_file_in(LOCK)?;
        let begun = Instant::now();
        while !lock.try_lock()? {
            if begun.elapsed() > PATIENCE {
                let who = super::locks::holder(&lock).map(|w| format!(" ({w})")).unwrap_or_default();
                let text = format!("another run works with the quarantine `{}`{who}", path.display());
                return Err(io::Error::new(io::ErrorKind::WouldBlock, text));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(Quarantine { dir, _lock: lock }))
    }

    /// The same; makes it where there is none.
    pub(super) fn make(path: &Path) -> io::Result<Quarantine> {
        let parent = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let parent = Dir::open_root(parent)?;
        match parent.make_dir(OsStr::new(FOLDER), 0o700) {
            Ok(()) => parent.sync()?,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
        Quarantine::open(path)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Makes the folder of a new run.
    pub(super) fn begin(&self, name: &str) -> io::Result<(Dir, Writer)> {
        self.dir.make_dir(OsStr::new(name), 0o700)?;
        let run = self.dir.open_dir_in(name)?;
        let writer = Writer::make(&run)?;
        run.sync()?;
        self.dir.sync()?;
        Ok((run, writer))
    }
}

/// Opens the folder at `path` if it is a quarantine of ours: no link, our own, closed to everybody else.
pub(super) fn look(path: &Path) -> io::Result<Option<Dir>> {
    let Some(parent) = path.parent() else { return Ok(None) };
    let parent = match Dir::open_root(parent) {
        Ok(parent) => parent,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let refuse = |why: String| io::Error::new(io::ErrorKind::PermissionDenied, format!("`{}` {why}", path.display()));
    match parent.stat(Path::new(FOLDER)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
        Ok(stat) if stat.kind != NodeKind::Dir => return Err(refuse(format!("is a {}, not a folder", stat.kind.word()))),
        Ok(_) => {}
    }
    let dir = parent.open_dir_in(FOLDER)?;
    let stat = dir.stat_self()?;
    let us = sys::process::effective_uid();
    if stat.uid != us {
        return Err(refuse(format!("belongs to user {}, not to user {us} who runs this", stat.uid)));
    }
    if stat.mode & 0o077 != 0 {
        return Err(refuse(format!("may be entered by others ({}); `chmod 700` it after a look", stat.mode_string())));
    }
    Ok(Some(dir))
}

/// A run that was found in a quarantine.
#[derive(Debug)]
pub(super) struct Found {
    /// Its name.
    pub(super) name: String,
    /// Its folder.
    pub(super) dir: Dir,
    /// What its journal says, or what is wrong with it.
    pub(super) journal: io::Result<Journal>,
}

impl Found {
    /// What its journal amounts to; nothing where it can't be read.
    pub(super) fn record(&self) -> RunRecord {
        self.journal.as_ref().map(RunRecord::of).unwrap_or_default()
    }
}

/// Whether a run may be called so: a time, and a number where two began within a second.
pub(super) fn is_run_name(name: &str) -> bool {
    let (time, number) = name.split_at_checked(19).unwrap_or((name, ""));
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let digits = |s: &str| !s.is_empty() && s.len() < 10 && s.bytes().all(|b| b.is_ascii_digit());
    time.chars().map(shape).eq("0000-00-00T00-00-00".chars())
        && (number.is_empty() || number.strip_prefix('-').is_some_and(digits))
}

/// The names of the runs of a quarantine, oldest first.
pub(super) fn run_names(quarantine: &Dir) -> io::Result<Vec<String>> {
    let text = |(name, kind): (OsString, NodeKind)| name.into_string().ok().filter(|n| kind == NodeKind::Dir && is_run_name(n));
    let mut names: Vec<String> = quarantine.reopen()?.list()?.into_iter().filter_map(text).collect();
    // `…-2` before `…-10`.
    names.sort_by_key(|n| {
        let (time, number) = n.split_at_checked(19).unwrap_or((n, ""));
        (time.to_owned(), number.trim_start_matches('-').parse::<u32>().unwrap_or(0))
    });
    Ok(names)
}

/// Reads a run of a quarantine.
pub(super) fn run(quarantine: &Dir, name: String) -> io::Result<Found> {
    let dir = quarantine.open_dir_in(&name)?;
    let journal = journal::read(&dir);
    Ok(Found { name, dir, journal })
}

/// Every run of a quarantine, oldest first.
pub(super) fn runs(quarantine: &Dir) -> io::Result<Vec<Found>> {
    run_names(quarantine)?.into_iter().map(|name| run(quarantine, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarantine_lies_in_no_cache() {
        let all = [PathBuf::from("/c"), PathBuf::from("/c/mod"), PathBuf::from("/g/pkg/mod")];
        assert_eq!(beside(Path::new("/g/pkg/mod"), &all), Some(PathBuf::from("/g/pkg").join(FOLDER)));
        assert_eq!(beside(Path::new("/c/mod"), &all), Some(PathBuf::from("/").join(FOLDER)));
        assert_eq!(beside(Path::new("/"), &all), None);
    }

    #[test]
    fn names_of_runs() {
        for (name, is) in [
            ("2026-11-22T23-14-07", true),
            ("2026-11-22T23-14-07-2", true),
            ("2026-11-22T23-14-07-", false),
            ("2026-11-22T23-14-0x", false),
            ("lock", false),
            ("..", false),
        ] {
            assert_eq!(is_run_name(name), is, "{name}");
        }
    }

    #[test]
    fn only_a_folder_of_our_own_is_a_quarantine() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(FOLDER);
        assert!(Quarantine::open(&path).unwrap().is_none());
        sys::symlink(temp.path(), &path).unwrap();
        assert!(Quarantine::open(&path).is_err(), "a link");
        assert!(Quarantine::make(&path).is_err(), "a link");
        sys::remove_made(&path).unwrap();
        drop(Quarantine::make(&path).unwrap());
        assert_eq!(sys::lstat(&path).unwrap().mode, 0o700);
        sys::set_mode(&path, 0o755).unwrap();
        assert!(Quarantine::open(&path).is_err(), "open to others");
    }
}
