//! Rules on lines that do not do what they seem to, and on values that Go can't use.

use super::{Judge, env_variable, goenv_line};
use crate::evidence::settings::Claim;
use crate::finding::{Finding, Mend, Place, RootKind, Sink};
use crate::format::goenv::{LIMIT, Line, Meaning, Oddity, Skip};
use crate::locate::{NAMES, Source};
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys::NodeKind;

/// The rules of this file.
pub const RULES: &[&Rule] =
    &[&SETTING_UNUSABLE, &GO_REFUSES, &GOENV_LINE_ODD, &GOENV_LINE_IGNORED, &GOENV_UNREAD, &GOENV_TOO_LONG, &GOENV_OVERRULED];

/// A value that Go prints and can't use.
pub static SETTING_UNUSABLE: Rule = Rule {
    id: "setting-unusable",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a setting has a value that Go will refuse to use",
    what: "Caches and folders that are relative or `off`, lists and flags that can't be taken apart: what `go env` prints, and the \
           command that needs it refuses.",
    why: "Builds fail, or fall back to what nobody meant; a relative cache lies in another folder each time, wherever Go is started.",
    go: "Says so when it needs the value; `go env` and `go version` do not.",
    mend: "Give the variable an absolute path, or unset it.",
    source: "cmd/go/internal/cache/default.go (DefaultDir), cmd/go/internal/modfetch/cache.go (cacheDir), cmd/go/internal/base/goflags.go",
    witness: |s| env_variable(s, "GOCACHE", "off"),
};

/// Go does not even print its settings.
pub static GO_REFUSES: Rule = Rule {
    id: "go-refuses-environment",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the go command stops on a setting, whatever it is asked to do",
    what: "The checks that Go makes before any command: GOROOT, GOPATH, GOTOOLCHAIN, GOEXPERIMENT, GO111MODULE, GOWORK, GOFIPS140 \
           and the flags of `go env` in GOFLAGS.",
    why: "No build works here, and what was scanned is what Go would use if the setting were mended.",
    go: "Stops with the words of the finding.",
    mend: "Unset the variable, or give it a value that Go knows.",
    source: "cmd/go/main.go (main), cmd/go/internal/toolchain/select.go (Select)",
    witness: |s| goenv_line(s, "GO111MODULE=yes"),
};

/// A line whose value holds more than its writer meant.
pub static GOENV_LINE_ODD: Rule = Rule {
    id: "goenv-line-odd",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "a line of the GOENV file holds more than its writer meant",
    what: "Carriage returns at the end of a value, quotes around it, white space or a comment that becomes part of it, NUL bytes, \
           in lines that set a variable that Go knows.",
    why: "Go takes every byte up to the line feed: a cache then lies in a folder whose name ends in a carriage return, and a \
          protection that was written down is not the one that counts.",
    go: "Takes the value as it stands, without a word.",
    mend: "Write the line as the finding shows; `go env -w` does it right.",
    source: "cmd/go/internal/cfg/cfg.go (readEnvFile)",
    witness: |s| goenv_line(s, "GOPRIVATE=corp.example.com\r"),
};

/// A line that Go skips.
pub static GOENV_LINE_IGNORED: Rule = Rule {
    id: "goenv-line-ignored",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "a line of the GOENV file that seems to set a variable is skipped",
    what: "Lines that name a variable that Go knows, but begin with a byte order mark, white space, `export` or `set`, or have white \
           space before the `=`.",
    why: "The setting that somebody relies on, a GOSUMDB or GOPRIVATE perhaps, is not in force.",
    go: "Skips the line without a word.",
    mend: "Write the line as `NAME=value`; `go env -w` does it right.",
    source: "cmd/go/internal/cfg/cfg.go (readEnvFile)",
    witness: |s| {
        let path = s.goenv();
        s.write(&path, "\u{feff}GOPRIVATE=corp.example.com\nGOTOOLCHAIN=local\n".as_bytes())?;
        Ok(Sample::place(&path))
    },
};

