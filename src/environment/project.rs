//! The toolchain that really runs in the current folder, as go.work or go.mod and GOTOOLCHAIN choose it
//! (`cmd/go/internal/toolchain/select.go`, Select and Exec).

use std::path::{Path, PathBuf};

use super::View;
use crate::format::gomod;
use crate::format::gover::{self, Line};
use crate::locate::select::{Choice, Wish, select};
use crate::locate::{Release, Settings};
use crate::sys::{self, NodeKind};

/// Where the toolchain comes from that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A program of that name in PATH.
    Path {
        /// Index into [`View::path`].
        entry: usize,
        /// The program.
        program: PathBuf,
    },
    /// The module cache has it.
    ModuleCache(PathBuf),
    /// Go would fetch it.
    Download,
    /// Nowhere: Go stops, with its own words.
    Nowhere(String),
}

/// What is chosen in one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The go.work or go.mod that counts; `None` where there is none.
    pub file: Option<PathBuf>,
    /// Its `go` line.
    pub go_line: Option<Line>,
    /// Its `toolchain` line.
    pub toolchain_line: Option<Line>,
    /// What GOTOOLCHAIN is.
    pub gotoolchain: String,
    /// The version of the `go` that is started, such as `go1.26.8`.
    pub local: String,
    /// The choice.
    pub choice: Choice,
    /// Where the other toolchain comes from, where one is chosen.
    pub origin: Option<Origin>,
    /// Go's words, where what runs in the end refuses the file because it is too new.
    pub too_new: Option<String>,
}

impl Project {
    /// Looks at the folder `cwd` with the eyes of an environment; `None` where no `go` is known that would choose: it is older
    /// than Go 1.21, module mode is off, or something unknown decides.
    pub fn look(view: &View, cwd: &Path) -> Option<Project> {
        let settings = view.settings.as_deref()?;
        let local = view.go()?.program.version()?.to_owned();
        let minor = Release::parse(&local).minor;
        let module = nearest(cwd, "go.mod");
        let mode = settings.text("GO111MODULE");
        if minor < 21 || mode == "off" || (mode == "auto" && module.is_none()) {
            return None;
        }
        let workspace = settings.workspace(cwd).filter(|path| sys::stat(path).is_ok());
        let file = workspace.or(module);
        let text = file.as_deref().and_then(|f| sys::read(f, gomod::LIMIT).ok()).unwrap_or_default();
        let (go_line, toolchain_line) = (gover::lookup(&text, "go"), gover::lookup(&text, "toolchain"));
        let value = |line: &Option<Line>| line.as_ref().map(|l| l.value.clone()).unwrap_or_default();
        let (go, toolchain) = (value(&go_line), value(&toolchain_line));
        let short = file.as_deref().map(|f| short_path(f, cwd)).unwrap_or_default();
        let gotoolchain = settings.text("GOTOOLCHAIN");
        let wish =
            Wish { gotoolchain: &gotoolchain, local: &local, minor, file: &short, go_line: &go, toolchain_line: &toolchain };
        let choice = select(&wish);
        let origin = match &choice {
            Choice::Switch { name, path_only, .. } => Some(origin(view, settings, name, *path_only)),
            Choice::Local | Choice::Refused(_) => None,
        };
        let running = match &choice {
            Choice::Switch { name, .. } => Some(name.as_str()),
            Choice::Local => Some(local.as_str()),
            Choice::Refused(_) => None,
        };
        let too_new = running
            .and_then(gover::of_toolchain)
            .filter(|v| gover::compare(&go, v).is_gt() && gover::compare(v, "1.21").is_ge())
            .map(|v| too_new(&wish, v));
        Some(Project { file, go_line, toolchain_line, gotoolchain, local, choice, origin, too_new })
    }
}

