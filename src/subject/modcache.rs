//! The module cache: cmd/go/internal/modfetch (cache.go, fetch.go, sumdb.go, codehost/codehost.go) names every file of it.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use crate::format::module::path::PathFault;
use crate::format::module::version::{canonical_version, is_valid};
use crate::format::module::{unescape_path, unescape_version};
use crate::sys::NodeKind;

/// The files that Go keeps of one version below `@v/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// `.info`: version and time, JSON.
    Info,
    /// `.mod`: its go.mod.
    Mod,
    /// `.zip`: its files.
    Zip,
    /// `.ziphash`: the dirhash of the zip.
    Ziphash,
    /// `.lock`: empty, held while the version is fetched.
    Lock,
    /// `.partial`: empty, there while the zip is extracted.
    Partial,
}

impl Part {
    /// All, in the order of their names.
    pub const ALL: [Part; 6] = [Part::Info, Part::Lock, Part::Mod, Part::Partial, Part::Zip, Part::Ziphash];

    /// The end of the file name, without its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Part::Info => "info",
            Part::Mod => "mod",
            Part::Zip => "zip",
            Part::Ziphash => "ziphash",
            Part::Lock => "lock",
            Part::Partial => "partial",
        }
    }
}

/// A module version as it stands in names on disk: the escaped forms and what they stand for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionName {
    /// `github.com/!burnt!sushi/toml`
    pub escaped_path: String,
    /// `v1.0.0-!r!c1`
    pub escaped_version: String,
    /// `github.com/BurntSushi/toml`
    pub path: String,
    /// `v1.0.0-RC1`
    pub version: String,
}

impl VersionName {
    /// Reads escaped path and version; the version need not be canonical, nor belong to the path.
    fn parse(escaped_path: &str, escaped_version: &str) -> Result<VersionName, NameFault> {
        let path = unescape_path(escaped_path.as_bytes()).map_err(NameFault::from_path)?;
        let version = unescape_version(escaped_version.as_bytes()).map_err(NameFault::from_version)?;
        if !is_valid(&version) {
            return Err(NameFault::NoVersion);
        }
        Ok(VersionName { escaped_path: escaped_path.to_owned(), escaped_version: escaped_version.to_owned(), path, version })
    }

    /// Where a part of it lies or would lie, relative to GOMODCACHE.
    pub fn file(&self, part: Part) -> PathBuf {
        let VersionName { escaped_path, escaped_version, .. } = self;
        PathBuf::from(format!("cache/download/{escaped_path}/@v/{escaped_version}.{}", part.extension()))
    }

    /// Where its extracted directory lies or would lie, relative to GOMODCACHE.
    pub fn tree(&self) -> PathBuf {
        PathBuf::from(format!("{}@{}", self.escaped_path, self.escaped_version))
    }

    /// Whether Go would ever make or open files of this version (cmd/go modfetch/cache.go, `CachePath`).
    pub fn is_canonical(&self) -> bool {
        canonical_version(&self.version) == self.version
    }
}

/// Why a name is none of Go's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFault {
    /// An upper-case letter, or a `!` that escapes nothing.
    Escape,
    /// Unescaped it is no module path.
    Path(PathFault),
    /// Unescaped it is no semantic version.
    NoVersion,
    /// Not UTF-8.
    NotText,
}

impl NameFault {
    fn from_path(fault: PathFault) -> NameFault {
        if fault == PathFault::InvalidEscape { NameFault::Escape } else { NameFault::Path(fault) }
    }

    fn from_version(fault: PathFault) -> NameFault {
        if fault == PathFault::InvalidEscape { NameFault::Escape } else { NameFault::NoVersion }
    }
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameFault::Escape => f.write_str("an upper-case letter stands on disk as `!` and the lower-case letter"),
            NameFault::Path(fault) => write!(f, "it is no module path: {fault}"),
            NameFault::NoVersion => f.write_str("it has no semantic version"),
            NameFault::NotText => f.write_str("it is no text"),
        }
    }
}

