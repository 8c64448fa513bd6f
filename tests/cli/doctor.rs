//! `doctor` as a user meets it.

use super::*;

/// `doctor` in the sample's environment: its findings depend on the machine's own files too, so only their form is held here.
#[test]
fn doctor_is_told_in_every_format_and_keeps_to_the_schema() {
    let world = World::new();
    world.sample.make_machine().unwrap();
    let run = |args: &[&str]| {
        let mut command = world.command(args);
        command.env_clear().envs(world.sample.login_environment()).output().unwrap()
    };
    let schema: Value = serde_json::from_slice(&world.run(&["explain", "--schema"]).stdout).unwrap();
    let out = run(&["doctor", "--no-exec", "--fail-on", "never", "--format", "json"]);
    assert_eq!(code(&out), 0, "{}", text(&out.stderr));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(support::schema::problems(&schema, "", &report), Vec::<String>::new());
    let starts: Vec<&str> = report["shells"].as_array().unwrap().iter().map(|s| s["start"].as_str().unwrap()).collect();
    for start in ["bash login", "bash interactive", "bash login interactive", "bash -c", "sh -c", "cron"] {
        assert!(starts.contains(&start), "{start}: {starts:?}");
    }
    let shells = report["shells"].as_array().unwrap();
    let asked = shells.iter().find(|s| !s["asked"].is_null());
    assert!(asked.is_none(), "`--no-exec` asks nobody: {asked:?}");
    // The sample's .profile sources its .bashrc, which names the sample's own Go.
    let login = shells.iter().find(|s| s["start"] == "bash login").unwrap();
    assert_eq!(login["go"]["version"], "1.26.8", "{login}");
    let lines = run(&["doctor", "--no-exec", "--fail-on", "never", "--format", "jsonl"]);
    for line in text(&lines.stdout).lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(support::schema::problems(&schema, "/$defs/line", &value), Vec::<String>::new(), "{line}");
    }
    let human = text(&run(&["doctor", "--fail-on", "never"]).stdout);
    assert!(human.starts_with("`go` is 1.26.8 from"), "{human}");
}

#[test]
fn what_doctor_cannot_look_at_is_told_in_one_line() {
    let world = World::new();
    for args in [
        &["doctor", "--pid", "4194305"][..],
        &["doctor", "--dockerfile", "absent"],
        &["doctor", "absent"],
        &["doctor", "--pid", "0"],
    ] {
        let out = world.run(args);
        assert_eq!(code(&out), 2, "{args:?}: {}", text(&out.stderr));
        assert_eq!(text(&out.stderr).lines().count(), 1, "{args:?}: {}", text(&out.stderr));
        assert_eq!(text(&out.stdout), "", "{args:?}");
    }
}

/// Nothing in a home folder does harm: init files that never end, are no text, or can't be read.
#[test]
fn hostile_init_files_end_soon() {
    let world = World::new();
    world.sample.make_machine().unwrap();
    let home = world.sample.home();
    let long = format!("[[ a {}]]\n", "|| a ".repeat(100_000));
    let hostile: &[(&str, &[u8])] = &[
        (".bashrc", b"while :; do :; done\n"),
        (".zshrc", b"f() { f; f; }\nf\n"),
        (".profile", &[0xff, 0, 0x1b, b'[', b'2', b'J', b'$', b'(', b'`', b'"', b'\n']),
        (".zshenv", b"export PATH=\x1b[31m/red:$PATH\n"),
        (".config/fish/config.fish", b"while true\nend\n"),
        (".zprofile", b"function a|b { :; }\n"),
        (".bash_profile", long.as_bytes()),
    ];
    for (name, bytes) in hostile {
        world.sample.write(&home.join(name), bytes).unwrap();
    }
    std::os::unix::fs::symlink("loop", home.join("loop")).unwrap();
    let path =
        (0..10_000).map(|i| format!("/n/{i}")).chain([home.join("loop").display().to_string()]).collect::<Vec<_>>().join(":");
    let mut command = world.command(&["doctor", "--no-exec", "--fail-on", "never"]);
    let out = command.env_clear().envs(world.sample.login_environment()).env("PATH", path).output().unwrap();
    assert_eq!(code(&out), 0, "{}", text(&out.stderr));
    assert!(!text(&out.stdout).contains('\x1b'), "nothing hidden reaches a terminal");
    assert!(out.stdout.len() < 1 << 20, "the report stays one that can be read: {} bytes", out.stdout.len());
}

/// A home folder that can't be read, is none, or is a link to itself ends in a report that says what it could not read.
#[test]
fn a_home_that_cannot_be_read_does_no_harm() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let world = World::new();
    world.sample.make_machine().unwrap();
    let locked = |mode| std::fs::Permissions::from_mode(mode);
    let (home, looped) = (world.sample.home(), world.folder.path().join("loop"));
    std::os::unix::fs::symlink("loop", &looped).unwrap();
    std::fs::set_permissions(world.folder.path(), locked(0o755)).unwrap();
    std::fs::set_permissions(&home, locked(0)).unwrap();
    // A copy: others may not reach the folder of the build.
    let program = world.folder.path().join("gocachescan");
    std::fs::copy(env!("CARGO_BIN_EXE_gocachescan"), &program).unwrap();
    let nobody = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(world.folder.path()).unwrap()) == 0;
    for place in [&home, &looped, &world.folder.path().join("absent"), &home.join("below")] {
        let mut command = Command::new(&program);
        command.args(["doctor", "--no-exec", "--fail-on", "never", "--format", "json"]).stdin(Stdio::null());
        command.env_clear().envs(world.sample.login_environment()).env("HOME", place).current_dir("/");
        if nobody {
            // Root reads everything.
            command.uid(65534);
        }
        let out = command.output().unwrap();
        let report: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert!([0, 3].contains(&code(&out)), "{place:?}: {}", text(&out.stderr));
        assert!(!report["shells"].as_array().unwrap().is_empty(), "{place:?}");
        assert!(out.stderr.len() < 2000, "{place:?}: {}", text(&out.stderr));
    }
    std::fs::set_permissions(&home, locked(0o755)).unwrap();
}
