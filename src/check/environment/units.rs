//! Rules on services of systemd that an administrator or the user wrote.

use std::collections::BTreeSet;
use std::path::Path;

use super::Judge;
use super::settings::is_told;
use super::starts::{in_full, program_in};
use super::tools::bare;
use crate::environment::{Lookup, StartKind, Unit, UnitCall};
use crate::finding::{Finding, Mend, Place, Sink, path_text};
use crate::format::machine::systemd::DEFAULT_PATH;
use crate::format::shell::{At, Value};
use crate::locate::bytes_of;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&UNIT_GO, &UNIT_SETTING];

/// A service finds another `go`.
pub static UNIT_GO: Rule = Rule {
    id: "systemd-unit-has-another-go",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a service of systemd finds another Go than the shell, or none",
    what: "Services in `/etc/systemd`, `/run/systemd` and `~/.config/systemd/user` whose command is `go`, or a line of sh that starts it, with \
           their drop-ins and environment files, against the `go` of the user's own shell. Of services that start no `go` but have another one \
           in PATH, of those of other users, and where the program is written in full, it is a note.",
    why: "systemd reads no init file: what `~/.bashrc` or `/etc/profile` put into PATH is not there. The service fails with `203/EXEC` or \
          `go: not found`, or builds with a Go that was forgotten.",
    go: "Runs with the environment that systemd gives it, or is not found.",
    mend: "Name the folder of your `go` in `Environment=PATH=...` of the unit. A program that ExecStart names without a folder is not looked for in \
           that PATH: write it in full. Then `systemctl daemon-reload`.",
    source: "systemd.exec(5), Environment= and ExecSearchPath=; systemd.service(5), Command lines",
    witness: |s| {
        let empty = s.root().join("empty");
        service(s, &format!("Environment=PATH={}\nExecStart=/bin/sh -c 'go build ./...'\n", empty.display()))
    },
};

/// A service sets a variable of Go otherwise than the shell has it.
pub static UNIT_SETTING: Rule = Rule {
    id: "systemd-unit-setting-differs",
    level: Level::Note,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a service of systemd sets a variable of Go that the shell has otherwise",
    what: "Variables that `gocachescan env` shows, in `Environment=`, `EnvironmentFile=` and the like of services that start `go`. Where the service runs as \
           another user, folders are left out. Values that weaken a build are told by the rules on settings, at the same line.",
    why: "The service builds otherwise than the terminal: what works in one fails in the other.",
    go: "Takes the value that the service gives it.",
    mend: "Use the same value in both, for instance by `go env -w`, or accept the finding.",
    source: "systemd.exec(5), Environment=",
    witness: |s| {
        let go = s.goroot().join("bin/go");
        service(s, &format!("Environment=GOFLAGS=-mod=vendor\nExecStart={} build ./...\n", go.display()))
    },
};

/// A witness: a service of the user's own.
fn service(s: &mut Sample, text: &str) -> std::io::Result<Place> {
    s.put_tool(&s.root().join("usr/lib/systemd/systemd"), crate::sample::machine::GO_VERSION)?;
    let place = s.home().join(".config/systemd/user/build.service");
    s.write(&place, format!("[Service]\n{text}").as_bytes())?;
    Ok(Sample::place(&place))
}

/// Variables that name folders: another user has others.
const FOLDERS: &[&str] = &["GOBIN", "GOCACHE", "GOENV", "GOMODCACHE", "GOPATH", "GOTMPDIR"];

