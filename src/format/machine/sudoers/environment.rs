//! The environment that sudo gives to a command (sudo 1.9's plugins/sudoers/env.c `rebuild_env`, env_pattern.c; sudoers(5) "Command
//! environment").

use super::super::Env;
use super::super::passwd::Account;
use super::scope::{Call, Settings};
use crate::format::shell::{At, Value};

/// `initial_keepenv_table`.
pub(super) const KEEP: &[&str] = &[
    "COLORS",
    "DISPLAY",
    "DPKG_COLORS",
    "HOSTNAME",
    "KRB5CCNAME",
    "LS_COLORS",
    "PATH",
    "PS1",
    "PS2",
    "XAUTHORITY",
    "XAUTHORIZATION",
    "XDG_CURRENT_DESKTOP",
];
/// `initial_checkenv_table`.
pub(super) const CHECK: &[&str] = &["COLORTERM", "LANG", "LANGUAGE", "LC_*", "LINGUAS", "TERM", "TZ"];
/// `initial_badenv_table`, with what later 1.9 releases added to it left out: none of it is Go's.
pub(super) const DELETE: &[&str] = &[
    "IFS",
    "CDPATH",
    "LOCALDOMAIN",
    "RES_OPTIONS",
    "HOSTALIASES",
    "NLSPATH",
    "PATH_LOCALE",
    "LD_*",
    "_RLD*",
    "TERMINFO",
    "TERMINFO_DIRS",
    "TERMPATH",
    "TERMCAP",
    "ENV",
    "BASH_ENV",
    "PS4",
    "GLOBIGNORE",
    "BASHOPTS",
    "SHELLOPTS",
    "JAVA_TOOL_OPTIONS",
    "PERLIO_DEBUG",
    "PERLLIB",
    "PERL5LIB",
    "PERL5OPT",
    "PERL5DB",
    "FPATH",
    "NULLCMD",
    "READNULLCMD",
    "ZDOTDIR",
    "TMPPREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONINSPECT",
    "PYTHONUSERBASE",
    "RUBYLIB",
    "RUBYOPT",
    "*=()*",
];

/// How sudo was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// With a command.
    Command,
    /// `-s`.
    Shell,
    /// `-i`.
    Login,
}

/// The environment of the command, but for what PAM and `env_file` add and for `SUDO_HOME` and `SUDO_TTY` of 1.9.17. `target` is the
/// account whose rights are taken; `mail_folder` the folder of mailboxes that sudo was built with (`/var/mail` on Debian).
pub fn sudo_environment(s: &Settings, old: &Env, call: &Call, target: &Account, mode: Mode, mail_folder: &[u8]) -> Env {
    let put = |text: &[u8]| Value::put(text, None);
    let mut env = Env::new();
    let login = mode == Mode::Login;
    let mut reset_home = s.always_set_home || login || (mode == Mode::Shell && s.set_home);
    let cleaned = s.env_reset.0 || login;
    for (name, value) in old {
        let kept = if cleaned { should_keep(s, name, value, mode) } else { should_delete(s, name, value).map(|d| !d) };
        match kept {
            Some(true) => env.insert(name.clone(), value.clone()),
            Some(false) => None,
            None => env.insert(name.clone(), Value::unknown(value.at())),
        };
    }
    let kept = |env: &Env, name: &str| env.contains_key(name.as_bytes());
    let (kept_user, kept_logname) = (cleaned && kept(&env, "USER"), cleaned && kept(&env, "LOGNAME"));
    let set = |env: &mut Env, name: &str, value: Value| env.insert(name.as_bytes().to_vec(), value);
    if cleaned {
        if login {
            set(&mut env, "SHELL", put(&target.shell));
            set(&mut env, "LOGNAME", put(&target.name));
            set(&mut env, "USER", put(&target.name));
        } else if !s.set_logname {
            for name in ["LOGNAME", "USER"] {
                if !kept(&env, name) {
                    set(&mut env, name, put(&call.user));
                }
            }
        }
        reset_home |= !kept(&env, "HOME");
        if login || !kept(&env, "MAIL") {
            set(&mut env, "MAIL", put(&[mail_folder, b"/", &target.name].concat()));
        }
    }
    let exempt = s.exempt_group.as_ref().is_some_and(|g| call.groups.contains(g));
    if let Some(path) = s.secure_path.as_ref().filter(|_| !exempt) {
        set(&mut env, "PATH", path.clone());
    }
    if s.set_logname && !login {
        match (kept_logname, kept_user) {
            (false, false) => {
                set(&mut env, "LOGNAME", put(&target.name));
                set(&mut env, "USER", put(&target.name));
            }
            (true, false) => {
                let value = env.get(&b"LOGNAME"[..]).cloned().unwrap_or_default();
                set(&mut env, "USER", value);
            }
            (false, true) => {
                let value = env.get(&b"USER"[..]).cloned().unwrap_or_default();
                set(&mut env, "LOGNAME", value);
            }
            (true, true) => {}
        }
    }
    if reset_home {
        set(&mut env, "HOME", put(&target.home));
    }
    for (name, value) in [("SHELL", &target.shell[..]), ("TERM", b"unknown"), ("PATH", b"/usr/bin:/bin:/usr/sbin:/sbin")] {
        if !kept(&env, name) {
            set(&mut env, name, put(value));
        }
    }
    if let Some(prompt) = old.get(&b"SUDO_PS1"[..])
        && (cleaned || should_delete(s, b"SUDO_PS1", prompt) == Some(false))
    {
        set(&mut env, "PS1", prompt.clone());
    }
    let mut command = call.command.first().cloned().unwrap_or_default();
    if let Some(arguments) = call.command.get(1..).filter(|a| !a.is_empty()) {
        let joined = arguments.join(&b' ');
        command.push(b' ');
        command.extend_from_slice(joined.get(..4096).unwrap_or(&joined));
    }
    set(&mut env, "SUDO_COMMAND", put(&command));
    set(&mut env, "SUDO_USER", put(&call.user));
    set(&mut env, "SUDO_UID", put(call.uid.to_string().as_bytes()));
    set(&mut env, "SUDO_GID", put(call.gid.to_string().as_bytes()));
    env
}

