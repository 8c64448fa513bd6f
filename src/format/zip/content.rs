//! The content of a member, inflated piece by piece: archive/zip (reader.go, `checksumReader`). Memory is bounded by the
//! buffers here, whatever sizes are claimed, and work by the bytes of the file and the size that the member claims.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};
use sha2::{Digest, Sha256};

use super::batch::Batch;
use super::central::Member;
use super::window::{WINDOW, Window};
use crate::format::ReadAt;
use crate::format::deflate::{self, Decoder, Step};

/// Size of a piece in bytes. Every piece but the last of a member is this long.
const PIECE: usize = 64 << 10;

/// What a member's content turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Size in bytes.
    pub size: u64,
    /// How many bytes of the data the deflate stream takes; the rest Go never reads.
    pub used: u64,
    /// CRC-32 (IEEE).
    pub crc32: u32,
    /// sha256; `None` if it is still to be computed along with those of other members: [`Inflater::keep`].
    pub sha256: Option<[u8; 32]>,
}

/// Why a member has no content that Go would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The method is neither 0 nor 8.
    UnknownMethod,
    /// No deflate stream, or one that does not end.
    BadDeflate,
    /// The file ends first.
    BeyondEnd,
    /// More bytes than claimed, or how many.
    WrongSize(Option<u64>),
}

/// Inflates members one after the other. One for each worker.
#[derive(Debug)]
pub struct Inflater {
    decoder: Decoder,
    raw: Decompress,
    piece: Vec<u8>,
    batch: Batch,
}

impl Default for Inflater {
    fn default() -> Self {
        Inflater::new(false)
    }
}

impl Inflater {
    /// `roomy`: takes up to 17 MiB of memory, not 5, so that nearly every member is inflated in one step.
    pub fn new(roomy: bool) -> Inflater {
        let (raw, piece) = (Decompress::new(false), vec![0; PIECE]);
        Inflater { decoder: Decoder::default(), raw, piece, batch: Batch::new(roomy) }
    }

