//! `/proc/PID/environ` and `/proc/PID/status` (proc_pid_environ(5), proc_pid_status(5)): what a running program started with.

use super::{LIMIT, lines};

/// The environment that a program started with, in order; strings without `=` are left out. Of a name that stands twice the C library's
/// `getenv` gives the first.
pub fn environ(bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let bytes = bytes.get(..LIMIT).unwrap_or(bytes);
    let pair = |text: &[u8]| {
        let at = text.iter().position(|b| *b == b'=').filter(|at| *at > 0)?;
        Some((text.get(..at)?.to_vec(), text.get(at + 1..)?.to_vec()))
    };
    bytes.split(|b| *b == 0).filter_map(pair).collect()
}

/// Whose process it is: numbers of the real and the effective user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Users {
    /// Who started it.
    pub real: u32,
    /// Whose rights it has.
    pub effective: u32,
}

/// The line `Uid:` of `/proc/PID/status`.
pub fn users(status: &[u8]) -> Option<Users> {
    let rest = lines(status).find_map(|(_, text)| text.strip_prefix(b"Uid:"))?;
    let mut numbers = rest.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).map(super::passwd::number);
    Some(Users { real: numbers.next()??, effective: numbers.next()?? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_read() {
        let got = environ(b"PATH=/bin\0A=b=c\nd\0odd\0=x\0E=\0");
        let want = [("PATH", "/bin"), ("A", "b=c\nd"), ("E", "")];
        assert_eq!(got, want.map(|(a, b)| (a.as_bytes().to_vec(), b.as_bytes().to_vec())));
        assert_eq!(users(b"Name:\tgo\nUid:\t1000\t0\t0\t0\nGid:\t1\n"), Some(Users { real: 1000, effective: 0 }));
        assert_eq!(users(b"Name:\tgo\nUid:\t\n"), None);
    }
}
