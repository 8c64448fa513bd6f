//! Gathers everything of one user's environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::project::Project;
use super::shells::Origin;
use super::{
    Around, Disk, Installation, Lines, Looker, Machine, Start, User, View, caches, container, editor, login, process, services,
    shells, sudo, target, units,
};
use crate::error::Error;
use crate::evidence::owners::Owners;
use crate::format::machine::passwd::Account;
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
    /// A running process, whose environment is looked at in the place of ours.
    pub pid: Option<u32>,
    /// A Dockerfile, absolute.
    pub dockerfile: Option<PathBuf>,
    /// A binary, absolute.
    pub target: Option<PathBuf>,
}

/// Gathers everything for who runs us.
///
/// # Errors
///
/// The process, Dockerfile or binary that was asked about can't be looked at.
pub fn gather(inquiry: &Inquiry) -> Result<Machine, Error> {
    let owners = Owners::look();
    let user = User::current(inquiry);
    match inquiry.pid {
        Some(pid) => {
            let (process, host) = process::read(pid, &inquiry.root)?;
            let machine = gather_for(&Inquiry { host, ..inquiry.clone() }, user, owners)?;
            Ok(Machine { process: Some(process), ..machine })
        }
        None => gather_for(inquiry, user, owners),
    }
}

/// Gathers everything for who runs us, then for every other account that has a shell and a home folder. Their shells and `go` are
/// not asked: that would run what they wrote with our rights.
///
/// # Errors
///
/// As [`gather`].
pub fn gather_all(inquiry: &Inquiry) -> Result<Vec<Machine>, Error> {
    let us = gather(inquiry)?;
    let (mut seen, owners) = (BTreeSet::from([us.user.uid]), us.owners.clone());
    let mut machines = vec![us];
    let disk = Disk::new(&inquiry.root, 0, Vec::new(), b"");
    for user in login::accounts(inquiry).iter().map(User::of_account) {
        let home = &user.home;
        if user.shell().is_none()
            || home.parent().is_none()
            || !disk.state(&bytes_of(home.as_os_str())).is_some_and(|s| s.folder)
            || !seen.insert(user.uid)
        {
            continue;
        }
        let host = Host { env: BTreeMap::new(), cwd: home.clone() };
        let owners = owners.clone().seen_by(user.uid);
        machines.push(gather_for(&Inquiry { host, exec: false, ..inquiry.clone() }, user, owners)?);
    }
    Ok(machines)
}

/// Variables of ours that a shell in a clean environment is given all the same: they decide which init files it reads.
const HANDED_ON: &[&str] = &["BASH_ENV", "ENV", "ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_DIRS", "LANG"];

