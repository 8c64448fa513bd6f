//! An index held against the files that it stands for.

use std::collections::BTreeSet;

use super::{Index, Package, Positioned, SourceFile};
use crate::format::gosource::{Dialect, Source, Text, clean, is_read, is_source, source};

/// The largest source file that is held against an index, in bytes. Go knows no limit but that of the whole module; what is larger is
/// compared by its name alone, so that memory stays bounded.
pub const MAX_SOURCE: u64 = 32 << 20;

/// How many differences are told.
const KEPT: usize = 8;

/// One difference between an index and the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A name that leads elsewhere.
    Unclean(String),
    /// Directories or files do not stand in their order, or twice: Go's search then misses some.
    Order(String),
    /// The index has the directory, the module does not.
    NoSuchDirectory(String),
    /// The module has the directory, the index does not.
    DirectoryLeftOut(String),
    /// The index says that the directory can't be read.
    DirectoryError(String),
    /// The index names a file that is not there.
    NoSuchFile(String),
    /// The file is there and the index leaves it out.
    FileLeftOut(String),
    /// Both have the file: what differs, in the index and in the file.
    Field(String, &'static str, String, String),
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Difference::Unclean(name) => write!(f, "it names `{name}`, which is no plain name of a file there"),
            Difference::Order(name) => write!(f, "`{name}` does not stand in its order, so that Go misses files"),
            Difference::NoSuchDirectory(dir) => write!(f, "it has a directory `{dir}`, which is not there"),
            Difference::DirectoryLeftOut(dir) => write!(f, "it leaves out the directory `{dir}`"),
            Difference::DirectoryError(dir) => write!(f, "it says that the directory `{dir}` can't be read"),
            Difference::NoSuchFile(file) => write!(f, "it names `{file}`, which is not there"),
            Difference::FileLeftOut(file) => write!(f, "it leaves out `{file}`"),
            Difference::Field(file, field, index, source) => {
                write!(f, "it gives `{file}` {field} `{index}`, the file has `{source}`")
            }
        }
    }
}

/// The first name in an index that is no plain one: a base name for files, a clean relative path for directories.
pub fn unclean(index: &Index<'_>) -> Option<String> {
    uncleans(index).next().map(|(_, name)| text(name))
}

/// Where the names lead that are no plain ones, in a module whose directory is `root`: what Go compiles there. A few of them.
pub fn outside(index: &Index<'_>, root: &[u8]) -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = uncleans(index).map(|(dir, name)| clean(&[root, dir, name].join(&b'/'))).take(64).collect();
    out.sort();
    out.dedup();
    out.truncate(KEPT);
    out
}

