//! Rules on settings of VS Code: which `go` its Go extension takes, and what its terminal's PATH is.

use std::collections::BTreeMap;
use std::path::Path;

use super::path::{ENTRY_TWICE, trim_slashes};
use super::{Judge, said_at};
use crate::environment::EditorFile;
use crate::environment::editor::{goroot, inner};
use crate::finding::{Finding, Place, Sink, path_text};
use crate::format::machine::jsonc::Setting;
use crate::format::shell::At;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&EDITOR_GOROOT, &EDITOR_PATH_REPLACED, &EDITOR_UNREADABLE];

const SOURCE: &str =
    "github.com/golang/vscode-go, extension/package.json (go.goroot, go.alternateTools) and src/goEnvironmentStatus.ts";

/// VS Code's Go extension is told of another installation.
pub static EDITOR_GOROOT: Rule = Rule {
    id: "editor-goroot-differs",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "VS Code's Go extension takes another Go than the terminal does",
    what: "`go.goroot`, `go.alternateTools` (`go`) and GOROOT in `go.toolsEnvVars` of VS Code's settings, its remote server's and the folder's, against the \
           `go` that PATH leads to.",
    why: "The editor builds, tests and completes with another Go than the terminal: errors that only one of them shows, build caches of two \
          versions, and after an upgrade still the old one.",
    go: "Does what it is started with.",
    mend: "Remove the setting: without it the extension takes the `go` of PATH.",
    source: SOURCE,
    witness: |s| {
        let other = s.root().join("opt/old");
        s.make_installation(&other, "go1.21.13")?;
        settings(s, &format!("{{\n  \"go.goroot\": \"{}\"\n}}\n", other.display()))
    },
};

/// The terminal of VS Code has a PATH of its own.
pub static EDITOR_PATH_REPLACED: Rule = Rule {
    id: "editor-path-replaced",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "VS Code's settings replace PATH instead of adding to it",
    what: "PATH in `terminal.integrated.env.*` and `go.toolsEnvVars`, where it does not name `${env:PATH}`.",
    why: "Whatever init files and the system put into PATH is gone there: the right `go` in a terminal outside, another or none inside.",
    go: "Does what it is started with.",
    mend: "Write `folder:${env:PATH}`, or remove it.",
    source: "code.visualstudio.com/docs/terminal/profiles (terminal.integrated.env)",
    witness: |s| settings(s, "{\n  \"terminal.integrated.env.linux\": {\n    \"PATH\": \"/opt/go/bin:/usr/bin\"\n  }\n}\n"),
};

/// Settings of VS Code that are no JSON.
pub static EDITOR_UNREADABLE: Rule = Rule {
    id: "editor-settings-unreadable",
    level: Level::Note,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a settings file of VS Code can't be read",
    what: "JSON with comments and commas at the end, as VS Code takes it.",
    why: "None of its settings takes effect, those for Go neither.",
    go: "Knows nothing of it.",
    mend: "Open it in the editor: it marks the place.",
    source: "code.visualstudio.com/docs/languages/json",
    witness: |s| settings(s, "{\n  \"go.goroot\": \n"),
};

/// A witness: the settings of the remote server.
fn settings(s: &mut Sample, text: &str) -> std::io::Result<Place> {
    let path = s.home().join(".vscode-server/data/Machine/settings.json");
    s.write(&path, text.as_bytes())?;
    Ok(Sample::place(&path))
}

impl Judge<'_> {
    /// Every settings file.
    pub(super) fn editor(&self, sink: &mut Sink) {
        for file in &self.machine.editor_files {
            match &file.settings {
                Ok(settings) => settings.iter().for_each(|s| self.editor_setting(file, s, sink)),
                Err(e) => {
                    let message = format!("is not the JSON that VS Code reads: {}", e.why);
                    sink.push(self.about(&EDITOR_UNREADABLE, Some(&file.at(e.line)), "settings.json", "settings.json", message));
                }
            }
        }
    }

    fn editor_setting(&self, file: &EditorFile, setting: &Setting, sink: &mut Sink) {
        let key = setting.key.as_str();
        if let Some((root, line)) = goroot(setting)
            && let Some(finding) = self.editor_goroot(file, key, &root, line)
        {
            sink.push(finding);
        }
        let holds_path = key == "go.toolsEnvVars" || key.starts_with("terminal.integrated.env.");
        if let Some((path, line)) = inner(setting, "PATH").filter(|(path, _)| holds_path && !path.contains("${env:PATH}")) {
            let message = format!(
                "`{key}` puts `{path}` in the place of PATH: what init files and the system put there is gone in the editor"
            );
            let at = file.at(line);
            let finding = self.about(&EDITOR_PATH_REPLACED, Some(&at), "PATH", key, message);
            sink.push(Finding { mend: self.edit(&at, None), ..finding });
        } else if let Some((path, line)) = inner(setting, "PATH").filter(|_| holds_path) {
            self.editor_path_twice(&path, &file.at(line), sink);
        }
    }

    /// Folders that the editor adds to a PATH into which an init file of the user's puts them as well.
    fn editor_path_twice(&self, path: &str, at: &At, sink: &mut Sink) {
        let rest = path.replace("${env:PATH}", "");
        let added = || rest.split(':').filter(|entry| !entry.is_empty());
        let mut lines: BTreeMap<&[u8], &At> = BTreeMap::new();
        for entry in self.views().flat_map(|view| &view.path) {
            if let Some(at) = entry.at.as_ref().filter(|at| self.in_home(at)) {
                lines.entry(trim_slashes(&entry.text)).or_insert(at);
            }
        }
        for entry in added().filter(|entry| entry.starts_with('/')) {
            let Some(before) = lines.get(trim_slashes(entry.as_bytes())) else { continue };
            let before = said_at(Some(before), "PATH");
            let message = format!("puts `{entry}` into PATH, where `{before}` has put it already");
            let finding = self.about(&ENTRY_TWICE, Some(at), "PATH", self.short(Path::new(entry)), message);
            let mend = (added().count() == 1).then(|| self.edit(at, None)).flatten();
            sink.push_bounded(Finding { mend, ..finding });
        }
    }

    fn editor_goroot(&self, file: &EditorFile, key: &str, root: &str, line: u32) -> Option<Finding> {
        let real = file.roots.iter().find(|(named, _)| named == root)?.1.as_deref();
        let go = self.machine.here.go()?;
        let own = go.program.goroot()?;
        if real == Some(own) {
            return None;
        }
        let (theirs, mine) = (root.to_owned(), path_text(own).0);
        let version = go.program.version().unwrap_or("go");
        let message = match real {
            Some(_) => format!("`{key}` lets VS Code use the Go in `{theirs}`, but a terminal runs {version} of `{mine}`"),
            None => format!("`{key}` names `{theirs}`, where there is no Go; a terminal runs {version} of `{mine}`"),
        };
        let at = file.at(line);
        let finding = self.about(&EDITOR_GOROOT, Some(&at), key, key, message).claims(mine, theirs);
        Some(Finding { mend: self.edit(&at, None), ..finding })
    }
}
