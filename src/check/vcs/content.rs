//! What lies in a repository: hooks, borrowed and replaced objects, redirections, attributes.

use std::path::Path;

use super::Judge;
use super::rules::*;
use crate::evidence::modcache::Content;
use crate::evidence::vcs::{RepositoryEntry, RepositorySeen, is_hook};
use crate::finding::Sink;
use crate::rule::Level;
use crate::sys::NodeKind;

/// What Go appends to `info/attributes` before it asks for an archive (codehost/git.go, `ensureGitAttributes`).
const ATTRIBUTES: &str = "* -export-subst -export-ignore";

/// Judges the entries by name and type. Links and special files are told by the posture rules.
pub(super) fn entries(judge: &Judge<'_>, seen: &RepositorySeen, sink: &mut Sink) {
    for entry in &judge.repository.entries {
        let Some(rel) = entry.rel.to_str() else {
            sink.push(judge.find(&VCS_STRAY, &entry.rel, "has a name that neither go nor git gives"));
            continue;
        };
        if is_hook(&entry.rel) {
            hook(judge, entry, seen, sink);
            continue;
        }
        match rel {
            "objects/info/alternates" | "objects/info/http-alternates" => {
                sink.push(judge.find(&VCS_BORROWS_OBJECTS, rel, "takes objects from another folder, which others may change"));
            }
            "commondir"
            | "gitdir"
            | "config.worktree"
            | "info/grafts"
            | ".hg/sharedpath"
            | ".hg/hgrc-not-shared"
            | ".git"
            | "worktrees" => {
                let message = "makes git or hg take settings, refs or history from elsewhere";
                sink.push(judge.find(&VCS_BORROWS_OBJECTS, rel, message));
            }
            _ if rel.starts_with("worktrees/") || rel.starts_with(".git/") => {}
            "refs/replace" => {}
            _ if rel.starts_with("refs/replace/") => {
                if entry.stat.kind == NodeKind::File {
                    sink.push(judge.find(
                        &VCS_REPLACES_OBJECTS,
                        rel,
                        "makes git show another object in the place of the one it is named after",
                    ));
                }
            }
            _ if is_usual(rel, judge.kind()) || !matches!(entry.stat.kind, NodeKind::File | NodeKind::Dir) => {}
            _ => sink.push(judge.find(&VCS_STRAY, rel, "is nothing that go, or the program it runs here, makes")),
        }
    }
}

/// What git, hg, bzr and fossil make where Go runs them. The inside of folders that only hold data is not listed.
fn is_usual(rel: &str, kind: &str) -> bool {
    let top = rel.split('/').next().unwrap_or("");
    // bzr and hg keep a work tree of the module beside their folder; what lies in it runs nothing.
    if kind.ends_with(".bzr") || kind.ends_with(".svn") || kind.ends_with(".fossil") {
        return true;
    }
    matches!(
        top,
        "HEAD" | "FETCH_HEAD" | "ORIG_HEAD" | "config" | "description" | "packed-refs" | "shallow" | "branches" | "logs" | "refs" | "objects"
    ) || matches!(rel, "hooks" | "info" | "info/exclude" | "info/attributes" | "info/refs" | "gc.log" | "gc.pid" | "index" | "reftable")
        || rel.starts_with("hooks/") && rel.ends_with(".sample") && rel.matches('/').count() == 1
        // Locks and unfinished files of a git that runs or was killed.
        || rel.ends_with(".lock")
        || top.starts_with("tmp_")
        || top == "lfs"
        || top == ".hg"
        || kind.ends_with(".hg") && !rel.starts_with(".git")
        || crate::subject::is_litter(rel)
}

fn hook(judge: &Judge<'_>, entry: &RepositoryEntry, seen: &RepositorySeen, sink: &mut Sink) {
    if !matches!(entry.stat.kind, NodeKind::File | NodeKind::Dir) {
        return;
    }
    let name = entry.rel.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let content = seen.hooks.iter().find(|(rel, _)| *rel == entry.rel).and_then(|(_, c)| c.bytes());
    let finding = judge.find(&VCS_HOOK, &entry.rel, "is run by git the next time go fetches from this repository");
    sink.push(match content {
        Some(bytes) if is_lfs_hook(&name, bytes) => {
            judge.find(&VCS_HOOK, &entry.rel, "is a hook of Git LFS, in its own words").lowered_to(Level::Note)
        }
        _ => finding,
    });
}

