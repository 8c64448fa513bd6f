//! What an action entry is for: which computation of Go its key stands for.

/// The computations whose outputs Go 1.21 to 1.27 keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The compilation of a package: an archive.
    Build,
    /// What the compiler said; printed again whenever the archive is used.
    Stdout,
    /// What the linker said; the same.
    LinkStdout,
    /// Which files a package is compiled from.
    SourceList,
    /// A source that cgo or coverage made.
    GeneratedSource,
    /// The header of a C library.
    CgoHeader,
    /// Coverage meta data of a package.
    CoverMeta,
    /// A linked program.
    Executable,
    /// The facts of `go vet` or `go fix`.
    Vet,
    /// What `go vet` or `go fix` said; the same.
    VetStdout,
    /// What `go fix` would write over sources.
    FixZip,
    /// The index of a module in the module cache.
    ModuleIndex,
    /// The index of a module or of a package, no more is known.
    Index,
    /// The main package of a test, made for `go list`.
    TestMain,
    /// What is known of a C compiler.
    CCompiler,
    /// Whether a C compiler knows a flag.
    CFlag,
    /// A preprocessed profile.
    Pgo,
    /// What a test read.
    TestLog,
    /// What a test said; printed again in the place of running it.
    TestResult,
    /// The coverage of a test.
    CoverProfile,
    /// Nothing was said or found: facts, messages or a list without content.
    Empty,
}

crate::word::words!(Role: Build => "build", Stdout => "stdout", LinkStdout => "link-stdout", SourceList => "srcfiles",
    GeneratedSource => "generated-source", CgoHeader => "cgo-header", CoverMeta => "cover-meta", Executable => "executable",
    Vet => "vet", VetStdout => "vet-stdout", FixZip => "fix-zip", ModuleIndex => "module-index", Index => "index",
    TestMain => "test-main", CCompiler => "c-compiler", CFlag => "c-flag", Pgo => "pgo", TestLog => "test-log",
    TestResult => "test-result", CoverProfile => "cover-profile", Empty => "empty");

/// What tells the role of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleBy {
    /// Its key, which was computed as Go computes it.
    Key,
    /// What its output looks like, a hint alone.
    Content,
}

crate::word::words!(RoleBy: Key => "key", Content => "content");