/// Adds the variables of a file that `env_file` names, or `restricted_env_file`, of which those are left out that sudo would not
/// take from the caller: what is there already stays.
pub fn add_env_file(env: &mut Env, file: &[(Vec<u8>, Value)], s: &Settings, restricted: bool) {
    for (name, value) in file.iter().filter(|(name, value)| !restricted || stays(s, name, value, Mode::Command) == Some(true)) {
        env.entry(name.clone()).or_insert_with(|| value.clone());
    }
}

/// Whether a variable of the caller's environment is taken over; `None` where that can't be told.
fn stays(s: &Settings, name: &[u8], value: &Value, mode: Mode) -> Option<bool> {
    if s.env_reset.0 { should_keep(s, name, value, mode) } else { should_delete(s, name, value).map(|d| !d) }
}

/// Adds what PAM's modules set for the session: it wins but over what was kept of the caller's environment.
pub fn add_pam(env: &mut Env, pam: &Env, s: &Settings, mode: Mode) {
    for (name, value) in pam {
        if stays(s, name, value, mode) == Some(false) || !env.contains_key(name) {
            env.insert(name.clone(), value.clone());
        }
    }
}

type List = [(Vec<u8>, Option<At>)];

/// Whether a list names the variable, and whether by its value too.
fn listed(list: &List, name: &[u8], value: &[u8]) -> Option<bool> {
    let whole = [name, b"=", value].concat();
    if name == b"LOGNAME" || name == b"USER" {
        // If one of the two is kept, both are.
        return list.iter().any(|(p, _)| pattern(p, b"LOGNAME").is_some() || pattern(p, b"USER").is_some()).then_some(false);
    }
    // sudo puts new members first and takes the first that matches.
    list.iter().rev().find_map(|(p, _)| pattern(p, &whole))
}

/// `matches_env_pattern`: whether the text beyond `NAME=` was matched too, where it matches at all.
fn pattern(pattern: &[u8], var: &[u8]) -> Option<bool> {
    let sep = var.iter().position(|b| *b == b'=').unwrap_or(var.len());
    let star = pattern.iter().position(|b| *b == b'*').unwrap_or(pattern.len());
    let (literal, mut rest) = pattern.split_at(star);
    if !var.starts_with(literal) {
        return None;
    }
    let mut len = literal.len();
    let mut saw_sep = false;
    let mut hit = rest.is_empty();
    while let [first, after @ ..] = rest {
        let mut expected = *first;
        if expected == b'*' {
            let more = after.iter().position(|b| *b != b'*').and_then(|i| after.get(i..));
            let Some(more) = more else {
                return Some(len > sep + 1);
            };
            rest = more;
            expected = *more.first()?;
            saw_sep |= expected == b'=';
            while (saw_sep || len != sep) && var.get(len).is_some_and(|b| *b != expected) {
                len += 1;
            }
        }
        if var.get(len) != Some(&expected) {
            return None;
        }
        rest = rest.get(1..).unwrap_or_default();
        len += 1;
        hit = rest.is_empty();
    }
    (hit && (len == sep || len >= var.len())).then_some(len > sep + 1)
}

/// `matches_env_check`: whether the value is harmless, where the list names the variable; and whether it was named by value too.
fn checked(s: &Settings, name: &[u8], value: &[u8]) -> Option<(bool, bool)> {
    let by_value = listed(&s.env_check, name, value)?;
    let harmless = if name == b"TZ" { tz_is_safe(value) } else { !value.iter().any(|b| *b == b'/' || *b == b'%') };
    Some((harmless, by_value))
}

/// `None` where an unknown value decides.
fn should_keep(s: &Settings, name: &[u8], value: &Value, mode: Mode) -> Option<bool> {
    let Some(text) = value.text() else {
        let (check, keep) = (listed(&s.env_check, name, b"").is_some(), listed(&s.env_keep, name, b"").is_some());
        return if check { None } else { Some(keep) };
    };
    let (keep, by_value) = match checked(s, name, &text) {
        Some(told) => told,
        None if mode == Mode::Shell && name == b"SHELL" => (true, false),
        None => listed(&s.env_keep, name, &text).map_or((false, false), |by_value| (true, by_value)),
    };
    // A shell's function is kept only where its value is named.
    Some(keep && (by_value || !text.starts_with(b"() ")))
}

fn should_delete(s: &Settings, name: &[u8], value: &Value) -> Option<bool> {
    let Some(text) = value.text() else {
        let named = listed(&s.env_delete, name, b"").is_some();
        return if named { Some(true) } else { listed(&s.env_check, name, b"").is_none().then_some(false) };
    };
    Some(listed(&s.env_delete, name, &text).is_some() || checked(s, name, &text).is_some_and(|(harmless, _)| !harmless))
}

fn tz_is_safe(value: &[u8]) -> bool {
    let value = value.strip_prefix(b":").unwrap_or(value);
    (!value.starts_with(b"/") || value.starts_with(b"/usr/share/zoneinfo/"))
        && value.iter().all(u8::is_ascii_graphic)
        && value.split(|b| *b == b'/').all(|part| part != b"..")
        && value.len() < 4096
}
