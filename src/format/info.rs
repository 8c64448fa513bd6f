//! `<version>.info`: `{"Version":…,"Time":…[,"Origin":{…}]}`, as cmd/go/internal/modfetch reads it (`RevInfo` in repo.go,
//! `readDiskStat` in cache.go). It is unsigned and Go believes it, so what counts is the value that *Go* would take:
//! encoding/json folds the case of keys, takes the last of two, and leaves a field alone where the value is `null`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::module::pseudo::days_in;

/// Go sets no limit; the longest seen are below 1 KiB, and an `Origin` with the longest URL and ref stays below this.
pub const LIMIT: u64 = 1 << 20;

/// What Go takes from an `.info` file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    /// The version that Go believes, empty where none is given.
    pub version: String,
    /// The time of the commit as it is written; `None` where none is given.
    pub time: Option<String>,
    /// Whether the provenance is given.
    pub has_origin: bool,
    /// Keys of Go's that stand there twice or in another case: two readers of such a file may see two values.
    pub ambiguous: Vec<String>,
}

/// Why Go takes the file as if it were not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoInfo(pub String);

impl fmt::Display for NoInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Info {
    /// Reads a whole file.
    pub fn parse(bytes: &[u8]) -> Result<Info, NoInfo> {
        // encoding/json reads bytes that are no UTF-8 as U+FFFD inside strings and refuses them elsewhere: so do these two.
        let text = String::from_utf8_lossy(bytes);
        let info: Option<Info> = serde_json::from_str(&text).map_err(|e| NoInfo(e.to_string()))?;
        Ok(info.unwrap_or_default())
    }
}

/// Go's fields of `RevInfo` and of `Origin` that a file may set.
const FIELDS: [&str; 3] = ["Version", "Time", "Origin"];
const ORIGIN: [&str; 8] = ["VCS", "URL", "Subdir", "Hash", "TagPrefix", "TagSum", "Ref", "RepoSum"];

/// encoding/json `foldName`, as far as ASCII names can be meant: `ſ` folds to `s` and the Kelvin sign to `k`.
fn fold(key: &str) -> String {
    key.chars()
        .map(|c| match c {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

fn field(key: &str, of: &'static [&'static str]) -> Option<&'static str> {
    let folded = fold(key);
    of.iter().copied().find(|f| f.to_ascii_lowercase() == folded)
}

impl<'de> Deserialize<'de> for Info {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Info, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Info;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Info, A::Error> {
                let mut info = Info::default();
                let mut seen: Vec<&str> = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    let Some(name) = field(&key, &FIELDS) else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if (name != key || seen.contains(&name)) && info.ambiguous.len() < FIELDS.len() {
                        info.ambiguous.push(key.clone());
                    }
                    seen.push(name);
                    if name == "Origin" {
                        info.has_origin = map.next_value::<Option<Origin>>()?.is_some();
                    } else if let Some(value) = map.next_value::<Option<String>>()? {
                        match name {
                            "Version" => info.version = value,
                            _ if is_rfc3339(&value) => info.time = Some(value),
                            _ => {
                                let shown: String = value.chars().take(40).collect();
                                return Err(serde::de::Error::custom(format_args!("`{shown}` is no time")));
                            }
                        }
                    }
                    if seen.len() > 64 {
                        seen.dedup();
                    }
                }
                Ok(info)
            }
        }
        d.deserialize_map(V)
    }
}

/// `codehost.Origin`: strings only; another type makes Go refuse the whole file.
struct Origin;

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Origin, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Origin;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Origin, A::Error> {
                while let Some(key) = map.next_key::<String>()? {
                    match field(&key, &ORIGIN) {
                        Some(_) => {
                            map.next_value::<Option<String>>()?;
                        }
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Origin)
            }
        }
        d.deserialize_map(V)
    }
}

