//! Mach-O and its fat form, as `debug/macho` (`NewFile`, `NewFatFile`) reads them.

use std::collections::BTreeSet;

use super::field::{Cursor, Fail, Fields, Parse, TABLE_LIMIT, Window, bytes_at, cstring, require};
use super::platform::Platform;
use super::{DataStart, Format, Image, Segment, last64};
use crate::format::ReadAt;

const LC_SEGMENT: u32 = 0x1;
const LC_SYMTAB: u32 = 0x2;
const LC_DYSYMTAB: u32 = 0xb;
const LC_LOAD_DYLIB: u32 = 0xc;
const LC_SEGMENT_64: u32 = 0x19;
const LC_UUID: u32 = 0x1b;
const LC_CODE_SIGNATURE: u32 = 0x1d;
const LC_VERSION_MIN_MACOSX: u32 = 0x24;
const LC_VERSION_MIN_IPHONEOS: u32 = 0x25;
const LC_BUILD_VERSION: u32 = 0x32;
const LC_RPATH: u32 = 0x8000_001c;
const PLATFORM_MACOS: u32 = 1;
/// Read and write.
const RW: u32 = 3;

/// A Mach-O file and what a fat file compares.
struct Thin {
    image: Image,
    kind: u32,
}

pub(super) fn map(r: &dyn ReadAt) -> Parse<Image> {
    map_thin(r).map(|t| t.image)
}

fn map_thin(r: &dyn ReadAt) -> Parse<Thin> {
    let magic = bytes_at(r, 0, 4)?;
    let (big, wide) = match magic.as_slice() {
        [0xfe, 0xed, 0xfa, low] if low & 0xfe == 0xce => (true, *low == 0xcf),
        [low, 0xfa, 0xed, 0xfe] if low & 0xfe == 0xce => (false, *low == 0xcf),
        _ => return Err(Fail::Bad),
    };
    let raw = bytes_at(r, 0, 28)?;
    let mut f = Fields::new(raw.get(4..).unwrap_or_default(), big);
    let (cpu, _subtype, kind, count, size) = (f.u32()?, f.u32()?, f.u32()?, f.u32()?, f.u32()?);
    let goarch = match cpu {
        7 => "386",
        0x0100_0007 => "amd64",
        12 => "arm",
        0x0100_000c => "arm64",
        18 => "ppc",
        0x0100_0012 => "ppc64",
        _ => "",
    };
    let start = if wide { 32 } else { 28 };
    let image = Image::new(Format::Macho, Platform::of(&["darwin", "ios"], goarch));
    let mut commands = Commands { r, big, wide, image, symbols: None };
    commands.image.need(start, u64::from(size));
    if u64::from(size) > TABLE_LIMIT {
        return Err(Fail::Bad);
    }
    let table = bytes_at(r, start, u64::from(size))?;
    let mut rest = table.as_slice();
    let mut at = start;
    for _ in 0..count {
        let mut f = Fields::new(rest, big);
        let (command, len) = (f.u32()?, f.u32()?);
        let len_here = usize::try_from(len).map_err(|_| Fail::Bad)?;
        if len < 8 || len_here > rest.len() {
            return Err(Fail::Bad);
        }
        let (body, after) = rest.split_at_checked(len_here).ok_or(Fail::Bad)?;
        commands.take(command, body, at)?;
        at += u64::from(len);
        rest = after;
    }
    Ok(Thin { image: commands.image, kind })
}

struct Commands<'a> {
    r: &'a dyn ReadAt,
    big: bool,
    wide: bool,
    image: Image,
    /// How many symbols the last symbol table has.
    symbols: Option<u32>,
}

