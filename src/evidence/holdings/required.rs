//! What `--used-by` names: the module versions that main modules need, by their files of sums. A list that may be wrong is none:
//! what it does not name would be taken away.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::evidence::main_module::{MainSums, SumFile, work_sums, workspace_modules};
use crate::evidence::tally::Tally;
use crate::format::gomod;
use crate::format::gosum::{self, GoSum};
use crate::format::quoted;
use crate::locate::Settings;
use crate::sys::{self, NodeKind};

/// What the lists say of a module version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A line has the sum of its zip.
    Whole,
    /// Only its go.mod has a line.
    GoMod,
    /// No line names it.
    Nothing,
}

/// The lists, joined.
#[derive(Debug, Clone, Default)]
pub struct Required {
    whole: HashSet<(String, String)>,
    go_mod: HashSet<(String, String)>,
    /// The files of sums that were read.
    pub files: Vec<PathBuf>,
    /// The go.work of workspaces of several modules that have no file of sums of their own: which versions their modules need
    /// only together stands nowhere then.
    pub without_sums: Vec<PathBuf>,
}

impl Required {
    /// Reads what each path names: a file of sums, or the folder of a main module or workspace.
    ///
    /// # Errors
    ///
    /// The first list that can't be read, has a line that is wrong, or names nothing where something is needed; in one line.
    pub fn read(paths: &[PathBuf], settings: &Settings) -> Result<Required, String> {
        let mut required = Required::default();
        for path in paths {
            let is_dir = sys::stat(path).map_err(|e| format!("`{}` can't be read: {e}", path.display()))?.kind == NodeKind::Dir;
            if is_dir {
                required.folder(path, settings)?;
            } else {
                required.file(path)?;
            }
        }
        Ok(required)
    }

    fn file(&mut self, path: &Path) -> Result<(), String> {
        let bytes = sys::read(path, gosum::LIMIT).map_err(|e| format!("`{}` can't be read: {e}", path.display()))?;
        let sums = GoSum::parse(&bytes);
        if sums.is_empty() && sums.bad.is_empty() {
            let hint = "where its module needs no other, name the folder of the module";
            return Err(format!("`{}` names no module: by it everything would be unused; {hint}", path.display()));
        }
        self.take(&SumFile { path: path.to_path_buf(), sums })
    }

    /// The sums of a main module or workspace, as Go goes by them.
    fn folder(&mut self, dir: &Path, settings: &Settings) -> Result<(), String> {
        if !["go.mod", "go.work"].iter().any(|name| sys::lstat(&dir.join(name)).is_ok()) {
            return Err(format!(
                "`{}` has neither go.mod nor go.work: it is no folder of a main module or workspace",
                dir.display()
            ));
        }
        if let Some(file) = mod_file(settings) {
            let sums = file.strip_suffix(".mod").unwrap_or(&file);
            let dir = dir.display();
            return Err(format!(
                "`-modfile={file}` in GOFLAGS puts `{sums}.sum` in the place of the go.sum of `{dir}`: name that file, or take the flag out"
            ));
        }
        let mut tally = Tally::new(|_, _, _, _| {});
        let work = settings.workspace(dir);
        let sums = MainSums::read(dir, work.as_deref(), &mut tally);
        let of_work = work.as_deref().and_then(|work| workspace_modules(dir, work, &mut tally));
        if let Some(unread) = tally.unread.first() {
            return Err(format!("`{}` can't be read: {}", unread.path.display(), unread.error));
        }
        let own = sys::lstat(&dir.join("go.mod")).is_ok();
        if tally.counts.vanished > 0 || !(own || of_work.is_some()) {
            return Err(format!("the workspace of `{}` is not there or not used: see `gocachescan env GOWORK`", dir.display()));
        }
        sums.files.iter().try_for_each(|file| self.take(file))?;
        if let (Some(work), Some(2..)) = (&work, of_work.as_ref().map(Vec::len)) {
            let own = work_sums(work);
            if sums.files.iter().any(|f| !f.sums.is_empty()) && !sums.files.iter().any(|f| f.path == own) {
                self.without_sums.push(work.clone());
            }
        }
        if sums.files.iter().all(|file| file.sums.is_empty()) {
            let alone = [dir.to_path_buf()];
            of_work.as_deref().unwrap_or(&alone).iter().try_for_each(|module| needs_nothing(module))?;
        }
        match of_work.iter().flatten().find(|module| sys::lstat(&module.join("go.mod")).is_err()) {
            Some(gone) => {
                Err(format!("`{}` is named by go.work, and has no go.mod: go builds nothing in that workspace", gone.display()))
            }
            None => Ok(()),
        }
    }

