//! Vendor folders: what is said, how loudly, and what is not checked.

use super::*;

/// What is told of the vendor folder: rule, level, path in it.
fn of_vendor(sample: &Sample, report: &Report) -> Vec<(&'static str, Level, String)> {
    let vendor = sample.main().join("vendor");
    let rel = |f: &Finding| match &f.place {
        Place::Path(path) => path.strip_prefix(&vendor).unwrap().display().to_string(),
        Place::Env(_) => unreachable!(),
    };
    report.findings.iter().filter(|f| f.root == RootKind::Vendor).map(|f| (f.rule.id, f.level, rel(f))).collect()
}

fn vendored(report: &Report) -> Vec<(u64, u64)> {
    report.roots.iter().filter_map(|r| r.vendored).map(|v| (v.same, v.unchecked())).collect()
}

#[test]
fn a_healthy_vendor_folder_has_no_finding() {
    let (_folder, mut sample) = sample();
    assert_eq!(vendored(&scan(&sample)), []);
    let vendor = sample.make_vendor().unwrap();
    let report = scan(&sample);
    assert_eq!((loud(&report), of_vendor(&sample, &report), vendored(&report)), (vec![], vec![], vec![(4, 0)]));
    // Beside go.work it counts too, if it says that it is a workspace's.
    let (shared, text) = (sample.root().join("vendor"), sys::read(&vendor.join("modules.txt"), 9999).unwrap());
    sys::rename(&vendor, &shared).unwrap();
    sample.write(&sample.root().join("go.work"), b"go 1.22\n\nuse ./main\n").unwrap();
    assert_eq!(vendored(&scan(&sample)), []);
    sample.write(&shared.join("modules.txt"), &[b"## workspace\n", &text[..]].concat()).unwrap();
    assert_eq!(vendored(&scan(&sample)), [(4, 0)]);
    sample.env.insert("GOWORK".to_owned(), "off".to_owned());
    assert_eq!(vendored(&scan(&sample)), []);
}

#[test]
fn what_is_vendored_and_cannot_be_checked_is_neither_a_finding_nor_intact() {
    let (_folder, sample) = sample();
    let vendor = sample.make_vendor().unwrap();
    let list = vendor.join("modules.txt");
    let text = String::from_utf8(sys::read(&list, 9999).unwrap()).unwrap();
    sample.append(&vendor.join("example.com/greet/greet.go"), b"// more\n").unwrap();
    sample.write(&vendor.join("example.com/greet/more.go"), b"package greet\n").unwrap();
    let first = "# example.com/greet v1.0.0";
    for (with, count) in [
        (format!("{first} => ../greet"), (0, 5)),
        (format!("{first} => example.com/greet v1.0.1"), (0, 5)),
        ("# example.com/greet v1.0.1".to_owned(), (0, 5)),
    ] {
        sample.write(&list, text.replace(first, &with).as_bytes()).unwrap();
        let report = scan(&sample);
        assert_eq!((of_vendor(&sample, &report), vendored(&report)), (vec![], vec![count]), "{with}");
        assert_eq!(report.coverage.unverifiable, scan_without_vendor(&sample) + 5, "{with}");
    }
    // A zip that is not what go.sum says proves nothing.
    sample.write(&list, text.as_bytes()).unwrap();
    let mut members = sample.zip_members();
    members[3].content.extend_from_slice(b"// more\n");
    let go_sum = sys::read(&sample.main().join("go.sum"), 9999).unwrap();
    sample.put_zip(&members).unwrap();
    sample.write(&sample.main().join("go.sum"), &go_sum).unwrap();
    let report = scan(&sample);
    assert_eq!((of_vendor(&sample, &report), vendored(&report)), (vec![], vec![(0, 5)]));
    assert!(report.findings.iter().any(|f| f.rule == &ZIP_GO_SUM_MISMATCH));
}

