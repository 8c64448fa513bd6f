//! The sums that a binary records, held against what the module cache and go.sum say of the same modules.

use std::collections::{BTreeMap, BTreeSet};

use super::{file_name, rules};
use crate::facts::{BinaryFact, BuildModule, ModuleTrust, ModuleVersion};
use crate::finding::{Finding, RootKind, Sink};

/// A claim alone, which anybody writes.
const ZIPHASH: &str = "the .ziphash in the module cache";

/// What is known of one module version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    /// Sum, its source, such as `the zip in the module cache`, and what it proves.
    sums: Vec<(String, &'static str, ModuleTrust)>,
}

/// What the caches of this machine say of modules: filled from the facts of a scan, then asked by [`joined`].
#[derive(Debug, Clone, Default)]
pub struct ModuleSums {
    modules: BTreeMap<ModuleVersion, Known>,
    by_sum: BTreeMap<String, BTreeSet<ModuleVersion>>,
}

impl ModuleSums {
    /// The h1 that was computed from a module's zip.
    pub fn add_zip(&mut self, module: &ModuleVersion, h1: &str) {
        self.add(module, h1, "the zip in the module cache", ModuleTrust::Ziphash);
    }

    /// What a `.ziphash` file claims.
    pub fn add_ziphash(&mut self, module: &ModuleVersion, h1: &str) {
        self.add(module, h1, ZIPHASH, ModuleTrust::Ziphash);
    }

    /// A line of go.sum (not a `/go.mod` line).
    pub fn add_go_sum(&mut self, module: &ModuleVersion, h1: &str) {
        self.add(module, h1, "go.sum of the main module", ModuleTrust::GoSum);
    }

    /// What the signed tree of the checksum database holds: against it no other source counts.
    pub fn add_recorded(&mut self, module: &ModuleVersion, h1: &str) {
        self.add(module, h1, "the checksum database", ModuleTrust::Sumdb);
    }

    fn add(&mut self, module: &ModuleVersion, h1: &str, source: &'static str, trust: ModuleTrust) {
        if !h1.starts_with("h1:") {
            return;
        }
        self.by_sum.entry(h1.to_owned()).or_default().insert(module.clone());
        let known = self.modules.entry(module.clone()).or_default();
        if !known.sums.iter().any(|(_, s, _)| *s == source) {
            known.sums.push((h1.to_owned(), source, trust));
            // Equal ones keep their order: the strongest stands first.
            known.sums.sort_by_key(|(_, _, trust)| std::cmp::Reverse(*trust));
        }
    }

    /// What is known of a module, the strongest first; beside a record nothing else.
    fn of(&self, module: &ModuleVersion) -> &[(String, &'static str, ModuleTrust)] {
        let all = self.modules.get(module).map_or(&[][..], |k| k.sums.as_slice());
        match all.split_first() {
            Some((record, _)) if record.2 == ModuleTrust::Sumdb => std::slice::from_ref(record),
            _ => all,
        }
    }

    /// Another module version that has this sum, and whether more than its `.ziphash` says so: the paths in a zip, and so its
    /// h1, hold the version.
    fn owner(&self, sum: &str, other_than: &ModuleVersion) -> Option<(&ModuleVersion, bool)> {
        let shown = |m: &ModuleVersion| self.of(m).iter().any(|(s, source, _)| s == sum && *source != ZIPHASH);
        let others = self.by_sum.get(sum)?.iter().filter(|m| *m != other_than);
        others.map(|m| (m, shown(m))).min_by_key(|(_, shown)| !shown)
    }
}

/// Holds the sums of one binary against what is known; pure. A module that nothing is known of is normal.
///
/// Where zip, `.ziphash` and go.sum disagree among themselves, the damage is theirs and told there: a sum that equals
/// one of them is right, unless the checksum database has a record. Returns the strongest claim that equals the sum of each module
/// (main module, then dependencies), `None` for one without a sum.
pub fn joined(fact: &BinaryFact, root: RootKind, known: &ModuleSums, sink: &mut Sink) -> Vec<Option<ModuleTrust>> {
    let mut trusts = Vec::new();
    for module in fact.main.iter().chain(&fact.deps) {
        let compiled = module.replace.as_deref().unwrap_or(module);
        let named = ModuleVersion { path: compiled.path.clone(), version: compiled.version.clone() };
        let matching = known.of(&named).iter().find(|(sum, ..)| *sum == compiled.sum).filter(|_| !compiled.sum.is_empty());
        trusts.push(matching.map(|m| m.2).or((!compiled.sum.is_empty()).then_some(ModuleTrust::None)));
        if matching.is_none()
            && let Some(finding) = judge(fact, root, compiled, named, known)
        {
            sink.push(finding);
        }
    }
    trusts
}

fn judge(fact: &BinaryFact, root: RootKind, module: &BuildModule, named: ModuleVersion, known: &ModuleSums) -> Option<Finding> {
    if module.sum.is_empty() {
        return None;
    }
    let sums = known.of(&named);
    let subject = format!("{named} in {}", file_name(&fact.path));
    if let Some((owner, shown)) = known.owner(&module.sum, &named) {
        let message =
            format!("says that it holds `{named}`, but the sum beside it is that of `{owner}`: the true version is hidden");
        let finding = Finding::at(&rules::VERSION_HIDDEN, root, &fact.path, subject, message);
        let finding = finding.claims(named.to_string(), owner.to_string()).claimed_by("its build info");
        return Some(if shown { finding } else { finding.unfixed() });
    }
    let (sum, source, trust) = sums.first()?;
    let mut message = format!("records a sum of `{named}` that differs from {source}");
    if !trust.proves() {
        // An honest binary may be the last that tells of a module that was changed.
        message.push_str(
            ". This binary or the module was changed, and neither go.sum nor the checksum database tells which: a repair takes neither",
        );
    }
    let finding = Finding::at(&rules::SUM, root, &fact.path, subject, message);
    let finding = finding.claims(module.sum.clone(), sum.clone()).claimed_by("its build info");
    Some(if trust.proves() { finding } else { finding.unfixed() })
}
