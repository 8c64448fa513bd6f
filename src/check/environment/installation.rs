//! Rules on GOROOT and on the Go installations that PATH leads to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::path::{closed, ends_in_link};
use super::tools::bare;
use super::{Judge, said_at};
use crate::environment::{DeadLink, EntryState, Found, Installation, NamedGoroot, PathEntry, Start, View};
use crate::evidence::node::Changer;
use crate::finding::{Finding, Mend, Place, RootKind, Sink, path_text};
use crate::format::machine::Env;
use crate::format::shell::{At, Value};
use crate::locate::{Source, bytes_of};
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys::{self, NodeKind};

/// The rules of this file.
pub const RULES: &[&Rule] = &[
    &GOROOT_MISSING,
    &GOROOT_OF_ANOTHER,
    &GOROOT_NESTED,
    &GOROOT_MIXED,
    &GOROOT_WRITABLE,
    &GOROOT_FOREIGN_OWNER,
    &GOPATH_IS_GOROOT,
    &LINK_MIXED,
    &LINK_BROKEN,
];

const SOURCE: &str = "cmd/go/internal/cfg/cfg.go (findGOROOT), https://go.dev/doc/install";

/// GOROOT leads nowhere.
pub static GOROOT_MISSING: Rule = Rule {
    id: "goroot-missing",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOROOT names a folder that is not there, or is no Go installation",
    what: "GOROOT of the environment, of every way of starting a shell, and of the GOENV file: whether it is a folder with `pkg/tool`.",
    why: "No go command works with it; the usual cause is a line that outlived the installation which it named.",
    go: "Stops: `go: cannot find GOROOT directory`, or does not find its compiler.",
    mend: "Unset GOROOT: `go` finds its own installation without it.",
    source: SOURCE,
    witness: |s| {
        s.env.insert("GOROOT".to_owned(), s.root().join("opt/go1.20").to_string_lossy().into_owned());
        Ok(Place::Env("GOROOT".to_owned()))
    },
};

/// GOROOT is not that of the `go` that runs.
pub static GOROOT_OF_ANOTHER: Rule = Rule {
    id: "goroot-of-another-go",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOROOT names another installation than that of the `go` that runs",
    what: "GOROOT of the environment, of every way of starting a shell, and of the GOENV file, against the installation of the first `go` in \
           PATH, links resolved. Where both are of the same version it is a note.",
    why: "`go version` shows the one, and the compiler, the linker and the standard library are those of the other: builds stop, or use what \
          nobody meant.",
    go: "Believes GOROOT; the compiler then stops: `version \"go1.20\" does not match go tool version \"go1.26\"`.",
    mend: "Unset GOROOT: `go` finds its own installation without it.",
    source: SOURCE,
    witness: |s| {
        let other = s.root().join("opt/go1.20");
        s.make_installation(&other, "go1.20.1")?;
        s.env.insert("GOROOT".to_owned(), other.to_string_lossy().into_owned());
        Ok(Place::Env("GOROOT".to_owned()))
    },
};

/// An installation inside another.
pub static GOROOT_NESTED: Rule = Rule {
    id: "goroot-nested",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a whole Go installation lies inside another one",
    what: "A folder `go` with `bin/go` and VERSION inside an installation that PATH, GOROOT or a usual place leads to.",
    why: "An archive that was unpacked into the old installation (`tar -C /usr/local/go`) has replaced nothing: the old `go` still runs.",
    go: "Knows nothing of it.",
    mend: "Remove the outer installation and unpack the archive into the folder above it.",
    source: SOURCE,
    witness: |s| {
        let inner = s.goroot().join("go");
        s.make_installation(&inner, "go1.27.3")?;
        Ok(Sample::place(&inner))
    },
};

/// Parts of two releases in one folder.
pub static GOROOT_MIXED: Rule = Rule {
    id: "goroot-mixed",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a Go installation holds parts of two releases",
    what: "The first line of VERSION, and the versions that `bin/go` and `pkg/tool/*/compile` were built as.",
    why: "A release that was unpacked over another leaves files of both: the compiler refuses to work, or the standard library has files \
          twice. Who changed one program alone looks the same.",
    go: "Stops: `compile: version \"go1.20\" does not match go tool version \"go1.26\"`.",
    mend: "Remove the whole folder and unpack one release into its place.",
    source: "cmd/go/internal/work/buildid.go (toolID), cmd/compile -V=full",
    witness: |s| {
        let compile = s.goroot().join("pkg/tool/linux_amd64/compile");
        s.put_tool(&compile, "go1.20.1")?;
        Ok(Sample::place(&s.goroot()))
    },
};

