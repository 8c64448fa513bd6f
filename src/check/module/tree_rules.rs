//! Rules on extracted module directories.

use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[
    &TREE_FILE_DIFFERS,
    &TREE_FILE_MISSING,
    &TREE_FILE_ADDED,
    &TREE_HASH_MISMATCH,
    &TREE_FILE_LINKED,
    &TREE_SPECIAL_FILE,
    &TREE_EMPTY_FOLDER,
    &TREE_FILE_WRITABLE,
    &TREE_UNFINISHED,
];

const VERIFY: &str = "cmd/go/internal/modcmd/verify.go (verifyMod), golang.org/x/mod/sumdb/dirhash (HashDir)";
const REMOVE: &str = "Remove the extracted directory; go extracts it again from the zip, without the network.";

/// Other bytes.
pub static TREE_FILE_DIFFERS: Rule = Rule {
    id: "tree-file-differs",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a file of an extracted module is not that of the zip",
    what: "Every file of an extracted directory, byte by byte, against the member of the zip that it came from.",
    why: "This is the code that is compiled. Somebody edited a dependency in place, a code generator wrote into it, or an attacker did.",
    go: "Compiles it without a word; only `go mod verify` looks, and names no file.",
    mend: REMOVE,
    source: VERIFY,
    witness: |s| {
        let path = s.tree().join("greet.go");
        let text = String::from_utf8_lossy(&sys::read(&path, 1 << 20)?).replace("hello", "jello");
        Ok(Sample::place(&s.put_in_tree("greet.go", text.as_bytes())?))
    },
};

/// Gone.
pub static TREE_FILE_MISSING: Rule = Rule {
    id: "tree-file-missing",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a file of a module is in its zip and not in its extracted directory",
    what: "Every member of the zip has its file.",
    why: "A check or a build constraint that is gone changes what is compiled. A clean-up by age, or a restore that was cut off, looks the same.",
    go: "Builds without it, or fails to; only `go mod verify` looks.",
    mend: REMOVE,
    source: VERIFY,
    witness: |s| {
        let path = s.tree().join("LICENSE");
        s.unlocked(&s.tree(), |_| sys::remove_made(&path))?;
        Ok(Sample::place(&path))
    },
};

/// Too much.
pub static TREE_FILE_ADDED: Rule = Rule {
    id: "tree-file-added",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a file lies in an extracted module that its zip does not hold",
    what: "Every file of an extracted directory has its member in the zip. The copies that go makes of `_go.mod` in a downloaded toolchain are known.",
    why: "A Go file that is added sleeps while the module's index is cached, and is compiled and run as soon as it is not. A `go.mod` hides a folder, a `.git` \
          runs its hooks. Editors and code generators leave files too.",
    go: "Compiles what it finds; only `go mod verify` looks.",
    mend: REMOVE,
    source: VERIFY,
    witness: |s| Ok(Sample::place(&s.put_in_tree("internal/words/more.go", b"package words\n\nfunc init() { println(1) }\n")?)),
};

/// Not what is claimed.
pub static TREE_HASH_MISMATCH: Rule = Rule {
    id: "tree-hash-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "an extracted module is not what is claimed of it, and no intact zip tells where",
    what: "Where there is no zip, or a damaged one: the dirhash of the extracted directory against the checksum database, go.sum or `.ziphash`.",
    why: "This is the code that is compiled, and it is not what was downloaded.",
    go: "Compiles it without a word; only `go mod verify` looks.",
    mend: "Remove this version (zip, `.ziphash` and extracted directory); go fetches it again.",
    source: VERIFY,
    witness: |s| {
        s.put_in_tree("greet.go", b"package greet\n")?;
        sys::remove_made(&s.zip())?;
        Ok(Sample::place(&s.tree()))
    },
};

