//! The end of the central directory, found as archive/zip finds it (reader.go, `readDirectoryEnd`).

use std::io;

use super::damage::{Damages, Hidden, ZipDamage};
use super::fields::{u16_at, u32_at, u64_at};
use super::window::Window;
use crate::format::ReadAt;

const END_LEN: usize = 22;
const END_64_LEN: usize = 56;
const LOCATOR_64_LEN: usize = 20;

/// Where the central directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEnd {
    /// Number of entries that it claims; Go compares the lowest 16 bits alone.
    pub records: u64,
    /// Size of the directory that it claims, in bytes.
    pub size: u64,
    /// Offset of the directory from the start of the file.
    pub directory: u64,
    /// What to add to every offset of a local header: not 0 where something stands before the zip.
    pub base: i64,
    /// Offset behind the directory: that of the first end record.
    pub end: u64,
}

/// Finds the end record. `Ok(None)` where Go finds none or refuses it, which is told in `damage`.
pub(super) fn read_end<R: ReadAt + ?Sized>(window: &mut Window<'_, R>, damage: &mut Damages) -> io::Result<Option<DirectoryEnd>> {
    let size = window.size();
    if size == 0 {
        damage.push(ZipDamage::Empty);
        return Ok(None);
    }
    let Some((at, record)) = find_record(window, size)? else {
        damage.push(ZipDamage::NoEnd);
        return Ok(None);
    };
    let comment_len = u64::from(u16_at(&record, 20));
    let behind = at + 22 + comment_len;
    if behind < size {
        damage.push(ZipDamage::HiddenBytes(Hidden::Back, behind, size - behind));
    }
    if comment_len > 0 {
        damage.push(if is_commit(record.get(END_LEN..).unwrap_or(&[])) {
            ZipDamage::GitComment
        } else {
            ZipDamage::Comment(comment_len)
        });
    }
    let (disk, first_disk) = (u16_at(&record, 4), u16_at(&record, 6));
    let (here, mut records) = (u64::from(u16_at(&record, 8)), u64::from(u16_at(&record, 10)));
    let (mut len, mut offset) = (u64::from(u32_at(&record, 12)), u64::from(u32_at(&record, 16)));
    for (what, claimed, found) in [
        ("the disk", u64::from(disk), 0),
        ("the first disk", u64::from(first_disk), 0),
        ("on this disk the number of members", here, records),
    ] {
        if claimed != found && claimed != 0xffff {
            damage.push(ZipDamage::EndDiffers(what, claimed, found));
        }
    }
    // Where Go takes the directory to end, and where it does.
    let (mut claimed_end, mut end) = (at, at);
    // Sic: archive/zip compares the size with 0xffff.
    let wants_64 = records == 0xffff || len == 0xffff || offset == 0xffff_ffff;
    if let Some(locator) = read_locator(window, at)? {
        match read_end_64(window, locator)? {
            Some(wide) => {
                if wants_64 {
                    (records, len, offset) = (wide.records, wide.len, wide.offset);
                    (claimed_end, end) = (locator, locator);
                } else if (wide.records, wide.len, wide.offset) == (records, len, offset) {
                    // Some writers always make one. It is as good as none.
                    end = locator;
                }
                let gap = (at - 20).checked_sub(locator).and_then(|l| l.checked_sub(wide.size));
                match gap {
                    Some(0) => {}
                    Some(gap) if end == locator => damage.push(ZipDamage::HiddenBytes(Hidden::Directory, at - 20 - gap, gap)),
                    _ if end == locator => damage.push(ZipDamage::EndDiffers("its 64-bit record at", locator, at - 20)),
                    _ => {}
                }
            }
            None if wants_64 => {
                damage.push(ZipDamage::BadEnd("its 64-bit record is not where its locator says"));
                return Ok(None);
            }
            None => {}
        }
    }
    let i64_of = |n: u64| i64::try_from(n).ok();
    let place = (|| {
        let (end, len, offset) = (i64_of(claimed_end)?, i64_of(len)?, i64_of(offset)?);
        let directory = end.checked_sub(len)?;
        let base = directory.checked_sub(offset)?;
        let directory = u64::try_from(directory).ok().filter(|d| *d < size)?;
        Some((directory, base, offset))
    })();
    let Some((mut directory, mut base, offset)) = place else {
        damage.push(ZipDamage::BadEnd("the directory would begin outside the file"));
        return Ok(None);
    };
    if base > 0
        && let Ok(offset) = u64::try_from(offset)
        && super::central::stands_at(window, offset)?
    {
        directory = offset;
        base = 0;
    }
    Ok(Some(DirectoryEnd { records, size: len, directory, base, end }))
}

/// The record with its comment: the last one in the file whose comment ends within the file. The last KiB is looked through
/// first, then the last 65 KiB; a record with a cut comment ends the search in either.
fn find_record<R: ReadAt + ?Sized>(window: &mut Window<'_, R>, size: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
    for block in [1024usize, 65 * 1024] {
        let len = u64::try_from(block).map_or(size, |b| b.min(size));
        let start = size - len;
        let bytes = window.bytes(start, block)?;
        if let Some(at) = find_signature(bytes) {
            let record = bytes.get(at..).unwrap_or(&[]);
            let whole = END_LEN + usize::from(u16_at(record, 20));
            let record = record.get(..whole).unwrap_or(record).to_vec();
            return Ok(u64::try_from(at).ok().map(|at| (start + at, record)));
        }
        if len == size {
            break;
        }
    }
    Ok(None)
}

fn find_signature(block: &[u8]) -> Option<usize> {
    let last = block.len().checked_sub(END_LEN)?;
    let at = (0..=last).rev().find(|i| block.get(*i..).is_some_and(|b| b.starts_with(b"PK\x05\x06")))?;
    let comment = usize::from(u16_at(block, at + 20));
    (at + END_LEN + comment <= block.len()).then_some(at)
}

/// The offset that a 64-bit locator just before the end record names.
fn read_locator<R: ReadAt + ?Sized>(window: &mut Window<'_, R>, end: u64) -> io::Result<Option<u64>> {
    let Some(at) = end.checked_sub(20) else { return Ok(None) };
    let b = window.bytes(at, LOCATOR_64_LEN)?;
    let is_one = b.starts_with(b"PK\x06\x07") && u32_at(b, 4) == 0 && u32_at(b, 16) == 1;
    Ok(is_one.then(|| u64_at(b, 8)))
}

struct End64 {
    records: u64,
    len: u64,
    offset: u64,
    /// Size of the whole record in bytes.
    size: u64,
}

fn read_end_64<R: ReadAt + ?Sized>(window: &mut Window<'_, R>, at: u64) -> io::Result<Option<End64>> {
    let b = window.bytes(at, END_64_LEN)?;
    if b.len() < END_64_LEN || !b.starts_with(b"PK\x06\x06") {
        return Ok(None);
    }
    // Readers other than Go may take more than the 56 bytes from here: only what Go writes counts as the record.
    Ok(Some(End64 { records: u64_at(b, 32), len: u64_at(b, 40), offset: u64_at(b, 48), size: 56 }))
}

fn is_commit(comment: &[u8]) -> bool {
    matches!(comment.len(), 40 | 64) && comment.iter().all(u8::is_ascii_hexdigit)
}
