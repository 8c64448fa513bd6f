//! Which names are builtins of which shell.

use super::Dialect;

/// Builtins of every shell here that are evaluated.
pub(super) const COMMON: [&[u8]; 29] = [
    b".",
    b":",
    b"true",
    b"false",
    b"[",
    b"test",
    b"alias",
    b"unalias",
    b"break",
    b"continue",
    b"cd",
    b"command",
    b"echo",
    b"eval",
    b"exec",
    b"exit",
    b"export",
    b"printf",
    b"pwd",
    b"read",
    b"readonly",
    b"return",
    b"set",
    b"shift",
    b"type",
    b"unset",
    b"local",
    b"getopts",
    b"chdir",
];

/// Builtins of every shell here that change no variable a program gets: `hash` may keep where programs lie, `trap` runs at the end.
pub(super) const QUIET: [&[u8]; 11] =
    [b"bg", b"fg", b"hash", b"jobs", b"kill", b"times", b"trap", b"ulimit", b"umask", b"wait", b"history"];

/// More of bash and zsh.
pub(super) const MODERN: [&[u8]; 9] =
    [b"source", b"declare", b"typeset", b"let", b"builtin", b"pushd", b"popd", b"dirs", b"logout"];

pub(super) const BASH: [&[u8]; 4] = [b"shopt", b"mapfile", b"readarray", b"enable"];

/// bash's that change no variable: completion, key bindings, jobs.
pub(super) const BASH_QUIET: [&[u8]; 9] =
    [b"bind", b"complete", b"compgen", b"compopt", b"disown", b"suspend", b"fc", b"help", b"caller"];

pub(super) const ZSH: [&[u8]; 14] = [
    b"setopt",
    b"unsetopt",
    b"emulate",
    b"integer",
    b"float",
    b"print",
    b"whence",
    b"which",
    b"where",
    b"autoload",
    b"functions",
    b"unfunction",
    b"-",
    b"bye",
];

/// zsh's that change no variable a program gets: line editor, completion, styles, modules.
pub(super) const ZSH_QUIET: [&[u8]; 27] = [
    b"bindkey",
    b"zstyle",
    b"zle",
    b"zmodload",
    b"compdef",
    b"compinit",
    b"bashcompinit",
    b"compctl",
    b"rehash",
    b"unhash",
    b"disable",
    b"enable",
    b"sched",
    b"zparseopts",
    b"zformat",
    b"limit",
    b"unlimit",
    b"disown",
    b"ttyctl",
    b"zcompile",
    b"add-zsh-hook",
    b"is-at-least",
    b"vcs_info",
    b"zmv",
    b"promptinit",
    b"fc",
    b"colors",
];

/// Whether a shell has it as a builtin, or as a function of its own that is loaded by name.
pub(super) fn is_builtin(dialect: Dialect, name: &[u8]) -> bool {
    let dash = dialect == Dialect::Dash;
    let has = |list: &[&[u8]]| list.contains(&name);
    match dialect {
        Dialect::Dash => has(&COMMON) || has(&QUIET) && name != b"history",
        Dialect::Zsh => (has(&COMMON) || has(&QUIET) || has(&MODERN) || has(&ZSH) || has(&ZSH_QUIET)) && !dash,
        Dialect::Bash | Dialect::BashAsSh => {
            (has(&COMMON) && name != b"chdir") || has(&QUIET) || has(&MODERN) || has(&BASH) || has(&BASH_QUIET)
        }
    }
}

/// POSIX's special builtins: an assignment in front of one stays.
pub(super) fn is_special(name: &[u8]) -> bool {
    [
        &b"."[..],
        b":",
        b"break",
        b"continue",
        b"eval",
        b"exec",
        b"exit",
        b"export",
        b"readonly",
        b"return",
        b"set",
        b"shift",
        b"times",
        b"trap",
        b"unset",
    ]
    .contains(&name)
}
