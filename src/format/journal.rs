//! The journal of a repair: append-only, a JSON object a line, each with its number and a sha256 chained over all before it.
//!
//! A line is `{"seq":N,"sha256":"…","record":{…}}`; the sha256 is that of the 32 bytes of the line before (zeros for the
//! first), the number as 8 bytes, least first, and the record's JSON. There is one spelling of a record: what is read must
//! be, byte for byte, what would be written. Names hold any bytes: what is no UTF-8, and `%`, stands as `%XX`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{hex, unhex32};

/// Longest line in bytes: a [`Record::Tighten`] of [`TIGHTEN_MAX`] nodes with names of PATH_MAX bytes, each as `%XX`.
pub const MAX_LINE: usize = 4 << 20;
/// Most nodes of one [`Record::Tighten`].
pub const TIGHTEN_MAX: usize = 256;

/// A name or path as the system gave it, relative unless it is that of a root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub Vec<u8>);

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = String::with_capacity(self.0.len());
        for chunk in self.0.utf8_chunks() {
            out.push_str(&chunk.valid().replace('%', "%25"));
            for byte in chunk.invalid() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        serializer.serialize_str(&out)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            if *byte == b'%' {
                let digits = after.get(..2).and_then(|d| std::str::from_utf8(d).ok());
                let value = digits.and_then(|d| u8::from_str_radix(d, 16).ok());
                out.push(value.ok_or_else(|| serde::de::Error::custom("a `%` without two digits"))?);
                rest = after.get(2..).unwrap_or_default();
            } else {
                out.push(*byte);
                rest = after;
            }
        }
        Ok(Name(out))
    }
}

/// A time: seconds since 1970, and nanoseconds past that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Seconds, rounded down.
    pub s: i64,
    /// 0 to 999,999,999.
    pub ns: u32,
}

impl Moment {
    /// From nanoseconds since 1970.
    pub fn from_ns(ns: i128) -> Moment {
        Moment {
            s: i64::try_from(ns.div_euclid(1_000_000_000)).unwrap_or(0),
            ns: u32::try_from(ns.rem_euclid(1_000_000_000)).unwrap_or(0),
        }
    }

    /// In nanoseconds since 1970.
    pub fn to_ns(self) -> i128 {
        i128::from(self.s) * 1_000_000_000 + i128::from(self.ns)
    }
}

/// The type of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeType {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Link,
    /// A named pipe, socket or device.
    Special,
}

/// What a node was when a step was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its type.
    pub kind: NodeType,
    /// File system.
    pub dev: u64,
    /// Number in it.
    pub ino: u64,
    /// Size in bytes.
    pub size: u64,
    /// Last write.
    pub mtime: Moment,
    /// Permission bits, 07777.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Number of names.
    pub nlink: u64,
    /// sha256 of a regular file, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
}

/// What a step changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The node is moved into the quarantine.
    Move {
        /// Its name there.
        item: Name,
        /// Bytes in it.
        bytes: u64,
        /// Whether the step is called `unlink`: the node is a link.
        unlink: bool,
    },
    /// Its permission bits are set and its access lists taken away.
    Mode {
        /// The new bits.
        to: u32,
        /// The access list that was there, hexadecimal.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        acl: Option<String>,
        /// The default list that was there.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        default_acl: Option<String>,
    },
    /// It is given to somebody else.
    Owner {
        /// The new owner.
        uid: u32,
        /// The new group.
        gid: u32,
    },
}

/// A root that a run works in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootRecord {
    /// Which of Go's places.
    pub kind: String,
    /// Its path as Go has it.
    pub path: Name,
    /// Its path with links resolved.
    pub real: Name,
    /// File system of the root.
    pub dev: u64,
    /// Its number there.
    pub ino: u64,
}

