//! What one installed binary gives: its facts, and the damage that its own bytes show.

use std::io;
use std::path::Path;

use super::content;
use crate::facts::BinaryFact;
use crate::format::ReadAt;
use crate::format::binary::{self, Format, LineDamage, NoBuildInfo, ParseError, Platform, Unmappable};
use crate::format::buildid::{ContentHasher, IdHash};
use crate::sys;

/// What the bytes of a binary show to be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BinaryDamage {
    /// It has no bytes.
    Empty,
    /// It ends before what its headers speak of.
    Truncated {
        /// Bytes that it must have; `None` where not even the headers are whole.
        needs: Option<u64>,
        /// Bytes that it has.
        has: u64,
    },
    /// It begins like an executable and breaks the rules of that format.
    Unparsable,
    /// It begins like none; whether it is a script (`#!`).
    NoProgram {
        /// Whether it is a script.
        script: bool,
    },
    /// Go refuses the text of the build info.
    BuildInfo(ParseError),
    /// Lines of the build info that no linker writes and that Go passes over.
    Line(LineDamage),
    /// Module data without the linker's marks, which Go takes for none.
    Unframed,
    /// The content differs from what the content ID says.
    Content {
        /// What the build ID says.
        claimed: IdHash,
        /// What the file gives.
        computed: IdHash,
    },
}

/// What is kept of a binary.
#[derive(Debug, Clone, PartialEq)]
pub struct BinaryEvidence {
    /// The row for joins and `--facts`.
    pub fact: BinaryFact,
    /// GOOS and GOARCH that its header allows.
    pub platform: Platform,
    /// Size in bytes when it was opened.
    pub size: u64,
    /// Whether the system would start it: its mode has an executable bit. True where modes don't tell.
    pub may_run: bool,
    /// What is wrong with it.
    pub damage: Vec<BinaryDamage>,
}

/// Reads the binary `file`, which lies at `path`. `Err` only where the system refuses to read.
///
/// A file without a checkable build ID is not read whole.
pub fn read(path: &Path, file: &sys::File) -> io::Result<BinaryEvidence> {
    let may_run = cfg!(not(unix)) || file.stat().executable();
    read_from(path, file).map(|evidence| BinaryEvidence { may_run, ..evidence })
}

fn read_from(path: &Path, r: &dyn ReadAt) -> io::Result<BinaryEvidence> {
    let format = binary::format_of(r)?;
    let mut evidence = BinaryEvidence {
        fact: BinaryFact { path: path.to_path_buf(), format: format.as_str(), ..BinaryFact::default() },
        platform: Platform::default(),
        size: r.size(),
        may_run: true,
        damage: Vec::new(),
    };
    if r.size() == 0 {
        evidence.damage.push(BinaryDamage::Empty);
        return Ok(evidence);
    }
    if format == Format::Other {
        let mut head = [0; 2];
        let script = r.read_full_at(0, &mut head)? == 2 && &head == b"#!";
        evidence.damage.push(BinaryDamage::NoProgram { script });
        return Ok(evidence);
    }
    let image = binary::map(r)?;
    if let Ok(id) = binary::read_build_id(r)? {
        evidence.fact.build_id = id.to_string();
        if let Some(claimed) = id.linked_content() {
            let computed = content::id(r, &id, image.as_ref().ok(), &mut ContentHasher::default())?;
            evidence.fact.content_id_ok = computed.as_ref().map(|c| *c == claimed);
            if let Some(computed) = computed.filter(|c| *c != claimed) {
                evidence.damage.push(BinaryDamage::Content { claimed, computed });
            }
        }
    }
    match image {
        Ok(image) => {
            if image.needs > r.size() {
                evidence.damage.push(BinaryDamage::Truncated { needs: Some(image.needs), has: r.size() });
            }
            match image.build_info(r)? {
                Ok(info) => take_build_info(info, &mut evidence),
                Err(NoBuildInfo::Malformed(e)) => evidence.damage.push(BinaryDamage::BuildInfo(e)),
                Err(_) => {}
            }
            evidence.platform = image.platform;
        }
        Err(Unmappable::Short) => evidence.damage.push(BinaryDamage::Truncated { needs: None, has: r.size() }),
        Err(Unmappable::Stripped) => {}
        Err(Unmappable::Bad | Unmappable::Other) => evidence.damage.push(BinaryDamage::Unparsable),
    }
    let setting = |key: &str| evidence.fact.settings.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    let told = |fits: &[&'static str], key: &str| fits.iter().copied().find(|f| Some(*f) == setting(key));
    let goos = told(&evidence.platform.goos, "GOOS").or(evidence.platform.sole_goos());
    let goarch = told(&evidence.platform.goarch, "GOARCH").or(evidence.platform.sole_goarch());
    evidence.fact.goos = goos;
    evidence.fact.goarch = goarch;
    Ok(evidence)
}

fn take_build_info(info: binary::BuildInfo, evidence: &mut BinaryEvidence) {
    let fact = &mut evidence.fact;
    fact.go = true;
    fact.old_layout = info.layout == binary::Layout::Pointer;
    fact.go_version = info.go_version;
    fact.path_pkg = info.modules.path;
    fact.main = info.modules.main;
    fact.deps = info.modules.deps;
    fact.settings = info.modules.settings;
    evidence.damage.extend(info.modules.damage.into_iter().map(BinaryDamage::Line));
    if info.unframed {
        evidence.damage.push(BinaryDamage::Unframed);
    }
}
