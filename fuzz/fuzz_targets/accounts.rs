//! `/etc/passwd` and `/etc/group`.
#![no_main]

use gocachescan::format::accounts::Accounts;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (passwd, group) = data.split_at(data.len() / 2);
    let accounts = Accounts::parse(passwd, group);
    assert_eq!(accounts, Accounts::parse(passwd, group));
    accounts.only_trusted_in(0, &|uid| uid == 0);
});
