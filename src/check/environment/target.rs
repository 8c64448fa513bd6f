//! Rules on one binary that the user asks about, and on a running process.

use super::tools::{aside, is_managed};
use super::{Judge, said_at};
use crate::environment::{Asked, Process, Start, Target};
use crate::finding::{Finding, Mend, Place, RootKind, Sink, path_text};
use crate::format::gover;
use crate::locate::Source;
use crate::place::in_system_folder;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sample::binary::BinarySample;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&OTHER_PLATFORM, &SHADOWED, &NEWER_THAN_GO, &PROCESS_GO_DIFFERS, &PROCESS_REPLACED];

/// The binary is for another platform.
pub static OTHER_PLATFORM: Rule = Rule {
    id: "target-other-platform",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a program is built for another system or processor than this machine's",
    what: "`doctor BINARY`: the file header against this machine, and whether GOOS or GOARCH is set in the environment or the GOENV file. The finding names \
           the line that sets it, where there is one.",
    why: "It can't start here (`exec format error`): mostly GOOS or GOARCH was left in the environment by an earlier cross build.",
    go: "Builds for GOOS and GOARCH, wherever they come from, without a word.",
    mend: "Unset GOOS and GOARCH, and build again.",
    source: "internal/buildcfg/cfg.go (GOOS, GOARCH: envOr)",
    witness: |s| {
        let program = s.home().join("hello");
        let sample = BinarySample::healthy(&s.dep_sum());
        let mut bytes = sample.bytes();
        // e_machine of the ELF header: AArch64, or x86-64 where this is one.
        if let Some(machine) = bytes.get_mut(18..20) {
            machine.copy_from_slice(if cfg!(target_arch = "aarch64") { &[0x3e, 0] } else { &[0xb7, 0] });
        }
        s.write(&program, &bytes)?;
        s.target = Some(program.clone());
        Ok(Sample::place(&program))
    },
};

/// Another program of the same name comes first.
pub static SHADOWED: Rule = Rule {
    id: "target-shadowed",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "typing the name of a program starts another copy of it",
    what: "`doctor BINARY`: every program of the same name in PATH. The finding names the copy that comes first.",
    why: "What was just installed or updated does not take effect: the shell starts the older copy.",
    go: "`go install` writes to GOBIN, and does not look at PATH.",
    mend: "Remove the copy, or put the folder of the other before it in PATH.",
    source: "cmd/go/internal/load/pkg.go (InstallTargetDir)",
    witness: |s| {
        let program = s.gobin().join("hello");
        let copy = s.root().join("old/hello");
        s.put_tool(&copy, "go1.21.13")?;
        super::path::prepend(s, "old");
        s.target = Some(program);
        Ok(Sample::place(&copy))
    },
};

/// It was built by a newer Go than the one that is found.
pub static NEWER_THAN_GO: Rule = Rule {
    id: "target-of-newer-go",
    level: Level::Note,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a program was built by a newer Go than the one that PATH leads to",
    what: "`doctor BINARY`: the version in its build info against the `go` of PATH.",
    why: "Building it again here gives another program: an older standard library, with its old faults.",
    go: "Records its version in every program.",
    mend: "Put the newer Go first in PATH.",
    source: "runtime/debug (BuildInfo.GoVersion)",
    witness: |s| {
        let program = s.home().join("hello");
        s.put_tool(&program, "go1.99.0")?;
        s.target = Some(program.clone());
        Ok(Sample::place(&program))
    },
};

/// A process has another go than a new shell.
pub static PROCESS_GO_DIFFERS: Rule = Rule {
    id: "process-go-differs",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a running process finds another `go` than a new login shell does",
    what: "`doctor --pid N`: PATH and GOROOT that the process started with, against those of a new login shell.",
    why: "A process keeps the environment that it was started with: an editor, a terminal or a service that was not started anew since init files \
          were changed goes on with the old Go.",
    go: "Is found through the PATH of whoever starts it.",
    mend: "Start the process anew: log out and in, or restart the service.",
    source: "proc_pid_environ(5)",
    witness: |s| {
        let other = s.root().join("opt/old");
        s.make_installation(&other, "go1.21.13")?;
        let text = format!("PATH={}/bin:/usr/bin\0HOME={}\0", other.display(), s.home().display());
        let place = s.root().join("proc/77/environ");
        s.write(&place, text.as_bytes())?;
        s.pid = Some(77);
        Ok(Sample::place(&place))
    },
};

