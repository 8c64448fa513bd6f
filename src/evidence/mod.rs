//! Reads each subject once and keeps what the rules need: bytes become evidence here, and nowhere else.

pub mod gocache;
pub mod node;
pub mod owners;
pub mod tally;
//! Reads each subject once and keeps what the checks need.
//! Reads each subject exactly once and keeps what the rules need.

pub mod binary;
