//! `/proc/self/mountinfo` (proc_pid_mountinfo(5)): field 5 is the mount point, with blanks and backslashes as octal escapes.

/// The mount points, as bytes of paths.
pub fn mount_points(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|b| *b == b'\n').filter_map(|line| line.split(|b| *b == b' ').nth(4)).map(unescape).collect()
}

fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, after)) = rest.split_first() {
        let octal = (first == b'\\')
            .then(|| after.get(..3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match octal {
            Some(byte) => {
                out.push(byte);
                rest = after.get(3..).unwrap_or(&[]);
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        let text = b"36 35 98:0 / /mnt/a\\040b rw shared:1 - ext3 /dev/root rw\n37 35 0:1 / /x\\134y rw - tmpfs t rw\nshort\n";
        assert_eq!(mount_points(text), [b"/mnt/a b".to_vec(), b"/x\\y".to_vec()]);
    }
}
