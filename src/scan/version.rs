//! One module version: its small files, its zip and its extracted directory, against each other and against every claim.

use std::path::PathBuf;

use super::{QUIET, ROUNDS, Run, fips, index, vendor, wait_until_quiet, youngest_damage};
use crate::check::download::{self, Claims, sums};
use crate::check::module::{self as checked, SumClaim, SumClaims};
use crate::check::sumdb::{self as recorded, Proofs, ProvenSums};
use crate::check::trust as required;
use crate::evidence::index::Indexes;
use crate::evidence::main_module::{Listed, MainSums};
use crate::evidence::modcache::{SmallFiles, VersionUnit};
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::evidence::tree::{Seen, TreeEvidence};
use crate::evidence::vendor::Zipped;
use crate::evidence::zip::{ModuleEvidence, Request, Verifier, ZipEvidence};
use crate::facts::{Fact, ModuleTrust};
use crate::finding::Finding;
use crate::format::dirhash::H1;
use crate::rule::{Kind, Level};
use crate::subject::modcache::Part;
use crate::sys::{Dir, File, NodeKind};

/// What is known from outside of the module's own files.
pub(super) struct Outside<'a> {
    /// The main module's go.sum.
    pub(super) main: Option<&'a MainSums>,
    /// The checksum database.
    pub(super) proofs: &'a Proofs,
    /// The indexes of the build caches.
    pub(super) indexes: &'a Indexes,
}

/// What was found of one module version.
pub(super) struct Module {
    pub(super) tally: Tally,
    /// What is said of its indexes, which are no part of it.
    pub(super) indexed: Tally,
    /// Computed from the zip.
    pub(super) h1: Option<String>,
    /// What `.ziphash` says.
    pub(super) ziphash: Option<String>,
    /// Whether its zip is what every claim says, as far as there is one.
    sound: bool,
    /// What is kept of it for a vendor folder.
    pub(super) vendored: Option<Zipped>,
}

/// Judges one version, and once more as long as what seems wrong is being written or removed.
pub(super) fn settled(run: &Run<'_>, root: &Root, unit: &VersionUnit, outside: &Outside<'_>, verifier: &mut Verifier) -> Module {
    let mut module = judge(run, root, unit, outside, verifier);
    for _ in 0..ROUNDS {
        if !youngest_damage(root, &module.tally).is_some_and(|changed| wait_until_quiet(changed, QUIET)) {
            break;
        }
        let again = unit.listed_again(root);
        module = judge(run, root, &again, outside, verifier);
    }
    module
}

fn judge(run: &Run<'_>, root: &Root, unit: &VersionUnit, outside: &Outside<'_>, verifier: &mut Verifier) -> Module {
    let mut tally = run.tally();
    let version = Version::read(run, root, unit, outside, &mut tally);
    let ziphash = version.ziphash().map(|h1| h1.to_string());
    let mut module = Module { tally, indexed: run.tally(), h1: None, ziphash, sound: false, vendored: None };
    let trust = version.verify(verifier, &mut module).or(version.claims.go_mod.map(|h1| version.go_mod_trust(h1)));
    let proven = trust.is_some_and(ModuleTrust::proves);
    download::ziphash::missing(&root.path, unit, &version.files.ziphash, proven, &mut module.tally.sink);
    if let Some(trust) = trust {
        version.count(trust, &mut module.tally);
    }
    if let (Some(h1), true) = (version.claims.go_mod, run.plan.options.facts) {
        let path = root.path.join(unit.path(Part::Mod));
        module.tally.facts.push(Fact::Mod { path, module: unit.module(), h1: h1.to_string() });
    }
    module
}

/// A version whose small files were read and judged.
struct Version<'a> {
    run: &'a Run<'a>,
    root: &'a Root,
    unit: &'a VersionUnit,
    outside: &'a Outside<'a>,
    /// What the checksum database proves of it.
    proven: Option<&'a ProvenSums>,
    files: SmallFiles,
    claims: Claims,
}