/// What an entry of the module cache is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// `cache`, `cache/download`, `cache/vcs`, `cache/download/sumdb`.
    CacheFolder,
    /// `cache/lock`.
    CacheLock,
    /// A folder on the way to a module, above extracted directories or above `@v`.
    PathFolder,
    /// `cache/download/<path>/@v`.
    VersionFolder,
    /// `@v/list`.
    List,
    /// A file of a version below `@v`.
    Download(VersionName, Part),
    /// What a fetch writes before it renames it, or leaves when it is killed: `.tmp` files, and the folders
    /// `<module>.tmp-…` of Go before 1.16.
    Leftover,
    /// An extracted directory.
    ModuleRoot(VersionName),
    /// Something below an extracted directory.
    InModule,
    /// Something of the checksum database called so, below `cache/download/sumdb`.
    Sumdb(String),
    /// A repository below `cache/vcs`, called by the 64 hexadecimal digits.
    Repo(String),
    /// `<repository>.info`.
    RepoInfo(String),
    /// `<repository>.lock`.
    RepoLock(String),
    /// Something inside a repository.
    InRepo(String),
    /// An entry where Go makes entries of this kind, under a name that is none of Go's.
    BadName(NameFault),
    /// Below an entry with a bad name, or below another stray.
    BelowStray,
    /// Nothing of Go's.
    Stray,
}

/// What the entry at `rel`, relative to GOMODCACHE, is. A link counts as what its name says.
pub fn classify(rel: &Path, kind: NodeKind) -> Subject {
    let mut names = Vec::new();
    for part in rel.components() {
        let Component::Normal(name) = part else { return Subject::Stray };
        names.push(name);
    }
    let Some(texts) = names.iter().map(|n| n.to_str()).collect::<Option<Vec<&str>>>() else {
        return not_text(&names);
    };
    let is_dir = kind == NodeKind::Dir;
    let fits = |dir: bool, subject: Subject| if is_dir == dir || kind == NodeKind::Link { subject } else { Subject::Stray };
    match texts.as_slice() {
        [] | ["cache"] | ["cache", "download" | "vcs"] | ["cache", "download", "sumdb"] => fits(true, Subject::CacheFolder),
        ["cache", "lock"] => fits(false, Subject::CacheLock),
        ["cache", "vcs", name] => vcs(name, is_dir, kind),
        ["cache", "vcs", name, ..] if is_repo_name(name) => Subject::InRepo((*name).to_owned()),
        ["cache", "download", "sumdb", rest @ ..] => sumdb(rest, is_dir),
        ["cache", "download", rest @ ..] => download(rest, is_dir, kind),
        ["cache", _] => Subject::Stray,
        ["cache", ..] => Subject::BelowStray,
        rest => extracted(rest, is_dir, kind),
    }
}

/// A name that is no text may stand anywhere inside a module or repository; elsewhere it is none of Go's.
fn not_text(names: &[&OsStr]) -> Subject {
    let bad = names.iter().position(|n| n.to_str().is_none()).unwrap_or(0);
    let Some(before) = names.get(..bad).map(|n| n.iter().collect::<std::path::PathBuf>()) else { return Subject::Stray };
    match classify(&before, NodeKind::Dir) {
        Subject::ModuleRoot(_) | Subject::InModule => Subject::InModule,
        Subject::Repo(name) | Subject::InRepo(name) => Subject::InRepo(name),
        Subject::Sumdb(name) => Subject::Sumdb(name),
        Subject::BadName(_) | Subject::Stray | Subject::BelowStray | Subject::Leftover => Subject::BelowStray,
        _ if bad + 1 < names.len() => Subject::BelowStray,
        _ => Subject::BadName(NameFault::NotText),
    }
}

