//! Flags and commands as data. What is said of them in `--help`, the manual page and the completions comes from here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::examples::{
    COMPLETIONS_EXAMPLES, DEMO_EXAMPLES, DOCTOR_EXAMPLES, ENV_EXAMPLES, EXPLAIN_EXAMPLES, MAIN_EXAMPLES, MAN_EXAMPLES,
    PRUNE_EXAMPLES, QUARANTINE_EXAMPLES,
};
use super::size::size;
use crate::facts::ModuleTrust;
use crate::rule::Level;

/// Tells whether Go's build cache, module cache and installed binaries can be trusted.
///
/// Sweeps every cache and binary that Go uses here, or those that are named, and says what is wrong and how to mend it. It
/// needs no `go` and no network, and changes nothing unless `--fix` is given. Without a command it scans.
#[derive(Debug, Parser)]
#[command(name = "gocachescan", version, after_help = MAIN_EXAMPLES, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Cli {
    /// The command; a scan where none is named.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of the scan.
    #[command(flatten)]
    pub scan: ScanArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sweep every cache and binary that Go uses here; the default command
    #[command(after_help = MAIN_EXAMPLES)]
    Scan(Box<ScanArgs>),
    /// Tell why a Go environment does not take effect, and which part of it is unsafe
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(Box<DoctorArgs>),
    /// Print what Go would use here, and where each value comes from
    #[command(after_help = ENV_EXAMPLES)]
    Env(EnvArgs),
    /// Explain a rule; without one, print the whole catalogue
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Show what the caches hold, and move what is oldest or unused to quarantine
    #[command(after_help = PRUNE_EXAMPLES)]
    Prune(Box<PruneArgs>),
    /// List, show, put back or purge what --fix or prune has moved away
    #[command(after_help = QUARANTINE_EXAMPLES)]
    Quarantine(QuarantineArgs),
    /// Make a small poisoned cache in a temporary folder, scan it and show the report
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(DemoArgs),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// The page of this command instead
        command: Option<String>,
    },
}

/// Where Go's things are; without these, what Go itself would use.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Where to look")]
pub struct PlaceArgs {
    /// Build cache
    #[arg(long, value_name = "DIR")]
    pub gocache: Option<PathBuf>,
    /// Module cache
    #[arg(long, value_name = "DIR")]
    pub gomodcache: Option<PathBuf>,
    /// Folders of GOPATH, separated as in PATH
    #[arg(long, value_name = "LIST")]
    pub gopath: Option<OsString>,
    /// Go installation
    #[arg(long, value_name = "DIR")]
    pub goroot: Option<PathBuf>,
}

/// Flags of `scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Cache, binary or folder of binaries; its kind is told from what is in it. Only these are scanned, beside what
    /// flags name. One that is called like a command is written ./NAME
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Where the caches are.
    #[command(flatten)]
    pub places: PlaceArgs,

    /// Binary or folder of binaries, instead of GOBIN and GOPATH/bin (repeatable)
    #[arg(long, value_name = "PATH", help_heading = "Where to look")]
    pub bin: Vec<PathBuf>,
    /// Scan no binaries
    #[arg(long, conflicts_with = "bin", help_heading = "Where to look")]
    pub no_bin: bool,
    /// Folder of a main module or workspace, to whose go.sum and go.work.sum the caches and binaries are held; its vendor folder is held
    /// to the caches
    #[arg(long, value_name = "DIR", help_heading = "Where to look")]
    pub main_module: Option<PathBuf>,

    /// Worker threads [default: as many as there are processors]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "What to judge")]
    pub jobs: Option<u16>,
    /// What is told.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Fetch what is missing to prove modules by the checksum database, as go would: through GOPROXY, or from the database itself. The paths of
    /// modules that GOPRIVATE or GONOSUMDB name are never sent. What comes is kept in gocachescan's own cache
    #[arg(long, help_heading = "What to judge")]
    pub online: bool,
    /// Make a module that is proven by less than this a finding; `gocachescan explain trust` says how far each proof reaches
    #[arg(long, value_name = "TRUST", value_enum, help_heading = "What to judge")]
    pub require_trust: Option<Trust>,
    /// Mend what is found: move what is bad to a quarantine beside its cache, put modes and owners back. Nothing is deleted
    #[arg(long, help_heading = "What to mend")]
    pub fix: bool,
    /// Show what --fix would do; nothing is opened for writing
    #[arg(long, requires = "fix", conflicts_with = "yes", help_heading = "What to mend")]
    pub dry_run: bool,
    /// Do not ask; needed where there is no terminal
    #[arg(long, short, requires = "fix", help_heading = "What to mend")]
    pub yes: bool,
    /// Let tampered programs of GOBIN be moved to quarantine, too
    #[arg(long, requires = "fix", help_heading = "What to mend")]
    pub fix_binaries: bool,

    /// Nothing to scan is a success
    #[arg(long, help_heading = "What to judge")]
    pub allow_empty: bool,

    /// How it is told.
    #[command(flatten)]
    pub print: PrintArgs,
    /// Write what was learned of every zip, tree, entry and binary, one JSON object a line
    #[arg(long, value_name = "FILE", help_heading = "What to print")]
    pub facts: Option<PathBuf>,
    /// Progress on standard error
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto", help_heading = "What to print")]
    pub progress: When,
}

