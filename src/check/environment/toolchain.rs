//! Rules on the toolchain that GOTOOLCHAIN, go.work and go.mod choose in the current folder.

use super::{Judge, said_at};
use crate::environment::project::{Origin, Project};
use crate::finding::{Finding, Mend, Place, RootKind, Sink, path_text};
use crate::format::gover::Line;
use crate::locate::Source;
use crate::locate::select::{By, Choice};
use crate::place::in_system_folder;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&SWITCHES, &UNAVAILABLE, &FROM_PATH];

const SOURCE: &str = "cmd/go/internal/toolchain/select.go (Select, Exec), https://go.dev/doc/toolchain";

/// Another toolchain runs than the one that is installed.
pub static SWITCHES: Rule = Rule {
    id: "toolchain-switches",
    level: Level::Note,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "in this folder another Go runs than the `go` that PATH leads to",
    what: "GOTOOLCHAIN, and the `go` and `toolchain` lines of the go.work or go.mod of the current folder, as Go reads them: which toolchain \
           they choose, and whether it lies in PATH, in the module cache, or is to be fetched.",
    why: "`go version` shows another version here than elsewhere; the first command may fetch some 70 megabytes.",
    go: "Starts the other one before it does anything else.",
    mend: "Nothing, where it is meant; `GOTOOLCHAIN=local` keeps to the one that is installed.",
    source: SOURCE,
    witness: |s| {
        s.env.insert("GOTOOLCHAIN".to_owned(), "auto".to_owned());
        project(s, "1.99.1")
    },
};

/// What the folder needs can't run.
pub static UNAVAILABLE: Rule = Rule {
    id: "toolchain-unavailable",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the Go that go.mod or go.work of this folder needs can't run here",
    what: "The same choice: the file needs a newer Go than what GOTOOLCHAIN allows (`local`, a fixed version, `path` without such a program \
           in PATH), or it would have to be fetched with GOPROXY=off.",
    why: "Every go command that reads the module stops. Packages of Debian, Fedora and others ship GOTOOLCHAIN=local.",
    go: "Stops with the words of the finding.",
    mend: "Install that version, or allow it: `go env -w GOTOOLCHAIN=auto`.",
    source: SOURCE,
    witness: |s| project(s, "1.99.1"),
};

/// The toolchain is a program that lies in PATH.
pub static FROM_PATH: Rule = Rule {
    id: "toolchain-from-path",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the toolchain of this folder is a program in PATH, outside the folders of the system and of Go",
    what: "Where the same choice takes a program called after the version (`go1.27.1`) from PATH: whether it lies in a folder of the system, \
           of GOPATH or GOBIN, where `go install golang.org/dl/...` puts it, or elsewhere.",
    why: "PATH comes before the module cache, and the checksum database vouches for what is fetched alone: whoever puts such a file into \
          PATH is every go command of that version.",
    go: "Starts it by its name.",
    mend: "Remove the program, or install it with `go install golang.org/dl/goVERSION@latest`.",
    source: SOURCE,
    witness: |s| {
        let program = s.root().join("tools/go1.99.1");
        s.put_tool(&program, "go1.99.1")?;
        super::path::prepend(s, "tools");
        s.env.insert("GOTOOLCHAIN".to_owned(), "path".to_owned());
        project(s, "1.99.1")?;
        Ok(Sample::place(&program))
    },
};

/// A witness: a go.mod in the folder that the sample's user is in.
fn project(s: &Sample, go: &str) -> std::io::Result<Place> {
    let file = s.home().join("go.mod");
    s.write(&file, format!("module example.com/x\n\ngo {go}\n").as_bytes())?;
    Ok(Sample::place(&file))
}

