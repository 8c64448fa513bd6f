//! The main module of the user: its go.sum and those of its workspace, which say what the modules in the cache must be.

use std::io;
use std::path::{Path, PathBuf};

use super::tally::Tally;
use crate::format::dirhash::H1;
use crate::format::gosum::{self, GoSum, Sum, Verdict};
use crate::format::gowork;
use crate::locate::{Os, bytes_of, text_of};
use crate::sys;

/// A go.sum or go.work.sum that was read.
#[derive(Debug, Clone)]
pub struct SumFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What it says.
    pub sums: GoSum,
}

/// All files of sums that Go holds modules against for one main module.
#[derive(Debug, Clone, Default)]
pub struct MainSums {
    /// The main module's own, then that of the workspace, then those of its other modules; those that are there.
    pub files: Vec<SumFile>,
}

/// The line of a file of sums that decides about a module or a go.mod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The file.
    pub file: &'a Path,
    /// Sum and line.
    pub sum: Sum,
    /// Whether it is the sum that was computed.
    pub fits: bool,
}

impl Listed<'_> {
    /// File and line, as a claim is named.
    pub fn by(&self) -> String {
        format!("{}:{}", self.file.display(), self.sum.line)
    }

    /// The name of the file: `go.sum`, `go.work.sum`.
    pub fn file_name(&self) -> String {
        self.file.file_name().unwrap_or(self.file.as_os_str()).to_string_lossy().into_owned()
    }
}

impl MainSums {
    /// Reads the go.sum of the main module in `dir` and, where `dir` belongs to the workspace whose go.work is `work`, the sums
    /// of that and of all its modules, as Go does there (cmd/go/internal/modload/init.go, `loadModFile`). What is not there is
    /// passed over; what can't be read is noted.
    pub fn read(dir: &Path, work: Option<&Path>, tally: &mut Tally) -> MainSums {
        let own = dir.join("go.sum");
        let others = work.and_then(|work| workspace_sums(dir, work, tally)).unwrap_or_default();
        let others = others.into_iter().filter(|path| *path != own).collect::<Vec<_>>();
        let mut found = MainSums::default();
        // One budget for all: a go.work may name any number of modules.
        let mut left = gosum::LIMIT;
        for path in [own].into_iter().chain(others) {
            match sys::read(&path, left) {
                Ok(bytes) => {
                    left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(left));
                    found.files.push(SumFile { path, sums: GoSum::parse(&bytes) });
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => tally.failed(&path, &e),
            }
        }
        found
    }

    /// The line about a module's zip or tree whose dirhash is `computed`.
    pub fn module(&self, path: &str, version: &str, computed: H1) -> Option<Listed<'_>> {
        self.decide(|sums| sums.judge_module(path, version, computed))
    }

    /// The `/go.mod` line about a module's go.mod whose dirhash is `computed`.
    pub fn go_mod(&self, path: &str, version: &str, computed: H1) -> Option<Listed<'_>> {
        self.decide(|sums| sums.judge_go_mod(path, version, computed))
    }

    /// A file that lists another sum decides: Go stops there in the workspace or, with `GOWORK=off`, without it
    /// (`haveModSumLocked`). Where go.work.sum fits Go asks the others no more; of two sums for one module one is false all the same.
    fn decide(&self, judge: impl Fn(&GoSum) -> Verdict) -> Option<Listed<'_>> {
        let mut found = None;
        for SumFile { path, sums } in &self.files {
            match judge(sums) {
                Verdict::Mismatch(sum) => return Some(Listed { file: path, sum, fits: false }),
                Verdict::Match(sum) => found = found.or(Some(Listed { file: path, sum, fits: true })),
                Verdict::Absent => {}
            }
        }
        found
    }
}

/// The file of sums beside a go.work.
pub fn work_sums(work: &Path) -> PathBuf {
    let mut sums = work.as_os_str().to_owned();
    sums.push(".sum");
    PathBuf::from(sums)
}

