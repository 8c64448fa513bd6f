//! The walk through an extracted directory: every folder is opened and listed once, every file opened once.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::sibling::{BUFFER, Sibling, hash, same_start};
use super::{KEPT, Seen, TreeClass, TreeDamage, TreeEvidence, Visit};
use crate::evidence::node::Expect;
use crate::facts::ModuleVersion;
use crate::format::dirhash::{H1, hash1};
use crate::format::zip::{Named, Names};
use crate::sys::{self, Dir, NodeKind, Stat};

/// What the directory has in the place of a member, for its dirhash.
#[derive(Debug, Clone, Copy)]
enum Instead {
    Nothing,
    Content([u8; 32]),
    Unreadable,
}

/// Goes through a directory along with the members of its zip.
pub(in crate::evidence) struct Walker<'a> {
    root: &'a Dir,
    names: Option<&'a Names<'a>>,
    toolchain: bool,
    visit: &'a mut Visit<'a>,
    /// The folder of the last member, and as many above it as are kept open.
    open: Vec<(String, Dir)>,
    /// Every folder that was listed, or could not be opened.
    seen: HashMap<String, bool>,
    /// Folders that no member lies in, still to be listed.
    strangers: Vec<String>,
    instead: HashMap<usize, Instead>,
    added: Vec<(String, [u8; 32])>,
    hashable: bool,
    /// Whether the owner may not write to the root: then nothing below may be writable either.
    locked: bool,
    buffer: Vec<u8>,
    pub(in crate::evidence) evidence: TreeEvidence,
}

/// How many folders are kept open beside the root: that of the last member and the one above it.
const FOLDERS: usize = 2;

impl<'a> Walker<'a> {
    /// `names`: those of the zip, or `None` to hash whatever is there.
    pub(in crate::evidence) fn new(
        root: &'a Dir,
        names: Option<&'a Names<'a>>,
        module: &ModuleVersion,
        visit: &'a mut Visit<'a>,
        buffer: Vec<u8>,
    ) -> Self {
        let mut walker = Walker {
            root,
            names,
            toolchain: module.path == "golang.org/toolchain",
            visit,
            open: Vec::new(),
            seen: HashMap::new(),
            strangers: Vec::new(),
            instead: HashMap::new(),
            added: Vec::new(),
            hashable: true,
            locked: false,
            buffer,
            evidence: TreeEvidence { path: root.path().to_path_buf(), ..TreeEvidence::default() },
        };
        walker.buffer.resize(BUFFER + 1, 0);
        match root.stat_self() {
            Ok(stat) => {
                walker.locked = cfg!(unix) && stat.mode & 0o200 == 0;
                (walker.visit)(&Seen { rel: Path::new(""), stat: &stat, expect: Expect::Plain, folder: Some(root) });
            }
            Err(e) => walker.unread(Path::new(""), &e),
        }
        walker.list("");
        walker
    }

    /// Opens the file of a member, to be held against it.
    pub(in crate::evidence) fn sibling(&mut self, member: usize, path: &str, size: u64) -> Option<Sibling> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let opened = match self.folder(folder) {
            Some(dir) => dir.open_file_in(name),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        match opened {
            Ok(file) => {
                let stat = *file.stat();
                self.file(path, &stat, true);
                Some(Sibling::new(file, member, size))
            }
            Err(e) => {
                self.cannot_open(member, path, &e);
                None
            }
        }
    }

    fn cannot_open(&mut self, member: usize, path: &str, error: &io::Error) {
        let rel = PathBuf::from(path);
        if error.kind() == io::ErrorKind::NotFound {
            self.instead.insert(member, Instead::Nothing);
            self.evidence.push(TreeDamage::Missing(rel));
            return;
        }
        self.instead.insert(member, Instead::Unreadable);
        self.hashable = false;
        match self.root.stat(&rel).map(|s| s.kind) {
            // Told when its folder was listed.
            Ok(NodeKind::Link | NodeKind::Fifo | NodeKind::Socket | NodeKind::Device | NodeKind::Unknown) => {}
            Ok(NodeKind::Dir) => self.evidence.push(TreeDamage::NotAFile(rel)),
            _ => self.unread(&rel, error),
        }
    }

