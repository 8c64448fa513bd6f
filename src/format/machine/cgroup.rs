//! `/proc/PID/cgroup` (cgroups(7), systemd's docs/CONTROL_GROUP_INTERFACE.md; src/basic/cgroup-util.c `cg_path_get_unit`): which unit
//! or container a process belongs to.

use super::lines;

/// Where a process belongs, as far as the names tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Belongs {
    /// The path of the unified hierarchy, or of systemd's own; empty where neither is there.
    pub path: Vec<u8>,
    /// The system's unit: the first service or scope on the way, such as `user@1000.service` or `session-3.scope`.
    pub unit: Option<Vec<u8>>,
    /// The unit of a user's manager: the first service or scope below `user@UID.service`.
    pub user_unit: Option<Vec<u8>>,
    /// The name of what looks like a container: 64 hexadecimal digits, as Docker, Podman and containerd give them.
    pub container: Option<Vec<u8>>,
}

/// Reads the lines `NUMBER:CONTROLLERS:PATH`.
pub fn parse(bytes: &[u8]) -> Belongs {
    let mut path: &[u8] = b"";
    for (_, text) in lines(bytes) {
        let mut fields = text.splitn(3, |b| *b == b':');
        let (Some(_), Some(controllers), Some(this)) = (fields.next(), fields.next(), fields.next()) else { continue };
        if controllers.is_empty() && path.is_empty() || controllers == b"name=systemd" {
            path = this;
        }
    }
    let mut out = Belongs { path: path.to_vec(), ..Belongs::default() };
    let mut in_user = false;
    for part in path.split(|b| *b == b'/') {
        // A name that would look like a file of the kernel has a `_` before it.
        let part = part.strip_prefix(b"_").unwrap_or(part);
        if part.ends_with(b".service") || part.ends_with(b".scope") {
            let slot = if in_user { &mut out.user_unit } else { &mut out.unit };
            in_user |= slot.is_none() && part.starts_with(b"user@");
            slot.get_or_insert_with(|| part.to_vec());
        }
        let stem = part.strip_suffix(b".scope").unwrap_or(part);
        let id = stem.rsplit(|b| *b == b'-' || *b == b':').next().unwrap_or_default();
        if id.len() == 64 && id.iter().all(u8::is_ascii_hexdigit) {
            out.container = Some(id.to_vec());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (Option<String>, Option<String>, bool) {
        let s = |v: Option<Vec<u8>>| v.map(|v| String::from_utf8(v).unwrap());
        let b = parse(text.as_bytes());
        (s(b.unit), s(b.user_unit), b.container.is_some())
    }

    #[test]
    fn units_and_containers_are_told() {
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(told("0::/system.slice/cron.service\n"), (some("cron.service"), None, false));
        assert_eq!(told("0::/user.slice/user-1000.slice/session-3.scope\n"), (some("session-3.scope"), None, false));
        assert_eq!(
            told("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-code.scope/x\n"),
            (some("user@1000.service"), some("app-code.scope"), false)
        );
        let id = "0123456789abcdef".repeat(4);
        let scope = format!("docker-{id}.scope");
        assert_eq!(told(&format!("12:cpu:/x\n1:name=systemd:/system.slice/{scope}\n")), (some(&scope), None, true));
        assert_eq!(told(&format!("0::/docker/{id}")), (None, None, true));
        assert_eq!(told("0::/\n"), (None, None, false));
    }
}
