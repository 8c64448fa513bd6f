//! The glob lists of GOPRIVATE, GONOSUMDB, GONOPROXY and GOINSECURE: `MatchPrefixPatterns` of golang.org/x/mod/module, with
//! the globs of Go's `path.Match`. All on bytes: neither variables nor paths need be UTF-8.

/// Whether any prefix of the path `target` matches one of the comma-separated `globs`. Empty and malformed globs match
/// nothing; a slash at the end of a glob does not count.
pub fn match_prefix_patterns(globs: &[u8], target: &[u8]) -> bool {
    globs.split(|b| *b == b',').any(|glob| {
        let glob = glob.strip_suffix(b"/").unwrap_or(glob);
        if glob.is_empty() {
            return false;
        }
        // A glob of N elements is held against the first N elements of the target.
        let elements = glob.split(|b| *b == b'/').count();
        let mut slashes = target.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(i, _)| i);
        let prefix = match slashes.nth(elements - 1) {
            Some(end) => target.get(..end).unwrap_or(target),
            None if target.split(|b| *b == b'/').count() == elements => target,
            None => return false,
        };
        match_path(glob, prefix).unwrap_or(false)
    })
}

/// The pattern is no glob (`path.ErrBadPattern`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPattern;

/// `path.Match`: whether the whole of `name` matches the glob. `*` and `?` match no slash. Never backtracks further than one
/// star, so its cost is at most pattern times name.
pub fn match_path(mut pattern: &[u8], mut name: &[u8]) -> Result<bool, BadPattern> {
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = scan_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        if let Some(after) = match_chunk(chunk, name)?
            && (after.is_empty() || !pattern.is_empty())
        {
            name = after;
            continue;
        }
        if star {
            for (i, b) in name.iter().enumerate() {
                if *b == b'/' {
                    break;
                }
                if let Some(after) = match_chunk(chunk, name.get(i + 1..).unwrap_or(&[]))? {
                    if pattern.is_empty() && !after.is_empty() {
                        continue;
                    }
                    name = after;
                    continue 'pattern;
                }
            }
        }
        while !pattern.is_empty() {
            let (_, chunk, rest) = scan_chunk(pattern);
            pattern = rest;
            match_chunk(chunk, b"")?;
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Splits off the leading stars and the chunk up to the next star outside brackets.
fn scan_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|b| **b == b'*').count();
    let (_, pattern) = pattern.split_at(stars);
    let mut in_range = false;
    let mut bytes = pattern.iter().enumerate();
    let mut end = pattern.len();
    while let Some((i, b)) = bytes.next() {
        match b {
            b'\\' => {
                bytes.next();
            }
            b'[' => in_range = true,
            b']' => in_range = false,
            b'*' if !in_range => {
                end = i;
                break;
            }
            _ => {}
        }
    }
    let (chunk, rest) = pattern.split_at(end);
    (stars > 0, chunk, rest)
}

/// Matches the chunk at the start of `s`: what follows it, or `None`. The chunk is checked to its end in either case.
fn match_chunk<'a>(mut chunk: &[u8], mut s: &'a [u8]) -> Result<Option<&'a [u8]>, BadPattern> {
    let mut failed = false;
    while let Some((first, rest)) = chunk.split_first() {
        failed = failed || s.is_empty();
        match first {
            b'[' => {
                let mut r = None;
                if !failed {
                    let (c, n) = decode(s);
                    r = Some(c);
                    s = s.get(n..).unwrap_or(&[]);
                }
                chunk = rest;
                let negated = chunk.first() == Some(&b'^');
                if negated {
                    chunk = chunk.get(1..).unwrap_or(&[]);
                }
                let mut matched = false;
                let mut ranges = 0;
                loop {
                    if ranges > 0
                        && let Some(after) = chunk.strip_prefix(b"]")
                    {
                        chunk = after;
                        break;
                    }
                    let (lo, after) = get_escaped(chunk)?;
                    let mut hi = lo;
                    chunk = after;
                    if let Some(after) = chunk.strip_prefix(b"-") {
                        (hi, chunk) = get_escaped(after)?;
                    }
                    matched = matched || r.is_some_and(|r| lo <= r && r <= hi);
                    ranges += 1;
                }
                failed = failed || matched == negated;
            }
            b'?' => {
                if !failed {
                    failed = s.first() == Some(&b'/');
                    s = s.get(decode(s).1..).unwrap_or(&[]);
                }
                chunk = rest;
            }
            _ => {
                let (literal, after) = match first {
                    b'\\' => rest.split_first().ok_or(BadPattern)?,
                    _ => (first, rest),
                };
                if !failed {
                    failed = s.first() != Some(literal);
                    s = s.get(1..).unwrap_or(&[]);
                }
                chunk = after;
            }
        }
    }
    Ok((!failed).then_some(s))
}