fn gather_for(inquiry: &Inquiry, user: User, owners: Owners) -> Result<Machine, Error> {
    let disk = Disk::new(&inquiry.root, user.uid, owners.groups_of(user.uid, &user.name), &user.name);
    let looker = Looker::default();
    let env: BTreeMap<Vec<u8>, Vec<u8>> = inquiry.host.env.iter().map(|(n, v)| (bytes_of(n), bytes_of(v))).collect();
    let handed_on = HANDED_ON.iter().filter(|_| user.is_us).filter_map(|name| {
        let value = inquiry.host.var(name)?;
        Some((name.as_bytes().to_vec(), Value::put(&bytes_of(value), None)))
    });
    let given = process::of_container(&inquiry.root, &disk).map(|host| {
        let values = host.env.iter().map(|(n, v)| (bytes_of(n), Value::put(&bytes_of(v), None)));
        values.collect::<BTreeMap<_, _>>()
    });
    let origin = Origin {
        user: &user,
        disk: &disk,
        env: login::environment(&user, &disk).into_iter().chain(given.clone().unwrap_or_default()).chain(handed_on).collect(),
        exec: inquiry.exec,
        hostname: disk.read_up_to(b"/proc/sys/kernel/hostname", 256).unwrap_or_default().trim_ascii().to_vec(),
    };
    let accounts = login::accounts(inquiry);
    let mut starts = shells::starts(&origin, &looker);
    starts.extend(sudo_start(&user, &accounts, &owners, &origin, &starts, &looker));
    starts.push(services::cron(&user, &disk, &looker));
    let systemd_user = services::systemd_user(&user, &disk, &looker);
    let units = units::units(&user, &accounts, &disk, &looker, &owners, systemd_user.as_ref().map(|s| &s.env));
    starts.extend(systemd_user);
    let container = inquiry.dockerfile.as_deref().map(|file| container::read(file, &disk)).transpose()?;
    starts.extend(container.iter().flat_map(|c| c.starts(&user, &looker)));
    let cron_jobs = services::cron_jobs(&user, &disk, &looker);
    // Another user is not here: what the shell of a login hands on stands for it.
    let (env, values) = match starts.first().filter(|_| !user.is_us) {
        Some(login) => {
            let known = login.env.iter().filter_map(|(n, v)| Some((n.clone(), v.text()?)));
            (known.collect(), login.env.clone())
        }
        None => {
            let values = env.iter().map(|(n, v)| (n.clone(), Value::put(v, None))).collect();
            (env, values)
        }
    };
    let mut here = looker.view(&values, &inquiry.host.cwd);
    let pid = inquiry.pid.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    let belongs = process::belongs(&inquiry.root.join("proc").join(pid));
    // A service reads no init file: its own lines come first.
    let of_unit = units::of(&units, &belongs).filter(|_| user.is_us);
    here.lend_lines(of_unit.iter().flat_map(|u| &u.view.path).chain(starts.iter().flat_map(|s| &s.view.path)));
    let first = given.map(|values| looker.view(&values, &inquiry.host.cwd));
    let views = std::iter::once(&here).chain(starts.iter().map(|s| &s.view)).chain(cron_jobs.iter().map(|j| &j.view));
    let installations = installations(&looker, views);
    let target = inquiry.target.as_deref().map(|path| target::look(path, &here)).transpose()?;
    let mut lines = Lines::default();
    let of_jobs = cron_jobs.iter().map(|j| j.at.file.as_ref());
    let of_units = units
        .iter()
        .flat_map(|u| u.files.iter().map(AsRef::as_ref).chain(u.env.values().filter_map(Value::at).map(|at| at.file.as_ref())));
    for file in files(&starts).chain([b"/etc/passwd".as_slice(), b"/etc/crontab"]).chain(of_jobs).chain(of_units) {
        if let Ok(text) = disk.read(file) {
            lines.keep(file, &text);
        }
    }
    // Which of these zsh reads hangs on ZDOTDIR; what the others would set is told.
    for name in [".zprofile", ".zshrc", ".zlogin"] {
        let path = bytes_of(user.home.join(name).as_os_str());
        if let Ok(text) = disk.read(&path) {
            lines.keep(&path, &text);
        }
    }
    let editor_files = editor::files(&user.home, &inquiry.host.cwd, &disk);
    for path in editor_files.iter().map(|f| &f.path).chain(inquiry.dockerfile.iter()) {
        let path = bytes_of(path.as_os_str());
        if let Ok(text) = disk.read(&path) {
            lines.keep(&path, &text);
        }
    }
    let mut around = Around::look(&inquiry.root, &user.home, &disk, &looker.programs);
    around.look_for_compiled(&starts, &disk);
    around.project = Project::look(&here, &inquiry.host.cwd);
    let caches = here.settings.as_ref().map(|s| caches::look(s, &disk)).unwrap_or_default();
    let process = None;
    Ok(Machine {
        user,
        owners,
        env,
        here,
        starts,
        cron_jobs,
        units,
        installations,
        caches,
        container,
        target,
        process,
        first,
        belongs,
        editor_files,
        around,
        lines,
    })
}

/// What `sudo` makes of the environment of the shell that the user works in: the login shell, interactive.
fn sudo_start(
    user: &User,
    accounts: &[Account],
    owners: &Owners,
    origin: &Origin<'_>,
    starts: &[Start],
    looker: &Looker,
) -> Option<Start> {
    let root = accounts.iter().find(|a| a.uid == 0)?;
    let shell = starts.first().map_or_else(|| origin.env.clone(), |s| s.env.clone());
    let groups = owners.group_names(user.uid, &user.name);
    sudo::sudo(user, &groups, root, &origin.hostname, &shell, origin.disk, looker)
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
