//! What Go makes of an entry, as far as its mode is concerned, told from its path alone.

use std::path::Path;

use super::node::Expect;
use super::{tree, vcs};
use crate::place::RootKind;
use crate::subject::gocache::output_of;
use crate::subject::modcache::{Subject, classify, version_of};
use crate::sys::NodeKind;

/// What Go makes of the entry at `rel` of a root of this kind.
pub fn expect(kind: RootKind, rel: &Path) -> Expect {
    match kind {
        // The program in an executable directory.
        RootKind::Gocache if output_of(rel).is_some() && rel.iter().count() > 2 => Expect::Program,
        RootKind::Gomodcache => match classify(rel, NodeKind::File) {
            Subject::InRepo(_) => vcs::expect(rel),
            Subject::InModule => version_of(rel)
                .filter(|name| rel.strip_prefix(name.tree()).is_ok_and(|inner| tree::may_be_executed(&name.path, inner)))
                .map_or(Expect::Plain, |_| Expect::Program),
            _ => Expect::Plain,
        },
        RootKind::Gobin | RootKind::Binary => Expect::Others,
        _ => Expect::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_where_go_makes_them() {
        let id = format!("ab/{}-d", "ab".repeat(32));
        let of = |kind, rel: &str| expect(kind, Path::new(rel));
        assert_eq!(of(RootKind::Gocache, &id), Expect::Plain);
        assert_eq!(of(RootKind::Gocache, &format!("{id}/tool")), Expect::Program);
        assert_eq!(of(RootKind::Gocache, "fuzz/a/b"), Expect::Plain);
        let toolchain = "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64";
        assert_eq!(of(RootKind::Gomodcache, &format!("{toolchain}/bin/go")), Expect::Program);
        assert_eq!(of(RootKind::Gomodcache, &format!("{toolchain}/src/x.go")), Expect::Plain);
        assert_eq!(of(RootKind::Gomodcache, "a.b/c@v1.0.0/bin/go"), Expect::Plain);
        assert_eq!(of(RootKind::Gobin, "tool"), Expect::Others);
    }
}
