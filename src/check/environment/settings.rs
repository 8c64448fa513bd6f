//! Findings on Go's settings, told by the line that sets them: in this process, and in every other way of starting.

use std::path::PathBuf;

use super::Judge;
use crate::environment::{Asked, StartKind, names};
use crate::finding::{Finding, Mend, Place, Sink};
use crate::format::shell::At;
use crate::locate::text_of;
use crate::rule::Rule;

impl Judge<'_> {
    /// Gives a finding on a variable of the environment the line that sets it, where a file does.
    pub(super) fn place_setting(&self, finding: &mut Finding) {
        let Place::Env(name) = &finding.place else { return };
        let Some(at) = self.line_here(name) else { return };
        let mend = self.unset(at, name);
        self.place_at(finding, at, "an init file", mend);
    }

    /// Gives a finding on a variable the line that sets it, in `by`.
    pub(super) fn place_at(&self, finding: &mut Finding, at: &At, by: &str, mend: Option<Mend>) {
        finding.proof.claimed_by.get_or_insert_with(|| by.to_owned());
        finding.proof.line = Some(u64::from(at.line));
        finding.place = place(at);
        finding.mend = finding.mend.take().or(mend);
    }

    /// What lines of files set for other ways of starting than this process: one finding a line, with the ways that get it.
    pub(super) fn settings_elsewhere(&self, of_starts: Vec<Vec<Finding>>, of_jobs: Vec<(usize, Vec<Finding>)>, sink: &mut Sink) {
        let starts = self.machine.starts.iter().map(|s| (s.kind, &s.env, &s.asked)).zip(of_starts);
        let jobs = of_jobs.into_iter().filter_map(|(number, findings)| Some((self.machine.cron_jobs.get(number)?, findings)));
        let jobs = jobs.map(|(job, findings)| ((StartKind::Cron, &job.env, &Asked::No), findings));
        let mut found: Vec<(Finding, Vec<StartKind>)> = Vec::new();
        for ((kind, env, asked), findings) in starts.chain(jobs) {
            for mut finding in findings {
                let Place::Env(name) = &finding.place else { continue };
                let name = name.clone();
                let Some((at, text)) = env.get(name.as_bytes()).and_then(|v| Some((v.at()?, v.text()?))) else { continue };
                if matches!(asked, Asked::Environment(said) if said.get(name.as_bytes()) != Some(&text)) {
                    continue;
                }
                (finding.mend, finding.proof.claimed_by) = (None, None);
                self.place_at(&mut finding, at, &kind.as_str(), self.unset(at, &name));
                match found.iter_mut().find(|(known, _)| is_same(known, &finding)) {
                    Some((_, kinds)) if kinds.contains(&kind) => {}
                    Some((_, kinds)) => kinds.push(kind),
                    None => found.push((finding, vec![kind])),
                }
            }
        }
        for (mut finding, kinds) in found {
            let others: Vec<StartKind> = kinds.iter().copied().filter(|k| !matches!(k, StartKind::Shell(..))).collect();
            if let Some(told) = sink.iter_mut().find(|f| is_same(f, &finding)) {
                if !others.is_empty() {
                    told.message.push_str(&format!("; so it is for {}", names(&others)));
                }
                continue;
            }
            finding.message.push_str(&format!("; not in this process, but for {}", names(&kinds)));
            if others.len() == kinds.len() {
                finding.subject = format!("{} {}", names(&others), finding.subject);
            }
            sink.push_bounded(finding);
        }
    }
}

fn place(at: &At) -> Place {
    Place::Path(PathBuf::from(text_of(&at.file)))
}

/// Whether two findings are of one rule and one line.
fn is_same(a: &Finding, b: &Finding) -> bool {
    a.rule == b.rule && a.place == b.place && a.proof.line == b.proof.line
}

/// Whether a rule's finding on a line is told already.
pub(super) fn is_told(sink: &Sink, rule: &Rule, at: &At) -> bool {
    let place = place(at);
    sink.iter().any(|f| f.rule == rule && f.place == place && f.proof.line == Some(u64::from(at.line)))
}