    /// Counts a file and has it visited. `known`: whether it belongs here; what does not has no mode to keep.
    fn file(&mut self, path: &str, stat: &Stat, known: bool) {
        self.evidence.files += 1;
        self.evidence.bytes += stat.size;
        if known && stat.mode & 0o200 != 0 {
            self.evidence.push(TreeDamage::Writable(PathBuf::from(path), stat.mode));
        }
        let expect = if self.toolchain && is_program(path) { Expect::Program } else { Expect::Plain };
        (self.visit)(&Seen { rel: Path::new(path), stat, expect, folder: None });
    }

    /// Compares a piece of the member's content.
    pub(in crate::evidence) fn compare(&mut self, sibling: &mut Sibling, piece: &[u8]) {
        if let Err(e) = sibling.compare(piece, &mut self.buffer) {
            self.give_up(sibling, &e);
        }
    }

    fn give_up(&mut self, sibling: &mut Sibling, error: &io::Error) {
        let path = self.path_of(sibling.member());
        self.instead.insert(sibling.member(), Instead::Unreadable);
        self.hashable = false;
        self.unread(&path, error);
        sibling.end();
    }

    fn path_of(&self, member: usize) -> PathBuf {
        self.names.and_then(|n| n.path(member)).map(PathBuf::from).unwrap_or_default()
    }

    /// Ends the comparison. `whole`: whether the member could be read; if not, the file is only hashed.
    pub(in crate::evidence) fn settle(&mut self, mut sibling: Sibling, whole: bool) {
        if matches!(self.instead.get(&sibling.member()), Some(Instead::Unreadable)) {
            return;
        }
        let difference = if whole { sibling.difference(&mut self.buffer) } else { Ok(None) };
        match difference {
            Ok(None) if whole => return,
            Ok(None) => {}
            Ok(Some(d)) => {
                let path = self.path_of(sibling.member());
                self.evidence.push(TreeDamage::Differs(path, d));
            }
            Err(e) => return self.give_up(&mut sibling, &e),
        }
        match hash(sibling.file(), &mut self.buffer) {
            Ok(sha256) => {
                self.instead.insert(sibling.member(), sha256.map_or(Instead::Unreadable, Instead::Content));
                self.hashable &= sha256.is_some();
            }
            Err(e) => self.give_up(&mut sibling, &e),
        }
    }

    /// The open folder at `path`; listed when it is met first.
    fn folder(&mut self, path: &str) -> Option<&Dir> {
        if path.is_empty() {
            return Some(self.root);
        }
        if self.open.last().is_some_and(|(at, _)| at == path) {
            return self.open.last().map(|(_, dir)| dir);
        }
        if self.seen.get(path) == Some(&false) {
            return None;
        }
        let holds =
            |upper: &str| upper.len() < path.len() && path.starts_with(upper) && path.as_bytes().get(upper.len()) == Some(&b'/');
        while self.open.last().is_some_and(|(upper, _)| upper != path && !holds(upper)) {
            self.open.pop();
        }
        while self.open.last().is_none_or(|(at, _)| at != path) {
            let done = self.open.last().map_or(0, |(at, _)| at.len() + 1);
            let rest = path.get(done..).unwrap_or("");
            let name = rest.split('/').next().unwrap_or(rest);
            let next = path.get(..done + name.len()).unwrap_or(path).to_owned();
            let opened = self.open.last().map_or(self.root, |(_, dir)| dir).open_dir_in(name);
            let first = !self.seen.contains_key(&next);
            match opened {
                Ok(dir) => {
                    if first {
                        self.enter(&next, &dir);
                    }
                    if self.open.len() == FOLDERS {
                        self.open.remove(0);
                    }
                    self.open.push((next, dir));
                }
                Err(e) => {
                    self.seen.insert(path.to_owned(), false);
                    let known = self.root.stat(Path::new(&next)).is_ok_and(|s| s.kind != NodeKind::Dir);
                    if first && !known && e.kind() != io::ErrorKind::NotFound {
                        self.unread(Path::new(&next), &e);
                    }
                    self.seen.insert(next, false);
                    return None;
                }
            }
        }
        self.open.last().map(|(_, dir)| dir)
    }

