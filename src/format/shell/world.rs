//! What an evaluation may ask of the machine: files and folders, never a program.

/// Why a file could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is not there, or a folder on the way is none.
    Absent,
    /// It is a folder.
    Folder,
    /// The user of the shell may not read it, or we may not: what it would do is unknown in the latter case.
    Denied,
    /// Longer than any init file, not a regular file, or it failed while it was read: what it would do is unknown.
    Unreadable,
}

/// What stands at a path, links followed, as the user of the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NodeState {
    /// A folder (`-d`).
    pub folder: bool,
    /// A regular file (`-f`).
    pub file: bool,
    /// Something else that is there: a device, a socket, a pipe.
    pub special: bool,
    /// The path itself is a link (`-L`), whether or not it leads anywhere.
    pub link: bool,
    /// The user may read it (`-r`).
    pub readable: bool,
    /// The user may write it (`-w`).
    pub writable: bool,
    /// The user may execute it, or search it (`-x`).
    pub executable: bool,
    /// Bytes of a file (`-s` asks whether there are any).
    pub size: u64,
}

impl NodeState {
    /// Whether anything is there, links followed (`-e`).
    pub fn exists(&self) -> bool {
        self.folder || self.file || self.special
    }
}

/// The machine as an evaluation sees it. Paths are absolute bytes of the machine that is looked at, as its shells name them.
pub trait World {
    /// The bytes of an init file.
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, Missing>;

    /// What stands at a path; `None` where that can't be told.
    fn state(&self, path: &[u8]) -> Option<NodeState>;

    /// The names in a folder, unsorted, without `.` and `..`; `None` where that can't be told. A folder that is not there has none.
    fn list(&self, folder: &[u8]) -> Option<Vec<Vec<u8>>>;

    /// The path without links, `.` and `..` (`realpath`, `cd -P`); `None` where it leads nowhere or can't be told.
    fn resolve(&self, path: &[u8]) -> Option<Vec<u8>>;

    /// What a command would print to its standard output and how it would end, where that is known without running it, such as
    /// `id -u`, `uname -s`, `go env GOPATH`. `env` holds the exported variables, all values known. `None`: not known.
    fn told_by(&self, command: &[Vec<u8>], env: &[(Vec<u8>, Vec<u8>)]) -> Option<(Vec<u8>, u8)>;
}
