//! Everything that is decided before the first file is opened.

mod identify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use identify::identify;

use crate::error::Error;
use crate::facts::ModuleTrust;
use crate::finding::RootKind;
use crate::locate::{Flags, Settings, Source};
use crate::remote::Remote;
use crate::rule::Level;
use crate::sample::Sample;
use crate::sys;

/// A place to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRoot {
    /// What it is.
    pub kind: RootKind,
    /// Where.
    pub path: PathBuf,
    /// Who says so.
    pub origin: Source,
}

/// What one run does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to look.
    pub roots: Vec<PlannedRoot>,
    /// Go's settings; judged, and printed in the report.
    pub settings: Settings,
    /// The rest of what was asked for.
    pub options: Options,
}

/// What a run is asked for, beside where to look.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Folder of the main module, whose go.sum is held against the caches.
    pub main_module: Option<PathBuf>,
    /// Only these rules (all where empty).
    pub only: Vec<String>,
    /// Not these rules.
    pub skip: Vec<String>,
    /// The level from which the exit code is 1; `None` for never.
    pub fail_on: Option<Level>,
    /// Whether a run that finds nothing to scan is a success.
    pub allow_empty: bool,
    /// Worker threads.
    pub jobs: usize,
    /// Whether rows for `--facts` are kept.
    pub facts: bool,
    /// The key of a checksum database that is known beside Go's own and that of GOSUMDB.
    pub sumdb_key: Option<String>,
    /// The least trust of a module that is no finding.
    pub require_trust: Option<ModuleTrust>,
    /// Who is asked for what is missing; nobody without it.
    pub online: Option<Online>,
}

/// Who is asked for what is missing, and where it is kept.
#[derive(Debug, Clone)]
pub struct Online {
    /// Who is asked.
    pub remote: Arc<dyn Remote>,
    /// A folder of our own, never one of Go's.
    pub folder: PathBuf,
}

/// What the user asked for; paths are absolute.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Caches and binaries that were named, whose kind is still to be told. Where there are any, only they and what a
    /// flag names are scanned.
    pub paths: Vec<PathBuf>,
    /// Binaries and folders of them that were named as such, in the place of GOBIN and GOPATH/bin.
    pub bins: Vec<PathBuf>,
    /// No binaries.
    pub no_bin: bool,
    /// The flags with which the settings were resolved.
    pub flags: Flags,
    /// The rest.
    pub options: Options,
}

impl Request {
    /// What it takes to see a sample whole, whatever was done to it.
    pub fn of_sample(sample: &Sample) -> Request {
        Request {
            options: Options {
                main_module: Some(sample.main()).filter(|m| sys::lstat(&m.join("go.mod")).is_ok()),
                sumdb_key: sample.sumdb_key.clone(),
                require_trust: sample.require_trust,
                online: sample.remote.clone().map(|remote| Online { remote, folder: sample.root().join("kept") }),
                ..Options::default()
            },
            ..Request::default()
        }
    }
}

impl Plan {
    /// Decides what to scan: what a flag names, what an argument is, and, where no argument narrows it, what Go uses.
    ///
    /// Fails with [`Error::Usage`] where an argument is none of Go's things or the main module has no `go.mod`, and with
    /// [`Error::Io`] where an argument can't be looked at.
    pub fn assemble(settings: Settings, request: Request) -> Result<Plan, Error> {
        let Request { paths, bins, no_bin, flags, options } = request;
        let all = paths.is_empty();
        let mut roots = Roots::default();
        let source = |name: &str| settings.get(name).map_or(Source::Default, |s| s.source);
        let modules_named = flags.gomodcache.is_some() || flags.gopath.is_some();
        for (kind, name, named) in [
            (RootKind::Gocache, "GOCACHE", flags.gocache.is_some()),
            (RootKind::Gomodcache, "GOMODCACHE", modules_named),
            (RootKind::Goroot, "GOROOT", false),
        ] {
            // A Go installation is big and its package manager's: it is scanned only where it is named.
            let wanted = if kind == RootKind::Goroot { flags.goroot.is_some() } else { all || named };
            if let (true, Some(path)) = (wanted, settings.path(name)) {
                roots.push(kind, path, source(name));
            }
        }
        if let (true, Some(path)) = (all || modules_named, &settings.sumdb) {
            roots.push(RootKind::Sumdb, path, source("GOPATH"));
        }
        for path in &paths {
            for (kind, path) in identify(path)? {
                roots.push(kind, &path, Source::Flag);
            }
        }
        for path in &bins {
            roots.push(RootKind::Binary, path, Source::Flag);
        }
        if !no_bin && bins.is_empty() && (all || flags.gopath.is_some()) {
            let (folders, origin) = settings.bin_folders();
            for path in folders {
                roots.push(RootKind::Gobin, &path, origin);
            }
        }
        if let Some(dir) = &options.main_module {
            require_main_module(dir)?;
        }
        let Roots(mut roots) = roots;
        roots.sort_by_key(|r| r.kind);
        Ok(Plan { roots, settings, options })
    }
}

