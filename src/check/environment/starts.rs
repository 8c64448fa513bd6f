//! Rules on `sudo` and cron, and on shells that say otherwise than their files.

use std::collections::BTreeSet;
use std::path::Path;

use super::Judge;
use super::tools::bare;
use crate::environment::services::called;
use crate::environment::{Asked, Shell, Start, StartKind, View};
use crate::finding::{Finding, Mend, Place, RootKind, Sink, path_text};
use crate::format::shell::At;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&SUDO, &SYSTEMD_USER, &CRON, &SAYS_OTHERWISE];

/// `sudo` finds another `go`.
pub static SUDO: Rule = Rule {
    id: "sudo-has-another-go",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "`sudo go` is another Go than yours, or none",
    what: "The `go` that PATH of sudo (`secure_path`) leads to, against that of the user's own shell. Where sudo finds none it is a note.",
    why: "`sudo make install` builds with another version, into other caches, or stops with `go: command not found`.",
    go: "Runs with the environment that sudo gives it.",
    mend: "Put the folder of your `go` into `secure_path` (with `visudo`), or build without sudo.",
    source: "sudoers(5), secure_path and env_reset",
    witness: |s| {
        let old = s.root().join("opt/go1.20");
        s.make_installation(&old, "go1.20.1")?;
        let line = format!("Defaults secure_path=\"{}/bin:/usr/bin:/bin\"\nann ALL=(ALL) ALL\n", old.display());
        s.write(&s.root().join("etc/sudoers"), line.as_bytes())?;
        if sys::process::effective_uid() != 0 {
            s.append(&s.root().join("etc/passwd"), b"root:x:0:0::/root:/bin/bash\n")?;
        }
        Ok(Place::Path("/etc/sudoers".into()))
    },
};

/// Units of the user's own systemd find another `go`.
pub static SYSTEMD_USER: Rule = Rule {
    id: "systemd-user-has-another-go",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "environment.d gives units of the user's systemd another Go than the shell has",
    what: "The `go` that PATH of the user's systemd leads to by a line of environment.d, against that of the user's own shell.",
    why: "Services, timers and, with many desktops, every program of the session begin with it: an editor that is started from the desktop builds \
          with another Go than the terminal.",
    go: "Runs with the environment that systemd gives it.",
    mend: "Name the same folder in both places, then log in anew.",
    source: "environment.d(5)",
    witness: |s| {
        let old = s.root().join("opt/go1.20");
        s.make_installation(&old, "go1.20.1")?;
        s.put_tool(&s.root().join("usr/lib/systemd/systemd"), "go1.20.1")?;
        let place = s.home().join(".config/environment.d/go.conf");
        s.write(&place, format!("PATH={}/bin:$PATH\n", old.display()).as_bytes())?;
        Ok(Place::Path(place))
    },
};

/// A job of cron that calls `go`.
pub static CRON: Rule = Rule {
    id: "cron-job-finds-no-go",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a cron job calls `go`, and cron's PATH has none, or another one",
    what: "Jobs of crontabs that this user runs and whose command begins with `go`, `gofmt` or another tool of Go without a folder, against the \
           PATH that the crontab gives them and the user's own. A job that sets PATH or reads a profile itself is in order.",
    why: "Cron reads no init file: its PATH is `/usr/bin:/bin`, unless the crontab says otherwise. The job fails by night, in a mail that nobody \
          reads.",
    go: "Is not found.",
    mend: "Write the program in full, or a line `PATH=...` above the job.",
    source: "crontab(5), ENVIRONMENT",
    witness: |s| {
        let text = format!("PATH={}\n17 3 * * * ann go build ./...\n", s.root().join("empty").display());
        s.write(&s.root().join("etc/cron.d/build"), text.as_bytes())?;
        Ok(Place::Path("/etc/cron.d/build".into()))
    },
};

/// The shell itself says otherwise.
pub static SAYS_OTHERWISE: Rule = Rule {
    id: "shell-says-otherwise",
    level: Level::Note,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a shell that was asked has another value than its init files lead to",
    what: "PATH and the variables of Go that every shell hands to programs, where all of the value could be told from its files, against what \
           the shell said when it was started in a clean environment.",
    why: "Something else than the files sets it: a plugin, a compiled file, a file that changed meanwhile; the other findings about this \
          variable may be wrong.",
    go: "Gets what the shell says.",
    mend: "Look for what else sets the variable: a plugin, a `.zwc` of zsh beside a file that was put back; `gocachescan doctor --verbose` shows the files.",
    source: "bash(1), zsh(1), fish(1)",
    witness: |s| {
        // A file that the shell itself does not read: it reads that of this machine.
        s.append(&s.root().join("etc/profile"), b"export GOFLAGS=-trimpath\n")?;
        Ok(Place::Path("/etc/profile".into()))
    },
};

