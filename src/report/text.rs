//! Words, numbers and names for people. A name from disk is hostile: nothing of it reaches a terminal that is not visible.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

/// Columns that `text` takes on a terminal.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// `1204` as `1,204`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `n` things: `1 file`, `1,204 files`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// Bytes in decimal units with three digits: `999 B`, `1.02 kB`, `41.2 MB`, `256 MB`.
pub fn bytes(n: u64) -> String {
    let (scale, decimals, unit) = unit(n);
    format!("{} {unit}", in_unit(n, scale, decimals))
}

/// So many of so many bytes, in the unit of the whole: `1.90/2.73 GB`.
pub fn bytes_of(part: u64, whole: u64) -> String {
    let (scale, decimals, unit) = unit(whole.max(part));
    format!("{}/{} {unit}", in_unit(part, scale, decimals), in_unit(whole, scale, decimals))
}

/// The size of the unit in bytes, the decimals that make three digits, and the unit's name.
fn unit(n: u64) -> (u128, u32, &'static str) {
    let mut scale: u128 = 1000;
    for unit in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        if let Some(decimals) = [2, 1, 0].into_iter().find(|d| n >= 1000 && rounded(n, scale, *d) < 1000) {
            return (scale, decimals, unit);
        }
        scale *= 1000;
    }
    (1, 0, "B")
}

/// `n` in units of `scale`, times ten to the power of `decimals`.
fn rounded(n: u64, scale: u128, decimals: u32) -> u128 {
    (u128::from(n) * 10u128.pow(decimals) + scale / 2) / scale
}

fn in_unit(n: u64, scale: u128, decimals: u32) -> String {
    let (value, ten) = (rounded(n, scale, decimals), 10u128.pow(decimals));
    match decimals {
        0 => value.to_string(),
        1 => format!("{}.{}", value / ten, value % ten),
        _ => format!("{}.{:02}", value / ten, value % ten),
    }
}

/// `12 ms`, `3.4 s`, `34 s`, `2 min 05 s`.
pub fn duration(d: Duration) -> String {
    let ms = d.as_millis();
    match ms {
        0..100 => format!("{ms} ms"),
        100..9_950 => format!("{}.{} s", (ms + 50) / 1000, (ms + 50) % 1000 / 100),
        9_950..59_500 => format!("{} s", (ms + 500) / 1000),
        _ => format!("{} min {:02} s", (ms + 500) / 60_000, (ms + 500) % 60_000 / 1000),
    }
}

/// Whether a character could hide or reorder text, move the cursor or start an escape: controls, format characters
/// (zero width, bidirectional overrides and isolates, tags), separators of lines and paragraphs, private use and
/// characters that look like nothing.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if u32::from(c) < 0x80 => {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        c => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

/// A sentence with everything unsafe shown escaped. Backslashes stay: a sentence may quote what is escaped already.
pub fn sentence(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            push_escaped(&mut out, c);
        } else {
            out.push(c);
        }
    }
    out
}

/// A name with everything unsafe shown escaped, bytes that are no UTF-8 as `\xff`. Where a backslash can be part of a
/// name it is doubled, so that two names never look the same.
pub fn name(raw: &OsStr) -> String {
    let mut out = String::with_capacity(raw.len());
    for chunk in raw.as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' if !cfg!(windows) => out.push_str("\\\\"),
                c if is_unsafe(c) => push_escaped(&mut out, c),
                c => out.push(c),
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out
}

/// A path as [`name`], with `~` for the home folder.
pub fn path(path: &Path, home: Option<&Path>) -> String {
    let home = home.filter(|h| h.is_absolute() && h.parent().is_some());
    match home.and_then(|h| path.strip_prefix(h).ok()) {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Some(rest) => format!("~{}{}", std::path::MAIN_SEPARATOR, name(rest.as_os_str())),
        None => name(path.as_os_str()),
    }
}

