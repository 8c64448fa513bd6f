//! The rules on cached repositories, with explanations and witnesses.

use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

const GO: &str = "Runs git in the repository the next time it fetches from that server, and checks none of this; `go mod verify` does not look here.";
const MEND: &str = "Remove the repository's folder with its `.info` and `.lock`; Go clones it afresh.";
const SOURCE: &str = "cmd/go/internal/modfetch/codehost/codehost.go (WorkDir), git.go (newGitRepo, runGit), vcs.go";

/// `.info` is about another repository.
pub static VCS_KEY_MISMATCH: Rule = Rule {
    id: "vcs-key-mismatch",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "the `.info` of a cached repository names another repository",
    what: "The folder of a repository is named after the sha256 of its type and address, which its `.info` holds. An empty `.info`, which a killed build \
           leaves, is a `note`.",
    why: "Somebody changed what the repository claims to be a copy of.",
    go: "Fails with \"exists with wrong content\".",
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.repository().with_extension("info");
        s.write(&path, b"git3:https://evil.test/x")?;
        Ok(Sample::place(&path))
    },
};

/// A setting that runs a program.
pub static VCS_CONFIG_EXECUTES: Rule = Rule {
    id: "vcs-config-executes",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached repository's configuration runs a program",
    what: "Every setting in `config` (and `.hg/hgrc`) of a cached repository: those that name a command, a helper, a filter or hooks, include another file or \
           set up another work tree.",
    why: "The next fetch of a private module runs the command with your rights, on a build server with its secrets.",
    go: GO,
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.repository().join("config");
        s.append(&path, b"[core]\n\tfsmonitor = touch pwned\n")?;
        Ok(Sample::place(&path))
    },
};

/// A setting that fetches from elsewhere.
pub static VCS_CONFIG_REDIRECTS: Rule = Rule {
    id: "vcs-config-redirects",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached repository fetches from elsewhere",
    what: "`remote.origin.url` against the address in `.info`; other remotes, URL rewriting, proxies, transports and TLS settings in the repository's own \
           configuration.",
    why: "Private modules, which no checksum database vouches for, then come from the server of somebody else.",
    go: GO,
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.repository().join("config");
        s.append(&path, b"[url \"https://evil.test/\"]\n\tinsteadOf = https://\n")?;
        Ok(Sample::place(&path))
    },
};

/// A setting that nobody expects.
pub static VCS_CONFIG_UNUSUAL: Rule = Rule {
    id: "vcs-config-unusual",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::None,
    summary: "a cached repository has a setting of its own",
    what: "Settings beyond those that `git init --bare` and Go write, of which we know no harm.",
    why: "A template of yours (`init.templateDir`), or somebody who tried something.",
    go: GO,
    mend: "Nothing needs to be done.",
    source: SOURCE,
    witness: |s| {
        let path = s.repository().join("config");
        s.append(&path, b"[gc]\n\tauto = 0\n")?;
        Ok(Sample::place(&path))
    },
};

/// A configuration that can't be read.
pub static VCS_CONFIG_MALFORMED: Rule = Rule {
    id: "vcs-config-malformed",
    level: Level::Warning,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "a cached repository's configuration can't be read",
    what: "The syntax of `config` and `.hg/hgrc`, and a length of at most 1 MiB.",
    why: "The file was damaged or overwritten; nothing can be fetched through this repository.",
    go: "Fails with the words of git: \"bad config line\".",
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.repository().join("config");
        s.append(&path, b"[core\n")?;
        Ok(Sample::place(&path))
    },
};

/// A hook.
pub static VCS_HOOK: Rule = Rule {
    id: "vcs-hook",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an active hook lies in a cached repository",
    what: "Everything in `hooks` that is not called `*.sample`. The hooks that Git LFS installs by itself, word for word, are a `note`.",
    why: "git runs it: `reference-transaction` at the next fetch, with your rights, on a build server with its secrets. A template of your own \
          (`init.templateDir`) puts its hooks here too; they would run there as well.",
    go: GO,
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.repository().join("hooks/reference-transaction");
        s.write(&path, b"#!/bin/sh\nexit 0\n")?;
        crate::sys::set_mode(&path, 0o755)?;
        Ok(Sample::place(&path))
    },
};

/// Objects or settings from another folder.
pub static VCS_BORROWS_OBJECTS: Rule = Rule {
    id: "vcs-borrows-objects",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached repository takes objects, refs or settings from elsewhere",
    what: "`objects/info/alternates`, `http-alternates`, `commondir`, `gitdir`, `worktrees`, `config.worktree`, `info/grafts`, `.hg/sharedpath`, \
           `.hg/hgrc-not-shared`: Go clones without any of them.",
    why: "Who may write to the other folder chooses what is fetched, or which settings hold.",
    go: GO,
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.repository().join("objects/info/alternates");
        s.write(&path, b"/elsewhere/objects\n")?;
        Ok(Sample::place(&path))
    },
};

/// An object that stands for another.
pub static VCS_REPLACES_OBJECTS: Rule = Rule {
    id: "vcs-replaces-objects",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached repository replaces one object by another",
    what: "`refs/replace` in the folder of refs and in `packed-refs`.",
    why: "git shows the replacement wherever the true commit is asked for, so a private module is packed from other files under its true commit's name.",
    go: GO,
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.repository().join("refs/replace").join("1".repeat(40));
        s.write(&path, format!("{}\n", "2".repeat(40)).as_bytes())?;
        Ok(Sample::place(&path))
    },
};

/// Attributes that change files.
pub static VCS_ATTRIBUTES: Rule = Rule {
    id: "vcs-attributes",
    level: Level::Warning,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "a cached repository's attributes change what Go packs",
    what: "`info/attributes` holds the one line that Go writes: `* -export-subst -export-ignore`. Empty lines and comments do not count.",
    why: "Attributes run filters, leave files out of an archive and change line ends: a module packed from here differs from the true one.",
    go: GO,
    mend: MEND,
    source: "cmd/go/internal/modfetch/codehost/git.go (ensureGitAttributes)",
    witness: |s| {
        let path = s.repository().join("info/attributes");
        s.append(&path, b"*.go filter=x\n")?;
        Ok(Sample::place(&path))
    },
};

/// Something that no repository holds.
pub static VCS_STRAY: Rule = Rule {
    id: "vcs-stray",
    level: Level::Warning,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "something lies in a cached repository that neither Go nor git put there",
    what: "Names in a repository, those of objects and refs left out.",
    why: "Nobody looks into a cached repository, so a file stays hidden there and travels with every CI cache.",
    go: "Takes no notice.",
    mend: MEND,
    source: SOURCE,
    witness: |s| {
        let path = s.repository().join("evil.sh");
        s.write(&path, b"#!/bin/sh\n")?;
        Ok(Sample::place(&path))
    },
};
