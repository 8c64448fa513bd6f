//! The sample's module: its zip and its extracted directory, as Go leaves them.

use std::io;
use std::path::{Path, PathBuf};

use super::Sample;
use super::binary::SAMPLE_DEP;
use super::zip::{ZipMember, pack, sum};
use crate::format::dirhash::H1;
use crate::sys;

/// The files of the sample's module, in the order in which git lists them.
const FILES: &[(&str, &str)] = &[
    ("LICENSE", "Anybody may do anything with this.\n"),
    ("README.md", "# greet\n\nSays hello.\n"),
    ("go.mod", "module example.com/greet\n\ngo 1.21\n"),
    (
        "greet.go",
        "// Package greet says hello.\npackage greet\n\nimport \"example.com/greet/internal/words\"\n\n// Hello says it.\nfunc Hello() string { return words.Hello }\n",
    ),
    (
        "internal/words/words.go",
        "// Package words holds what is said.\npackage words\n\n// Hello is said first.\nconst Hello = \"hello\"\n",
    ),
];

impl Sample {
    /// The `go.mod` of the sample's module.
    pub fn module_go_mod() -> &'static str {
        FILES.iter().find(|(name, _)| *name == "go.mod").map_or("", |(_, text)| text)
    }

    /// The members of the healthy zip, to be damaged.
    pub fn zip_members(&self) -> Vec<ZipMember> {
        FILES.iter().map(|(name, text)| ZipMember::new(Sample::member_name(name), *text)).collect()
    }

    /// The name in the zip of a file of the module.
    pub fn member_name(file: &str) -> String {
        let (path, version) = SAMPLE_DEP;
        format!("{path}@{version}/{file}")
    }

    /// The zip of the module.
    pub fn zip(&self) -> PathBuf {
        let (path, version) = SAMPLE_DEP;
        self.gomodcache().join(format!("cache/download/{path}/@v/{version}.zip"))
    }

    /// The extracted directory of the module.
    pub fn tree(&self) -> PathBuf {
        let (path, version) = SAMPLE_DEP;
        self.gomodcache().join(format!("{path}@{version}"))
    }

    /// Writes the zip of these members in the place of the module's, with a `.ziphash` that fits and no line in go.sum, so that only the
    /// shape of the zip can tell.
    pub fn put_zip(&self, members: &[ZipMember]) -> io::Result<PathBuf> {
        self.put_zip_bytes(&pack(members)?, sum(members)?)
    }

    /// The same from bytes and their dirhash.
    pub fn put_zip_bytes(&self, bytes: &[u8], h1: H1) -> io::Result<PathBuf> {
        let zip = self.zip();
        self.write(&zip, bytes)?;
        self.write(&zip.with_extension("ziphash"), h1.to_string().as_bytes())?;
        let go_sum = self.main().join("go.sum");
        if let Ok(text) = sys::read(&go_sum, 1 << 20) {
            let (path, version) = SAMPLE_DEP;
            let own = format!("{path} {version} ");
            let kept: String =
                String::from_utf8_lossy(&text).lines().filter(|l| !l.starts_with(&own)).map(|l| format!("{l}\n")).collect();
            self.write(&go_sum, kept.as_bytes())?;
        }
        Ok(zip)
    }

    /// Makes zip, `.ziphash` and extracted directory; returns the dirhash.
    pub(super) fn make_module(&self) -> io::Result<H1> {
        let h1 = sum(&self.zip_members())?;
        self.put_zip(&self.zip_members())?;
        for (name, text) in FILES {
            let path = self.tree().join(name);
            sys::write_file(&path, text.as_bytes())?;
            sys::set_mode(&path, 0o444)?;
        }
        for folder in ["internal/words", "internal", ""] {
            sys::set_mode(&self.tree().join(folder), 0o555)?;
        }
        Ok(h1)
    }

    /// Makes the vendor folder of the main module, as `go mod vendor` leaves it; returns it.
    pub fn make_vendor(&self) -> io::Result<PathBuf> {
        let (path, version) = SAMPLE_DEP;
        let vendor = self.main().join("vendor");
        for (name, text) in FILES.iter().filter(|(name, _)| *name != "go.mod") {
            self.write(&vendor.join(path).join(name), text.as_bytes())?;
        }
        let list = format!("# {path} {version}\n## explicit; go 1.21\n{path}\n{path}/internal/words\n");
        self.write(&vendor.join("modules.txt"), list.as_bytes())?;
        Ok(vendor)
    }

    /// Changes something in a folder of the extracted directory, which Go leaves read-only, and leaves it so.
    pub fn unlocked<T>(&self, folder: &Path, change: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
        sys::set_mode(folder, 0o755)?;
        let done = change(folder);
        sys::set_mode(folder, 0o555)?;
        done
    }

    /// Puts a file into a folder of the extracted directory, or in the place of the one there, with the mode that Go gives.
    pub fn put_in_tree(&self, file: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.tree().join(file);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        self.unlocked(&folder, |_| {
            if sys::lstat(&path).is_ok() {
                sys::set_mode(&path, 0o644)?;
            }
            sys::write_file(&path, bytes)?;
            sys::set_mode(&path, 0o444)
        })?;
        Ok(path)
    }
}
