//! What an entry is, told from its name and type alone. Total: every entry becomes exactly one subject, strays too.

pub mod gocache;
pub mod modcache;