/// Others may change an installation.
pub static GOROOT_WRITABLE: Rule = Rule {
    id: "goroot-writable",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "others may change the Go installation that runs here",
    what: "Mode and access list of `bin/go`, the compiler, and every folder and link on the way to them. Writable by a group that others are \
           in: `warning`.",
    why: "Whoever may write there is in every program that you build.",
    go: "Looks at no mode.",
    mend: "`chmod -R go-w` the installation.",
    source: SOURCE,
    witness: |s| {
        let tools = s.goroot().join("pkg/tool/linux_amd64");
        sys::set_mode(&tools, 0o777)?;
        Ok(Sample::place(&tools))
    },
};

/// An installation belongs to somebody else.
pub static GOROOT_FOREIGN_OWNER: Rule = Rule {
    id: "goroot-foreign-owner",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "the Go installation that runs here belongs to somebody else",
    what: "Owner of `bin/go`, the compiler, and every folder and link on the way to them: you and root are in order.",
    why: "The owner may change them at any time, and with them every program that you build.",
    go: "Looks at no owner.",
    mend: "`chown -R` the installation, or install your own.",
    source: SOURCE,
    witness: |s| {
        let tools = s.goroot().join("pkg/tool/linux_amd64");
        sys::set_owner(&tools, 4_000_001, 4_000_001)?;
        Ok(Sample::place(&tools))
    },
};

/// GOPATH and GOROOT are one.
pub static GOPATH_IS_GOROOT: Rule = Rule {
    id: "gopath-is-goroot",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOPATH is the Go installation, or lies inside it",
    what: "Every entry of GOPATH against GOROOT. An installation in `~/go`, which is GOPATH's default, counts.",
    why: "Go leaves such an entry out: without another one there is no module cache and no place for `go install`.",
    go: "Warns (`GOPATH set to GOROOT has no effect`); of the default `~/go` it says nothing and has no GOPATH.",
    mend: "Set GOPATH to a folder of its own, or move the installation.",
    source: "cmd/go/main.go (main), go/build/build.go (defaultGOPATH)",
    witness: |s| {
        s.env.insert("GOPATH".to_owned(), s.goroot().to_string_lossy().into_owned());
        Ok(Place::Env("GOPATH".to_owned()))
    },
};

/// Links lead to two versions.
pub static LINK_MIXED: Rule = Rule {
    id: "go-link-mixed",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "`go` in one installation is a link into another one",
    what: "The first `go` in PATH: the installation whose `bin` it lies in, against the one that the program itself belongs to, all links \
           followed, where their versions differ.",
    why: "Whoever looks at the folder sees one version, and another runs: a link was changed and its neighbour was not.",
    go: "Takes the installation of the program with all links followed.",
    mend: "Remove the link, or let both lead to one installation.",
    source: SOURCE,
    witness: |s| {
        let other = s.root().join("opt/go1.20");
        s.make_installation(&other, "go1.20.1")?;
        let link = s.goroot().join("bin/go");
        sys::remove_made(&link)?;
        sys::symlink(&other.join("bin/go"), &link)?;
        s.put_tool(&s.goroot().join("bin/gofmt"), "go1.20.1")?;
        Ok(Sample::place(&link))
    },
};

/// A link to `go` that leads nowhere.
pub static LINK_BROKEN: Rule = Rule {
    id: "go-link-broken",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a link in PATH that should lead to Go leads nowhere, or back to itself",
    what: "`go` in every folder of PATH, and every entry of PATH that passes a link and does not exist. Where another entry finds a `go` it is \
           a warning.",
    why: "The installation behind it is gone: another `go` runs, or none.",
    go: "Is not found there; the shell goes on to the next entry.",
    mend: "Let the link lead to the installation, or remove it.",
    source: SOURCE,
    witness: |s| {
        let bin = s.root().join("tools");
        sys::create_dir_all(&bin)?;
        sys::symlink(Path::new("../opt/go1.20/bin/go"), &bin.join("go"))?;
        s.env.insert("PATH".to_owned(), bin.to_string_lossy().into_owned());
        Ok(Sample::place(&bin.join("go")))
    },
};

