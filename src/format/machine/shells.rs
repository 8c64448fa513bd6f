//! `/etc/shells` (shells(5); glibc's misc/getusershell.c): from each line the path from its first `/` up to a space or `#`.

use super::lines;

/// The shells, with their lines.
pub fn parse(bytes: &[u8]) -> Vec<(Vec<u8>, u32)> {
    lines(bytes).filter_map(|(line, text)| Some((path(text)?, line))).collect()
}

fn path(text: &[u8]) -> Option<Vec<u8>> {
    let start = text.iter().position(|b| *b == b'/' || *b == b'#')?;
    let rest = text.get(start..).filter(|r| r.starts_with(b"/"))?;
    Some(rest.split(|b| b.is_ascii_whitespace() || *b == b'#').next()?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blanks_are_no_shells() {
        let got = parse(b"# /etc/shells: valid login shells\n/bin/sh\n\n /usr/bin/fish # new\nbash\n/bin/zsh");
        assert_eq!(got, [(b"/bin/sh".to_vec(), 2), (b"/usr/bin/fish".to_vec(), 4), (b"/bin/zsh".to_vec(), 6)]);
    }
}
