//! Rules on programs that Go starts by name, and on Go's own tools beside `go`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::path::{closed, prepend};
use super::{Judge, said_at};
use crate::environment::{Found, PathEntry, ProgramKind, View};
use crate::evidence::node::Changer;
use crate::finding::{Finding, Mend, Sink, path_text};
use crate::format::gover;
use crate::format::shell::At;
use crate::place::in_system_folder;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&SHADOWS_SYSTEM, &WRITABLE, &NAMED_AS_GOS, &GO_SCRIPT, &GOFMT_OF_ANOTHER, &GOPLS_OLDER];

const SOURCE: &str =
    "cmd/go/internal/work/exec.go, cmd/go/internal/vcs/vcs.go, cmd/cgo (all start programs by name); os/exec (LookPath)";

/// A program stands before the system's.
pub static SHADOWS_SYSTEM: Rule = Rule {
    id: "tool-shadows-system",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a program that Go starts by name stands before the system's own in PATH",
    what: "git, hg, svn, C compilers, `ld`, `as`, `ar`, `pkg-config` and the like: whether the first in PATH lies outside the folders of the \
           system and its package managers, with one of the system's after it. Those of conda, asdf, mise, pyenv and their kin are a note.",
    why: "It gets all that Go hands to the real one (sources, credentials of git) and decides what is linked: a fake one is the simplest way \
          to be inside every build.",
    go: "Starts the first that PATH has, and hands PATH on to `go generate`, `go run` and cgo.",
    mend: "Remove the program, or put its folder behind those of the system.",
    source: SOURCE,
    witness: |s| {
        let fake = s.root().join("tools/git");
        s.put_tool(&s.root().join("usr/bin/git"), "go1.26.8")?;
        s.put_tool(&fake, "go1.26.8")?;
        prepend(s, "usr/bin");
        prepend(s, "tools");
        Ok(Sample::place(&fake))
    },
};

/// Others may change a program that Go starts.
pub static WRITABLE: Rule = Rule {
    id: "tool-writable",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "others may change a program that Go starts by name",
    what: "Owner, mode and access list of the first git, C compiler and so on of PATH, and of every folder and link on the way to it.",
    why: "Whoever may change it runs code with your rights at your next build.",
    go: "Starts it, and looks at no mode.",
    mend: "`chmod go-w` what the finding names.",
    source: SOURCE,
    witness: |s| {
        let tool = s.root().join("usr/bin/gcc");
        s.put_tool(&tool, "go1.26.8")?;
        sys::set_mode(&tool, 0o777)?;
        prepend(s, "usr/bin");
        Ok(Sample::place(&tool))
    },
};

/// A program that is called like a tool of Go.
pub static NAMED_AS_GOS: Rule = Rule {
    id: "tool-named-as-gos",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH has a program that is called like a tool inside Go",
    what: "`asm`, `compile`, `link` and `cgo` in PATH outside the folders of the system and of every Go installation.",
    why: "Go takes its own from `pkg/tool`; one in PATH is run by scripts and by people who mean Go's, and nothing ordinary is called so.",
    go: "Does not look for these in PATH.",
    mend: "Remove it, or call it otherwise.",
    source: "cmd/go/internal/base/tool.go (Tool)",
    witness: |s| {
        let fake = s.root().join("tools/asm");
        s.put_tool(&fake, "go1.26.8")?;
        prepend(s, "tools");
        Ok(Sample::place(&fake))
    },
};

/// A script called `go`.
pub static GO_SCRIPT: Rule = Rule {
    id: "go-is-script",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the first `go` in PATH is a script outside the system's folders, with a real one behind it",
    what: "Whether the `go` that runs here is a script with a real `go` after it in PATH. The shims of version managers are in order.",
    why: "What it starts, and with which variables, is written in it alone; it is also how a fake `go` looks.",
    go: "Is started by it, or not.",
    mend: "Read the script; remove it, or put its folder behind the real one.",
    source: "os/exec (LookPath)",
    witness: |s| {
        let script = s.root().join("tools/go");
        s.write(&script, b"#!/bin/sh\nexec /usr/local/go/bin/go \"$@\"\n")?;
        sys::set_mode(&script, 0o755)?;
        prepend(s, "tools");
        Ok(Sample::place(&script))
    },
};

