//! What every action entry is for, and the rules that follow from it.

use std::collections::{HashMap, HashSet};

use super::Seen;
use crate::check::gocache::roles::{Row, Rows, derive};
use crate::check::gocache::{fix_zip, messages, roles};
use crate::evidence::node::Root;
use crate::evidence::tally::Tally;
use crate::facts::{Role, RoleBy};
use crate::format::action::ActionId;

/// The role of each entry that has one.
pub(super) type Told = HashMap<ActionId, (Role, RoleBy)>;

/// Derives the roles and judges what each entry names; counts them.
pub(super) fn judge(seen: &Seen, root: &Root, module_roots: &[Box<[u8]>], tally: &mut Tally) -> Told {
    let rows: Vec<Row<'_>> = derive(Rows { entries: &seen.entries, outputs: &seen.outputs, module_roots });
    // Several entries may name one output: what it holds is told once.
    let mut looked_at = HashSet::new();
    for row in &rows {
        roles::judge(&root.path, row, &mut tally.sink);
        let role = row.role.map(|(role, _)| role);
        if looked_at.insert((row.entry.output, role)) {
            fix_zip::judge(&root.path, row, &mut tally.sink);
            messages::judge(&root.path, row, &mut tally.sink);
        }
        tally.roles.count(row.role);
        // What a result was made from is not known: nothing holds it.
        if row.role == Some((Role::TestResult, RoleBy::Content)) {
            tally.coverage.intact = tally.coverage.intact.saturating_sub(1);
            tally.coverage.unverifiable += 1;
        }
    }
    rows.iter().filter_map(|row| Some((row.entry.action, row.role?))).collect()
}
