//! `gocachescan prune`: what the caches hold, and what of it may go.

use std::path::PathBuf;

use super::args::PruneArgs;
use super::fix::{Consent, settled};
use super::scan::{Targets, detail, require_rules};
use super::{Exit, terminal};
use crate::check::prune::Bound;
use crate::error::Error;
use crate::evidence::holdings::required::Required;
use crate::locate::{self, Host};
use crate::plan::{Options, Plan, Request};
use crate::report::human::Look;
use crate::scan::{self, Asked};

/// Looks, tells, and takes what was asked for.
pub(super) fn run(args: &PruneArgs, host: &Host) -> Result<Exit, Error> {
    let targets = Targets::parse(&args.print.output, None, host)?;
    require_rules(&args.judge)?;
    let bound = Bound { max_size: args.max_size, orphans: args.orphans };
    let wanted = bound != Bound::default() || !args.used_by.is_empty();
    let consent = Consent { wanted, dry_run: args.dry_run, yes: args.yes, word: "prune" };
    consent.allowed()?;
    let flags = args.places.flags(host);
    let options = Options {
        only: args.judge.only.clone(),
        skip: args.judge.skip.clone(),
        fail_on: args.judge.fail_on.level(),
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        ..Options::default()
    };
    let plan = Plan::assemble(locate::survey(host, &flags), Request { flags, options, ..Request::default() })?;
    let paths: Vec<PathBuf> = args.used_by.iter().map(|path| host.cwd.join(path)).collect();
    let required = Required::read(&paths, &plan.settings).map_err(|why| Error::Usage(format!("`--used-by`: {why}")))?;
    let asked = Asked { bound, required: (!paths.is_empty()).then_some(required) };
    let (mut report, recovered) = settled(consent, &plan, &|| {
        let progress = terminal::progress(host, args.progress, args.print.quiet);
        scan::prune(&plan, &asked, progress.as_ref())
    });
    // What stays half done is told at once; all else still goes.
    let recovered = recovered.map_err(|e| super::fail(&e));

    let detail = detail(&args.print);
    let look = terminal::look(host, args.print.color, detail);
    if consent.wanted {
        take(&plan, consent, &mut report, &look)?;
    }
    // A cache that is not there holds nothing; but one that is named should be.
    let exit = recovered.map_or(Exit::Undone, |()| Exit::of_report(&report, plan.options.fail_on, !report.named_root_absent()));
    Ok(targets.deliver(&report, args.print.format, &look, &Look::plain(terminal::home(host), detail), exit))
}

/// Takes what was found, and keeps in the report what was not taken.
#[cfg(unix)]
fn take(plan: &Plan, consent: Consent, report: &mut crate::report::Report, look: &Look) -> Result<(), Error> {
    use std::collections::HashSet;
    use std::path::Path;

    use crate::finding::Place;
    use crate::repair::{RepairPlan, Scope};

    let repair = RepairPlan::make(report, &plan.settings, Scope::prune());
    super::fix::carry_out(&repair, consent, report, look)?;
    let crate::report::Report { fix, findings, .. } = report;
    let steps = || fix.iter().flat_map(|fix| &fix.steps);
    let done: HashSet<&Path> = steps().filter(|step| step.done).map(|step| &*step.about).collect();
    let left: HashSet<&Path> = steps().filter(|step| !step.done || step.error.is_some()).map(|step| &*step.about).collect();
    findings.retain(
        |finding| !matches!(&finding.place, Place::Path(path) if done.contains(path.as_path()) && !left.contains(path.as_path())),
    );
    Ok(())
}

/// Never reached: [`Consent::allowed`] has refused.
#[cfg(not(unix))]
fn take(_: &Plan, _: Consent, _: &mut crate::report::Report, _: &Look) -> Result<(), Error> {
    Ok(())
}
