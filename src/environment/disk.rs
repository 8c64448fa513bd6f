//! The machine as its shells see it: files through the eyes of one user, and the few commands whose answer is known without
//! running them.

use std::io;
use std::path::{Path, PathBuf};

use crate::format::shell::{Missing, NodeState, World};
use crate::locate::{self, Flags, Host, bytes_of, text_of};
use crate::sys::{self, NodeKind, Stat};

/// Longest init file that is read, in bytes. Long ones have some hundred kilobytes.
pub const INIT_LIMIT: u64 = 1 << 20;

/// The machine through the eyes of one user.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
    uid: u32,
    groups: Vec<u32>,
    user: Vec<u8>,
}

impl Disk {
    /// The machine whose files lie below `root`, which is `/` but in tests. `groups` are all that the user is in. Paths that lie
    /// below `root` as they are stand for themselves.
    pub fn new(root: &Path, uid: u32, groups: Vec<u32>, user: &[u8]) -> Disk {
        Disk { root: root.to_path_buf(), uid, groups, user: user.to_vec() }
    }

    /// Where a path of the machine lies on this system.
    pub fn place(&self, path: &[u8]) -> PathBuf {
        let path = PathBuf::from(text_of(path));
        if self.root == Path::new("/") || path.starts_with(&self.root) || !path.is_absolute() {
            return path;
        }
        self.root.join(path.strip_prefix("/").unwrap_or(&path))
    }

    /// Whether the user may read (4), write (2) or execute (1) what has this state.
    pub fn may(&self, stat: &Stat, bit: u32) -> bool {
        if self.uid == 0 {
            return bit != 1 || stat.kind == NodeKind::Dir || stat.executable();
        }
        let shift = if stat.uid == self.uid {
            6
        } else if self.groups.contains(&stat.gid) {
            3
        } else {
            0
        };
        (stat.mode >> shift) & bit != 0
    }

    /// The bytes of a small file, as the user sees it.
    ///
    /// # Errors
    ///
    /// Why they can't be told.
    pub fn read_up_to(&self, path: &[u8], limit: u64) -> Result<Vec<u8>, Missing> {
        let path = self.place(path);
        let stat = sys::stat(&path).map_err(|e| missing(&e))?;
        match stat.kind {
            NodeKind::Dir => return Err(Missing::Folder),
            NodeKind::File if self.may(&stat, 4) => {}
            NodeKind::File => return Err(Missing::Denied),
            _ => return Err(Missing::Unreadable),
        }
        sys::read(&path, limit).map_err(|e| missing(&e))
    }

    fn answer(&self, command: &[Vec<u8>], env: &[(Vec<u8>, Vec<u8>)]) -> Option<(Vec<u8>, u8)> {
        let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        let (program, rest) = words.split_first()?;
        let program = program.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let said = match (program, rest) {
            (b"id", [b"-u"] | [b"-ur"]) => self.uid.to_string().into_bytes(),
            (b"id", [b"-un"] | [b"-unr"]) | (b"whoami", []) => self.user.clone(),
            (b"uname", [] | [b"-s"]) => system()?.to_vec(),
            (b"uname", [b"-m"]) => processor()?.to_vec(),
            (b"dirname", [path]) | (b"dirname", [b"--", path]) => dirname(path),
            (b"basename", [path]) => basename(path),
            (b"readlink", [b"-f" | b"-e", path]) | (b"realpath", [path]) => self.resolve(path)?,
            (b"cat", [file]) => self.read(file).ok().map(trim_end)?,
            (b"go", [b"env", names @ ..]) if !names.is_empty() => go_env(names, env)?,
            (b"true", _) => return Some((Vec::new(), 0)),
            (b"false", _) => return Some((Vec::new(), 1)),
            _ => return None,
        };
        Some(([said, b"\n".to_vec()].concat(), 0))
    }
}

/// `uname -s`, where it is known.
fn system() -> Option<&'static [u8]> {
    match std::env::consts::OS {
        "linux" => Some(b"Linux"),
        "macos" => Some(b"Darwin"),
        "freebsd" => Some(b"FreeBSD"),
        "netbsd" => Some(b"NetBSD"),
        "openbsd" => Some(b"OpenBSD"),
        _ => None,
    }
}

/// `uname -m`, where our own processor tells it: a 32-bit program may run on another.
fn processor() -> Option<&'static [u8]> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux" | "macos", "x86_64") => Some(b"x86_64"),
        ("linux", "aarch64") => Some(b"aarch64"),
        ("macos", "aarch64") => Some(b"arm64"),
        _ => None,
    }
}

