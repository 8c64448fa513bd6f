//! `gocachescan demo`: a small world in a temporary folder, poisoned, scanned, shown and removed.

use std::io::Write as _;
use std::path::PathBuf;

use super::args::DemoArgs;
use super::{Exit, terminal};
use crate::check;
use crate::error::Error;
use crate::finding::Place;
use crate::locate::{self, Flags, Host};
use crate::plan::{Plan, Request};
use crate::report::human::{self, Detail};
use crate::report::{Report, Silent, text};
use crate::rule::Rule;
use crate::sample::Sample;
use crate::sys;

/// What the demo plants, in this order: one from each corner, none that touches what another one does, none that takes
/// rights which a user may not have.
const PLANTED: &[&str] =
    &["output-hash-mismatch", "tree-file-differs", "info-version-mismatch", "vcs-hook", "binary-version-hidden", "sumdb-off"];

/// Makes the world, damages it, scans it and shows what was found.
pub(super) fn run(args: &DemoArgs, host: &Host) -> Result<Exit, Error> {
    let folder = Folder::make(host, args.keep)?;
    let root = &folder.root;
    let failed = |e| Error::io("make the demo's files in", root, e);
    // Declared after the folder, so it goes before it.
    let mut sample = Sample::make(&root.join("world")).map_err(failed)?;
    if args.keep {
        sample.keep();
    }
    let mut planted = Vec::new();
    for rule in chosen() {
        let place = (rule.witness)(&mut sample).map_err(failed)?;
        planted.push((rule, place));
    }
    let report = scan(&sample)?;
    let missed: Vec<&str> = planted.iter().filter(|(rule, place)| !found(&report, rule, place)).map(|(r, _)| r.id).collect();

    let look = terminal::look(host, args.color, Detail::Normal);
    let shown = text::name(root.as_os_str());
    let printed = terminal::print(|out| {
        human::write(&report, &look, out)?;
        let number = u64::try_from(planted.len()).unwrap_or(u64::MAX);
        let places = text::count(number, "place", "places");
        writeln!(out)?;
        for line in text::wrap(&format!("This was a demo: a small Go world in `{shown}`, poisoned in {places}."), look.width) {
            writeln!(out, "{line}")?;
        }
        if args.keep {
            let root = text::shell_word(&root.to_string_lossy());
            writeln!(out, "It is still there; remove it with: chmod -R u+w {root} && rm -r {root}")
        } else {
            writeln!(
                out,
                "It is removed again, and nothing else was read or changed.\n`gocachescan` alone scans what Go uses here."
            )
        }
    });
    printed?;
    if missed.is_empty() {
        Ok(Exit::Clean)
    } else {
        let _ = writeln!(std::io::stderr(), "gocachescan: the demo planted what was not found: {}", missed.join(", "));
        Ok(Exit::Found)
    }
}

/// The rules to plant: those named above, or, should none of them exist, whatever comes first.
fn chosen() -> Vec<&'static Rule> {
    let named: Vec<&Rule> = PLANTED.iter().filter_map(|id| check::rule(id)).collect();
    if named.is_empty() { check::catalogue().take(1).collect() } else { named }
}

fn scan(sample: &Sample) -> Result<Report, Error> {
    let host = Host { env: sample.environment().into_iter().map(|(k, v)| (k.into(), v.into())).collect(), cwd: sample.main() };
    let flags = Flags::default();
    let mut request = Request { flags: flags.clone(), ..Request::of_sample(sample) };
    request.options.jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let plan = Plan::assemble(locate::survey(&host, &flags), request)?;
    Ok(crate::scan::run(&plan, &Silent))
}

fn found(report: &Report, rule: &Rule, place: &Place) -> bool {
    report.findings.iter().any(|f| f.rule == rule && f.place == *place)
}

/// A folder of our own below the system's temporary one, which nobody else can have made before us; removed at the end.
struct Folder {
    root: PathBuf,
    keep: bool,
}

impl Folder {
    fn make(host: &Host, keep: bool) -> Result<Folder, Error> {
        let names = if cfg!(windows) { ["TEMP", "TMP"] } else { ["TMPDIR", "TMP"] };
        let base = names.iter().find_map(|n| host.var(n)).map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
        let root = host.cwd.join(base).join(format!("gocachescan-demo-{}-{nanos:x}", std::process::id()));
        sys::create_private_dir(&root).map_err(|e| Error::io("make the demo's folder", &root, e))?;
        Ok(Folder { root, keep })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What could not be removed from a temporary folder is no reason to fail.
            let _ = sys::remove_temp_tree(&self.root);
        }
    }
}
