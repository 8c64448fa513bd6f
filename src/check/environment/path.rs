//! Rules on the entries of PATH.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Judge, edits, profile_line, said_at};
use crate::environment::{EntryState, PathEntry, View};
use crate::evidence::node::{Changer, Step};
use crate::finding::{Finding, Mend, Place, Sink, path_text};
use crate::format::shell::At;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys::{self, NodeKind};

/// The rules of this file.
pub const RULES: &[&Rule] = &[
    &ENTRY_EMPTY,
    &ENTRY_RELATIVE,
    &ENTRY_TILDE,
    &ENTRY_MISSING,
    &ENTRY_NOT_FOLDER,
    &ENTRY_LACKS_BIN,
    &ENTRY_WRITABLE,
    &ENTRY_FOREIGN_OWNER,
    &ENTRY_TWICE,
];

const SOURCE: &str = "os/exec/lp_unix.go (LookPath); POSIX.1-2017, Base Definitions, chapter 8.3 (PATH)";

/// PATH has an empty entry.
pub static ENTRY_EMPTY: Rule = Rule {
    id: "path-entry-empty",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH has an empty entry, which stands for the current folder",
    what: "PATH of this process, and of every way of starting a shell. A colon at its beginning or end, or two in a row.",
    why: "In a folder that somebody else fills (a repository that was cloned, a shared folder) a `git`, `gcc` or `go` that lies there is run \
          in the place of the real one; it mostly comes from `PATH=$X:$PATH` with an X that is not set.",
    go: "Refuses what it finds so (`exec: cannot run executable found relative to current directory`); shells and other programs run it.",
    mend: "Take the colon away, or write `${X:+$X:}$PATH`.",
    source: SOURCE,
    witness: |s| profile_line(s, "PATH=\"$NOT_SET:$PATH\""),
};

/// PATH has a relative entry.
pub static ENTRY_RELATIVE: Rule = Rule {
    id: "path-entry-relative",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH has an entry that is not absolute",
    what: "PATH of this process, and of every way of starting a shell.",
    why: "It leads elsewhere in each folder: in a repository that somebody else wrote it may lead to his programs.",
    go: "Refuses what it finds so (`exec: cannot run executable found relative to current directory`); shells and other programs run it.",
    mend: "Write the folder in full, from `/`, or with `$HOME`.",
    source: SOURCE,
    witness: |s| profile_line(s, "PATH=\"go/bin:$PATH\""),
};

/// PATH has an entry with a tilde that nobody replaces.
pub static ENTRY_TILDE: Rule = Rule {
    id: "path-entry-tilde",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH has an entry that begins with a tilde which no shell has replaced",
    what: "PATH of this process, and of every way of starting a shell. A tilde in quotes stays one.",
    why: "Only bash takes it for the home folder: there the programs are found, and everywhere else (zsh, sh, an editor, Go itself) they are not.",
    go: "Takes it for a folder called `~`, and finds nothing.",
    mend: "Write `$HOME` in its place.",
    source: SOURCE,
    witness: |s| profile_line(s, "PATH=\"~/go/bin:$PATH\""),
};

/// A folder of Go in PATH that is not there.
pub static ENTRY_MISSING: Rule = Rule {
    id: "path-entry-missing",
    level: Level::Note,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH names a folder of Go that is not there",
    what: "Entries of PATH that look like the `bin` of a Go installation (`go/bin`, `go1.26.8/bin`), here and in every way of starting a shell. \
           The `bin` of GOPATH is in order before the first `go install`; other folders that are missing are as systems ship them.",
    why: "The installation has been moved or removed, and another `go` is found, or none.",
    go: "Goes on to the next entry.",
    mend: "Name the folder where Go lies now, or take the entry away.",
    source: SOURCE,
    witness: |s| {
        prepend(s, "opt/go1.20/bin");
        Ok(Place::Env("PATH".to_owned()))
    },
};

/// A file in PATH.
pub static ENTRY_NOT_FOLDER: Rule = Rule {
    id: "path-entry-not-a-folder",
    level: Level::Note,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH names something that is no folder",
    what: "Entries of PATH, here and in every way of starting a shell, links followed.",
    why: "Nothing is found there: who names the program itself (`/usr/local/go/bin/go`) has not put it into PATH.",
    go: "Goes on to the next entry.",
    mend: "Name the folder that holds the program.",
    source: SOURCE,
    witness: |s| {
        prepend(s, "usr/local/go/bin/gofmt");
        Ok(Place::Env("PATH".to_owned()))
    },
};