fn is_repo_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn vcs(name: &str, is_dir: bool, kind: NodeKind) -> Subject {
    let (stem, extension) = name.split_once('.').map_or((name, None), |(s, e)| (s, Some(e)));
    let fits = |dir: bool| is_dir == dir || kind == NodeKind::Link;
    if !is_repo_name(stem) {
        return Subject::Stray;
    }
    match extension {
        None if fits(true) => Subject::Repo(stem.to_owned()),
        Some("info") if fits(false) => Subject::RepoInfo(stem.to_owned()),
        Some("lock") if fits(false) => Subject::RepoLock(stem.to_owned()),
        _ => Subject::Stray,
    }
}

/// `<server>/lookup/…`, `<server>/tile/…`; the server's name may hold slashes (golang.org/x/mod/sumdb/note, `isValidName`).
fn sumdb(rest: &[&str], is_dir: bool) -> Subject {
    let end = rest.iter().position(|n| matches!(*n, "lookup" | "tile" | "latest"));
    match end.and_then(|end| rest.get(..end)) {
        Some([]) => Subject::Stray,
        Some(server) => Subject::Sumdb(server.join("/")),
        None if is_dir => Subject::Sumdb(rest.join("/")),
        None => Subject::Sumdb(rest.get(..rest.len().saturating_sub(1).max(1)).unwrap_or(rest).join("/")),
    }
}

fn download(rest: &[&str], is_dir: bool, kind: NodeKind) -> Subject {
    let fits = |dir: bool| is_dir == dir || kind == NodeKind::Link;
    let Some(at) = rest.iter().position(|n| *n == "@v") else { return path_folder(rest, is_dir) };
    let (path, below) = rest.split_at(at);
    match path_folder(path, true) {
        Subject::PathFolder => {}
        _ => return Subject::BelowStray,
    }
    let path = path.join("/");
    if let Err(fault) = unescape_path(path.as_bytes()) {
        return if below.len() == 1 { Subject::BadName(NameFault::from_path(fault)) } else { Subject::BelowStray };
    }
    match below {
        ["@v"] if fits(true) => Subject::VersionFolder,
        ["@v", "list"] if fits(false) => Subject::List,
        ["@v", name] if fits(false) => version_file(&path, name),
        ["@v"] | ["@v", _] => Subject::Stray,
        _ => Subject::BelowStray,
    }
}

fn version_file(path: &str, name: &str) -> Subject {
    if is_leftover(name) {
        return Subject::Leftover;
    }
    let Some((version, extension)) = name.rsplit_once('.') else { return Subject::Stray };
    let Some(part) = Part::ALL.into_iter().find(|p| p.extension() == extension) else { return Subject::Stray };
    match VersionName::parse(path, version) {
        Ok(name) => Subject::Download(name, part),
        Err(fault @ NameFault::Escape) => Subject::BadName(fault),
        Err(_) => Subject::Stray,
    }
}

/// `<name>.zip<digits>.tmp` and the like (cmd/go modfetch/cache.go, `tempFile`), `<name>.tmp-<digits>` of the oldest Go.
fn is_leftover(name: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let stem = if let Some(stem) = name.strip_suffix(".tmp") {
        let head = stem.trim_end_matches(|c: char| c.is_ascii_digit());
        if head.len() == stem.len() { return false } else { head }
    } else if let Some((stem, _)) = name.rsplit_once(".tmp-").filter(|(_, d)| digits(d)) {
        stem
    } else {
        return false;
    };
    stem == "list"
        || stem.rsplit_once('.').is_some_and(|(version, extension)| {
            matches!(extension, "info" | "mod" | "zip" | "ziphash")
                && unescape_version(version.as_bytes()).is_ok_and(|v| is_valid(&v))
        })
}

/// A folder on the way to a module: the first whose name can't be part of an escaped module path is the bad one.
fn path_folder(rest: &[&str], is_dir: bool) -> Subject {
    for (i, name) in rest.iter().enumerate() {
        let is_last = i + 1 == rest.len();
        match folder_fault(name, i == 0) {
            None => {}
            Some(fault) if is_last && is_dir => return Subject::BadName(fault),
            Some(_) if is_last => return Subject::Stray,
            Some(_) => return Subject::BelowStray,
        }
    }
    if is_dir { Subject::PathFolder } else { Subject::Stray }
}

