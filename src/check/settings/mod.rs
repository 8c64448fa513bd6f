//! Settings of Go that weaken or redirect a build, wherever they come from.
//!
//! | theme | what is told |
//! |---|---|
//! | [`download`] | GOSUMDB, GONOSUMDB, GOPRIVATE, GOINSECURE, GOPROXY, GOVCS, GODEBUG |
//! | [`commands`] | GOFLAGS, CC and its kin, GOAUTH, GOCACHEPROG, the flags of cgo |
//! | [`places`] | the GOENV file itself, caches where others may write |
//! | [`lines`] | lines of the GOENV file that do not do what they seem to, values that Go refuses |
//!
//! A value of the GOENV file that the environment overrules is judged too: it counts for every `go` that is started
//! otherwise, from an editor, a scheduled job, another shell.

pub mod commands;
pub mod download;
pub mod lines;
pub mod places;

use std::io;

use crate::evidence::settings::{Claim, SettingsEvidence};
use crate::finding::{Finding, Mend, Place, RootKind, Sink};
use crate::locate::{Settings, Source};
use crate::rule::Rule;
use crate::sample::Sample;

/// Judges the settings.
pub fn check(settings: &Settings, seen: &SettingsEvidence, sink: &mut Sink) {
    let judge = Judge { settings, seen };
    for claim in &seen.claims {
        judge.download(claim, sink);
        judge.commands(claim, sink);
    }
    judge.programs(sink);
    judge.goenv_file(sink);
    judge.folders(sink);
    judge.unusable(sink);
    judge.lines(sink);
}

struct Judge<'a> {
    settings: &'a Settings,
    seen: &'a SettingsEvidence,
}

impl Judge<'_> {
    /// Where a finding about a variable belongs: the file that sets it, else the variable.
    fn place(&self, name: &str, source: Source) -> Place {
        let file = match source {
            Source::Goenv => self.settings.goenv_file.clone(),
            Source::GoEnv => self.settings.go_env_file.clone(),
            Source::Flag | Source::Env | Source::Default => None,
        };
        file.map_or_else(|| Place::Env(name.to_owned()), Place::Path)
    }

    /// A finding about a value that is set, with the change that takes it away.
    fn find(&self, rule: &'static Rule, claim: &Claim, message: impl Into<String>) -> Finding {
        let mut message = message.into();
        if claim.hidden {
            message.push_str("; the environment overrules it here, but not for every `go` of this user");
        }
        // Patterns, names and addresses are the same on every machine; who accepted one of them has not accepted the next.
        // Values that may hold a path of this machine are left out, and named by their callers where they can be.
        let subject = match claim.name {
            "GOSUMDB" | "GONOSUMDB" | "GOPRIVATE" | "GOINSECURE" | "GOPROXY" | "GOVCS" => {
                format!("{}={}", claim.name, claim.text())
            }
            name => name.to_owned(),
        };
        let mut finding = Finding::new(rule, RootKind::Environment, self.place(claim.name, claim.source), subject, message);
        finding.proof.line = claim.line;
        finding.proof.computed = Some(format!("{}={}", claim.name, claim.text()));
        finding.proof.claimed_by = Some(match claim.source {
            Source::Goenv => "the GOENV file".to_owned(),
            Source::GoEnv => "go.env of the Go installation".to_owned(),
            Source::Flag => "a flag".to_owned(),
            Source::Env | Source::Default => "the environment".to_owned(),
        });
        finding.mend = self.unset(claim);
        finding
    }

    /// The change that takes a value away.
    fn unset(&self, claim: &Claim) -> Option<Mend> {
        match claim.source {
            Source::Goenv => Some(Mend::Command(["go", "env", "-u", claim.name].map(str::to_owned).to_vec())),
            Source::GoEnv => {
                let shipped = match claim.name {
                    "GOSUMDB" => Some("GOSUMDB=sum.golang.org".to_owned()),
                    "GOPROXY" => Some("GOPROXY=https://proxy.golang.org,direct".to_owned()),
                    _ => None,
                };
                self.edit(claim, shipped)
            }
            Source::Flag | Source::Env | Source::Default => None,
        }
    }

    /// The line of the file that sets a value, put otherwise.
    fn edit(&self, claim: &Claim, new: Option<String>) -> Option<Mend> {
        let (file, lines) = match claim.source {
            Source::Goenv => (self.settings.goenv_file.clone()?, &self.settings.goenv.as_ref()?.lines),
            Source::GoEnv => (self.settings.go_env_file.clone()?, &self.settings.go_env.as_ref()?.lines),
            Source::Flag | Source::Env | Source::Default => return None,
        };
        let line = lines.iter().find(|l| Some(l.number) == claim.line)?;
        Some(Mend::Edit { file, line: line.number, old: String::from_utf8_lossy(&line.raw).into_owned(), new })
    }
}

/// A witness: `line` in the GOENV file.
fn goenv_line(s: &mut Sample, line: &str) -> io::Result<Place> {
    let path = s.goenv();
    s.write(&path, format!("GOTOOLCHAIN=local\n{line}\n").as_bytes())?;
    Ok(Sample::place(&path))
}

/// A witness: a variable of the environment.
fn env_variable(s: &mut Sample, name: &str, value: &str) -> io::Result<Place> {
    s.env.insert(name.to_owned(), value.to_owned());
    Ok(Place::Env(name.to_owned()))
}

#[cfg(test)]
mod tests;
