//! What the caches hold, for `prune`: told from names, states and action entries, which are small. No output, zip or source file
//! is opened, so that the largest cache takes no longer than listing it.

pub mod modules;
pub mod outputs;
pub mod required;

use std::path::Path;

use walkdir::WalkDir;

use super::node::Root;

/// A number of things, and the bytes in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub number: u64,
    /// Bytes in all of them.
    pub bytes: u64,
}

impl Amount {
    /// One thing more.
    pub fn count(&mut self, bytes: u64) {
        self.add(Amount { number: 1, bytes });
    }

    /// Another amount more.
    pub fn add(&mut self, other: Amount) {
        self.number += other.number;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// All regular files below the folder at `rel`, links not followed. What can't be listed is not counted.
pub fn files_below(root: &Root, rel: &Path) -> Amount {
    let all = WalkDir::new(root.real.join(rel)).follow_root_links(false).max_open(8).into_iter().flatten();
    let mut amount = Amount::default();
    all.filter(|e| e.file_type().is_file()).filter_map(|e| e.metadata().ok()).for_each(|m| amount.count(m.len()));
    amount
}
