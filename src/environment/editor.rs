//! Settings of VS Code and its remote server that decide which `go` its Go extension and its terminals find.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Disk;
use crate::format::machine::jsonc::{self, Malformed, Setting};
use crate::format::shell::At;
use crate::locate::bytes_of;
use crate::sys;

/// Longest settings file that is read, in bytes.
const LIMIT: u64 = 1 << 20;
/// Below the home folder: the remote server, its containers' twin, desktop builds.
const USER_FILES: &[&str] = &[
    ".vscode-server/data/Machine/settings.json",
    ".vscode-server-insiders/data/Machine/settings.json",
    ".vscode-remote/data/Machine/settings.json",
    ".config/Code/User/settings.json",
    ".config/Code - Insiders/User/settings.json",
    ".config/VSCodium/User/settings.json",
    ".config/Cursor/User/settings.json",
    "Library/Application Support/Code/User/settings.json",
];

/// A settings file.
#[derive(Debug)]
pub struct EditorFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Installations that it names, each with the folder that this really is; `None` where there is none.
    pub roots: Vec<(String, Option<PathBuf>)>,
    /// What it sets, or why it can't be read: VS Code then takes none of it.
    pub settings: Result<Vec<Setting>, Malformed>,
}

impl EditorFile {
    /// A line of it.
    pub fn at(&self, line: u32) -> At {
        At { file: bytes_of(self.path.as_os_str()).into(), line }
    }
}

/// The GOROOT that a setting names, as it is written, with its line.
pub fn goroot(setting: &Setting) -> Option<(String, u32)> {
    let text = |value: &Value| value.as_str().map(str::to_owned).filter(|t| !t.is_empty());
    match setting.key.as_str() {
        "go.goroot" => Some((text(&setting.value)?, setting.line)),
        "go.alternateTools" => {
            let (go, line) = inner(setting, "go")?;
            Some((Path::new(&go).ancestors().nth(2)?.to_str()?.to_owned(), line))
        }
        "go.toolsEnvVars" => inner(setting, "GOROOT"),
        _ => None,
    }
}

/// A text within a setting that is an object, with its line.
pub fn inner(setting: &Setting, name: &str) -> Option<(String, u32)> {
    let value = setting.value.get(name)?.as_str().filter(|t| !t.is_empty())?;
    Some((value.to_owned(), setting.inner.iter().find(|(k, _)| k == name)?.1))
}

/// With the variables that VS Code replaces.
fn expanded(root: &str, home: &Path) -> PathBuf {
    let home = home.to_string_lossy();
    PathBuf::from(root.replace("${env:HOME}", &home).replace("${userHome}", &home))
}

/// The settings files that are there: the user's, then that of the folder `cwd` or the nearest above it.
pub fn files(home: &Path, cwd: &Path, disk: &Disk) -> Vec<EditorFile> {
    let own = USER_FILES.iter().map(|f| home.join(f));
    let folder = cwd.ancestors().map(|dir| dir.join(".vscode/settings.json"));
    let read = |path: PathBuf| {
        let text = disk.read_up_to(&bytes_of(path.as_os_str()), LIMIT).ok()?;
        let settings = jsonc::parse(&text);
        let named: Vec<String> = settings.iter().flatten().flat_map(goroot).map(|(root, _)| root).collect();
        let real = |root: String| {
            let place = disk.place(expanded(&root, home).as_os_str().as_encoded_bytes());
            let real = sys::resolve(&place).ok().filter(|r| sys::stat(&r.join("bin")).is_ok());
            (root, real)
        };
        Some(EditorFile { roots: named.into_iter().map(real).collect(), settings, path })
    };
    own.filter_map(read).chain(folder.filter_map(read).take(1)).collect()
}
