//! Rules on go.sum: the file itself, and zips against its lines.

use std::path::Path;

use super::{Claims, about};
use crate::evidence::main_module::{MainSums, SumFile};
use crate::evidence::modcache::VersionUnit;
use crate::facts::ModuleTrust;
use crate::finding::{Finding, RootKind, Sink};
use crate::format::dirhash::H1;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::subject::modcache::Part;
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&ZIP_GO_SUM_MISMATCH, &GO_SUM_MALFORMED];

/// A zip that go.sum contradicts.
pub static ZIP_GO_SUM_MISMATCH: Rule = Rule {
    id: "zip-go-sum-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a module zip is not the one that go.sum lists",
    what: "The dirhash of every zip against its line of the main module's go.sum, where there is one; in a workspace also against those of \
           go.work.sum and of the go.sum of each of its modules. The message tells whether the zip agrees with its own \
           `.ziphash`: then nothing in the cache contradicts it.",
    why: "Either the cache was poisoned by somebody who changed the `.ziphash` too, or the tag was moved where the module is published, or go.sum was \
          edited. In each case the code is not what the main module asked for.",
    go: "Stops with \"checksum mismatch\" and \"SECURITY ERROR\" the next time it reads the `.ziphash`; an extracted directory that is there is \
         compiled all the same.",
    mend: "Remove this version (zip, `.ziphash` and directory); Go fetches it again. If the same sum comes back, the cache is innocent: find out from \
           the checksum database or the author which of the two is right, and never just delete the go.sum line.",
    source: "cmd/go/internal/modfetch/fetch.go (checkMod, haveModSumLocked), cmd/go/internal/modload/init.go (loadModFile)",
    witness: |s| {
        // The sample's binary was built with the module, so it would contradict go.sum as well.
        sys::remove_made(&s.gobin().join("hello"))?;
        let path = s.main().join("go.sum");
        let text = String::from_utf8_lossy(&sys::read(&path, 1 << 20)?).into_owned();
        let other = format!("h1:{}=", "A".repeat(43));
        let lines: Vec<String> = text
            .lines()
            .map(|l| match l.rsplit_once(' ') {
                Some((module, _)) if !module.ends_with("/go.mod") => format!("{module} {other}\n"),
                _ => format!("{l}\n"),
            })
            .collect();
        s.write(&path, lines.concat().as_bytes())?;
        Ok(Sample::place(&s.download("zip")))
    },
};

/// A go.sum with bad lines.
pub static GO_SUM_MALFORMED: Rule = Rule {
    id: "go-sum-malformed",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::None,
    summary: "a line of go.sum is damaged",
    what: "Every line of the main module's go.sum, and in a workspace of go.work.sum and the go.sum of each of its modules: three fields, a module version, a dirhash, no second sum for one module. A line that Go passes over (an \
           unknown kind of sum, no module version) is a `warning`.",
    why: "A damaged line protects nothing: Go passes over it in silence and takes the module as it is in the cache (golang/go#62345). Of two sums for one \
          module one is false.",
    go: "Stops with \"malformed go.sum\" where a line has not three fields; of two sums it takes the first; the rest it passes over.",
    mend: "Restore go.sum from version control. `go mod tidy` drops damaged lines, and with them the protection.",
    source: "cmd/go/internal/modfetch/fetch.go (readGoSum, haveModSumLocked)",
    witness: |s| {
        let path = s.main().join("go.sum");
        let mut text = sys::read(&path, 1 << 20)?;
        text.extend_from_slice(b"<<<<<<< HEAD\n");
        s.write(&path, &text)?;
        Ok(Sample::place(&path))
    },
};

/// Judges the computed dirhash of a zip against go.sum; the trust that follows from go.sum and `.ziphash` together.
pub fn zip(
    root: &Path,
    unit: &VersionUnit,
    computed: H1,
    claims: &Claims,
    main: Option<&MainSums>,
    sink: &mut Sink,
) -> ModuleTrust {
    let consistent = claims.ziphash.and_then(|z| z.h1()) == Some(computed);
    match main.and_then(|m| m.module(&unit.name.path, &unit.name.version, computed)) {
        Some(listed) if listed.fits => ModuleTrust::GoSum,
        Some(listed) => {
            let name = listed.file_name();
            let message = if consistent {
                format!(
                    "agrees with its own `.ziphash` but not with {name}: a forged zip, or a tag that was moved where the module is published"
                )
            } else {
                format!(
                    "agrees neither with {name} nor with its own `.ziphash`: the cache is damaged, and fetching it again mends it"
                )
            };
            let finding = about(&ZIP_GO_SUM_MISMATCH, root, unit, Part::Zip, message);
            let (claimed, line) = (listed.sum.h1.to_string(), listed.sum.line);
            let finding = finding.claims(claimed, computed.to_string()).claimed_by(listed.by()).line(line);
            // What agrees with itself would only come back: the cache is not what is wrong, as far as anybody can tell from here.
            sink.push(if consistent { finding.unfixed() } else { finding });
            ModuleTrust::None
        }
        None if consistent => ModuleTrust::Ziphash,
        None => ModuleTrust::None,
    }
}

/// Where the zip is told of and not to be fixed, since it agrees with itself, so is a `.mod` that is the zip's own.
pub fn moved_tag(go_mod: Option<&[u8]>, in_zip: Option<&[u8]>, sink: &mut Sink) {
    let moved = sink.iter().any(|f| f.rule == &ZIP_GO_SUM_MISMATCH && f.fix == Fix::None);
    if moved && go_mod.is_some() && go_mod == in_zip {
        sink.iter_mut().filter(|f| f.rule == &super::go_mod::MOD_GO_SUM_MISMATCH).for_each(|f| f.fix = Fix::None);
    }
}

/// How many bad lines of one go.sum are told one by one.
const MANY: usize = 20;

/// Judges the lines of a go.sum or go.work.sum.
pub fn go_sum(file: &SumFile, sink: &mut Sink) {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    for (i, bad) in file.sums.bad.iter().take(MANY).enumerate() {
        let mut finding = Finding::at(
            &GO_SUM_MALFORMED,
            RootKind::Environment,
            &file.path,
            format!("{name}: {}", bad.text.trim()),
            format!("line {} {}", bad.line, bad.fault),
        )
        .claims("path version h1:…", bad.text.trim())
        .line(bad.line);
        if bad.fault.is_ignored() {
            finding = finding.lowered_to(Level::Warning);
        }
        if i + 1 == MANY {
            finding.more = u64::try_from(file.sums.bad.len() - MANY).unwrap_or(u64::MAX);
        }
        sink.push(finding);
    }
}
