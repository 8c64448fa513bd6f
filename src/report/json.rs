//! `--format json`: the report as one object, and `--format jsonl`: the same as one object a line. Members stand in the
//! order of the fields here. Findings are written one by one: a hundred thousand of them are never held twice.

mod fix;
mod prune;
mod root;
mod shells;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::time::SystemTime;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use fix::FixView;
use prune::PrunedView;
use root::RootView;
use shells::{AnswerView, StartView};

use super::{Report, Roles, text};
use crate::evidence::online::Spent;
use crate::facts::RoleBy;
use crate::finding::{Finding, Mend, Place};
use crate::locate::Setting;
use crate::rule::Level;

/// Grows with an incompatible change only.
pub const SCHEMA_VERSION: u32 = 1;

/// Writes the whole report, indented, with a newline at its end.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document(report)).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Writes one object a line: `header`, `setting`s, `root`s, `finding`s, `unread`s, and `done` last, so that a lost tail
/// is seen. Each has the members that the same thing has in the whole report, and its `type` first.
pub fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    line(out, "header", &Header::of(report))?;
    for s in report.settings.iter() {
        line(out, "setting", &NamedSetting { name: s.name, setting: SettingView::of(s) })?;
    }
    for r in &report.roots {
        line(out, "root", &RootView::of(r))?;
    }
    for f in &report.findings {
        line(out, "finding", &FindingView::of(f))?;
    }
    for shell in report.doctor.iter().flat_map(StartView::all) {
        line(out, "shell", &shell)?;
    }
    for u in &report.unread {
        line(out, "unread", &UnreadView::of(u))?;
    }
    if let Some(prune) = &report.prune {
        line(out, "prune", &PrunedView::of(prune))?;
    }
    if let Some(fix) = &report.fix {
        line(out, "fix", &FixView::of(fix))?;
    }
    let number = |level| report.findings.iter().filter(|f| f.level == level).count();
    let findings = Levels { error: number(Level::Error), warning: number(Level::Warning), note: number(Level::Note) };
    line(
        out,
        "done",
        &Done {
            outcome: Outcome::of(report),
            sums: Sums::of(report),
            findings,
            suppressed: report.suppressed,
            online: report.online.as_ref().map(OnlineView::of),
        },
    )
}

/// Writes `members` as one line.
pub(super) fn line<T: Serialize>(out: &mut dyn Write, kind: &str, members: &T) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a, T> {
        r#type: &'a str,
        #[serde(flatten)]
        members: &'a T,
    }
    serde_json::to_writer(&mut *out, &Line { r#type: kind, members }).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// A path, or other bytes, that JSON can hold without loss.
#[derive(Serialize)]
pub(super) struct PathView {
    path: String,
    #[serde(skip_serializing_if = "is_false")]
    path_escaped: bool,
}

impl PathView {
    pub(super) fn of(raw: &OsStr) -> PathView {
        let (path, path_escaped) = text::lossless(raw);
        PathView { path, path_escaped }
    }
}

fn is_false(b: &bool) -> bool {
    !*b
}

/// The object of the contract.
struct Document<'a>(&'a Report);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let r = self.0;
        let (header, outcome, sums) = (Header::of(r), Outcome::of(r), Sums::of(r));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema_version", &header.schema_version)?;
        map.serialize_entry("tool", &header.tool)?;
        map.serialize_entry("command", &header.command)?;
        map.serialize_entry("started_at", &header.started_at)?;
        map.serialize_entry("elapsed_ms", &outcome.elapsed_ms)?;
        map.serialize_entry("complete", &outcome.complete)?;
        map.serialize_entry("roots", &Each(&r.roots, RootView::of))?;
        map.serialize_entry("counts", &sums.counts)?;
        map.serialize_entry("coverage", &sums.coverage)?;
        map.serialize_entry("trust", &sums.trust)?;
        map.serialize_entry("roles", &sums.roles)?;
        map.serialize_entry("findings", &Each(&r.findings, FindingView::of))?;
        if let Some(prune) = &r.prune {
            map.serialize_entry("prune", &PrunedView::of(prune))?;
        }
        if let Some(fix) = &r.fix {
            map.serialize_entry("fix", &FixView::of(fix))?;
        }
        map.serialize_entry("settings", &SettingsView(r))?;
        if let Some(doctor) = &r.doctor {
            map.serialize_entry("answer", &doctor.here.answer.sentence)?;
            if !doctor.others.is_empty() {
                map.serialize_entry("answers", &Each(&doctor.others, AnswerView::of))?;
            }
            map.serialize_entry("shells", &StartView::all(doctor).collect::<Vec<_>>())?;
        }
        map.serialize_entry("unread", &Each(&r.unread, UnreadView::of))?;
        map.serialize_entry("suppressed", &r.suppressed)?;
        if let Some(online) = &r.online {
            map.serialize_entry("online", &OnlineView::of(online))?;
        }
        map.end()
    }
}

