//! A moving window over a file: members lie one after the other, so nearly every read is served from memory.

use std::io;

use crate::format::ReadAt;

/// Size of the window in bytes: half of it is below what a second-level cache holds, and larger reads cost more time in
/// the kernel, not less.
pub const WINDOW: usize = 128 << 10;

/// A window over `source`. The buffer is the caller's, so that one serves many files.
#[derive(Debug)]
pub struct Window<'a, R: ReadAt + ?Sized> {
    source: &'a R,
    buf: &'a mut Vec<u8>,
    start: u64,
    filled: usize,
}

impl<'a, R: ReadAt + ?Sized> Window<'a, R> {
    /// A window over `source` that uses `buf`, whatever is in it.
    pub fn new(source: &'a R, buf: &'a mut Vec<u8>) -> Self {
        buf.resize(WINDOW, 0);
        Window { source, buf, start: 0, filled: 0 }
    }

    /// Size of the source in bytes when it was opened.
    pub fn size(&self) -> u64 {
        self.source.size()
    }

    /// `want` bytes (at most [`WINDOW`]) from `offset`; fewer only where the source ends.
    pub fn bytes(&mut self, offset: u64, want: usize) -> io::Result<&[u8]> {
        let want = want.min(WINDOW);
        if self.rest(offset).len() < want {
            self.fill(offset)?;
        }
        let rest = self.rest(offset);
        Ok(rest.get(..want).unwrap_or(rest))
    }

    /// What the window holds from `offset` on, at most `most` bytes; empty only where the source ends or `most` is 0.
    pub fn some(&mut self, offset: u64, most: u64) -> io::Result<&[u8]> {
        if self.rest(offset).is_empty() {
            self.fill(offset)?;
        }
        let rest = self.rest(offset);
        Ok(usize::try_from(most).ok().and_then(|m| rest.get(..m)).unwrap_or(rest))
    }

    fn rest(&self, offset: u64) -> &[u8] {
        let held = self.buf.get(..self.filled).unwrap_or(&[]);
        offset
            .checked_sub(self.start)
            .and_then(|skip| usize::try_from(skip).ok())
            .and_then(|skip| held.get(skip..))
            .unwrap_or(&[])
    }

    fn fill(&mut self, offset: u64) -> io::Result<()> {
        self.filled = 0;
        self.start = offset;
        if offset < self.source.size() {
            self.filled = self.source.read_full_at(offset, self.buf)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_gives_the_bytes_of_the_source() {
        let source: Vec<u8> = (0..WINDOW * 3 + 7).map(|i| u8::try_from(i * 31 % 251).unwrap()).collect();
        let mut buf = Vec::new();
        let mut w = Window::new(&source[..], &mut buf);
        for (at, want) in [(0, 30), (WINDOW - 5, 10), (3, 4), (WINDOW * 3, 100), (WINDOW * 3 + 7, 5), (usize::MAX / 2, 1)] {
            let expected = source.get(at..).unwrap_or(&[]);
            let expected = &expected[..want.min(expected.len())];
            assert_eq!(w.bytes(u64::try_from(at).unwrap(), want).unwrap(), expected, "{at}");
        }
        assert!(w.some(u64::MAX, 1).unwrap().is_empty());
        assert_eq!(w.some(1, 2).unwrap(), &source[1..3]);
    }
}
