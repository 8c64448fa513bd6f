//! What `prune` may take of healthy caches: outputs by their last use, and module versions that nobody names.

mod rules;

use std::path::{Path, PathBuf};

pub use self::rules::{BUILD_CACHE_OVER_SIZE, MODULE_UNUSED, OUTPUT_ORPHAN, RULES};
use crate::evidence::gocache::{action_path, output_path};
use crate::evidence::holdings::modules::{Modules, Named, Version};
use crate::evidence::holdings::outputs::{AGES, BuildCache, Outputs, Unit};
use crate::evidence::holdings::required::{Need, Required};
use crate::finding::{Finding, RootKind, Sink};
use crate::rule::Rule;
use crate::subject::modcache::Part;

const HOUR_NS: i64 = 3_600_000_000_000;

/// What is asked for of a build cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bound {
    /// The most bytes that it may hold.
    pub max_size: Option<u64>,
    /// Whether all outputs that no action entry names go.
    pub orphans: bool,
}

/// How long ago something was used, in whole hours; a time of the future counts as now.
fn hours(used_ns: i64, now_ns: i64) -> i64 {
    now_ns.saturating_sub(used_ns).max(0) / HOUR_NS
}

/// Whether a running build may hold it. Go notes a use at most once an hour, so that what it used within the last hour was noted
/// as used within the last two.
fn in_use(unit: &Unit<'_>, now_ns: i64) -> bool {
    hours(unit.used_ns, now_ns) < AGES[0]
}

/// Most files that one run takes: each needs some 1.5 kB of memory until it has gone.
const MOST: usize = 1_000_000;

/// Decides what is taken of a build cache, and tells what it holds. `whole`: whether all of it could be read; else nothing is
/// taken, since an entry that was not read may name any output.
pub fn outputs(root: &Path, cache: &BuildCache, bound: Bound, whole: bool, now_ns: i64, sink: &mut Sink) -> Outputs {
    choose(root, cache, bound, whole, now_ns, MOST, sink)
}

/// The same, of at most `most` files.
fn choose(root: &Path, cache: &BuildCache, bound: Bound, whole: bool, now_ns: i64, most: usize, sink: &mut Sink) -> Outputs {
    let (units, dangling) = cache.units();
    let mut told =
        Outputs { path: root.to_path_buf(), kinds: cache.kinds, dangling, max_size: bound.max_size, whole, ..Outputs::default() };
    for unit in &units {
        let age = AGES.iter().position(|limit| hours(unit.used_ns, now_ns) < *limit).unwrap_or(AGES.len());
        if let Some(amount) = told.ages.get_mut(age) {
            amount.count(unit.bytes());
        }
        if unit.entries.is_empty() {
            told.orphans.count(unit.bytes());
        }
    }
    if !whole {
        return told;
    }
    let total = cache.kinds.total().bytes;
    let (mut left, mut files) = (total, 0);
    let max = bound.max_size.unwrap_or(u64::MAX);
    let mut free: Vec<&Unit<'_>> = units.iter().filter(|unit| !in_use(unit, now_ns)).collect();
    // Orphans first, then what was used longest ago; of what was used at once, by name.
    free.sort_by_key(|unit| (!unit.entries.is_empty(), unit.used_ns, unit.output.id));
    for unit in free {
        let orphan = unit.entries.is_empty();
        if left > max || (orphan && bound.orphans) {
            files += 1 + unit.entries.len();
            if files > most {
                told.cut = true;
                break;
            }
            left = left.saturating_sub(unit.bytes());
            sink.push(if orphan { orphan_of(root, unit, now_ns) } else { old(root, unit, total, max, now_ns) });
        } else if !orphan {
            break;
        }
    }
    if told.cut {
        let rule = if left > max { &BUILD_CACHE_OVER_SIZE } else { &OUTPUT_ORPHAN };
        let message = format!("more is to go than the {most} files that one run takes: the rest goes in the next");
        sink.push(Finding::at(rule, RootKind::Gocache, root, RootKind::Gocache.as_str(), message).unfixed());
    } else if left > max {
        sink.push(out_of_reach(root, &told, left, max));
    }
    told
}

