//! The files that `pam_env.so` reads (pam_env(8), pam_env.conf(5); Linux-PAM's modules/pam_env/pam_env.c without libeconf, and
//! libpam_internal/pam_line.c): `/etc/environment`, `pam_env.conf`, `~/.pam_environment`.

use std::sync::Arc;

use super::passwd::Account;
use super::{Env, Growth, at, is_blank, lines, span};
use crate::format::shell::{At, Value};

/// A line of an environment file: it sets a variable, or takes it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Letters, digits and `_`.
    pub name: Vec<u8>,
    /// `None` takes the variable away. `$` and the like are only bytes here.
    pub value: Option<Value>,
    /// The line.
    pub at: At,
}

/// Lines as `_pam_line_assemble` gives them: without comments, leading blanks and escaped newlines.
fn assembled(bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut out = Vec::new();
    let mut open: Option<(u32, Vec<u8>)> = None;
    for (line, text) in lines(bytes) {
        let (text, comment) = span(text, |b| b == b'#');
        let text = span(text, |b| !is_blank(b)).1;
        let (first, mut whole) = open.take().unwrap_or((line, Vec::new()));
        match text.trim_ascii_end().strip_suffix(b"\\") {
            Some(text) if comment.is_empty() => {
                whole.extend_from_slice(text);
                open = Some((first, whole));
            }
            _ => {
                whole.extend_from_slice(text);
                out.push((first, whole));
            }
        }
    }
    out.extend(open);
    out.retain(|(_, text)| !text.is_empty());
    out
}

/// An environment file such as `/etc/environment`: `NAME=VALUE` with an `export ` before it perhaps, quotes around the value
/// perhaps. Nothing is expanded.
pub fn environment(bytes: &[u8], file: &Arc<[u8]>) -> Vec<Assignment> {
    assembled(bytes).into_iter().filter_map(|(line, text)| assignment(&text, at(file, line))).collect()
}

fn assignment(text: &[u8], at: At) -> Option<Assignment> {
    let text = text.strip_prefix(b"export ").unwrap_or(text);
    let (name, rest) = span(text, |b| b == b'=');
    if name.is_empty() || !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') {
        return None;
    }
    let value = rest.strip_prefix(b"=").map(|value| match value {
        // Every byte but a quote at the very end stays, whatever quote it is.
        [b'"' | b'\'', inner @ ..] => match inner {
            [inner @ .., b'"' | b'\''] => Value::put(inner, Some(&at)),
            _ => Value::put(inner, Some(&at)),
        },
        _ => Value::put(value, Some(&at)),
    });
    Some(Assignment { name: name.to_vec(), value, at })
}

/// Sets what an environment file sets.
pub fn apply(assignments: &[Assignment], env: &mut Env) {
    for a in assignments {
        match &a.value {
            Some(value) => env.insert(a.name.clone(), value.clone()),
            None => env.remove(&a.name),
        };
    }
}

/// A line of `pam_env.conf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The variable.
    pub name: Vec<u8>,
    /// `DEFAULT=` as written, without quotes. Empty only where `""` is written.
    pub default: Option<Vec<u8>>,
    /// `OVERRIDE=` as written, without quotes.
    pub over: Option<Vec<u8>>,
    /// The line.
    pub at: At,
}

/// The rules of `pam_env.conf` and `~/.pam_environment`; lines that pam_env ignores are left out.
pub fn rules(bytes: &[u8], file: &Arc<[u8]>) -> Vec<Rule> {
    assembled(bytes).into_iter().filter_map(|(line, text)| rule(&text, at(file, line))).collect()
}

fn rule(text: &[u8], at: At) -> Option<Rule> {
    let (name, mut rest) = span(text, is_blank);
    let mut rule = Rule { name: name.to_vec(), default: None, over: None, at };
    loop {
        let after = span(rest, |b| !is_blank(b)).1;
        if after.len() == rest.len() {
            break;
        }
        if after.is_empty() {
            // Blanks at the end are an option without a name.
            return None;
        }
        let (to, value) = match after.strip_prefix(b"DEFAULT=") {
            Some(value) => (&mut rule.default, value),
            None => (&mut rule.over, after.strip_prefix(b"OVERRIDE=")?),
        };
        match value.strip_prefix(b"\"") {
            Some(quoted) => {
                let end = quoted.iter().position(|b| *b == b'"')?;
                *to = Some(quoted.get(..end)?.to_vec());
                rest = quoted.get(end + 1..)?;
                if rest.first().is_some_and(|b| !is_blank(*b)) {
                    return None;
                }
            }
            None => {
                let (word, after) = span(value, is_blank);
                if !word.is_empty() {
                    *to = Some(word.to_vec());
                }
                rest = after;
            }
        }
    }
    (!rule.name.is_empty()).then_some(rule)
}

