#![allow(clippy::as_conversions, reason = "test code: small numbers")]

use super::*;

/// A log of so many records, record `i` being the number `i` as text, and all tiles of all its earlier sizes.
struct Whole {
    leaves: Vec<Hash>,
}

fn root_of(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => Hash::of_nothing(),
        1 => leaves[0],
        n => {
            let k = 1 << (usize::BITS - 1 - (n - 1).leading_zeros());
            Hash::of_node(root_of(&leaves[..k]), root_of(&leaves[k..]))
        }
    }
}

impl Whole {
    fn new(n: usize) -> Whole {
        Whole { leaves: (0..n).map(|i| Hash::of_record(format!("{i}\n").as_bytes())).collect() }
    }

    fn head(&self, n: usize) -> Tree {
        Tree { size: n as u64, root: root_of(&self.leaves[..n]) }
    }

    /// The bytes of a tile, from the definition.
    fn tile(&self, level: u64, number: u64, width: u64) -> (Tile, Vec<u8>) {
        let span = 1usize << (8 * level);
        let from = number as usize * 256;
        let bytes = (from..from + width as usize).flat_map(|i| root_of(&self.leaves[i * span..(i + 1) * span]).0).collect();
        (Tile { height: 8, level: Some(level), number, width }, bytes)
    }

    /// All tiles of a tree of `n` records.
    fn tiles(&self, n: usize) -> Vec<(Tile, Vec<u8>)> {
        let mut out = Vec::new();
        for level in 0..3 {
            let count = (n >> (8 * level)) as u64;
            for number in 0..count.div_ceil(256) {
                out.push(self.tile(level, number, (count - number * 256).min(256)));
            }
        }
        out
    }
}

fn local(tiles: &[(Tile, Vec<u8>)]) -> Vec<LocalTile> {
    let mut wanted = Wanted::default();
    for (tile, _) in tiles {
        wanted.tile(tile);
    }
    tiles.iter().map(|(t, b)| LocalTile::read(*t, b, &wanted).expect("a tile")).collect()
}

#[test]
fn a_whole_log_is_proven_at_every_size() {
    let log = Whole::new(700);
    for n in [1, 2, 3, 255, 256, 257, 511, 512, 513, 699, 700] {
        let (tiles, heads) = (local(&log.tiles(n)), [log.head(n)]);
        let proof = Log::new(&tiles, &heads);
        assert_eq!(proof.head_verdicts(), [HeadVerdict::Proven], "{n}");
        assert!(proof.tile_verdicts().iter().all(|v| *v == TileVerdict::Proven), "{n}: {:?}", proof.tile_verdicts());
        for id in 0..n {
            assert_eq!(proof.judge_record(id as u64, log.leaves[id]), RecordVerdict::Proven, "{id} of {n}");
            assert_eq!(proof.judge_record(id as u64, Hash::of_nothing()), RecordVerdict::Contradicted, "{id} of {n}");
        }
        assert_eq!(proof.judge_record(n as u64, log.leaves[0]), RecordVerdict::NotProvable);
    }
}

#[test]
fn each_flipped_byte_of_each_tile_is_seen() {
    let log = Whole::new(600);
    let tiles = log.tiles(600);
    let heads = [log.head(600)];
    for k in 0..tiles.len() {
        for at in (0..tiles[k].1.len()).step_by(37) {
            let mut damaged = tiles.clone();
            damaged[k].1[at] ^= 1;
            let read = local(&damaged);
            let proof = Log::new(&read, &heads);
            let verdict = proof.tile_verdicts()[k];
            assert!(matches!(verdict, TileVerdict::Altered | TileVerdict::Suspect(_)), "{k} {at}: {verdict:?}");
        }
    }
}

#[test]
fn another_width_shows_which_one_is_wrong() {
    let log = Whole::new(600);
    let mut tiles = log.tiles(600);
    tiles.push(log.tile(0, 2, 50));
    let last = tiles.len() - 1;
    tiles[last].1[40] ^= 1;
    let (read, heads) = (local(&tiles), [log.head(600)]);
    let proof = Log::new(&read, &heads);
    assert_eq!(proof.tile_verdicts()[last], TileVerdict::Altered);
    assert_eq!(proof.head_verdicts(), [HeadVerdict::Proven]);
    // A smaller head whose own tile is altered is proven by the wider one.
    let heads = [log.head(562), log.head(600)];
    let proof = Log::new(&read, &heads);
    assert_eq!(proof.head_verdicts(), [HeadVerdict::Proven; 2]);
    assert_eq!(proof.tile_verdicts()[last], TileVerdict::Altered);
}

