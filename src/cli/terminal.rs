//! The terminal, or what stands in its place.

use std::ffi::OsStr;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use super::args::When;
use crate::error::Error;
use crate::locate::Host;
use crate::report::human::{Detail, Look};
use crate::report::progress::{Bar, Lines};
use crate::report::{Progress, Silent};

/// Narrower than this, lines break anyway; wider, they are hard to read.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=160;

/// Writes to standard output through `write`. A reader that went away ends it quietly.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(e) => {
            // What is still buffered must not be tried again on the way out.
            let (_, _) = out.into_parts();
            if e.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(Error::io("write to", "standard output".as_ref(), e)) }
        }
    }
}

/// How a report for people looks on standard output.
pub(super) fn look(host: &Host, color: When, detail: Detail) -> Look {
    let terminal = io::stdout().is_terminal();
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(w, _)| usize::from(w.0));
    Look {
        width: width.map_or(80, |w| w.clamp(*WIDTHS.start(), *WIDTHS.end())),
        color: wants_color(host, color, terminal),
        shorten: terminal && detail < Detail::Verbose,
        home: home(host),
        detail,
    }
}

/// The user's home folder.
pub(super) fn home(host: &Host) -> Option<PathBuf> {
    host.var(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from)
}

/// `--color` first, then NO_COLOR, CLICOLOR_FORCE, CLICOLOR=0 and TERM=dumb, then whether it is a terminal.
fn wants_color(host: &Host, when: When, terminal: bool) -> bool {
    let is = |name, value: &str| host.var(name) == Some(OsStr::new(value));
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if host.var("NO_COLOR").is_some() => false,
        When::Auto if host.var("CLICOLOR_FORCE").is_some() && !is("CLICOLOR_FORCE", "0") => true,
        When::Auto => terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb"),
    }
}

/// What shows how far the scan is.
pub(super) fn progress(host: &Host, when: When, quiet: bool) -> Box<dyn Progress> {
    let moving = io::stderr().is_terminal() && host.var("TERM") != Some(OsStr::new("dumb"));
    match when {
        When::Never => Box::new(Silent),
        When::Auto if quiet || !moving => Box::new(Silent),
        When::Always if !moving => Box::new(Lines),
        When::Auto | When::Always => Box::new(Bar::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(vars: &[(&str, &str)]) -> Host {
        Host { env: vars.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(), cwd: PathBuf::from("/") }
    }

    #[test]
    fn colour_is_the_users_choice() {
        let auto = |vars: &[(&str, &str)], terminal| wants_color(&host(vars), When::Auto, terminal);
        assert!(auto(&[], true));
        assert!(!auto(&[], false));
        assert!(!auto(&[("NO_COLOR", "1")], true));
        assert!(auto(&[("NO_COLOR", "")], true), "an empty NO_COLOR is none");
        assert!(!auto(&[("CLICOLOR", "0")], true));
        assert!(!auto(&[("TERM", "dumb")], true));
        assert!(auto(&[("CLICOLOR_FORCE", "1")], false));
        assert!(!auto(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false));
        assert!(wants_color(&host(&[("NO_COLOR", "1")]), When::Always, false));
        assert!(!wants_color(&host(&[("CLICOLOR_FORCE", "1")]), When::Never, true));
    }
}
