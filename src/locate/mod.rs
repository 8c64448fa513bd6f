//! Where the caches are and why: Go's settings, each with its value and its source, as Go resolves them without being run.
//!
//! | room | what it holds |
//! |---|---|
//! | `paths` | `path/filepath` by text alone, for any system |
//! | `layers` | flag, environment, GOENV file, `GOROOT/go.env` |
//! | `goroot` | which installation would run, its version and go.env |
//! | `defaults` | the user's folders, GOPATH, compilers |
//! | `resolve` | every variable as `go env` prints it |
//! | `refuse` | when `go env` itself stops |
//! | `select` | which toolchain Go switches to |
//! | `use_errors` | when Go stops later, on using a value |
//!
//! What can't be known without running Go: a GOROOT or defaults that were compiled into the program, and a toolchain that
//! a `go` or `toolchain` line of go.mod would switch to.

mod ask;
mod defaults;
mod goroot;
mod layers;
mod paths;
mod refuse;
mod resolve;
pub mod select;
mod sumdb;
mod toolchain;
mod use_errors;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::format::goenv::EnvFile;
use crate::word::words;

pub use ask::{Ask, Proxy, Rest, may_be_told};
pub use goroot::{goroot_of_program, usual_places};
pub use layers::read_limited as read_small;
pub use paths::{Os, bytes_of, text_of};
pub use resolve::NAMES;
pub use sumdb::{KNOWN_SUMDB, SUM_GOLANG_ORG};
pub use toolchain::{Release, go_quote};

/// Where the value of a setting comes from, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A flag of ours.
    Flag,
    /// The environment.
    Env,
    /// The user's GOENV file.
    Goenv,
    /// `$GOROOT/go.env`.
    GoEnv,
    /// Go's default.
    Default,
}

words!(Source: Flag => "flag", Env => "env", Goenv => "goenv", GoEnv => "go.env", Default => "default");

/// The process as Go would see it; the environment is read here alone.
#[derive(Debug, Clone)]
pub struct Host {
    /// The whole environment.
    pub env: BTreeMap<OsString, OsString>,
    /// The current folder.
    pub cwd: PathBuf,
}

impl Host {
    /// This process.
    #[allow(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn current() -> Host {
        Host { env: std::env::vars_os().collect(), cwd: std::env::current_dir().unwrap_or_default() }
    }

    /// The value of a variable, `None` where it is not set or empty, which Go takes as the same.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.env.get(OsStr::new(name)).map(OsString::as_os_str).filter(|v| !v.is_empty())
    }
}

/// What flags of ours set.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--gocache`.
    pub gocache: Option<PathBuf>,
    /// `--gomodcache`.
    pub gomodcache: Option<PathBuf>,
    /// `--gopath`, a list.
    pub gopath: Option<OsString>,
    /// `--goroot`.
    pub goroot: Option<PathBuf>,
}

/// One of Go's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Such as `GOCACHE`.
    pub name: &'static str,
    /// The value as `go env` prints it; any bytes.
    pub value: OsString,
    /// The value as it was set, where something sets it; `go env` prints `off` for a GOCACHE that Go can't use.
    pub raw: Option<OsString>,
    /// Where it comes from.
    pub source: Source,
    /// The line of the file that sets it, from 1.
    pub line: Option<u64>,
    /// Go's reason, if it refuses the value.
    pub error: Option<String>,
    /// The value as an absolute path, for settings that are one; relative ones count from the current folder.
    path: Option<PathBuf>,
}

/// Why `go env` would stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The variable that Go stops on.
    pub name: &'static str,
    /// Go's own words.
    pub message: String,
}

/// A file of settings that is longer than any that Go or a person writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongFile {
    /// The GOENV file or go.env, absolute.
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Whether every line of it that may count was read.
    pub whole: bool,
}

/// A setting of the GOENV file that does not count here, because the environment says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// The variable.
    pub name: &'static str,
    /// What the file says.
    pub value: OsString,
    /// The line of the file, from 1.
    pub line: u64,
}

/// Every setting that the scan or the user asks for.
#[derive(Debug, Clone)]
pub struct Settings {
    all: BTreeMap<&'static str, Setting>,
    /// The GOENV file that Go reads, whether or not it exists, as an absolute path; `None` for `GOENV=off`.
    pub goenv_file: Option<PathBuf>,
    /// What stands in it, if it can be read.
    pub goenv: Option<EnvFile>,
    /// Why it can't be read: Go then goes on without a word.
    pub goenv_unread: Option<std::io::ErrorKind>,
    /// `go.env` of the Go installation, whether or not it exists.
    pub go_env_file: Option<PathBuf>,
    /// What stands in it, if it can be read.
    pub go_env: Option<EnvFile>,
    /// Those of the two files that are too long.
    pub long_files: Vec<LongFile>,
    /// Why `go env` would stop here, if it would.
    pub refusal: Option<Refusal>,
    /// The system whose rules were applied.
    pub os: Os,
    /// The release of Go that would run.
    pub release: Release,
    /// The `go` that a shell would start.
    pub program: Option<PathBuf>,
    /// PATH, entry by entry, made absolute.
    pub search_path: Vec<PathBuf>,
    /// The entries of GOPATH, empty ones left out.
    pub gopath: Vec<PathBuf>,
    /// The folder of the checksum database: `pkg/sumdb` of the first entry of GOPATH, wherever GOMODCACHE is.
    pub sumdb: Option<PathBuf>,
    /// TZ, which may be set and empty: the zone in which Go prints times.
    pub zone: Option<OsString>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            all: BTreeMap::new(),
            goenv_file: None,
            goenv: None,
            goenv_unread: None,
            go_env_file: None,
            go_env: None,
            long_files: Vec::new(),
            refusal: None,
            os: Os::current(),
            release: Release::parse(""),
            program: None,
            search_path: Vec::new(),
            gopath: Vec::new(),
            sumdb: None,
            zone: None,
        }
    }
}

