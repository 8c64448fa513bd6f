//! Module zips, exactly as Go finds its way through them: archive/zip (`readDirectoryEnd`, `readDirectoryHeader`,
//! `findBodyOffset`, `readDataDescriptor`) and golang.org/x/mod/zip (`checkZip`, `Unzip`).
//!
//! Go looks at the end of the central directory, at the directory, and of a local header at the lengths alone. Whatever
//! lies elsewhere in the file it never sees: here every byte is accounted for. All damage is collected as [`ZipDamage`],
//! and each tells whether Go refuses the zip for it or ignores it.

mod batch;
mod central;
mod content;
mod damage;
mod end;
mod fields;
mod fold;
mod layout;
mod local;
mod names;
mod window;

pub use central::{Directory, Member, read_directory};
pub use content::{Content, Failure, Inflater};
pub use damage::{Damages, Hidden, ZipClass, ZipDamage, printable};
pub use end::DirectoryEnd;
pub use layout::{Extent, check_layout};
pub use local::{LocalHeader, check_descriptor, read_local};
pub use names::{Named, Names, check_names};
pub use window::{WINDOW, Window};

/// Largest module zip, and largest sum of its members' sizes, that Go takes: x/mod/zip `MaxZipFile`, 500 MiB.
pub const MAX_ZIP: u64 = 500 << 20;

/// Largest `go.mod` in a module zip: x/mod/zip `MaxGoMod`, 16 MiB.
pub const MAX_GO_MOD: u64 = 16 << 20;

/// Largest `LICENSE` in a module zip: x/mod/zip `MaxLICENSE`, 16 MiB.
pub const MAX_LICENSE: u64 = 16 << 20;

/// Most members that are looked at. Ours, not Go's, so that a hostile directory has no say in how much memory is used; the
/// largest module zips known hold about a tenth of it.
pub const MAX_MEMBERS: usize = 1 << 20;

/// Most bytes of names that are kept, for the same reason.
pub const MAX_NAMES: usize = 128 << 20;

/// From this size on a member is judged by its ratio: ours. Real modules hold larger files, and smaller ones of a higher
/// ratio, but none of both was met.
pub const BOMB_SIZE: u64 = 16 << 20;

/// From this ratio of inflated to deflated bytes on a member of [`BOMB_SIZE`] is a bomb. Deflate's own limit is 1,032;
/// repetitive source text stays below 60.
pub const BOMB_RATIO: u64 = 250;
