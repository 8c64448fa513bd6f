//! A binary as Go's linker writes it, as small as one can be: it runs (and exits), carries build info and a build ID
//! whose content ID fits.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{Sample, content_id};
use crate::format::buildid::{BuildId, IdHash};
use crate::sys;

/// The module and version that the sample's binary was built with: the sample's module cache holds it.
pub const SAMPLE_DEP: (&str, &str) = ("example.com/greet", "v1.0.0");

/// Address of the code.
const CODE_BASE: u64 = 0x40_0000;
/// Address of the data.
const DATA_BASE: u64 = 0x60_0000;
const NOTE_AT: usize = 240;
const CODE_AT: usize = 352;
const INFO_AT: usize = 368;
/// `exit(0)` on linux/amd64.
const CODE: [u8; 9] = [0xb8, 0x3c, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];
/// Marks of the linker around the module data (`cmd/go/internal/modload`, `infoStart` and `infoEnd`).
const INFO_START: [u8; 16] = [0x30, 0x77, 0xaf, 0x0c, 0x92, 0x74, 0x08, 0x02, 0x41, 0xe1, 0xc1, 0x07, 0xe6, 0xd6, 0x18, 0xe6];
const INFO_END: [u8; 16] = [0xf9, 0x32, 0x43, 0x31, 0x86, 0x18, 0x20, 0x72, 0x00, 0x82, 0x42, 0x10, 0x41, 0x16, 0xd8, 0xf2];

/// What a binary of the sample is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinarySample {
    /// File name in GOBIN.
    pub name: String,
    /// Such as `go1.26.8`.
    pub go_version: String,
    /// Text of the build info; empty as in GOPATH mode.
    pub modinfo: String,
}

impl BinarySample {
    /// The sum of the program's own module, which no cache of the sample holds.
    pub fn main_sum() -> String {
        format!("h1:{}", STANDARD.encode(Sha256::digest(b"example.com/hello@v1.0.0")))
    }

    /// A program `hello` as `go install` leaves it, built with [`SAMPLE_DEP`], whose sum is `dep_sum`.
    pub fn healthy(dep_sum: &str) -> BinarySample {
        let main_sum = BinarySample::main_sum();
        let (dep, version) = SAMPLE_DEP;
        let modinfo = [
            "path\texample.com/hello\n".to_owned(),
            format!("mod\texample.com/hello\tv1.0.0\t{main_sum}\n"),
            format!("dep\t{dep}\t{version}\t{dep_sum}\n"),
            ["-buildmode=exe", "-compiler=gc", "CGO_ENABLED=0", "GOARCH=amd64", "GOOS=linux", "GOAMD64=v1"]
                .map(|s| format!("build\t{s}\n"))
                .concat(),
        ]
        .concat();
        BinarySample { name: "hello".to_owned(), go_version: "go1.26.8".to_owned(), modinfo }
    }

    /// The file: ELF64 for linux/amd64.
    pub fn bytes(&self) -> Vec<u8> {
        let part = |seed: &str| IdHash::of(&Sha256::digest(format!("{seed} of {}", self.name)).into());
        let id = |content: &IdHash| {
            let parts = [part("action"), part("main action"), part("main content"), content.clone()];
            BuildId::new(parts.map(|p| p.to_string()).join("/"))
        };
        let placeholder = id(&part("content"));
        let linked = self.link(&placeholder);
        self.link(&id(&content_id(&placeholder, &linked)))
    }