/// An installation in PATH, not its programs.
pub static ENTRY_LACKS_BIN: Rule = Rule {
    id: "path-entry-lacks-bin",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "PATH names a Go installation, not the folder of its programs",
    what: "Entries of PATH that hold `bin/go`, here and in every way of starting a shell. Where another entry finds a `go` it is a note.",
    why: "The `go` of that installation is not found: it lies in `bin`.",
    go: "Goes on to the next entry.",
    mend: "Append `/bin` to the entry.",
    source: SOURCE,
    witness: |s| {
        let path = format!("{}:{}", s.root().join("empty").display(), s.goroot().display());
        s.env.insert("PATH".to_owned(), path);
        Ok(Place::Env("PATH".to_owned()))
    },
};

/// Others may put programs into a folder of PATH.
pub static ENTRY_WRITABLE: Rule = Rule {
    id: "path-entry-writable",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "others may put programs into a folder of PATH",
    what: "Mode and access list of every folder of PATH and of all folders on the way to it; of one that is not there, of its nearest ancestor. \
           Writable by a group that others are in, or by all with the sticky bit (only new programs can be added): `warning`. `/go/bin` as the \
           containers of golang have it: `note`.",
    why: "Whoever may write there chooses what your shell, `go generate` and every tool that Go starts by name run, with your rights.",
    go: "Starts what it finds first, and looks at no mode.",
    mend: "`chmod go-w` the folder, or take it out of PATH.",
    source: SOURCE,
    witness: |s| {
        let folder = s.root().join("tools");
        sys::create_dir_all(&folder)?;
        sys::set_mode(&folder, 0o777)?;
        prepend(s, "tools");
        Ok(Sample::place(&folder))
    },
};

/// A folder of PATH belongs to somebody else.
pub static ENTRY_FOREIGN_OWNER: Rule = Rule {
    id: "path-entry-foreign-owner",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "a folder of PATH, or one on the way to it, belongs to somebody else",
    what: "Owner of every folder and link on the way to each entry of PATH: you and root are in order.",
    why: "The owner may put another program there at any time, which you then run with your rights.",
    go: "Starts what it finds first, and looks at no owner.",
    mend: "`chown` the folder, or take it out of PATH.",
    source: SOURCE,
    witness: |s| {
        let folder = s.root().join("tools");
        sys::create_dir_all(&folder)?;
        sys::set_owner(&folder, 4_000_001, 4_000_001)?;
        prepend(s, "tools");
        Ok(Sample::place(&folder))
    },
};

/// The same folder twice.
pub static ENTRY_TWICE: Rule = Rule {
    id: "path-entry-twice",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "PATH has the same folder twice",
    what: "Folders of Go (`go/bin`, one that holds a `go`), and others that lines of two of your own files put there.",
    why: "Harmless, but who takes one of the two lines away has changed nothing: .zshenv and .zprofile, or VS Code beside an init file, are \
          the usual two.",
    go: "Takes the first.",
    mend: "Take one of the two lines away.",
    source: SOURCE,
    witness: |s| {
        let line = format!("export PATH=\"{}/bin:$PATH\"", s.goroot().display());
        profile_line(s, &line)?;
        Ok(Sample::place(&s.home().join(".bashrc")))
    },
};

/// A witness: a folder of the sample before all others in PATH.
pub(super) fn prepend(s: &mut Sample, folder: &str) {
    let path = format!("{}:{}", s.root().join(folder).display(), s.login_environment().get("PATH").cloned().unwrap_or_default());
    s.env.insert("PATH".to_owned(), path);
}

