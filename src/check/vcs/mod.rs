//! Repositories of `cache/vcs`: Go runs git, hg and the like in them, and these obey what the repository says.

pub mod config;
pub mod content;
pub mod rules;

use std::path::Path;

use rules::*;

use crate::evidence::modcache::Content;
use crate::evidence::vcs::{Repository, RepositorySeen};
use crate::finding::{Finding, RootKind, Sink};
use crate::format::hex;
use crate::rule::{Level, Rule};
use crate::sys::NodeKind;
use sha2::{Digest, Sha256};

/// The rules of this folder.
pub const RULES: &[&Rule] = &[
    &VCS_KEY_MISMATCH,
    &VCS_CONFIG_EXECUTES,
    &VCS_CONFIG_REDIRECTS,
    &VCS_CONFIG_UNUSUAL,
    &VCS_CONFIG_MALFORMED,
    &VCS_HOOK,
    &VCS_BORROWS_OBJECTS,
    &VCS_REPLACES_OBJECTS,
    &VCS_ATTRIBUTES,
    &VCS_STRAY,
];

/// One repository that is judged.
struct Judge<'a> {
    root: &'a Path,
    repository: &'a Repository,
    /// Its key, such as `git3:https://host/repo`, where `.info` could be read.
    key: Option<String>,
}

impl Judge<'_> {
    /// A finding about `rel`, relative to the repository.
    fn find(&self, rule: &'static Rule, rel: impl AsRef<Path>, message: impl Into<String>) -> Finding {
        let rel = rel.as_ref();
        let path = self.root.join(self.repository.path()).join(rel);
        let subject = format!("{}: {}", self.repository.name, crate::finding::path_text(rel).0);
        Finding::at(rule, RootKind::Gomodcache, &path, subject, message)
    }

    /// The URL of the key.
    fn url(&self) -> Option<&str> {
        self.key.as_deref().and_then(|k| k.split_once(':')).map(|(_, url)| url)
    }

    /// The type of the key: `git3`, `vcs1.hg`.
    fn kind(&self) -> &str {
        self.key.as_deref().and_then(|k| k.split_once(':')).map_or("", |(kind, _)| kind)
    }
}

/// Judges one repository.
pub fn repository(root: &Path, repository: &Repository, seen: &RepositorySeen, sink: &mut Sink) {
    let mut judge = Judge { root, repository, key: None };
    judge.key = key(&judge, &seen.info, sink);
    if repository.dir.is_none_or(|d| d.kind != NodeKind::Dir) {
        return;
    }
    content::entries(&judge, seen, sink);
    config::git(&judge, seen.files.get("config"), sink);
    config::mercurial(&judge, seen.files.get(".hg/hgrc"), sink);
    content::attributes(&judge, seen.files.get("info/attributes"), sink);
    content::packed_refs(&judge, seen.files.get("packed-refs"), sink);
}

/// Judges `.info`: sha256 of the key is the name. Returns the key.
fn key(judge: &Judge<'_>, content: &Content, sink: &mut Sink) -> Option<String> {
    let name = &judge.repository.name;
    let find = |message: String| {
        let path = judge.root.join(judge.repository.info_path());
        Finding::at(&VCS_KEY_MISMATCH, RootKind::Gomodcache, &path, format!("{name}.info"), message)
    };
    let bytes = match content {
        Content::Bytes(bytes) => bytes,
        Content::TooLong(size) => {
            sink.push(find(format!("is {size} bytes long, more than any repository's address")));
            return None;
        }
        Content::Absent | Content::Blocked | Content::Unread => return None,
    };
    // cmd/go modfetch/codehost/codehost.go (WorkDir): one newline at the end does not count.
    let key = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let computed = hex(&Sha256::digest(key));
    let text = String::from_utf8_lossy(key).into_owned();
    let shown: String = text.chars().take(200).collect();
    if key.is_empty() {
        sink.push(find("is empty: a write was cut off, and go refuses the repository".to_owned()).lowered_to(Level::Note));
        return None;
    }
    if computed != *name {
        let message = format!("names `{shown}`, whose repository lies elsewhere");
        sink.push(find(message).claims(name.clone(), computed).claimed_by("the name"));
        return None;
    }
    Some(text)
}
