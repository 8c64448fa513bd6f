//! Reading numbers and tables out of executables: bounded, total, in either byte order.

use std::io;

use crate::format::ReadAt;

/// The longest table (headers, load commands, a string) that is read at once. Go has no such limit; the largest that its
/// linker makes is some 10 KB, and a real build info with 2,000 modules has 200 KB.
pub(super) const TABLE_LIMIT: u64 = 16 << 20;

/// Why a file can't be parsed.
#[derive(Debug)]
pub(super) enum Fail {
    /// The system refused a read: our failure, not the file's.
    Io(io::Error),
    /// The file ends before something that its headers speak of.
    Short,
    /// It breaks the rules of its format, or our limit.
    Bad,
    /// It has no symbols, without which Go refuses its format (XCOFF).
    Stripped,
}

impl From<io::Error> for Fail {
    fn from(e: io::Error) -> Self {
        Fail::Io(e)
    }
}

pub(super) type Parse<T> = Result<T, Fail>;

/// The numbers of a header, one after the other.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    big: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], big: bool) -> Self {
        Fields { rest: bytes, big }
    }

    pub(super) fn take(&mut self, n: usize) -> Parse<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(Fail::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Parse<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Fail::Short)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Parse<u8> {
        self.array::<1>().map(|[b]| b)
    }

    pub(super) fn u16(&mut self) -> Parse<u16> {
        self.array().map(|a| if self.big { u16::from_be_bytes(a) } else { u16::from_le_bytes(a) })
    }

    pub(super) fn u32(&mut self) -> Parse<u32> {
        self.array().map(|a| if self.big { u32::from_be_bytes(a) } else { u32::from_le_bytes(a) })
    }

    pub(super) fn u64(&mut self) -> Parse<u64> {
        self.array().map(|a| if self.big { u64::from_be_bytes(a) } else { u64::from_le_bytes(a) })
    }

    /// A number as wide as the addresses of the file.
    pub(super) fn word(&mut self, wide: bool) -> Parse<u64> {
        if wide { self.u64() } else { self.u32().map(u64::from) }
    }
}

/// An offset or a length that Go takes as a signed number.
pub(super) fn signed(n: u64) -> Parse<u64> {
    if i64::try_from(n).is_ok() { Ok(n) } else { Err(Fail::Bad) }
}

/// Fails unless the file has `n` bytes at `offset`. None of none is always there.
pub(super) fn require(r: &dyn ReadAt, offset: u64, n: u64) -> Parse<()> {
    match offset.checked_add(n) {
        _ if n == 0 => Ok(()),
        Some(end) if end <= r.size() => Ok(()),
        _ => Err(Fail::Short),
    }
}

/// Exactly `n` bytes at `offset`.
pub(super) fn bytes_at(r: &dyn ReadAt, offset: u64, n: u64) -> Parse<Vec<u8>> {
    require(r, offset, n)?;
    if n > TABLE_LIMIT {
        return Err(Fail::Bad);
    }
    let mut out = vec![0; usize::try_from(n).map_err(|_| Fail::Bad)?];
    let got = r.read_full_at(offset, &mut out)?;
    if got < out.len() { Err(Fail::Short) } else { Ok(out) }
}

/// Up to the first NUL.
pub(super) fn cstring(bytes: &[u8]) -> &[u8] {
    bytes.split(|b| *b == 0).next().unwrap_or_default()
}

/// Records of a long table one after the other, 64 KiB in memory.
pub(super) struct Cursor<'a> {
    r: &'a dyn ReadAt,
    at: u64,
    buf: Vec<u8>,
    pos: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(r: &'a dyn ReadAt, at: u64) -> Self {
        Cursor { r, at, buf: Vec::new(), pos: 0 }
    }

    /// The next `n` bytes, `n` at most 64 KiB.
    pub(super) fn record(&mut self, n: usize) -> Parse<&[u8]> {
        if self.buf.len().saturating_sub(self.pos) < n {
            self.buf.resize(64 << 10, 0);
            let got = self.r.read_full_at(self.at, &mut self.buf)?;
            self.buf.truncate(got);
            self.pos = 0;
        }
        let from = self.pos;
        let bytes = self.buf.get(from..from.saturating_add(n)).ok_or(Fail::Short)?;
        self.pos += n;
        self.at = self.at.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        Ok(bytes)
    }

    pub(super) fn skip(&mut self, n: u64) {
        self.at = self.at.saturating_add(n);
        match usize::try_from(n).ok().and_then(|n| self.pos.checked_add(n)) {
            Some(pos) if pos <= self.buf.len() => self.pos = pos,
            _ => {
                self.buf.clear();
                self.pos = 0;
            }
        }
    }
}

/// A part of a file as if it were a file.
pub(super) struct Window<'a> {
    pub(super) r: &'a dyn ReadAt,
    pub(super) base: u64,
    pub(super) len: u64,
}

impl ReadAt for Window<'_> {
    fn size(&self) -> u64 {
        self.len.min(self.r.size().saturating_sub(self.base))
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let n = left.min(buf.len());
        match (self.base.checked_add(offset), buf.get_mut(..n)) {
            (Some(at), Some(buf)) if n > 0 => self.r.read_at(at, buf),
            _ => Ok(0),
        }
    }
}

/// Bytes in memory as a file.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl ReadAt for Bytes<'_> {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buf)
    }
}
