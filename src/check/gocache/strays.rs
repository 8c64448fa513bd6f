//! Rules on what lies in the build cache beside entries and outputs.

use std::path::Path;

use super::SOURCE;
use crate::finding::{Finding, RootKind, Sink, path_text};
use crate::format::hex;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::subject::is_litter;
use crate::sys::NodeKind;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&GOCACHE_STRAY, &SHARD_NOT_A_DIRECTORY, &TRIM_TIME_MALFORMED, &FUZZ_STRAY, &FUZZ_HASH_MISMATCH];

/// Something that is no part of a build cache.
pub static GOCACHE_STRAY: Rule = Rule {
    id: "gocache-stray",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "something lies in the build cache that Go never put there",
    what: "Every name in the cache: `00` to `ff`, `README`, `trim.txt`, `testexpire.txt`, `fuzz`; in a shard `<ID>-a` and `<ID>-d` with an ID \
           of that shard. Names that operating systems leave anywhere (`lost+found`, `.DS_Store`, `CACHEDIR.TAG`, `.nfs…`) are a `note`.",
    why: "Nobody looks into a build cache, so a file stays hidden there, travels with every CI cache and is restored again and again.",
    go: "Takes no notice, and never removes it.",
    mend: "Move it away.",
    source: SOURCE,
    witness: |s| {
        let path = s.gocache().join("7f/notes.txt");
        s.write(&path, b"not an entry\n")?;
        Ok(Sample::place(&path))
    },
};

/// A shard that is no directory.
pub static SHARD_NOT_A_DIRECTORY: Rule = Rule {
    id: "shard-not-a-directory",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a shard of the build cache is not a directory",
    what: "The type of `00` to `ff` and `fuzz`.",
    why: "Go can store nothing in that shard: every build fails from now on.",
    go: "Fails with \"failed to initialize build cache\" or \"not a directory\".",
    mend: "Move it away; Go makes the directory afresh.",
    source: "cmd/go/internal/cache/cache.go (Open)",
    witness: |s| {
        let path = s.gocache().join("fuzz");
        s.write(&path, b"")?;
        Ok(Sample::place(&path))
    },
};

/// `trim.txt` is no number.
pub static TRIM_TIME_MALFORMED: Rule = Rule {
    id: "trim-time-malformed",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "`trim.txt` or `testexpire.txt` is no time",
    what: "`trim.txt` holds a decimal number of seconds, `testexpire.txt` of nanoseconds. An empty file is what a killed build leaves.",
    why: "Something else than Go writes in this cache. Old entries may never be trimmed, void test results may be used again.",
    go: "Trims at every start, or takes no test result for void.",
    mend: "Remove the file; Go writes it afresh.",
    source: "cmd/go/internal/cache/cache.go (Trim), cmd/go/internal/test/test.go (testExpireTime)",
    witness: |s| {
        let path = s.gocache().join("trim.txt");
        s.write(&path, b"garbage\n")?;
        Ok(Sample::place(&path))
    },
};

/// No corpus entry.
pub static FUZZ_STRAY: Rule = Rule {
    id: "fuzz-stray",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "something in the fuzz cache is no corpus entry",
    what: "Names below `fuzz`: a file is named by 16 hexadecimal digits and begins with `go test fuzz v1`.",
    why: "The fuzz cache is never trimmed, so a file stays hidden there for ever; the next `go test -fuzz` reads it.",
    go: "Fails or warns on a file of another form; never removes it.",
    mend: "Move it away.",
    source: "internal/fuzz/fuzz.go (CheckCorpus, writeToCorpus), encoding.go (unmarshalCorpusFile)",
    witness: |s| {
        let path = s.gocache().join("fuzz/example.test/sample/FuzzIt/payload.bin");
        s.write(&path, b"\x7fELF")?;
        Ok(Sample::place(&path))
    },
};

/// A corpus entry with other bytes than its name stands for.
pub static FUZZ_HASH_MISMATCH: Rule = Rule {
    id: "fuzz-hash-mismatch",
    level: Level::Warning,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a corpus entry has other bytes than its name stands for",
    what: "The first 16 hexadecimal digits of the sha256 of every corpus entry against its name. An empty file is what a killed run leaves.",
    why: "The entry was changed after `go test -fuzz` wrote it: it feeds chosen input into your next fuzzing run.",
    go: "Uses the entry.",
    mend: "Move it away; fuzzing finds new entries.",
    source: "internal/fuzz/fuzz.go (writeToCorpus)",
    witness: |s| {
        let path = s.gocache().join("fuzz/example.test/sample/FuzzIt/0123456789abcdef");
        s.write(&path, b"go test fuzz v1\nint(1)\n")?;
        Ok(Sample::place(&path))
    },
};

