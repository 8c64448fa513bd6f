//! Rules on which `go` it is: one that stands before another, none at all, another by an alias.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::tools::{bare, certain};
use super::{Judge, edits, profile_line, said_at};
use crate::environment::{Found, PathEntry, ProgramKind, Shell, Start, StartKind, View};
use crate::finding::{Finding, Mend, Place, RootKind, Sink, path_text};
use crate::format::gover;
use crate::format::shell::At;
use crate::locate::{bytes_of, text_of};
use crate::rule::{Fix, Kind, Level, Rule};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&SHADOWED, &NOT_IN_PATH, &ALIAS];

const SOURCE: &str = "os/exec (LookPath), https://go.dev/doc/install";

/// An older `go` stands before a newer one.
pub static SHADOWED: Rule = Rule {
    id: "go-shadowed",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "another `go` stands before the newer one in PATH",
    what: "Every `go` in PATH, here and in every way of starting a shell: whether the first is older than one after it. A newer one before an \
           older one is a note; two of the same version are in order.",
    why: "The Go that was installed last is not the one that runs: a line that appends to PATH comes too late, or a later line puts the old \
          one before it.",
    go: "Starts as what PATH has first.",
    mend: "Take the line away that puts the old one first, or put the new one before it.",
    source: SOURCE,
    witness: |s| {
        let old = s.root().join("opt/go1.20");
        s.make_installation(&old, "go1.20.1")?;
        profile_line(s, &format!("PATH=\"{}/bin:$PATH\"", old.display()))
    },
};

/// No `go` in PATH, though one is installed.
pub static NOT_IN_PATH: Rule = Rule {
    id: "go-not-in-path",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "Go is installed, and PATH does not lead to it",
    what: "Whether neither this process nor any of the user's shells finds a `go`, while a usual place holds an installation: /usr/local/go, \
           /usr/lib/go*, /snap/go, ~/go, ~/sdk/go* and those of version managers.",
    why: "`go: command not found`, after Go was unpacked and before a line for PATH was written.",
    go: "Is not found.",
    mend: "Append the line that the finding shows to the init file of your shell, and log in anew.",
    source: SOURCE,
    witness: |s| {
        s.write(&s.home().join(".bashrc"), b"# nothing\n")?;
        s.env.insert("PATH".to_owned(), s.root().join("empty").to_string_lossy().into_owned());
        Ok(Place::Env("PATH".to_owned()))
    },
};

/// `go` is an alias or a function.
pub static ALIAS: Rule = Rule {
    id: "go-alias",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "`go` is an alias or a function of the interactive shell",
    what: "Aliases and functions called `go` in every way of starting an interactive shell. An alias that ends in `go` itself, as those that \
           colour its output do, is a note.",
    why: "What you type is not what a script, an editor or `make` runs; `which go` and PATH tell nothing of it.",
    go: "Is started by it, or not.",
    mend: "Take the line away, or call it otherwise.",
    source: "POSIX.1-2017, Shell Command Language, chapter 2.3.1 (Alias Substitution)",
    witness: |s| {
        let path = s.home().join(".bashrc");
        s.append(&path, b"alias go=/opt/go1.20/bin/go\n")?;
        Ok(crate::sample::Sample::place(&path))
    },
};

