//! The roles of a handful of entries, and what is said of those that hold the wrong thing.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::*;
use crate::evidence::gocache::{Built, OutputSeen, OutputState};
use crate::format::action::{ActionEntry, ActionId, OutputId};
use crate::format::buildid::{BuildId, IdHash};
use crate::format::source_list;
use crate::format::subkey::{GoVersion, subkey};

const BUILD: ActionId = ActionId([1; 32]);
const VET: ActionId = ActionId([2; 32]);

/// A cache of nothing but rows.
#[derive(Default)]
struct Cache {
    entries: BTreeMap<OutputId, Vec<ActionEntry>>,
    outputs: BTreeMap<OutputId, OutputSeen>,
    module_roots: Vec<Box<[u8]>>,
}

impl Cache {
    fn put(&mut self, action: ActionId, class: OutputClass, kept: Option<Kept>) {
        let id = OutputId(Sha256::digest(action.0).into());
        self.entries.entry(id).or_default().push(ActionEntry { action, output: id, size: 1, time_ns: 1 });
        let kept = kept.map(Box::new);
        self.outputs.insert(id, OutputSeen { id, size: 1, class, state: OutputState::Intact, mtime_ns: 1, built: None, kept });
    }

    fn archive(&mut self, action: ActionId, made_by: ActionId) {
        self.put(action, OutputClass::Archive, Some(Kept::Archive(GoVersion::new("go1.26.8"))));
        let id = BuildId::new(format!("{}/{}", IdHash::of(&made_by.0), IdHash::of(&[9; 32])));
        let output = OutputId(Sha256::digest(action.0).into());
        self.outputs.get_mut(&output).unwrap().built = Some(Box::new(Built { id, content: None, program: None }));
    }

    fn beside(&mut self, build: ActionId, description: &str, class: OutputClass, kept: Option<Kept>) -> ActionId {
        let key = subkey(build, description.as_bytes());
        self.put(key, class, kept);
        key
    }

    fn roles(&self) -> BTreeMap<ActionId, Option<(Role, RoleBy)>> {
        let rows = Rows { entries: &self.entries, outputs: &self.outputs, module_roots: &self.module_roots };
        derive(rows).iter().map(|r| (r.entry.action, r.role)).collect()
    }

    fn told(&self) -> Vec<(&'static str, ActionId)> {
        let rows = Rows { entries: &self.entries, outputs: &self.outputs, module_roots: &self.module_roots };
        let mut out = Vec::new();
        for row in derive(rows) {
            let mut sink = Sink::default();
            judge(Path::new("/c"), &row, &mut sink);
            out.extend(sink.into_findings().iter().map(|f| (f.rule.id, row.entry.action)));
        }
        out
    }
}

fn text() -> Option<Kept> {
    Some(Kept::Text { escape: None, in_json: false })
}

fn key(role: Role) -> Option<(Role, RoleBy)> {
    Some((role, RoleBy::Key))
}

#[test]
fn keys_lead_from_the_archive_to_all_that_lies_beside_it() {
    let mut c = Cache::default();
    c.archive(BUILD, BUILD);
    let list =
        c.beside(BUILD, "srcfiles", OutputClass::SourceList, Some(Kept::Sources(source_list::parse(b"./a.go\nx.cgo1.go\n"))));
    let made = c.beside(BUILD, "x.cgo1.go", OutputClass::Source, text());
    let stdout = c.beside(BUILD, "stdout", OutputClass::Empty, None);
    let meta = c.beside(
        BUILD,
        &crate::format::cover_meta::file_name(b"m/a"),
        OutputClass::CoverMeta,
        Some(Kept::CoverMeta(b"m/a"[..].into())),
    );
    c.put(VET, OutputClass::Empty, None);
    let said = c.beside(VET, "stdout", OutputClass::Text, text());
    let fix = c.beside(VET, "fix.zip", OutputClass::FixZip, Some(Kept::Fix(Vec::new())));
    c.module_roots.push(b"/go/pkg/mod/m@v1.0.0"[..].into());
    let index = GoVersion::new("go1.26.8").module_index(b"/go/pkg/mod/m@v1.0.0");
    c.put(index, OutputClass::Index, None);
    let other = ActionId([3; 32]);
    c.put(other, OutputClass::Index, None);
    let unknown = ActionId([4; 32]);
    c.put(unknown, OutputClass::Text, text());
    let roles = c.roles();
    for (id, role) in [
        (BUILD, key(Role::Build)),
        (list, key(Role::SourceList)),
        (made, key(Role::GeneratedSource)),
        (stdout, key(Role::Stdout)),
        (meta, key(Role::CoverMeta)),
        (VET, key(Role::Vet)),
        (said, key(Role::VetStdout)),
        (fix, key(Role::FixZip)),
        (index, key(Role::ModuleIndex)),
        (other, Some((Role::Index, RoleBy::Content))),
        (unknown, None),
    ] {
        assert_eq!(roles.get(&id), Some(&role));
    }
    assert_eq!(c.told(), []);
}

