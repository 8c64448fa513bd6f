//! `gocachescan env`.

use std::io;

use super::args::{EnvArgs, Table};
use super::{Exit, terminal};
use crate::error::Error;
use crate::locate::{self, Host};
use crate::report::env::{EnvFormat, render_env};

/// Prints what Go would use here; fails in Go's own words where Go refuses the environment, and, once it is printed, where
/// settings may be missing.
pub(super) fn run(args: &EnvArgs, host: &Host) -> Result<Exit, Error> {
    let settings = locate::resolve(host, &args.places.flags(host))?;
    let format = match args.format {
        Table::Human => EnvFormat::Text,
        Table::Json => EnvFormat::Json,
    };
    terminal::print(|out| out.write_all(&render_env(&settings, &args.names, format)))?;
    match settings.unread().next() {
        Some((path, why)) => Err(Error::io("read all of", path, io::Error::other(why))),
        None => Ok(Exit::Clean),
    }
}
