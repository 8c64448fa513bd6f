//! What is needed of go.mod: the module path as Go's quick look finds it, and the file that Go makes for a module that has
//! none. Sources: golang.org/x/mod/modfile/read.go (`ModulePath`), rule.go (`AutoQuote`), cmd/go
//! internal/modfetch/coderepo.go (`legacyGoMod`).

/// Go's own limit for a go.mod (golang.org/x/mod/zip/zip.go, `MaxGoMod`).
pub const LIMIT: u64 = 16 << 20;

/// `modfile.ModulePath`: the path of the first `module` line, any bytes; empty where there is none or its quotes are wrong.
pub fn module_path(text: &[u8]) -> Vec<u8> {
    for line in text.split(|b| *b == b'\n') {
        let comment = line.windows(2).position(|w| w == b"//").unwrap_or(line.len());
        let line = trim_space(line.get(..comment).unwrap_or(line));
        let Some(rest) = line.strip_prefix(b"module") else { continue };
        let path = trim_space(rest);
        if path.len() == rest.len() || path.is_empty() {
            continue;
        }
        return match path.first() {
            Some(b'"' | b'`') => unquote(path).unwrap_or_default(),
            _ => path.to_vec(),
        };
    }
    Vec::new()
}

/// Whether any line looks like a `module` directive, in whatever form the full parser may take (`module (` too). Without one
/// Go refuses the file: "missing module line" (cmd/go/internal/modload/modfile.go).
pub fn declares_module(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n').any(|line| {
        let line = trim_space(line);
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        line.strip_prefix(b"module")
            .is_some_and(|rest| !matches!(rest.first(), Some(b) if b.is_ascii_alphanumeric() || *b == b'_'))
    })
}

/// Whether any line begins with `require`, alone or as a block: the module may need others. Where that is not sure it is so.
pub fn requires(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n').any(|line| {
        let line = trim_space(line);
        line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).starts_with(b"require")
    })
}

/// The go.mod that Go makes for a module whose repository has none.
pub fn synthesized(module_path: &str) -> Vec<u8> {
    // A valid module path never needs quotes: `AutoQuote` leaves letters, digits and `-._~/` alone, and `//` and `/*` can't be.
    format!("module {module_path}\n").into_bytes()
}

/// `bytes.TrimSpace`: Unicode white space at both ends.
fn trim_space(mut text: &[u8]) -> &[u8] {
    fn space(head: &[u8]) -> bool {
        std::str::from_utf8(head)
            .ok()
            .and_then(|t| t.chars().next())
            .is_some_and(|c| c.is_whitespace() && c.len_utf8() == head.len())
    }
    'front: loop {
        for n in 1..=3 {
            if let Some((head, rest)) = text.split_at_checked(n)
                && space(head)
            {
                text = rest;
                continue 'front;
            }
        }
        break;
    }
    'back: loop {
        for n in 1..=3 {
            if let Some((rest, tail)) = text.len().checked_sub(n).and_then(|at| text.split_at_checked(at))
                && space(tail)
            {
                text = rest;
                continue 'back;
            }
        }
        return text;
    }
}

/// `strconv.Unquote` for `"` and `` ` ``.
pub(super) fn unquote(quoted: &[u8]) -> Option<Vec<u8>> {
    let (quote, rest) = quoted.split_first()?;
    let (last, inner) = rest.split_last()?;
    if last != quote {
        return None;
    }
    if *quote == b'`' {
        return (!inner.contains(&b'`')).then(|| inner.iter().copied().filter(|b| *b != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut at = inner;
    while let Some((b, rest)) = at.split_first() {
        match b {
            b'"' | b'\n' => return None,
            b'\\' => at = unescape(rest, &mut out)?,
            0x80.. => {
                // Bytes that begin no character stand for U+FFFD, as Go decodes them.
                let n = (2..=4).find(|n| at.get(..*n).is_some_and(|h| std::str::from_utf8(h).is_ok()));
                match n.and_then(|n| at.split_at_checked(n)) {
                    Some((c, rest)) => {
                        out.extend_from_slice(c);
                        at = rest;
                    }
                    None => {
                        out.extend_from_slice("\u{fffd}".as_bytes());
                        at = rest;
                    }
                }
            }
            _ => {
                out.push(*b);
                at = rest;
            }
        }
    }
    Some(out)
}

/// One escape after its backslash: appends what it stands for, returns what follows.
fn unescape<'a>(at: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (b, rest) = at.split_first()?;
    let digits = |n: usize, radix: u32| {
        let (digits, rest) = if radix == 8 { at.split_at_checked(n)? } else { rest.split_at_checked(n)? };
        let text = std::str::from_utf8(digits).ok().filter(|t| t.bytes().all(|b| char::from(b).is_digit(radix)))?;
        Some((u32::from_str_radix(text, radix).ok()?, rest))
    };
    let (value, rest, is_byte) = match b {
        b'a' => (7, rest, true),
        b'b' => (8, rest, true),
        b'f' => (12, rest, true),
        b'n' => (10, rest, true),
        b'r' => (13, rest, true),
        b't' => (9, rest, true),
        b'v' => (11, rest, true),
        b'\\' | b'"' => (u32::from(*b), rest, true),
        b'x' => digits(2, 16).map(|(v, r)| (v, r, true))?,
        b'0'..=b'7' => digits(3, 8).map(|(v, r)| (v, r, true))?,
        b'u' => digits(4, 16).map(|(v, r)| (v, r, false))?,
        b'U' => digits(8, 16).map(|(v, r)| (v, r, false))?,
        _ => return None,
    };
    if is_byte {
        out.push(u8::try_from(value).ok()?);
    } else {
        out.extend_from_slice(char::from_u32(value)?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_path_is_that_of_the_first_module_line() {
        for (text, want) in [
            ("module a.b/c\n", "a.b/c"),
            ("// x\n\nmodule \"a.b/c\" // y\n", "a.b/c"),
            ("module `a.b/c`", "a.b/c"),
            ("module\ta.b/c\r\n", "a.b/c"),
            ("modulea.b/c\n", ""),
            ("module\n", ""),
            ("module \"a.b", ""),
            ("", ""),
            ("module \"a\\x2eb\"", "a.b"),
            ("module (\n a.b/c\n)\n", "("),
        ] {
            assert_eq!(module_path(text.as_bytes()), want.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn requirements_stand_in_lines_and_blocks() {
        assert!(
            requires(b"module m\n\nrequire a.b/c v1.0.0\n") && requires(b"module m\r\n\trequire(\n") && requires(b"require (\n)")
        );
        assert!(!requires(b"module m\n\ngo 1.21\n// require a.b/c v1.0.0\nexclude a.b/c v1.0.0\n") && !requires(b""));
    }

    #[test]
    fn a_block_declares_a_module_too() {
        assert!(
            declares_module(b"// c\nmodule (\n\ta.b/c\n)\n")
                && declares_module(b"\xef\xbb\xbfmodule x")
                && declares_module(b"module\"x\"")
        );
        assert!(
            !declares_module(b"")
                && !declares_module(b"// module x\n")
                && !declares_module(b"modules x\n")
                && !declares_module(&[0; 100])
        );
    }
}
