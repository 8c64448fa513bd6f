//! Which tiles it takes to prove records and older heads under a head (golang.org/x/mod/sumdb/tlog, `TileHashReader`).

use std::collections::BTreeSet;

use super::log::edge;
use super::tile::{HEIGHT, Tile, WIDTH};

/// The tile at a place, as wide as a tree of `size` records makes it; `None` where the tree has none.
fn tile_of(size: u64, level: u64, number: u64) -> Option<Tile> {
    let shift = u32::try_from(level).ok()?.checked_mul(HEIGHT).filter(|s| *s < u64::BITS)?;
    let hashes = (size >> shift).checked_sub(number.checked_mul(WIDTH)?).filter(|n| *n > 0)?;
    Some(Tile { height: HEIGHT, level: Some(level), number, width: hashes.min(WIDTH) })
}

/// Every tile that proves the records with these numbers, and the roots of the trees of these sizes, under the root of a tree of `size`
/// records. Numbers and sizes past its end need none.
pub fn needs(size: u64, records: impl IntoIterator<Item = u64>, sizes: impl IntoIterator<Item = u64>) -> BTreeSet<Tile> {
    let mut out: BTreeSet<Tile> = places(size).filter_map(|(level, number)| tile_of(size, level, number)).collect();
    let older = sizes.into_iter().filter(|s| *s < size).flat_map(|s| places(s).collect::<Vec<_>>());
    let leaves = records.into_iter().filter(|id| *id < size).map(|id| (0, id / WIDTH));
    let start: Vec<(u64, u64)> = older.chain(leaves).collect();
    for (mut level, mut number) in start {
        // A full tile stands in the one above it; one that is not is at the edge, which the head itself proves.
        while let Some(tile) = tile_of(size, level, number) {
            let known = !out.insert(tile);
            if known || tile.width < WIDTH {
                break;
            }
            (level, number) = (level + 1, number / WIDTH);
        }
    }
    out
}

/// The places of the tiles that give the root of a tree.
fn places(size: u64) -> impl Iterator<Item = (u64, u64)> {
    edge(size).into_iter().map(|part| part.tile)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(size: u64, records: &[u64], sizes: &[u64]) -> Vec<String> {
        needs(size, records.iter().copied(), sizes.iter().copied()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_record_needs_its_way_up_and_the_edge() {
        assert_eq!(shown(300, &[7], &[]), ["tile/8/0/000", "tile/8/0/001.p/44", "tile/8/1/000.p/1"]);
        assert_eq!(shown(300, &[299], &[]), ["tile/8/0/001.p/44", "tile/8/1/000.p/1"]);
        assert_eq!(shown(256, &[0], &[]), ["tile/8/0/000", "tile/8/1/000.p/1"]);
        assert_eq!(shown(300, &[300, u64::MAX], &[]), shown(300, &[], &[]));
        assert_eq!(shown(0, &[0], &[0]), [""; 0]);
    }

    #[test]
    fn an_older_head_needs_its_own_edge_too() {
        assert_eq!(
            shown(70_000, &[], &[300]),
            ["tile/8/0/001", "tile/8/0/273.p/112", "tile/8/1/000", "tile/8/1/001.p/17", "tile/8/2/000.p/1"]
        );
        assert_eq!(shown(300, &[], &[300, 301, u64::MAX]), shown(300, &[], &[]));
    }

    proptest::proptest! {
        #[test]
        fn few_tiles_whatever_the_numbers(size in 0u64..=i64::MAX.unsigned_abs(), id in 0u64.., other in 0u64..) {
            let all = needs(size, [id], [other]);
            // The edges of two trees and two ways up, of 8 levels each.
            assert!(all.len() <= 32, "{}", all.len());
            assert!(all.iter().all(|t| t.end().is_some_and(|end| end <= size)));
        }
    }
}
