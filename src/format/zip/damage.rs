//! What can be wrong with a module zip, as values.

use std::fmt::{self, Write};

use crate::format::module::path::PathFault;

/// A place in a zip that no reader looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// Before the first member.
    Front,
    /// Between two members, or between the last and the central directory.
    Between,
    /// Between the central directory and its end record.
    Directory,
    /// Behind the end record.
    Back,
    /// Behind the end of a member's deflate stream, inside its data.
    Stream,
}

/// One defect of a zip. Names are printable, see [`printable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZipDamage {
    /// The file has no bytes: what a crash leaves.
    Empty,
    /// No end record in the last 65 KiB.
    NoEnd,
    /// The end record, or its 64-bit twin, makes no sense to Go.
    BadEnd(&'static str),
    /// The directory does not hold what the end record says: entries claimed and found.
    BadDirectory(u64, u64),
    /// More than we look at, see [`MAX_MEMBERS`](super::MAX_MEMBERS).
    TooManyMembers,
    /// The name does not begin with `path@version/`.
    WrongPrefix(String),
    /// Not clean: an empty, `.` or `..` element, or absolute.
    NotClean(String),
    /// Not what a file of a module may be called.
    BadName(String, PathFault),
    /// A `go.mod` below the root of the module.
    NestedGoMod(String),
    /// The `go.mod` of the module in other letters.
    GoModCase(String),
    /// Equal to another name under case folding.
    CaseCollision(String, String),
    /// Both a file and a folder.
    FileAndFolder(String),
    /// The same file twice.
    Duplicate(String),
    /// The zip is larger than [`MAX_ZIP`](super::MAX_ZIP).
    ZipTooLarge(u64),
    /// The members together are larger than [`MAX_ZIP`](super::MAX_ZIP).
    ContentTooLarge,
    /// `go.mod` or `LICENSE` is larger than Go takes.
    MemberTooLarge(String, u64),
    /// A member of [`BOMB_SIZE`](super::BOMB_SIZE) and [`BOMB_RATIO`](super::BOMB_RATIO): name, inflated and deflated bytes.
    Bomb(String, u64, u64),
    /// Where the directory says a member begins no local header stands.
    NoLocalHeader(String),
    /// The member reaches past the end of the file.
    BeyondEnd(String),
    /// Neither stored nor deflated: the number of the method.
    UnknownMethod(String, u16),
    /// The data is no deflate stream.
    BadDeflate(String),
    /// Claimed size, and what came out of it; `None` for more than claimed.
    WrongSize(String, u64, Option<u64>),
    /// The CRC-32 of the directory and that of the content.
    WrongCrc(String, u32, u32),
    /// The directory claims no CRC-32, which Go takes as a reason not to check it.
    NoCrc(String),
    /// The data descriptor is missing or has another CRC-32.
    BadDescriptor(String),
    /// Bytes that belong to nothing: where, offset, how many.
    HiddenBytes(Hidden, u64, u64),
    /// A comment on the whole zip, length in bytes.
    Comment(u64),
    /// A comment on the whole zip that is a commit: `git archive` writes it.
    GitComment,
    /// A comment on a member, length in bytes.
    MemberComment(String, u64),
    /// Extra fields that no writer in use makes, length in bytes.
    Extra(String, u64),
    /// The member's bytes are also those of another.
    Overlap(String, String),
    /// The local header tells another story than the directory: which field, what the directory and what the header say.
    LocalDiffers(String, &'static str, String, String),
    /// The end record contradicts the directory or itself.
    EndDiffers(&'static str, u64, u64),
    /// Marked as encrypted, or with flags for readers other than Go.
    OddFlags(String, u16),
    /// The attributes make it something else than a plain file: a symbolic link, a device, setuid.
    Special(String, &'static str),
    /// A folder has an entry of its own.
    Folder(String),
}

/// The kinds of damage, each the matter of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZipClass {
    /// Go can't read it: cut off, rotten, or no zip at all.
    Unreadable,
    /// A CRC-32 does not fit.
    Crc,
    /// Names that Go refuses.
    Name,
    /// Names that meet on some file systems.
    Collision,
    /// Beyond Go's limits.
    TooLarge,
    /// Inflates out of all proportion.
    Bomb,
    /// Room for bytes that Go never looks at.
    HiddenData,
    /// Two readers see two zips.
    Headers,
    /// Not a plain file.
    Special,
    /// Folder entries.
    Folder,
    /// The mark of `git archive`.
    GitComment,
}

impl ZipDamage {
    /// The kind.
    pub fn class(&self) -> ZipClass {
        match self {
            ZipDamage::Empty
            | ZipDamage::NoEnd
            | ZipDamage::BadEnd(_)
            | ZipDamage::BadDirectory(..)
            | ZipDamage::TooManyMembers
            | ZipDamage::NoLocalHeader(_)
            | ZipDamage::BeyondEnd(_)
            | ZipDamage::UnknownMethod(..)
            | ZipDamage::BadDeflate(_)
            | ZipDamage::WrongSize(..) => ZipClass::Unreadable,
            ZipDamage::WrongCrc(..) | ZipDamage::NoCrc(_) | ZipDamage::BadDescriptor(_) => ZipClass::Crc,
            ZipDamage::WrongPrefix(_)
            | ZipDamage::NotClean(_)
            | ZipDamage::BadName(..)
            | ZipDamage::NestedGoMod(_)
            | ZipDamage::GoModCase(_) => ZipClass::Name,
            ZipDamage::CaseCollision(..) | ZipDamage::FileAndFolder(_) | ZipDamage::Duplicate(_) => ZipClass::Collision,
            ZipDamage::ZipTooLarge(_) | ZipDamage::ContentTooLarge | ZipDamage::MemberTooLarge(..) => ZipClass::TooLarge,
            ZipDamage::Bomb(..) => ZipClass::Bomb,
            ZipDamage::HiddenBytes(..) | ZipDamage::Comment(_) | ZipDamage::MemberComment(..) | ZipDamage::Extra(..) => {
                ZipClass::HiddenData
            }
            ZipDamage::Overlap(..) | ZipDamage::LocalDiffers(..) | ZipDamage::EndDiffers(..) | ZipDamage::OddFlags(..) => {
                ZipClass::Headers
            }
            ZipDamage::Special(..) => ZipClass::Special,
            ZipDamage::Folder(_) => ZipClass::Folder,
            ZipDamage::GitComment => ZipClass::GitComment,
        }
    }

    /// Whether Go refuses to extract a zip with this damage (x/mod/zip `Unzip`); the rest it does not see.
    pub fn refused(&self) -> bool {
        // A folder's entry is hashed, but not opened to be extracted.
        if matches!(self, ZipDamage::NoLocalHeader(name) if name.ends_with('/')) {
            return false;
        }
        match self.class() {
            ZipClass::Unreadable | ZipClass::Name | ZipClass::Collision | ZipClass::TooLarge => true,
            ZipClass::Crc => !matches!(self, ZipDamage::NoCrc(_)),
            ZipClass::Bomb
            | ZipClass::HiddenData
            | ZipClass::Headers
            | ZipClass::Special
            | ZipClass::Folder
            | ZipClass::GitComment => false,
        }
    }

    /// The name of the member that it is about.
    pub fn member(&self) -> Option<&str> {
        match self {
            ZipDamage::WrongPrefix(n)
            | ZipDamage::NotClean(n)
            | ZipDamage::BadName(n, _)
            | ZipDamage::NestedGoMod(n)
            | ZipDamage::GoModCase(n)
            | ZipDamage::CaseCollision(n, _)
            | ZipDamage::FileAndFolder(n)
            | ZipDamage::Duplicate(n)
            | ZipDamage::MemberTooLarge(n, _)
            | ZipDamage::Bomb(n, ..)
            | ZipDamage::NoLocalHeader(n)
            | ZipDamage::BeyondEnd(n)
            | ZipDamage::UnknownMethod(n, _)
            | ZipDamage::BadDeflate(n)
            | ZipDamage::WrongSize(n, ..)
            | ZipDamage::WrongCrc(n, ..)
            | ZipDamage::NoCrc(n)
            | ZipDamage::BadDescriptor(n)
            | ZipDamage::MemberComment(n, _)
            | ZipDamage::Extra(n, _)
            | ZipDamage::Overlap(n, _)
            | ZipDamage::LocalDiffers(n, ..)
            | ZipDamage::OddFlags(n, _)
            | ZipDamage::Special(n, _)
            | ZipDamage::Folder(n) => Some(n),
            _ => None,
        }
    }
}

impl fmt::Display for ZipDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ZipDamage::Empty => f.write_str("it has no bytes"),
            ZipDamage::NoEnd => f.write_str("it has no end record: it is cut off or no zip at all"),
            ZipDamage::BadEnd(why) => write!(f, "its end record is damaged: {why}"),
            ZipDamage::BadDirectory(claimed, found) => write!(f, "its directory holds {found} members, not {claimed}"),
            ZipDamage::TooManyMembers => f.write_str("its directory is larger than that of any module"),
            ZipDamage::WrongPrefix(n) => write!(f, "member `{n}` does not lie in the module's folder"),
            ZipDamage::NotClean(n) => write!(f, "member `{n}` has no clean path"),
            ZipDamage::BadName(n, why) => write!(f, "member `{n}` has a name that go refuses: {why}"),
            ZipDamage::NestedGoMod(n) => write!(f, "member `{n}` is a go.mod below the root of the module"),
            ZipDamage::GoModCase(n) => write!(f, "member `{n}` should be called `go.mod`"),
            ZipDamage::CaseCollision(n, other) => write!(f, "member `{n}` differs from `{other}` in case alone"),
            ZipDamage::FileAndFolder(n) => write!(f, "member `{n}` is both a file and a folder"),
            ZipDamage::Duplicate(n) => write!(f, "member `{n}` is there twice"),
            ZipDamage::ZipTooLarge(size) => write!(f, "it is {size} bytes large, more than the 500 MiB that go takes"),
            ZipDamage::ContentTooLarge => f.write_str("its members are larger together than the 500 MiB that go takes"),
            ZipDamage::MemberTooLarge(n, size) => {
                write!(f, "member `{n}` is {size} bytes large, more than the 16 MiB that go takes")
            }
            ZipDamage::Bomb(n, size, from) => write!(f, "member `{n}` inflates from {from} bytes to {size}"),
            ZipDamage::NoLocalHeader(n) => write!(f, "member `{n}` is not where the directory says"),
            ZipDamage::BeyondEnd(n) => write!(f, "member `{n}` reaches past the end of the file"),
            ZipDamage::UnknownMethod(n, method) => write!(f, "member `{n}` is packed by method {method}, which go does not know"),
            ZipDamage::BadDeflate(n) => write!(f, "member `{n}` can't be inflated"),
            ZipDamage::WrongSize(n, claimed, Some(found)) => write!(f, "member `{n}` holds {found} bytes, not {claimed}"),
            ZipDamage::WrongSize(n, claimed, None) => {
                write!(f, "member `{n}` holds more than the {claimed} bytes that it claims")
            }
            ZipDamage::WrongCrc(n, claimed, found) => write!(f, "member `{n}` has the CRC-32 {found:08x}, not {claimed:08x}"),
            ZipDamage::NoCrc(n) => write!(f, "member `{n}` claims no CRC-32, so that go does not check it"),
            ZipDamage::BadDescriptor(n) => write!(f, "member `{n}` has another CRC-32 in its data descriptor, or none"),
            ZipDamage::HiddenBytes(place, at, len) => {
                let place = match place {
                    Hidden::Front => "before its first member",
                    Hidden::Between => "between its members",
                    Hidden::Directory => "behind its directory",
                    Hidden::Back => "behind its end",
                    Hidden::Stream => "behind the deflate stream of a member",
                };
                write!(f, "{len} bytes lie {place}, from offset {at}, where no reader looks")
            }
            ZipDamage::Comment(len) => write!(f, "a comment of {len} bytes stands at its end"),
            ZipDamage::GitComment => f.write_str("it names a commit in its comment, as `git archive` does and go never"),
            ZipDamage::MemberComment(n, len) => write!(f, "member `{n}` has a comment of {len} bytes"),
            ZipDamage::Extra(n, len) => write!(f, "member `{n}` has {len} bytes of extra fields that no zip writer makes"),
            ZipDamage::Overlap(n, other) => write!(f, "member `{n}` shares bytes with {other}"),
            ZipDamage::LocalDiffers(n, field, central, local) => {
                write!(f, "member `{n}` has the {field} `{central}` in the directory and `{local}` in its own header")
            }
            ZipDamage::EndDiffers(field, claimed, found) => write!(f, "its end record claims {field} {claimed}, not {found}"),
            ZipDamage::OddFlags(n, flags) => write!(f, "member `{n}` has the flags {flags:#06x}, as if it were encrypted"),
            ZipDamage::Special(n, what) => write!(f, "member `{n}` is {what}"),
            ZipDamage::Folder(n) => write!(f, "`{n}` is an entry for a folder"),
        }
    }
}