    fn enter(&mut self, path: &str, dir: &Dir) {
        match dir.stat_self() {
            Ok(stat) => {
                // Go takes the write bits of the folders away from the bottom up: under a locked root all are locked.
                if self.locked && stat.mode & 0o200 != 0 {
                    self.evidence.push(TreeDamage::Writable(PathBuf::from(path), stat.mode));
                }
                (self.visit)(&Seen { rel: Path::new(path), stat: &stat, expect: Expect::Plain, folder: Some(dir) });
            }
            Err(e) => self.unread(Path::new(path), &e),
        }
        self.seen.insert(path.to_owned(), true);
        match dir.list() {
            Ok(children) => self.judge(path, children),
            Err(e) => self.unread(Path::new(path), &e),
        }
    }

    fn list(&mut self, path: &str) {
        match self.root.list() {
            Ok(children) => self.judge(path, children),
            Err(e) => self.unread(Path::new(path), &e),
        }
    }

    /// Judges what lies in a folder: what the zip does not explain.
    fn judge(&mut self, folder: &str, children: Vec<(OsString, NodeKind)>) {
        if children.is_empty() && self.names.is_none_or(|n| folder.is_empty() || n.get(folder).is_none()) {
            self.evidence.push(TreeDamage::EmptyFolder(PathBuf::from(folder)));
        }
        let mut path = if folder.is_empty() { String::new() } else { [folder, "/"].concat() };
        let start = path.len();
        let mut unexplained: Vec<(OsString, NodeKind)> = Vec::new();
        for (name, kind) in children {
            path.truncate(start);
            path.push_str(name.to_str().unwrap_or_default());
            let named = self.names.and_then(|n| n.get(&path));
            match (kind, named) {
                (NodeKind::File, Some(Named::File)) | (NodeKind::Dir, Some(Named::Folder)) if name.to_str().is_some() => {}
                _ => unexplained.push((name, kind)),
            }
        }
        unexplained.sort_unstable();
        for (name, kind) in unexplained {
            let Some(name) = name.to_str() else {
                // No zip of Go's holds such a name.
                self.hashable = false;
                self.evidence.push(TreeDamage::Added(Path::new(folder).join(name), None));
                continue;
            };
            path.truncate(start);
            path.push_str(name);
            match kind {
                NodeKind::File => self.extra_file(&path),
                NodeKind::Dir => self.strangers.push(path.clone()),
                NodeKind::Link => {
                    self.hashable = false;
                    let target = self.root.read_link(Path::new(&path)).unwrap_or_default();
                    self.evidence.push(TreeDamage::Linked(PathBuf::from(&path), target));
                }
                kind => {
                    self.hashable = false;
                    self.evidence.push(TreeDamage::SpecialFile(PathBuf::from(&path), kind));
                }
            }
        }
    }

    fn list_strangers(&mut self) {
        while let Some(path) = self.strangers.pop() {
            match self.root.open_dir(Path::new(&path)) {
                Ok(dir) => self.enter(&path, &dir),
                Err(e) => self.unread(Path::new(&path), &e),
            }
        }
    }

    /// A file that no member explains; without a zip, any file.
    fn extra_file(&mut self, path: &str) {
        let rel = Path::new(path);
        let file = match self.root.open_file(rel) {
            Ok(file) => file,
            Err(e) => {
                self.hashable = false;
                return self.unread(rel, &e);
            }
        };
        let stat = *file.stat();
        let copied = self.toolchain && self.copy_of_go_mod(path, &file);
        if !copied {
            self.file(path, &stat, self.names.is_none());
        }
        match hash(&file, &mut self.buffer) {
            Ok(_) if copied => {}
            Ok(Some(sha256)) => self.added.push((path.to_owned(), sha256)),
            Ok(None) => self.hashable = false,
            Err(e) => {
                self.hashable = false;
                self.unread(rel, &e);
            }
        }
        if self.names.is_some() && !copied {
            self.evidence.push(TreeDamage::Added(rel.to_path_buf(), None));
        }
    }

