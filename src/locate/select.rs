//! Which toolchain Go switches to before it does anything else (`cmd/go/internal/toolchain/select.go`, Select).

use std::cmp::Ordering;

use super::toolchain::{go_quote, refuse_toolchain};
use crate::format::gover;

/// What the choice rests on.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// GOTOOLCHAIN as Go has it, from the environment, the GOENV file or go.env; empty where nothing sets it.
    pub gotoolchain: &'a str,
    /// The version of the `go` that was started, such as `go1.26.8`.
    pub local: &'a str,
    /// Its 26.
    pub minor: u32,
    /// The file that was found: go.work, else go.mod, as Go shortens it.
    pub file: &'a str,
    /// The value of its `go` line; empty where there is none.
    pub go_line: &'a str,
    /// The value of its `toolchain` line; empty where there is none.
    pub toolchain_line: &'a str,
}

/// What asks for another toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// GOTOOLCHAIN names it.
    Setting,
    /// The `go` line is newer.
    GoLine,
    /// The `toolchain` line is newer.
    ToolchainLine,
}

/// The choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The `go` that was started runs itself.
    Local,
    /// Another one.
    Switch {
        /// Such as `go1.27.1`: the name that is looked for in PATH, then in the module cache.
        name: String,
        /// What asks for it.
        by: By,
        /// Whether PATH alone is looked at (`path`, `+path`).
        path_only: bool,
    },
    /// Go stops, with its own words.
    Refused(String),
}

/// Chooses. `go env GOTOOLCHAIN`, `go install x@version` and commands outside of module mode are not meant.
pub fn select(wish: &Wish<'_>) -> Choice {
    let setting = wish.gotoolchain;
    if setting.is_empty() {
        return Choice::Local;
    }
    // The last check of refuse_toolchain is Go's after all others; here it is made where the name is known.
    if let Some(why) = refuse_toolchain(setting).filter(|_| !is_other_name(setting)) {
        return Choice::Refused(why);
    }
    let (local_version, local) = match gover::of_toolchain(wish.local) {
        Some(version) => (version.to_owned(), wish.local.to_owned()),
        None => {
            let dev = format!("1.{}", wish.minor);
            (dev.clone(), format!("go{dev}"))
        }
    };
    let (minimum, mode) = match setting {
        "auto" | "path" => ("local", setting),
        _ => setting.split_once('+').unwrap_or((setting, "")),
    };
    let (mut name, mut least, mut by) = match gover::of_toolchain(minimum).filter(|_| minimum != "local") {
        Some(version) => (minimum.to_owned(), version.to_owned(), By::Setting),
        None => (local.clone(), local_version, By::Setting),
    };
    if matches!(mode, "auto" | "path") && wish.toolchain_line != "default" {
        let wanted = wish.toolchain_line;
        if !wanted.is_empty() {
            let Some(version) = gover::of_toolchain(wanted) else {
                return Choice::Refused(format!("invalid toolchain {} in {}", go_quote(wanted.as_bytes()), wish.file));
            };
            let order = gover::compare(version, &least);
            if order == Ordering::Greater || (order == Ordering::Equal && wish.minor <= 21) {
                (name, least, by) = (wanted.to_owned(), version.to_owned(), By::ToolchainLine);
            }
        }
        if gover::compare(wish.go_line, &least) == Ordering::Greater {
            let go = wish.go_line;
            // The first release of a language is called X.0 since Go 1.21.
            let first = gover::is_lang(go) && gover::compare(go, "1.21") != Ordering::Less;
            (name, by) = (format!("go{go}{}", if first { ".0" } else { "" }), By::GoLine);
        }
    }
    if name == local {
        return Choice::Local;
    }
    if !name.starts_with("go1") && !name.contains("-go1") {
        return Choice::Refused(format!("invalid GOTOOLCHAIN {}", go_quote(name.as_bytes())));
    }
    Choice::Switch { name, by, path_only: setting == "path" || setting.ends_with("+path") }
}

/// Whether a setting is sound but for the name of its toolchain, which Go looks at last.
fn is_other_name(setting: &str) -> bool {
    let (minimum, suffix) = setting.split_once('+').map_or((setting, ""), |(m, s)| (m, s));
    gover::of_toolchain(minimum).is_some() && matches!(suffix, "" | "auto" | "path")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(gotoolchain: &str, go_line: &str, toolchain_line: &str) -> Choice {
        select(&Wish { gotoolchain, local: "go1.26.8", minor: 26, file: "go.mod", go_line, toolchain_line })
    }

    fn name(choice: Choice) -> String {
        match choice {
            Choice::Local => "local".to_owned(),
            Choice::Switch { name, .. } => name,
            Choice::Refused(why) => why,
        }
    }

    // From cmd/go/testdata/script/gotoolchain_local.txt and gotoolchain_path.txt, with 1.26.8 for 1.500.
    #[test]
    fn chooses_as_go_does() {
        for (setting, go, toolchain, want) in [
            ("auto", "", "", "local"),
            ("auto", "1.26", "", "local"),
            ("auto", "1.26.8", "", "local"),
            ("auto", "1.26.9", "", "go1.26.9"),
            ("auto", "1.27", "", "go1.27.0"),
            ("auto", "1.27rc1", "", "go1.27rc1"),
            ("auto", "1.20", "go1.27.1", "go1.27.1"),
            ("auto", "1.20", "go1.27.1-x", "go1.27.1-x"),
            ("auto", "1.28", "go1.27.1", "go1.28.0"),
            ("auto", "1.28", "default", "local"),
            ("auto", "1.20", "go1.26.8-x", "local"),
            ("local", "1.28", "go1.29.0", "local"),
            ("local+auto", "1.28", "", "go1.28.0"),
            ("path", "1.28.1", "", "go1.28.1"),
            ("go1.22.1", "1.28", "", "go1.22.1"),
            ("go1.22.1+auto", "1.21", "", "go1.22.1"),
            ("go1.22.1+auto", "1.23", "", "go1.23.0"),
            ("go1.30.0+auto", "1.35", "default", "go1.30.0"),
            ("go1.26.8", "", "", "local"),
            ("go1.26.8+path", "1.27.0", "", "go1.27.0"),
            ("auto", "1.20", "bad", "invalid toolchain \"bad\" in go.mod"),
            ("auto", "1.20", "go2.1", "invalid GOTOOLCHAIN \"go2.1\""),
            ("bad", "", "", "invalid GOTOOLCHAIN \"bad\""),
            ("go2.1", "", "", "invalid GOTOOLCHAIN \"go2.1\""),
            ("auto+x", "", "", "invalid GOTOOLCHAIN \"auto+x\": invalid minimum toolchain \"auto\""),
            ("", "1.28", "", "local"),
        ] {
            assert_eq!(name(choose(setting, go, toolchain)), want, "GOTOOLCHAIN={setting} go {go} toolchain {toolchain}");
        }
        assert!(matches!(choose("go1.2.3+path", "", ""), Choice::Switch { path_only: true, by: By::Setting, .. }));
        let dev =
            Wish { gotoolchain: "auto", local: "devel go1.27-abc", minor: 27, file: "", go_line: "1.27", toolchain_line: "" };
        assert_eq!(select(&dev), Choice::Local);
    }
}
