//! What starts programs without a shell of the user's: cron and the user's own systemd.

use std::sync::Arc;

use super::shells::of_outcome;
use super::{Disk, Looker, Start, StartKind, User, View, login, units};
use crate::format::machine::crontab::{self, Cron, Job, Line};
use crate::format::machine::{Env, environment_d, systemd};
use crate::format::shell::{At, FileSeen, Outcome, Vars, World};
use crate::locate::bytes_of;

/// Longest crontab that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// PAM's service of Debian's cron, and of cronie.
const CRON_SERVICES: &[&str] = &["cron", "crond"];

/// Programs of Go that jobs and services start.
pub const TOOLS: &[&str] = &["go", "gofmt", "gopls", "dlv"];

/// A job of a crontab, with what it gets.
#[derive(Debug)]
pub struct CronJob {
    /// The job.
    pub job: Job,
    /// Its line.
    pub at: At,
    /// Who runs it.
    pub user: Vec<u8>,
    /// Its environment.
    pub env: Env,
    /// What that leads to.
    pub view: View,
}

impl CronJob {
    /// Whether its line calls a program of Go by name.
    pub fn calls_go(&self) -> bool {
        !called(&String::from_utf8_lossy(&self.job.command())).is_empty()
    }
}

/// Jobs whose settings are looked at, of those that have other ones than the job before.
const JOBS: usize = 200;

/// Jobs that call a program of Go, each with its number and other variables than the one before.
pub fn jobs_of_go(jobs: &[CronJob]) -> impl Iterator<Item = (usize, &CronJob)> {
    let mut last: Option<&Env> = None;
    let calling = jobs.iter().enumerate().filter(|(_, job)| job.calls_go());
    calling.filter(move |(_, job)| last.replace(&job.env) != Some(&job.env)).take(JOBS)
}

/// Every job of the system's crontabs and the user's own; of the system's only those that the user runs.
pub fn cron_jobs(user: &User, disk: &Disk, looker: &Looker) -> Vec<CronJob> {
    let mut files: Vec<(Vec<u8>, bool)> = vec![(b"/etc/crontab".to_vec(), true)];
    let mut drop_ins = disk.list(b"/etc/cron.d").unwrap_or_default();
    drop_ins.sort();
    // Debian's cron passes over names with a dot, cronie over those of packagers; neither reads hidden ones.
    drop_ins.retain(|n| !n.contains(&b'.') && !n.ends_with(b"~"));
    files.extend(drop_ins.iter().map(|n| ([b"/etc/cron.d/", n.as_slice()].concat(), true)));
    for folder in [&b"/var/spool/cron/crontabs/"[..], b"/var/spool/cron/"] {
        files.push(([folder, user.name.as_slice()].concat(), false));
    }
    let cron = if disk.read_up_to(b"/etc/debian_version", LIMIT).is_ok() { Cron::Debian } else { Cron::Cronie };
    let home = bytes_of(user.home.as_os_str());
    let session = login::session(CRON_SERVICES, user, disk);
    let mut out = Vec::new();
    for (path, with_user) in files {
        let Ok(text) = disk.read_up_to(&path, LIMIT) else { continue };
        let file: Arc<[u8]> = Arc::from(path);
        let lines = crontab::parse(&text, &file, with_user, cron);
        for (line, at) in &lines {
            let Line::Job(job) = line else { continue };
            let runs_as = job.user.clone().unwrap_or_else(|| user.name.clone());
            if runs_as != user.name {
                continue;
            }
            // What the crontab and cron itself set wins over PAM (Debian's and cronie's do_command.c, build_env).
            let mut env = session.clone();
            env.extend(crontab::environment(&lines, at.line, &runs_as, &home, cron));
            let view = looker.view(&env, &user.home);
            out.push(CronJob { job: job.clone(), at: at.clone(), user: runs_as, env, view });
        }
    }
    out
}

