//! Which Go installation would run here, found without running it (`cmd/go/internal/cfg/cfg.go`, findGOROOT).
//!
//! Go derives GOROOT from the place of its own program: `<GOROOT>/bin/go`, or `<GOROOT>/bin/<os>_<arch>/go`, links resolved.
//! We do the same for the first `go` in PATH. Where that leads to no installation (there is no `go`, or it is a wrapper
//! script that starts another one) the usual places are tried. What we can't know: a GOROOT that was compiled into the
//! program, which Go uses only where its own place tells nothing.

use std::path::{Path, PathBuf};

use super::Host;
use super::layers::{Env, read_limited};
use super::paths::{Os, bytes_of, text_of};
use super::toolchain::Release;
use crate::sys::{self, NodeKind};

/// A Go installation.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The `go` that a shell would start; `None` where PATH has none.
    pub program: Option<PathBuf>,
    /// The folder that it belongs to.
    pub root: Option<PathBuf>,
    /// Its version, which decides how some settings are read.
    pub release: Release,
    /// GOHOSTOS and GOHOSTARCH.
    pub host: (String, String),
    /// The experiments that it knows, in lower case; `None` where its source is not there.
    pub experiments: Option<Vec<String>>,
}

/// Where installers and packages put Go.
const USUAL_PLACES: &[(Os, &[&str])] = &[
    (
        Os::Unix,
        &[
            "/usr/local/go",
            "/usr/lib/go",
            "/usr/lib/golang",
            "/usr/share/go",
            "/snap/go/current",
            "/opt/go",
            "/home/linuxbrew/.linuxbrew/opt/go/libexec",
        ],
    ),
    (Os::Macos, &["/usr/local/go", "/opt/homebrew/opt/go/libexec", "/usr/local/opt/go/libexec", "/opt/local/lib/go"]),
    (Os::Windows, &[r"C:\Program Files\Go", r"C:\Program Files (x86)\Go", r"C:\Go"]),
];

impl Installation {
    /// Finds it. For another system than ours nothing is looked up.
    pub fn find(os: Os, env: &Env<'_>, host: &Host) -> Installation {
        let ours = os == Os::current();
        let program = if ours { look_path(os, env, host, "go") } else { None };
        let root = program.as_deref().and_then(|p| root_of_program(os, p)).or_else(|| if ours { usual_place(os) } else { None });
        let text = |rel: &str| root.as_ref().and_then(|r| read_limited(&r.join(rel)).ok());
        let version = text("VERSION").unwrap_or_default();
        let release = Release::parse(&String::from_utf8_lossy(&version));
        let experiments = text("src/internal/goexperiment/flags.go").map(|t| experiments_in(&String::from_utf8_lossy(&t)));
        let host = host_platform(os, root.as_deref());
        Installation { program, root, release, host, experiments }
    }
}

/// Whether `path` looks like a GOROOT (`isGOROOT`): it has `pkg/tool`.
fn is_goroot(path: &Path) -> bool {
    sys::stat(&path.join("pkg").join("tool")).is_ok_and(|s| s.kind == NodeKind::Dir)
}

/// The installation that the `go` at `program` takes for its own, told by its place.
pub fn goroot_of_program(program: &Path) -> Option<PathBuf> {
    root_of_program(Os::current(), program)
}

fn root_of_program(os: Os, program: &Path) -> Option<PathBuf> {
    let above = |exe: &Path| exe.ancestors().skip(2).take(2).find(|dir| is_goroot(dir)).map(Path::to_path_buf);
    // Linux tells a program its place with links resolved; elsewhere the place is tried as it was called first.
    let unresolved = if os == Os::Unix { None } else { above(program) };
    unresolved.or_else(|| above(&sys::resolve(program).ok()?))
}

fn usual_place(os: Os) -> Option<PathBuf> {
    places_of(os).iter().map(PathBuf::from).find(|p| is_goroot(p)).and_then(|p| sys::resolve(&p).ok())
}

fn places_of(os: Os) -> &'static [&'static str] {
    USUAL_PLACES.iter().find(|(o, _)| *o == os).map_or(&[], |(_, places)| *places)
}

