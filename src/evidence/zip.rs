//! One pass over a module zip: each member is inflated once, hashed, and held against the file of the same name in the
//! extracted directory. Memory is bounded by the buffers, whatever the zip claims.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::index::{Held, Onlooker};
use super::tree::{TreeEvidence, Visit, Walker};
use crate::facts::ModuleVersion;
use crate::format::dirhash::{H1, hash1};
use crate::format::zip::{
    Damages, Directory, Extent, Failure, Hidden, Inflater, LocalHeader, MAX_GO_MOD, MAX_ZIP, Member, Names, Window, ZipDamage,
    check_descriptor, check_layout, check_names, printable, read_directory, read_local,
};
use crate::sys::{self, Dir};

/// What one pass over a module zip gave.
#[derive(Debug, Clone, Default)]
pub struct ZipEvidence {
    /// Where it lies.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// Dirhash as Go computes it (x/mod/sumdb/dirhash `HashZip`); `None` where Go could not either.
    pub h1: Option<H1>,
    /// Whether Go can list it.
    pub listed: bool,
    /// Entries of its directory.
    pub members: u64,
    /// Sum of the sizes of the content, in bytes.
    pub bytes: u64,
    /// All that is wrong with it.
    pub damage: Damages,
    /// The module's `go.mod`, if it has one and it could be read.
    pub go_mod: Option<Vec<u8>>,
    /// Path inside the module and sha256 of each file, if they were asked for.
    pub rows: Vec<(String, [u8; 32])>,
    /// Whether it changed while it was read: whatever was found says nothing then.
    pub changed: bool,
    /// Why it could not be read to the end: the system's answer.
    pub unread: Option<String>,
}

/// What is known of a module version after both were read.
#[derive(Debug, Clone)]
pub struct ModuleEvidence {
    /// What it is.
    pub module: ModuleVersion,
    /// Its zip, if there is one.
    pub zip: Option<ZipEvidence>,
    /// Its extracted directory, if there is one.
    pub tree: Option<TreeEvidence>,
}

/// What is to be verified. At least one of `zip` and `tree` should be there.
///
/// A directory that Go has not finished (its `.partial` is there) is not given here.
#[derive(Debug)]
pub struct Request<'a> {
    /// What it is.
    pub module: &'a ModuleVersion,
    /// The zip and its path.
    pub zip: Option<(&'a Path, &'a sys::File)>,
    /// The extracted directory.
    pub tree: Option<&'a Dir>,
    /// Whether a row of each file is wanted.
    pub rows: bool,
}

/// Verifies modules one after the other. One for each worker: its buffers are used again and again.
#[derive(Debug, Default)]
pub struct Verifier {
    inflater: Inflater,
    window: Vec<u8>,
    buffer: Vec<u8>,
}

impl Verifier {
    /// `roomy`: with more memory for large members ([`Inflater::new`]); else as by default.
    pub fn new(roomy: bool) -> Verifier {
        Verifier { inflater: Inflater::new(roomy), ..Verifier::default() }
    }

    /// Reads the zip and the extracted directory of a module, each byte once. `visit` is told the state of every file and
    /// folder of the directory.
    pub fn verify(&mut self, request: &Request<'_>, visit: &mut Visit<'_>) -> ModuleEvidence {
        self.verify_watched(request, visit, None)
    }

