//! go.work: the folders that its `use` lines name (golang.org/x/mod/modfile/read.go and work.go, `ParseWork`).
//!
//! Of a file that Go takes all are found. Go refuses a file for one wrong line, and then builds nothing in that workspace; here
//! the other lines count all the same.

use super::gomod::unquote;

/// Go sets no limit; this is the one for go.mod (golang.org/x/mod/zip/zip.go, `MaxGoMod`).
pub const LIMIT: u64 = 16 << 20;

/// The folders of the `use` lines, in their order: as they are written, any bytes, absolute or from the folder of the go.work.
pub fn uses(text: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    // Whether the block that is open is one of `use`.
    let mut block: Option<bool> = None;
    for line in text.split(|b| *b == b'\n') {
        let tokens = tokens(line).unwrap_or_default();
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { continue };
        let named = match block {
            Some(_) if *first == b")" => {
                block = None;
                continue;
            }
            Some(of_use) => tokens.get(..1).filter(|_| of_use && tokens.len() == 1),
            None if *last == b"(" => {
                block = Some(tokens == [b"use".as_slice(), b"("]);
                continue;
            }
            None => tokens.get(1..).filter(|rest| *first == b"use" && rest.len() == 1),
        };
        found.extend(named.and_then(|one| one.first()).and_then(|token| value(token)));
    }
    found
}

/// The tokens of a line up to its comment; `None` where Go refuses it.
fn tokens(mut line: &[u8]) -> Option<Vec<&[u8]>> {
    let mut tokens = Vec::new();
    loop {
        let length = match line {
            [] | [b'/', b'/', ..] => return Some(tokens),
            [b' ' | b'\t' | b'\r', rest @ ..] => {
                line = rest;
                continue;
            }
            [b'/', b'*', ..] => return None,
            [b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',', ..] => 1,
            [quote @ (b'"' | b'`'), rest @ ..] => 1 + quoted_length(*quote, rest)?,
            _ => word_length(line)?,
        };
        let (token, rest) = line.split_at_checked(length)?;
        tokens.push(token);
        line = rest;
    }
}

/// Up to the end of a quoted string, its last quote included.
fn quoted_length(quote: u8, rest: &[u8]) -> Option<usize> {
    let mut escaped = false;
    let end = rest.iter().position(|b| {
        let ends = *b == quote && !escaped;
        escaped = !escaped && *b == b'\\' && quote != b'`';
        ends
    });
    end.map(|at| at + 1)
}

/// Up to what ends a bare word.
fn word_length(line: &[u8]) -> Option<usize> {
    let ends = |at: usize, b: u8| {
        matches!(b, b' ' | b'\t' | b'\r' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',')
            || (b == b'/' && line.get(at + 1) == Some(&b'/'))
    };
    let length = line.iter().enumerate().position(|(at, b)| ends(at, *b)).unwrap_or(line.len());
    (length > 0 && !line.get(..length)?.windows(2).any(|w| w == b"/*")).then_some(length)
}

/// `modfile.parseString`: a word, or what stands between double quotes.
fn value(token: &[u8]) -> Option<Vec<u8>> {
    match token.first() {
        Some(b'"') => unquote(token),
        _ => (!token.iter().any(|b| matches!(b, b'"' | b'\'' | b'`'))).then(|| token.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn uses_are_found_in_lines_and_blocks() {
        for (text, want) in [
            ("go 1.21\n\nuse ./a\n", vec!["./a"]),
            ("use (\n\t./a // one\n\n\t// none\n\t\"../b c\"\n)\nuse /c\r\n", vec!["./a", "../b c", "/c"]),
            ("use(\n.\n)\n", vec!["."]),
            ("use () \nuse ( // x\n a//b\n)", vec!["a"]),
            ("replace (\n\ta.b/c => ./x\n)\nuse x", vec!["x"]),
            ("use `a`\nuse 'b'\nuse a b\nuse\nused x\n\"use\" x\nuse \"a\\x2eb\"", vec!["a.b"]),
            ("use \"a\nuse /* x\nuse b", vec!["b"]),
            ("", vec![]),
        ] {
            assert_eq!(uses(text.as_bytes()), want.iter().map(|w| w.as_bytes().to_vec()).collect::<Vec<_>>(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = uses(&bytes);
        }
    }
}