/// Whether `time.Time.UnmarshalJSON` takes it: `2006-01-02T15:04:05[.999999999](Z|±07:00)`, and what `time.Parse` lets pass
/// beside that (golang/go#54580): an hour of one digit, a comma, zones up to 24:60. Escapes in the text, which Go would not
/// undo here, are undone.
fn is_rfc3339(t: &str) -> bool {
    let Some((date, clock)) = t.split_once('T') else { return false };
    let number = |s: Option<&str>, lengths: std::ops::RangeInclusive<usize>| {
        s.filter(|s| lengths.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())).and_then(|s| s.parse::<u32>().ok())
    };
    let mut date = date.split('-');
    let (year, month, day) = (number(date.next(), 4..=4), number(date.next(), 2..=2), number(date.next(), 2..=2));
    let in_month = |y, m, d| days_in(y, m).is_some_and(|days| (1..=days).contains(&d));
    let (Some(y), Some(m), Some(d), None) = (year, month, day, date.next()) else { return false };
    let zone_at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone_at);
    let mut clock = clock.splitn(3, ':');
    let (hour, minute) = (number(clock.next(), 1..=2), number(clock.next(), 2..=2));
    let (second, fraction) = clock.next().and_then(|s| s.split_at_checked(2)).unwrap_or_default();
    let second = number(Some(second), 2..=2);
    let fraction_fits = fraction.is_empty()
        || fraction.strip_prefix(['.', ',']).is_some_and(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()));
    let zone_fits = zone == "Z"
        || zone.get(1..).and_then(|z| z.split_once(':')).is_some_and(|(h, m)| {
            number(Some(h), 2..=2).is_some_and(|h| h <= 24) && number(Some(m), 2..=2).is_some_and(|m| m <= 60)
        });
    in_month(y, m, d)
        && hour.is_some_and(|h| h < 24)
        && minute.is_some_and(|m| m < 60)
        && second.is_some_and(|s| s < 60)
        && fraction_fits
        && zone_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_believes() {
        let version = |text: &str| Info::parse(text.as_bytes()).map(|i| i.version);
        assert_eq!(version(r#"{"Version":"v1.6.0","Time":"2024-01-23T18:54:04Z"}"#).as_deref(), Ok("v1.6.0"));
        assert_eq!(version(r#"{"Version":"v1.0.0","version":"v2.0.0"}"#).as_deref(), Ok("v2.0.0"));
        assert_eq!(version("{\"Version\":\"v1.0.0\",\"Ver\u{17f}ion\":\"v2.0.0\"}").as_deref(), Ok("v2.0.0"));
        assert_eq!(version(r#"{"Version":"v1.0.0","Version":null}"#).as_deref(), Ok("v1.0.0"));
        assert_eq!(version(" null ").as_deref(), Ok(""));
        assert_eq!(version(r#"{"Name":1,"Short":[{"x":1e999}],"Version":"v1"}"#).as_deref(), Ok("v1"));
    }

    #[test]
    fn what_go_takes_as_absent() {
        for text in [
            "",
            "{",
            r#"{"Version":"v1.6.0","#,
            "[]",
            "\"v1\"",
            r#"{"Version":1}"#,
            r#"{"Time":"yesterday"}"#,
            r#"{"Origin":{"VCS":1}}"#,
            r#"{"Time":"2023-02-29T00:00:00Z"}"#,
            r#"{"Time":""}"#,
            r#"{"Version":"v1"}x"#,
        ] {
            assert!(Info::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn doubled_and_disguised_keys_are_told() {
        let ambiguous = |text: &str| Info::parse(text.as_bytes()).map(|i| i.ambiguous);
        assert_eq!(
            ambiguous(r#"{"Version":"v1","Time":"2024-01-23T18:54:04+01:00","Origin":{"VCS":"git"},"Other":1}"#),
            Ok(vec![])
        );
        assert_eq!(ambiguous(r#"{"Version":"v1","Version":"v1"}"#), Ok(vec!["Version".into()]));
        assert_eq!(ambiguous(r#"{"version":"v1"}"#), Ok(vec!["version".into()]));
    }
}
