//! `/proc/locks` (proc_locks(5)): who holds a lock on a file.

/// The process that holds a lock on node `ino` of the file system with these numbers; one that only waits is passed over.
///
/// A line is `1: FLOCK  ADVISORY  WRITE 6145 08:02:131203 0 EOF`, numbers of the file system hexadecimal.
pub fn holder(table: &[u8], major: u32, minor: u32, ino: u64) -> Option<u32> {
    String::from_utf8_lossy(table).lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        if words.next()? == "->" {
            return None;
        }
        let mut words = words.skip(2);
        let (process, node) = (words.next()?, words.next()?);
        let mut parts = node.split(':');
        let number = |part: Option<&str>| u32::from_str_radix(part?, 16).ok();
        let same = number(parts.next())? == major && number(parts.next())? == minor && parts.next()?.parse() == Ok(ino);
        process.parse().ok().filter(|_| same)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_found() {
        let table = b"1: -> FLOCK  ADVISORY  WRITE 7 08:02:131203 0 EOF\n2: FLOCK  ADVISORY  WRITE 6145 08:02:131203 0 EOF\n\
            3: POSIX  ADVISORY  READ  99 00:1f:131203 0 EOF\nrubbish\n\xff\n";
        assert_eq!(holder(table, 8, 2, 131_203), Some(6145));
        assert_eq!(holder(table, 0, 0x1f, 131_203), Some(99));
        assert_eq!(holder(table, 8, 2, 1), None);
        assert_eq!(holder(b"", 8, 2, 1), None);
    }
}
