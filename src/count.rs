//! What was counted: files, states, proofs, and what could not be read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::facts::{ModuleTrust, Role, RoleBy};

/// What was looked at. Folders are not counted as files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Regular files.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Action entries.
    pub actions: u64,
    /// Output files and directories.
    pub outputs: u64,
    /// Module versions of which anything is there.
    pub modules: u64,
    /// Module zips.
    pub zips: u64,
    /// Extracted directories.
    pub trees: u64,
    /// Binaries.
    pub binaries: u64,
    /// Dependencies of binaries that agree with the module cache.
    pub deps_matched: u64,
    /// Dependencies of binaries in all.
    pub deps: u64,
    /// Action entries whose output is gone: what a trim leaves, harmless.
    pub dangling: u64,
    /// What was listed and gone when it was to be read: a build or a clean-up is at work.
    pub vanished: u64,
}

/// The four states of what was looked at, and what could not be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Holds to every claim about it.
    pub intact: u64,
    /// Does not.
    pub damaged: u64,
    /// There is no claim to hold it against.
    pub unverifiable: u64,
    /// Left out on purpose.
    pub skipped: u64,
    /// Could not be read.
    pub unread: u64,
}

/// How far modules and outputs can be trusted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trust {
    /// Modules proven by the checksum database.
    pub sumdb: u64,
    /// Modules equal to the line of the main module's go.sum.
    pub go_sum: u64,
    /// Modules that agree with themselves only.
    pub ziphash: u64,
    /// Modules that no claim holds.
    pub module_none: u64,
    /// Outputs whose build ID fits their bytes and an action entry.
    pub build_id: u64,
    /// Outputs whose bytes fit their name, and no more.
    pub sha256: u64,
    /// Outputs that nothing holds.
    pub output_none: u64,
    /// Binaries that hold to the content ID in their build ID.
    pub content_id: u64,
    /// Binaries that nothing holds.
    pub binary_none: u64,
    /// Dependencies of binaries whose sum the checksum database proves.
    pub dep_sumdb: u64,
    /// Dependencies whose sum is that of the main module's go.sum.
    pub dep_go_sum: u64,
    /// Dependencies whose sum is that of the module cache alone.
    pub dep_ziphash: u64,
    /// Dependencies whose sum nothing else knows.
    pub dep_none: u64,
}

/// What action entries are for: how many of each role are told by their key, and how many by what they hold alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// Numbers of entries.
    pub told: BTreeMap<(RoleBy, Role), u64>,
    /// Entries of which nothing tells what they are for: no fault.
    pub unexplained: u64,
}

impl Roles {
    /// Counts one entry.
    pub fn count(&mut self, role: Option<(Role, RoleBy)>) {
        match role {
            Some((role, by)) => *self.told.entry((by, role)).or_default() += 1,
            None => self.unexplained += 1,
        }
    }

    /// How many entries are told by `by`.
    pub fn by(&self, by: RoleBy) -> u64 {
        self.told.iter().filter(|((b, _), _)| *b == by).map(|(_, n)| n).sum()
    }

    /// Adds another count.
    pub fn add(&mut self, other: &Roles) {
        for (role, n) in &other.told {
            *self.told.entry(*role).or_default() += n;
        }
        self.unexplained += other.unexplained;
    }
}

/// How the files of a vendor folder stand to the zips of their modules. Those that were not checked are none of a repair's nor of
/// a finding's business, and never called intact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vendored {
    /// Have the bytes of the zip.
    pub same: u64,
    /// Not checked: no zip of their module lies in the module caches that were scanned.
    pub no_zip: u64,
    /// Not checked: the zip of their module is not what it should be.
    pub unsound_zip: u64,
    /// Not checked: a folder stands in the place of their module.
    pub folder: u64,
}

impl Vendored {
    /// How many were not checked.
    pub fn unchecked(&self) -> u64 {
        self.no_zip + self.unsound_zip + self.folder
    }
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// Where it lies.
    pub path: PathBuf,
    /// The system's reason.
    pub error: String,
}

macro_rules! sums {
    ($type:ty: $($field:ident),+ $(,)?) => {
        impl $type {
            /// Adds another count, field by field.
            pub fn add(&mut self, other: &Self) {
                $(self.$field += other.$field;)+
            }
        }
    };
}

sums!(Counts: files, bytes, actions, outputs, modules, zips, trees, binaries, deps_matched, deps, dangling, vanished);
sums!(Coverage: intact, damaged, unverifiable, skipped, unread);
sums!(Trust: sumdb, go_sum, ziphash, module_none, build_id, sha256, output_none, content_id, binary_none, dep_sumdb, dep_go_sum,
    dep_ziphash, dep_none);

impl Trust {
    /// Counts a module.
    pub fn module(&mut self, trust: ModuleTrust) {
        *match trust {
            ModuleTrust::Sumdb => &mut self.sumdb,
            ModuleTrust::GoSum => &mut self.go_sum,
            ModuleTrust::Ziphash => &mut self.ziphash,
            ModuleTrust::None => &mut self.module_none,
        } += 1;
    }

    /// Counts a dependency of a binary.
    pub fn dependency(&mut self, trust: ModuleTrust) {
        *match trust {
            ModuleTrust::Sumdb => &mut self.dep_sumdb,
            ModuleTrust::GoSum => &mut self.dep_go_sum,
            ModuleTrust::Ziphash => &mut self.dep_ziphash,
            ModuleTrust::None => &mut self.dep_none,
        } += 1;
    }
}