impl Judge<'_> {
    /// Which `go` it is.
    pub(super) fn go(&self, sink: &mut Sink) {
        let mut told: BTreeSet<(Option<&At>, &Path, &Path)> = BTreeSet::new();
        let shells = self.machine.starts.iter().filter(|s| matches!(s.kind, StartKind::Shell(..))).map(|s| &s.view);
        for view in std::iter::once(&self.machine.here).chain(shells) {
            let Some((first, other)) = shadowed(view) else { continue };
            let at = view.entry(first).and_then(|e| e.at.as_ref());
            // The lines of a start say more than this process, which is told the same without them.
            let key = (at, first.program.path.as_path(), other.program.path.as_path());
            let known = told.iter().any(|(a, f, o)| (*f, *o) == (key.1, key.2) && (*a == at || at.is_none()));
            if !known && told.insert(key) {
                sink.push_bounded(self.shadow(view, first, other));
            }
        }
        let mut lines: BTreeSet<Option<&At>> = BTreeSet::new();
        for start in &self.machine.starts {
            if let Some(named) = start.names.get(b"go".as_slice())
                && lines.insert(named.at.as_ref())
            {
                sink.push(self.alias(start, named));
            }
        }
    }

    fn shadow(&self, view: &View, first: &Found, other: &Found) -> Finding {
        let (entry, late) = (view.entry(first), view.entry(other));
        let line = |e: Option<&PathEntry>| e.and_then(|e| e.at.clone());
        // A folder of the system holds more than `go`: what put it into PATH is not the cause.
        let (before, after) = (line(entry).filter(|_| first.beside.is_some()), line(late));
        let version = |f: &Found| f.program.version().map(bare).unwrap_or_default().to_owned();
        let (v, w) = (version(first), version(other));
        let folder = |f: &Found| f.program.path.parent().map(|p| path_text(p).0).unwrap_or_default();
        let mut message = match (&before, &after) {
            (None, Some(_)) => {
                format!("puts `{}` ({w}) into PATH too late: `{}` ({v}) stands before it", folder(other), folder(first))
            }
            _ => format!("puts `{}` ({v}) before `{}` ({w})", folder(first), folder(other)),
        };
        if let (Some(_), Some(at)) = (&before, &after) {
            message.push_str(&format!(", which `{}` puts into PATH too late", said_at(Some(at), "PATH")));
        }
        let at = before.as_ref().or(after.as_ref());
        let subject = format!("{v} before {w}");
        let distribution = ["/usr/bin", "/bin"]
            .iter()
            .any(|d| self.machine.around.on_machine(&first.program.path).parent() == Some(Path::new(d)));
        let by_hand = first.beside.is_none() && !distribution;
        let finding = if by_hand {
            let message = format!("is {v} and stands before `{}` ({w})", folder(other));
            Finding::at(&SHADOWED, RootKind::Environment, &first.program.path, subject, message)
        } else {
            self.about(&SHADOWED, at, "PATH", subject, message)
        };
        let finding = finding
            .claims(format!("{w} from {}", folder(other)), format!("{v} from {}", folder(first)))
            .claimed_by(said_at(after.as_ref(), "PATH"));
        let removed = entry.zip(before.as_ref()).and_then(|(e, at)| self.entry_removed(e, at));
        let link = Some(&first.program).filter(|p| by_hand && !p.links.is_empty());
        let unlinked = link.map(|p| Mend::Command(vec!["rm".to_owned(), path_text(&p.path).0]));
        let put_first = || {
            let at = after.as_ref()?;
            self.edit(at, Some(edits::prepended(&self.machine.lines.text(at)?)?))
        };
        let finding = Finding { mend: unlinked.or(removed).or_else(put_first), ..finding };
        let newer = gover::compare(v.trim_start_matches("go"), w.trim_start_matches("go")) == Ordering::Greater;
        if newer { finding.lowered_to(Level::Note) } else { finding }
    }

    fn alias(&self, start: &Start, named: &crate::format::shell::Named) -> Finding {
        let text = String::from_utf8_lossy(&named.text).into_owned();
        let message = if named.function {
            format!("defines a function called `go`: in {} it runs in the place of the program", start.kind.as_str())
        } else {
            format!("makes `go` stand for `{}` in {}", text.trim(), start.kind.as_str())
        };
        let finding = self.about(&ALIAS, named.at.as_ref(), "go", "go", message);
        let finding =
            Finding { mend: named.at.as_ref().filter(|_| !named.function).and_then(|at| self.edit(at, None)), ..finding };
        let ends_in_go = text.trim().trim_matches(['\'', '"']).rsplit([' ', '\t']).next() == Some("go");
        if !named.function && ends_in_go { finding.lowered_to(Level::Note) } else { finding }
    }

    /// No `go` anywhere, though there is one. Where another rule has told why, nothing is told here.
    pub(super) fn not_in_path(&self, sink: &mut Sink) {
        const CAUSES: &[&str] = &[
            "go-link-broken",
            "path-entry-lacks-bin",
            "path-entry-not-a-folder",
            "path-entry-tilde",
            "init-file-not-read",
            "profile-not-read",
            "settings-in-other-shell",
        ];
        // A shell that is not the user's own need not be known to the last.
        let own = self.machine.login_shell();
        let lacks = |s: &Start| match s.kind {
            StartKind::Shell(shell, ..) if own.is_none_or(|own| own == shell) => s.view.has_no_go(),
            StartKind::Shell(..) => s.view.gos.is_empty(),
            _ => true,
        };
        let none = self.machine.here.has_no_go() && self.machine.starts.iter().all(lacks);
        let Some(installation) = self.machine.around.usual.first().filter(|_| none) else { return };
        if sink.iter().any(|f| CAUSES.contains(&f.rule.id)) {
            return;
        }
        let bin = path_text(&installation.root.join("bin")).0;
        let version = installation.go.as_deref().map(bare).unwrap_or_default();
        let message = format!("PATH has no `go`, though `{bin}` holds {version}");
        let shell = self.machine.login_shell().unwrap_or(Shell::Sh);
        let finding = Finding::new(&NOT_IN_PATH, RootKind::Environment, Place::Env("PATH".to_owned()), "PATH", message)
            .claims(bin.clone(), "no `go`")
            .mend(self.append_for_all(shell, &path_line(shell, &bin)));
        // Not everybody who has an account works with Go.
        sink.push(if self.machine.user.is_us { finding } else { finding.lowered_to(Level::Note) });
    }

    /// The command that appends a line where interactive shells and login shells have it: a login shell of bash reads `.bashrc` by
    /// its profile only.
    pub(super) fn append_for_all(&self, shell: Shell, line: &str) -> Mend {
        let rc = self.machine.user.home.join(".bashrc");
        let login = self.machine.start(StartKind::Shell(shell, true, true)).filter(|_| shell == Shell::Bash);
        let Some(login) = login.filter(|s| !s.reads(&bytes_of(rc.as_os_str()))) else { return self.append_line(shell, line) };
        let (rc, profile) = (path_text(&rc).0, path_text(&self.profile(login).0).0);
        let source = format!("[ -r {rc} ] && . {rc}");
        shell_command(format!("{} && {}", appending(&rc, line), appending(&profile, &source)))
    }

    /// The file of the home folder that a login shell reads, and whether it is there: else the one that it would read.
    pub(super) fn profile(&self, login: &Start) -> (PathBuf, bool) {
        let home = &self.machine.user.home;
        let mut read = login.files.iter().filter(|f| f.read == Some(true)).map(|f| PathBuf::from(text_of(&f.path)));
        read.find(|p| p.starts_with(home)).map_or_else(|| (home.join(".profile"), false), |p| (p, true))
    }

    /// The command that appends a line to the init file that an interactive shell reads.
    pub(super) fn append_line(&self, shell: Shell, line: &str) -> Mend {
        let file = match shell {
            Shell::Bash => ".bashrc",
            Shell::Sh => ".profile",
            Shell::Zsh => ".zshrc",
            Shell::Fish => ".config/fish/config.fish",
        };
        append_to(&path_text(&self.machine.user.home.join(file)).0, line)
    }
}

/// The command that appends a line to a file.
pub(super) fn append_to(file: &str, line: &str) -> Mend {
    shell_command(appending(file, line))
}

fn appending(file: &str, line: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    format!("printf '%s\\n' {} >> {}", quoted(line), quoted(file))
}

fn shell_command(text: String) -> Mend {
    Mend::Command(vec!["sh".to_owned(), "-c".to_owned(), text])
}

/// The line that puts a folder into PATH.
pub(super) fn path_line(shell: Shell, folder: &str) -> String {
    match shell {
        Shell::Fish => format!("fish_add_path '{folder}'"),
        Shell::Bash | Shell::Sh | Shell::Zsh => format!("export PATH=\"{folder}:$PATH\""),
    }
}

/// The first `go` and the first after it that is of another installation and version; `None` where both are not certain.
fn shadowed(view: &View) -> Option<(&Found, &Found)> {
    let first = view.go().filter(|f| matches!(f.program.kind, ProgramKind::Go { .. }))?;
    let version = first.program.version().map(bare)?;
    let other = view.gos.iter().skip(1).find(|o| {
        o.program.real != first.program.real && o.program.version().map(bare).is_some_and(|v| v != version) && certain(view, o)
    })?;
    Some((first, other))
}
