//! The files of a machine that decide an environment.
#![no_main]

use std::sync::Arc;

use gocachescan::format::machine::sudoers::environment::{Mode, sudo_environment};
use gocachescan::format::machine::sudoers::scope::{Call, Settings};
use gocachescan::format::machine::systemd::service::{ServiceEnvironment, manager};
use gocachescan::format::machine::*;
use gocachescan::format::shell::Value;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    let file: Arc<[u8]> = Arc::from(&b"/f"[..]);
    let env = Env::from([(b"A".to_vec(), Value::put(b"1", None)), (b"HOME".to_vec(), Value::put(b"/h", None))]);
    let Some(user) = passwd::parse(b"a:x:1:1::/h:/s").pop() else { return };
    match which % 10 {
        0 => {
            passwd::parse(bytes);
            shells::parse(bytes);
            login_defs::path(&login_defs::parse(bytes, &file), true, login_defs::Reader::UtilLinux);
        }
        1 => {
            pam::uses_env(bytes);
            let mut held = Env::new();
            pam_env::apply(&pam_env::environment(bytes, &file), &mut held);
            pam_env::evaluate(&pam_env::rules(bytes, &file), &mut held, &user);
        }
        2 => drop(environment_d::evaluate(&environment_d::parse(bytes, &file), &env)),
        3 => {
            let settings = systemd::parse(bytes, &file);
            let service = ServiceEnvironment::of(&settings, &[b"Service", b""], &systemd::Specifiers::default());
            service.environment(&env, &env, &env, &|_| Some(bytes.to_vec()));
            manager(&settings);
            systemd::drop_in_folders(bytes);
        }
        4 => {
            let call = Call {
                user: b"a".to_vec(),
                uid: 1,
                gid: 1,
                groups: vec![b"a".to_vec()],
                runas: b"root".to_vec(),
                runas_uid: 0,
                host: b"h".to_vec(),
                command: vec![b"/bin/go".to_vec()],
            };
            let settings = Settings::of(&sudoers::parse(bytes, &file), &call);
            sudo_environment(&settings, &env, &call, &user, Mode::Command, b"/var/mail");
        }
        5 => {
            let tab = crontab::parse(bytes, &file, true, crontab::Cron::Debian);
            crontab::environment(&tab, 3, b"u", b"/h", crontab::Cron::Cronie);
        }
        6 => drop(dockerfile::stages::stages(&dockerfile::parse(bytes), &file, &|_| dockerfile::stages::Base::default())),
        7 => drop(jsonc::parse(bytes)),
        8 => drop(process::environ(bytes)),
        _ => drop((process::users(bytes), cgroup::parse(bytes))),
    }
});