/// A `gofmt` of another Go.
pub static GOFMT_OF_ANOTHER: Rule = Rule {
    id: "gofmt-of-another-go",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the first `gofmt` in PATH is of another Go than the first `go`",
    what: "The version that `gofmt` was built as, against that of `go`. Where a shadowed `go` lies beside it that is told instead.",
    why: "It formats by the rules of its own release and refuses newer syntax: your editor, a hook and CI disagree about the same file.",
    go: "`go fmt` takes the one of GOBIN, else that of its own installation, never one of PATH.",
    mend: "Take the other one away, or put the folder of `go` first.",
    source: "cmd/go/internal/fmtcmd/fmt.go (gofmtPath)",
    witness: |s| {
        let other = s.root().join("tools/gofmt");
        s.put_tool(&other, "go1.20.1")?;
        prepend(s, "tools");
        Ok(Sample::place(&other))
    },
};

/// A `gopls` that knows less than `go`.
pub static GOPLS_OLDER: Rule = Rule {
    id: "gopls-older-than-go",
    level: Level::Note,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the first `gopls` in PATH was built with an older Go than the one that runs",
    what: "The release line (1.26) that `gopls` was built with, against that of `go`.",
    why: "It type-checks with the language of its own release: the editor shows errors where `go build` has none.",
    go: "Knows nothing of it.",
    mend: "`go install golang.org/x/tools/gopls@latest`.",
    source: "golang.org/x/tools/gopls (version check at start)",
    witness: |s| {
        let other = s.root().join("tools/gopls");
        s.put_tool(&other, "go1.20.1")?;
        prepend(s, "tools");
        Ok(Sample::place(&other))
    },
};

/// Names that no ordinary program has but Go's own tools.
const GOS_OWN: &[&str] = &["asm", "compile", "link", "cgo"];
/// Tools that belong to a `go`, or are started by people alone.
const NOT_STARTED: &[&str] = &["gofmt", "gopls", "dlv", "vet", "buildid", "pack", "nm", "objdump"];
/// Parts of paths of version managers and the like, which people put before the system on purpose.
const MANAGERS: &[&str] = &[
    "shims",
    "mise",
    ".asdf",
    ".pyenv",
    ".rbenv",
    "conda",
    ".conda",
    "miniconda3",
    "anaconda3",
    "miniforge3",
    "mambaforge",
    "micromamba",
    ".pixi",
    ".nix-profile",
    ".guix-profile",
    ".devbox",
    ".rustup",
    ".cargo",
    ".goenv",
    ".gvm",
    ".ccache",
    "ccache",
    ".linuxbrew",
    ".sdkman",
    ".espressif",
    ".swiftly",
    ".ghcup",
    ".opam",
    "emsdk",
    "google-cloud-sdk",
];

/// Programs of one folder that stand before the system's.
struct Fakes<'v> {
    entry: &'v PathEntry,
    names: Vec<&'static str>,
    first: &'v Found,
    real: &'v Found,
}