/// `gover.TooNewError`.
fn too_new(wish: &Wish<'_>, running: &str) -> String {
    let setting = match wish.gotoolchain {
        "" | "auto" => String::new(),
        other => format!("; GOTOOLCHAIN={other}"),
    };
    let reads = wish.gotoolchain.ends_with("auto") || wish.gotoolchain.ends_with("path");
    let default =
        if reads && wish.toolchain_line == "default" { format!("; {} sets toolchain default", wish.file) } else { String::new() };
    format!("{} requires go >= {} (running go {running}{setting}{default})", wish.file, wish.go_line)
}

/// The file called `name` in `dir` or in the nearest folder above it (`modload.findModuleRoot`).
fn nearest(dir: &Path, name: &str) -> Option<PathBuf> {
    dir.ancestors().map(|d| d.join(name)).find(|f| sys::stat(f).is_ok_and(|s| s.kind != NodeKind::Dir))
}

/// `base.ShortPath`: the path from the current folder, where that is shorter.
fn short_path(file: &Path, cwd: &Path) -> String {
    let whole = file.to_string_lossy().into_owned();
    let climbed = cwd.ancestors().enumerate().find_map(|(up, above)| {
        let rest = file.strip_prefix(above).ok()?;
        Some(format!("{}{}", "../".repeat(up), rest.to_string_lossy()))
    });
    climbed.filter(|c| c.len() < whole.len()).unwrap_or(whole)
}

fn origin(view: &View, settings: &Settings, name: &str, path_only: bool) -> Origin {
    let runs = |p: &Path| sys::stat(p).is_ok_and(|s| s.kind != NodeKind::Dir && (cfg!(windows) || s.executable()));
    let found = view.path.iter().enumerate().find_map(|(entry, seen)| {
        let program = seen.folder.as_deref()?.join(name);
        runs(&program).then_some(Origin::Path { entry, program })
    });
    if let Some(found) = found {
        return found;
    }
    if path_only {
        return Origin::Nowhere(format!("cannot find {name:?} in PATH"));
    }
    // Upper-case letters stand as `!` and the small one (golang.org/x/mod/module, EscapeVersion).
    let escaped: String =
        name.chars().flat_map(|c| if c.is_ascii_uppercase() { vec!['!', c.to_ascii_lowercase()] } else { vec![c] }).collect();
    let version = format!("v0.0.1-{escaped}.{}-{}", settings.text("GOHOSTOS"), settings.text("GOHOSTARCH"));
    if let Some(cache) = settings.path("GOMODCACHE") {
        let dir = cache.join(format!("golang.org/toolchain@{version}"));
        let download = cache.join("cache/download/golang.org/toolchain/@v");
        // `modfetch.DownloadDir`: a folder that was left half done, or has no sum beside it, is made anew.
        let whole = sys::stat(&dir).is_ok_and(|s| s.kind == NodeKind::Dir)
            && sys::stat(&download.join(format!("{version}.ziphash"))).is_ok()
            && sys::stat(&download.join(format!("{version}.partial"))).is_err();
        if whole {
            return Origin::ModuleCache(dir);
        }
    }
    let version = gover::of_toolchain(name).unwrap_or_default();
    if gover::is_lang(version) && gover::compare(version, "1.21").is_ge() {
        // No proxy has such a one.
        let words = format!("invalid toolchain: {name} is a language version but not a toolchain version ({name}.x)");
        return Origin::Nowhere(words);
    }
    if settings.text("GOPROXY") == "off" {
        let platform = format!("{}/{}", settings.text("GOHOSTOS"), settings.text("GOHOSTARCH"));
        return Origin::Nowhere(format!("download {name} for {platform}: toolchain not available"));
    }
    Origin::Download
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shortened_as_go_does() {
        for (file, cwd, want) in [
            ("/a/b/go.mod", "/a/b", "go.mod"),
            ("/a/b/c/go.mod", "/a/b/c/d/e", "../../go.mod"),
            ("/a/go.mod", "/a/b/c", "/a/go.mod"),
            ("/a/go.mod", "/b", "/a/go.mod"),
        ] {
            assert_eq!(short_path(Path::new(file), Path::new(cwd)), want, "{file} from {cwd}");
        }
    }
}
