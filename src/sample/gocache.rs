//! The sample's build cache: shards, `README`, `trim.txt`, three outputs with their action entries.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::Sample;
use crate::format::action::{ActionEntry, ActionId, OutputId};
use crate::format::hex;
use crate::place::Place;
use crate::sys;

/// Bytes of a plain output of the sample.
const PLAIN: &[u8] = b"./sample.go\n./other.go\n";

impl Sample {
    /// Makes the build cache.
    pub(super) fn make_gocache(&self) -> io::Result<()> {
        for shard in 0..=255u8 {
            sys::create_dir_all(&self.gocache().join(hex(&[shard])))?;
        }
        let cache = self.gocache();
        self.write(&cache.join("README"), b"This directory holds cached build artifacts from the Go build system.\n")?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        self.write(&cache.join("trim.txt"), now.as_secs().to_string().as_bytes())?;
        self.put_output(b"sample source list", PLAIN)?;
        self.put_output(b"sample empty output", b"")?;
        self.put_output(b"sample message", b"# example.test/sample\n./sample.go:1: a message\n")?;
        let program = b"\x7fELF a program that go run has built";
        let id = OutputId(Sha256::digest(program).into());
        let dir = self.output_path(id);
        self.write(&dir.join("sample"), program)?;
        sys::set_mode(&dir.join("sample"), 0o755)?;
        self.put_action(b"sample program", id, program.len())?;
        Ok(())
    }

    /// Stores an output and its action entry, named by a description, as `cache.Put` does; returns the output's path.
    pub fn put_output(&self, description: &[u8], bytes: &[u8]) -> io::Result<PathBuf> {
        let id = OutputId(Sha256::digest(bytes).into());
        let path = self.output_path(id);
        self.write(&path, bytes)?;
        self.put_action(description, id, bytes.len())?;
        Ok(path)
    }

    fn put_action(&self, description: &[u8], output: OutputId, size: usize) -> io::Result<PathBuf> {
        self.put_entry(ActionId(Sha256::digest(description).into()), output, size)
    }

    /// Stores an action entry that was put now.
    pub(super) fn put_entry(&self, action: ActionId, output: OutputId, size: usize) -> io::Result<PathBuf> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        let entry = ActionEntry {
            action,
            output,
            size: u64::try_from(size).map_err(io::Error::other)?,
            time_ns: i64::try_from(now.as_nanos()).map_err(io::Error::other)?,
        };
        let path = self.action_path(action);
        self.write(&path, &entry.render())?;
        Ok(path)
    }

    /// Where the action entry of an ID lies.
    pub fn action_path(&self, id: ActionId) -> PathBuf {
        self.gocache().join(hex(&[id.shard()])).join(format!("{id}-a"))
    }

    /// Where the output of an ID lies.
    pub fn output_path(&self, id: OutputId) -> PathBuf {
        self.gocache().join(hex(&[id.shard()])).join(format!("{id}-d"))
    }

    /// A plain output of the build cache.
    pub fn an_output(&self) -> io::Result<PathBuf> {
        Ok(self.output_path(OutputId(Sha256::digest(PLAIN).into())))
    }

    /// The action entry of [`Sample::an_output`].
    pub fn an_action(&self) -> io::Result<PathBuf> {
        Ok(self.action_path(ActionId(Sha256::digest(b"sample source list").into())))
    }

    /// The one executable directory.
    pub fn an_executable(&self) -> io::Result<PathBuf> {
        let program = b"\x7fELF a program that go run has built";
        Ok(self.output_path(OutputId(Sha256::digest(program).into())))
    }

    /// Puts a link to `target` in the place of `path`.
    pub fn replace_by_link(&self, path: &Path, target: &Path) -> io::Result<Place> {
        sys::remove_made(path)?;
        sys::symlink(target, path)?;
        Ok(Sample::place(path))
    }
}
