//! Local headers and data descriptors. Go reads the signature, the two lengths and the descriptor's CRC-32; everything else
//! that they say is for other readers.

use std::io;

use super::central::Member;
use super::damage::{Damages, ZipDamage, printable};
use super::fields::{ZIP64, extras, u16_at, u32_at, u64_at, unexplained};
use super::window::Window;
use crate::format::ReadAt;

const HEADER_LEN: usize = 30;

/// Where a member's data begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalHeader {
    /// Offset of the data.
    pub data: u64,
    /// Whether the header has a 64-bit extra field, so that the descriptor has 64-bit sizes.
    pub wide: bool,
}

/// Reads the local header of `member` and holds it against the directory. `Ok(None)` where Go finds none.
pub fn read_local<R: ReadAt + ?Sized>(
    window: &mut Window<'_, R>,
    member: &Member,
    name: &[u8],
    damage: &mut Damages,
) -> io::Result<Option<LocalHeader>> {
    let fixed = window.bytes(member.offset, HEADER_LEN)?.first_chunk::<HEADER_LEN>().copied();
    let Some(fixed) = fixed.filter(|f| f.starts_with(b"PK\x03\x04")) else {
        damage.push(ZipDamage::NoLocalHeader(printable(name)));
        return Ok(None);
    };
    let (name_len, extra_len) = (usize::from(u16_at(&fixed, 26)), usize::from(u16_at(&fixed, 28)));
    let Some(data) = u64::try_from(HEADER_LEN + name_len + extra_len).ok().and_then(|n| member.offset.checked_add(n)) else {
        damage.push(ZipDamage::NoLocalHeader(printable(name)));
        return Ok(None);
    };
    let whole = window.bytes(member.offset, HEADER_LEN + name_len + extra_len)?;
    let rest = whole.get(HEADER_LEN..).unwrap_or(&[]);
    let local_name = rest.get(..name_len).unwrap_or(rest);
    let extra = rest.get(name_len..).unwrap_or(&[]);
    let wide = extras(extra).find(|(id, _)| *id == ZIP64).map(|(_, field)| field);
    let mut differs = |field, central: String, local: String| {
        damage.push(ZipDamage::LocalDiffers(printable(name), field, central, local));
    };
    if local_name != name {
        differs("name", printable(name), printable(local_name));
    }
    let (flags, method) = (u16_at(&fixed, 6), u16_at(&fixed, 8));
    // Encryption, descriptor and hidden directory; the other bits are hints.
    if (flags ^ member.flags) & 0x2049 != 0 {
        differs("flags", format!("{:#06x}", member.flags), format!("{flags:#06x}"));
    }
    if method != member.method {
        differs("method", member.method.to_string(), method.to_string());
    }
    let crc32 = u32_at(&fixed, 14);
    let (mut compressed, mut size) = (u64::from(u32_at(&fixed, 18)), u64::from(u32_at(&fixed, 22)));
    if let Some(mut field) = wide {
        for value in [&mut size, &mut compressed] {
            if *value == u64::from(u32::MAX) && field.len() >= 8 {
                *value = u64_at(field, 0);
                field = field.get(8..).unwrap_or(&[]);
            }
        }
    }
    // With a descriptor all three may be left open.
    let open = |value: u64| member.has_descriptor() && value == 0;
    if crc32 != member.crc32 && !open(u64::from(crc32)) {
        differs("CRC-32", format!("{:08x}", member.crc32), format!("{crc32:08x}"));
    }
    if compressed != member.compressed && !open(compressed) {
        differs("packed size", member.compressed.to_string(), compressed.to_string());
    }
    if size != member.size && !open(size) {
        differs("size", member.size.to_string(), size.to_string());
    }
    let strange = unexplained(extra);
    if strange > 0 {
        damage.push(ZipDamage::Extra(printable(name), u64::try_from(strange).unwrap_or(u64::MAX)));
    }
    Ok(Some(LocalHeader { data, wide: wide.is_some() }))
}

/// Checks the data descriptor that stands at `at`, behind the data of `member`, as Go does and in what Go leaves out.
/// Returns its length in bytes, 0 where there should be none, and `Ok(None)` where Go refuses it.
pub fn check_descriptor<R: ReadAt + ?Sized>(
    window: &mut Window<'_, R>,
    member: &Member,
    local: LocalHeader,
    at: u64,
    name: &[u8],
    damage: &mut Damages,
) -> io::Result<Option<u64>> {
    if !member.has_descriptor() {
        return Ok(Some(0));
    }
    let b = window.bytes(at, 24)?;
    let signed = if b.starts_with(b"PK\x07\x08") { 4 } else { 0 };
    // Go reads twelve bytes from here on, whatever they are.
    if b.len() < 12 || u32_at(b, signed) != member.crc32 || b.len() < signed + 4 {
        damage.push(ZipDamage::BadDescriptor(printable(name)));
        return Ok(None);
    }
    let short = (u64::from(u32_at(b, signed + 4)), u64::from(u32_at(b, signed + 8)));
    let long = (u64_at(b, signed + 4), u64_at(b, signed + 12));
    let claimed = (member.compressed, member.size);
    let fits = |len: usize| b.len() >= len;
    let (len, found) = if fits(signed + 20) && long == claimed && (local.wide || short != claimed) {
        (signed + 20, long)
    } else {
        (signed + 12, short)
    };
    if found != claimed || !fits(len) {
        let show = |(c, s): (u64, u64)| format!("{s} from {c} bytes");
        damage.push(ZipDamage::LocalDiffers(printable(name), "size", show(claimed), show(found)));
    }
    Ok(u64::try_from(len).ok())
}