#[test]
fn heads_that_do_not_fit_are_told() {
    let (log, mut other) = (Whole::new(600), Whole::new(600));
    other.leaves[7] = Hash::of_nothing();
    let tiles = local(&log.tiles(600));
    for (heads, same) in [([log.head(600), other.head(600)], true), ([log.head(600), other.head(512)], false)] {
        let proof = Log::new(&tiles, &heads);
        assert_eq!(proof.head_verdicts(), [HeadVerdict::Contradicts(1), HeadVerdict::Contradicts(0)], "{same}");
    }
    let heads = [log.head(600), log.head(512), log.head(0)];
    assert_eq!(Log::new(&tiles, &heads).head_verdicts(), [HeadVerdict::Proven; 3]);
    // Without tiles two heads of one size speak against each other all the same.
    let heads = [log.head(600), other.head(600)];
    assert_eq!(Log::new(&[], &heads).head_verdicts(), [HeadVerdict::Contradicts(1), HeadVerdict::Contradicts(0)]);
    let heads = [log.head(600), other.head(599)];
    assert_eq!(Log::new(&[], &heads).head_verdicts(), [HeadVerdict::NotProvable; 2]);
}

#[test]
fn missing_tiles_prove_nothing_and_accuse_nobody() {
    let log = Whole::new(600);
    let tiles = log.tiles(600);
    for gone in 0..tiles.len() {
        let mut some = tiles.clone();
        some.remove(gone);
        let (read, heads) = (local(&some), [log.head(600)]);
        let proof = Log::new(&read, &heads);
        let good = |v: &TileVerdict| matches!(v, TileVerdict::Proven | TileVerdict::NotProvable);
        assert!(proof.tile_verdicts().iter().all(good), "{:?}", proof.tile_verdicts());
    }
}

#[test]
fn what_lies_past_the_end_is_told() {
    let log = Whole::new(600);
    let (read, heads) = (local(&log.tiles(600)), [log.head(300)]);
    let proof = Log::new(&read, &heads);
    let verdicts: Vec<_> = read.iter().map(|t| t.tile().to_string()).zip(proof.tile_verdicts()).collect();
    assert!(
        verdicts.contains(&("tile/8/0/001".to_owned(), &TileVerdict::PastEnd))
            || verdicts.iter().any(|(_, v)| matches!(v, TileVerdict::Partly(44))),
        "{verdicts:?}"
    );
    assert!(verdicts.contains(&("tile/8/0/002.p/88".to_owned(), &TileVerdict::PastEnd)), "{verdicts:?}");
}

#[test]
fn a_size_of_2_to_the_62_is_a_number_like_any_other() {
    for size in [1 << 62, (1 << 62) - 1, u64::from(u32::MAX), i64::MAX.unsigned_abs()] {
        assert!(edge(size).len() <= 63);
        let log = Whole::new(300);
        let (read, heads) = (local(&log.tiles(300)), [Tree { size, root: Hash::of_nothing() }, log.head(300)]);
        let proof = Log::new(&read, &heads);
        assert_eq!(proof.head_verdicts()[1], HeadVerdict::Proven);
        assert_eq!(proof.judge_record(size - 1, Hash::of_nothing()), RecordVerdict::NotProvable);
    }
}

#[test]
fn only_what_is_asked_for_is_kept() {
    let log = Whole::new(700);
    let mut wanted = Wanted::default();
    wanted.head(700);
    wanted.record(300);
    let read: Vec<LocalTile> = log.tiles(700).iter().map(|(t, b)| LocalTile::read(*t, b, &wanted).expect("tile")).collect();
    let heads = [log.head(700)];
    let proof = Log::new(&read, &heads);
    assert_eq!(proof.judge_record(300, log.leaves[300]), RecordVerdict::Proven);
    assert_eq!(proof.judge_record(301, log.leaves[301]), RecordVerdict::NotProvable);
    assert!(proof.tile_verdicts().iter().all(|v| *v == TileVerdict::Proven));
}

proptest::proptest! {
    #[test]
    fn any_tiles_under_any_heads_end(
        tiles in proptest::collection::vec((0u64..9, 0u64..4, 1u64..=256, 0u8..3), 0..12),
        heads in proptest::collection::vec((0u64..1 << 63, 0u8..3), 0..6),
    ) {
        let read: Vec<LocalTile> = tiles
            .iter()
            .filter_map(|(l, number, width, b)| {
                let at = Tile { height: 8, level: Some(*l), number: *number, width: *width };
                LocalTile::read(at, &vec![*b; *width as usize * 32], &Wanted::default())
            })
            .collect();
        let heads: Vec<Tree> = heads.iter().map(|(size, b)| Tree { size: *size, root: Hash([*b; 32]) }).collect();
        let log = Log::new(&read, &heads);
        assert_eq!(log.tile_verdicts().len(), read.len());
        let _ = log.judge_record(1 << 62, Hash([0; 32]));
    }
}
