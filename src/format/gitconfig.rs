//! git's config syntax (git's config.c, `git_parse_source`, `get_value`, `parse_value`; `git help config`), the
//! part that says which variables a file sets: sections, subsections, quotes, escapes, comments, continued lines.

use std::fmt;

/// git sets no limit below memory; a repository that Go makes has a config below 1 KiB.
pub const LIMIT: u64 = 1 << 20;

/// How many variables are kept: with [`LIMIT`] bytes more can stand there, and none of Go's has ten.
pub const MAX_ENTRIES: usize = 10_000;

/// One variable that a file sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The section in lower case, such as `remote`.
    pub section: String,
    /// The subsection as it is written, such as `origin`; lower case in the old form `[remote.origin]`.
    pub subsection: Option<String>,
    /// The name in lower case, such as `uploadpack`.
    pub name: String,
    /// The value; `None` for a name alone, which means true. Bytes that are no text are replaced.
    pub value: Option<String>,
    /// The line of the name, from 1.
    pub line: u64,
}

impl Entry {
    /// The whole name as git prints it: `section.subsection.name`; the name alone before the first section.
    pub fn key(&self) -> String {
        match &self.subsection {
            Some(sub) => format!("{}.{sub}.{}", self.section, self.name),
            None if self.section.is_empty() => self.name.clone(),
            None => format!("{}.{}", self.section, self.name),
        }
    }
}

/// Why git refuses the file, and every command in its repository with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadLine {
    /// The line, from 1.
    pub line: u64,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad config line {}", self.line)
    }
}

/// What a config file sets, up to its first bad line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitConfig {
    /// The variables in their order.
    pub entries: Vec<Entry>,
    /// Where git stops, if it does.
    pub bad: Option<BadLine>,
}

impl GitConfig {
    /// Reads a whole file.
    pub fn parse(bytes: &[u8]) -> GitConfig {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = Reader { bytes, at: 0, line: 1 };
        let mut config = GitConfig::default();
        if reader.read(&mut config.entries).is_none() {
            config.bad = Some(BadLine { line: reader.line });
        }
        config
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The line of the last character that was taken.
    line: u64,
}

impl Reader<'_> {
    /// `get_next_char`: CR LF is one newline, and so is the end.
    fn next(&mut self) -> u8 {
        let Some(b) = self.bytes.get(self.at) else {
            self.at = self.bytes.len().saturating_add(1);
            return b'\n';
        };
        self.at += 1;
        let b = if *b == b'\r' && self.bytes.get(self.at) == Some(&b'\n') {
            self.at += 1;
            b'\n'
        } else {
            *b
        };
        if b == b'\n' {
            self.line += 1;
        }
        b
    }

    /// Whether the last newline was the end of the file.
    fn ended(&self) -> bool {
        self.at > self.bytes.len()
    }

    fn read(&mut self, entries: &mut Vec<Entry>) -> Option<()> {
        let mut section = String::new();
        let mut subsection: Option<String> = None;
        let mut in_comment = false;
        loop {
            let c = self.next();
            if c == b'\n' {
                if self.ended() {
                    return Some(());
                }
                in_comment = false;
                continue;
            }
            if in_comment || is_space(c) {
                continue;
            }
            match c {
                b'#' | b';' => in_comment = true,
                b'[' => (section, subsection) = self.section()?,
                c if c.is_ascii_alphabetic() => {
                    let line = self.line;
                    let (name, value) = self.variable(c)?;
                    if entries.len() >= MAX_ENTRIES {
                        return None;
                    }
                    entries.push(Entry { section: section.clone(), subsection: subsection.clone(), name, value, line });
                }
                _ => return None,
            }
        }
    }

    /// `get_base_var`, `get_extended_base_var`: what follows `[`.
    fn section(&mut self) -> Option<(String, Option<String>)> {
        let mut name = String::new();
        loop {
            match self.next() {
                b'\n' => return None,
                b']' if name.is_empty() => return None,
                b']' => {
                    return Some(match name.split_once('.') {
                        Some((section, sub)) => (section.to_owned(), Some(sub.to_owned())),
                        None => (name, None),
                    });
                }
                c if is_space(c) => break,
                c if c.is_ascii_alphanumeric() || c == b'-' || c == b'.' => name.push(char::from(c.to_ascii_lowercase())),
                _ => return None,
            }
        }
        let mut c = b' ';
        while is_space(c) {
            c = self.next();
            if c == b'\n' {
                return None;
            }
        }
        if c != b'"' {
            return None;
        }
        let mut sub = Vec::new();
        loop {
            match self.next() {
                b'\n' => return None,
                b'"' => break,
                b'\\' => match self.next() {
                    b'\n' => return None,
                    c => sub.push(c),
                },
                c => sub.push(c),
            }
        }
        (self.next() == b']').then(|| (name, Some(String::from_utf8_lossy(&sub).into_owned())))
    }