/// Whether a hook is one that Git LFS installs by itself when it fetches large files: three lines, of which the second only
/// prints a message where git-lfs is missing, and the third calls git-lfs under the hook's own name (git-lfs `lfs/hook.go`).
fn is_lfs_hook(name: &str, bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let lines: Vec<&str> = text.lines().collect();
    let [shebang, check, call] = lines.as_slice() else { return false };
    let message = check
        .strip_prefix("command -v git-lfs >/dev/null 2>&1 || { echo >&2 \"")
        .and_then(|rest| rest.strip_suffix("\"; exit 2; }"))
        .or_else(|| {
            check
                .strip_prefix("command -v git-lfs >/dev/null 2>&1 || { printf >&2 \"")
                .and_then(|r| r.strip_suffix("\"; exit 2; }"))
        });
    *shebang == "#!/bin/sh"
        && matches!(name, "post-checkout" | "post-commit" | "post-merge" | "pre-push")
        && message.is_some_and(|m| !m.contains(['"', '`', '$']))
        && *call == format!("git lfs {name} \"$@\"")
}

/// Judges `info/attributes`.
pub(super) fn attributes(judge: &Judge<'_>, content: Option<&Content>, sink: &mut Sink) {
    let Some(Content::Bytes(bytes)) = content else { return };
    let text = String::from_utf8_lossy(bytes);
    for (number, line) in (1u64..).zip(text.lines()) {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') && line != ATTRIBUTES {
            let shown: String = line.chars().take(200).collect();
            let message = format!("asks git to change files before go packs them: `{shown}`");
            sink.push(judge.find(&VCS_ATTRIBUTES, "info/attributes", message).claims(ATTRIBUTES, shown).line(number));
            return;
        }
    }
}

/// Judges `packed-refs`: replacements stand there too.
pub(super) fn packed_refs(judge: &Judge<'_>, content: Option<&Content>, sink: &mut Sink) {
    let Some(Content::Bytes(bytes)) = content else { return };
    let marker = b" refs/replace/";
    let found = (1u64..).zip(bytes.split(|b| *b == b'\n')).find(|(_, line)| line.windows(marker.len()).any(|w| w == marker));
    if let Some((number, line)) = found {
        let shown: String = String::from_utf8_lossy(line).chars().take(200).collect();
        let message = "makes git show another object in the place of the one it is named after";
        sink.push(
            judge.find(&VCS_REPLACES_OBJECTS, Path::new("packed-refs"), message).claims("no refs/replace", shown).line(number),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_git_lfs_own_hooks_are_let_through() {
        let check = "command -v git-lfs >/dev/null 2>&1 || { echo >&2 \"\\nThis repository is configured for Git LFS but 'git-lfs' was not found on your path. If you \
                     no longer wish to use Git LFS, remove this hook by deleting '.git/hooks/pre-push'.\\n\"; exit 2; }";
        let text = format!("#!/bin/sh\n{check}\ngit lfs pre-push \"$@\"\n");
        assert!(is_lfs_hook("pre-push", text.as_bytes()));
        assert!(!is_lfs_hook("post-merge", text.as_bytes()));
        assert!(!is_lfs_hook("pre-push", format!("{text}evil\n").as_bytes()));
        assert!(!is_lfs_hook("pre-push", text.replace("longer", "$(evil)").as_bytes()));
        assert!(!is_lfs_hook("reference-transaction", text.replace("pre-push", "reference-transaction").as_bytes()));
    }

    #[test]
    fn usual_entries() {
        for rel in [
            "HEAD",
            "shallow",
            "FETCH_HEAD",
            "hooks/pre-push.sample",
            "objects/info/packs",
            "objects/info/commit-graphs/x",
            "packed-refs.lock",
            "refs/dummy",
        ] {
            assert!(is_usual(rel, "git3"), "{rel}");
        }
        for rel in ["hooks/x", "evil.sh", "info/evil", "modules", "hooks/a/b.sample"] {
            assert!(!is_usual(rel, "git3"), "{rel}");
        }
    }
}
