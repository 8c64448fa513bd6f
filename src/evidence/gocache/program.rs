//! An executable directory: one program, named by its sha256 (cmd/go/internal/cache/cache.go: `PutExecutable`).

use std::ffi::OsString;
use std::io;
use std::path::Path;

use super::{Built, OutputSeen, OutputState, Scratch, Yield, open};
use crate::evidence::content;
use crate::evidence::node::Expect;
use crate::format::action::OutputId;
use crate::format::binary;
use crate::format::buildid::{BuildId, ContentHash};
use crate::format::output::OutputClass;
use crate::sys::File;

pub(super) fn read(id: OutputId, rel: &Path, scratch: &mut Scratch, to: &mut Yield<'_>) -> io::Result<OutputSeen> {
    let (root, tally) = (to.root, &mut *to.tally);
    let mut names: Vec<OsString> = root.dir.open_dir(rel)?.list()?.into_iter().map(|(name, _)| name).collect();
    names.sort();
    tally.counts.outputs += 1;
    let mtime_ns = root.dir.stat(rel)?.mtime_ns;
    let class = OutputClass::Executable;
    let mut row = OutputSeen { id, size: 0, class, state: OutputState::Intact, mtime_ns, built: None, kept: None };
    for name in &names {
        let opened = open(root, &rel.join(name), Expect::Program, tally)?;
        match (opened, names.len()) {
            (Some(file), 1) => {
                let (hash, built) = read_program(&file, scratch)?;
                tally.counts.bytes += hash.size;
                row.size = hash.size;
                row.mtime_ns = row.mtime_ns.max(file.stat().mtime_ns);
                row.built = Some(Box::new(built));
                if hash.sha256 != id.0 {
                    row.state = OutputState::Differs(Box::new((hash.sha256, Some(name.clone()))));
                }
            }
            (None, 1) => row.state = OutputState::NotOneFile(1, Some(Box::new(name.clone()))),
            _ => {}
        }
    }
    if names.len() != 1 {
        row.state = OutputState::NotOneFile(names.len(), names.pop().map(Box::new));
    }
    Ok(row)
}

fn read_program(file: &File, scratch: &mut Scratch) -> io::Result<(ContentHash, Built)> {
    let format = binary::format_of(file)?;
    let image = binary::map(file)?;
    let id = binary::read_build_id(file)?.unwrap_or_default();
    let watched = if scratch.content { id.clone() } else { BuildId::default() };
    let (hash, content) = content::hash(file, &watched, image.as_ref().ok(), &mut scratch.program)?;
    Ok((hash, Built { id, content, program: Some(format) }))
}
