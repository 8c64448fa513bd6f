//! What was counted while reading, and what could not be read.

use std::io;
use std::path::Path;

use super::node::{Expect, Node, Root};
use crate::count::{Counts, Coverage, Roles, Trust, Unread};
use crate::facts::Fact;
use crate::finding::Sink;
use crate::rule::Level;
use crate::sys::{Dir, Stat};

/// Judges one node: who may change it and where it leads. Handed in, since evidence knows no rule.
pub type NodeJudge = fn(&Root, &Node, Expect, &mut Sink);

/// The yield of one unit of work: counts, findings, rows. Units are added up in their order, so that the sum does not
/// depend on the number of workers.
#[derive(Debug)]
pub struct Tally {
    judge: NodeJudge,
    /// What was looked at.
    pub counts: Counts,
    /// How it stood the test.
    pub coverage: Coverage,
    /// How far it can be trusted.
    pub trust: Trust,
    /// What action entries are for.
    pub roles: Roles,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// What is wrong.
    pub sink: Sink,
    /// Rows for `--facts`.
    pub facts: Vec<Fact>,
}

impl Tally {
    /// An empty yield.
    pub fn new(judge: NodeJudge) -> Tally {
        Tally {
            judge,
            counts: Counts::default(),
            coverage: Coverage::default(),
            trust: Trust::default(),
            roles: Roles::default(),
            unread: Vec::new(),
            sink: Sink::default(),
            facts: Vec::new(),
        }
    }

    /// An empty yield that judges nodes as this one does.
    pub fn fresh(&self) -> Tally {
        Tally::new(self.judge)
    }

    /// Has a node judged whose state is known.
    ///
    /// # Errors
    ///
    /// A link that can't be read.
    pub fn node(&mut self, root: &Root, rel: &Path, stat: Stat, expect: Expect) -> io::Result<()> {
        self.open_node(root, rel, stat, expect, None)
    }

    /// The same of a node that may be an open folder.
    ///
    /// # Errors
    ///
    /// A link that can't be read.
    pub fn open_node(&mut self, root: &Root, rel: &Path, stat: Stat, expect: Expect, folder: Option<&Dir>) -> io::Result<()> {
        let node = Node::look(root, rel, stat, folder)?;
        (self.judge)(root, &node, expect, &mut self.sink);
        Ok(())
    }

    /// Notes that `path` could not be looked at: gone means that a build or a clean-up is at work, all else is unread.
    pub fn failed(&mut self, path: &Path, error: &io::Error) {
        if error.kind() == io::ErrorKind::NotFound {
            self.counts.vanished += 1;
        } else {
            self.coverage.unread += 1;
            self.unread.push(Unread { path: path.to_path_buf(), error: error.to_string() });
        }
    }

    /// Notes that `path` is there and could not be read to an end that says something.
    pub fn unreadable(&mut self, path: &Path, why: &str) {
        self.coverage.unread += 1;
        self.unread.push(Unread { path: path.to_path_buf(), error: why.to_owned() });
    }

    /// Counts a subject whose findings are those past the first `before`: damaged if one is an error, else intact if a claim
    /// holds it.
    pub fn judged(&mut self, before: usize, held: bool) {
        let error = self.sink.iter().skip(before).any(|f| f.level == Level::Error);
        let state = match (error, held) {
            (true, _) => &mut self.coverage.damaged,
            (false, true) => &mut self.coverage.intact,
            (false, false) => &mut self.coverage.unverifiable,
        };
        *state += 1;
    }

    /// Notes that a walk could not list a place.
    pub fn walk_failed(&mut self, root: &Root, error: walkdir::Error) {
        let path = error
            .path()
            .map_or_else(|| root.path.clone(), |p| p.strip_prefix(&root.real).map_or(p.into(), |rel| root.path.join(rel)));
        let error = error.into_io_error().unwrap_or_else(|| io::Error::other("links lead in a circle"));
        self.failed(&path, &error);
    }

    /// Adds what another unit yielded.
    pub fn absorb(&mut self, other: Tally) {
        self.counts.add(&other.counts);
        self.coverage.add(&other.coverage);
        self.trust.add(&other.trust);
        self.roles.add(&other.roles);
        self.unread.extend(other.unread);
        self.sink.absorb(other.sink);
        self.facts.extend(other.facts);
    }
}
