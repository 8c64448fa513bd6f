//! Reads each subject once and keeps what the checks need.