/// Judges one element: as the first of a path, or as the second of a path that is right.
fn folder_fault(name: &str, first: bool) -> Option<NameFault> {
    // A last element may look like a bad major version where a longer path goes on: `gopkg.in` alone, `a.b/v1/c`.
    let whole = if first { format!("{name}/x") } else { format!("a.b/{name}/x") };
    let probe = if whole.starts_with("gopkg.in/") { "gopkg.in/x.v1".to_owned() } else { whole };
    unescape_path(probe.as_bytes()).err().map(NameFault::from_path)
}

fn extracted(rest: &[&str], is_dir: bool, kind: NodeKind) -> Subject {
    let Some(at) = rest.iter().position(|n| n.contains('@')) else { return path_folder(rest, is_dir) };
    let (above, [name, below @ ..]) = rest.split_at(at) else { return Subject::Stray };
    if !above.is_empty() && path_folder(above, true) != Subject::PathFolder {
        return Subject::BelowStray;
    }
    let (last, version) = name.split_once('@').unwrap_or((name, ""));
    let path = above.iter().copied().chain([last]).collect::<Vec<_>>().join("/");
    // Before 1.16 Go extracted into a folder of this name and renamed it.
    let old_temp = version.rsplit_once(".tmp-").is_some_and(|(v, _)| VersionName::parse(&path, v).is_ok());
    let root = if old_temp {
        Subject::Leftover
    } else {
        match VersionName::parse(&path, version) {
            Ok(name) if is_dir || kind == NodeKind::Link || !below.is_empty() => Subject::ModuleRoot(name),
            Ok(_) => Subject::Stray,
            Err(fault) => Subject::BadName(fault),
        }
    };
    match (below.is_empty(), root) {
        (true, root) => root,
        (false, Subject::ModuleRoot(_)) => Subject::InModule,
        (false, _) => Subject::BelowStray,
    }
}