    fn take(&mut self, file: &SumFile) -> Result<(), String> {
        if let Some(bad) = file.sums.bad.first() {
            let (path, line) = (file.path.display(), bad.line);
            return Err(format!(
                "`{path}` line {line} {}: by a damaged list too much would be unused; mend it (`go mod tidy`)",
                bad.fault
            ));
        }
        for (path, version, _) in file.sums.iter() {
            let (set, version) = match version.strip_suffix("/go.mod") {
                Some(version) => (&mut self.go_mod, version),
                None => (&mut self.whole, version),
            };
            set.insert((path.to_owned(), version.to_owned()));
        }
        self.files.push(file.path.clone());
        Ok(())
    }

    /// What the lists say of a version.
    pub fn need(&self, path: &str, version: &str) -> Need {
        let module = (path.to_owned(), version.to_owned());
        if self.whole.contains(&module) {
            Need::Whole
        } else if self.go_mod.contains(&module) {
            Need::GoMod
        } else {
            Need::Nothing
        }
    }
}

/// The file that `-modfile` in GOFLAGS puts in the place of go.mod; its sums then lie beside it (cmd/go/internal/modload/init.go,
/// `ModFilePath`, `GoSumFile`).
fn mod_file(settings: &Settings) -> Option<String> {
    let flags = settings.text("GOFLAGS");
    let words = quoted::split(flags.as_bytes()).unwrap_or_default();
    let words = words.iter().map(|word| String::from_utf8_lossy(word));
    // The last one counts, with one dash or two.
    let file =
        words.rev().find_map(|word| word.strip_prefix('-')?.trim_start_matches('-').strip_prefix("modfile=").map(str::to_owned));
    file.filter(|file| !file.is_empty())
}

