//! `//go:embed` patterns, wherever in a file they stand (cmd/go/internal/modindex/build_read.go).

use memchr::{memchr, memmem};

use super::lexer::{LineInfos, Place, is_line_comment};
use super::{Dialect, Text};

/// A comment and where it begins.
struct Comment<'a> {
    text: &'a [u8],
    start: usize,
    line: u32,
    line_start: usize,
}

/// The patterns of a file. `None`: they hold what is not told apart here.
pub(super) fn embeds<'a>(bytes: &'a [u8], dir: &[u8], dialect: Dialect) -> Option<Vec<Text<'a>>> {
    let mut out = Vec::new();
    if memmem::find(bytes, b"//go:embed").is_none() {
        return Some(out);
    }
    let mut infos = LineInfos::default();
    let mut sure = true;
    let walk = if dialect.embeds_of_lines { comments_of_lines } else { comments };
    walk(bytes, &mut |c, next| {
        let text = c.text.strip_suffix(b"\r").unwrap_or(c.text);
        if is_line_comment(text, c.start, c.line_start) {
            // Errors are passed over.
            let _ = infos.comment(text, c.start, (next.0, next.1, bytes.len()), dir);
        }
        let Some(args) = text.strip_prefix(b"//go:embed") else { return };
        let blank = std::str::from_utf8(args).ok().and_then(|a| a.chars().next()).is_some_and(char::is_whitespace);
        if !blank || (dialect.embeds_of_lines && !args.starts_with(b" ") && !args.starts_with(b"\t")) {
            return;
        }
        sure &= !args.contains(&b'\r');
        let place = |at: usize| {
            let offset = c.start + b"//go:embed".len() + at;
            if !dialect.embeds_of_lines {
                return infos.place(offset, c.line, c.line_start);
            }
            // Bytes up to the blank behind `embed`, characters from there on.
            let characters = args.get(..at).map_or(0, |a| String::from_utf8_lossy(a).chars().count());
            let column = offset - at - c.line_start + characters + 1;
            Place { file: None, offset, line: c.line, column: u32::try_from(column).unwrap_or(u32::MAX) }
        };
        match patterns(args) {
            Some(Ok(found)) => out.extend(found.into_iter().map(|(text, at)| Text { text: text.into(), at: place(at) })),
            Some(Err(())) => {}
            None => sure = false,
        }
    });
    sure.then_some(out)
}

/// A pattern and its offset.
type Pattern<'a> = (&'a [u8], usize);

/// The patterns of one comment with their offsets. `Err`: Go passes over the comment; `None`: not told apart.
fn patterns(args: &[u8]) -> Option<Result<Vec<Pattern<'_>>, ()>> {
    let text = std::str::from_utf8(args).ok()?;
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or("");
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        let start = at;
        let Some(first) = trimmed.chars().next() else { return Some(Ok(out)) };
        let pattern = if matches!(first, '`' | '"') {
            let Some(end) = trimmed.get(1..).and_then(|t| t.find(first)) else { return Some(Err(())) };
            let inner = trimmed.get(1..end + 1).unwrap_or("");
            if first == '"' && inner.contains('\\') {
                return None;
            }
            at += end + 2;
            if text.get(at..).and_then(|t| t.chars().next()).is_some_and(|c| !c.is_whitespace()) {
                return Some(Err(()));
            }
            inner
        } else {
            let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
            at += end;
            trimmed.get(..end).unwrap_or("")
        };
        out.push((pattern.as_bytes(), start));
    }
}

/// Every comment of a file; told with it, offset and line of what follows.
fn comments<'a>(bytes: &'a [u8], take: &mut dyn FnMut(Comment<'a>, (usize, u32))) {
    let (mut at, mut line, mut line_start) = (0usize, 1u32, 0usize);
    while let Some(c) = bytes.get(at) {
        let start = at;
        let rest = bytes.get(at + 1..).unwrap_or(&[]);
        at += 1;
        match c {
            b'\n' => {
                line += 1;
                line_start = at;
                continue;
            }
            b'"' | b'\'' => at += literal(rest, *c),
            b'`' => at += memchr(b'`', rest).map_or(rest.len(), |n| n + 1),
            b'/' if rest.first() == Some(&b'/') => {
                at = start + memchr(b'\n', rest).map_or(rest.len(), |n| n) + 1;
                let text = bytes.get(start..at).unwrap_or(&[]);
                let next = (at + usize::from(at < bytes.len()), line + 1);
                take(Comment { text, start, line, line_start }, next);
                continue;
            }
            b'/' if rest.first() == Some(&b'*') => {
                let inner = rest.get(1..).unwrap_or(&[]);
                at = start + 2 + memmem::find(inner, b"*/").map_or(inner.len(), |n| n + 2);
            }
            _ => {}
        }
        // What may go over several lines.
        let text = bytes.get(start..at).unwrap_or(&[]);
        let (first_line, first_start) = (line, line_start);
        for n in memchr::memchr_iter(b'\n', text) {
            line += 1;
            line_start = start + n + 1;
        }
        if text.starts_with(b"/*") && text.ends_with(b"*/") {
            take(Comment { text, start, line: first_line, line_start: first_start }, (at, line));
        }
    }
}

