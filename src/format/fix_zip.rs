//! What `go fix` keeps of its work on a package: a zip of absolute file names and new contents, which it writes over those
//! files without another look (Go 1.26 and later; cmd/go/internal/vet/vet.go: `readZip`;
//! golang.org/x/tools/go/analysis/unitchecker: `processResults`).

use std::collections::BTreeSet;
use std::fmt;

use super::zip::{
    Damages, Directory, Extent, Failure, Inflater, Member, Window, ZipDamage, check_descriptor, check_layout, printable,
    read_directory, read_local,
};

/// Largest zip that is read, in bytes. Ours: it holds the changed sources of one package, written by people, deflated.
pub const MAX: u64 = 8 << 20;

/// Largest sum of the contents that is inflated, for the same reason.
pub const MAX_CONTENT: u64 = 256 << 20;

/// How many defects are kept.
const KEPT: usize = 8;

/// One thing that `go fix` never writes. Names are printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixDamage {
    /// Larger than [`MAX`].
    TooLarge(u64),
    /// Go can't read it.
    Unreadable(ZipDamage),
    /// Not an absolute path: it would be written below wherever `go fix` runs.
    Relative(String),
    /// An empty, `.` or `..` element, or a NUL.
    NotClean(String),
    /// No Go file.
    NotGo(String),
    /// In another folder than the first member.
    OtherFolder(String, String),
    /// There twice.
    Twice(String),
    /// Go's own writer makes nothing like this.
    OtherWriter(String),
}

impl FixDamage {
    /// Whether `go fix` would write something that it must not.
    pub fn writes(&self) -> bool {
        match self {
            FixDamage::Relative(_)
            | FixDamage::NotClean(_)
            | FixDamage::NotGo(_)
            | FixDamage::OtherFolder(..)
            | FixDamage::Twice(_) => true,
            FixDamage::TooLarge(_) | FixDamage::Unreadable(_) | FixDamage::OtherWriter(_) => false,
        }
    }
}

impl fmt::Display for FixDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FixDamage::TooLarge(size) => write!(f, "it is {size} bytes large, more than the sources of any package"),
            FixDamage::Unreadable(why) => write!(f, "{why}"),
            FixDamage::Relative(name) => write!(f, "`{name}` is no absolute path"),
            FixDamage::NotClean(name) => write!(f, "`{name}` is no clean path"),
            FixDamage::NotGo(name) => write!(f, "`{name}` is no Go file"),
            FixDamage::OtherFolder(name, folder) => write!(f, "`{name}` lies outside of the package in `{folder}`"),
            FixDamage::Twice(name) => write!(f, "`{name}` is there twice"),
            FixDamage::OtherWriter(why) => write!(f, "another program than go wrote it: {why}"),
        }
    }
}

