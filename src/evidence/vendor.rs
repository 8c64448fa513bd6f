//! The vendor folder of a main module or workspace, held against the zips of its modules: by the sums of their members, which the
//! pass over each zip has computed, so that nothing is inflated twice.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::node::Root;
use super::owners::Owners;
use super::tally::Tally;
use super::tree::{BUFFER, Difference, hash};
use crate::count::Vendored;
use crate::facts::ModuleVersion;
use crate::finding::RootKind;
use crate::format::ReadAt;
use crate::format::modules_txt::{self, ModulesTxt, is_always_copied, is_source, may_always_be_copied};
use crate::sys::{self, Dir, File, NodeKind};

/// A vendor folder that was listed.
#[derive(Debug)]
pub struct Vendor {
    /// The folder that it lies in: that of the main module, or of the workspace.
    pub main: PathBuf,
    /// The folder itself.
    pub root: Root,
    /// Its `modules.txt`.
    pub list: ModulesTxt,
    /// Everything in it but folders and `modules.txt`, relative, in the order of the names.
    entries: Vec<(PathBuf, NodeKind)>,
    /// The same with slashes, of what has a name that is text.
    names: HashSet<String>,
    /// The modules (their indexes in the list) by the module version that their files come from.
    sources: HashMap<ModuleVersion, Vec<usize>>,
}

/// What is kept of a module whose files lie in a vendor folder.
#[derive(Debug, Clone, Default)]
pub struct Zipped {
    /// The zip.
    pub zip: PathBuf,
    /// Whether it is one that Go takes, and what every claim says.
    pub sound: bool,
    /// The extracted directory, from which `go mod vendor` copies.
    pub tree: PathBuf,
    /// Whether something is wrong with that.
    pub tree_wrong: bool,
    /// sha256 of the members that may lie in a vendor folder, by path inside the module.
    pub members: HashMap<String, [u8; 32]>,
}

/// The modules of the scanned module caches whose files lie in a vendor folder.
#[derive(Debug, Default)]
pub struct Zips(BTreeMap<ModuleVersion, Zipped>);

impl Zips {
    /// Takes what one module cache has; of several a sound zip is kept.
    pub fn add(&mut self, module: ModuleVersion, zipped: Zipped) {
        if zipped.sound || !self.0.contains_key(&module) {
            self.0.insert(module, zipped);
        }
    }

    /// The first whose extracted directory is not what it should be.
    pub fn wrong_tree(&self) -> Option<&ModuleVersion> {
        self.0.iter().find(|(_, zipped)| zipped.tree_wrong).map(|(module, _)| module)
    }
}

/// One defect of a vendor folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorDamage {
    /// Relative to the folder.
    pub rel: PathBuf,
    /// The module version that it should come from, and its zip; of what was added the module among whose packages it lies.
    pub of: Option<(ModuleVersion, PathBuf)>,
    /// Whether Go compiles a file that is called so, or a package above embeds files.
    pub built: Built,
    /// What is wrong.
    pub what: VendorFault,
}

/// What becomes of a file in a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Built {
    /// It is compiled or linked.
    Source,
    /// A package above it embeds files: perhaps this one.
    Embedded,
    /// Nothing.
    Not,
}

/// What is wrong with an entry of a vendor folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VendorFault {
    /// The bytes are not those of the zip, and how they differ, where that can be told.
    Differs(Option<Difference>),
    /// As git makes them, line ends are CRLF here and LF there, or the other way round.
    LineEnds,
    /// No zip holds such a file.
    Added,
    /// The zip holds the file, the folder does not.
    Missing,
    /// A link, and where it points.
    Linked(PathBuf),
    /// A pipe, socket or device.
    Special(NodeKind),
}

/// How a vendor folder stands to the zips.
#[derive(Debug, Default)]
pub struct Held {
    /// Files, and bytes of those that were read.
    pub count: Vendored,
    /// Bytes that were read.
    pub bytes: u64,
    /// What is wrong, in the order of the paths.
    pub damage: Vec<VendorDamage>,
    /// What could not be read.
    pub unread: Vec<(PathBuf, io::Error)>,
}

/// Larger files are not searched for the place where they differ. Ours.
const MAX_COMPARED: u64 = 16 << 20;

