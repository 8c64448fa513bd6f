//! What changes something in a cache: shows the plan, asks, moves, and has what was touched looked at again.

use std::io::{self, IsTerminal};

use super::args::ScanArgs;
use super::terminal;
use crate::error::Error;
use crate::locate::Host;
use crate::plan::Plan;
use crate::report::Report;
use crate::report::human::Look;

/// What the user has said before anything is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consent {
    /// Whether anything is to be changed.
    pub(super) wanted: bool,
    /// Whether only the plan is to be shown.
    pub(super) dry_run: bool,
    /// Whether it is said yes to already.
    pub(super) yes: bool,
    /// The flag or command that changes something.
    pub(super) word: &'static str,
}

impl Consent {
    /// That of a scan.
    pub(super) fn of_scan(args: &ScanArgs) -> Consent {
        Consent { wanted: args.fix, dry_run: args.dry_run, yes: args.yes, word: "--fix" }
    }

    /// Refuses, before anything is read, what could not be asked for later.
    pub(super) fn allowed(self) -> Result<(), Error> {
        let Consent { wanted, dry_run, yes, word } = self;
        if !wanted {
            return Ok(());
        }
        if !cfg!(unix) {
            let why = "is not supported on this system: what it promises is not kept here yet";
            return Err(Error::Usage(format!("`{word}` {why}")));
        }
        if yes || dry_run || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Ok(());
        }
        let why = "asks before it changes anything, and there is no terminal: give `--yes`, or `--dry-run`";
        Err(Error::Usage(format!("`{word}` {why}")))
    }
}

/// Asks a question at the terminal; only a clear yes is one.
#[cfg(unix)]
pub(super) fn asks(question: &str) -> bool {
    use std::io::Write;

    let mut err = io::stderr();
    let asked = write!(err, "{question} [y/N] ").and_then(|()| err.flush());
    let mut answer = String::new();
    let heard = io::stdin().read_line(&mut answer);
    asked.is_ok() && heard.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// The quarantines beside the roots of a plan.
#[cfg(unix)]
pub(super) fn ledger(plan: &Plan) -> crate::repair::Ledger {
    use crate::repair::{Ledger, may_have_quarantine};
    Ledger::beside(plan.roots.iter().filter(|r| may_have_quarantine(r.kind)).map(|r| r.path.as_path()))
}

/// How often the scan before a repair is begun once more because another repair has begun.
#[cfg(unix)]
const RESCANS: u32 = 3;

/// Looks at the caches by `scan`. Before a change what a kill left half done is brought to an end, so that `scan` sees what is to
/// stay (what was begun was said yes to); an error tells what stays half done. Where another repair begins meanwhile `scan` has
/// seen half of its work, and is begun once more when that is done.
pub(super) fn settled(consent: Consent, plan: &Plan, scan: &dyn Fn() -> Report) -> (Report, Result<(), Error>) {
    #[cfg(unix)]
    if consent.wanted && !consent.dry_run {
        let ledger = ledger(plan);
        let names = || ledger.names().unwrap_or_default();
        let mut round = 0;
        loop {
            let known = names();
            let place = crate::repair::FOLDER;
            let recovered = ledger.recover().map_err(|e| Error::io("bring to an end what is in", place.as_ref(), e));
            let report = scan();
            round += 1;
            if round > RESCANS || names().is_subset(&known) {
                return (report, recovered);
            }
        }
    }
    let _ = (consent, plan);
    (scan(), Ok(()))
}

/// Repairs, and brings the report up to what is there then.
#[cfg(unix)]
pub(super) fn run(args: &ScanArgs, plan: &Plan, report: &mut Report, look: &Look, host: &Host) -> Result<(), Error> {
    use crate::repair::{RepairPlan, Scope};

    let repair = RepairPlan::make(report, &plan.settings, Scope::repair(args.fix_binaries));
    let touched = carry_out(&repair, Consent::of_scan(args), report, look)?;
    if !touched.is_empty() {
        let progress = terminal::progress(host, args.progress, args.print.quiet);
        crate::scan::again(plan, report, &touched, progress.as_ref());
    }
    Ok(())
}

/// Shows the plan, asks where that is to be asked, carries it out, and says so in the report; what was touched, and what others
/// have touched meanwhile.
#[cfg(unix)]
pub(super) fn carry_out(
    repair: &crate::repair::RepairPlan,
    consent: Consent,
    report: &mut Report,
    look: &Look,
) -> Result<Vec<crate::scan::Touched>, Error> {
    use crate::repair::{Now, Wanted, act};
    use crate::report::{FixReport, FixStep, human};
    use crate::rule::{Fix, Kind};
    use crate::scan::Touched;

    let steps = repair.steps.iter().map(|step| FixStep {
        act: step.wanted.act(),
        path: repair.path(step),
        mode: match step.wanted {
            Wanted::Mode { to, .. } => Some(to),
            _ => None,
        },
        rule: step.rule,
        bytes: step.bytes,
        then: step.then,
        about: std::sync::Arc::clone(&step.about),
        done: false,
        error: None,
    });
    let mut fix = FixReport { dry_run: consent.dry_run, steps: steps.collect(), ..FixReport::default() };
    // The report tells of what is there in the end.
    let overtaken = repair.overtaken.iter().filter_map(|o| {
        let root = &repair.sites.get(o.site)?.root;
        Some(Touched { kind: root.kind, root: root.path.clone(), rel: o.rel.clone(), node_only: o.node_only })
    });
    let mut touched: Vec<Touched> = overtaken.collect();
    let empty = fix.steps.is_empty();
    if consent.dry_run || (empty && touched.is_empty()) {
        report.fix = Some(fix);
        return Ok(Vec::new());
    }
    if !consent.yes && !empty {
        let shown = human::write_plan(report, &fix, look, &mut io::stderr());
        shown.map_err(|e| Error::io("write to", "standard error".as_ref(), e))?;
        fix.shown = true;
        if !asks("proceed?") {
            fix.declined = true;
            report.fix = Some(fix);
            return Ok(Vec::new());
        }
    }
    let acted = act(repair, &Now::of(std::time::SystemTime::now()));
    for ((step, shown), outcome) in repair.steps.iter().zip(&mut fix.steps).zip(acted.outcomes) {
        match outcome {
            Ok(()) => shown.done = true,
            Err(trouble) => {
                shown.done = trouble.done;
                shown.error = Some(trouble.why);
            }
        }
        let Some(site) = repair.site(step).filter(|_| shown.done) else { continue };
        let in_place = matches!(shown.act, Fix::Chmod | Fix::Chown);
        let posture = crate::check::rule(step.rule).is_some_and(|r| r.kind == Kind::Posture);
        touched.push(Touched {
            kind: site.root.kind,
            root: site.root.path.clone(),
            rel: step.rel.clone(),
            node_only: in_place && posture,
        });
    }
    fix.run = acted.run;
    report.fix = Some(fix);
    Ok(touched)
}

/// Never reached: [`Consent::allowed`] has refused.
#[cfg(not(unix))]
pub(super) fn run(_: &ScanArgs, _: &Plan, _: &mut Report, _: &Look, host: &Host) -> Result<(), Error> {
    let _ = (host, terminal::home(host));
    Ok(())
}
