//! The vendor folder of a main module or workspace against the zips of its modules.

use std::path::Path;

use crate::check::module::tree::difference;
use crate::evidence::vendor::{Built, Held, Vendor, VendorDamage, VendorFault};
use crate::facts::ModuleVersion;
use crate::finding::{Finding, Mend, RootKind, Sink};
use crate::format::zip::printable;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&VENDOR_FILE_DIFFERS, &VENDOR_FILE_ADDED, &VENDOR_FILE_MISSING, &VENDOR_FILE_LINKED];

const SOURCE: &str =
    "cmd/go/internal/modcmd/vendor.go (vendorPkg, copyDir, copyMetadata), cmd/go/internal/modload/vendor.go (readVendorList)";
const MEND: &str = "Run `go mod vendor` in the folder of the main module (`go work vendor` for a workspace), once the module cache is sound: go copies from \
                    the extracted directories there, so mend those first (`gocachescan --fix`). A change of your own belongs in a fork that a \
                    `replace` line names.";

/// Other bytes.
pub static VENDOR_FILE_DIFFERS: Rule = Rule {
    id: "vendor-file-differs",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::None,
    summary: "a vendored file is not that of its module's zip",
    what: "With `--main-module`: every file of its vendor folder, and of its workspace's, against the member of the zip in the module cache that `modules.txt` says it \
           came from, replacements by another module included. A file that neither is compiled nor can be embedded is a `warning`; line ends that \
           alone differ, as git makes them (`core.autocrlf`), are a `note`. Where the zip is not in the cache, is not sound itself, or a folder replaces the \
           module, the file is counted as not checked.",
    why: "This is the code that is compiled: since Go 1.14 a vendor folder is used by itself where there is one, and go.sum does not cover it. Somebody mended a dependency \
          in place, or a commit that nobody read to its end put other code there.",
    go: "Compiles it without a word. It compares the names and versions of `modules.txt` with go.mod, never the files (golang/go#27348).",
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.make_vendor()?.join("example.com/greet/greet.go");
        s.append(&path, b"\nfunc init() { println(1) }\n")?;
        Ok(Sample::place(&path))
    },
};

/// Too much.
pub static VENDOR_FILE_ADDED: Rule = Rule {
    id: "vendor-file-added",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::None,
    summary: "a file lies in a vendor folder that no zip of its modules holds",
    what: "With `--main-module`: every file of its vendor folder, and of its workspace's, has its member in the zip of a module that `modules.txt` lists. One that is not called \
           as something that go compiles is a `warning` where a package above it embeds files, and else a `note`. Where the zip is not in the module cache, is not sound itself, or a \
           folder replaces the module, the file is counted as not checked.",
    why: "A Go file that is added to a package is compiled with it, and its `init` runs in every program. A header or object file comes before the one that is meant, and a file in \
          an embedded folder becomes part of the program.",
    go: "Compiles and embeds what it finds; nothing looks.",
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.make_vendor()?.join("example.com/greet/internal/words/more.go");
        s.write(&path, b"package words\n\nfunc init() { println(1) }\n")?;
        Ok(Sample::place(&path))
    },
};

/// Gone.
pub static VENDOR_FILE_MISSING: Rule = Rule {
    id: "vendor-file-missing",
    level: Level::Warning,
    kind: Kind::Integrity,
    fix: Fix::None,
    summary: "a Go file of a vendored package is in its module's zip and not in the vendor folder",
    what: "With `--main-module`: the Go files of every package that `modules.txt` lists. Only files without any build constraint in them, which `go mod vendor` always copies, \
           and only where the extracted directory has their content; a file of another kind that is gone is not told.",
    why: "A check or an `init` that is gone changes what is compiled. A `.gitignore` of the main module that fits the name, or a tool that thins vendor folders out, looks the same.",
    go: "Builds without it, or fails to; nothing looks.",
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.make_vendor()?.join("example.com/greet/internal/words/words.go");
        sys::remove_made(&path)?;
        Ok(Sample::place(&path))
    },
};

/// Links and their kin.
pub static VENDOR_FILE_LINKED: Rule = Rule {
    id: "vendor-file-linked",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::None,
    summary: "a link, pipe, socket or device lies in a vendor folder",
    what: "With `--main-module`: the type of every entry of its vendor folder, and of its workspace's: `go mod vendor` makes plain files and folders alone. \
           A link in the place of a module to the very folder that replaces it is counted as not checked.",
    why: "What is compiled lies elsewhere, where others may change it at any time; while it has the right bytes nobody notices.",
    go: "Follows a link to a file and compiles that; at a pipe that is called as a Go file it waits for ever.",
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.make_vendor()?.join("example.com/greet/greet.go");
        let elsewhere = s.root().join("elsewhere.go");
        sys::rename(&path, &elsewhere)?;
        sys::symlink(&elsewhere, &path)?;
        Ok(Sample::place(&path))
    },
};

