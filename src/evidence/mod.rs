//! Reads each subject once and keeps what the rules need: bytes become evidence here, and nowhere else.

pub mod binary;
pub mod content;
pub mod expect;
pub mod gocache;
pub mod holdings;
pub mod index;
pub mod main_module;
pub mod modcache;
pub mod node;
pub mod online;
pub mod owners;
pub mod settings;
pub mod sumdb;
pub mod tally;
pub mod tree;
pub mod vcs;
pub mod vendor;
pub mod zip;
