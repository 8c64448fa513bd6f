//! The catalogue: one file a subject, which holds its rules, each with explanation and witness, and one pure function.

pub mod gocache;
pub mod posture;
pub mod binary;

use crate::rule::Rule;

/// Every rule, in the order of the rooms.
pub fn catalogue() -> impl Iterator<Item = &'static Rule> {
    let groups: &[&[&[&Rule]]] = &[&[posture::RULES], gocache::RULES];
    groups.iter().copied().flatten().copied().flatten().copied()
    let groups: &[&[&Rule]] = &[binary::RULES];
    groups.iter().copied().flatten().copied()
}

/// The rule called `id`.
pub fn rule(id: &str) -> Option<&'static Rule> {
    catalogue().find(|r| r.id == id)
}
