//! `/etc/passwd` and `/etc/group`: who is in which group (passwd(5), group(5)).

use std::collections::{BTreeMap, BTreeSet};

use super::machine::passwd::{self, number};

/// Users and groups of this machine, as far as the two files tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// User name and primary group by user number.
    users: BTreeMap<u32, (Vec<u8>, u32)>,
    /// Names of the groups by number.
    names: BTreeMap<u32, Vec<u8>>,
    /// Names of the listed members by group number.
    groups: BTreeMap<u32, BTreeSet<Vec<u8>>>,
}

impl Accounts {
    /// Reads both texts; lines of another shape are passed over, as the C library does.
    pub fn parse(passwd: &[u8], group: &[u8]) -> Accounts {
        let mut accounts = Accounts::default();
        for account in passwd::parse(passwd) {
            accounts.users.entry(account.uid).or_insert((account.name, account.gid));
        }
        for line in group.split(|b| *b == b'\n') {
            let fields: Vec<&[u8]> = line.split(|b| *b == b':').collect();
            if let [name, _, gid, members, ..] = fields.as_slice()
                && let Some(gid) = number(gid)
            {
                let listed = members.split(|b| *b == b',').filter(|m| !m.is_empty()).map(<[u8]>::to_vec);
                accounts.groups.entry(gid).or_default().extend(listed);
                accounts.names.entry(gid).or_insert_with(|| name.to_vec());
            }
        }
        accounts
    }

    /// The primary group of a user.
    pub fn primary_group(&self, uid: u32) -> Option<u32> {
        self.users.get(&uid).map(|(_, gid)| *gid)
    }

    /// Every group that a user is in.
    pub fn groups_of(&self, uid: u32, name: &[u8]) -> Vec<u32> {
        let listed = self.groups.iter().filter(|(_, members)| members.contains(name)).map(|(gid, _)| *gid);
        self.primary_group(uid).into_iter().chain(listed).collect()
    }

    /// The name of a group.
    pub fn group_name(&self, gid: u32) -> Option<&[u8]> {
        self.names.get(&gid).map(Vec::as_slice)
    }

    /// Whether the group is known and nobody but `trusted` users is in it, as listed member or by primary group.
    pub fn only_trusted_in(&self, gid: u32, trusted: &dyn Fn(u32) -> bool) -> bool {
        let Some(listed) = self.groups.get(&gid) else { return false };
        let known: BTreeSet<&[u8]> =
            self.users.iter().filter(|(uid, _)| trusted(**uid)).map(|(_, (n, _))| n.as_slice()).collect();
        listed.iter().all(|name| known.contains(name.as_slice()))
            && self.users.iter().all(|(uid, (_, primary))| *primary != gid || trusted(*uid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &[u8] =
        b"root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:50::/:/bin/sh\nbroken\n";
    const GROUP: &[u8] = b"root:x:0:\nann:x:1000:\nshared:x:60:ann,bob\nstaff:x:50:\nnobody-in:x:70:\n";

    #[test]
    fn groups_are_told_by_who_is_in_them() {
        let a = Accounts::parse(PASSWD, GROUP);
        let ann = |uid| uid == 0 || uid == 1000;
        assert_eq!(a.primary_group(1000), Some(1000));
        assert_eq!(a.groups_of(1001, b"bob"), [50, 60]);
        assert!(a.only_trusted_in(1000, &ann));
        assert!(a.only_trusted_in(70, &ann), "a group without members harms nobody");
        assert!(!a.only_trusted_in(60, &ann), "bob is listed");
        assert!(!a.only_trusted_in(50, &ann), "bob has it as primary group");
        assert!(!a.only_trusted_in(999, &ann), "an unknown group may hold anybody");
    }
}
