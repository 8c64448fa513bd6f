//! XCOFF, as `internal/xcoff` (`NewFile`) reads it.

use super::field::{Cursor, Fail, Fields, Parse, bytes_at, require, signed};
use super::platform::Platform;
use super::{DataStart, Format, Image, Segment, last64};
use crate::format::ReadAt;

const SYMBOL_SIZE: u64 = 18;
const STYP_TEXT: u32 = 0x20;
const STYP_DATA: u32 = 0x40;
const SYM_TYPE_FUNC: u16 = 0x20;
const C_EXT: u8 = 2;
const C_HIDEXT: u8 = 107;
const C_WEAKEXT: u8 = 111;

pub(super) fn map(r: &dyn ReadAt) -> Parse<Image> {
    let wide = match bytes_at(r, 0, 2)?.as_slice() {
        [0x01, 0xdf] => false,
        [0x01, 0xf7] => true,
        _ => return Err(Fail::Bad),
    };
    let header_size = if wide { 24 } else { 20 };
    let raw = bytes_at(r, 0, header_size)?;
    let mut f = Fields::new(raw.get(2..).unwrap_or_default(), true);
    let (section_count, _time, symbols_at) = (f.u16()?, f.u32()?, f.word(wide)?);
    let narrow_symbols = if wide { 0 } else { f.u32()? };
    let (optional_size, _flags) = (f.u16()?, f.u16()?);
    let symbols = if wide { f.u32()? } else { narrow_symbols };
    if symbols_at == 0 || symbols == 0 {
        return Err(Fail::Stripped);
    }
    let strings_at = signed(symbols_at.wrapping_add(u64::from(symbols) * SYMBOL_SIZE))?;
    let strings = u64::from(Fields::new(&bytes_at(r, strings_at, 4)?, true).u32()?);
    if strings > 4 {
        require(r, strings_at, strings)?;
    }
    let goarch = if wide { "ppc64" } else { "ppc" };
    let mut image = Image::new(Format::Xcoff, Platform::of(&["aix"], goarch));
    image.need(strings_at, strings.max(4));

    let mut cursor = Cursor::new(r, header_size + u64::from(optional_size));
    for _ in 0..section_count {
        let mut f = Fields::new(cursor.record(if wide { 72 } else { 40 })?, true);
        f.take(8)?;
        let (_physical, addr, size, offset) = (f.word(wide)?, f.word(wide)?, f.word(wide)?, f.word(wide)?);
        let (relocations_at, _lines_at) = (f.word(wide)?, f.word(wide)?);
        let relocations = if wide { f.u32()? } else { u32::from(f.u16()?) };
        let _lines = if wide { f.u32()? } else { u32::from(f.u16()?) };
        let kind = f.u32()?;
        if offset != 0 {
            image.need(offset, size);
        }
        image.segments.push(Segment { addr, last: last64(addr, size), size, offset: (offset != 0).then_some(offset) });
        if image.data.is_none() && kind == STYP_DATA {
            image.data = Some(DataStart { addr, size });
        }
        if (kind == STYP_TEXT || kind == STYP_DATA) && relocations_at != 0 {
            require(r, signed(relocations_at)?, u64::from(relocations) * if wide { 14 } else { 10 })?;
        }
    }
    check_symbols(r, wide, symbols_at, symbols, section_count, strings)?;
    Ok(image)
}

/// Walks the symbols with their auxiliary records as Go does: a walk that leaves the file makes Go refuse it.
fn check_symbols(r: &dyn ReadAt, wide: bool, at: u64, symbols: u32, sections: u16, strings: u64) -> Parse<()> {
    let named = |offset: u32| offset >= 4 && strings > 4 && u64::from(offset) < strings;
    let mut cursor = Cursor::new(r, signed(at)?);
    let mut i = 0u64;
    let symbols = u64::from(symbols);
    while i < symbols {
        let mut f = Fields::new(cursor.record(18)?, true);
        let has_name = if wide {
            f.u64()?;
            named(f.u32()?)
        } else {
            let (zeroes, offset) = (f.u32()?, f.u32()?);
            f.u32()?;
            zeroes != 0 || named(offset)
        };
        let (section, kind, class, auxiliary) = (f.u16()?, f.u16()?, f.u8()?, u64::from(f.u8()?));
        let counts = has_name
            && matches!(class, C_EXT | C_HIDEXT | C_WEAKEXT)
            && auxiliary >= 1
            && i + auxiliary < symbols
            && section <= sections;
        if !counts {
            i += auxiliary + 1;
            cursor.skip(auxiliary * SYMBOL_SIZE);
            continue;
        }
        if kind & SYM_TYPE_FUNC != 0 && auxiliary > 1 {
            cursor.record(18)?;
        } else {
            cursor.skip((auxiliary - 1) * SYMBOL_SIZE);
        }
        cursor.record(18)?;
        i += auxiliary + 1;
    }
    Ok(())
}
