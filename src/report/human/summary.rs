//! What could not be read, one line a root, and the answer.

use std::fmt::Write as _;

use super::{Detail, Look};
use crate::facts::RoleBy;
use crate::finding::{Finding, Place, RootKind};
use crate::locate::Source;
use crate::report::{Report, RootReport, RootState, Trust, text};
use crate::rule::{Fix, Kind, Level};

/// How many paths that could not be read are shown.
const UNREAD_SHOWN: usize = 3;
/// So many columns a path keeps at least, or another column goes.
const PATH_LEAST: usize = 18;

/// What could not be read: the first few, or all of them in detail.
pub(super) fn render_unread(report: &Report, look: &Look, page: &mut String) {
    let all = report.unread.len();
    let shown = if look.detail == Detail::Verbose || all <= UNREAD_SHOWN + 1 { all } else { UNREAD_SHOWN };
    for u in report.unread.iter().take(shown) {
        let _ = writeln!(page, "not read: {}", text::sentence(&u.error));
        let path = look.fit(format!("  {}", look.path(&u.path)));
        let _ = writeln!(page, "  {}", look.place(path.trim_start()));
    }
    if all > shown {
        let rest = u64::try_from(all - shown).unwrap_or(u64::MAX);
        let _ = writeln!(page, "and {} more that could not be read: `--verbose` lists them", text::number(rest));
    }
    if all > 0 {
        page.push('\n');
    }
}

/// One row of the summary, cell by cell.
struct Row {
    title: String,
    path: String,
    origin: &'static str,
    count: String,
    unit: &'static str,
    size: String,
    state: String,
    below: Vec<(&'static str, String)>,
}

/// One line a root, with what proves it below.
pub(super) fn render_roots(report: &Report, look: &Look, page: &mut String) {
    let mut rows: Vec<Row> = (0..report.roots.len()).filter_map(|i| row(report, i, look)).collect();
    let settings: Vec<&Finding> = report.findings.iter().filter(|f| f.root == RootKind::Environment).collect();
    if !settings.is_empty() {
        rows.push(Row {
            title: RootKind::Environment.title().to_owned(),
            path: String::new(),
            origin: "",
            count: String::new(),
            unit: "",
            size: String::new(),
            state: levels(settings.iter().copied()),
            below: Vec::new(),
        });
    }
    let widest = |cell: fn(&Row) -> &str| rows.iter().map(|r| text::columns(cell(r))).max().unwrap_or(0);
    // At least as wide as the labels below, and a space.
    let title = widest(|r| &r.title).max(12);
    let (mut origin, mut size) = (widest(|r| r.origin), widest(|r| &r.size));
    let (count, unit) = (widest(|r| &r.count), widest(|r| r.unit));
    let state = widest(|r| &r.state);
    let mut path = widest(|r| &r.path);
    if look.shorten {
        // What the other columns leave. Where it is too little the least needed column goes; then a path loses its beginning.
        let left = |origin: usize, size: usize| {
            let gaps = [title, count + unit + 1, origin, size].into_iter().filter(|w| *w > 0).count() * 2 + 2;
            look.width.saturating_sub(title + origin + count + unit + 1 + size + state + gaps)
        };
        let least = path.min(PATH_LEAST);
        if left(origin, size) < least {
            size = 0;
        }
        if left(origin, size) < least {
            origin = 0;
        }
        path = path.min(left(origin, size).max(8));
    }
    for r in &rows {
        let shown = if look.shorten { text::tail(&r.path, path) } else { r.path.clone() };
        let gap = " ".repeat(path.saturating_sub(text::columns(&shown)));
        let mut line = format!("{:title$}  {}{gap}", r.title, look.place(&shown));
        if origin > 0 {
            let _ = write!(line, "  {:origin$}", r.origin);
        }
        let _ = write!(line, "  {:>count$} {:unit$}", r.count, r.unit);
        if size > 0 {
            let _ = write!(line, "  {:>size$}", r.size);
        }
        let _ = writeln!(page, "{}  {}", line, r.state);
        for (label, text) in &r.below {
            let _ = writeln!(page, "  {:1$}{text}", label, title);
        }
    }
    if !rows.is_empty() {
        page.push('\n');
    }
}

fn row(report: &Report, index: usize, look: &Look) -> Option<Row> {
    let r = report.roots.get(index)?;
    // Without a lookup there is no such folder: the usual case, and nothing that a person could use.
    let usual = r.kind == RootKind::Sumdb && r.state == RootState::Absent && r.origin != Source::Flag;
    if usual && look.detail < Detail::Verbose {
        return None;
    }
    let (c, size) = (&r.counts, text::bytes(r.counts.bytes));
    let (count, unit) = match r.kind {
        RootKind::Gomodcache => (c.modules, if c.modules == 1 { "module" } else { "modules" }),
        RootKind::Gobin | RootKind::Binary => {
            (c.files.max(c.binaries), if c.files.max(c.binaries) == 1 { "file" } else { "files" })
        }
        _ => (c.files, if c.files == 1 { "file" } else { "files" }),
    };
    let there = r.state == RootState::Ok;
    Some(Row {
        title: if r.kind == RootKind::Sumdb { "checksum db".to_owned() } else { r.kind.title().to_owned() },
        path: look.path(&r.path),
        origin: origin(r.origin),
        count: if there { text::number(count) } else { String::new() },
        unit: if there { unit } else { "" },
        size: if there { size } else { String::new() },
        state: state(report, index, r),
        below: if there {
            // What was proven before the repair says nothing of what is there after it.
            let proofs = if report.repaired() { Vec::new() } else { below(r, look.detail) };
            proofs.into_iter().chain(asked(report, r)).chain(withheld(report, r)).collect()
        } else {
            Vec::new()
        },
    })
}

fn origin(source: Source) -> &'static str {
    match source {
        Source::Flag => "flag",
        Source::Env => "env",
        Source::Goenv => "GOENV",
        Source::GoEnv => "go.env",
        Source::Default => "default",
    }
}

