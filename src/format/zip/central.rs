//! The central directory: archive/zip (reader.go, `Reader.init`, `readDirectoryHeader`).

use std::io;

use super::damage::{Damages, ZipDamage, printable};
use super::end::{DirectoryEnd, read_end};
use super::fields::{ZIP64, extras, u16_at, u32_at, u64_at, unexplained};
use super::window::Window;
use super::{BOMB_RATIO, BOMB_SIZE, MAX_MEMBERS, MAX_NAMES, MAX_ZIP};
use crate::format::ReadAt;

const HEADER_LEN: usize = 46;

/// One entry of the central directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    name_at: u32,
    name_len: u16,
    /// General purpose flags.
    pub flags: u16,
    /// 0 for stored, 8 for deflated.
    pub method: u16,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// Size of the data in the file, in bytes.
    pub compressed: u64,
    /// Size of the content in bytes.
    pub size: u64,
    /// Offset of the local header from the start of the file; `u64::MAX` where it would lie before or far behind the file.
    pub offset: u64,
}

impl Member {
    /// Whether a data descriptor follows the data.
    pub fn has_descriptor(&self) -> bool {
        self.flags & 0x8 != 0
    }
}

/// A central directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Its entries, in its order.
    pub members: Vec<Member>,
    names: Vec<u8>,
    /// Offset of its first entry.
    pub start: u64,
    /// Offset behind its last entry.
    pub stop: u64,
    /// Offset of the end record.
    pub end: u64,
    /// Whether Go can list it.
    pub listed: bool,
}

impl Directory {
    /// The name of a member, any bytes.
    pub fn name(&self, member: &Member) -> &[u8] {
        let at = usize::try_from(member.name_at).unwrap_or(usize::MAX);
        self.names.get(at..).and_then(|n| n.get(..usize::from(member.name_len))).unwrap_or(&[])
    }
}

/// Reads the directory of a zip. What Go refuses has no members.
pub fn read_directory<R: ReadAt + ?Sized>(window: &mut Window<'_, R>, damage: &mut Damages) -> io::Result<Directory> {
    let mut dir = Directory::default();
    if window.size() > MAX_ZIP {
        damage.push(ZipDamage::ZipTooLarge(window.size()));
        return Ok(dir);
    }
    let Some(end) = read_end(window, damage)? else { return Ok(dir) };
    (dir.start, dir.stop, dir.end) = (end.directory, end.directory, end.end);
    let mut header = Vec::new();
    loop {
        if dir.members.len() >= MAX_MEMBERS || dir.names.len() >= MAX_NAMES {
            damage.push(ZipDamage::TooManyMembers);
            dir.members.clear();
            return Ok(dir);
        }
        match read_header(window, dir.stop, &mut header)? {
            Read::Entry => {}
            Read::NoEntry => break,
            Read::Eof => {
                damage.push(ZipDamage::BadEnd("the directory runs to the end of the file"));
                dir.members.clear();
                return Ok(dir);
            }
        }
        match parse_entry(&header, &end, &mut dir) {
            Some(entry) => judge_entry(&entry, &header, &dir, damage),
            None => break,
        }
        dir.stop += u64::try_from(header.len()).unwrap_or(0);
    }
    let found = u64::try_from(dir.members.len()).unwrap_or(u64::MAX);
    if found & 0xffff != end.records & 0xffff {
        damage.push(ZipDamage::BadDirectory(end.records, found));
        dir.members.clear();
        return Ok(dir);
    }
    if found != end.records {
        damage.push(ZipDamage::EndDiffers("the number of members", end.records, found));
    }
    if dir.stop - dir.start != end.size {
        damage.push(ZipDamage::EndDiffers("the size of the directory", end.size, dir.stop - dir.start));
    }
    if dir.stop > dir.end {
        damage.push(ZipDamage::EndDiffers("the end of the directory", dir.end, dir.stop));
    }
    dir.listed = true;
    Ok(dir)
}

enum Read {
    /// A whole entry.
    Entry,
    /// Anything else: for Go the directory ends here.
    NoEntry,
    /// The file ends here, where Go gives up.
    Eof,
}

/// Reads the header at `at` with name, extra fields and comment into `out`.
fn read_header<R: ReadAt + ?Sized>(window: &mut Window<'_, R>, at: u64, out: &mut Vec<u8>) -> io::Result<Read> {
    let fixed = window.bytes(at, HEADER_LEN)?;
    if fixed.is_empty() {
        return Ok(Read::Eof);
    }
    if fixed.len() < HEADER_LEN || !fixed.starts_with(b"PK\x01\x02") {
        return Ok(Read::NoEntry);
    }
    let rest: usize = [28, 30, 32].iter().map(|i| usize::from(u16_at(fixed, *i))).sum();
    out.clear();
    out.extend_from_slice(fixed);
    let wanted = HEADER_LEN + rest;
    while out.len() < wanted {
        let from = u64::try_from(out.len()).map_or(u64::MAX, |n| at.saturating_add(n));
        let more = window.some(from, u64::try_from(wanted - out.len()).unwrap_or(0))?;
        if more.is_empty() {
            return Ok(if out.len() == HEADER_LEN { Read::Eof } else { Read::NoEntry });
        }
        out.extend_from_slice(more);
    }
    Ok(Read::Entry)
}