impl Judge<'_> {
    /// Entries of PATH, here and in every start; each is told once, by the line that puts it there.
    pub(super) fn path(&self, sink: &mut Sink) {
        let mut told: BTreeSet<(&str, Option<&At>, &[u8])> = BTreeSet::new();
        let mut looked: BTreeSet<&Path> = BTreeSet::new();
        for view in self.views() {
            for entry in &view.path {
                if let Some(finding) = self.entry(view, entry)
                    && told.insert((finding.rule.id, entry.at.as_ref(), &entry.text))
                {
                    sink.push_bounded(finding);
                }
                if let Some(folder) = entry.folder.as_deref()
                    && matches!(entry.state, EntryState::Folder | EntryState::Missing)
                    && looked.insert(folder)
                {
                    self.writers(entry, sink);
                }
            }
            self.twice(view, &mut told, sink);
        }
    }

    fn entry(&self, view: &View, entry: &PathEntry) -> Option<Finding> {
        let text = String::from_utf8_lossy(&entry.text).into_owned();
        let folder = entry.folder.as_deref().unwrap_or(Path::new(""));
        let (rule, subject, message) = match entry.state {
            EntryState::Empty => (
                &ENTRY_EMPTY,
                "PATH entry".to_owned(),
                "puts an empty entry into PATH: the current folder, wherever that is".to_owned(),
            ),
            EntryState::Relative => {
                (&ENTRY_RELATIVE, text.clone(), format!("puts `{text}` into PATH, which counts from the current folder"))
            }
            EntryState::Tilde => (
                &ENTRY_TILDE,
                text.clone(),
                format!("puts `{text}` into PATH with a tilde that only bash takes for the home folder"),
            ),
            EntryState::Missing if looks_like_go(folder) && !self.is_go_bin(view, folder) && !ends_in_link(entry) => {
                (&ENTRY_MISSING, self.short(folder), format!("puts `{text}` into PATH, where nothing is"))
            }
            EntryState::NotFolder if !ends_in_link(entry) => {
                let message = format!("puts `{text}` into PATH, which is no folder: nothing is found there");
                (&ENTRY_NOT_FOLDER, self.short(folder), message)
            }
            EntryState::Folder if entry.is_goroot => {
                let message = format!("puts the installation `{text}` into PATH, not `{text}/bin`, where its `go` lies");
                (&ENTRY_LACKS_BIN, self.short(folder), message)
            }
            EntryState::Folder | EntryState::Missing | EntryState::NotFolder | EntryState::Unknown => return None,
        };
        let finding = self.about(rule, entry.at.as_ref(), "PATH", subject, message);
        let finding = if rule == &ENTRY_LACKS_BIN && !view.gos.is_empty() { finding.lowered_to(Level::Note) } else { finding };
        Some(Finding { mend: entry.at.as_ref().and_then(|at| self.entry_mended(entry, at)), ..finding })
    }

    /// The line at `at` with its entry mended or taken away.
    fn entry_mended(&self, entry: &PathEntry, at: &At) -> Option<Mend> {
        let line = self.machine.lines.text(at)?;
        let text = String::from_utf8_lossy(&entry.text).into_owned();
        let put = |new: String| (new != line).then(|| self.edit(at, Some(new))).flatten();
        match entry.state {
            EntryState::Tilde => put(line.replacen("~/", "$HOME/", 1)),
            EntryState::Empty => put(edits::without_empty(&line)?),
            EntryState::Folder => {
                put(line.replacen(text.trim_end_matches('/'), &format!("{}/bin", text.trim_end_matches('/')), 1))
            }
            EntryState::NotFolder if text.ends_with("/bin/go") => put(line.replacen("/bin/go", "/bin", 1)),
            _ => self.edit(at, edits::without_entry(&line, &text, &path_text(&self.machine.user.home).0)?),
        }
    }

    /// Who may write to the folder of an entry, or to one on the way; each such folder is told once.
    fn writers(&self, entry: &PathEntry, sink: &mut Sink) {
        let text = String::from_utf8_lossy(&entry.text).into_owned();
        let by = said_at(entry.at.as_ref(), "PATH");
        for (i, step) in entry.steps.iter().enumerate() {
            let is_last = i + 1 == entry.steps.len();
            let missing = entry.state == EntryState::Missing;
            let Some(changer) = self.changer(step) else { continue };
            if changer == Changer::Adder && !is_last {
                continue;
            }
            if !self.seen_open.borrow_mut().insert(step.path.clone()) {
                continue;
            }
            let who = changer.who();
            let message = match (is_last, missing) {
                (true, false) => format!("{who} may put programs here, a folder of PATH"),
                (true, true) => format!("{who} may make `{text}`, which PATH names, and put programs there"),
                (false, _) => format!("{who} may put another folder in the place of `{text}`, which PATH names"),
            };
            let (rule, claimed, level) = match changer {
                Changer::Owner(_) => (&ENTRY_FOREIGN_OWNER, "you or root", Level::Error),
                Changer::Adder if missing => (&ENTRY_WRITABLE, "no write access for others", Level::Error),
                Changer::Adder if is_of_golang_image(&step.path) => (&ENTRY_WRITABLE, "no write access for others", Level::Note),
                Changer::Adder => (&ENTRY_WRITABLE, "no write access for others", Level::Warning),
                Changer::Group(_) => (&ENTRY_WRITABLE, "no write access for the group", Level::Warning),
                Changer::Anybody | Changer::Listed => (&ENTRY_WRITABLE, "no write access for others", Level::Error),
            };
            let finding = self
                .node(rule, step, self.short(&step.path), message)
                .claims(claimed, if rule == &ENTRY_FOREIGN_OWNER { who } else { step.stat.mode_string() })
                .claimed_by(by.clone())
                .lowered_to(level);
            // What belongs to somebody else is theirs: the line that leads there goes.
            let mend = closed(step, changer).or_else(|| self.entry_removed(entry, entry.at.as_ref()?));
            sink.push_bounded(Finding { mend, ..finding });
        }
    }

    /// Folders that stand twice in one PATH.
    fn twice<'v>(&self, view: &'v View, told: &mut BTreeSet<(&'static str, Option<&'v At>, &'v [u8])>, sink: &mut Sink) {
        let mut first: BTreeMap<&[u8], &PathEntry> = BTreeMap::new();
        for (i, entry) in
            view.path.iter().enumerate().filter(|(_, e)| matches!(e.state, EntryState::Folder | EntryState::Missing))
        {
            let key = trim_slashes(&entry.text);
            let Some(before) = first.get(key).copied() else {
                first.insert(key, entry);
                continue;
            };
            let folder = entry.folder.as_deref().unwrap_or(Path::new(""));
            let of_go = looks_like_go(folder) || self.is_go_bin(view, folder) || view.gos.iter().any(|g| g.entry == i);
            let own = |at: &&At| self.in_home(at);
            let lines = before.at.as_ref().filter(own).zip(entry.at.as_ref().filter(own));
            if !(of_go || lines.is_some_and(|(a, b)| a.file != b.file)) || !told.insert((ENTRY_TWICE.id, entry.at.as_ref(), key))
            {
                continue;
            }
            let text = String::from_utf8_lossy(key).into_owned();
            // The lines of this process are lent: one that it has twice in a start's place may have the other from anywhere.
            let lent = std::ptr::eq(view, &self.machine.here) && before.at == entry.at;
            let at = entry.at.as_ref().filter(|_| !lent);
            let (a, b) = (said_at(before.at.as_ref(), "PATH"), said_at(at, "PATH"));
            let message = match (before.at.as_ref(), at) {
                (Some(x), Some(y)) if x != y => format!("puts `{text}` into PATH, where `{a}` has put it already"),
                (Some(x), Some(y)) if x == y => format!("puts `{text}` into PATH twice: the file is read twice"),
                (Some(_), None) => format!("PATH has `{text}` twice, once put there by `{a}`"),
                (None, Some(_)) => format!("puts `{text}` into PATH, which had it before"),
                _ => format!("PATH has `{text}` twice"),
            };
            let finding = self.about(&ENTRY_TWICE, at, "PATH", self.short(folder), message).claims(a, b);
            let mend = at.filter(|at| Some(*at) != before.at.as_ref()).and_then(|at| self.entry_removed(entry, at));
            sink.push_bounded(Finding { mend, ..finding });
        }
    }

    /// The line at `at` without its entry.
    pub(super) fn entry_removed(&self, entry: &PathEntry, at: &At) -> Option<Mend> {
        let line = self.machine.lines.text(at)?;
        let home = path_text(&self.machine.user.home).0;
        self.edit(at, edits::without_entry(&line, &String::from_utf8_lossy(&entry.text), &home)?)
    }

    /// The line of `entry` as one that puts it first, where that puts it before `other`, too: no line that comes later puts that
    /// one there.
    pub(super) fn put_before(&self, entry: Option<&PathEntry>, other: Option<&PathEntry>) -> Option<Mend> {
        let at = entry?.at.as_ref()?;
        let comes_first = other?.at.as_ref().is_none_or(|o| o.file == at.file && o.line < at.line);
        let line = self.machine.lines.text(at).filter(|_| comes_first)?;
        self.edit(at, Some(edits::prepended(&line)?))
    }

    /// Whether `go install` puts programs into this folder.
    pub(super) fn is_go_bin(&self, view: &View, folder: &Path) -> bool {
        let default = self.machine.user.home.join("go/bin");
        folder == default || view.settings.as_ref().is_some_and(|s| s.bin_folders().0.iter().any(|bin| bin == folder))
    }
}

