//! What a command gets that the user starts with `sudo`, as root, by what sudoers says.

use std::sync::Arc;

use super::services::plain;
use super::{Disk, Looker, Start, StartKind, User, login};
use crate::format::machine::passwd::Account;
use crate::format::machine::sudoers::environment::{Mode, add_env_file, add_pam, sudo_environment};
use crate::format::machine::sudoers::scope::{Call, Settings};
use crate::format::machine::sudoers::{Item, is_included, parse};
use crate::format::machine::{Env, pam_env};
use crate::format::shell::{FileSeen, Missing, Undecided, Value, World};

/// How many files may be included one in the other: sudo's own limit (plugins/sudoers/toke.l, MAX_SUDOERS_DEPTH).
const DEPTH: u32 = 128;
/// Longest file of sudoers that is read, in bytes.
const LIMIT: u64 = 1 << 20;
const SUDOERS: &[u8] = b"/etc/sudoers";

/// Files of sudoers, read one in the other.
#[derive(Default)]
struct Reader {
    items: Vec<Item>,
    files: Vec<FileSeen>,
    /// One that we may not read: then nothing is certain.
    denied: bool,
}

/// The start; `None` where there is no sudo. `shell` is the environment of the shell in which sudo is called.
pub fn sudo(
    user: &User,
    groups: &[Vec<u8>],
    root: &Account,
    host: &[u8],
    shell: &Env,
    disk: &Disk,
    looker: &Looker,
) -> Option<Start> {
    disk.state(SUDOERS).filter(|s| s.exists())?;
    let mut reader = Reader::default();
    reader.read(SUDOERS, host, disk, 0);
    let call = Call {
        user: user.name.clone(),
        uid: user.uid,
        gid: user.uid,
        groups: groups.to_vec(),
        runas: root.name.clone(),
        runas_uid: root.uid,
        host: host.split(|b| *b == b'.').next().unwrap_or_default().to_vec(),
        command: vec![b"/usr/bin/env".to_vec()],
    };
    let settings = Settings::of(&reader.items, &call);
    let mut env = sudo_environment(&settings, shell, &call, root, Mode::Command, b"/var/mail");
    for (file, restricted) in [(&settings.restricted_env_file, true), (&settings.env_file, false)] {
        let Some(path) = file.as_ref().and_then(Value::text) else { continue };
        let text = disk.read_up_to(&path, LIMIT).unwrap_or_default();
        let lines = pam_env::environment(&text, &Arc::from(path)).into_iter();
        let values = lines.filter_map(|a| Some((a.name, a.value?)));
        add_env_file(&mut env, &values.collect::<Vec<_>>(), &settings, restricted);
    }
    add_pam(&mut env, &login::session(&["sudo"], &User::of_account(root), disk), &settings, Mode::Command);
    let mut undecided: Vec<Undecided> = settings
        .undecided
        .iter()
        .map(|d| Undecided {
            at: Some(d.at.clone()),
            what: format!("whether `{}` holds for this user", String::from_utf8_lossy(&d.name)),
        })
        .collect();
    if reader.denied {
        env.values_mut().for_each(|v| *v = Value::unknown(None));
        let what = "what sudoers says, which only root may read".to_owned();
        undecided.push(Undecided { at: None, what });
    }
    let start = plain(StartKind::Sudo, env, reader.files, user, looker);
    Some(Start { undecided, ..start })
}

impl Reader {
    fn read(&mut self, path: &[u8], host: &[u8], disk: &Disk, depth: u32) {
        let read = disk.read_up_to(path, LIMIT);
        self.denied |= matches!(read, Err(Missing::Denied | Missing::Unreadable));
        let why = match &read {
            Ok(_) => "read by sudo",
            Err(Missing::Absent) => "not there",
            Err(_) => "we may not read it",
        };
        let seen = if read.is_err() && self.denied { None } else { Some(read.is_ok()) };
        self.files.push(FileSeen { path: path.to_vec(), read: seen, why: why.to_owned(), by: None });
        let Ok(text) = read else { return };
        for item in parse(&text, &Arc::from(path)) {
            match item {
                Item::Include(name, _) if depth < DEPTH => self.read(&beside(path, &name, host), host, disk, depth + 1),
                Item::IncludeFolder(name, _) if depth < DEPTH => {
                    let folder = beside(path, &name, host);
                    let mut names = disk.list(&folder).unwrap_or_default();
                    names.retain(|n| is_included(n));
                    names.sort();
                    for name in names {
                        self.read(&[folder.as_slice(), b"/", &name].concat(), host, disk, depth + 1);
                    }
                }
                Item::Include(..) | Item::IncludeFolder(..) => {}
                other => self.items.push(other),
            }
        }
    }
}

/// A name in an `include`: `%h` is the short host name; without a `/` before it, it lies beside the file.
fn beside(file: &[u8], name: &[u8], host: &[u8]) -> Vec<u8> {
    let short = host.split(|b| *b == b'.').next().unwrap_or_default();
    let mut out = Vec::new();
    let mut rest = name;
    while let Some(at) = rest.windows(2).position(|w| w == b"%h") {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(short);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    if out.starts_with(b"/") {
        return out;
    }
    let folder = file.iter().rposition(|b| *b == b'/').and_then(|at| file.get(..=at)).unwrap_or_default();
    [folder, out.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_found_beside_their_file() {
        assert_eq!(beside(b"/etc/sudoers", b"sudoers.%h", b"pc.example.com"), b"/etc/sudoers.pc");
        assert_eq!(beside(b"/etc/sudoers", b"/x/y", b"pc"), b"/x/y");
    }
}
