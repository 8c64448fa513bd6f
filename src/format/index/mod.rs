//! Module and package indexes, `go index v2`: what Go takes for the content of source directories without looking at them.
//! Go checks the size of such an output and nothing else (cmd/go/internal/modindex/read.go).

mod compare;
mod key;

pub use compare::{Comparison, Difference, MAX_SOURCE, outside, unclean};
pub use key::{PackageKey, time_text};

/// How an index begins; the same in Go 1.21 to 1.27 (write.go: `indexVersion`).
pub const MAGIC: &[u8] = b"go index v2\n";

/// The largest index that is read, in bytes: the offsets in it are 31 bits wide (write.go: `encoder.Int`), and the largest
/// module that Go takes, 500 MB of files (x/mod/zip: `MaxZipFile`), makes a small part of this.
pub const LIMIT: u64 = 256 << 20;

/// Why Go could not read an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexDamage {
    /// It does not begin as every index does.
    Magic,
    /// It ends where more must follow, or an offset leads out of it.
    Truncated,
    /// Its string table has not the shape that Go asks for.
    Strings,
    /// Parts of it are read more than once, as Go never writes it.
    Overlapping,
}

crate::word::words!(IndexDamage: Magic => "has another first line", Truncated => "leads past its own end",
    Strings => "has no sound string table", Overlapping => "uses its own parts more than once");

/// An index: packages in the order in which they stand there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index<'a> {
    /// One for each directory of a module, or the only one of a package index.
    pub packages: Vec<Package<'a>>,
}

/// What it says of one directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// Directory relative to the module's root, by which Go finds it.
    pub dir: &'a [u8],
    /// The same, as the package itself gives it.
    pub own_dir: &'a [u8],
    /// Why the directory could not be read; empty if it could.
    pub error: &'a [u8],
    /// Its source files.
    pub files: Vec<SourceFile<'a>>,
}

/// What it says of one file (scan.go: `rawFile`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceFile<'a> {
    /// Why it could not be read; empty if it could.
    pub error: &'a [u8],
    /// Why it could not be parsed, as JSON; empty if it could.
    pub parse_error: &'a [u8],
    /// First sentence of the package's comment.
    pub synopsis: &'a [u8],
    /// Base name.
    pub name: &'a [u8],
    /// Of the package clause.
    pub package: &'a [u8],
    /// Whether Go passes over it.
    pub ignored: bool,
    /// Whether it says that there is no source.
    pub binary_only: bool,
    /// `#cgo` lines.
    pub cgo: &'a [u8],
    /// The `//go:build` line.
    pub go_build: &'a [u8],
    /// The `// +build` lines.
    pub plus_build: Vec<&'a [u8]>,
    /// Imported paths, each where it stands.
    pub imports: Vec<Positioned<'a>>,
    /// `//go:embed` patterns.
    pub embeds: Vec<Positioned<'a>>,
    /// `//go:` lines above the package clause.
    pub directives: Vec<Positioned<'a>>,
}

/// A text and where it stands (go/token: `Position`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Positioned<'a> {
    /// The text.
    pub text: &'a [u8],
    /// Absolute path, or what a `//line` comment says.
    pub file: &'a [u8],
    /// From 0, in bytes.
    pub offset: u32,
    /// From 1.
    pub line: u32,
    /// From 1, in bytes; 0 where a `//line` comment leaves it open.
    pub column: u32,
}

