//! Lists of words in one variable, such as `GOFLAGS` and `CC` (`cmd/internal/quoted/quoted.go`).

/// Splits `text` at spaces, tabs, carriage returns and line feeds; a word that begins with a single or double quote ends
/// at the next same quote, with nothing unescaped inside. `Err` holds Go's words.
pub fn split(text: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        while let [first, tail @ ..] = rest
            && is_space(*first)
        {
            rest = tail;
        }
        let Some(first) = rest.first() else { return Ok(words) };
        if matches!(first, b'"' | b'\'') {
            let body = rest.get(1..).unwrap_or_default();
            let Some(end) = body.iter().position(|b| b == first) else {
                return Err(format!("unterminated {} string", char::from(*first)));
            };
            words.push(body.get(..end).unwrap_or_default());
            rest = body.get(end + 1..).unwrap_or_default();
        } else {
            let end = rest.iter().position(|b| is_space(*b)).unwrap_or(rest.len());
            words.push(rest.get(..end).unwrap_or_default());
            rest = rest.get(end..).unwrap_or_default();
        }
    }
}

/// Joins words so that [`split`] gives them back; `None` where a word holds both kinds of quotes.
pub fn join(words: &[&[u8]]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for (i, word) in words.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        let single = word.contains(&b'\'');
        let double = word.contains(&b'"');
        let quote: &[u8] = match (single, double, word.iter().any(|b| is_space(*b))) {
            (false, false, false) => b"",
            (false, _, _) => b"'",
            (true, false, _) => b"\"",
            (true, true, _) => return None,
        };
        out.extend_from_slice(quote);
        out.extend_from_slice(word);
        out.extend_from_slice(quote);
    }
    Some(out)
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The cases of cmd/internal/quoted/quoted_test.go.
    #[test]
    fn splits_as_go_does() {
        let ok = |s: &str, want: &[&str]| {
            let got: Vec<String> = split(s.as_bytes()).unwrap().iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
            assert_eq!(got, want, "{s}");
        };
        ok("", &[]);
        ok(" ", &[]);
        ok(" a ", &["a"]);
        ok("a b", &["a", "b"]);
        ok("a\tb\nc\r", &["a", "b", "c"]);
        ok("'a b'\tc", &["a b", "c"]);
        ok("\"a\"'b'", &["a", "b"]);
        ok("'a''b'", &["a", "b"]);
        ok("''", &[""]);
        ok("a\"b\" c", &["a\"b\"", "c"]);
        ok("'\"'", &["\""]);
        assert_eq!(split(b"'a").unwrap_err(), "unterminated ' string");
        assert_eq!(split(b"a \"b").unwrap_err(), "unterminated \" string");
    }

    proptest! {
        #[test]
        fn joined_words_split_again(words in proptest::collection::vec("[a-z\"' \t-]{1,6}", 0..6)) {
            let words: Vec<&[u8]> = words.iter().map(String::as_bytes).collect();
            if let Some(text) = join(&words) {
                // A quote inside a word without spaces needs no quoting in Go either, but one at its start does.
                prop_assert_eq!(split(&text).unwrap(), words);
            }
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = split(&bytes);
        }
    }
}
