//! What users type and see: flags as data, one file a command.

mod args;
mod demo;
mod doctor;
mod env;
mod examples;
mod exit;
mod explain;
mod fix;
mod pages;
mod prune;
mod quarantine;
mod scan;
mod size;
mod terminal;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::error::Error;
use crate::locate::{Flags, Host};
use crate::report::text;
use args::{Cli, Command, PlaceArgs};
pub use exit::Exit;

/// Runs one command line. Never panics and never exits: the outcome is the value.
pub fn run(arguments: impl IntoIterator<Item = OsString>, host: &Host) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // A closed pipe under a help text is nobody's problem.
            let _ = e.print();
            return Exit::Clean;
        }
        Err(e) => return fail(&Error::Usage(one_line(&e.render().to_string()))),
    };
    let outcome = match cli.command {
        None => scan::run(&cli.scan, host),
        Some(Command::Scan(args)) => scan::run(&args, host),
        Some(Command::Doctor(args)) => doctor::run(&args, host),
        Some(Command::Env(args)) => env::run(&args, host),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Prune(args)) => prune::run(&args, host),
        Some(Command::Quarantine(args)) => quarantine::run(&args, host),
        Some(Command::Demo(args)) => demo::run(&args, host),
        Some(Command::Completions { shell }) => pages::completions(shell),
        Some(Command::Man { command }) => pages::man(command.as_deref()),
    };
    outcome.unwrap_or_else(|e| fail(&e))
}

/// Tells an error of ours in one line on standard error.
fn fail(error: &Error) -> Exit {
    let told = match error {
        // Go's words, which take two lines at times; what it quotes has no line feed left in it.
        Error::GoRefuses(why) => why.trim_end().replace('\n', "; "),
        other => other.to_string(),
    };
    // A closed standard error can't be told to anybody; the exit code still says it.
    let _ = writeln!(std::io::stderr(), "gocachescan: {}", text::sentence(&told));
    Exit::of_error(error)
}

/// What clap says, in one line: its own error, the values it would take, and its tip.
fn one_line(rendered: &str) -> String {
    let lines =
        rendered.lines().map(str::trim).take_while(|l| !l.starts_with("Usage:") && !l.starts_with("For more information"));
    // A tip to pass an unknown flag as a PATH leads nobody anywhere.
    let told: Vec<&str> = lines.filter(|l| !l.is_empty() && !l.starts_with("tip: to pass")).collect();
    let said = told.join(" ");
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    format!("{said}; `gocachescan --help` lists what there is")
}

/// The names of all commands, for what looks like a misspelt one.
fn command_names() -> Vec<String> {
    Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect()
}

/// The name that is nearest to what was typed, if any is near.
fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.map(|n| (strsim::jaro_winkler(typed, n), n)).filter(|(score, _)| *score > 0.75);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, n)| n)
}

impl PlaceArgs {
    /// As flags for the settings, relative paths taken from the current folder.
    fn flags(&self, host: &Host) -> Flags {
        let absolute = |p: &Option<PathBuf>| p.as_ref().map(|p| host.cwd.join(p));
        Flags {
            gocache: absolute(&self.gocache),
            gomodcache: absolute(&self.gomodcache),
            gopath: self.gopath.clone(),
            goroot: absolute(&self.goroot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        let mut main = Cli::command();
        main.build();
        let commands = std::iter::once(&main).chain(main.get_subcommands().filter(|c| c.get_name() != "help"));
        for c in commands {
            let help = c.clone().render_long_help().to_string();
            let name = c.get_name();
            assert!(help.contains("Examples:\n  gocachescan"), "{name} --help has no examples");
            let examples = help.lines().skip_while(|l| *l != "Examples:");
            assert!(examples.clone().all(|l| l.len() <= 80), "{name}: an example is too wide for a terminal");
            assert!(c.get_about().is_some(), "{name} says nothing about itself");
            for a in c.get_arguments() {
                assert!(a.get_help().is_some(), "{name}: `{}` has no help", a.get_id());
            }
        }
    }

    #[test]
    fn errors_of_clap_take_one_line() {
        let told = |args: &[&str]| {
            let all = std::iter::once("gocachescan").chain(args.iter().copied());
            one_line(&Cli::try_parse_from(all).unwrap_err().render().to_string())
        };
        assert_eq!(told(&["--mend"]), "unexpected argument '--mend' found; `gocachescan --help` lists what there is");
        assert_eq!(
            told(&["--fromat", "json"]),
            "unexpected argument '--fromat' found tip: a similar argument exists: '--format'; `gocachescan --help` lists what there is"
        );
        assert_eq!(
            told(&["--format", "sarif"]),
            "invalid value 'sarif' for '--format <FORMAT>' [possible values: human, json, jsonl]; `gocachescan --help` lists what there is"
        );
        assert!(!told(&["--jobs", "0"]).contains('\n'));
    }

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["zip-hash-mismatch", "zip-truncated"];
        assert_eq!(nearest("zip-hash-missmatch", names.into_iter()), Some("zip-hash-mismatch"));
        assert_eq!(nearest("qqq", names.into_iter()), None);
    }
}
