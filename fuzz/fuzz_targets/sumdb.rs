//! The checksum database: keys, notes, heads, records, tile paths, and what tiles and heads prove together.
#![no_main]

use gocachescan::format::sumdb::key::VerifierKey;
use gocachescan::format::sumdb::log::{LocalTile, Log, Wanted};
use gocachescan::format::sumdb::needs::needs;
use gocachescan::format::sumdb::text::{Record, lookup_name, parse_tree};
use gocachescan::format::sumdb::tile::{self, Tile};
use gocachescan::format::sumdb::{Hash, Tree, note};

const KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = note::open(data, VerifierKey::parse(KEY).ok().as_ref());
    if let Some(tree) = parse_tree(data) {
        assert!(i64::try_from(tree.size).is_ok());
    }
    if let Some(record) = Record::parse(data) {
        assert!(record.text.ends_with(b"\n") && data.ends_with(record.rest));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = (VerifierKey::parse(text), lookup_name(text));
        if let Some(tile) = Tile::parse(text) {
            assert_eq!(tile.to_string(), text);
            let _ = tile.end();
        }
    }
    // Ten bytes a thing: a head of any size, or a tile with the same hash throughout.
    let (mut tiles, mut heads) = (Vec::new(), Vec::new());
    for thing in data.chunks_exact(10).take(24) {
        let [kind, byte, size @ ..] = thing else { continue };
        let size = u64::from_le_bytes(size.try_into().unwrap_or_default());
        if *kind & 1 == 0 {
            heads.push(Tree { size: size >> 1, root: Hash([*byte; 32]) });
        } else {
            let width = 1 + (size >> 56) % tile::WIDTH;
            let at = Tile { height: tile::HEIGHT, level: Some(u64::from(*kind >> 1) % 9), number: size & 0xff_ffff, width };
            let bytes = vec![*byte; usize::try_from(width).unwrap_or(0) * 32];
            tiles.extend(LocalTile::read(at, &bytes, &Wanted::default()));
        }
    }
    for pair in heads.chunks_exact(2) {
        let [a, b] = pair else { continue };
        let all = needs(a.size, [b.size], [b.size]);
        assert!(all.len() <= 32 && all.iter().all(|t| t.end().is_some_and(|end| end <= a.size)));
    }
    let log = Log::new(&tiles, &heads);
    assert_eq!((log.tile_verdicts().len(), log.head_verdicts().len()), (tiles.len(), heads.len()));
    let _ = log.judge_record(u64::from(data.first().copied().unwrap_or(0)) << 40, Hash::of_nothing());
});