/// Reads such a zip as Go does and returns what `go fix` never writes, the first few of it. `windows`: whether paths are those
/// of Windows.
pub fn check(bytes: &[u8], windows: bool) -> Vec<FixDamage> {
    let mut found = Found::default();
    let mut held = Vec::new();
    let mut window = Window::new(bytes, &mut held);
    let mut damage = Damages::default();
    // Bytes in memory are read without an error.
    let directory = read_directory(&mut window, &mut damage).unwrap_or_default();
    names(&directory, windows, &mut found);
    if directory.listed {
        contents(&directory, &mut window, &mut damage, &mut found);
    }
    for d in damage.iter() {
        match d {
            // The comment names the package.
            ZipDamage::Comment(_) | ZipDamage::GitComment => {}
            d if d.refused() => found.push(FixDamage::Unreadable(d.clone())),
            d => found.push(FixDamage::OtherWriter(d.to_string())),
        }
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<FixDamage>);

impl Found {
    fn push(&mut self, damage: FixDamage) {
        if self.0.len() < KEPT {
            self.0.push(damage);
        }
    }
}

fn names(directory: &Directory, windows: bool, found: &mut Found) {
    let (mut seen, mut folder) = (BTreeSet::new(), None);
    for member in &directory.members {
        let name = directory.name(member);
        let shown = || printable(name);
        let separator = |b: &u8| *b == b'/' || (windows && *b == b'\\');
        let body = match (windows, name) {
            (false, [b'/', body @ ..]) => Some(body),
            (true, [drive, b':', b'/' | b'\\', body @ ..]) if drive.is_ascii_alphabetic() => Some(body),
            (true, [b'\\', b'\\', body @ ..]) => Some(body),
            _ => None,
        };
        let last = name.rsplit(separator).next().unwrap_or(name);
        let parent = name.get(..name.len() - last.len()).unwrap_or(name);
        match body {
            None => found.push(FixDamage::Relative(shown())),
            Some(body) if body.contains(&0) || body.split(separator).any(|p| matches!(p, b"" | b"." | b"..")) => {
                found.push(FixDamage::NotClean(shown()));
            }
            Some(_) if !last.ends_with(b".go") || last.len() < 4 => found.push(FixDamage::NotGo(shown())),
            Some(_) if !seen.insert(name) => found.push(FixDamage::Twice(shown())),
            Some(_) => match folder {
                None => folder = Some(parent),
                Some(folder) if folder != parent => found.push(FixDamage::OtherFolder(shown(), printable(folder))),
                Some(_) => {}
            },
        }
    }
}

/// Inflates every member as Go would, and accounts for every byte of the zip.
fn contents(directory: &Directory, window: &mut Window<'_, [u8]>, damage: &mut Damages, found: &mut Found) {
    let (mut inflater, mut extents, mut left) = (Inflater::default(), Vec::new(), MAX_CONTENT);
    for (i, member) in directory.members.iter().enumerate() {
        let name = directory.name(member);
        if let Some(why) = foreign(member) {
            found.push(FixDamage::OtherWriter(format!("`{}` {why}", printable(name))));
        }
        if member.size > left {
            damage.push(ZipDamage::Bomb(printable(name), member.size, member.compressed));
            continue;
        }
        left -= member.size;
        let Ok(Some(local)) = read_local(window, member, name, damage) else { continue };
        let end = local.data.saturating_add(member.compressed);
        let shown = printable(name);
        match inflater.content(window, member, local.data, &mut |_| {}) {
            Ok(Ok(content)) if content.crc32 != member.crc32 => {
                damage.push(ZipDamage::WrongCrc(shown, member.crc32, content.crc32));
            }
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(Failure::UnknownMethod)) => damage.push(ZipDamage::UnknownMethod(shown, member.method)),
            Ok(Err(Failure::BadDeflate)) => damage.push(ZipDamage::BadDeflate(shown)),
            Ok(Err(Failure::BeyondEnd)) => damage.push(ZipDamage::BeyondEnd(shown)),
            Ok(Err(Failure::WrongSize(size))) => damage.push(ZipDamage::WrongSize(shown, member.size, size)),
        }
        if let Ok(Some(length)) = check_descriptor(window, member, local, end, name, damage) {
            extents.push(Extent { start: member.offset, stop: end.saturating_add(length), member: i });
        }
    }
    if extents.len() == directory.members.len() {
        check_layout(directory, &mut extents, damage);
    }
}

