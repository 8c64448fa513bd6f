//! sha256 and content ID of a linked file.

use std::io::{self, Read};
use std::ops::Range;

use crate::format::ReadAt;
use crate::format::binary::Image;
use crate::format::buildid::{BuildId, ContentHash, ContentHasher, IdHash, Watch};

/// Hashes the file that carries `id`, and computes its content ID if `id` has one to hold against: as Go >= 1.24 does, which
/// leaves out the host's own build ID, and if that does not fit, in a second read, as Go <= 1.23 did.
pub fn linked(
    r: &dyn ReadAt,
    id: &BuildId,
    image: Option<&Image>,
    hasher: &mut ContentHasher,
) -> io::Result<(ContentHash, Option<IdHash>)> {
    let claimed = id.linked_content();
    let mut excluded: Vec<Range<u64>> = image.and_then(|i| i.signature.clone()).into_iter().collect();
    let fewer = excluded.clone();
    let host_id = image.and_then(|i| i.host_id.clone());
    let twice = host_id.is_some();
    excluded.extend(host_id);
    let mut hash = |excluded: &[Range<u64>]| {
        let watch = claimed.as_ref().and_then(|_| Watch::new(id, excluded));
        hasher.hash(&mut Stream { r, at: 0 }, r.size(), &mut |_| watch.clone())
    };
    let first = hash(&excluded)?;
    let content = first.content.clone();
    if twice && content != claimed {
        let second = hash(&fewer)?.content;
        if second == claimed {
            return Ok((first, second));
        }
    }
    Ok((first, content))
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
