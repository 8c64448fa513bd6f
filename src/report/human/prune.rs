//! What `prune` tells: what the caches hold, what is to go, and what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::fix::{places, render_outcome, render_plan};
use super::summary::render_unread;
use super::{Detail, Look};
use crate::evidence::holdings::Amount;
use crate::evidence::holdings::modules::{Modules, Named};
use crate::evidence::holdings::outputs::{AGES, Outputs};
use crate::finding::{Finding, Place};
use crate::report::{FixReport, Pruned, Report, RootState, text};
use crate::rule::Fix;

/// Columns of the labels, and how far those of rows are moved in.
const LABEL: usize = 15;
const INDENT: usize = 2;

/// The whole page.
pub(super) fn render(report: &Report, told: &Pruned, look: &Look, page: &mut String) {
    render_unread(report, look, page);
    let shown = report.fix.as_ref().is_some_and(|fix| fix.shown);
    if look.detail > Detail::Quiet && !shown {
        render_before(report, told, report.fix.as_ref(), look, page);
    }
    let Some(fix) = &report.fix else { return };
    render_outcome(fix, look, page);
    if let Some(run) = &fix.run {
        let (bytes, places) = (text::bytes(fix.bytes()), places(report));
        let _ = writeln!(page, "this has freed nothing yet: what was taken lies in quarantine");
        let _ = writeln!(page, "free {bytes}: gocachescan quarantine purge {run}{places}");
        let _ = writeln!(page, "undo: gocachescan quarantine restore {run}{places}");
    }
}

/// What the caches hold, and what is to go.
pub(super) fn render_before(report: &Report, told: &Pruned, plan: Option<&FixReport>, look: &Look, page: &mut String) {
    for cache in &told.caches {
        build_cache(cache, look, page);
    }
    for cache in &told.modules {
        module_cache(cache, told, look, page);
    }
    for root in report.roots.iter().filter(|r| r.state == RootState::Absent && r.kind.is_cache()) {
        let _ = writeln!(page, "{:LABEL$}{}  not there", root.kind.title(), look.place(&look.path(&root.path)));
    }
    for work in &told.without_sums {
        let sentence = format!(
            "{}.sum is not there: what the modules of this workspace need only together is not named, and goes; a build in it writes that file \
             where it is needed",
            look.path(work)
        );
        say(&sentence, look, page);
    }
    page.push('\n');
    match plan {
        None if told.asked => {}
        None => say("nothing was asked for: --max-size, --orphans and --used-by take something", look, page),
        Some(plan) => {
            to_go(report, told, plan, look, page);
            page.push('\n');
        }
    }
}

fn say(sentence: &str, look: &Look, page: &mut String) {
    for line in text::wrap(sentence, look.width) {
        let _ = writeln!(page, "{line}");
    }
}

fn head(title: &str, path: &Path, amount: Amount, unit: (&str, &str), look: &Look, page: &mut String) {
    let (path, bytes) = (look.path(path), text::bytes(amount.bytes));
    let count = text::count(amount.number, unit.0, unit.1);
    let _ = writeln!(page, "{title:LABEL$}{}  {count}  {bytes}", look.place(&path));
}

/// Rows under one label, without those that hold nothing.
fn rows<S: AsRef<str>>(label: &str, rows: impl IntoIterator<Item = (S, Amount)>, page: &mut String) {
    let there = rows.into_iter().filter(|(_, amount)| amount.number > 0);
    for ((what, amount), label) in there.zip(std::iter::once(label).chain(std::iter::repeat(""))) {
        let (number, bytes) = (text::number(amount.number), text::bytes(amount.bytes));
        let label = format!("{:1$}{label}", "", INDENT);
        let _ = writeln!(page, "{label:LABEL$}{:<24}  {number:>11}  {bytes:>8}", what.as_ref());
    }
}

