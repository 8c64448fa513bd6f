//! The rule on process 1 of a container: what the image and whoever started it gave, against what this process has.

use super::go::path_line;
use super::tools::bare;
use super::{Judge, said_at};
use crate::environment::{Shell, View};
use crate::finding::{Finding, Place, RootKind, Sink, path_text};
use crate::locate::{Source, bytes_of};
use crate::rule::{Fix, Kind, Level, Rule};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&FIRST_DIFFERS];

/// Process 1 has another environment.
pub static FIRST_DIFFERS: Rule = Rule {
    id: "container-env-differs",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "process 1 of this container has another Go, or other settings of Go, than this process",
    what: "In a container: the `go` that PATH of process 1 leads to, and its variables of Go, against those of this process. A `go` that an init \
           file chose is a note, and so are variables; of those that an init file sets here nothing is told, nor of what this process alone has.",
    why: "An entry script exports a variable to the main program alone: a shell of `docker exec` begins with what the image and `docker run` set. \
          And a login shell reads `/etc/profile`, which may set PATH anew: what `ENV PATH` put there is gone.",
    go: "Takes what the process has that starts it.",
    mend: "Write the variable as `ENV` in the Dockerfile, or give it with `docker run -e`. What a login shell loses, put into its init file.",
    source: "proc_pid_environ(5); docs.docker.com/reference/dockerfile (ENV)",
    witness: |s| {
        s.write(&s.root().join(".dockerenv"), b"")?;
        let text = format!("PATH=/usr/bin:{}/bin\0GOFLAGS=-mod=vendor\0", s.goroot().display());
        s.write(&s.root().join("proc/1/environ"), text.as_bytes())?;
        s.write(&s.home().join(".bashrc"), b"export PATH=/usr/bin:/bin\n")?;
        s.env.insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
        Ok(crate::sample::Sample::place(&s.home().join(".bashrc")))
    },
};

impl Judge<'_> {
    /// Process 1 of the container against this process.
    pub(super) fn first_process(&self, sink: &mut Sink) {
        let machine = self.machine;
        let Some(first) = machine.first.as_ref().filter(|_| machine.user.is_us && machine.process.is_none()) else { return };
        if let Some(finding) = self.first_go(first) {
            sink.push(finding);
        }
        let (Some(theirs), Some(ours)) = (first.settings.as_deref(), machine.here.settings.as_deref()) else { return };
        for theirs in theirs.iter().filter(|s| s.source == Source::Env) {
            let Some(mine) = ours.get(theirs.name).filter(|m| m.value != theirs.value) else { continue };
            if self.line_here(theirs.name).is_some() {
                continue;
            }
            let show = |value: &std::ffi::OsStr| String::from_utf8_lossy(&bytes_of(value)).into_owned();
            let (a, b) = (show(&theirs.value), show(&mine.value));
            let here = if b.is_empty() { "nothing".to_owned() } else { format!("`{b}`") };
            let message = format!("process 1 of this container has {}=`{a}`, `go` has {here} here", theirs.name);
            let place = Place::Env(theirs.name.to_owned());
            let subject = format!("process 1 {}", theirs.name);
            let finding = Finding::new(&FIRST_DIFFERS, RootKind::Environment, place, subject, message);
            sink.push_bounded(finding.claims(a, b).lowered_to(Level::Note));
        }
    }

    fn first_go(&self, first: &View) -> Option<Finding> {
        let here = &self.machine.here;
        let theirs = first.go()?;
        let version = bare(theirs.program.version()?);
        let folder = path_text(theirs.program.path.parent()?).0;
        let Some(mine) = here.go() else {
            let at = here.path.iter().find_map(|e| e.at.as_ref()).filter(|_| here.has_no_go());
            if !here.has_no_go() {
                return None;
            }
            let message = match at {
                Some(_) => format!("sets PATH anew, without `go`: process 1 of this container finds {version} in `{folder}`"),
                None => format!("PATH has no `go`; process 1 of this container finds {version} in `{folder}`"),
            };
            let finding = self.about(&FIRST_DIFFERS, at, "PATH", "process 1 PATH", message).claims(version, "none");
            let shell = self.machine.login_shell().unwrap_or(Shell::Sh);
            return Some(finding.mend(self.append_for_all(shell, &path_line(shell, &folder))));
        };
        let other = bare(mine.program.version()?);
        if other == version {
            return None;
        }
        let at = here.entry(mine).and_then(|e| e.at.as_ref());
        let place = path_text(&mine.program.path).0;
        let message = format!(
            "`go` is {other} from `{place}` ({}); process 1 of this container has {version} from `{folder}`",
            said_at(at, "PATH")
        );
        let finding = self.about(&FIRST_DIFFERS, at, "PATH", "process 1 PATH", message).claims(version, other);
        Some(if at.is_some() { finding.lowered_to(Level::Note) } else { finding })
    }
}