/// Where installers and packages put Go on this system.
pub fn usual_places() -> &'static [&'static str] {
    places_of(Os::current())
}

/// The program that a shell would start for `name` (`exec.LookPath`): the first executable file in PATH. An entry of
/// PATH that is not absolute counts from the current folder.
pub fn look_path(os: Os, env: &Env<'_>, host: &Host, name: &str) -> Option<PathBuf> {
    let runs = |path: &Path| sys::stat(path).is_ok_and(|s| s.kind != NodeKind::Dir && (os == Os::Windows || s.executable()));
    let suffixes: &[&str] = if os == Os::Windows { &["", ".exe", ".com", ".bat", ".cmd"] } else { &[""] };
    let try_all = |base: PathBuf| {
        suffixes.iter().find_map(|suffix| {
            let mut candidate = base.clone().into_os_string();
            candidate.push(suffix);
            let candidate = PathBuf::from(candidate);
            runs(&candidate).then_some(candidate)
        })
    };
    if name.bytes().any(|b| b == b'/' || b == os.separator()) {
        return try_all(host.cwd.join(name));
    }
    let path = env.get("PATH").unwrap_or_default();
    os.split_list(&path)
        .iter()
        .filter(|dir| os != Os::Windows || !dir.is_empty())
        .find_map(|dir| try_all(host.cwd.join(text_of(dir)).join(name)))
}

/// Go's names of the system and processor: as the installation's own tools are called, else as ours are.
fn host_platform(os: Os, root: Option<&Path>) -> (String, String) {
    const ARCHES: &[&str] = &[
        "amd64", "arm64", "386", "arm", "riscv64", "ppc64le", "ppc64", "s390x", "loong64", "mips64le", "mips64", "mipsle", "mips",
    ];
    let goos = match os {
        Os::Windows => "windows",
        Os::Macos => "darwin",
        Os::Unix if std::env::consts::OS == "macos" || std::env::consts::OS == "windows" => "linux",
        Os::Unix => std::env::consts::OS,
    };
    let ours = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "loongarch64" => "loong64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        other => other,
    };
    let has_tools = |arch: &str| root.is_some_and(|r| sys::stat(&r.join("pkg/tool").join(format!("{goos}_{arch}"))).is_ok());
    let arch = if has_tools(ours) { ours } else { ARCHES.iter().copied().find(|a| has_tools(a)).unwrap_or(ours) };
    (goos.to_owned(), arch.to_owned())
}

/// The fields of `type Flags struct` in `internal/goexperiment/flags.go`.
fn experiments_in(source: &str) -> Vec<String> {
    source
        .lines()
        .filter_map(|line| {
            let mut words = line.strip_prefix('\t')?.split_ascii_whitespace();
            let name = words.next()?;
            (words.next() == Some("bool") && name.starts_with(|c: char| c.is_ascii_uppercase()))
                .then(|| name.to_ascii_lowercase())
        })
        .collect()
}

/// The entries of PATH, made absolute.
pub fn search_path(os: Os, env: &Env<'_>, host: &Host) -> Vec<PathBuf> {
    os.split_list(&env.get("PATH").unwrap_or_default()).iter().map(|dir| host.cwd.join(text_of(dir))).collect()
}

/// `GOROOT` as the user's file or the environment set it, cleaned; else the installation's folder.
pub fn found_goroot(os: Os, user: Option<&[u8]>, env: &Env<'_>, installation: &Installation) -> Vec<u8> {
    let named = user.filter(|v| !v.is_empty()).map(<[u8]>::to_vec).or_else(|| env.get("GOROOT"));
    match named {
        Some(value) => os.clean(&value),
        None => installation.root.as_ref().map(|r| bytes_of(r.as_os_str())).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_experiments_from_source() {
        let source = "package goexperiment\n\n// Flags ...\ntype Flags struct {\n\t// Unstable\n\tFieldTrack        bool\n\tBoringCrypto      bool\n\n\tlower bool\n}\n";
        assert_eq!(experiments_in(source), ["fieldtrack", "boringcrypto"]);
    }
}
