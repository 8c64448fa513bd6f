//! The text of comments (go/ast: `CommentGroup.Text`) and its first sentence (go/doc: `Synopsis`).

/// The text of comments, each with its markers.
pub(super) fn text<'a>(comments: impl Iterator<Item = &'a [u8]>) -> String {
    let mut out = String::new();
    // Whether the last line was blank, or there is none yet.
    let mut blank = true;
    for comment in comments {
        let Ok(comment) = std::str::from_utf8(comment) else { continue };
        let stripped: String;
        let comment = if comment.contains('\r') {
            stripped = comment.replace('\r', "");
            stripped.as_str()
        } else {
            comment
        };
        let inner = match comment.strip_prefix("//") {
            Some(line) => match line.strip_prefix(' ') {
                Some(line) => line,
                None if is_directive(line) => continue,
                None => line,
            },
            None => comment.get(2..comment.len().saturating_sub(2)).unwrap_or(""),
        };
        for line in inner.split('\n') {
            let line = line.trim_end_matches([' ', '\t', '\n', '\r']);
            if line.is_empty() && blank {
                continue;
            }
            blank = line.is_empty();
            out.push_str(line);
            out.push('\n');
        }
    }
    if blank && out.ends_with('\n') {
        out.pop();
    }
    out
}

/// go/ast: `isDirective`.
fn is_directive(text: &str) -> bool {
    if ["line ", "extern ", "export "].iter().any(|p| text.starts_with(p)) {
        return true;
    }
    let lower = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    match text.split_once(':') {
        Some((tool, name)) => !tool.is_empty() && tool.bytes().all(|b| lower(&b)) && name.as_bytes().first().is_some_and(lower),
        None => false,
    }
}

/// The first sentence of a package's comment as Go cleans it. `None`: it depends on the version of Go, or on what is not told
/// apart here.
pub(super) fn synopsis(text: &str) -> Option<String> {
    let text = first_sentence(text);
    let starts = |prefix: &str| text.as_bytes().get(..prefix.len()).is_some_and(|t| t.eq_ignore_ascii_case(prefix.as_bytes()));
    if ["copyright", "all rights", "author"].iter().any(|p| starts(p)) {
        return Some(String::new());
    }
    let lines = unindent(text.split('\n').collect());
    let Some(paragraph) = first_paragraph(&lines) else { return Some(String::new()) };
    // A block of link definitions is no paragraph, and a link that is used is printed below the text.
    if lines.iter().any(|l| l.starts_with('[') && l.contains("]:") && l.contains("://")) {
        return None;
    }
    let plain = without_links(&paragraph.join("\n"))?;
    Some(plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// go/doc: `firstSentence`.
fn first_sentence(text: &str) -> &str {
    let (mut third, mut second, mut last) = ('\0', '\0', '\0');
    for (at, c) in text.char_indices() {
        let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
        let ends = c == ' ' && last == '.' && (!second.is_uppercase() || third.is_uppercase());
        if ends || matches!(last, '。' | '．') {
            return text.get(..at).unwrap_or(text);
        }
        (third, second, last) = (second, last, c);
    }
    text
}

fn leading_space(line: &str) -> &str {
    let end = line.len() - line.trim_start_matches([' ', '\t']).len();
    line.get(..end).unwrap_or("")
}

/// go/doc/comment: `unindent`.
fn unindent(mut lines: Vec<&str>) -> Vec<&str> {
    while lines.first().is_some_and(|l| l.is_empty()) {
        lines.remove(0);
    }
    while lines.last().is_some_and(|l| l.is_empty()) {
        lines.pop();
    }
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let mut prefix = lines.first().map_or("", |l| leading_space(l));
    for line in lines.iter().skip(1).filter(|l| !l.is_empty()) {
        prefix = prefix.get(..common(prefix, leading_space(line))).unwrap_or("");
    }
    for line in &mut lines {
        *line = line.strip_prefix(prefix).unwrap_or(line);
        if line.trim().is_empty() {
            *line = "";
        }
    }
    let start = lines.iter().take_while(|l| l.is_empty()).count();
    lines.drain(..start);
    lines
}

fn indented(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

/// go/doc/comment: `listMarker`.
fn is_list(line: &str) -> bool {
    let line = line.trim();
    let rest = match line.strip_prefix(['•', '*', '+', '-']) {
        Some(rest) => rest,
        None => {
            let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
            match rest.strip_prefix(['.', ')']).filter(|_| rest.len() < line.len()) {
                Some(rest) => rest,
                None => return false,
            }
        }
    };
    indented(rest) && !rest.trim().is_empty()
}

/// The first block of a comment, if it is a paragraph (go/doc/comment: `parseSpans`).
fn first_paragraph<'a, 'b>(lines: &'b [&'a str]) -> Option<&'b [&'a str]> {
    let first = lines.first()?;
    if indented(first) {
        return None;
    }
    let mut end = lines.iter().skip(1).take_while(|l| !l.is_empty() && !indented(l)).count() + 1;
    let last = lines.get(end - 1).copied().unwrap_or("");
    if lines.get(end).is_some_and(|next| !next.is_empty() && !is_list(next)) {
        if is_list(last) {
            end -= 1;
            while end > 0 && lines.get(end - 1).is_some_and(|l| is_list(l)) {
                end -= 1;
            }
        } else if last.ends_with(['{', '\\']) {
            end -= 1;
        }
    }
    let heading = end == 1 && first.starts_with('#') && indented(first.get(1..).unwrap_or("")) && first.trim() != "#";
    if heading { None } else { lines.get(..end).filter(|l| !l.is_empty()) }
}

/// Packages of the standard library that doc links may name; later ones are not told apart.
const STD: &[&str] = &[
    "bufio", "bytes", "context", "crypto", "embed", "encoding", "errors", "expvar", "flag", "fmt", "hash", "html", "image", "io",
    "log", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "sort", "strconv", "strings", "sync",
    "syscall", "testing", "time", "unicode", "unsafe",
];
/// Those that came with Go 1.21 and later.
const LATER: &[&str] = &["cmp", "iter", "maps", "slices", "structs", "unique", "weak"];

/// Text without the brackets of doc links, and with the quotes that Go sets (go/doc/comment: `parseLinkedText`, `parseText`).
fn without_links(text: &str) -> Option<String> {
    let mut out = String::new();
    let (mut wrote, mut start) = (0, None);
    for (at, c) in text.char_indices() {
        match (c, start) {
            ('[', _) => start = Some(at),
            (']', Some(from)) => {
                start = None;
                let part = |r: std::ops::Range<usize>| text.get(r).unwrap_or("");
                if is_doc_link(part(from + 1..at), part(0..from), part(at + 1..text.len()))? {
                    quoted(part(wrote..from), true, &mut out)?;
                    quoted(part(from + 1..at), false, &mut out)?;
                    wrote = at + 1;
                }
            }
            _ => {}
        }
    }
    quoted(text.get(wrote..).unwrap_or(""), true, &mut out)?;
    Some(out)
}

/// go/doc/comment: `docLink`.
fn is_doc_link(link: &str, before: &str, after: &str) -> Option<bool> {
    let link = link.strip_prefix('*').unwrap_or(link);
    let name = |t: &str| {
        let first = t.chars().next().unwrap_or(' ');
        first.is_uppercase() && t.chars().all(|c| c == '_' || c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphabetic()))
    };
    let split = |t: &str| -> (String, bool) {
        match t.rsplit_once('.') {
            Some((before, last)) if name(last) => (before.to_owned(), true),
            None if name(t) => (String::new(), true),
            _ => (t.to_owned(), false),
        }
    };
    let (mut package, found) = split(link);
    if found {
        package = split(&package).0;
    }
    let element = |e: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.~_+".contains(&b);
        !e.is_empty() && !e.starts_with('.') && !e.ends_with('.') && e.bytes().all(plain)
    };
    let known = if package.contains('/') {
        !package.starts_with('-') && package.split('/').all(element)
    } else {
        LATER.contains(&package.as_str()) || STD.contains(&package.as_str())
    };
    let beside = |c: Option<char>| match c {
        None => Some(true),
        Some(c) if c.is_ascii() => Some(matches!(c, ' ' | '\t' | '\n') || (c.is_ascii_punctuation() && !"$+<=>^`|~".contains(c))),
        Some(c) if c.is_alphanumeric() => Some(false),
        Some(_) => None,
    };
    if !known {
        return Some(false);
    }
    if !(beside(before.chars().next_back())? && beside(after.chars().next())?) {
        return Some(false);
    }
    if LATER.contains(&package.as_str()) { None } else { Some(true) }
}

