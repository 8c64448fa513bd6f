//! Asks a real shell for the environment that it hands to programs, in a clean environment and within a time limit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Asked, Shell, StartKind};
use crate::locate::{bytes_of, text_of};
use crate::sys;

/// How long a shell may take. One with many plugins takes a second; all are asked side by side.
#[cfg(unix)]
const LIMIT: std::time::Duration = std::time::Duration::from_secs(4);
/// What stands before and after the answer: init files may print something of their own.
#[cfg(unix)]
const BEGIN: &[u8] = b"\n--gocachescan environment--\n";
#[cfg(unix)]
const END: &[u8] = b"\n--gocachescan end--\n";

/// A shell to be asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The start that it stands for: a shell.
    pub kind: StartKind,
    /// The shell's program.
    pub program: PathBuf,
    /// The environment that it starts with.
    pub env: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The folder that it starts in.
    pub cwd: PathBuf,
}

/// Asks all of them side by side; the answers are in the order of the questions.
pub fn ask_all(asks: &[Ask]) -> Vec<Asked> {
    std::thread::scope(|scope| {
        let running: Vec<_> = asks.iter().map(|ask| scope.spawn(|| ask_one(ask))).collect();
        let gone = || Asked::Failed("the thread that asked it ended".to_owned());
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| gone())).collect()
    })
}

/// There is nobody to ask: shells of this kind are a Unix thing.
#[cfg(not(unix))]
fn ask_one(_: &Ask) -> Asked {
    Asked::No
}

#[cfg(unix)]
fn ask_one(ask: &Ask) -> Asked {
    use std::ffi::{OsStr, OsString};

    use crate::sys::Question;

    let StartKind::Shell(shell, login, interactive) = ask.kind else { return Asked::No };
    // The marks are written in octal, so that a shell that prints its commands (`set -x`, fish's titles) does not print them.
    let script = format!("printf '{}'; /usr/bin/env -0; printf '{}'", octal(BEGIN), octal(END));
    let mut arguments: Vec<&OsStr> = Vec::new();
    if login {
        arguments.push("-l".as_ref());
    }
    if interactive {
        arguments.push("-i".as_ref());
    }
    arguments.extend([OsStr::new("-c"), OsStr::new(&script)]);
    let env: BTreeMap<OsString, OsString> = ask.env.iter().map(|(n, v)| (text_of(n), text_of(v))).collect();
    let question = Question { program: &ask.program, arguments: &arguments, env: &env, cwd: &ask.cwd, end: END, limit: LIMIT };
    match sys::answer(&question) {
        Ok(said) => parse(&said).map_or_else(|| Asked::Failed(format!("{shell} said something else")), Asked::Environment),
        Err(e) => Asked::Failed(e.to_string()),
    }
}

#[cfg(unix)]
fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("\\{b:03o}")).collect()
}

/// The environment between the two marks.
#[cfg(unix)]
fn parse(said: &[u8]) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
    let said = said.strip_suffix(END)?;
    let begin = said.windows(BEGIN.len()).rposition(|w| w == BEGIN)?;
    let list = said.get(begin + BEGIN.len()..)?;
    let pair = |entry: &[u8]| {
        let at = entry.iter().position(|b| *b == b'=')?;
        Some((entry.get(..at)?.to_vec(), entry.get(at + 1..)?.to_vec()))
    };
    Some(list.split(|b| *b == 0).filter_map(pair).collect())
}

/// The program of a shell on this machine, `None` where it has none: the one that an account names, else in the usual folders.
pub fn program_of(shell: Shell, login_shell: Option<&[u8]>) -> Option<PathBuf> {
    let runs = |path: &PathBuf| sys::stat(path).is_ok_and(|s| s.kind == sys::NodeKind::File && s.executable());
    let own = login_shell.map(|s| PathBuf::from(text_of(s)));
    let own = own.filter(|p| p.file_name().is_some_and(|n| bytes_of(n) == shell.as_str().as_bytes()));
    let folders = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/run/current-system/sw/bin"];
    own.into_iter().chain(folders.map(|dir| Path::new(dir).join(shell.as_str()))).find(runs)
}

#[cfg(all(unix, test))]
mod tests {
    use super::*;

    #[test]
    fn a_real_shell_is_asked() {
        let env = BTreeMap::from([(b"GOPATH".to_vec(), b"/x y\n=z".to_vec()), (b"PATH".to_vec(), b"/usr/bin:/bin".to_vec())]);
        let program = program_of(Shell::Sh, None).unwrap();
        let ask = Ask { kind: StartKind::Shell(Shell::Sh, false, false), program, env, cwd: PathBuf::from("/") };
        let said = ask_all(&[ask.clone(), Ask { program: PathBuf::from("/nothing"), ..ask }]);
        let Asked::Environment(env) = &said[0] else { panic!("{said:?}") };
        assert_eq!(env[b"GOPATH".as_slice()], b"/x y\n=z");
        assert!(matches!(&said[1], Asked::Failed(_)));
    }
}