    /// Reads the content of `member`, whose data begins at `data`, and gives it to `take` piece by piece; a member that is
    /// no larger than one piece comes in one. An error is that of the file.
    pub fn content<R: ReadAt + ?Sized>(
        &mut self,
        window: &mut Window<'_, R>,
        member: &Member,
        data: u64,
        take: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Result<Content, Failure>> {
        if let Some(content) = self.at_once(window, member, data)? {
            self.batch.last().chunks(PIECE).for_each(take);
            return Ok(Ok(content));
        }
        let mut sums = Sums { size: 0, crc32: crc32fast::Hasher::new(), sha256: Sha256::new(), take };
        let used = match member.method {
            0 => self.stored(window, member, data, &mut sums)?,
            8 => self.deflated(window, member, data, &mut sums)?,
            _ => Err(Failure::UnknownMethod),
        };
        Ok(match used {
            Ok(_) if sums.size != member.size => Err(Failure::WrongSize((sums.size < member.size).then_some(sums.size))),
            Ok(used) => {
                let sha256 = Some(sums.sha256.finalize().into());
                Ok(Content { size: sums.size, used, crc32: sums.crc32.finalize(), sha256 })
            }
            Err(failure) => Err(failure),
        })
    }

    /// The content read last, which came without its sha256, counts: it is hashed as that of `member`.
    pub fn keep(&mut self, member: usize) {
        self.batch.keep(member);
    }

    /// The sha256 of every member that was kept since this was last asked for.
    pub fn digests(&mut self) -> Vec<(usize, [u8; 32])> {
        self.batch.digests()
    }

    /// Inflates a member of moderate size in one step. `None` for any other, and for one that is not exactly what it claims:
    /// what is wrong with it shows when it is read piece by piece.
    fn at_once<R: ReadAt + ?Sized>(
        &mut self,
        window: &mut Window<'_, R>,
        member: &Member,
        data: u64,
    ) -> io::Result<Option<Content>> {
        let Some(size) = usize::try_from(member.size).ok().filter(|s| *s <= self.batch.at_once() && member.method == 8) else {
            return Ok(None);
        };
        let Some((room, place)) = self.batch.room(size) else { return Ok(None) };
        let mut used = 0;
        self.decoder.begin(place);
        loop {
            // What lies behind the stream is looked at and not used.
            let want = member.compressed.saturating_sub(used).saturating_add(length(deflate::AHEAD));
            let input = window.bytes(data.saturating_add(used), usize::try_from(want).unwrap_or(WINDOW))?;
            let (step, taken) = self.decoder.go_on(input, room);
            used += length(taken);
            match step {
                Step::Ended if used <= member.compressed && self.decoder.made() == size => break,
                Step::Starved if taken > 0 => {}
                _ => return Ok(None),
            }
        }
        self.batch.filled(size);
        let crc32 = crc32fast::hash(self.batch.last());
        Ok(Some(Content { size: member.size, used, crc32, sha256: None }))
    }

    fn stored<R: ReadAt + ?Sized>(
        &mut self,
        window: &mut Window<'_, R>,
        member: &Member,
        data: u64,
        sums: &mut Sums<'_>,
    ) -> io::Result<Result<u64, Failure>> {
        let mut done = 0;
        let mut held = 0;
        while done < member.compressed && sums.size + length(held) <= member.size {
            let room = length(PIECE - held).min(member.compressed - done);
            let bytes = window.some(data.saturating_add(done), room)?;
            if bytes.is_empty() {
                // Go takes what there is, as long as it is as much as the member claims.
                if sums.size + length(held) != member.size {
                    return Ok(Err(Failure::BeyondEnd));
                }
                break;
            }
            if let Some(to) = self.piece.get_mut(held..held + bytes.len()) {
                to.copy_from_slice(bytes);
            }
            (done, held) = (done + length(bytes.len()), held + bytes.len());
            if held == PIECE {
                sums.add(&self.piece);
                held = 0;
            }
        }
        sums.add(self.piece.get(..held).unwrap_or(&[]));
        Ok(Ok(done))
    }

    fn deflated<R: ReadAt + ?Sized>(
        &mut self,
        window: &mut Window<'_, R>,
        member: &Member,
        data: u64,
        sums: &mut Sums<'_>,
    ) -> io::Result<Result<u64, Failure>> {
        self.raw.reset(false);
        let mut held = 0;
        loop {
            let used = self.raw.total_in();
            let input = window.some(data.saturating_add(used), member.compressed.saturating_sub(used))?;
            let starved = input.is_empty();
            let made = self.raw.total_out();
            let Some(room) = self.piece.get_mut(held..) else { return Ok(Err(Failure::BadDeflate)) };
            let Ok(status) = self.raw.decompress(input, room, FlushDecompress::None) else {
                return Ok(Err(Failure::BadDeflate));
            };
            let grown = self.raw.total_out() - made;
            held += usize::try_from(grown).unwrap_or(0);
            if held == PIECE || status == Status::StreamEnd {
                sums.add(self.piece.get(..held).unwrap_or(&[]));
                held = 0;
            }
            if sums.size + length(held) > member.size {
                return Ok(Err(Failure::WrongSize(None)));
            }
            if status == Status::StreamEnd {
                return Ok(Ok(self.raw.total_in()));
            }
            if grown == 0 && self.raw.total_in() == used {
                // It asks for more, and there is none.
                let cut = starved && used < member.compressed;
                return Ok(Err(if cut { Failure::BeyondEnd } else { Failure::BadDeflate }));
            }
        }
    }
}

struct Sums<'a> {
    size: u64,
    crc32: crc32fast::Hasher,
    sha256: Sha256,
    take: &'a mut dyn FnMut(&[u8]),
}

impl Sums<'_> {
    fn add(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        self.size += length(piece.len());
        self.crc32.update(piece);
        self.sha256.update(piece);
        (self.take)(piece);
    }
}

fn length(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
