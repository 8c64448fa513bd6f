//! Rules on who may change the GOENV file, and on caches where others may write.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Judge;
use crate::evidence::node::Step;
use crate::evidence::owners::GroupTrust;
use crate::evidence::settings::{FolderSeen, GoenvSeen};
use crate::finding::{Finding, Mend, RootKind, Sink, path_text};
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;
use crate::sys::{self, NodeKind};

/// The rules of this file.
pub const RULES: &[&Rule] = &[&GOENV_WRITABLE, &GOENV_FOREIGN_OWNER, &GOENV_IS_LINK, &GOENV_NEVER_ENDS, &CACHE_IN_SHARED_FOLDER];

const GOENV_SOURCE: &str = "cmd/go/internal/cfg/cfg.go (readEnvFile)";

/// The GOENV file, or a folder on the way to it, may be written by others.
pub static GOENV_WRITABLE: Rule = Rule {
    id: "goenv-writable-by-others",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "others may change Go's settings for you",
    what: "Mode and access list of the GOENV file, mode of every folder on the way to it. Where there is no file yet, whether others may make it. \
           Write access for a group with strangers in it is told as `warning`.",
    why: "One line with `-toolexec`, `CC=` or `GOPROXY=` makes your next build run or fetch what somebody else chose.",
    go: "Reads the file, whoever wrote it.",
    mend: "chmod go-w what the finding names.",
    source: GOENV_SOURCE,
    witness: |s| {
        let path = s.goenv();
        sys::set_mode(&path, 0o666)?;
        Ok(Sample::place(&path))
    },
};

/// The GOENV file belongs to somebody else.
pub static GOENV_FOREIGN_OWNER: Rule = Rule {
    id: "goenv-foreign-owner",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "the file of Go's settings belongs to another user",
    what: "Owner of the GOENV file: you and root are in order.",
    why: "Its owner may change it at any time, and with it what your builds run and fetch.",
    go: "Reads the file, whoever owns it.",
    mend: "chown it, or let GOENV name a file of your own.",
    source: GOENV_SOURCE,
    witness: |s| {
        let path = s.goenv();
        sys::set_owner(&path, 4_000_001, 4_000_001)?;
        Ok(Sample::place(&path))
    },
};

/// The GOENV file is a link.
pub static GOENV_IS_LINK: Rule = Rule {
    id: "goenv-is-link",
    level: Level::Warning,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "the file of Go's settings is a symbolic link",
    what: "Whether the GOENV file itself is a link. One into a store that only root may change (Nix, Guix) is a note.",
    why: "The settings lie where other rules may apply and other programs may write: in a repository of dotfiles, say, that somebody \
          may push to.",
    go: "Follows it; `go env -w` writes through it.",
    mend: "Put the file itself there, unless the link is meant.",
    source: GOENV_SOURCE,
    witness: |s| {
        let (path, target) = (s.goenv(), s.root().join("outside/env"));
        s.write(&target, b"GOTOOLCHAIN=local\n")?;
        s.replace_by_link(&path, &target)
    },
};

/// The GOENV file is a pipe or a device.
pub static GOENV_NEVER_ENDS: Rule = Rule {
    id: "goenv-special-file",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "a named pipe or a device lies where Go reads its settings",
    what: "The type of the GOENV file, links followed. `/dev/null`, which is always empty, is in order.",
    why: "Every go command waits there for a writer, and takes what that writes for its settings: another program, another proxy, each \
          time anew. Of a device it may read without end.",
    go: "Reads it to its end before it does anything else: `go version` too hangs, or uses up the memory.",
    mend: "Remove it, and write the settings with `go env -w`; for no settings at all say `GOENV=off`.",
    source: GOENV_SOURCE,
    witness: |s| {
        let path = s.goenv();
        sys::remove_made(&path)?;
        sys::make_fifo(&path)?;
        Ok(Sample::place(&path))
    },
};

/// A cache that anybody may make before Go does.
pub static CACHE_IN_SHARED_FOLDER: Rule = Rule {
    id: "cache-in-shared-folder",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "a cache is to be made in a folder where anybody may write",
    what: "GOCACHE, GOMODCACHE and every entry of GOPATH: where the folder does not exist, whether its nearest ancestor may be \
           written by others. The finding names that ancestor. A cache that exists and lies in a sticky folder such as /tmp is a note.",
    why: "Whoever makes the folder first owns it and all that Go puts there, and decides what you link; a sticky bit does not help \
          before the folder exists.",
    go: "Takes a folder that is there as its own, whoever made it.",
    mend: "Let the variable name a folder below your home.",
    source: "cmd/go/internal/cache/default.go (initDefaultCache: os.MkdirAll)",
    witness: |s| {
        let shared = s.root().join("shared");
        sys::create_dir_all(&shared)?;
        sys::set_mode(&shared, 0o1777)?;
        s.env.insert("GOCACHE".to_owned(), shared.join("gocache").to_string_lossy().into_owned());
        Ok(Sample::place(&shared))
    },
};

