//! Whoever wants to see the files of a module zip while it is verified, so that it is inflated once.

use crate::format::index::MAX_SOURCE;

/// Takes the path of each file of a module, and its bytes where they were asked for and are not too many.
pub type TakeFile<'a> = dyn FnMut(&str, Option<&[u8]>) + 'a;

/// Who wants to see the files of a zip.
pub struct Onlooker<'a> {
    /// Whether the bytes of the file at a path are wanted.
    pub wants: fn(&[u8]) -> bool,
    /// Takes the files.
    pub take: &'a mut TakeFile<'a>,
}

impl std::fmt::Debug for Onlooker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Onlooker")
    }
}

/// A file while its pieces come in.
pub(in crate::evidence) struct Held<'a, 'b> {
    onlooker: &'a mut Onlooker<'b>,
    path: &'a str,
    size: u64,
    wanted: bool,
    bytes: Vec<u8>,
    handed_on: bool,
}

impl<'a, 'b> Held<'a, 'b> {
    /// `path`: relative to the module's root; `None` for what is no file of it.
    pub(in crate::evidence) fn begin(onlooker: Option<&'a mut Onlooker<'b>>, path: Option<&'a str>, size: u64) -> Option<Self> {
        let (onlooker, path) = (onlooker?, path?);
        let wanted = size <= MAX_SOURCE && (onlooker.wants)(path.as_bytes());
        Some(Held { onlooker, path, size, wanted, bytes: Vec::new(), handed_on: false })
    }

    /// Takes the next piece. A file that comes in one piece is never copied.
    pub(in crate::evidence) fn piece(&mut self, piece: &[u8]) {
        if !self.wanted || self.handed_on {
            return;
        }
        if self.bytes.is_empty() && u64::try_from(piece.len()).is_ok_and(|n| n == self.size) {
            (self.onlooker.take)(self.path, Some(piece));
            self.handed_on = true;
        } else {
            self.bytes.extend_from_slice(piece);
        }
    }

    /// No piece follows.
    pub(in crate::evidence) fn end(self) {
        if !self.handed_on {
            (self.onlooker.take)(self.path, self.wanted.then_some(self.bytes.as_slice()));
        }
    }
}
