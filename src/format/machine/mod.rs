//! The files of a machine that decide which environment a program starts with: log-in, PAM, systemd, sudo, cron, containers,
//! editors. Each parser turns bytes into values that keep file and line; none opens a file.

pub mod cgroup;
pub mod crontab;
pub mod dockerfile;
pub mod environment_d;
pub mod jsonc;
pub mod login_defs;
pub mod pam;
pub mod pam_env;
pub mod passwd;
pub mod process;
pub mod shells;
pub mod sudoers;
pub mod systemd;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::format::shell::{At, Piece, Value};

/// Bytes of a file that are read: no file of these formats that a person keeps has a hundredth of it. The rest is not looked at.
pub const LIMIT: usize = 1 << 20;

/// Bytes that references to variables may add in one evaluation: Linux gives a program no more than 6 MiB of arguments and
/// environment (`bprm_set_stack_limit`). What would be longer is unknown.
pub const GROWTH: usize = 6 << 20;

/// What one piece of a value costs beyond its bytes, so that [`GROWTH`] bounds their number too.
const PIECE_COST: usize = 64;

/// An environment, by name.
pub type Env = BTreeMap<Vec<u8>, Value>;

/// The lines of a file, numbered from 1, without their newline; of what [`LIMIT`] leaves.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let bytes = bytes.get(..LIMIT).unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    (1u32..).zip(bytes.split(|b| *b == b'\n'))
}

/// A line of a file.
pub fn at(file: &Arc<[u8]>, line: u32) -> At {
    At { file: Arc::clone(file), line }
}

/// A name that a shell would take: a letter or `_`, then letters, digits, `_`.
pub fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// `text` up to the first byte that `stop` holds for, and the rest from there.
fn span(text: &[u8], stop: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|b| stop(*b)).unwrap_or(text.len()))
}

fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

/// How much references to variables may still add.
#[derive(Debug)]
pub struct Growth(usize);

impl Default for Growth {
    fn default() -> Growth {
        Growth(GROWTH)
    }
}

impl Growth {
    /// Appends a value that a reference names; what would be too long is unknown because of `at`.
    pub fn append(&mut self, to: &mut Value, from: &Value, at: Option<&At>) {
        let cost = from.known_len() + from.pieces().len() * PIECE_COST;
        match self.0.checked_sub(cost) {
            Some(left) => {
                self.0 = left;
                to.append(from);
            }
            None => to.push_unknown(at),
        }
    }
}

/// Replaces the line of every part of a value that has none.
fn placed(value: &Value, at: &At) -> Value {
    let mut out = Value::new();
    for piece in value.pieces() {
        match piece {
            Piece::Text(text, by) => out.push(text, Some(by.as_ref().unwrap_or(at))),
            Piece::Unknown(by) => out.push_unknown(Some(by.as_ref().unwrap_or(at))),
        }
    }
    out
}
