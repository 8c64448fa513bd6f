//! What `--online` may ask: an interface, with no network in it. `net` is the one room that holds one, and only the command line makes it.

use std::fmt;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// The server answered with another status than 200; 404 and 410 mean that there is no such thing.
    Status(u16),
    /// It is longer than asked for.
    TooLong,
    /// The network, a certificate, a name, a time limit: in words.
    Failed(String),
}

impl NoAnswer {
    /// Whether the server says that there is no such thing.
    pub fn is_absent(&self) -> bool {
        matches!(self, NoAnswer::Status(404 | 410))
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAnswer::Status(404) => f.write_str("the server says 404, not found"),
            NoAnswer::Status(410) => f.write_str("the server says 410, gone"),
            NoAnswer::Status(status) => write!(f, "the server says {status}"),
            NoAnswer::TooLong => f.write_str("the answer is longer than any that there is"),
            NoAnswer::Failed(why) => f.write_str(why),
        }
    }
}

/// Requests that are made at a time: enough to hide the way, and gentle.
pub const AT_ONCE: usize = 8;

/// Something that can be asked for the content of a URL, from several threads at once.
pub trait Remote: fmt::Debug + Send + Sync {
    /// The content of `url`, at most `limit` bytes, within the time that it sets itself.
    ///
    /// # Errors
    ///
    /// No answer, or none that counts.
    fn get(&self, url: &str, limit: u64) -> Result<Vec<u8>, NoAnswer>;
}
