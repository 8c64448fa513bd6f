//! Several outputs hashed at a time: when one ends, the next takes its lane. Two hashes of an archive are wanted, its sha256
//! and its content ID; how many files side by side cost least is a matter of the processor.

use std::io::{self, Read};

use super::kept;
use crate::format::action::OutputId;
use crate::format::buildid::{BuildId, ContentHash, ContentHasher, Watch, archive_build_id};
use crate::format::output::{self, OutputClass};
use crate::format::sha256::pairs_at_once;
use crate::format::subkey::GoVersion;

/// An output that is to be hashed.
#[derive(Debug)]
pub struct Job<R> {
    /// From the name.
    pub id: OutputId,
    /// Where its bytes come from, from the first one on.
    pub from: R,
    /// Its size in bytes when it was opened. What is read counts, not this.
    pub expected: u64,
    /// Time of the last write, nanoseconds since 1970.
    pub mtime_ns: i128,
}

/// What became of a [`Job`].
#[derive(Debug)]
pub struct Done<R> {
    /// From the name.
    pub id: OutputId,
    /// Time of the last write, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Where its bytes came from.
    pub from: R,
    /// What its first bytes show, and its hashes, or why it could not be read to its end.
    pub read: io::Result<(Head, ContentHash)>,
}

/// What the first bytes of an output show.
#[derive(Debug)]
pub struct Head {
    /// What it is.
    pub class: OutputClass,
    /// The build ID of a compiled package as Go reads it, empty where there is none.
    pub archive: Option<BuildId>,
    /// The Go that made the archive.
    pub go: Option<GoVersion>,
    /// All of a small output whose content is looked at.
    pub text: Option<Vec<u8>>,
    /// It is an archive that does not begin as one of the gc compiler.
    foreign: bool,
}

/// How an object of the gc compiler begins, and what ends the header of an archive member before it. Go's linker takes such
/// members from any archive (cmd/link/internal/ld/lib.go, `loadobjfile`); those of gccgo hold ELF or other objects.
const MEMBER: &[u8] = b"`\ngo object ";

impl Head {
    const EMPTY: Head = Head { class: OutputClass::Empty, archive: None, foreign: false, go: None, text: None };

    fn of(piece: &[u8], size: u64) -> Head {
        if piece.is_empty() {
            return Head::EMPTY;
        }
        let head = piece.get(..output::HEAD).unwrap_or(piece);
        let class = output::classify(head, size);
        // Go takes one that it reads no ID in for one without.
        let archive = (class == OutputClass::Archive).then(|| archive_build_id(head).unwrap_or_default());
        let go = archive.as_ref().and_then(|_| GoVersion::of_archive(head));
        let whole = kept::is_kept(class) && u64::try_from(piece.len()).is_ok_and(|n| n == size);
        let foreign = archive.is_none() && head.starts_with(b"!<arch>\n");
        Head { class, foreign, archive, go, text: whole.then(|| piece.to_vec()) }
    }

    /// What to look for, `content`: where content IDs are wanted.
    fn watch(&self, content: bool) -> Option<Watch> {
        if self.foreign {
            return Watch::new(&BuildId::new(MEMBER), &[]);
        }
        let archive = self.archive.as_ref().filter(|_| content);
        archive.as_ref().filter(|id| id.archive_content().is_some()).and_then(|id| Watch::new(id, &[]))
    }
}

/// Some lanes, each free or with an output on it. What is done is handed on in the order in which it ends, which depends on
/// what the outputs hold and on nothing else.
#[derive(Debug)]
pub struct Lanes<R> {
    slots: Vec<Slot<R>>,
    content: bool,
}

#[derive(Debug)]
struct Slot<R> {
    hasher: ContentHasher,
    job: Option<(Job<R>, Head)>,
}

/// How many outputs are hashed at a time, and open; `content`: whether the content IDs of archives are wanted too.
pub fn outputs_at_once(content: bool) -> usize {
    if content { pairs_at_once() } else { 2 }
}

impl<R: Read> Lanes<R> {
    /// As many free lanes as serve best; `content`: whether the content IDs of archives are wanted too.
    pub fn new(content: bool) -> Lanes<R> {
        Lanes {
            slots: (0..outputs_at_once(content)).map(|_| Slot { hasher: ContentHasher::default(), job: None }).collect(),
            content,
        }
    }

    /// Takes an output on; works on those it has until one of them ends if no lane is free.
    pub fn take(&mut self, job: Job<R>, done: &mut dyn FnMut(Done<R>)) {
        loop {
            if let Some(slot) = self.slots.iter_mut().find(|s| s.job.is_none()) {
                slot.hasher.restart();
                slot.job = Some((job, Head::EMPTY));
                return;
            }
            self.turn(done);
        }
    }

    /// Works until all lanes are free.
    pub fn drain(&mut self, done: &mut dyn FnMut(Done<R>)) {
        while self.slots.iter().any(|s| s.job.is_some()) {
            self.turn(done);
        }
    }

    fn turn(&mut self, done: &mut dyn FnMut(Done<R>)) {
        for slot in &mut self.slots {
            slot.refill(self.content, done);
        }
        let busy = self.slots.iter_mut().filter(|slot| slot.job.is_some());
        ContentHasher::advance_all(&mut busy.map(|slot| &mut slot.hasher).collect::<Vec<_>>());
        for slot in &mut self.slots {
            slot.settle(done);
        }
    }
}

impl<R: Read> Slot<R> {
    /// Reads until there is something to hash. An error ends the output and leaves the other lanes alone.
    fn refill(&mut self, content: bool, done: &mut dyn FnMut(Done<R>)) {
        let Some((job, head)) = &mut self.job else { return };
        while !self.hasher.is_pending() {
            let filled = self.hasher.fill(&mut job.from, job.expected, &mut |piece| {
                *head = Head::of(piece, job.expected);
                head.watch(content)
            });
            if let Err(e) = filled {
                if let Some((job, _)) = self.job.take() {
                    done(Done { id: job.id, mtime_ns: job.mtime_ns, from: job.from, read: Err(e) });
                }
                return;
            }
        }
    }

    fn settle(&mut self, done: &mut dyn FnMut(Done<R>)) {
        let Some(mut hash) = self.hasher.done() else { return };
        if let Some((job, mut head)) = self.job.take() {
            if head.foreign {
                hash.content = None;
                if hash.matches > 0 {
                    (head.class, head.archive) = (OutputClass::Archive, Some(BuildId::default()));
                }
            }
            done(Done { id: job.id, mtime_ns: job.mtime_ns, from: job.from, read: Ok((head, hash)) });
        }
    }
}

#[cfg(test)]
mod tests;
