//! Reads each subject exactly once and keeps what the rules need.

pub mod binary;
