//! Rules on Go's caches, as the user has them.

use std::path::Path;

use super::{Judge, edits};
use crate::check::posture::way::root_is_link;
use crate::environment::CacheSeen;
use crate::finding::{Finding, Mend, Place, RootKind, Sink, path_text};
use crate::locate::Source;
use crate::rule::{Fix, Kind, Level, Rule};

/// The rules of this file. That a cache is a link is a rule of the way to a root, which a scan tells, too.
pub const RULES: &[&Rule] = &[&CACHE_NOT_WRITABLE];

/// A cache that its user may not write to.
pub static CACHE_NOT_WRITABLE: Rule = Rule {
    id: "cache-not-writable",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the user may not write to a cache of Go's, or not make it",
    what: "GOCACHE and GOMODCACHE: whether the folder, or where it is not there the nearest one above it, may be written by the user. Root may write anywhere.",
    why: "Where the build cache, or one of its 256 folders, is still to be made every build stops with `permission denied`; where all are there it \
          passes and keeps nothing, so that the next one begins anew. What is to be downloaded stops. Mostly a `sudo go` has made the folder, or \
          HOME is not the user's.",
    go: "Stops: `failed to initialize build cache at DIR: mkdir DIR: permission denied`; or says nothing and builds without keeping what it built.",
    mend: "As root `chown -R` the folder to its user, or make it for him; or let the variable name another folder. Where a line of a file names the folder, \
           the change is to that line. No command is printed for a folder that another user owns outside of the home folder.",
    source: "cmd/go/internal/cache/default.go (initDefaultCache)",
    witness: |s| {
        // Root may write anywhere, but not below a file.
        let file = s.root().join("file");
        s.write(&file, b"")?;
        s.env.insert("GOCACHE".to_owned(), file.join("cache").to_string_lossy().into_owned());
        Ok(Place::Env("GOCACHE".to_owned()))
    },
};

impl Judge<'_> {
    /// Caches that are links, and those that the user may not write to.
    pub(super) fn caches(&self, sink: &mut Sink) {
        for cache in &self.machine.caches {
            if let Some(target) = &cache.link {
                sink.push(self.cache_link(cache, target));
            }
        }
        for cache in self.machine.caches.iter().filter(|c| !c.writable) {
            let (path, above) = (path_text(&cache.path).0, path_text(&cache.above).0);
            let message = match cache.is_folder {
                true => format!("names `{path}`, where you may not write: `{above}` belongs to user {}", cache.owner),
                false => format!("names `{path}`, which can't be made: `{above}` is no folder"),
            };
            let mut finding =
                Finding::new(&CACHE_NOT_WRITABLE, RootKind::Environment, Place::Env(cache.name.to_owned()), cache.name, message);
            let at = self.line_here(cache.name);
            if let Some(at) = at {
                finding = Finding {
                    mend: self.unset(at, cache.name),
                    ..self.about(&CACHE_NOT_WRITABLE, Some(at), cache.name, cache.name, finding.message.clone())
                };
            }
            sink.push(Finding { mend: finding.mend.or_else(|| self.open_up(cache)), ..finding });
        }
    }

    /// The command that lets the user write to a cache. What another user owns outside of the user's home is not to be taken from him.
    fn open_up(&self, cache: &CacheSeen) -> Option<Mend> {
        let user = &self.machine.user;
        let uid = user.uid.to_string();
        let is_strangers = cache.owner != user.uid && cache.owner != 0 && !cache.above.starts_with(&user.home);
        if !cache.is_folder || is_strangers {
            return None;
        }
        let (words, paths): (&[&str], Vec<&Path>) = if cache.owner == user.uid {
            (&["chmod", "u+rwx"], vec![&cache.above])
        } else if cache.above == cache.path {
            (&["chown", "-R", &uid], vec![&cache.path])
        } else {
            // Every folder that is made, the outermost first: `.cache` serves other programs, too.
            let missing: Vec<&Path> = cache.path.ancestors().take_while(|p| **p != cache.above).collect();
            (&["install", "-d", "-o", &uid], missing.into_iter().rev().collect())
        };
        let named = paths.iter().map(|p| path_text(p)).map(|(text, escaped)| (!escaped).then_some(text));
        let words = words.iter().map(|w| Some((*w).to_owned())).chain(named);
        words.collect::<Option<Vec<String>>>().map(Mend::Command)
    }

    /// A cache that is a link: told as a scan does, by the line that names it, with the change that names the true folder.
    fn cache_link(&self, cache: &CacheSeen, target: &Path) -> Finding {
        let kind = if cache.name == "GOCACHE" { RootKind::Gocache } else { RootKind::Gomodcache };
        let finding = root_is_link(kind, &cache.path, target);
        let real = cache.real.as_deref().map(path_text).filter(|(_, escaped)| !escaped).map(|(text, _)| text);
        if cache.source != Source::Env {
            let set = |real| ["go", "env", "-w", &format!("{}={real}", cache.name)].map(str::to_owned).to_vec();
            return Finding { mend: real.map(|real| Mend::Command(set(real))), ..finding };
        }
        let Some(at) = self.line_here(cache.name) else { return finding };
        let message = format!("sets {} to `{}`: {}", cache.name, path_text(&cache.path).0, finding.message);
        let home = path_text(&self.machine.user.home).0;
        let edit = || {
            let line = self.machine.lines.text(at)?;
            self.edit(at, Some(edits::entry_as(&line, &path_text(&cache.path).0, &real?, &home)?))
        };
        let mend = edit();
        let mut told = Finding { message, ..finding };
        self.place_at(&mut told, at, "an init file", mend);
        told
    }
}