/// What sets a member apart from those that Go's writer makes (archive/zip/writer.go: `Create`).
fn foreign(member: &Member) -> Option<&'static str> {
    if member.method != 8 {
        return Some("is not deflated");
    }
    // A descriptor follows; the other bit says that the name is UTF-8.
    (member.flags & !0x800 != 0x8).then_some("has its sizes before its data")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::zip::{ZipMember, pack};
    use proptest::prelude::*;

    fn of(names: &[&str]) -> Vec<FixDamage> {
        let members: Vec<ZipMember> = names.iter().map(|n| ZipMember::new(*n, "package p\n")).collect();
        check(&pack(&members).unwrap(), false)
    }

    #[test]
    fn go_files_of_one_folder_are_what_go_fix_writes() {
        assert_eq!(of(&["/src/m/a.go", "/src/m/b_test.go"]), []);
        assert_eq!(of(&["/a.go"]), []);
        assert_eq!(of(&[]), []);
    }

    #[test]
    fn whatever_would_be_written_elsewhere_is_told() {
        for (names, want) in [
            (&["m/a.go"][..], FixDamage::Relative("m/a.go".into())),
            (&["/src/m/../n/a.go"], FixDamage::NotClean("/src/m/../n/a.go".into())),
            (&["/src//a.go"], FixDamage::NotClean("/src//a.go".into())),
            (&["/src/./a.go"], FixDamage::NotClean("/src/./a.go".into())),
            (&["/src/a\0.go"], FixDamage::NotClean("/src/a\\u{0}.go".into())),
            (&["/root/.bashrc"], FixDamage::NotGo("/root/.bashrc".into())),
            (&["/src/.go"], FixDamage::NotGo("/src/.go".into())),
            (&["/src/m/a.go", "/src/n/b.go"], FixDamage::OtherFolder("/src/n/b.go".into(), "/src/m/".into())),
            (&["/src/m/a.go", "/src/m/n/b.go"], FixDamage::OtherFolder("/src/m/n/b.go".into(), "/src/m/".into())),
            (&["/src/m/a.go", "/src/m/a.go"], FixDamage::Twice("/src/m/a.go".into())),
        ] {
            assert!(of(names).contains(&want), "{names:?}: {:?}", of(names));
            assert!(want.writes());
        }
        let many: Vec<String> = (0..100).map(|i| format!("{i}.go")).collect();
        assert_eq!(of(&many.iter().map(String::as_str).collect::<Vec<_>>()).len(), KEPT);
    }

    #[test]
    fn windows_has_other_absolute_paths() {
        let of = |name: &str| check(&pack(&[ZipMember::new(name, "package p\n")]).unwrap(), true);
        assert_eq!(of("C:\\src\\m\\a.go"), []);
        assert_eq!(of("\\\\server\\share\\a.go"), []);
        for bad in ["C:a.go", "\\a.go", "/a.go", "C:\\..\\a.go", "C:\\src\\a.txt"] {
            assert_eq!(of(bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn another_writer_and_damage_show() {
        let one = |change: fn(&mut ZipMember)| {
            let mut member = ZipMember::new("/src/a.go", "package p\n");
            change(&mut member);
            check(&pack(&[member]).unwrap(), false)
        };
        assert!(matches!(one(|m| m.sizes_first = true)[..], [FixDamage::OtherWriter(_)]));
        assert!(matches!(one(|m| m.stored = true)[..], [FixDamage::OtherWriter(_)]));
        assert!(matches!(one(|m| m.gap = b"hidden".into())[..], [FixDamage::OtherWriter(_)]));
        assert!(matches!(one(|m| m.crc_offset = 1)[..], [FixDamage::Unreadable(_)]));
        assert!(matches!(one(|m| m.unix_mode = Some(0o120_777))[..], [FixDamage::OtherWriter(_)]));
        assert!(matches!(check(b"PK\x03\x04 no zip", false)[..], [FixDamage::Unreadable(_)]));
        let bomb = ZipMember::new("/src/a.go", vec![b' '; 20 << 20]);
        assert!(!check(&pack(&[bomb]).unwrap(), false).is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
            let _ = check(&bytes, false);
            let mut real = pack(&[ZipMember::new("/src/a.go", "package p\n"), ZipMember::new("/src/b.go", "package p\n")]).unwrap();
            for (at, b) in flips {
                let at = at.index(real.len());
                real[at] = b;
            }
            let _ = check(&real, true);
        }
    }
}
