//! Gathers everything of one user's environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::project::Project;
use super::{Around, Disk, Installation, Lines, Looker, Machine, PathEntry, Start, User, View};
use crate::evidence::owners::Owners;
use crate::format::shell::{At, Value, World};
use crate::locate::{Host, bytes_of};

/// What is to be looked at.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// The folder that system files such as `/etc/profile` lie below: `/`, but in tests.
    pub root: PathBuf,
    /// The process whose environment it is.
    pub host: Host,
    /// Whether shells and `go` may be asked.
    pub exec: bool,
}

/// Gathers everything for who runs us.
pub fn gather(inquiry: &Inquiry) -> Machine {
    let owners = Owners::look();
    let user = User::current(inquiry);
    let disk = Disk::new(&inquiry.root, user.uid, owners.groups_of(user.uid, &user.name), &user.name);
    let looker = Looker::default();
    let env: BTreeMap<Vec<u8>, Vec<u8>> = inquiry.host.env.iter().map(|(n, v)| (bytes_of(n), bytes_of(v))).collect();
    let starts: Vec<Start> = Vec::new();
    let values: BTreeMap<Vec<u8>, Value> = env.iter().map(|(n, v)| (n.clone(), Value::put(v, None))).collect();
    let mut here = looker.view(&values, &inquiry.host.cwd);
    lend_lines(&mut here, &starts);
    let installations = installations(&looker, std::iter::once(&here).chain(starts.iter().map(|s| &s.view)));
    let mut lines = Lines::default();
    for file in files(&starts) {
        if let Ok(text) = disk.read(file) {
            lines.keep(file, &text);
        }
    }
    let mut around = Around::look(&inquiry.root, &user.home, &disk, &looker.programs);
    around.project = Project::look(&here, &inquiry.host.cwd);
    Machine { user, owners, env, here, starts, installations, around, lines }
}

impl User {
    /// Who runs us.
    fn current(inquiry: &Inquiry) -> User {
        let home = inquiry.host.var("HOME").map(PathBuf::from).unwrap_or_default();
        let name = inquiry.host.var("USER").or_else(|| inquiry.host.var("LOGNAME")).map(bytes_of).unwrap_or_default();
        User { name, uid: crate::sys::process::effective_uid(), home, login_shell: None, at: None, is_us: true }
    }
}

/// Files that something came from.
fn files(starts: &[Start]) -> impl Iterator<Item = &[u8]> {
    fn file(at: &At) -> &[u8] {
        &at.file
    }
    starts.iter().flat_map(|s| {
        // Those that are not read too: what they would set is told.
        let read = s.files.iter().map(|f| f.path.as_slice());
        let values = s.env.values().chain(s.kept_back.values()).filter_map(Value::at).map(file);
        read.chain(values).chain(s.undecided.iter().filter_map(|u| u.at.as_ref()).map(file))
    })
}

/// Gives the entries of PATH of this process the lines of the first start that puts the same entry there.
fn lend_lines(here: &mut View, starts: &[Start]) {
    for entry in &mut here.path {
        let same = |e: &&PathEntry| e.text == entry.text && e.at.is_some();
        entry.at = starts.iter().flat_map(|s| &s.view.path).find(same).and_then(|e| e.at.clone());
    }
}

/// The installations behind every `go`.
fn installations<'a>(looker: &Looker, views: impl Iterator<Item = &'a View>) -> Vec<Arc<Installation>> {
    for view in views {
        let named = view.settings.as_ref().and_then(|s| s.path("GOROOT")).map(Path::to_path_buf);
        for root in view.gos.iter().filter_map(|f| f.program.goroot().map(Path::to_path_buf)).chain(named) {
            looker.programs.installation(&root);
        }
    }
    looker.programs.installations()
}
