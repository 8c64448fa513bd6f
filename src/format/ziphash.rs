//! `<version>.ziphash`: the dirhash of the zip beside it, 47 bytes without a newline (cmd/go/internal/modfetch/fetch.go,
//! `hashZip`, `checkMod`, `isValidSum`).

use super::dirhash::{H1, H1_LEN};

/// Go reads at most what it finds; a right file is 47 bytes, so this much is enough to tell what is wrong with any other.
pub const LIMIT: u64 = 4096;

/// What a `.ziphash` file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ziphash {
    /// Exactly what Go writes.
    Exact(H1),
    /// A dirhash with white space around it, which Go trims and never writes.
    Padded(H1),
    /// A dirhash, and more after it. Go's reading of it is refused or healed, depending on the version.
    Trailing(H1),
    /// Nothing: a write that was cut off, or an emptied file.
    Empty,
    /// Only NUL bytes, at most as many as Go reserves before it writes: a write that was cut off.
    Unfinished,
    /// Anything else.
    Garbage,
}

impl Ziphash {
    /// Reads a whole file.
    pub fn parse(bytes: &[u8]) -> Ziphash {
        if bytes.is_empty() {
            return Ziphash::Empty;
        }
        if bytes.len() <= H1_LEN && bytes.iter().all(|b| *b == 0) {
            return Ziphash::Unfinished;
        }
        if let Some(h1) = H1::parse(bytes) {
            return Ziphash::Exact(h1);
        }
        if let Some(h1) = H1::parse(trim_space(bytes)) {
            return Ziphash::Padded(h1);
        }
        match bytes.get(..H1_LEN).and_then(H1::parse) {
            Some(h1) => Ziphash::Trailing(h1),
            None => Ziphash::Garbage,
        }
    }

    /// The dirhash that it claims.
    pub fn h1(self) -> Option<H1> {
        match self {
            Ziphash::Exact(h1) | Ziphash::Padded(h1) | Ziphash::Trailing(h1) => Some(h1),
            Ziphash::Empty | Ziphash::Unfinished | Ziphash::Garbage => None,
        }
    }
}

/// `bytes.TrimSpace`, as far as ASCII goes: a dirhash with other white space around it is garbage to us and to nobody's loss.
fn trim_space(bytes: &[u8]) -> &[u8] {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let start = bytes.iter().position(|b| !is_space(b)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| !is_space(b)).map_or(start, |i| i + 1);
    bytes.get(start..end).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape() {
        let text = b"h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=".to_vec();
        let h1 = H1::parse(&text).expect("a dirhash");
        let with = |tail: &[u8]| [&text[..], tail].concat();
        assert_eq!(Ziphash::parse(&text), Ziphash::Exact(h1));
        assert_eq!(Ziphash::parse(&with(b"\r\n")), Ziphash::Padded(h1));
        assert_eq!(Ziphash::parse(&with(b"\nh1:second=\n")), Ziphash::Trailing(h1));
        assert_eq!(Ziphash::parse(b""), Ziphash::Empty);
        assert_eq!(Ziphash::parse(&[0; 47]), Ziphash::Unfinished);
        for bad in [&b"garbage"[..], &[0; 48], &text[..46], b"h2:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo="] {
            assert_eq!(Ziphash::parse(bad), Ziphash::Garbage);
        }
    }
}
