//! Wildcards and paths, as fish reads them.

use crate::format::shell::World;

/// Folders and files that one wildcard may look at: `/**` would go through the machine. What needs more is unknown.
const ENTRIES: u32 = 20_000;
/// How deep `**` descends.
const LEVELS: u32 = 24;

/// A byte or a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    Byte(u8),
    Star,
    StarStar,
    Question,
    Unknown,
}

/// A path without `.`, `..` and doubled slashes, links not followed (fish: `normalize_path`).
pub fn normalize(path: &[u8]) -> Vec<u8> {
    let absolute = path.first() == Some(&b'/');
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|p| *p != b"..") => {
                parts.pop();
            }
            b".." if absolute => {}
            _ => parts.push(part),
        }
    }
    let mut out = if absolute { b"/".to_vec() } else { Vec::new() };
    out.extend(parts.join(&b'/'));
    if out.is_empty() {
        out.push(b'.');
    }
    out
}

/// `path` seen from the folder `from`.
pub fn absolute(path: &[u8], from: Option<&[u8]>) -> Option<Vec<u8>> {
    if path.first() == Some(&b'/') {
        return Some(path.to_vec());
    }
    let mut out = from?.to_vec();
    if out.last() != Some(&b'/') {
        out.push(b'/');
    }
    out.extend_from_slice(path);
    Some(out)
}

/// Whether a string is what a pattern stands for. In the name of a file a wildcard does not stand for a dot at the start.
pub fn fits(text: &[u8], pattern: &[Token], file: bool) -> bool {
    if file && matches!(text, b"." | b"..") {
        return pattern.iter().map(|t| if let Token::Byte(b) = t { *b } else { 0 }).eq(text.iter().copied());
    }
    let (mut t, mut p) = (0, 0);
    let mut restart: Option<(usize, usize)> = None;
    loop {
        let matched = match (pattern.get(p), text.get(t)) {
            (None, None) => return true,
            (Some(Token::Star | Token::StarStar), _) => {
                if file && t == 0 && text.first() == Some(&b'.') {
                    return false;
                }
                restart = Some((t, p));
                p += 1;
                continue;
            }
            (Some(Token::Question), Some(byte)) => {
                if t == 0 && *byte == b'.' {
                    return false;
                }
                true
            }
            (Some(Token::Byte(want)), Some(byte)) => want == byte,
            _ => false,
        };
        if matched {
            t += 1;
            p += 1;
            continue;
        }
        match restart {
            Some((from, star)) if from < text.len() => {
                restart = Some((from + 1, star));
                t = from + 1;
                p = star + 1;
            }
            _ => return false,
        }
    }
}

/// Wildcards in a string at run time, as `switch` and `string match` read them.
pub fn pattern(text: &[u8], question: bool) -> Vec<Token> {
    let mut out = Vec::new();
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'*' => Token::Star,
            b'?' if question => Token::Question,
            b'\\' => Token::Byte(bytes.next().unwrap_or(b'\\')),
            _ => Token::Byte(byte),
        });
    }
    out
}

/// A walk for a wildcard.
struct Walk<'a> {
    world: &'a dyn World,
    from: Option<&'a [u8]>,
    left: u32,
    found: Vec<Vec<u8>>,
}

/// The paths that a wildcard stands for, in fish's order; `None` where that can't be told.
pub fn matches(world: &dyn World, pattern: &[Token], from: Option<&[u8]>) -> Option<Vec<Vec<u8>>> {
    let absolute = pattern.first() == Some(&Token::Byte(b'/'));
    let mut walk = Walk { world, from, left: ENTRIES, found: Vec::new() };
    let (base, rest) = if absolute { (b"/".to_vec(), pattern.get(1..).unwrap_or_default()) } else { (Vec::new(), pattern) };
    walk.expand(&base, rest, 0)?;
    let mut found = walk.found;
    found.sort_by(|a, b| order(a, b));
    found.dedup();
    Some(found)
}

impl Walk<'_> {
    fn expand(&mut self, base: &[u8], pattern: &[Token], level: u32) -> Option<()> {
        if level > LEVELS {
            return None;
        }
        let slash = pattern.iter().position(|t| *t == Token::Byte(b'/'));
        let (segment, rest) = match slash {
            Some(i) => (pattern.get(..i)?, Some(pattern.get(i + 1..)?)),
            None => (pattern, None),
        };
        if segment.is_empty() {
            return match rest {
                Some(rest) => self.expand(base, rest, level),
                None => {
                    let path = absolute(base, self.from)?;
                    if self.world.state(&path)?.exists() {
                        self.found.push(base.to_vec());
                    }
                    Some(())
                }
            };
        }
        let wild = segment.iter().any(|t| !matches!(t, Token::Byte(_)));
        if !wild && let Some(rest) = rest {
            let mut path = base.to_vec();
            path.extend(segment.iter().filter_map(|t| if let Token::Byte(b) = t { Some(*b) } else { None }));
            path.push(b'/');
            // What is no folder has nothing in it.
            return self.expand(&path, rest, level + 1);
        }
        // `**/x` is `x` here too.
        if segment == [Token::StarStar]
            && let Some(rest) = rest
        {
            self.expand(base, rest, level + 1)?;
        }
        let folder = absolute(if base.is_empty() { b"." } else { base }, self.from)?;
        let mut names = self.world.list(&folder)?;
        names.sort();
        for name in &names {
            self.left = self.left.checked_sub(1)?;
            let mut path = base.to_vec();
            path.extend_from_slice(name);
            let fits_here = fits(name, segment, true);
            if rest.is_none() && fits_here {
                self.found.push(path.clone());
            }
            let recursive = segment.iter().position(|t| *t == Token::StarStar);
            if rest.is_none() && recursive.is_none() {
                continue;
            }
            let into = recursive.is_some_and(|i| fits(name, segment.get(..=i).unwrap_or_default(), true));
            if !(into || (fits_here && rest.is_some())) || !self.world.state(&absolute(&path, self.from)?)?.folder {
                continue;
            }
            path.push(b'/');
            if let Some(rest) = rest
                && fits_here
            {
                self.expand(&path, rest, level + 1)?;
            }
            if into && let Some(i) = recursive {
                // Links are not followed for ever: a level is a level.
                self.expand(&path, pattern.get(i..)?, level + 1)?;
            }
        }
        Some(())
    }
}

/// fish's order of files: digits as numbers, then without regard to case (`wcsfilecmp_glob`).
fn order(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    let (mut i, mut j) = (0, 0);
    loop {
        match (a.get(i), b.get(j)) {
            (None, None) => return a.cmp(b),
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let run = |s: &[u8], from: usize| {
                    let end = s.iter().skip(from).position(|c| !c.is_ascii_digit()).map_or(s.len(), |n| from + n);
                    let digits: Vec<u8> =
                        s.get(from..end).unwrap_or_default().iter().copied().skip_while(|c| *c == b'0').collect();
                    (digits, end)
                };
                let ((first, end_a), (second, end_b)) = (run(a, i), run(b, j));
                let by = first.len().cmp(&second.len()).then_with(|| first.cmp(&second));
                if by != Ordering::Equal {
                    return by;
                }
                (i, j) = (end_a, end_b);
            }
            (Some(x), Some(y)) => {
                let by = x.to_ascii_lowercase().cmp(&y.to_ascii_lowercase());
                if by != Ordering::Equal {
                    return by;
                }
                i += 1;
                j += 1;
            }
        }
    }
}
