use super::*;
use crate::evidence::node::Root;
use crate::evidence::owners::Owners;
use crate::evidence::tally::Tally;
use crate::finding::Place;
use crate::format::action::{ActionEntry, ActionId, OutputId};
use crate::format::hex;
use crate::rule::Fix;
use crate::sys;

const NOW_NS: i64 = 1_800_000_000_000_000_000;

/// A cache of outputs of 1,000 bytes, each with so many entries, last used so many hours ago.
struct Made {
    folder: tempfile::TempDir,
    used: Vec<(u8, u8, i64)>,
}

fn touch(path: &Path, hours: i64) {
    let at = std::time::Duration::from_nanos(u64::try_from(NOW_NS - hours * HOUR_NS).unwrap());
    sys::set_mtime(path, std::time::UNIX_EPOCH + at).unwrap();
}

impl Made {
    fn new(used: &[(u8, u8, i64)]) -> Made {
        let folder = tempfile::tempdir().unwrap();
        for (number, entries, hours) in used {
            let output = OutputId([*number; 32]);
            let path = folder.path().join(output_path(output));
            sys::write_file(&path, &[0; 1000]).unwrap();
            touch(&path, if *entries == 0 { *hours } else { 900 });
            for n in 0..*entries {
                let mut id = [n; 32];
                id[1] = *number;
                let entry = ActionEntry { action: ActionId(id), output, size: 1000, time_ns: 1 };
                let path = folder.path().join(action_path(entry.action));
                sys::write_file(&path, &entry.render()).unwrap();
                // The last one is the one that was used.
                touch(&path, if n + 1 == *entries { *hours } else { 800 });
            }
        }
        Made { folder, used: used.to_vec() }
    }

    fn judged(&self, bound: Bound) -> (Outputs, Vec<Finding>) {
        let root = Root::open(RootKind::Gocache, self.folder.path(), &Owners::look()).unwrap();
        let mut tally = Tally::new(|_, _, _, _| {});
        let cache = BuildCache::read(&root, &mut tally, &|| {});
        let mut sink = Sink::default();
        let told = outputs(&root.path, &cache, bound, tally.unread.is_empty(), NOW_NS, &mut sink);
        (told, sink.into_findings())
    }

    /// The outputs that are taken, in their order, and whether the bound is told as out of reach.
    fn taken(&self, max_size: Option<u64>, orphans: bool) -> (Vec<u8>, bool) {
        let (_, findings) = self.judged(Bound { max_size, orphans });
        let mut out = Vec::new();
        for finding in findings.iter().filter(|f| f.fix == Fix::Quarantine) {
            let number = u8::from_str_radix(&finding.subject[..2], 16).unwrap();
            let (_, entries, _) = self.used.iter().find(|u| u.0 == number).unwrap();
            assert_eq!(finding.with.len(), usize::from(*entries), "all its entries go with it");
            let rule = if *entries == 0 { &OUTPUT_ORPHAN } else { &BUILD_CACHE_OVER_SIZE };
            assert_eq!(finding.rule, rule);
            out.push(number);
        }
        (out, findings.iter().any(|f| f.fix == Fix::None))
    }
}

#[test]
fn the_oldest_goes_first_and_what_may_be_in_use_never() {
    // 2 entries each: 1,350 bytes. The output itself is always old: the latest use of any of them counts.
    let made = Made::new(&[(1, 2, 50), (2, 2, 400), (3, 2, 1), (4, 2, 100), (5, 0, 3), (6, 0, 1), (7, 2, 2)]);
    let total = 5 * 1350 + 2 * 1000;
    assert_eq!(made.judged(Bound::default()).0.kinds.total().bytes, total);
    let at_most = |max| made.taken(Some(max), false);
    assert_eq!(at_most(total), (vec![], false));
    assert_eq!(at_most(total - 1), (vec![5], false), "the orphan first");
    assert_eq!(at_most(total - 1000), (vec![5], false));
    assert_eq!(at_most(total - 1001), (vec![5, 2], false));
    assert_eq!(at_most(total - 1000 - 1350 - 1), (vec![5, 2, 4], false));
    assert_eq!(at_most(2350), (vec![5, 2, 4, 1, 7], false));
    assert_eq!(at_most(2349), (vec![5, 2, 4, 1, 7], true), "what was used within two hours stays");
    assert_eq!(made.taken(None, true), (vec![5], false), "no young orphan");
    assert_eq!(made.taken(Some(total - 1001), true), (vec![5, 2], false));
    assert_eq!(made.taken(None, false), (vec![], false));
}

