//! What `--help` shows of each command at its end.

pub(super) const MAIN_EXAMPLES: &str = "\
Examples:
  gocachescan                          scan what Go uses on this machine
  gocachescan --main-module .          hold it to this module's go.sum, too
  gocachescan ~/go/bin/gopls ./cache   scan a binary and a copied cache
  gocachescan --format json            for a script
  gocachescan --fix --dry-run          show what a repair would do
  gocachescan --fix                    mend; `quarantine restore` undoes it
  gocachescan prune --max-size 10GB    bound the build cache, undoably
  gocachescan doctor                   why the wrong go is found, and where
  gocachescan explain sumdb-off        what a rule means and how to mend it
  gocachescan demo                     see it find something

Exit codes, the same for every format:
  0  complete, and no finding reaches --fail-on
  1  a finding does
  2  wrong usage
  3  incomplete, or nothing to scan
  4  --fix or prune could not do all that it planned; nothing is lost";

pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  gocachescan doctor                  which go it is here, and why
  gocachescan doctor --verbose        with every init file
  gocachescan doctor ~/go/bin/gopls   one program: which copy is started
  gocachescan doctor --pid 4711       what a running process really has
  gocachescan doctor --dockerfile Dockerfile
  gocachescan doctor --all-users      everybody's environment, as root
  gocachescan doctor --no-exec        run no shell to compare with
  gocachescan doctor --format json    for a script

Exit codes: 0 nothing reaches --fail-on; 1 a finding does; 2 wrong usage;
3 something could not be read.";

pub(super) const ENV_EXAMPLES: &str = "\
Examples:
  gocachescan env                       every setting, with where it comes from
  gocachescan env GOCACHE GOMODCACHE    the values of these, one a line
  gocachescan env --format json         {\"NAME\": \"value\"}, as `go env -json`

Exit codes: 0; 2 where Go itself refuses the environment.";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  gocachescan explain                 the catalogue of rules, a line each
  gocachescan explain sumdb-off       one rule: what, why, how to mend it
  gocachescan explain trust           how far each kind of proof reaches
  gocachescan explain --format json   every rule with all its texts
  gocachescan explain --schema        the JSON Schema of the report";

pub(super) const DEMO_EXAMPLES: &str = "\
Examples:
  gocachescan demo           make a poisoned cache, scan it, remove it
  gocachescan demo --keep    leave it there, to look around in

Exit codes: 0 every planted damage was found; 1 one was not.";

pub(super) const QUARANTINE_EXAMPLES: &str = "\
Examples:
  gocachescan quarantine list
  gocachescan quarantine show 2026-11-22T23-14-07
  gocachescan quarantine restore 2026-11-22T23-14-07
  gocachescan quarantine purge --older-than 30d

Exit codes: 0; 2 no such run; 3 a quarantine could not be read; 4 not all
could be put back, nothing is lost.";

pub(super) const PRUNE_EXAMPLES: &str = "\
Examples:
  gocachescan prune                        what the caches hold, by kind and age
  gocachescan prune --max-size 10GB --dry-run
  gocachescan prune --max-size 10GB        the oldest-used goes, until it fits
  gocachescan prune --used-by . --used-by ../other/go.sum
  gocachescan quarantine purge RUN         frees the disk
  gocachescan quarantine restore RUN       or puts all back

What goes is moved to a quarantine beside its cache. Nothing is hashed: the
largest cache is planned from names, times and action entries alone.

Never taken: what Go noted as used within two hours (it notes a use at most once
an hour), the fuzz corpus, toolchains, golang.org/fips140, cached repositories,
version lists, the checksum database. Modules of `go install x@version` stand in
no go.sum: --used-by takes them. A version of which a list names the go.mod
alone keeps its .mod and .info.

Exit codes: 0; 1 something reaches --fail-on (note); 2 wrong usage, or a list
that can't be trusted: nothing is planned; 3 something could not be read; 4 not
all that was planned was done, nothing is lost.";

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  gocachescan completions bash > gocachescan.bash
  gocachescan completions zsh > ~/.zfunc/_gocachescan
  gocachescan completions fish > ~/.config/fish/completions/gocachescan.fish";

pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  gocachescan man | man -l -           read it
  gocachescan man > gocachescan.1      keep it
  gocachescan man env > gocachescan-env.1";
