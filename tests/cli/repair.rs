//! `--fix` and `quarantine` as a user meets them.

use super::*;

/// The healthy world after several damages: an output, a mode, a tree.
fn damaged() -> World {
    let mut world = World::new();
    for id in ["output-hash-mismatch", "writable-by-foreign-group", "tree-file-differs"] {
        let rule = gocachescan::check::rule(id).unwrap();
        if (rule.witness)(&mut world.sample).is_err() {
            eprintln!("without root {id} is not shown");
        }
    }
    world
}

pub(super) fn listing(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|e| e.unwrap().into_path())
        .map(|p| (p.clone(), std::fs::read(&p).unwrap_or_default()))
        .collect();
    all.sort();
    all
}

#[test]
fn without_a_terminal_somebody_must_say_yes() {
    let world = damaged();
    let before = listing(world.sample.root());
    let out = world.run(&["--fix"]);
    assert_eq!(code(&out), 2);
    assert!(text(&out.stderr).contains("--yes"), "{}", text(&out.stderr));
    assert_eq!(text(&out.stdout), "");
    for bad in [&["--yes"][..], &["--dry-run"], &["--fix-binaries"], &["--fix", "--yes", "--dry-run"]] {
        assert_eq!(code(&world.run(bad)), 2, "{bad:?}");
    }
    assert_eq!(listing(world.sample.root()), before);
}

#[test]
fn a_dry_run_shows_and_changes_nothing() {
    let world = damaged();
    let before = listing(world.sample.root());
    let out = world.run(&["--fix", "--dry-run"]);
    assert_eq!(code(&out), 1);
    let said = text(&out.stdout);
    assert!(said.contains("plan: ") && said.contains("nothing is deleted") && said.contains("dry run"), "{said}");
    let report = world.json(&["--fix", "--dry-run", "--format", "json"]);
    assert_eq!(report["fix"]["run"], Value::Null);
    assert!(report["fix"]["steps"].as_array().unwrap().iter().all(|s| s["done"] == false));
    assert_eq!(listing(world.sample.root()), before);
}

#[test]
fn what_is_mended_can_be_listed_shown_put_back_and_purged() {
    let world = damaged();
    let before = world.json(&["--format", "json"])["findings"].clone();
    let schema: Value = serde_json::from_slice(&world.run(&["explain", "--schema"]).stdout).unwrap();
    let out = world.run(&["--fix", "--yes", "--format", "json"]);
    assert_eq!(code(&out), 0, "{}{}", text(&out.stdout), text(&out.stderr));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(support::schema::problems(&schema, "", &report), Vec::<String>::new());
    assert_eq!(report["findings"].as_array().unwrap().iter().filter(|f| f["level"] != "note").count(), 0);
    let run = report["fix"]["run"].as_str().unwrap();
    let steps = report["fix"]["steps"].as_array().unwrap().len();

    let list = world.json(&["quarantine", "list", "--format", "json"]);
    let listed = &list["runs"][0];
    assert_eq!((listed["run"].as_str(), listed["steps"].as_u64()), (Some(run), u64::try_from(steps).ok()));
    assert_eq!((&listed["state"], &listed["bytes"]), (&Value::from("done"), &report["fix"]["bytes"]));
    assert!(text(&world.run(&["quarantine", "list"]).stdout).contains(run));
    let shown = world.json(&["quarantine", "show", run, "--format", "json"]);
    assert_eq!(shown["steps"].as_array().unwrap().len(), steps);
    assert!(text(&world.run(&["quarantine", "show", run]).stdout).contains("tree-file-differs"));

    for command in ["show", "restore", "purge"] {
        let out = world.run(&["quarantine", command, "2001-01-01T00-00-00"]);
        assert_eq!(code(&out), 2, "{command}");
    }
    let restored = world.run(&["quarantine", "restore", run]);
    assert_eq!(code(&restored), 0, "{}", text(&restored.stderr));
    assert_eq!(world.json(&["--format", "json"])["findings"], before);
    assert_eq!(world.json(&["quarantine", "list", "--format", "json"])["runs"][0]["state"], "restored");

    assert_eq!(code(&world.run(&["quarantine", "purge", run])), 2, "it asks");
    assert_eq!(code(&world.run(&["quarantine", "purge", "--older-than", "30d", "--yes"])), 0);
    assert_eq!(world.json(&["quarantine", "list", "--format", "json"])["runs"].as_array().unwrap().len(), 1);
    assert_eq!(code(&world.run(&["quarantine", "purge", run, "--yes"])), 0);
    assert_eq!(world.json(&["quarantine", "list", "--format", "json"])["runs"], Value::Array(Vec::new()));
    for bad in [&["quarantine", "purge"][..], &["quarantine", "purge", "--older-than", "7"], &["quarantine"]] {
        assert_eq!(code(&world.run(bad)), 2, "{bad:?}");
    }
}