/// The GOENV file can't be read.
pub static GOENV_UNREAD: Rule = Rule {
    id: "goenv-unread",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "something is where the GOENV file should be, but can't be read",
    what: "Whether what GOENV names, or what lies in the default place, is a file that can be opened and read.",
    why: "Go goes on as if it were empty: the settings that somebody relies on, a GOPROXY or GOPRIVATE perhaps, are not in force.",
    go: "Ignores it without a word.",
    mend: "Give yourself the right to read it, or let GOENV name another.",
    source: "cmd/go/internal/cfg/cfg.go (readEnvFile)",
    witness: |s| {
        let path = s.root().join("home/.config/go");
        s.env.insert("GOENV".to_owned(), path.to_string_lossy().into_owned());
        Ok(Sample::place(&path))
    },
};

/// A file of settings out of all proportion.
pub static GOENV_TOO_LONG: Rule = Rule {
    id: "goenv-too-long",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "a file of Go's settings is far longer than any that people or Go write",
    what: "The size of the GOENV file and of go.env: at most 1 MiB. Of a longer file the first 64 MiB are read for lines that set a variable \
           that Go knows; where one of them may be missing the scan is incomplete.",
    why: "Nobody sees the one line that counts among a million, and every go command reads all of them into memory before it does anything.",
    go: "Reads the whole file, however long it is.",
    mend: "Look at the lines that set something (`grep '^[A-Z]' FILE`), remove the file and write them anew with `go env -w`.",
    source: "cmd/go/internal/cfg/cfg.go (readEnvFile)",
    witness: |s| {
        let path = s.goenv();
        s.write(&path, &[b"GOTOOLCHAIN=local\n# ".as_slice(), &vec![b'x'; 1 << 20], b"\n"].concat())?;
        Ok(Sample::place(&path))
    },
};

/// The environment says otherwise than the GOENV file.
pub static GOENV_OVERRULED: Rule = Rule {
    id: "goenv-overruled",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "the environment overrules a line of the GOENV file",
    what: "Variables that both set, with different values.",
    why: "A `go` that is started from an editor, a scheduled job or another shell uses other values than this one.",
    go: "Takes the environment's; `go env -w` warns when it writes such a line.",
    mend: "Unset one of the two.",
    source: "cmd/go/internal/cfg/cfg.go (Getenv)",
    witness: |s| {
        s.env.insert("GOPRIVATE".to_owned(), "a.example.com".to_owned());
        goenv_line(s, "GOPRIVATE=b.example.com")
    },
};

