//! Executables: recognised by magic, mapped as far as their build info, build ID and platform need.
//!
//! Each format is parsed as the Go package parses it that `debug/buildinfo` uses (`debug/elf`, `debug/pe`, `debug/macho`,
//! `internal/xcoff`, `debug/plan9obj`; Go 1.26), so that a damaged file gets the verdict that Go gives it, wrapping
//! arithmetic of addresses included. Tables of symbols and relocations are walked where Go reads them, since Go refuses
//! a file in which they are broken, but never kept. No more than 16 MiB are held at a time; where that limit makes a
//! difference to Go the file is called unrecognized.

mod buildinfo;
mod elf;
mod field;
mod id;
mod macho;
mod modinfo;
mod pe;
mod plan9;
mod platform;
mod quote;
mod wasm;
mod xcoff;

use std::io;
use std::ops::Range;

pub use buildinfo::{BuildInfo, Layout, NoBuildInfo, read_build_info};
pub use id::{MalformedId, read_build_id};
pub use modinfo::{LineDamage, ModInfo, Oddity, ParseError, parse as parse_modinfo};
pub use platform::Platform;
pub use quote::{lossy, unquote};

use super::ReadAt;
use field::{Fail, Window};

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Linux, the BSDs, Solaris, Android.
    Elf,
    /// Windows.
    Pe,
    /// macOS, iOS.
    Macho,
    /// Several Mach-O files in one.
    Fat,
    /// AIX.
    Xcoff,
    /// Plan 9 a.out.
    Plan9,
    /// WebAssembly.
    Wasm,
    /// Nothing that runs by itself.
    Other,
}

crate::word::words!(Format: Elf => "elf", Pe => "pe", Macho => "macho", Fat => "fat", Xcoff => "xcoff", Plan9 => "plan9",
    Wasm => "wasm", Other => "other");

impl Format {
    /// The format that these first bytes announce.
    pub fn of(head: &[u8]) -> Format {
        let has = |magic: &[u8]| head.starts_with(magic);
        if has(b"\x7fELF") {
            Format::Elf
        } else if has(b"MZ") {
            Format::Pe
        } else if has(b"\xfe\xed\xfa") || head.get(1..).is_some_and(|t| t.starts_with(b"\xfa\xed\xfe")) {
            Format::Macho
        } else if has(b"\xca\xfe\xba\xbe") || has(b"\xca\xfe\xba\xbf") {
            Format::Fat
        } else if has(b"\x01\xdf") || has(b"\x01\xf7") {
            Format::Xcoff
        } else if plan9::MAGICS.iter().any(|(magic, _)| has(&magic.to_be_bytes())) {
            Format::Plan9
        } else if has(b"\0asm") {
            Format::Wasm
        } else {
            Format::Other
        }
    }
}

/// A piece of the address space that the file fills.
#[derive(Debug, Clone, Copy)]
struct Segment {
    /// First address.
    addr: u64,
    /// Last address, in the wrapping arithmetic of the format: below `addr` for most empty segments.
    last: u64,
    /// Bytes of it in the file.
    size: u64,
    /// Where they are in the file; `None` where there are none and Go refuses to read.
    offset: Option<u64>,
}

/// Where the build info must be: the first address and how many bytes.
#[derive(Debug, Clone, Copy)]
struct DataStart {
    addr: u64,
    size: u64,
}

/// An executable, mapped.
#[derive(Debug)]
pub struct Image {
    /// What it is.
    pub format: Format,
    /// What its header says it runs on.
    pub platform: Platform,
    /// Bytes that the file must have for all that its headers speak of.
    pub needs: u64,
    /// Code signature of a Mach-O file: not part of the content ID.
    pub signature: Option<Range<u64>>,
    /// The host's own build ID (GNU note, Mach-O UUID): not part of the content ID since Go 1.24.
    pub host_id: Option<Range<u64>>,
    segments: Vec<Segment>,
    data: Option<DataStart>,
    /// What addresses are counted from (PE).
    image_base: u64,
    /// Where the file lies in a fat one.
    window: Option<Range<u64>>,
    /// Whether Go knows the format at all.
    mapped: bool,
    /// Whether `data` is a section that is named for build info.
    mapped_by_name: bool,
    /// The first section `__text` (Mach-O): offset and size.
    text: Option<(u64, u64)>,
}

