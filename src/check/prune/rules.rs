//! The rules of `prune`. A scan tells none of them: what they find is healthy.

use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

/// The rules that `prune` alone tells.
pub const RULES: &[&Rule] = &[&BUILD_CACHE_OVER_SIZE, &OUTPUT_ORPHAN, &MODULE_UNUSED];

/// An output that was used longest ago, in a cache that is larger than asked for.
pub static BUILD_CACHE_OVER_SIZE: Rule = Rule {
    id: "build-cache-over-size",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "the build cache is larger than --max-size, and this was used longest ago",
    what: "`prune --max-size` alone tells it. Outputs in the order of their last use, which is the latest time of the output and of every action entry that \
           names it, until the rest is no larger than asked for. What was noted as used within two hours stays: Go notes a use at most once an hour. \
           The fuzz corpus stays, too.",
    why: "Go bounds the age of what it keeps, to five days without use, and no size: a cache that many projects build into fills its disk.",
    go: "Builds what it misses anew.",
    mend: "`gocachescan prune --max-size SIZE` moves them to quarantine; `gocachescan quarantine purge RUN` then frees the disk.",
    source: "cmd/go/internal/cache/cache.go (Trim, markUsed)",
    witness: |s| {
        s.prune.max_size = Some(s.build_cache_bytes() - 1);
        s.used_hours_ago(&s.an_action()?, 72)?;
        s.used_hours_ago(&s.an_output()?, 48)?;
        Ok(Sample::place(&s.an_output()?))
    },
};

/// An output that no action entry names.
pub static OUTPUT_ORPHAN: Rule = Rule {
    id: "output-orphan",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "no action entry names this output",
    what: "`prune --orphans` and `prune --max-size` alone tell it. Outputs whose ID stands in no action entry that Go would use, not touched for two hours.",
    why: "Go finds outputs through action entries: nothing leads to this one any more. An action that gave another output the second time leaves one, so do a \
          trim and a build that was killed.",
    go: "Never looks at it, unless a build makes the very same once more; trims it after five days.",
    mend: "`gocachescan prune --orphans` moves them to quarantine; `gocachescan quarantine purge RUN` then frees the disk.",
    source: "cmd/go/internal/cache/cache.go (Get, Put, Trim)",
    witness: |s| {
        s.prune.orphans = true;
        let path = s.put_orphan(b"./older.go\n")?;
        s.used_hours_ago(&path, 48)?;
        Ok(Sample::place(&path))
    },
};

/// A module version that no list names.
pub static MODULE_UNUSED: Rule = Rule {
    id: "module-unused",
    level: Level::Note,
    kind: Kind::Hygiene,
    fix: Fix::Quarantine,
    summary: "no go.sum of those that were named lists this module version",
    what: "`prune --used-by` alone tells it. Every version against the lines of the go.sum and go.work.sum files that were named: one whose zip has a line stays \
           whole, of one whose go.mod alone has a line the zip and the extracted directory go, of every other all but the lock. Toolchains, golang.org/fips140, \
           cached repositories, version lists and the checksum database stay.",
    why: "Go never removes a single module: a cache that is saved and restored only grows.",
    go: "Fetches what it misses again. It opens the zip of a module only where go.sum has its sum, and go.mod files only where go.sum has theirs.",
    mend: "`gocachescan prune --used-by PATH` moves them to quarantine; name every main module that builds from this cache. `gocachescan quarantine purge RUN` then \
           frees the disk.",
    source: "cmd/go/internal/modload/import.go (fetch, mustHaveSums), cmd/go/internal/modfetch/fetch.go (HaveSum)",
    witness: |s| {
        let list = s.root().join("other/go.sum");
        s.write(&list, b"example.com/other v1.0.0 h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=\n")?;
        s.prune.used_by = vec![list];
        Ok(Sample::place(&s.tree()))
    },
};
