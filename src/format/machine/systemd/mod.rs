//! Unit files of systemd and `system.conf`/`user.conf` (systemd.syntax(7), systemd.unit(5), systemd-system.conf(5); systemd's
//! src/shared/conf-parser.c, src/basic/extract-word.c): sections, settings, words, drop-ins.

pub mod service;
mod specifier;
mod words;

use std::sync::Arc;

use super::{at, lines};
use crate::format::shell::At;

pub use specifier::Specifiers;
pub use words::words;

/// `PATH` of a system's services where no setting says otherwise and `/usr/sbin` is a folder of its own (systemd's
/// src/basic/path-util.h, `DEFAULT_PATH`); before systemd 256 without merged folders `:/sbin:/bin` stands at its end.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";

/// A line `Key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The section, such as `Service`; empty before the first.
    pub section: Vec<u8>,
    /// The key as written; keys tell upper and lower case apart.
    pub key: Vec<u8>,
    /// The value, continued lines joined by a blank, blanks around it taken off.
    pub value: Vec<u8>,
    /// The line of the key.
    pub at: At,
}

/// The settings of a file in order; lines that systemd ignores are left out.
pub fn parse(bytes: &[u8], file: &Arc<[u8]>) -> Vec<Setting> {
    let mut out = Vec::new();
    let mut section = Vec::new();
    let (mut whole, mut first) = (Vec::new(), None);
    let mut put = |text: &[u8], line: u32| {
        let text = text.trim_ascii();
        if let Some(name) = text.strip_prefix(b"[") {
            // A header without its end ends the reading of the file; here what follows belongs nowhere.
            section = name.strip_suffix(b"]").unwrap_or_default().to_vec();
        } else if let (key, [b'=', value @ ..]) = super::span(text, |b| b == b'=')
            && std::str::from_utf8(text).is_ok()
        {
            let (key, value) = (key.trim_ascii().to_vec(), value.trim_ascii().to_vec());
            out.push(Setting { section: section.clone(), key, value, at: at(file, line) });
        }
    };
    for (line, text) in lines(bytes) {
        let text = text.trim_ascii_start();
        // A comment between continued lines is passed over; an empty line ends them.
        if text.starts_with(b"#") || text.starts_with(b";") {
            continue;
        }
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let start = *first.get_or_insert(line);
        let escaped = text.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1;
        match text.split_last() {
            Some((_, kept)) if escaped => {
                whole.extend_from_slice(kept);
                whole.push(b' ');
            }
            _ => {
                whole.extend_from_slice(text);
                put(&whole, start);
                whole.clear();
                first = None;
            }
        }
    }
    if let Some(start) = first {
        put(&whole, start);
    }
    out
}

/// The names of the folders with drop-ins for a unit, in each folder of units the earlier winning over the later:
/// `a-b@x.service` has `a-b@x.service.d`, `a-b@.service.d`, `a-@x.service.d` and the like, and `service.d`.
pub fn drop_in_folders(unit: &[u8]) -> Vec<Vec<u8>> {
    let Some(dot) = unit.iter().rposition(|b| *b == b'.') else { return Vec::new() };
    let (stem, suffix) = unit.split_at(dot);
    let (prefix, instance) = super::span(stem, |b| b == b'@');
    let mut prefixes = vec![prefix.to_vec()];
    // Units are named in at most 255 bytes (UNIT_NAME_MAX), so are their dashes.
    for (i, _) in prefix.iter().enumerate().rev().filter(|(_, b)| **b == b'-').take(255) {
        let shorter = prefix.get(..=i).unwrap_or_default();
        if i > 0 && shorter.len() < prefix.len() {
            prefixes.push(shorter.to_vec());
        }
    }
    let folder = |parts: [&[u8]; 3]| [parts.concat(), b".d".to_vec()].concat();
    let mut out = Vec::new();
    for prefix in &prefixes {
        out.push(folder([prefix, instance, suffix]));
        if instance.len() > 1 {
            out.push(folder([prefix, b"@", suffix]));
        }
    }
    out.push(folder([b"", b"", suffix.get(1..).unwrap_or_default()]));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_sections_lines_and_continuations() {
        let file = Arc::from(&b"/etc/systemd/system/x.service"[..]);
        let got = parse(
            b"# c\n[Unit]\nDescription=a \\\n# between\n  b\n\n[Service]\n Environment = A=1 \nnothing\nExecStart=/bin/x \\\\\nUser=\nLast=\\",
            &file,
        );
        let told: Vec<_> = got.iter().map(|s| (s.section.as_slice(), s.key.as_slice(), s.value.as_slice(), s.at.line)).collect();
        type Row<'a> = (&'a [u8], &'a [u8], &'a [u8], u32);
        let want: [Row<'_>; 5] = [
            (b"Unit", b"Description", b"a  b", 3),
            (b"Service", b"Environment", b"A=1", 8),
            (b"Service", b"ExecStart", b"/bin/x \\\\", 10),
            (b"Service", b"User", b"", 11),
            (b"Service", b"Last", b"", 12),
        ];
        assert_eq!(told, want);
    }

    #[test]
    fn drop_ins_go_from_the_unit_to_its_type() {
        let names = |unit: &str| -> Vec<String> {
            drop_in_folders(unit.as_bytes()).into_iter().map(|n| String::from_utf8(n).unwrap()).collect()
        };
        assert_eq!(names("go-build.service"), ["go-build.service.d", "go-.service.d", "service.d"]);
        assert_eq!(names("user@1000.service"), ["user@1000.service.d", "user@.service.d", "service.d"]);
        assert!(names("none").is_empty());
    }
}