/// Which findings are told, and which of them fail the run.
#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// Only findings of this rule, or on modules of this pattern: golang.org/x/text@v0.3.8, golang.org/x/* (repeatable)
    #[arg(long, value_name = "RULE", help_heading = "What to judge")]
    pub only: Vec<String>,
    /// No findings of this rule, or on modules of this pattern (repeatable)
    #[arg(long, value_name = "RULE", help_heading = "What to judge")]
    pub skip: Vec<String>,
    /// The level from which the exit code is 1
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "warning", help_heading = "What to judge")]
    pub fail_on: FailOn,
}

/// How a report is told.
#[derive(Debug, Args)]
pub struct PrintArgs {
    /// Format of the report on standard output
    #[arg(long, value_enum, default_value = "human", help_heading = "What to print")]
    pub format: Format,
    /// Write the report to a file, too: human:FILE, json:FILE or jsonl:FILE (repeatable). The file appears when it is whole
    #[arg(long, value_name = "FORMAT:FILE", value_parser = clap::builder::OsStringValueParser::new(), help_heading = "What to print")]
    pub output: Vec<OsString>,
    /// Colour of the report for people; NO_COLOR, CLICOLOR=0 and CLICOLOR_FORCE are kept
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto", help_heading = "What to print")]
    pub color: When,
    /// No progress, no notes, and nothing at all where all is well
    #[arg(long, short, conflicts_with = "verbose", help_heading = "What to print")]
    pub quiet: bool,
    /// Every finding of a group, and all that its rule says
    #[arg(long, short, help_heading = "What to print")]
    pub verbose: bool,
}

/// Flags of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// A program: what it was built as and for, and which copy of it a shell would start
    #[arg(value_name = "BINARY")]
    pub binary: Option<PathBuf>,
    /// A running process, whose environment is looked at in the place of this one's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Where to look")]
    pub pid: Option<u32>,
    /// A Dockerfile: which settings reach which of its commands
    #[arg(long, value_name = "FILE", help_heading = "Where to look")]
    pub dockerfile: Option<PathBuf>,
    /// Every user who has a shell, as root: shells and `go` are asked for root alone
    #[arg(long, conflicts_with_all = ["binary", "pid", "dockerfile"], help_heading = "Where to look")]
    pub all_users: bool,
    /// Run no other program: neither the shells nor `go` are asked
    #[arg(long, help_heading = "Where to look")]
    pub no_exec: bool,
    /// What is told.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// How it is told.
    #[command(flatten)]
    pub print: PrintArgs,
}

/// Flags of `prune`; without any that takes something, it only tells what there is.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Bring the build cache to at most this: 10GB, 500MB, 2GiB. Its orphans go first, then what was used longest ago
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "What to take")]
    pub max_size: Option<u64>,
    /// Take every output that no action entry names
    #[arg(long, help_heading = "What to take")]
    pub orphans: bool,
    /// Take every module version that none of these names: a go.sum or go.work.sum file, or the folder of a main module or workspace
    /// (repeatable). Name all that build from this cache
    #[arg(long, value_name = "PATH", help_heading = "What to take")]
    pub used_by: Vec<PathBuf>,
    /// Show what would be taken; nothing is opened for writing
    #[arg(long, conflicts_with = "yes", help_heading = "What to take")]
    pub dry_run: bool,
    /// Do not ask; needed where there is no terminal
    #[arg(long, short, help_heading = "What to take")]
    pub yes: bool,
    /// Where the caches are.
    #[command(flatten)]
    pub places: PlaceArgs,
    /// What is told.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// How it is told.
    #[command(flatten)]
    pub print: PrintArgs,
    /// Progress on standard error
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto", help_heading = "What to print")]
    pub progress: When,
}