impl Judge<'_> {
    /// What the user's own shell leads to: of its starts the first that finds a `go`, else this process.
    pub(super) fn own_view(&self) -> &View {
        let shell = self.machine.login_shell();
        let start = |login| self.machine.start(StartKind::Shell(shell?, login, true));
        let shells = [start(true), start(false)].into_iter().flatten().map(|s| &s.view);
        shells.chain(std::iter::once(&self.machine.here)).find(|v| v.go().is_some()).unwrap_or(&self.machine.here)
    }

    /// `sudo`.
    pub(super) fn sudo(&self, sink: &mut Sink) {
        let (Some(start), Some(own)) = (self.machine.start(StartKind::Sudo), self.own_view().go()) else { return };
        let Some(version) = own.program.version().map(bare) else { return };
        let folder = own.program.path.parent().map(|p| path_text(p).0).unwrap_or_default();
        let (message, level, theirs) = match start.view.go() {
            None if start.view.has_no_go() => (
                format!("gives sudo a PATH without `go`: `sudo go` is not found, yours is {version} in `{folder}`"),
                Level::Note,
                "none".to_owned(),
            ),
            Some(go) if go.program.version().is_some_and(|v| bare(v) != version) => {
                let theirs = go.program.version().map(bare).unwrap_or_default().to_owned();
                let place = path_text(&go.program.path).0;
                (format!("lets `sudo go` be {theirs} from `{place}`, yours is {version} in `{folder}`"), Level::Warning, theirs)
            }
            _ => return,
        };
        let at = start.view.path.iter().find_map(|e| e.at.as_ref());
        let finding = self.about(&SUDO, at, "PATH", "sudo", message).claims(version, theirs).lowered_to(level);
        let mend = at.and_then(|at| self.edit(at, Some(in_secure_path(&self.machine.lines.text(at)?, &folder)?)));
        sink.push(Finding { mend, ..finding });
    }

    /// What environment.d makes of the user's systemd.
    pub(super) fn systemd_user(&self, sink: &mut Sink) {
        let (Some(start), Some(own)) = (self.machine.start(StartKind::SystemdUser), self.own_view().go()) else { return };
        let Some(theirs) = start.view.go() else { return };
        let at = start.view.entry(theirs).and_then(|e| e.at.as_ref());
        let (a, b) = (own.program.version().map(bare), theirs.program.version().map(bare));
        if let (Some(a), Some(b), Some(at)) = (a, b, at)
            && a != b
        {
            let (place, mine) = (path_text(&theirs.program.path).0, path_text(&own.program.path).0);
            let message = format!("gives units of your systemd {b} from `{place}`; your shell has {a} from `{mine}`");
            let finding = self.about(&SYSTEMD_USER, Some(at), "PATH", "systemd user", message).claims(a, b);
            let folder = |path: &Path| path.parent().map(|p| path_text(p).0).unwrap_or_default();
            let (old, new) = (folder(&theirs.program.path), folder(&own.program.path));
            let edit = || self.edit(at, Some(self.machine.lines.text(at)?.replacen(&old, &new, 1)));
            sink.push(Finding { mend: edit(), ..finding });
        }
    }

    /// Jobs of cron that call a program of Go.
    pub(super) fn cron(&self, sink: &mut Sink) {
        let own = self.own_view();
        for cron in &self.machine.cron_jobs {
            let command = String::from_utf8_lossy(&cron.job.command()).into_owned();
            for name in called(&command) {
                let Some((path, version)) = program_in(own, name) else { continue };
                let theirs = program_in(&cron.view, name);
                let finds = match &theirs {
                    None if cron.view.path_known => "none".to_owned(),
                    Some((_, Some(v))) if name == "go" && version.is_some_and(|own| own != *v) => (*v).to_owned(),
                    _ => continue,
                };
                let shown = path_text(path).0;
                let message = format!("calls `{name}`, and cron's PATH finds {finds}: yours is `{shown}`");
                let subject = format!("cron {name}");
                let finding = self.about(&CRON, Some(&cron.at), "PATH", subject, message).claims(shown.clone(), finds);
                let edit = || {
                    let line = self.machine.lines.text(&cron.at)?;
                    let at = line.find(&command)?;
                    let (head, rest) = line.split_at_checked(at)?;
                    self.edit(&cron.at, Some(format!("{head}{}", in_full(rest, name, &shown)?)))
                };
                sink.push_bounded(Finding { mend: edit(), ..finding });
                break;
            }
        }
    }

    /// What was predicted against what a shell said.
    pub(super) fn asked(&self, sink: &mut Sink) {
        let mut told: BTreeSet<(Option<&At>, &[u8])> = BTreeSet::new();
        for start in &self.machine.starts {
            let Asked::Environment(said) = &start.asked else { continue };
            for (name, value) in &start.env {
                let counts = name == b"PATH" || (name.starts_with(b"GO") && crate::environment::told(name));
                let Some(text) = value.text().filter(|_| counts) else { continue };
                let theirs = said.get(name).map(Vec::as_slice);
                if theirs != Some(text.as_slice()) && told.insert((value.at(), name)) {
                    sink.push_bounded(self.otherwise(start, name, Some((&text, value.at())), theirs));
                }
            }
            let new =
                said.iter().filter(|(n, _)| n.starts_with(b"GO") && crate::environment::told(n) && !start.env.contains_key(*n));
            for (name, value) in new.filter(|_| start.undecided.is_empty() && start.ended.is_none()) {
                if told.insert((None, name)) {
                    sink.push_bounded(self.otherwise(start, name, None, Some(value)));
                }
            }
        }
    }

    fn otherwise(&self, start: &Start, name: &[u8], predicted: Option<(&[u8], Option<&At>)>, said: Option<&[u8]>) -> Finding {
        let text = |v: Option<&[u8]>| v.map_or_else(|| "nothing".to_owned(), |v| format!("`{}`", String::from_utf8_lossy(v)));
        let name = String::from_utf8_lossy(name).into_owned();
        let how = start.kind.as_str();
        let (ours, theirs) = (text(predicted.map(|(t, _)| t)), text(said));
        let mut message = format!("{how} has {name} as {theirs}, where its init files lead to {ours}");
        let of_zsh = matches!(start.kind, StartKind::Shell(Shell::Zsh, ..));
        let compiled = predicted.and_then(|(_, at)| self.machine.around.compiled.get(at?.file.as_ref())).filter(|_| of_zsh);
        let compiled = compiled.map(|path| path_text(path)).filter(|(_, escaped)| !escaped).map(|(text, _)| text);
        if let Some(compiled) = &compiled {
            message
                .push_str(&format!("; zsh reads `{compiled}`, which was compiled from another text, in the place of this file"));
        }
        let mend = compiled.map(|path| Mend::Command(vec!["rm".to_owned(), path]));
        let finding = match predicted.and_then(|(_, at)| at) {
            Some(at) => self.about(&SAYS_OTHERWISE, Some(at), &name, format!("{how} {name}"), message),
            None => {
                Finding::new(&SAYS_OTHERWISE, RootKind::Environment, Place::Env(name.clone()), format!("{how} {name}"), message)
            }
        };
        Finding { mend, ..finding.claims(ours, theirs) }
    }
}