/// The files of sums of the workspace `work`, where `dir` is one of its modules or its own folder.
fn workspace_sums(dir: &Path, work: &Path, tally: &mut Tally) -> Option<Vec<PathBuf>> {
    let modules = workspace_modules(dir, work, tally)?;
    let here = real(dir);
    let of_others = modules.iter().filter(|module| real(module) != here).map(|module| module.join("go.sum"));
    Some([work_sums(work)].into_iter().chain(of_others).collect())
}

/// The folders of the modules of the workspace `work`, where `dir` is one of them or its own folder; they need not be there.
pub fn workspace_modules(dir: &Path, work: &Path, tally: &mut Tally) -> Option<Vec<PathBuf>> {
    let text = match sys::read(work, gowork::LIMIT) {
        Ok(text) => text,
        Err(e) => {
            tally.failed(work, &e);
            return None;
        }
    };
    let folder = work.parent()?;
    let os = Os::current();
    let join = |name: &[u8]| if os.is_abs(name) { name.to_vec() } else { os.join(&[&bytes_of(folder.as_os_str()), name]) };
    let modules: Vec<PathBuf> = gowork::uses(&text).iter().map(|name| PathBuf::from(text_of(&join(name)))).collect();
    let here = real(dir);
    (real(folder) == here || modules.iter().any(|module| real(module) == here)).then_some(modules)
}

fn real(path: &Path) -> PathBuf {
    sys::resolve(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Level;

    const A: &str = "h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=";
    const B: &str = "h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=";

    fn read(dir: &Path, work: Option<&Path>) -> (Vec<String>, usize) {
        let mut tally = Tally::new(|_, _, _, _| {});
        let found = MainSums::read(dir, work, &mut tally);
        assert!(!tally.sink.iter().any(|f| f.level > Level::Note));
        (found.files.iter().map(|f| f.path.display().to_string()).collect(), tally.unread.len())
    }

    #[test]
    fn a_workspace_brings_the_sums_of_all_its_modules() {
        let top = tempfile::tempdir().unwrap();
        let at = |p: &str| top.path().join(p);
        let write = |p: &str, text: &str| sys::write_file(&at(p), text.as_bytes()).unwrap();
        write("go.work", "go 1.21\nuse (\n\t./a\n\t./b/../b\n\t./gone\n)\n");
        for file in ["go.work.sum", "a/go.sum", "b/go.sum", "c/go.sum"] {
            write(file, "");
        }
        let paths = |list: &[&str]| list.iter().map(|p| at(p).display().to_string()).collect::<Vec<_>>();
        let work = at("go.work");
        assert_eq!(read(&at("a"), None), (paths(&["a/go.sum"]), 0));
        assert_eq!(read(&at("a"), Some(&work)), (paths(&["a/go.sum", "go.work.sum", "b/go.sum"]), 0));
        assert_eq!(read(top.path(), Some(&work)), (paths(&["go.work.sum", "a/go.sum", "b/go.sum"]), 0));
        assert_eq!(read(&at("c"), Some(&work)), (paths(&["c/go.sum"]), 0), "no module of the workspace");
        assert_eq!(read(&at("a"), Some(&at("none/go.work"))).0, paths(&["a/go.sum"]));
    }

    #[test]
    fn a_file_that_says_otherwise_decides() {
        let file = |name: &str, sum: &str| SumFile {
            path: PathBuf::from(name),
            sums: GoSum::parse(format!("a.b/c v1.0.0 {sum}\n").as_bytes()),
        };
        let (a, b) = (H1::parse(A).unwrap(), H1::parse(B).unwrap());
        let sums = MainSums { files: vec![file("go.sum", A), file("go.work.sum", B)] };
        let said = |h1: H1| sums.module("a.b/c", "v1.0.0", h1).map(|l| (l.by(), l.fits));
        assert_eq!(said(a), Some(("go.work.sum:1".to_owned(), false)));
        assert_eq!(said(b), Some(("go.sum:1".to_owned(), false)));
        let same = MainSums { files: vec![file("go.sum", A), file("go.work.sum", A)] };
        assert_eq!(same.module("a.b/c", "v1.0.0", a).map(|l| (l.by(), l.fits)), Some(("go.sum:1".to_owned(), true)));
        assert_eq!(same.go_mod("a.b/c", "v1.0.0", a), None);
    }
}