impl Plan {
    /// The module caches.
    pub fn module_caches(&self) -> Vec<&Path> {
        self.roots.iter().filter(|r| r.kind == RootKind::Gomodcache).map(|r| r.path.as_path()).collect()
    }
}

/// A folder without `go.mod` has no go.sum that means anything: a slip of the pen, better told than ignored.
fn require_main_module(dir: &Path) -> Result<(), Error> {
    if ["go.mod", "go.work"].iter().any(|name| sys::lstat(&dir.join(name)).is_ok()) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "`{}` has no go.mod: `--main-module` takes the folder of a main module or workspace",
        dir.display()
    )))
}

#[derive(Default)]
struct Roots(Vec<PlannedRoot>);

impl Roots {
    /// Adds a root, once.
    fn push(&mut self, kind: RootKind, path: &Path, origin: Source) {
        if !self.0.iter().any(|r| r.path == path && r.kind == kind) {
            self.0.push(PlannedRoot { kind, path: path.to_path_buf(), origin });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::{self, Host};

    /// What is planned in a world with GOCACHE set and the rest at Go's defaults.
    fn planned(dir: &Path, request: Request) -> Result<Vec<(RootKind, PathBuf, Source)>, Error> {
        let text = |p: &str| dir.join(p).into_os_string();
        let env = [("HOME".into(), text("home")), ("GOCACHE".into(), text("c"))].into_iter().collect();
        let settings = locate::survey(&Host { env, cwd: dir.to_path_buf() }, &request.flags);
        Ok(Plan::assemble(settings, request)?.roots.into_iter().map(|r| (r.kind, r.path, r.origin)).collect())
    }

    #[test]
    fn without_arguments_everything_that_go_uses_is_scanned() {
        let dir = tempfile::tempdir().unwrap();
        let go = dir.path().join("home/go");
        let want = [
            (RootKind::Gocache, dir.path().join("c"), Source::Env),
            (RootKind::Gomodcache, go.join("pkg/mod"), Source::Default),
            (RootKind::Sumdb, go.join("pkg/sumdb"), Source::Default),
            (RootKind::Gobin, go.join("bin"), Source::Default),
        ];
        assert_eq!(planned(dir.path(), Request::default()).unwrap(), want);
        assert_eq!(planned(dir.path(), Request { no_bin: true, ..Request::default() }).unwrap(), want[..3]);
    }

    #[test]
    fn flags_replace_and_arguments_narrow() {
        let dir = tempfile::tempdir().unwrap();
        let at = |p: &str| dir.path().join(p);
        sys::write_file(&at("bin/tool"), b"\x7fELF\x02\x01\x01\0").unwrap();
        let flags = Flags { gocache: Some(at("d")), ..Flags::default() };
        let tool = (RootKind::Binary, at("bin/tool"), Source::Flag);
        let bins = planned(dir.path(), Request { bins: vec![at("bin/tool")], ..Request::default() }).unwrap();
        assert!(bins.contains(&tool) && !bins.iter().any(|r| r.0 == RootKind::Gobin), "{bins:?}");
        let paths = vec![at("bin/tool"), at("bin/tool")];
        let narrow = planned(dir.path(), Request { paths, flags, ..Request::default() }).unwrap();
        assert_eq!(narrow, [(RootKind::Gocache, at("d"), Source::Flag), tool]);
    }

    #[test]
    fn a_main_module_has_a_go_mod() {
        let dir = tempfile::tempdir().unwrap();
        let request = || Request {
            options: Options { main_module: Some(dir.path().to_path_buf()), ..Options::default() },
            ..Request::default()
        };
        assert!(matches!(planned(dir.path(), request()), Err(Error::Usage(_))));
        sys::write_file(&dir.path().join("go.mod"), b"module m\n").unwrap();
        assert!(planned(dir.path(), request()).is_ok());
    }
}
