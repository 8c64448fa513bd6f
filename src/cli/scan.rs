//! `gocachescan scan`, the default command.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Format, JudgeArgs, PrintArgs, ScanArgs, Trust};
use super::fix::{self, Consent};
use super::{Exit, command_names, nearest, terminal};
use crate::check;
use crate::error::Error;
use crate::locate::{self, Host};
use crate::net::{Client, Limits};
use crate::plan::{Online, Options, Plan, Request};
use crate::policy;
use crate::report::human::{Detail, Look};
use crate::report::{Report, facts, human, json};
use crate::scan;
use crate::sys::{self, AtomicFile, NodeKind};

/// Scans, reports, and says how it ended.
pub(super) fn run(args: &ScanArgs, host: &Host) -> Result<Exit, Error> {
    let targets = Targets::parse(&args.print.output, args.facts.as_deref(), host)?;
    require_rules(&args.judge)?;
    let consent = Consent::of_scan(args);
    consent.allowed()?;
    let plan = plan(args, host)?;
    let (mut report, recovered) = fix::settled(consent, &plan, &|| {
        let progress = terminal::progress(host, args.progress, args.print.quiet);
        scan::run(&plan, progress.as_ref())
    });
    // What stays half done is told at once; all that can be mended still is.
    let recovered = recovered.map_err(|e| super::fail(&e));

    let detail = detail(&args.print);
    let look = terminal::look(host, args.print.color, detail);
    if args.fix {
        fix::run(args, &plan, &mut report, &look, host)?;
    }
    let exit = recovered.map_or(Exit::Undone, |()| Exit::of_report(&report, plan.options.fail_on, plan.options.allow_empty));
    Ok(targets.deliver(&report, args.print.format, &look, &Look::plain(terminal::home(host), detail), exit))
}

/// How much is said.
pub(super) fn detail(print: &PrintArgs) -> Detail {
    if print.quiet {
        Detail::Quiet
    } else if print.verbose {
        Detail::Verbose
    } else {
        Detail::Normal
    }
}

fn plan(args: &ScanArgs, host: &Host) -> Result<Plan, Error> {
    let flags = args.places.flags(host);
    let absolute = |p: &PathBuf| host.cwd.join(p);
    let options = Options {
        main_module: args.main_module.as_ref().map(absolute),
        only: args.judge.only.clone(),
        skip: args.judge.skip.clone(),
        fail_on: args.judge.fail_on.level(),
        allow_empty: args.allow_empty,
        jobs: args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from),
        facts: args.facts.is_some(),
        sumdb_key: None,
        require_trust: args.require_trust.map(Trust::least),
        online: args.online.then(|| online(host)).transpose()?,
    };
    let request = Request {
        paths: paths(args, host)?,
        bins: args.bin.iter().map(absolute).collect(),
        no_bin: args.no_bin,
        flags: flags.clone(),
        options,
    };
    // What Go refuses is a finding here, not the end: the other caches are still to be scanned.
    Plan::assemble(locate::survey(host, &flags), request)
}

/// Who is asked with `--online`, and the folder of our own that keeps what comes.
fn online(host: &Host) -> Result<Online, Error> {
    let folder = locate::own_cache(host).map_err(|why| {
        Error::Usage(format!("`--online` keeps what it fetches in your cache folder, and there is none: {why}"))
    })?;
    Ok(Online { remote: Arc::new(Client::new(host, Limits::default())), folder })
}

/// The PATH arguments, absolute. A word that is neither a path nor a command is told as what it probably was meant to be.
fn paths(args: &ScanArgs, host: &Host) -> Result<Vec<PathBuf>, Error> {
    let mut paths = args.paths.as_slice();
    if let Some((first, rest)) = paths.split_first() {
        let path = host.cwd.join(first);
        let name = first.to_str().filter(|n| !n.contains(['/', '\\', '.']));
        let missing = sys::lstat(&path).is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
        let commands = command_names();
        match name {
            // `gocachescan --quiet scan`
            Some("scan") if missing => paths = rest,
            Some(n) if missing && commands.iter().any(|c| c == n) => {
                return Err(Error::Usage(format!("the command comes first: `gocachescan {n} ...`")));
            }
            Some(n) if missing => {
                let hint = nearest(n, commands.iter().map(String::as_str))
                    .map_or_else(|| format!("commands are {}", commands.join(", ")), |c| format!("did you mean `{c}`?"));
                return Err(Error::Usage(format!("`{n}` is neither a path nor a command of this version; {hint}")));
            }
            _ => {}
        }
    }
    Ok(paths.iter().map(|p| host.cwd.join(p)).collect())
}

/// Refuses names that no rule has.
pub(super) fn require_rules(judge: &JudgeArgs) -> Result<(), Error> {
    let names = judge.only.iter().chain(&judge.skip).filter(|word| !policy::is_module_pattern(word));
    names.map(String::as_str).try_for_each(require_rule)
}

/// Refuses a name that no rule has.
pub(super) fn require_rule(id: &str) -> Result<(), Error> {
    if check::rule(id).is_some() {
        return Ok(());
    }
    let hint = nearest(id, check::catalogue().map(|r| r.id))
        .map_or_else(|| "`gocachescan explain` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
    Err(Error::Usage(format!("there is no rule `{id}`; {hint}")))
}

/// Writes the report in one format.
pub(super) fn render(report: &Report, format: Format, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, look, out),
        Format::Json => json::write(report, out),
        Format::Jsonl => json::write_lines(report, out),
    }
}