/// `go env NAME...`, as our own resolution of Go's settings answers it.
fn go_env(names: &[&[u8]], env: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<u8>> {
    let env = env.iter().map(|(name, value)| (text_of(name), text_of(value))).collect();
    let settings = locate::resolve(&Host { env, cwd: PathBuf::from("/") }, &Flags::default()).ok()?;
    settings.program.as_ref()?;
    let one = |name: &&[u8]| Some(bytes_of(&settings.get(std::str::from_utf8(name).ok()?)?.value));
    let all: Option<Vec<Vec<u8>>> = names.iter().map(one).collect();
    Some(all?.join(&b'\n'))
}

fn trim_end(mut text: Vec<u8>) -> Vec<u8> {
    while text.last() == Some(&b'\n') {
        text.pop();
    }
    text
}

/// `dirname` of POSIX.
fn dirname(path: &[u8]) -> Vec<u8> {
    let trimmed = trim_slashes(path);
    match trimmed.iter().rposition(|b| *b == b'/') {
        None => {
            if trimmed.is_empty() && path.first() == Some(&b'/') {
                b"/".to_vec()
            } else {
                b".".to_vec()
            }
        }
        Some(at) => match trim_slashes(trimmed.get(..at).unwrap_or_default()) {
            b"" => b"/".to_vec(),
            folder => folder.to_vec(),
        },
    }
}

/// `basename` of POSIX.
fn basename(path: &[u8]) -> Vec<u8> {
    match trim_slashes(path) {
        b"" if path.is_empty() => Vec::new(),
        b"" => b"/".to_vec(),
        trimmed => trimmed.rsplit(|b| *b == b'/').next().unwrap_or_default().to_vec(),
    }
}

fn trim_slashes(mut path: &[u8]) -> &[u8] {
    while let Some(rest) = path.strip_suffix(b"/") {
        path = rest;
    }
    path
}

fn missing(e: &io::Error) -> Missing {
    match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Missing::Absent,
        io::ErrorKind::PermissionDenied => Missing::Denied,
        io::ErrorKind::IsADirectory => Missing::Folder,
        _ => Missing::Unreadable,
    }
}

impl World for Disk {
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, Missing> {
        self.read_up_to(path, INIT_LIMIT)
    }

    fn state(&self, path: &[u8]) -> Option<NodeState> {
        let place = self.place(path);
        let own = match sys::lstat(&place) {
            Ok(stat) => stat,
            Err(e) => return (missing(&e) == Missing::Absent).then(NodeState::default),
        };
        let link = own.kind == NodeKind::Link;
        let stat = match sys::stat(&place) {
            Ok(stat) => stat,
            Err(e) if missing(&e) == Missing::Absent || sys::is_link_loop(&e) => {
                return Some(NodeState { link, ..NodeState::default() });
            }
            Err(_) => return None,
        };
        Some(NodeState {
            folder: stat.kind == NodeKind::Dir,
            file: stat.kind == NodeKind::File,
            special: !matches!(stat.kind, NodeKind::Dir | NodeKind::File),
            link,
            readable: self.may(&stat, 4),
            writable: self.may(&stat, 2),
            executable: self.may(&stat, 1),
            size: stat.size,
        })
    }

    fn list(&self, folder: &[u8]) -> Option<Vec<Vec<u8>>> {
        match sys::Dir::open_root(&self.place(folder)).and_then(|dir| dir.list()) {
            Ok(names) => Some(names.iter().map(|(name, _)| bytes_of(name)).collect()),
            Err(e) => (missing(&e) == Missing::Absent).then(Vec::new),
        }
    }

    fn resolve(&self, path: &[u8]) -> Option<Vec<u8>> {
        sys::resolve(&self.place(path)).ok().map(|p| bytes_of(p.as_os_str()))
    }

    fn told_by(&self, command: &[Vec<u8>], env: &[(Vec<u8>, Vec<u8>)]) -> Option<(Vec<u8>, u8)> {
        self.answer(command, env)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_as_posix_does() {
        for (path, dir, base) in
            [("/a/b/", "/a", "b"), ("/a", "/", "a"), ("a", ".", "a"), ("/", "/", "/"), ("//a//b", "//a", "b"), ("", ".", "")]
        {
            assert_eq!(dirname(path.as_bytes()), dir.as_bytes(), "{path}");
            assert_eq!(basename(path.as_bytes()), base.as_bytes(), "{path}");
        }
    }

    #[test]
    fn a_few_commands_are_answered() {
        let disk = Disk::new(Path::new("/"), 1000, vec![1000], b"ann");
        let ask = |words: &[&str]| {
            let words: Vec<Vec<u8>> = words.iter().map(|w| w.as_bytes().to_vec()).collect();
            disk.told_by(&words, &[]).map(|(said, code)| (String::from_utf8(said).unwrap(), code))
        };
        assert_eq!(ask(&["id", "-u"]), Some(("1000\n".to_owned(), 0)));
        assert_eq!(ask(&["/usr/bin/whoami"]), Some(("ann\n".to_owned(), 0)));
        assert_eq!(ask(&["make", "install"]), None);
        assert_eq!(ask(&["dircolors", "-b"]), None, "what it says is long, and only what it sets is known");
    }

    #[cfg(unix)]
    #[test]
    fn a_user_sees_what_the_mode_lets_him() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("etc/profile");
        sys::write_file(&file, b"x").unwrap();
        sys::set_mode(&file, 0o600).unwrap();
        let disk = |uid| Disk::new(temp.path(), uid, vec![], b"x");
        assert_eq!(disk(0).read(b"/etc/profile"), Ok(b"x".to_vec()));
        assert_eq!(disk(4_000_001).read(b"/etc/profile"), Err(Missing::Denied));
        assert_eq!(disk(0).read(b"/etc"), Err(Missing::Folder));
        assert_eq!(disk(0).read(b"/nothing"), Err(Missing::Absent));
        assert!(!disk(4_000_001).state(b"/etc/profile").unwrap().readable);
        assert!(disk(0).state(b"/etc/profile").unwrap().readable);
        assert_eq!(disk(0).list(b"/etc").unwrap(), [b"profile".to_vec()]);
        assert_eq!(disk(0).list(b"/nothing").unwrap(), Vec::<Vec<u8>>::new());
    }
}
