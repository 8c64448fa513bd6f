use super::*;
use proptest::prelude::*;

fn begin() -> Record {
    let root =
        RootRecord { kind: "gocache".into(), path: Name(b"/c".to_vec()), real: Name(b"/c".to_vec()), dev: 1, ino: u64::MAX };
    Record::Begin { version: "1".into(), time: "2026-11-22T23:14:07Z".into(), plan: "00".into(), roots: vec![root] }
}

fn identity() -> impl Strategy<Value = Identity> {
    let kind = prop_oneof![Just(NodeType::File), Just(NodeType::Dir), Just(NodeType::Link), Just(NodeType::Special)];
    let numbers = (any::<[u64; 4]>(), any::<[u32; 3]>(), any::<i64>(), 0..1_000_000_000u32);
    (kind, numbers, proptest::option::of("[0-9a-f]{64}")).prop_map(|(kind, (n, m, s, ns), sha256)| Identity {
        kind,
        dev: n[0],
        ino: n[1],
        size: n[2],
        nlink: n[3],
        mtime: Moment { s, ns },
        mode: m[0],
        uid: m[1],
        gid: m[2],
        sha256,
    })
}

fn name() -> impl Strategy<Value = Name> {
    proptest::collection::vec(any::<u8>(), 0..40).prop_map(Name)
}

fn change() -> impl Strategy<Value = Change> {
    let acl = || proptest::option::of("[0-9a-f]{0,8}");
    prop_oneof![
        (name(), any::<u64>(), any::<bool>()).prop_map(|(item, bytes, unlink)| Change::Move { item, bytes, unlink }),
        (any::<u32>(), acl(), acl()).prop_map(|(to, acl, default_acl)| Change::Mode { to, acl, default_acl }),
        any::<(u32, u32)>().prop_map(|(uid, gid)| Change::Owner { uid, gid }),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let intent = (any::<u64>(), any::<String>(), any::<u32>(), name(), change(), identity()).prop_map(
        |(step, rule, root, path, change, was)| Record::Intent {
            step,
            rule,
            root,
            path,
            change,
            was,
            parent: Moment { s: -1, ns: 5 },
        },
    );
    let nodes = proptest::collection::vec((name(), any::<u32>()).prop_map(|(path, mode)| InnerMode { path, mode }), 0..4);
    prop_oneof![
        intent,
        any::<u64>().prop_map(|step| Record::Copying { step }),
        any::<u64>().prop_map(|step| Record::Copied { step }),
        (any::<u64>(), nodes).prop_map(|(step, nodes)| Record::Tighten { step, nodes }),
        any::<u64>().prop_map(|step| Record::Done { step }),
        (any::<u64>(), any::<String>()).prop_map(|(step, why)| Record::Failed { step, why }),
        Just(Record::End),
        any::<u64>().prop_map(|step| Record::Return { step }),
        any::<u64>().prop_map(|step| Record::ReturnCopied { step }),
        any::<u64>().prop_map(|step| Record::Returned { step }),
        Just(Record::Restored),
        (any::<u64>(), any::<String>()).prop_map(|(step, why)| Record::Kept { step, why }),
    ]
}

fn written(records: &[Record]) -> String {
    let mut chain = Chain::default();
    records.iter().map(|r| chain.line(r).unwrap()).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read(more in proptest::collection::vec(record(), 0..6)) {
        let records: Vec<Record> = std::iter::once(begin()).chain(more).collect();
        let text = written(&records);
        let journal = parse(text.as_bytes()).unwrap();
        prop_assert_eq!(&journal.records, &records);
        prop_assert_eq!(usize::try_from(journal.length), Ok(text.len()));
        let mut chain = journal.chain;
        let end = chain.line(&Record::End).unwrap();
        prop_assert!(parse([text, end].concat().as_bytes()).is_ok());
    }

    #[test]
    fn a_journal_that_was_cut_loses_its_unfinished_line_only(
        more in proptest::collection::vec(record(), 0..5),
        at in any::<prop::sample::Index>(),
    ) {
        let records: Vec<Record> = std::iter::once(begin()).chain(more).collect();
        let text = written(&records);
        let cut = at.index(text.len() + 1);
        let journal = parse(&text.as_bytes()[..cut]).unwrap();
        prop_assert_eq!(&journal.records, &records[..journal.records.len()]);
        let length = usize::try_from(journal.length).unwrap();
        prop_assert!(length <= cut);
        prop_assert!(!text.as_bytes()[length..cut].contains(&b'\n'));
    }

    #[test]
    fn a_changed_byte_of_a_whole_line_is_told(
        more in proptest::collection::vec(record(), 0..5),
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let records: Vec<Record> = std::iter::once(begin()).chain(more).collect();
        let text = written(&records);
        let mut bytes = text.clone().into_bytes();
        let index = at.index(bytes.len());
        bytes[index] ^= 1 << bit;
        match parse(&bytes) {
            Err(_) => {}
            // The last line feed is gone: the last line counts as unfinished.
            Ok(journal) => {
                prop_assert_eq!(index, text.len() - 1);
                prop_assert_eq!(journal.records.len(), records.len() - 1);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }
}

#[test]
fn lines_stand_in_their_order() {
    let text = written(&[begin(), Record::Done { step: 1 }, Record::End]);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let swapped = [lines[0], lines[2], lines[1]].concat();
    assert_eq!(parse(swapped.as_bytes()), Err(JournalDamage { line: 2, fault: JournalFault::BrokenChain }));
    assert!(parse([lines[0], lines[2]].concat().as_bytes()).is_err(), "a line taken out");
    let twice = written(&[begin(), begin()]);
    assert_eq!(parse(twice.as_bytes()), Err(JournalDamage { line: 2, fault: JournalFault::Order }));
    assert_eq!(parse(written(&[Record::End]).as_bytes()).unwrap_err().fault, JournalFault::Order);
    assert_eq!(parse(b"").unwrap().records, []);
}

#[test]
fn times_of_any_side() {
    for ns in [0, 1, -1, 1_700_000_000_123_456_789, -62_135_596_800_000_000_000] {
        assert_eq!(Moment::from_ns(ns).to_ns(), ns);
    }
}