/// A list whose elements are made when they are written.
pub(super) struct Each<'a, T, V>(pub(super) &'a [T], pub(super) fn(&'a T) -> V);

impl<T, V: Serialize> Serialize for Each<'_, T, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(self.1))
    }
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Header {
    schema_version: u32,
    tool: Tool,
    command: &'static str,
    started_at: String,
}

impl Header {
    fn of(r: &Report) -> Header {
        let tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
        Header { schema_version: SCHEMA_VERSION, tool, command: r.command, started_at: rfc3339(r.started_at) }
    }
}

/// In UTC, to the second.
fn rfc3339(at: SystemTime) -> String {
    let whole = time::OffsetDateTime::from(at).replace_nanosecond(0).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    whole.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

#[derive(Serialize)]
struct Outcome {
    complete: bool,
    elapsed_ms: u64,
}

impl Outcome {
    fn of(r: &Report) -> Outcome {
        Outcome { complete: r.complete, elapsed_ms: u64::try_from(r.elapsed.as_millis()).unwrap_or(u64::MAX) }
    }
}

#[derive(Serialize)]
struct Levels {
    error: usize,
    warning: usize,
    note: usize,
}

#[derive(Serialize)]
struct OnlineView<'a> {
    requests: u64,
    bytes: u64,
    base: Option<&'a str>,
    withheld: u64,
}

impl OnlineView<'_> {
    fn of(spent: &Spent) -> OnlineView<'_> {
        OnlineView { requests: spent.requests, bytes: spent.bytes, base: spent.base.as_deref(), withheld: spent.withheld }
    }
}

#[derive(Serialize)]
struct Done<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<OnlineView<'a>>,
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(flatten)]
    sums: Sums,
    findings: Levels,
    suppressed: u64,
}

#[derive(Serialize)]
struct Sums {
    counts: CountsView,
    coverage: CoverageView,
    trust: TrustView,
    roles: RolesView,
}

impl Sums {
    fn of(r: &Report) -> Sums {
        let (v, t) = (&r.coverage, &r.trust);
        Sums {
            counts: CountsView::of(r),
            coverage: CoverageView {
                intact: v.intact,
                damaged: v.damaged,
                unverifiable: v.unverifiable,
                skipped: v.skipped,
                unread: v.unread,
            },
            roles: RolesView::of(&r.roles),
            trust: TrustView {
                modules: ModulesView { sumdb: t.sumdb, go_sum: t.go_sum, ziphash: t.ziphash, none: t.module_none },
                outputs: OutputsView { sealed: 0, build_id: t.build_id, sha256: t.sha256, none: t.output_none },
                binaries: BinariesView { content_id: t.content_id, none: t.binary_none },
                dependencies: ModulesView { sumdb: t.dep_sumdb, go_sum: t.dep_go_sum, ziphash: t.dep_ziphash, none: t.dep_none },
            },
        }
    }
}

#[derive(Serialize)]
pub(super) struct CountsView {
    files: u64,
    bytes: u64,
    actions: u64,
    outputs: u64,
    modules: u64,
    zips: u64,
    trees: u64,
    binaries: u64,
    deps: u64,
    deps_matched: u64,
    dangling: u64,
    vanished: u64,
}

impl CountsView {
    pub(super) fn of(r: &Report) -> CountsView {
        let c = &r.counts;
        CountsView {
            files: c.files,
            bytes: c.bytes,
            actions: c.actions,
            outputs: c.outputs,
            modules: c.modules,
            zips: c.zips,
            trees: c.trees,
            binaries: c.binaries,
            deps: c.deps,
            deps_matched: c.deps_matched,
            dangling: c.dangling,
            vanished: c.vanished,
        }
    }
}

#[derive(Serialize)]
struct CoverageView {
    intact: u64,
    damaged: u64,
    unverifiable: u64,
    skipped: u64,
    unread: u64,
}