#[test]
fn a_test_log_leads_to_its_result() {
    let mut c = Cache::default();
    c.archive(BUILD, BUILD);
    let (test, go) = (ActionId([5; 32]), GoVersion::new("go1.26.8"));
    let log = crate::format::test_result::parse_log(b"# test log\ngetenv A\n").unwrap();
    let result = crate::format::test_result::result_key(test, log.inputs(&go).unwrap());
    c.put(test, OutputClass::TestLog, Some(Kept::Log(log)));
    assert_eq!(c.roles()[&test], Some((Role::TestLog, RoleBy::Content)));
    c.put(result, OutputClass::Text, Some(Kept::Result(None)));
    assert_eq!((c.roles()[&test], c.roles()[&result]), (key(Role::TestLog), key(Role::TestResult)));
    assert_eq!(c.told(), []);
    // No `ok` at its end.
    c.put(result, OutputClass::Text, text());
    assert_eq!(c.told(), [("action-role-mismatch", result)]);
}

#[test]
fn what_lies_under_a_key_of_another_kind_is_told() {
    for (description, class, kept) in [
        ("stdout", OutputClass::Index, None),
        ("link-stdout", OutputClass::Index, None),
        ("srcfiles", OutputClass::Text, text()),
        ("_cgo_install.h", OutputClass::Executable, None),
    ] {
        let mut c = Cache::default();
        c.archive(BUILD, BUILD);
        let wrong = c.beside(BUILD, description, class, kept);
        assert_eq!(c.told(), [("action-role-mismatch", wrong)], "{description}");
    }
    // An archive is known by the list beside it, whatever lies in its place.
    let mut c = Cache::default();
    c.put(BUILD, OutputClass::Text, text());
    c.beside(BUILD, "srcfiles", OutputClass::Empty, None);
    assert_eq!(c.told(), [("action-role-mismatch", BUILD)]);
    // Another compiler's archive is no fault, and one that names another action is told by its build ID.
    let mut c = Cache::default();
    c.put(BUILD, OutputClass::Other, text());
    c.beside(BUILD, "srcfiles", OutputClass::Empty, None);
    assert_eq!(c.told(), []);
    c.archive(BUILD, VET);
    assert_eq!(c.told(), []);
    let mut c = Cache::default();
    c.archive(BUILD, BUILD);
    let list = Some(Kept::Sources(source_list::parse(b"./../a.go\n")));
    let climbing = c.beside(BUILD, "srcfiles", OutputClass::SourceList, list);
    assert_eq!(c.told(), [("source-list-outside-package", climbing)]);
}

#[test]
fn what_a_trim_left_is_no_fault() {
    let mut c = Cache::default();
    c.put(BUILD, OutputClass::Archive, None);
    c.beside(BUILD, "srcfiles", OutputClass::Empty, None);
    c.outputs.clear();
    assert_eq!(c.roles()[&BUILD], key(Role::Build));
    assert_eq!(c.told(), []);
}
