//! ELF, as `debug/elf` (`NewFile`) reads it.

use super::field::{Fail, Fields, Parse, bytes_at, cstring, signed};
use super::platform::{self, Platform};
use super::{DataStart, Format, Image, Segment, last64};
use crate::format::ReadAt;

const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;
pub(super) const PT_NOTE: u32 = 4;
const PF_X: u32 = 1;
const PF_W: u32 = 2;
const SHT_STRTAB: u32 = 3;
const SHT_NOBITS: u32 = 8;
const SHF_COMPRESSED: u64 = 0x800;
const SHN_LORESERVE: u64 = 0xff00;
const SHN_XINDEX: u64 = 0xffff;

/// The ELF header.
pub(super) struct Header {
    pub(super) wide: bool,
    pub(super) big: bool,
    pub(super) machine: u16,
    pub(super) osabi: u8,
    phoff: u64,
    phentsize: u64,
    phnum: u64,
    shoff: u64,
    shentsize: u64,
    shnum: u64,
    shstrndx: u64,
}

/// A program header.
pub(super) struct Program {
    pub(super) kind: u32,
    flags: u32,
    pub(super) offset: u64,
    addr: u64,
    pub(super) filesz: u64,
    memsz: u64,
    pub(super) align: u64,
}

struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    addr: u64,
    offset: u64,
    filesz: u64,
    link: u32,
    /// Size after decompression.
    size: u64,
}

impl Header {
    /// Parses the header; `sections` is false where the caller, as Go's build ID reader, wants none.
    pub(super) fn parse(r: &dyn ReadAt, sections: bool) -> Parse<Header> {
        let ident = bytes_at(r, 0, 16)?;
        let at = |i: usize| ident.get(i).copied().unwrap_or_default();
        let wide = match at(4) {
            1 => false,
            2 => true,
            _ => return Err(Fail::Bad),
        };
        let big = match at(5) {
            1 => false,
            2 => true,
            _ => return Err(Fail::Bad),
        };
        if at(6) != 1 {
            return Err(Fail::Bad);
        }
        let raw = bytes_at(r, 0, if wide { 64 } else { 52 })?;
        let mut f = Fields::new(raw.get(16..).unwrap_or_default(), big);
        let _kind = f.u16()?;
        let machine = f.u16()?;
        // Go compares the low byte alone.
        if f.u32()? & 0xff != 1 {
            return Err(Fail::Bad);
        }
        let _entry = f.word(wide)?;
        let (phoff, shoff) = (f.word(wide)?, f.word(wide)?);
        let _flags = f.u32()?;
        let _ehsize = f.u16()?;
        let mut half = || f.u16().map(u64::from);
        let (phentsize, phnum, shentsize, shnum, shstrndx) = (half()?, half()?, half()?, half()?, half()?);
        let (shoff, shnum) = if sections { (shoff, shnum) } else { (0, 0) };
        signed(phoff)?;
        signed(shoff)?;
        let bad = (shoff == 0 && shnum != 0)
            || (shnum > 0 && shstrndx >= shnum)
            || (phnum > 0 && phentsize < if wide { 56 } else { 32 });
        if bad {
            return Err(Fail::Bad);
        }
        Ok(Header { wide, big, machine, osabi: at(7), phoff, phentsize, phnum, shoff, shentsize, shnum, shstrndx })
    }

    pub(super) fn programs(&self, r: &dyn ReadAt) -> Parse<Vec<Program>> {
        let table = bytes_at(r, self.phoff, self.phnum * self.phentsize)?;
        let mut out = Vec::new();
        let entry = usize::try_from(self.phentsize).unwrap_or(1).max(1);
        for raw in table.chunks_exact(entry) {
            let mut f = Fields::new(raw, self.big);
            let kind = f.u32()?;
            let mut flags = if self.wide { f.u32()? } else { 0 };
            let (offset, addr, _paddr) = (f.word(self.wide)?, f.word(self.wide)?, f.word(self.wide)?);
            let (filesz, memsz) = (f.word(self.wide)?, f.word(self.wide)?);
            if !self.wide {
                flags = f.u32()?;
            }
            let align = f.word(self.wide)?;
            out.push(Program { kind, flags, offset: signed(offset)?, addr, filesz: signed(filesz)?, memsz, align });
        }
        Ok(out)
    }

    fn section(&self, raw: &[u8]) -> Parse<Section> {
        let mut f = Fields::new(raw, self.big);
        let (name, kind, flags) = (f.u32()?, f.u32()?, f.word(self.wide)?);
        let (addr, offset, filesz) = (f.word(self.wide)?, f.word(self.wide)?, f.word(self.wide)?);
        Ok(Section { name, kind, flags, addr, offset, filesz, link: f.u32()?, size: filesz })
    }

