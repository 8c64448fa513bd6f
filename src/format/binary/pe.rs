//! PE, as `debug/pe` (`NewFile`) reads it.

use super::field::{Cursor, Fail, Fields, Parse, bytes_at, cstring, require};
use super::platform::Platform;
use super::{DataStart, Format, Image, Segment, last32};
use crate::format::ReadAt;

const SYMBOL_SIZE: u32 = 18;
const RELOCATION_SIZE: u64 = 10;
/// `IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_WRITE`.
const WRITABLE_DATA: u32 = 0xC000_0040;
const ALIGN_32BYTES: u32 = 0x60_0000;

struct FileHeader {
    machine: u16,
    sections: u16,
    symbols_at: u32,
    symbols: u32,
    optional_size: u16,
}

/// The string table behind the symbols: how many bytes it has without its own length.
struct Strings {
    at: u64,
    len: u64,
}

impl Strings {
    fn has(&self, start: u32) -> bool {
        start >= 4 && u64::from(start - 4) <= self.len
    }
}

pub(super) fn map(r: &dyn ReadAt) -> Parse<Image> {
    let dos = bytes_at(r, 0, 96)?;
    let signature_at = u64::from(Fields::new(dos.get(0x3c..).unwrap_or_default(), false).u32()?);
    let mut signature = [0; 4];
    let _ = r.read_full_at(signature_at, &mut signature)?;
    if &signature != b"PE\0\0" {
        return Err(if signature_at.saturating_add(4) > r.size() { Fail::Short } else { Fail::Bad });
    }
    let base = signature_at + 4;
    let raw = bytes_at(r, base, 20)?;
    let mut f = Fields::new(&raw, false);
    let (machine, sections, _time) = (f.u16()?, f.u16()?, f.u32()?);
    let header = FileHeader { machine, sections, symbols_at: f.u32()?, symbols: f.u32()?, optional_size: f.u16()? };
    let goarch = match header.machine {
        0x8664 => "amd64",
        0xaa64 => "arm64",
        0x1c4 => "arm",
        0x14c => "386",
        0x5064 => "riscv64",
        0 | 0x5032 | 0x5128 => "",
        _ => return Err(Fail::Bad),
    };
    let mut image = Image::new(Format::Pe, Platform::of(&["windows"], goarch));
    let strings = string_table(r, &header)?;
    check_symbols(r, &header, &strings)?;
    image.image_base = image_base(r, base + 20, header.optional_size)?;
    if header.symbols_at > 0 {
        image.need(strings.at, strings.len);
    }

    let table = bytes_at(r, base + 20 + u64::from(header.optional_size), u64::from(header.sections) * 40)?;
    for raw in table.chunks_exact(40) {
        let mut f = Fields::new(raw, false);
        check_name(f.take(8)?, &strings)?;
        let (virtual_size, addr, size, offset) = (f.u32()?, f.u32()?, f.u32()?, f.u32()?);
        let (relocations_at, _lines_at, relocations, _lines) = (f.u32()?, f.u32()?, f.u16()?, f.u16()?);
        let characteristics = f.u32()?;
        require(r, u64::from(relocations_at), u64::from(relocations) * RELOCATION_SIZE)?;
        if offset != 0 {
            image.need(u64::from(offset), u64::from(size));
        }
        image.segments.push(Segment {
            addr: u64::from(addr),
            last: last32(addr, size),
            size: u64::from(size),
            offset: (offset != 0).then_some(u64::from(offset)),
        });
        if image.data.is_none() && addr != 0 && size != 0 && characteristics & !ALIGN_32BYTES == WRITABLE_DATA {
            let addr = image.image_base.wrapping_add(u64::from(addr));
            image.data = Some(DataStart { addr, size: u64::from(virtual_size) });
        }
    }
    Ok(image)
}

fn string_table(r: &dyn ReadAt, header: &FileHeader) -> Parse<Strings> {
    if header.symbols_at == 0 {
        return Ok(Strings { at: 0, len: 0 });
    }
    // Go computes this in 32 bits.
    let at = u64::from(header.symbols_at.wrapping_add(SYMBOL_SIZE.wrapping_mul(header.symbols)));
    let raw = bytes_at(r, at, 4)?;
    let len = u64::from(Fields::new(&raw, false).u32()?.saturating_sub(4));
    require(r, at + 4, len)?;
    Ok(Strings { at: at + 4, len })
}

/// Walks the symbols: Go refuses a file whose symbols have broken names or lack their auxiliary records.
fn check_symbols(r: &dyn ReadAt, header: &FileHeader, strings: &Strings) -> Parse<()> {
    if header.symbols_at == 0 {
        return Ok(());
    }
    require(r, u64::from(header.symbols_at), u64::from(header.symbols) * u64::from(SYMBOL_SIZE))?;
    let mut cursor = Cursor::new(r, u64::from(header.symbols_at));
    let mut left = header.symbols;
    while left > 0 {
        let mut f = Fields::new(cursor.record(18)?, false);
        let (zeroes, offset) = (f.u32()?, f.u32()?);
        f.take(9)?;
        let auxiliary = u32::from(f.u8()?);
        if zeroes == 0 && offset != 0 && !strings.has(offset) {
            return Err(Fail::Bad);
        }
        left = (left - 1).checked_sub(auxiliary).ok_or(Fail::Bad)?;
        cursor.skip(u64::from(auxiliary) * u64::from(SYMBOL_SIZE));
    }
    Ok(())
}

/// A long section name is `/` and a decimal offset into the string table.
fn check_name(name: &[u8], strings: &Strings) -> Parse<()> {
    let Some(digits) = cstring(name).strip_prefix(b"/") else { return Ok(()) };
    let negative = digits.starts_with(b"-");
    let digits = digits.strip_prefix(b"+").or_else(|| digits.strip_prefix(b"-")).unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fail::Bad);
    }
    let n = digits.iter().fold(0u32, |n, d| n * 10 + u32::from(d - b'0'));
    let fits = strings.has(if negative { n.wrapping_neg() } else { n });
    if fits { Ok(()) } else { Err(Fail::Bad) }
}

/// Checks the optional header and returns the image base, 0 without one.
fn image_base(r: &dyn ReadAt, at: u64, size: u16) -> Parse<u64> {
    if size == 0 {
        return Ok(0);
    }
    if size < 2 {
        return Err(Fail::Bad);
    }
    let magic = bytes_at(r, at, 2)?;
    let (least, wide) = match Fields::new(&magic, false).u16()? {
        0x10b => (96u16, false),
        0x20b => (112, true),
        _ => return Err(Fail::Bad),
    };
    if size < least {
        return Err(Fail::Bad);
    }
    let raw = bytes_at(r, at, u64::from(size))?;
    let directories = usize::from(least) - 4;
    let n = Fields::new(raw.get(directories..).unwrap_or_default(), false).u32()?;
    if u64::from(size - least) != u64::from(n) * 8 {
        return Err(Fail::Bad);
    }
    let mut f = Fields::new(raw.get(if wide { 24 } else { 28 }..).unwrap_or_default(), false);
    f.word(wide)
}
