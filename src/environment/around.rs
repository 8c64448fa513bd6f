//! What lies around an environment: installations that no PATH leads to, shells that count as login shells.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::project::Project;
use super::{Disk, Installation, Programs, Shell, Start, StartKind};
use crate::format::machine::shells;
use crate::format::shell::World;
use crate::locate;
use crate::sys;

/// What lies around.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// The folder that system files lie below: `/`, but in tests.
    pub root: PathBuf,
    /// Shells that `/etc/shells` lists (shells(5)); `None` where there is no such file.
    pub shells: Option<Vec<Vec<u8>>>,
    /// Installations in the usual places, in the order in which one would name them.
    pub usual: Vec<Arc<Installation>>,
    /// Init files of zsh in whose place it reads a compiled one.
    pub compiled: BTreeMap<Vec<u8>, PathBuf>,
    /// The toolchain of the current folder.
    pub project: Option<Project>,
}

/// Where Go is put below the home folder: unpacked by hand, `gvm`, `go install golang.org/dl/...`.
const HOME_PLACES: &[&str] = &["go", ".local/go", ".go", "go-install"];
/// Folders that hold one installation a version: Debian's, `golang.org/dl`'s and those of version managers.
const SYSTEM_FOLDERS: &[(&str, &str, &str)] = &[("/usr/lib", "go-", ""), ("/usr/local", "go1", "")];
const HOME_FOLDERS: &[(&str, &str, &str)] = &[
    ("sdk", "go", ""),
    (".gvm/gos", "go", ""),
    (".goenv/versions", "", ""),
    (".asdf/installs/golang", "", "go"),
    (".local/share/mise/installs/go", "", ""),
];
/// Most installations that are looked at.
const MOST: usize = 64;

impl Around {
    /// Looks around.
    pub fn look(root: &Path, home: &Path, disk: &Disk, programs: &Programs) -> Around {
        let shells = disk.read(b"/etc/shells").ok().map(|text| shells::parse(&text).into_iter().map(|(path, _)| path).collect());
        let place = |path: &str| disk.place(path.as_bytes());
        let mut places: Vec<PathBuf> = locate::usual_places().iter().map(|p| place(p)).collect();
        places.extend(HOME_PLACES.iter().map(|p| home.join(p)));
        places.extend(SYSTEM_FOLDERS.iter().flat_map(|(dir, prefix, rest)| versions(&place(dir), prefix, rest)));
        places.extend(HOME_FOLDERS.iter().flat_map(|(dir, prefix, rest)| versions(&home.join(dir), prefix, rest)));
        let mut usual: Vec<Arc<Installation>> = Vec::new();
        for found in places.iter().take(MOST).filter_map(|p| programs.installation_at(p)) {
            if found.go.is_some() && found.has_tools && !usual.iter().any(|u| u.root == found.root) {
                usual.push(found);
            }
        }
        Around { root: root.to_path_buf(), shells, usual, compiled: BTreeMap::new(), project: None }
    }

    /// Looks for compiled files beside those that zsh reads: one that is not older is read in its place (zsh's Src/parse.c,
    /// `try_source_file`, in whole seconds).
    pub fn look_for_compiled(&mut self, starts: &[Start], disk: &Disk) {
        let seconds = |path: &[u8]| sys::stat(&disk.place(path)).ok().map(|s| s.mtime_ns.div_euclid(1_000_000_000));
        let of_zsh = starts.iter().filter(|s| matches!(s.kind, StartKind::Shell(Shell::Zsh, ..))).flat_map(|s| &s.files);
        for file in of_zsh.filter(|f| f.read != Some(false)) {
            let beside = [file.path.as_slice(), b".zwc"].concat();
            if seconds(&beside).is_some_and(|compiled| seconds(&file.path).is_none_or(|text| compiled >= text)) {
                self.compiled.insert(file.path.clone(), disk.place(&beside));
            }
        }
    }

    /// A path as it would be if system files lay below `/`.
    pub fn on_machine(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).map_or_else(|_| path.to_path_buf(), |rest| Path::new("/").join(rest))
    }
}

/// Folders in `dir` whose names begin with `prefix`, newest names first.
fn versions(dir: &Path, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let mut names = sys::Dir::open_root(dir).and_then(|d| d.list()).unwrap_or_default();
    names.retain(|(name, _)| name.as_encoded_bytes().starts_with(prefix.as_bytes()));
    names.sort();
    names.iter().rev().map(|(name, _)| dir.join(name).join(rest)).collect()
}

/// Whether a listed shell is the one that an account has: `/bin` and `/usr/bin` are one folder on merged systems.
pub fn is_listed(shells: &[Vec<u8>], shell: &[u8]) -> bool {
    let bare = |path: &[u8]| path.strip_prefix(b"/usr").unwrap_or(path).to_vec();
    shells.iter().any(|s| bare(s) == bare(shell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_are_listed_without_comments() {
        let shells: Vec<Vec<u8>> =
            shells::parse(b"# /etc/shells\n/bin/sh\n/usr/bin/fish # mine\n\n").into_iter().map(|(path, _)| path).collect();
        assert!(is_listed(&shells, b"/bin/fish") && is_listed(&shells, b"/usr/bin/sh") && !is_listed(&shells, b"/bin/zsh"));
    }

    #[test]
    fn installations_of_the_usual_places_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let sample = crate::sample::Sample::make(&dir.path().join("world")).unwrap();
        for (place, version) in
            [("usr/local/go", "go1.26.8"), ("home/sdk/go1.22.10", "go1.22.10"), ("usr/lib/go-1.19", "go1.19.8")]
        {
            sample.make_installation(&sample.root().join(place), version).unwrap();
        }
        let disk = Disk::new(sample.root(), 0, vec![], b"ann");
        let around = Around::look(sample.root(), &sample.home(), &disk, &Programs::default());
        let found: Vec<_> = around.usual.iter().map(|i| i.go.clone().unwrap()).collect();
        assert_eq!(found, ["go1.26.8", "go1.19.8", "go1.22.10"]);
        assert_eq!(around.on_machine(&sample.root().join("usr/bin/x")), Path::new("/usr/bin/x"));
    }
}
