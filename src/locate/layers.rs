//! The layers that Go looks a variable up in, strongest first: a flag of ours, the environment, the user's GOENV file,
//! `GOROOT/go.env` (`cmd/go/internal/cfg/cfg.go`, Getenv and readEnvFile).

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use super::paths::{Os, bytes_of};
use super::resolve::NAMES;
use super::{Flags, Host, LongFile, Source};
use crate::format::goenv::{EnvFile, EnvReader, LIMIT};
use crate::sys;

/// The environment as a Go program asks for it, flags of ours laid over it.
#[derive(Debug)]
pub struct Env<'a> {
    os: Os,
    host: &'a Host,
    flags: BTreeMap<&'static str, Vec<u8>>,
}

impl<'a> Env<'a> {
    /// Lays `flags` over the environment; a relative folder counts from the current one.
    pub fn new(os: Os, host: &'a Host, flags: &Flags) -> Env<'a> {
        let folder = |dir: &Path| bytes_of(host.cwd.join(dir).as_os_str());
        let given = [
            ("GOCACHE", flags.gocache.as_deref().map(folder)),
            ("GOMODCACHE", flags.gomodcache.as_deref().map(folder)),
            ("GOPATH", flags.gopath.as_deref().map(bytes_of)),
            ("GOROOT", flags.goroot.as_deref().map(folder)),
        ];
        let flags = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Env { os, host, flags }
    }

    /// `os.Getenv`; `None` where it is not set or empty. Names have no case on Windows.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        if let Some(value) = self.flags.get(name) {
            return Some(value.clone());
        }
        let found = self.host.var(name).or_else(|| {
            let same = |key: &&std::ffi::OsString| self.os == Os::Windows && key.to_string_lossy().eq_ignore_ascii_case(name);
            self.host.env.iter().find(|(key, _)| same(key)).map(|(_, v)| v.as_os_str()).filter(|v| !v.is_empty())
        });
        found.map(bytes_of)
    }

    /// Who says what [`Env::get`] returns.
    pub fn source(&self, name: &str) -> Source {
        if self.flags.contains_key(name) { Source::Flag } else { Source::Env }
    }
}

/// A value with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The value, never empty.
    pub value: Vec<u8>,
    /// Who says so.
    pub source: Source,
    /// The line of the file that says so.
    pub line: Option<u64>,
}

/// All layers.
#[derive(Debug)]
pub struct Layers<'a> {
    /// The environment with our flags.
    pub env: Env<'a>,
    /// The user's GOENV file.
    pub user: Option<EnvFile>,
    /// `GOROOT/go.env`.
    pub goroot: Option<EnvFile>,
    /// GOROOT, where the environment does not say.
    pub found_goroot: Vec<u8>,
}

impl Layers<'_> {
    /// `cfg.Getenv`; `None` where nothing sets it or the strongest file sets it to nothing.
    pub fn get(&self, name: &str) -> Option<Found> {
        if let Some(value) = self.env.get(name) {
            return Some(Found { value, source: self.env.source(name), line: None });
        }
        let key = name.as_bytes();
        let user = self.user.as_ref().and_then(|f| f.last(key)).map(|l| (l, Source::Goenv));
        if name == "GOROOT" {
            // Found once, before the files are asked, and laid over what they say; go.env has no say in it.
            let (source, line) = user
                .filter(|(l, _)| l.setting().is_some_and(|(_, v)| !v.is_empty()))
                .map_or((Source::Default, None), |(l, s)| (s, Some(l.number)));
            return Some(Found { value: self.found_goroot.clone(), source, line }).filter(|f| !f.value.is_empty());
        }
        let (line, source) = user.or_else(|| self.goroot.as_ref().and_then(|f| f.first(key)).map(|l| (l, Source::GoEnv)))?;
        let (_, value) = line.setting()?;
        Some(Found { value: value.to_vec(), source, line: Some(line.number) }).filter(|f| !f.value.is_empty())
    }

    /// Whether one of the files sets `name`, to whatever: Go then takes it for a variable of its own.
    pub fn in_files(&self, name: &str) -> bool {
        [&self.user, &self.goroot].into_iter().flatten().any(|f| f.first(name.as_bytes()).is_some())
    }
}

/// How much of a file of settings is read, 64 MiB. Go has no limit, and reads all of it into memory whenever it starts; a
/// file that people or `go env -w` write has a few lines.
pub const BUDGET: u64 = 64 << 20;

/// Reads a file of settings, links followed; told too where it is longer than any that is meant for that.
pub fn read_settings(path: &Path) -> io::Result<(EnvFile, Option<LongFile>)> {
    let mut file = sys::open(path)?;
    let mut reader = EnvReader::new(|key: &[u8]| NAMES.iter().any(|name| name.as_bytes() == key));
    let (mut read, mut ended) = (0, false);
    let mut buf = vec![0; 64 << 10];
    while read < BUDGET && !ended {
        match file.read(&mut buf) {
            Ok(n) => {
                ended = n == 0;
                reader.push(buf.get(..n).unwrap_or_default());
                read += u64::try_from(n).unwrap_or(0);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let found = reader.finish(!ended);
    let long = LongFile { path: path.to_path_buf(), size: file.stat().size.max(read), whole: ended && !found.cut };
    Ok((found, Some(long).filter(|f| f.size > LIMIT)))
}

/// Reads a small file of Go's, links followed.
pub fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    sys::read(path, LIMIT)
}
