//! Plan 9 a.out, as `debug/plan9obj` (`NewFile`) reads it.

use super::field::{Fail, Fields, Parse, bytes_at};
use super::platform::Platform;
use super::{DataStart, Format, Image, Segment, last32};
use crate::format::ReadAt;

/// Magic numbers and what they run on.
pub(super) const MAGICS: [(u32, &str); 3] = [(0x1eb, "386"), (0x8a97, "amd64"), (0x647, "arm")];
const WIDE: u32 = 0x8000;

pub(super) fn map(r: &dyn ReadAt) -> Parse<Image> {
    let raw = bytes_at(r, 0, 32)?;
    let mut f = Fields::new(&raw, true);
    let magic = f.u32()?;
    let (_, goarch) = MAGICS.iter().find(|(m, _)| *m == magic).ok_or(Fail::Bad)?;
    let mut image = Image::new(Format::Plan9, Platform::of(&["plan9"], goarch));
    let (text, data, _bss, symbols) = (f.u32()?, f.u32()?, f.u32()?, f.u32()?);
    let (_entry, sp, pc) = (f.u32()?, f.u32()?, f.u32()?);
    let mut offset = 32u32;
    if magic & WIDE != 0 {
        bytes_at(r, 32, 8)?;
        offset += 8;
    }
    for (i, size) in [text, data, symbols, sp, pc].into_iter().enumerate() {
        let (at, len) = (u64::from(offset), u64::from(size));
        image.need(at, len);
        // Addresses of this format are offsets in the file.
        image.segments.push(Segment { addr: at, last: last32(offset, size), size: len, offset: Some(at) });
        if i == 1 {
            image.data = Some(DataStart { addr: at, size: len });
        }
        offset = offset.wrapping_add(size);
    }
    Ok(image)
}
