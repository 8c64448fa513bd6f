//! The module cache by its names: versions, and the bytes of each part.

use std::path::PathBuf;

use rayon::prelude::*;

use super::{Amount, files_below};
use crate::evidence::modcache::{VersionUnit, walk};
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::subject::modcache::Part;
use crate::sys::NodeKind;

/// A version, with the bytes of its extracted directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What was listed of it.
    pub unit: VersionUnit,
    /// The files of its extracted directory; `None` where there is none.
    pub tree: Option<Amount>,
}

impl Version {
    /// Where the directory and these files lie, relative to the root, as far as they are there and what Go makes of them; and
    /// the bytes of all.
    pub fn parts(&self, files: &[Part]) -> (Vec<PathBuf>, u64) {
        let there = files.iter().filter(|part| self.unit.has(**part));
        let mut bytes = self.tree.map_or(0, |tree| tree.bytes);
        let mut paths: Vec<PathBuf> = self.tree.map(|_| self.unit.tree_path()).into_iter().collect();
        for part in there {
            paths.push(self.unit.path(*part));
            bytes = bytes.saturating_add(self.unit.stat(*part).map_or(0, |s| s.size));
        }
        (paths, bytes)
    }
}

/// Lists the module cache at `root`. What can't be read is noted; `step` is told of each version.
pub fn read(root: &Root, tally: &mut Tally, begin: &dyn Fn(usize), step: &(dyn Fn() + Sync)) -> Vec<Version> {
    let skeleton = walk(root, tally);
    begin(skeleton.units.len());
    skeleton
        .units
        .into_par_iter()
        .map(|unit| {
            let is_dir = unit.tree.is_some_and(|stat| stat.kind == NodeKind::Dir);
            let tree = is_dir.then(|| files_below(root, &unit.tree_path()));
            step();
            Version { unit, tree }
        })
        .collect()
}

/// What `prune` tells of a module cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    /// The cache as Go has it.
    pub path: PathBuf,
    /// Versions, with all their parts.
    pub versions: Amount,
    /// Zips.
    pub zips: Amount,
    /// Extracted directories.
    pub trees: Amount,
    /// How the versions stand to the lists of `--used-by`; `None` without it.
    pub named: Option<Named>,
}

/// Versions by what the lists say of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Named {
    /// A list has the sum of their zip: they stay whole.
    pub whole: Amount,
    /// A list has the sum of their go.mod alone: `.mod` and `.info` stay.
    pub go_mod: Amount,
    /// No list names them.
    pub none: Amount,
    /// They stay whatever the lists say: toolchains, and what is just being extracted.
    pub stays: Amount,
}
