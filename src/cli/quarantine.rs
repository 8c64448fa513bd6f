//! `gocachescan quarantine`: what `--fix` and `prune` have moved away, listed, shown, put back, purged.

use super::Exit;
use super::args::QuarantineArgs;
use crate::error::Error;
use crate::locate::Host;

/// Does what is asked.
#[cfg(not(unix))]
pub(super) fn run(_: &QuarantineArgs, _: &Host) -> Result<Exit, Error> {
    Err(Error::Usage("`quarantine` is not supported on this system: `--fix` makes none here".to_owned()))
}

#[cfg(unix)]
pub(super) use here::run;

#[cfg(unix)]
mod here {
    use std::io::{self, IsTerminal, Write};
    use std::time::SystemTime;

    use serde::Serialize;

    use super::{Error, Exit, Host, QuarantineArgs};
    use crate::cli::args::{PlaceArgs, QuarantineCommand, Table, When};
    use crate::cli::{fix, terminal};
    use crate::format::journal::Change;
    use crate::locate;
    use crate::plan::{Options, Plan, Request};
    use crate::repair::{FOLDER, Ledger, Now, RunSummary, Stage, StepRecord};
    use crate::report::human::Detail;
    use crate::report::text;
    use crate::sys;

    /// Does what is asked.
    pub(in crate::cli) fn run(args: &QuarantineArgs, host: &Host) -> Result<Exit, Error> {
        match &args.what {
            QuarantineCommand::List { format, places } => list(&ledger(places, host)?, *format),
            QuarantineCommand::Show { run, format, places } => show(&ledger(places, host)?, run, *format, host),
            QuarantineCommand::Restore { run, overwrite, places } => restore(&ledger(places, host)?, run, *overwrite, host),
            QuarantineCommand::Purge { run, older_than, yes, places } => {
                let ledger = ledger(places, host)?;
                let runs = ledger.runs().map_err(unusable)?;
                let now = SystemTime::now();
                let chosen: Vec<RunSummary> = match (run, older_than) {
                    (Some(run), _) => runs.into_iter().filter(|r| r.run == *run).collect(),
                    (None, Some(age)) => runs.into_iter().filter(|r| r.is_older_than(*age, now)).collect(),
                    (None, None) => Vec::new(),
                };
                if let (Some(run), true) = (run, chosen.is_empty()) {
                    return Err(unknown(run));
                }
                purge(&ledger, &chosen, *yes)
            }
        }
    }

    /// The quarantines beside the roots that Go would use here.
    fn ledger(places: &PlaceArgs, host: &Host) -> Result<Ledger, Error> {
        let flags = places.flags(host);
        let settings = locate::survey(host, &flags);
        let options = Options { jobs: 1, ..Options::default() };
        let plan = Plan::assemble(settings, Request { flags, options, ..Request::default() })?;
        Ok(fix::ledger(&plan))
    }

    fn unusable(e: io::Error) -> Error {
        Error::io("work with a quarantine", FOLDER.as_ref(), e)
    }

    fn unknown(run: &str) -> Error {
        Error::Usage(format!("there is no run `{run}` beside these caches; `gocachescan quarantine list` names what there is"))
    }