    fn link(&self, id: &BuildId) -> Vec<u8> {
        let info = self.build_info();
        let names = b"\0.note.go.buildid\0.text\0.go.buildinfo\0.shstrtab\0";
        let names_at = INFO_AT + info.len();
        let sections_at = (names_at + names.len()).next_multiple_of(8);
        let mut out = Writer::default();
        // Header: 64-bit, little endian, Linux, executable for amd64.
        out.put(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
        out.u16(2).u16(62).u32(1).at(CODE_BASE, CODE_AT).offset(64).offset(sections_at).u32(0);
        out.u16(64).u16(56).u16(3).u16(64).u16(5).u16(4);
        // Program headers: kind, flags, offset, two addresses, two sizes, alignment.
        let note_len = 16 + id.as_bytes().len();
        for (kind, flags, base, from, len, align) in [
            (4, 4, CODE_BASE, NOTE_AT, note_len, 4),
            (1, 5, CODE_BASE, 0, CODE_AT + CODE.len(), 0x1000),
            (1, 6, DATA_BASE, INFO_AT, info.len(), 0x1000),
        ] {
            out.u32(kind).u32(flags).offset(from).at(base, from).at(base, from).offset(len).offset(len).u64(align);
        }
        out.pad(NOTE_AT).u32(4).offset32(id.as_bytes().len()).u32(4).put(b"Go\0\0").put(id.as_bytes());
        out.pad(CODE_AT).put(&CODE).pad(INFO_AT).put(&info).put(names).pad(sections_at);
        // Section headers: name, kind, flags, address, offset, size, link, info, alignment, entry size.
        for (name, kind, flags, addr, from, len) in [
            (0, 0, 0, 0, 0, 0),
            (1, 7, 2, CODE_BASE, NOTE_AT, note_len),
            (18, 1, 6, CODE_BASE, CODE_AT, CODE.len()),
            (24, 1, 3, DATA_BASE, INFO_AT, info.len()),
            (38, 3, 0, 0, names_at, names.len()),
        ] {
            out.u32(name).u32(kind).u64(flags);
            out.at(addr, if addr == 0 { 0 } else { from }).offset(from).offset(len).u32(0).u32(0).u64(16).u64(0);
        }
        out.0
    }

    fn build_info(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.put(b"\xff Go buildinf:\x08\x02").pad(32);
        let framed = if self.modinfo.is_empty() {
            Vec::new()
        } else {
            [INFO_START.as_slice(), self.modinfo.as_bytes(), &INFO_END].concat()
        };
        out.counted(self.go_version.as_bytes()).counted(&framed);
        // Go reads ten bytes for a length, wherever it stands.
        out.put(&[0; 16]);
        out.0
    }
}

/// Little-endian numbers, one after the other.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u16(&mut self, n: u16) -> &mut Self {
        self.put(&n.to_le_bytes())
    }

    fn u32(&mut self, n: u32) -> &mut Self {
        self.put(&n.to_le_bytes())
    }

    fn u64(&mut self, n: u64) -> &mut Self {
        self.put(&n.to_le_bytes())
    }

    fn offset(&mut self, n: usize) -> &mut Self {
        self.u64(u64::try_from(n).unwrap_or(0))
    }

    fn offset32(&mut self, n: usize) -> &mut Self {
        self.u32(u32::try_from(n).unwrap_or(0))
    }

    fn at(&mut self, base: u64, n: usize) -> &mut Self {
        self.u64(base.wrapping_add(u64::try_from(n).unwrap_or(0)))
    }

    fn pad(&mut self, to: usize) -> &mut Self {
        self.0.resize(to.max(self.0.len()), 0);
        self
    }

    /// Length as a varint, then the bytes.
    fn counted(&mut self, bytes: &[u8]) -> &mut Self {
        let mut n = bytes.len();
        while n >= 0x80 {
            let low = u8::try_from(n & 0x7f).unwrap_or(0);
            self.0.push(low | 0x80);
            n >>= 7;
        }
        self.0.push(u8::try_from(n).unwrap_or(0));
        self.put(bytes)
    }
}

impl Sample {
    /// Writes a binary to GOBIN and returns its path.
    pub fn put_binary(&self, binary: &BinarySample) -> io::Result<PathBuf> {
        let path = self.gobin().join(&binary.name);
        self.write_program(&path, &binary.bytes())?;
        Ok(path)
    }

    /// Writes an executable file of the world.
    pub fn write_program(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        sys::write_file(path, bytes)?;
        sys::set_mode(path, 0o755)
    }

    /// The sum of [`SAMPLE_DEP`], as Go finds it when it builds: in the `.ziphash` of the module cache. A sum of nothing
    /// where the world has no such module.
    pub fn dep_sum(&self) -> String {
        let (path, version) = SAMPLE_DEP;
        let file = self.gomodcache().join(format!("cache/download/{path}/@v/{version}.ziphash"));
        let read = sys::read(&file, 64).ok().and_then(|b| String::from_utf8(b).ok());
        read.unwrap_or_else(|| format!("h1:{}", STANDARD.encode(Sha256::digest(path.as_bytes()))))
    }
}
