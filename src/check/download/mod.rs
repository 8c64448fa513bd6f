//! The download cache: the small files of a version, its sums against go.sum, names and leftovers. What a zip holds and
//! whether the extracted directory equals it is judged elsewhere.

pub mod go_mod;
pub mod info;
pub mod locks;
pub mod strays;
pub mod sums;
pub mod ziphash;

use std::path::Path;

use crate::evidence::main_module::MainSums;
use crate::evidence::modcache::{SmallFiles, VersionUnit};
use crate::finding::{Finding, RootKind, Sink};
use crate::format::dirhash::H1;
use crate::format::ziphash::Ziphash;
use crate::rule::Rule;
use crate::subject::modcache::Part;

/// What the small files of a version claim, for those who judge its zip and its tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Claims {
    /// `.ziphash`, where it could be read.
    pub ziphash: Option<Ziphash>,
    /// Dirhash of `.mod`, where it could be read.
    pub go_mod: Option<H1>,
    /// Whether something is wrong with `.mod`, which was told.
    pub go_mod_told: bool,
}

/// Judges the small files of a version and its names.
pub fn version(root: &Path, unit: &VersionUnit, files: &SmallFiles, main: Option<&MainSums>, sink: &mut Sink) -> Claims {
    strays::version_name(root, unit, sink);
    locks::version(root, unit, sink);
    info::info(root, unit, &files.info, sink);
    let ziphash = ziphash::ziphash(root, unit, &files.ziphash, sink);
    let (go_mod, go_mod_told) = go_mod::go_mod(root, unit, &files.go_mod, main, sink);
    Claims { ziphash, go_mod, go_mod_told }
}

/// A finding about a file of a version.
fn about(rule: &'static Rule, root: &Path, unit: &VersionUnit, part: Part, message: impl Into<String>) -> Finding {
    Finding::at(rule, RootKind::Gomodcache, &root.join(unit.path(part)), unit.module().to_string(), message)
}
