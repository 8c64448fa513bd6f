//! `gocachescan doctor`: what the machine's shells and programs would see, judged and reported as a scan is.

use std::time::{Instant, SystemTime};

use crate::check::environment::Elsewhere;
use crate::check::{environment, settings};
use crate::environment::services::jobs_of_go;
use crate::environment::{Container, Inquiry, Machine, User, gather, gather_all};
use crate::error::Error;
use crate::evidence::settings::look;
use crate::finding::{Finding, Sink};
use crate::locate::Settings;
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
    let (mut findings, mut told) = (Vec::new(), Vec::new());
    for machine in &machines {
        // What is the machine's own is found by each user.
        let new: Vec<Finding> = judge(machine).into_iter().filter(|f| !told.contains(f)).collect();
        findings.extend(new.iter().map(|f| of_user(f.clone(), &machine.user)));
        told.extend(new);
    }
    let judged = policy::judge(findings, &[], &visit.only, &visit.skip, visit.fail_on);
    let unread: Vec<Unread> = machines
        .iter()
        .flat_map(|m| m.here.settings.iter().flat_map(|s| s.unread()))
        .map(|(path, error)| Unread { path: path.to_path_buf(), error })
        .collect();
    let mut people = machines.into_iter().map(|machine| {
        let answer = environment::answer(&machine);
        (machine.here.settings, Person { name: machine.user.name, answer, starts: machine.starts })
    });
    let (settings, here) = people.next().unwrap_or_default();
    let mut report = Report::empty("doctor", started_at, settings.map(|s| *s).unwrap_or_default());
    report.findings = judged.kept;
    report.findings.sort_by(Finding::order);
    report.suppressed = judged.suppressed;
    report.unread = unread;
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
    let of = |settings: Option<&Settings>| {
        let mut sink = Sink::default();
        if let Some(settings) = settings {
            settings::check(settings, &look(settings, &machine.owners), &mut sink);
        }
        sink.into_findings()
    };
    let of_units = machine.units.iter().map(|unit| {
        let mut sink = Sink::default();
        if let (Some(settings), Some(seen)) = (unit.view.settings.as_deref(), &unit.seen) {
            settings::check(settings, seen, &mut sink);
        }
        sink.into_findings()
    });
    let elsewhere = Elsewhere {
        starts: machine.starts.iter().map(|start| of(start.view.settings.as_deref())).collect(),
        jobs: jobs_of_go(&machine.cron_jobs).map(|(number, job)| (number, of(job.view.settings.as_deref()))).collect(),
        units: of_units.collect(),
        stages: machine.container.iter().flat_map(Container::settings).map(|settings| of(settings.as_ref())).collect(),
    };
    environment::check(machine, elsewhere, &mut sink);
    sink.into_findings()
}

/// Says of a finding whose it is, where it is another user's: "you" in its message is that user.
fn of_user(finding: Finding, user: &User) -> Finding {
    if user.is_us {
        return finding;
    }
    let name = String::from_utf8_lossy(&user.name);
    let message = format!("for the user `{name}`: {}", finding.message);
    Finding { subject: format!("{} of {name}", finding.subject), message, ..finding }
}
