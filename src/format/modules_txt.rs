//! `vendor/modules.txt`: which packages lie in a vendor folder, and of which modules they are
//! (cmd/go/internal/modload/vendor.go, `readVendorList`; what `go mod vendor` copies: cmd/go/internal/modcmd/vendor.go).

use std::collections::{BTreeMap, HashMap};

use super::module::check_import_path;
use super::module::version::is_valid;

/// Go sets no limit. A hundred thousand packages with names of 100 bytes are less than a sixth of it.
pub const LIMIT: u64 = 64 << 20;

/// What stands in the place of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Module path, or the path of a folder.
    pub path: String,
    /// Version; empty for a folder, and for whatever Go does not understand either.
    pub version: String,
}

/// A module that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendoredModule {
    /// Module path: its files lie below it, whatever replaces it.
    pub path: String,
    /// Version; empty where every version is replaced.
    pub version: String,
    /// What stands in its place.
    pub replacement: Option<Replacement>,
}

impl VendoredModule {
    /// Path and version of the module whose files they are; `None` where they are those of a folder.
    pub fn source(&self) -> Option<(&str, &str)> {
        let (path, version) = self.replacement.as_ref().map_or((&self.path, &self.version), |r| (&r.path, &r.version));
        (!version.is_empty()).then_some((path, version))
    }

    /// The path inside the module of a file of the vendor folder, where it lies below the module's path.
    pub fn member<'a>(&self, file: &'a str) -> Option<&'a str> {
        file.strip_prefix(self.path.as_str())?.strip_prefix('/')
    }
}

/// What a `modules.txt` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModulesTxt {
    /// Whether it is that of a workspace (`go work vendor`).
    pub workspace: bool,
    /// The modules, in the order in which they are first named.
    pub modules: Vec<VendoredModule>,
    /// Which module (its index) each package is of.
    pub packages: BTreeMap<String, usize>,
    /// Modules that have a package, by path.
    by_path: HashMap<String, Vec<usize>>,
}

impl ModulesTxt {
    /// Reads a whole file; a line that Go passes over is passed over.
    pub fn parse(bytes: &[u8]) -> ModulesTxt {
        let mut out = ModulesTxt::default();
        let mut known: HashMap<(String, String), usize> = HashMap::new();
        let mut current: Option<usize> = None;
        for (number, line) in bytes.split(|b| *b == b'\n').enumerate() {
            let line = String::from_utf8_lossy(line);
            if number == 0
                && let Some(notes) = line.strip_prefix("## ")
            {
                out.workspace = notes.split(';').any(|entry| entry.trim() == "workspace");
            }
            let fields: Vec<&str> = line.split_whitespace().collect();
            if line.starts_with("# ") {
                let (path, version, rest) = match fields.as_slice() {
                    [_, path, version, rest @ ..] if is_valid(version) => (*path, *version, rest),
                    [_, path, "=>", ..] => (*path, "", fields.get(2..).unwrap_or_default()),
                    [_, _, _, ..] => {
                        current = None;
                        continue;
                    }
                    _ => continue,
                };
                let at = *known.entry((path.to_owned(), version.to_owned())).or_insert_with(|| {
                    out.modules.push(VendoredModule { path: path.to_owned(), version: version.to_owned(), replacement: None });
                    out.modules.len() - 1
                });
                if let Some(module) = out.modules.get_mut(at)
                    && let Some(replacement) = replacement(rest)
                {
                    module.replacement = Some(replacement);
                }
                current = Some(at);
            } else if let (Some(at), [package], false) = (current, fields.as_slice(), line.starts_with("## "))
                && check_import_path(package.as_bytes()).is_ok()
            {
                out.packages.insert((*package).to_owned(), at);
            }
        }
        for at in out.packages.values() {
            if let Some(module) = out.modules.get(*at) {
                let named = out.by_path.entry(module.path.clone()).or_default();
                if !named.contains(at) {
                    named.push(*at);
                }
            }
        }
        out
    }

    /// The modules with a package whose path is above `file` (a slash-separated path in the vendor folder), the longest path
    /// first: a file that is theirs lies there and nowhere else.
    pub fn above<'a>(&'a self, file: &'a str) -> impl Iterator<Item = usize> + 'a {
        folders_above(file).filter_map(|folder| self.by_path.get(folder)).flatten().copied()
    }