/// Holds a module that has no sums to its go.mod: it must require nothing.
fn needs_nothing(module: &Path) -> Result<(), String> {
    let go_mod = module.join("go.mod");
    match sys::read(&go_mod, gomod::LIMIT) {
        Ok(text) if gomod::requires(&text) => {
            let why = "has requirements, and no go.sum that names them: everything would be unused; run `go mod tidy` first";
            Err(format!("`{}` {why}", go_mod.display()))
        }
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(format!("`{}` can't be read: {e}", go_mod.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::{self, Flags, Host};

    const SUM: &str = "h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=";

    /// What is told of the paths below a folder with these files.
    fn read(files: &[(&str, &str)], paths: &[&str]) -> Result<Required, String> {
        read_with(&[], files, paths)
    }

    fn read_with(env: &[(&str, &str)], files: &[(&str, &str)], paths: &[&str]) -> Result<Required, String> {
        let top = tempfile::tempdir().unwrap();
        for (name, text) in files {
            sys::write_file(&top.path().join(name), text.as_bytes()).unwrap();
        }
        let settings = locate::survey(
            &Host { env: env.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(), cwd: top.path().to_path_buf() },
            &Flags::default(),
        );
        let paths: Vec<PathBuf> = paths.iter().map(|p| top.path().join(p)).collect();
        Required::read(&paths, &settings).map_err(|why| why.replace(top.path().to_str().unwrap(), "TOP"))
    }

    fn lines(names: &[&str]) -> String {
        names.iter().map(|n| format!("{n} {SUM}\n")).collect()
    }

    #[test]
    fn lists_are_joined() {
        let (one, two) = (lines(&["a.b/c v1.0.0", "a.b/c v1.0.0/go.mod", "a.b/d v1.0.0/go.mod"]), lines(&["a.b/d v1.0.0"]));
        let files = [("one/go.mod", "module m\nrequire a.b/c v1.0.0\n"), ("one/go.sum", one.as_str()), ("x.sum", two.as_str())];
        let required = read(&files, &["one"]).unwrap();
        let need = |r: &Required, path, version| r.need(path, version);
        assert_eq!(need(&required, "a.b/c", "v1.0.0"), Need::Whole);
        assert_eq!(need(&required, "a.b/d", "v1.0.0"), Need::GoMod);
        assert_eq!(need(&required, "a.b/c", "v1.0.1"), Need::Nothing);
        assert_eq!(need(&read(&files, &["one", "x.sum"]).unwrap(), "a.b/d", "v1.0.0"), Need::Whole);
    }

    #[test]
    fn a_workspace_brings_all_its_sums() {
        let (a, b) = (lines(&["a.b/c v1.0.0"]), lines(&["a.b/d v1.0.0"]));
        let files = [
            ("go.work", "go 1.21\nuse (\n\t./a\n\t./b\n\t./c\n)\n"),
            ("go.work.sum", b.as_str()),
            ("a/go.mod", "module a\nrequire a.b/c v1.0.0\n"),
            ("a/go.sum", a.as_str()),
            ("b/go.mod", "module b\nrequire a.b/d v1.0.0\n"),
            ("c/go.mod", "module c\n"),
        ];
        for path in ["", "a", "b"] {
            let required = read(&files, &[path]).unwrap();
            assert_eq!(
                (required.need("a.b/c", "v1.0.0"), required.need("a.b/d", "v1.0.0")),
                (Need::Whole, Need::Whole),
                "{path}"
            );
        }
        let gone = read(&files[..5], &["a"]).unwrap_err();
        assert!(gone.contains("/c` is named by go.work"), "{gone}");
        for work in ["off", "/absent/go.work"] {
            assert!(read_with(&[("GOWORK", work)], &files, &[""]).unwrap_err().contains("GOWORK"), "{work}");
        }
    }

    #[test]
    fn another_go_mod_in_goflags_has_other_sums() {
        let files = [("m/go.mod", "module m\n"), ("m/alt.mod", "module m\nrequire a.b/c v1.0.0\n")];
        for flags in ["-modfile=alt.mod", "-v --modfile=alt.mod", "'-modfile=alt.mod'"] {
            let said = read_with(&[("GOFLAGS", flags)], &files, &["m"]).unwrap_err();
            assert!(said.contains("`alt.sum`") && said.contains("name that file"), "{said}");
        }
        assert!(read_with(&[("GOFLAGS", "-modfile=alt.mod -modfile=")], &files, &["m"]).is_ok());
        let alt = lines(&["a.b/c v1.0.0"]);
        assert!(read_with(&[("GOFLAGS", "-modfile=alt.mod")], &[("alt.sum", &alt)], &["alt.sum"]).is_ok());
    }

    #[test]
    fn a_workspace_without_sums_of_its_own_is_noted() {
        let sum = lines(&["a.b/c v1.0.0"]);
        let files = [
            ("go.work", "go 1.21\nuse (\n\t./a\n\t./b\n)\n"),
            ("a/go.mod", "module a\nrequire a.b/c v1.0.0\n"),
            ("a/go.sum", sum.as_str()),
            ("b/go.mod", "module b\n"),
            ("go.work.sum", ""),
        ];
        assert_eq!(read(&files[..4], &["a"]).unwrap().without_sums.len(), 1);
        assert!(read(&files, &["a"]).unwrap().without_sums.is_empty());
        let alone = [("go.work", "go 1.21\nuse ./a\n"), files[1], files[2]];
        assert!(read(&alone, &["a"]).unwrap().without_sums.is_empty());
    }

    #[test]
    fn a_module_that_needs_nothing_has_no_list() {
        let go_mod = ("m/go.mod", "module m\n\ngo 1.21\n");
        assert!(read(&[go_mod], &["m"]).unwrap().files.is_empty());
        assert!(read(&[go_mod, ("m/go.sum", "\n")], &["m"]).is_ok());
    }

    #[test]
    fn a_list_that_may_be_wrong_is_refused_in_one_line() {
        let good = lines(&["a.b/c v1.0.0"]);
        let needy = ("m/go.mod", "module m\nrequire a.b/c v1.0.0\n");
        let cut = good.get(..good.len() - 9).unwrap();
        let merged = format!("<<<<<<< HEAD\n{good}");
        let dir = [("d/x", "")];
        for (files, path, says) in [
            (&[][..], "go.sum", "`TOP/go.sum` can't be read"),
            (&dir, "d", "neither go.mod nor go.work"),
            (&[("go.sum", "")], "go.sum", "names no module"),
            (&[("go.sum", "\n \n")], "go.sum", "names no module"),
            (&[("go.sum", cut)], "go.sum", "line 1 holds a sum that is no dirhash"),
            (&[("go.sum", merged.as_str())], "go.sum", "line 1 has 2 fields, not 3"),
            (&[("go.sum", "\0\0\0\0")], "go.sum", "line 1"),
            (&[needy], "m", "has requirements, and no go.sum"),
            (&[needy, ("m/go.sum", "")], "m", "has requirements, and no go.sum"),
            (&[needy, ("m/go.sum", merged.as_str())], "m", "`TOP/m/go.sum` line 1"),
            (&[needy, ("m/go.sum/x", "")], "m", "`TOP/m/go.sum` can't be read"),
        ] {
            let said = read(files, &[path]).unwrap_err();
            assert!(said.contains(says) && !said.contains('\n'), "{files:?}: {said}");
        }
    }
}