fn build_cache(cache: &Outputs, look: &Look, page: &mut String) {
    let kinds = &cache.kinds;
    head("build cache", &cache.path, kinds.total(), ("file", "files"), look, page);
    let held = [
        ("outputs", kinds.outputs),
        ("cached programs", kinds.programs),
        ("action entries", kinds.entries),
        ("fuzz corpus", kinds.fuzz),
        ("other files", kinds.other),
    ];
    rows("holds", held, page);
    let within =
        AGES.map(|hours| if hours < 48 { format!("within {hours} hours") } else { format!("within {} days", hours / 24) });
    rows("last used", within.into_iter().chain(["longer ago".to_owned()]).zip(cache.ages), page);
    rows("orphans", [("outputs of no entry", cache.orphans)], page);
    rows("dangling", [("entries without output", cache.dangling)], page);
    if !cache.whole {
        say("not all of it could be read: nothing of it is taken, since what was not read may name any output", look, page);
    }
}

fn module_cache(cache: &Modules, told: &Pruned, look: &Look, page: &mut String) {
    head("module cache", &cache.path, cache.versions, ("version", "versions"), look, page);
    rows("holds", [("zips", cache.zips), ("extracted directories", cache.trees)], page);
    let Some(Named { whole, go_mod, none, stays }) = cache.named else { return };
    let lists = text::count(u64::try_from(told.lists.len()).unwrap_or(u64::MAX), "list", "lists");
    let named =
        [("stay whole", whole), ("only go.mod is needed", go_mod), ("not named", none), ("toolchains and the like", stays)];
    rows(&format!("by {lists}"), named, page);
}

/// What is to go, a line a rule, and what the build cache then holds.
fn to_go(report: &Report, told: &Pruned, plan: &FixReport, look: &Look, page: &mut String) {
    if look.detail == Detail::Verbose {
        render_plan(plan, look, page);
    } else {
        let mut by_rule: BTreeMap<&str, (BTreeSet<&Path>, u64)> = BTreeMap::new();
        for step in &plan.steps {
            let (about, bytes) = by_rule.entry(step.rule).or_default();
            about.insert(&step.about);
            *bytes += step.bytes;
        }
        let bytes: u64 = plan.steps.iter().map(|s| s.bytes).sum();
        if by_rule.is_empty() {
            let _ = writeln!(page, "plan: nothing is to be taken");
        } else {
            let _ = writeln!(page, "plan: {} to quarantine, nothing is deleted; only a purge frees the disk", text::bytes(bytes));
        }
        for (rule, (about, bytes)) in by_rule {
            let number = u64::try_from(about.len()).unwrap_or(u64::MAX);
            let what = if rule == "module-unused" { ("module version", "module versions") } else { ("output", "outputs") };
            let count = text::count(number, what.0, what.1);
            let _ = writeln!(page, "  {rule:<22}  {count:>24}  {:>8}", text::bytes(bytes));
        }
    }
    for cache in told.caches.iter().filter(|cache| cache.max_size.is_some()) {
        let taken: u64 = plan.steps.iter().filter(|step| step.path.starts_with(&cache.path)).map(|step| step.bytes).sum();
        let left = text::bytes(cache.kinds.total().bytes.saturating_sub(taken));
        let max = text::bytes(cache.max_size.unwrap_or_default());
        let _ = writeln!(page, "  the build cache then holds {left}; --max-size is {max}");
    }
    for finding in report.findings.iter().filter(|f| f.fix == Fix::None) {
        out_of_reach(finding, told, look, page);
    }
}

/// That a bound is not reached, and why.
fn out_of_reach(finding: &Finding, told: &Pruned, look: &Look, page: &mut String) {
    let here = |cache: &&Outputs| matches!(&finding.place, Place::Path(path) if *path == cache.path);
    let Some(cache) = told.caches.iter().find(here) else { return };
    if cache.cut {
        return say("more is to go than one run takes, which holds its plan in memory: run it again for the rest", look, page);
    }
    let used = cache.ages.first().map_or(0, |age| age.bytes);
    if used == 0 {
        return say(
            "this is out of reach: what is no output is never taken (the fuzz corpus, entries without output, other files)",
            look,
            page,
        );
    }
    let used = text::bytes(used);
    let why =
        "go notes a use once an hour, so a build that still runs may hold that; the fuzz corpus and what is no output stay, too";
    say(&format!("this is out of reach: {used} was noted as used within the last two hours ({why})"), look, page);
}