    fn sections(&self, r: &dyn ReadAt) -> Parse<(Vec<Section>, u64)> {
        let least = if self.wide { 64 } else { 40 };
        let (mut shnum, mut shstrndx) = (self.shnum, self.shstrndx);
        if self.shoff > 0 && shnum == 0 {
            // More sections than 16 bits can count: the number is in the first section.
            let first = self.section(&bytes_at(r, self.shoff, least)?)?;
            shnum = first.filesz;
            if first.kind != 0 || shnum < SHN_LORESERVE {
                return Err(Fail::Bad);
            }
            signed(shnum)?;
            if shstrndx == SHN_XINDEX {
                shstrndx = u64::from(first.link);
                if shstrndx < SHN_LORESERVE {
                    return Err(Fail::Bad);
                }
            }
        }
        if shnum > 0 && self.shentsize < least {
            return Err(Fail::Bad);
        }
        let table = bytes_at(r, self.shoff, shnum.checked_mul(self.shentsize).ok_or(Fail::Bad)?)?;
        let mut out = Vec::new();
        let entry = usize::try_from(self.shentsize).unwrap_or(1).max(1);
        for raw in table.chunks_exact(entry) {
            let mut s = self.section(raw)?;
            signed(s.offset)?;
            signed(s.filesz)?;
            if s.flags & SHF_COMPRESSED != 0 {
                let len = if self.wide { 24 } else { 12 };
                if s.filesz < len {
                    return Err(Fail::Bad);
                }
                let raw = bytes_at(r, s.offset, len)?;
                let mut f = Fields::new(&raw, self.big);
                let _kind = f.word(self.wide)?;
                s.size = f.word(self.wide)?;
            }
            out.push(s);
        }
        Ok((out, shstrndx))
    }

    /// The sections with their names; no names where the file has no table of them.
    fn named_sections(&self, r: &dyn ReadAt) -> Parse<Vec<(Section, Vec<u8>)>> {
        let (sections, shstrndx) = self.sections(r)?;
        if sections.is_empty() || shstrndx == 0 {
            return Ok(sections.into_iter().map(|s| (s, Vec::new())).collect());
        }
        let table = usize::try_from(shstrndx).ok().and_then(|i| sections.get(i)).ok_or(Fail::Bad)?;
        // A compressed table of names is legal for Go; no linker makes one.
        if table.kind != SHT_STRTAB || table.flags & SHF_COMPRESSED != 0 {
            return Err(Fail::Bad);
        }
        let names = bytes_at(r, table.offset, table.filesz)?;
        let mut out = Vec::with_capacity(sections.len());
        for s in sections {
            let rest = usize::try_from(s.name).ok().and_then(|i| names.get(i..)).ok_or(Fail::Bad)?;
            if !rest.contains(&0) {
                return Err(Fail::Bad);
            }
            // Only two names matter, both short.
            let name = cstring(rest.get(..64).unwrap_or(rest)).to_vec();
            out.push((s, name));
        }
        Ok(out)
    }
}

pub(super) fn map(r: &dyn ReadAt) -> Parse<Image> {
    let header = Header::parse(r, true)?;
    let programs = header.programs(r)?;
    let sections = header.named_sections(r)?;
    let mut notes = Vec::new();
    let mut interpreter = Vec::new();
    for p in programs.iter().filter(|p| p.filesz <= 4096) {
        match p.kind {
            PT_NOTE => notes.push((bytes_at(r, p.offset, p.filesz).unwrap_or_default(), p.align)),
            PT_INTERP => interpreter = bytes_at(r, p.offset, p.filesz).unwrap_or_default(),
            _ => {}
        }
    }
    let names = platform::note_names(&notes, header.big);
    let mut image = Image::new(Format::Elf, Platform::of_elf(&header, &names, cstring(&interpreter)));
    image.need(header.phoff, header.phnum * header.phentsize);
    image.need(header.shoff, header.shnum * header.shentsize);
    for p in &programs {
        image.need(p.offset, p.filesz);
        image.segments.push(Segment { addr: p.addr, last: last64(p.addr, p.filesz), size: p.filesz, offset: Some(p.offset) });
    }
    for (s, _) in sections.iter().filter(|(s, _)| s.kind != SHT_NOBITS && s.kind != 0) {
        image.need(s.offset, s.filesz);
    }
    image.data = match sections.iter().find(|(_, name)| name == b".go.buildinfo") {
        Some((s, _)) => Some(DataStart { addr: s.addr, size: s.size }),
        None => programs
            .iter()
            .find(|p| p.kind == PT_LOAD && p.flags & (PF_X | PF_W) == PF_W)
            .map(|p| DataStart { addr: p.addr, size: p.memsz }),
    };
    // The name and the description's header, 12 bytes and `GNU\0`, stay.
    image.host_id = sections
        .iter()
        .find(|(_, name)| name == b".note.gnu.build-id")
        .and_then(|(s, _)| Some(s.offset.checked_add(16)?..s.offset.checked_add(s.filesz.max(16))?));
    Ok(image)
}
