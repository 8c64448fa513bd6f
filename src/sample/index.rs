//! The sample's indexes: that of its module and that of a package of its main module, written out by hand as Go has them.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::{Sample, content_id};
use crate::format::action::{ActionId, OutputId};
use crate::format::buildid::{BuildId, IdHash};
use crate::format::index::{MAGIC, Package, PackageKey, Positioned, SourceFile};
use crate::format::subkey::GoVersion;
use crate::place::Place;
use crate::sys;

/// The Go that made the sample.
const VERSION: &str = "go1.26.8";

/// The one file of the main module's package, and when it was written, in seconds since 1970: 2026-08-17 20:53:20 UTC.
const TOOL: &str = "// +build tools\n\n// Package tool does it.\npackage tool\n\nimport \"fmt\"\n\nfunc Do() { fmt.Println() }\n";
const TOOL_TIME: (u64, &str) = (1_787_000_000, "2026-08-17 20:53:20 +0000 UTC");

fn text(path: PathBuf) -> Vec<u8> {
    path.into_os_string().into_encoded_bytes()
}

impl Sample {
    /// The action of the module's index.
    pub fn module_index_key(&self) -> ActionId {
        GoVersion::new(VERSION).module_index(&text(self.tree()))
    }

    /// Makes the main module's package, both indexes and the archive that tells the version of Go.
    pub(super) fn make_indexes(&self) -> io::Result<()> {
        let action = ActionId(Sha256::digest(b"sample archive").into());
        self.put_output_at(action, &archive(action))?;
        let tool = self.main().join("tool/tool.go");
        self.write(&tool, TOOL.as_bytes())?;
        sys::set_mtime(&tool, UNIX_EPOCH + Duration::from_secs(TOOL_TIME.0))?;
        self.put_index(self.module_index_key(), |_| {})?;
        self.put_package_index(|_| {})?;
        Ok(())
    }

    /// Stores an output under an action, in the place of the one that it names.
    pub fn put_output_at(&self, action: ActionId, bytes: &[u8]) -> io::Result<PathBuf> {
        let id = OutputId(Sha256::digest(bytes).into());
        let path = self.output_path(id);
        self.write(&path, bytes)?;
        self.put_entry(action, id, bytes.len())?;
        Ok(path)
    }

    /// Stores the module's index, changed, under an action.
    pub fn put_index(&self, action: ActionId, change: impl for<'a> FnOnce(&mut Vec<Package<'a>>)) -> io::Result<Place> {
        let file = text(self.tree().join("greet.go"));
        let import = Positioned { text: b"example.com/greet/internal/words", file: &file, offset: 51, line: 4, column: 8 };
        let greet = SourceFile {
            name: b"greet.go",
            package: b"greet",
            synopsis: b"Package greet says hello.",
            imports: vec![import],
            ..SourceFile::default()
        };
        let words = SourceFile {
            name: b"words.go",
            package: b"words",
            synopsis: b"Package words holds what is said.",
            ..SourceFile::default()
        };
        let mut packages = vec![of(b"", vec![greet]), of(b"internal", Vec::new()), of(b"internal/words", vec![words])];
        change(&mut packages);
        self.put_output_at(action, &encode(&packages)?).map(|p| Sample::place(&p))
    }

    /// Stores the index of the main module's package, changed.
    pub fn put_package_index(&self, change: impl for<'a> FnOnce(&mut Package<'a>)) -> io::Result<Place> {
        let (root, dir) = (text(self.main()), text(self.main().join("tool")));
        let mut key = PackageKey::new(&GoVersion::new(VERSION), &root, &dir);
        key.file(b"tool.go", TOOL_TIME.1, u64::try_from(TOOL.len()).map_err(io::Error::other)?);
        let file = text(self.main().join("tool/tool.go"));
        let import = Positioned { text: b"fmt", file: &file, offset: 63, line: 6, column: 8 };
        let tool = SourceFile {
            name: b"tool.go",
            package: b"tool",
            synopsis: b"Package tool does it.",
            plus_build: vec![b"// +build tools"],
            imports: vec![import],
            ..SourceFile::default()
        };
        let mut package = of(b"tool", vec![tool]);
        change(&mut package);
        self.put_output_at(key.finish(), &encode(&[package])?).map(|p| Sample::place(&p))
    }
}

