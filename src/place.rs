//! Where something is: which of Go's places, and the path or variable in it.

use std::path::{Path, PathBuf};

use crate::word::words;

/// The kind of a root: which of Go's places something lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RootKind {
    /// The build cache.
    Gocache,
    /// The module cache.
    Gomodcache,
    /// The checksum database's folder beside the module cache (`GOPATH/pkg/sumdb`).
    Sumdb,
    /// A folder where `go install` writes.
    Gobin,
    /// A Go installation.
    Goroot,
    /// A binary, or a folder of them, that the user named.
    Binary,
    /// The vendor folder of the main module.
    Vendor,
    /// No place on disk: the settings that Go would use.
    Environment,
}

words!(RootKind: Gocache => "gocache", Gomodcache => "gomodcache", Sumdb => "sumdb", Gobin => "gobin", Goroot => "goroot",
    Binary => "binary", Vendor => "vendor", Environment => "environment");

impl RootKind {
    /// Whether it is one of Go's two caches.
    pub fn is_cache(self) -> bool {
        matches!(self, RootKind::Gocache | RootKind::Gomodcache)
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            RootKind::Gocache => "build cache",
            RootKind::Gomodcache => "module cache",
            RootKind::Sumdb => "checksum database",
            RootKind::Gobin | RootKind::Binary => "binaries",
            RootKind::Goroot => "Go installation",
            RootKind::Vendor => "vendor folder",
            RootKind::Environment => "settings",
        }
    }
}

/// Name of the folder beside a root that holds what a repair has moved away. It is no cache, whatever lies in it.
pub const QUARANTINE: &str = ".gocachescan-quarantine";

/// Where a finding is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An absolute path as it was found, any bytes.
    Path(PathBuf),
    /// A variable that no file sets.
    Env(String),
}

/// A path as text without loss: valid UTF-8 as it is; else every byte that is none, and `%`, as `%XX`, and `true`.
pub fn path_text(path: &Path) -> (String, bool) {
    if let Some(text) = path.to_str() {
        return (text.to_owned(), false);
    }
    let mut out = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        out.push_str(&chunk.valid().replace('%', "%25"));
        for byte in chunk.invalid() {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    (out, true)
}

/// Where systems, their package managers and their installers put programs.
const SYSTEM_FOLDERS: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/snap",
    "/run/current-system",
    "/run/wrappers",
    "/etc/alternatives",
    "/home/linuxbrew/.linuxbrew",
    "/Library/Developer",
    "/Applications/Xcode.app",
    "/System",
    "C:\\Program Files",
    "C:\\Program Files (x86)",
    "C:\\Windows",
    "C:\\ProgramData\\chocolatey",
    "C:\\msys64",
    "C:\\mingw64",
];

/// Whether a path lies where systems, their package managers and their installers put programs.
pub fn in_system_folder(path: &Path) -> bool {
    SYSTEM_FOLDERS.iter().any(|folder| path.starts_with(folder))
}