impl Judge<'_> {
    fn about(&self, rule: &'static Rule, path: &Path, subject: &str, message: String) -> Finding {
        Finding::at(rule, RootKind::Environment, path, subject, message)
    }

    pub(super) fn goenv_file(&self, sink: &mut Sink) {
        let Some(seen) = &self.seen.goenv else { return };
        if let Some((target, end)) = &seen.link {
            let message = format!("is a link to `{}`: the settings of every build lie there", path_text(target).0);
            let finding = self.about(&GOENV_IS_LINK, &seen.path, "GOENV", message);
            let stored = ["/nix/store", "/gnu/store"].iter().any(|store| end.starts_with(store));
            sink.push(if stored { finding.lowered_to(Level::Note) } else { finding });
        }
        let (file, folders) = match seen.steps.split_last() {
            Some((last, before)) if seen.exists => (Some(last), before),
            _ => (None, seen.steps.as_slice()),
        };
        if let Some(file) = file.filter(|f| f.stat.kind != NodeKind::File) {
            if matches!(file.stat.kind, NodeKind::Fifo | NodeKind::Device) && !seen.is_null {
                let what = file.stat.kind.word();
                let message = format!("is a {what}: every go command waits here for its settings, and takes whatever comes");
                sink.push(self.about(&GOENV_NEVER_ENDS, &seen.path, "GOENV", message).claims("regular file", what));
            }
            return;
        }
        if let Some(file) = file {
            self.goenv_node(seen, file, sink);
        }
        for folder in folders.iter().filter(|s| s.stat.kind == NodeKind::Dir && !s.stat.others_write()) {
            self.goenv_folder(seen, folder, sink);
        }
        for folder in folders.iter().filter(|s| s.stat.kind == NodeKind::Dir && s.stat.others_write()) {
            // The sticky bit keeps others from a file that is there, not from making one that is not.
            let nearest = folders.last().is_some_and(|last| last.path == folder.path);
            if !folder.stat.sticky() || (file.is_none() && nearest) {
                let what = if file.is_some() {
                    "anybody may put another GOENV file"
                } else {
                    "anybody may make the GOENV file that is not there yet"
                };
                let message = format!("{what} into `{}`", path_text(&seen.path).0);
                sink.push(
                    self.about(&GOENV_WRITABLE, &folder.path, "the way to GOENV", message)
                        .claims("no write access for others", folder.stat.mode_string())
                        .mend(chmod("o-w", &folder.path)),
                );
            }
        }
    }

    /// A folder on the way to GOENV that not everybody, but somebody else may write to.
    fn goenv_folder(&self, seen: &GoenvSeen, folder: &Step, sink: &mut Sink) {
        let (owners, stat) = (&self.seen.owners, &folder.stat);
        let file = path_text(&seen.path).0;
        let mode = stat.mode_string();
        if !owners.is_ours(stat.uid) {
            let message = format!("belongs to user {}, who may put another GOENV file into `{file}`", stat.uid);
            sink.push(
                self.about(&GOENV_FOREIGN_OWNER, &folder.path, "the way to GOENV", message)
                    .claims(format!("user {} or root", owners.euid), format!("user {}", stat.uid)),
            );
        }
        if stat.sticky() {
            return;
        }
        if owners.acl_lets_strangers(&folder.acl) {
            let message = format!("somebody named in its ACL may put another GOENV file into `{file}`");
            sink.push(
                self.about(&GOENV_WRITABLE, &folder.path, "the way to GOENV", message)
                    .claims("no write access but for the owner", mode),
            );
        } else if stat.group_writes() && owners.group(stat.gid, stat.uid) == GroupTrust::Foreign {
            let message = format!("every member of group {} may put another GOENV file into `{file}`", stat.gid);
            sink.push(
                self.about(&GOENV_WRITABLE, &folder.path, "the way to GOENV", message)
                    .claims("no write access for the group", mode)
                    .mend(chmod("g-w", &folder.path))
                    .lowered_to(Level::Warning),
            );
        }
    }

    fn goenv_node(&self, seen: &GoenvSeen, file: &Step, sink: &mut Sink) {
        let owners = &self.seen.owners;
        let mode = file.stat.mode_string();
        if file.stat.others_write() {
            let message = "anybody on this machine may change what your builds run and fetch".to_owned();
            sink.push(
                self.about(&GOENV_WRITABLE, &seen.path, "GOENV", message)
                    .claims("no write access for others", mode)
                    .mend(chmod("go-w", &file.path)),
            );
        } else if owners.acl_lets_strangers(&file.acl) {
            let message = "its access list lets others change what your builds run and fetch".to_owned();
            let remove = Mend::Command(vec!["setfacl".to_owned(), "-b".to_owned(), path_text(&file.path).0]);
            sink.push(self.about(&GOENV_WRITABLE, &seen.path, "GOENV", message).claims("no access list", mode).mend(remove));
        } else if file.stat.group_writes() && owners.group(file.stat.gid, file.stat.uid) == GroupTrust::Foreign {
            let message = format!("every member of group {} may change what your builds run and fetch", file.stat.gid);
            sink.push(
                self.about(&GOENV_WRITABLE, &seen.path, "GOENV", message)
                    .claims("no write access for the group", mode)
                    .mend(chmod("g-w", &file.path))
                    .lowered_to(Level::Warning),
            );
        }
        if !owners.is_ours(file.stat.uid) {
            let message = format!("belongs to user {}, who may change what your builds run and fetch", file.stat.uid);
            sink.push(
                self.about(&GOENV_FOREIGN_OWNER, &seen.path, "GOENV", message)
                    .claims(format!("user {} or root", owners.euid), format!("user {}", file.stat.uid)),
            );
        }
    }

    pub(super) fn folders(&self, sink: &mut Sink) {
        let mut told: BTreeSet<PathBuf> = BTreeSet::new();
        for folder in &self.seen.folders {
            if let Some((step, finding)) = self.folder(folder)
                && told.insert(step.path.clone())
            {
                sink.push(finding);
            }
        }
    }

    fn folder<'s>(&self, folder: &'s FolderSeen) -> Option<(&'s Step, Finding)> {
        let claim = folder.claim.and_then(|at| self.seen.claims.get(at));
        let by = claim.map_or_else(
            || format!("the default of {}", folder.name),
            |c| format!("{} of {}", c.name, path_or_variable(&self.place(c.name, c.source))),
        );
        let shared = |step: &&Step| step.stat.kind == NodeKind::Dir && step.stat.others_write();
        let told = |step: &'s Step, message: String| {
            let finding = self
                .about(&CACHE_IN_SHARED_FOLDER, &step.path, folder.name, message)
                .claims("no write access for others", step.stat.mode_string())
                .claimed_by(by.clone());
            let finding = match claim.and_then(|c| self.unset(c)) {
                Some(mend) => finding.mend(mend),
                None => finding,
            };
            Some((step, finding))
        };
        let name = path_text(&folder.path).0;
        if folder.name == "GOTMPDIR" {
            // As /tmp is: others may put their own things there, and can't touch yours.
            let open = folder.steps.iter().filter(shared).find(|s| !s.stat.sticky())?;
            return told(
                open,
                format!("anybody may put something else in the place of what a build writes and runs in `{name}`"),
            );
        }
        if !folder.exists {
            let nearest = folder.steps.last().filter(|s| shared(s))?;
            return told(nearest, format!("anybody may make `{name}` here, and then owns what Go keeps in it"));
        }
        // A cache that counts here is scanned, and the way to it judged there.
        let hidden = claim.is_some_and(|c| c.hidden);
        if hidden && let Some(step) = folder.steps.iter().filter(shared).find(|s| !s.stat.sticky()) {
            return told(step, format!("anybody may put other files in the place of `{name}`"));
        }
        let (_, before) = folder.steps.split_last()?;
        let parent = before.last().filter(|s| shared(s) && s.stat.sticky())?;
        let at = folder.steps.last().unwrap_or(parent);
        let (_, mut finding) = told(
            at,
            format!(
                "lies in `{}`, where anybody may write: once it is removed, anybody may make it again",
                parent.path.display()
            ),
        )?;
        finding.mend = None;
        Some((at, finding.lowered_to(Level::Note)))
    }
}

fn path_or_variable(place: &crate::finding::Place) -> String {
    match place {
        crate::finding::Place::Path(path) => path_text(path).0,
        crate::finding::Place::Env(_) => "the environment".to_owned(),
    }
}

fn chmod(change: &str, path: &Path) -> Mend {
    Mend::Command(vec!["chmod".to_owned(), change.to_owned(), path_text(path).0])
}
