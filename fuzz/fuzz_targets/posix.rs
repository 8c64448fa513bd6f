//! The evaluation of the init files of bash, zsh and dash.
#![no_main]

use gocachescan::format::shell::posix::{Dialect, PosixStart, SystemFiles, start};
use gocachescan::format::shell::{Missing, NodeState, Value, Vars, World};

/// A machine on which every file of the home folder is the same init file, which is a program too.
struct One<'a>(&'a [u8]);

impl World for One<'_> {
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, Missing> {
        if path.starts_with(b"/home/") { Ok(self.0.to_vec()) } else { Err(Missing::Absent) }
    }

    fn state(&self, path: &[u8]) -> Option<NodeState> {
        let file = path.starts_with(b"/home/");
        Some(NodeState { file, folder: !file, readable: true, executable: true, ..NodeState::default() })
    }

    fn list(&self, _: &[u8]) -> Option<Vec<Vec<u8>>> {
        Some(vec![b"a".to_vec(), b"b.sh".to_vec()])
    }

    fn resolve(&self, path: &[u8]) -> Option<Vec<u8>> {
        Some(path.to_vec())
    }

    fn told_by(&self, _: &[Vec<u8>], _: &[(Vec<u8>, Vec<u8>)]) -> Option<(Vec<u8>, u8)> {
        None
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((how, text)) = data.split_first() else { return };
    let dialect = match how & 3 {
        0 => Dialect::Dash,
        1 => Dialect::Bash,
        2 => Dialect::Zsh,
        _ => Dialect::BashAsSh,
    };
    let asked = PosixStart {
        dialect,
        login: how & 4 != 0,
        interactive: how & 8 != 0,
        command: how & 16 != 0,
        home: Some(b"/home/u"),
        user: b"u",
        uid: 1,
        cwd: b"/",
        version: Some("5.2.15"),
        hostname: Some(b"h"),
        system: SystemFiles { profile: b"/etc/profile", bashrc: Some(b"/etc/bash.bashrc"), zsh: b"/etc/zsh" },
    };
    let env = [("PATH", "/home/u/bin:/bin"), ("ENV", "/home/u/env"), ("BASH_ENV", "/home/u/env"), ("HOME", "/home/u")];
    let env = Vars::of_environment(env.map(|(name, value)| (name.as_bytes().to_vec(), Value::put(value.as_bytes(), None))));
    let outcome = start(&One(text), &asked, env);
    assert!(outcome.undecided.len() <= 501, "what is not known is told in bounds");
});
