//! Who is trusted with a root: its owner, root, and ourselves.

use crate::format::accounts::Accounts;
use crate::format::acl::Grantee;
use crate::sys;

/// How far a group may be trusted with write access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupTrust {
    /// The owner's own group, root's, or one that nobody else is in.
    Own,
    /// Others are in it, or nobody knows who is.
    Foreign,
}

/// The accounts of this machine and who we are.
#[derive(Debug, Clone)]
pub struct Owners {
    accounts: Accounts,
    /// Who would build from these caches: the effective user of this process, or the one who is looked at.
    pub euid: u32,
    /// The number that stands for users who don't exist in this user namespace; `None` outside of one.
    overflow: Option<u32>,
}

/// Longest account file that is read, in bytes.
const MAX_ACCOUNTS: u64 = 16 << 20;

impl Owners {
    /// The same accounts, as another user than who runs us sees them.
    pub fn seen_by(self, uid: u32) -> Owners {
        Owners { euid: uid, ..self }
    }

    /// Reads the account files of this machine.
    pub fn look() -> Owners {
        let read = |p: &str| sys::read(std::path::Path::new(p), MAX_ACCOUNTS).unwrap_or_default();
        let text = |p: &str| String::from_utf8_lossy(&read(p)).trim().to_owned();
        // All numbers mapped onto themselves: the initial user namespace (user_namespaces(7)).
        let map = text("/proc/self/uid_map");
        let whole = map.is_empty() || map.split_whitespace().collect::<Vec<_>>() == ["0", "0", "4294967295"];
        let overflow = if whole { None } else { text("/proc/sys/kernel/overflowuid").parse().ok() };
        Owners {
            accounts: Accounts::parse(&read("/etc/passwd"), &read("/etc/group")),
            euid: sys::process::effective_uid(),
            overflow,
        }
    }

    /// Every group that a user is in, as far as the account files tell.
    pub fn groups_of(&self, uid: u32, name: &[u8]) -> Vec<u32> {
        self.accounts.groups_of(uid, name)
    }

    /// The names of every group that a user is in.
    pub fn group_names(&self, uid: u32, name: &[u8]) -> Vec<Vec<u8>> {
        self.groups_of(uid, name).iter().filter_map(|gid| self.accounts.group_name(*gid).map(<[u8]>::to_vec)).collect()
    }

    /// Whether `uid` may own what `owner` builds from.
    pub fn trusts(&self, uid: u32, owner: u32) -> bool {
        uid == 0 || uid == owner || uid == self.euid || self.overflow == Some(uid)
    }

    /// Whether `owner` himself is no stranger to us.
    pub fn is_ours(&self, owner: u32) -> bool {
        owner == 0 || owner == self.euid || self.overflow == Some(owner)
    }

    /// Whether an access list lets anybody write whom we have no reason to trust.
    pub fn acl_lets_strangers(&self, writers: &[Grantee]) -> bool {
        writers.iter().any(|writer| match writer {
            Grantee::User(uid) => !self.trusts(*uid, self.euid),
            Grantee::Group(gid) => self.group(*gid, self.euid) == GroupTrust::Foreign,
            Grantee::OwningGroup | Grantee::Others => false,
        })
    }

    /// How far `gid` may be trusted with what `owner` builds from.
    pub fn group(&self, gid: u32, owner: u32) -> GroupTrust {
        let own = gid == 0
            || [owner, self.euid].iter().any(|uid| self.accounts.primary_group(*uid).unwrap_or(*uid) == gid)
            || self.accounts.only_trusted_in(gid, &|uid| self.trusts(uid, owner));
        if own { GroupTrust::Own } else { GroupTrust::Foreign }
    }
}
