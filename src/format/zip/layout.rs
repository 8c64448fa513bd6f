//! Every byte of the file is accounted for: what lies between the members and around them.

use super::central::Directory;
use super::damage::{Damages, Hidden, ZipDamage, printable};

/// The bytes of one member: from its local header to behind its data descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extent {
    /// Offset of the local header.
    pub start: u64,
    /// Offset behind the last byte.
    pub stop: u64,
    /// Index of the member in the directory.
    pub member: usize,
}

/// Finds gaps and overlaps. `extents` are those of all members that could be read; where one could not, what lies around it
/// can't be told and gaps are not looked for.
pub fn check_layout(dir: &Directory, extents: &mut [Extent], damage: &mut Damages) {
    extents.sort_unstable();
    let whole = extents.len() == dir.members.len();
    let name = |i: usize| dir.members.get(i).map(|m| printable(dir.name(m))).unwrap_or_default();
    let (mut at, mut last) = (0, None);
    for e in extents.iter() {
        if e.start > at && whole {
            let place = if last.is_none() { Hidden::Front } else { Hidden::Between };
            damage.push(ZipDamage::HiddenBytes(place, at, e.start - at));
        } else if e.start < at {
            let other = last.map_or_else(String::new, |l| format!("`{}`", name(l)));
            damage.push(ZipDamage::Overlap(name(e.member), other));
        }
        if e.stop > at {
            (at, last) = (e.stop, Some(e.member));
        }
    }
    if let Some(l) = last.filter(|_| at > dir.start) {
        damage.push(ZipDamage::Overlap(name(l), "the directory".to_owned()));
    } else if whole && at < dir.start {
        let place = if last.is_none() { Hidden::Front } else { Hidden::Between };
        damage.push(ZipDamage::HiddenBytes(place, at, dir.start - at));
    }
    if dir.listed && dir.stop < dir.end {
        damage.push(ZipDamage::HiddenBytes(Hidden::Directory, dir.stop, dir.end - dir.stop));
    }
}
