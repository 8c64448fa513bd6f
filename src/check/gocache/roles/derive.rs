//! Which computation each action entry stands for, found from the cache alone: from the archives the keys of what is kept
//! beside them, from the lists of sources the keys of generated ones, and so on, as Go makes them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::evidence::gocache::{Kept, OutputSeen, OutputState};
use crate::facts::{Role, RoleBy};
use crate::format::action::{ActionEntry, ActionId, OutputId};
use crate::format::buildid::IdHash;
use crate::format::c_compiler;
use crate::format::cover_meta;
use crate::format::output::OutputClass;
use crate::format::subkey::{GoVersion, subkey};
use crate::format::test_result;

/// Most versions of Go that keys are computed for: those that made most archives. Ours, so that made-up archives have no say
/// in the work; a cache of many years has seen some dozen.
const MAX_VERSIONS: usize = 32;

/// Most keys of coverage meta data that are tried, for the same reason.
const MAX_COVER_KEYS: usize = 1 << 18;

/// Most keys of generated sources that are tried, for the same reason: many lists may be one output.
const MAX_GENERATED_KEYS: usize = 1 << 20;

/// What a build cache holds, joined.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Entries that Go would use, by output.
    pub entries: &'a BTreeMap<OutputId, Vec<ActionEntry>>,
    /// Outputs that could be read.
    pub outputs: &'a BTreeMap<OutputId, OutputSeen>,
    /// Directories of modules in module caches, as Go names them.
    pub module_roots: &'a [Box<[u8]>],
}

/// One entry with its role.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The entry.
    pub entry: ActionEntry,
    /// Its output, where that is there.
    pub output: Option<&'a OutputSeen>,
    /// What it is for, and what tells that.
    pub role: Option<(Role, RoleBy)>,
}

impl Row<'_> {
    /// The class of its output, where the bytes fit the name.
    pub fn class(&self) -> Option<OutputClass> {
        self.output.filter(|o| o.state == OutputState::Intact).map(|o| o.class)
    }

    /// What is kept of the output.
    pub fn kept(&self) -> Option<&Kept> {
        self.output?.kept.as_deref()
    }

    /// Whether its output names it as the action that made it.
    fn is_named(&self) -> bool {
        let made_by = self.output.and_then(|o| o.built.as_ref()).and_then(|b| b.action());
        made_by.is_some_and(|action| action == IdHash::of(&self.entry.action.0))
    }
}

/// Tells the role of every entry; rows are in the order of their keys.
pub fn derive<'a>(rows: Rows<'a>) -> Vec<Row<'a>> {
    let mut map = Map::of(rows);
    let versions = map.versions();
    let mut builds = map.named();
    builds.extend(map.builds_by_list(&builds));
    map.beside(&builds);
    map.vets(versions.iter().all(is_before_stdout_of_vet));
    for version in &versions {
        for root in rows.module_roots {
            map.tell(version.module_index(root), Role::ModuleIndex);
        }
        map.content_addressed(version);
        map.tests(version);
    }
    map.compilers(&versions);
    map.by_content();
    map.rows
}

/// Before Go 1.26 the messages of vet are not kept, so that no vet has a key beside it.
fn is_before_stdout_of_vet(version: &GoVersion) -> bool {
    let minor = version.as_str().strip_prefix("go1.").and_then(|v| v.split(|c: char| !c.is_ascii_digit()).next());
    minor.and_then(|m| m.parse::<u32>().ok()).is_some_and(|m| m < 26)
}

struct Map<'a> {
    rows: Vec<Row<'a>>,
    at: HashMap<ActionId, usize>,
}

impl<'a> Map<'a> {
    fn of(rows: Rows<'a>) -> Map<'a> {
        let of_output = |(id, entries): (&OutputId, &'a Vec<ActionEntry>)| {
            let output = rows.outputs.get(id);
            entries.iter().map(move |entry| Row { entry: *entry, output, role: None })
        };
        let mut list: Vec<Row<'a>> = rows.entries.iter().flat_map(of_output).collect();
        list.sort_by_key(|r| r.entry.action);
        let at = list.iter().enumerate().map(|(i, r)| (r.entry.action, i)).collect();
        Map { rows: list, at }
    }

    fn get(&self, key: ActionId) -> Option<&Row<'a>> {
        self.rows.get(*self.at.get(&key)?)
    }

