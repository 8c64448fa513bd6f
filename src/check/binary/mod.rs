//! Installed binaries: what one of them shows by itself ([`local`]), and what the module cache says of its modules
//! ([`joined`]).
//!
//! `go install` is all that writes to GOBIN, so there a file that is no intact Go binary under its own name is an error;
//! in a folder that the user named, where anything may lie, the same is a note.

mod name;
mod rules;
mod sums;

use std::path::Path;

use crate::evidence::binary::{BinaryDamage, BinaryEvidence};
use crate::facts::{BinaryFact, BuildModule};
use crate::finding::{Finding, RootKind, Sink};
use crate::format::binary::Oddity;
use crate::rule::{Level, Rule};
use crate::subject::is_litter;

pub use rules::RULES;
pub use sums::{ModuleSums, joined};

/// Whether a binary can be held against anything: it names its modules in the format that Go writes since 1.18.
pub fn is_verifiable(fact: &BinaryFact) -> bool {
    fact.go && fact.main.is_some() && !fact.old_layout
}

/// What one binary shows by itself; pure.
pub fn local(evidence: &BinaryEvidence, root: RootKind, sink: &mut Sink) {
    let report = Report { evidence, root, sink };
    report.run();
}

struct Report<'a> {
    evidence: &'a BinaryEvidence,
    root: RootKind,
    sink: &'a mut Sink,
}

/// The name of a file for a subject: without its folder.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