/// A path for machines, lossless: as it is where it is UTF-8, otherwise (`true`) with each byte that is not, and each
/// `%`, as `%XX`.
pub fn lossless(path: &OsStr) -> (String, bool) {
    if let Some(text) = path.to_str() {
        return (text.to_owned(), false);
    }
    let mut out = String::with_capacity(path.len() + 8);
    for chunk in path.as_encoded_bytes().utf8_chunks() {
        out.push_str(&chunk.valid().replace('%', "%25"));
        for b in chunk.invalid() {
            let _ = write!(out, "%{b:02X}");
        }
    }
    (out, true)
}

/// One word of a command as a shell takes it: bare where it can be, quoted where it must be, `$'...'` (bash, zsh, ksh)
/// where it holds what a terminal must not see.
pub fn shell_word(word: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(bare) {
        return word.to_owned();
    }
    if !word.chars().any(is_unsafe) {
        return format!("'{}'", word.replace('\'', "'\\''"));
    }
    let mut out = String::from("$'");
    for c in word.chars() {
        match c {
            '\\' | '\'' => {
                out.push('\\');
                out.push(c);
            }
            c if is_unsafe(c) => {
                for b in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(out, "\\x{b:02x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// The first sentence of a text, without its full stop.
pub fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    let end = text
        .match_indices(". ")
        .map(|(i, _)| i)
        .find(|i| !text.get(..*i).is_some_and(|t| t.ends_with("e.g") || t.ends_with("i.e")));
    end.and_then(|e| text.get(..e)).unwrap_or(text).trim_end_matches('.')
}

/// The text with its first letter small, unless it begins with a name such as `Go`.
pub fn lower_first(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    match text.chars().next() {
        Some(c) if word != "Go" && word.chars().skip(1).all(char::is_lowercase) => {
            c.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

/// Lines of at most `width` columns. A word that is longer stands alone and whole: it may be a path to copy.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The text with long hexadecimal IDs cut to their first 8 and last 4 digits: `3fa1b2c3…90ab`.
pub fn shorten_ids(text: &str) -> String {
    fn flush(run: &mut String, out: &mut String) {
        match (run.len() >= 40).then(|| (run.get(..8), run.get(run.len() - 4..))) {
            Some((Some(head), Some(tail))) => {
                out.push_str(head);
                out.push('…');
                out.push_str(tail);
            }
            _ => out.push_str(run),
        }
        run.clear();
    }
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        if matches!(c, '0'..='9' | 'a'..='f') {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    out
}

/// The end of a text that fits into `width` columns, with `…` for what is cut off before it.
pub fn tail(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut kept: Vec<char> = Vec::new();
    let mut used = 1;
    for c in text.chars().rev() {
        used += columns(c.encode_utf8(&mut [0; 4]));
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_separators() {
        for (n, want) in [(0, "0"), (999, "999"), (1000, "1,000"), (121_733, "121,733"), (u64::MAX, "18,446,744,073,709,551,615")]
        {
            assert_eq!(number(n), want);
        }
    }

    #[test]
    fn sizes_have_three_digits_and_decimal_units() {
        for (n, want) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (1024, "1.02 kB"),
            (9_995, "10.0 kB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (41_200_000, "41.2 MB"),
            (2_142_776_189, "2.14 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(n), want, "{n}");
        }
    }

    #[test]
    fn parts_stand_in_the_unit_of_the_whole() {
        assert_eq!(bytes_of(412_000, 2_730_000_000), "0.00/2.73 GB");
        assert_eq!(bytes_of(1_900_000_000, 2_730_000_000), "1.90/2.73 GB");
        assert_eq!(bytes_of(5, 10), "5/10 B");
        assert_eq!(bytes_of(2_000, 999), "2.00/1.00 kB");
    }

    #[test]
    fn durations_round_to_what_one_reads() {
        for (ms, want) in [
            (0, "0 ms"),
            (99, "99 ms"),
            (100, "0.1 s"),
            (3_449, "3.4 s"),
            (9_949, "9.9 s"),
            (9_950, "10 s"),
            (59_499, "59 s"),
            (125_000, "2 min 05 s"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms)), want, "{ms}");
        }
    }

    #[test]
    fn nothing_hidden_reaches_a_terminal() {
        assert_eq!(name(OsStr::new("a\n\x1b[31mb\u{202e}c\\d\u{9b}\u{7f}")), "a\\n\\x1b[31mb\\u{202e}c\\\\d\\u{9b}\\x7f");
        assert_eq!(sentence("the name `a\\n` and \x07"), "the name `a\\n` and \\x07");
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            assert_eq!(name(OsStr::from_bytes(b"a\xffb")), "a\\xffb");
        }
    }

    #[test]
    fn home_is_a_tilde_only_for_whole_components() {
        let home = Some(Path::new("/home/gopher"));
        assert_eq!(path(Path::new("/home/gopher/go"), home), "~/go");
        assert_eq!(path(Path::new("/home/gopher"), home), "~");
        assert_eq!(path(Path::new("/home/gopher2/go"), home), "/home/gopher2/go");
        assert_eq!(path(Path::new("/go"), Some(Path::new("/"))), "/go");
        assert_eq!(path(Path::new("/go"), Some(Path::new(""))), "/go");
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(shell_word("GOFLAGS=-mod=mod"), "GOFLAGS=-mod=mod");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("it's; rm -rf ~"), "'it'\\''s; rm -rf ~'");
        assert_eq!(shell_word("a\x1b'b"), "$'a\\x1b\\'b'");
    }

    #[test]
    fn ids_shorten_and_tails_keep_the_end() {
        let id = "3fa1b2c3".repeat(8);
        assert_eq!(shorten_ids(&format!("3f/{id}-a")), "3f/3fa1b2c3…b2c3-a");
        assert_eq!(shorten_ids("deadbeef v1.0"), "deadbeef v1.0");
        assert_eq!(tail("/very/long/path", 8), "…ng/path");
        assert_eq!(wrap("aa bb cccccc d", 5), ["aa bb", "cccccc", "d"]);
        assert_eq!(lower_first("Remove the entry"), "remove the entry");
        assert_eq!(lower_first("Go fetches it"), "Go fetches it");
        assert_eq!(lower_first("GOSUMDB is off"), "GOSUMDB is off");
        assert_eq!(first_sentence("one thing. Another thing."), "one thing");
        assert_eq!(first_sentence("reads go.mod files. x"), "reads go.mod files");
    }

    /// Puts [`lossless`] back.
    #[cfg(unix)]
    fn raw(text: &str, escaped: bool) -> Vec<u8> {
        if !escaped {
            return text.as_bytes().to_vec();
        }
        let mut out = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            if *first == b'%' {
                out.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
                rest = &tail[2..];
            } else {
                out.push(*first);
                rest = tail;
            }
        }
        out
    }

    proptest! {
        #[cfg(unix)]
        #[test]
        fn lossless_paths_come_back(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'%'), Just(b'/')], 0..40)) {
            use std::os::unix::ffi::OsStrExt;
            let (text, escaped) = lossless(OsStr::from_bytes(&bytes));
            prop_assert_eq!(raw(&text, escaped), bytes.clone());
            prop_assert_eq!(escaped, std::str::from_utf8(&bytes).is_err());
        }

        #[cfg(unix)]
        #[test]
        fn shown_names_are_visible_and_differ(a in proptest::collection::vec(any::<u8>(), 0..12), b in proptest::collection::vec(any::<u8>(), 0..12)) {
            use std::os::unix::ffi::OsStrExt;
            let (x, y) = (name(OsStr::from_bytes(&a)), name(OsStr::from_bytes(&b)));
            prop_assert!(!x.chars().any(is_unsafe));
            prop_assert_eq!(a == b, x == y);
        }

        #[test]
        fn lines_fit_unless_one_word_does_not(text in "[a-z ]{0,60}", width in 1usize..20) {
            for line in wrap(&text, width) {
                prop_assert!(columns(&line) <= width || !line.contains(' '));
            }
        }
    }
}