    /// The same, while `onlooker` sees the files of the zip; what it sees counts only if the zip turns out to be sound.
    pub fn verify_watched(
        &mut self,
        request: &Request<'_>,
        visit: &mut Visit<'_>,
        onlooker: Option<&mut Onlooker<'_>>,
    ) -> ModuleEvidence {
        let prefix = format!("{}/", request.module);
        let module = request.module.clone();
        let Some((path, file)) = request.zip else {
            return ModuleEvidence { module, zip: None, tree: request.tree.map(|t| self.hash_tree(request, t, &prefix, visit)) };
        };
        let mut zip = ZipEvidence { path: path.to_path_buf(), size: file.stat().size, ..ZipEvidence::default() };
        let mut held = std::mem::take(&mut self.window);
        let mut window = Window::new(file, &mut held);
        let dir = match read_directory(&mut window, &mut zip.damage) {
            Ok(dir) => dir,
            Err(e) => {
                zip.unread = Some(e.to_string());
                Directory::default()
            }
        };
        zip.listed = dir.listed;
        zip.members = length(dir.members.len());
        let names = check_names(&dir, &prefix, &mut zip.damage);
        let readable = dir.listed && zip.unread.is_none();
        let mut shas = vec![None; dir.members.len()];
        let mut walker = request
            .tree
            .filter(|_| readable)
            .map(|tree| Walker::new(tree, Some(&names), request.module, visit, std::mem::take(&mut self.buffer)));
        if readable {
            let mut pass = Pass {
                dir: &dir,
                names: &names,
                inflater: &mut self.inflater,
                window,
                walker: walker.as_mut(),
                onlooker,
                zip: &mut zip,
                shas: &mut shas,
                extents: Vec::with_capacity(dir.members.len()),
                spent: 0,
                claimed: 0,
            };
            let ended = pass.run();
            for (i, sha) in pass.inflater.digests() {
                if let Some(place) = pass.shas.get_mut(i) {
                    *place = Some(sha);
                }
            }
            match ended {
                Ok(()) => {
                    let mut extents = std::mem::take(&mut pass.extents);
                    check_layout(&dir, &mut extents, &mut zip.damage);
                    zip.h1 = hash_zip(&dir, &shas);
                }
                Err(e) => zip.unread = Some(e.to_string()),
            }
        }
        if request.rows {
            let row = |(i, sha): (usize, &Option<_>)| Some((names.path(i)?.to_owned(), (*sha)?));
            zip.rows = shas.iter().enumerate().filter_map(row).collect();
        }
        zip.changed = file.stat_now().is_ok_and(|now| !now.unchanged(file.stat()));
        let tree = match walker {
            Some(walker) => {
                let plain = dir.members.iter().enumerate().all(|(i, _)| names.path(i).is_some());
                let (tree, buffer) = walker.finish(&shas, &prefix, zip.h1.filter(|_| plain));
                self.buffer = buffer;
                Some(tree)
            }
            None => request.tree.map(|t| self.hash_tree(request, t, &prefix, visit)),
        };
        self.window = held;
        ModuleEvidence { module, zip: Some(zip), tree }
    }

    fn hash_tree(&mut self, request: &Request<'_>, tree: &Dir, prefix: &str, visit: &mut Visit<'_>) -> TreeEvidence {
        let walker = Walker::new(tree, None, request.module, visit, std::mem::take(&mut self.buffer));
        let (evidence, buffer) = walker.finish(&[], prefix, None);
        self.buffer = buffer;
        evidence
    }
}

struct Pass<'a, 'b, 'c> {
    dir: &'a Directory,
    names: &'a Names<'a>,
    inflater: &'a mut Inflater,
    window: Window<'a, sys::File>,
    walker: Option<&'a mut Walker<'b>>,
    onlooker: Option<&'a mut Onlooker<'c>>,
    zip: &'a mut ZipEvidence,
    shas: &'a mut Vec<Option<[u8; 32]>>,
    extents: Vec<Extent>,
    /// Bytes of data that were gone through: members that share theirs may not make us read for ever.
    spent: u64,
    /// Bytes of content that were claimed.
    claimed: u64,
}