    /// Whether a `go.mod` is the copy that Go makes of the `_go.mod` beside it: cmd/go/internal/toolchain/select.go.
    fn copy_of_go_mod(&mut self, path: &str, file: &sys::File) -> bool {
        let folder = path.strip_suffix("go.mod").filter(|f| f.is_empty() || f.ends_with('/'));
        let Some(model) = folder.map(|f| format!("{f}_go.mod")) else { return false };
        let Ok(model) = self.root.open_file(Path::new(&model)) else { return false };
        let size = file.stat().size;
        if size > model.stat().size || !same_start(&model, file, size, &mut self.buffer) {
            return false;
        }
        if size < model.stat().size {
            // Go creates it writable, fills it, and takes the write bit away last.
            if file.stat().mode & 0o222 == 0 {
                return false;
            }
            self.evidence.push(TreeDamage::Unfinished(PathBuf::from(path)));
        }
        self.evidence.files += 1;
        self.evidence.bytes += size;
        (self.visit)(&Seen { rel: Path::new(path), stat: file.stat(), expect: Expect::Plain, folder: None });
        true
    }

    fn unread(&mut self, path: &Path, error: &io::Error) {
        self.hashable = false;
        if self.evidence.unread.len() < KEPT {
            self.evidence.unread.push((path.to_path_buf(), error.to_string()));
        }
    }

    /// The end: what is known of the directory. `shas`: the digest of each member's content, `None` where it can't be read;
    /// `zip_h1` that of the zip if every name in it is a file's; `prefix` is `path@version/`.
    pub(in crate::evidence) fn finish(
        mut self,
        shas: &[Option<[u8; 32]>],
        prefix: &str,
        zip_h1: Option<H1>,
    ) -> (TreeEvidence, Vec<u8>) {
        self.list_strangers();
        self.name_renamed(shas);
        let alike = self.instead.is_empty() && self.added.is_empty() && self.hashable;
        if self.names.is_some() {
            let only_modes =
                |d: &TreeDamage| matches!(d.class(), TreeClass::EmptyFolder | TreeClass::Writable | TreeClass::Unfinished);
            self.evidence.same_as_zip = Some(alike && self.evidence.damage.iter().all(only_modes));
        }
        self.evidence.h1 = match zip_h1.filter(|_| alike && self.names.is_some()) {
            Some(h1) => Some(h1),
            None if self.hashable => self.own_hash(shas, prefix),
            None => None,
        };
        self.evidence.damage.sort_by(|a, b| a.path().cmp(b.path()));
        (self.evidence, self.buffer)
    }

    fn own_hash(&self, shas: &[Option<[u8; 32]>], prefix: &str) -> Option<H1> {
        let mut rows: Vec<(String, [u8; 32])> = self.added.iter().map(|(p, sha)| (format!("{prefix}{p}"), *sha)).collect();
        for (i, sha) in shas.iter().enumerate() {
            let Some(path) = self.names.and_then(|n| n.path(i)) else { continue };
            let content = match self.instead.get(&i) {
                Some(Instead::Nothing) => continue,
                Some(Instead::Content(sha)) => *sha,
                Some(Instead::Unreadable) => return None,
                None => (*sha)?,
            };
            rows.push((format!("{prefix}{path}"), content));
        }
        hash1(&mut rows).ok()
    }

    /// An added file that has the bytes of a missing one was renamed.
    fn name_renamed(&mut self, shas: &[Option<[u8; 32]>]) {
        let gone: Vec<(PathBuf, [u8; 32])> = self
            .instead
            .iter()
            .filter(|(_, instead)| matches!(instead, Instead::Nothing))
            .filter_map(|(i, _)| Some((self.path_of(*i), shas.get(*i).copied().flatten()?)))
            .collect();
        if gone.is_empty() {
            return;
        }
        for damage in &mut self.evidence.damage {
            if let TreeDamage::Added(path, from) = damage {
                let sha = self.added.iter().find(|(p, _)| Path::new(p) == path).map(|(_, sha)| sha);
                *from = gone.iter().filter(|(_, s)| Some(s) == sha).map(|(p, _)| p.clone()).min();
            }
        }
    }
}

/// What Go makes executable in a toolchain: cmd/go/internal/toolchain/select.go (`allowExec`).
pub(super) fn is_program(path: &str) -> bool {
    let wrapper = |name: &str| {
        let middle = name.strip_prefix("go_").and_then(|n| n.strip_suffix("_exec")).unwrap_or("");
        middle.char_indices().skip(1).any(|(i, c)| c == '_' && i + 1 < middle.len())
    };
    path.starts_with("bin/")
        || path.starts_with("pkg/tool/")
        || path.strip_prefix("lib/").is_some_and(|rest| wrapper(rest.rsplit('/').next().unwrap_or(rest)))
}
