//! Rules on a Dockerfile: settings of Go that do not reach the command that they are meant for.

use super::Judge;
use super::settings::is_told;
use crate::check::settings::commands::{PROGRAM_OUTSIDE, PROGRAM_WRITABLE};
use crate::environment::Container;
use crate::finding::{Finding, Place, Sink};
use crate::format::machine::Env;
use crate::format::machine::dockerfile::Command;
use crate::format::shell::{At, Value};
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&EXPORT_IN_RUN, &EXEC_FORM_VARIABLE, &INIT_FILE_IN_RUN, &ENV_OF_ANOTHER_STAGE];

const SOURCE: &str = "docs.docker.com/reference/dockerfile (RUN, ENV, ENTRYPOINT); each RUN starts a shell of its own";

/// A variable that ends with its RUN.
pub static EXPORT_IN_RUN: Rule = Rule {
    id: "dockerfile-export-lost",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a RUN exports a variable that is gone in the next instruction",
    what: "`doctor --dockerfile FILE`: `export` of PATH or of a variable of Go in a RUN in which nothing follows that could use it.",
    why: "Each RUN is a shell of its own: what it exports ends with it, and the next one builds with other settings than it seems.",
    go: "Sees the variables of ENV and of its own RUN.",
    mend: "Write `ENV NAME=VALUE` in its place.",
    source: SOURCE,
    witness: |s| dockerfile(s, "FROM golang:1.26\nRUN export GOFLAGS=-mod=vendor\nRUN go build ./...\n"),
};

/// A variable in an exec form, which no shell expands.
pub static EXEC_FORM_VARIABLE: Rule = Rule {
    id: "dockerfile-exec-form-variable",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "an ENTRYPOINT, CMD or RUN in exec form names a variable that nobody expands",
    what: "`doctor --dockerfile FILE`: `$NAME` or a leading `~` in the words of a JSON form whose program is no shell.",
    why: "There is no shell: the program gets the text `$GOPATH/bin/app` as it stands, and a start fails with `no such file or directory`.",
    go: "Is not asked.",
    mend: "Write the value, or use the shell form, or `[\"sh\", \"-c\", \"exec ...\"]`.",
    source: SOURCE,
    witness: |s| dockerfile(s, "FROM golang:1.26\nENTRYPOINT [\"$GOPATH/bin/app\"]\n"),
};

/// A RUN writes to an init file that no later instruction reads.
pub static INIT_FILE_IN_RUN: Rule = Rule {
    id: "dockerfile-init-file-not-read",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a RUN writes settings into an init file that no later instruction reads",
    what: "`doctor --dockerfile FILE`: `>> ~/.bashrc`, `~/.profile`, `/etc/profile` and the like with PATH or a variable of Go.",
    why: "RUN, CMD and ENTRYPOINT start `/bin/sh -c` or the program itself: neither reads an init file, so nothing of it takes effect.",
    go: "Sees the variables of ENV.",
    mend: "Write `ENV NAME=VALUE` in its place.",
    source: SOURCE,
    witness: |s| dockerfile(s, "FROM debian:12\nRUN echo 'export PATH=$PATH:/usr/local/go/bin' >> ~/.bashrc\nRUN go version\n"),
};

/// ENV of a builder stage is not there in the last one.
pub static ENV_OF_ANOTHER_STAGE: Rule = Rule {
    id: "dockerfile-env-of-another-stage",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a variable of one stage is used in another that does not have it",
    what: "`doctor --dockerfile FILE`: a variable of Go in a RUN, CMD or ENTRYPOINT of a stage that does not start from the one whose ENV or ARG sets it.",
    why: "Every FROM begins anew: the variable is empty there.",
    go: "Takes its default.",
    mend: "Repeat the ENV in that stage.",
    source: SOURCE,
    witness: |s| dockerfile(s, "FROM debian:12 AS build\nENV GOAPP=/app\nFROM debian:12\nCMD exec $GOAPP/run\n"),
};

/// A witness: a Dockerfile in the home folder.
fn dockerfile(s: &mut Sample, text: &str) -> std::io::Result<Place> {
    let path = s.home().join("Dockerfile");
    s.write(&path, text.as_bytes())?;
    s.dockerfile = Some(path.clone());
    Ok(Sample::place(&path))
}

/// Rules on settings that look at the programs of this machine.
const OF_DISK: &[&Rule] = &[&PROGRAM_OUTSIDE, &PROGRAM_WRITABLE];

/// Init files that people write to.
const INIT_FILES: &[&str] =
    &[".bashrc", ".bash_profile", ".profile", ".zshrc", "/etc/profile", "/etc/bash.bashrc", "/etc/environment"];

