//! Go build information in an executable, as `debug/buildinfo` (`Read`, Go 1.26) finds it.

use std::fmt;
use std::io;

use super::field::{Fields, TABLE_LIMIT};
use super::modinfo::{self, ModInfo, ParseError};
use super::quote::lossy;
use super::{DataStart, Image, map};
use crate::format::ReadAt;

const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGN: u64 = 16;
const HEADER: u64 = 32;
const CHUNK: u64 = 1 << 20;
const MAX_VARINT: u64 = 10;

/// How the build info is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Go 1.13 to 1.17: pointers to Go strings.
    Pointer,
    /// Since Go 1.18: the strings follow the header.
    Inline,
}

/// What a Go binary says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildInfo {
    /// Such as `go1.26.8`; never empty.
    pub go_version: String,
    /// How it is stored.
    pub layout: Layout,
    /// Modules and settings; all empty for a build without modules.
    pub modules: ModInfo,
    /// Module data that lacks the linker's marks, which Go takes for none at all.
    pub unframed: bool,
}

/// Why Go finds no build information; `Display` gives Go's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoBuildInfo {
    /// Not in a format that Go knows, or it breaks the rules of that format.
    Unrecognized,
    /// A valid executable without build information.
    NotGo,
    /// An address that the file does not fill (XCOFF, Plan 9).
    Unmapped,
    /// A section without bytes (PE, XCOFF).
    Uninitialized,
    /// The text breaks its own rules.
    Malformed(ParseError),
}

impl fmt::Display for NoBuildInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoBuildInfo::Unrecognized => f.write_str("unrecognized file format"),
            NoBuildInfo::NotGo => f.write_str("not a Go executable"),
            NoBuildInfo::Unmapped => f.write_str("address not mapped"),
            NoBuildInfo::Uninitialized => f.write_str("unexpected read from section with uninitialized data"),
            NoBuildInfo::Malformed(e) => e.fmt(f),
        }
    }
}

/// What `debug/buildinfo.ReadFile` gives for this file; `Err` only where the system refuses to read.
pub fn read_build_info(r: &dyn ReadAt) -> io::Result<Result<BuildInfo, NoBuildInfo>> {
    match map(r)? {
        Ok(image) => image.build_info(r),
        Err(_) => Ok(Err(NoBuildInfo::Unrecognized)),
    }
}

/// A step that may end the search with a verdict, or with an error of the system.
type Step<T> = Result<T, Stop>;

enum Stop {
    Io(io::Error),
    Verdict(NoBuildInfo),
}

impl From<io::Error> for Stop {
    fn from(e: io::Error) -> Self {
        Stop::Io(e)
    }
}

const NOT_GO: Stop = Stop::Verdict(NoBuildInfo::NotGo);

impl Image {
    /// The build information in the file that was mapped.
    pub fn build_info(&self, r: &dyn ReadAt) -> io::Result<Result<BuildInfo, NoBuildInfo>> {
        match (Search { image: self, r }).run() {
            Ok(info) => Ok(Ok(info)),
            Err(Stop::Verdict(v)) => Ok(Err(v)),
            Err(Stop::Io(e)) => Err(e),
        }
    }
}

struct Search<'a> {
    image: &'a Image,
    r: &'a dyn ReadAt,
}