/// The program of a process was replaced.
pub static PROCESS_REPLACED: Rule = Rule {
    id: "process-program-replaced",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a running process runs a program that was replaced since",
    what: "`doctor --pid N`: whether the file that the process runs is still there.",
    why: "What was installed meanwhile does not take effect until the process is started anew.",
    go: "`go install` puts a new file in the place of the old one.",
    mend: "Start the process anew.",
    source: "proc_pid_exe(5)",
    witness: |s| {
        let place = s.root().join("proc/77/environ");
        let text = format!("PATH={}/bin:/usr/bin:/bin\0HOME={}\0", s.goroot().display(), s.home().display());
        s.write(&place, text.as_bytes())?;
        let exe = place.with_file_name("exe");
        crate::sys::symlink(std::path::Path::new("/usr/bin/hello (deleted)"), &exe)?;
        s.pid = Some(77);
        Ok(Sample::place(&exe))
    },
};

impl Judge<'_> {
    /// The binary that was asked about, if one was.
    pub(super) fn target(&self, sink: &mut Sink) {
        let Some(target) = &self.machine.target else { return };
        self.platform(target, sink);
        self.shadowed(target, sink);
        let go = self.machine.here.go().and_then(|g| g.program.version());
        let built = target.evidence.fact.go_version.as_str();
        if let Some(go) = go.filter(|go| !built.is_empty() && gover::compare(number(built), number(go)).is_gt()) {
            let message = format!("was built by {built}; the `go` of PATH is {go}");
            let finding = Finding::at(&NEWER_THAN_GO, RootKind::Environment, &target.path, "binary", message);
            sink.push(finding.claims(go, built));
        }
    }

    fn platform(&self, target: &Target, sink: &mut Sink) {
        let fact = &target.evidence.fact;
        let Some(settings) = self.machine.here.settings.as_deref() else { return };
        let host = (settings.text("GOHOSTOS"), settings.text("GOHOSTARCH"));
        let differs = |is: Option<&str>, host: &str| is.is_some_and(|is| !host.is_empty() && is != host);
        if !differs(fact.goos, &host.0) && !differs(fact.goarch, &host.1) {
            return;
        }
        let shown = format!("{}/{}", fact.goos.unwrap_or("?"), fact.goarch.unwrap_or("?"));
        let mut message = format!("`{}` is built for {shown}; this machine is {}/{}", path_text(&target.path).0, host.0, host.1);
        let set = ["GOOS", "GOARCH"].into_iter().find(|n| settings.get(n).is_some_and(|s| s.source != Source::Default));
        let mut finding = match set {
            Some(name) => {
                message.push_str(&format!("; `{name}` is set, so that every build is"));
                self.setting(&OTHER_PLATFORM, name, &self.machine.here, None, message)
            }
            None => Finding::at(&OTHER_PLATFORM, RootKind::Environment, &target.path, "binary", message),
        };
        finding = finding.claims(format!("{}/{}", host.0, host.1), shown);
        sink.push(finding);
    }

    fn shadowed(&self, target: &Target, sink: &mut Sink) {
        let Some(first) = target.copies.first().filter(|c| !c.same) else { return };
        // A program that no entry of PATH leads to may well have another of its name in PATH.
        let in_path = target.copies.iter().any(|c| c.same);
        let is_version = |m: &(String, String)| format!("{} {}", m.0, m.1);
        let other = first.module.as_ref().map(is_version).unwrap_or_else(|| "a program that tells no version".to_owned());
        let place = self.machine.here.path.get(first.entry).and_then(|e| e.at.as_ref());
        let message = format!(
            "is what the name starts ({other}), not `{}`: {} puts its folder {}",
            path_text(&target.path).0,
            said_at(place, "PATH"),
            if in_path { "first" } else { "into PATH, and not that of the other" },
        );
        let finding = Finding::at(&SHADOWED, RootKind::Environment, &first.path, "binary", message);
        let path = &self.machine.here.path;
        let own = target.copies.iter().find(|c| c.same).and_then(|c| path.get(c.entry));
        // Another program of that name is not ours to move.
        let of_module = target.evidence.fact.main.as_ref().map(|m| m.path.as_str());
        let is_copy = first.module.as_ref().is_some_and(|(module, _)| Some(module.as_str()) == of_module);
        let is_copy = is_copy && !in_system_folder(&self.machine.around.on_machine(&first.path)) && !is_managed(&first.path);
        let mend = self.put_before(own, path.get(first.entry)).or_else(|| aside(&first.path, "older").filter(|_| is_copy));
        sink.push(Finding { mend, ..finding });
    }

    /// The process that was asked about, if one was: `here` is its environment then.
    pub(super) fn process(&self, sink: &mut Sink) {
        let Some(process) = &self.machine.process else { return };
        let folder = self.machine.around.root.join("proc").join(process.pid.to_string());
        if process.replaced {
            let program = process.program.as_deref().map(|p| path_text(p).0).unwrap_or_default();
            let message = format!("process {} runs `{program}` as it was before it was removed or replaced", process.pid);
            sink.push(Finding::at(&PROCESS_REPLACED, RootKind::Environment, &folder.join("exe"), "process", message));
        }
        let Some(start) = self.machine.login_shell().and_then(|shell| self.login(shell)) else { return };
        let (Some(theirs), Some(own)) = (start.view.go(), self.machine.here.go()) else {
            return self.process_without_go(process, start, sink);
        };
        if theirs.program.real != own.program.real {
            let (a, b) = (path_text(&own.program.path).0, path_text(&theirs.program.path).0);
            let message =
                format!("process {}{} finds `{a}`; a new {} finds `{b}`", process.pid, of_unit(process), start.kind.as_str());
            let place = Place::Path(folder.join("environ"));
            let finding = Finding::new(&PROCESS_GO_DIFFERS, RootKind::Environment, place, "process", message).claims(b, a);
            sink.push(Finding { mend: restart(process), ..finding });
        }
    }

    fn process_without_go(&self, process: &Process, start: &Start, sink: &mut Sink) {
        let Some(theirs) = start.view.go().filter(|_| self.machine.here.has_no_go()) else { return };
        let b = path_text(&theirs.program.path).0;
        let message =
            format!("process {}{} finds no `go`; a new {} finds `{b}`", process.pid, of_unit(process), start.kind.as_str());
        let place = Place::Path(self.machine.around.root.join("proc").join(process.pid.to_string()).join("environ"));
        let finding = Finding::new(&PROCESS_GO_DIFFERS, RootKind::Environment, place, "process", message).claims(b, "no go");
        sink.push(Finding { mend: restart(process), ..finding });
    }

    /// A new login shell of the user, where it is known what it finds.
    fn login(&self, shell: crate::environment::Shell) -> Option<&Start> {
        use crate::environment::StartKind;
        let start = self.machine.start(StartKind::Shell(shell, true, true))?;
        (start.view.path_known || matches!(start.asked, Asked::Environment(_))).then_some(start)
    }
}

/// The unit that a process belongs to, for a message.
fn of_unit(process: &Process) -> String {
    let unit = process.belongs.user_unit.as_ref().or(process.belongs.unit.as_ref());
    unit.map(|u| format!(" of `{}`", String::from_utf8_lossy(u))).unwrap_or_default()
}

/// The command that starts a service anew; other processes have none.
fn restart(process: &Process) -> Option<Mend> {
    let unit =
        |raw: &Option<Vec<u8>>| raw.as_ref().map(|u| String::from_utf8_lossy(u).into_owned()).filter(|u| u.ends_with(".service"));
    let words = match (unit(&process.belongs.user_unit), unit(&process.belongs.unit)) {
        (Some(unit), _) => vec!["systemctl".to_owned(), "--user".to_owned(), "restart".to_owned(), unit],
        (None, Some(unit)) if !unit.starts_with("user@") => vec!["systemctl".to_owned(), "restart".to_owned(), unit],
        _ => return None,
    };
    Some(Mend::Command(words))
}

/// The version in `go1.26.8 X:nocoverageredesign`.
fn number(version: &str) -> &str {
    let first = version.split_whitespace().next().unwrap_or_default();
    first.strip_prefix("go").unwrap_or(first)
}