impl Judge<'_> {
    /// The toolchain of the current folder.
    pub(super) fn toolchain(&self, sink: &mut Sink) {
        let Some(project) = &self.machine.around.project else { return };
        let refused =
            |name: &str| self.machine.here.settings.as_ref().and_then(|s| s.refusal.as_ref()).is_some_and(|r| r.name == name);
        let stops = match (&project.choice, &project.origin) {
            (Choice::Refused(why), _) if !refused("GOTOOLCHAIN") => Some(why),
            (_, Some(Origin::Nowhere(why))) => Some(why),
            _ => project.too_new.as_ref(),
        };
        if let Some(why) = stops {
            sink.push(self.unavailable(project, why));
            return;
        }
        let (Choice::Switch { name, by, .. }, Some(origin)) = (&project.choice, &project.origin) else { return };
        let from = match origin {
            Origin::Path { program, .. } => format!("`{}`, from PATH", path_text(program).0),
            Origin::ModuleCache(dir) => format!("that of the module cache, `{}`", path_text(dir).0),
            Origin::Download | Origin::Nowhere(_) => "which has to be fetched first".to_owned(),
        };
        let message = format!("{} not {} but {name} run here, {from}", self.asks(project, *by), project.local);
        let finding = self.at_line(&SWITCHES, project, *by, message).claims(project.local.clone(), name.clone());
        sink.push(finding);
        if let Origin::Path { entry, program } = origin {
            let folder = program.parent().unwrap_or(program);
            let known = self.is_go_bin(&self.machine.here, folder) || in_system_folder(&self.machine.around.on_machine(program));
            if !known {
                let at = self.machine.here.path.get(*entry).and_then(|e| e.at.as_ref());
                let by = said_at(at, "PATH");
                let message = format!("is what Go starts here as {name}: `{by}` puts its folder into PATH");
                sink.push(Finding::at(&FROM_PATH, RootKind::Environment, program, name.clone(), message).claimed_by(by));
            }
        }
    }

    fn asks(&self, project: &Project, by: By) -> String {
        let value = |line: &Option<Line>| line.as_ref().map(|l| l.value.clone()).unwrap_or_default();
        match by {
            By::Setting => format!("GOTOOLCHAIN={} makes", project.gotoolchain),
            By::GoLine => format!("`go {}` makes", value(&project.go_line)),
            By::ToolchainLine => format!("`toolchain {}` makes", value(&project.toolchain_line)),
        }
    }

    /// A finding at the line that asks.
    fn at_line(&self, rule: &'static Rule, project: &Project, by: By, message: String) -> Finding {
        let line = match by {
            By::Setting => None,
            By::GoLine => project.go_line.as_ref(),
            By::ToolchainLine => project.toolchain_line.as_ref(),
        };
        match (&project.file, line) {
            (Some(file), Some(line)) => {
                Finding::at(rule, RootKind::Environment, file, "go.mod", message).line(u64::from(line.line))
            }
            _ => {
                let finding = self.setting(rule, "GOTOOLCHAIN", &self.machine.here, None, message);
                Finding { mend: None, ..finding }
            }
        }
    }

    fn unavailable(&self, project: &Project, why: &str) -> Finding {
        let by = match &project.choice {
            Choice::Switch { by, .. } if project.too_new.is_none() => *by,
            Choice::Refused(_) => By::ToolchainLine,
            _ => By::GoLine,
        };
        let message = format!("go stops here: `go: {why}`");
        let wanted = match &project.choice {
            Choice::Switch { name, .. } if project.too_new.is_none() => name.clone(),
            _ => project.go_line.as_ref().map(|l| format!("go{}", l.value)).unwrap_or_default(),
        };
        let finding = self.at_line(&UNAVAILABLE, project, by, message).claims(wanted, project.local.clone());
        let source = self.machine.here.settings.as_ref().and_then(|s| s.get("GOTOOLCHAIN")).map(|s| s.source);
        let allow = matches!(source, Some(Source::Goenv | Source::GoEnv)) && !matches!(project.choice, Choice::Refused(_));
        match allow {
            true => finding.mend(Mend::Command(["go", "env", "-w", "GOTOOLCHAIN=auto"].map(str::to_owned).to_vec())),
            false => finding,
        }
    }
}
