//! Small rows kept of every subject, intact or not: for the joins after the walk, and for `--facts`.

mod role;

use std::path::PathBuf;

pub use role::{Role, RoleBy};

/// How far a module can be trusted: the strongest proof that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModuleTrust {
    /// No claim holds it.
    None,
    /// It agrees with its own unsigned `.ziphash`.
    Ziphash,
    /// It equals the line of the main module's go.sum.
    GoSum,
    /// Included in the checksum database's signed tree.
    Sumdb,
}

impl ModuleTrust {
    /// Whether it says more of a module than the module itself.
    pub fn proves(self) -> bool {
        matches!(self, ModuleTrust::Sumdb | ModuleTrust::GoSum)
    }
}

crate::word::words!(ModuleTrust: None => "none", Ziphash => "ziphash", GoSum => "go.sum", Sumdb => "sumdb");

/// What a file of the checksum database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SumdbFile {
    /// A record with the signed head that came with it.
    Lookup,
    /// A row of hashes.
    Tile,
    /// A signed head by itself.
    TreeHead,
}

crate::word::words!(SumdbFile: Lookup => "lookup", Tile => "tile", TreeHead => "tree-head");

/// How a file of the checksum database stands to the signed tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SumdbVerdict {
    /// It belongs to a signed tree.
    Proven,
    /// Its signature is good; the tiles that would show its tree are not here, or not all.
    Signed,
    /// What would prove it is not here.
    NotProvable,
    /// Empty: a running Go makes it so first.
    BeingWritten,
    /// It could not be read.
    Unread,
    /// Nothing that Go could read.
    Malformed,
    /// Not signed with the database's key.
    BadSignature,
    /// A record of another module than its name says.
    OtherModule,
    /// A record number that no tree has.
    BadNumber,
    /// The signed tree holds something else in its place.
    NotInTree,
    /// It contradicts what is signed.
    Altered,
    /// Past the end of every signed tree.
    PastEnd,
    /// A signed head that can't be of the same log as another one.
    Fork,
}

crate::word::words!(SumdbVerdict: Proven => "proven", Signed => "signed", NotProvable => "not-provable", BeingWritten => "being-written",
    Unread => "unread", Malformed => "malformed", BadSignature => "bad-signature", OtherModule => "other-module", BadNumber => "bad-number",
    NotInTree => "not-in-tree", Altered => "altered", PastEnd => "past-end", Fork => "fork");

/// How a module or package index stands to the directory that it is stored for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexVerdict {
    /// It says what the files say.
    Same,
    /// It does not.
    Differs,
    /// The directory is not known, not here or can't be read.
    Unverifiable,
    /// Nothing that Go could read.
    Malformed,
}

crate::word::words!(IndexVerdict: Same => "same", Differs => "differs", Unverifiable => "unverifiable", Malformed => "malformed");

/// A module version, unescaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleVersion {
    /// Module path.
    pub path: String,
    /// Version.
    pub version: String,
}

impl std::fmt::Display for ModuleVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.path, self.version)
    }
}

/// A module as build info names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildModule {
    /// Module path.
    pub path: String,
    /// Version, empty or `(devel)` where there is none.
    pub version: String,
    /// `h1:` sum, empty where there is none.
    pub sum: String,
    /// The `=>` line.
    pub replace: Option<Box<BuildModule>>,
    /// The strongest claim that equals the sum; `None` where there is no sum.
    pub trust: Option<ModuleTrust>,
}

/// One line of `--facts`.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A module zip.
    Zip {
        /// Where it lies.
        path: PathBuf,
        /// What it is.
        module: ModuleVersion,
        /// Computed dirhash, if the zip could be read.
        h1: Option<String>,
        /// What `.ziphash` says.
        claimed_h1: Option<String>,
        /// Size in bytes.
        size: u64,
        /// Strongest proof.
        trust: ModuleTrust,
    },
    /// An extracted directory.
    Tree {
        /// Where it lies.
        path: PathBuf,
        /// What it is.
        module: ModuleVersion,
        /// Dirhash, where it is known: equal to the zip's where the bytes are.
        h1: Option<String>,
        /// Whether it equals the zip byte for byte; `None` without a zip.
        same_as_zip: Option<bool>,
    },
    /// A `.mod` file.
    Mod {
        /// Where it lies.
        path: PathBuf,
        /// What it is.
        module: ModuleVersion,
        /// Dirhash of the single file `go.mod`.
        h1: String,
    },
    /// A file of the checksum database.
    Sumdb {
        /// What it is.
        kind: SumdbFile,
        /// Where it lies.
        path: PathBuf,
        /// How it stands to the signed tree.
        verdict: SumdbVerdict,
    },
    /// A module or package index.
    Index {
        /// Where it lies.
        path: PathBuf,
        /// An action that names it, hexadecimal.
        action_id: String,
        /// The module or directory that it stands for, where that is known.
        of: Option<String>,
        /// How it stands to that.
        verdict: IndexVerdict,
    },
    /// An action entry.
    Action {
        /// Where it lies.
        path: PathBuf,
        /// Hexadecimal.
        action_id: String,
        /// Hexadecimal.
        output_id: String,
        /// Size of the output in bytes.
        size: u64,
        /// What it is for, and what tells that; `None` where nothing does.
        role: Option<(Role, RoleBy)>,
    },
    /// An output file or directory.
    Output {
        /// Where it lies.
        path: PathBuf,
        /// Hexadecimal.
        output_id: String,
        /// Size in bytes.
        size: u64,
        /// Hexadecimal sha256 of the content.
        sha256: String,
        /// What the content is.
        class: &'static str,
        /// Build ID of an archive or program, empty where there is none.
        build_id: String,
        /// Whether the content ID fits the bytes; `None` where it can't be told.
        content_id_ok: Option<bool>,
    },
    /// A binary.
    Binary(Box<BinaryFact>),
}

/// What a binary says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BinaryFact {
    /// Where it lies.
    pub path: PathBuf,
    /// `elf`, `pe`, `macho`, `fat`, `xcoff`, `plan9`, `wasm` or `other`.
    pub format: &'static str,
    /// From the file header, where it tells.
    pub goos: Option<&'static str>,
    /// From the file header, where it tells.
    pub goarch: Option<&'static str>,
    /// Whether it has build info that Go accepts.
    pub go: bool,
    /// Whether that is in the pointer format of Go 1.13 to 1.17.
    pub old_layout: bool,
    /// Such as `go1.26.8`.
    pub go_version: String,
    /// Package path of `main`.
    pub path_pkg: String,
    /// The main module.
    pub main: Option<BuildModule>,
    /// Dependencies, in the order of the build info.
    pub deps: Vec<BuildModule>,
    /// `build` lines.
    pub settings: Vec<(String, String)>,
    /// Go build ID, empty where there is none.
    pub build_id: String,
    /// Whether the content ID fits the file; `None` where it can't be told.
    pub content_id_ok: Option<bool>,
}