    /// `get_value`: the rest of a name, and its value.
    fn variable(&mut self, first: u8) -> Option<(String, Option<String>)> {
        let mut name = String::from(char::from(first.to_ascii_lowercase()));
        let mut c = self.next();
        while c.is_ascii_alphanumeric() || c == b'-' {
            name.push(char::from(c.to_ascii_lowercase()));
            c = self.next();
        }
        while c == b' ' || c == b'\t' {
            c = self.next();
        }
        match c {
            b'\n' => {
                // A line feed taken here counts for the next line, as in git.
                if self.ended() {
                    self.at = self.bytes.len();
                }
                Some((name, None))
            }
            b'=' => Some((name, Some(self.value()?))),
            _ => None,
        }
    }

    /// `parse_value`. White space inside is kept as it is, as git does since 2.45; before, each character became a blank.
    fn value(&mut self) -> Option<String> {
        let mut out: Vec<u8> = Vec::new();
        let (mut quoted, mut in_comment) = (false, false);
        // How much of `out` stays if nothing but white space follows.
        let mut kept = 0;
        loop {
            let c = self.next();
            if c == b'\n' {
                if quoted {
                    return None;
                }
                if self.ended() {
                    self.at = self.bytes.len();
                }
                out.truncate(kept);
                return Some(String::from_utf8_lossy(&out).into_owned());
            }
            if in_comment {
                continue;
            }
            if is_space(c) && !quoted {
                if !out.is_empty() {
                    out.push(c);
                }
                continue;
            }
            if !quoted && (c == b';' || c == b'#') {
                in_comment = true;
                continue;
            }
            match c {
                b'\\' => {
                    out.push(match self.next() {
                        b'\n' => continue,
                        b't' => b'\t',
                        b'b' => 8,
                        b'n' => b'\n',
                        c @ (b'\\' | b'"') => c,
                        _ => return None,
                    });
                }
                b'"' => {
                    quoted = !quoted;
                    kept = kept.max(out.len());
                    continue;
                }
                c => out.push(c),
            }
            kept = out.len();
        }
    }
}

/// git's `isspace`: space, tab, CR and newline only (the latter is met before).
fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Option<String>)> {
        let config = GitConfig::parse(text.as_bytes());
        assert_eq!(config.bad, None, "{text:?}");
        config.entries.into_iter().map(|e| (e.key(), e.value)).collect()
    }

    // Each expectation was printed by `git config --file F --list -z`, git 2.39.5.
    #[test]
    fn variables_as_git_lists_them() {
        let one = |k: &str, v: &str| vec![(k.to_owned(), Some(v.to_owned()))];
        assert_eq!(read("[core]\n\tbare = true\n"), one("core.bare", "true"));
        assert_eq!(read("[CORE] FsMonitor=x"), one("core.fsmonitor", "x"));
        assert_eq!(read("[Remote \"Ori\\\"gin\"]\r\nurl = a b  \r\n"), one("remote.Ori\"gin.url", "a b"));
        assert_eq!(read("[Remote.Origin]\nurl=x ; c\n"), one("remote.origin.url", "x"));
        assert_eq!(read("[a]\nb = x\\\n  y # z\n"), one("a.b", "x  y"));
        assert_eq!(read("[a]\nb = \" x ; y \" z\\t\\\\ # c\n"), one("a.b", " x ; y  z\t\\"));
        assert_eq!(read("\u{feff}[a] b=1\n[c \"d\"]\n"), one("a.b", "1"));
        assert_eq!(read("[a]\nb\n"), vec![("a.b".to_owned(), None)]);
        assert_eq!(read("[a]\nb"), vec![("a.b".to_owned(), None)]);
        assert_eq!(read("[a]b=\n"), one("a.b", ""));
        assert_eq!(read("# x\n ; y [z]\n"), vec![]);
    }

    #[test]
    fn bad_lines_stop_git() {
        for text in [
            "[a\n",
            "[a \"b]\n",
            "[a b]\n",
            "[a]\nb = \"x\n",
            "[a]\n=x\n",
            "[a]\nb = \\x\n",
            "[a_b]\n",
            "[a]\n1=2\n",
            "[a]\nb:c\n",
            "[a \"b\"x]\n",
        ] {
            assert!(GitConfig::parse(text.as_bytes()).bad.is_some(), "{text:?}");
        }
    }

    #[test]
    fn lines_are_counted() {
        let config = GitConfig::parse(b"[core]\n\n\ta = x\\\n y\n\tfsmonitor = z\n");
        assert_eq!(config.entries.iter().map(|e| e.line).collect::<Vec<_>>(), [3, 5]);
    }
}