/// Tells of a stray. Links and special files are told by the posture rules.
pub fn stray(root: &Path, rel: &Path, kind: NodeKind, executable: bool, sink: &mut Sink) {
    if !matches!(kind, NodeKind::File | NodeKind::Dir) {
        return;
    }
    let litter = rel.file_name().and_then(|n| n.to_str()).is_some_and(is_litter);
    let what = if executable && kind == NodeKind::File { "an executable file" } else { kind.word() };
    let message =
        format!("is {} that Go never put there", if what.starts_with("an ") { what.to_owned() } else { format!("a {what}") });
    let finding = Finding::at(&GOCACHE_STRAY, RootKind::Gocache, &root.join(rel), path_text(rel).0, message);
    sink.push(if litter { finding.lowered_to(Level::Note) } else { finding });
}

/// Tells of a shard, or the fuzz cache, that is no directory.
pub fn not_a_directory(root: &Path, rel: &Path, kind: NodeKind, sink: &mut Sink) {
    if kind == NodeKind::File {
        let message = "is a file where Go needs a directory: every build that stores here fails".to_owned();
        let finding = Finding::at(&SHARD_NOT_A_DIRECTORY, RootKind::Gocache, &root.join(rel), path_text(rel).0, message);
        sink.push(finding.claims("a directory", kind.word()));
    }
}

/// Judges the content of `trim.txt` or `testexpire.txt`.
///
/// `unit_ns` is the file's unit of time in nanoseconds. An empty file, which a kill leaves, is none; the time is returned in nanoseconds.
pub fn time_file(root: &Path, rel: &Path, bytes: &[u8], unit_ns: i128, now_ns: i128, sink: &mut Sink) -> Option<i128> {
    if bytes.is_empty() {
        return None;
    }
    let time = std::str::from_utf8(bytes).ok().and_then(|t| t.trim().parse::<i64>().ok());
    let time_ns = time.and_then(|t| i128::from(t).checked_mul(unit_ns));
    let wrong = match time_ns {
        None => "is no time: something else than Go writes in this cache",
        Some(t) if t < 0 => "is a time before 1970: something else than Go writes in this cache",
        Some(t) if t > now_ns + super::entries::TOLERANCE_NS => "is a time in the future, which Go never writes",
        Some(_) => return time_ns,
    };
    let shown: String = String::from_utf8_lossy(bytes).chars().take(40).collect();
    let finding = Finding::at(&TRIM_TIME_MALFORMED, RootKind::Gocache, &root.join(rel), path_text(rel).0, wrong.to_owned());
    sink.push(finding.claims("a decimal number, a time of the past", shown.escape_debug().to_string()));
    None
}

/// Judges a file of the fuzz cache: its path, sha256 and whether it begins as corpus entries do.
pub fn corpus_file(root: &Path, rel: &Path, size: u64, sha256: &[u8; 32], has_header: bool, sink: &mut Sink) {
    let name = rel.file_name().and_then(|n| n.to_str()).unwrap_or("");
    let corpus_name = name.len() == 16 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let find = |rule, message: &str| Finding::at(rule, RootKind::Gocache, &root.join(rel), path_text(rel).0, message);
    if !corpus_name || (size > 0 && !has_header) {
        let finding = find(&FUZZ_STRAY, "is no corpus entry: `go test -fuzz` never put it there");
        sink.push(if is_litter(name) { finding.lowered_to(Level::Note) } else { finding });
    } else if size > 0 {
        let digest = hex(sha256);
        if !digest.starts_with(name) {
            sink.push(
                find(&FUZZ_HASH_MISMATCH, "the corpus entry has other bytes than its name stands for")
                    .claims(name, digest.get(..16).unwrap_or(&digest))
                    .claimed_by("the entry's name"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn litter_of_systems_is_a_note() {
        let mut sink = Sink::default();
        stray(Path::new("/c"), Path::new("lost+found"), NodeKind::Dir, false, &mut sink);
        stray(Path::new("/c"), Path::new("x.sh"), NodeKind::File, true, &mut sink);
        let levels: Vec<Level> = sink.into_findings().iter().map(|f| f.level).collect();
        assert_eq!(levels, [Level::Note, Level::Warning]);
    }

    #[test]
    fn an_empty_time_is_what_a_kill_leaves() {
        let mut sink = Sink::default();
        let second = 1_000_000_000;
        let mut time =
            |bytes: &[u8]| time_file(Path::new("/c"), Path::new("trim.txt"), bytes, second, 1_700_003_600 * second, &mut sink);
        assert_eq!(time(b""), None);
        assert_eq!(time(b"1700000000"), Some(1_700_000_000 * second));
        assert_eq!(time(b"1700007200"), Some(1_700_007_200 * second), "clocks differ");
        assert!(sink.is_empty());
    }

    #[test]
    fn times_that_go_never_writes() {
        for bytes in [&b"17e9"[..], b"-5", b"4102444800", b"99999999999999999999", b"\xff"] {
            let mut sink = Sink::default();
            let time =
                time_file(Path::new("/c"), Path::new("trim.txt"), bytes, 1_000_000_000, 1_700_003_600_000_000_000, &mut sink);
            assert_eq!((time, sink.len()), (None, 1), "{}", bytes.escape_ascii());
        }
    }
}
