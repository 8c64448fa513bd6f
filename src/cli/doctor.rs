//! `gocachescan doctor`.

use std::path::PathBuf;

use super::args::DoctorArgs;
use super::scan::{Targets, detail, require_rules};
use super::{Exit, terminal};
use crate::environment::Inquiry;
use crate::error::Error;
use crate::locate::Host;
use crate::report::human::Look;
use crate::scan::{self, Visit};
use crate::sys;

/// Looks around, reports, and says how it ended.
pub(super) fn run(args: &DoctorArgs, host: &Host) -> Result<Exit, Error> {
    let targets = Targets::parse(&args.print.output, None, host)?;
    require_rules(&args.judge)?;
    if args.all_users && sys::process::effective_uid() != 0 {
        return Err(Error::Usage("--all-users reads what only its owner and root may read: run it as root".to_owned()));
    }
    let visit = Visit {
        all_users: args.all_users,
        inquiry: Inquiry {
            root: PathBuf::from("/"),
            host: host.clone(),
            exec: !args.no_exec,
            pid: args.pid,
            dockerfile: args.dockerfile.as_ref().map(|f| host.cwd.join(f)),
            target: args.binary.as_ref().map(|f| host.cwd.join(f)),
        },
        only: args.judge.only.clone(),
        skip: args.judge.skip.clone(),
        fail_on: args.judge.fail_on.level(),
    };
    let report = scan::doctor(&visit)?;
    let detail = detail(&args.print);
    // There is no cache to be scanned, and so none that could be missing.
    let exit = Exit::of_report(&report, visit.fail_on, true);
    let look = terminal::look(host, args.print.color, detail);
    Ok(targets.deliver(&report, args.print.format, &look, &Look::plain(terminal::home(host), detail), exit))
}
