//! The build ID of an executable, as `go tool buildid` prints it (`cmd/internal/buildid`, `readBinary`).

use std::io;

use super::elf::{Header, PT_NOTE};
use super::field::{Bytes, Fail, Fields, TABLE_LIMIT, bytes_at};
use super::map;
use super::quote::unquote;
use crate::format::ReadAt;
use crate::format::buildid::BuildId;

/// Go reads this much to find the ID.
const HEAD: usize = 32 << 10;
const PREFIX: &[u8] = b"\xff Go build ID: \"";
const END: &[u8] = b"\"\n \xff";
const GO_TAG: u32 = 4;
const GNU_TAG: u32 = 3;

/// Go can't read a build ID here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedId;

impl From<Fail> for Stop {
    fn from(f: Fail) -> Self {
        match f {
            Fail::Io(e) => Stop::Io(e),
            Fail::Short | Fail::Bad | Fail::Stripped => Stop::Malformed,
        }
    }
}

enum Stop {
    Io(io::Error),
    Malformed,
}

/// The build ID, empty where there is none. `Err` outside only where the system refuses to read.
pub fn read_build_id(r: &dyn ReadAt) -> io::Result<Result<BuildId, MalformedId>> {
    let mut head = vec![0; HEAD];
    // A shorter file leaves zeros behind its end, which Go parses along.
    let got = r.read_full_at(0, &mut head)?;
    if got < 8 {
        return Ok(Err(MalformedId));
    }
    let id = if head.starts_with(b"\x7fELF") {
        from_elf(r, &head)
    } else if matches!(head.get(..4), Some([0xfe, 0xed, 0xfa, 0xce | 0xcf] | [0xce | 0xcf, 0xfa, 0xed, 0xfe])) {
        from_macho(r, &head)
    } else {
        from_text(&head)
    };
    match id {
        Ok(id) => Ok(Ok(id)),
        Err(Stop::Malformed) => Ok(Err(MalformedId)),
        Err(Stop::Io(e)) => Err(e),
    }
}

fn find(data: &[u8], what: &[u8]) -> Option<usize> {
    data.windows(what.len()).position(|w| w == what)
}

/// The marked ID at the beginning of the code (`readRaw`).
fn from_text(data: &[u8]) -> Result<BuildId, Stop> {
    let Some(at) = find(data, PREFIX) else { return Ok(BuildId::default()) };
    let quoted = data.get(at + PREFIX.len() - 1..).unwrap_or_default();
    let len = find(quoted.get(1..).unwrap_or_default(), END).ok_or(Stop::Malformed)? + 2;
    quoted.get(..len).and_then(unquote).map(BuildId::new).ok_or(Stop::Malformed)
}

fn from_macho(r: &dyn ReadAt, head: &[u8]) -> Result<BuildId, Stop> {
    if let Ok(id) = from_text(head)
        && !id.is_empty()
    {
        return Ok(id);
    }
    let image = match map(r) {
        Ok(Ok(image)) => image,
        Ok(Err(_)) => return Err(Stop::Malformed),
        Err(e) => return Err(Stop::Io(e)),
    };
    let (offset, size) = image.text.ok_or(Stop::Malformed)?;
    let len = size.min(u64::try_from(HEAD).unwrap_or(u64::MAX));
    from_text(&bytes_at(r, offset, len)?)
}

/// The note `Go\0\0` of type 4, else the GNU note's raw bytes (`readELF`).
fn from_elf(r: &dyn ReadAt, head: &[u8]) -> Result<BuildId, Stop> {
    let head = Bytes(head);
    let header = Header::parse(&head, false)?;
    let mut gnu = BuildId::default();
    for p in header.programs(&head)?.iter().filter(|p| p.kind == PT_NOTE && p.filesz >= 16) {
        if p.filesz > TABLE_LIMIT {
            return Err(Stop::Malformed);
        }
        let inside = p.offset.saturating_add(p.filesz) < head.size();
        let data = bytes_at(if inside { &head } else { r }, p.offset, p.filesz)?;
        let mut note = data.as_slice();
        let mut at = p.offset;
        while note.len() >= 16 {
            let mut f = Fields::new(note, header.big);
            let (name_size, desc_size, tag) = (f.u32()?, f.u32()?, f.u32()?);
            let name = f.take(4)?;
            if name_size == 4 && matches!((tag, name), (GO_TAG, b"Go\0\0") | (GNU_TAG, b"GNU\0")) {
                let desc = usize::try_from(desc_size).ok().and_then(|n| f.take(n).ok());
                match (desc, tag) {
                    (Some(desc), GO_TAG) => return Ok(BuildId::new(desc)),
                    (Some(desc), _) => gnu = BuildId::new(desc),
                    (None, _) => {}
                }
            }
            // Go computes these in 32 bits.
            let pad = |n: u32| n.wrapping_add(3) & !3;
            let mut size = u64::from(12u32.wrapping_add(pad(name_size)).wrapping_add(pad(desc_size)));
            if u64::try_from(note.len()).is_ok_and(|left| left <= size) {
                break;
            }
            at = at.saturating_add(size);
            if p.align != 0 {
                let aligned = at.wrapping_add(p.align).wrapping_sub(1) & !p.align.wrapping_sub(1);
                size = size.wrapping_add(aligned.wrapping_sub(at));
                at = aligned;
            }
            let next = usize::try_from(size).ok().filter(|n| *n > 0).and_then(|n| note.get(n..));
            note = next.ok_or(Stop::Malformed)?;
        }
    }
    Ok(gnu)
}