/// Links.
pub static TREE_FILE_LINKED: Rule = Rule {
    id: "tree-file-linked",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a symbolic link lies in an extracted module",
    what: "The type of every entry: go makes plain files and folders alone.",
    why: "What is compiled lies elsewhere, where others may change it at any time; while it has the right bytes nobody notices.",
    go: "Follows the link; `go mod verify` does too and finds the bytes in order.",
    mend: REMOVE,
    source: "golang.org/x/mod/zip/zip.go (Unzip), golang.org/x/mod/sumdb/dirhash (DirFiles)",
    witness: |s| {
        let path = s.tree().join("greet.go");
        let elsewhere = s.root().join("elsewhere.go");
        s.write(&elsewhere, &sys::read(&path, 1 << 20)?)?;
        s.unlocked(&s.tree(), |_| {
            sys::remove_made(&path)?;
            sys::symlink(&elsewhere, &path)
        })?;
        Ok(Sample::place(&path))
    },
};

/// Pipes and their kin.
pub static TREE_SPECIAL_FILE: Rule = Rule {
    id: "tree-special-file",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a pipe, socket or device lies in an extracted module",
    what: "The type of every entry: go makes plain files and folders alone.",
    why: "Whoever opens a pipe waits until somebody writes to it: a build hangs for ever, or reads what an attacker feeds it.",
    go: "`go build` leaves such entries out, `go mod verify` hangs.",
    mend: REMOVE,
    source: "golang.org/x/mod/sumdb/dirhash (DirFiles)",
    witness: |s| {
        let path = s.tree().join("pipe.go");
        s.unlocked(&s.tree(), |_| sys::make_fifo(&path))?;
        Ok(Sample::place(&path))
    },
};

/// Empty folders.
pub static TREE_EMPTY_FOLDER: Rule = Rule {
    id: "tree-empty-folder",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "an empty folder lies in an extracted module",
    what: "Every folder holds something: go makes one only for a file.",
    why: "Somebody else than go was at work here; what lay in it may be gone, or is still to come.",
    go: "Takes no notice, nor does `go mod verify`.",
    mend: REMOVE,
    source: "golang.org/x/mod/zip/zip.go (Unzip)",
    witness: |s| {
        let path = s.tree().join("testdata");
        s.unlocked(&s.tree(), |_| {
            sys::create_dir_all(&path)?;
            sys::set_mode(&path, 0o555)
        })?;
        Ok(Sample::place(&path))
    },
};

/// Write bits.
pub static TREE_FILE_WRITABLE: Rule = Rule {
    id: "tree-file-writable",
    level: Level::Warning,
    kind: Kind::Posture,
    fix: Fix::Chmod,
    summary: "files or folders of an extracted module are writable by their owner",
    what: "The owner's write bit of every file: go takes it away even with `-modcacherw`, which concerns folders; and of every folder of a module whose own folder is read-only. One finding for a module, with their number; where most modules of a cache are so, one for the cache.",
    why: "A code generator, an editor or a script of the same user changes a dependency in passing, and every build on this machine gets it.",
    go: "Takes no notice.",
    mend: "Take the write bit of the files away again; `-modcacherw` (GOFLAGS) is enough to be able to remove the cache.",
    source: "golang.org/x/mod/zip/zip.go (Unzip)",
    witness: |s| {
        let path = s.tree().join("greet.go");
        sys::set_mode(&path, 0o644)?;
        Ok(Sample::place(&path))
    },
};

/// A toolchain that is being made ready.
pub static TREE_UNFINISHED: Rule = Rule {
    id: "tree-unfinished",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "a downloaded toolchain is not ready yet",
    what: "Each `go.mod` that go copies from a `_go.mod` in a downloaded toolchain is whole.",
    why: "Harmless: a go that was killed meanwhile leaves it, or one is at work.",
    go: "Finishes the copies the next time it uses the toolchain.",
    mend: "Nothing to do.",
    source: "cmd/go/internal/toolchain/select.go (raceSafeCopy)",
    witness: |s| {
        let tree = s.gomodcache().join("golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64");
        let path = tree.join("src/go.mod");
        s.write(&tree.join("src/_go.mod"), b"module std\n\ngo 1.26\n")?;
        sys::set_mode(&tree.join("src/_go.mod"), 0o444)?;
        s.write(&path, b"module std")?;
        sys::set_mode(&path, 0o600)?;
        Ok(Sample::place(&path))
    },
};
