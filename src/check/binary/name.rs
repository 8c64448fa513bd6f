//! Under which name Go installs a program (`cmd/go/internal/load`, `DefaultExecName`).

use crate::facts::BinaryFact;

/// The names that `go install` would give; none where the recorded package path does not tell.
pub(super) fn expected(fact: &BinaryFact) -> Vec<String> {
    let path = fact.path_pkg.as_str();
    // Files named on the command line, and what is linked to be loaded by others, have any name.
    let mode = fact.settings.iter().find(|(k, _)| k == "-buildmode").map(|(_, v)| v.as_str());
    if path.is_empty() || path == "command-line-arguments" || !matches!(mode, None | Some("exe" | "pie" | "default")) {
        return Vec::new();
    }
    let mut elements = path.rsplit('/');
    let Some(last) = elements.next().filter(|l| !l.is_empty()) else { return Vec::new() };
    let before = elements.next().filter(|b| !b.is_empty() && is_version_element(last));
    match before {
        // A build in GOPATH mode, which has no main module, keeps the version as name.
        Some(before) if fact.main.is_none() => vec![before.to_owned(), last.to_owned()],
        Some(before) => vec![before.to_owned()],
        None => vec![last.to_owned()],
    }
}

/// Go's `isVersionElement`: `v2`, `v10`, not `v1`, `v0`, `v01`.
fn is_version_element(s: &str) -> bool {
    let Some(digits) = s.strip_prefix('v') else { return false };
    !digits.is_empty() && !digits.starts_with('0') && digits != "1" && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a file of this name may be the program `expected`.
pub(super) fn fits(name: &str, expected: &str) -> bool {
    let bare = name.len().checked_sub(4).and_then(|at| name.split_at_checked(at));
    name == expected || bare.is_some_and(|(stem, suffix)| suffix.eq_ignore_ascii_case(".exe") && stem == expected)
}

/// Whether somebody kept a copy under the program's name and a version, such as `staticcheck-2024.1`.
pub(super) fn is_versioned_copy(name: &str, expected: &str) -> bool {
    let Some(rest) = name.strip_prefix(expected) else { return false };
    let Some(rest) = rest.strip_prefix(['-', '_', '@', '.']) else { return false };
    rest.strip_prefix('v').unwrap_or(rest).starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::BuildModule;

    fn names(path: &str, module: bool, mode: &str) -> Vec<String> {
        expected(&BinaryFact {
            path_pkg: path.to_owned(),
            main: module.then(BuildModule::default),
            settings: vec![("-buildmode".to_owned(), mode.to_owned())],
            ..BinaryFact::default()
        })
    }

    #[test]
    fn named_as_go_names_them() {
        assert_eq!(names("github.com/google/addlicense", true, "exe"), ["addlicense"]);
        assert_eq!(names("example.com/mycmd/v2", true, "exe"), ["mycmd"]);
        assert_eq!(names("example.com/mycmd/v2", false, "exe"), ["mycmd", "v2"]);
        assert_eq!(names("example.com/mycmd/v1", true, "exe"), ["v1"]);
        assert_eq!(names("v2", true, "pie"), ["v2"]);
        assert_eq!(names("golang.org/dl/go1.21.13", true, "exe"), ["go1.21.13"]);
        assert!(names("command-line-arguments", true, "exe").is_empty());
        assert!(names("example.com/lib", true, "c-shared").is_empty());
        assert!(fits("tool", "tool") && fits("tool.exe", "tool") && fits("tool.EXE", "tool") && !fits("tool2", "tool"));
        assert!(is_versioned_copy("tool-v1.2", "tool") && is_versioned_copy("tool@2024", "tool"));
        assert!(!is_versioned_copy("toolbox", "tool") && !is_versioned_copy("tool-x", "tool"));
    }
}