/// Judges a vendor folder; returns how many files are errors. `wrong_tree`: a module in whose extracted directory something is wrong,
/// from which `go mod vendor` would copy.
pub fn judge(vendor: &Vendor, held: &Held, wrong_tree: Option<&ModuleVersion>, sink: &mut Sink) -> u64 {
    let mut findings: Vec<Finding> = held.damage.iter().map(|damage| one(vendor, damage, wrong_tree)).collect();
    // The worst first: what is many is counted with the last that is told, and nothing may hide behind a note.
    findings.sort_by_key(|f| std::cmp::Reverse(f.level));
    let errors = findings.iter().filter(|f| f.level == Level::Error).count();
    findings.into_iter().for_each(|finding| sink.push_bounded(finding));
    u64::try_from(errors).unwrap_or(u64::MAX)
}

fn one(vendor: &Vendor, damage: &VendorDamage, wrong_tree: Option<&ModuleVersion>) -> Finding {
    let shown = |path: &Path| printable(path.as_os_str().as_encoded_bytes());
    let (rule, level, message) = match &damage.what {
        VendorFault::Differs(how) => {
            let how = how.as_ref().map_or_else(|| "is not the file of the zip".to_owned(), difference);
            (&VENDOR_FILE_DIFFERS, choose(damage.built, Level::Error, Level::Error, Level::Warning), how)
        }
        VendorFault::LineEnds => {
            let message = "has other line ends than in the zip, as git makes them, and no other difference";
            (&VENDOR_FILE_DIFFERS, Level::Note, message.to_owned())
        }
        VendorFault::Added => {
            let what = choose(
                damage.built,
                ": go compiles it with its package",
                ": a package above it embeds files, perhaps this one",
                "",
            );
            let whose = match &damage.of {
                Some((module, _)) => format!("is not in the zip of {module}"),
                None => "is in no zip of a module that `modules.txt` lists".to_owned(),
            };
            (&VENDOR_FILE_ADDED, choose(damage.built, Level::Error, Level::Warning, Level::Note), format!("{whose}{what}"))
        }
        VendorFault::Missing => (&VENDOR_FILE_MISSING, Level::Warning, "is in the zip, but not here".to_owned()),
        VendorFault::Linked(target) => {
            let message = format!("is a symbolic link to `{}`: `go mod vendor` makes none", shown(target));
            (&VENDOR_FILE_LINKED, Level::Error, message)
        }
        VendorFault::Special(kind) => {
            (&VENDOR_FILE_LINKED, Level::Error, format!("is a {}: `go mod vendor` makes none", kind.word()))
        }
    };
    let part = shown(&damage.rel).replace(std::path::MAIN_SEPARATOR, "/");
    let subject = match &damage.of {
        Some((module, _)) => format!("{module}/{part}"),
        None => part,
    };
    let mend = mend(vendor, wrong_tree);
    let message = match (wrong_tree, level) {
        (Some(module), Level::Warning | Level::Error) => {
            format!(
                "{message}; mend the extracted directory of {module} first (`gocachescan --fix`), for `go mod vendor` copies from there"
            )
        }
        _ => message,
    };
    let mut finding =
        Finding::at(rule, RootKind::Vendor, &vendor.root.path.join(&damage.rel), subject, message).lowered_to(level);
    finding.mend = mend;
    if let (Some((_, zip)), false) = (&damage.of, damage.what == VendorFault::Added) {
        finding = finding.claimed_by(zip.display().to_string());
    }
    if let VendorFault::Differs(Some(d)) = &damage.what {
        finding.proof.line = d.line;
        if d.size != d.zip_size {
            finding = finding.claims(format!("{} bytes", d.zip_size), format!("{} bytes", d.size));
        }
    }
    finding
}

/// What holds of a file that is compiled, that may be embedded, and of any other.
fn choose<T>(built: Built, source: T, embedded: T, not: T) -> T {
    match built {
        Built::Source => source,
        Built::Embedded => embedded,
        Built::Not => not,
    }
}

/// The command that makes the folder anew; none while it would copy what is wrong itself.
fn mend(vendor: &Vendor, wrong_tree: Option<&ModuleVersion>) -> Option<Mend> {
    let main = vendor.main.to_str().filter(|_| wrong_tree.is_none())?;
    let verb = if vendor.list.workspace { "work" } else { "mod" };
    Some(Mend::Command(["go", "-C", main, verb, "vendor"].map(str::to_owned).to_vec()))
}
