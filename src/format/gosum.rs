//! go.sum: `path version h1:…` a line (cmd/go/internal/modfetch/fetch.go, `readGoSum`, `haveModSumLocked`). What Go passes
//! over in silence is damage here.

use std::collections::HashMap;
use std::fmt;

use super::dirhash::H1;
use super::module;
use super::module::version::canonical_version;

/// Go sets no limit. The largest known are below 1 MB; 64 MiB hold half a million lines.
pub const LIMIT: u64 = 64 << 20;

/// The sum of an empty go.mod, which an old bug wrote for modules that have none: Go drops such lines.
const EMPTY_GO_MOD: &str = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=";

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineFault {
    /// Not three fields: Go stops with "malformed go.sum".
    WrongFieldCount(usize),
    /// Begins with `h1:` and is no dirhash: no module can ever match it.
    MalformedHash,
    /// Another algorithm than `h1`: Go passes over it.
    UnknownHash,
    /// No module of Go's has this path and version: Go never looks at the line.
    InvalidModule,
    /// Another line gave another sum for the same module: Go takes the first.
    Conflict {
        /// The earlier line, from 1.
        with: u64,
    },
}

impl LineFault {
    /// Whether Go builds with such a line as if it were not there.
    pub fn is_ignored(&self) -> bool {
        matches!(self, LineFault::UnknownHash | LineFault::InvalidModule)
    }
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineFault::WrongFieldCount(n) => write!(f, "has {n} fields, not 3"),
            LineFault::MalformedHash => f.write_str("holds a sum that is no dirhash"),
            LineFault::UnknownHash => f.write_str("holds a sum of an unknown kind, which go passes over"),
            LineFault::InvalidModule => f.write_str("names no module version, so go never looks at it"),
            LineFault::Conflict { with } => write!(f, "gives another sum than line {with} for the same module"),
        }
    }
}

/// A line that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// From 1.
    pub line: u64,
    /// What is wrong.
    pub fault: LineFault,
    /// The line, shortened to 200 characters, bytes that are no text replaced.
    pub text: String,
}

/// A sum and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// The dirhash.
    pub h1: H1,
    /// The line, from 1.
    pub line: u64,
}

/// How a computed sum stands to go.sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// go.sum does not list the module.
    Absent,
    /// It lists this sum.
    Match(Sum),
    /// It lists another one first: Go stops with a security error.
    Mismatch(Sum),
}

/// What a go.sum holds.
#[derive(Debug, Clone, Default)]
pub struct GoSum {
    sums: HashMap<(String, String), Vec<Sum>>,
    /// The lines that are wrong, in their order.
    pub bad: Vec<BadLine>,
}

impl GoSum {
    /// Reads a whole go.sum.
    pub fn parse(bytes: &[u8]) -> GoSum {
        let mut sums = GoSum::default();
        for (number, line) in (1..).zip(bytes.split(|b| *b == b'\n')) {
            let text = String::from_utf8_lossy(line);
            if let Err(fault) = sums.take(number, &text) {
                sums.bad.push(BadLine { line: number, fault, text: text.chars().take(200).collect() });
            }
        }
        sums
    }

    fn take(&mut self, line: u64, text: &str) -> Result<(), LineFault> {
        let mut fields = text.split_whitespace();
        let (Some(path), Some(version), Some(sum), None) = (fields.next(), fields.next(), fields.next(), fields.next()) else {
            return match text.split_whitespace().count() {
                0 => Ok(()),
                n => Err(LineFault::WrongFieldCount(n)),
            };
        };
        if sum == EMPTY_GO_MOD {
            return Ok(());
        }
        if !sum.starts_with("h1:") {
            return Err(LineFault::UnknownHash);
        }
        let h1 = H1::parse(sum).ok_or(LineFault::MalformedHash)?;
        let plain = version.strip_suffix("/go.mod").unwrap_or(version);
        if module::check_path(path.as_bytes()).is_err() || plain.is_empty() || canonical_version(plain) != plain {
            return Err(LineFault::InvalidModule);
        }
        let known = self.sums.entry((path.to_owned(), version.to_owned())).or_default();
        let conflict = known.iter().find(|k| k.h1 != h1).map(|k| LineFault::Conflict { with: k.line });
        if !known.iter().any(|k| k.h1 == h1) {
            known.push(Sum { h1, line });
        }
        conflict.map_or(Ok(()), Err)
    }

    /// How many modules and go.mod files are listed.
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Holds the dirhash of a module's zip or tree against its line.
    pub fn judge_module(&self, path: &str, version: &str, computed: H1) -> Verdict {
        self.judge(path, version, computed)
    }

    /// Holds the dirhash of a module's go.mod against its `/go.mod` line.
    pub fn judge_go_mod(&self, path: &str, version: &str, computed: H1) -> Verdict {
        self.judge(path, &format!("{version}/go.mod"), computed)
    }

    /// `haveModSumLocked`: the first line decides, a later one only if it is the same.
    fn judge(&self, path: &str, version: &str, computed: H1) -> Verdict {
        match self.sums.get(&(path.to_owned(), version.to_owned())).and_then(|s| s.first()) {
            None => Verdict::Absent,
            Some(sum) if sum.h1 == computed => Verdict::Match(*sum),
            Some(sum) => Verdict::Mismatch(*sum),
        }
    }

    /// Every listed module or go.mod with its sums, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &[Sum])> {
        self.sums.iter().map(|((path, version), sums)| (path.as_str(), version.as_str(), sums.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=";
    const B: &str = "h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=";

    #[test]
    fn the_first_line_decides() {
        let text = format!("a.b/c v1.0.0 {A}\na.b/c v1.0.0/go.mod {B}\n\n a.b/d\tv1.0.0 {B} \r\n");
        let sums = GoSum::parse(text.as_bytes());
        let (a, b) = (H1::parse(A).expect("a"), H1::parse(B).expect("b"));
        assert!(sums.bad.is_empty());
        assert_eq!(sums.judge_module("a.b/c", "v1.0.0", a), Verdict::Match(Sum { h1: a, line: 1 }));
        assert_eq!(sums.judge_go_mod("a.b/c", "v1.0.0", a), Verdict::Mismatch(Sum { h1: b, line: 2 }));
        assert_eq!(sums.judge_module("a.b/d", "v1.0.0", b), Verdict::Match(Sum { h1: b, line: 4 }));
        assert_eq!(sums.judge_module("a.b/e", "v1.0.0", b), Verdict::Absent);
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let text = format!(
            "<<<<<<< HEAD\na.b/c v1.0.0 {A}\na.b/c v1.0.0 {B}\na.b/c v1.0.0 {A}\na.b/c v1.0.1 h1:short\na.b/c v1.0.2 h9:x\n../x v1.0.0 {A}\na.b/c v1 {A}\na.b/z v1.0.0/go.mod {EMPTY_GO_MOD}\n"
        );
        let sums = GoSum::parse(text.as_bytes());
        let found: Vec<_> = sums.bad.iter().map(|b| (b.line, b.fault.clone())).collect();
        assert_eq!(
            found,
            [
                (1, LineFault::WrongFieldCount(2)),
                (3, LineFault::Conflict { with: 2 }),
                (4, LineFault::Conflict { with: 3 }),
                (5, LineFault::MalformedHash),
                (6, LineFault::UnknownHash),
                (7, LineFault::InvalidModule),
                (8, LineFault::InvalidModule),
            ]
        );
    }
}
