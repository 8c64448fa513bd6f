//! The sample's download cache beside the zip: small files of its module, and a cached repository as Go and git leave it.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Sample;
use super::binary::SAMPLE_DEP;
use crate::format::dirhash::H1;
use crate::format::hex;
use crate::sys;

/// The key of the sample's repository: its type and address.
pub const REPOSITORY_KEY: &str = "git3:https://git.example.com/greet";

impl Sample {
    /// A file of the sample's module below `@v`, by its extension.
    pub fn download(&self, extension: &str) -> PathBuf {
        let (path, version) = SAMPLE_DEP;
        self.gomodcache().join(format!("cache/download/{path}/@v/{version}.{extension}"))
    }

    /// The folder of the sample's cached repository.
    pub fn repository(&self) -> PathBuf {
        self.gomodcache().join("cache/vcs").join(hex(&Sha256::digest(REPOSITORY_KEY)))
    }

    /// Appends to a file of the world.
    pub fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut all = sys::read(path, 64 << 20)?;
        all.extend_from_slice(bytes);
        self.write(path, &all)
    }

    /// Makes everything of the module cache but the zip and the extracted directory, whose dirhash and go.mod are given, and
    /// the main module that lists them.
    pub(super) fn make_download(&self, zip: H1, go_mod: &[u8]) -> io::Result<()> {
        let (path, version) = SAMPLE_DEP;
        let cache = self.gomodcache().join("cache");
        self.write(&cache.join("lock"), b"")?;
        self.write(&self.download("lock"), b"")?;
        self.write(&self.download("mod"), go_mod)?;
        self.write(&self.download("ziphash"), zip.to_string().as_bytes())?;
        self.write(&self.download("info"), format!(r#"{{"Version":"{version}","Time":"2024-01-23T18:54:04Z"}}"#).as_bytes())?;
        self.write(&self.download("mod").with_file_name("list"), format!("{version}\n").as_bytes())?;
        let mod_sum = H1::of_go_mod(Sha256::digest(go_mod).into());
        self.write(
            &self.main().join("go.mod"),
            format!("module example.com/main\n\ngo 1.21\n\nrequire {path} {version}\n").as_bytes(),
        )?;
        self.write(
            &self.main().join("go.sum"),
            format!("{path} {version} {zip}\n{path} {version}/go.mod {mod_sum}\n").as_bytes(),
        )?;
        self.make_repository()
    }

    /// A bare repository as `git init --bare` and Go leave it, without objects.
    fn make_repository(&self) -> io::Result<()> {
        let repository = self.repository();
        let (_, url) = REPOSITORY_KEY.split_once(':').unwrap_or_default();
        for folder in ["objects/pack", "objects/info", "refs/heads", "refs/tags", "branches", "hooks"] {
            sys::create_dir_all(&repository.join(folder))?;
        }
        let config = format!(
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n[remote \"origin\"]\n\turl = {url}\n\
             \tfetch = +refs/heads/*:refs/remotes/origin/*\n"
        );
        self.write(&repository.join("config"), config.as_bytes())?;
        self.write(&repository.join("HEAD"), b"ref: refs/heads/main\n")?;
        self.write(
            &repository.join("description"),
            b"Unnamed repository; edit this file 'description' to name the repository.\n",
        )?;
        self.write(&repository.join("info/exclude"), b"# git ls-files --others --exclude-from=.git/info/exclude\n")?;
        self.write(&repository.join("info/attributes"), b"\n* -export-subst -export-ignore\n")?;
        self.write(&repository.join("hooks/pre-push.sample"), b"#!/bin/sh\nexit 0\n")?;
        sys::set_mode(&repository.join("hooks/pre-push.sample"), 0o755)?;
        self.write(&repository.with_extension("info"), REPOSITORY_KEY.as_bytes())?;
        self.write(&repository.with_extension("lock"), b"")
    }
}
