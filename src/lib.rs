//! Tells whether Go's build cache, module cache and installed binaries can be trusted, what exactly is wrong, and how to mend it.

pub mod check;
pub mod cli;
pub mod count;
pub mod environment;
pub mod error;
pub mod evidence;
pub mod facts;
pub mod finding;
pub mod format;
pub mod locate;
pub mod net;
pub mod place;
pub mod plan;
pub mod policy;
pub mod remote;
#[cfg(unix)]
pub mod repair;
pub mod report;
pub mod rule;
pub mod sample;
pub mod scan;
pub mod subject;
pub mod sys;
mod word;
