//! What the system tells of a node without opening it.

/// The type of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Link,
    /// A named pipe: a reader may block for ever.
    Fifo,
    /// A Unix domain socket.
    Socket,
    /// A character or block device.
    Device,
    /// Something the system does not name.
    Unknown,
}

impl NodeKind {
    /// The word for messages.
    pub fn word(self) -> &'static str {
        match self {
            NodeKind::File => "regular file",
            NodeKind::Dir => "directory",
            NodeKind::Link => "symbolic link",
            NodeKind::Fifo => "named pipe",
            NodeKind::Socket => "socket",
            NodeKind::Device => "device",
            NodeKind::Unknown => "node of unknown type",
        }
    }
}

impl From<std::fs::FileType> for NodeKind {
    fn from(t: std::fs::FileType) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt;
            if t.is_fifo() {
                return NodeKind::Fifo;
            }
            if t.is_socket() {
                return NodeKind::Socket;
            }
            if t.is_char_device() || t.is_block_device() {
                return NodeKind::Device;
            }
        }
        if t.is_symlink() {
            NodeKind::Link
        } else if t.is_dir() {
            NodeKind::Dir
        } else if t.is_file() {
            NodeKind::File
        } else {
            NodeKind::Unknown
        }
    }
}

/// Type, owner, mode, size and identity of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// The type.
    pub kind: NodeKind,
    /// Permission bits with setuid, setgid and sticky (`0o7777`). Made up from "read-only" where the system has none.
    pub mode: u32,
    /// Owner; 0 where the system has none.
    pub uid: u32,
    /// Group; 0 where the system has none.
    pub gid: u32,
    /// Number of names (hard links).
    pub nlink: u64,
    /// Size in bytes.
    pub size: u64,
    /// Time of the last write, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Time of the last change of the node itself, nanoseconds since 1970.
    pub ctime_ns: i128,
    /// File system.
    pub dev: u64,
    /// Number of the node in its file system.
    pub ino: u64,
}

impl Stat {
    /// Whether both tell of the same node with the same content, as far as time stamps can show.
    pub fn unchanged(&self, other: &Stat) -> bool {
        self.same_node(other) && self.size == other.size && self.mtime_ns == other.mtime_ns && self.ctime_ns == other.ctime_ns
    }

    /// Whether both tell of the same node.
    pub fn same_node(&self, other: &Stat) -> bool {
        self.dev == other.dev && self.ino == other.ino && self.kind == other.kind
    }

    /// Whether everybody may write to it.
    pub fn others_write(&self) -> bool {
        self.kind != NodeKind::Link && self.mode & 0o002 != 0
    }

    /// Whether its group may write to it (with an ACL: whether any named user or group may).
    pub fn group_writes(&self) -> bool {
        self.kind != NodeKind::Link && self.mode & 0o020 != 0
    }

    /// Whether the sticky bit protects what lies in this directory.
    pub fn sticky(&self) -> bool {
        self.mode & 0o1000 != 0
    }

    /// Whether it may be executed by anybody.
    pub fn executable(&self) -> bool {
        self.mode & 0o111 != 0
    }

    /// The mode as `ls -l` shows it, such as `drwxr-xr-x`.
    pub fn mode_string(&self) -> String {
        let mut s = String::with_capacity(10);
        s.push(match self.kind {
            NodeKind::Dir => 'd',
            NodeKind::Link => 'l',
            NodeKind::Fifo => 'p',
            NodeKind::Socket => 's',
            NodeKind::Device => 'c',
            NodeKind::File | NodeKind::Unknown => '-',
        });
        for (shift, special, on, off) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')] {
            let bits = self.mode >> shift;
            s.push(if bits & 4 != 0 { 'r' } else { '-' });
            s.push(if bits & 2 != 0 { 'w' } else { '-' });
            s.push(match (bits & 1 != 0, self.mode & special != 0) {
                (true, false) => 'x',
                (false, false) => '-',
                (true, true) => on,
                (false, true) => off,
            });
        }
        s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mode_string_is_that_of_ls() {
        let stat = |kind, mode| Stat { kind, mode, uid: 0, gid: 0, nlink: 1, size: 0, mtime_ns: 0, ctime_ns: 0, dev: 0, ino: 0 };
        assert_eq!(stat(NodeKind::Dir, 0o1777).mode_string(), "drwxrwxrwt");
        assert_eq!(stat(NodeKind::File, 0o4755).mode_string(), "-rwsr-xr-x");
        assert_eq!(stat(NodeKind::File, 0o2644).mode_string(), "-rw-r-Sr--");
    }
}
