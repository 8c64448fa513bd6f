//! What the rules on Go's settings need of the file system: the way to the GOENV file, to each program that a setting
//! names, and to each cache.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::node::{Step, way_to};
use super::owners::Owners;
use crate::format::tool_flags::{self, words};
use crate::locate::{Settings, Source, bytes_of, text_of};
use crate::sys::{self, NodeKind};

/// One value that is set somewhere, with the one who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The variable.
    pub name: &'static str,
    /// The value as it was set; any bytes, never empty.
    pub value: Vec<u8>,
    /// Who set it; never [`Source::Default`].
    pub source: Source,
    /// The line of the file that sets it.
    pub line: Option<u64>,
    /// Whether the environment overrules it in this process. It still counts wherever a `go` is started otherwise: from an
    /// editor, a scheduled job, another shell.
    pub hidden: bool,
}

impl Claim {
    /// The value as text, what is not Unicode replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.value).into_owned()
    }
}

/// Every value that is set: those that count here, and those of the GOENV file that the environment overrules.
pub fn claims(settings: &Settings) -> Vec<Claim> {
    let effective = settings.iter().filter(|s| s.source != Source::Default && s.name != "GOENV").filter_map(|s| {
        let value = bytes_of(s.raw.as_deref()?);
        Some(Claim { name: s.name, value, source: s.source, line: s.line, hidden: false })
    });
    let hidden = settings.hidden().into_iter().map(|h| Claim {
        name: h.name,
        value: bytes_of(&h.value),
        source: Source::Goenv,
        line: Some(h.line),
        hidden: true,
    });
    effective.chain(hidden).collect()
}

/// A program that a setting makes Go start.
#[derive(Debug, Clone)]
pub struct ProgramSeen {
    /// Which of the claims names it.
    pub claim: usize,
    /// As it is written.
    pub word: String,
    /// Whether it was written without a folder and looked up in PATH.
    pub from_path: bool,
    /// Where it lies, links resolved; as it was written where it does not exist.
    pub place: Option<PathBuf>,
    /// The way there.
    pub steps: Vec<Step>,
}

/// A folder that a setting makes Go keep things in.
#[derive(Debug, Clone)]
pub struct FolderSeen {
    /// Which of the claims names it; `None` where it is Go's default.
    pub claim: Option<usize>,
    /// The variable that it belongs to.
    pub name: &'static str,
    /// The folder.
    pub path: PathBuf,
    /// Whether it exists.
    pub exists: bool,
    /// The way there, as far as it exists; the last is the folder itself or its nearest ancestor.
    pub steps: Vec<Step>,
}

/// The GOENV file, without what stands in it.
#[derive(Debug, Clone)]
pub struct GoenvSeen {
    /// Where Go looks for it.
    pub path: PathBuf,
    /// Whether anything is there.
    pub exists: bool,
    /// The way there, as far as it exists; the last is the file itself or its nearest ancestor.
    pub steps: Vec<Step>,
    /// Whether it is the device that is always empty, which many name to have no settings.
    pub is_null: bool,
    /// Where it points, if it is a link, and where that leads in the end.
    pub link: Option<(PathBuf, PathBuf)>,
}

/// All of it.
#[derive(Debug)]
pub struct SettingsEvidence {
    /// What is set.
    pub claims: Vec<Claim>,
    /// The GOENV file; `None` for `GOENV=off`.
    pub goenv: Option<GoenvSeen>,
    /// Programs.
    pub programs: Vec<ProgramSeen>,
    /// Folders.
    pub folders: Vec<FolderSeen>,
    /// The accounts of this machine.
    pub owners: Owners,
}

/// Programs that start the program that follows them.
const LAUNCHERS: &[&str] =
    &["ccache", "sccache", "distcc", "icecc", "env", "nice", "time", "sh", "bash", "dash", "zsh", "python", "python3", "perl"];

/// The settings that are a command: program and arguments.
const COMMANDS: &[&str] = &["CC", "CXX", "AR", "FC", "GCCGO", "PKG_CONFIG", "GOCACHEPROG"];

/// The flags of GOFLAGS that name a program, beside `-toolexec`, which is told whatever it names.
const PROGRAM_FLAGS: &[&str] = &["-exec=", "-vettool="];

/// Looks at everything that the settings name.
pub fn look(settings: &Settings, owners: &Owners) -> SettingsEvidence {
    let claims = claims(settings);
    let goenv = settings.goenv_file.as_deref().map(|path| GoenvSeen {
        path: path.to_path_buf(),
        exists: sys::stat(path).is_ok(),
        steps: way_to(path),
        is_null: sys::is_null_device(path),
        link: sys::read_link(path).ok().map(|target| (target, sys::resolve(path).unwrap_or_default())),
    });
    let mut programs = Vec::new();
    let mut folders = Vec::new();
    for (index, claim) in claims.iter().enumerate() {
        for word in program_words(claim) {
            programs.push(find_program(settings, index, word));
        }
        if matches!(claim.name, "GOCACHE" | "GOMODCACHE" | "GOPATH" | "GOTMPDIR") {
            let entries = if claim.name == "GOPATH" { settings.os.split_list(&claim.value) } else { vec![claim.value.clone()] };
            let absolute = entries.into_iter().filter(|e| settings.os.is_abs(e));
            folders.extend(absolute.map(|e| see_folder(Some(index), claim.name, Path::new(&text_of(&e)))));
        }
    }
    for name in ["GOCACHE", "GOMODCACHE"] {
        let default = settings.get(name).is_some_and(|s| s.source == Source::Default);
        if let Some(path) = settings.path(name).filter(|p| default && p.is_absolute()) {
            folders.push(see_folder(None, name, path));
        }
    }
    SettingsEvidence { claims, goenv, programs, folders, owners: owners.clone() }
}