/// Collects damage: the first few of each kind, and how many more there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Damages {
    list: Vec<ZipDamage>,
    more: Vec<(ZipClass, u64)>,
    refused: bool,
}

impl Damages {
    /// How many of one kind are kept.
    pub const KEPT: usize = 16;

    /// Takes one.
    pub fn push(&mut self, damage: ZipDamage) {
        let class = damage.class();
        self.refused |= damage.refused();
        if self.list.iter().filter(|d| d.class() == class).count() < Self::KEPT {
            self.list.push(damage);
        } else if let Some((_, n)) = self.more.iter_mut().find(|(c, _)| *c == class) {
            *n += 1;
        } else {
            self.more.push((class, 1));
        }
    }

    /// Those that were kept, in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &ZipDamage> {
        self.list.iter()
    }

    /// How many more of one kind there are than were kept.
    pub fn more(&self, class: ZipClass) -> u64 {
        self.more.iter().find(|(c, _)| *c == class).map_or(0, |(_, n)| *n)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether Go refuses to extract the zip.
    pub fn refused(&self) -> bool {
        self.refused
    }
}

/// A name for messages: whatever is no UTF-8 or no printable character is escaped, and what is too long is cut.
pub fn printable(name: &[u8]) -> String {
    const LONGEST: usize = 300;
    let mut out = String::new();
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || c == '`' || is_format(c) {
                out.extend(c.escape_unicode());
            } else {
                out.push(c);
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
        if out.len() > LONGEST {
            let cut = (0..=LONGEST).rev().find(|i| out.is_char_boundary(*i)).unwrap_or(0);
            out.truncate(cut);
            out.push('…');
            break;
        }
    }
    out
}

/// Characters that change how others are shown: joiners, directions, separators of lines.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_harmless_on_a_terminal() {
        assert_eq!(printable(b"a\x1b[2Jb\xff`"), "a\\u{1b}[2Jb\\xff\\u{60}");
        assert_eq!(printable("x\u{202e}og.".as_bytes()), "x\\u{202e}og.");
        assert_eq!(printable(&vec![b'a'; 70_000]).chars().count(), 301);
    }

    #[test]
    fn the_first_few_are_kept_and_the_rest_counted() {
        let mut d = Damages::default();
        for i in 0..100 {
            d.push(ZipDamage::NotClean(i.to_string()));
        }
        d.push(ZipDamage::Comment(1));
        assert_eq!((d.iter().count(), d.more(ZipClass::Name)), (Damages::KEPT + 1, 84));
    }
}