    #[derive(Serialize)]
    struct RunView<'a> {
        run: &'a str,
        time: &'a str,
        steps: u64,
        bytes: u64,
        state: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        damage: Option<&'a str>,
    }

    impl RunView<'_> {
        fn of(r: &RunSummary) -> RunView<'_> {
            let RunSummary { run, time, steps, bytes, state, damage } = r;
            RunView { run, time, steps: *steps, bytes: *bytes, state: state.as_str(), damage: damage.as_deref() }
        }
    }

    fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
        out.write_all(b"\n")
    }

    fn list(ledger: &Ledger, format: Table) -> Result<Exit, Error> {
        #[derive(Serialize)]
        struct List<'a> {
            runs: Vec<RunView<'a>>,
        }
        let runs = ledger.runs().map_err(unusable)?;
        terminal::print(|out| match format {
            Table::Json => json(out, &List { runs: runs.iter().map(RunView::of).collect() }),
            Table::Human if runs.is_empty() => writeln!(out, "no run of `--fix` or `prune` is kept beside these caches"),
            Table::Human => runs.iter().try_for_each(|r| {
                let steps = text::count(r.steps, "step", "steps");
                writeln!(out, "{:<22}  {steps:>10}  {:>8}  {}", r.run, text::bytes(r.bytes), r.state)?;
                r.damage.iter().try_for_each(|why| writeln!(out, "  {}", text::sentence(why)))
            }),
        })?;
        Ok(Exit::Clean)
    }

    fn act(step: &StepRecord) -> &'static str {
        match step.change {
            Change::Move { unlink: true, .. } => "unlink",
            Change::Move { .. } => "quarantine",
            Change::Mode { .. } => "chmod",
            Change::Owner { .. } => "chown",
        }
    }

    fn stage(step: &StepRecord) -> &'static str {
        match step.stage {
            Stage::Done => "done",
            Stage::Failed(_) => "not done",
            Stage::Returned => "restored",
            Stage::Open | Stage::Copying | Stage::Copied | Stage::Returning | Stage::ReturnCopied => "interrupted",
        }
    }

    fn show(ledger: &Ledger, run: &str, format: Table, host: &Host) -> Result<Exit, Error> {
        #[derive(Serialize)]
        struct StepView {
            act: &'static str,
            path: String,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            path_escaped: bool,
            rule: String,
            state: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<String>,
        }
        #[derive(Serialize)]
        struct Show<'a> {
            run: &'a str,
            steps: Vec<StepView>,
        }
        let records = ledger.show(run).map_err(unusable)?;
        if records.is_empty() {
            return Err(unknown(run));
        }
        let steps = || {
            records.iter().flat_map(|record| {
                record.steps.values().map(|step| {
                    let root = usize::try_from(step.root).ok().and_then(|i| record.roots.get(i));
                    let root = root.map(|r| sys::path_from_bytes(r.path.0.clone())).unwrap_or_default();
                    (if step.path.0.is_empty() { root } else { root.join(step.rel()) }, step)
                })
            })
        };
        let home = terminal::home(host);
        terminal::print(|out| match format {
            Table::Json => {
                let view = |(path, step): (std::path::PathBuf, &StepRecord)| {
                    let (path, path_escaped) = text::lossless(path.as_os_str());
                    let error = if let Stage::Failed(why) = &step.stage { Some(why.clone()) } else { None };
                    StepView { act: act(step), path, path_escaped, rule: step.rule.clone(), state: stage(step), error }
                };
                json(out, &Show { run, steps: steps().map(view).collect() })
            }
            Table::Human => steps().try_for_each(|(path, step)| {
                writeln!(out, "{:<11}  {:<10}  {}", stage(step), act(step), text::path(&path, home.as_deref()))?;
                writeln!(out, "{:25}{}", "", text::sentence(&step.rule))?;
                match &step.stage {
                    Stage::Failed(why) => writeln!(out, "{:25}{}", "", text::sentence(why)),
                    _ => Ok(()),
                }
            }),
        })?;
        Ok(Exit::Clean)
    }

    fn restore(ledger: &Ledger, run: &str, overwrite: bool, host: &Host) -> Result<Exit, Error> {
        if !ledger.has(run).map_err(unusable)? {
            return Err(unknown(run));
        }
        let restored = match ledger.restore(run, overwrite, &Now::of(SystemTime::now())) {
            Ok(restored) => restored,
            Err(e) => {
                // Whatever stopped it, not all was put back.
                super::super::fail(&unusable(e));
                return Ok(Exit::Undone);
            }
        };
        let look = terminal::look(host, When::Auto, Detail::Normal);
        let home = look.home.as_deref();
        let refused = !overwrite && !restored.occupied.is_empty();
        terminal::print(|out| {
            if refused {
                writeln!(out, "nothing was put back: something else is there now")?;
                restored.occupied.iter().try_for_each(|path| writeln!(out, "  {}", text::path(path, home)))?;
                return writeln!(out, "`--overwrite` moves that to a quarantine run of its own first");
            }
            writeln!(out, "put back: {}", text::count(restored.undone, "step", "steps"))?;
            if let Some(displaced) = &restored.displaced {
                writeln!(out, "what was there is in quarantine as {displaced}")?;
            }
            restored
                .kept
                .iter()
                .try_for_each(|(path, why)| writeln!(out, "not put back: {}\n  {}", text::path(path, home), text::sentence(why)))
        })?;
        Ok(if refused || !restored.kept.is_empty() { Exit::Undone } else { Exit::Clean })
    }

    fn purge(ledger: &Ledger, chosen: &[RunSummary], yes: bool) -> Result<Exit, Error> {
        if chosen.is_empty() {
            terminal::print(|out| writeln!(out, "no run is that old"))?;
            return Ok(Exit::Clean);
        }
        if !(yes || io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Err(Error::Usage(
                "`purge` deletes for good and asks before, and there is no terminal: give `--yes`".to_owned(),
            ));
        }
        let number = u64::try_from(chosen.len()).unwrap_or(u64::MAX);
        let bytes = text::bytes(chosen.iter().map(|r| r.bytes).sum());
        let what = format!("{}, {bytes}", text::count(number, "run", "runs"));
        if !yes && !fix::asks(&format!("delete {what} for good?")) {
            return Ok(Exit::Clean);
        }
        let names: Vec<String> = chosen.iter().map(|r| r.run.clone()).collect();
        let purged = ledger.purge(&names).map_err(unusable)?;
        terminal::print(|out| writeln!(out, "deleted {}", text::count(purged.runs, "run", "runs")))?;
        Ok(Exit::Clean)
    }
}