impl Pass<'_, '_, '_> {
    /// Goes through the members in the order in which they lie in the file.
    fn run(&mut self) -> io::Result<()> {
        let mut order: Vec<usize> = (0..self.dir.members.len()).collect();
        let offset = |i: &usize| self.dir.members.get(*i).map_or(0, |m| m.offset);
        if !order.is_sorted_by_key(offset) {
            order.sort_by_key(offset);
        }
        for i in order {
            if let Some(member) = self.dir.members.get(i) {
                self.member(i, member)?;
            }
        }
        Ok(())
    }

    fn member(&mut self, i: usize, member: &Member) -> io::Result<()> {
        let name = self.dir.name(member);
        let Some(local) = read_local(&mut self.window, member, name, &mut self.zip.damage)? else {
            self.pass_over(i, member);
            return Ok(());
        };
        let end = local.data.saturating_add(member.compressed);
        self.spent = self.spent.saturating_add(member.compressed.min(self.zip.size));
        self.claimed = self.claimed.saturating_add(member.size);
        let mut whole = false;
        let within = self.spent <= self.zip.size.saturating_mul(2) && self.claimed <= MAX_ZIP;
        if name.ends_with(b"/") {
            self.folder(i, member);
        } else if within {
            whole = self.content(i, member, local, name)?;
        } else {
            self.pass_over(i, member);
        }
        // Go never opens a folder's data.
        let mut unseen = Damages::default();
        let damage = if name.ends_with(b"/") { &mut unseen } else { &mut self.zip.damage };
        let descriptor = check_descriptor(&mut self.window, member, local, end, name, damage)?;
        if let Some(sha) = self.shas.get_mut(i).filter(|_| !name.ends_with(b"/")) {
            match descriptor {
                None => *sha = None,
                Some(_) if whole && sha.is_none() => self.inflater.keep(i),
                Some(_) => {}
            }
        }
        let stop = end.saturating_add(descriptor.unwrap_or(0));
        self.extents.push(Extent { start: member.offset, stop, member: i });
        Ok(())
    }

    /// The member can't be read: the file in its place is hashed all the same.
    fn pass_over(&mut self, i: usize, member: &Member) {
        if let (Some(walker), Some(path)) = (&mut self.walker, self.names.path(i))
            && let Some(sibling) = walker.sibling(i, path, member.size)
        {
            walker.settle(sibling, false);
        }
    }

    /// The content of a folder is nothing, whatever its data (archive/zip `dirReader`).
    fn folder(&mut self, i: usize, member: &Member) {
        const OF_NOTHING: [u8; 32] = [
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
            0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
        ];
        if let Some(sha) = self.shas.get_mut(i).filter(|_| member.size == 0) {
            *sha = Some(OF_NOTHING);
        }
    }

    /// Says whether the content is what Go takes. If it has no sha256 after that, it is what the inflater read last.
    fn content(&mut self, i: usize, member: &Member, local: LocalHeader, name: &[u8]) -> io::Result<bool> {
        let path = self.names.path(i);
        let mut go_mod = (path == Some("go.mod") && member.size <= MAX_GO_MOD).then(Vec::new);
        let mut sibling = match (&mut self.walker, path) {
            (Some(walker), Some(path)) => walker.sibling(i, path, member.size),
            _ => None,
        };
        let mut held = Held::begin(self.onlooker.as_deref_mut(), path, member.size);
        let walker = &mut self.walker;
        let mut take = |piece: &[u8]| {
            if let (Some(walker), Some(sibling)) = (walker.as_deref_mut(), &mut sibling) {
                walker.compare(sibling, piece);
            }
            if let Some(bytes) = &mut go_mod {
                bytes.extend_from_slice(piece);
            }
            if let Some(held) = &mut held {
                held.piece(piece);
            }
        };
        let content = self.inflater.content(&mut self.window, member, local.data, &mut take)?;
        if let Some(held) = held {
            held.end();
        }
        let damage = &mut self.zip.damage;
        let named = || printable(name);
        let mut whole = false;
        match content {
            Ok(content) => {
                self.zip.bytes += content.size;
                let slack = member.compressed.saturating_sub(content.used);
                if slack > 0 {
                    damage.push(ZipDamage::HiddenBytes(Hidden::Stream, local.data + content.used, slack));
                }
                whole = content.crc32 == member.crc32 || (member.crc32 == 0 && !member.has_descriptor());
                if !whole {
                    damage.push(ZipDamage::WrongCrc(named(), member.crc32, content.crc32));
                } else if content.crc32 != member.crc32 {
                    damage.push(ZipDamage::NoCrc(named()));
                }
                if let Some(sha) = self.shas.get_mut(i).filter(|_| whole) {
                    *sha = content.sha256;
                }
                self.zip.go_mod = go_mod.filter(|_| whole).or(self.zip.go_mod.take());
            }
            Err(Failure::UnknownMethod) => damage.push(ZipDamage::UnknownMethod(named(), member.method)),
            Err(Failure::BadDeflate) => damage.push(ZipDamage::BadDeflate(named())),
            Err(Failure::BeyondEnd) => damage.push(ZipDamage::BeyondEnd(named())),
            Err(Failure::WrongSize(found)) => damage.push(ZipDamage::WrongSize(named(), member.size, found)),
        }
        if let (Some(walker), Some(sibling)) = (&mut self.walker, sibling) {
            walker.settle(sibling, whole);
        }
        Ok(whole)
    }
}

/// `HashZip`: a name that is there twice has the content of the last of them; where one can't be read there is no hash.
fn hash_zip(dir: &Directory, shas: &[Option<[u8; 32]>]) -> Option<H1> {
    let mut rows: Vec<(&[u8], Option<[u8; 32]>)> = dir.members.iter().map(|m| dir.name(m)).zip(shas.iter().copied()).collect();
    if !rows.is_sorted_by(|a, b| a.0 < b.0) {
        let last: HashMap<&[u8], Option<[u8; 32]>> = rows.iter().copied().collect();
        for (name, sha) in &mut rows {
            *sha = last.get(name).copied().flatten();
        }
    }
    let mut known = rows.into_iter().map(|(name, sha)| Some((name, sha?))).collect::<Option<Vec<_>>>()?;
    hash1(&mut known).ok()
}

fn length(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