impl<'a> Index<'a> {
    /// Reads an index as Go does (read.go: `fromBytes`), and whatever Go would read of it later.
    pub fn parse(bytes: &'a [u8]) -> Result<Index<'a>, IndexDamage> {
        if !bytes.starts_with(MAGIC) {
            return Err(IndexDamage::Magic);
        }
        let mut header = Reader { data: bytes, strings: &[], at: MAGIC.len(), left: 2 };
        let strings_at = header.length()?;
        let count = header.length()?;
        let (Some(data), Some(strings)) = (bytes.get(..strings_at), bytes.get(strings_at..)) else {
            return Err(IndexDamage::Truncated);
        };
        if strings_at < MAGIC.len() + 8 || strings.first() != Some(&0) || strings.last() != Some(&0xff) {
            return Err(IndexDamage::Strings);
        }
        // Go writes every word once, so that a sound index is read within as many words as it has.
        let mut reader = Reader { data, strings, at: header.at, left: data.len().saturating_sub(header.at) / 4 };
        let mut table = Vec::with_capacity(reader.bounded(count, 2)?);
        for _ in 0..count {
            table.push((reader.string()?, reader.length()?));
        }
        let mut packages = Vec::with_capacity(table.len());
        for (dir, at) in table {
            reader.at = at;
            packages.push(reader.package(dir)?);
        }
        Ok(Index { packages })
    }
}

struct Reader<'a> {
    data: &'a [u8],
    strings: &'a [u8],
    at: usize,
    /// Words that may still be read.
    left: usize,
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> Result<u32, IndexDamage> {
        self.left = self.left.checked_sub(1).ok_or(IndexDamage::Overlapping)?;
        let bytes = self.data.get(self.at..).and_then(|d| d.first_chunk::<4>()).ok_or(IndexDamage::Truncated)?;
        self.at += 4;
        let word = u32::from_le_bytes(*bytes);
        // Go takes no word whose first bit is set (read.go: `intAt`).
        if word >> 31 != 0 { Err(IndexDamage::Truncated) } else { Ok(word) }
    }

    fn length(&mut self) -> Result<usize, IndexDamage> {
        usize::try_from(self.word()?).map_err(|_| IndexDamage::Truncated)
    }

    /// A count of things of `words` words each, which must have room in what may still be read.
    fn bounded(&self, count: usize, words: usize) -> Result<usize, IndexDamage> {
        if count > self.left / words { Err(IndexDamage::Truncated) } else { Ok(count) }
    }

    fn count(&mut self, words: usize) -> Result<usize, IndexDamage> {
        let count = self.length()?;
        self.bounded(count, words)
    }

    fn string(&mut self) -> Result<&'a [u8], IndexDamage> {
        let at = self.length()?;
        let mut rest = self.strings.get(at..).ok_or(IndexDamage::Truncated)?;
        let mut length = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, tail) = rest.split_first().ok_or(IndexDamage::Truncated)?;
            rest = tail;
            if shift == 63 && *byte > 1 {
                return Err(IndexDamage::Truncated);
            }
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(length).ok().and_then(|n| rest.get(..n)).ok_or(IndexDamage::Truncated);
            }
        }
        Err(IndexDamage::Truncated)
    }

    fn package(&mut self, dir: &'a [u8]) -> Result<Package<'a>, IndexDamage> {
        let (error, own_dir) = (self.string()?, self.string()?);
        let count = self.count(1)?;
        let mut offsets = Vec::with_capacity(count);
        for _ in 0..count {
            offsets.push(self.length()?);
        }
        let mut files = Vec::with_capacity(count);
        for at in offsets {
            self.at = at;
            files.push(self.file()?);
        }
        Ok(Package { dir, own_dir, error, files })
    }

    fn file(&mut self) -> Result<SourceFile<'a>, IndexDamage> {
        let mut file = SourceFile {
            error: self.string()?,
            parse_error: self.string()?,
            synopsis: self.string()?,
            name: self.string()?,
            package: self.string()?,
            ignored: self.word()? != 0,
            binary_only: self.word()? != 0,
            cgo: self.string()?,
            go_build: self.string()?,
            ..SourceFile::default()
        };
        for _ in 0..self.count(1)? {
            file.plus_build.push(self.string()?);
        }
        file.imports = self.positioned()?;
        file.embeds = self.positioned()?;
        file.directives = self.positioned()?;
        Ok(file)
    }

    fn positioned(&mut self) -> Result<Vec<Positioned<'a>>, IndexDamage> {
        let count = self.count(5)?;
        let mut out = Vec::with_capacity(count);
        for _ in 0..count {
            let (text, file) = (self.string()?, self.string()?);
            out.push(Positioned { text, file, offset: self.word()?, line: self.word()?, column: self.word()? });
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_may_be_read_once() {
        // Two packages that are one and the same.
        let mut bytes = MAGIC.to_vec();
        let words: [u32; 9] = [48, 2, 0, 36, 0, 36, 0, 0, 0];
        words.iter().for_each(|w| bytes.extend(w.to_le_bytes()));
        bytes.extend([0, 0xff]);
        assert_eq!(Index::parse(&bytes), Err(IndexDamage::Overlapping));
        bytes[16] = 1;
        assert_eq!(Index::parse(&bytes).unwrap().packages.len(), 1);
    }
}
