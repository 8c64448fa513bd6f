//! `/etc/login.defs` (login.defs(5); shadow's lib/getdef.c, libmisc/setupenv.c; util-linux's lib/logindefs.c): what log-in programs
//! take from it for `PATH`.

use std::sync::Arc;

use super::{Env, at, lines, span};
use crate::format::shell::Value;

/// Who reads the file: they differ in names and defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// `login` and `su` of shadow (Debian's `login` before 2025).
    Shadow,
    /// `login`, `su` and `runuser` of util-linux.
    UtilLinux,
}

/// Every setting, later lines over earlier ones.
pub fn parse(bytes: &[u8], file: &Arc<[u8]>) -> Env {
    let mut settings = Env::new();
    for (line, text) in lines(bytes) {
        let text = text.trim_ascii();
        if text.is_empty() || text.starts_with(b"#") {
            continue;
        }
        let (name, rest) = span(text, super::is_blank);
        if rest.is_empty() {
            continue;
        }
        let start = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'"')).unwrap_or(rest.len());
        let (value, _) = span(rest.get(start..).unwrap_or_default(), |b| b == b'"');
        settings.insert(name.to_vec(), Value::put(value, Some(&at(file, line))));
    }
    settings
}

/// The `PATH` that a log-in of this user starts with, before PAM and the shell's init files.
pub fn path(settings: &Env, root: bool, reader: Reader) -> Value {
    let (names, default): (&[&[u8]], &[u8]) = match (reader, root) {
        (Reader::Shadow, false) => (&[b"ENV_PATH"], b"/bin:/usr/bin"),
        (Reader::Shadow, true) => (&[b"ENV_SUPATH"], b"/sbin:/bin:/usr/sbin:/usr/bin"),
        (Reader::UtilLinux, false) => (&[b"ENV_PATH"], b"/usr/local/bin:/bin:/usr/bin"),
        (Reader::UtilLinux, true) => {
            (&[b"ENV_ROOTPATH", b"ENV_SUPATH"], b"/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin")
        }
    };
    let Some(value) = names.iter().find_map(|n| settings.get(*n)) else { return Value::put(default, None) };
    let Some(text) = value.text() else { return value.clone() };
    Value::put(text.strip_prefix(b"PATH=").unwrap_or(&text), value.at())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_taken_off_and_the_last_line_holds() {
        let file = Arc::from(&b"/etc/login.defs"[..]);
        let text = b"# ENV_PATH PATH=/no\nENV_PATH\t\tPATH=/bin\n ENV_SUPATH  \"/sbin:/bin\" # x\nENV_PATH PATH=/usr/bin:/bin  \nALONE\n";
        let settings = parse(text, &file);
        let user = path(&settings, false, Reader::Shadow);
        assert_eq!(user.text().unwrap(), b"/usr/bin:/bin");
        assert_eq!(user.at().unwrap().line, 4);
        assert_eq!(path(&settings, true, Reader::UtilLinux).text().unwrap(), b"/sbin:/bin");
        let none = parse(b"", &file);
        assert_eq!(path(&none, false, Reader::Shadow).text().unwrap(), b"/bin:/usr/bin");
        assert_eq!(path(&none, true, Reader::Shadow).text().unwrap(), b"/sbin:/bin:/usr/sbin:/usr/bin");
        assert!(!settings.contains_key(&b"ALONE"[..]));
    }
}
