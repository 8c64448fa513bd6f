//! Runs a program for its answer: in a session of its own, so that it reaches no terminal, and never longer than it may.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use process_wrap::std::{CommandWrap, ProcessSession};

/// Longest answer that is taken, in bytes: an environment has at most some hundred kilobytes.
const LONGEST: usize = 4 << 20;

/// What [`answer`] is asked with.
#[derive(Debug)]
pub struct Question<'a> {
    /// The program, absolute.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: &'a [&'a OsStr],
    /// Its whole environment.
    pub env: &'a BTreeMap<OsString, OsString>,
    /// Its current folder.
    pub cwd: &'a Path,
    /// The answer is whole when it ends with this, whatever still holds the pipe; where it is empty, at the end of the pipe.
    pub end: &'a [u8],
    /// How long it may take.
    pub limit: Duration,
}

/// What a program writes to its standard output, up to and with [`Question::end`]. It has no standard input, nobody reads its
/// standard error, and it is killed, with all that it started in its session's group, when it has answered or its time is over.
///
/// # Errors
///
/// It can't be started, gives no whole answer in time, or one that is too long.
pub fn answer(question: &Question<'_>) -> io::Result<Vec<u8>> {
    let mut command = Command::new(question.program);
    command
        .args(question.arguments)
        .env_clear()
        .envs(question.env)
        .current_dir(question.cwd)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = CommandWrap::from(command).wrap(ProcessSession).spawn()?;
    let (send, receive) = mpsc::channel();
    let end = question.end.to_vec();
    if let Some(out) = child.stdout().take() {
        // Ends with the pipe, which closes when all that was started is killed.
        std::thread::Builder::new().spawn(move || {
            let _ = send.send(read(out, &end));
        })?;
    }
    let said = receive.recv_timeout(question.limit);
    let _ = child.start_kill();
    let _ = child.wait();
    said.unwrap_or_else(|_| {
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("gave no answer within {} ms", question.limit.as_millis())))
    })
}

fn read(mut out: impl Read, end: &[u8]) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    let mut buf = vec![0; 64 << 10];
    loop {
        match out.read(&mut buf) {
            Ok(0) if end.is_empty() => return Ok(said),
            Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "ended before it had answered")),
            Ok(n) => said.extend_from_slice(buf.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
        if !end.is_empty() && said.ends_with(end) {
            return Ok(said);
        }
        if said.len() > LONGEST {
            return Err(io::Error::other("says more than any environment holds"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, end: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let arguments = [OsStr::new("-c"), OsStr::new(script)];
        let env = BTreeMap::from([("A".into(), "b".into())]);
        let limit = Duration::from_millis(limit);
        answer(&Question { program: Path::new("/bin/sh"), arguments: &arguments, env: &env, cwd: Path::new("/"), end, limit })
    }

    #[test]
    fn an_answer_comes_back_whole_or_not_at_all() {
        assert_eq!(sh("echo $A$HOME", b"", 20_000).unwrap(), b"b\n");
        assert_eq!(sh("echo x; echo END; sleep 100", b"END\n", 20_000).unwrap(), b"x\nEND\n");
        assert_eq!(sh("echo x; (sleep 100)& echo END", b"END\n", 20_000).unwrap(), b"x\nEND\n");
        assert_eq!(sh("echo x", b"END\n", 20_000).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(sh("sleep 100", b"", 50).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(sh("yes", b"END", 20_000).is_err());
    }
}