impl Search<'_> {
    fn run(&self) -> Step<BuildInfo> {
        if !self.image.mapped {
            return Err(Stop::Verdict(NoBuildInfo::Unrecognized));
        }
        let Some(start) = self.image.data.filter(|d| d.size > 0) else { return Err(NOT_GO) };
        let addr = self.find(start)?;
        let header = self.bytes(addr, HEADER)?;
        let at = |i: usize| header.get(i).copied().unwrap_or_default();
        let (pointer_size, flags) = (at(14), at(15));
        let (layout, version, modules) = if flags & 2 != 0 {
            let (version, next) = self.counted(addr.wrapping_add(HEADER))?;
            (Layout::Inline, version, self.counted(next)?.0)
        } else {
            let wide = match pointer_size {
                4 => false,
                8 => true,
                _ => return Err(NOT_GO),
            };
            let big = flags & 1 != 0;
            let mut f = Fields::new(header.get(16..).unwrap_or_default(), big);
            let (Ok(version), Ok(modules)) = (f.word(wide), f.word(wide)) else { return Err(NOT_GO) };
            (Layout::Pointer, self.go_string(version, wide, big)?, self.go_string(modules, wide, big)?)
        };
        if version.is_empty() {
            return Err(NOT_GO);
        }
        let framed = modules.len() >= 33 && modules.get(modules.len() - 17) == Some(&b'\n');
        let text = if framed { modules.get(16..modules.len() - 16).unwrap_or_default() } else { &[] };
        let unframed = !framed && !modules.is_empty();
        let modules = modinfo::parse(text).map_err(|e| Stop::Verdict(NoBuildInfo::Malformed(e)))?;
        Ok(BuildInfo { go_version: lossy(&version), layout, modules, unframed })
    }

    /// Exactly `n` bytes at `addr` (`readData`): fewer mean that this is no Go executable. More than 16 MiB too, which
    /// is our limit and not Go's.
    fn bytes(&self, addr: u64, n: u64) -> Step<Vec<u8>> {
        let len = if n > TABLE_LIMIT { 0 } else { usize::try_from(n).unwrap_or(0) };
        let mut out = vec![0; len];
        let got = self.image.read(self.r, addr, &mut out)?.map_err(Stop::Verdict)?;
        if got < out.len() || n > TABLE_LIMIT { Err(NOT_GO) } else { Ok(out) }
    }

    /// A string behind its length (`decodeString`), and the address after it.
    fn counted(&self, addr: u64) -> Step<(Vec<u8>, u64)> {
        let raw = self.bytes(addr, MAX_VARINT)?;
        let (mut len, mut used) = (0u64, 0u64);
        for (i, b) in (0u32..).zip(raw) {
            if i == 9 && b > 1 {
                return Err(NOT_GO);
            }
            len |= u64::from(b & 0x7f) << (7 * i);
            if b < 0x80 {
                used = u64::from(i) + 1;
                break;
            }
        }
        if used == 0 {
            return Err(NOT_GO);
        }
        let addr = addr.wrapping_add(used);
        Ok((self.bytes(addr, len)?, addr.wrapping_add(len)))
    }

    /// A Go string by the address of its header (`readString`): empty if it can't be read.
    fn go_string(&self, addr: u64, wide: bool, big: bool) -> Step<Vec<u8>> {
        let read = || {
            let header = self.bytes(addr, if wide { 16 } else { 8 })?;
            let mut f = Fields::new(&header, big);
            let (Ok(data), Ok(len)) = (f.word(wide), f.word(wide)) else { return Err(NOT_GO) };
            self.bytes(data, len)
        };
        match read() {
            Err(Stop::Verdict(_)) => Ok(Vec::new()),
            other => other,
        }
    }

    /// The address of the magic (`searchMagic`). No more bytes are searched than the file has.
    ///
    /// After a magic that is not aligned Go counts the address of the next one from the wrong place; so do we, since
    /// what Go says of the file is what is asked here.
    fn find(&self, data: DataStart) -> Step<u64> {
        let Some(end) = data.addr.checked_add(data.size) else {
            return Err(Stop::Verdict(NoBuildInfo::Unrecognized));
        };
        let mut start = data.addr.wrapping_add(ALIGN - 1) & !(ALIGN - 1);
        let mut buf = Vec::new();
        let mut searched = 0u64;
        while start < end && searched <= self.r.size() {
            let remaining = end - start;
            let chunk = remaining.min(CHUNK);
            buf.clear();
            buf.resize(usize::try_from(chunk).unwrap_or(0), 0);
            let got = self.image.read(self.r, start, &mut buf)?.map_err(Stop::Verdict)?;
            if got == 0 {
                return Err(NOT_GO);
            }
            let mut rest = buf.get(..got).unwrap_or_default();
            while let Some(i) = position(rest) {
                let at = u64::try_from(i).unwrap_or(0);
                if remaining.saturating_sub(at) < HEADER {
                    return Err(NOT_GO);
                }
                if at.is_multiple_of(ALIGN) {
                    return Ok(start.wrapping_add(at));
                }
                let Some(next) = rest.get(i.next_multiple_of(16)..) else { return Err(NOT_GO) };
                rest = next;
            }
            start = start.wrapping_add(chunk);
            searched = searched.saturating_add(u64::try_from(got).unwrap_or(u64::MAX));
        }
        Err(NOT_GO)
    }
}

/// The first occurrence of the magic.
fn position(data: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = data.get(from..)?;
        let at = from + rest.iter().position(|b| *b == 0xff)?;
        if data.get(at..)?.starts_with(MAGIC) {
            return Some(at);
        }
        from = at + 1;
    }
}