    /// The modules that `go mod vendor` may have copied `file` from. A Go file comes with the package of its folder; any other
    /// file may be embedded by a package above it, and what tells of the licence is copied from the folders above a package,
    /// too. Empty for what it never copies.
    pub fn owners(&self, file: &str) -> Vec<usize> {
        let mut folders = folders_above(file).peekable();
        let own = folders.peek().and_then(|folder| self.packages.get(*folder)).copied();
        if let (Some(own), true, false) = (own, file.ends_with(".go"), is_metadata(file)) {
            return vec![own];
        }
        let mut out: Vec<usize> = folders.filter_map(|folder| self.packages.get(folder)).copied().collect();
        if is_metadata(file) {
            out.extend(self.above(file));
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// The packages in or above the folder of `file`, the nearest first.
    pub fn packages_above<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        folders_above(file).filter(|folder| self.packages.contains_key(*folder))
    }
}

fn replacement(fields: &[&str]) -> Option<Replacement> {
    let made = |path: &str, version: &str| Replacement { path: path.to_owned(), version: version.to_owned() };
    match fields {
        ["=>", path, version] if is_valid(version) => Some(made(path, version)),
        ["=>", rest @ ..] if !rest.is_empty() => Some(made(&rest.join(" "), "")),
        _ => None,
    }
}

/// The folder of a file, then each above it; never the top.
fn folders_above(file: &str) -> impl Iterator<Item = &str> {
    let parent = |path: &str| path.rfind('/');
    std::iter::successors(parent(file).and_then(|at| file.get(..at)), move |folder| folder.get(..parent(folder)?))
}

fn base(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// Whether it is called as what tells of authors and licence is (`metaPrefixes`).
pub fn is_metadata(file: &str) -> bool {
    const PREFIXES: &[&str] =
        &["AUTHORS", "CONTRIBUTORS", "COPYLEFT", "COPYING", "COPYRIGHT", "LEGAL", "LICENSE", "NOTICE", "PATENTS"];
    PREFIXES.iter().any(|prefix| base(file).starts_with(prefix))
}

/// Whether it is called as a file that Go compiles, links, or has compiled by the C compiler (go/build/build.go, `goodOSArchFile`,
/// `fileListForExt`).
pub fn is_source(file: &str) -> bool {
    const ENDS: &[&str] = &[
        "go", "c", "cc", "cpp", "cxx", "m", "h", "hh", "hpp", "hxx", "f", "F", "for", "f90", "s", "S", "sx", "swig", "swigcxx",
        "syso",
    ];
    let name = base(file);
    !name.starts_with(['_', '.']) && name.rsplit_once('.').is_some_and(|(_, end)| ENDS.contains(&end))
}

/// Whether `go mod vendor` copies the Go file `file`, whose content is `text`, with its package, whatever constraints hold: one that
/// has none. `false` where that can't be told so simply.
pub fn is_always_copied(file: &str, text: &[u8]) -> bool {
    let has = |word: &[u8]| text.windows(word.len()).any(|w| w == word);
    may_always_be_copied(file) && !has(b"go:build") && !has(b"+build")
}

/// The same as far as the name tells.
pub fn may_always_be_copied(file: &str) -> bool {
    file.ends_with(".go") && !file.ends_with("_test.go") && is_source(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a.b/c v1.2.0\n## explicit; go 1.21\na.b/c\na.b/c/d/e\n# a.b/c/n v0.1.0 => x.y/fork v0.2.0\n## explicit\na.b/c/n/p\n\
        # k.io/api v0.0.0 => ../staging dir/api\nk.io/api/v1\nnot a package\n../x\n# o.p/q v1.0.0\n# bad line\na.b/not\n# x.y/all => ./all\n\
        # k.io/api => ./api\n";

    fn parsed() -> ModulesTxt {
        ModulesTxt::parse(TEXT.as_bytes())
    }

    #[test]
    fn modules_packages_and_replacements() {
        let list = parsed();
        let modules: Vec<_> = list.modules.iter().map(|m| (m.path.as_str(), m.version.as_str(), m.source())).collect();
        let want = [
            ("a.b/c", "v1.2.0", Some(("a.b/c", "v1.2.0"))),
            ("a.b/c/n", "v0.1.0", Some(("x.y/fork", "v0.2.0"))),
            ("k.io/api", "v0.0.0", None),
            ("o.p/q", "v1.0.0", Some(("o.p/q", "v1.0.0"))),
            ("x.y/all", "", None),
            ("k.io/api", "", None),
        ];
        assert_eq!(modules, want);
        let packages: Vec<_> = list.packages.iter().map(|(p, at)| (p.as_str(), *at)).collect();
        assert_eq!(packages, [("a.b/c", 0), ("a.b/c/d/e", 0), ("a.b/c/n/p", 1), ("k.io/api/v1", 2)]);
        assert!(!list.workspace);
    }

    #[test]
    fn a_line_that_is_no_module_ends_one_and_a_short_one_does_not() {
        let packages = |text: &str| ModulesTxt::parse(text.as_bytes()).packages.into_keys().collect::<Vec<_>>();
        assert_eq!(packages("# a.b/c v1.0.0\n# d.e/f latest\nd.e/f\n"), [""; 0]);
        assert_eq!(packages("# a.b/c v1.0.0\n# x\r\na.b/c\r\n"), ["a.b/c"]);
        assert_eq!(packages("a.b/c\n"), [""; 0]);
    }

    #[test]
    fn the_first_line_tells_of_a_workspace() {
        for (text, want) in
            [("## workspace\n", true), ("## x; workspace\r\n", true), ("# a v1.0.0\n## workspace\n", false), ("", false)]
        {
            assert_eq!(ModulesTxt::parse(text.as_bytes()).workspace, want, "{text:?}");
        }
    }

    #[test]
    fn whose_a_file_may_be() {
        let list = parsed();
        for (file, owners, above) in [
            ("a.b/c/x.go", vec![0], vec![0]),
            ("a.b/c/d/x.txt", vec![0], vec![0]),
            ("a.b/c/d/e/x.go", vec![0], vec![0]),
            ("a.b/c/n/p/x.go", vec![1], vec![1, 0]),
            ("a.b/c/n/p/x.s", vec![0, 1], vec![1, 0]),
            ("a.b/c/n/LICENSE", vec![0, 1], vec![1, 0]),
            ("a.b/c/n/p/NOTICE.go", vec![0, 1], vec![1, 0]),
            ("k.io/api/LICENSE.md", vec![2], vec![2]),
            ("k.io/api/readme", vec![], vec![2]),
            ("o.p/q/x.go", vec![], vec![]),
            ("a.b/x.go", vec![], vec![]),
            ("x.go", vec![], vec![]),
            ("", vec![], vec![]),
        ] {
            assert_eq!((list.owners(file), list.above(file).collect::<Vec<_>>()), (owners, above), "{file}");
        }
        assert_eq!(list.packages_above("a.b/c/d/e/f/x").collect::<Vec<_>>(), ["a.b/c/d/e", "a.b/c"]);
        assert_eq!(list.modules[1].member("a.b/c/n/p/x.go"), Some("p/x.go"));
        assert_eq!((list.modules[1].member("a.b/c/next/x"), list.modules[1].member("a.b/c/n")), (None, None));
    }

    #[test]
    fn what_is_compiled_and_what_is_always_copied() {
        for (file, source) in [
            ("a/x.go", true),
            ("x.syso", true),
            ("x.S", true),
            ("_x.go", false),
            ("a/.x.go", false),
            ("go", false),
            ("x.md", false),
        ] {
            assert_eq!(is_source(file), source, "{file}");
        }
        for (file, text, copied) in [
            ("x.go", "package x\n", true),
            ("x_windows.go", "package x\n", true),
            ("x_test.go", "package x\n", false),
            ("x.go", "//go:build ignore\npackage x\n", false),
            ("x.go", "// +build linux\n\npackage x\n", false),
            ("x.c", "", false),
        ] {
            assert_eq!(is_always_copied(file, text.as_bytes()), copied, "{file} {text:?}");
        }
    }

    #[test]
    fn nothing_is_too_odd() {
        for text in [
            "# ",
            "#  => \n",
            "# a => \nx",
            "# a =>\n",
            "# a v1.0.0 =>\na",
            "\u{0}# a v1.0.0\n\u{ff}",
            "# a v1.0.0 => b v1.0.0 c\na\n",
        ] {
            let list = ModulesTxt::parse(text.as_bytes());
            assert!(list.modules.len() <= 1, "{text:?}");
        }
        assert_eq!(ModulesTxt::parse(b"# a v1.0.0 => b v1.0.0 c\na\n").modules[0].source(), None);
    }
}
