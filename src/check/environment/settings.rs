//! Findings on Go's settings that the environment sets, told by the line of the init file that sets them.

use super::Judge;
use crate::finding::{Finding, Mend, Place};
use crate::format::shell::At;
use crate::locate::text_of;

impl Judge<'_> {
    /// Gives a finding on a variable of the environment the line that sets it, where an init file does.
    pub(super) fn place_setting(&self, finding: &mut Finding) {
        let Place::Env(name) = &finding.place else { return };
        let Some(at) = self.line_here(name) else { return };
        self.place_at(finding, at, "an init file", self.edit(at, None));
    }

    /// Gives a finding on a variable the line that sets it, in `by`.
    pub(super) fn place_at(&self, finding: &mut Finding, at: &At, by: &str, mend: Option<Mend>) {
        finding.proof.claimed_by.get_or_insert_with(|| by.to_owned());
        finding.proof.line = Some(u64::from(at.line));
        finding.place = Place::Path(text_of(&at.file).into());
        finding.mend = finding.mend.take().or(mend);
    }
}
