//! What a repository's configuration asks of git or Mercurial.

use super::Judge;
use super::rules::*;
use crate::evidence::modcache::Content;
use crate::finding::Sink;
use crate::format::gitconfig::{Entry, GitConfig};
use crate::rule::Rule;

/// What a variable does when git next runs in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// What `git init`, Go or Git LFS write.
    Usual,
    /// Runs a program, or takes hooks or settings from elsewhere, which do.
    Executes,
    /// Fetches from elsewhere, or weakens how it is fetched.
    Redirects,
    /// Nothing that we know.
    Unknown,
}

/// Judges git's `config`.
pub(super) fn git(judge: &Judge<'_>, content: Option<&Content>, sink: &mut Sink) {
    let Some(config) = parse(judge, "config", content, sink) else { return };
    for entry in &config.entries {
        let (rule, what): (&'static Rule, _) = match effect(entry, judge.url()) {
            Effect::Usual => continue,
            Effect::Executes => (&VCS_CONFIG_EXECUTES, "makes git run a program or take orders from elsewhere"),
            Effect::Redirects => (&VCS_CONFIG_REDIRECTS, "makes git fetch from elsewhere or with less protection"),
            Effect::Unknown => (&VCS_CONFIG_UNUSUAL, "is set, which neither go nor git does by itself"),
        };
        tell(judge, rule, "config", entry, what, sink);
    }
}

/// Judges Mercurial's `.hg/hgrc`: Go writes `default` of `[paths]` and nothing else (codehost/vcs.go, `hgAddRemote`).
pub(super) fn mercurial(judge: &Judge<'_>, content: Option<&Content>, sink: &mut Sink) {
    const FILE: &str = ".hg/hgrc";
    // The syntax differs in what a value may be; sections and names, which are judged, do not.
    let Some(config) = parse(judge, FILE, content, sink) else { return };
    for entry in &config.entries {
        let (rule, what): (&'static Rule, _) = match (entry.section.as_str(), entry.name.as_str()) {
            ("paths", "default") if judge.url().is_none_or(|url| entry.value.as_deref() == Some(url)) => continue,
            ("paths", _) => (&VCS_CONFIG_REDIRECTS, "makes hg fetch from elsewhere"),
            _ => (&VCS_CONFIG_EXECUTES, "makes hg run a program or load code, as nearly every section of hgrc may"),
        };
        tell(judge, rule, FILE, entry, what, sink);
    }
}

fn parse(judge: &Judge<'_>, file: &str, content: Option<&Content>, sink: &mut Sink) -> Option<GitConfig> {
    let bytes = match content? {
        Content::Bytes(bytes) => bytes,
        Content::TooLong(size) => {
            sink.push(judge.find(
                &VCS_CONFIG_MALFORMED,
                file,
                format!("is {size} bytes long, where go and git write some hundred"),
            ));
            return None;
        }
        Content::Absent | Content::Blocked | Content::Unread => return None,
    };
    let config = GitConfig::parse(bytes);
    if let Some(bad) = config.bad {
        let message = format!("line {} is no setting, so every command in this repository fails", bad.line);
        sink.push(judge.find(&VCS_CONFIG_MALFORMED, file, message).line(bad.line));
    }
    Some(config)
}

fn tell(judge: &Judge<'_>, rule: &'static Rule, file: &str, entry: &Entry, what: &str, sink: &mut Sink) {
    let key = entry.key();
    let value: String = entry.value.as_deref().unwrap_or("true").chars().take(200).collect();
    let mut finding = judge.find(rule, file, format!("`{key}` {what}: `{value}`")).claims("not set", value).line(entry.line);
    finding.subject = format!("{}: {key}", finding.subject);
    sink.push(finding);
}

