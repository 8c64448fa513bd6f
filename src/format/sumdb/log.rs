//! What tiles and signed heads that lie on one disk prove, together: which tiles belong to a signed tree, which heads fit each
//! other, which record stands at a number (golang.org/x/mod/sumdb/tlog, `TileHashReader`; sumdb/client.go, `checkTrees`,
//! `checkRecord`).
//!
//! Go looks at what it needs for the lookup at hand, with the newest head alone; here every tile is held against every head.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::tile::{self, HEIGHT, Tile, WIDTH};
use super::{Hash, Tree};

/// Levels of tiles that a tree of at most 2^63 - 1 records has.
pub const LEVELS: u64 = 8;

/// What is kept of the hashes of a tile.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Hashes {
    /// All.
    All(Vec<Hash>),
    /// Of a full tile: the hash over all of them, and those that somebody asks for.
    Some(Hash, BTreeMap<u64, Hash>),
}

/// A tile as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTile {
    /// Where it belongs; of [`HEIGHT`], with a level.
    at: Tile,
    level: u64,
    hashes: Hashes,
}

/// What somebody will ask of the lowest level, so that the rest of it need not be kept.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    whole: BTreeSet<u64>,
    records: HashMap<u64, BTreeSet<u64>>,
}

impl Wanted {
    /// All hashes of the lowest tile that a tree of `size` records ends in.
    pub fn head(&mut self, size: u64) {
        self.whole.insert(size / WIDTH);
    }

    /// All hashes of this tile, of which there is another width.
    pub fn tile(&mut self, tile: &Tile) {
        self.whole.insert(tile.number);
    }

    /// The hash of a record.
    pub fn record(&mut self, id: u64) {
        self.records.entry(id / WIDTH).or_default().insert(id % WIDTH);
    }
}

impl LocalTile {
    /// Reads a tile; `None` where its size is not that of its width, or the log has no such tile.
    pub fn read(at: Tile, bytes: &[u8], wanted: &Wanted) -> Option<LocalTile> {
        let level = at.level.filter(|l| *l < LEVELS && at.height == HEIGHT)?;
        let all = tile::hashes(bytes).filter(|h| u64::try_from(h.len()) == Ok(at.width))?;
        let whole = level > 0 || !at.is_full() || wanted.whole.contains(&at.number);
        let hashes = match tile::subtree(&all) {
            Some(root) if !whole => {
                let asked = wanted.records.get(&at.number).into_iter().flatten();
                let some = asked.filter_map(|i| Some((*i, *all.get(usize::try_from(*i).ok()?)?)));
                Hashes::Some(root, some.collect())
            }
            _ => Hashes::All(all),
        };
        Some(LocalTile { at, level, hashes })
    }

    /// Where it belongs.
    pub fn tile(&self) -> &Tile {
        &self.at
    }

    fn entry(&self, i: u64) -> Option<Hash> {
        match &self.hashes {
            Hashes::All(all) => all.get(usize::try_from(i).ok()?).copied(),
            Hashes::Some(_, some) => some.get(&i).copied(),
        }
    }

    /// The hash over `count` hashes from `start` on.
    fn over(&self, start: u64, count: u64) -> Option<Hash> {
        match &self.hashes {
            Hashes::All(all) => {
                let (start, end) = (usize::try_from(start).ok()?, usize::try_from(start.checked_add(count)?).ok()?);
                tile::subtree(all.get(start..end)?)
            }
            Hashes::Some(root, _) => (start == 0 && count == WIDTH).then_some(*root),
        }
    }

    /// Whether it can give the hash over these, being wide enough.
    fn can_give(&self, start: u64, count: u64) -> bool {
        matches!(self.hashes, Hashes::All(_)) || (start == 0 && count == WIDTH)
    }

    /// The number of the first hash in which two tiles of one place differ, as far as both reach.
    fn differs(&self, other: &LocalTile) -> Option<u64> {
        match (&self.hashes, &other.hashes) {
            (Hashes::All(a), Hashes::All(b)) => a.iter().zip(b).position(|(a, b)| a != b).and_then(|i| u64::try_from(i).ok()),
            _ => None,
        }
    }
}