/// The command that takes the right away.
pub(super) fn closed(step: &Step, changer: Changer) -> Option<Mend> {
    let command = |words: &[&str]| {
        let words = words.iter().map(|w| (*w).to_owned()).chain([path_text(&step.path).0]);
        Some(Mend::Command(words.collect()))
    };
    match changer {
        Changer::Anybody | Changer::Adder => command(&["chmod", "go-w"]),
        Changer::Group(_) => command(&["chmod", "g-w"]),
        Changer::Listed => command(&["setfacl", "-b"]),
        Changer::Owner(_) => None,
    }
}

/// The folders that the containers of golang make for everybody (`chmod -R 1777 "$GOPATH"`).
fn is_of_golang_image(folder: &Path) -> bool {
    folder == Path::new("/go/bin") || folder == Path::new("/go")
}

/// Whether a folder is called as the programs of an installation are.
fn looks_like_go(folder: &Path) -> bool {
    let above = folder.parent().and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let version = above.strip_prefix("go").is_some_and(|v| v.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()));
    folder.ends_with("bin") && (above == "go" || version)
}

/// Whether the way to an entry ends in a link that leads to nothing.
pub(super) fn ends_in_link(entry: &PathEntry) -> bool {
    entry.steps.last().is_some_and(|s| s.stat.kind == NodeKind::Link)
}

pub(super) fn trim_slashes(mut path: &[u8]) -> &[u8] {
    while let Some(rest) = path.strip_suffix(b"/").filter(|r| !r.is_empty()) {
        path = rest;
    }
    path
}
