//! Little-endian fields of zip headers, and their extra fields.

pub(super) fn u16_at(b: &[u8], at: usize) -> u16 {
    b.get(at..).and_then(|b| b.first_chunk()).map_or(0, |c| u16::from_le_bytes(*c))
}

pub(super) fn u32_at(b: &[u8], at: usize) -> u32 {
    b.get(at..).and_then(|b| b.first_chunk()).map_or(0, |c| u32::from_le_bytes(*c))
}

pub(super) fn u64_at(b: &[u8], at: usize) -> u64 {
    b.get(at..).and_then(|b| b.first_chunk()).map_or(0, |c| u64::from_le_bytes(*c))
}

/// The extra field that holds 64-bit sizes.
pub(super) const ZIP64: u16 = 0x0001;

/// Extra fields of the writers in use, which hold times, owners and alignment: NTFS, Unix and Info-ZIP times and owners,
/// Java's mark of a jar, Unicode names, and the growth hint of packages. Each is short.
const USUAL: &[u16] = &[ZIP64, 0x000a, 0x000d, 0x5455, 0x5855, 0x7855, 0x7875, 0xcafe, 0x6375, 0x7075, 0xd935, 0xa220];

/// The longest extra field that one of [`USUAL`] needs here: a Unicode name of 1,024 bytes.
const LONGEST: usize = 1024 + 16;

/// The extra fields of a header; stops, as Go does, at the first that is longer than what is left.
pub(super) fn extras(mut extra: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        if extra.len() < 4 {
            return None;
        }
        let field = extra.get(4..4 + usize::from(u16_at(extra, 2)))?;
        let id = u16_at(extra, 0);
        extra = extra.get(4 + field.len()..)?;
        Some((id, field))
    })
}

/// How many bytes of `extra` no writer in use explains.
pub(super) fn unexplained(extra: &[u8]) -> usize {
    let known: usize =
        extras(extra).filter(|(id, field)| USUAL.contains(id) && field.len() <= LONGEST).map(|(_, field)| field.len() + 4).sum();
    extra.len().saturating_sub(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extras_stop_at_the_first_that_is_too_long() {
        let extra = [0x55, 0x54, 1, 0, 9, 0x34, 0x12, 200, 0, 1];
        assert_eq!(extras(&extra).collect::<Vec<_>>(), [(0x5455, &[9u8][..])]);
        assert_eq!(unexplained(&extra), 5);
        assert_eq!(unexplained(&extra[..5]), 0);
    }
}
