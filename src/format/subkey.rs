//! How Go makes a key of the build cache: an action ID from a text, or from another action ID (cmd/go/internal/cache/hash.go:
//! `NewHash`, `Subkey`).

use sha2::{Digest, Sha256};

use super::action::ActionId;

/// The key made from `parent` and a description (`Subkey`).
pub fn subkey(parent: ActionId, description: &[u8]) -> ActionId {
    let mut hash = Sha256::new();
    hash.update(b"subkey:");
    hash.update(parent.0);
    hash.update(description);
    ActionId(hash.finalize().into())
}

/// A version of the go command, which every hash begins with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoVersion(String);

impl GoVersion {
    /// The version called so, as `runtime.Version` gives it: `go1.26.8`, or with the experiments that it was built with.
    pub fn new(version: &str) -> GoVersion {
        GoVersion(version.to_owned())
    }

    /// The version that made an archive, from its third line; `None` where this is none.
    ///
    /// ```text
    /// go object GOOS GOARCH VERSION [GOAMD64=v1] X:EXPERIMENTS       cmd/internal/objabi/head.go (HeaderString)
    /// ```
    pub fn of_archive(head: &[u8]) -> Option<GoVersion> {
        let line = head.split(|b| *b == b'\n').nth(2)?;
        let mut words = std::str::from_utf8(line).ok()?.strip_prefix("go object ")?.splitn(3, ' ');
        let (_os, _arch, rest) = (words.next()?, words.next()?, words.next()?);
        // The version itself may hold blanks and experiments: what comes after it is looked for from the end.
        let rest = rest.rfind(" X:").and_then(|at| rest.get(..at)).unwrap_or(rest);
        let (version, last) = rest.rsplit_once(' ').unwrap_or((rest, ""));
        let architecture = last.starts_with("GO") && last.contains('=');
        let version = if architecture { version } else { rest };
        (!version.is_empty()).then(|| GoVersion(version.to_owned()))
    }

    /// As `runtime.Version` gives it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What every hash begins with: the version without experiments (`stripExperiment`).
    pub fn salt(&self) -> &str {
        let at = self.0.find(" X:").or_else(|| self.0.find("-X:"));
        at.and_then(|at| self.0.get(..at)).unwrap_or(&self.0)
    }

    /// The hash of a text as this version makes it (`NewHash`, `Write`, `Sum`).
    pub fn hash(&self, text: &[&[u8]]) -> ActionId {
        let mut hash = Sha256::new();
        hash.update(self.salt());
        for part in text {
            hash.update(part);
        }
        ActionId(hash.finalize().into())
    }

    /// The key of the index of a module in the module cache (cmd/go/internal/modindex/read.go: `moduleHash`). `root` is the
    /// module's directory as Go names it.
    pub fn module_index(&self, root: &[u8]) -> ActionId {
        self.hash(&[b"module index ", self.0.as_bytes(), b" go index v2 ", root, b"\n"])
    }

    /// The key of a `package main` that `go list -test` has made (cmd/go/internal/list/list.go).
    pub fn test_main(&self, content: &[u8]) -> ActionId {
        self.hash(&[b"testmain\n", content])
    }

    /// The key of what is known of a C compiler, by its path (cmd/go/internal/work/exec.go: `gccCompilerID`). `None` for a
    /// path that Go quotes in a way that is not followed here.
    pub fn c_compiler(&self, path: &[u8]) -> Option<ActionId> {
        let plain = path.iter().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\'));
        plain.then(|| self.hash(&[b"gccCompilerID \"", path, b"\""]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{hex, unhex32};

    fn id(text: &str) -> ActionId {
        ActionId(unhex32(text.as_bytes()).unwrap())
    }

    /// Rows that `GODEBUG=gocachehash=1 go test` of Go 1.26.8 printed.
    #[test]
    fn keys_are_those_of_go() {
        let test = id("9bbebfe31c5a89a83c835e8daaf1afadb02441d827473fe97119550cdcde0919");
        let inputs = "inputs:20657e7faf0c293153e4bbfd28181063f9f9ba059c77270af2a7f8a6cf3d569c";
        assert!(subkey(test, inputs.as_bytes()).to_string().starts_with("16802372f673d06f5f5f4f758fb56cbcf3d94c3e42301fe60954d"));
        let go = GoVersion::new("go1.26.8");
        assert_eq!(hex(&go.hash(&[b"\0"]).0), "70d5e7cc1fe11d83854e731ecb8d047e043733fad6116f796ca5b03fd6a9b41d");
        let env = go.hash(&[b"\x01gocachehash=1"]);
        assert_eq!(env, id("bbb6d274cd446b756265727f37987491445d0370dac94f4bc590b94ca62f4b4b"));
    }

    #[test]
    fn the_version_is_read_from_an_archive() {
        let of = |line: &str| GoVersion::of_archive(format!("!<arch>\n__.PKGDEF  0\n{line}\nbuild id \"\"\n").as_bytes());
        for (line, version, salt) in [
            ("go object linux amd64 go1.26.8 GOAMD64=v1 X:regabiwrappers,dwarf5", "go1.26.8", "go1.26.8"),
            ("go object js wasm go1.21.13 X:none", "go1.21.13", "go1.21.13"),
            ("go object linux amd64 go1.26 X:jsonv2 GOAMD64=v1 X:jsonv2", "go1.26 X:jsonv2", "go1.26"),
            (
                "go object linux 386 devel go1.27-5e8a Tue Oct 1 GO386=sse2 X:",
                "devel go1.27-5e8a Tue Oct 1",
                "devel go1.27-5e8a Tue Oct 1",
            ),
            ("go object linux arm64 go1.27-X:nodwarf5 GOARM64=v8.0 X:", "go1.27-X:nodwarf5", "go1.27"),
        ] {
            let got = of(line).unwrap();
            assert_eq!((got.as_str(), got.salt()), (version, salt), "{line}");
        }
        assert_eq!(of("go object linux"), None);
        assert_eq!(of("no object linux amd64 go1.26.8 X:"), None);
        assert_eq!(GoVersion::of_archive(b"!<arch>"), None);
    }

    #[test]
    fn a_path_that_go_would_escape_has_no_key() {
        let go = GoVersion::new("go1.26.8");
        assert!(go.c_compiler(b"/usr/bin/gcc").is_some());
        assert!(go.c_compiler(b"/a\\b").is_none() && go.c_compiler("/\u{e4}".as_bytes()).is_none());
    }
}
