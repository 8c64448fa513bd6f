//! `gocachescan doctor`: what the machine's shells and programs would see, judged and reported as a scan is.

use std::time::{Instant, SystemTime};

use crate::check::{environment, settings};
use crate::environment::{Inquiry, Machine, gather, gather_all};
use crate::error::Error;
use crate::evidence::settings::look;
use crate::finding::{Finding, Place, Sink};
use crate::policy;
use crate::report::{Doctor, Person, Report, Unread};
use crate::rule::Level;

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Visit {
    /// What is to be looked at.
    pub inquiry: Inquiry,
    /// Whether every other user is looked at, too.
    pub all_users: bool,
    /// Rules that alone are told; all where it is empty.
    pub only: Vec<String>,
    /// Rules that are not told.
    pub skip: Vec<String>,
    /// The level from which the run fails.
    pub fail_on: Option<Level>,
}

/// Gathers, judges, reports.
///
/// # Errors
///
/// What was asked about can't be looked at.
pub fn doctor(visit: &Visit) -> Result<Report, Error> {
    let (started_at, clock) = (SystemTime::now(), Instant::now());
    let machines = if visit.all_users { gather_all(&visit.inquiry)? } else { vec![gather(&visit.inquiry)?] };
    let mut findings: Vec<Finding> = machines.iter().flat_map(judge).collect();
    findings.sort_by(Finding::order);
    // What is the machine's own is found by each user.
    findings.dedup();
    let judged = policy::judge(findings, &[], &visit.only, &visit.skip, visit.fail_on);
    let mut people = machines.into_iter().map(|machine| {
        let answer = environment::answer(&machine);
        (machine.here.settings, Person { name: machine.user.name, answer, starts: machine.starts })
    });
    let (settings, here) = people.next().unwrap_or_default();
    let mut report = Report::empty("doctor", started_at, settings.map(|s| *s).unwrap_or_default());
    report.findings = judged.kept;
    report.suppressed = judged.suppressed;
    report.unread = report.settings.unread().map(|(path, error)| Unread { path: path.to_path_buf(), error }).collect();
    report.complete = report.unread.is_empty();
    report.doctor = Some(Doctor { here, others: people.map(|(_, person)| person).collect() });
    report.elapsed = clock.elapsed();
    Ok(report)
}

/// All that is to be told of one user's environment.
fn judge(machine: &Machine) -> Vec<Finding> {
    let mut sink = Sink::default();
    if let Some(settings) = machine.here.settings.as_deref() {
        settings::check(settings, &look(settings, &machine.owners), &mut sink);
    }
    let of_units = machine.units.iter().map(|unit| {
        let mut sink = Sink::default();
        if let (Some(settings), Some(seen)) = (unit.view.settings.as_deref(), &unit.seen) {
            settings::check(settings, seen, &mut sink);
        }
        sink.into_findings()
    });
    environment::check(machine, of_units.collect(), &mut sink);
    let mut findings = sink.into_findings();
    if !machine.user.is_us {
        // A variable has no place by which one could tell whose it is.
        let name = String::from_utf8_lossy(&machine.user.name).into_owned();
        for finding in findings.iter_mut().filter(|f| matches!(f.place, Place::Env(_))) {
            finding.message = format!("for the user `{name}`: {}", finding.message);
            finding.subject = format!("{} of {name}", finding.subject);
        }
    }
    findings
}
