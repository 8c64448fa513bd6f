//! The texts of the log: tree heads and records (golang.org/x/mod/sumdb/tlog/note.go).

use super::{Hash, Tree, decode64};
use crate::facts::ModuleVersion;
use crate::format::dirhash::H1;
use crate::format::module;

/// A lookup is a number, two lines and a note; Go sets no limit but that of the tree text within the note.
pub const LIMIT: u64 = super::note::LIMIT;

/// The text of a head (`ParseTree`). Lines past the third are for later formats and do not count.
pub fn parse_tree(text: &[u8]) -> Option<Tree> {
    let rest = text.strip_prefix(b"go.sum database tree\n").filter(|_| text.len() <= 1_000_000)?;
    let mut lines = rest.split(|b| *b == b'\n');
    let (size, hash) = (lines.next()?, lines.next()?);
    // The third line ends in a newline as well.
    lines.next()?;
    let size = std::str::from_utf8(size).ok()?;
    let n = size.parse::<i64>().ok().and_then(|n| u64::try_from(n).ok()).filter(|n| n.to_string() == size)?;
    let root = decode64(std::str::from_utf8(hash).ok()?)?;
    Some(Tree { size: n, root: Hash(<[u8; 32]>::try_from(root).ok()?) })
}

/// A record as a lookup holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its number in the log, from 0; nothing signs it, and Go reads any number.
    pub id: i64,
    /// Its text, the last newline included.
    pub text: &'a [u8],
    /// What follows: a signed head.
    pub rest: &'a [u8],
}

impl Record<'_> {
    /// Reads number and text (`ParseRecord`).
    pub fn parse(message: &[u8]) -> Option<Record<'_>> {
        let newline = message.iter().position(|b| *b == b'\n')?;
        let (id, message) = message.split_at(newline);
        let id = std::str::from_utf8(id).ok()?.parse().ok()?;
        let message = message.get(1..)?;
        let end = message.windows(2).position(|w| w == b"\n\n")?;
        let (text, rest) = message.split_at(end + 1);
        is_valid_text(text).then_some(Record { id, text, rest: rest.get(1..)? })
    }

    /// What it says of `module`.
    pub fn sums(&self, module: &ModuleVersion) -> Sums {
        let mut sums = Sums::default();
        for line in std::str::from_utf8(self.text).unwrap_or("").lines() {
            let mut fields = line.split(' ');
            let (Some(path), Some(version), Some(sum)) = (fields.next(), fields.next(), fields.next()) else {
                sums.others = true;
                continue;
            };
            let slot = match version.strip_suffix("/go.mod") {
                _ if path != module.path => None,
                Some(v) if v == module.version => Some(&mut sums.go_mod),
                None if version == module.version => Some(&mut sums.zip),
                _ => None,
            };
            match slot {
                // The first line with an `h1:` decides (cmd/go/internal/modfetch/fetch.go, `checkSumDB`).
                Some(slot @ None) if fields.next().is_none() => *slot = H1::parse(sum),
                Some(_) => {}
                None => sums.others = true,
            }
        }
        sums
    }
}

/// The sums that a record gives for one module version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Of its zip.
    pub zip: Option<H1>,
    /// Of its go.mod.
    pub go_mod: Option<H1>,
    /// Whether a line is about something else.
    pub others: bool,
}

/// `isValidRecordText`: UTF-8 without control characters or empty lines, with a newline at its end.
fn is_valid_text(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok()
        && !text.iter().any(|b| *b < 0x20 && *b != b'\n')
        && !text.windows(2).any(|w| w == b"\n\n")
        && text.ends_with(b"\n")
}

/// The module version that a lookup's file name stands for: `<escaped path>@<escaped version>`.
pub fn lookup_name(name: &str) -> Option<ModuleVersion> {
    let (path, version) = name.rsplit_once('@')?;
    Some(ModuleVersion {
        path: module::unescape_path(path.as_bytes()).ok()?,
        version: module::unescape_version(version.as_bytes()).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "YKbGT4uCWTZUsAOYw6xmft30GlLu7X7wgr12m2oxslA=";
    const H: &str = "h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=";

    #[test]
    fn trees() {
        let tree = |size: &str| parse_tree(format!("go.sum database tree\n{size}\n{ROOT}\nmore\n").as_bytes()).map(|t| t.size);
        assert_eq!(tree("0"), Some(0));
        assert_eq!(tree("9223372036854775807"), Some(i64::MAX.unsigned_abs()));
        for bad in ["", "-1", "+1", "01", " 1", "9223372036854775808"] {
            assert_eq!(tree(bad), None, "{bad}");
        }
        assert_eq!(parse_tree(format!("go.sum database tree\n1\n{ROOT}").as_bytes()), None, "cut off");
    }

    #[test]
    fn records() {
        let message = format!("-7\na.b/c v1.0.0 {H}\na.b/c v1.0.0/go.mod {H}\n\nrest\n\n");
        let record = Record::parse(message.as_bytes()).expect("a record");
        assert_eq!((record.id, record.rest), (-7, &b"rest\n\n"[..]));
        let module = |v: &str| ModuleVersion { path: "a.b/c".into(), version: v.into() };
        let sums = record.sums(&module("v1.0.0"));
        assert_eq!((sums.zip, sums.go_mod, sums.others), (H1::parse(H), H1::parse(H), false));
        let none = record.sums(&module("v1.0.1"));
        assert_eq!((none.zip, none.go_mod, none.others), (None, None, true));
        for bad in ["", "1", "1\n", "1\na\n", "x\na\n\n", "1\na\tb\n\n", "1\n\n", "1\na\r\n\n"] {
            assert_eq!(Record::parse(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn names() {
        let name = lookup_name("github.com/!burnt!sushi/toml@v1.0.0-!r!c1").expect("a name");
        assert_eq!((name.path.as_str(), name.version.as_str()), ("github.com/BurntSushi/toml", "v1.0.0-RC1"));
        for bad in ["", "a.b/c", "A.b/c@v1", "a.b/c@", "../x@v1"] {
            assert_eq!(lookup_name(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_record_is_cut_where_it_says(message in proptest::collection::vec(proptest::sample::select(b"0-1\n a\xff\t".to_vec()), 0..40)) {
            if let Some(r) = Record::parse(&message) {
                let id = message.iter().position(|b| *b == b'\n').unwrap();
                assert_eq!(id + 1 + r.text.len() + 1 + r.rest.len(), message.len());
            }
            let _ = parse_tree(&message);
        }
    }
}
