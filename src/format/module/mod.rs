//! Module paths, versions and their escaped forms, exactly as golang.org/x/mod v0.42 has them (`module`, `semver`).

pub mod escape;
mod letters;
pub mod path;
pub mod pattern;
pub mod pseudo;
pub mod version;

pub use escape::{escape_path, escape_version, unescape_path, unescape_version};
pub use path::{check, check_file_path, check_import_path, check_path, check_path_major, split_path_version};
