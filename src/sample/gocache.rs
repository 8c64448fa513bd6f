//! The sample's build cache: shards, `README`, `trim.txt`, some outputs with their action entries.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::binary::BinarySample;
use super::{Sample, content_id};
use crate::format::action::{ActionEntry, ActionId, OutputId};
use crate::format::buildid::{BuildId, IdHash};
use crate::format::hex;
use crate::place::Place;
use crate::sys;

/// Name of the program that lies in the build cache.
const PROGRAM: &str = "sample";
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
        for package in ["one", "two"] {
            self.put_output(&Sample::package_action(package), &Sample::archive(package))?;
        }
        self.put_program(&Sample::program_action(), &Sample::program())?;
        Ok(())
    }

    /// Description of the action that compiles a package of the sample.
    pub fn package_action(package: &str) -> Vec<u8> {
        format!("compile {package}").into_bytes()
    }

    /// A package as the compiler writes it, in outline: both members carry the build ID, and its content ID fits.
    pub fn archive(package: &str) -> Vec<u8> {
        let action = IdHash::of(&Sha256::digest(Sample::package_action(package)).into());
        let compile = |id: &BuildId| {
            let header = format!("go object linux amd64 go1.26.8 GOAMD64=v1 X:sample\nbuild id \"{id}\"\n");
            let member =
                |name: &str, text: &str| format!("{name:<16}0           0     0     644     {:<10}`\n{text}", text.len());
            let export = member("__.PKGDEF", &format!("{header}\n$$B\nexports of {package}\n$$\n"));
            format!("!<arch>\n{export}{}", member("_go_.o", &format!("{header}\n!\ncode of {package}")))
        };
        let placeholder = BuildId::new(format!("{action}/{action}"));
        let content = content_id(&placeholder, compile(&placeholder).as_bytes());
        compile(&BuildId::new(format!("{action}/{content}"))).into_bytes()
    }

    /// The output of [`Sample::archive`] and its size.
    pub fn an_archive(&self, package: &str) -> (OutputId, usize) {
        let archive = Sample::archive(package);
        (OutputId(Sha256::digest(&archive).into()), archive.len())
    }

    /// Description of the action that links the sample's cached program.
    pub fn program_action() -> Vec<u8> {
        BinarySample::link_action(PROGRAM)
    }

    /// A program that `go run` has linked.
    pub fn program() -> Vec<u8> {
        BinarySample { name: PROGRAM.to_owned(), go_version: "go1.26.8".to_owned(), modinfo: String::new() }.bytes()
    }

    /// The output of [`Sample::program`] and its size.
    pub fn a_program(&self) -> (OutputId, usize) {
        let program = Sample::program();
        (OutputId(Sha256::digest(&program).into()), program.len())
    }

    /// Stores a program and its action entry, as `cache.PutExecutable` does; returns the executable directory.
    pub fn put_program(&self, description: &[u8], program: &[u8]) -> io::Result<PathBuf> {
        let id = OutputId(Sha256::digest(program).into());
        let dir = self.output_path(id);
        self.write_program(&dir.join(PROGRAM), program)?;
        self.put_action(description, id, program.len())?;
        Ok(dir)
    }

    /// Stores an output and its action entry, named by a description, as `cache.Put` does; returns the output's path.
    pub fn put_output(&self, description: &[u8], bytes: &[u8]) -> io::Result<PathBuf> {
        let id = OutputId(Sha256::digest(bytes).into());
        self.put_action(description, id, bytes.len())?;
        self.put_orphan(bytes)
    }

    /// Stores an output that no action entry names, as one is left whose action has another output now.
    pub fn put_orphan(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.output_path(OutputId(Sha256::digest(bytes).into()));
        self.write(&path, bytes)?;
        Ok(path)
    }

    /// Stores an action entry, named by a description; returns its path.
    pub fn put_action(&self, description: &[u8], output: OutputId, size: usize) -> io::Result<PathBuf> {
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
        Ok(self.output_path(self.a_program().0))
    }

    /// Gives a file the time of a use so many hours ago.
    pub fn used_hours_ago(&self, path: &Path, hours: u64) -> io::Result<()> {
        let long = std::time::Duration::from_secs(hours * 3600);
        sys::set_mtime(path, SystemTime::now().checked_sub(long).ok_or(io::ErrorKind::InvalidInput)?)
    }

    /// Bytes of all files of the build cache.
    pub fn build_cache_bytes(&self) -> u64 {
        let all = walkdir::WalkDir::new(self.gocache()).into_iter().flatten();
        all.filter(|e| e.file_type().is_file()).filter_map(|e| e.metadata().ok()).map(|m| m.len()).sum()
    }

    /// Puts a link to `target` in the place of `path`.
    pub fn replace_by_link(&self, path: &Path, target: &Path) -> io::Result<Place> {
        sys::remove_made(path)?;
        sys::symlink(target, path)?;
        Ok(Sample::place(path))
    }
}