/// Resolves every setting as Go does on this machine; [`Error::GoRefuses`] where `go env` itself would stop.
///
/// Reads the GOENV file, `GOROOT/go.env`, `GOROOT/VERSION` and the like; no `go` is run.
pub fn resolve(host: &Host, flags: &Flags) -> Result<Settings, Error> {
    let settings = survey(host, flags);
    match settings.refusal {
        Some(refusal) => Err(Error::GoRefuses(refusal.message)),
        None => Ok(settings),
    }
}

/// The same, but what Go refuses is told in [`Settings::refusal`]: a scan still wants the rest.
pub fn survey(host: &Host, flags: &Flags) -> Settings {
    resolve::survey(Os::current(), host, flags)
}

/// The folder where gocachescan keeps what it fetched: beside the build cache's default place, and never one of Go's.
///
/// # Errors
///
/// Go's words for a user without a cache folder.
pub fn own_cache(host: &Host) -> Result<PathBuf, String> {
    let os = Os::current();
    let flags = Flags::default();
    let env = layers::Env::new(os, host, &flags);
    // As new releases of Go do: a relative XDG_CACHE_HOME is refused.
    let folder = defaults::user_cache_dir(os, &env, u32::MAX)?;
    Ok(host.cwd.join(text_of(&os.join(&[&folder, b"gocachescan"]))))
}

impl Settings {
    /// The setting called `name`.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.all.get(name)
    }

    /// The value of `name` as a path, made absolute, `None` where it is empty or Go refuses it.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.get(name).filter(|s| s.error.is_none() && !s.value.is_empty()).and_then(|s| s.path.as_deref())
    }

    /// The value of `name` as text, what is not Unicode replaced; empty where it is not known.
    pub fn text(&self, name: &str) -> String {
        self.get(name).map(|s| s.value.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Files of settings with lines that may count and were not read, each with the reason.
    pub fn unread(&self) -> impl Iterator<Item = (&Path, String)> {
        self.long_files.iter().filter(|f| !f.whole).map(|f| {
            let why = format!("holds {} bytes, of which not all that may count was read: settings may be missing", f.size);
            (f.path.as_path(), why)
        })
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.all.values()
    }

    /// The folders that `go install` writes to: GOBIN, else `bin` of every entry of GOPATH (`load.InstallTargetDir`;
    /// outside modules the entry that holds the package, in module mode the first). With who says so.
    pub fn bin_folders(&self) -> (Vec<PathBuf>, Source) {
        match self.get("GOBIN").filter(|s| s.raw.is_some()) {
            Some(gobin) => (self.path("GOBIN").map(Path::to_path_buf).into_iter().collect(), gobin.source),
            None => {
                (self.gopath.iter().map(|p| p.join("bin")).collect(), self.get("GOPATH").map_or(Source::Default, |s| s.source))
            }
        }
    }

    /// The go.work that Go uses in `dir`, whether or not it exists where GOWORK names it (`modload.FindGoWork`).
    pub fn workspace(&self, dir: &Path) -> Option<PathBuf> {
        match self.get("GOWORK").and_then(|s| s.raw.as_deref()) {
            Some(off) if off == "off" => None,
            Some(named) if named != "auto" => Some(PathBuf::from(named)).filter(|path| path.is_absolute()),
            _ => resolve::find_workspace(dir, self.path("GOROOT")),
        }
    }

    /// The settings of the GOENV file that the environment or a flag overrules here, with another value.
    pub fn hidden(&self) -> Vec<Hidden> {
        let Some(file) = &self.goenv else { return Vec::new() };
        self.iter()
            .filter(|s| matches!(s.source, Source::Env | Source::Flag) && s.name != "GOENV" && s.name != "GODEBUG")
            .filter_map(|s| {
                let line = file.last(s.name.as_bytes())?;
                let (_, value) = line.setting().filter(|(_, v)| !v.is_empty())?;
                let value = text_of(value);
                (s.raw.as_ref() != Some(&value)).then_some(Hidden { name: s.name, value, line: line.number })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
