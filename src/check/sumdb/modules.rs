//! Modules against the records of the checksum database that are proven.

use std::path::Path;

use super::{Proofs, ProvenSums};
use crate::evidence::main_module::MainSums;
use crate::evidence::modcache::VersionUnit;
use crate::facts::{ModuleTrust, ModuleVersion};
use crate::finding::{Finding, Mend, RootKind, Sink};
use crate::format::dirhash::H1;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sample::binary::SAMPLE_DEP;
use crate::subject::modcache::Part;
use crate::sys;

/// The rules of this file.
pub const MODULE_RULES: &[&Rule] = &[&ZIP_SUMDB_MISMATCH, &MOD_SUMDB_MISMATCH, &GO_SUM_SUMDB_MISMATCH];

/// A go.sum that the checksum database contradicts.
pub static GO_SUM_SUMDB_MISMATCH: Rule = Rule {
    id: "go-sum-sumdb-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::None,
    summary: "go.sum lists a sum that the checksum database never recorded",
    what: "Every line of the main module's go.sum against the record of the checksum database, where one lies in the cache and is proven by tiles and a signed \
           head. Modules that the settings exempt from the database are left out.",
    why: "The record is signed and the same for everybody. Who changes go.sum along with the cache has a forged module built without a word; after the cache is \
          mended go rightly refuses the true one.",
    go: "Takes the first line for the truth, and asks the database only about modules that go.sum does not list.",
    mend: "Restore the line from version control, or change it to what the record says.",
    source: "cmd/go/internal/modfetch/fetch.go (haveModSumLocked, checkModSum)",
    witness: |s| {
        s.make_database()?;
        let path = s.main().join("go.sum");
        let text = String::from_utf8_lossy(&sys::read(&path, 1 << 20)?).into_owned();
        let (module, version) = SAMPLE_DEP;
        let start = format!("{module} {version}/go.mod ");
        let other = format!("{start}h1:{}=\n", "A".repeat(43));
        let lines = text.lines().map(|l| if l.starts_with(&start) { other.clone() } else { format!("{l}\n") });
        s.write(&path, lines.collect::<String>().as_bytes())?;
        Ok(Sample::place(&path))
    },
};

/// A zip that the checksum database contradicts.
pub static ZIP_SUMDB_MISMATCH: Rule = Rule {
    id: "zip-sumdb-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a module zip is not the one that the checksum database recorded",
    what: "The dirhash of every zip against the record of the checksum database, where one lies in the cache and is proven by tiles and a signed head. A \
           `warning` where the settings exempt the module from the database.",
    why: "The record is signed and the same for everybody: this zip is not what the world gets under this version. It holds even where the `.ziphash` and go.sum \
          were changed along with the zip.",
    go: "Asks the database only when it downloads a module that go.sum does not list; what is in the cache and in go.sum it believes.",
    mend: "Remove this version (zip, `.ziphash` and directory), and restore go.sum from version control if it agrees with the zip; go fetches the true one.",
    source: "cmd/go/internal/modfetch/fetch.go (checkSumDB, checkModSum)",
    witness: |s| {
        s.make_database()?;
        let mut members = s.zip_members();
        if let Some(m) = members.iter_mut().find(|m| m.name.ends_with(b"greet.go")) {
            m.content.extend_from_slice(b"// forged\n");
        }
        Ok(Sample::place(&s.put_zip(&members)?))
    },
};

/// A `.mod` that the checksum database contradicts.
pub static MOD_SUMDB_MISMATCH: Rule = Rule {
    id: "mod-sumdb-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached go.mod is not the one that the checksum database recorded",
    what: "The dirhash of every `.mod` against the `/go.mod` line of the proven record, also where the version has no zip. A `warning` where the settings \
           exempt the module from the database.",
    why: "Who changes a go.mod chooses the versions of everything that the module needs, and so the code that is built.",
    go: "Asks the database only when it downloads a go.mod that go.sum does not list.",
    mend: "Remove the file; go fetches it again.",
    source: "cmd/go/internal/modfetch/fetch.go (checkGoMod, checkModSum)",
    witness: |s| {
        s.make_database()?;
        sys::remove_made(&s.main().join("go.sum"))?;
        let path = s.download("mod");
        s.append(&path, b"\nreplace example.test/other => ../other\n")?;
        Ok(Sample::place(&path))
    },
};

