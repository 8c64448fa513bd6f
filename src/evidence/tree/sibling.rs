//! One file of an extracted directory, held against the member of the zip that it came from.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::Difference;
use crate::format::ReadAt;
use crate::format::zip::MAX_ZIP;
use crate::sys;

/// The size of what is read at once, in bytes.
pub(in crate::evidence) const BUFFER: usize = 64 << 10;

/// The file of a member, while it is held against it.
#[derive(Debug)]
pub(in crate::evidence) struct Sibling {
    file: sys::File,
    member: usize,
    /// What the zip claims, in bytes.
    size: u64,
    /// How far both were compared.
    at: u64,
    first: Option<u64>,
    differing: u64,
    ended: bool,
}

impl Sibling {
    pub(super) fn new(file: sys::File, member: usize, size: u64) -> Sibling {
        Sibling { file, member, size, at: 0, first: None, differing: 0, ended: false }
    }

    /// Index of the member.
    pub(super) fn member(&self) -> usize {
        self.member
    }

    pub(super) fn file(&self) -> &sys::File {
        &self.file
    }

    /// Nothing more is read.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Compares the next piece of the member.
    pub(super) fn compare(&mut self, piece: &[u8], buffer: &mut [u8]) -> io::Result<()> {
        // One more byte than the zip has: most files end within one read.
        let last = self.at + length(piece.len()) >= self.size;
        let wanted = piece.len() + usize::from(last);
        let mut got = 0;
        while got < wanted && !self.ended {
            let Some(room) = buffer.get_mut(got..wanted) else { break };
            match self.file.read(room) {
                Ok(0) => self.ended = true,
                Ok(n) => {
                    got += n;
                    // A short read at the size that the system told is the end.
                    self.ended = got < wanted && self.at + length(got) == self.file.stat().size;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        let read = buffer.get(..got.min(piece.len())).unwrap_or(&[]);
        let same = piece.get(..read.len()).unwrap_or(&[]);
        if read != same {
            let differ = || read.iter().zip(same).enumerate().filter(|(_, (a, b))| a != b);
            self.differing += length(differ().count());
            if let (None, Some((i, _))) = (self.first, differ().next()) {
                self.first = Some(self.at + length(i));
            }
        }
        if got != piece.len() && self.first.is_none() {
            self.first = Some(self.at + length(got.min(piece.len())));
        }
        self.at += length(piece.len());
        Ok(())
    }

    /// What differs, once every piece was compared.
    pub(super) fn difference(&mut self, buffer: &mut [u8]) -> io::Result<Option<Difference>> {
        let size = self.file.stat().size;
        // An empty member has no piece.
        let first = self.first.or((self.size == 0 && size > 0).then_some(0));
        let Some(offset) = first else { return Ok(None) };
        let bytes = (size == self.size).then_some(self.differing);
        let line = line_of(&self.file, offset, buffer)?;
        Ok(Some(Difference { offset, line, bytes, zip_size: self.size, size }))
    }
}

/// The line in which `offset` lies, from 1; `None` for what holds a NUL up to there.
fn line_of(file: &sys::File, offset: u64, buffer: &mut [u8]) -> io::Result<Option<u64>> {
    let (mut at, mut line) = (0u64, 1u64);
    while at < offset {
        let room = usize::try_from(offset - at).unwrap_or(usize::MAX).min(buffer.len());
        let Some(room) = buffer.get_mut(..room) else { break };
        let n = file.read_at(at, room)?;
        let read = room.get(..n).unwrap_or(&[]);
        if n == 0 || read.contains(&0) {
            return Ok((n == 0).then_some(line));
        }
        line += length(read.iter().filter(|b| **b == b'\n').count());
        at += length(n);
    }
    Ok(Some(line))
}

/// sha256 of a file; `None` for one that is larger than any module.
pub(in crate::evidence) fn hash(file: &sys::File, buffer: &mut [u8]) -> io::Result<Option<[u8; 32]>> {
    let (mut at, mut sha) = (0u64, Sha256::new());
    loop {
        let n = file.read_at(at, buffer)?;
        if n == 0 {
            return Ok(Some(sha.finalize().into()));
        }
        sha.update(buffer.get(..n).unwrap_or(&[]));
        at += length(n);
        if at > MAX_ZIP {
            return Ok(None);
        }
    }
}

/// Whether both files agree in their first `size` bytes.
pub(super) fn same_start(a: &sys::File, b: &sys::File, size: u64, buffer: &mut [u8]) -> bool {
    let half = buffer.len() / 2;
    let (left, right) = buffer.split_at_mut(half);
    let mut at = 0;
    while at < size {
        let len = usize::try_from(size - at).unwrap_or(usize::MAX).min(left.len()).min(right.len());
        let (Some(l), Some(r)) = (left.get_mut(..len), right.get_mut(..len)) else { return false };
        let (Ok(n), Ok(m)) = (a.read_full_at(at, l), b.read_full_at(at, r)) else { return false };
        if n != len || m != len || l != r {
            return false;
        }
        at += length(len);
    }
    true
}

fn length(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