impl Vendor {
    /// Lists the vendor folder in `main`, if there is one that Go has made.
    pub fn open(main: &Path, owners: &Owners, tally: &mut Tally) -> Option<Vendor> {
        let folder = main.join("vendor");
        let path = folder.join("modules.txt");
        let text = match sys::read(&path, modules_txt::LIMIT) {
            Ok(text) => text,
            Err(e) => {
                if !matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
                    tally.failed(&path, &e);
                }
                return None;
            }
        };
        let root = Root::open(RootKind::Vendor, &folder, owners).map_err(|e| tally.failed(&folder, &e)).ok()?;
        let list = ModulesTxt::parse(&text);
        let mut sources: HashMap<ModuleVersion, Vec<usize>> = HashMap::new();
        for at in list.packages.values() {
            if let Some((path, version)) = list.modules.get(*at).and_then(|m| m.source()) {
                let of_source = sources.entry(ModuleVersion { path: path.to_owned(), version: version.to_owned() }).or_default();
                if !of_source.contains(at) {
                    of_source.push(*at);
                }
            }
        }
        let mut vendor = Vendor { main: main.to_path_buf(), root, list, entries: Vec::new(), names: HashSet::new(), sources };
        vendor.walk(tally);
        Some(vendor)
    }

    fn walk(&mut self, tally: &mut Tally) {
        for entry in walkdir::WalkDir::new(&self.root.real).min_depth(1).max_open(4).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(e) => {
                    tally.walk_failed(&self.root, e);
                    continue;
                }
            };
            let (kind, Ok(rel)) = (NodeKind::from(entry.file_type()), entry.path().strip_prefix(&self.root.real)) else {
                continue;
            };
            if kind == NodeKind::Dir || (kind == NodeKind::File && rel == Path::new("modules.txt")) {
                continue;
            }
            self.names.extend(slashed(rel));
            self.entries.push((rel.to_path_buf(), kind));
        }
    }

    /// Whether files of this module version lie here.
    pub fn has(&self, module: &ModuleVersion) -> bool {
        self.sources.contains_key(module)
    }

    /// Whether the member of this module version may lie here, or should.
    pub fn wants(&self, module: &ModuleVersion, member: &str) -> bool {
        self.sources.get(module).into_iter().flatten().filter_map(|at| Some((at, self.list.modules.get(*at)?))).any(
            |(at, listed)| {
                let name = format!("{}/{member}", listed.path);
                self.names.contains(&name) || (may_always_be_copied(member) && self.package_of(&name) == Some(*at))
            },
        )
    }

    /// The module of the package in whose folder a file lies.
    fn package_of(&self, file: &str) -> Option<usize> {
        self.list.packages.get(file.rsplit_once('/')?.0).copied()
    }

    /// Holds every file against its zip. `listed`: an earlier listing of the same folder, by which `zips` were kept; what has
    /// come since is not looked at, and told as unread.
    pub fn hold(&self, listed: &Vendor, zips: &Zips) -> Held {
        let looked: Vec<Result<Looked, io::Error>> =
            self.entries.par_iter().map(|(rel, kind)| self.look(rel, *kind, listed, zips)).collect();
        let mut held = Held::default();
        let mut embeds = HashMap::new();
        for ((rel, _), looked) in self.entries.iter().zip(looked) {
            match looked {
                Ok(Looked::Same(bytes)) => (held.count.same, held.bytes) = (held.count.same + 1, held.bytes + bytes),
                Ok(Looked::Unchecked(why)) => *why.of(&mut held.count) += 1,
                Ok(Looked::Damaged(mut damage, bytes)) => {
                    damage.built = self.built(rel, &mut embeds);
                    held.damage.push(damage);
                    held.bytes += bytes;
                }
                Err(e) => held.unread.push((rel.clone(), e)),
            }
        }
        held.damage.extend(self.missing(zips));
        held.damage.sort_by(|a, b| a.rel.cmp(&b.rel));
        held
    }

    fn look(&self, rel: &Path, kind: NodeKind, listed: &Vendor, zips: &Zips) -> io::Result<Looked> {
        let damaged = |what, of| VendorDamage { rel: rel.to_path_buf(), of, built: Built::Not, what };
        match kind {
            NodeKind::File => {}
            NodeKind::Link if self.is_replacement(rel) => return Ok(Looked::Unchecked(Unchecked::Folder)),
            NodeKind::Link => {
                let target = self.root.dir.read_link(rel)?;
                return Ok(Looked::Damaged(damaged(VendorFault::Linked(target), None), 0));
            }
            kind => return Ok(Looked::Damaged(damaged(VendorFault::Special(kind), None), 0)),
        }
        let Some(name) = slashed(rel) else { return Ok(Looked::Damaged(damaged(VendorFault::Added, None), 0)) };
        if !listed.names.contains(&name) {
            return Err(io::Error::other("kept changing while it was read"));
        }
        let sound = |at: usize| self.zip_of(at, zips).ok();
        let mut first = None;
        let mut read = None;
        for at in self.list.above(&name) {
            let Some((module, zipped)) = sound(at) else { continue };
            let member = self.list.modules.get(at).and_then(|m| m.member(&name));
            let Some((member, claimed)) = member.and_then(|m| zipped.members.get_key_value(m)) else { continue };
            let (sha, bytes) = match read {
                Some(read) => read,
                None => {
                    let file = self.root.dir.open_file(rel)?;
                    *read.insert((hash(&file, &mut vec![0; BUFFER])?, file.stat().size))
                }
            };
            if sha == Some(*claimed) {
                return Ok(Looked::Same(bytes));
            }
            first = first.or(Some((module, zipped, member, *claimed)));
        }
        let owners = self.list.owners(&name);
        let any_above: Vec<usize> = if owners.is_empty() { self.list.above(&name).collect() } else { owners };
        if let Some(why) = any_above.iter().find_map(|at| self.zip_of(*at, zips).err()) {
            return Ok(Looked::Unchecked(why));
        }
        let bytes = read.map_or(0, |(_, bytes)| bytes);
        let Some((module, zipped, member, claimed)) = first else {
            let of = any_above.first().and_then(|at| sound(*at)).map(|(module, zipped)| (module.clone(), zipped.zip.clone()));
            return Ok(Looked::Damaged(damaged(VendorFault::Added, of), bytes));
        };
        let of = Some((module.clone(), zipped.zip.clone()));
        let what = difference(&self.root.dir.open_file(rel)?, &zipped.tree, member, claimed)?;
        Ok(Looked::Damaged(damaged(what, of), bytes))
    }

    /// Whether a link in the place of a module leads to the folder that replaces it, as in Kubernetes before 1.30.
    fn is_replacement(&self, link: &Path) -> bool {
        let replaced = self.list.modules.iter().filter(|m| Path::new(&m.path) == link);
        let mut folders = replaced.filter(|m| m.source().is_none()).filter_map(|m| m.replacement.as_ref());
        let real = |path: &Path| sys::resolve(path).ok();
        folders.any(|r| real(&self.main.join(&r.path)).is_some_and(|at| real(&self.root.real.join(link)) == Some(at)))
    }

    /// The sound zip of a listed module, or why there is none.
    fn zip_of<'a>(&'a self, at: usize, zips: &'a Zips) -> Result<(&'a ModuleVersion, &'a Zipped), Unchecked> {
        let (path, version) = self.list.modules.get(at).and_then(|m| m.source()).ok_or(Unchecked::Folder)?;
        let module = ModuleVersion { path: path.to_owned(), version: version.to_owned() };
        let (module, zipped) = zips.0.get_key_value(&module).ok_or(Unchecked::NoZip)?;
        if zipped.sound { Ok((module, zipped)) } else { Err(Unchecked::UnsoundZip) }
    }

    /// What becomes of a file in a build; `embeds` keeps which packages embed anything.
    fn built(&self, rel: &Path, embeds: &mut HashMap<String, bool>) -> Built {
        // What is no text in a name is none of what tells.
        let name = rel.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        if is_source(&name) {
            return Built::Source;
        }
        for package in self.list.packages_above(&name) {
            let embeds = *embeds.entry(package.to_owned()).or_insert_with(|| self.embeds(package));
            if embeds {
                return Built::Embedded;
            }
        }
        Built::Not
    }

    /// Whether a Go file of the package has a `//go:embed`; what can't be read may have one.
    fn embeds(&self, package: &str) -> bool {
        const WORD: &[u8] = b"//go:embed";
        let Ok(names) = self.root.dir.open_dir(Path::new(package)).and_then(|dir| dir.list()) else { return true };
        names.into_iter().filter(|(name, kind)| *kind == NodeKind::File && name.to_str().is_some_and(|n| n.ends_with(".go"))).any(
            |(name, _)| match read(&self.root.dir, &Path::new(package).join(name)) {
                Some(text) => text.windows(WORD.len()).any(|w| w == WORD),
                None => true,
            },
        )
    }

    /// The Go files of a listed package that `go mod vendor` copies whatever constraints hold, and that are not here. Whether a file is
    /// such a one its content tells, which the extracted directory has.
    fn missing(&self, zips: &Zips) -> Vec<VendorDamage> {
        let mut out = Vec::new();
        for (module, modules) in &self.sources {
            let Some(zipped) = zips.0.get(module).filter(|z| z.sound) else { continue };
            for (listed, at) in modules.iter().filter_map(|at| Some((self.list.modules.get(*at)?, at))) {
                for (member, claimed) in zipped.members.iter().filter(|(member, _)| may_always_be_copied(member)) {
                    let name = format!("{}/{member}", listed.path);
                    if self.names.contains(&name) || self.package_of(&name) != Some(*at) {
                        continue;
                    }
                    if extracted(&zipped.tree, member, *claimed).is_some_and(|text| is_always_copied(member, &text)) {
                        let of = Some((module.clone(), zipped.zip.clone()));
                        let rel = PathBuf::from(name);
                        out.push(VendorDamage { rel, of, built: Built::Source, what: VendorFault::Missing });
                    }
                }
            }
        }
        out
    }
}

