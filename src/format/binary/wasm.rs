//! WebAssembly: recognised, and told whether it is whole. `debug/buildinfo` does not read it.

use super::field::{Cursor, Fail, Parse, bytes_at};
use super::platform::Platform;
use super::{Format, Image};
use crate::format::ReadAt;

/// The longest a module's section number and size may be in LEB128, section 5.2.2 of the WebAssembly core specification.
const MAX_LEB: u32 = 5;

pub(super) fn map(r: &dyn ReadAt) -> Parse<Image> {
    let head = bytes_at(r, 0, 8)?;
    if head.get(4..) != Some(&[1, 0, 0, 0]) {
        return Err(Fail::Bad);
    }
    let mut image = Image::new(Format::Wasm, Platform::of(&["js", "wasip1"], "wasm"));
    image.mapped = false;
    let mut at = 8u64;
    // Each section is at least two bytes, so this ends with the file.
    while at < r.size() {
        let mut cursor = Cursor::new(r, at);
        cursor.record(1)?;
        let (mut size, mut len) = (0u64, 1u64);
        for i in 0..=MAX_LEB {
            if i == MAX_LEB {
                return Err(Fail::Bad);
            }
            let byte = cursor.record(1)?.first().copied().unwrap_or_default();
            size |= u64::from(byte & 0x7f) << (7 * i);
            len += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at = at.saturating_add(len).saturating_add(size);
        image.needs = at;
    }
    Ok(image)
}
