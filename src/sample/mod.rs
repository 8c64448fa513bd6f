//! A small healthy world made without Go: a build cache, a module cache, a binary and a main module, byte for byte in
//! Go's formats. `demo` poisons one, and every rule's witness damages one.

pub mod binary;
mod download;
mod gocache;
pub mod index;
pub mod machine;
mod module;
mod roles;
pub mod served;
pub mod sumdb;
pub mod zip;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::facts::ModuleTrust;
use crate::format::buildid::{BuildId, IdHash};
use crate::place::Place;
use crate::sys;

/// A healthy world below one folder. It is removed when dropped, unless kept.
#[derive(Debug)]
pub struct Sample {
    root: PathBuf,
    keep: bool,
    /// Variables that a damage sets; added to [`Sample::environment`].
    pub env: BTreeMap<String, String>,
    /// The key of the checksum database that a damage has made, for the plan of whoever scans.
    pub sumdb_key: Option<String>,
    /// The least trust that a damage asks for.
    pub require_trust: Option<ModuleTrust>,
    /// The binary that a damage has made, for `doctor`.
    pub target: Option<PathBuf>,
    /// The process that a damage has made, for `doctor`.
    pub pid: Option<u32>,
    /// The Dockerfile that a damage has made, for `doctor`.
    pub dockerfile: Option<PathBuf>,
    /// Who is asked for what is missing.
    pub remote: Option<Arc<served::Served>>,
    /// What a damage asks `prune` for.
    pub prune: Pruning,
}

/// What `prune` is asked for.
#[derive(Debug, Clone, Default)]
pub struct Pruning {
    /// The most bytes that a build cache may hold.
    pub max_size: Option<u64>,
    /// Whether outputs go that no action entry names.
    pub orphans: bool,
    /// Files of sums, and folders of main modules and workspaces, whose modules stay; all stay where there are none.
    pub used_by: Vec<PathBuf>,
}

impl Sample {
    /// Makes a healthy world below `root`, which must not exist yet.
    pub fn make(root: &Path) -> io::Result<Sample> {
        sys::create_dir_all(root)?;
        let sample = Sample {
            root: root.to_path_buf(),
            keep: false,
            env: BTreeMap::new(),
            sumdb_key: None,
            require_trust: None,
            target: None,
            pid: None,
            dockerfile: None,
            remote: None,
            prune: Pruning::default(),
        };
        for dir in [sample.gocache(), sample.gomodcache(), sample.gobin(), sample.main(), sample.root.join("home/.config/go")] {
            sys::create_dir_all(&dir)?;
        }
        sample.write(&sample.goenv(), b"GOTOOLCHAIN=local\n")?;
        sample.make_gocache()?;
        sample.make_roles()?;
        let h1 = sample.make_module()?;
        sample.make_download(h1, Sample::module_go_mod().as_bytes())?;
        sample.make_indexes()?;
        sample.put_binary(&binary::BinarySample::healthy(&sample.dep_sum()))?;
        Ok(sample)
    }

    /// Leaves the world on disk.
    pub fn keep(&mut self) {
        self.keep = true;
    }

    /// The folder that holds everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// GOCACHE.
    pub fn gocache(&self) -> PathBuf {
        self.root.join("gocache")
    }

    /// GOMODCACHE.
    pub fn gomodcache(&self) -> PathBuf {
        self.root.join("gopath/pkg/mod")
    }

    /// GOBIN.
    pub fn gobin(&self) -> PathBuf {
        self.root.join("gopath/bin")
    }

    /// The GOENV file.
    pub fn goenv(&self) -> PathBuf {
        self.root.join("home/.config/go/env")
    }

    /// The main module, with a `go.mod` and `go.sum` that list the sample's module.
    pub fn main(&self) -> PathBuf {
        self.root.join("main")
    }

    /// The whole environment in which a scan sees this world and nothing else.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let text = |p: &Path| p.to_string_lossy().into_owned();
        let mut env = BTreeMap::from([
            ("HOME".to_owned(), text(&self.root.join("home"))),
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("GOENV".to_owned(), text(&self.goenv())),
            ("GOPATH".to_owned(), text(&self.root.join("gopath"))),
            ("GOCACHE".to_owned(), text(&self.gocache())),
            ("GOMODCACHE".to_owned(), text(&self.gomodcache())),
            ("GOBIN".to_owned(), text(&self.gobin())),
        ]);
        env.extend(self.env.clone());
        env
    }

    /// Writes a file of the world with mode 0644, making its parents.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        sys::write_file(path, bytes)?;
        sys::set_mode(path, 0o644)
    }

    /// The place of a path.
    pub fn place(path: &Path) -> Place {
        Place::Path(path.to_path_buf())
    }
}

/// The content ID of a file that carries `id`, by the letter of Go's rule.
pub(crate) fn content_id(id: &BuildId, file: &[u8]) -> IdHash {
    let (mut zeroed, mut at, len) = (file.to_vec(), 0, id.as_bytes().len());
    while let Some(window) = zeroed.get_mut(at..at + len).filter(|w| !w.is_empty()) {
        if window == id.as_bytes() {
            window.fill(0);
            at += len;
        } else {
            at += 1;
        }
    }
    IdHash::of(&Sha256::digest(&zeroed).into())
}

impl Drop for Sample {
    fn drop(&mut self) {
        if !self.keep {
            let _ = sys::remove_temp_tree(&self.root);
        }
    }
}
