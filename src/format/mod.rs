//! Bytes to typed values, without I/O: every parser here is pure, total and bounded, and each limit cites its source.

pub mod accounts;
pub mod acl;
pub mod action;
pub mod binary;
pub mod buildid;
pub mod c_compiler;
pub mod cover_meta;
pub mod deflate;
pub mod dirhash;
pub mod escape;
pub mod fix_zip;
pub mod gitconfig;
pub mod goenv;
pub mod gomod;
pub mod gosource;
pub mod gosum;
pub mod gover;
pub mod gowork;
pub mod index;
pub mod info;
pub mod journal;
pub mod list;
pub mod lock_table;
pub mod machine;
pub mod module;
pub mod modules_txt;
pub mod mountinfo;
pub mod output;
pub mod quoted;
pub mod sha256;
pub mod shell;
pub mod source_list;
pub mod subkey;
pub mod sumdb;
pub mod test_result;
pub mod tool_flags;
pub mod zip;
pub mod ziphash;
pub mod zone;

/// Random access to bytes that someone else may change while we read: what was read is all that is known.
pub trait ReadAt {
    /// Size in bytes when it was opened.
    fn size(&self) -> u64;

    /// Reads at `offset` into `buf`; returns how many bytes were there, 0 at the end.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize>;

    /// Fills `buf` from `offset`; returns how many bytes were there, fewer than asked only at the end.
    fn read_full_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|r| !r.is_empty()) {
            let Some(at) = u64::try_from(done).ok().and_then(|d| offset.checked_add(d)) else { break };
            match self.read_at(at, rest)? {
                0 => break,
                n => done += n,
            }
        }
        Ok(done)
    }
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        u64::try_from(self.len()).unwrap_or(u64::MAX)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|o| self.get(o..)).unwrap_or(&[]);
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| hex_digits(*b)).map(char::from).collect()
}

/// The two digits of a byte, in lower case.
pub fn hex_digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|nibble| nibble + if nibble < 10 { b'0' } else { b'a' - 10 })
}

/// Parses exactly 64 lower- or upper-case hexadecimal digits.
pub fn unhex32(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut out = [0u8; 32];
    if text.len() != 64 {
        return None;
    }
    for (o, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        *o = (digit(*pair.first()?)? << 4) | digit(*pair.last()?)?;
    }
    Some(out)
}
