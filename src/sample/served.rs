//! The sample's checksum database as a proxy serves it, without a network.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::Sample;
use super::sumdb::{DATABASE, Fork};
use crate::remote::{NoAnswer, Remote};

/// The proxy in the sample's GOPROXY.
pub const PROXY: &str = "https://proxy.example.com";

/// What a proxy serves: its URLs and their content.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A proxy that answers from memory and remembers what it was asked.
#[derive(Debug, Default)]
pub struct Served {
    files: Files,
    unreachable: bool,
    asked: Mutex<Vec<String>>,
}

impl Served {
    /// Every URL that was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Remote for Served {
    fn get(&self, url: &str, limit: u64) -> Result<Vec<u8>, NoAnswer> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(url.to_owned());
        if self.unreachable {
            return Err(NoAnswer::Failed("no route to host".to_owned()));
        }
        let bytes = self.files.get(url).ok_or(NoAnswer::Status(404))?;
        let short = u64::try_from(bytes.len()).is_ok_and(|n| n <= limit);
        if short { Ok(bytes.clone()) } else { Err(NoAnswer::TooLong) }
    }
}

/// Serves a sample's database.
pub trait Serve {
    /// Serves a healthy database that `change` has damaged; nothing of it lies on disk.
    fn serve(&mut self, change: impl FnOnce(&mut Files)) -> io::Result<()>;
    /// Lets no request through.
    fn unreachable(&mut self);
}

impl Serve for Sample {
    fn serve(&mut self, change: impl FnOnce(&mut Files)) -> io::Result<()> {
        let base = format!("{PROXY}/sumdb/{DATABASE}");
        let mut files: Files =
            self.database_content(Fork::None)?.into_iter().map(|(name, bytes)| (format!("{base}/{name}"), bytes)).collect();
        files.insert(format!("{base}/supported"), Vec::new());
        change(&mut files);
        self.env.insert("GOPROXY".to_owned(), PROXY.to_owned());
        self.remote = Some(Arc::new(Served { files, ..Served::default() }));
        Ok(())
    }

    fn unreachable(&mut self) {
        self.remote = Some(Arc::new(Served { unreachable: true, ..Served::default() }));
    }
}