/// The module version that the entry at `rel` belongs to, if it belongs to one.
pub fn version_of(rel: &Path) -> Option<VersionName> {
    rel.ancestors().find_map(|above| match classify(above, NodeKind::Link) {
        Subject::Download(name, _) | Subject::ModuleRoot(name) => Some(name),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str, version: &str) -> VersionName {
        VersionName::parse(path, version).expect("a module version")
    }

    #[test]
    fn every_entry_that_go_makes() {
        let repo = "7".repeat(64);
        let toml = name("github.com/!burnt!sushi/toml", "v1.4.0");
        let dir = |p: &str| classify(Path::new(p), NodeKind::Dir);
        let file = |p: &str| classify(Path::new(p), NodeKind::File);
        for p in ["", "cache", "cache/download", "cache/vcs", "cache/download/sumdb"] {
            assert_eq!(dir(p), Subject::CacheFolder, "{p}");
        }
        for p in [
            "github.com",
            "github.com/!burnt!sushi",
            "gopkg.in",
            "cache/download/gopkg.in",
            "a.b/v1",
            "cache/download/golang.org/x",
            "a.b/v2.0",
        ] {
            assert_eq!(dir(p), Subject::PathFolder, "{p}");
        }
        assert_eq!(file("cache/lock"), Subject::CacheLock);
        assert_eq!(dir("cache/download/github.com/!burnt!sushi/toml/@v"), Subject::VersionFolder);
        assert_eq!(file("cache/download/a.b/@v/list"), Subject::List);
        assert_eq!(
            file("cache/download/github.com/!burnt!sushi/toml/@v/v1.4.0.ziphash"),
            Subject::Download(toml.clone(), Part::Ziphash)
        );
        assert_eq!(dir("github.com/!burnt!sushi/toml@v1.4.0"), Subject::ModuleRoot(toml));
        assert_eq!(file("github.com/!burnt!sushi/toml@v1.4.0/a@b"), Subject::InModule);
        assert_eq!(
            dir("golang.org/toolchain@v0.0.1-go1.22.0.linux-amd64"),
            Subject::ModuleRoot(name("golang.org/toolchain", "v0.0.1-go1.22.0.linux-amd64"))
        );
        for p in ["v1.0.0.zip123.tmp", "v1.0.0.info1.tmp", "list12.tmp", "v1.0.0-!r!c1.mod9.tmp", "v1.0.0.zip.tmp-12"] {
            assert_eq!(file(&format!("cache/download/a.b/@v/{p}")), Subject::Leftover, "{p}");
        }
        assert_eq!(dir("a.b/c@v1.0.0.tmp-123"), Subject::Leftover);
        assert_eq!(file("cache/download/sumdb/sum.golang.org/lookup/a.b@v1.0.0"), Subject::Sumdb("sum.golang.org".into()));
        assert_eq!(dir("cache/download/sumdb/sum.golang.org"), Subject::Sumdb("sum.golang.org".into()));
        assert_eq!(dir(&format!("cache/vcs/{repo}")), Subject::Repo(repo.clone()));
        assert_eq!(file(&format!("cache/vcs/{repo}.info")), Subject::RepoInfo(repo.clone()));
        assert_eq!(file(&format!("cache/vcs/{repo}.lock")), Subject::RepoLock(repo.clone()));
        assert_eq!(file(&format!("cache/vcs/{repo}/hooks/x")), Subject::InRepo(repo));
    }

    #[test]
    fn what_is_none_of_go_s() {
        let dir = |p: &str| classify(Path::new(p), NodeKind::Dir);
        let file = |p: &str| classify(Path::new(p), NodeKind::File);
        assert_eq!(dir("github.com/BurntSushi"), Subject::BadName(NameFault::Escape));
        assert_eq!(dir("github.com/BurntSushi/toml@v1.4.0"), Subject::BelowStray);
        assert_eq!(dir("github.com/Toml@v1.4.0"), Subject::BadName(NameFault::Escape));
        assert_eq!(dir("github.com/toml@V1.4.0"), Subject::BadName(NameFault::Escape));
        assert_eq!(dir("github.com/toml@latest"), Subject::BadName(NameFault::NoVersion));
        assert_eq!(dir("cache/download/github.com/!/@v"), Subject::BelowStray);
        assert_eq!(file("cache/download/a.b/@v/V1.0.0.zip"), Subject::BadName(NameFault::Escape));
        for p in ["install.sh", "master.info", "v1.0.0.exe", "x.tmp", "v1.0.0.zip.tmp", "1.tmp"] {
            assert_eq!(file(&format!("cache/download/a.b/@v/{p}")), Subject::Stray, "{p}");
        }
        for p in [
            "go.mod",
            "github.com/go.work",
            "cache/x",
            "cache/vcs/x",
            "cache/download/x",
            "cache/download/a.b/@latest",
            "a.b/c@v1.0.0",
        ] {
            assert_eq!(file(p), Subject::Stray, "{p}");
        }
        assert_eq!(dir("cache/download/a.b/@v/v1.0.0.zip"), Subject::Stray);
        assert_eq!(dir("cache/download/a.b/@v/list"), Subject::Stray);
        assert!(matches!(dir("tmp"), Subject::BadName(NameFault::Path(_))));
        assert_eq!(file("tmp/x"), Subject::BelowStray);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text() {
        use std::os::unix::ffi::OsStrExt;
        let file = |b: &[u8]| classify(Path::new(OsStr::from_bytes(b)), NodeKind::File);
        assert_eq!(file(b"a.b/c@v1.0.0/\xff"), Subject::InModule);
        assert_eq!(file(b"a.b/\xff"), Subject::BadName(NameFault::NotText));
        assert_eq!(file(b"a.b/\xff/x"), Subject::BelowStray);
    }
}
