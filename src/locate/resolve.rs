//! Every variable as `go env` prints it (`cmd/go/internal/envcmd/env.go`, MkEnv and findEnv).

use std::io;
use std::path::{Path, PathBuf};

use super::goroot::{Installation, found_goroot, look_path, search_path};
use super::layers::{Env, Found, Layers, read_settings};
use super::paths::{Os, bytes_of, text_of};
use super::{Flags, Host, LongFile, Refusal, Setting, Settings, Source, defaults, refuse, use_errors};
use crate::format::goenv::EnvFile;
use crate::format::quoted;
use crate::sys::{self, NodeKind};

/// Every variable that we resolve, by name.
pub const NAMES: &[&str] = &[
    "AR",
    "CC",
    "CGO_CFLAGS",
    "CGO_CFLAGS_ALLOW",
    "CGO_CFLAGS_DISALLOW",
    "CGO_CPPFLAGS",
    "CGO_CPPFLAGS_ALLOW",
    "CGO_CPPFLAGS_DISALLOW",
    "CGO_CXXFLAGS",
    "CGO_CXXFLAGS_ALLOW",
    "CGO_CXXFLAGS_DISALLOW",
    "CGO_FFLAGS",
    "CGO_FFLAGS_ALLOW",
    "CGO_FFLAGS_DISALLOW",
    "CGO_LDFLAGS",
    "CGO_LDFLAGS_ALLOW",
    "CGO_LDFLAGS_DISALLOW",
    "CXX",
    "FC",
    "GCCGO",
    "GO111MODULE",
    "GOARCH",
    "GOAUTH",
    "GOBIN",
    "GOCACHE",
    "GOCACHEPROG",
    "GODEBUG",
    "GOENV",
    "GOEXPERIMENT",
    "GOFIPS140",
    "GOFLAGS",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOOS",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOROOT",
    "GOSUMDB",
    "GOTMPDIR",
    "GOTOOLCHAIN",
    "GOTOOLDIR",
    "GOVCS",
    "GOVERSION",
    "GOWORK",
    "GO_EXTLINK_ENABLED",
    "PKG_CONFIG",
];

/// Resolves everything for `os`. What Go refuses is a value of the result, not an error.
pub fn survey(os: Os, host: &Host, flags: &Flags) -> Settings {
    let env = Env::new(os, host, flags);
    let installation = Installation::find(os, &env, host);
    let goenv = goenv_file(os, &env, installation.release.minor);
    let mut long = Vec::new();
    let (user, unread) = match &goenv {
        Some(path) => read_env_file(os, &host.cwd.join(text_of(path)), &mut long),
        None => (None, None),
    };
    let named = user.as_ref().and_then(|f| f.last(b"GOROOT")).and_then(|l| l.setting()).map(|(_, v)| v.to_vec());
    let found_goroot = found_goroot(os, named.as_deref(), &env, &installation);
    // go.env is looked for where GOROOT was found, which a GOROOT of the user's file decides before the environment.
    let go_env_file = (!found_goroot.is_empty()).then(|| host.cwd.join(text_of(&found_goroot)).join("go.env"));
    let goroot = match &go_env_file {
        Some(path) => read_env_file(os, path, &mut long).0,
        None => None,
    };
    let layers = Layers { env, user, goroot, found_goroot };
    let mut resolver = Resolver { os, host, installation, layers, goenv, gopath_dropped: false };
    let refusal = refuse::refusal(&mut resolver);
    let mut settings = resolver.settings(refusal);
    settings.goenv_unread = unread;
    settings.go_env_file = go_env_file;
    settings.long_files = long;
    settings
}

/// Reads a file of settings. Go ignores one that it can't read.
fn read_env_file(os: Os, path: &Path, long: &mut Vec<LongFile>) -> (Option<EnvFile>, Option<io::ErrorKind>) {
    if os != Os::current() {
        return (None, None);
    }
    match read_settings(path) {
        Ok((file, too_long)) => {
            long.extend(too_long);
            (Some(file), None)
        }
        Err(e) => (None, Some(e.kind())),
    }
}

/// The go.work of `dir` or of the nearest folder above it, GOROOT and what lies above that left out
/// (`modload.findWorkspaceFile`).
pub fn find_workspace(dir: &Path, goroot: Option<&Path>) -> Option<PathBuf> {
    dir.ancestors()
        .enumerate()
        .take_while(|(i, above)| *i == 0 || Some(*above) != goroot)
        .map(|(_, above)| above.join("go.work"))
        .find(|file| sys::stat(file).is_ok_and(|s| s.kind != NodeKind::Dir))
}

/// `cfg.EnvFile`: the user's file; `None` for `off`, or where there is no folder for it.
fn goenv_file(os: Os, env: &Env<'_>, minor: u32) -> Option<Vec<u8>> {
    match env.get("GOENV") {
        Some(file) => (file != b"off").then_some(file),
        None => defaults::user_config_dir(os, env, minor).ok().map(|dir| os.join(&[&dir, b"go/env"])),
    }
}

