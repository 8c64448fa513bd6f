//! The coverage meta data of a package, as far as it tells which package it is (internal/coverage/defs.go:
//! `MetaFileHeader`, `MetaSymbolHeader`; internal/coverage/stringtab).
//!
//! ```text
//! 0  "\0cvm"  version 4  total 8  entries 8  hash 16  table offset 4, length 4  mode 1  granularity 1  padding 6
//! 56 offsets 8 a package, lengths 8 a package, table of strings, then one blob a package:
//!    length 4  name 4  path 4  module 4  hash 16  1 + 3  files 4  functions 4  function offsets 4 each  strings
//! ```

use sha2::{Digest, Sha256};

use super::hex;

const HEADER: usize = 56;
const BLOB_HEADER: usize = 44;

/// The import path of the one package that it describes; `None` where there is not exactly one, or it can't be told.
pub fn import_path(bytes: &[u8]) -> Option<&[u8]> {
    if !bytes.starts_with(b"\0cvm") || u64_at(bytes, 16)? != 1 {
        return None;
    }
    let blob = bytes.get(usize::try_from(u64_at(bytes, HEADER)?).ok()?..)?;
    let path = u32_at(blob, 8)?;
    let functions = usize::try_from(u32_at(blob, 40)?).ok()?;
    let table = blob.get(BLOB_HEADER.checked_add(functions.checked_mul(4)?)?..)?;
    let (count, mut rest) = uleb(table)?;
    if u64::from(path) >= count {
        return None;
    }
    for _ in 0..path {
        rest = string(rest)?.1;
    }
    Some(string(rest)?.0).filter(|p| !p.is_empty())
}

/// The name under which Go keeps the meta data of a package beside its archive (cmd/internal/cov/covcmd/cmddefs.go:
/// `MetaFileForPackage`).
pub fn file_name(import_path: &[u8]) -> String {
    format!("covmeta.{}", hex(&Sha256::digest(import_path)))
}

fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = uleb(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

fn uleb(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (i, b) in (0u32..10).zip(bytes) {
        value |= u64::from(b & 0x7f).checked_shl(7 * i)?;
        if b & 0x80 == 0 {
            return Some((value, bytes.get(usize::try_from(i).ok()? + 1..)?));
        }
    }
    None
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What Go 1.26.8 wrote for a package of one function.
    const REAL: &[u8] = b"\0cvm\x01\0\0\0\xe0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x0c\xc0\xeeQMw\xbe\xf9\xe8D\x8f9;\xe4\x80\xb9H\0\0\0\x02\0\0\0\x01\x01\0\0\0\0\0\0J\0\0\0\0\0\0\0\x96\0\0\0\0\0\0\0\x01\0\x96\0\0\0\x02\0\0\0\x01\0\0\0\x03\0\0\0\x0c\xc0\xeeQMw\xbe\xf9\xe8D\x8f9;\xe4\x80\xb9\0\0\0\0\x06\0\0\0\x01\0\0\0\x8d\0\0\0\x06\0\x1dexample.test/full/internal/cg\x02cg\x11example.test/full\x03Add#example.test/full/internal/cg/cg.go\x01\x04\x05\x08\x18\x08A\x01\0";

    #[test]
    fn the_package_is_told() {
        assert_eq!(import_path(REAL), Some(&b"example.test/full/internal/cg"[..]));
        for n in 0..REAL.len() {
            let _ = import_path(&REAL[..n]);
        }
        assert_eq!(import_path(&REAL[..120]), None);
        assert!(file_name(b"x").starts_with("covmeta.2d711642b726b04401627ca9fbac32f5"));
    }

    proptest! {
        #[test]
        fn never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), real in any::<bool>()) {
            if real {
                bytes.splice(0..0, REAL[..74].iter().copied());
            }
            let _ = import_path(&bytes);
        }
    }
}