/// What a variable of git's does. Sources: `git help config`, and git's own list of what a repository may not say of itself
/// (`safe.*`, protected configuration).
fn effect(entry: &Entry, url: Option<&str>) -> Effect {
    let (section, name) = (entry.section.as_str(), entry.name.as_str());
    let sub = entry.subsection.as_deref();
    let value = entry.value.as_deref();
    let off = || matches!(value.map(str::to_ascii_lowercase).as_deref(), Some("false" | "no" | "off" | "0" | ""));
    match (section, sub, name) {
        ("core", None, "repositoryformatversion" | "filemode" | "bare" | "symlinks" | "ignorecase" | "precomposeunicode") => {
            Effect::Usual
        }
        ("core", None, "logallrefupdates" | "longpaths" | "hidedotfiles" | "sharedrepository" | "protecthfs" | "protectntfs") => {
            Effect::Usual
        }
        ("extensions", None, "objectformat" | "refstorage" | "compatobjectformat") => Effect::Usual,
        ("lfs", None, "repositoryformatversion") => Effect::Usual,
        ("core", None, "fsmonitor") if off() => Effect::Unknown,
        ("remote", Some("origin"), "url") if url.is_none_or(|u| value == Some(u)) => Effect::Usual,
        ("remote", Some("origin"), "fetch") if value == Some("+refs/heads/*:refs/remotes/origin/*") => Effect::Usual,
        ("include" | "includeif" | "alias" | "credential" | "filter" | "hook" | "pager" | "difftool" | "mergetool", ..) => {
            Effect::Executes
        }
        (_, _, "command" | "cmd" | "program" | "driver" | "helper" | "textconv" | "process" | "clean" | "smudge" | "editor") => {
            Effect::Executes
        }
        (_, _, "pager" | "browser" | "uploadpack" | "receivepack" | "vcs" | "external" | "difffilter" | "askpass") => {
            Effect::Executes
        }
        (_, _, "packobjectshook" | "recentobjectshook" | "hookspath" | "sshcommand" | "gitproxy" | "fsmonitor") => {
            Effect::Executes
        }
        (_, _, "alternaterefscommand" | "virtualfilesystem" | "templatedir" | "worktree" | "attributesfile") => Effect::Executes,
        ("extensions", None, "worktreeconfig") => Effect::Executes,
        ("submodule", Some(_), "update") => Effect::Executes,
        ("url" | "bundle" | "protocol" | "http" | "https" | "remotes" | "ssh" | "extensions" | "submodule", ..) => {
            Effect::Redirects
        }
        ("remote", Some(_), "proxy" | "url" | "pushurl" | "promisor" | "partialclonefilter" | "fetch" | "proxyauthmethod") => {
            Effect::Redirects
        }
        ("fetch", None, "bundleuri") => Effect::Redirects,
        ("transfer" | "fetch" | "receive", _, "fsckobjects") if off() => Effect::Redirects,
        _ => Effect::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(text: &str) -> Vec<Effect> {
        let url = Some("https://git.example.test/x");
        GitConfig::parse(text.as_bytes()).entries.iter().map(|e| effect(e, url)).collect()
    }

    // `git init --bare` and `git remote add` of git 2.39 on Linux, Git for Windows and macOS, with Go's `core.longpaths`.
    #[test]
    fn what_git_and_go_write_is_usual() {
        let text = "[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n\tbare = true\n\tignorecase = true\n\tprecomposeunicode = true\n\
             \tsymlinks = false\n\tlongpaths = true\n[extensions]\n\tobjectformat = sha256\n[remote \"origin\"]\n\turl = https://git.example.test/x\n\
             \tfetch = +refs/heads/*:refs/remotes/origin/*\n[lfs]\n\trepositoryformatversion = 0\n";
        assert!(effects(text).iter().all(|e| *e == Effect::Usual), "{:?}", effects(text));
    }

    #[test]
    fn what_runs_a_program() {
        for text in [
            "[core]fsmonitor=x",
            "[core]sshCommand=x",
            "[core]hooksPath=x",
            "[core]pager=x",
            "[core]editor=x",
            "[core]gitProxy=x",
            "[core]askPass=x",
            "[core]alternateRefsCommand=x",
            "[core]worktree=x",
            "[remote \"o\"]uploadpack=x",
            "[remote \"origin\"]receivepack=x",
            "[remote \"origin\"]vcs=x",
            "[include]path=x",
            "[includeIf \"gitdir:/\"]path=x",
            "[filter \"x\"]smudge=x",
            "[filter \"x\"]process=x",
            "[diff \"x\"]command=x",
            "[diff]external=x",
            "[diff \"x\"]textconv=x",
            "[merge \"x\"]driver=x",
            "[credential]helper=x",
            "[credential \"https://x\"]helper=x",
            "[alias]x=!y",
            "[gpg]program=x",
            "[gpg \"ssh\"]program=x",
            "[uploadpack]packObjectsHook=x",
            "[tar \"zip\"]command=x",
            "[gc]recentObjectsHook=x",
            "[hook \"x\"]command=x",
            "[extensions]worktreeConfig=true",
            "[init]templateDir=x",
            "[submodule \"x\"]update=!y",
            "[sequence]editor=x",
            "[CORE]FSMONITOR=true",
        ] {
            assert_eq!(effects(text), [Effect::Executes], "{text}");
        }
    }

    #[test]
    fn what_leads_elsewhere_and_what_is_only_unusual() {
        for text in [
            "[remote \"origin\"]url=https://evil.test",
            "[url \"https://evil.test/\"]insteadOf=https://x",
            "[protocol \"ext\"]allow=always",
            "[http]proxy=x",
            "[http \"https://x\"]sslVerify=false",
            "[remote \"origin\"]proxy=x",
            "[remote \"other\"]url=https://x",
            "[extensions]partialClone=origin",
            "[remote \"origin\"]promisor=true",
            "[transfer]fsckObjects=false",
            "[fetch]bundleURI=https://evil.test/b",
            "[bundle \"x\"]uri=https://evil.test/b",
        ] {
            assert_eq!(effects(text), [Effect::Redirects], "{text}");
        }
        for text in ["[gc]auto=0", "[user]name=x", "[core]fsmonitor=false", "[core]compression=9", "[pack]threads=1"] {
            assert_eq!(effects(text), [Effect::Unknown], "{text}");
        }
    }
}