#[cfg(unix)]
#[test]
fn a_link_to_the_folder_that_replaces_a_module_is_that_folder() {
    let (_folder, sample) = sample();
    let vendor = sample.make_vendor().unwrap();
    let list = String::from_utf8(sys::read(&vendor.join("modules.txt"), 9999).unwrap()).unwrap();
    let more = "# example.com/staged v0.0.0 => ./staging\n## explicit\nexample.com/staged\n";
    sample.write(&vendor.join("modules.txt"), (list + more).as_bytes()).unwrap();
    sample.write(&sample.main().join("staging/staged.go"), b"package staged\n").unwrap();
    sample.write(&sample.main().join("other/staged.go"), b"package staged\n").unwrap();
    let link = vendor.join("example.com/staged");
    sys::symlink(std::path::Path::new("../../staging"), &link).unwrap();
    let report = scan(&sample);
    assert_eq!((of_vendor(&sample, &report), vendored(&report)), (vec![], vec![(4, 1)]));
    sys::remove_made(&link).unwrap();
    sys::symlink(std::path::Path::new("../../other"), &link).unwrap();
    let told = of_vendor(&sample, &scan(&sample));
    assert_eq!(told, [("vendor-file-linked", Level::Error, "example.com/staged".to_owned())]);
}

fn scan_without_vendor(sample: &Sample) -> u64 {
    let (vendor, aside) = (sample.main().join("vendor"), sample.root().join("aside"));
    sys::rename(&vendor, &aside).unwrap();
    let count = scan(sample).coverage.unverifiable;
    sys::rename(&aside, &vendor).unwrap();
    count
}

#[test]
fn how_bad_a_change_of_a_vendored_file_is() {
    let (_folder, sample) = sample();
    let vendor = sample.make_vendor().unwrap();
    let at = |name: &str| vendor.join("example.com/greet").join(name);
    let readme = String::from_utf8(sys::read(&at("README.md"), 9999).unwrap()).unwrap();
    sample.write(&at("README.md"), readme.replace('\n', "\r\n").as_bytes()).unwrap();
    sample.write(&at("LICENSE"), b"none\n").unwrap();
    sample.write(&at("internal/notes"), b"x\n").unwrap();
    sample.write(&at("internal/words/words.s"), b"x\n").unwrap();
    sample.write(&vendor.join("OWNERS"), b"x\n").unwrap();
    let path = |name: &str| format!("example.com/greet/{name}");
    let mut want = vec![
        ("vendor-file-added", Level::Error, path("internal/words/words.s")),
        ("vendor-file-differs", Level::Warning, path("LICENSE")),
        ("vendor-file-added", Level::Note, "OWNERS".to_owned()),
        ("vendor-file-differs", Level::Note, path("README.md")),
        ("vendor-file-added", Level::Note, path("internal/notes")),
    ];
    let report = scan(&sample);
    assert_eq!(of_vendor(&sample, &report), want);
    let command = |f: &Finding| {
        f.mend == Some(Mend::Command(["go", "-C", sample.main().to_str().unwrap(), "mod", "vendor"].map(str::to_owned).to_vec()))
    };
    assert!(report.findings.iter().all(command));
    // Where a package above embeds files, what is no source counts, too; and a tree that is wrong is mended first.
    sample.append(&at("greet.go"), b"\n//go:embed internal\n").unwrap();
    sample.put_in_tree("greet.go", b"package greet\n").unwrap();
    want = vec![
        ("vendor-file-differs", Level::Error, path("LICENSE")),
        ("vendor-file-differs", Level::Error, path("greet.go")),
        ("vendor-file-added", Level::Error, path("internal/words/words.s")),
        ("vendor-file-added", Level::Warning, path("internal/notes")),
        ("vendor-file-added", Level::Note, "OWNERS".to_owned()),
        ("vendor-file-differs", Level::Note, path("README.md")),
    ];
    let report = scan(&sample);
    assert_eq!(of_vendor(&sample, &report), want);
    let told = report.findings.iter().filter(|f| f.root == RootKind::Vendor && f.level > Level::Note);
    assert!(told.clone().all(|f| f.mend.is_none() && f.message.contains("example.com/greet@v1.0.0 first")), "{told:?}");
}

#[test]
fn a_bad_file_does_not_hide_behind_many_odd_ones() {
    let (_folder, sample) = sample();
    let vendor = sample.make_vendor().unwrap();
    for i in 0..300 {
        sample.write(&vendor.join(format!("a/{i}.txt")), b"x\n").unwrap();
    }
    sample.write(&vendor.join("example.com/greet/z.go"), b"package greet\n").unwrap();
    let report = scan(&sample);
    let told = of_vendor(&sample, &report);
    assert_eq!(told[0], ("vendor-file-added", Level::Error, "example.com/greet/z.go".to_owned()));
    assert_eq!((told.len(), report.findings.iter().map(|f| f.more).sum::<u64>(), report.coverage.damaged), (256, 45, 1));
}
