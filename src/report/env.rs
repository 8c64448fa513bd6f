//! `gocachescan env`: the settings as `go env` prints them.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use crate::locate::{Settings, bytes_of};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvFormat {
    /// With names: each value on a line of its own, as `go env NAME...`. Without: a table of name, value and source.
    Text,
    /// `{"NAME": "value"}`, as `go env -json`.
    Json,
}

/// The settings called `names`, or all; ends with a line feed. A name that Go does not know has no value, as with `go env`.
pub fn render_env(settings: &Settings, names: &[String], format: EnvFormat) -> Vec<u8> {
    match format {
        EnvFormat::Json => env_json(settings, names),
        EnvFormat::Text => env_text(settings, names),
    }
}

/// One JSON object, names in order, a tab before each, as Go indents.
pub fn env_json(settings: &Settings, names: &[String]) -> Vec<u8> {
    let value = |name: &str| settings.get(name).map(|s| go_text(&s.value)).unwrap_or_default();
    let all: BTreeMap<String, String> = if names.is_empty() {
        settings.iter().map(|s| (s.name.to_owned(), go_text(&s.value))).collect()
    } else {
        names.iter().map(|n| (n.clone(), value(n))).collect()
    };
    let mut out = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, indent);
    // Strings into memory: there is nothing that could fail.
    let _ = serde::Serialize::serialize(&all, &mut serializer);
    out.push(b'\n');
    out
}

/// Values alone for `names`; without names, a table with the source of each.
pub fn env_text(settings: &Settings, names: &[String]) -> Vec<u8> {
    if !names.is_empty() {
        let value = |name: &String| settings.get(name).map(|s| bytes_of(&s.value)).unwrap_or_default();
        return names.iter().flat_map(|name| [value(name), b"\n".to_vec()].concat()).collect();
    }
    let width = settings.iter().map(|s| s.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for setting in settings.iter() {
        let line = setting.line.map(|n| format!(":{n}")).unwrap_or_default();
        let source = format!("{}{line}", setting.source);
        out.push_str(&format!("{:width$}  {source:<9} {}\n", setting.name, visible(&setting.value)));
        if let Some(why) = &setting.error {
            out.push_str(&format!("{:width$}            go: {}\n", "", why.escape_debug()));
        }
    }
    out.into_bytes()
}

/// As Go's JSON encoder: each byte that is not Unicode becomes one U+FFFD.
fn go_text(value: &OsStr) -> String {
    let bytes = bytes_of(value);
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

/// Control characters escaped: what a file says is not for a terminal to obey.
fn visible(value: &OsStr) -> String {
    go_text(value).chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}