impl Image {
    fn new(format: Format, platform: Platform) -> Image {
        Image {
            format,
            platform,
            needs: 0,
            signature: None,
            host_id: None,
            segments: Vec::new(),
            data: None,
            image_base: 0,
            window: None,
            mapped: true,
            mapped_by_name: false,
            text: None,
        }
    }

    /// The file must have `n` bytes at `offset`.
    fn need(&mut self, offset: u64, n: u64) {
        if n > 0 {
            self.needs = self.needs.max(offset.saturating_add(n));
        }
    }

    /// Reads what the file has at the address `addr` into `buf`, as much as the segment has of it; `Ok(Err)` where Go
    /// finds no segment or refuses to read.
    fn read(&self, r: &dyn ReadAt, addr: u64, buf: &mut [u8]) -> io::Result<Result<usize, NoBuildInfo>> {
        let addr = addr.wrapping_sub(self.image_base);
        let Some(segment) = self.segments.iter().find(|s| s.addr <= addr && addr <= s.last) else {
            let unmapped = matches!(self.format, Format::Xcoff | Format::Plan9);
            return Ok(Err(if unmapped { NoBuildInfo::Unmapped } else { NoBuildInfo::Unrecognized }));
        };
        let skip = addr.wrapping_sub(segment.addr);
        let left = if i64::try_from(skip).is_ok() { segment.size.saturating_sub(skip) } else { 0 };
        let n = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let Some(offset) = segment.offset else {
            return Ok(if n == 0 && !buf.is_empty() { Ok(0) } else { Err(NoBuildInfo::Uninitialized) });
        };
        let (Some(at), Some(buf)) = (offset.checked_add(skip), buf.get_mut(..n)) else { return Ok(Ok(0)) };
        match &self.window {
            None => r.read_full_at(at, buf).map(Ok),
            Some(w) => Window { r, base: w.start, len: w.end.saturating_sub(w.start) }.read_full_at(at, buf).map(Ok),
        }
    }
}

/// Why a file that begins like an executable can't be mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmappable {
    /// It ends before something that its headers speak of.
    Short,
    /// It breaks the rules of its format.
    Bad,
    /// It was linked without symbols (`-ldflags=-s`), and Go reads no file of its format (XCOFF) without them.
    Stripped,
    /// It begins like none.
    Other,
}

/// Maps an executable; `Err` only where the system refuses to read.
pub fn map(r: &dyn ReadAt) -> io::Result<Result<Image, Unmappable>> {
    let mut head = [0; 16];
    let got = r.read_full_at(0, &mut head)?;
    let format = Format::of(head.get(..got).unwrap_or_default());
    let image = match format {
        Format::Elf => elf::map(r),
        Format::Pe => pe::map(r),
        Format::Macho => macho::map(r),
        Format::Fat => macho::map_fat(r),
        Format::Xcoff => xcoff::map(r),
        Format::Plan9 => plan9::map(r),
        Format::Wasm => wasm::map(r),
        Format::Other => return Ok(Err(Unmappable::Other)),
    };
    match image {
        Ok(image) => Ok(Ok(image)),
        Err(Fail::Short) => Ok(Err(Unmappable::Short)),
        Err(Fail::Bad) => Ok(Err(Unmappable::Bad)),
        Err(Fail::Stripped) => Ok(Err(Unmappable::Stripped)),
        Err(Fail::Io(e)) => Err(e),
    }
}

/// The format of a file, by its first bytes.
pub fn format_of(r: &dyn ReadAt) -> io::Result<Format> {
    let mut head = [0; 16];
    let got = r.read_full_at(0, &mut head)?;
    Ok(Format::of(head.get(..got).unwrap_or_default()))
}

/// An address that is one below the end of a segment, in Go's wrapping 64-bit arithmetic.
fn last64(addr: u64, size: u64) -> u64 {
    addr.wrapping_add(size).wrapping_sub(1)
}