/// Files that a run writes.
pub(super) struct Targets {
    reports: Vec<(Format, PathBuf)>,
    facts: Option<PathBuf>,
}

impl Targets {
    /// Looks at `--output` and `--facts` before anything else is done: a slip of the pen must not cost a whole scan.
    pub(super) fn parse(output: &[OsString], facts: Option<&Path>, host: &Host) -> Result<Targets, Error> {
        let mut reports = Vec::new();
        for raw in output {
            let (format, file) = split(raw)?;
            reports.push((format, writable("--output", &host.cwd, &file)?));
        }
        let facts = facts.map(|f| writable("--facts", &host.cwd, f)).transpose()?;
        let all: Vec<&PathBuf> = reports.iter().map(|(_, p)| p).chain(&facts).collect();
        match all.iter().enumerate().find(|(i, p)| all.iter().take(*i).any(|q| q == *p)) {
            Some((_, twice)) => {
                Err(Error::Usage(format!("`{}` is named for two reports; give each its own file", twice.display())))
            }
            None => Ok(Targets { reports, facts }),
        }
    }

    /// Writes the files, then standard output; says how the run ended, which a failure to write may make graver.
    pub(super) fn deliver(&self, report: &Report, format: Format, look: &Look, plain: &Look, exit: Exit) -> Exit {
        // Files first: they must not suffer from a standard output that went away.
        let written = self.write(report, plain);
        let printed = terminal::print(|out| render(report, format, look, out));
        for error in [written.err(), printed.err()].into_iter().flatten() {
            let code = super::fail(&error);
            if exit != Exit::Found {
                return exit.unless_found(code);
            }
        }
        exit
    }

    fn write(&self, report: &Report, look: &Look) -> Result<(), Error> {
        for (format, path) in &self.reports {
            write_file(path, |out| render(report, *format, look, out))?;
        }
        self.facts.as_ref().map_or(Ok(()), |path| write_file(path, |out| facts::write(report, out)))
    }
}

fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let attempt = || {
        let mut out = BufWriter::with_capacity(64 << 10, AtomicFile::create(path)?);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.commit()
    };
    attempt().map_err(|e| Error::io("write the report to", path, e))
}

/// `json:FILE` into its two parts.
fn split(raw: &std::ffi::OsStr) -> Result<(Format, PathBuf), Error> {
    let shown = raw.to_string_lossy();
    let formats = [("human", Format::Human), ("json", Format::Json), ("jsonl", Format::Jsonl)];
    let bytes = raw.as_encoded_bytes();
    for (name, format) in formats {
        if let Some(file) = bytes.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b":")) {
            // Cut after an ASCII prefix, what remains is a string of the system again; taken by characters, not by bytes.
            let file = raw.to_str().and_then(|s| s.get(name.len() + 1..)).map_or_else(|| os_string(file), |s| Some(s.into()));
            return match file {
                Some(file) if !file.is_empty() => Ok((format, file.into())),
                _ => Err(Error::Usage(format!("`--output {shown}` names no file; write `--output {name}:FILE`"))),
            };
        }
    }
    let hint = match shown.split_once(':') {
        Some((format, _)) => format!("`{format}` is no format"),
        None => "it has no format".to_owned(),
    };
    Err(Error::Usage(format!("`--output {shown}`: {hint}; write human:FILE, json:FILE or jsonl:FILE")))
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> Option<std::ffi::OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec()))
}

#[cfg(not(unix))]
fn os_string(_: &[u8]) -> Option<std::ffi::OsString> {
    None
}

/// The absolute path of a file that can be written: its folder is there and it is no folder itself.
fn writable(flag: &str, cwd: &Path, file: &Path) -> Result<PathBuf, Error> {
    if file.as_os_str() == "-" {
        return Err(Error::Usage(format!("`{flag}` takes a file; `--format` chooses what goes to standard output")));
    }
    let path = cwd.join(file);
    let shown = file.display();
    let folder = path.parent().unwrap_or(cwd);
    if path.file_name().is_none() || sys::lstat(&path).is_ok_and(|s| s.kind == NodeKind::Dir) {
        return Err(Error::Usage(format!("`{flag}`: `{shown}` is a folder; name a file in it")));
    }
    match sys::Dir::open_root(folder) {
        Ok(_) => Ok(path),
        Err(e) => Err(Error::Usage(format!("`{flag}`: the folder of `{shown}` cannot be used: {e}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_split_at_their_format() {
        assert_eq!(split("json:a:b".as_ref()).unwrap(), (Format::Json, PathBuf::from("a:b")));
        assert_eq!(split("jsonl:x".as_ref()).unwrap(), (Format::Jsonl, PathBuf::from("x")));
        for bad in ["json:", "json", "sarif:x", "x"] {
            let said = split(bad.as_ref()).unwrap_err().to_string();
            assert!(said.contains("FILE") && !said.contains('\n'), "{said}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let raw = std::ffi::OsStr::from_bytes(b"human:\xff");
            assert_eq!(split(raw).unwrap().1.as_os_str().as_bytes(), b"\xff");
        }
    }

    #[test]
    fn a_target_that_cannot_be_is_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        assert!(writable("--facts", dir.path(), Path::new("x.jsonl")).is_ok());
        for bad in ["-", ".", "absent/x", "/"] {
            assert!(matches!(writable("--facts", dir.path(), Path::new(bad)), Err(Error::Usage(_))), "{bad}");
        }
    }
}