/// One character of a bracket, perhaps escaped, and what follows it, which may not be nothing.
fn get_escaped(chunk: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    let chunk = match chunk.split_first() {
        None | Some((b'-' | b']', _)) => return Err(BadPattern),
        Some((b'\\', rest)) => rest,
        Some(_) => chunk,
    };
    if chunk.is_empty() {
        return Err(BadPattern);
    }
    let (c, n) = decode(chunk);
    let rest = chunk.get(n..).unwrap_or(&[]);
    if (c == char::REPLACEMENT_CHARACTER && n == 1) || rest.is_empty() {
        return Err(BadPattern);
    }
    Ok((c, rest))
}

/// `utf8.DecodeRune`: the first character and its length; U+FFFD and 1 for a byte that begins none.
fn decode(s: &[u8]) -> (char, usize) {
    for n in 1..=4 {
        let head = s.get(..n).unwrap_or(&[]);
        if let Some(c) = std::str::from_utf8(head).ok().and_then(|t| t.chars().next()) {
            return (c, n);
        }
    }
    (char::REPLACEMENT_CHARACTER, usize::from(!s.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The cases of Go's path/match_test.go that tell the ways apart.
    #[test]
    fn globs_match_as_in_go() {
        for (pattern, name, want) in [
            ("*", "abc", Ok(true)),
            ("*c", "abc", Ok(true)),
            ("a*", "ab/c", Ok(false)),
            ("a*/b", "abc/b", Ok(true)),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", Ok(true)),
            ("a*b?c*x", "abxbbxdbxebxczzx", Ok(true)),
            ("ab[c]", "abc", Ok(true)),
            ("ab[^e-g]", "abc", Ok(true)),
            ("ab[^b-d]", "abc", Ok(false)),
            ("a\\*b", "a*b", Ok(true)),
            ("a[^a][^a][^a]b", "a☺b", Ok(false)),
            ("[a-ζ]*", "α", Ok(true)),
            ("*[a-ζ]", "A", Ok(false)),
            ("[\\-]", "-", Ok(true)),
            ("[]a]", "]", Err(BadPattern)),
            ("[-x]", "x", Err(BadPattern)),
            ("[x-]", "x", Err(BadPattern)),
            ("a[", "ab", Err(BadPattern)),
            ("a/b[", "x", Err(BadPattern)),
            ("*x", "xxx", Ok(true)),
            ("[a-b-c]", "a", Err(BadPattern)),
            ("[", "a", Err(BadPattern)),
            ("\\", "a", Err(BadPattern)),
        ] {
            assert_eq!(match_path(pattern.as_bytes(), name.as_bytes()), want, "{pattern} {name}");
        }
    }

    #[test]
    fn prefixes_match_element_by_element() {
        for (globs, target, want) in [
            ("*.corp.com", "git.corp.com/x/y", true),
            ("github.com/x", "github.com/xy", false),
            ("github.com/x/", "github.com/x/z", true),
            ("", "a", false),
            (",", "", false),
            ("*/x", "a/x", true),
            ("a/b/c", "a/b", false),
            ("[a,b", "b", true),
            ("*", "", true),
        ] {
            assert_eq!(match_prefix_patterns(globs.as_bytes(), target.as_bytes()), want, "{globs} {target}");
        }
    }
}