impl Judge<'_> {
    /// The Dockerfile that was asked about, if one was.
    pub(super) fn container(&self, of_stages: Vec<Vec<Finding>>, sink: &mut Sink) {
        let Some(container) = &self.machine.container else { return };
        for (stage, findings) in container.stages.iter().zip(of_stages) {
            for mut finding in findings {
                // What a program of this machine is says nothing of the image.
                let Place::Env(name) = &finding.place else { continue };
                let Some(at) = stage.env.get(name.as_bytes()).and_then(Value::at).filter(|_| !OF_DISK.contains(&finding.rule))
                else {
                    continue;
                };
                let mend = self.unset(at, name);
                (finding.mend, finding.proof.claimed_by) = (None, None);
                self.place_at(&mut finding, at, "ENV", mend);
                if !is_told(sink, finding.rule, at) {
                    sink.push_bounded(finding);
                }
            }
        }
        for (_, run) in container.runs(&["RUN"]) {
            let Command::Shell(text) = &run.command else { continue };
            let text = String::from_utf8_lossy(text).into_owned();
            self.exported(&text, &run.at, sink);
            self.init_file(&text, &run.at, sink);
        }
        for (_, run) in container.runs(&["RUN", "CMD", "ENTRYPOINT"]) {
            let Command::Exec(words) = &run.command else { continue };
            let is_shell = words
                .first()
                .is_some_and(|w| matches!(w.rsplit('/').next(), Some("sh" | "bash" | "ash" | "zsh" | "dash" | "env")));
            if let Some(word) = words.iter().find(|w| !is_shell && (variable(w).is_some() || w.starts_with("~/"))) {
                let message =
                    format!("`{}` in exec form has `{word}`, which no shell expands: the program gets it as it stands", run.name);
                let finding = self.about(&EXEC_FORM_VARIABLE, Some(&run.at), "Dockerfile", run.name.clone(), message);
                let put = || {
                    let line = self.machine.lines.text(&run.at)?;
                    let new = line.replacen(word.as_str(), &expanded(word, &run.env)?, 1);
                    (new != line).then(|| self.edit(&run.at, Some(new))).flatten()
                };
                sink.push_bounded(Finding { mend: put(), ..finding });
            }
        }
        self.stages(container, sink);
    }

    fn exported(&self, text: &str, at: &At, sink: &mut Sink) {
        let commands: Vec<&str> =
            text.split(['\n', ';']).flat_map(|c| c.split("&&")).map(str::trim).filter(|c| !c.is_empty()).collect();
        let Some(last) = commands.last() else { return };
        let Some(rest) = last.strip_prefix("export ") else { return };
        let Some((name, value)) = rest.trim().split_once('=').filter(|(n, _)| counts(n)) else { return };
        let message = format!("exports `{name}` at the end of a RUN: the next instruction has a shell of its own, without it");
        let finding = self.about(&EXPORT_IN_RUN, Some(at), name, name, message);
        // Where the whole instruction is this one command the change is plain.
        let plain = commands.len() == 1 && !value.contains(['`', '(']);
        let mend = if plain && self.is_one_line(text, at) { self.edit(at, Some(format!("ENV {name}={value}"))) } else { None };
        sink.push_bounded(Finding { mend, ..finding });
    }

    fn init_file(&self, text: &str, at: &At, sink: &mut Sink) {
        let Some((before, after)) = text.split_once(">>").or_else(|| text.split_once("| tee -a")) else { return };
        let target = after.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']);
        let Some(file) = INIT_FILES.iter().find(|f| target.ends_with(**f)) else { return };
        let sets = ["PATH=", "GOROOT=", "GOPATH=", "GOFLAGS=", "GOPROXY=", "GOBIN=", "GOPRIVATE="];
        if let Some(set) = sets.iter().find(|s| before.contains(**s)) {
            let name = set.trim_end_matches('=');
            let message = format!("writes `{name}` to `{file}`, which no RUN, CMD or ENTRYPOINT reads: write `ENV {name}=...`");
            let finding = self.about(&INIT_FILE_IN_RUN, Some(at), name, name, message);
            let set = echoed(before, after).filter(|_| self.is_one_line(text, at));
            sink.push_bounded(Finding { mend: set.and_then(|set| self.edit(at, Some(format!("ENV {set}")))), ..finding });
        }
    }

    /// Whether all of an instruction stands in the line where it begins.
    fn is_one_line(&self, text: &str, at: &At) -> bool {
        self.machine.lines.text(at).is_some_and(|line| line.trim_end().ends_with(text.trim()))
    }

    fn stages(&self, container: &Container, sink: &mut Sink) {
        for (stage, run) in container.runs(&["RUN", "CMD", "ENTRYPOINT"]) {
            let Command::Shell(text) = &run.command else { continue };
            let text = String::from_utf8_lossy(text).into_owned();
            let mut rest = text.as_str();
            while let Some((name, after)) = variable(rest) {
                rest = after;
                let name_bytes = name.as_bytes();
                let here = run.env.contains_key(name_bytes) || stage.others_unknown || text.contains(&format!("{name}="));
                let other = container.stages.iter().find(|s| s.env.contains_key(name_bytes));
                if let Some(other) = other.filter(|_| name.starts_with("GO") && !here) {
                    let by = other.env.get(name_bytes).and_then(|v| v.at()).map(|at| at.line).unwrap_or(other.at.line);
                    let message = format!("uses `{name}`, which line {by} sets in another stage: here it is empty");
                    let finding = self.about(&ENV_OF_ANOTHER_STAGE, Some(&run.at), name, name, message);
                    let repeated = || {
                        let value =
                            other.env.get(name_bytes)?.text().and_then(|v| String::from_utf8(v).ok()).filter(|v| is_plain(v))?;
                        self.edit(&run.at, Some(format!("ENV {name}={value}\n{}", self.machine.lines.text(&run.at)?)))
                    };
                    sink.push_bounded(Finding { mend: repeated(), ..finding });
                    break;
                }
            }
        }
    }
}