/// `12 days ago`, `3 hours ago`.
fn ago(used_ns: i64, now_ns: i64) -> String {
    match hours(used_ns, now_ns) {
        hours @ ..48 => format!("{hours} hours ago"),
        hours => format!("{} days ago", hours / 24),
    }
}

fn about(rule: &'static Rule, root: &Path, unit: &Unit<'_>, message: String) -> Finding {
    let id = unit.output.id;
    let mut finding = Finding::at(rule, RootKind::Gocache, &root.join(output_path(id)), id.to_string(), message);
    finding.with = unit.entries.iter().map(|entry| root.join(action_path(entry.action))).collect();
    finding
}

fn orphan_of(root: &Path, unit: &Unit<'_>, now_ns: i64) -> Finding {
    let message = format!("no action entry names this output, which was last used {}", ago(unit.used_ns, now_ns));
    about(&OUTPUT_ORPHAN, root, unit, message).then("go never looks at it, unless it makes the same once more")
}

fn old(root: &Path, unit: &Unit<'_>, total: u64, max: u64, now_ns: i64) -> Finding {
    let message = format!(
        "was last used {}, and is among the oldest of a cache of {total} bytes, which may hold {max}",
        ago(unit.used_ns, now_ns)
    );
    about(&BUILD_CACHE_OVER_SIZE, root, unit, message)
}

/// That the bound can't be reached, and why.
fn out_of_reach(root: &Path, told: &Outputs, left: u64, max: u64) -> Finding {
    let used = told.ages[0].bytes;
    let never = left.saturating_sub(used);
    let message = format!(
        "can't be brought to {max} bytes: {used} bytes were noted as used within the last two hours, perhaps by a build that still runs, and {never} \
         bytes are never taken"
    );
    let subject = RootKind::Gocache.as_str();
    Finding::at(&BUILD_CACHE_OVER_SIZE, RootKind::Gocache, root, subject, message)
        .claims(format!("at most {max} bytes"), format!("at least {left} bytes"))
        .claimed_by("--max-size")
        .unfixed()
}

/// Modules that Go needs beside those that go.sum names, or makes from its own installation.
const OF_GO: [&str; 2] = ["golang.org/toolchain", "golang.org/fips140"];

/// Decides which versions are taken, and tells what a module cache holds. `required`: what the lists name.
pub fn modules(root: &Path, versions: &[Version], required: Option<&Required>, sink: &mut Sink) -> Modules {
    let mut told = Modules { path: root.to_path_buf(), named: required.map(|_| Named::default()), ..Modules::default() };
    for version in versions {
        let unit = &version.unit;
        let (_, bytes) = version.parts(&Part::ALL);
        told.versions.count(bytes);
        if let Some(tree) = version.tree {
            told.trees.count(tree.bytes);
        }
        if let Some(stat) = unit.stat(Part::Zip).filter(|_| unit.has(Part::Zip)) {
            told.zips.count(stat.size);
        }
        let (Some(required), Some(named)) = (required, &mut told.named) else { continue };
        let name = &unit.name;
        // What Go makes of no such name is no version of anything; the scan tells of it.
        if OF_GO.contains(&name.path.as_str()) || unit.is_partial() || !name.is_canonical() {
            named.stays.count(bytes);
            continue;
        }
        let (amount, files, why): (_, &[Part], _) = match required.need(&name.path, &name.version) {
            Need::Whole => (&mut named.whole, &[], ""),
            Need::GoMod => {
                (&mut named.go_mod, &[Part::Zip, Part::Ziphash], "only the go.mod of this version is named by a go.sum")
            }
            Need::Nothing => {
                (&mut named.none, &[Part::Zip, Part::Ziphash, Part::Mod, Part::Info], "no go.sum names this version")
            }
        };
        amount.count(bytes);
        if !files.is_empty() {
            let (parts, _) = version.parts(files);
            unused(root, unit.module().to_string(), &parts, why, sink);
        }
    }
    told
}

/// Tells of a version of which these parts go, if there are any.
fn unused(root: &Path, module: String, parts: &[PathBuf], why: &str, sink: &mut Sink) {
    if let Some(first) = parts.first() {
        let mut finding = Finding::at(&MODULE_UNUSED, RootKind::Gomodcache, &root.join(first), module, why);
        finding.with = parts.iter().map(|part| root.join(part)).collect();
        sink.push(finding);
    }
}

#[cfg(test)]
mod tests;