impl Judge<'_> {
    /// Every service that matters to Go, each with what was found on its settings.
    pub(super) fn units(&self, of_units: Vec<Vec<Finding>>, sink: &mut Sink) {
        let mut told = BTreeSet::new();
        for (unit, of_settings) in self.machine.units.iter().zip(of_units) {
            if let Some(finding) = self.unit_go(unit) {
                sink.push_bounded(finding);
            }
            self.unit_settings(unit, of_settings, &mut told, sink);
        }
    }

    fn unit_go(&self, unit: &Unit) -> Option<Finding> {
        let own = self.own_view();
        let name = String::from_utf8_lossy(&unit.name).into_owned();
        if unit.calls.is_empty() {
            let (mine, theirs) = (own.go()?, unit.view.go()?);
            let at = unit.view.entry(theirs).and_then(|e| e.at.as_ref()).filter(|at| unit.sets(at))?;
            let (a, b) = (bare(mine.program.version()?), bare(theirs.program.version()?));
            let message = format!("gives `{name}` {b} from `{}`; your shell has {a}", path_text(&theirs.program.path).0);
            let finding = self.about(&UNIT_GO, Some(at), "PATH", format!("{name} PATH"), message).claims(a, b);
            return (a != b).then(|| finding.lowered_to(Level::Note));
        }
        unit.calls.iter().find_map(|call| self.unit_call(unit, &name, call))
    }

    fn unit_call(&self, unit: &Unit, name: &str, call: &UnitCall) -> Option<Finding> {
        let (mine, version) = program_in(self.own_view(), call.tool)?;
        let (finds, theirs) = match &call.found {
            Ok(theirs) => {
                let other = bare(theirs.version()?);
                version.filter(|v| *v != other)?;
                (other.to_owned(), Some(theirs.path.as_path()))
            }
            Err(written) if call.certain => ("none".to_owned(), written.as_deref()),
            Err(_) => return None,
        };
        let at = call.decided_at.as_ref().unwrap_or(&call.at);
        if self.is_told_of_environment_d(at) && call.found.is_ok() {
            return None;
        }
        let (tool, shown) = (call.tool, path_text(mine).0);
        let by = match (call.lookup, &call.decided_at) {
            (Lookup::Named, _) => format!("starts `{}`", theirs.map(|p| path_text(p).0).unwrap_or_default()),
            (Lookup::Path, Some(_)) => format!("sets the PATH in which `{tool}` is looked for"),
            (Lookup::Path, None) => format!("calls `{tool}` with the PATH that systemd gives every service"),
            (Lookup::Manager, Some(_)) => format!("lets systemd look for `{tool}`"),
            (Lookup::Manager, None) => {
                format!("names `{tool}` without a folder: systemd looks in its own folders, whatever PATH says")
            }
        };
        let place = theirs.filter(|_| call.lookup != Lookup::Named && call.found.is_ok());
        let place = place.map(|p| format!(" from `{}`", path_text(p).0)).unwrap_or_default();
        let message = format!("{by}; `{name}` finds {finds}{place}, your shell has `{shown}`");
        let finding = self.about(&UNIT_GO, Some(at), "PATH", format!("{name} {tool}"), message).claims(shown, finds);
        let is_ours = unit.runs_as.as_deref().is_some_and(|who| who == self.machine.user.name || who == b"root");
        let chosen = call.lookup == Lookup::Named && call.found.is_ok();
        let level = if is_ours && !chosen { Level::Warning } else { Level::Note };
        Some(Finding { mend: self.unit_mended(call, at, mine, theirs), ..finding.lowered_to(level) })
    }

    /// Whether `systemd-user-has-another-go` tells of this line.
    fn is_told_of_environment_d(&self, at: &At) -> bool {
        let start = self.machine.start(StartKind::SystemdUser);
        start.and_then(|s| s.view.entry(s.view.go()?)?.at.as_ref()) == Some(at)
    }

    /// The line that lets the service find the user's own program.
    fn unit_mended(&self, call: &UnitCall, at: &At, mine: &Path, theirs: Option<&Path>) -> Option<Mend> {
        let line = self.machine.lines.text(at)?;
        let text = |path: &Path| path_text(path).0;
        let (shown, folder) = (text(mine), text(mine.parent()?));
        // What holds blanks or signs of systemd's has to be quoted by who knows how.
        if !shown.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+@".contains(&b)) {
            return None;
        }
        let new = match (call.lookup, &call.decided_at, theirs) {
            (Lookup::Named, _, Some(theirs)) => line.replacen(&text(theirs), &shown, 1),
            (Lookup::Path, None, _) => format!("Environment=PATH={folder}:{DEFAULT_PATH}\n{line}"),
            (Lookup::Manager, None, _) => {
                let (key, command) = line.split_once('=')?;
                format!("{key}={}", in_full(command, call.tool, &shown)?)
            }
            (_, _, Some(theirs)) => line.replacen(&text(theirs.parent()?), &folder, 1),
            (_, _, None) => {
                let key = if call.lookup == Lookup::Path { "PATH=" } else { "ExecSearchPath=" };
                let (before, list) = line.split_once(key)?;
                format!("{before}{key}{folder}{}{list}", if list.is_empty() { "" } else { ":" })
            }
        };
        (new != line).then(|| self.edit(at, Some(new))).flatten()
    }

    /// What its own lines set.
    fn unit_settings(&self, unit: &Unit, of_settings: Vec<Finding>, told: &mut BTreeSet<(At, String)>, sink: &mut Sink) {
        let Some(settings) = unit.view.settings.as_deref() else { return };
        let own_line = |name: &str| unit.env.get(name.as_bytes()).and_then(Value::at).filter(|at| unit.sets(at));
        let starts_go = !unit.calls.is_empty();
        for mut finding in of_settings {
            let Place::Env(name) = &finding.place else { continue };
            let name = name.clone();
            // Any program obeys GODEBUG: in a service that is no build it is that program's affair.
            let Some(at) = own_line(&name).filter(|_| starts_go || name != "GODEBUG") else { continue };
            if told.insert((at.clone(), name.clone())) && !is_told(sink, finding.rule, at) {
                let unit_name = String::from_utf8_lossy(&unit.name);
                finding.subject = format!("{unit_name} {}", finding.subject);
                (finding.mend, finding.proof.claimed_by) = (None, None);
                self.place_at(&mut finding, at, &format!("`{unit_name}`"), self.unset(at, &name));
                sink.push_bounded(finding);
            }
        }
        let Some(own) = self.own_view().settings.as_deref().filter(|_| starts_go) else { return };
        let is_ours = unit.runs_as.as_deref() == Some(self.machine.user.name.as_slice());
        for theirs in settings.iter().filter(|s| is_ours || !FOLDERS.contains(&s.name)) {
            let Some((at, mine)) = own_line(theirs.name).zip(own.get(theirs.name)) else { continue };
            if mine.value == theirs.value || !told.insert((at.clone(), theirs.name.to_owned())) {
                continue;
            }
            let show = |value: &std::ffi::OsStr| String::from_utf8_lossy(&bytes_of(value)).into_owned();
            let (a, b) = (show(&mine.value), show(&theirs.value));
            let unit_name = String::from_utf8_lossy(&unit.name);
            let (subject, here) = (format!("{unit_name} {}", theirs.name), if a.is_empty() { "nothing" } else { &a });
            let message = format!("gives `{unit_name}` {}=`{b}`; your shell has {here}", theirs.name);
            sink.push_bounded(self.about(&UNIT_SETTING, Some(at), theirs.name, subject, message).claims(a, b));
        }
    }
}
