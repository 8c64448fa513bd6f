//! Tiles: which hashes of the log a file holds (golang.org/x/mod/sumdb/tlog/tile.go).

use std::fmt;

use super::{HASH_SIZE, Hash};

/// Height of the tiles that cmd/go asks for.
pub const HEIGHT: u32 = 8;
/// Hashes in a full tile of that height.
pub const WIDTH: u64 = 1 << HEIGHT;
/// Bytes in a full tile.
pub const LIMIT: u64 = 32 * WIDTH;
/// What Go puts into one element of the path.
const PATH_BASE: u64 = 1000;

/// The coordinates of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Height, 1 to 30.
    pub height: u32,
    /// Level; `None` for `data`, the records themselves.
    pub level: Option<u64>,
    /// Number within the level; at most 2^63 - 1.
    pub number: u64,
    /// Width, 1 to 2^height.
    pub width: u64,
}

impl Tile {
    /// Reads a path such as `tile/8/0/x123/456.p/7` (`ParseTilePath`): only the one that [`Tile`] prints.
    pub fn parse(path: &str) -> Option<Tile> {
        let int = |s: &str| s.parse::<i64>().ok().and_then(|n| u64::try_from(n).ok());
        let rest = path.strip_prefix("tile/")?;
        let (height, rest) = rest.split_once('/')?;
        let (level, rest) = rest.split_once('/')?;
        let height = u32::try_from(int(height)?).ok().filter(|h| (1..=30).contains(h))?;
        let level = if level == "data" { None } else { Some(int(level)?) };
        let full = 1u64 << height;
        let (rest, width) = match rest.rsplit_once('/') {
            Some((before, width)) if before.ends_with(".p") => {
                (before.strip_suffix(".p")?, int(width).filter(|w| (1..full).contains(w))?)
            }
            _ => (rest, full),
        };
        let mut number = 0u64;
        for part in rest.split('/') {
            let n = int(part.strip_prefix('x').unwrap_or(part)).filter(|n| *n < PATH_BASE)?;
            number = number.checked_mul(PATH_BASE)?.checked_add(n).filter(|n| i64::try_from(*n).is_ok())?;
        }
        let tile = Tile { height, level, number, width };
        (tile.to_string() == path).then_some(tile)
    }

    /// Whether it holds all hashes that it can.
    pub fn is_full(&self) -> bool {
        self.width == 1 << self.height
    }

    /// The number of records that a tree must have for it to hold this tile; `None` beyond what a tree can have.
    pub fn end(&self) -> Option<u64> {
        let shift = u32::try_from(self.level?).ok()?.checked_mul(self.height).filter(|s| *s < 63)?;
        let hashes = self.number.checked_mul(1 << self.height)?.checked_add(self.width)?;
        hashes.checked_mul(1 << shift).filter(|n| i64::try_from(*n).is_ok())
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = vec![format!("{:03}", self.number % PATH_BASE)];
        let mut n = self.number / PATH_BASE;
        while n > 0 {
            parts.push(format!("x{:03}", n % PATH_BASE));
            n /= PATH_BASE;
        }
        parts.reverse();
        write!(f, "tile/{}/", self.height)?;
        match self.level {
            Some(level) => write!(f, "{level}/")?,
            None => f.write_str("data/")?,
        }
        f.write_str(&parts.join("/"))?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// The hashes of a tile's file; `None` where its size is not a multiple of a hash.
pub fn hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let chunks = bytes.chunks_exact(HASH_SIZE);
    let whole = chunks.remainder().is_empty();
    whole.then(|| chunks.filter_map(|c| <[u8; HASH_SIZE]>::try_from(c).ok()).map(Hash).collect())
}

/// The hash of the perfect subtree over `leaves`, of which there are a power of two (`tileHash`); `None` over anything else.
pub fn subtree(leaves: &[Hash]) -> Option<Hash> {
    if !leaves.len().is_power_of_two() {
        return None;
    }
    let mut row = leaves.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).filter_map(|pair| Some(Hash::of_node(*pair.first()?, *pair.last()?))).collect();
    }
    row.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let tile = |level, number, width| Tile { height: 8, level, number, width };
        for (path, want) in [
            ("tile/8/0/000", tile(Some(0), 0, 256)),
            ("tile/8/0/x259/366", tile(Some(0), 259_366, 256)),
            ("tile/8/3/000.p/4", tile(Some(3), 0, 4)),
            ("tile/8/data/x001/x234/067.p/255", tile(None, 1_234_067, 255)),
            ("tile/8/0/x009/x223/x372/x036/x854/x775/807", tile(Some(0), i64::MAX.unsigned_abs(), 256)),
        ] {
            assert_eq!(Tile::parse(path), Some(want), "{path}");
            assert_eq!(want.to_string(), path);
        }
        for bad in [
            "",
            "tile/8/0",
            "tile/8/0/",
            "tile/8/0/1",
            "tile/8/0/1000",
            "tile/8/0/000.p/256",
            "tile/8/0/000.p/0",
            "tile/31/0/000",
            "tile/0/0/000",
            "tile/8/-1/000",
            "tile/8/0/000/000",
            "tile/8/0/x000/000",
            "tile/8/0/+00",
            "tile/8/00/000",
            "/tile/8/0/000",
            "tile/8/0/x009/x223/x372/x036/x854/x775/808",
            "tile/8/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(Tile::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn ends_are_bounded() {
        let tile = |level, number, width| Tile { height: 8, level, number, width }.end();
        assert_eq!(tile(Some(0), 0, 1), Some(1));
        assert_eq!(tile(Some(1), 2, 3), Some((2 * 256 + 3) * 256));
        assert_eq!(tile(None, 0, 1), None);
        assert_eq!(tile(Some(u64::MAX), 0, 1), None);
        assert_eq!(tile(Some(7), 1 << 60, 256), None);
        assert_eq!(tile(Some(8), 0, 1), None);
    }

    proptest::proptest! {
        #[test]
        fn a_path_names_one_tile(text in "(tile/)?[0-9]{1,2}/(data|[0-9]{1,2})(/x?[0-9]{1,3}){1,8}(\\.p/[0-9]{1,3})?") {
            if let Some(tile) = Tile::parse(&text) {
                assert_eq!(tile.to_string(), text);
                let _ = tile.end();
            }
        }

        #[test]
        fn any_bytes_are_hashes_or_none(bytes in proptest::collection::vec(0u8.., 0..200)) {
            assert_eq!(hashes(&bytes).map(|h| h.len() * 32), (bytes.len() % 32 == 0).then_some(bytes.len()));
        }
    }
}
