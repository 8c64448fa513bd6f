//! Findings, one block a cause.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{Detail, Look};
use crate::finding::{Finding, Mend, Place, RootKind};
use crate::report::{Report, text};
use crate::rule::Level;

/// A group of more findings than this shows its first [`SHOWN`] only.
const ALL_UP_TO: usize = 4;
const SHOWN: usize = 3;

/// Findings of one rule, one level and one root, in the order of the report.
struct Group<'a>(Vec<&'a Finding>);

/// One block a group, each followed by an empty line.
pub(super) fn render(report: &Report, look: &Look, page: &mut String) {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: HashMap<(Level, RootKind, &str), usize> = HashMap::new();
    let shown = report.findings.iter().filter(|f| look.detail > Detail::Quiet || f.level > Level::Note);
    for f in shown {
        let at = *known.entry((f.level, f.root, f.rule.id)).or_insert_with(|| {
            groups.push(Group(Vec::new()));
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.0.push(f);
        }
    }
    for group in &groups {
        group.render(look, page);
    }
}

impl Group<'_> {
    fn render(&self, look: &Look, page: &mut String) {
        let Some(first) = self.0.first() else { return };
        let many = self.0.len() > 1;
        self.header(first, look, page);
        let cut = self.0.len() > ALL_UP_TO && look.detail < Detail::Verbose;
        let shown = self.0.get(..if cut { SHOWN } else { self.0.len() }).unwrap_or_default();
        let indent = if many { 4 } else { 2 };
        let same_mend = self.0.iter().all(|f| f.mend == first.mend);
        for f in shown {
            place(f, look, page);
            paragraph(page, look, indent, &look.sentence(&f.message));
            proof(f, look, indent + 2, page);
            if let (false, Some(mend)) = (same_mend, &f.mend) {
                render_mend(page, look, indent, mend);
            }
        }
        if cut {
            let rest = u64::try_from(self.0.len() - SHOWN).unwrap_or(u64::MAX);
            let _ = writeln!(page, "  and {} more: `--verbose` lists them", text::number(rest));
        }
        if first.level > Level::Note || look.detail == Detail::Verbose {
            self.advice(first, same_mend, look, page);
        }
        page.push('\n');
    }

    /// `error: tree-file-differs                golang.org/x/text@v0.3.8`.
    fn header(&self, first: &Finding, look: &Look, page: &mut String) {
        let left = format!("{}: {}", first.level, first.rule.id);
        let mut right = first.root.title().to_owned();
        if self.0.len() > 1 {
            let _ = write!(right, ", {} times", text::number(u64::try_from(self.0.len()).unwrap_or(u64::MAX)));
        } else if first.subject.contains('@') {
            let subject = text::sentence(&first.subject);
            if text::columns(&left) + text::columns(&subject) + 2 <= look.width {
                right = subject;
            }
        }
        let gap = look.width.saturating_sub(text::columns(&left) + text::columns(&right)).max(2);
        let level = look.level(first.level, first.level.as_str());
        let _ = writeln!(page, "{level}: {}{}{right}", first.rule.id, " ".repeat(gap));
    }

    /// Why it matters, and what to do.
    fn advice(&self, first: &Finding, same_mend: bool, look: &Look, page: &mut String) {
        if look.detail == Detail::Verbose {
            for part in [first.rule.why, first.rule.go].into_iter().filter(|p| !p.is_empty()) {
                paragraph(page, look, 2, part);
            }
        } else if !first.rule.why.is_empty() {
            paragraph(page, look, 2, text::first_sentence(first.rule.why));
        }
        if let (true, Some(mend)) = (same_mend, &first.mend) {
            render_mend(page, look, 2, mend);
        } else if !first.rule.mend.is_empty() && self.0.iter().any(|f| f.mend.is_none()) {
            let advice = if look.detail == Detail::Verbose { first.rule.mend } else { text::first_sentence(first.rule.mend) };
            paragraph(page, look, 2, &format!("mend: {}", text::lower_first(advice)));
        }
    }
}

/// The place, whole, and alone on its line so that it can be copied.
fn place(f: &Finding, look: &Look, page: &mut String) {
    let (shown, line) = match &f.place {
        Place::Path(path) => (look.path(path), f.proof.line),
        Place::Env(name) => (format!("{} in the environment", text::sentence(name)), None),
    };
    let line = line.map(|l| format!(":{l}")).unwrap_or_default();
    let more = if f.more > 0 { format!(" and {} more", text::number(f.more)) } else { String::new() };
    let whole = look.fit(format!("  {shown}{line}{more}"));
    let bare = whole.trim_start();
    let bare = bare.strip_suffix(more.as_str()).unwrap_or(bare);
    let _ = writeln!(page, "  {}{more}", look.place(bare));
}

/// The two values under each other, so that the eye finds where they part.
fn proof(f: &Finding, look: &Look, indent: usize, page: &mut String) {
    let pad = " ".repeat(indent);
    let rows = [("claimed ", &f.proof.claimed, f.proof.claimed_by.as_deref()), ("computed", &f.proof.computed, None)];
    for (label, value, by) in rows {
        let Some(value) = value else { continue };
        let by = by.map(|b| if b.starts_with('/') { look.path(std::path::Path::new(b)) } else { look.sentence(b) });
        let value = text::sentence(value);
        let line = look.fit(format!("{pad}{label}  {value}"));
        match by {
            Some(by) if text::columns(&line) + text::columns(&by) + 6 <= look.width => {
                let _ = writeln!(page, "{line}   by {by}");
            }
            Some(by) => {
                let by = look.fit(format!("{pad}{}  by {by}", " ".repeat(label.len())));
                let _ = writeln!(page, "{line}\n{by}");
            }
            None => {
                let _ = writeln!(page, "{line}");
            }
        }
    }
}

fn render_mend(page: &mut String, look: &Look, indent: usize, mend: &Mend) {
    match mend {
        // A command is never broken: it is there to be copied.
        Mend::Command(words) => {
            let words: Vec<String> = words.iter().map(|w| text::shell_word(w)).collect();
            let _ = writeln!(page, "{}mend: {}", " ".repeat(indent), words.join(" "));
        }
        Mend::Edit { file, line, old, new } => {
            let (file, old) = (look.path(file), text::sentence(old));
            let what = match new {
                Some(new) => format!("mend: in `{file}` change line {line} from `{old}` to `{}`", text::sentence(new)),
                None => format!("mend: remove line {line} of `{file}`: `{old}`"),
            };
            paragraph(page, look, indent, &what);
        }
    }
}

/// Wrapped text.
fn paragraph(page: &mut String, look: &Look, indent: usize, paragraph: &str) {
    let shortened = if look.shorten { text::shorten_ids(paragraph) } else { paragraph.to_owned() };
    for line in text::wrap(&shortened, look.width.saturating_sub(indent).max(20)) {
        let _ = writeln!(page, "{}{line}", " ".repeat(indent));
    }
}
