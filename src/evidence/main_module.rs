//! The main module of the user: its go.sum, which says what the modules in the cache must be.

use std::io;
use std::path::{Path, PathBuf};

use super::tally::Tally;
use crate::format::gosum::{self, GoSum};
use crate::sys;

/// A go.sum that was read.
#[derive(Debug, Clone)]
pub struct MainSums {
    /// Where it lies.
    pub path: PathBuf,
    /// What it says.
    pub sums: GoSum,
}

impl MainSums {
    /// Reads the go.sum of the main module in `dir`; `None` where there is none, or where it can't be read, which is noted.
    pub fn read(dir: &Path, tally: &mut Tally) -> Option<MainSums> {
        let path = dir.join("go.sum");
        match sys::read(&path, gosum::LIMIT) {
            Ok(bytes) => Some(MainSums { path, sums: GoSum::parse(&bytes) }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => {
                tally.failed(&path, &e);
                None
            }
        }
    }
}