/// Why a file was not held against anything.
#[derive(Debug, Clone, Copy)]
enum Unchecked {
    NoZip,
    UnsoundZip,
    Folder,
}

impl Unchecked {
    fn of(self, count: &mut Vendored) -> &mut u64 {
        match self {
            Unchecked::NoZip => &mut count.no_zip,
            Unchecked::UnsoundZip => &mut count.unsound_zip,
            Unchecked::Folder => &mut count.folder,
        }
    }
}

enum Looked {
    Same(u64),
    Unchecked(Unchecked),
    Damaged(VendorDamage, u64),
}

/// A relative path with slashes, where it is text.
fn slashed(rel: &Path) -> Option<String> {
    rel.to_str().map(|text| text.replace(std::path::MAIN_SEPARATOR, "/"))
}

fn read(dir: &Dir, rel: &Path) -> Option<Vec<u8>> {
    let (bytes, ended) = dir.open_file(rel).and_then(|mut file| file.read_all(MAX_COMPARED)).ok()?;
    ended.then_some(bytes)
}

/// The content of a member, from the extracted directory if that has the same bytes.
fn extracted(tree: &Path, member: &str, claimed: [u8; 32]) -> Option<Vec<u8>> {
    let bytes = read(&Dir::open_root(tree).ok()?, Path::new(member))?;
    (<[u8; 32]>::from(Sha256::digest(&bytes)) == claimed).then_some(bytes)
}

