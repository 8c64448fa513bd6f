//! `/etc/passwd` (passwd(5); glibc's nss/nss_files/files-parse.c, pwd/fgetpwent_r.c): lines of another shape are passed over, as the
//! C library does.

use super::lines;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Name to log in with.
    pub name: Vec<u8>,
    /// User number.
    pub uid: u32,
    /// Number of the primary group.
    pub gid: u32,
    /// Home folder, perhaps empty.
    pub home: Vec<u8>,
    /// Shell; where it is empty, whoever logs in gets `/bin/sh`.
    pub shell: Vec<u8>,
    /// The line, from 1.
    pub line: u32,
}

impl Account {
    /// The shell that a log-in starts.
    pub fn login_shell(&self) -> &[u8] {
        if self.shell.is_empty() { b"/bin/sh" } else { &self.shell }
    }
}

/// The accounts in the order of the file.
pub fn parse(bytes: &[u8]) -> Vec<Account> {
    lines(bytes).filter_map(|(line, text)| account(line, text)).collect()
}

fn account(line: u32, text: &[u8]) -> Option<Account> {
    let text = text.trim_ascii_start();
    if text.starts_with(b"#") {
        return None;
    }
    // The shell is the rest of the line, colons included.
    let mut fields = text.splitn(7, |b| *b == b':');
    let name = fields.next().filter(|n| !n.is_empty())?.to_vec();
    fields.next()?;
    let (uid, gid) = (number(fields.next()?)?, number(fields.next()?)?);
    fields.next();
    let mut rest = || fields.next().unwrap_or_default().to_vec();
    Some(Account { name, uid, gid, home: rest(), shell: rest(), line })
}

/// A user's or group's number in decimal digits.
pub fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_passwd_5() {
        let all = parse(
            b"root:x:0:0:root:/root:/bin/bash\n# no\nbroken\n+::::::\n  ann:x:1000:100::/home/ann:\nx:y:1:z\nshort:x:7:8\n",
        );
        let told: Vec<_> = all.iter().map(|a| (a.name.as_slice(), a.uid, a.gid, a.home.as_slice(), a.line)).collect();
        assert_eq!(
            told,
            [(&b"root"[..], 0, 0, &b"/root"[..], 1), (b"ann", 1000, 100, b"/home/ann", 5), (b"short", 7, 8, b"", 7)]
        );
        assert_eq!(all[0].login_shell(), b"/bin/bash");
        assert_eq!(all[1].login_shell(), b"/bin/sh");
    }
}
