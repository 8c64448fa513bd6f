//! The way to a file: every folder and link that the system goes through, in order.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::{NodeKind, Stat, lstat, read_link};

/// How many links a way may hold: Linux gives up after 40, Go's EvalSymlinks after 255.
const MAX_LINKS: usize = 255;

/// One node on a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its path, reached without a link: a link stands here under the resolved path of its folder.
    pub path: PathBuf,
    /// Its own state; a link's, not its target's.
    pub stat: Stat,
}

/// All that is passed on the way to a path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// From `/` on: folders, links, and the folders on the way to the targets of the links.
    pub steps: Vec<Step>,
    /// The path without links, as far as it exists.
    pub end: PathBuf,
    /// Why it ends early; `None` where the last step is what the path names.
    pub broken: Option<io::ErrorKind>,
}

impl Way {
    /// What the path names, if it exists.
    pub fn target(&self) -> Option<&Step> {
        if self.broken.is_none() { self.steps.last() } else { None }
    }

    /// The links on the way.
    pub fn links(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|s| s.stat.kind == NodeKind::Link)
    }
}

/// Follows the absolute `path` step by step, links included.
pub fn way(path: &Path) -> Way {
    let mut way = Way::default();
    // What is still to go, the next part last.
    let mut rest: Vec<PathBuf> = Vec::new();
    push_parts(&mut rest, path);
    let mut links = 0;
    while let Some(part) = rest.pop() {
        match part.components().next() {
            Some(Component::CurDir) | None => continue,
            Some(Component::ParentDir) => {
                way.end.pop();
                continue;
            }
            Some(Component::Normal(name)) => way.end.push(name),
            // A root replaces all before it; on Windows it completes a drive.
            Some(root) => way.end.push(root),
        }
        let stat = match lstat(&way.end) {
            Ok(stat) => stat,
            Err(e) => {
                way.broken = Some(e.kind());
                return way;
            }
        };
        way.steps.push(Step { path: way.end.clone(), stat });
        if stat.kind == NodeKind::Link {
            links += 1;
            let target = if links > MAX_LINKS { None } else { read_link(&way.end).ok() };
            let Some(target) = target else {
                way.broken = Some(io::ErrorKind::InvalidInput);
                return way;
            };
            way.end.pop();
            push_parts(&mut rest, &target);
        } else if stat.kind != NodeKind::Dir && !rest.is_empty() {
            way.broken = Some(io::ErrorKind::NotADirectory);
            return way;
        }
    }
    way
}

fn push_parts(rest: &mut Vec<PathBuf>, path: &Path) {
    let parts: Vec<PathBuf> = path.components().map(|c| PathBuf::from(c.as_os_str())).collect();
    rest.extend(parts.into_iter().rev());
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn follows_links_and_stops_at_loops() {
        let dir = tempfile::tempdir().unwrap();
        let base = way(dir.path()).end;
        std::fs::create_dir_all(base.join("real/bin")).unwrap();
        super::super::write_file(&base.join("real/bin/go"), b"x").unwrap();
        super::super::symlink(Path::new("real"), &base.join("link")).unwrap();
        super::super::symlink(Path::new("../link/bin/go"), &base.join("real/go")).unwrap();
        let w = way(&base.join("real/go"));
        assert_eq!(w.end, base.join("real/bin/go"));
        assert_eq!(w.links().map(|s| s.path.clone()).collect::<Vec<_>>(), [base.join("real/go"), base.join("link")]);
        assert_eq!(w.target().unwrap().stat.kind, NodeKind::File);
        super::super::symlink(Path::new("loop"), &base.join("loop")).unwrap();
        assert!(way(&base.join("loop/x")).broken.is_some());
        let missing = way(&base.join("link/none/x"));
        assert_eq!((missing.broken, missing.end), (Some(io::ErrorKind::NotFound), base.join("real/none")));
        assert!(way(&base.join("real/bin/go/x")).target().is_none());
    }
}