impl Judge<'_> {
    /// Values that Go refuses: at once, or when it comes to use them.
    pub(super) fn unusable(&self, sink: &mut Sink) {
        if let Some(refusal) = &self.settings.refusal {
            let claim = self.seen.claims.iter().find(|c| c.name == refusal.name && !c.hidden);
            let words = refusal.message.lines().next().unwrap_or_default();
            let message = format!("the go command stops: `{words}`");
            sink.push(match claim {
                Some(claim) => self.find(&GO_REFUSES, claim, message),
                None => {
                    Finding::new(&GO_REFUSES, RootKind::Environment, Place::Env(refusal.name.to_owned()), refusal.name, message)
                }
            });
        }
        for claim in &self.seen.claims {
            // What Go stops on, or who vouches for modules, is told already.
            if claim.name == "GOSUMDB" || self.settings.refusal.as_ref().is_some_and(|r| r.name == claim.name && !claim.hidden) {
                continue;
            }
            let why =
                if claim.hidden { self.hidden_fault(claim) } else { self.settings.get(claim.name).and_then(|s| s.error.clone()) };
            if let Some(why) = why {
                sink.push(self.find(&SETTING_UNUSABLE, claim, format!("go will refuse to use it: `{why}`")));
            }
        }
    }

    fn hidden_fault(&self, claim: &Claim) -> Option<String> {
        let os = self.settings.os;
        let folder = matches!(claim.name, "GOCACHE" | "GOMODCACHE" | "GOBIN");
        let relative = match claim.name {
            "GOPATH" => os.split_list(&claim.value).iter().any(|e| !e.is_empty() && !os.is_abs(e)),
            _ => folder && !os.is_abs(&claim.value),
        };
        relative.then(|| format!("{} must be an absolute path", claim.name))
    }

    /// The lines of the GOENV file.
    pub(super) fn lines(&self, sink: &mut Sink) {
        let Some(path) = &self.settings.goenv_file else { return };
        if let Some(kind) = self.settings.goenv_unread
            && self.seen.goenv.as_ref().is_some_and(|g| {
                g.exists && g.steps.last().is_some_and(|s| !matches!(s.stat.kind, NodeKind::Device | NodeKind::Fifo))
            })
        {
            let message = format!("can't be read ({kind}), so that nothing it sets is in force");
            sink.push(Finding::at(&GOENV_UNREAD, RootKind::Environment, path, "GOENV", message));
        }
        for long in &self.settings.long_files {
            let rest = if long.whole { "" } else { "; not every line that may count was read" };
            let message = format!("holds {} bytes, which every go command reads before it does anything{rest}", long.size);
            let name = if Some(&long.path) == self.settings.goenv_file.as_ref() { "GOENV" } else { "go.env" };
            sink.push(
                Finding::at(&GOENV_TOO_LONG, RootKind::Environment, &long.path, name, message)
                    .claims(format!("at most {LIMIT} bytes"), format!("{} bytes", long.size)),
            );
        }
        let Some(file) = &self.settings.goenv else { return };
        let mut odd: Option<Finding> = None;
        for line in &file.lines {
            let at = |rule, name: &str, message: String| {
                let text = String::from_utf8_lossy(&line.raw).into_owned();
                Finding::at(rule, RootKind::Environment, path, name, message)
                    .line(line.number)
                    .claimed_by("the GOENV file")
                    .claims(name, text)
            };
            let edit = |new: Option<Vec<u8>>| {
                let (old, new) =
                    (String::from_utf8_lossy(&line.raw).into_owned(), new.map(|n| String::from_utf8_lossy(&n).into_owned()));
                Mend::Edit { file: path.clone(), line: line.number, old, new }
            };
            if let Some((name, why)) = ignored(line) {
                let message = format!("line {} seems to set {name} and is skipped: {why}", line.number);
                sink.push(at(&GOENV_LINE_IGNORED, name, message));
                continue;
            }
            let Some((name, what)) = odd_value(line) else { continue };
            if file.last(name.as_bytes()) != Some(line) {
                continue;
            }
            // A file with carriage returns has them everywhere: one finding.
            match &mut odd {
                Some(first) => first.more += 1,
                None => {
                    let message = format!("line {}: the value of {name} has {what} as part of it", line.number);
                    odd = Some(at(&GOENV_LINE_ODD, name, message).mend(edit(line.mended())));
                }
            }
        }
        if let Some(finding) = odd {
            sink.push(finding);
        }
        for claim in self.seen.claims.iter().filter(|c| c.hidden && c.source == Source::Goenv) {
            let here = self.settings.text(claim.name);
            let message = format!("sets {}=`{}`, which the environment overrules with `{here}`", claim.name, claim.text());
            let mut finding = self.find(&GOENV_OVERRULED, claim, "").claims(claim.text(), here);
            finding.message = message;
            sink.push(finding);
        }
    }
}

/// The variable that a skipped line seems to set, and why it is skipped.
fn ignored(line: &Line) -> Option<(&'static str, &'static str)> {
    let text = String::from_utf8_lossy(&line.raw);
    let known = |name: &str| NAMES.iter().copied().find(|n| *n == name);
    match &line.meaning {
        Meaning::Skipped(skip @ (Skip::ByteOrderMark | Skip::Indented | Skip::ShellWord)) => {
            let bare = text.trim_start_matches('\u{feff}').trim_start();
            let bare = bare.strip_prefix("export ").or_else(|| bare.strip_prefix("set ")).unwrap_or(bare).trim_start();
            let name = bare.split('=').next().unwrap_or_default().trim();
            Some((known(name)?, skip.reason()))
        }
        Meaning::Setting { key, .. } if line.oddities().contains(&Oddity::KeySpace) => {
            Some((known(String::from_utf8_lossy(key).trim())?, "white space stands before `=`"))
        }
        _ => None,
    }
}

/// The variable that a line sets, and what is odd about its value.
fn odd_value(line: &Line) -> Option<(&'static str, &'static str)> {
    let (key, _) = line.setting()?;
    let name = NAMES.iter().copied().find(|n| n.as_bytes() == key)?;
    let mut odd = line.oddities();
    // Lists of words and their quotes are Go's own way of writing these.
    if matches!(name, "GOFLAGS" | "CC" | "CXX" | "AR" | "FC" | "GCCGO" | "PKG_CONFIG" | "GOCACHEPROG") || name.starts_with("CGO_")
    {
        odd.retain(|o| matches!(o, Oddity::Nul | Oddity::Comment));
    }
    odd.first().map(|o| (name, o.what()))
}
