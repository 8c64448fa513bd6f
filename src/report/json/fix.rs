//! What a repair did, or would do.

use serde::Serialize;

use super::{Each, PathView};
use crate::report::{FixReport, FixStep};

#[derive(Serialize)]
pub(super) struct FixView<'a> {
    run: Option<&'a str>,
    dry_run: bool,
    steps: Each<'a, FixStep, StepView<'a>>,
    bytes: u64,
}

impl FixView<'_> {
    pub(super) fn of(fix: &FixReport) -> FixView<'_> {
        FixView { run: fix.run.as_deref(), dry_run: fix.dry_run, steps: Each(&fix.steps, StepView::of), bytes: fix.bytes() }
    }
}

#[derive(Serialize)]
struct StepView<'a> {
    act: &'a str,
    #[serde(flatten)]
    path: PathView,
    rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    bytes: u64,
    then: &'a str,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl StepView<'_> {
    fn of(s: &FixStep) -> StepView<'_> {
        StepView {
            act: s.act.as_str(),
            path: PathView::of(s.path.as_os_str()),
            rule: s.rule,
            mode: s.mode.map(|m| format!("{m:04o}")),
            bytes: s.bytes,
            then: s.then,
            done: s.done,
            error: s.error.as_deref(),
        }
    }
}
