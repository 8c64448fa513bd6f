//! `gocachescan completions` and `gocachescan man`: both made from the flags as data.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::roff::{Roff, roman};

use super::args::Cli;
use super::{Exit, nearest, terminal};
use crate::error::Error;

const SECTIONS: &[(&str, &[&str])] = &[
    (
        "EXIT STATUS",
        &[
            "0: the scan is complete and no finding reaches --fail-on.",
            "1: at least one finding reaches --fail-on.",
            "2: wrong usage, or an input that is not what it claims to be; one line on standard error says how to mend it.",
            "3: no such finding, but the scan is incomplete, or there was nothing to scan and --allow-empty is not given.",
            "4: --fix or prune could not do all that it planned, or quarantine restore could not put all back; what was not done is listed, nothing is lost.",
            "A report that is cut off by a closed pipe ends quietly and keeps the exit status of the whole report.",
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            "What Go reads: GOCACHE, GOMODCACHE, GOPATH, GOBIN, GOENV, GOROOT, GOFLAGS, GOSUMDB and the others that gocachescan env prints, HOME, and the system's folders of configuration and caches.",
            "NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM decide on colour where --color does not.",
        ],
    ),
];

/// Prints the completion script of a shell.
pub(super) fn completions(shell: Shell) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gocachescan", &mut script);
    terminal::print(|out| out.write_all(&script))?;
    Ok(Exit::Clean)
}

/// Prints the manual page of the whole, or of one command.
pub(super) fn man(command: Option<&str>) -> Result<Exit, Error> {
    let mut main = Cli::command();
    main.build();
    let page = match command {
        None => main,
        Some(name) => match main.find_subcommand(name) {
            Some(sub) => sub.clone(),
            None => {
                let known = super::command_names();
                let hint = nearest(name, known.iter().map(String::as_str))
                    .map_or_else(|| format!("commands are {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
                return Err(Error::Usage(format!("there is no command `{name}`; {hint}")));
            }
        },
    };
    terminal::print(|out| render(page, out))?;
    Ok(Exit::Clean)
}

fn render(page: clap::Command, out: &mut dyn Write) -> io::Result<()> {
    let main = page.get_name() == "gocachescan";
    clap_mangen::Man::new(page).render(out)?;
    if main {
        let mut more = Roff::new();
        for (title, paragraphs) in SECTIONS {
            more.control("SH", [*title]);
            for p in *paragraphs {
                more.control("PP", []).text([roman(*p)]);
            }
        }
        more.to_writer(out)?;
    }
    Ok(())
}
