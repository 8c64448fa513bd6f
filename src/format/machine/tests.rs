//! Random bytes, and random texts of what the formats are made of, make no parser panic.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

/// Every parser and what goes on from its result.
fn all(bytes: &[u8]) {
    let file: Arc<[u8]> = Arc::from(&b"/f"[..]);
    let env = Env::from([(b"A".to_vec(), Value::put(b"1", None))]);
    let accounts = passwd::parse(bytes);
    shells::parse(bytes);
    login_defs::path(&login_defs::parse(bytes, &file), true, login_defs::Reader::UtilLinux);
    pam::uses_env(bytes);
    let mut pam_held = Env::new();
    pam_env::apply(&pam_env::environment(bytes, &file), &mut pam_held);
    if let Some(user) = accounts.first().cloned().or_else(|| passwd::parse(b"a:x:1:1::/h:/s").pop()) {
        pam_env::evaluate(&pam_env::rules(bytes, &file), &mut pam_held, &user);
    }
    environment_d::evaluate(&environment_d::parse(bytes, &file), &env);
    let settings = systemd::parse(bytes, &file);
    let service = systemd::service::ServiceEnvironment::of(&settings, &[b"Service", b""], &systemd::Specifiers::default());
    service.environment(&env, &env, &env, &|_| Some(bytes.to_vec()));
    systemd::service::manager(&settings);
    systemd::drop_in_folders(bytes);
    let tab = crontab::parse(bytes, &file, true, crontab::Cron::Debian);
    crontab::environment(&tab, 3, b"u", b"/h", crontab::Cron::Cronie);
    let items = sudoers::parse(bytes, &file);
    let name = |t: &[u8]| t.to_vec();
    let call = sudoers::scope::Call {
        user: name(b"a"),
        uid: 1,
        gid: 1,
        groups: vec![name(b"a")],
        runas: name(b"root"),
        runas_uid: 0,
        host: name(b"h"),
        command: vec![name(b"/bin/go")],
    };
    let decided = sudoers::scope::Settings::of(&items, &call);
    if let Some(user) = accounts.first() {
        sudoers::environment::sudo_environment(&decided, &env, &call, user, sudoers::environment::Mode::Command, b"/var/mail");
    }
    dockerfile::stages::stages(&dockerfile::parse(bytes), &file, &|_| dockerfile::stages::Base::default());
    let _ = jsonc::parse(bytes);
    process::environ(bytes);
    process::users(bytes);
    cgroup::parse(bytes);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        all(&bytes);
    }

    #[test]
    fn random_words_never_panic(words in proptest::collection::vec(proptest::sample::select(&[
        "A", "=", "+=", "-=", "$A", "${", "}", ":-", ":+", "\\", "\n", "\"", "'", " ", "#", "%", "@", "!", ",", ":", "[Service]",
        "Environment", "EnvironmentFile=-", "ExecStart=", "DEFAULT=", "OVERRIDE=", "@{HOME}", "Defaults", "env_keep", "secure_path",
        "User_Alias", "@include", "FROM ", "AS ", "ENV ", "ARG ", "RUN ", "<<EOF", "EOF", "[\"a\"]", "--mount=", "{", "[", "]", "* ",
        "root", "session ", "pam_env.so", "\u{e9}", "ALL", "(", ")",
    ][..]), 0..80)) {
        all(words.concat().as_bytes());
    }
}
