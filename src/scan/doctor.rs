//! `gocachescan doctor`: what the machine's shells and programs would see, judged and reported as a scan is.

use std::time::{Instant, SystemTime};

use crate::check::{environment, settings};
use crate::environment::{Inquiry, gather};
use crate::error::Error;
use crate::evidence::settings::look;
use crate::finding::{Finding, Sink};
use crate::policy;
use crate::report::{Doctor, Report, Unread};
use crate::rule::Level;

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Visit {
    /// What is to be looked at.
    pub inquiry: Inquiry,
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
    let machine = gather(&visit.inquiry)?;
    let mut sink = Sink::default();
    let settings = machine.here.settings.as_deref().cloned().unwrap_or_default();
    settings::check(&settings, &look(&settings, &machine.owners), &mut sink);
    let of_units = machine.units.iter().map(|unit| {
        let mut sink = Sink::default();
        if let (Some(settings), Some(seen)) = (unit.view.settings.as_deref(), &unit.seen) {
            settings::check(settings, seen, &mut sink);
        }
        sink.into_findings()
    });
    environment::check(&machine, of_units.collect(), &mut sink);
    let judged = policy::judge(sink.into_findings(), &[], &visit.only, &visit.skip, visit.fail_on);
    let mut report = Report::empty("doctor", started_at, settings);
    report.findings = judged.kept;
    report.suppressed = judged.suppressed;
    report.findings.sort_by(Finding::order);
    report.unread = report.settings.unread().map(|(path, error)| Unread { path: path.to_path_buf(), error }).collect();
    report.complete = report.unread.is_empty();
    report.doctor = Some(Doctor { answer: environment::answer(&machine), starts: machine.starts });
    report.elapsed = clock.elapsed();
    Ok(report)
}
