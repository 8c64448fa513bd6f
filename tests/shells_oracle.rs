//! Holds the evaluation of init files against the shells themselves. The frozen rows were answered by bash 5.2.15, dash 0.5.12 and
//! zsh 5.9; `tests/oracle/shells/run` makes as many more as wanted, asks the shells of this machine, and names them in `SHELLS_ROWS`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "test code"
)]

#[path = "support/folder_world.rs"]
mod folder_world;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use folder_world::FolderWorld;
use gocachescan::format::shell::posix::{Dialect, PosixStart, SystemFiles, start};
use gocachescan::format::shell::{Missing, NodeState, Value, Vars, World};
use serde_json::Value as Json;

/// Lays a row's files out: text, `{"exec": text}`, `{"link": target}`, or `null` for a folder.
fn lay_out(root: &Path, files: &Json) {
    for (path, what) in files.as_object().unwrap() {
        let path = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match what {
            Json::Null => fs::create_dir_all(&path).unwrap(),
            Json::String(text) => fs::write(&path, text).unwrap(),
            what if what.get("link").is_some() => std::os::unix::fs::symlink(what["link"].as_str().unwrap(), &path).unwrap(),
            what => {
                fs::write(&path, what["exec"].as_str().unwrap()).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }
}

#[derive(Default)]
struct Count {
    rows: usize,
    same: usize,
    unknown: usize,
    /// Rows of which nothing is known in the end.
    lost: usize,
    different: Vec<String>,
}

fn hold(row: &Json, tools: &Json, count: &mut Count) {
    let sandbox = tempfile::tempdir().unwrap();
    lay_out(sandbox.path(), tools);
    lay_out(sandbox.path(), &row["files"]);
    let world = FolderWorld { root: sandbox.path().to_path_buf() };
    let asked = &row["start"];
    let dialect = match asked["shell"].as_str().unwrap() {
        "bash" => Dialect::Bash,
        "zsh" => Dialect::Zsh,
        "dash" => Dialect::Dash,
        _ => Dialect::BashAsSh,
    };
    let how = PosixStart {
        dialect,
        login: asked["login"].as_bool().unwrap(),
        interactive: asked["interactive"].as_bool().unwrap(),
        command: true,
        home: Some(b"/root"),
        user: b"root",
        uid: 0,
        cwd: b"/root",
        version: Some(if dialect == Dialect::Zsh { "5.9" } else { "5.2.15" }),
        hostname: None,
        system: SystemFiles { profile: b"/etc/profile", bashrc: Some(b"/etc/bash.bashrc"), zsh: b"/etc/zsh" },
    };
    let env = row["env"].as_object().unwrap().iter();
    let env = Vars::of_environment(env.map(|(n, v)| (n.as_bytes().to_vec(), Value::put(v.as_str().unwrap().as_bytes(), None))));
    let outcome = start(&world, &how, env);
    count.rows += 1;
    let name = format!("{} {}", row["name"].as_str().unwrap(), row["start"]);
    // What the shell printed its environment before it came to the command, or not at all.
    if row["answer"].is_null() {
        if outcome.ended.is_none()
            && !outcome.undecided.iter().any(|u| u.what.contains("ends here") || u.what.contains("follows"))
            && !outcome.vars.others_unknown
        {
            count.different.push(format!("{name}: the shell ends, ours goes on"));
        }
        return;
    }
    if outcome.ended.is_some() {
        count.different.push(format!("{name}: ours ends at {:?}, the shell goes on", outcome.ended));
        return;
    }
    count.lost += usize::from(outcome.vars.others_unknown);
    let answer: BTreeMap<&str, &str> =
        row["answer"].as_object().unwrap().iter().map(|(n, v)| (n.as_str(), v.as_str().unwrap())).collect();
    for (variable, theirs) in &answer {
        match outcome.vars.get(variable.as_bytes()) {
            None if outcome.vars.others_unknown => count.unknown += 1,
            None => count.different.push(format!("{name}: {variable} is {theirs:?}, ours has none")),
            Some(var) => match (&var.value, var.exported) {
                (_, Some(false)) => count.different.push(format!(
                    "{name}: {variable} is {theirs:?}, ours is not exported: {:?}",
                    var.value.as_ref().map(Value::text)
                )),
                (None, _) => count.different.push(format!("{name}: {variable} is {theirs:?}, ours has no value")),
                (Some(value), _) => match value.text() {
                    Some(text) if text == theirs.as_bytes() => count.same += 1,
                    Some(text) => count
                        .different
                        .push(format!("{name}: {variable} is {theirs:?}, ours {:?}", String::from_utf8_lossy(&text))),
                    None => count.unknown += 1,
                },
            },
        }
    }
    for (variable, var) in outcome.vars.iter() {
        let variable = String::from_utf8_lossy(variable).into_owned();
        if var.exported == Some(true)
            && let Some(text) = var.value.as_ref().and_then(Value::text)
            && !answer.contains_key(variable.as_str())
        {
            count.different.push(format!("{name}: {variable} is not there, ours is {:?}", String::from_utf8_lossy(&text)));
        }
    }
}

#[test]
fn variables_are_those_of_the_shells() {
    let frozen = include_str!("oracle/shells/frozen.jsonl");
    let table = match std::env::var_os("SHELLS_ROWS") {
        Some(path) => fs::read_to_string(path).unwrap(),
        None => frozen.to_owned(),
    };
    let mut count = Count::default();
    let mut tools = Json::Null;
    for line in table.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        match row.get("tools") {
            Some(names) => {
                tools = names
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|n| (n.as_str().unwrap().to_owned(), serde_json::json!({ "exec": "" })))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }
            None => hold(&row, &tools, &mut count),
        }
    }
    for line in &count.different {
        println!("{line}");
    }
    let Count { rows, same, unknown, lost, different } = &count;
    println!("{rows} rows: {same} variables agree, {unknown} are unknown ({lost} rows lost), {} differ", different.len());
    assert!(different.is_empty());
    assert!(*same > 100 && *unknown * 2 < *same);
}

