//! Mends what a scan found, without losing a byte. The only writer inside a cache.
//!
//! | file | what it does |
//! |---|---|
//! | `unit` | from a finding to the smallest unit that makes Go right again |
//! | `plan` | steps, each with what is there now |
//! | `place` | where quarantines lie, and who works with one |
//! | `journal` | what is about to be done, durable before it is done |
//! | `locks` | Go's own locks |
//! | `transfer` | one node from one folder to another |
//! | `act` | carries out a plan |
//! | `undo` | finishes or rolls back after a kill; puts a run back |
//! | `ledger` | lists, shows, restores and purges runs |
//!
//! Everything is done relative to open folders, with no link followed and never over what is there. What is moved is, at the
//! moment of the move, what was looked at: device, number, size, time and sha256 (of what is healthy, all but the last). Nothing is deleted: only a purge, which a
//! person asks for, deletes, and what it deletes lies in a quarantine.

mod act;
mod journal;
mod ledger;
mod locks;
mod place;
mod plan;
#[cfg(test)]
mod tests;
mod transfer;
mod undo;
mod unit;

pub use act::{Acted, Now, Outcome, Trouble, act};
pub use journal::{RunRecord, Stage, StepRecord};
pub use ledger::{Ledger, Purged, Restored, RunState, RunSummary};
pub use place::{FOLDER, may_have_quarantine};
pub use plan::{Hold, Overtaken, RepairPlan, Scope, Site, Step, Wanted};
