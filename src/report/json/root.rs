//! One root of the report.

use serde::Serialize;

use super::PathView;
use crate::report::{RootReport, Vendored};

/// One root.
#[derive(Serialize)]
pub(super) struct RootView {
    kind: &'static str,
    #[serde(flatten)]
    path: PathView,
    origin: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendored: Option<VendoredView>,
}

/// The files of a vendor folder that hold to the zips of their modules, and those that were not checked, by the reason.
#[derive(Serialize)]
struct VendoredView {
    same: u64,
    no_zip: u64,
    unsound_zip: u64,
    folder: u64,
}

impl RootView {
    pub(super) fn of(r: &RootReport) -> RootView {
        let path = PathView::of(r.path.as_os_str());
        let view = |v: Vendored| VendoredView { same: v.same, no_zip: v.no_zip, unsound_zip: v.unsound_zip, folder: v.folder };
        let (kind, origin, state) = (r.kind.as_str(), r.origin.as_str(), r.state.as_str());
        RootView { kind, path, origin, state, vendored: r.vendored.map(view) }
    }
}
