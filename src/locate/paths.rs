//! Paths as Go's `path/filepath` takes them, by text alone, for any system on any system.

use std::ffi::{OsStr, OsString};

/// The systems that Go's defaults tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Os {
    /// Linux and every other Unix but macOS.
    Unix,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

impl Os {
    /// The system that we run on.
    pub const fn current() -> Os {
        if cfg!(windows) {
            Os::Windows
        } else if cfg!(target_vendor = "apple") {
            Os::Macos
        } else {
            Os::Unix
        }
    }

    /// The separator of path parts.
    pub fn separator(self) -> u8 {
        if self == Os::Windows { b'\\' } else { b'/' }
    }

    fn is_separator(self, b: u8) -> bool {
        b == b'/' || (self == Os::Windows && b == b'\\')
    }

    /// Length of `C:` or `\\host\share` before a path (`filepath.VolumeName`).
    fn volume(self, path: &[u8]) -> usize {
        if self != Os::Windows {
            return 0;
        }
        if let [letter, b':', ..] = path
            && letter.is_ascii_alphabetic()
        {
            return 2;
        }
        let parts = |n: usize| {
            // `\\host\share`: up to the n-th separator after the first two.
            let mut seen = 0;
            let tail = path.iter().enumerate().skip(2);
            tail.filter(|(_, b)| self.is_separator(**b))
                .find(|_| {
                    (seen == n - 1) || {
                        seen += 1;
                        false
                    }
                })
                .map_or(path.len(), |(i, _)| i)
        };
        match path {
            [a, b, c, ..] if self.is_separator(*a) && self.is_separator(*b) && !self.is_separator(*c) => parts(2),
            _ => 0,
        }
    }

    /// `filepath.IsAbs`.
    pub fn is_abs(self, path: &[u8]) -> bool {
        let volume = self.volume(path);
        match self {
            Os::Windows => volume > 2 || (volume == 2 && path.get(2).is_some_and(|b| self.is_separator(*b))),
            Os::Unix | Os::Macos => path.first() == Some(&b'/'),
        }
    }

    /// `filepath.Clean`: the shortest path of the same meaning, by text alone.
    pub fn clean(self, path: &[u8]) -> Vec<u8> {
        let (volume, rest) = path.split_at(self.volume(path).min(path.len()));
        let rooted = rest.first().is_some_and(|b| self.is_separator(*b));
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in rest.split(|b| self.is_separator(*b)) {
            match part {
                b"" | b"." => {}
                b".." => match parts.last() {
                    Some(&b"..") => parts.push(part),
                    Some(_) => {
                        parts.pop();
                    }
                    None if !rooted => parts.push(part),
                    None => {}
                },
                _ => parts.push(part),
            }
        }
        let mut out: Vec<u8> = volume.iter().map(|b| if self == Os::Windows && *b == b'/' { b'\\' } else { *b }).collect();
        if rooted {
            out.push(self.separator());
        }
        out.extend_from_slice(&parts.join(&self.separator()));
        if out.len() == volume.len() && volume.len() <= 2 {
            out.push(b'.');
        }
        out
    }

    /// `filepath.Join`: empty parts count for nothing.
    pub fn join(self, parts: &[&[u8]]) -> Vec<u8> {
        let parts: Vec<&[u8]> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
        if parts.is_empty() { Vec::new() } else { self.clean(&parts.join(&self.separator())) }
    }

    /// `filepath.SplitList`: the entries of a list such as PATH or GOPATH, empty ones kept; an empty list has none.
    pub fn split_list(self, list: &[u8]) -> Vec<Vec<u8>> {
        if list.is_empty() {
            return Vec::new();
        }
        if self != Os::Windows {
            return list.split(|b| *b == b':').map(<[u8]>::to_vec).collect();
        }
        let mut entries = vec![Vec::new()];
        let mut quoted = false;
        for b in list {
            match b {
                b'"' => quoted = !quoted,
                b';' if !quoted => entries.push(Vec::new()),
                _ => {
                    if let Some(last) = entries.last_mut() {
                        last.push(*b);
                    }
                }
            }
        }
        entries
    }
}