impl Report<'_> {
    fn finding(&self, rule: &'static Rule, message: impl Into<String>) -> Finding {
        let path = &self.evidence.fact.path;
        Finding::at(rule, self.root, path, file_name(path), message)
    }

    /// A note outside GOBIN.
    fn by_place(&self, finding: Finding) -> Finding {
        if self.root == RootKind::Gobin { finding } else { finding.lowered_to(Level::Note) }
    }

    fn run(mut self) {
        let whole = self.bytes();
        let fact = &self.evidence.fact;
        if !whole {
            return;
        }
        self.lines();
        if !fact.go {
            if !self.evidence.damage.iter().any(|d| matches!(d, BinaryDamage::BuildInfo(_))) {
                let what = "holds no Go build info: nothing in it names the modules that it was built from";
                self.unverifiable(what);
            }
            return;
        }
        self.platform();
        self.name();
        self.provenance();
        self.dependencies();
        if fact.old_layout {
            self.unverifiable(
                "has build info in the pointer format of Go 1.17 and older, which tells neither platform nor flags",
            );
        } else if fact.main.is_none() {
            self.unverifiable("names no main module, as builds in GOPATH mode and of some other build systems do");
        }
    }

    fn unverifiable(&mut self, what: &str) {
        self.sink.push(self.finding(&rules::UNVERIFIABLE, what));
    }

    /// Damage of the file as a whole; false if nothing more can be said of it.
    fn bytes(&mut self) -> bool {
        let mut whole = true;
        let format = self.evidence.fact.format;
        for damage in &self.evidence.damage {
            let finding = match damage {
                BinaryDamage::Empty => self.finding(&rules::EMPTY, "has no bytes"),
                BinaryDamage::Truncated { needs, has } => {
                    let needed = needs.map_or_else(|| "more".to_owned(), |n| format!("{n} bytes"));
                    let message = format!("is cut off: its headers speak of more than the {has} bytes that it has");
                    self.finding(&rules::TRUNCATED, message)
                        .claims(needed, format!("{has} bytes"))
                        .claimed_by(format!("{format} headers"))
                }
                BinaryDamage::Unparsable => {
                    let message = format!("begins like an executable (`{format}`) but breaks the rules of that format");
                    self.finding(&rules::NO_PROGRAM, message)
                }
                BinaryDamage::NoProgram { script: true } => {
                    self.finding(&rules::NO_PROGRAM, "is a script, which `go install` never writes")
                }
                BinaryDamage::NoProgram { script: false } => {
                    self.finding(&rules::NO_PROGRAM, "is no executable of any format that Go builds")
                }
                _ => continue,
            };
            whole = false;
            // A file that nobody can start, or a system's litter: it lies among programs and is none.
            let aside = matches!(damage, BinaryDamage::Empty | BinaryDamage::NoProgram { .. })
                && (!self.evidence.may_run || is_litter(&file_name(&self.evidence.fact.path)));
            let finding = if aside { finding.lowered_to(Level::Note) } else { self.by_place(finding) };
            self.sink.push(finding);
        }
        for damage in self.evidence.damage.iter().filter(|_| whole) {
            if let BinaryDamage::Content { claimed, computed } = damage {
                let message = "is not what the linker wrote: the content ID in its build ID does not fit its bytes (a \
                               patch, `strip` and a packer can't be told apart)";
                let finding = self.finding(&rules::CHANGED, message);
                let finding = finding.claims(claimed.as_str(), computed.as_str()).claimed_by("its build ID");
                self.sink.push(self.by_place(finding));
            }
        }
        whole
    }

    /// Lines that no linker writes: one finding, with the first of them.
    fn lines(&mut self) {
        let told: Vec<(Option<u64>, String)> = self
            .evidence
            .damage
            .iter()
            .filter_map(|d| match d {
                BinaryDamage::BuildInfo(e) => Some((Some(e.line), format!("has build info that Go refuses: {}", e.reason))),
                BinaryDamage::Unframed => Some((
                    None,
                    "has module data without the marks of Go's linker, so that `go version -m` shows none of it".to_owned(),
                )),
                BinaryDamage::Line(l) => {
                    let what = match l.oddity {
                        Oddity::Unknown => format!("line {} of its build info is no line that Go writes (`{}`)", l.line, l.text),
                        Oddity::Blank => format!("line {} of its build info is blank where Go writes none", l.line),
                        Oddity::Repeated => {
                            format!("line {} of its build info says again, and differently for a reader, `{}`", l.line, l.text)
                        }
                        Oddity::Unterminated => {
                            format!("the last line of its build info has no end (`{}`), so Go drops it", l.text)
                        }
                        Oddity::Sum => format!("line {} of its build info has a sum that is none (`{}`)", l.line, l.text),
                    };
                    Some((
                        Some(l.line),
                        format!("{what}: what stood there is hidden from `go version -m` and vulnerability scanners"),
                    ))
                }
                _ => None,
            })
            .collect();
        if let Some((line, message)) = told.first() {
            let mut finding = self.finding(&rules::BUILD_INFO, message);
            finding.proof.line = *line;
            finding.more = u64::try_from(told.len() - 1).unwrap_or(0);
            self.sink.push(finding);
        }
    }

    fn platform(&mut self) {
        let platform = &self.evidence.platform;
        for (key, fits) in [("GOOS", &platform.goos), ("GOARCH", &platform.goarch)] {
            let said = self.evidence.fact.settings.iter().filter(|(k, _)| k == key).map(|(_, v)| v.as_str());
            for value in said.filter(|v| !fits.is_empty() && !fits.contains(v)) {
                let message = format!("says `{key}={value}`, which the header of the file contradicts");
                let finding = self.finding(&rules::PLATFORM, message);
                let computed = fits.join(" or ");
                self.sink.push(finding.claims(format!("{key}={value}"), computed).claimed_by("its build info"));
            }
        }
    }

    fn name(&mut self) {
        let fact = &self.evidence.fact;
        let name = file_name(&fact.path);
        let names = name::expected(fact);
        if names.is_empty() || names.iter().any(|n| name::fits(&name, n)) {
            return;
        }
        let wanted = names.join("` or `");
        let message = format!(
            "was built from `{}`, which `go install` calls `{wanted}`: another program lies under this name",
            fact.path_pkg
        );
        let finding = self.finding(&rules::NAME, message).claims(name.clone(), wanted).claimed_by("its file name");
        let renamed = names.iter().any(|n| name::is_versioned_copy(&name, n));
        let finding = if renamed { finding.lowered_to(Level::Note) } else { finding };
        self.sink.push(self.by_place(finding));
    }

    /// Where the main module comes from.
    fn provenance(&mut self) {
        let fact = &self.evidence.fact;
        let Some(main) = &fact.main else { return };
        let dirty = main.version.ends_with("+dirty") || main.version.ends_with("+incompatible.dirty");
        let modified = fact.settings.iter().any(|(k, v)| k == "vcs.modified" && v == "true");
        let named = format!("{}@{}", main.path, main.version);
        if dirty || modified {
            let message = format!("was built from `{named}` with changes that were never committed");
            self.sink.push(self.finding(&rules::MODIFIED, message));
        } else if main.version == "(devel)" {
            let message = format!("was built from a work tree of `{}`: it names no version", main.path);
            self.sink.push(self.finding(&rules::DEVEL, message));
        }
    }

    fn dependencies(&mut self) {
        let fact = &self.evidence.fact;
        for module in fact.main.iter().chain(&fact.deps) {
            let Some(by) = module.replace.as_deref().filter(|by| is_local(by)) else { continue };
            let message =
                format!("was built with `{}` replaced by the folder `{}`, whose content no sum tells", module.path, by.path);
            let mut finding = self.finding(&rules::LOCAL_REPLACE, message);
            finding.subject = format!("{} in {}", versioned(module), file_name(&fact.path));
            self.sink.push(finding);
        }
        let without: Vec<&BuildModule> = fact.deps.iter().filter(|d| lacks_sum(d)).collect();
        if without.is_empty() {
            return;
        }
        let proven = fact.deps.iter().any(|d| d.replace.is_none() && !d.sum.is_empty());
        let from_proxy = fact.main.as_ref().is_some_and(|m| !m.sum.is_empty());
        // Since Go 1.23 a build with -mod=vendor records no sum at all; before, those that the module cache knew.
        let vendored = !from_proxy && (!proven || go_minor(&fact.go_version).is_none_or(|minor| minor <= 22));
        if vendored {
            let message = format!(
                "records no sum of {} of {} dependencies, as a vendored build does: they can't be checked",
                without.len(),
                fact.deps.len()
            );
            self.sink.push(self.finding(&rules::NO_SUM, message).lowered_to(Level::Note));
            return;
        }
        for dep in without {
            let message = format!(
                "records no sum of `{}`: its version may be another than the one that was compiled, which hides it from vulnerability scanners",
                versioned(dep)
            );
            let mut finding = self.finding(&rules::NO_SUM, message);
            finding.subject = format!("{} in {}", versioned(dep), file_name(&fact.path));
            self.sink.push(finding);
        }
    }
}

/// A module with its version, as a finding's subject names it.
fn versioned(module: &BuildModule) -> String {
    format!("{}@{}", module.path, module.version)
}

/// Whether a replacement is a folder (`modfile.IsDirectoryPath`).
fn is_local(by: &BuildModule) -> bool {
    let path = by.path.as_str();
    let rooted = ["./", "../", "/", ".\\", "..\\", "\\"].iter().any(|p| path.starts_with(p));
    let drive = path.chars().next().is_some_and(|c| c.is_ascii_alphabetic()) && path.get(1..2) == Some(":");
    rooted || drive || path == "." || path == ".." || by.version == "(devel)"
}

/// Whether this is a module from a proxy, as its version shows, without a sum.
fn lacks_sum(dep: &BuildModule) -> bool {
    let module = dep.replace.as_deref().unwrap_or(dep);
    let versioned = !module.version.is_empty() && module.version != "(devel)";
    versioned && module.sum.is_empty() && !is_local(module)
}

/// The minor number of a Go release: 22 of `go1.22.10`.
fn go_minor(version: &str) -> Option<u32> {
    let (_, rest) = version.split_once("go1.")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
