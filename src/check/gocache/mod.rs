//! The build cache: action entries, outputs, what lies beside them, and the join of the two.

pub mod builds;
pub mod entries;
pub mod fix_zip;
pub mod messages;
pub mod outputs;
pub mod roles;
pub mod strays;

/// Where the files of the build cache are explained.
const SOURCE: &str = "cmd/go/internal/cache/cache.go";