#[test]
fn what_is_there_now_is_not_overwritten_unless_told() {
    let world = damaged();
    let report = world.json(&["--fix", "--yes", "--format", "json"]);
    let run = report["fix"]["run"].as_str().unwrap();
    let steps = report["fix"]["steps"].as_array().unwrap();
    let path = steps.iter().find(|s| s["rule"] == "output-hash-mismatch").unwrap()["path"].as_str().unwrap();
    std::fs::write(path, b"made meanwhile").unwrap();
    let refused = world.run(&["quarantine", "restore", run]);
    assert_eq!(code(&refused), 4);
    assert!(text(&refused.stdout).contains("--overwrite"), "{}", text(&refused.stdout));
    assert_eq!(std::fs::read(path).unwrap(), b"made meanwhile");
    let told = world.run(&["quarantine", "restore", run, "--overwrite"]);
    assert_eq!(code(&told), 0, "{}", text(&told.stdout));
    assert_ne!(std::fs::read(path).unwrap(), b"made meanwhile");
    let runs = world.json(&["quarantine", "list", "--format", "json"])["runs"].as_array().unwrap().len();
    assert_eq!(runs, 2, "what was there has a run of its own");
}

#[test]
fn a_repair_is_narrowed_by_rule_and_module() {
    let world = damaged();
    let steps = |args: &[&str]| {
        let report = world.json(&[&["--fix", "--dry-run", "--format", "json"], args].concat());
        let steps = report["fix"]["steps"].as_array().unwrap().clone();
        steps.iter().map(|s| s["rule"].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let one = |id: &str| std::collections::BTreeSet::from([id.to_owned()]);
    assert!(steps(&[]).len() > 1);
    assert_eq!(steps(&["--only", "tree-file-differs"]), one("tree-file-differs"));
    assert_eq!(steps(&["--only", "example.com/greet@v1.0.0"]), one("tree-file-differs"));
    assert_eq!(steps(&["--only", "example.com/*"]), one("tree-file-differs"));
    assert_eq!(steps(&["--only", "example.com/greet@v1.0.1"]).len(), 0);
    assert!(!steps(&["--skip", "example.com/greet"]).contains("tree-file-differs"));
    assert_eq!(code(&world.run(&["--only", "tree-file-difers"])), 2, "a misspelt rule is told");
}

#[test]
fn a_quarantine_that_is_not_ours_is_not_used() {
    let world = damaged();
    let place = world.sample.gocache().parent().unwrap().join(".gocachescan-quarantine");
    let elsewhere = world.folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &place).unwrap();
    let out = world.run(&["--fix", "--yes", "--format", "json"]);
    assert_eq!(code(&out), 4);
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    let refused = report["fix"]["steps"].as_array().unwrap().iter().filter(|s| s["done"] == false).count();
    assert!(refused > 0, "{}", report["fix"]);
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0, "nothing was put through the link");
}