    /// Tells the role of the entry of this key, if there is one. What was told first stands.
    fn tell(&mut self, key: ActionId, role: Role) -> bool {
        let row = self.at.get(&key).and_then(|at| self.rows.get_mut(*at));
        row.is_some_and(|row| {
            row.role.get_or_insert((role, RoleBy::Key));
            true
        })
    }

    /// Keys of the entries that nothing was told of.
    fn open(&self) -> Vec<ActionId> {
        self.rows.iter().filter(|r| r.role.is_none()).map(|r| r.entry.action).collect()
    }

    /// The versions of Go that made the archives, those of most archives first.
    fn versions(&self) -> Vec<GoVersion> {
        let mut numbers: BTreeMap<&GoVersion, usize> = BTreeMap::new();
        for row in &self.rows {
            if let Some(Kept::Archive(version)) = row.kept() {
                *numbers.entry(version).or_default() += 1;
            }
        }
        let mut versions: Vec<(&GoVersion, usize)> = numbers.into_iter().collect();
        versions.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        versions.into_iter().take(MAX_VERSIONS).map(|(v, _)| v.clone()).collect()
    }

    /// Archives and programs that name the entry themselves; returns the keys of the archives.
    fn named(&mut self) -> Vec<ActionId> {
        let mut builds = Vec::new();
        for row in &mut self.rows {
            if !row.is_named() {
                continue;
            }
            let program = row.output.is_some_and(|o| o.class == OutputClass::Executable);
            row.role = Some((if program { Role::Executable } else { Role::Build }, RoleBy::Key));
            if !program {
                builds.push(row.entry.action);
            }
        }
        builds
    }

    /// Entries that have a list of sources beside them, whatever they hold: only a build has one.
    fn builds_by_list(&mut self, builds: &[ActionId]) -> Vec<ActionId> {
        // What lies beside a known build has nothing beside itself; most entries are that.
        for build in builds {
            for (description, role) in BESIDE {
                self.tell(subkey(*build, description.as_bytes()), *role);
            }
        }
        let found: Vec<ActionId> = self.open().into_iter().filter(|id| self.get(subkey(*id, b"srcfiles")).is_some()).collect();
        for id in &found {
            self.tell(*id, Role::Build);
        }
        found
    }

    /// All that is kept beside builds.
    fn beside(&mut self, builds: &[ActionId]) {
        let (mut covered, mut left) = (Vec::new(), MAX_GENERATED_KEYS);
        for build in builds {
            for (description, role) in BESIDE {
                self.tell(subkey(*build, description.as_bytes()), *role);
            }
            let Some(Kept::Sources(list)) = self.get(subkey(*build, b"srcfiles")).and_then(Row::kept) else { continue };
            let names = list.generated.clone();
            for name in names.iter().take(left) {
                self.tell(subkey(*build, name), Role::GeneratedSource);
            }
            left = left.saturating_sub(names.len());
            if !names.is_empty() {
                covered.push(*build);
            }
        }
        let about =
            |row: &Row<'_>| if let Some(Kept::CoverMeta(path)) = row.kept() { Some(cover_meta::file_name(path)) } else { None };
        let files: Vec<String> = self.rows.iter().filter_map(about).collect();
        let keys = files.iter().flat_map(|file| covered.iter().map(move |build| subkey(*build, file.as_bytes())));
        for key in keys.take(MAX_COVER_KEYS) {
            self.tell(key, Role::CoverMeta);
        }
    }

    /// Entries that have messages beside them: vet, from Go 1.26 on, or a build whose archive is gone.
    fn vets(&mut self, old: bool) {
        for id in self.open() {
            let stdout = subkey(id, b"stdout");
            if self.get(stdout).is_none() {
                continue;
            }
            let link = subkey(id, b"link-stdout");
            let gone = self.get(id).is_some_and(|r| r.output.is_none());
            if self.get(link).is_some() || (gone && old) {
                self.tell(id, Role::Build);
                self.tell(stdout, Role::Stdout);
                self.tell(link, Role::LinkStdout);
            } else {
                self.tell(id, Role::Vet);
                self.tell(stdout, Role::VetStdout);
                self.tell(subkey(id, b"fix.zip"), Role::FixZip);
            }
        }
    }

