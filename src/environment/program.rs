//! Programs that PATH leads to, and the Go installations behind them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::evidence::node::{Step, way_to};
use crate::format::binary;
use crate::locate::{self, bytes_of};
use crate::sys::{self, NodeKind};

/// What a program is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramKind {
    /// The `go` command itself.
    Go {
        /// The installation that it takes for its own; `None` where its place tells none.
        goroot: Option<PathBuf>,
        /// The version that it was built as, such as `go1.26.8`; `None` where it does not tell.
        version: Option<String>,
    },
    /// A script: what it starts can't be told without running it.
    Script,
    /// Another program that is called `go`: a version manager (mise, asdf, snap) that starts a `go` of its own choice.
    Launcher,
    /// Anything else.
    Other,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// As PATH leads to it.
    pub path: PathBuf,
    /// Where that is with all links followed; `None` where they lead nowhere.
    pub real: Option<PathBuf>,
    /// Links on the way, each with what it points to.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// What it is.
    pub kind: ProgramKind,
    /// The Go version that it was built with, if it is a program of Go.
    pub built_with: Option<String>,
    /// Every folder and link on the way to it.
    pub steps: Vec<Step>,
}

impl Program {
    /// The version, if it is a `go` that tells one.
    pub fn version(&self) -> Option<&str> {
        match &self.kind {
            ProgramKind::Go { version, .. } => version.as_deref(),
            _ => None,
        }
    }

    /// The GOROOT that it takes for its own.
    pub fn goroot(&self) -> Option<&Path> {
        match &self.kind {
            ProgramKind::Go { goroot, .. } => goroot.as_deref(),
            _ => None,
        }
    }
}

/// A Go installation: a GOROOT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The folder, links resolved.
    pub root: PathBuf,
    /// First line of `VERSION`.
    pub version: Option<String>,
    /// The version that `bin/go` was built as.
    pub go: Option<String>,
    /// The version that the compiler (`pkg/tool/*/compile`) was built as.
    pub compiler: Option<String>,
    /// A whole installation inside this one, such as what `tar -C /usr/local/go -xzf` makes.
    pub nested: Option<PathBuf>,
    /// Whether `pkg/tool` is there, without which it is no installation that works.
    pub has_tools: bool,
    /// Every folder and link on the way to `bin/go`, and what lies between `root` and the compiler.
    pub steps: Vec<Step>,
}

/// A name in a folder of PATH that is a link and leads to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLink {
    /// The link.
    pub path: PathBuf,
    /// What it points to, as it is written.
    pub target: PathBuf,
    /// Whether it leads back to itself.
    pub looped: bool,
}

/// The link at `path`, if it is one and leads to nothing.
pub fn dead_link(path: &Path) -> Option<DeadLink> {
    let e = sys::stat(path).err()?;
    let target = sys::read_link(path).ok()?;
    Some(DeadLink { path: path.to_path_buf(), target, looped: sys::is_link_loop(&e) })
}

/// This system, as folders of an installation's tools name it.
const GOOS: &str = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };

/// Looks programs and installations up, each once.
#[derive(Debug, Default)]
pub struct Programs {
    seen: RefCell<BTreeMap<PathBuf, Option<Arc<Program>>>>,
    roots: RefCell<BTreeMap<PathBuf, Arc<Installation>>>,
}

impl Programs {
    /// The program at `path`; `None` where there is none that runs.
    pub fn at(&self, path: &Path) -> Option<Arc<Program>> {
        if let Some(known) = self.seen.borrow().get(path) {
            return known.clone();
        }
        let found = look(path).map(Arc::new);
        self.seen.borrow_mut().insert(path.to_path_buf(), found.clone());
        found
    }

    /// The installation whose folder is `root`.
    pub fn installation(&self, root: &Path) -> Arc<Installation> {
        let real = sys::resolve(root).unwrap_or_else(|_| root.to_path_buf());
        if let Some(known) = self.roots.borrow().get(&real) {
            return Arc::clone(known);
        }
        let found = Arc::new(look_into(&real));
        self.roots.borrow_mut().insert(real, Arc::clone(&found));
        found
    }

    /// The installation whose folder is `root`, where it is one.
    pub fn installation_at(&self, root: &Path) -> Option<Arc<Installation>> {
        let is_one = sys::stat(&root.join("pkg/tool")).is_ok_and(|s| s.kind == NodeKind::Dir)
            || sys::stat(&root.join("bin/go")).is_ok()
                && sys::stat(&root.join("VERSION")).is_ok_and(|s| s.kind == NodeKind::File);
        is_one.then(|| self.installation(root))
    }

