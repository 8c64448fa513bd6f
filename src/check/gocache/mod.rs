//! The build cache: action entries, outputs, what lies beside them, and the join of the two.

pub mod entries;
pub mod outputs;
pub mod strays;

use crate::rule::Rule;

/// The rules of this folder.
pub const RULES: &[&[&Rule]] = &[entries::RULES, outputs::RULES, strays::RULES];

/// Where the files of the build cache are explained.
const SOURCE: &str = "cmd/go/internal/cache/cache.go";