    /// Keys that are made from what lies under them.
    fn content_addressed(&mut self, version: &GoVersion) {
        let key = |row: &Row<'_>| match row.kept() {
            Some(Kept::TestMain(text)) => Some((version.test_main(text), Role::TestMain)),
            Some(Kept::Compiler(compiler)) => Some((version.c_compiler(&compiler.path)?, Role::CCompiler)),
            _ => None,
        };
        // Many entries may name one output: it is hashed once.
        let mut seen = HashSet::new();
        let keys: Vec<(ActionId, Role)> = self.rows.iter().filter(|r| seen.insert(r.entry.output)).filter_map(key).collect();
        for (key, role) in keys {
            self.tell(key, role);
        }
    }

    /// Results of tests whose log names all that they depend on.
    fn tests(&mut self, version: &GoVersion) {
        let mut inputs: HashMap<OutputId, Option<ActionId>> = HashMap::new();
        for id in self.open() {
            let Some(row) = self.get(id) else { continue };
            let Some(Kept::Log(log)) = row.kept() else { continue };
            let inputs = *inputs.entry(row.entry.output).or_insert_with(|| log.inputs(version));
            let Some(result) = inputs.map(|inputs| test_result::result_key(id, inputs)) else { continue };
            if self.tell(result, Role::TestResult) {
                self.tell(id, Role::TestLog);
                self.tell(subkey(result, b"coverprofile"), Role::CoverProfile);
            }
        }
    }

    fn compilers(&mut self, versions: &[GoVersion]) {
        let known = |row: &Row<'_>| if let Some(Kept::Compiler(c)) = row.kept() { Some(c.clone()) } else { None };
        for compiler in self.rows.iter().filter_map(known).take(MAX_VERSIONS * versions.len().max(1)).collect::<Vec<_>>() {
            for flag in c_compiler::FLAGS {
                self.tell(compiler.flag(flag), Role::CFlag);
            }
        }
    }

    /// What no key tells: by what it holds.
    fn by_content(&mut self) {
        for row in self.rows.iter_mut().filter(|r| r.role.is_none()) {
            let role = row.class().and_then(|class| match (class, row.output.and_then(|o| o.kept.as_deref())) {
                (_, Some(Kept::Result(_))) => Some(Role::TestResult),
                (_, Some(Kept::Compiler(_))) => Some(Role::CCompiler),
                (_, Some(Kept::TestMain(_))) => Some(Role::TestMain),
                (OutputClass::Empty, _) => Some(Role::Empty),
                (OutputClass::Index, _) => Some(Role::Index),
                (OutputClass::TestLog, _) => Some(Role::TestLog),
                (OutputClass::Pgo, _) => Some(Role::Pgo),
                (OutputClass::FixZip, _) => Some(Role::FixZip),
                (OutputClass::CompilerFlag, _) => Some(Role::CFlag),
                (OutputClass::CoverProfile, _) => Some(Role::CoverProfile),
                (OutputClass::VetFacts, _) => Some(Role::Vet),
                (OutputClass::CoverMeta, _) => Some(Role::CoverMeta),
                (OutputClass::SourceList, _) => Some(Role::SourceList),
                (OutputClass::Source, _) => Some(Role::GeneratedSource),
                // An archive or a program is explained by what it says of itself, or not at all.
                (OutputClass::Archive | OutputClass::Executable | OutputClass::Text | OutputClass::Other, _) => None,
            });
            row.role = role.map(|role| (role, RoleBy::Content));
        }
    }
}

/// What may lie beside the archive of every package.
const BESIDE: &[(&str, Role)] = &[
    ("stdout", Role::Stdout),
    ("link-stdout", Role::LinkStdout),
    ("srcfiles", Role::SourceList),
    ("_cgo_install.h", Role::CgoHeader),
];
