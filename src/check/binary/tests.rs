use std::path::PathBuf;

use super::*;
use crate::evidence::binary::read;
use crate::facts::ModuleVersion;
use crate::finding::Place;
use crate::rule::Fix;
use crate::sample::Sample;
use crate::sample::binary::{BinarySample, SAMPLE_DEP};
use crate::sys;

/// All that is said of every file in GOBIN.
fn scan(sample: &Sample, root: RootKind) -> Vec<Finding> {
    let mut sums = ModuleSums::default();
    let (path, version) = SAMPLE_DEP;
    sums.add_zip(&ModuleVersion { path: path.to_owned(), version: version.to_owned() }, &sample.dep_sum());
    let mut sink = Sink::default();
    let mut names: Vec<PathBuf> = walkdir::WalkDir::new(sample.gobin())
        .into_iter()
        .map(|e| e.unwrap())
        .filter(|e| e.file_type().is_file())
        .map(|e| e.into_path())
        .collect();
    names.sort();
    for path in names {
        let evidence = read(&path, &sys::open(&path).unwrap()).unwrap();
        local(&evidence, root, &mut sink);
        joined(&evidence.fact, root, &sums, &mut sink);
    }
    sink.into_findings()
}

fn world(dir: &tempfile::TempDir) -> Sample {
    Sample::make(&dir.path().join("w")).unwrap()
}

#[test]
fn healthy_sample_is_silent() {
    let dir = tempfile::tempdir().unwrap();
    let sample = world(&dir);
    assert_eq!(scan(&sample, RootKind::Gobin), []);
    let path = sample.gobin().join("hello");
    let fact = read(&path, &sys::open(&path).unwrap()).unwrap().fact;
    assert!(fact.go && is_verifiable(&fact));
    assert_eq!((fact.goos, fact.goarch, fact.content_id_ok), (Some("linux"), Some("amd64"), Some(true)));
    assert_eq!(fact.deps[0].path, SAMPLE_DEP.0);
}

#[test]
fn what_nobody_can_start_is_a_note() {
    const TEXT: &[u8] = b"some text\n";
    let tries: [(&str, &[u8], u32, Level); 4] = [
        ("README", TEXT, 0o644, Level::Note),
        (".gitkeep", b"", 0o644, Level::Note),
        ("._hello", TEXT, 0o755, Level::Note),
        ("tool", TEXT, 0o755, Level::Error),
    ];
    for (name, bytes, mode, level) in tries {
        let dir = tempfile::tempdir().unwrap();
        let sample = world(&dir);
        let path = sample.gobin().join(name);
        sys::write_file(&path, bytes).unwrap();
        sys::set_mode(&path, mode).unwrap();
        let levels: Vec<_> = scan(&sample, RootKind::Gobin).iter().map(|f| f.level).collect();
        if cfg!(unix) {
            assert_eq!(levels, [level], "{name}");
        }
    }
}

#[test]
fn every_witness_is_told_by_its_rule_alone() {
    for rule in RULES {
        let dir = tempfile::tempdir().unwrap();
        let mut sample = world(&dir);
        let place = (rule.witness)(&mut sample).unwrap();
        let findings = scan(&sample, RootKind::Gobin);
        let told: Vec<_> = findings.iter().map(|f| (f.rule.id, f.level)).collect();
        assert_eq!(told, [(rule.id, rule.level)], "{}", rule.id);
        assert_eq!(findings[0].place, place);
        let Place::Path(path) = place else { panic!("a path") };
        assert!(!findings[0].subject.contains(path.parent().unwrap().to_str().unwrap()));
    }
}

#[test]
fn what_only_go_install_keeps_is_a_note_elsewhere() {
    for rule in [&rules::EMPTY, &rules::TRUNCATED, &rules::NO_PROGRAM, &rules::CHANGED, &rules::NAME] {
        let dir = tempfile::tempdir().unwrap();
        let mut sample = world(&dir);
        (rule.witness)(&mut sample).unwrap();
        assert!(scan(&sample, RootKind::Binary).iter().all(|f| f.level == Level::Note), "{}", rule.id);
    }
}

/// Findings on a healthy sample whose build info is changed.
fn with(change: impl FnOnce(&mut BinarySample, &str)) -> Vec<(&'static str, Level)> {
    let dir = tempfile::tempdir().unwrap();
    let sample = world(&dir);
    let sum = sample.dep_sum();
    let mut binary = BinarySample::healthy(&sum);
    change(&mut binary, &sum);
    sample.put_binary(&binary).unwrap();
    scan(&sample, RootKind::Gobin).iter().map(|f| (f.rule.id, f.level)).collect()
}

