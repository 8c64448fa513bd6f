//! The catalogue: one file a subject, which holds its rules, each with explanation and witness, and one pure function.

pub mod binary;
pub mod download;
pub mod environment;
pub mod gocache;
pub mod module;
pub mod posture;
pub mod prune;
pub mod settings;
pub mod sumdb;
pub mod trust;
pub mod vcs;
pub mod vendor;

use crate::rule::Rule;

/// The groups of rules, in the order of the rooms that they look at.
const GROUPS: &[&[&Rule]] = &[
    posture::RULES,
    gocache::entries::RULES,
    gocache::outputs::RULES,
    gocache::builds::RULES,
    gocache::roles::RULES,
    gocache::fix_zip::RULES,
    gocache::messages::RULES,
    gocache::index::RULES,
    gocache::strays::RULES,
    download::ziphash::RULES,
    download::go_mod::RULES,
    download::info::RULES,
    download::sums::RULES,
    download::strays::RULES,
    download::locks::RULES,
    module::ZIP_RULES,
    module::TREE_RULES,
    sumdb::RULES,
    sumdb::MODULE_RULES,
    sumdb::ONLINE_RULES,
    trust::RULES,
    vcs::RULES,
    vendor::RULES,
    binary::RULES,
    settings::download::RULES,
    settings::commands::RULES,
    settings::places::RULES,
    settings::lines::RULES,
];

/// Every rule: those of a scan, then those that `doctor` alone, and `prune` alone, tells.
pub fn catalogue() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().chain(environment::RULES).chain(&[prune::RULES]).copied().flatten().copied()
}

/// The rule called `id`.
pub fn rule(id: &str) -> Option<&'static Rule> {
    catalogue().find(|r| r.id == id)
}
