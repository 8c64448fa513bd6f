//! Rules on `.mod`, the go.mod of a version that decides which versions of other modules a build takes.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::about;
use crate::evidence::main_module::MainSums;
use crate::evidence::modcache::{Content, VersionUnit};
use crate::finding::Sink;
use crate::format::dirhash::H1;
use crate::format::gomod;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::subject::modcache::Part;
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&MOD_MALFORMED, &MOD_GO_SUM_MISMATCH, &MOD_DIFFERS_FROM_ZIP];

/// A `.mod` without a module line.
pub static MOD_MALFORMED: Rule = Rule {
    id: "mod-malformed",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached go.mod declares no module",
    what: "Every `.mod` has a `module` line and is at most 16 MiB long. Which module it declares is not judged: a fork keeps the path of what it \
           replaces.",
    why: "The file was emptied or overwritten. Its requirements are gone, so builds may take older versions of other modules.",
    go: "Stops with \"missing module line\", or with a security error where go.sum lists the file.",
    mend: "Remove the file; Go fetches it again.",
    source: "cmd/go/internal/modload/modfile.go (rawGoModSummary), golang.org/x/mod/zip/zip.go (MaxGoMod)",
    witness: |s| {
        let path = s.download("mod");
        s.write(&path, b"")?;
        Ok(Sample::place(&path))
    },
};

/// A `.mod` that go.sum contradicts.
pub static MOD_GO_SUM_MISMATCH: Rule = Rule {
    id: "mod-go-sum-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached go.mod is not the one that go.sum lists",
    what: "The dirhash of every `.mod` against the `/go.mod` line of the main module's go.sum, where there is one.",
    why: "Who changes a go.mod chooses the versions of everything that the module needs, and so the code that is built.",
    go: "Stops with \"checksum mismatch\" and \"SECURITY ERROR\".",
    mend: "Remove the file; Go fetches it again. If the fetched one differs too, the module was changed where it is published.",
    source: "cmd/go/internal/modfetch/fetch.go (checkGoMod, haveModSumLocked)",
    witness: |s| {
        let path = s.download("mod");
        let mut bytes = sys::read(&path, 1 << 20)?;
        bytes.extend_from_slice(b"\n// altered\n");
        s.write(&path, &bytes)?;
        Ok(Sample::place(&path))
    },
};

/// A `.mod` that is not the go.mod of the zip beside it.
pub static MOD_DIFFERS_FROM_ZIP: Rule = Rule {
    id: "mod-differs-from-zip",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached go.mod is not the one inside the module's zip",
    what: "Every `.mod` against the `go.mod` at the top of the zip beside it, or against the one line that Go makes where the zip has none. Line \
           ends do not count: a repository may ask for CR LF in its archives.",
    why: "Who changes a go.mod chooses the versions of everything that the module needs, and so the code that is built.",
    go: "Believes the file, unless go.sum lists it; `go mod verify` does not look at it.",
    mend: "Remove the file; Go fetches it again.",
    source: "cmd/go/internal/modfetch/coderepo.go (GoMod, LegacyGoMod)",
    witness: |s| {
        // Without a main module nothing else contradicts it.
        sys::remove_made(&s.main().join("go.sum"))?;
        let path = s.download("mod");
        let mut bytes = sys::read(&path, 1 << 20)?;
        bytes.extend_from_slice(b"\nreplace example.test/other => ../other\n");
        s.write(&path, &bytes)?;
        Ok(Sample::place(&path))
    },
};

/// What go.mod files converted by the first prereleases begin with: Go takes such a file as if it were not there.
const OLD_PREFIX: &[u8] = b"//vgo 0.0.";

/// Judges the `.mod` of a version by itself and against go.sum: its dirhash, and whether something was told.
pub fn go_mod(
    root: &Path,
    unit: &VersionUnit,
    content: &Content,
    main: Option<&MainSums>,
    sink: &mut Sink,
) -> (Option<H1>, bool) {
    let malformed = |why: String| about(&MOD_MALFORMED, root, unit, Part::Mod, why);
    let bytes = match content {
        Content::Bytes(bytes) => bytes,
        Content::TooLong(size) => {
            sink.push(malformed(format!("is {size} bytes long, more than go takes for a go.mod")));
            return (None, true);
        }
        Content::Absent | Content::Blocked | Content::Unread => return (None, false),
    };
    let h1 = H1::of_go_mod(Sha256::digest(bytes).into());
    if bytes.starts_with(OLD_PREFIX) {
        return (Some(h1), true);
    }
    if !gomod::declares_module(bytes) {
        let why = if bytes.is_empty() { "is empty" } else { "has no `module` line" };
        sink.push(malformed(format!("{why}, so go can't tell what it requires")));
        return (Some(h1), true);
    }
    if let Some(main) = main
        && let Some(listed) = main.go_mod(&unit.name.path, &unit.name.version, h1).filter(|l| !l.fits)
    {
        let message = format!("is not the go.mod that the main module's {} lists", listed.file_name());
        let finding = about(&MOD_GO_SUM_MISMATCH, root, unit, Part::Mod, message);
        let (claimed, line) = (listed.sum.h1.to_string(), listed.sum.line);
        sink.push(finding.claims(claimed, h1.to_string()).claimed_by(listed.by()).line(line));
        return (Some(h1), true);
    }
    (Some(h1), false)
}

/// Judges the bytes of `.mod` against those of the `go.mod` at the top of the zip, `None` where the zip has none. To be asked
/// only where the zip could be read and nothing was told of the `.mod` yet ([`super::Claims`]).
pub fn against_zip(root: &Path, unit: &VersionUnit, go_mod: &[u8], in_zip: Option<&[u8]>, sink: &mut Sink) {
    let made;
    let (want, whose) = match in_zip {
        Some(bytes) => (bytes, "the go.mod inside the zip"),
        None => {
            made = gomod::synthesized(&unit.name.path);
            (made.as_slice(), "the one line that go makes for a module without a go.mod, as this zip is")
        }
    };
    if without_cr(go_mod).eq(without_cr(want)) {
        return;
    }
    let h1 = |b: &[u8]| H1::of_go_mod(Sha256::digest(b).into()).to_string();
    let finding = about(&MOD_DIFFERS_FROM_ZIP, root, unit, Part::Mod, format!("differs from {whose}"));
    let zip = unit.path(Part::Zip).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    sink.push(finding.claims(h1(want), h1(go_mod)).claimed_by(zip));
}

/// The bytes with every CR before a newline left out.
fn without_cr(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let next = bytes.iter().copied().skip(1).map(Some).chain([None]);
    bytes.iter().copied().zip(next).filter(|(b, next)| !(*b == b'\r' && *next == Some(b'\n'))).map(|(b, _)| b)
}

#[cfg(test)]
mod tests {
    use super::without_cr;

    #[test]
    fn only_cr_before_a_newline_does_not_count() {
        assert!(without_cr(b"a\r\nb\r").eq(b"a\nb\r".iter().copied()));
    }
}