/// The root that a finding is counted with: the deepest of its kind that holds it, or the first of its kind.
fn root_of(report: &Report, f: &Finding) -> Option<usize> {
    let of_kind = || report.roots.iter().enumerate().filter(|(_, r)| r.kind == f.root);
    let holding = match &f.place {
        Place::Path(path) => {
            of_kind().filter(|(_, r)| path.starts_with(&r.path)).max_by_key(|(_, r)| r.path.components().count())
        }
        Place::Env(_) => None,
    };
    holding.or_else(|| of_kind().next()).map(|(i, _)| i)
}

fn state(report: &Report, index: usize, r: &RootReport) -> String {
    match r.state {
        RootState::Absent => return "not there".to_owned(),
        RootState::Unreadable => return "cannot be read".to_owned(),
        RootState::Ok => {}
    }
    let mut parts = Vec::new();
    let found = levels(report.findings.iter().filter(|f| root_of(report, f) == Some(index)));
    if !found.is_empty() {
        parts.push(found);
    }
    let unread = report.unread.iter().filter(|u| u.path.starts_with(&r.path)).count();
    if unread > 0 {
        parts.push(format!("{} not read", text::number(u64::try_from(unread).unwrap_or(u64::MAX))));
    }
    let unchecked = r.vendored.map_or(0, |v| v.unchecked());
    if unchecked > 0 {
        parts.push(format!("{} not checked", text::number(unchecked)));
    }
    if parts.is_empty() {
        let empty = r.counts.files == 0 && r.counts.binaries == 0;
        return if empty { "nothing in it" } else { "intact" }.to_owned();
    }
    parts.join(", ")
}

/// `2 errors, 1 warning`.
pub(super) fn levels<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut numbers = [0u64; 3];
    for f in findings {
        let [errors, warnings, notes] = &mut numbers;
        match f.level {
            Level::Error => *errors += 1,
            Level::Warning => *warnings += 1,
            Level::Note => *notes += 1,
        }
    }
    let words = [("error", "errors"), ("warning", "warnings"), ("note", "notes")];
    let parts: Vec<String> =
        numbers.iter().zip(words).filter(|(n, _)| **n > 0).map(|(n, (one, many))| text::count(*n, one, many)).collect();
    parts.join(", ")
}

/// What left this machine, and where to: it is never done unseen.
fn asked(report: &Report, r: &RootReport) -> Option<(&'static str, String)> {
    let spent = report.online.as_ref().filter(|s| s.requests > 0 && r.kind == RootKind::Gomodcache)?;
    let base = spent.base.as_deref().unwrap_or("GOPROXY, in vain");
    Some(("asked", format!("{base}: {}, {}", text::count(spent.requests, "request", "requests"), text::bytes(spent.bytes))))
}

/// What was not asked for, and why it has no proof.
fn withheld(report: &Report, r: &RootReport) -> Option<(&'static str, String)> {
    let spent = report.online.as_ref().filter(|s| s.withheld > 0 && r.kind == RootKind::Gomodcache)?;
    let modules = text::count(spent.withheld, "module", "modules");
    Some(("not asked", format!("{modules} that GOPRIVATE, GONOSUMDB or GOSUMDB keep from being named")))
}

