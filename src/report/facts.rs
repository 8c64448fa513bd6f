//! `--facts`: what was learned of every subject, intact or not, one JSON object a line.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::Report;
use super::json::{CountsView, Each, PathView};
use crate::facts::{BinaryFact, BuildModule, Fact, ModuleTrust, ModuleVersion, SumdbFile};

/// Writes every fact, and `{"kind": "done", "counts": {...}}` last, so that a lost tail is seen.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for f in &report.facts {
        line(out, &FactView::of(f))?;
    }
    line(out, &FactView::Done { counts: CountsView::of(report) })
}

fn line(out: &mut dyn Write, fact: &FactView<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, fact).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum FactView<'a> {
    Zip {
        #[serde(flatten)]
        path: PathView,
        #[serde(flatten)]
        module: ModuleView<'a>,
        h1: Option<&'a str>,
        claimed_h1: Option<&'a str>,
        size: u64,
        trust: &'a str,
    },
    Tree {
        #[serde(flatten)]
        path: PathView,
        #[serde(flatten)]
        module: ModuleView<'a>,
        h1: Option<&'a str>,
        same_as_zip: Option<bool>,
    },
    Mod {
        #[serde(flatten)]
        path: PathView,
        #[serde(flatten)]
        module: ModuleView<'a>,
        h1: &'a str,
    },
    Lookup {
        #[serde(flatten)]
        path: PathView,
        verdict: &'a str,
    },
    Tile {
        #[serde(flatten)]
        path: PathView,
        verdict: &'a str,
    },
    #[serde(rename = "tree-head")]
    TreeHead {
        #[serde(flatten)]
        path: PathView,
        verdict: &'a str,
    },
    Action {
        #[serde(flatten)]
        path: PathView,
        action_id: &'a str,
        output_id: &'a str,
        size: u64,
        role: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        role_by: Option<&'a str>,
    },
    Output {
        #[serde(flatten)]
        path: PathView,
        output_id: &'a str,
        size: u64,
        sha256: &'a str,
        class: &'a str,
        build_id: &'a str,
        content_id_ok: Option<bool>,
    },
    Binary {
        #[serde(flatten)]
        path: PathView,
        #[serde(flatten)]
        binary: Box<BinaryView<'a>>,
    },
    Done {
        counts: CountsView,
    },
}

impl FactView<'_> {
    fn of(fact: &Fact) -> FactView<'_> {
        let at = |path: &Path| PathView::of(path.as_os_str());
        match fact {
            Fact::Sumdb { kind, path, verdict } => {
                let (path, verdict) = (at(path), verdict.as_str());
                match kind {
                    SumdbFile::Lookup => FactView::Lookup { path, verdict },
                    SumdbFile::Tile => FactView::Tile { path, verdict },
                    SumdbFile::TreeHead => FactView::TreeHead { path, verdict },
                }
            }
            Fact::Zip { path, module, h1, claimed_h1, size, trust } => FactView::Zip {
                path: at(path),
                module: ModuleView::of(module),
                h1: h1.as_deref(),
                claimed_h1: claimed_h1.as_deref(),
                size: *size,
                trust: ModuleTrust::as_str(*trust),
            },
            Fact::Tree { path, module, h1, same_as_zip } => {
                FactView::Tree { path: at(path), module: ModuleView::of(module), h1: h1.as_deref(), same_as_zip: *same_as_zip }
            }
            Fact::Mod { path, module, h1 } => FactView::Mod { path: at(path), module: ModuleView::of(module), h1 },
            Fact::Action { path, action_id, output_id, size, role } => FactView::Action {
                path: at(path),
                action_id,
                output_id,
                size: *size,
                role: role.map(|(role, _)| role.as_str()),
                role_by: role.map(|(_, by)| by.as_str()),
            },
            Fact::Output { path, output_id, size, sha256, class, build_id, content_id_ok } => FactView::Output {
                path: at(path),
                output_id,
                size: *size,
                sha256,
                class,
                build_id,
                content_id_ok: *content_id_ok,
            },
            Fact::Binary(b) => FactView::Binary { path: at(&b.path), binary: Box::new(BinaryView::of(b)) },
        }
    }
}

#[derive(Serialize)]
struct ModuleView<'a> {
    module: &'a str,
    version: &'a str,
}

impl ModuleView<'_> {
    fn of(m: &ModuleVersion) -> ModuleView<'_> {
        ModuleView { module: &m.path, version: &m.version }
    }
}

#[derive(Serialize)]
struct BinaryView<'a> {
    format: &'a str,
    goos: Option<&'a str>,
    goarch: Option<&'a str>,
    go: bool,
    go_version: &'a str,
    package: &'a str,
    main: Option<BuildModuleView<'a>>,
    deps: Each<'a, BuildModule, BuildModuleView<'a>>,
    /// A key that stands twice, which Go never writes, keeps its last value.
    settings: BTreeMap<&'a str, &'a str>,
    build_id: &'a str,
    content_id_ok: Option<bool>,
}

impl BinaryView<'_> {
    fn of(b: &BinaryFact) -> BinaryView<'_> {
        BinaryView {
            format: b.format,
            goos: b.goos,
            goarch: b.goarch,
            go: b.go,
            go_version: &b.go_version,
            package: &b.path_pkg,
            main: b.main.as_ref().map(BuildModuleView::of),
            deps: Each(&b.deps, BuildModuleView::of),
            settings: b.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
            build_id: &b.build_id,
            content_id_ok: b.content_id_ok,
        }
    }
}

/// A replacement is never replaced again: `go version -m` knows one level.
#[derive(Serialize)]
struct BuildModuleView<'a> {
    path: &'a str,
    version: &'a str,
    sum: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    replace: Option<Box<BuildModuleView<'a>>>,
}

impl BuildModuleView<'_> {
    fn of(m: &BuildModule) -> BuildModuleView<'_> {
        BuildModuleView {
            replace: m.replace.as_deref().map(|r| Box::new(BuildModuleView::plain(r))),
            ..BuildModuleView::plain(m)
        }
    }

    fn plain(m: &BuildModule) -> BuildModuleView<'_> {
        BuildModuleView { path: &m.path, version: &m.version, sum: &m.sum, replace: None }
    }
}
