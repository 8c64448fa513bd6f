//! What *we* could not do. A damaged file is never an error, it is a [`Finding`](crate::finding::Finding).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Error {
    /// The user asked for something that makes no sense; exit code 2. One line: what is wrong and how to mend it.
    Usage(String),
    /// Go itself refuses this environment (`go env` exits non-zero); exit code 2. Go's own words.
    GoRefuses(String),
    /// The operating system refused something without which no report can be made; exit code 3.
    Io {
        /// What we tried, in the infinitive: "write the report to".
        what: &'static str,
        /// The file it was tried on.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Error {
    /// An [`Error::Io`] about `path`.
    pub fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Error::Io { what, path: path.to_path_buf(), source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(why) | Error::GoRefuses(why) => f.write_str(why),
            Error::Io { what, path, source } => write!(f, "cannot {what} `{}`: {source}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Usage(_) | Error::GoRefuses(_) => None,
        }
    }
}