/// How a tile stands to the signed heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TileVerdict {
    /// All of it belongs to a signed tree.
    Proven,
    /// It does as far as this width; what else it holds no head reaches.
    Partly(u64),
    /// It contradicts what is proven.
    Altered,
    /// One of so many tiles that together should give a signed root and don't.
    Suspect(usize),
    /// It lies past the end of every signed tree.
    PastEnd,
    /// What would prove it is not here.
    NotProvable,
}

/// How a signed head stands to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadVerdict {
    /// The tiles give its root.
    Proven,
    /// Tiles are missing, or altered ones stand in the way.
    NotProvable,
    /// Another signed head, given by its number, can't be of the same log: a fork, or a log that was rolled back.
    Contradicts(usize),
}

/// What one record's number proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordVerdict {
    /// The record stands at its number in a signed tree.
    Proven,
    /// Another one stands there.
    Contradicted,
    /// A tile is here that no head proves, and it holds another record there.
    ContradictedByTile(usize),
    /// What would prove it is not here.
    NotProvable,
}

/// The part of a tree's root that one tile gives.
pub(super) struct Part {
    /// Level and number.
    pub(super) tile: (u64, u64),
    /// Width of that tile within the tree.
    width: u64,
    start: u64,
    count: u64,
}

/// The perfect subtrees of a tree, from left to right (tlog.go, `subTreeIndex`).
pub(super) fn edge(size: u64) -> Vec<Part> {
    let mut at = 0;
    let mut out = Vec::new();
    for height in (0..u64::BITS - 1).rev() {
        if size & (1 << height) == 0 {
            continue;
        }
        let level = u64::from(height / HEIGHT);
        let within = height % HEIGHT;
        let first = (at >> height) << within;
        let number = first / WIDTH;
        let in_level = size >> (height - within);
        out.push(Part {
            tile: (level, number),
            width: in_level.saturating_sub(number * WIDTH).min(WIDTH),
            start: first % WIDTH,
            count: 1 << within,
        });
        at += 1 << height;
    }
    out
}

/// The tiles and heads of one database, and what they prove.
#[derive(Debug)]
pub struct Log<'a> {
    tiles: &'a [LocalTile],
    heads: &'a [Tree],
    by_place: HashMap<(u64, u64), Vec<usize>>,
    /// Of each tile: how wide it is proven, and by which head.
    proven: Vec<(u64, usize)>,
    tile_verdicts: Vec<TileVerdict>,
    head_verdicts: Vec<HeadVerdict>,
}