    /// Every installation that was looked at, by its folder.
    pub fn installations(&self) -> Vec<Arc<Installation>> {
        self.roots.borrow().values().cloned().collect()
    }
}

fn look(path: &Path) -> Option<Program> {
    let stat = sys::stat(path).ok()?;
    if stat.kind == NodeKind::Dir || !(cfg!(windows) || stat.executable()) {
        return None;
    }
    let links = links_of(path);
    let real = sys::resolve(path).ok();
    let is_go = |p: &Path| p.file_stem().is_some_and(|n| n == "go");
    let build = build_of(path);
    // gccgo's `go` is called after its version, and tells none.
    let other = |p: &PathBuf| !is_go(p) && !p.file_name().is_some_and(|n| bytes_of(n).starts_with(b"go"));
    let launches =
        real.as_ref().is_some_and(other) || build.as_ref().is_some_and(|(_, main)| !matches!(main.as_str(), "" | "cmd/go"));
    let built_with = build.map(|(version, _)| version);
    let kind = if is_script(path) {
        ProgramKind::Script
    } else if !is_go(path) {
        ProgramKind::Other
    } else if launches {
        ProgramKind::Launcher
    } else {
        ProgramKind::Go { goroot: locate::goroot_of_program(path), version: built_with.clone() }
    };
    Some(Program { path: path.to_path_buf(), real, links, kind, built_with, steps: way_to(path) })
}

fn is_script(path: &Path) -> bool {
    let mut head = [0u8; 2];
    sys::open(path).and_then(|f| crate::format::ReadAt::read_full_at(&f, 0, &mut head)).is_ok_and(|n| n == 2) && &head == b"#!"
}

/// The Go version that a program was built with: of the tools of an installation, its own version.
pub fn program_version(path: &Path) -> Option<String> {
    build_of(path).map(|(version, _)| version)
}

/// The Go version that a program was built with, and the path of its main package, empty where it tells none.
fn build_of(path: &Path) -> Option<(String, String)> {
    let file = sys::open(path).ok()?;
    let image = binary::map(&file).ok()?.ok()?;
    image.build_info(&file).ok()?.ok().map(|info| (info.go_version, info.modules.path))
}

/// Links of the last part of a path, one after the other; a loop ends it.
fn links_of(path: &Path) -> Vec<(PathBuf, PathBuf)> {
    // As many as Linux follows (path_resolution(7)).
    const MOST: usize = 40;
    let mut links = Vec::new();
    let mut at = path.to_path_buf();
    while links.len() < MOST {
        let Ok(target) = sys::read_link(&at) else { break };
        let next = at.parent().unwrap_or(Path::new("/")).join(&target);
        links.push((at, target));
        at = next;
    }
    links
}

fn look_into(root: &Path) -> Installation {
    let line = |file: &Path| {
        let text = locate::read_small(file).ok()?;
        let first = String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned();
        Some(first).filter(|l| !l.is_empty())
    };
    let tools = root.join("pkg/tool");
    let compilers = sys::Dir::open_root(&tools).and_then(|d| d.list()).unwrap_or_default();
    // One for this machine's own system is the one that is run; others may be left from elsewhere.
    let (system, others): (Vec<_>, Vec<_>) = compilers.iter().partition(|(name, _)| bytes_of(name).starts_with(GOOS.as_bytes()));
    let compile = |(name, _): &&(std::ffi::OsString, NodeKind)| tools.join(name).join("compile");
    let compiler = system.iter().chain(&others).map(compile).find_map(|path| Some((program_version(&path)?, path)));
    let mut steps = way_to(&root.join("bin/go"));
    let inside = compiler.iter().flat_map(|(_, path)| way_to(path)).filter(|s| s.path.starts_with(root) && s.path != root);
    steps.extend(inside.collect::<Vec<_>>());
    // What is unpacked into an installation, and what is moved into one that was there.
    let nested = std::iter::once(root.join("go")).find(|inner| is_installation(inner));
    Installation {
        version: line(&root.join("VERSION")),
        go: program_version(&root.join("bin").join(if cfg!(windows) { "go.exe" } else { "go" })),
        compiler: compiler.map(|(version, _)| version),
        nested,
        has_tools: sys::stat(&tools).is_ok_and(|s| s.kind == NodeKind::Dir),
        root: root.to_path_buf(),
        steps,
    }
}

fn is_installation(folder: &Path) -> bool {
    sys::stat(&folder.join("bin/go")).is_ok() && sys::stat(&folder.join("VERSION")).is_ok_and(|s| s.kind == NodeKind::File)
}