impl<'a> Judge<'a> {
    /// GOROOT here and in every start, and every installation that any of them leads to.
    pub(super) fn installations(&self, sink: &mut Sink) {
        let mut told = BTreeSet::new();
        self.goroot_of(&self.machine.here, None, &mut told, sink);
        for start in &self.machine.starts {
            self.goroot_of(&start.view, Some(start), &mut told, sink);
        }
        let mut links: BTreeSet<PathBuf> = BTreeSet::new();
        for view in self.views() {
            self.links(view, &mut links, sink);
        }
        let mut seen: BTreeSet<&Path> = BTreeSet::new();
        let all =
            self.machine.installations.iter().map(|i| (i, true)).chain(self.machine.around.usual.iter().map(|i| (i, false)));
        for (installation, runs) in all.filter(|(i, _)| i.go.is_some() || i.version.is_some()) {
            if seen.insert(&installation.root) {
                self.installation(installation, runs, sink);
            }
        }
    }

    /// GOROOT and GOPATH as one environment has them.
    fn goroot_of(
        &self,
        view: &View,
        start: Option<&Start>,
        told: &mut BTreeSet<(&'static str, Place, Option<u64>)>,
        sink: &mut Sink,
    ) {
        let found = view.goroot.as_ref().and_then(|named| self.goroot(view, named)).or_else(|| self.gopath(view));
        let Some((rule, variable, message, claims, level)) = found else { return };
        let finding = self.setting(rule, variable, view, start, message).claims(claims.0, claims.1).lowered_to(level);
        if told.insert((rule.id, finding.place.clone(), finding.proof.line)) {
            // Go's refusal says no more than this.
            sink.retain(|f| !(f.rule.id == "go-refuses-environment" && f.subject == variable && rule == &GOROOT_MISSING));
            sink.push(finding);
        }
    }

    /// What is wrong with a GOROOT that is set.
    fn goroot(&self, view: &View, named: &NamedGoroot) -> Option<Told> {
        let shown = path_text(&named.path).0;
        let works = named.installation.as_ref().is_some_and(|i| i.has_tools);
        if !works {
            let why = if named.real.is_none() { "where nothing is" } else { "which is no Go installation" };
            let message = format!("sets GOROOT to `{shown}`, {why}: no go command works with it");
            return Some((&GOROOT_MISSING, "GOROOT", message, ("a Go installation".to_owned(), shown), Level::Error));
        }
        let go = view.go()?;
        let own = go.program.goroot()?;
        let real = named.real.as_deref()?;
        if own == real {
            return None;
        }
        let theirs = named.installation.as_ref().and_then(|i| i.go.as_deref().or(i.version.as_deref()));
        let (own_text, version) = (path_text(own).0, go.program.version());
        let of = |v: Option<&str>| v.map_or_else(String::new, |v| format!(" ({})", bare(v)));
        let message = format!(
            "sets GOROOT to `{shown}`{}, but the `go` that runs is that of `{own_text}`{}: its tools do not fit",
            of(theirs),
            of(version)
        );
        let same = theirs.map(bare) == version.map(bare) && version.is_some();
        Some((&GOROOT_OF_ANOTHER, "GOROOT", message, (own_text, shown), if same { Level::Note } else { Level::Error }))
    }

    /// A GOPATH that Go leaves out.
    fn gopath(&self, view: &View) -> Option<Told> {
        let settings = view.settings.as_deref()?;
        let root = settings.path("GOROOT")?;
        let set = settings.get("GOPATH").is_some_and(|s| s.source != Source::Default);
        let inside = settings.gopath.iter().find(|p| p.starts_with(root));
        let default = self.machine.user.home.join("go");
        let message = match inside {
            Some(path) if set => {
                format!("sets GOPATH to `{}`, in the Go installation `{}`", path_text(path).0, path_text(root).0)
            }
            None if !set && settings.program.is_some() && default == root && settings.gopath.is_empty() => format!(
                "is not set, and its default `{}` is the Go installation itself: there is no module cache, and no place for `go install`",
                path_text(root).0
            ),
            _ => return None,
        };
        let claims = ("a folder outside of GOROOT".to_owned(), path_text(root).0);
        Some((&GOPATH_IS_GOROOT, "GOPATH", message, claims, Level::Warning))
    }

    /// A finding about a variable: at the line that sets it.
    pub(super) fn setting(
        &self,
        rule: &'static Rule,
        name: &'static str,
        view: &View,
        start: Option<&Start>,
        message: String,
    ) -> Finding {
        let setting = view.settings.as_ref().and_then(|s| s.get(name));
        match setting.map(|s| s.source) {
            Some(Source::Goenv) => {
                let file = view.settings.as_ref().and_then(|s| s.goenv_file.clone()).unwrap_or_default();
                let finding = Finding::at(rule, RootKind::Environment, &file, name, message);
                let finding =
                    Finding { proof: crate::finding::Proof { line: setting.and_then(|s| s.line), ..finding.proof }, ..finding };
                finding.mend(Mend::Command(["go", "env", "-u", name].map(str::to_owned).to_vec()))
            }
            _ => {
                let at = match start {
                    Some(start) => start.env.get(name.as_bytes()).and_then(Value::at),
                    None => self.line_of(name, setting.and_then(|s| s.raw.as_deref()).map(bytes_of)),
                };
                let finding = self.about(rule, at, name, name, message);
                Finding { mend: at.and_then(|at| self.unset(at, name)), ..finding }
            }
        }
    }

    /// The line that gives a variable the value that it has in the environment.
    pub(super) fn line_here(&self, name: &str) -> Option<&'a At> {
        self.line_of(name, self.machine.env.get(name.as_bytes()).cloned())
    }