impl<'a> Log<'a> {
    /// Holds everything against everything. Each head must be one that a signature was verified for, and occur once.
    pub fn new(tiles: &'a [LocalTile], heads: &'a [Tree]) -> Log<'a> {
        let mut by_place: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
        for (i, t) in tiles.iter().enumerate() {
            by_place.entry((t.level, t.at.number)).or_default().push(i);
        }
        let end = heads.iter().map(|h| h.size).max();
        let past = |t: &LocalTile| end.is_some_and(|end| t.at.end().is_none_or(|e| e > end));
        let verdict = |t: &LocalTile| if past(t) { TileVerdict::PastEnd } else { TileVerdict::NotProvable };
        let mut log = Log {
            tiles,
            heads,
            by_place,
            proven: vec![(0, 0); tiles.len()],
            tile_verdicts: tiles.iter().map(verdict).collect(),
            head_verdicts: vec![HeadVerdict::NotProvable; heads.len()],
        };
        log.prove_heads();
        log.prove_below();
        log.judge_heads();
        log
    }

    /// Of each tile.
    pub fn tile_verdicts(&self) -> &[TileVerdict] {
        &self.tile_verdicts
    }

    /// Of each head.
    pub fn head_verdicts(&self) -> &[HeadVerdict] {
        &self.head_verdicts
    }

    /// How a record with this hash stands at number `id`.
    pub fn judge_record(&self, id: u64, hash: Hash) -> RecordVerdict {
        let here = self.at((0, id / WIDTH));
        let entry = |i: usize| self.tiles.get(i).and_then(|t| t.entry(id % WIDTH));
        if let Some(there) = here.iter().filter(|i| self.width(**i) > id % WIDTH).find_map(|i| entry(*i)) {
            return if there == hash { RecordVerdict::Proven } else { RecordVerdict::Contradicted };
        }
        let blamed = |i: usize| matches!(self.tile_verdicts.get(i), Some(TileVerdict::Altered | TileVerdict::Suspect(_)));
        let other = here.iter().find(|i| !blamed(**i) && entry(**i).is_some_and(|e| e != hash));
        other.map_or(RecordVerdict::NotProvable, |i| RecordVerdict::ContradictedByTile(*i))
    }

    fn at(&self, place: (u64, u64)) -> &[usize] {
        self.by_place.get(&place).map_or(&[], Vec::as_slice)
    }

    /// How wide tile `i` is proven.
    fn width(&self, i: usize) -> u64 {
        self.proven.get(i).map_or(0, |p| p.0)
    }

    fn set_proven(&mut self, i: usize, width: u64, by: usize) {
        let Some(tile) = self.tiles.get(i) else { return };
        if let Some(slot) = self.proven.get_mut(i).filter(|p| p.0 < width) {
            *slot = (width, by);
            // A tile whose beginning is sound and whose end is not stays altered.
            if let Some(v) = self.tile_verdicts.get_mut(i).filter(|v| **v != TileVerdict::Altered) {
                *v = if width >= tile.at.width { TileVerdict::Proven } else { TileVerdict::Partly(width) };
            }
        }
    }

    fn blame(&mut self, i: usize, verdict: TileVerdict) {
        if let Some(v) = self.tile_verdicts.get_mut(i) {
            *v = verdict;
        }
    }

    /// The files that can stand for a part, the one that Go takes first: of its very width, then the full one.
    fn candidates(&self, part: &Part) -> Vec<usize> {
        let width = |i: &usize| self.tiles.get(*i).map_or(0, |t| t.at.width);
        let mut out: Vec<usize> = self.at(part.tile).iter().copied().filter(|i| width(i) >= part.width).collect();
        out.sort_by_key(|i| match width(i) {
            w if w == part.width => 0,
            WIDTH => 1,
            w => 1 + w,
        });
        out
    }

    /// The root that these files give.
    fn root(&self, parts: &[Part], files: &[usize]) -> Option<Hash> {
        let hash = |(part, i): (&Part, &usize)| self.tiles.get(*i)?.over(part.start, part.count);
        let mut hashes = parts.iter().zip(files).map(hash).rev();
        let last = hashes.next()??;
        hashes.try_fold(last, |right, left| Some(Hash::of_node(left?, right)))
    }

    /// Files that give a head's root, the first choice where none do; `None` where some are missing.
    fn choose(&self, head: &Tree, parts: &[Part]) -> Option<(Vec<usize>, bool)> {
        let mut candidates = Vec::new();
        for part in parts {
            let some: Vec<usize> = self.candidates(part);
            let able = |i: &usize| self.tiles.get(*i).is_some_and(|t| t.can_give(part.start, part.count));
            candidates.push(some.into_iter().filter(able).collect::<Vec<usize>>());
        }
        let first: Vec<usize> = candidates.iter().map(|c| c.first().copied()).collect::<Option<_>>()?;
        if self.root(parts, &first)? == head.root {
            return Some((first, true));
        }
        // One file may be altered and another width of it sound.
        for (k, others) in candidates.iter().enumerate() {
            for other in others.iter().skip(1) {
                let mut files = first.clone();
                let place = parts.get(k).map(|p| p.tile);
                for (file, part) in files.iter_mut().zip(parts).filter(|(_, p)| Some(p.tile) == place) {
                    if self.candidates(part).contains(other) {
                        *file = *other;
                    }
                }
                if self.root(parts, &files)? == head.root {
                    return Some((files, true));
                }
            }
        }
        Some((first, false))
    }

    /// Proves the tiles at the right edge of each head's tree.
    fn prove_heads(&mut self) {
        for (n, head) in self.heads.iter().enumerate() {
            let parts = edge(head.size);
            if let Some((files, true)) = self.choose(head, &parts) {
                for (part, file) in parts.iter().zip(files) {
                    self.set_proven(file, part.width, n);
                }
                self.set_head(n, HeadVerdict::Proven);
            } else if head.size == 0 && head.root == Hash::of_nothing() {
                self.set_head(n, HeadVerdict::Proven);
            }
        }
    }

    /// Proves full tiles by their parents, and other widths of a tile by the proven one, from the top down.
    fn prove_below(&mut self) {
        let mut order: Vec<usize> = (0..self.tiles.len()).collect();
        order.sort_by_key(|i| self.tiles.get(*i).map(|t| (std::cmp::Reverse(t.level), t.at.number)));
        let mut places: Vec<(u64, u64)> =
            order.iter().filter_map(|i| self.tiles.get(*i)).map(|t| (t.level, t.at.number)).collect();
        places.dedup();
        for place in places {
            let here = self.at(place).to_vec();
            for i in &here {
                self.prove_by_parent(place, *i);
            }
            self.prove_by_sibling(&here);
        }
    }

    fn prove_by_parent(&mut self, (level, number): (u64, u64), i: usize) {
        let Some(root) = self.tiles.get(i).and_then(|t| t.over(0, WIDTH)) else { return };
        let slot = number % WIDTH;
        let parents = self.at((level + 1, number / WIDTH)).iter();
        let known = parents.filter(|p| self.width(**p) > slot).find_map(|p| Some((self.tiles.get(*p)?.entry(slot)?, *p)));
        let Some((claimed, parent)) = known else { return };
        let by = self.proven.get(parent).map_or(0, |p| p.1);
        if claimed == root {
            self.set_proven(i, WIDTH, by);
        } else if self.width(i) < WIDTH {
            self.blame(i, TileVerdict::Altered);
        } else {
            // Proven by one head, and denied by the tile that another one proves.
            self.contradict(self.proven.get(i).map_or(0, |p| p.1), by);
        }
    }

    fn prove_by_sibling(&mut self, here: &[usize]) {
        let Some(best) = here.iter().copied().max_by_key(|i| self.width(*i)).filter(|i| self.width(*i) > 0) else { return };
        let (wide, by) = self.proven.get(best).copied().unwrap_or((0, 0));
        for i in here.iter().copied().filter(|i| *i != best) {
            let (Some(a), Some(b)) = (self.tiles.get(i), self.tiles.get(best)) else { continue };
            match a.differs(b).filter(|n| *n < wide) {
                Some(n) if n < self.width(i) => self.contradict(self.proven.get(i).map_or(0, |p| p.1), by),
                Some(_) => self.blame(i, TileVerdict::Altered),
                None => self.set_proven(i, wide.min(a.at.width), by),
            }
        }
    }

    fn contradict(&mut self, a: usize, b: usize) {
        let (a, b) = (a.min(b), a.max(b));
        if a != b {
            self.set_head(a, HeadVerdict::Contradicts(b));
            self.set_head(b, HeadVerdict::Contradicts(a));
        }
    }

    fn set_head(&mut self, n: usize, verdict: HeadVerdict) {
        if let Some(v) = self.head_verdicts.get_mut(n) {
            *v = verdict;
        }
    }

    /// Heads that the tiles do not give: what is proven speaks against the head, what is not is suspect.
    fn judge_heads(&mut self) {
        let mut sizes: HashMap<u64, usize> = HashMap::new();
        for (n, head) in self.heads.iter().enumerate() {
            let first = *sizes.entry(head.size).or_insert(n);
            if self.heads.get(first).is_some_and(|f| f.root != head.root) {
                self.contradict(first, n);
            }
        }
        for (n, head) in self.heads.iter().enumerate() {
            if self.head_verdicts.get(n) != Some(&HeadVerdict::NotProvable) {
                continue;
            }
            let parts = edge(head.size);
            let Some((mut files, false)) = self.choose(head, &parts) else { continue };
            // A file that is proven gives the truth in the place of one that is not.
            for (part, file) in parts.iter().zip(&mut files) {
                let sound = |i: &usize| self.width(*i) >= part.width;
                *file = self.candidates(part).into_iter().find(sound).unwrap_or(*file);
            }
            let mut suspects: Vec<usize> =
                parts.iter().zip(&files).filter(|(p, i)| self.width(**i) < p.width).map(|(_, i)| *i).collect();
            suspects.sort_unstable();
            suspects.dedup();
            let known = |i: &usize| self.tile_verdicts.get(*i) == Some(&TileVerdict::Altered);
            if suspects.is_empty() {
                let by = files.first().and_then(|i| self.proven.get(*i)).map_or(n, |p| p.1);
                self.contradict(n, by);
            } else if !suspects.iter().any(known) {
                let count = suspects.len();
                for i in suspects {
                    self.blame(i, TileVerdict::Suspect(count));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