/// Two single quotes of one kind become a double one, but not within a URL.
fn quoted(text: &str, links: bool, out: &mut String) -> Option<()> {
    if links && text.contains("://") && (text.contains("''") || text.contains("``")) {
        return None;
    }
    let mut rest = text;
    while let Some(at) = rest.find("``").into_iter().chain(rest.find("''")).min() {
        let (before, mark) = rest.split_at(at);
        out.push_str(before);
        let tail = mark.get(2..).unwrap_or("");
        if mark.starts_with("```") {
            rest = mark.trim_start_matches('`');
            out.push_str(mark.get(..mark.len() - rest.len()).unwrap_or(""));
            continue;
        }
        out.push(if mark.starts_with('`') { '“' } else { '”' });
        rest = tail;
    }
    out.push_str(rest);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_lose_their_markers_and_directives() {
        let of = |t: &str| text(t.split('|').map(str::as_bytes));
        assert_eq!(of("// a|//|//|//  b \t|//go:generate x|//line y|//c"), "a\n\n b\nc\n");
        assert_eq!(of("/*\n a\n\n\n b\r\n*/"), " a\n\n b\n");
        assert_eq!(of("//|//"), "");
        assert_eq!(of("//go: no directive"), "go: no directive\n");
    }

    #[test]
    fn the_synopsis_is_the_first_sentence() {
        let of = |t: &str| synopsis(t).unwrap();
        assert_eq!(of("Package a does b.  And c.\n"), "Package a does b.");
        assert_eq!(of("Package a does\nb by J. Doe. And c.\n"), "Package a does b by J. Doe.");
        assert_eq!(of("Copyright 2020 X. All\n"), "");
        assert_eq!(
            of("Package a wraps [os] and [net/http.Client], ``so'' to say, [Name] and [x].\n"),
            "Package a wraps os and net/http.Client, “so” to say, [Name] and [x]."
        );
        assert_eq!(of("\tcode\n"), "code");
        assert_eq!(of("- a list\n  goes on\n"), "");
        assert_eq!(of("# heading\n\ntext\n"), "");
        assert_eq!(synopsis("Package a is like [slices].\n"), None);
    }
}
