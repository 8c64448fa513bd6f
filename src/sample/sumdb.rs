//! The sample's checksum database: a small log with its own key, as Go leaves lookups, tiles and `latest` on disk.

use std::io;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

use super::Sample;
use super::binary::SAMPLE_DEP;
use crate::format::dirhash::H1;
use crate::format::sumdb::tile::{self, Tile};
use crate::format::sumdb::{Hash, Tree};
use crate::sys;

/// Name of the sample's database.
pub const DATABASE: &str = "sum.example.com";
/// How many records it has: one full tile, a part of a second, and the level above.
const RECORDS: usize = 300;
/// The number of the record on the sample's module.
const NUMBER: usize = 7;

/// A log in memory.
struct Log {
    key: SigningKey,
    records: Vec<String>,
}

impl Log {
    fn public(&self) -> Vec<u8> {
        [&[1u8][..], self.key.verifying_key().as_bytes()].concat()
    }

    fn key_hash(&self) -> [u8; 4] {
        let digest: [u8; 32] = Sha256::digest([DATABASE.as_bytes(), b"\n", &self.public()].concat()).into();
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }

    fn verifier(&self) -> String {
        format!("{DATABASE}+{}+{}", crate::format::hex(&self.key_hash()), STANDARD.encode(self.public()))
    }

    fn leaves(&self) -> Vec<Hash> {
        self.records.iter().map(|r| Hash::of_record(r.as_bytes())).collect()
    }

    fn tree(&self) -> io::Result<Tree> {
        let leaves = self.leaves();
        let size = u64::try_from(leaves.len()).map_err(io::Error::other)?;
        Ok(Tree { size, root: root(&leaves) })
    }

    fn sign(&self, tree: &Tree) -> String {
        let text = format!("go.sum database tree\n{}\n{}\n", tree.size, tree.root);
        let signature = [&self.key_hash()[..], &self.key.sign(text.as_bytes()).to_bytes()].concat();
        format!("{text}\n\u{2014} {DATABASE} {}\n", STANDARD.encode(signature))
    }
}

/// The root over all leaves (tlog.go, `TreeHash`).
fn root(leaves: &[Hash]) -> Hash {
    let half = leaves.len().next_power_of_two() / 2;
    match (leaves.first(), leaves.split_at_checked(half)) {
        (None, _) => Hash::of_nothing(),
        (Some(one), _) if leaves.len() == 1 => *one,
        (_, Some((left, right))) => Hash::of_node(root(left), root(right)),
        (Some(one), None) => *one,
    }
}

/// What a damage does to the log before it is signed and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// Nothing.
    None,
    /// `latest` is of a log of the same length with another record.
    Latest,
}

impl Sample {
    /// Makes a healthy checksum database that has a record on the sample's module, and takes its key for known.
    pub fn make_database(&mut self) -> io::Result<()> {
        self.make_forked_database(Fork::None)
    }

    /// The same, damaged in a way that only its owner can.
    pub fn make_forked_database(&mut self, fork: Fork) -> io::Result<()> {
        for (name, bytes) in self.database_content(fork)? {
            let path = if name == "latest" { self.latest() } else { self.database_file(&name) };
            self.write(&path, &bytes)?;
        }
        Ok(())
    }

    /// Every file of the database by its name in it, and takes its key for known.
    pub(super) fn database_content(&mut self, fork: Fork) -> io::Result<Vec<(String, Vec<u8>)>> {
        let log = self.log()?;
        let tree = log.tree()?;
        self.sumdb_key = Some(log.verifier());
        let width = tile::WIDTH;
        let leaves = log.leaves();
        let of = |level, number, width| Tile { height: tile::HEIGHT, level: Some(level), number, width };
        let (first, rest) = leaves.split_at(usize::try_from(width).unwrap_or(0).min(leaves.len()));
        let above = tile::subtree(first).into_iter().collect::<Vec<_>>();
        let partial = u64::try_from(rest.len()).map_err(io::Error::other)?;
        let tiles = [(of(0, 0, width), first), (of(0, 1, partial), rest), (of(1, 0, 1), &above)];
        let mut content: Vec<(String, Vec<u8>)> =
            tiles.iter().map(|(tile, hashes)| (tile.to_string(), hashes.iter().flat_map(|h| h.0).collect())).collect();
        let note = log.sign(&tree);
        let (path, version) = SAMPLE_DEP;
        let lookup = self.lookup_text(NUMBER, log.records.get(NUMBER), &note);
        content.push((format!("lookup/{path}@{version}"), lookup.into_bytes()));
        let head = match fork {
            Fork::None => note,
            Fork::Latest => log.sign(&Tree { root: Hash::of_nothing(), ..tree }),
        };
        content.push(("latest".to_owned(), head.into_bytes()));
        Ok(content)
    }

    fn lookup_text(&self, number: usize, record: Option<&String>, note: &str) -> String {
        format!("{number}\n{}\n{note}", record.map_or("", String::as_str))
    }

    fn log(&self) -> io::Result<Log> {
        let (path, version) = SAMPLE_DEP;
        let read = |extension| sys::read(&self.download(extension), 1 << 20);
        let zip = String::from_utf8_lossy(&read("ziphash")?).into_owned();
        let go_mod = H1::of_go_mod(Sha256::digest(read("mod")?).into());
        let text = |path: &str, version: &str, zip: &str, go_mod: &H1| {
            format!("{path} {version} {zip}\n{path} {version}/go.mod {go_mod}\n")
        };
        let other = |i: usize| text(&format!("example.com/other{i}"), "v1.0.0", &format!("h1:{}=", "A".repeat(43)), &go_mod);
        let record = |i| if i == NUMBER { text(path, version, &zip, &go_mod) } else { other(i) };
        let seed: [u8; 32] = Sha256::digest(b"the sample's checksum database").into();
        Ok(Log { key: SigningKey::from_bytes(&seed), records: (0..RECORDS).map(record).collect() })
    }

    /// A file in the database's folder of the module cache.
    pub fn database_file(&self, name: &str) -> PathBuf {
        self.gomodcache().join("cache/download/sumdb").join(DATABASE).join(name)
    }

    /// The lookup of the sample's module.
    pub fn lookup(&self) -> PathBuf {
        let (path, version) = SAMPLE_DEP;
        self.database_file(&format!("lookup/{path}@{version}"))
    }

    /// The newest signed head.
    pub fn latest(&self) -> PathBuf {
        self.root().join("gopath/pkg/sumdb").join(DATABASE).join("latest")
    }

    /// Puts the authentic record of another module, with its true number and a signed head, in the place of the lookup.
    pub fn put_other_record(&self) -> io::Result<()> {
        let log = self.log()?;
        let note = log.sign(&log.tree()?);
        self.write(&self.lookup(), self.lookup_text(NUMBER + 1, log.records.get(NUMBER + 1), &note).as_bytes())
    }

    /// Replaces a part of the lookup.
    pub fn edit_lookup(&self, change: impl FnOnce(String) -> String) -> io::Result<PathBuf> {
        let path = self.lookup();
        let text = String::from_utf8_lossy(&sys::read(&path, 1 << 20)?).into_owned();
        self.write(&path, change(text).as_bytes())?;
        Ok(path)
    }
}