fn of<'a>(dir: &'a [u8], files: Vec<SourceFile<'a>>) -> Package<'a> {
    Package { dir, own_dir: dir, error: b"", files }
}

/// A compiled package with a build ID that fits.
fn archive(action: ActionId) -> Vec<u8> {
    let render = |content: &str| {
        let id = format!("{}/{content}", IdHash::of(&action.0));
        let body = format!("go object linux amd64 {VERSION} GOAMD64=v1 X:\nbuild id \"{id}\"\n\n$$B\nu\n$$\n");
        let header = format!("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", "__.PKGDEF", 0, 0, 0, 644, body.len());
        (BuildId::new(id), format!("!<arch>\n{header}{body}").into_bytes())
    };
    let (placeholder, bytes) = render("content-of-an-archiv");
    render(content_id(&placeholder, &bytes).as_str()).1
}

/// The words and strings of an index while it is written (modindex/write.go: `encoder`).
struct Encoder {
    words: Vec<u8>,
    strings: Vec<u8>,
}

impl Encoder {
    fn word(&mut self, n: usize) -> io::Result<()> {
        let n = u32::try_from(n).map_err(io::Error::other)?;
        self.words.extend(n.to_le_bytes());
        Ok(())
    }

    fn set(&mut self, at: usize, n: usize) -> io::Result<()> {
        let n = u32::try_from(n).map_err(io::Error::other)?;
        self.words.splice(at..at + 4, n.to_le_bytes());
        Ok(())
    }

    /// Every string of the sample is shorter than 128 bytes, or takes two bytes for its length.
    fn string(&mut self, text: &[u8]) -> io::Result<()> {
        if text.is_empty() {
            return self.word(0);
        }
        self.word(self.strings.len())?;
        let mut n = text.len();
        while n >= 0x80 {
            self.strings.push(u8::try_from(n & 0x7f).map_err(io::Error::other)? | 0x80);
            n >>= 7;
        }
        self.strings.push(u8::try_from(n).map_err(io::Error::other)?);
        self.strings.extend(text);
        Ok(())
    }

    fn positioned(&mut self, list: &[Positioned<'_>]) -> io::Result<()> {
        self.word(list.len())?;
        for p in list {
            self.string(p.text)?;
            self.string(p.file)?;
            for n in [p.offset, p.line, p.column] {
                self.words.extend(n.to_le_bytes());
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &SourceFile<'_>) -> io::Result<()> {
        for text in [file.error, file.parse_error, file.synopsis, file.name, file.package] {
            self.string(text)?;
        }
        self.word(usize::from(file.ignored))?;
        self.word(usize::from(file.binary_only))?;
        self.string(file.cgo)?;
        self.string(file.go_build)?;
        self.word(file.plus_build.len())?;
        for line in &file.plus_build {
            self.string(line)?;
        }
        self.positioned(&file.imports)?;
        self.positioned(&file.embeds)?;
        self.positioned(&file.directives)
    }
}

/// Writes an index as Go does (modindex/write.go: `encodeModuleBytes`).
pub fn encode(packages: &[Package<'_>]) -> io::Result<Vec<u8>> {
    let mut e = Encoder { words: MAGIC.to_vec(), strings: vec![0] };
    let table = e.words.len() + 8;
    e.word(0)?;
    e.word(packages.len())?;
    for package in packages {
        e.string(package.dir)?;
        e.word(0)?;
    }
    for (i, package) in packages.iter().enumerate() {
        e.set(table + 8 * i + 4, e.words.len())?;
        e.string(package.error)?;
        e.string(package.own_dir)?;
        e.word(package.files.len())?;
        let offsets = e.words.len();
        for _ in &package.files {
            e.word(0)?;
        }
        for (j, file) in package.files.iter().enumerate() {
            e.set(offsets + 4 * j, e.words.len())?;
            e.file(file)?;
        }
    }
    e.set(MAGIC.len(), e.words.len())?;
    e.words.extend(e.strings);
    e.words.push(0xff);
    Ok(e.words)
}