    /// The line of the first start that gives a variable the value that it has here; else of the service that this process is of.
    fn line_of(&self, name: &str, value: Option<Vec<u8>>) -> Option<&'a At> {
        let value = value?;
        let line = |env: &'a Env| env.get(name.as_bytes()).filter(|v| v.text().as_ref() == Some(&value))?.at();
        let machine = self.machine;
        machine.starts.iter().map(|s| &s.env).chain(machine.own_unit().map(|u| &u.env)).find_map(line)
    }

    /// Links to `go` that lead into another installation, or nowhere.
    fn links(&self, view: &View, told: &mut BTreeSet<PathBuf>, sink: &mut Sink) {
        if let Some(go) = view.go()
            && let Some((theirs, own, own_version)) = self.mixed(go)
            && told.insert(go.program.path.clone())
        {
            let target = go.program.real.as_deref().map(|p| path_text(p).0).unwrap_or_default();
            let message = format!(
                "lies in the installation of {} and is a link to `{target}` of `{}`, which is {own_version}",
                theirs.version.as_deref().map(bare).unwrap_or_default(),
                path_text(&own).0
            );
            sink.push(
                Finding::at(&LINK_MIXED, RootKind::Environment, &go.program.path, "bin/go", message)
                    .claims(theirs.version.clone().unwrap_or_default(), own_version),
            );
        }
        let level = if view.gos.is_empty() { Level::Error } else { Level::Warning };
        for (at, link) in &view.dead {
            if told.insert(link.path.clone()) {
                let entry = view.path.get(*at);
                sink.push_bounded(self.broken(link, entry, level));
            }
        }
        for entry in
            view.path.iter().filter(|e| matches!(e.state, EntryState::Missing | EntryState::NotFolder) && ends_in_link(e))
        {
            let Some(step) = entry.steps.last().filter(|s| s.stat.kind == NodeKind::Link) else { continue };
            let of_go = entry.folder.as_deref().is_some_and(names_go);
            if of_go && told.insert(step.path.clone()) {
                let link = DeadLink { path: step.path.clone(), target: step.link.clone().unwrap_or_default(), looped: false };
                sink.push_bounded(self.broken(&link, Some(entry), level));
            }
        }
    }

    fn broken(&self, link: &DeadLink, entry: Option<&PathEntry>, level: Level) -> Finding {
        let to = path_text(&link.target).0;
        let why = if link.looped { "which leads back to itself" } else { "where nothing is" };
        let by = said_at(entry.and_then(|e| e.at.as_ref()), "PATH");
        let message = format!("is a link to `{to}`, {why}: `{by}` puts it into PATH, and it finds no `go`");
        Finding::at(&LINK_BROKEN, RootKind::Environment, &link.path, self.short(&link.path), message)
            .claims("a Go installation", to)
            .mend(Mend::Command(vec!["rm".to_owned(), path_text(&link.path).0]))
            .lowered_to(level)
    }

    /// The installation that a `go` lies in, and the one with another version that it belongs to.
    fn mixed<'f>(&self, go: &'f Found) -> Option<(&'f Arc<Installation>, PathBuf, String)> {
        let beside = go.beside.as_ref()?;
        let own = go.program.goroot()?;
        let shown = beside.version.as_deref().map(bare)?;
        let version = bare(go.program.version()?);
        (own != beside.root && shown != version).then(|| (beside, own.to_path_buf(), version.to_owned()))
    }

    /// One installation.
    fn installation(&self, installation: &Installation, runs: bool, sink: &mut Sink) {
        let root = &installation.root;
        let name = self.short(&self.machine.around.on_machine(root));
        if let Some(inner) = &installation.nested {
            let message = format!(
                "is a whole Go installation inside `{}`: what was unpacked there has replaced nothing",
                path_text(root).0
            );
            sink.push(Finding::at(&GOROOT_NESTED, RootKind::Environment, inner, format!("{name}/go"), message));
        }
        if !runs {
            return;
        }
        let of = |v: &Option<String>| v.as_deref().map(|v| bare(v).to_owned());
        let (version, go, compiler) = (of(&installation.version), of(&installation.go), of(&installation.compiler));
        let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
        // Where `bin/go` is a link into another installation that is told.
        let own_go = installation.steps.iter().any(|s| s.path == root.join("bin/go") && s.stat.kind != NodeKind::Link);
        if differ(&version, &compiler) || (own_go && (differ(&version, &go) || differ(&go, &compiler))) {
            let says = |what: &str, v: Option<&String>| v.map(|v| format!("{what} is {v}"));
            let parts =
                [says("VERSION", version.as_ref()), says("`bin/go`", go.as_ref()), says("the compiler", compiler.as_ref())];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            let message = format!("holds parts of two releases: {}", parts.join(", "));
            sink.push(
                Finding::at(&GOROOT_MIXED, RootKind::Environment, root, name.clone(), message)
                    .claims(version.or_else(|| go.clone()).unwrap_or_default(), compiler.or(go).unwrap_or_default()),
            );
        }
        self.installation_writers(installation, sink);
    }

    /// Who may change an installation.
    fn installation_writers(&self, installation: &Installation, sink: &mut Sink) {
        // Settings that make Go run the tools of a GOROOT are judged with the settings.
        let told = sink.iter().any(|f| f.rule.id == "program-writable-by-others" && f.subject.starts_with("GOROOT"));
        for step in installation.steps.iter().filter(|_| !told) {
            let Some(changer) = self.changer(step).filter(|c| *c != Changer::Adder || step.path.starts_with(&installation.root))
            else {
                continue;
            };
            if !self.seen_open.borrow_mut().insert(step.path.clone()) {
                continue;
            }
            let root = path_text(&installation.root).0;
            let who = changer.who();
            let message = format!("{who} may change what the Go installation `{root}` runs");
            let subject =
                step.path.strip_prefix(&installation.root).map_or_else(|_| self.short(&step.path), |rest| path_text(rest).0);
            let (rule, claimed) = match changer {
                Changer::Owner(_) => (&GOROOT_FOREIGN_OWNER, "you or root".to_owned()),
                _ => (&GOROOT_WRITABLE, "writable by you or root alone".to_owned()),
            };
            let computed = if rule == &GOROOT_FOREIGN_OWNER { who } else { step.stat.mode_string() };
            let finding = self.node(rule, step, format!("GOROOT {subject}"), message).claims(claimed, computed);
            let finding = Finding { mend: closed(step, changer), ..finding };
            sink.push_bounded(if matches!(changer, Changer::Group(_)) { finding.lowered_to(Level::Warning) } else { finding });
        }
    }
}

/// Rule, variable, message, the two values that disagree, level.
type Told = (&'static Rule, &'static str, String, (String, String), Level);

/// Whether a part of a path is called after Go.
fn names_go(path: &Path) -> bool {
    path.components().any(|c| {
        let rest = path_text(Path::new(c.as_os_str())).0;
        let rest = rest.trim_start_matches('.').strip_prefix("go").map(|r| r.trim_start_matches(['-', '@']).to_owned());
        rest.is_some_and(|r| r.is_empty() || r == "lang" || r.starts_with(|c: char| c.is_ascii_digit()))
    })
}