#[test]
fn a_vendored_build_is_a_note() {
    let second = |sum: &str| format!("\ndep\texample.com/other\tv1.2.0\t{sum}\nbuild\t-buildmode");
    let vendor = |b: &mut BinarySample, keep: &str| {
        let mods = b.modinfo.lines().map(|l| match l.split('\t').collect::<Vec<_>>().as_slice() {
            ["mod", path, version, _] => format!("mod\t{path}\t{version}\t\n"),
            ["dep", path, version, sum] if *sum != keep => format!("dep\t{path}\t{version}\n"),
            _ => format!("{l}\n"),
        });
        b.modinfo = mods.collect();
    };
    let id = rules::NO_SUM.id;
    // No sum at all: vendored.
    assert_eq!(with(|b, _| vendor(b, "-")), [(id, Level::Note)]);
    // One sum and one without: only Go 1.22 and older leave that.
    let mixed = |b: &mut BinarySample, sum: &str| {
        b.modinfo = b.modinfo.replacen("\nbuild\t-buildmode", &second("h1:x"), 1);
        vendor(b, sum);
    };
    assert_eq!(with(mixed), [(id, Level::Error)]);
    assert_eq!(
        with(|b, sum| {
            mixed(b, sum);
            "go1.22.10".clone_into(&mut b.go_version);
        }),
        [(id, Level::Note)]
    );
}

#[test]
fn sums_that_the_cache_denies_itself_are_not_told_on_the_binary() {
    let module = ModuleVersion { path: "m".to_owned(), version: "v1.0.0".to_owned() };
    let other = ModuleVersion { path: "m".to_owned(), version: "v1.0.1".to_owned() };
    let ask = |sum: &str, known: &ModuleSums| {
        let dep =
            BuildModule { path: "m".to_owned(), version: "v1.0.0".to_owned(), sum: sum.to_owned(), ..BuildModule::default() };
        let fact = BinaryFact { deps: vec![dep], ..BinaryFact::default() };
        let mut sink = Sink::default();
        joined(&fact, RootKind::Gobin, known, &mut sink);
        sink.into_findings().iter().map(|f| f.rule.id).collect::<Vec<_>>()
    };
    let mut known = ModuleSums::default();
    assert!(ask("h1:a", &known).is_empty());
    known.add_zip(&module, "h1:forged");
    known.add_ziphash(&module, "h1:a");
    known.add_go_sum(&other, "h1:b");
    assert!(ask("h1:a", &known).is_empty());
    assert!(ask("", &known).is_empty());
    assert_eq!(ask("h1:c", &known), [rules::SUM.id]);
    assert_eq!(ask("h1:b", &known), [rules::VERSION_HIDDEN.id]);
}

#[test]
fn a_binary_goes_only_where_the_module_is_proven() {
    let module = |version: &str| ModuleVersion { path: "m".to_owned(), version: version.to_owned() };
    let ask = |known: &ModuleSums| {
        let (path, version, sum) = ("m".to_owned(), "v1.0.0".to_owned(), "h1:binary".to_owned());
        let dep = BuildModule { path, version, sum, ..BuildModule::default() };
        let fact = BinaryFact { deps: vec![dep], ..BinaryFact::default() };
        let mut sink = Sink::default();
        joined(&fact, RootKind::Gobin, known, &mut sink);
        let [told] = &sink.into_findings()[..] else { panic!("one finding") };
        assert_eq!(told.level, Level::Error);
        (told.rule.id, told.fix == Fix::Quarantine, told.message.contains("This binary or the module was changed"))
    };
    let mut known = ModuleSums::default();
    known.add_ziphash(&module("v1.0.0"), "h1:cache");
    assert_eq!(ask(&known), (rules::SUM.id, false, true));
    known.add_zip(&module("v1.0.0"), "h1:cache");
    assert_eq!(ask(&known), (rules::SUM.id, false, true));
    let with = |add: &dyn Fn(&mut ModuleSums)| {
        let mut known = known.clone();
        add(&mut known);
        ask(&known)
    };
    assert_eq!(with(&|k| k.add_go_sum(&module("v1.0.0"), "h1:cache")), (rules::SUM.id, true, false));
    assert_eq!(with(&|k| k.add_recorded(&module("v1.0.0"), "h1:cache")), (rules::SUM.id, true, false));
    // A lone `.ziphash` of a made-up version is no proof against a binary.
    assert_eq!(with(&|k| k.add_ziphash(&module("v0.9.0"), "h1:binary")), (rules::VERSION_HIDDEN.id, false, false));
    assert_eq!(with(&|k| k.add_zip(&module("v0.9.0"), "h1:binary")), (rules::VERSION_HIDDEN.id, true, false));
}