/// What a job of the user's own crontab begins with, where that sets nothing.
pub fn cron(user: &User, disk: &Disk, looker: &Looker) -> Start {
    let cron = if disk.read_up_to(b"/etc/debian_version", LIMIT).is_ok() { Cron::Debian } else { Cron::Cronie };
    let mut env = login::session(CRON_SERVICES, user, disk);
    env.extend(crontab::environment(&[], 1, &user.name, &bytes_of(user.home.as_os_str()), cron));
    plain(StartKind::Cron, env, Vec::new(), user, looker)
}

/// What units of the user's own systemd begin with: environment.d over what the manager has from its own start.
pub fn systemd_user(user: &User, disk: &Disk, looker: &Looker) -> Option<Start> {
    if !units::is_there(disk) {
        return None;
    }
    let home = bytes_of(user.home.as_os_str());
    let own = [home.as_slice(), b"/.config/environment.d"].concat();
    let folders: Vec<(Vec<u8>, Vec<Vec<u8>>)> = std::iter::once(own)
        .chain(environment_d::USER_FOLDERS.iter().filter(|f| f.starts_with('/')).map(|f| f.as_bytes().to_vec()))
        .map(|folder| {
            let names = disk.list(&folder).unwrap_or_default();
            (folder, names)
        })
        .collect();
    let mut files = Vec::new();
    let mut assignments = Vec::new();
    for listed in environment_d::order(&folders) {
        let path = [listed.folder, b"/", listed.name].concat();
        let text = disk.read_up_to(&path, LIMIT).ok().filter(|_| listed.masked_by.is_none());
        let why = match (listed.masked_by, &text) {
            (Some(by), _) => format!("`{}` has one of the same name", String::from_utf8_lossy(by)),
            (None, Some(_)) => "read by systemd's user manager".to_owned(),
            (None, None) => "can't be read".to_owned(),
        };
        files.push(FileSeen { path: path.clone(), read: Some(text.is_some()), why, by: None });
        if let Some(text) = text {
            assignments.extend(environment_d::parse(&text, &Arc::from(path)));
        }
    }
    let put = |text: &[u8]| crate::format::shell::Value::put(text, None);
    let mut env = Env::from([
        (b"HOME".to_vec(), put(&home)),
        (b"USER".to_vec(), put(&user.name)),
        (b"LOGNAME".to_vec(), put(&user.name)),
        (b"SHELL".to_vec(), put(user.login_shell.as_deref().unwrap_or(b"/bin/sh"))),
    ]);
    // The system's manager starts the user's as a service with a session of PAM's. The user's hands on what it got and what it
    // sets for itself, all but PATH, and lays its own defaults over that (src/core/manager.c `manager_default_environment`).
    let (default, own) = systemd::service::manager(&units::configuration(disk, "user"));
    env.extend(systemd::service::manager(&units::configuration(disk, "system")).0);
    env.extend(login::session(&["systemd-user"], user, disk));
    env.extend(own);
    env.insert(b"PATH".to_vec(), put(systemd::DEFAULT_PATH.as_bytes()));
    env.extend(default);
    env.extend(environment_d::evaluate(&assignments, &env));
    Some(plain(StartKind::SystemdUser, env, files, user, looker))
}

/// A start that no init file of a shell takes part in.
pub fn plain(kind: StartKind, env: Env, files: Vec<FileSeen>, user: &User, looker: &Looker) -> Start {
    let outcome = Outcome { vars: Vars::of_environment(env), files, ..Outcome::default() };
    of_outcome(kind, outcome, &user.home, looker)
}

/// The programs of Go that a line of a shell calls by name alone; none where it sets PATH or reads a file first.
pub fn called(command: &str) -> Vec<&'static str> {
    let mut names = Vec::new();
    for part in command.split([';', '&', '|']) {
        let mut words = part.split_whitespace().skip_while(|w| w.contains('=') && !w.starts_with("PATH="));
        match words.next() {
            Some("." | "source" | "export") => return Vec::new(),
            Some(word) if word.starts_with("PATH=") => return Vec::new(),
            Some(word) => names.extend(TOOLS.iter().copied().find(|t| *t == word)),
            None => {}
        }
    }
    names
}
