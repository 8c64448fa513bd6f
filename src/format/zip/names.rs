//! The names of a module zip: golang.org/x/mod/zip (`checkZip`, `collisionChecker`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::central::{Directory, Member};
use super::damage::{Damages, ZipDamage, printable};
use super::fold::fold;
use super::{MAX_GO_MOD, MAX_LICENSE, MAX_ZIP};
use crate::format::module::check_file_path;
use crate::format::module::path::PathFault;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A file.
    File,
    /// A folder that holds one.
    Folder,
}

/// The files that Go extracts and their folders, by path relative to the module's folder.
#[derive(Debug, Default)]
pub struct Names<'a> {
    folded: HashMap<Cow<'a, str>, (&'a str, Named)>,
    relative: Vec<Option<&'a str>>,
    /// Sum of the claimed sizes, in bytes.
    pub size: u64,
}

impl<'a> Names<'a> {
    /// What `path` is, exactly as it is written.
    pub fn get(&self, path: &str) -> Option<Named> {
        self.folded.get(&fold(path)).filter(|(p, _)| *p == path).map(|(_, named)| *named)
    }

    /// The path of the member with this index; `None` for folders and for names that Go refuses.
    pub fn path(&self, member: usize) -> Option<&'a str> {
        self.relative.get(member).copied().flatten()
    }
}

/// Checks every name against `prefix` (`path@version/`) and the rules of module zips.
pub fn check_names<'a>(dir: &'a Directory, prefix: &str, damage: &mut Damages) -> Names<'a> {
    let mut names = Names { folded: HashMap::with_capacity(dir.members.len() * 5 / 4), ..Names::default() };
    let mut last_folder = "";
    for member in &dir.members {
        let path = check_member(dir, member, prefix, &mut names, &mut last_folder, damage);
        names.relative.push(path);
    }
    names
}

fn check_member<'a>(
    dir: &'a Directory,
    member: &Member,
    prefix: &str,
    names: &mut Names<'a>,
    last_folder: &mut &'a str,
    damage: &mut Damages,
) -> Option<&'a str> {
    let full = dir.name(member);
    let Some(relative) = full.strip_prefix(prefix.as_bytes()) else {
        damage.push(ZipDamage::WrongPrefix(printable(full)));
        return None;
    };
    if relative.is_empty() {
        return None;
    }
    let (relative, named) = match relative.strip_suffix(b"/") {
        Some(folder) => (folder, Named::Folder),
        None => (relative, Named::File),
    };
    if !is_clean(relative) {
        damage.push(ZipDamage::NotClean(printable(full)));
        return None;
    }
    let path = match check_path(relative, last_folder) {
        Ok(path) => path,
        Err(fault) => {
            damage.push(ZipDamage::BadName(printable(full), fault));
            return None;
        }
    };
    if let Some(collision) = register(names, path, named, last_folder) {
        damage.push(collision(printable(full)));
        return None;
    }
    if named == Named::Folder {
        return None;
    }
    let base = path.rsplit('/').next().unwrap_or(path);
    if base.eq_ignore_ascii_case("go.mod") {
        if base != path {
            damage.push(ZipDamage::NestedGoMod(printable(full)));
            return None;
        }
        if path != "go.mod" {
            damage.push(ZipDamage::GoModCase(printable(full)));
            return None;
        }
    }
    let size = names.size.saturating_add(member.size);
    if size > MAX_ZIP && names.size <= MAX_ZIP {
        damage.push(ZipDamage::ContentTooLarge);
    }
    names.size = size;
    let limit = match path {
        "go.mod" => MAX_GO_MOD,
        "LICENSE" => MAX_LICENSE,
        _ => u64::MAX,
    };
    if member.size > limit {
        // Go refuses the zip for it; the file of this name is its file all the same.
        damage.push(ZipDamage::MemberTooLarge(printable(full), member.size));
    }
    Some(path)
}

/// The rules of file names. Files of one folder follow each other: what held for the path of the last one's folder holds here.
fn check_path<'a>(path: &'a [u8], last_folder: &str) -> Result<&'a str, PathFault> {
    let below = path.strip_prefix(last_folder.as_bytes()).and_then(|rest| rest.strip_prefix(b"/"));
    match below.filter(|name| !last_folder.is_empty() && !name.contains(&b'/')) {
        Some(name) => check_file_path(name).and_then(|_| std::str::from_utf8(path).map_err(|_| PathFault::InvalidUtf8)),
        None => check_file_path(path),
    }
}

/// Whether `path.Clean` leaves the path as it is.
fn is_clean(path: &[u8]) -> bool {
    if path == b"." || path == b"/" {
        return true;
    }
    // `..` may stand at the front of a clean relative path.
    let mut inside = false;
    let absolute = path.starts_with(b"/");
    let path = path.strip_prefix(b"/").unwrap_or(path);
    path.split(|b| *b == b'/').all(|element| match element {
        b"" | b"." => false,
        b".." => !absolute && !inside,
        _ => {
            inside = true;
            true
        }
    })
}

type Collision = Box<dyn FnOnce(String) -> ZipDamage>;

/// `collisionChecker.check`: the path and every folder above it.
fn register<'a>(names: &mut Names<'a>, path: &'a str, named: Named, last_folder: &mut &'a str) -> Option<Collision> {
    let own_folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (mut path, mut named) = (path, named);
    loop {
        match names.folded.entry(fold(path)) {
            Entry::Vacant(place) => {
                place.insert((path, named));
            }
            Entry::Occupied(place) => {
                let (other, other_named) = *place.get();
                if other != path {
                    let other = printable(other.as_bytes());
                    return Some(Box::new(move |name| ZipDamage::CaseCollision(name, other)));
                }
                if other_named != named {
                    return Some(Box::new(ZipDamage::FileAndFolder));
                }
                if named == Named::File {
                    return Some(Box::new(ZipDamage::Duplicate));
                }
            }
        }
        // Files of one folder follow each other: what held above the last one holds above this one.
        match path.rsplit_once('/') {
            Some((folder, _)) if !folder.is_empty() && folder != *last_folder => (path, named) = (folder, Named::Folder),
            _ => break,
        }
    }
    *last_folder = own_folder;
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values: Go's path.Clean(name) == name.
    #[test]
    fn clean_is_what_go_calls_clean() {
        for (path, clean) in [
            ("a", true),
            ("a/b", true),
            ("..", true),
            ("../a", true),
            ("../../a", true),
            ("a/..", false),
            ("a/../b", false),
            ("/..", false),
            ("/a", true),
            ("/", true),
            ("//a", false),
            ("a//b", false),
            ("a/", false),
            ("./a", false),
            (".", true),
            ("", false),
        ] {
            assert_eq!(is_clean(path.as_bytes()), clean, "{path}");
        }
    }
}
