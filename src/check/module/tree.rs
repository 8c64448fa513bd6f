//! Judges an extracted module directory.

use std::path::Path;

use super::tree_rules::{
    TREE_EMPTY_FOLDER, TREE_FILE_ADDED, TREE_FILE_DIFFERS, TREE_FILE_LINKED, TREE_FILE_MISSING, TREE_FILE_WRITABLE,
    TREE_HASH_MISMATCH, TREE_SPECIAL_FILE, TREE_UNFINISHED,
};
use super::{Fault, SumClaims, about, fault};
use crate::evidence::tree::{Difference, TreeClass, TreeDamage, TreeEvidence};
use crate::evidence::zip::ModuleEvidence;
use crate::finding::{Finding, Sink};
use crate::format::zip::printable;
use crate::rule::Rule;

/// How many findings of one rule on its files one directory gives; one more, on the directory, tells how many there are besides.
const MANY: usize = 5;

/// Judges the extracted directory of a module.
pub fn judge(evidence: &ModuleEvidence, tree: &TreeEvidence, claims: &SumClaims, sink: &mut Sink) {
    let fault = fault(evidence, claims);
    if fault == Fault::Both {
        hash(evidence, tree, claims, sink);
    }
    for (rule, class) in
        [(&TREE_FILE_DIFFERS, TreeClass::Differs), (&TREE_FILE_MISSING, TreeClass::Missing), (&TREE_FILE_ADDED, TreeClass::Added)]
    {
        // Against a zip that is wrong itself a comparison says nothing.
        if fault == Fault::Tree {
            shape(rule, class, evidence, tree, sink);
        }
    }
    for (rule, class) in [
        (&TREE_FILE_LINKED, TreeClass::Linked),
        (&TREE_SPECIAL_FILE, TreeClass::SpecialFile),
        (&TREE_EMPTY_FOLDER, TreeClass::EmptyFolder),
        (&TREE_UNFINISHED, TreeClass::Unfinished),
    ] {
        shape(rule, class, evidence, tree, sink);
    }
    writable(evidence, tree, sink);
}

/// The dirhash of the directory against the strongest claim, where no zip that fits it tells more.
fn hash(evidence: &ModuleEvidence, tree: &TreeEvidence, claims: &SumClaims, sink: &mut Sink) {
    let (Some(computed), Some(claim)) = (tree.h1, claims.strongest()) else { return };
    if computed == claim.h1 {
        return;
    }
    let message = match (&evidence.zip, tree.same_as_zip) {
        (Some(_), Some(true)) => "is not what is claimed of the module; its zip was changed in the same way",
        (Some(_), _) => "is not what is claimed of the module, and its zip is damaged too: which files differ can't be told",
        (None, _) => "is not what is claimed of the module, and there is no zip: which files differ can't be told",
    };
    let finding = about(&TREE_HASH_MISMATCH, &tree.path, evidence, "", message);
    sink.push(finding.claims(claim.h1.to_string(), computed.to_string()).claimed_by(claim.by.clone()));
}

fn shape(rule: &'static Rule, class: TreeClass, evidence: &ModuleEvidence, tree: &TreeEvidence, sink: &mut Sink) {
    let (all, uncounted) = tree.of(class);
    let all: Vec<&TreeDamage> = all.collect();
    let more = uncounted + u64::try_from(all.len().saturating_sub(MANY)).unwrap_or(0);
    for damage in all.into_iter().take(MANY) {
        sink.push(one(rule, damage, evidence, tree));
    }
    if more > 0 {
        let message = format!("the same fault {more} times more in it: {}", rule.summary);
        let mut finding = about(rule, &tree.path, evidence, "", message);
        finding.more = more - 1;
        sink.push(finding);
    }
}

fn one(rule: &'static Rule, damage: &TreeDamage, evidence: &ModuleEvidence, tree: &TreeEvidence) -> Finding {
    let path = damage.path();
    let message = match damage {
        TreeDamage::Differs(_, d) => difference(d),
        TreeDamage::NotAFile(_) => "is a directory, and a file in the zip".to_owned(),
        TreeDamage::Missing(_) => "is in the zip, but not here".to_owned(),
        TreeDamage::Added(_, Some(from)) => format!("is not in the zip, and holds what is missing as `{}`", shown(from)),
        TreeDamage::Added(p, None) => format!("is not in the zip{}", why_added(p)),
        TreeDamage::Linked(_, target) => format!("is a symbolic link to `{}`: go makes none", shown(target)),
        TreeDamage::SpecialFile(_, kind) => format!("is a {}: go makes none, and who opens it may wait for ever", kind.word()),
        TreeDamage::EmptyFolder(_) => "is an empty folder: go makes none".to_owned(),
        TreeDamage::Writable(..) => "is writable by its owner: go leaves it read-only".to_owned(),
        TreeDamage::Unfinished(_) => "is a copy of `_go.mod` that go has begun and not finished".to_owned(),
    };
    let part = shown(path);
    let mut finding = about(rule, &tree.path.join(path), evidence, &part, message);
    if let TreeDamage::Differs(_, d) = damage {
        finding.proof.line = d.line;
        finding = match evidence.zip.as_ref() {
            Some(zip) => finding.claimed_by(zip.path.display().to_string()),
            None => finding,
        };
        if d.size != d.zip_size {
            finding = finding.claims(format!("{} bytes", d.zip_size), format!("{} bytes", d.size));
        }
    }
    finding
}

