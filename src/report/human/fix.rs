//! What a repair does, or did.

use std::fmt::Write as _;

use super::{Detail, Look};
use crate::finding::RootKind;
use crate::locate::Source;
use crate::report::{FixReport, FixStep, Report, RootReport, text};
use crate::rule::Fix;

/// So many steps of a plan are shown one by one.
const SHOWN: usize = 20;

/// Steps of one finding that do the same.
struct Group<'a> {
    first: &'a FixStep,
    more: u64,
}

/// The plan, one line for what belongs together, then what became of it.
pub(super) fn render(report: &Report, repair: &FixReport, look: &Look, page: &mut String) {
    if !repair.shown && look.detail > Detail::Quiet {
        render_plan(repair, look, page);
    }
    render_outcome(repair, look, page);
    if let Some(run) = &repair.run {
        let _ = writeln!(page, "undo: gocachescan quarantine restore {run}{}", places(report));
    }
    page.push('\n');
}

/// The flags by which `quarantine` finds the caches that flags have named.
pub(super) fn places(report: &Report) -> String {
    let flag = |kind| match kind {
        RootKind::Gocache => Some("--gocache"),
        RootKind::Gomodcache => Some("--gomodcache"),
        _ => None,
    };
    let named = report.roots.iter().filter(|root| root.origin == Source::Flag);
    let word =
        |root: &RootReport| Some(format!(" {} {}", flag(root.kind)?, text::shell_word(&text::lossless(root.path.as_os_str()).0)));
    named.filter_map(word).collect()
}

/// `plan: 3 steps, 41.2 MB to quarantine, nothing is deleted`, and the steps.
pub(super) fn render_plan(repair: &FixReport, look: &Look, page: &mut String) {
    let groups = groups(&repair.steps);
    if groups.is_empty() {
        let _ = writeln!(page, "plan: nothing that a repair would help");
        return;
    }
    let steps = text::count(u64::try_from(groups.len()).unwrap_or(u64::MAX), "step", "steps");
    let bytes: u64 = repair.steps.iter().map(|s| s.bytes).sum();
    let _ = writeln!(page, "plan: {steps}, {} to quarantine, nothing is deleted", text::bytes(bytes));
    let shown = if look.detail == Detail::Verbose { groups.len() } else { SHOWN };
    let digits = groups.len().min(shown).to_string().len();
    for (number, group) in (1..).zip(groups.iter().take(shown)) {
        let step = group.first;
        let path = look.path(&step.path);
        let more = if group.more > 0 { format!(" and {} more", text::number(group.more)) } else { String::new() };
        let line = look.fit(format!("  {number:>digits$}  {:<10}  {path}{more}", word(step)));
        let _ = writeln!(page, "{line}");
        let indent = 16 + digits;
        let why = format!("{} ({})", text::sentence(step.then), step.rule);
        for l in text::wrap(&why, look.width.saturating_sub(indent).max(20)) {
            let _ = writeln!(page, "{}{l}", " ".repeat(indent));
        }
    }
    if groups.len() > shown {
        let rest = u64::try_from(groups.len() - shown).unwrap_or(u64::MAX);
        let _ = writeln!(page, "  and {} more: `--verbose` lists them", text::number(rest));
    }
}

/// What became of it.
pub(super) fn render_outcome(repair: &FixReport, look: &Look, page: &mut String) {
    let all = repair.steps.len();
    if repair.dry_run {
        let _ = writeln!(page, "nothing was changed: this was a dry run");
        return;
    }
    if repair.declined {
        let _ = writeln!(page, "nothing was changed, as you wished");
        return;
    }
    if all == 0 {
        return;
    }
    let number = |n: usize| text::number(u64::try_from(n).unwrap_or(u64::MAX));
    let done = repair.steps.iter().filter(|s| s.done).count();
    let _ = writeln!(page, "done {} of {}, {} to quarantine", number(done), number(all), text::bytes(repair.bytes()));
    let trouble: Vec<&FixStep> = repair.steps.iter().filter(|s| s.error.is_some()).collect();
    // A full disk has one reason for a hundred thousand steps: each reason stands once, below what it is about.
    for same in trouble.chunk_by(|a, b| (a.done, &a.error) == (b.done, &b.error)) {
        let Some(first) = same.first() else { continue };
        let what = if first.done { "trouble" } else { "not done" };
        let shown = if look.detail == Detail::Verbose { same.len() } else { SHOWN };
        for step in same.iter().take(shown) {
            let _ = writeln!(page, "  {what}: {}", look.place(&look.path(&step.path)));
        }
        if same.len() > shown {
            let _ = writeln!(page, "  and {} more: `--verbose` lists them", number(same.len() - shown));
        }
        for l in text::wrap(&text::sentence(first.error.as_deref().unwrap_or_default()), look.width.saturating_sub(4).max(20)) {
            let _ = writeln!(page, "    {l}");
        }
    }
}

fn word(step: &FixStep) -> String {
    match (step.act, step.mode) {
        (Fix::Chmod, Some(mode)) => format!("chmod {mode:03o}"),
        (act, _) => act.as_str().to_owned(),
    }
}

/// What is done to the entries that share a fault is one step for a person.
fn groups(steps: &[FixStep]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for step in steps {
        let in_place = matches!(step.act, Fix::Chmod | Fix::Chown);
        match groups.last_mut().filter(|g| in_place && g.first.act == step.act && g.first.about == step.about) {
            Some(group) => group.more += 1,
            None => groups.push(Group { first: step, more: 0 }),
        }
    }
    groups
}