/// Whether Go finds a valid entry at `at`.
pub(super) fn stands_at<R: ReadAt + ?Sized>(window: &mut Window<'_, R>, at: u64) -> io::Result<bool> {
    let mut header = Vec::new();
    Ok(matches!(read_header(window, at, &mut header)?, Read::Entry) && sizes(&header).is_some())
}

/// Deflated size, size and offset, from the 64-bit extra field where the header says so; `None` where Go refuses them.
fn sizes(header: &[u8]) -> Option<(u64, u64, u64)> {
    let wide = |at: usize| (u64::from(u32_at(header, at)), u32_at(header, at) == u32::MAX);
    let ((mut compressed, mut need_c), (mut size, mut need_s), (mut offset, mut need_o)) = (wide(20), wide(24), wide(42));
    let name_len = usize::from(u16_at(header, 28));
    let extra = header.get(HEADER_LEN + name_len..).and_then(|e| e.get(..usize::from(u16_at(header, 30)))).unwrap_or(&[]);
    for (_, mut field) in extras(extra).filter(|(id, _)| *id == ZIP64) {
        for (value, need) in [(&mut size, &mut need_s), (&mut compressed, &mut need_c), (&mut offset, &mut need_o)] {
            if *need {
                *need = false;
                let first = field.get(..8)?;
                *value = u64_at(first, 0);
                field = field.get(8..).unwrap_or(&[]);
            }
        }
    }
    (!need_c && !need_o).then_some((compressed, size, offset))
}

struct Entry {
    creator: u16,
    attributes: u32,
    extra_unexplained: usize,
    comment_len: u16,
}

/// Parses the entry and adds its member; `None` where it is none for Go.
fn parse_entry(header: &[u8], end: &DirectoryEnd, dir: &mut Directory) -> Option<Entry> {
    let (compressed, size, offset) = sizes(header)?;
    let name_len = u16_at(header, 28);
    let extra_at = HEADER_LEN + usize::from(name_len);
    let name = header.get(HEADER_LEN..extra_at)?;
    let extra = header.get(extra_at..)?.get(..usize::from(u16_at(header, 30)))?;
    let name_at = u32::try_from(dir.names.len()).ok()?;
    dir.names.extend_from_slice(name);
    let offset = i64::try_from(offset).ok().and_then(|o| o.checked_add(end.base)).and_then(|o| u64::try_from(o).ok());
    dir.members.push(Member {
        name_at,
        name_len,
        flags: u16_at(header, 8),
        method: u16_at(header, 10),
        crc32: u32_at(header, 16),
        compressed,
        size,
        offset: offset.unwrap_or(u64::MAX),
    });
    Some(Entry {
        creator: u16_at(header, 4) >> 8,
        attributes: u32_at(header, 38),
        extra_unexplained: unexplained(extra),
        comment_len: u16_at(header, 32),
    })
}

fn judge_entry(entry: &Entry, header: &[u8], dir: &Directory, damage: &mut Damages) {
    let Some(member) = dir.members.last() else { return };
    let name = || printable(dir.name(member));
    if entry.comment_len > 0 {
        damage.push(ZipDamage::MemberComment(name(), u64::from(entry.comment_len)));
    }
    if entry.extra_unexplained > 0 {
        damage.push(ZipDamage::Extra(name(), u64::try_from(entry.extra_unexplained).unwrap_or(u64::MAX)));
    }
    // Bits of encryption: 0 and 6, and 13 for a hidden directory.
    if member.flags & 0x2041 != 0 {
        damage.push(ZipDamage::OddFlags(name(), member.flags));
    }
    let disk = u16_at(header, 34);
    if disk != 0 && disk != 0xffff {
        damage.push(ZipDamage::EndDiffers("a member on disk", u64::from(disk), 0));
    }
    if member.size >= BOMB_SIZE && member.size / member.compressed.max(1) >= BOMB_RATIO {
        damage.push(ZipDamage::Bomb(name(), member.size, member.compressed));
    }
    let is_folder = dir.name(member).ends_with(b"/");
    if is_folder {
        damage.push(ZipDamage::Folder(name()));
    }
    if let Some(what) = special(entry, is_folder) {
        damage.push(ZipDamage::Special(name(), what));
    }
}

/// What the attributes make of a member, where that is no plain file: archive/zip struct.go (`FileHeader.Mode`). Extractors
/// other than Go take the Unix mode whatever system the creator says that it is.
fn special(entry: &Entry, is_folder: bool) -> Option<&'static str> {
    const UNIX: u16 = 3;
    const DARWIN: u16 = 19;
    let mode = entry.attributes >> 16;
    match mode & 0xf000 {
        0xa000 => return Some("a symbolic link"),
        0x6000 | 0x2000 => return Some("a device"),
        0x1000 => return Some("a named pipe"),
        0xc000 => return Some("a socket"),
        0x4000 if !is_folder => return Some("a folder by its attributes and a file by its name"),
        _ => {}
    }
    if matches!(entry.creator, UNIX | DARWIN) && mode & 0o6000 != 0 {
        return Some("setuid or setgid");
    }
    (!is_folder && entry.attributes & 0x10 != 0).then_some("a folder by its attributes and a file by its name")
}