/// The first program of a name in a PATH, and its version where it is `go`.
pub(super) fn program_in<'v>(view: &'v View, name: &str) -> Option<(&'v Path, Option<&'v str>)> {
    let found = view.first(name)?;
    Some((&found.program.path, found.program.version().map(bare)))
}

/// A command with a program written in full where it stands as a word.
pub(super) fn in_full(command: &str, name: &str, path: &str) -> Option<String> {
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || matches!(c, ';' | '&' | '|'));
    let at = command.match_indices(name).map(|(at, _)| at).find(|at| {
        let after = command.get(at + name.len()..).and_then(|a| a.chars().next());
        edge(command.get(..*at).and_then(|b| b.chars().next_back())) && edge(after)
    })?;
    Some(format!("{}{path}{}", command.get(..at)?, command.get(at + name.len()..)?))
}

/// A line that sets `secure_path`, with one more folder before the others.
fn in_secure_path(line: &str, folder: &str) -> Option<String> {
    let at = line.find("secure_path")?;
    let equals = at + line.get(at..)?.find('=')? + 1;
    let (head, rest) = line.split_at_checked(equals)?;
    let blanks = rest.len() - rest.trim_start().len();
    let start = blanks + usize::from(rest.trim_start().starts_with('"'));
    let (open, list) = rest.split_at_checked(start)?;
    (!list.is_empty()).then(|| format!("{head}{open}{folder}:{list}"))
}

#[cfg(test)]
mod tests {
    use super::in_secure_path;

    #[test]
    fn a_folder_is_put_into_secure_path() {
        for (line, want) in [
            ("Defaults secure_path=\"/usr/bin:/bin\"", Some("Defaults secure_path=\"/x:/usr/bin:/bin\"")),
            ("Defaults\tsecure_path = /usr/bin", Some("Defaults\tsecure_path = /x:/usr/bin")),
            ("Defaults env_reset", None),
        ] {
            assert_eq!(in_secure_path(line, "/x").as_deref(), want, "{line}");
        }
    }
}
