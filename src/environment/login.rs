//! Who it is about, and the environment that a login begins with, before any init file of a shell.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Disk, Inquiry, User};
use crate::format::machine::pam::{self, PamEnvUse, Step};
use crate::format::machine::passwd::{self, Account};
use crate::format::machine::{Env, login_defs, pam_env};
use crate::format::shell::{At, Value};
use crate::locate::{bytes_of, text_of};
use crate::sys;

/// Longest file of a machine's settings that is read, in bytes: `/etc/passwd` of a big one has some megabytes.
const LIMIT: u64 = 16 << 20;
const PASSWD: &[u8] = b"/etc/passwd";
/// How deep service files of PAM may include each other: Linux-PAM's own limit is 32 (`PAM_SUBSTACK_MAX_LEVEL`).
const INCLUDES: u32 = 16;
/// Services that a login goes through; the first that is there.
const LOGIN_SERVICES: &[&str] = &["login", "sshd", "system-login", "common-session", "su-l"];

impl User {
    /// Who runs us: by its number in `/etc/passwd`, with the home folder that it has in its environment.
    pub fn current(inquiry: &Inquiry) -> User {
        let uid = sys::process::effective_uid();
        let all = accounts(inquiry);
        let named = inquiry.host.var("USER").or_else(|| inquiry.host.var("LOGNAME")).map(bytes_of).unwrap_or_default();
        // Several names may have one number.
        let account = all.iter().find(|a| a.uid == uid && a.name == named).or_else(|| all.iter().find(|a| a.uid == uid));
        let home = inquiry.host.var("HOME").map(PathBuf::from);
        User {
            name: account.map_or(named, |a| a.name.clone()),
            uid,
            home: home.or_else(|| account.map(|a| PathBuf::from(text_of(&a.home)))).unwrap_or_default(),
            login_shell: account.map(|a| a.login_shell().to_vec()),
            at: account.map(|a| At { file: Arc::from(PASSWD), line: a.line }),
            is_us: true,
        }
    }

    /// Who has an account, as its line in `/etc/passwd` tells.
    pub fn of_account(account: &Account) -> User {
        User {
            name: account.name.clone(),
            uid: account.uid,
            home: PathBuf::from(text_of(&account.home)),
            login_shell: Some(account.login_shell().to_vec()),
            at: Some(At { file: Arc::from(PASSWD), line: account.line }),
            is_us: false,
        }
    }

    fn account(&self) -> Account {
        Account {
            name: self.name.clone(),
            uid: self.uid,
            gid: 0,
            home: bytes_of(self.home.as_os_str()),
            shell: self.login_shell.clone().unwrap_or_default(),
            line: self.at.as_ref().map_or(0, |a| a.line),
        }
    }
}

/// The accounts of this machine.
pub fn accounts(inquiry: &Inquiry) -> Vec<Account> {
    let root = Disk::new(&inquiry.root, 0, Vec::new(), b"");
    passwd::parse(&root.read_up_to(PASSWD, LIMIT).unwrap_or_default())
}

/// The environment that a login of `user` begins with.
pub fn environment(user: &User, disk: &Disk) -> Env {
    let home = bytes_of(user.home.as_os_str());
    let shell = user.login_shell.clone().unwrap_or_else(|| b"/bin/sh".to_vec());
    let put = |text: &[u8]| Value::put(text, None);
    let mut env = Env::from([
        (b"HOME".to_vec(), put(&home)),
        (b"USER".to_vec(), put(&user.name)),
        (b"LOGNAME".to_vec(), put(&user.name)),
        (b"SHELL".to_vec(), put(&shell)),
        (b"TERM".to_vec(), put(b"dumb")),
    ]);
    let file: Arc<[u8]> = Arc::from(&b"/etc/login.defs"[..]);
    let settings = login_defs::parse(&disk.read_up_to(&file, LIMIT).unwrap_or_default(), &file);
    // Debian has shadow's login, which knows no other name for root's PATH; others have util-linux's.
    let debian = disk.read_up_to(b"/etc/debian_version", LIMIT).is_ok();
    let reader = if debian { login_defs::Reader::Shadow } else { login_defs::Reader::UtilLinux };
    env.insert(b"PATH".to_vec(), login_defs::path(&settings, user.uid == 0, reader));
    for service in LOGIN_SERVICES {
        let path = [b"/etc/pam.d/", service.as_bytes()].concat();
        if let Ok(text) = disk.read_up_to(&path, LIMIT) {
            pam_files(&text, user, disk, &mut env, 0);
            return env;
        }
    }
    // No PAM: what reads it then (a container's tools, busybox) reads nothing.
    env
}

/// What `pam_env` sets for a session of `user`, by the first of the services that is there.
pub fn session(services: &[&str], user: &User, disk: &Disk) -> Env {
    let mut env = Env::new();
    let texts = services.iter().map(|name| [b"/etc/pam.d/", name.as_bytes()].concat());
    if let Some(text) = texts.into_iter().find_map(|path| disk.read_up_to(&path, LIMIT).ok()) {
        pam_files(&text, user, disk, &mut env, 0);
    }
    env
}

/// What `pam_env` sets in the course of a service.
fn pam_files(service: &[u8], user: &User, disk: &Disk, env: &mut Env, depth: u32) {
    for (step, _) in pam::uses_env(service) {
        match step {
            Step::Env(call) => pam_env_call(&call, user, disk, env),
            Step::Include(name) if depth < INCLUDES => {
                if let Ok(text) = disk.read_up_to(&[b"/etc/pam.d/", name.as_slice()].concat(), LIMIT) {
                    pam_files(&text, user, disk, env, depth + 1);
                }
            }
            Step::Include(_) => {}
        }
    }
}

fn pam_env_call(call: &PamEnvUse, user: &User, disk: &Disk, env: &mut Env) {
    let account = user.account();
    let read = |path: &[u8]| disk.read_up_to(path, LIMIT).ok().map(|text| (text, Arc::<[u8]>::from(path)));
    let conf = call.conffile.as_deref().unwrap_or(b"/etc/security/pam_env.conf");
    if let Some((text, file)) = read(conf) {
        pam_env::evaluate(&pam_env::rules(&text, &file), env, &account);
    }
    if call.readenv
        && let Some((text, file)) = read(call.envfile.as_deref().unwrap_or(b"/etc/environment"))
    {
        pam_env::apply(&pam_env::environment(&text, &file), env);
    }
    if call.user_readenv {
        let name = call.user_envfile.as_deref().unwrap_or(b".pam_environment");
        if let Some((text, file)) = read(&[account.home.as_slice(), b"/", name].concat()) {
            pam_env::evaluate(&pam_env::rules(&text, &file), env, &account);
        }
    }
}