#[derive(Serialize)]
struct TrustView {
    modules: ModulesView,
    outputs: OutputsView,
    binaries: BinariesView,
    dependencies: ModulesView,
}

#[derive(Serialize)]
struct BinariesView {
    #[serde(rename = "content-id")]
    content_id: u64,
    none: u64,
}

#[derive(Serialize)]
struct ModulesView {
    sumdb: u64,
    #[serde(rename = "go.sum")]
    go_sum: u64,
    ziphash: u64,
    none: u64,
}

#[derive(Serialize)]
struct OutputsView {
    sealed: u64,
    #[serde(rename = "build-id")]
    build_id: u64,
    sha256: u64,
    none: u64,
}

#[derive(Serialize)]
struct RolesView {
    by_key: BTreeMap<&'static str, u64>,
    by_content: BTreeMap<&'static str, u64>,
    unexplained: u64,
}

impl RolesView {
    fn of(roles: &Roles) -> RolesView {
        let by = |by| roles.told.iter().filter(|((b, _), _)| *b == by).map(|((_, role), n)| (role.as_str(), *n)).collect();
        RolesView { by_key: by(RoleBy::Key), by_content: by(RoleBy::Content), unexplained: roles.unexplained }
    }
}

#[derive(Serialize)]
struct FindingView<'a> {
    rule: &'a str,
    level: &'a str,
    kind: &'a str,
    #[serde(flatten)]
    path: PathView,
    root: &'a str,
    subject: &'a str,
    message: &'a str,
    evidence: Evidence<'a>,
    fix: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<MendView<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    more: u64,
    fingerprint: String,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl FindingView<'_> {
    fn of(f: &Finding) -> FindingView<'_> {
        FindingView {
            rule: f.rule.id,
            level: f.level.as_str(),
            kind: f.rule.kind.as_str(),
            path: match &f.place {
                Place::Path(path) => PathView::of(path.as_os_str()),
                Place::Env(name) => PathView { path: format!("env:{name}"), path_escaped: false },
            },
            root: f.root.as_str(),
            subject: &f.subject,
            message: &f.message,
            evidence: Evidence {
                claimed: f.proof.claimed.as_deref(),
                computed: f.proof.computed.as_deref(),
                claimed_by: f.proof.claimed_by.as_deref(),
                line: f.proof.line,
            },
            fix: f.fix.as_str(),
            mend: f.mend.as_ref().map(MendView::of),
            more: f.more,
            fingerprint: f.fingerprint(),
        }
    }
}

#[derive(Serialize)]
struct Evidence<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    computed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum MendView<'a> {
    Command {
        command: &'a [String],
    },
    Edit {
        file: Cow<'a, str>,
        #[serde(skip_serializing_if = "is_false")]
        file_escaped: bool,
        line: u64,
        old: &'a str,
        new: Option<&'a str>,
    },
}

impl MendView<'_> {
    fn of(mend: &Mend) -> MendView<'_> {
        match mend {
            Mend::Command(command) => MendView::Command { command },
            Mend::Edit { file, line, old, new } => {
                let (file, file_escaped) = text::lossless(file.as_os_str());
                MendView::Edit { file: Cow::Owned(file), file_escaped, line: *line, old, new: new.as_deref() }
            }
        }
    }
}

struct SettingsView<'a>(&'a Report);

impl Serialize for SettingsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.settings.iter().map(|s| (s.name, SettingView::of(s))))
    }
}

#[derive(Serialize)]
struct SettingView<'a> {
    value: String,
    #[serde(skip_serializing_if = "is_false")]
    value_escaped: bool,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl SettingView<'_> {
    fn of(s: &Setting) -> SettingView<'_> {
        let (value, value_escaped) = text::lossless(&s.value);
        SettingView { value, value_escaped, source: s.source.as_str(), error: s.error.as_deref() }
    }
}

#[derive(Serialize)]
struct NamedSetting<'a> {
    name: &'a str,
    #[serde(flatten)]
    setting: SettingView<'a>,
}

#[derive(Serialize)]
struct UnreadView<'a> {
    #[serde(flatten)]
    path: PathView,
    error: &'a str,
}

impl UnreadView<'_> {
    fn of(u: &super::Unread) -> UnreadView<'_> {
        UnreadView { path: PathView::of(u.path.as_os_str()), error: &u.error }
    }
}