/// Every name that is no plain one, and the directory that it counts from.
fn uncleans<'i>(index: &'i Index<'_>) -> impl Iterator<Item = (&'i [u8], &'i [u8])> {
    let windows = cfg!(windows);
    let separator = move |b: u8| b == b'/' || (windows && b == b'\\');
    let plain =
        move |name: &[u8]| !(matches!(name, b"" | b"." | b"..") || name.contains(&0) || (windows && name.contains(&b':')));
    let good = move |dir: &[u8]| dir.is_empty() || dir.split(|b| separator(*b)).all(plain);
    index.packages.iter().flat_map(move |package| {
        let dirs = [package.dir, package.own_dir].into_iter().filter(move |d| !good(d)).map(|d| (&b""[..], d));
        let files = package.files.iter().map(|f| f.name).filter(move |n| !plain(n) || n.iter().any(|b| separator(*b)));
        dirs.chain(files.map(|name| (package.dir, name)))
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An index while files are held against it one by one, in any order.
#[derive(Debug)]
pub struct Comparison<'i> {
    index: &'i Index<'i>,
    /// The module's directory, absolute.
    root: &'i [u8],
    /// The files that were met, for each package.
    met: Vec<Vec<bool>>,
    /// The directories that were met.
    dirs: BTreeSet<Vec<u8>>,
    last: Option<(Vec<u8>, Option<usize>)>,
    differences: Vec<Difference>,
    more: u64,
    /// Whether files can't be found in the index by their names.
    unordered: bool,
    /// Whether it stands for one directory alone, not for all from the root on.
    single: bool,
}

impl<'i> Comparison<'i> {
    /// Begins. `root`: the module's directory, absolute.
    pub fn new(index: &'i Index<'i>, root: &'i [u8]) -> Comparison<'i> {
        let met = index.packages.iter().map(|p| vec![false; p.files.len()]).collect();
        let mut out = Comparison {
            index,
            root,
            met,
            dirs: BTreeSet::new(),
            last: None,
            differences: Vec::new(),
            more: 0,
            unordered: false,
            single: false,
        };
        if let Some(name) = unclean(index) {
            out.tell(Difference::Unclean(name));
        }
        let dirs = |p: &'i Package<'i>| p.dir;
        if let Some(name) = misplaced(index.packages.iter().map(dirs)) {
            out.unordered = true;
            out.tell(Difference::Order(text(name)));
        }
        for package in &index.packages {
            if package.dir != package.own_dir {
                out.tell(Difference::NoSuchDirectory(text(package.own_dir)));
            }
            if !package.error.is_empty() {
                out.tell(Difference::DirectoryError(text(package.dir)));
            }
            if let Some(name) = misplaced(package.files.iter().map(|f| f.name)) {
                out.unordered = true;
                out.tell(Difference::Order(text(name)));
            }
        }
        out
    }

    /// Begins with the index of one package directory. `root`: that of the module, absolute.
    pub fn of_package(index: &'i Index<'i>, root: &'i [u8]) -> Comparison<'i> {
        Comparison { single: true, ..Comparison::new(index, root) }
    }

    fn tell(&mut self, difference: Difference) {
        if self.differences.len() < KEPT {
            self.differences.push(difference);
        } else {
            self.more += 1;
        }
    }

    /// Takes a directory that is there, with all above it; returns its package.
    fn dir(&mut self, dir: &[u8]) -> Option<usize> {
        if let Some((last, at)) = &self.last
            && last == dir
        {
            return *at;
        }
        let mut upper = dir;
        while self.dirs.insert(upper.to_vec()) && !upper.is_empty() && !self.single {
            upper = upper.get(..memchr::memrchr(b'/', upper).unwrap_or(0)).unwrap_or(&[]);
        }
        let own = native(dir);
        let at = self.index.packages.binary_search_by(|p| p.dir.cmp(own.as_ref())).ok();
        self.last = Some((dir.to_vec(), at));
        at
    }

    /// Takes a directory that is there, relative to the root, with slashes.
    pub fn directory(&mut self, dir: &[u8]) {
        let _ = self.dir(dir);
    }

    /// Whether the bytes of a file of this path matter.
    pub fn wants(path: &[u8]) -> bool {
        let name = base(path);
        is_source(name) && is_read(name)
    }

    /// Takes a file that is there, with its path relative to the root, with slashes. `bytes`: all of it; `None` where it was too
    /// large to be kept, or need not be read.
    pub fn file(&mut self, path: &[u8], bytes: Option<&[u8]>) {
        let name = base(path);
        let dir = path.get(..path.len() - name.len()).unwrap_or(&[]);
        let dir = dir.strip_suffix(b"/").unwrap_or(dir);
        let package = self.dir(dir);
        if self.unordered || !is_source(name) {
            return;
        }
        let Some((number, package)) = package.and_then(|n| Some((n, self.index.packages.get(n)?))) else { return };
        let Ok(at) = package.files.binary_search_by(|f| f.name.cmp(name)) else {
            return self.tell(Difference::FileLeftOut(text(path)));
        };
        if let Some(met) = self.met.get_mut(number).and_then(|m| m.get_mut(at)) {
            *met = true;
        }
        let Some(file) = package.files.get(at) else { return };
        let empty: &[u8] = &[];
        let Some(bytes) = bytes.or((!is_read(name)).then_some(empty)) else { return };
        let separator: &[u8] = if cfg!(windows) { b"\\" } else { b"/" };
        let folder = if dir.is_empty() { self.root.to_vec() } else { [self.root, separator, native(dir).as_ref()].concat() };
        if let Some((field, index, found)) = differs(file, name, bytes, &folder) {
            self.tell(Difference::Field(text(path), field, index, found));
        }
    }

    /// Ends: what the index has and the directory has not, and the reverse. The differences, and how many more there are.
    pub fn finish(mut self) -> (Vec<Difference>, u64) {
        if self.unordered {
            return (self.differences, self.more);
        }
        if !self.single {
            self.dirs.insert(Vec::new());
        }
        let index = self.index;
        let known: BTreeSet<Vec<u8>> = index.packages.iter().map(|p| slashed(p.dir).into_owned()).collect();
        let left_out: Vec<Vec<u8>> = self.dirs.difference(&known).cloned().collect();
        for dir in left_out {
            self.tell(Difference::DirectoryLeftOut(text(&dir)));
        }
        for (package, met) in index.packages.iter().zip(std::mem::take(&mut self.met)) {
            let dir = slashed(package.dir);
            if !self.dirs.contains(dir.as_ref()) {
                self.tell(Difference::NoSuchDirectory(text(&dir)));
                continue;
            }
            for (file, met) in package.files.iter().zip(met) {
                if !met {
                    let path = if dir.is_empty() { file.name.to_vec() } else { [&dir, &b"/"[..], file.name].concat() };
                    self.tell(Difference::NoSuchFile(text(&path)));
                }
            }
        }
        (self.differences, self.more)
    }
}

/// A directory as it is written everywhere but on Windows.
fn slashed(dir: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if cfg!(windows) && dir.contains(&b'\\') {
        dir.iter().map(|b| if *b == b'\\' { b'/' } else { *b }).collect()
    } else {
        dir.into()
    }
}

/// A directory as Go writes it on this system.
fn native(dir: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if cfg!(windows) && dir.contains(&b'/') {
        dir.iter().map(|b| if *b == b'/' { b'\\' } else { *b }).collect()
    } else {
        dir.into()
    }
}

fn base(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).and_then(|at| path.get(at + 1..)).unwrap_or(path)
}

/// The first name that does not come after the one before it.
fn misplaced<'a>(names: impl Iterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    let mut last = None;
    for name in names {
        if last.is_some_and(|l| l >= name) {
            return Some(name);
        }
        last = Some(name);
    }
    None
}

type FieldDifference = (&'static str, String, String);

/// What differs first, as every version of Go would have it.
fn differs(file: &SourceFile<'_>, name: &[u8], bytes: &[u8], folder: &[u8]) -> Option<FieldDifference> {
    let mut first = None;
    for dialect in Dialect::all() {
        let found = fields(file, &source(name, bytes, folder, dialect), folder);
        found.as_ref()?;
        first = first.or(found);
    }
    first
}

fn fields(file: &SourceFile<'_>, source: &Source<'_>, folder: &[u8]) -> Option<FieldDifference> {
    let told = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let flag = |field: &'static str, index: bool, found: bool| (index != found).then(|| (field, told(index), told(found)));
    let word = |field, index: &[u8], found: &[u8]| (index != found).then(|| (field, text(index), text(found)));
    let none = |field, index: usize| (index != 0).then(|| (field, format!("{index} of them"), "none".to_owned()));
    if let Some(d) = flag("the word that it is unreadable:", !file.error.is_empty(), source.unreadable) {
        return Some(d);
    }
    // Go passes over files whose name begins with a dot or `_` before it would note that.
    if let Some(d) = flag("the word that it is passed over:", file.ignored, false) {
        return Some(d);
    }
    let plus_build = (file.plus_build != source.plus_build)
        .then(|| ("the `+build` lines", text(&file.plus_build.join(&b'\n')), text(&source.plus_build.join(&b'\n'))));
    let first = word("the build constraint", file.go_build, source.go_build)
        .or(plus_build)
        .or_else(|| flag("the word that it has no source:", file.binary_only, source.binary_only));
    if first.is_some() || source.unsure {
        return first;
    }
    if let Some(d) = flag("the word that it has a syntax error:", !file.parse_error.is_empty(), source.syntax_error) {
        return Some(d);
    }
    if source.unreadable && !file.parse_error.is_empty() {
        return Some(("the word that it has a syntax error:", told(true), told(false)));
    }
    if source.syntax_error || source.unreadable {
        // Then Go keeps nothing of what is in it.
        return none("imports:", file.imports.len())
            .or_else(|| none("embedding patterns:", file.embeds.len()))
            .or_else(|| none("directives:", file.directives.len()))
            .or_else(|| word("the cgo lines", file.cgo, b""))
            .or_else(|| if file.package.is_empty() { None } else { word("the package name", file.package, source.package) })
            .or_else(|| if file.synopsis.is_empty() { None } else { synopsis(file, source) });
    }
    word("the package name", file.package, source.package)
        .or_else(|| texts("the import", "imports", &file.imports, &source.imports, file.name, folder))
        .or_else(|| word("the cgo lines", file.cgo, source.cgo.as_bytes()))
        .or_else(|| texts("the embedding pattern", "embedding patterns", &file.embeds, &source.embeds, file.name, folder))
        .or_else(|| texts("the directive", "directives", &file.directives, &source.directives, file.name, folder))
        .or_else(|| synopsis(file, source))
}

fn synopsis(file: &SourceFile<'_>, source: &Source<'_>) -> Option<FieldDifference> {
    let found = source.synopsis.as_ref()?;
    (file.synopsis != found.as_bytes()).then(|| ("the synopsis", text(file.synopsis), found.clone()))
}

fn texts(
    one: &'static str,
    many: &'static str,
    index: &[Positioned<'_>],
    found: &[Text<'_>],
    name: &[u8],
    folder: &[u8],
) -> Option<FieldDifference> {
    let own = |file: &[u8]| {
        let separator = |b: &u8| *b == b'/' || (cfg!(windows) && *b == b'\\');
        file.strip_prefix(folder).and_then(|f| f.split_first()).is_some_and(|(s, rest)| separator(s) && rest == name)
    };
    let place = |file: &[u8], offset: u64, line: u32, column: u32| {
        format!("{}:{line}:{column} (byte {offset})", text(if own(file) { name } else { file }))
    };
    for (i, f) in index.iter().zip(found) {
        if i.text != f.text.as_ref() {
            return Some((one, text(i.text), text(&f.text)));
        }
        let same_file = f.at.file.as_ref().map_or_else(|| own(i.file), |file| i.file == file.as_slice());
        let offset = u64::try_from(f.at.offset).unwrap_or(u64::MAX);
        if !same_file || u64::from(i.offset) != offset || (i.line, i.column) != (f.at.line, f.at.column) {
            let there = place(i.file, i.offset.into(), i.line, i.column);
            let here = place(f.at.file.as_deref().unwrap_or(name), offset, f.at.line, f.at.column);
            return Some((one, format!("{} at {there}", text(i.text)), format!("{} at {here}", text(i.text))));
        }
    }
    let rest = |n: usize| index.get(n..).and_then(|r| r.first()).map(|t| text(t.text));
    let others = |n: usize| found.get(n..).and_then(|r| r.first()).map(|t| text(&t.text));
    match (rest(found.len()), others(index.len())) {
        (None, None) => None,
        (Some(more), _) => Some((many, format!("{more} too"), format!("{} of them", found.len()))),
        (None, Some(more)) => Some((many, format!("{} of them", index.len()), format!("{more} too"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: &[(&str, &str)] = &[
        ("go.mod", "module m\n"),
        ("a.go", "// Package a is a.\npackage a\n\nimport (\n\t\"embed\"\n\t\"fmt\"\n)\n\n//go:embed x.txt\nvar f embed.FS\n"),
        ("b.go", "//go:build linux\n\n//go:debug x=1\npackage a\n\n// #cgo LDFLAGS: -lm\nimport \"C\"\n"),
        ("c.s", "// +build amd64\n\nTEXT\n"),
        ("d/e.go", "package e\nimport ()x\n"),
        ("d/f.go", "package"),
        ("d/g.syso", "\0"),
    ];

    fn at(text: &'static [u8], file: &'static [u8], offset: u32, line: u32, column: u32) -> Positioned<'static> {
        Positioned { text, file, offset, line, column }
    }

    /// The index of the files, as Go makes it.
    fn index() -> Index<'static> {
        let a = SourceFile {
            name: b"a.go",
            package: b"a",
            synopsis: b"Package a is a.",
            imports: vec![at(b"embed", b"/m/a.go", 40, 5, 2), at(b"fmt", b"/m/a.go", 49, 6, 2)],
            embeds: vec![at(b"x.txt", b"/m/a.go", 69, 9, 12)],
            ..SourceFile::default()
        };
        let b = SourceFile {
            name: b"b.go",
            package: b"a",
            go_build: b"//go:build linux",
            cgo: b"#cgo LDFLAGS: -lm",
            imports: vec![at(b"C", b"/m/b.go", 72, 7, 8)],
            directives: vec![at(b"//go:build linux", b"/m/b.go", 0, 1, 1), at(b"//go:debug x=1", b"/m/b.go", 18, 3, 1)],
            ..SourceFile::default()
        };
        let c = SourceFile { name: b"c.s", plus_build: vec![b"// +build amd64"], ..SourceFile::default() };
        let e = SourceFile { name: b"e.go", package: b"e", ..SourceFile::default() };
        let f = SourceFile { name: b"f.go", parse_error: b"{}", ..SourceFile::default() };
        let g = SourceFile { name: b"g.syso", ..SourceFile::default() };
        let of = |dir, files| Package { dir, own_dir: dir, error: b"", files };
        Index { packages: vec![of(b"", vec![a, b, c]), of(b"d", vec![e, f, g])] }
    }

    fn compare(index: &Index<'_>) -> (Vec<Difference>, u64) {
        let mut comparison = Comparison::new(index, b"/m");
        for (path, text) in FILES {
            comparison.file(path.as_bytes(), Comparison::wants(path.as_bytes()).then_some(text.as_bytes()));
        }
        comparison.finish()
    }

    #[test]
    fn an_index_that_go_made_has_no_difference() {
        assert_eq!(compare(&index()), (Vec::new(), 0));
    }

    #[test]
    fn every_change_is_told() {
        type Change = fn(&mut Index<'static>);
        let changes: &[(&str, Change)] = &[
            ("file left out", |i| i.packages[0].files.truncate(2)),
            ("file added", |i| i.packages[0].files.push(SourceFile { name: b"z.go", ..SourceFile::default() })),
            ("file twice", |i| i.packages[0].files.extend_from_within(2..)),
            ("files in another order", |i| i.packages[0].files.swap(0, 1)),
            ("another name", |i| i.packages[0].files[0].name = b"../a.go"),
            ("object file left out", |i| i.packages[1].files.truncate(2)),
            ("directory missing", |i| i.packages.truncate(1)),
            ("directory added", |i| i.packages.push(Package { dir: b"x", own_dir: b"x", ..Package::default() })),
            ("directory twice", |i| i.packages.extend_from_within(1..)),
            ("another own directory", |i| i.packages[1].own_dir = b""),
            ("directory outside", |i| (i.packages[1].dir, i.packages[1].own_dir) = (b"../d", b"../d")),
            ("directory unreadable", |i| i.packages[1].error = b"x"),
            ("file unreadable", |i| i.packages[0].files[0].error = b"x"),
            ("syntax error", |i| i.packages[0].files[0].parse_error = b"x"),
            ("no syntax error", |i| i.packages[1].files[1].parse_error = b""),
            ("import behind a syntax error", |i| i.packages[1].files[1].imports.push(at(b"os", b"/m/d/f.go", 1, 1, 1))),
            ("ignored", |i| i.packages[0].files[0].ignored = true),
            ("no source", |i| i.packages[0].files[0].binary_only = true),
            ("package name", |i| i.packages[0].files[0].package = b"b"),
            ("synopsis", |i| i.packages[0].files[0].synopsis = b"Package a is b."),
            ("import added", |i| i.packages[0].files[0].imports.push(at(b"os", b"/m/a.go", 60, 7, 2))),
            ("import left out", |i| i.packages[0].files[0].imports.truncate(1)),
            ("another import", |i| i.packages[0].files[0].imports[1].text = b"os"),
            ("import elsewhere", |i| i.packages[0].files[0].imports[1].line = 7),
            ("import of another file", |i| i.packages[0].files[0].imports[1].file = b"/m/b.go"),
            ("constraint", |i| i.packages[0].files[1].go_build = b"//go:build !linux"),
            ("constraint left out", |i| i.packages[0].files[1].go_build = b""),
            ("old constraint", |i| i.packages[0].files[2].plus_build.clear()),
            ("linker flag", |i| i.packages[0].files[1].cgo = b"#cgo LDFLAGS: -lm\n#cgo LDFLAGS: /tmp/x.a"),
            ("linker flag added", |i| i.packages[0].files[0].cgo = b"#cgo LDFLAGS: /tmp/x.a"),
            ("pattern", |i| i.packages[0].files[0].embeds[0].text = b"y.txt"),
            ("directive", |i| i.packages[0].files[1].directives[1].text = b"//go:debug x=2"),
            ("directive left out", |i| i.packages[0].files[1].directives.truncate(1)),
        ];
        for (name, change) in changes {
            let mut index = index();
            change(&mut index);
            assert!(!compare(&index).0.is_empty(), "{name}");
        }
    }

    #[test]
    fn an_index_of_another_module_differs_in_its_paths() {
        let index = index();
        let mut comparison = Comparison::new(&index, b"/n");
        for (path, text) in FILES {
            comparison.file(path.as_bytes(), Some(text.as_bytes()));
        }
        assert!(!comparison.finish().0.is_empty());
    }

    #[test]
    fn names_that_lead_outside_are_followed() {
        let mut index = index();
        index.packages[1].files[0].name = b"../../../p/x.go";
        assert_eq!(outside(&index, b"/m/n"), [b"/p/x.go".to_vec()]);
    }
}
