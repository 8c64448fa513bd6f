//! Rules on init files: which of them a start reads, and what of it programs get.

use std::collections::BTreeSet;
use std::path::Path;

use super::go::{append_to, path_line};
use super::tools::bare;
use super::{Judge, profile_line, said_at};
use crate::environment::{Found, Shell, Start, StartKind, around, told};
use crate::finding::{Finding, RootKind, Sink, path_text};
use crate::format::shell::{At, Value};
use crate::locate::{NAMES, bytes_of, text_of};
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&NOT_READ, &PROFILE_NOT_READ, &NOT_EXPORTED, &OTHER_SHELL, &NOT_LISTED];

/// Names of Go that people use for their own ends while they set PATH.
const HELPERS: &[&str] = &["GOVERSION", "GOOS", "GOARCH", "GOHOSTOS", "GOHOSTARCH", "GOTOOLDIR"];

const SOURCE: &str = "bash(1), INVOCATION; zsh(1), STARTUP/SHUTDOWN FILES; fish(1)";

/// A line in a file that another way of starting the shell does not read.
pub static NOT_READ: Rule = Rule {
    id: "init-file-not-read",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the line that leads to `go` stands in a file that the same shell does not read when it is started otherwise",
    what: "The user's own shells: the `go` of an interactive login shell against that of an interactive shell that is none. What stands in a \
           file of login shells is a note where this process has that `go`; in ~/.profile, where Go's own instructions put it, nothing then.",
    why: "`go` works in one window and not in the next: a login shell (ssh, a console, macOS) does not read .bashrc by itself, and the terminal \
          of an editor does not read .bash_profile, .profile, .zprofile or .zlogin.",
    go: "Is found in one, and not or as another in the other.",
    mend: "Let the file of login shells source that of interactive ones, and write what is for both there.",
    source: SOURCE,
    witness: |s| {
        s.write(&s.home().join(".profile"), b"# nothing\n")?;
        Ok(Sample::place(&s.home().join(".bashrc")))
    },
};

/// A file of settings in whose place another is read.
pub static PROFILE_NOT_READ: Rule = Rule {
    id: "profile-not-read",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "an init file that sets PATH or a variable of Go is not read, because another is read in its place",
    what: "Bash reads the first of ~/.bash_profile, ~/.bash_login and ~/.profile alone, and zsh the files of ZDOTDIR alone: lines of the others \
           that put Go into PATH or set a variable of Go, where the start has that from nowhere.",
    why: "A tool that makes a ~/.bash_profile takes away all that ~/.profile said, without a word.",
    go: "Sees nothing of those lines.",
    mend: "Let the file that is read source the other one: `. ~/.profile`.",
    source: SOURCE,
    witness: |s| {
        let profile = s.home().join(".profile");
        s.write(&s.home().join(".bash_profile"), b". \"$HOME/.bashrc\"\n")?;
        s.write(&profile, b"export GOFLAGS=-trimpath\n")?;
        Ok(Sample::place(&profile))
    },
};

/// A variable that programs do not get.
pub static NOT_EXPORTED: Rule = Rule {
    id: "variable-not-exported",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a variable of Go is set and not exported",
    what: "PATH and the variables that Go reads, in every way of starting a shell, where their value is not what Go has anyway.",
    why: "`echo $GOPATH` shows it and `go env GOPATH` does not: the shell keeps it to itself.",
    go: "Does not get it.",
    mend: "Write `export` before the name (`set -gx` in fish).",
    source: "POSIX.1-2017, Shell Command Language, chapter 2.14 (export)",
    witness: |s| profile_line(s, "GOFLAGS=-trimpath"),
};

/// Settings for a shell that is not used any more.
pub static OTHER_SHELL: Rule = Rule {
    id: "settings-in-other-shell",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the line that leads to `go` is for another shell than the login shell",
    what: "Whether the login shell finds no `go`, and another of bash, zsh and fish does because of a file in the home folder.",
    why: "The login shell was changed, and what the old one's files set was not moved: each shell reads its own files alone.",
    go: "Is not found.",
    mend: "Write the line into the init file of the login shell.",
    source: SOURCE,
    witness: |s| {
        let passwd = s.root().join("etc/passwd");
        let text = String::from_utf8_lossy(&crate::sys::read(&passwd, 1 << 20)?).replace("/bin/bash", "/bin/zsh");
        s.write(&passwd, text.as_bytes())?;
        s.write(&s.root().join("etc/shells"), b"/bin/zsh\n")?;
        Ok(Sample::place(&s.home().join(".bashrc")))
    },
};

