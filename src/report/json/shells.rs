//! Ways of starting a shell, as `doctor` tells them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Each, PathView};
use crate::environment::{Asked, Start, told};
use crate::format::shell::{FileSeen, Undecided};
use crate::locate::text_of;
use crate::report::{Doctor, Person, text};

/// Which `go` it is for another user.
#[derive(Serialize)]
pub(super) struct AnswerView<'a> {
    user: String,
    answer: &'a str,
}

impl AnswerView<'_> {
    pub(super) fn of(person: &Person) -> AnswerView<'_> {
        AnswerView { user: text::lossless(&text_of(&person.name)).0, answer: &person.answer.sentence }
    }
}

#[derive(Serialize)]
pub(super) struct StartView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    start: String,
    files: Each<'a, FileSeen, FileView<'a>>,
    predicted: BTreeMap<String, String>,
    asked: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_asked: Option<&'a str>,
    undecided: Vec<String>,
    go: Option<GoView>,
}

impl StartView<'_> {
    /// Those of who runs us, then those of each other user.
    pub(super) fn all(doctor: &Doctor) -> impl Iterator<Item = StartView<'_>> {
        let others = doctor.others.iter().flat_map(|p| p.starts.iter().map(move |s| StartView::of(Some(p), s)));
        doctor.here.starts.iter().map(|s| StartView::of(None, s)).chain(others)
    }

    fn of<'a>(person: Option<&Person>, start: &'a Start) -> StartView<'a> {
        let lossless = |bytes: &[u8]| text::lossless(&text_of(bytes)).0;
        let known = start.env.iter().filter(|(name, _)| told(name));
        let asked = match &start.asked {
            Asked::Environment(env) => {
                Some(env.iter().filter(|(n, _)| told(n)).map(|(n, v)| (lossless(n), lossless(v))).collect())
            }
            Asked::No | Asked::Failed(_) => None,
        };
        StartView {
            user: person.map(|p| lossless(&p.name)),
            start: start.kind.as_str(),
            files: Each(&start.files, FileView::of),
            predicted: known.filter_map(|(n, v)| Some((lossless(n), lossless(&v.text()?)))).collect(),
            asked,
            not_asked: if let Asked::Failed(why) = &start.asked { Some(why) } else { None },
            undecided: start.undecided.iter().map(undecided).collect(),
            go: start.view.go().map(|found| GoView {
                path: PathView::of(found.program.path.as_os_str()),
                version: found.program.version().map(|v| v.strip_prefix("go").unwrap_or(v).to_owned()),
            }),
        }
    }
}

fn undecided(u: &Undecided) -> String {
    match &u.at {
        Some(at) => format!("{}:{}: {}", text::lossless(&text_of(&at.file)).0, at.line, u.what),
        None => u.what.clone(),
    }
}

#[derive(Serialize)]
pub(super) struct FileView<'a> {
    #[serde(flatten)]
    path: PathView,
    read: Option<bool>,
    why: &'a str,
}

impl FileView<'_> {
    fn of(file: &FileSeen) -> FileView<'_> {
        FileView { path: PathView::of(&text_of(&file.path)), read: file.read, why: &file.why }
    }
}

#[derive(Serialize)]
struct GoView {
    #[serde(flatten)]
    path: PathView,
    version: Option<String>,
}