/// Longest text that is proposed, in bytes: a hostile file may name a long value often.
const LONGEST: usize = 4096;

/// Whether a value may stand in a Dockerfile as it is.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.len() <= LONGEST && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+@:=,".contains(&b))
}

/// A word of an exec form with its variables' values, where all are known and plain.
fn expanded(word: &str, env: &Env) -> Option<String> {
    let mut out = word.to_owned();
    while let Some((name, _)) = variable(&out) {
        let value = env.get(name.as_bytes())?.text().and_then(|v| String::from_utf8(v).ok()).filter(|v| is_plain(v))?;
        let braced = format!("${{{name}}}");
        let written = if out.contains(&braced) { braced } else { format!("${name}") };
        out = out.replacen(&written, &value, 1);
        if out.len() > LONGEST {
            return None;
        }
    }
    (out != word && !out.contains(['$', '~'])).then_some(out)
}

/// What `echo 'export NAME=VALUE' >> FILE` would set, where it does nothing else.
fn echoed<'t>(before: &'t str, after: &str) -> Option<&'t str> {
    if after.split_whitespace().count() != 1 || after.contains([';', '&', '|']) {
        return None;
    }
    let text = before.trim().strip_prefix("echo ")?.trim();
    let text = ['"', '\''].iter().find_map(|q| text.strip_prefix(*q)?.strip_suffix(*q)).unwrap_or(text);
    let set = text.strip_prefix("export ").unwrap_or(text).trim();
    let (name, value) = set.split_once('=')?;
    // Docker knows `$PATH`, too.
    (counts(name) && is_plain(&value.replace("${PATH}", "").replace("$PATH", "x"))).then_some(set)
}

/// Whether a variable decides what Go does.
fn counts(name: &str) -> bool {
    name == "PATH" || name.starts_with("GO") || name.starts_with("CGO_")
}

/// The first variable that a text names, and what follows.
fn variable(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let tail = rest.get(at + 1..)?;
        let tail = tail.strip_prefix('{').unwrap_or(tail);
        let length = tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tail.len());
        let name = tail.get(..length)?;
        if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return Some((name, tail.get(length..)?));
        }
        rest = tail;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_echoed_becomes_an_env() {
        for (text, want) in [
            ("echo 'export GOFLAGS=-mod=vendor' >> ~/.bashrc", Some("GOFLAGS=-mod=vendor")),
            ("echo \"PATH=$PATH:/usr/local/go/bin\" >> /etc/profile", Some("PATH=$PATH:/usr/local/go/bin")),
            ("echo GOBIN=$HOME/bin >> ~/.profile", None),
            ("apt-get update && echo GOBIN=/x >> ~/.profile", None),
            ("echo GOBIN=/x >> ~/.profile && go build", None),
            ("echo 'export GOFLAGS=\"-x -v\"' >> ~/.bashrc", None),
        ] {
            let (before, after) = text.split_once(">>").unwrap();
            assert_eq!(echoed(before, after), want, "{text}");
        }
    }

    #[test]
    fn words_are_expanded_where_all_is_known() {
        let put = |text: &[u8]| Value::put(text, None);
        let env = Env::from([(b"GOPATH".to_vec(), put(b"/go")), (b"X".to_vec(), put(b"a b")), (b"Y".to_vec(), put(b"$Y"))]);
        assert_eq!(expanded("$GOPATH/bin/${GOPATH}", &env).as_deref(), Some("/go/bin//go"));
        for word in ["$NO/x", "$X", "$Y", "~/app", "/x"] {
            assert_eq!(expanded(word, &env), None, "{word}");
        }
    }

    #[test]
    fn variables_are_seen() {
        assert_eq!(variable("a $1 ${GOPATH}/x").unwrap(), ("GOPATH", "}/x"));
        assert_eq!(variable("a $$ $(x) $"), None);
        assert!(counts("GOFLAGS") && counts("PATH") && !counts("HOME"));
    }
}
