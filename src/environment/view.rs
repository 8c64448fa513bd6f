//! What an environment leads to: PATH entry by entry, every `go` in it, and Go's settings as they then are.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::program::{DeadLink, Installation, Program, Programs, dead_link};
use crate::evidence::node::{Step, way_to};
use crate::format::shell::{At, Value};
use crate::locate::{self, Flags, Host, Settings, Source, text_of};
use crate::sys::{self, NodeKind};

/// What stands at an entry of PATH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// A folder.
    Folder,
    /// Nothing.
    Missing,
    /// Something that is no folder, or a link that leads nowhere.
    NotFolder,
    /// The empty entry: the current folder.
    Empty,
    /// Not absolute: counted from the current folder.
    Relative,
    /// Begins with a tilde that no shell has replaced: bash alone takes it for the home folder, Go and others do not.
    Tilde,
    /// Not known.
    Unknown,
}

/// One entry of PATH.
#[derive(Debug, Clone)]
pub struct PathEntry {
    /// As it stands there; what is not known is left out.
    pub text: Vec<u8>,
    /// The line that put it there; `None` where it was there before the first init file, or nobody knows.
    pub at: Option<At>,
    /// What stands there.
    pub state: EntryState,
    /// The folder, absolute.
    pub folder: Option<PathBuf>,
    /// The way there, as far as it exists.
    pub steps: Arc<[Step]>,
    /// Whether `bin/go` lies in it: an installation, not its programs.
    pub is_goroot: bool,
}

/// A program and the entry of PATH that it was found in.
#[derive(Debug, Clone)]
pub struct Found {
    /// Index into [`View::path`].
    pub entry: usize,
    /// The program.
    pub program: Arc<Program>,
    /// Of a `go`: the installation whose `bin` that entry is, whatever the program itself is a link to.
    pub beside: Option<Arc<Installation>>,
}

/// A GOROOT that something sets.
#[derive(Debug, Clone)]
pub struct NamedGoroot {
    /// As it is set, made absolute.
    pub path: PathBuf,
    /// With all links followed; `None` where nothing is there.
    pub real: Option<PathBuf>,
    /// The installation there, if it is one.
    pub installation: Option<Arc<Installation>>,
}

/// Programs beside `go` that are looked for: what Go starts, by name and out of PATH, and what belongs to Go.
pub const TOOLS: &[&str] = &[
    "gofmt",
    "gopls",
    "git",
    "hg",
    "svn",
    "bzr",
    "fossil",
    "gcc",
    "g++",
    "cc",
    "c++",
    "clang",
    "clang++",
    "gfortran",
    "ld",
    "as",
    "ar",
    "pkg-config",
    "asm",
    "compile",
    "link",
    "cgo",
    "vet",
    "buildid",
    "pack",
    "nm",
    "objdump",
    "dlv",
];

/// What an environment leads to.
#[derive(Debug, Clone)]
pub struct View {
    /// PATH entry by entry; empty where it is not set.
    pub path: Vec<PathEntry>,
    /// Whether all of PATH is known.
    pub path_known: bool,
    /// Every `go` in the order of PATH. Only what stands before the first unknown entry is certain.
    pub gos: Vec<Found>,
    /// Of [`TOOLS`], every one that PATH leads to, in its order.
    pub tools: BTreeMap<&'static str, Vec<Found>>,
    /// Entries of PATH whose `go` is a link that leads to nothing.
    pub dead: Vec<(usize, DeadLink)>,
    /// Go's settings as they are there; `None` where something unknown decides.
    pub settings: Option<Box<Settings>>,
    /// GOROOT, where the settings have one that is no default.
    pub goroot: Option<NamedGoroot>,
}

impl View {
    /// The `go` that a shell would start; `None` where there is none, or an unknown entry stands before it.
    pub fn go(&self) -> Option<&Found> {
        let first = self.gos.first()?;
        let certain = self.path.iter().take(first.entry).all(|e| e.state != EntryState::Unknown);
        certain.then_some(first)
    }

    /// The first program of a name, of `go` and [`TOOLS`].
    pub fn first(&self, name: &str) -> Option<&Found> {
        if name == "go" { self.go() } else { self.tools.get(name)?.first() }
    }

    /// Whether it is certain that no `go` is found.
    pub fn has_no_go(&self) -> bool {
        self.gos.is_empty() && self.path_known
    }

    /// Gives entries of PATH without a line that of the first of `known` with the same text.
    pub fn lend_lines<'a>(&mut self, known: impl Iterator<Item = &'a PathEntry>) {
        let mut lines: BTreeMap<&[u8], &At> = BTreeMap::new();
        for entry in known {
            if let Some(at) = &entry.at {
                lines.entry(&entry.text).or_insert(at);
            }
        }
        for entry in self.path.iter_mut().filter(|e| e.at.is_none()) {
            entry.at = lines.get(entry.text.as_slice()).map(|at| (*at).clone());
        }
    }

    /// The entry that a program was found in.
    pub fn entry(&self, found: &Found) -> Option<&PathEntry> {
        self.path.get(found.entry)
    }
}

/// What stands at a folder, and the way there.
type Way = (EntryState, Arc<[Step]>);

/// What a folder of PATH holds of the names that count.
#[derive(Debug)]
struct Listed {
    names: Vec<&'static str>,
    dead_go: Option<DeadLink>,
    is_goroot: bool,
}

/// Looks environments up; what lies on disk is looked at once.
#[derive(Debug, Default)]
pub struct Looker {
    /// Programs and installations.
    pub programs: Programs,
    ways: RefCell<BTreeMap<PathBuf, Way>>,
    listed: RefCell<BTreeMap<PathBuf, Arc<Listed>>>,
}