/// What go does after a repair where go.sum lists what was altered.
const GO_SUM_NEXT: &str = "go fetches the true one again, and refuses it as long as go.sum lists the sum of the altered one";

/// Judges every line of go.sum against what is proven.
pub fn go_sum(main: &MainSums, proofs: &Proofs, sink: &mut Sink) {
    for (file, (path, version, sums)) in main.files.iter().flat_map(|file| file.sums.iter().map(move |line| (file, line))) {
        let (plain, of_go_mod) = version.strip_suffix("/go.mod").map_or((version, false), |plain| (plain, true));
        let module = ModuleVersion { path: path.to_owned(), version: plain.to_owned() };
        let Some(proven) = proofs.of(&module).filter(|p| !p.exempt) else { continue };
        let recorded = if of_go_mod { proven.go_mod } else { proven.zip };
        // The first line is the one that Go goes by.
        let (Some(recorded), Some(listed)) = (recorded, sums.first()) else { continue };
        if listed.h1 == recorded {
            continue;
        }
        let name = format!("{path} {version}");
        let message = format!("lists a sum for `{name}` that `{}` never recorded", proven.database);
        let line = |h1: H1| format!("{name} {h1}");
        let (old, new) = (line(listed.h1), Some(line(recorded)));
        sink.push(
            Finding::at(&GO_SUM_SUMDB_MISMATCH, RootKind::Environment, &file.path, format!("go.sum: {name}"), message)
                .claims(recorded.to_string(), listed.h1.to_string())
                .claimed_by(proven.by.clone())
                .line(listed.line)
                .mend(Mend::Edit { file: file.path.clone(), line: listed.line, old, new }),
        );
    }
}

/// Judges the computed dirhash of a zip against what is proven; the trust that follows, `before` being that of everything else.
pub fn zip(
    root: &Path,
    unit: &VersionUnit,
    computed: H1,
    proven: Option<&ProvenSums>,
    before: ModuleTrust,
    sink: &mut Sink,
) -> ModuleTrust {
    let Some((proven, sum)) = proven.and_then(|p| Some((p, p.zip?))) else { return before };
    if sum == computed {
        return if proven.exempt { before } else { ModuleTrust::Sumdb };
    }
    let agreeing = match before {
        ModuleTrust::GoSum => ", though go.sum and the zip agree: both were changed, or go.sum was made from the changed zip",
        ModuleTrust::Ziphash => ", though its `.ziphash` agrees: both were changed",
        ModuleTrust::None | ModuleTrust::Sumdb => "",
    };
    let told =
        tell(&ZIP_SUMDB_MISMATCH, root, unit, Part::Zip, format!("is not the zip that `{}` recorded{agreeing}", proven.database));
    let told = exempted(told, proven).claims(sum.to_string(), computed.to_string()).claimed_by(proven.by.clone());
    sink.push(if before == ModuleTrust::GoSum { told.then(GO_SUM_NEXT) } else { told });
    if proven.exempt { before } else { ModuleTrust::None }
}

/// Judges the computed dirhash of a `.mod` against what is proven; whether something was told.
pub fn go_mod(root: &Path, unit: &VersionUnit, computed: H1, proven: Option<&ProvenSums>, sink: &mut Sink) -> bool {
    let Some((proven, sum)) = proven.and_then(|p| Some((p, p.go_mod?))).filter(|(_, sum)| *sum != computed) else { return false };
    let message = format!("is not the go.mod that `{}` recorded", proven.database);
    let told = tell(&MOD_SUMDB_MISMATCH, root, unit, Part::Mod, message);
    sink.push(exempted(told, proven).claims(sum.to_string(), computed.to_string()).claimed_by(proven.by.clone()));
    true
}

fn tell(rule: &'static Rule, root: &Path, unit: &VersionUnit, part: Part, message: String) -> Finding {
    Finding::at(rule, RootKind::Gomodcache, &root.join(unit.path(part)), unit.module().to_string(), message)
}

/// A private module may bear the path of a public one.
fn exempted(mut finding: Finding, proven: &ProvenSums) -> Finding {
    if !proven.exempt {
        return finding;
    }
    finding.message.push_str("; GOSUMDB, GONOSUMDB or GOPRIVATE exempts the module, so that go does not ask");
    finding.lowered_to(Level::Warning).unfixed()
}
