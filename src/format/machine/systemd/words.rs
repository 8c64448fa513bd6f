//! Splitting into words (systemd.service(5) "Command lines"; systemd's src/basic/extract-word.c with `EXTRACT_CUNESCAPE` and
//! `EXTRACT_UNQUOTE`, src/basic/escape.c `cunescape_one`).

/// The words of a value. Where a quote has no end or an escape is none, systemd ignores the rest: so here, and the flag is false.
pub fn words(text: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return (out, true);
        }
        match word(rest) {
            Some((word, after)) => {
                out.push(word);
                rest = after;
            }
            None => return (out, false),
        }
    }
}

fn word(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut quote = None;
    let mut rest = text;
    loop {
        match (rest, quote) {
            ([], None) => return Some((out, rest)),
            ([], Some(_)) => return None,
            ([b'\\', after @ ..], _) => {
                let (bytes, after) = unescape(after)?;
                out.extend(bytes);
                rest = after;
            }
            ([b, after @ ..], Some(q)) if *b == q => {
                quote = None;
                rest = after;
            }
            ([b @ (b'"' | b'\''), after @ ..], None) => {
                quote = Some(*b);
                rest = after;
            }
            ([b, ..], None) if b.is_ascii_whitespace() => return Some((out, rest)),
            ([b, after @ ..], _) => {
                out.push(*b);
                rest = after;
            }
        }
    }
}

/// What an escape stands for, and what follows it.
fn unescape(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (first, after) = text.split_first()?;
    let byte = |b: u8| Some((vec![b], after));
    let number = |skip: usize, digits: usize, radix: u32| -> Option<(u32, &[u8])> {
        let digits_text = std::str::from_utf8(text.get(skip..skip + digits)?).ok()?;
        let all = digits_text.bytes().all(|b| char::from(b).is_digit(radix));
        let value = all.then(|| u32::from_str_radix(digits_text, radix).ok())??;
        // A NUL ends no word; systemd takes it for none.
        (value != 0).then_some((value, text.get(skip + digits..)?))
    };
    match first {
        b'a' => byte(7),
        b'b' => byte(8),
        b'f' => byte(12),
        b'n' => byte(b'\n'),
        b'r' => byte(b'\r'),
        b't' => byte(b'\t'),
        b'v' => byte(11),
        b's' => byte(b' '),
        b'\\' | b'"' | b'\'' => byte(*first),
        b'x' => number(1, 2, 16).and_then(|(v, after)| Some((vec![u8::try_from(v).ok()?], after))),
        b'u' => number(1, 4, 16).and_then(|(v, after)| Some((char::from_u32(v)?.to_string().into_bytes(), after))),
        b'U' => number(1, 8, 16).and_then(|(v, after)| Some((char::from_u32(v)?.to_string().into_bytes(), after))),
        b'0'..=b'7' => number(0, 3, 8).and_then(|(v, after)| Some((vec![u8::try_from(v).ok()?], after))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_are_those_of_systemd() {
        let all = |t: &str| -> (Vec<String>, bool) {
            let (w, whole) = words(t.as_bytes());
            (w.into_iter().map(|w| String::from_utf8(w).unwrap()).collect(), whole)
        };
        let (got, whole) = all(r#""VAR1=word1 word2" VAR2=word3 "VAR3=$word 5 6" a'b c'd x\x41\101\u00e9\s '' "#);
        assert!(whole);
        assert_eq!(got, ["VAR1=word1 word2", "VAR2=word3", "VAR3=$word 5 6", "ab cd", "xAAé ", ""]);
        assert_eq!(all("a 'b"), (vec!["a".to_owned()], false));
        assert_eq!(all(r"a b\q c"), (vec!["a".to_owned()], false));
        assert_eq!(all(r"a\x0"), (vec![], false));
    }
}
