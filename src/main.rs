//! Parses, calls, and turns the outcome into an exit code.

use std::io::Write;
use std::process::ExitCode;

use gocachescan::locate::{self, Flags, Host};
use gocachescan::report::env::{EnvFormat, render_env};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() != Some("env") {
        return ExitCode::SUCCESS;
    }
    let (mut names, mut format) = (Vec::new(), EnvFormat::Text);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--format" => format = if args.next().as_deref() == Some("json") { EnvFormat::Json } else { EnvFormat::Text },
            _ => names.push(arg),
        }
    }
    match locate::resolve(&Host::current(), &Flags::default()) {
        Ok(settings) => {
            let written = std::io::stdout().write_all(&render_env(&settings, &names, format));
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(2) }
        }
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::from(2)
        }
    }
}