impl Judge<'_> {
    /// Programs beside `go`.
    pub(super) fn tools(&self, sink: &mut Sink) {
        let mut told: BTreeMap<(&'static str, PathBuf), ()> = BTreeMap::new();
        for view in self.views() {
            let mut fakes: BTreeMap<usize, Fakes<'_>> = BTreeMap::new();
            for (name, found) in &view.tools {
                let Some(first) = found.first().filter(|f| certain(view, f)) else { continue };
                if !NOT_STARTED.contains(name) {
                    self.tool_writers(name, first, sink);
                }
                if NOT_STARTED.contains(name) || self.of_system(first) {
                    continue;
                }
                if let Some(real) = found.iter().skip(1).find(|f| self.of_system(f) && f.program.real != first.program.real)
                    && let Some(entry) = view.entry(first)
                {
                    let fake = Fakes { entry, names: Vec::new(), first, real };
                    fakes.entry(first.entry).or_insert(fake).names.push(name);
                } else if GOS_OWN.contains(name) && !self.of_installation(first) {
                    let path = &first.program.path;
                    if told.insert((NAMED_AS_GOS.id, path.clone()), ()).is_none() {
                        let entry = view.entry(first);
                        let at = entry.and_then(|e| e.at.as_ref());
                        let message =
                            format!("is called like Go's own `{name}`, and `{}` puts it into PATH", said_at(at, "PATH"));
                        let mend = entry.zip(at).and_then(|(entry, at)| self.entry_removed(entry, at));
                        let finding = self.program(&NAMED_AS_GOS, path, (*name).to_owned(), message, at);
                        sink.push_bounded(Finding { mend, ..finding });
                    }
                }
            }
            for fake in fakes.into_values() {
                if told.insert((SHADOWS_SYSTEM.id, fake.first.program.path.clone()), ()).is_none() {
                    sink.push_bounded(self.shadows(&fake));
                }
            }
            for (rule, finding) in [self.go_script(view), self.gofmt(view), self.gopls(view)].into_iter().flatten() {
                if let crate::finding::Place::Path(path) = &finding.place
                    && told.insert((rule, path.clone()), ()).is_none()
                {
                    sink.push_bounded(finding);
                }
            }
        }
    }

    /// A finding about a program, with the change of the line that puts its folder into PATH.
    fn program(&self, rule: &'static Rule, path: &Path, subject: String, message: String, at: Option<&At>) -> Finding {
        Finding::at(rule, crate::finding::RootKind::Environment, path, subject, message).claimed_by(said_at(at, "PATH"))
    }

    fn shadows(&self, fake: &Fakes<'_>) -> Finding {
        let path = &fake.first.program.path;
        let real = path_text(&fake.real.program.path).0;
        let names = fake.names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        let at = fake.entry.at.as_ref();
        let message = format!("stands before `{real}`: `{}` puts the folder of {names} before the system's", said_at(at, "PATH"));
        let finding = self
            .program(&SHADOWS_SYSTEM, path, fake.names.join(" "), message, at)
            .claims(real, path_text(path).0)
            .mend(Mend::Command(vec!["rm".to_owned(), path_text(path).0]));
        let mut finding = match at.and_then(|at| self.entry_removed(fake.entry, at)) {
            Some(mend) => finding.mend(mend),
            None => finding,
        };
        finding.more = u64::try_from(fake.names.len()).unwrap_or(1).saturating_sub(1);
        if is_managed(path) { finding.lowered_to(Level::Note) } else { finding }
    }

    /// Who may change the first program of a name, or a folder on the way that is not told yet.
    fn tool_writers(&self, name: &str, first: &Found, sink: &mut Sink) {
        for step in &first.program.steps {
            let Some(changer) = self.changer(step).filter(|c| *c != Changer::Adder) else { continue };
            if !self.seen_open.borrow_mut().insert(step.path.clone()) {
                continue;
            }
            let shown = path_text(&first.program.path).0;
            let who = changer.who();
            let message = if step.path == first.program.path {
                format!("{who} may change this program, which Go starts as `{name}`")
            } else {
                format!("{who} may change what `{shown}` is, which Go starts as `{name}`")
            };
            let finding = self.node(&WRITABLE, step, format!("{name} {}", self.short(&step.path)), message);
            let finding = finding.claims("writable by you or root alone", step.stat.mode_string());
            let finding = Finding { mend: closed(step, changer), ..finding };
            sink.push_bounded(if matches!(changer, Changer::Group(_)) { finding.lowered_to(Level::Warning) } else { finding });
        }
    }

    /// Whether a program lies where systems put theirs.
    fn of_system(&self, found: &Found) -> bool {
        let own = |path: &Path| in_system_folder(&self.machine.around.on_machine(path));
        own(&found.program.path) || found.program.real.as_deref().is_some_and(own)
    }

    /// Whether a program is a tool of an installation.
    fn of_installation(&self, found: &Found) -> bool {
        let path = found.program.real.as_deref().unwrap_or(&found.program.path);
        self.machine.installations.iter().chain(&self.machine.around.usual).any(|i| path.starts_with(&i.root))
            || path.parent().and_then(Path::parent).is_some_and(|p| p.ends_with("pkg/tool"))
    }

    fn go_script(&self, view: &View) -> Option<(&'static str, Finding)> {
        let first = view.go().filter(|f| f.program.kind == ProgramKind::Script)?;
        let real = view.gos.iter().find(|f| matches!(f.program.kind, ProgramKind::Go { .. }))?;
        let path = &first.program.path;
        if self.of_system(first) || is_managed(path) {
            return None;
        }
        let at = view.entry(first).and_then(|e| e.at.as_ref());
        let message = format!(
            "is a script, and stands before `{}`: `{}` puts it first",
            path_text(&real.program.path).0,
            said_at(at, "PATH")
        );
        let mend = self.put_before(view.entry(real), view.entry(first)).or_else(|| aside(path, "script"));
        Some((GO_SCRIPT.id, Finding { mend, ..self.program(&GO_SCRIPT, path, "go".to_owned(), message, at) }))
    }

    /// A `gofmt` whose version is not that of `go`.
    fn gofmt(&self, view: &View) -> Option<(&'static str, Finding)> {
        let (go, first) = (view.go()?, view.tools.get("gofmt")?.first()?);
        let (version, built) = (go.program.version()?, first.program.built_with.as_deref()?);
        // The folder of another `go`: that it is shadowed is the cause, and told.
        if first.entry == go.entry || view.gos.iter().any(|g| g.entry == first.entry) || bare(version) == bare(built) {
            return None;
        }
        let path = &first.program.path;
        let at = view.entry(first).and_then(|e| e.at.as_ref());
        let message = format!("is of {}, but `go` is {}", bare(built), bare(version));
        let finding = self.program(&GOFMT_OF_ANOTHER, path, "gofmt".to_owned(), message, at).claims(bare(version), bare(built));
        let is_own = !self.of_system(first) && !is_managed(path);
        let moved = || aside(path, bare(built)).filter(|_| is_own);
        let mend = self.put_before(view.entry(go), view.entry(first)).or_else(moved);
        Some((GOFMT_OF_ANOTHER.id, Finding { mend, ..finding }))
    }

    /// A `gopls` of an older release line than that of `go`.
    fn gopls(&self, view: &View) -> Option<(&'static str, Finding)> {
        let (go, first) = (view.go()?, view.tools.get("gopls")?.first()?);
        let line = |v: &str| Some(gover::lang(bare(v).strip_prefix("go")?).to_owned());
        let (version, built) = (line(go.program.version()?)?, line(first.program.built_with.as_deref()?)?);
        if gover::compare(&built, &version) != std::cmp::Ordering::Less {
            return None;
        }
        let at = view.entry(first).and_then(|e| e.at.as_ref());
        let message = format!("was built with go{built}, but `go` is {version}: it does not know what is new since");
        let update = ["go", "install", "golang.org/x/tools/gopls@latest"].map(str::to_owned).to_vec();
        let finding = self.program(&GOPLS_OLDER, &first.program.path, "gopls".to_owned(), message, at);
        Some((GOPLS_OLDER.id, finding.claims(version, built).mend(Mend::Command(update))))
    }
}

/// The command that gives a program another name in its folder, over nothing that is there: `mv` back undoes it.
pub(super) fn aside(path: &Path, suffix: &str) -> Option<Mend> {
    let (text, escaped) = path_text(path);
    let to = format!("{text}.{suffix}");
    (!escaped).then(|| Mend::Command(["mv", "-n", &text, &to].map(str::to_owned).to_vec()))
}

/// Whether no entry before it is unknown.
pub(super) fn certain(view: &View, found: &Found) -> bool {
    view.path.iter().take(found.entry).all(|e| e.state != crate::environment::EntryState::Unknown)
}

/// Whether a path is one of a version manager's.
pub(super) fn is_managed(path: &Path) -> bool {
    path.components().any(|c| MANAGERS.iter().any(|m| c.as_os_str() == *m))
}

/// A version without what stands behind it (`go1.26.8 X:nodwarf5`).
pub(super) fn bare(version: &str) -> &str {
    version.split_whitespace().next().unwrap_or_default()
}