impl<'a> Version<'a> {
    fn read(run: &'a Run<'a>, root: &'a Root, unit: &'a VersionUnit, outside: &'a Outside<'a>, tally: &mut Tally) -> Version<'a> {
        let files = unit.read(root, tally);
        let proven = outside.proofs.of(&unit.module());
        let mut claims = download::version(&root.path, unit, &files, outside.main, &mut tally.sink);
        if let (Some(h1), false) = (claims.go_mod, claims.go_mod_told) {
            claims.go_mod_told = recorded::go_mod(&root.path, unit, h1, proven, &mut tally.sink);
        }
        let version = Version { run, root, unit, outside, proven, files, claims };
        let recorded = version.recorded(|p| p.go_mod);
        if recorded.is_some() && recorded == version.claims.go_mod {
            // It is the true one: go.sum is wrong, and is told of itself.
            tally.sink.retain(|f| f.rule != &download::go_mod::MOD_GO_SUM_MISMATCH);
        }
        version
    }

    /// A sum that the checksum database has, unless the user's settings keep the module from being asked about.
    fn recorded(&self, which: impl Fn(&ProvenSums) -> Option<H1>) -> Option<H1> {
        self.proven.filter(|p| !p.exempt).and_then(which)
    }

    /// What `.ziphash` claims.
    fn ziphash(&self) -> Option<H1> {
        self.claims.ziphash.as_ref().and_then(|z| z.h1())
    }

    /// Reads the zip and the extracted directory and judges them; `None` where there is neither.
    fn verify(&self, verifier: &mut Verifier, module: &mut Module) -> Option<ModuleTrust> {
        let (run, root, unit) = (self.run, self.root, self.unit);
        let tree = open_tree(root, unit, &mut module.tally);
        // Go unpacks it from the installation: a zip in the cache would say nothing of it.
        let snapshot = tree.is_some().then(|| fips::snapshot(run, unit)).flatten();
        let of_go = snapshot.is_some();
        let zip = snapshot.or_else(|| unit.has(Part::Zip).then(|| open_zip(root, unit, &mut module.tally)).flatten());
        if zip.is_none() && tree.is_none() {
            return None;
        }
        let name = unit.module();
        let request = Request {
            module: &name,
            zip: zip.as_ref().map(|(path, file)| (path.as_path(), file)),
            tree: tree.as_ref(),
            rows: run.vendors.iter().any(|vendor| vendor.has(&name)),
        };
        let (tree_path, tally) = (unit.tree_path(), &mut module.tally);
        let mut evidence = index::module(run, self.outside.indexes, root, unit, &mut module.indexed, &mut |onlooker| {
            let mut visit = |seen: &Seen<'_>| {
                let rel = if seen.rel.as_os_str().is_empty() { tree_path.clone() } else { tree_path.join(seen.rel) };
                if let Err(e) = tally.open_node(root, &rel, *seen.stat, seen.expect, seen.folder) {
                    tally.failed(&root.path.join(&rel), &e);
                }
            };
            verifier.verify_watched(&request, &mut visit, onlooker)
        });
        let mut sums = self.sums(&evidence);
        let of_zip = match evidence.zip.as_ref() {
            // The installation's own file is judged by nothing here, and proves no more than that both came from one Go.
            Some(read) if of_go => {
                sums.proven = fips::claim(read, &mut module.tally);
                if sums.proven.is_none() {
                    return Some(ModuleTrust::None);
                }
                None
            }
            read => read.map(|read| self.zip(&evidence, read, &sums, module)),
        };
        let of_tree = evidence.tree.as_ref().map(|read| self.tree(&evidence, read, &sums, module));
        let trust = of_zip.or(of_tree).unwrap_or(ModuleTrust::None);
        module.tally.sink.iter_mut().for_each(|f| f.proven = trust.proves());
        let proven = of_zip.into_iter().chain(of_tree).any(ModuleTrust::proves);
        index::settle(root, unit, &evidence, proven, &mut module.tally, &mut module.indexed);
        module.vendored = vendor::kept(run, root, unit, &mut evidence, module.sound, &module.tally);
        Some(trust)
    }

    /// Judges the zip; says what proves it.
    fn zip(&self, evidence: &ModuleEvidence, read: &ZipEvidence, sums: &SumClaims, module: &mut Module) -> ModuleTrust {
        let (root, unit) = (&self.root.path, self.unit);
        let tally = &mut module.tally;
        let mut trust = ModuleTrust::None;
        tally.counts.bytes += read.bytes;
        if let Some(why) = &read.unread {
            tally.unreadable(&read.path, why);
        } else if read.changed {
            tally.unreadable(&read.path, "kept changing while it was read");
        } else {
            let before = tally.sink.len();
            let go_mod = self.files.go_mod.bytes();
            checked::zip::judge(evidence, read, sums, &mut tally.sink);
            if let Some(h1) = read.h1 {
                trust = sums::zip(root, unit, h1, &self.claims, self.outside.main, &mut tally.sink);
                trust = recorded::zip(root, unit, h1, self.proven, trust, &mut tally.sink);
                if trust == ModuleTrust::Sumdb {
                    // The same.
                    tally.sink.retain(|f| f.rule != &sums::ZIP_GO_SUM_MISMATCH);
                }
                sums::moved_tag(go_mod, read.go_mod.as_deref(), &mut tally.sink);
                module.h1 = Some(h1.to_string());
            }
            module.sound = read.h1.is_some() && !tally.sink.iter().skip(before).any(|f| f.level == Level::Error);
            if let (Some(bytes), false, true) = (go_mod, self.claims.go_mod_told, module.sound) {
                download::go_mod::against_zip(root, unit, bytes, read.go_mod.as_deref(), &mut tally.sink);
            }
            tally.judged(before, read.h1.is_some() && trust != ModuleTrust::None);
        }
        if self.run.plan.options.facts {
            tally.facts.push(Fact::Zip {
                path: root.join(unit.path(Part::Zip)),
                module: unit.module(),
                h1: read.h1.map(|h1| h1.to_string()),
                claimed_h1: module.ziphash.clone(),
                size: read.size,
                trust,
            });
        }
        trust
    }

    /// Judges the extracted directory; says what proves it.
    fn tree(&self, evidence: &ModuleEvidence, read: &TreeEvidence, sums: &SumClaims, module: &mut Module) -> ModuleTrust {
        let path = self.root.path.join(self.unit.tree_path());
        let tally = &mut module.tally;
        tally.counts.files += read.files;
        tally.counts.bytes += if evidence.zip.is_some() { 0 } else { read.bytes };
        for (rel, why) in &read.unread {
            tally.unreadable(&path.join(rel), why);
        }
        let before = tally.sink.len();
        checked::tree::judge(evidence, read, sums, &mut tally.sink);
        let trust = read.h1.map_or(ModuleTrust::None, |h1| {
            let listed = self.listed(h1).is_some_and(|listed| listed.fits);
            let claims = [
                (self.recorded(|p| p.zip), ModuleTrust::Sumdb),
                (listed.then_some(h1), ModuleTrust::GoSum),
                (self.ziphash(), ModuleTrust::Ziphash),
            ];
            required::strongest(h1, &claims)
        });
        tally.judged(before, read.same_as_zip == Some(true) || trust != ModuleTrust::None);
        if self.run.plan.options.facts {
            let h1 = read.h1.map(|h1| h1.to_string());
            tally.facts.push(Fact::Tree { path, module: self.unit.module(), h1, same_as_zip: read.same_as_zip });
        }
        trust
    }

    /// What go.sum says of a module with this dirhash.
    fn listed(&self, h1: H1) -> Option<Listed<'a>> {
        self.outside.main.and_then(|main| main.module(&self.unit.name.path, &self.unit.name.version, h1))
    }

    /// Counts a module as what proves it; what is damaged in any part is proven by nothing.
    fn count(&self, trust: ModuleTrust, tally: &mut Tally) {
        let (run, unit) = (self.run, self.unit);
        let damaged = |f: &Finding| f.level == Level::Error && matches!(f.rule.kind, Kind::Integrity | Kind::Tamper);
        if tally.sink.iter().any(damaged) {
            tally.trust.module(ModuleTrust::None);
            return;
        }
        tally.trust.module(trust);
        let Some(least) = run.plan.options.require_trust else { return };
        let asked = required::Required { least, go_sum: self.outside.main.is_some(), online: run.plan.options.online.is_some() };
        let exempt = run.keys.exempt.has(&unit.name.path);
        if let Some(finding) = required::required(asked, &unit.module(), &self.root.path.join(shown_part(unit)), trust, exempt) {
            tally.sink.push(finding);
        }
    }

    /// What proves a `.mod` whose version has neither zip nor directory, as a pruned module graph leaves it.
    fn go_mod_trust(&self, computed: H1) -> ModuleTrust {
        let name = &self.unit.name;
        let listed = self.outside.main.and_then(|m| m.go_mod(&name.path, &name.version, computed)).is_some_and(|l| l.fits);
        let recorded = self.recorded(|p| p.go_mod);
        required::strongest(computed, &[(recorded, ModuleTrust::Sumdb), (listed.then_some(computed), ModuleTrust::GoSum)])
    }

    /// What the checksum database, go.sum and `.ziphash` claim of the module.
    fn sums(&self, evidence: &ModuleEvidence) -> SumClaims {
        let computed = evidence.zip.as_ref().and_then(|z| z.h1).or(evidence.tree.as_ref().and_then(|t| t.h1));
        let listed = computed.and_then(|h1| self.listed(h1)).map(|l| SumClaim { h1: l.sum.h1, by: l.by() });
        let recorded = self.recorded(|p| p.zip).zip(self.proven).map(|(h1, p)| SumClaim { h1, by: p.by.clone() });
        let by = self.root.path.join(self.unit.path(Part::Ziphash)).display().to_string();
        SumClaims { proven: recorded.or(listed), ziphash: self.ziphash().map(|h1| SumClaim { h1, by }) }
    }
}

/// The part of a module that stands for all of it: its zip, else its directory, else its `.mod`.
pub(super) fn shown_part(unit: &VersionUnit) -> PathBuf {
    if unit.has(Part::Zip) {
        unit.path(Part::Zip)
    } else if unit.tree.is_some() {
        unit.tree_path()
    } else {
        unit.path(Part::Mod)
    }
}

fn open_zip(root: &Root, unit: &VersionUnit, tally: &mut Tally) -> Option<(PathBuf, File)> {
    let rel = unit.path(Part::Zip);
    let path = root.path.join(&rel);
    match root.dir.open_file(&rel) {
        Ok(file) => Some((path, file)),
        Err(e) => {
            tally.failed(&path, &e);
            None
        }
    }
}

/// The extracted directory, if it is one and Go has finished it.
fn open_tree(root: &Root, unit: &VersionUnit, tally: &mut Tally) -> Option<Dir> {
    if unit.is_partial() || unit.tree.is_none_or(|t| t.kind != NodeKind::Dir) {
        return None;
    }
    match root.dir.open_dir(&unit.tree_path()) {
        Ok(dir) => Some(dir),
        Err(e) => {
            tally.failed(&root.path.join(unit.tree_path()), &e);
            None
        }
    }
}
