//! Service files of `/etc/pam.d` and `/etc/pam.conf` (pam.conf(5), pam_env(8); Linux-PAM's libpam/pam_handlers.c): which of them
//! read environment files, and which other services they include.

use super::{is_blank, lines, span};

/// A call of `pam_env.so`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PamEnvUse {
    /// `conffile=`; `None` for `/etc/security/pam_env.conf`.
    pub conffile: Option<Vec<u8>>,
    /// Whether the environment file is read (`readenv=`, 1 where it is not given).
    pub readenv: bool,
    /// `envfile=`; `None` for `/etc/environment`.
    pub envfile: Option<Vec<u8>>,
    /// Whether the user's own file is read (`user_readenv=`, 0 where it is not given).
    pub user_readenv: bool,
    /// `user_envfile=`, beneath the home folder; `None` for `.pam_environment`.
    pub user_envfile: Option<Vec<u8>>,
}

/// What a line of a service file has to do with the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `pam_env.so` in the stack `auth` or `session`.
    Env(PamEnvUse),
    /// `@include NAME`, or `include`/`substack NAME` in one of the two stacks.
    Include(Vec<u8>),
}

/// The steps of a service, in order, with their lines (from 1).
pub fn uses_env(bytes: &[u8]) -> Vec<(Step, u32)> {
    let mut out = Vec::new();
    let (mut whole, mut first) = (Vec::new(), 1);
    for (line, text) in lines(bytes) {
        if whole.is_empty() {
            first = line;
        }
        let (text, comment) = span(text, |b| b == b'#');
        let text = text.trim_ascii();
        match text.strip_suffix(b"\\") {
            Some(text) if comment.is_empty() => {
                whole.extend_from_slice(text);
                whole.push(b' ');
            }
            _ => {
                whole.extend_from_slice(text);
                out.extend(step(&whole).map(|s| (s, first)));
                whole.clear();
            }
        }
    }
    out.extend(step(&whole).map(|s| (s, first)));
    out
}

fn step(line: &[u8]) -> Option<Step> {
    let mut words = words(line).into_iter();
    let kind = words.next()?;
    if kind.eq_ignore_ascii_case(b"@include") {
        return Some(Step::Include(words.next()?));
    }
    // A dash says that a missing module is not worth a word.
    let kind = kind.strip_prefix(b"-").unwrap_or(&kind);
    if !kind.eq_ignore_ascii_case(b"session") && !kind.eq_ignore_ascii_case(b"auth") {
        return None;
    }
    let control = words.next()?;
    let module = words.next()?;
    if control.eq_ignore_ascii_case(b"include") || control.eq_ignore_ascii_case(b"substack") {
        return Some(Step::Include(module));
    }
    if module.rsplit(|b| *b == b'/').next()? != b"pam_env.so" {
        return None;
    }
    let mut call = PamEnvUse { conffile: None, readenv: true, envfile: None, user_readenv: false, user_envfile: None };
    for word in words {
        let Some((name, value)) = word.iter().position(|b| *b == b'=').map(|i| (word.get(..i), word.get(i + 1..))) else {
            continue;
        };
        let value = value.unwrap_or_default();
        let path = || Some(value.to_vec()).filter(|v| !v.is_empty());
        match name.unwrap_or_default() {
            b"conffile" => call.conffile = path().or(call.conffile),
            b"envfile" => call.envfile = path().or(call.envfile),
            b"user_envfile" => call.user_envfile = path().or(call.user_envfile),
            b"readenv" => call.readenv = is_nonzero(value),
            b"user_readenv" => call.user_readenv = is_nonzero(value),
            _ => {}
        }
    }
    Some(Step::Env(call))
}

/// What `atoi` gives is not 0.
fn is_nonzero(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    text.iter().take_while(|b| b.is_ascii_digit()).any(|b| *b != b'0')
}

/// Words between blanks; one in brackets may hold blanks, and `\]` (Linux-PAM's `_pam_tokenize`).
fn words(line: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = line;
    loop {
        rest = span(rest, |b| !is_blank(b)).1;
        if rest.is_empty() {
            return out;
        }
        let Some(mut inner) = rest.strip_prefix(b"[") else {
            let (word, after) = span(rest, is_blank);
            out.push(word.to_vec());
            rest = after;
            continue;
        };
        let mut word = Vec::new();
        loop {
            match inner {
                [b'\\', b']', after @ ..] => {
                    word.push(b']');
                    inner = after;
                }
                [b']', after @ ..] => {
                    inner = after;
                    break;
                }
                [b, after @ ..] => {
                    word.push(*b);
                    inner = after;
                }
                [] => break,
            }
        }
        out.push(word);
        rest = inner;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_includes_are_told() {
        let got = uses_env(
            b"#%PAM-1.0\n@include common-session # all\nsession [success=ok ignore=ignore] pam_env.so readenv=1 \\\n  envfile=/etc/default/locale\n\
              -session optional pam_env.so user_readenv=1 readenv=0 conffile=\naccount required pam_env.so\nsession substack system-auth\nauth required /lib/security/pam_env.so\nauth required pam_unix.so\n",
        );
        let call = PamEnvUse { conffile: None, readenv: true, envfile: None, user_readenv: false, user_envfile: None };
        assert_eq!(
            got,
            [
                (Step::Include(b"common-session".to_vec()), 2),
                (Step::Env(PamEnvUse { envfile: Some(b"/etc/default/locale".to_vec()), ..call.clone() }), 3),
                (Step::Env(PamEnvUse { readenv: false, user_readenv: true, ..call.clone() }), 5),
                (Step::Include(b"system-auth".to_vec()), 7),
                (Step::Env(call), 8),
            ]
        );
    }
}
