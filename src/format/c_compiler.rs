//! What Go keeps of a C compiler: `path NUL stat NUL` for one or two files, then 32 bytes, the compiler's ID
//! (cmd/go/internal/work/exec.go: `gccCompilerID`).

use super::action::ActionId;
use super::subkey::subkey;

/// A compiler that was described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CCompiler {
    /// The first path: what was asked for.
    pub path: Box<[u8]>,
    /// Keys of what is known of its flags are made from this.
    pub id: ActionId,
}

/// Flags that the go command asks a C compiler for, Go 1.21 to 1.27 (work/exec.go, work/gccgo.go: `gccSupportsFlag`).
pub const FLAGS: &[&str] = &[
    "-fdebug-prefix-map=a=b",
    "-ffile-prefix-map=a=b",
    "-frandom-seed=1",
    "-fno-caret-diagnostics",
    "-Qunused-arguments",
    "-Wl,--no-gc-sections",
    "-gno-record-gcc-switches",
    "-no-pie",
    "-nopie",
    "-fsplit-stack",
    "-fgo-importcfg=/dev/null",
    "-fgo-embedcfg=/dev/null",
];

impl CCompiler {
    /// The key of whether it knows a flag.
    pub fn flag(&self, flag: &str) -> ActionId {
        subkey(self.id, format!("gccSupportsFlag {flag}").as_bytes())
    }
}

/// Reads a description; `None` if it is none.
pub fn parse(bytes: &[u8]) -> Option<CCompiler> {
    let (head, id) = bytes.split_last_chunk::<32>()?;
    let mut fields = head.strip_suffix(b"\0")?.split(|b| *b == 0);
    let mut path = None;
    while let Some(file) = fields.next() {
        let stat = fields.next()?;
        if file.is_empty() || !stat.starts_with(b"stat ") || !stat.ends_with(b"\n") {
            return None;
        }
        path.get_or_insert_with(|| file.into());
    }
    Some(CCompiler { path: path?, id: ActionId(*id) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_or_two_files_are_described() {
        let mut one = b"/usr/bin/gcc\0stat 1 a 2025-01-01 00:00:00 +0000 UTC false\n\0".to_vec();
        let mut two = one.clone();
        two.extend_from_slice(b"/usr/lib/cc1\0stat 2 a 2025-01-01 00:00:00 +0000 UTC false\n\0");
        for text in [&mut one, &mut two] {
            text.extend_from_slice(&[0, 10, 0].repeat(11)[..32]);
            let c = parse(text).unwrap();
            assert_eq!((&*c.path, c.id.0[1]), (&b"/usr/bin/gcc"[..], 10));
        }
        for bad in [&one[1..40], b"", &[0; 33], &[0; 40]] {
            assert_eq!(parse(bad), None);
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }
    }
}