/// The comments that stand on lines of their own, as modindex looked for them before Go 1.26 (`findEmbed`): strings and runes go on
/// over the ends of lines there, and a NUL ends all.
fn comments_of_lines<'a>(bytes: &'a [u8], take: &mut dyn FnMut(Comment<'a>, (usize, u32))) {
    let bytes = bytes.get(..memchr(0, bytes).unwrap_or(bytes.len())).unwrap_or(bytes);
    let (mut at, mut line, mut line_start, mut starts) = (0usize, 1u32, 0usize, false);
    while let Some(c) = bytes.get(at) {
        let start = at;
        let rest = bytes.get(at + 1..).unwrap_or(&[]);
        at += 1;
        match c {
            b'\n' => starts = true,
            b' ' | b'\t' => {}
            b'"' | b'\'' => {
                starts = false;
                let mut escaped = false;
                let end = rest.iter().position(|b| {
                    let ends = !escaped && b == c;
                    escaped = !escaped && *b == b'\\';
                    ends
                });
                at += end.map_or(rest.len(), |n| n + 1);
            }
            b'`' => {
                starts = false;
                at += memchr(b'`', rest).map_or(rest.len(), |n| n + 1);
            }
            b'/' if rest.first() == Some(&b'/') => {
                at = start + memchr(b'\n', rest).map_or(rest.len(), |n| n) + 1;
                let text = bytes.get(start..at).unwrap_or(&[]);
                if starts {
                    take(Comment { text, start, line, line_start }, (at, line + 1));
                }
                at += 1;
                starts = true;
            }
            b'/' if rest.first() == Some(&b'*') => {
                starts = false;
                let inner = rest.get(1..).unwrap_or(&[]);
                at = start + 2 + memmem::find(inner, b"*/").map_or(inner.len(), |n| n + 2);
            }
            _ => starts = false,
        }
        let text = bytes.get(start..at.min(bytes.len())).unwrap_or(&[]);
        for n in memchr::memchr_iter(b'\n', text) {
            line += 1;
            line_start = start + n + 1;
        }
    }
}

/// How long a string or rune is, its first quote left out (go/scanner: `scanString`, `scanRune`).
fn literal(rest: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while let Some(c) = rest.get(at) {
        match c {
            b'\n' => return at,
            b'\\' if rest.get(at + 1).is_some_and(|c| *c == quote || *c == b'\\') => at += 2,
            c if *c == quote => return at + 1,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, embeds_of_lines: bool) -> Vec<(String, usize, u32, u32)> {
        let dialect = Dialect { embeds_of_lines, ..Dialect::default() };
        let row = |t: &Text<'_>| (String::from_utf8(t.text.to_vec()).unwrap(), t.at.offset, t.at.line, t.at.column);
        embeds(text.as_bytes(), b"/m", dialect).unwrap().iter().map(row).collect()
    }

    #[test]
    fn patterns_are_found_outside_of_strings() {
        let text = "package p\n\nvar s = \"//go:embed no\" + `\n//go:embed no\n` + '\"'\n\n\t//go:embed a.txt \"b c\" `d`\nvar x string\n";
        let want = [("a.txt".into(), 74, 7, 13), ("b c".into(), 80, 7, 19), ("d".into(), 86, 7, 25)];
        assert_eq!(of(text, false), want);
        assert_eq!(of(text, true), want);
        assert_eq!(of("//go:embedded a\n//go:embed\"a\"\n//go:embed \"a\n", false), []);
    }

    #[test]
    fn before_go_1_26_a_pattern_stood_on_a_line_of_its_own() {
        assert_eq!(of("package p; //go:embed a\n", false).len(), 1);
        assert_eq!(of("package p; //go:embed a\n", true).len(), 0);
        // A string that goes on over the end of its line.
        assert_eq!(of("package p\nvar s = \"\n//go:embed a\n", false).len(), 1);
        assert_eq!(of("package p\nvar s = \"\n//go:embed a\n", true).len(), 0);
    }
}