/// Goes through the rules for a session of `user`; `env` is what PAM holds so far, not the environment of the calling program.
pub fn evaluate(rules: &[Rule], env: &mut Env, user: &Account) {
    let mut growth = Growth::default();
    for rule in rules {
        let mut expand = |text: &Option<Vec<u8>>| text.as_ref().map(|t| expand(t, env, user, &rule.at, &mut growth));
        let (default, over) = (expand(&rule.default), expand(&rule.over));
        // An unterminated reference ends the reading of the file.
        if matches!(default, Some(None)) || matches!(over, Some(None)) {
            return;
        }
        match over.flatten().filter(|v| !v.is_empty()).or(default.flatten()) {
            Some(value) => env.insert(rule.name.clone(), value),
            None => env.remove(&rule.name),
        };
    }
}

/// `None` for a reference that has no end.
fn expand(text: &[u8], env: &Env, user: &Account, at: &At, growth: &mut Growth) -> Option<Value> {
    let mut out = Value::new();
    let mut rest = text;
    loop {
        match rest {
            [] => return Some(out),
            [b'\\', b @ (b'$' | b'@' | b'\\'), after @ ..] => {
                out.push(&[*b], Some(at));
                rest = after;
            }
            [b'\\', after @ ..] => rest = after,
            [kind @ (b'$' | b'@'), b'{', after @ ..] => {
                let end = after.iter().position(|b| *b == b'}')?;
                let (name, more) = after.split_at(end);
                rest = more.get(1..).unwrap_or_default();
                match (kind, name) {
                    (b'$', name) => {
                        if let Some(value) = env.get(name) {
                            growth.append(&mut out, value, Some(at));
                        }
                    }
                    (_, b"HOME") => out.push(&user.home, Some(at)),
                    (_, b"SHELL") => out.push(&user.shell, Some(at)),
                    (_, b"PAM_USER") => out.push(&user.name, Some(at)),
                    // Who asks from where is known to the session alone.
                    (_, b"PAM_USER_PROMPT" | b"PAM_TTY" | b"PAM_RUSER" | b"PAM_RHOST") => out.push_unknown(Some(at)),
                    _ => {}
                }
            }
            [b, after @ ..] => {
                out.push(&[*b], Some(at));
                rest = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Arc<[u8]> {
        Arc::from(&b"/etc/environment"[..])
    }

    fn text(env: &Env, name: &str) -> Option<String> {
        env.get(name.as_bytes()).map(|v| String::from_utf8(v.text().unwrap()).unwrap())
    }

    #[test]
    fn environment_is_taken_literally() {
        let bytes = b"# comment\nPATH=\"/usr/bin:/bin\"\nexport GOPATH='$HOME/go'\n  A=b # c\nB=one\\\n  two\nD-E=no\n=no\nQ=\"a\"b\"\nGONE\nHALF=\"x\nEMPTY=\n";
        let all = environment(bytes, &file());
        let mut env = Env::from([(b"GONE".to_vec(), Value::put(b"1", None))]);
        apply(&all, &mut env);
        assert_eq!(text(&env, "PATH").unwrap(), "/usr/bin:/bin");
        assert_eq!(text(&env, "GOPATH").unwrap(), "$HOME/go", "no variable is expanded");
        assert_eq!(text(&env, "A").unwrap(), "b ");
        assert_eq!(text(&env, "B").unwrap(), "onetwo");
        assert_eq!(text(&env, "Q").unwrap(), "a\"b");
        assert_eq!(text(&env, "HALF").unwrap(), "x");
        assert_eq!(text(&env, "EMPTY").unwrap(), "");
        assert_eq!(text(&env, "GONE"), None);
        assert_eq!(env.len(), 7);
        assert_eq!(env[&b"GOPATH"[..]].at().unwrap().line, 3);
    }

    #[test]
    fn rules_are_those_of_pam_env_conf() {
        let bytes = b"GOPATH DEFAULT=@{HOME}/go\nPATH\tDEFAULT=/bin OVERRIDE=${GOPATH}/bin:${NONE}\nX DEFAULT=\"a b\" OVERRIDE=${NONE}\nBAD VALUE=1\nY DEFAULT=\"\"\nZ\nE DEFAULT=\\$x\n";
        let user = super::super::passwd::parse(b"ann:x:1:1::/home/ann:/bin/sh").remove(0);
        let mut env = Env::from([(b"Z".to_vec(), Value::put(b"1", None))]);
        evaluate(&rules(bytes, &file()), &mut env, &user);
        assert_eq!(text(&env, "GOPATH").unwrap(), "/home/ann/go");
        assert_eq!(text(&env, "PATH").unwrap(), "/home/ann/go/bin:");
        assert_eq!(env[&b"PATH"[..]].at().unwrap().line, 1, "the part that came from GOPATH");
        assert_eq!(text(&env, "X").unwrap(), "a b");
        assert_eq!(text(&env, "Y").unwrap(), "");
        assert_eq!(text(&env, "E").unwrap(), "$x");
        assert_eq!(env.len(), 5);
    }
}
