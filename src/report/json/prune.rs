//! What `prune` tells of the caches.

use serde::Serialize;

use super::{Each, PathView};
use crate::evidence::holdings::Amount;
use crate::evidence::holdings::modules::{Modules, Named};
use crate::evidence::holdings::outputs::{AGES, Outputs};
use crate::report::Pruned;

#[derive(Serialize)]
pub(super) struct PrunedView<'a> {
    build_caches: Each<'a, Outputs, OutputsView>,
    module_caches: Each<'a, Modules, ModulesView>,
    lists: Each<'a, std::path::PathBuf, PathView>,
    without_sums: Each<'a, std::path::PathBuf, PathView>,
}

impl PrunedView<'_> {
    pub(super) fn of(told: &Pruned) -> PrunedView<'_> {
        PrunedView {
            build_caches: Each(&told.caches, OutputsView::of),
            module_caches: Each(&told.modules, ModulesView::of),
            lists: Each(&told.lists, |path| PathView::of(path.as_os_str())),
            without_sums: Each(&told.without_sums, |path| PathView::of(path.as_os_str())),
        }
    }
}

#[derive(Serialize)]
struct AmountView {
    number: u64,
    bytes: u64,
}

impl From<Amount> for AmountView {
    fn from(Amount { number, bytes }: Amount) -> AmountView {
        AmountView { number, bytes }
    }
}

#[derive(Serialize)]
struct KindsView {
    outputs: AmountView,
    programs: AmountView,
    entries: AmountView,
    fuzz: AmountView,
    other: AmountView,
}

#[derive(Serialize)]
struct AgeView {
    within_hours: Option<i64>,
    #[serde(flatten)]
    amount: AmountView,
}

#[derive(Serialize)]
struct OutputsView {
    #[serde(flatten)]
    path: PathView,
    bytes: u64,
    kinds: KindsView,
    last_used: Vec<AgeView>,
    orphans: AmountView,
    dangling: AmountView,
    max_size: Option<u64>,
}

impl OutputsView {
    fn of(o: &Outputs) -> OutputsView {
        let limits = AGES.into_iter().map(Some).chain([None]);
        OutputsView {
            path: PathView::of(o.path.as_os_str()),
            bytes: o.kinds.total().bytes,
            kinds: KindsView {
                outputs: o.kinds.outputs.into(),
                programs: o.kinds.programs.into(),
                entries: o.kinds.entries.into(),
                fuzz: o.kinds.fuzz.into(),
                other: o.kinds.other.into(),
            },
            last_used: limits.zip(o.ages).map(|(within_hours, age)| AgeView { within_hours, amount: age.into() }).collect(),
            orphans: o.orphans.into(),
            dangling: o.dangling.into(),
            max_size: o.max_size,
        }
    }
}

#[derive(Serialize)]
struct ModulesView {
    #[serde(flatten)]
    path: PathView,
    versions: AmountView,
    zips: AmountView,
    trees: AmountView,
    #[serde(skip_serializing_if = "Option::is_none")]
    named: Option<NamedView>,
}

/// Versions by what the lists say of them.
#[derive(Serialize)]
struct NamedView {
    whole: AmountView,
    go_mod: AmountView,
    none: AmountView,
    stays: AmountView,
}

impl ModulesView {
    fn of(m: &Modules) -> ModulesView {
        let view = |Named { whole, go_mod, none, stays }: Named| NamedView {
            whole: whole.into(),
            go_mod: go_mod.into(),
            none: none.into(),
            stays: stays.into(),
        };
        ModulesView {
            path: PathView::of(m.path.as_os_str()),
            versions: m.versions.into(),
            zips: m.zips.into(),
            trees: m.trees.into(),
            named: m.named.map(view),
        }
    }
}