/// Flags of `env`.
#[derive(Debug, Args)]
pub struct EnvArgs {
    /// Only these
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// How to print them
    #[arg(long, value_enum, default_value = "human")]
    pub format: Table,
    /// Where the caches are.
    #[command(flatten)]
    pub places: PlaceArgs,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A rule, or one of the topics trust, levels, formats, exit-codes
    #[arg(value_name = "RULE")]
    pub rule: Option<String>,
    /// Print the JSON Schema of the report, of a line of jsonl and of a line of --facts
    #[arg(long, conflicts_with_all = ["rule", "format"])]
    pub schema: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "human")]
    pub format: Table,
}

/// Flags of `quarantine`.
#[derive(Debug, Args)]
pub struct QuarantineArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: QuarantineCommand,
}

/// What `quarantine` does.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List all runs, oldest first
    #[command(after_help = QUARANTINE_EXAMPLES)]
    List {
        /// How to print them
        #[arg(long, value_enum, default_value = "human")]
        format: Table,
        /// Where the caches are.
        #[command(flatten)]
        places: PlaceArgs,
    },
    /// Show the steps of a run
    #[command(after_help = QUARANTINE_EXAMPLES)]
    Show {
        /// Name of the run
        run: String,
        /// How to print them
        #[arg(long, value_enum, default_value = "human")]
        format: Table,
        /// Where the caches are.
        #[command(flatten)]
        places: PlaceArgs,
    },
    /// Put everything of a run back: bytes, modes, owners, times
    #[command(after_help = QUARANTINE_EXAMPLES)]
    Restore {
        /// Name of the run
        run: String,
        /// Also where something else is now; that is moved to a run of its own
        #[arg(long)]
        overwrite: bool,
        /// Where the caches are.
        #[command(flatten)]
        places: PlaceArgs,
    },
    /// Delete a run, or old runs, for good
    #[command(after_help = QUARANTINE_EXAMPLES)]
    Purge {
        /// Name of the run
        #[arg(required_unless_present = "older_than")]
        run: Option<String>,
        /// Every run older than this, such as 30d, 12h or 30m
        #[arg(long, value_name = "AGE", value_parser = age, conflicts_with = "run")]
        older_than: Option<std::time::Duration>,
        /// Do not ask; needed where there is no terminal
        #[arg(long, short)]
        yes: bool,
        /// Where the caches are.
        #[command(flatten)]
        places: PlaceArgs,
    },
}

/// Reads `30d`, `12h`, `30m`.
fn age(text: &str) -> Result<std::time::Duration, String> {
    let units = [('d', 86_400), ('h', 3_600), ('m', 60)];
    let seconds = units.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(*unit)?.parse().ok()?;
        number.checked_mul(*seconds)
    });
    seconds.map(std::time::Duration::from_secs).ok_or_else(|| "an age is a number and d, h or m, such as 30d".to_owned())
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Leave the folder there
    #[arg(long)]
    pub keep: bool,
    /// Colour of the report
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    pub color: When,
}

// The values of these speak for themselves in `--help`: no documentation, or each would take a line there.

/// Formats of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
    Jsonl,
}

/// Formats of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Table {
    Human,
    Json,
}

/// When to do what depends on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

/// The level from which a run fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

impl FailOn {
    /// The level, `None` for never.
    pub fn level(self) -> Option<Level> {
        match self {
            FailOn::Error => Some(Level::Error),
            FailOn::Warning => Some(Level::Warning),
            FailOn::Note => Some(Level::Note),
            FailOn::Never => None,
        }
    }
}

/// What a module must be proven by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Trust {
    Sumdb,
    #[value(name = "go.sum")]
    GoSum,
}

impl Trust {
    /// The least that is enough.
    pub fn least(self) -> ModuleTrust {
        match self {
            Trust::Sumdb => ModuleTrust::Sumdb,
            Trust::GoSum => ModuleTrust::GoSum,
        }
    }
}
