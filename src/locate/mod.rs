//! Where the caches are and why: Go's settings, each with its value and its source, as Go resolves them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::word::words;

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
    /// Where it comes from.
    pub source: Source,
    /// The line of the file that sets it, from 1.
    pub line: Option<u64>,
    /// Go's reason, if it refuses the value.
    pub error: Option<String>,
}

/// Every setting that the scan or the user asks for.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    all: BTreeMap<&'static str, Setting>,
    /// The GOENV file that Go reads, whether or not it exists; `None` for `GOENV=off`.
    pub goenv_file: Option<PathBuf>,
}

impl Settings {
    /// The setting called `name`.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.all.get(name)
    }

    /// The value of `name` as a path, `None` where it is empty or Go refuses it.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.get(name).filter(|s| s.error.is_none() && !s.value.is_empty()).map(|s| Path::new(&s.value))
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.all.values()
    }
}
