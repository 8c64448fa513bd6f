//! The evaluation of fish's init files.
#![no_main]

use gocachescan::format::shell::fish::{FishStart, start};
use gocachescan::format::shell::{Missing, NodeState, Value, Vars, World};

/// A machine with one init file, which is a program too.
struct One<'a>(&'a [u8]);

impl World for One<'_> {
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, Missing> {
        if path.starts_with(b"/share") { Ok(self.0.to_vec()) } else { Err(Missing::Absent) }
    }

    fn state(&self, path: &[u8]) -> Option<NodeState> {
        let file = path.starts_with(b"/share");
        Some(NodeState { file, folder: !file, readable: true, executable: true, ..NodeState::default() })
    }

    fn list(&self, _: &[u8]) -> Option<Vec<Vec<u8>>> {
        Some(vec![b"a".to_vec(), b"b.fish".to_vec()])
    }

    fn resolve(&self, path: &[u8]) -> Option<Vec<u8>> {
        Some(path.to_vec())
    }

    fn told_by(&self, _: &[Vec<u8>], _: &[(Vec<u8>, Vec<u8>)]) -> Option<(Vec<u8>, u8)> {
        None
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let asked = FishStart {
        login: true,
        interactive: true,
        command: false,
        home: Some(b"/home"),
        user: b"u",
        uid: 1,
        cwd: b"/",
        version: Some("3.6.0"),
        data_dir: b"/share",
        sysconf_dir: b"/etc",
    };
    let env = Vars::of_environment([(b"PATH".to_vec(), Value::put(b"/share:/bin", None))]);
    let outcome = start(&One(data), &asked, env);
    assert!(outcome.vars.get(b"PWD").is_some());
});