fn end_of(text: &[u8]) {
    struct Only<'a>(&'a [u8]);
    impl World for Only<'_> {
        fn read(&self, path: &[u8]) -> Result<Vec<u8>, Missing> {
            if path == b"/etc/profile" || path == b"/etc/zsh/zshenv" || path == b"/h/self" {
                Ok(self.0.to_vec())
            } else {
                Err(Missing::Absent)
            }
        }
        fn state(&self, path: &[u8]) -> Option<NodeState> {
            Some(NodeState { file: path == b"/h/self", readable: true, ..NodeState::default() })
        }
        fn list(&self, _: &[u8]) -> Option<Vec<Vec<u8>>> {
            None
        }
        fn resolve(&self, _: &[u8]) -> Option<Vec<u8>> {
            None
        }
        fn told_by(&self, _: &[Vec<u8>], _: &[(Vec<u8>, Vec<u8>)]) -> Option<(Vec<u8>, u8)> {
            None
        }
    }
    for dialect in [Dialect::Bash, Dialect::Zsh, Dialect::Dash, Dialect::BashAsSh] {
        let how = PosixStart {
            dialect,
            login: true,
            interactive: false,
            command: true,
            home: Some(b"/h"),
            user: b"u",
            uid: 1,
            cwd: b"/",
            version: None,
            hostname: None,
            system: SystemFiles { profile: b"/etc/profile", bashrc: None, zsh: b"/etc/zsh" },
        };
        let env = [(&b"HOME"[..], &b"/h"[..]), (b"PATH", b"/bin")];
        let env = Vars::of_environment(env.map(|(n, v)| (n.to_vec(), Value::put(v, None))));
        let began = std::time::Instant::now();
        let outcome = start(&Only(text), &how, env);
        assert!(!outcome.files.is_empty());
        let shown = String::from_utf8_lossy(&text[..text.len().min(60)]).into_owned();
        assert!(began.elapsed().as_secs() < 30, "{dialect:?} {shown:?} took {:?}", began.elapsed());
    }
}

/// On a stack as `doctor` gives it.
#[test]
fn hostile_files_end() {
    let thread = std::thread::Builder::new().stack_size(gocachescan::format::shell::STACK).spawn(each_hostile_file_ends).unwrap();
    thread.join().unwrap();
}

fn each_hostile_file_ends() {
    let many = |s: &str, n: usize| s.repeat(n).into_bytes();
    for text in [
        b":(){ :|:& };:".to_vec(),
        b"while :; do :; done".to_vec(),
        b"while true; do PATH=$PATH:$PATH; done".to_vec(),
        b"f() { f; }; f".to_vec(),
        b"f() { if maybe; then f; else f; fi; }; f".to_vec(),
        b". /h/self".to_vec(),
        b"eval \"$(cat /h/self)\"; . /h/self; . /h/self".to_vec(),
        b"for i in {1..1000}{1..1000}; do x=$i; done".to_vec(),
        b"for i in {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}; do x=$i; done".to_vec(),
        b"x=a; for i in 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4; do x=$x$x; y=${x//a/bb}; z=${x%%*b*}; done".to_vec(),
        b"while maybe; do if maybe; then break; else continue; fi; done; while maybe; do x=$x:y; done".to_vec(),
        b"e='eval \"$e\"'; eval \"$e\"".to_vec(),
        b"a=a; alias a='a; a'; a".to_vec(),
        many("(", 200_000),
        many("{ ", 200_000),
        many("$(", 200_000),
        many("${x:-", 200_000),
        many("\"$(", 100_000),
        many("`", 100_001),
        many("if x; then ", 50_000),
        many("[[ ( ", 50_000),
        many("[[ ! ! ! ", 50_000),
        many("$((", 100_000),
        many("case x in (", 50_000),
        many("! ", 100_000),
        many("f() ", 50_000),
        many("x=(", 50_000),
        many("a && ", 100_000),
        many("a | ", 50_000),
        many("a;", 100_000),
        many("<<E ", 50_000),
        [b"[[ a ".to_vec(), many("|| a ", 50_000), b"]]".to_vec()].concat(),
        [b"x=".to_vec(), many("a", 1 << 20)].concat(),
        [b"echo $((".to_vec(), many("1+", 100_000), b"1))".to_vec()].concat(),
        [b"x=".to_vec(), many("$x", 100_000)].concat(),
        many("if maybe; then x=1; else x=2; fi\n", 3_000),
        vec![0; 100_000],
        (0..=255).cycle().take(100_000).collect(),
    ] {
        end_of(&text);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        end_of(&bytes);
    }

    #[test]
    fn any_signs_end(text in "[ -~\n]{0,80}|([a-c$(){}|&;<>\"'`=\\[\\]#%/:*?!\n \\\\-]|if |then |fi|do |done|for |in |case |esac|while |\\$\\(|\\$\\{|export |local ){0,60}") {
        end_of(text.as_bytes());
    }
}