/// The bytes of a string of the system, any on Unix; elsewhere what is not Unicode becomes U+FFFD.
pub fn bytes_of(text: &OsStr) -> Vec<u8> {
    #[cfg(unix)]
    {
        std::os::unix::ffi::OsStrExt::as_bytes(text).to_vec()
    }
    #[cfg(not(unix))]
    {
        text.to_string_lossy().into_owned().into_bytes()
    }
}

/// The string of the system that has these bytes.
pub fn text_of(bytes: &[u8]) -> OsString {
    #[cfg(unix)]
    {
        std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
    }
    #[cfg(not(unix))]
    {
        OsString::from(String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(os: Os, path: &str) -> String {
        String::from_utf8(os.clean(path.as_bytes())).unwrap()
    }

    // From path/filepath/path_test.go.
    #[test]
    fn cleans_as_go_does() {
        for (path, want) in [
            ("", "."),
            ("abc", "abc"),
            (".", "."),
            ("..", ".."),
            ("../..", "../.."),
            ("/", "/"),
            ("/abc/", "/abc"),
            ("//abc", "/abc"),
            ("abc//def//ghi", "abc/def/ghi"),
            ("/../abc", "/abc"),
            ("abc/def/../../..", ".."),
            ("/abc/def/../../..", "/"),
            ("abc/../../././../def", "../../def"),
            ("abc/./../def", "def"),
        ] {
            assert_eq!(clean(Os::Unix, path), want, "{path}");
        }
        for (path, want) in [
            (r"c:", "c:."),
            (r"c:\", r"c:\"),
            (r"c:\abc", r"c:\abc"),
            (r"c:abc\..\..\.\.\..\def", r"c:..\..\def"),
            (r"c:\abc\def\..\..", r"c:\"),
            (r"c:\..\abc", r"c:\abc"),
            (r"/abc/def", r"\abc\def"),
            (r"\\i\..\c$", r"\\i\..\c$"),
            (r"\\i\c\x\..", r"\\i\c\"),
        ] {
            assert_eq!(clean(Os::Windows, path), want, "{path}");
        }
    }

    #[test]
    fn knows_what_is_absolute() {
        for (os, path, want) in [
            (Os::Unix, "/", true),
            (Os::Unix, "a", false),
            (Os::Unix, "", false),
            (Os::Unix, "~/x", false),
            (Os::Windows, r"C:\", true),
            (Os::Windows, r"c:/a", true),
            (Os::Windows, r"c:a", false),
            (Os::Windows, r"\a", false),
            (Os::Windows, r"\\host\share\x", true),
        ] {
            assert_eq!(os.is_abs(path.as_bytes()), want, "{path}");
        }
    }

    #[test]
    fn splits_lists() {
        let list =
            |os: Os, s: &str| os.split_list(s.as_bytes()).into_iter().map(|e| String::from_utf8(e).unwrap()).collect::<Vec<_>>();
        assert_eq!(list(Os::Unix, ""), Vec::<String>::new());
        assert_eq!(list(Os::Unix, ":/b"), ["", "/b"]);
        assert_eq!(list(Os::Unix, "::"), ["", "", ""]);
        assert_eq!(list(Os::Windows, r#"C:\a;"C:\b;c""#), [r"C:\a", r"C:\b;c"]);
    }

    #[test]
    fn joins() {
        assert_eq!(Os::Unix.join(&[b"", b"/a/", b"b/../c"]), b"/a/c");
        assert_eq!(Os::Unix.join(&[b"", b""]), b"");
        assert_eq!(Os::Windows.join(&[br"C:\u", b"go/env"]), br"C:\u\go\env");
    }
}