/// How a file differs from that of the zip, in words.
pub fn difference(d: &Difference) -> String {
    let at = match d.line {
        Some(line) => format!("at offset {} (line {line})", d.offset),
        None => format!("at offset {}", d.offset),
    };
    match d.bytes {
        Some(1) => format!("1 byte differs from the zip, {at}"),
        Some(n) => format!("{n} bytes differ from the zip, first {at}"),
        None => format!("has {} bytes and {} in the zip; they part {at}", d.size, d.zip_size),
    }
}

/// What an added file brings about.
fn why_added(path: &Path) -> &'static str {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
    let in_repository = path.iter().any(|part| part.to_str().is_some_and(|p| [".git", ".hg", ".svn", ".bzr"].contains(&p)));
    match extension {
        _ if in_repository => ": git and its kin run the hooks and settings of a repository that they stand in",
        _ if name == "go.mod" => ": it cuts its folder off from the module",
        "go" | "s" | "S" | "c" | "cc" | "cpp" | "h" | "syso" => ": go compiles it as soon as the module's index is not cached",
        _ => "",
    }
}

/// Write bits: one finding for a directory, however many files there are.
fn writable(evidence: &ModuleEvidence, tree: &TreeEvidence, sink: &mut Sink) {
    let (mut all, uncounted) = tree.of(TreeClass::Writable);
    let Some(TreeDamage::Writable(first, mode)) = all.next() else { return };
    let others = u64::try_from(all.count()).unwrap_or(0) + uncounted;
    let (place, message) = if others == 0 {
        (tree.path.join(first), "is writable by its owner: go leaves a module read-only".to_owned())
    } else {
        let message =
            format!("`{}` and {others} more entries in it are writable by their owner: go leaves them read-only", shown(first));
        (tree.path.clone(), message)
    };
    let mut finding = about(&TREE_FILE_WRITABLE, &place, evidence, "", message).claims("no write bit", format!("{mode:04o}"));
    finding.more = others;
    sink.push(finding);
}

/// Where most of the `trees` extracted directories below `root` are writable, as `chmod -R u+w` leaves them: one finding, on the
/// root, in the place of one for each.
pub fn fold(findings: Vec<Finding>, root: &Path, trees: u64) -> Vec<Finding> {
    let (told, mut rest): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(|f| f.rule == &TREE_FILE_WRITABLE);
    let modules = u64::try_from(told.len()).unwrap_or(u64::MAX);
    // Of very few, most may well be damaged one by one.
    let shared = modules == trees || (modules > 3 && modules.saturating_mul(2) > trees);
    match told.first() {
        Some(first) if modules > 1 && shared => {
            let entries = told.iter().map(|f| 1 + f.more).sum::<u64>();
            let message = format!(
                "{modules} of the {trees} extracted modules here, `{}` among them, hold {entries} entries that are writable by their \
                 owner: go leaves them read-only",
                first.subject
            );
            let mut finding = Finding::at(&TREE_FILE_WRITABLE, first.root, root, "extracted modules", message);
            finding.proof = first.proof.clone();
            finding.more = modules - 1;
            rest.push(finding);
        }
        _ => rest.extend(told),
    }
    rest
}

fn shown(path: &Path) -> String {
    printable(path.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Place, RootKind};

    #[test]
    fn what_most_modules_share_is_told_once() {
        let root = Path::new("/m");
        let of = |modules: u64, trees: u64| {
            let told = |n: u64| {
                let mut f =
                    Finding::at(&TREE_FILE_WRITABLE, RootKind::Gomodcache, &root.join(n.to_string()), format!("a@v{n}"), "");
                f.more = 1;
                f
            };
            let other = Finding::at(&TREE_FILE_ADDED, RootKind::Gomodcache, &root.join("x"), "x", "");
            let mut folded = fold((0..modules).map(told).chain([other.clone()]).collect(), root, trees);
            assert!(folded.contains(&other));
            folded.retain(|f| *f != other);
            folded.into_iter().map(|f| (f.place, f.more)).collect::<Vec<_>>()
        };
        let all = |modules: u64| vec![(Place::Path(root.to_path_buf()), modules - 1)];
        assert_eq!(of(2, 2), all(2));
        assert_eq!(of(600, 1000), all(600));
        for (modules, trees) in [(1, 1), (1, 9), (2, 3), (3, 4), (400, 1000), (0, 5)] {
            assert_eq!(u64::try_from(of(modules, trees).len()).unwrap(), modules, "{modules} of {trees}");
        }
    }
}