/// A login shell that does not count as one.
pub static NOT_LISTED: Rule = Rule {
    id: "shell-not-listed",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the login shell is not in /etc/shells",
    what: "The login shell of the account against the lines of /etc/shells, `/bin` and `/usr/bin` taken for one.",
    why: "`chsh` and logins that ask pam_shells refuse it: the old shell stays, or nobody gets in, and what its files set never counts.",
    go: "Knows nothing of it.",
    mend: "Append the shell to /etc/shells, as root.",
    source: "shells(5), chsh(1), pam_shells(8)",
    witness: |s| {
        let shells = s.root().join("etc/shells");
        s.write(&shells, b"/bin/sh\n")?;
        Ok(Sample::place(&shells))
    },
};

impl Judge<'_> {
    /// Init files, and what of them programs get.
    pub(super) fn init(&self, sink: &mut Sink) {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            if self.is_own(shell) {
                sink_all(sink, self.not_read(shell));
            }
        }
        if !sink.iter().any(|f| f.rule == &NOT_READ && f.level == Level::Warning) {
            sink_all(sink, self.other_shell());
        }
        self.profiles(sink);
        self.zsh_elsewhere(sink);
        self.not_exported(sink);
        sink_all(sink, self.not_listed());
    }

    /// Whether a file in the home folder put this value's known part there.
    pub(super) fn in_home(&self, at: &At) -> bool {
        let home = &self.machine.user.home;
        !home.as_os_str().is_empty() && Path::new(&text_of(&at.file)).starts_with(home)
    }

    /// Whether a shell is the account's, or its files in the home folder lead to a `go`.
    fn is_own(&self, shell: Shell) -> bool {
        self.machine.login_shell() == Some(shell) || self.go_of_home(shell).is_some()
    }

    fn starts_of(&self, shell: Shell) -> impl Iterator<Item = &Start> {
        self.machine.starts.iter().filter(move |s| matches!(s.kind, StartKind::Shell(of, ..) if of == shell))
    }

    /// A `go` that a start of a shell finds through a line of the home folder, and the line.
    fn go_of_home(&self, shell: Shell) -> Option<(&Found, &At)> {
        self.starts_of(shell).find_map(|s| self.home_line(s))
    }

    fn home_line<'s>(&self, start: &'s Start) -> Option<(&'s Found, &'s At)> {
        let go = start.view.go()?;
        let at = start.view.entry(go)?.at.as_ref().filter(|at| self.in_home(at))?;
        Some((go, at))
    }

    /// An interactive login shell against one that is none.
    fn not_read(&self, shell: Shell) -> Option<Finding> {
        let login = self.machine.start(StartKind::Shell(shell, true, true))?;
        let other = self.machine.start(StartKind::Shell(shell, false, true))?;
        let version = |s: &Start| s.view.go().and_then(|f| f.program.version().map(|v| bare(v).to_owned()));
        let differs =
            |has: &Start, lacks: &Start| lacks.view.has_no_go() || (version(lacks).is_some() && version(lacks) != version(has));
        if let Some((go, at)) = self.home_line(other).filter(|_| differs(other, login))
            && !login.reads(&at.file)
        {
            let (profile, is_read) = self.profile(login);
            let source = format!("[ -r {0} ] && . {0}", path_text(Path::new(&text_of(&at.file))).0);
            let message = format!(
                "leads to `{}`, but a login shell (ssh, a console) does not read this file{}: it finds {}",
                path_text(&go.program.path).0,
                if is_read { format!(", it reads `{}`", self.short(&profile)) } else { String::new() },
                found(login)
            );
            return Some(self.unread(shell, at, message).mend(append_to(&path_text(&profile).0, &source)));
        }
        let (go, at) = self.home_line(login).filter(|_| differs(login, other))?;
        let unreached = other.reads(&at.file);
        let message = format!(
            "leads to `{}`, but an interactive shell that is no login shell (the terminal of an editor) does not {}: it finds {}",
            path_text(&go.program.path).0,
            if unreached { "get to this line" } else { "read this file" },
            found(other)
        );
        let works_here = self.machine.here.go().is_some_and(|f| f.program.real == go.program.real);
        if unreached {
            // Where the line should stand instead hangs on what the condition around it is for.
            let finding = self.unread(shell, at, message);
            return Some(if works_here { finding.lowered_to(Level::Note) } else { finding });
        }
        if works_here && at.file.ends_with(b"/.profile") {
            return None;
        }
        let line = self.machine.lines.text(at).map(|l| l.trim().to_owned());
        let line =
            line.unwrap_or_else(|| path_line(shell, &go.program.path.parent().map(|p| path_text(p).0).unwrap_or_default()));
        let finding = self.unread(shell, at, message).mend(self.append_line(shell, &line));
        Some(if works_here { finding.lowered_to(Level::Note) } else { finding })
    }

    fn unread(&self, shell: Shell, at: &At, message: String) -> Finding {
        self.about(&NOT_READ, Some(at), "PATH", format!("{shell} {}", self.short(Path::new(&text_of(&at.file)))), message)
    }

    /// The login shell finds none, another shell does.
    fn other_shell(&self) -> Option<Finding> {
        let own = self.machine.login_shell()?;
        let mut starts = self.starts_of(own).peekable();
        starts.peek()?;
        if !starts.all(|s| s.view.has_no_go()) {
            return None;
        }
        let others = [Shell::Bash, Shell::Zsh, Shell::Fish].into_iter().filter(|s| *s != own);
        let (shell, (go, at)) = others.filter_map(|s| Some((s, self.go_of_home(s)?))).next()?;
        let folder = go.program.path.parent().map(|p| path_text(p).0).unwrap_or_default();
        let message = format!(
            "puts `{folder}` into PATH for {shell}, but the login shell is {own}, which does not read this file and finds no `go`"
        );
        let finding = self.about(&OTHER_SHELL, Some(at), "PATH", format!("{shell} {own}"), message);
        Some(finding.claims(own.as_str(), shell.as_str()).mend(self.append_line(own, &path_line(own, &folder))))
    }

    /// Files in whose place bash reads another.
    fn profiles(&self, sink: &mut Sink) {
        let mut told_lines: BTreeSet<At> = BTreeSet::new();
        for start in self.starts_of(Shell::Bash).filter(|s| matches!(s.kind, StartKind::Shell(_, true, _))) {
            let unread = start.files.iter().filter(|f| f.read == Some(false) && !self.is_read_somewhere(&f.path));
            for file in unread.filter(|f| Path::new(&text_of(&f.path)).starts_with(&self.machine.user.home)) {
                let Some(instead) = start.files.iter().find(|f| f.read == Some(true) && is_profile(&f.path)) else { continue };
                let Some((at, name)) = self.first_setting(&file.path, start) else { continue };
                if !told_lines.insert(at.clone()) {
                    continue;
                }
                let (this, other) =
                    (path_text(Path::new(&text_of(&file.path))).0, path_text(Path::new(&text_of(&instead.path))).0);
                let message = format!("sets {name}, but `{other}` is there, and bash reads that in the place of this file");
                let finding = self.about(&PROFILE_NOT_READ, Some(&at), name, self.short(Path::new(&this)), message);
                sink.push(finding.mend(append_to(&other, &format!("[ -r {this} ] && . {this}"))));
            }
        }
    }

    /// Files of zsh in the home folder, where ZDOTDIR has it read those of another.
    fn zsh_elsewhere(&self, sink: &mut Sink) {
        let Some(start) = self.machine.start(StartKind::Shell(Shell::Zsh, true, true)) else { return };
        if self.machine.login_shell() != Some(Shell::Zsh) {
            return;
        }
        for name in [".zprofile", ".zshrc", ".zlogin"] {
            let path = self.machine.user.home.join(name);
            let bytes = bytes_of(path.as_os_str());
            if self.starts_of(Shell::Zsh).any(|s| s.files.iter().any(|f| f.path == bytes)) {
                continue;
            }
            let Some((at, variable)) = self.first_setting(&bytes, start) else { continue };
            let same = |f: &&crate::format::shell::FileSeen| f.path.ends_with(name.as_bytes()) && !f.path.starts_with(b"/etc");
            let instead = start.files.iter().find(same).map(|f| path_text(Path::new(&text_of(&f.path))).0);
            let this = path_text(&path).0;
            let message = match &instead {
                Some(other) => format!("sets {variable}, but zsh reads `{other}` in the place of this file: ZDOTDIR says so"),
                None => format!("sets {variable}, but zsh does not read this file: ZDOTDIR names another folder"),
            };
            let finding = self.about(&PROFILE_NOT_READ, Some(&at), variable, self.short(&path), message);
            let mend = instead.map(|other| append_to(&other, &format!("[ -r {this} ] && . {this}")));
            sink.push(Finding { mend, ..finding });
        }
    }

    /// Whether any start of any shell but plain `sh` reads a file.
    fn is_read_somewhere(&self, file: &[u8]) -> bool {
        self.starts_of(Shell::Bash).any(|s| s.reads(file))
    }

    /// The first line of a file that puts Go into PATH, or sets a variable of Go, where the start has that from nowhere.
    fn first_setting(&self, file: &[u8], start: &Start) -> Option<(At, &'static str)> {
        self.machine.lines.of(file).find_map(|(line, text)| {
            let name = sets(&text)?;
            let has = if name == "PATH" { start.view.go().is_some() } else { start.env.contains_key(name.as_bytes()) };
            (!has).then(|| (At { file: file.into(), line }, name))
        })
    }

    /// Variables that are kept back.
    fn not_exported(&self, sink: &mut Sink) {
        let mut told_lines: BTreeSet<(Option<&At>, &[u8])> = BTreeSet::new();
        for start in &self.machine.starts {
            for (name, value) in &start.kept_back {
                let known = NAMES.iter().copied().chain(["PATH"]).find(|n| n.as_bytes() == name && !HELPERS.contains(n));
                let Some(name) = known.filter(|n| told(n.as_bytes())) else { continue };
                let Some(text) = value.text().filter(|t| !t.is_empty()) else { continue };
                let in_force = start.view.settings.as_ref().and_then(|s| s.get(name)).map(|s| bytes_of(&s.value));
                if in_force.as_ref() == Some(&text) || !told_lines.insert((value.at(), name.as_bytes())) {
                    continue;
                }
                sink.push(self.kept_back(start, name, value, &text, in_force));
            }
        }
    }

    fn kept_back(&self, start: &Start, name: &'static str, value: &Value, text: &[u8], in_force: Option<Vec<u8>>) -> Finding {
        let (shown, has) = (String::from_utf8_lossy(text).into_owned(), in_force.unwrap_or_default());
        let has = if has.is_empty() { "nothing".to_owned() } else { format!("`{}`", String::from_utf8_lossy(&has)) };
        let message = format!("sets {name} to `{shown}` and does not export it: in {} `go` has {has}", start.kind.as_str());
        let finding = self.about(&NOT_EXPORTED, value.at(), name, name, message).claims(shown, has);
        let edit = value.at().and_then(|at| {
            let new = super::edits::exported(&self.machine.lines.text(at)?, name)?;
            self.edit(at, Some(new))
        });
        Finding { mend: edit, ..finding }
    }

    /// The login shell and `/etc/shells`.
    fn not_listed(&self) -> Option<Finding> {
        let (user, shells) = (&self.machine.user, self.machine.around.shells.as_ref()?);
        let shell = user.login_shell.as_deref().filter(|s| !s.ends_with(b"nologin") && !s.ends_with(b"/false"))?;
        if around::is_listed(shells, shell) {
            return None;
        }
        let file = self.machine.around.root.join("etc/shells");
        let shown = String::from_utf8_lossy(shell).into_owned();
        let message = format!("does not list `{shown}`, the login shell by `{}`", said_at(user.at.as_ref(), "SHELL"));
        let mend = append_to(&path_text(&file).0, &shown);
        let finding = Finding::at(&NOT_LISTED, RootKind::Environment, &file, shown.clone(), message);
        Some(finding.claims(shown, "no such line").mend(mend))
    }
}