impl Looker {
    /// Looks at the environment `vars` of a process that starts in `cwd`. A variable that is not all known hides the settings.
    pub fn view(&self, vars: &BTreeMap<Vec<u8>, Value>, cwd: &Path) -> View {
        let path = vars.get(b"PATH".as_slice());
        let parts = path.filter(|v| !v.is_empty()).map(|v| v.split_placed(b':')).unwrap_or_default();
        let path: Vec<PathEntry> = parts.iter().map(|(part, at)| self.entry(part, at.clone(), cwd)).collect();
        let path_known = path.iter().all(|e| e.state != EntryState::Unknown);
        let mut gos = Vec::new();
        let mut tools: BTreeMap<&'static str, Vec<Found>> = BTreeMap::new();
        let mut dead = Vec::new();
        for (entry, seen) in path.iter().enumerate() {
            let Some(folder) = &seen.folder else { continue };
            let listed = self.names_in(folder);
            dead.extend(listed.dead_go.clone().map(|link| (entry, link)));
            for name in &listed.names {
                let Some(program) = self.programs.at(&folder.join(name)) else { continue };
                if *name == "go" {
                    let above = folder.parent().filter(|_| folder.ends_with("bin"));
                    let beside = above.and_then(|root| self.programs.installation_at(root));
                    gos.push(Found { entry, program, beside });
                } else {
                    tools.entry(name).or_default().push(Found { entry, program, beside: None });
                }
            }
        }
        let known: Option<BTreeMap<_, _>> = vars
            .iter()
            .filter(|(name, _)| decides(name))
            .map(|(name, value)| Some((text_of(name), text_of(&value.text()?))))
            .collect();
        let settings = known.map(|env| Box::new(locate::survey(&Host { env, cwd: cwd.to_path_buf() }, &Flags::default())));
        let goroot = settings.as_deref().and_then(|s| self.named_goroot(s, cwd));
        View { path, path_known, gos, tools, dead, settings, goroot }
    }

    fn named_goroot(&self, settings: &Settings, cwd: &Path) -> Option<NamedGoroot> {
        let setting = settings.get("GOROOT").filter(|s| s.source != Source::Default && s.raw.is_some())?;
        let path = cwd.join(setting.raw.as_deref()?);
        let installation = self.programs.installation_at(&path);
        Some(NamedGoroot { real: sys::resolve(&path).ok(), installation, path })
    }

    fn entry(&self, part: &Value, at: Option<At>, cwd: &Path) -> PathEntry {
        let mut text = Vec::new();
        for piece in part.pieces() {
            if let crate::format::shell::Piece::Text(bytes, _) = piece {
                text.extend_from_slice(bytes);
            }
        }
        if !part.is_known() {
            return PathEntry { text, at, state: EntryState::Unknown, folder: None, steps: Arc::from([]), is_goroot: false };
        }
        let path = PathBuf::from(text_of(&text));
        let folder = cwd.join(&path);
        let (on_disk, steps) = self.way(&folder);
        let state = match text.first() {
            None => EntryState::Empty,
            Some(b'~') => EntryState::Tilde,
            Some(_) if !path.is_absolute() => EntryState::Relative,
            Some(_) => on_disk,
        };
        let is_goroot = state == EntryState::Folder && self.names_in(&folder).is_goroot;
        PathEntry { text, at, state, folder: Some(folder), steps, is_goroot }
    }

    fn way(&self, folder: &Path) -> Way {
        if let Some(known) = self.ways.borrow().get(folder) {
            return known.clone();
        }
        let state = match sys::stat(folder) {
            Ok(stat) if stat.kind == NodeKind::Dir => EntryState::Folder,
            Ok(_) => EntryState::NotFolder,
            Err(_) if sys::lstat(folder).is_ok() => EntryState::NotFolder,
            Err(_) => EntryState::Missing,
        };
        let found: Way = (state, way_to(folder).into());
        self.ways.borrow_mut().insert(folder.to_path_buf(), found.clone());
        found
    }

    /// Which of the names that count lie in a folder. Each is asked for: a folder of programs is long, and may be searchable only.
    fn names_in(&self, folder: &Path) -> Arc<Listed> {
        if let Some(known) = self.listed.borrow().get(folder) {
            return Arc::clone(known);
        }
        let there = |name: &&'static str| sys::stat(&folder.join(name)).is_ok();
        let is_folder = self.way(folder).0 == EntryState::Folder;
        let names =
            if is_folder { std::iter::once("go").chain(TOOLS.iter().copied()).filter(there).collect() } else { Vec::new() };
        let dead_go = if is_folder { dead_link(&folder.join("go")) } else { None };
        let is_program = |path: &Path| sys::stat(path).is_ok_and(|s| s.kind == NodeKind::File && s.executable());
        let is_goroot = is_folder && is_program(&folder.join("bin/go")) && sys::stat(&folder.join("pkg/tool")).is_ok();
        let listed = Arc::new(Listed { names, dead_go, is_goroot });
        self.listed.borrow_mut().insert(folder.to_path_buf(), Arc::clone(&listed));
        listed
    }
}

/// Whether a variable has a say in what Go's settings are.
fn decides(name: &[u8]) -> bool {
    name.starts_with(b"GO")
        || name.starts_with(b"CGO")
        || matches!(
            name,
            b"PATH"
                | b"HOME"
                | b"XDG_CONFIG_HOME"
                | b"XDG_CACHE_HOME"
                | b"CC"
                | b"CXX"
                | b"AR"
                | b"FC"
                | b"GCCGO"
                | b"PKG_CONFIG"
                | b"TMPDIR"
                | b"TZ"
        )
}
