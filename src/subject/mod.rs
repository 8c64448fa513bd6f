//! What an entry is, told from its name and type alone. Total: every entry becomes exactly one subject, strays too.

pub mod gocache;
pub mod modcache;

/// Names that systems and backup tools leave in any folder.
pub fn is_litter(name: &str) -> bool {
    matches!(name, "lost+found" | ".DS_Store" | "CACHEDIR.TAG" | ".directory" | "Thumbs.db" | "desktop.ini")
        || matches!(name, ".Spotlight-V100" | ".fseventsd" | ".Trashes" | ".TemporaryItems")
        || name.starts_with(".nfs")
        || name.starts_with("._")
}