/// All that is needed to resolve one variable.
pub struct Resolver<'a> {
    pub os: Os,
    pub host: &'a Host,
    pub installation: Installation,
    pub layers: Layers<'a>,
    goenv: Option<Vec<u8>>,
    /// Go takes back a GOPATH that it inferred from a relative HOME; GOMODCACHE was computed before and stays.
    pub gopath_dropped: bool,
}

impl Resolver<'_> {
    /// Minor version of Go.
    pub fn minor(&self) -> u32 {
        self.installation.release.minor
    }

    /// The value that is set, or nothing.
    pub fn get(&self, name: &str) -> Vec<u8> {
        self.layers.get(name).map(|f| f.value).unwrap_or_default()
    }

    /// GOPATH before Go may take it back.
    pub fn inferred_gopath(&self) -> Vec<u8> {
        let set = self.get("GOPATH");
        if set.is_empty() { defaults::gopath(self.os, &self.layers.env) } else { set }
    }

    /// A folder below the first entry of GOPATH (`gopathDir`).
    fn gopath_dir(&self, rel: &str) -> Vec<u8> {
        let list = self.os.split_list(&self.inferred_gopath());
        match list.first() {
            Some(first) if !first.is_empty() => self.os.join(&[first, rel.as_bytes()]),
            _ => Vec::new(),
        }
    }

    /// GOCACHE as printed, and Go's reason if it refuses it (`cmd/go/internal/cache/default.go`, DefaultDir).
    fn gocache(&self) -> (Vec<u8>, Option<String>) {
        let value = self.get("GOCACHE");
        if value == b"off" {
            return (value, Some("build cache is disabled by GOCACHE=off, but required as of Go 1.12".to_owned()));
        }
        let missing = |why: String| (b"off".to_vec(), Some(format!("build cache is required, but could not be located: {why}")));
        if self.os.is_abs(&value) {
            (value, None)
        } else if !value.is_empty() {
            missing("GOCACHE is not an absolute path".to_owned())
        } else {
            match defaults::user_cache_dir(self.os, &self.layers.env, self.minor()) {
                Ok(dir) => (self.os.join(&[&dir, b"go-build"]), None),
                Err(why) => missing(format!("GOCACHE is not defined and {why}")),
            }
        }
    }

    /// Whether module mode is on (`modload.WillBeEnabled`).
    pub fn modules_on(&self) -> bool {
        let is_file = |path: &Path| sys::stat(path).is_ok_and(|s| s.kind == NodeKind::File);
        match self.get("GO111MODULE").as_slice() {
            b"" | b"on" => true,
            b"auto" => self.host.cwd.ancestors().any(|dir| is_file(&dir.join("go.mod"))),
            _ => false,
        }
    }

    /// GOBIN as printed: since Go 1.27 its default is shown (`envcmd.ExtraEnvVars`).
    fn gobin_default(&self) -> Vec<u8> {
        if self.minor() < 27 || self.gopath_dropped {
            return Vec::new();
        }
        let list = self.os.split_list(&self.inferred_gopath());
        let Some(first) = list.first() else { return Vec::new() };
        if self.modules_on() {
            return if first.is_empty() { Vec::new() } else { self.os.join(&[first, b"bin"]) };
        }
        // Outside modules it is the entry that the current folder begins with, an empty one included.
        let cwd = bytes_of(self.host.cwd.as_os_str());
        let entry = list.iter().find(|e| cwd.starts_with(e)).unwrap_or(first);
        self.os.join(&[entry, b"bin"])
    }

    /// What Go takes where nothing sets `name`.
    fn default(&self, name: &str) -> Vec<u8> {
        let (goos, goarch) = &self.installation.host;
        let known_since = |minor: u32, value: &str| if self.minor() >= minor { value.as_bytes().to_vec() } else { Vec::new() };
        let current_goos = || Some(self.get("GOOS")).filter(|v| !v.is_empty()).unwrap_or_else(|| goos.clone().into_bytes());
        match name {
            "AR" => b"ar".to_vec(),
            "CC" => defaults::compilers(&current_goos()).0.into(),
            "CXX" => defaults::compilers(&current_goos()).1.into(),
            "PKG_CONFIG" => b"pkg-config".to_vec(),
            "GCCGO" => b"gccgo".to_vec(),
            "CGO_CFLAGS" | "CGO_CXXFLAGS" | "CGO_FFLAGS" | "CGO_LDFLAGS" => b"-O2 -g".to_vec(),
            "GOARCH" | "GOHOSTARCH" => goarch.clone().into_bytes(),
            "GOOS" | "GOHOSTOS" => goos.clone().into_bytes(),
            "GOAUTH" => known_since(24, "netrc"),
            "GOFIPS140" => known_since(24, "off"),
            "GOBIN" => self.gobin_default(),
            "GOMODCACHE" => self.gopath_dir("pkg/mod"),
            "GONOPROXY" | "GONOSUMDB" => self.get("GOPRIVATE"),
            "GOPATH" if self.gopath_dropped => Vec::new(),
            "GOPATH" => defaults::gopath(self.os, &self.layers.env),
            "GOWORK" if self.os == Os::current() => {
                let goroot = PathBuf::from(text_of(&self.get("GOROOT")));
                find_workspace(&self.host.cwd, Some(&goroot)).map(|p| bytes_of(p.as_os_str())).unwrap_or_default()
            }
            "GOVERSION" => self.installation.release.name.clone().into_bytes(),
            "GOTOOLDIR" => match self.get("GOROOT") {
                root if root.is_empty() => Vec::new(),
                root => self.os.join(&[&root, b"pkg/tool", format!("{goos}_{goarch}").as_bytes()]),
            },
            _ => Vec::new(),
        }
    }

    /// What sets `name`, where this release of Go knows it and lets it be set.
    fn set(&self, name: &str) -> Option<Found> {
        let since = match name {
            "GOAUTH" | "GOFIPS140" => 24,
            "GODEBUG" => 23,
            _ => 0,
        };
        match name {
            "GOHOSTARCH" | "GOHOSTOS" | "GOTOOLDIR" | "GOVERSION" => None,
            // An older Go prints a variable that it does not know only if one of its files names it.
            _ if self.minor() < since && !self.layers.in_files(name) => None,
            "GODEBUG" if self.minor() >= since => {
                let value = self.layers.env.get(name)?;
                Some(Found { value, source: Source::Env, line: None })
            }
            _ => self.layers.get(name),
        }
    }

    fn setting(&self, name: &'static str) -> Setting {
        let set = match name {
            "GOENV" => self.layers.env.get(name).map(|value| Found { value, source: Source::Env, line: None }),
            _ => self.set(name),
        };
        let (source, line) = set.as_ref().map_or((Source::Default, None), |f| (f.source, f.line));
        let raw = set.map(|f| f.value);
        let mut error = None;
        let value = match (name, &raw) {
            ("GOENV", _) => self.goenv.clone().unwrap_or_default(),
            ("GOCACHE", _) => {
                let (value, why) = self.gocache();
                error = why;
                value
            }
            ("GCCGO", _) => {
                let program = raw.clone().unwrap_or_else(|| self.default(name));
                let found = look_path(self.os, &self.layers.env, self.host, &String::from_utf8_lossy(&program));
                found.map_or(program, |p| bytes_of(p.as_os_str()))
            }
            // Printed as Go takes them apart: words, quoted again where that is needed.
            ("CGO_CFLAGS" | "CGO_CXXFLAGS" | "CGO_CPPFLAGS" | "CGO_FFLAGS" | "CGO_LDFLAGS", Some(raw)) => quoted::split(raw)
                .ok()
                .map_or_else(|| raw.clone(), |words| quoted::join(&words).unwrap_or_else(|| words.join(&b' '))),
            ("PKG_CONFIG", Some(raw)) => match quoted::split(raw) {
                Ok(words) => words.first().map(|w| w.to_vec()).unwrap_or_default(),
                Err(_) => raw.clone(),
            },
            ("GOWORK", Some(raw)) if raw == b"auto" => self.default(name),
            (_, Some(raw)) => raw.clone(),
            (_, None) => self.default(name),
        };
        let error = error.or_else(|| use_errors::error_at_use(self, name, &value, raw.as_deref()));
        let path = (!value.is_empty()).then(|| self.host.cwd.join(text_of(&value)));
        Setting { name, value: text_of(&value), raw: raw.map(|r| text_of(&r)), source, line, error, path }
    }

    fn settings(self, refusal: Option<Refusal>) -> Settings {
        let all = NAMES.iter().map(|name| (*name, self.setting(name))).collect();
        let gopath = if self.gopath_dropped { Vec::new() } else { self.os.split_list(&self.inferred_gopath()) };
        let sumdb = Some(self.gopath_dir("pkg/sumdb")).filter(|d| !d.is_empty()).map(|d| self.host.cwd.join(text_of(&d)));
        Settings {
            all,
            goenv_file: self.goenv.as_ref().map(|p| self.host.cwd.join(text_of(p))),
            goenv: self.layers.user,
            goenv_unread: None,
            go_env_file: None,
            long_files: Vec::new(),
            go_env: self.layers.goroot,
            refusal,
            os: self.os,
            release: self.installation.release,
            program: self.installation.program,
            search_path: search_path(self.os, &self.layers.env, self.host),
            zone: self.host.env.get(std::ffi::OsStr::new("TZ")).cloned(),
            gopath: gopath.iter().filter(|p| !p.is_empty()).map(|p| PathBuf::from(text_of(p))).collect(),
            sumdb,
        }
    }
}