/// What proves the things of a root, and what does not: agreeing with a hash that lies beside is no proof.
fn below(r: &RootReport, detail: Detail) -> Vec<(&'static str, String)> {
    let (c, t) = (&r.counts, &r.trust);
    let Trust { sumdb, go_sum, ziphash, module_none, build_id, sha256, output_none, content_id, binary_none, .. } = *t;
    let list = |parts: &[(&str, u64)]| {
        let some = parts.iter().filter(|(_, n)| *n > 0);
        some.map(|(label, n)| format!("{label} {}", text::number(*n))).collect::<Vec<_>>().join("   ")
    };
    let mut out = Vec::new();
    let mut push = |label, text: String| {
        if !text.is_empty() {
            out.push((label, text));
        }
    };
    let mut proven = list(&[("checksum database", sumdb), ("go.sum", go_sum), ("content ID", content_id)]);
    if c.deps > 0 {
        let gap = if proven.is_empty() { "" } else { " · " };
        let (matched, deps) = (text::number(c.deps_matched), text::number(c.deps));
        let _ = write!(proven, "{gap}{matched} of {deps} dependencies match the cache");
    }
    push("proven by", proven);
    push("not proven", list(&[("agree with themselves only", ziphash + sha256), ("fit their build ID", build_id)]));
    push("no proof", list(&[("nothing vouches for", module_none + output_none + binary_none)]));
    let deps = [("checksum database", t.dep_sumdb), ("go.sum", t.dep_go_sum), ("module cache only", t.dep_ziphash)];
    if c.deps > 0 && t.dep_sumdb + t.dep_go_sum > 0 {
        push("depends on", list(&[&deps[..], &[("unknown", t.dep_none)]].concat()));
    }
    if c.vanished > 0 {
        push(
            "vanished",
            format!("{} while it was read: a build or a clean-up is at work", text::count(c.vanished, "file", "files")),
        );
    }
    if let Some(v) = r.vendored {
        let reasons = [
            ("their modules' zips are not in the module cache:", v.no_zip),
            ("their modules' zips are not sound:", v.unsound_zip),
            ("folders stand in the place of their modules:", v.folder),
        ];
        push("not checked", list(&reasons));
    }
    let roles = &r.roles;
    let (by_key, by_content) = (roles.by(RoleBy::Key), roles.by(RoleBy::Content));
    if detail == Detail::Verbose && by_key + by_content + roles.unexplained > 0 {
        push("explained", list(&[("by key", by_key), ("by content", by_content), ("not", roles.unexplained)]));
    }
    if detail == Detail::Verbose && c.dangling > 0 {
        push("trimmed", format!("{} without output, harmless", text::count(c.dangling, "action entry", "action entries")));
    }
    out
}

/// The last line: what the user should know if it is all that is read.
pub(super) fn render_answer(report: &Report, look: &Look, page: &mut String) {
    let number = |level| u64::try_from(report.findings.iter().filter(|f| f.level == level).count()).unwrap_or(u64::MAX);
    let (errors, warnings, notes) = (number(Level::Error), number(Level::Warning), number(Level::Note));
    let (c, elapsed) = (&report.counts, text::duration(report.elapsed));
    let seen = format!("{}, {} in {elapsed}", text::count(c.files.max(c.binaries), "file", "files"), text::bytes(c.bytes));
    let seen = if report.repaired() { format!("the scan before the repair saw {seen}") } else { seen };
    let nothing = report.nothing_scanned();
    let wrong = errors + warnings > 0;
    if look.detail == Detail::Quiet && !wrong && !nothing && report.complete && !report.named_root_absent() {
        return;
    }
    let found = levels(report.findings.iter());
    let protection = |f: &Finding| matches!(f.rule.kind, Kind::Posture | Kind::Environment);
    let only_protections = report.findings.iter().filter(|f| f.level > Level::Note).all(protection);
    let mut line = if errors > 0 {
        format!("{found}: do not build from these caches or run these binaries")
    } else if wrong && report.coverage.damaged == 0 && only_protections {
        format!("{found}: nothing is damaged, but a protection is weak; {seen}")
    } else if wrong {
        format!("{found}: look at them before you build; {seen}")
    } else if nothing {
        "nothing to scan: `gocachescan env` tells where Go looks, `--allow-empty` makes this a success".to_owned()
    } else if !report.complete {
        format!("what was read is intact: {seen}")
    } else if notes > 0 {
        format!("intact, {found}: {seen}")
    } else {
        format!("intact: {seen}")
    };
    if nothing && wrong {
        line.push_str("; there was nothing to scan");
    }
    if report.suppressed > 0 {
        let _ = write!(line, "; {} left out on request", text::count(report.suppressed, "finding", "findings"));
    }
    let in_cache = |f: &Finding| matches!(f.root, RootKind::Gocache | RootKind::Gomodcache | RootKind::Sumdb);
    if report.fix.is_none() && report.findings.iter().any(|f| f.level > Level::Note && f.fix != Fix::None && in_cache(f)) {
        line.push_str("; `gocachescan --fix --dry-run` shows what a repair would do");
    }
    let level = if errors > 0 { Level::Error } else { Level::Warning };
    for l in text::wrap(&line, look.width) {
        // Coloured after it is broken: colours have no width.
        let told = l.strip_prefix(found.as_str()).filter(|_| wrong);
        let _ = match told {
            Some(rest) => writeln!(page, "{}{rest}", look.level(level, &found)),
            None => writeln!(page, "{l}"),
        };
    }
    let unread = u64::try_from(report.unread.len()).unwrap_or(u64::MAX).max(report.coverage.unread);
    if unread > 0 {
        let _ = writeln!(page, "incomplete: {} could not be read", text::count(unread, "thing", "things"));
    } else if !nothing {
        for r in report.roots.iter().filter(|r| r.origin == Source::Flag && r.state == RootState::Absent) {
            let _ = writeln!(page, "incomplete: `{}` is not there", look.path(&r.path));
        }
    }
}