fn sink_all(sink: &mut Sink, finding: Option<Finding>) {
    if let Some(finding) = finding {
        sink.push(finding);
    }
}

/// What a start finds, for messages.
fn found(start: &Start) -> String {
    match start.view.go() {
        None => "no `go`".to_owned(),
        Some(f) => format!("{} in `{}`", f.program.version().map(bare).unwrap_or("another `go`"), f.program.path.display()),
    }
}

fn is_profile(path: &[u8]) -> bool {
    [".bash_profile", ".bash_login", ".profile"].iter().any(|n| path.rsplit(|b| *b == b'/').next() == Some(n.as_bytes()))
}

/// The variable that a line of an init file sets for Go: PATH where it puts Go there.
fn sets(line: &str) -> Option<&'static str> {
    let bare = line.trim();
    let bare = bare.strip_prefix("export ").unwrap_or(bare).trim_start();
    if let Some(value) = bare.strip_prefix("PATH=") {
        let of_go = ["/go/bin", "GOROOT", "GOPATH", "GOBIN", "/go1", "/go-1"].iter().any(|w| value.contains(w));
        return of_go.then_some("PATH");
    }
    let (name, _) = bare.split_once('=')?;
    NAMES.iter().copied().find(|n| *n == name && n.starts_with("GO") && !HELPERS.contains(n))
}

#[cfg(test)]
mod tests {
    use super::sets;

    #[test]
    fn lines_about_go_are_known() {
        for (line, want) in [
            ("export PATH=$PATH:/usr/local/go/bin", Some("PATH")),
            ("  PATH=\"$HOME/sdk/go1.26.8/bin:$PATH\"", Some("PATH")),
            ("export GOPATH=~/x", Some("GOPATH")),
            ("PATH=$HOME/.cargo/bin:$PATH", None),
            ("# export GOPATH=/x", None),
            ("GO_VERSION=1", None),
            ("GOVERSION=1.26.8", None),
        ] {
            assert_eq!(sets(line), want, "{line}");
        }
    }
}