/// How a file differs from a member whose sha256 is another one.
fn difference(file: &File, tree: &Path, member: &str, claimed: [u8; 32]) -> io::Result<VendorFault> {
    if file.stat().size > MAX_COMPARED {
        return Ok(VendorFault::Differs(None));
    }
    let mut ours = vec![0; usize::try_from(file.stat().size).unwrap_or(0)];
    let n = file.read_full_at(0, &mut ours)?;
    ours.truncate(n);
    let unix = without_cr(&ours);
    let text = !ours.contains(&0);
    if text && <[u8; 32]>::from(Sha256::digest(&unix)) == claimed {
        return Ok(VendorFault::LineEnds);
    }
    let Some(theirs) = extracted(tree, member, claimed) else { return Ok(VendorFault::Differs(None)) };
    if text && !theirs.contains(&0) && unix == without_cr(&theirs) {
        return Ok(VendorFault::LineEnds);
    }
    let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
    let before = ours.get(..same).unwrap_or(&[]);
    let line = (!before.contains(&0)).then(|| 1 + length(before.iter().filter(|b| **b == b'\n').count()));
    let differing = || ours.iter().zip(&theirs).filter(|(a, b)| a != b).count();
    Ok(VendorFault::Differs(Some(Difference {
        offset: length(same),
        line,
        bytes: (ours.len() == theirs.len()).then(|| length(differing())),
        zip_size: length(theirs.len()),
        size: length(ours.len()),
    })))
}

/// The text with LF alone at the end of each line.
fn without_cr(text: &[u8]) -> Vec<u8> {
    let keep = |(i, b): (usize, &u8)| (*b != b'\r' || text.get(i + 1) != Some(&b'\n')).then_some(*b);
    text.iter().enumerate().filter_map(keep).collect()
}

fn length(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_alone_are_no_difference_and_all_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let judge = |ours: &[u8], theirs: &[u8], in_tree: bool| {
            sys::write_file(&dir.path().join("ours"), ours).unwrap();
            sys::write_file(&dir.path().join("x"), if in_tree { theirs } else { b"other" }).unwrap();
            let file = Dir::open_root(dir.path()).unwrap().open_file(Path::new("ours")).unwrap();
            difference(&file, dir.path(), "x", Sha256::digest(theirs).into()).unwrap()
        };
        for in_tree in [true, false] {
            assert_eq!(judge(b"a\r\nb\r\n", b"a\nb\n", in_tree), VendorFault::LineEnds);
        }
        assert_eq!(judge(b"a\nb\n", b"a\r\nb\n", true), VendorFault::LineEnds);
        assert_eq!(judge(b"a\nb\n", b"a\r\nb\n", false), VendorFault::Differs(None));
        let differs =
            |offset, line, bytes, zip_size, size| VendorFault::Differs(Some(Difference { offset, line, bytes, zip_size, size }));
        assert_eq!(judge(b"a\r\r\nb", b"a\nb", true), differs(1, Some(1), None, 3, 5), "one CR too many");
        assert_eq!(judge(b"a\r\n\0", b"a\n\0", true), differs(1, Some(1), None, 3, 4), "no text");
        assert_eq!(judge(b"a\nc\n", b"a\nb\n", true), differs(2, Some(2), Some(1), 4, 4));
        assert_eq!(judge(b"a\nb\n\n", b"a\nb\n", true), differs(4, Some(3), None, 4, 5));
    }
}