#[test]
fn one_run_takes_so_many_files() {
    let made = Made::new(&[(1, 1, 50), (2, 2, 400), (3, 0, 70), (4, 0, 80)]);
    let root = Root::open(RootKind::Gocache, made.folder.path(), &Owners::look()).unwrap();
    let cache = BuildCache::read(&root, &mut Tally::new(|_, _, _, _| {}), &|| {});
    let taken = |bound, most| {
        let mut sink = Sink::default();
        let told = choose(&root.path, &cache, bound, true, NOW_NS, most, &mut sink);
        let told_so = sink.iter().any(|f| f.fix == Fix::None && f.message.contains("one run"));
        (sink.iter().filter(|f| f.fix == Fix::Quarantine).count(), told.cut, told_so)
    };
    let all = Bound { max_size: Some(0), orphans: false };
    assert_eq!(taken(all, 7), (4, false, false));
    assert_eq!(taken(all, 6), (3, true, true));
    assert_eq!(taken(all, 4), (2, true, true), "an output goes with all its entries");
    assert_eq!(taken(Bound { max_size: None, orphans: true }, 1), (1, true, true));
    assert_eq!(taken(Bound { max_size: None, orphans: true }, 2), (2, false, false));
}

#[test]
fn all_orphans_go_though_the_cache_is_small() {
    let made = Made::new(&[(1, 0, 50), (2, 0, 400), (3, 1, 700)]);
    assert_eq!(made.taken(Some(1 << 40), true).0, [2, 1]);
    assert_eq!(made.taken(Some(1 << 40), false).0, [0; 0]);
}

#[test]
fn what_is_held_is_told() {
    let made = Made::new(&[(1, 2, 1), (2, 1, 30), (3, 0, 100), (4, 1, 10_000)]);
    let at = |name: &str| made.folder.path().join(name);
    sys::write_file(&at("fuzz/a.b/c/FuzzIt/0123456789abcdef"), b"go test fuzz v1\n").unwrap();
    sys::write_file(&at("README"), b"read").unwrap();
    sys::write_file(&at("aa/notes.txt"), b"12").unwrap();
    sys::write_file(&at(&format!("ab/{}-a", "ab".repeat(32))), b"v1 broken").unwrap();
    sys::write_file(&at(&format!("cc/{}-d/tool", "cc".repeat(32))), &[0; 77]).unwrap();
    sys::remove_made(&made.folder.path().join(output_path(OutputId([4; 32])))).unwrap();
    let (told, findings) = made.judged(Bound::default());
    let amount = |a: crate::evidence::holdings::Amount| (a.number, a.bytes);
    let kinds = told.kinds;
    assert_eq!(amount(kinds.outputs), (3, 3000));
    assert_eq!(amount(kinds.programs), (1, 77));
    assert_eq!(amount(kinds.entries), (4, 700));
    assert_eq!(amount(kinds.fuzz), (1, 16));
    assert_eq!(amount(kinds.other), (3, 15));
    assert_eq!(told.ages.map(amount), [(1, 1350), (0, 0), (2, 2175), (0, 0), (1, 77)]);
    assert_eq!((amount(told.orphans), amount(told.dangling)), ((2, 1077), (1, 175)));
    assert!(findings.is_empty());
}

#[test]
fn an_entry_that_could_not_be_read_keeps_everything() {
    let made = Made::new(&[(1, 1, 500), (2, 0, 500)]);
    let root = Root::open(RootKind::Gocache, made.folder.path(), &Owners::look()).unwrap();
    let cache = BuildCache::read(&root, &mut Tally::new(|_, _, _, _| {}), &|| {});
    let mut sink = Sink::default();
    let told = outputs(&root.path, &cache, Bound { max_size: Some(0), orphans: true }, false, NOW_NS, &mut sink);
    assert!(!told.whole && sink.is_empty());
}

