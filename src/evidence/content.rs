//! sha256 and content ID of a linked file.

use std::io::{self, Read};
use std::ops::Range;

use crate::format::ReadAt;
use crate::format::binary::Image;
use crate::format::buildid::{BuildId, ContentHash, ContentHasher, IdHash, Watch};

/// Hashes the file that carries `id`, and computes its content ID if `id` has one to hold against.
pub fn hash(
    r: &dyn ReadAt,
    id: &BuildId,
    image: Option<&Image>,
    hasher: &mut ContentHasher,
) -> io::Result<(ContentHash, Option<IdHash>)> {
    let [newer, older] = watches(id, image);
    let first = hasher.hash(&mut Stream { r, at: 0 }, r.size(), &mut |_| newer.clone())?;
    let content = second(r, id, first.content.clone(), older, hasher)?;
    Ok((first, content))
}

/// The content ID of the file that carries `id`, if `id` has one to hold against.
pub fn id(r: &dyn ReadAt, id: &BuildId, image: Option<&Image>, hasher: &mut ContentHasher) -> io::Result<Option<IdHash>> {
    let [newer, older] = watches(id, image);
    let Some(newer) = newer else { return Ok(None) };
    let first = hasher.content(&mut Stream { r, at: 0 }, r.size(), &newer)?;
    second(r, id, Some(first), older, hasher)
}

/// What to watch as Go >= 1.24 does, which leaves out the host's own build ID, and, where there is one, as Go <= 1.23 did.
fn watches(id: &BuildId, image: Option<&Image>) -> [Option<Watch>; 2] {
    let checkable = id.linked_content().is_some();
    let signature: Vec<Range<u64>> = image.and_then(|i| i.signature.clone()).into_iter().collect();
    let host_id = image.and_then(|i| i.host_id.clone());
    let both: Vec<Range<u64>> = signature.iter().cloned().chain(host_id.clone()).collect();
    let watch = |excluded: &[Range<u64>]| Watch::new(id, excluded).filter(|_| checkable);
    [watch(&both), host_id.and_then(|_| watch(&signature))]
}

/// Where the first way does not fit, the content ID in the older way, in a second read, if that fits.
fn second(
    r: &dyn ReadAt,
    id: &BuildId,
    first: Option<IdHash>,
    older: Option<Watch>,
    hasher: &mut ContentHasher,
) -> io::Result<Option<IdHash>> {
    let claimed = id.linked_content();
    let (Some(watch), true) = (older, first != claimed) else { return Ok(first) };
    let second = Some(hasher.content(&mut Stream { r, at: 0 }, r.size(), &watch)?);
    Ok(if second == claimed { second } else { first })
}

/// A file from its start, whatever was read of it before.
struct Stream<'a> {
    r: &'a dyn ReadAt,
    at: u64,
}

impl Read for Stream<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.r.read_at(self.at, to)?;
        self.at = self.at.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        Ok(n)
    }
}