/// The same in 32-bit arithmetic.
fn last32(addr: u32, size: u32) -> u64 {
    u64::from(addr.wrapping_add(size).wrapping_sub(1))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::field::Bytes;
    use super::*;
    use crate::sample::binary::BinarySample;
    use proptest::prelude::*;

    /// Counts what is read, and refuses reads that a bounded parser never makes.
    struct Counted<'a> {
        bytes: Bytes<'a>,
        read: Cell<usize>,
    }

    impl ReadAt for Counted<'_> {
        fn size(&self) -> u64 {
            self.bytes.size()
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            assert!(buf.len() <= 16 << 20, "{} bytes at once", buf.len());
            let n = self.bytes.read_at(offset, buf)?;
            self.read.set(self.read.get() + n);
            Ok(n)
        }
    }

    /// Everything that is ever done with a file; what is read stays within a small multiple of the file.
    fn try_all(data: &[u8]) {
        let r = Counted { bytes: Bytes(data), read: Cell::new(0) };
        let _ = map(&r).unwrap();
        let _ = read_build_info(&r).unwrap();
        let _ = read_build_id(&r).unwrap();
        assert!(r.read.get() <= 200 * (data.len() + 4096), "{} bytes read of a file of {}", r.read.get(), data.len());
    }

    #[test]
    fn formats_by_magic() {
        let rows: [(&[u8], Format); 13] = [
            (b"\x7fELF\x02", Format::Elf),
            (b"MZ\x90", Format::Pe),
            (b"\xfe\xed\xfa\xcf", Format::Macho),
            (b"\xcf\xfa\xed\xfe", Format::Macho),
            (b"\xca\xfe\xba\xbe", Format::Fat),
            (b"\xca\xfe\xba\xbf", Format::Fat),
            (b"\x01\xdf\0", Format::Xcoff),
            (b"\x01\xf7\0", Format::Xcoff),
            (b"\0\0\x8a\x97", Format::Plan9),
            (b"\0asm\x01", Format::Wasm),
            (b"#!/bin/sh", Format::Other),
            (b"!<arch>\n", Format::Other),
            (b"", Format::Other),
        ];
        for (head, format) in rows {
            assert_eq!(Format::of(head), format, "{head:?}");
        }
    }

    #[test]
    fn short_files_are_unrecognized() {
        let bytes = BinarySample::healthy("h1:x").bytes();
        for n in [0, 1, 8, 15, 16, 40, 63, 100] {
            let got = read_build_info(&Bytes(&bytes[..n])).unwrap();
            assert_eq!(got, Err(NoBuildInfo::Unrecognized), "{n} bytes");
        }
    }

    proptest! {
        #[test]
        fn a_mutated_binary_never_panics(edits in proptest::collection::vec((0usize..1000, any::<u8>()), 1..12), cut in 0usize..3000) {
            let mut data = BinarySample::healthy("h1:x").bytes();
            for (at, byte) in edits {
                if let Some(b) = data.get_mut(at) { *b = byte; }
            }
            data.truncate(cut.max(16));
            try_all(&data);
        }

        #[test]
        fn anything_behind_a_magic_never_panics(
            magic in proptest::sample::select(vec![
                b"\x7fELF\x02\x01\x01".to_vec(), b"\x7fELF\x01\x02\x01".to_vec(), b"MZ".to_vec(), b"\xcf\xfa\xed\xfe".to_vec(),
                b"\xfe\xed\xfa\xce".to_vec(), b"\xca\xfe\xba\xbe\0\0\0\x01".to_vec(), b"\x01\xdf".to_vec(), b"\x01\xf7".to_vec(),
                b"\0\0\x8a\x97".to_vec(), b"\0asm\x01\0\0\0".to_vec(),
            ]),
            body in proptest::collection::vec(prop_oneof![3 => Just(0u8), 1 => 0u8..40, 1 => any::<u8>()], 0..600),
        ) {
            try_all(&[magic, body].concat());
        }
    }
}
