//! What `doctor` says before its findings, and its last line.

use std::fmt::Write as _;
use std::path::Path;

use super::{Detail, Look, summary};
use crate::environment::{Asked, Start, StartKind, names};
use crate::locate::text_of;
use crate::report::{Doctor, Person, Report, text};
use crate::rule::Level;

/// The answer with its evidence.
pub(super) fn render_head(doctor: &Doctor, look: &Look, page: &mut String) {
    render_answer("", &doctor.here, look, page);
    for person in &doctor.others {
        render_answer(&format!("{}: ", text::sentence(&String::from_utf8_lossy(&person.name))), person, look, page);
    }
}

fn render_answer(whose: &str, person: &Person, look: &Look, page: &mut String) {
    let answer = &person.answer;
    let end = if answer.lines.is_empty() { "" } else { ":" };
    for line in text::wrap(&format!("{whose}{}{end}", look.sentence(&answer.sentence)), look.width) {
        let _ = writeln!(page, "{line}");
    }
    let place = |at: &crate::format::shell::At| format!("{}:{}", look.path(Path::new(&text_of(&at.file))), at.line);
    let widest = answer.lines.iter().map(|l| text::columns(&place(&l.at))).max().unwrap_or(0);
    for line in &answer.lines {
        let shown = place(&line.at);
        let gap = " ".repeat(widest - text::columns(&shown));
        let what = line.text.as_deref().map(|t| text::sentence(t.trim())).unwrap_or_default();
        let _ = writeln!(page, "  {}{gap}  {what}", look.place(&shown));
        let _ = writeln!(page, "  {:widest$}  {}", "", look.sentence(&line.does));
    }
    page.push('\n');
}

/// One row of the table of starts: those that end alike share one.
struct Row {
    starts: Vec<StartKind>,
    cells: [String; 3],
}

/// The table of starts.
pub(super) fn render_starts(doctor: &Doctor, look: &Look, page: &mut String) {
    let mut rows: Vec<Row> = Vec::new();
    for start in &doctor.here.starts {
        let cells = cells(start, look);
        match rows.iter_mut().find(|r| r.cells == cells) {
            Some(row) => row.starts.push(start.kind),
            None => rows.push(Row { starts: vec![start.kind], cells }),
        }
    }
    if rows.is_empty() {
        return;
    }
    let head = Row { starts: Vec::new(), cells: ["go", "GOROOT", "GOPATH"].map(str::to_owned) };
    let mut lines: Vec<(Vec<String>, &Row)> = Vec::new();
    const FIRST: usize = 26;
    for row in std::iter::once(&head).chain(&rows) {
        let names = if row.starts.is_empty() { "start of".to_owned() } else { names(&row.starts) };
        lines.push((text::wrap(&names, FIRST), row));
    }
    let widest = |i: usize| lines.iter().filter_map(|(_, r)| r.cells.get(i)).map(|c| text::columns(c)).max().unwrap_or(0);
    let (first, go, root) =
        (lines.iter().flat_map(|(l, _)| l).map(|l| text::columns(l)).max().unwrap_or(0), widest(0), widest(1));
    for (names, row) in &lines {
        let [a, b, c] = &row.cells;
        let pad = |t: &str, w: usize| format!("{t}{}", " ".repeat(w.saturating_sub(text::columns(t))));
        let mut names = names.iter();
        let line = format!("{}  {}  {}  {c}", pad(names.next().map_or("", String::as_str), first), pad(a, go), pad(b, root));
        let _ = writeln!(page, "{}", line.trim_end());
        for more in names {
            let _ = writeln!(page, "{more}");
        }
    }
    page.push('\n');
    if look.detail == Detail::Verbose {
        render_files(doctor, look, page);
    }
}

fn cells(start: &Start, look: &Look) -> [String; 3] {
    let go = match start.view.go() {
        Some(found) => {
            let version = found.program.version().map(|v| v.strip_prefix("go").unwrap_or(v));
            format!("{} {}", look.path(&found.program.path), version.unwrap_or("?"))
        }
        None if start.view.has_no_go() => "none: PATH has no go".to_owned(),
        None => "not known".to_owned(),
    };
    let setting = |name: &str| {
        let known = start.view.settings.as_ref().filter(|s| s.program.is_some()).and_then(|s| s.get(name));
        known.map_or_else(|| "-".to_owned(), |s| if s.value.is_empty() { "-".to_owned() } else { look.path(Path::new(&s.value)) })
    };
    [go, setting("GOROOT"), setting("GOPATH")]
}

/// Which files each start reads, and what could not be told.
fn render_files(doctor: &Doctor, look: &Look, page: &mut String) {
    for start in &doctor.here.starts {
        let asked = match &start.asked {
            Asked::Environment(_) => ", asked",
            Asked::No => "",
            Asked::Failed(_) => ", asked in vain",
        };
        let _ = writeln!(page, "{}{asked}", start.kind.as_str());
        for file in &start.files {
            let read = match file.read {
                Some(true) => "reads",
                Some(false) => "skips",
                None => "may read",
            };
            let _ = writeln!(page, "  {read:8}  {}  {}", look.path(Path::new(&text_of(&file.path))), text::sentence(&file.why));
        }
        for u in &start.undecided {
            let at =
                u.at.as_ref().map(|at| format!("{}:{}: ", look.path(Path::new(&text_of(&at.file))), at.line)).unwrap_or_default();
            let _ = writeln!(page, "  not told  {at}{}", text::sentence(&u.what));
        }
        if let Asked::Failed(why) = &start.asked {
            let _ = writeln!(page, "  no answer {}", text::sentence(why));
        }
    }
    page.push('\n');
}

/// The last line.
pub(super) fn render_end(report: &Report, look: &Look, page: &mut String) {
    let found = summary::levels(report.findings.iter());
    let worst = report.findings.iter().map(|f| f.level).max();
    let elapsed = text::duration(report.elapsed);
    let line = match worst {
        Some(Level::Error) => format!("{found}: what `go` runs here is not what it should be"),
        Some(Level::Warning) => format!("{found}: a setting does not take effect everywhere, or a protection is weak"),
        Some(Level::Note) => format!("in order, {found}: looked in {elapsed}"),
        None if look.detail == Detail::Quiet => return,
        None => format!("in order: looked in {elapsed}"),
    };
    for l in text::wrap(&line, look.width) {
        let told = l.strip_prefix(found.as_str()).filter(|_| worst > Some(Level::Note));
        let _ = match (told, worst) {
            (Some(rest), Some(level)) => writeln!(page, "{}{rest}", look.level(level, &found)),
            _ => writeln!(page, "{l}"),
        };
    }
}