/// A module cache with these files, and what is taken of it.
fn unused(files: &[&str], list: &str) -> (Vec<String>, Modules) {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        sys::write_file(&folder.path().join("mod").join(file), b"12345").unwrap();
    }
    let sums: String =
        list.split_whitespace().map(|m| m.replace('@', " ") + " h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=\n").collect();
    let path = folder.path().join("go.sum");
    sys::write_file(&path, sums.as_bytes()).unwrap();
    let host = crate::locate::Host { env: [].into(), cwd: folder.path().to_path_buf() };
    let settings = crate::locate::survey(&host, &crate::locate::Flags::default());
    let required = Required::read(&[path], &settings).unwrap();
    let root = Root::open(RootKind::Gomodcache, &folder.path().join("mod"), &Owners::look()).unwrap();
    let versions = crate::evidence::holdings::modules::read(&root, &mut Tally::new(|_, _, _, _| {}), &|_| {}, &|| {});
    let mut sink = Sink::default();
    let told = modules(&root.path, &versions, Some(&required), &mut sink);
    let mut all = Vec::new();
    for finding in sink.into_findings() {
        assert!(matches!(&finding.place, Place::Path(path) if finding.with.contains(path)), "it names itself, too");
        all.extend(finding.with.iter().map(|p| p.strip_prefix(&root.path).unwrap().display().to_string()));
    }
    all.sort();
    (all, told)
}

#[test]
fn a_version_goes_as_far_as_no_list_needs_it() {
    let of = |module: &str| {
        let (path, version) = module.split_once('@').unwrap();
        let files = ["info", "mod", "zip", "ziphash", "lock"].map(|e| format!("cache/download/{path}/@v/{version}.{e}"));
        files.into_iter().chain([format!("{module}/go.mod")]).collect::<Vec<_>>()
    };
    let modules = [
        "a.b/whole@v1.0.0",
        "a.b/lean@v1.0.0",
        "a.b/!gone@v1.0.0",
        "a.b/whole@v1.0.1",
        "golang.org/toolchain@v0.0.1-go1.22.0.linux-amd64",
        "golang.org/fips140@v1.0.0-c2097c7c",
    ];
    let mut files: Vec<String> = modules.iter().flat_map(|m| of(m)).collect();
    files.extend(of("a.b/partial@v1.0.0"));
    files.push("cache/download/a.b/partial/@v/v1.0.0.partial".to_owned());
    files.extend(
        ["cache/download/a.b/whole/@v/list", "cache/lock", "cache/download/a.b/c/@v/v1.0.0.mod", "a.b/tree@v1.0.0/x.go"]
            .map(String::from),
    );
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (taken, told) = unused(&files, "a.b/whole@v1.0.0 a.b/whole@v1.0.0/go.mod a.b/lean@v1.0.0/go.mod");
    let mut want: Vec<String> =
        ["a.b/!gone@v1.0.0", "a.b/tree@v1.0.0", "a.b/whole@v1.0.1", "a.b/lean@v1.0.0"].map(String::from).into();
    for (path, version) in [("a.b/!gone", "v1.0.0"), ("a.b/whole", "v1.0.1")] {
        want.extend(["info", "mod", "zip", "ziphash"].map(|e| format!("cache/download/{path}/@v/{version}.{e}")));
    }
    want.extend(["zip", "ziphash"].map(|e| format!("cache/download/a.b/lean/@v/v1.0.0.{e}")));
    want.push("cache/download/a.b/c/@v/v1.0.0.mod".to_owned());
    want.sort();
    assert_eq!(taken, want);
    let named = told.named.unwrap();
    assert_eq!((named.whole.number, named.go_mod.number, named.none.number, named.stays.number), (1, 1, 4, 3));
    assert_eq!((told.versions.number, told.zips.number, told.trees.number), (9, 7, 8));
}

#[test]
fn shards_are_named_by_their_outputs() {
    assert_eq!(output_path(OutputId([7; 32])), Path::new("07").join(format!("{}-d", hex(&[7; 32]))));
}
