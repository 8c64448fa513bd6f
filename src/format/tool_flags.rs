//! The flags for one tool in a word of GOFLAGS: cmd/go/internal/load/flag.go (`PerPackageFlag`).

use super::quoted;

/// The words of a list as Go takes it apart; none where it can't be.
pub fn words(list: &[u8]) -> Vec<String> {
    let words = quoted::split(list).unwrap_or_default();
    words.into_iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect()
}

/// The name of the flag, with one dash, and the flags that it hands on, perhaps behind a pattern of packages:
/// `-ldflags=all=-extldflags=-B/x`. `None` for a word without a value.
pub fn handed_on(word: &str) -> Option<(&str, Vec<String>)> {
    let word = if word.starts_with("--") { word.get(1..)? } else { word };
    let (name, value) = word.split_once('=')?;
    let flags = if value.starts_with('-') { value } else { value.split_once('=').map_or("", |(_, flags)| flags) };
    Some((name, words(flags.as_bytes())))
}

/// The flags that have a value, behind `=` or in the next word: their names without dashes.
pub fn with_values(flags: &[String]) -> impl Iterator<Item = (&str, &str)> {
    flags.iter().enumerate().filter_map(|(at, flag)| {
        let bare = flag.strip_prefix('-')?.trim_start_matches('-');
        bare.split_once('=').or_else(|| Some((bare, flags.get(at + 1)?)))
    })
}
