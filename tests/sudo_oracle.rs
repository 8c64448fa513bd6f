//! Holds `sudo_environment` against sudo itself. The frozen rows are of sudo 1.9.13p3 on Debian 12; `tests/oracle/run-sudo.py` asks
//! the sudo of this machine for as many more as wanted, named in `SUDO_ROWS`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "test code"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use gocachescan::format::machine::passwd::Account;
use gocachescan::format::machine::sudoers::environment::{Mode, sudo_environment};
use gocachescan::format::machine::sudoers::parse;
use gocachescan::format::machine::sudoers::scope::{Call, Settings};
use gocachescan::format::shell::Value as Told;
use serde_json::Value;

fn bytes(v: &Value) -> Vec<u8> {
    v.as_str().unwrap().as_bytes().to_vec()
}

fn number(v: &Value) -> u32 {
    u32::try_from(v.as_u64().unwrap()).unwrap()
}

/// What differs from sudo's answer in one row.
fn difference(row: &Value) -> Option<String> {
    let (user, to) = (&row["user"], &row["target"]);
    let target = Account {
        name: bytes(&to[0]),
        uid: number(&to[1]),
        gid: number(&to[2]),
        home: bytes(&to[3]),
        shell: bytes(&to[4]),
        line: 1,
    };
    let call = Call {
        user: bytes(&user[0]),
        uid: number(&user[1]),
        gid: number(&user[2]),
        groups: vec![bytes(&user[0])],
        runas: target.name.clone(),
        runas_uid: target.uid,
        host: bytes(&row["host"]),
        command: vec![b"/usr/bin/env".to_vec(), b"-0".to_vec()],
    };
    let old = row["env"].as_object().unwrap().iter().map(|(n, v)| (n.as_bytes().to_vec(), Told::put(&bytes(v), None))).collect();
    let items = parse(&bytes(&row["sudoers"]), &Arc::from(&b"/etc/sudoers"[..]));
    let settings = Settings::of(&items, &call);
    if !settings.undecided.is_empty() {
        return Some(format!("undecided: {:?}", settings.undecided));
    }
    let env = sudo_environment(&settings, &old, &call, &target, Mode::Command, b"/var/mail");
    let text = |b: Vec<u8>| String::from_utf8(b).unwrap();
    let ours: BTreeMap<String, String> = env.into_iter().map(|(n, v)| (text(n), text(v.text().unwrap()))).collect();
    let answer = row["answer"].as_object().unwrap();
    let mut theirs: BTreeMap<String, String> = answer.iter().map(|(n, v)| (n.clone(), v.as_str().unwrap().to_owned())).collect();
    // Told apart in the documentation of the function: later releases set them.
    theirs.remove("SUDO_HOME");
    theirs.remove("SUDO_TTY");
    let names: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let wrong: Vec<_> = names
        .into_iter()
        .filter(|n| ours.get(*n) != theirs.get(*n))
        .map(|n| format!("{n}: sudo {:?}, we {:?}", theirs.get(n), ours.get(n)))
        .collect();
    (!wrong.is_empty()).then(|| wrong.join("\n  "))
}

#[test]
fn environments_are_those_of_sudo() {
    let table = match std::env::var_os("SUDO_ROWS") {
        Some(path) => std::fs::read_to_string(path).unwrap(),
        None => include_str!("oracle/sudo/frozen.jsonl").to_owned(),
    };
    let (mut good, mut bad) = (0, 0);
    for line in table.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        match difference(&row) {
            None => good += 1,
            Some(wrong) => {
                bad += 1;
                println!("{}env {}\n  {wrong}\n", row["sudoers"].as_str().unwrap(), row["env"]);
            }
        }
    }
    println!("{good} rows agree, {bad} do not");
    assert_eq!(bad, 0);
    assert!(good >= 40);
}
