//! `prune` as a user meets it.

use super::repair::listing;
use super::*;

/// The healthy world with an output and a module version that may go; the output, and the list that names nothing of it.
fn world() -> (World, PathBuf, String) {
    let mut world = World::new();
    for id in ["build-cache-over-size", "module-unused"] {
        (gocachescan::check::rule(id).unwrap().witness)(&mut world.sample).unwrap();
    }
    let list = world.sample.prune.used_by[0].to_str().unwrap().to_owned();
    let output = world.sample.an_output().unwrap();
    (world, output, list)
}

/// `--max-size` for a cache that is a byte too large.
fn too_small(world: &World) -> String {
    format!("{}B", world.sample.build_cache_bytes() - 1)
}

#[test]
fn nothing_is_taken_where_nothing_was_asked_for() {
    let (world, _, list) = world();
    let before = listing(world.sample.root());
    let out = world.run(&["prune"]);
    let said = text(&out.stdout);
    assert_eq!((code(&out), text(&out.stderr).as_str()), (0, ""), "{said}");
    for wanted in ["build cache ", "module cache ", "1 version ", "last used", "within 2 hours", "nothing was asked for"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let schema: Value = serde_json::from_slice(&world.run(&["explain", "--schema"]).stdout).unwrap();
    for args in [&["prune"][..], &["prune", "--max-size", "1B", "--used-by", &list, "--dry-run"]] {
        let report = world.json(&[args, &["--format", "json"]].concat());
        assert_eq!(support::schema::problems(&schema, "", &report), Vec::<String>::new());
        assert_eq!((&report["command"], report["fix"]["run"].as_str()), (&Value::from("prune"), None));
        for line in text(&world.run(&[args, &["--format", "jsonl"]].concat()).stdout).lines() {
            let value = serde_json::from_str(line).unwrap();
            assert_eq!(support::schema::problems(&schema, "/$defs/line", &value), Vec::<String>::new(), "{line}");
        }
    }
    assert_eq!(text(&world.run(&["prune", "--quiet"]).stdout), "");
    assert_eq!(listing(world.sample.root()), before);
}

#[test]
fn a_bad_list_takes_nothing() {
    let (world, _, list) = world();
    let size = too_small(&world);
    let before = listing(world.sample.root());
    let at = |name: &str, bytes: &[u8]| {
        let path = world.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (cut, empty, junk) = (at("cut", b"a.b/c v1.0.0 h1:TIyPZe4Mgq"), at("empty", b"\n"), at("junk", &[0xff; 300]));
    for bad in [cut.as_str(), &empty, &junk, "absent", world.folder.path().to_str().unwrap()] {
        let out = world.run(&["prune", "--used-by", &list, "--used-by", bad, "--max-size", &size, "--orphans", "--yes"]);
        let said = text(&out.stderr);
        assert_eq!((code(&out), said.lines().count(), text(&out.stdout).as_str()), (2, 1, ""), "{bad}: {said}");
        assert!(said.starts_with("gocachescan: `--used-by`: "), "{said}");
    }
    // The main module of the sample names the version.
    assert_eq!(code(&world.run(&["prune", "--used-by", world.sample.main().to_str().unwrap(), "--yes"])), 0);
    assert_eq!(listing(world.sample.root()), before);
}

#[test]
fn what_is_taken_is_told_and_put_back() {
    let (world, output, list) = world();
    let (size, tree) = (too_small(&world), world.sample.tree());
    let (cache, modules) = (world.sample.gocache(), world.sample.gomodcache());
    let before = (listing(&cache), listing(&modules));
    let ask = ["prune", "--max-size", &size, "--used-by", &list];
    let planned = world.run(&[&ask[..], &["--dry-run"]].concat());
    let said = text(&planned.stdout);
    for wanted in ["build-cache-over-size", "1 output ", "1 module version ", "nothing is deleted", "--max-size is", "dry run"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert_eq!(code(&world.run(&[&ask[..], &["--dry-run", "--fail-on", "note"]].concat())), 1);
    assert_eq!((listing(&cache), listing(&modules)), before);
    let out = world.run(&[&ask[..], &["--yes"]].concat());
    let said = text(&out.stdout);
    assert_eq!((code(&out), text(&out.stderr).as_str()), (0, ""), "{said}");
    assert!(!output.exists() && !world.sample.an_action().unwrap().exists() && !tree.exists() && !world.sample.zip().exists());
    assert!(world.sample.build_cache_bytes() < size.trim_end_matches('B').parse().unwrap());
    let run = said.lines().find_map(|l| l.strip_prefix("undo: gocachescan quarantine restore ")).unwrap();
    assert!(said.contains(&format!("gocachescan quarantine purge {run}\n")), "{said}");
    assert_eq!(code(&world.run(&[])), 0, "the scan is clean");
    let again = world.run(&[&ask[..], &["--yes"]].concat());
    assert!(code(&again) == 0 && text(&again.stdout).contains("nothing is to be taken"), "{}", text(&again.stdout));
    assert_eq!(code(&world.run(&["quarantine", "restore", run])), 0);
    assert_eq!((listing(&cache), listing(&modules)), before);
}

#[test]
fn a_run_in_caches_that_flags_name_says_how_to_find_it() {
    let (world, _, list) = world();
    let (cache, modules) = (world.sample.gocache(), world.sample.gomodcache());
    let flags = ["--gocache", cache.to_str().unwrap(), "--gomodcache", modules.to_str().unwrap()];
    let bare = |args: &[&str]| world.command(args).env_remove("GOCACHE").env_remove("GOMODCACHE").output().unwrap();
    let out = bare(&[&["prune", "--used-by", &list, "--yes"], &flags[..]].concat());
    let said = text(&out.stdout);
    let undo = said.lines().find_map(|l| l.strip_prefix("undo: gocachescan ")).unwrap();
    assert!(!world.sample.tree().exists(), "{said}");
    assert_eq!(code(&bare(&undo.split(' ').collect::<Vec<_>>())), 0, "{undo}");
    assert!(world.sample.tree().exists());
}

#[test]
fn what_is_recent_stays_and_that_is_said() {
    let world = World::new();
    let before = listing(world.sample.root());
    let out = world.run(&["prune", "--max-size", "1B", "--orphans", "--yes"]);
    let said = text(&out.stdout);
    assert_eq!(code(&out), 0, "{said}");
    assert!(said.contains("out of reach") && said.contains("last two hours"), "{said}");
    let report = world.json(&["prune", "--max-size", "1B", "--yes", "--format", "json"]);
    let finding = &report["findings"][0];
    assert_eq!((&finding["rule"], &finding["fix"]), (&Value::from("build-cache-over-size"), &Value::from("none")));
    assert_eq!(finding["path"].as_str(), world.sample.gocache().to_str());
    assert_eq!(listing(world.sample.root()), before);
}

#[test]
fn modules_are_left_out_by_pattern() {
    let (world, _, list) = world();
    let out = world.run(&["prune", "--used-by", &list, "--skip", "example.com/*", "--yes"]);
    assert_eq!(code(&out), 0);
    assert!(world.sample.tree().exists(), "{}", text(&out.stdout));
}

#[test]
fn a_quarantine_that_is_not_ours_takes_nothing() {
    let (world, output, _) = world();
    let place = world.sample.gocache().parent().unwrap().join(".gocachescan-quarantine");
    std::os::unix::fs::symlink(world.folder.path(), &place).unwrap();
    let out = world.run(&["prune", "--max-size", &too_small(&world), "--yes"]);
    assert_eq!(code(&out), 4, "{}", text(&out.stdout));
    assert!(output.exists() && text(&out.stdout).contains("not done"));
}

#[test]
fn one_reason_for_many_steps_is_told_once() {
    let world = World::new();
    for n in 0..30 {
        let path = world.sample.put_orphan(format!("./{n}.go\n").as_bytes()).unwrap();
        world.sample.used_hours_ago(&path, 48).unwrap();
    }
    let place = world.sample.gocache().parent().unwrap().join(".gocachescan-quarantine");
    std::os::unix::fs::symlink(world.folder.path(), &place).unwrap();
    let said = |more: &[&str]| {
        let out = world.run(&[&["prune", "--orphans", "--yes"], more].concat());
        assert_eq!(code(&out), 4);
        let said = text(&out.stdout);
        let count = |what| said.matches(what).count();
        (count("  not done: "), count("and 10 more: `--verbose` lists them"), count("there is no quarantine for it"))
    };
    assert_eq!((said(&[]), said(&["--verbose"])), ((20, 1, 1), (30, 0, 1)));
}

#[test]
fn a_cache_that_could_not_be_read_whole_stays() {
    let (world, output, _) = world();
    let (size, shard) = (too_small(&world), world.sample.gocache().join("00"));
    if gocachescan::sys::process::effective_uid() == 0 {
        eprintln!("root reads everything: not shown");
        return;
    }
    gocachescan::sys::set_mode(&shard, 0o000).unwrap();
    let out = world.run(&["prune", "--max-size", &size, "--yes"]);
    gocachescan::sys::set_mode(&shard, 0o755).unwrap();
    assert_eq!(code(&out), 3, "{}", text(&out.stdout));
    assert!(output.exists() && text(&out.stdout).contains("nothing of it is taken"));
}

#[test]
fn caches_that_are_not_there_hold_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gocachescan"));
        command.args(args).env_clear().env("HOME", folder.path()).env("PATH", "").current_dir(folder.path()).output().unwrap()
    };
    assert_eq!(code(&run(&["prune"])), 0);
    assert_eq!(code(&run(&["prune", "--max-size", "1GB", "--yes"])), 0);
    assert_eq!(code(&run(&["prune", "--gocache", "absent"])), 3, "one that is named should be there");
}