impl Commands<'_> {
    /// One load command with its header of 8 bytes, which lies at `at`.
    fn take(&mut self, command: u32, body: &[u8], at: u64) -> Parse<()> {
        let mut f = Fields::new(body, self.big);
        f.take(8)?;
        match command {
            LC_RPATH | LC_LOAD_DYLIB => {
                let name = f.u32()?;
                if command == LC_LOAD_DYLIB {
                    f.take(12)?;
                }
                if usize::try_from(name).map_or(true, |n| n >= body.len()) {
                    return Err(Fail::Bad);
                }
            }
            LC_SYMTAB => self.symbol_table(&mut f)?,
            LC_DYSYMTAB => self.dynamic_symbols(&mut f)?,
            LC_SEGMENT => self.segment(&mut f, false)?,
            LC_SEGMENT_64 => self.segment(&mut f, true)?,
            LC_UUID if self.image.host_id.is_none() => {
                self.image.host_id = Some(at.saturating_add(8)..at.saturating_add(u64::try_from(body.len()).unwrap_or(0)));
            }
            LC_CODE_SIGNATURE if self.image.signature.is_none() => {
                let (offset, size) = (f.u32()?, f.u32()?);
                self.image.need(u64::from(offset), u64::from(size));
                self.image.signature = Some(u64::from(offset)..u64::from(offset.wrapping_add(size)));
            }
            LC_VERSION_MIN_MACOSX => self.image.platform.goos = vec!["darwin"],
            LC_VERSION_MIN_IPHONEOS => self.image.platform.goos = vec!["ios", "darwin"],
            LC_BUILD_VERSION => {
                let macos = f.u32().is_ok_and(|p| p == PLATFORM_MACOS);
                self.image.platform.goos = if macos { vec!["darwin"] } else { vec!["ios", "darwin"] };
            }
            _ => {}
        }
        Ok(())
    }

    /// Every symbol must have a name in the string table.
    fn symbol_table(&mut self, f: &mut Fields<'_>) -> Parse<()> {
        let (symbols_at, symbols, strings_at, strings) = (f.u32()?, f.u32()?, f.u32()?, f.u32()?);
        let size = if self.wide { 16u8 } else { 12 };
        self.image.need(u64::from(strings_at), u64::from(strings));
        require(self.r, u64::from(strings_at), u64::from(strings))?;
        require(self.r, u64::from(symbols_at), u64::from(symbols) * u64::from(size))?;
        let mut cursor = Cursor::new(self.r, u64::from(symbols_at));
        for _ in 0..symbols {
            let name = Fields::new(cursor.record(size.into())?, self.big).u32()?;
            if name >= strings {
                return Err(Fail::Bad);
            }
        }
        self.symbols = Some(symbols);
        Ok(())
    }

    fn dynamic_symbols(&mut self, f: &mut Fields<'_>) -> Parse<()> {
        f.take(16)?;
        let (undefined, undefined_count) = (f.u32()?, f.u32()?);
        f.take(24)?;
        let (indirect_at, indirect) = (f.u32()?, f.u32()?);
        f.take(16)?;
        let symbols = self.symbols.ok_or(Fail::Bad)?;
        if undefined > symbols || undefined.wrapping_add(undefined_count) > symbols {
            return Err(Fail::Bad);
        }
        require(self.r, u64::from(indirect_at), u64::from(indirect) * 4)
    }

    fn segment(&mut self, f: &mut Fields<'_>, wide: bool) -> Parse<()> {
        let name = cstring(f.take(16)?);
        let (addr, memsz, offset, filesz) = (f.word(wide)?, f.word(wide)?, f.word(wide)?, f.word(wide)?);
        let (maxprot, prot, sections, _flags) = (f.u32()?, f.u32()?, f.u32()?, f.u32()?);
        for _ in 0..sections {
            let name = cstring(f.take(16)?);
            f.take(16)?;
            let (addr, size) = (f.word(wide)?, f.word(wide)?);
            let (offset, _align, relocations_at, relocations) = (f.u32()?, f.u32()?, f.u32()?, f.u32()?);
            f.take(if wide { 16 } else { 12 })?;
            require(self.r, u64::from(relocations_at), u64::from(relocations) * 8)?;
            // A section of that name goes before the data segment, wherever it comes.
            if name == b"__go_buildinfo" && !self.image.mapped_by_name {
                self.image.mapped_by_name = true;
                self.image.data = Some(DataStart { addr, size });
            }
            if name == b"__text" && self.image.text.is_none() {
                self.image.text = Some((u64::from(offset), size));
            }
        }
        super::field::signed(offset)?;
        super::field::signed(filesz)?;
        self.image.need(offset, filesz);
        let writable = addr != 0 && filesz != 0 && prot == RW && maxprot == RW;
        if self.image.data.is_none() && writable {
            self.image.data = Some(DataStart { addr, size: memsz });
        }
        if name != b"__PAGEZERO" {
            let last = last64(addr, filesz);
            self.image.segments.push(Segment { addr, last, size: filesz, offset: Some(offset) });
        }
        Ok(())
    }
}

/// A fat file: every image must be sound, of one kind and each for another machine; the first one counts.
pub(super) fn map_fat(r: &dyn ReadAt) -> Parse<Image> {
    let head = bytes_at(r, 0, 8)?;
    let mut f = Fields::new(&head, true);
    // Go recognises 0xcafebabf (64-bit offsets) and then refuses it.
    if f.u32()? != 0xcafe_babe {
        return Err(Fail::Bad);
    }
    let count = f.u32()?;
    let mut cursor = Cursor::new(r, 8);
    let mut seen = BTreeSet::new();
    let mut first: Option<Thin> = None;
    let mut needs = 0;
    for _ in 0..count {
        let mut f = Fields::new(cursor.record(20)?, true);
        let (cpu, subtype, offset, size) = (f.u32()?, f.u32()?, f.u32()?, f.u32()?);
        let (base, len) = (u64::from(offset), u64::from(size));
        if !seen.insert((cpu, subtype)) {
            return Err(Fail::Bad);
        }
        let mut thin = map_thin(&Window { r, base, len })?;
        needs = needs.max(base.saturating_add(thin.image.needs.max(len)));
        match &first {
            Some(f) if f.kind != thin.kind => return Err(Fail::Bad),
            Some(_) => {}
            None => {
                thin.image.window = Some(base..base + len);
                first = Some(thin);
            }
        }
    }
    let mut image = first.ok_or(Fail::Bad)?.image;
    image.format = Format::Fat;
    image.needs = needs;
    // Go looks for neither in a fat file.
    image.signature = None;
    image.host_id = None;
    image.text = None;
    Ok(image)
}
