//! The list of the files that a package is compiled from, one a line: `./name` for one in the package's directory, `name` for
//! one that was generated and is kept beside (cmd/go/internal/work/exec.go: `cacheSrcFiles`, `loadCachedVet`,
//! `loadCachedCompiledGoFiles`).

use std::fmt;

use super::zip::printable;

/// Most generated files that are looked for: ours, so that a made-up list has no say in the work. Cgo and coverage make a few
/// for each source file; the largest packages known have some hundred.
pub const MAX_GENERATED: usize = 4096;

/// What a list says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceList {
    /// Names of generated files, at most [`MAX_GENERATED`].
    pub generated: Vec<Box<[u8]>>,
    /// The first thing that Go never writes.
    pub damage: Option<SourceListDamage>,
}

/// Something that Go never writes into a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceListDamage {
    /// The last line has no end, or a byte is NUL.
    NoText,
    /// A name that leads out of the directory which it stands for.
    Outside(String),
}

impl fmt::Display for SourceListDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceListDamage::NoText => f.write_str("it is no list of file names"),
            SourceListDamage::Outside(name) => write!(f, "it names `{name}`, outside of the package"),
        }
    }
}

/// Reads a list as Go does.
pub fn parse(bytes: &[u8]) -> SourceList {
    let mut list = SourceList::default();
    if bytes.contains(&0) || bytes.last().is_some_and(|b| *b != b'\n') {
        list.damage = Some(SourceListDamage::NoText);
        return list;
    }
    for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let package = line.strip_prefix(b"./");
        let name = package.unwrap_or(line);
        // An absolute name follows `./` where `go list -test` has put a file into the cache itself.
        let climbs = name.split(|b| matches!(b, b'/' | b'\\')).any(|part| part == b"..");
        let plain = package.is_some() || !name.iter().any(|b| matches!(b, b'/' | b'\\'));
        if list.damage.is_none() && (climbs || !plain) {
            list.damage = Some(SourceListDamage::Outside(printable(name)));
        }
        if package.is_none() && list.generated.len() < MAX_GENERATED {
            list.generated.push(name.into());
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn generated_names_stand_bare() {
        let list = parse(b"./a.go\n_cgo_gotypes.go\nb.cgo1.go\n.//home/u/.cache/go-build/ab/cd-d\n");
        assert_eq!(list.generated, [&b"_cgo_gotypes.go"[..], b"b.cgo1.go"].map(Box::from));
        assert_eq!(list.damage, None);
        assert_eq!(parse(b""), SourceList::default());
        assert_eq!(parse(b"./..go\n./a..go\n").damage, None);
    }

    #[test]
    fn what_leads_out_is_named() {
        let damage = |b: &[u8]| parse(b).damage;
        assert_eq!(damage(b"./a.go\n./../u.go\n"), Some(SourceListDamage::Outside("../u.go".into())));
        assert_eq!(damage(b"./..\\u.go\n"), Some(SourceListDamage::Outside("..\\u.go".into())));
        assert_eq!(damage(b"x/u.go\n"), Some(SourceListDamage::Outside("x/u.go".into())));
        assert_eq!(damage(b"./a.go"), Some(SourceListDamage::NoText));
        assert_eq!(damage(b"\x7fELF\0\n"), Some(SourceListDamage::NoText));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }
    }
}