/// A node inside something that was moved, whose mode was tightened there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InnerMode {
    /// Relative to what was moved.
    pub path: Name,
    /// The bits that it had.
    pub mode: u32,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Record {
    /// A run begins. Always the first line, and only that.
    Begin {
        /// Version of this program.
        version: String,
        /// When, RFC 3339.
        time: String,
        /// Digest of the plan, hexadecimal.
        plan: String,
        /// Where it works.
        roots: Vec<RootRecord>,
    },
    /// A step is about to be done.
    Intent {
        /// Its number in the run.
        step: u64,
        /// The rule whose finding asks for it.
        rule: String,
        /// Index of its root.
        root: u32,
        /// Where, relative to the root; empty for the root itself.
        path: Name,
        /// What.
        change: Change,
        /// What is there.
        was: Identity,
        /// Last write of the folder that holds it.
        parent: Moment,
    },
    /// The quarantine is on another file system: a copy is about to be made in it.
    Copying {
        /// The step.
        step: u64,
    },
    /// The copy is there, whole and compared.
    Copied {
        /// The step.
        step: u64,
    },
    /// Nodes in the quarantine are about to lose the right to be executed, or to be written by others.
    Tighten {
        /// The step that moved them.
        step: u64,
        /// Each with the mode that it had.
        nodes: Vec<InnerMode>,
    },
    /// A step is done.
    Done {
        /// The step.
        step: u64,
    },
    /// A step was not done, and what it was about is where it was.
    Failed {
        /// The step.
        step: u64,
        /// Why.
        why: String,
    },
    /// The run is over.
    End,
    /// A step is about to be undone.
    Return {
        /// The step.
        step: u64,
    },
    /// On its way back to another file system a copy is there, whole and compared.
    ReturnCopied {
        /// The step.
        step: u64,
    },
    /// A step is undone.
    Returned {
        /// The step.
        step: u64,
    },
    /// All is undone, and the times of the folders are what they were.
    Restored,
    /// A step could not be undone; what it moved is still in the quarantine.
    Kept {
        /// The step.
        step: u64,
        /// Why.
        why: String,
    },
}

/// Where the next line goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain {
    /// Number of the next line, from 0.
    pub seq: u64,
    digest: [u8; 32],
}

impl Chain {
    /// The line of `record`, with its line feed; the chain goes on behind it.
    pub fn line(&mut self, record: &Record) -> Result<String, serde_json::Error> {
        let body = serde_json::to_string(record)?;
        let mut sha = Sha256::new();
        sha.update(self.digest);
        sha.update(self.seq.to_le_bytes());
        sha.update(body.as_bytes());
        self.digest = sha.finalize().into();
        let line = format!("{{\"seq\":{},\"sha256\":\"{}\",\"record\":{body}}}\n", self.seq, hex(&self.digest));
        self.seq += 1;
        Ok(line)
    }
}

/// A journal as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journal {
    /// Its records, in order.
    pub records: Vec<Record>,
    /// Where the next line goes on.
    pub chain: Chain,
    /// Length of all whole lines in bytes; what follows was being written when the writer died.
    pub length: u64,
}

/// What is wrong with a journal, and in which line, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalDamage {
    /// The line.
    pub line: u64,
    /// What.
    pub fault: JournalFault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalFault {
    /// Longer than [`MAX_LINE`].
    TooLong,
    /// It is no record of ours.
    Malformed,
    /// It does not follow from the lines before it.
    BrokenChain,
    /// A run does not begin here, or begins twice.
    Order,
}

impl fmt::Display for JournalDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            JournalFault::TooLong => "is longer than any that is written",
            JournalFault::Malformed => "is no record",
            JournalFault::BrokenChain => "does not follow from the lines before it",
            JournalFault::Order => "stands in the wrong place",
        };
        write!(f, "line {} {what}", self.line)
    }
}

/// Reads a journal. An unfinished last line is left out: it was not durable when its writer went on, so nothing was done
/// on its word. Any other damage is an error.
pub fn parse(bytes: &[u8]) -> Result<Journal, JournalDamage> {
    #[derive(Deserialize)]
    struct Line {
        seq: u64,
        sha256: String,
        record: Record,
    }
    let mut journal = Journal::default();
    let mut rest = bytes;
    for number in 1u64.. {
        let damage = |fault| JournalDamage { line: number, fault };
        let Some(end) = rest.iter().position(|b| *b == b'\n') else { break };
        let Some((line, after)) = rest.split_at_checked(end + 1) else { break };
        rest = after;
        if line.len() > MAX_LINE {
            return Err(damage(JournalFault::TooLong));
        }
        let read: Line = serde_json::from_slice(line).map_err(|_| damage(JournalFault::Malformed))?;
        let chained = unhex32(read.sha256.as_bytes()).is_some() && read.seq == journal.chain.seq;
        let written = journal.chain.line(&read.record).map_err(|_| damage(JournalFault::Malformed))?;
        if !chained || written.as_bytes() != line {
            return Err(damage(JournalFault::BrokenChain));
        }
        if matches!(read.record, Record::Begin { .. }) != (number == 1) {
            return Err(damage(JournalFault::Order));
        }
        journal.records.push(read.record);
        journal.length += u64::try_from(line.len()).unwrap_or(0);
    }
    if rest.len() > MAX_LINE {
        let line = journal.chain.seq + 1;
        return Err(JournalDamage { line, fault: JournalFault::TooLong });
    }
    Ok(journal)
}

#[cfg(test)]
mod tests;