fn see_folder(claim: Option<usize>, name: &'static str, path: &Path) -> FolderSeen {
    FolderSeen { claim, name, path: path.to_path_buf(), exists: sys::lstat(path).is_ok(), steps: way_to(path) }
}

/// The first words of every command that a claim makes Go start.
fn program_words(claim: &Claim) -> Vec<String> {
    match claim.name {
        name if COMMANDS.contains(&name) => command_words(&words(&claim.value)),
        // Commands between semicolons; three words are methods of Go's own (cmd/go/internal/auth/auth.go).
        "GOAUTH" => {
            let commands = claim.text();
            let first = commands.split(';').filter_map(|c| c.split_whitespace().next());
            first.filter(|w| !matches!(*w, "off" | "netrc" | "git")).map(str::to_owned).collect()
        }
        // The go command and every tool that it starts come from there.
        "GOROOT" => vec![
            Path::new(&claim.text()).join("bin").join(if cfg!(windows) { "go.exe" } else { "go" }).to_string_lossy().into_owned(),
        ],
        "GOFLAGS" => words(&claim.value).iter().flat_map(|flag| flag_programs(flag)).collect(),
        _ => Vec::new(),
    }
}

/// The program, and where that is a launcher, the one that it starts.
fn command_words(words: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    for word in words {
        // Options and assignments of the launcher.
        if word.starts_with('-') || (word.contains('=') && !out.is_empty()) {
            continue;
        }
        let base = Path::new(word).file_name().and_then(OsStr::to_str).unwrap_or_default();
        let launcher = LAUNCHERS.contains(&base.trim_end_matches(".exe"));
        out.push(word.clone());
        if !launcher {
            break;
        }
    }
    out
}

/// The programs that one flag of GOFLAGS names: `-exec`, `-vettool`, and the external linker in `-ldflags`.
fn flag_programs(flag: &str) -> Vec<String> {
    let flag = if flag.starts_with("--") { flag.get(1..).unwrap_or_default() } else { flag };
    if let Some(command) = PROGRAM_FLAGS.iter().find_map(|p| flag.strip_prefix(p)) {
        return command.split_whitespace().take(1).map(str::to_owned).collect();
    }
    let Some(("-ldflags", flags)) = tool_flags::handed_on(flag) else { return Vec::new() };
    let named = tool_flags::with_values(&flags).filter(|(name, value)| matches!(*name, "extld" | "extar") && !value.is_empty());
    named.map(|(_, value)| value.to_owned()).collect()
}

fn find_program(settings: &Settings, claim: usize, word: String) -> ProgramSeen {
    let with_folder = word.contains(['/', '\\']);
    let runs = |p: &Path| sys::stat(p).is_ok_and(|s| s.kind == NodeKind::File && (cfg!(windows) || s.executable()));
    let found = if with_folder {
        Path::new(&word).is_absolute().then(|| PathBuf::from(&word))
    } else {
        settings.search_path.iter().map(|dir| dir.join(&word)).find(|p| runs(p))
    };
    let steps = found.as_deref().map(way_to).unwrap_or_default();
    let place = found.map(|p| sys::resolve(&p).unwrap_or(p));
    ProgramSeen { claim, word, from_path: !with_folder, place, steps }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(name: &'static str, value: &str) -> Vec<String> {
        program_words(&Claim { name, value: value.as_bytes().to_vec(), source: Source::Env, line: None, hidden: false })
    }

    #[test]
    fn commands_name_their_programs() {
        assert_eq!(programs("CC", "gcc -m64"), ["gcc"]);
        assert_eq!(programs("CC", "ccache /x/gcc -O2"), ["ccache", "/x/gcc"]);
        assert_eq!(programs("CC", "'/a b/cc' -x"), ["/a b/cc"]);
        assert_eq!(programs("CXX", "env A=b g++"), ["env", "g++"]);
        assert_eq!(programs("CC", "sh -c /x/cc"), ["sh", "/x/cc"]);
        assert_eq!(programs("GOAUTH", "netrc; git /x ; /a/helper --x"), ["/a/helper"]);
        assert_eq!(
            programs("GOFLAGS", "-mod=vendor -exec=/x/run '-ldflags=-s -extld=/y/cc -X a=b' --vettool=/z"),
            ["/x/run", "/y/cc", "/z"]
        );
        assert_eq!(programs("GOFLAGS", "'-ldflags=all=-extld /y/cc'"), ["/y/cc"]);
        assert_eq!(programs("GOFLAGS", "-trimpath -buildvcs=false '-tags=a b'"), Vec::<String>::new());
    }
}
