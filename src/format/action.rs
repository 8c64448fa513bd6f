//! An action entry: `XX/<action ID>-a` in the build cache (cmd/go/internal/cache/cache.go: `get`, `putIndexEntry`).
//!
//! ```text
//! v1 <64 hex action ID> <64 hex output ID> <size, 20 wide> <unix nanoseconds, 20 wide>\n        175 bytes
//! ```

use super::{hex, unhex32};

/// Size of every action entry in bytes (cache.go: `entrySize`).
pub const ENTRY_SIZE: usize = 175;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The shard it lies in: its first byte.
            pub fn shard(&self) -> u8 {
                self.0[0]
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

id! {
    /// sha256 key of a computation.
    ActionId
}
id! {
    /// sha256 of an output's bytes.
    OutputId
}

/// What an action entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionEntry {
    /// The computation.
    pub action: ActionId,
    /// Its output.
    pub output: OutputId,
    /// Size of the output in bytes.
    pub size: u64,
    /// When it was put, nanoseconds since 1970.
    pub time_ns: i64,
}

impl ActionEntry {
    /// The 175 bytes that Go writes.
    pub fn render(&self) -> Vec<u8> {
        format!("v1 {} {} {:>20} {:>20}\n", self.action, self.output, self.size, self.time_ns).into_bytes()
    }
}

/// Why Go takes no notice of an entry: it is a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionDamage {
    /// A directory in the place of the file.
    Directory,
    /// Not 175 bytes.
    Length(usize),
    /// No `v1`, or a separator is missing.
    Frame,
    /// A digit of an ID is not hexadecimal.
    Hex,
    /// The ID inside is not that of the name.
    Name(ActionId),
    /// The size is no number, or negative.
    Size,
    /// The time is no number, or negative.
    Time,
}

impl std::fmt::Display for ActionDamage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ActionDamage::Directory => f.write_str("it is a directory"),
            ActionDamage::Length(0) => f.write_str("it is empty"),
            ActionDamage::Length(n) => write!(f, "it has {n} bytes instead of {ENTRY_SIZE}"),
            ActionDamage::Frame => f.write_str("it has not the form `v1 ID ID SIZE TIME`"),
            ActionDamage::Hex => f.write_str("an ID in it is not hexadecimal"),
            ActionDamage::Name(id) => write!(f, "it is the entry of action `{id}`"),
            ActionDamage::Size => f.write_str("its size is no positive number"),
            ActionDamage::Time => f.write_str("its time is no positive number"),
        }
    }
}

/// A shape that Go accepts and never writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionOddity {
    /// Upper-case hexadecimal digits.
    UpperCase,
    /// A number is padded with something else than blanks, or has leading zeros or a sign.
    Number,
}

/// Parses an entry that lies under the name of `name` as Go does.
///
/// # Errors
///
/// The first reason for which Go would not use it.
pub fn parse(bytes: &[u8], name: ActionId) -> Result<(ActionEntry, Option<ActionOddity>), ActionDamage> {
    let entry: &[u8; ENTRY_SIZE] = bytes.try_into().map_err(|_| ActionDamage::Length(bytes.len()))?;
    let field = |from: usize, to: usize| entry.get(from..to).unwrap_or(&[]);
    let blanks = [2, 67, 132, 153].iter().all(|at| entry.get(*at) == Some(&b' '));
    if field(0, 2) != b"v1" || !blanks || entry.last() != Some(&b'\n') {
        return Err(ActionDamage::Frame);
    }
    let (action, output) = (field(3, 67), field(68, 132));
    let action_id = ActionId(unhex32(action).ok_or(ActionDamage::Hex)?);
    let output_id = OutputId(unhex32(output).ok_or(ActionDamage::Hex)?);
    if action_id != name {
        return Err(ActionDamage::Name(action_id));
    }
    let (size_text, time_text) = (field(133, 153), field(154, 174));
    let size = number(size_text).and_then(|n| u64::try_from(n).ok()).ok_or(ActionDamage::Size)?;
    let time_ns = number(time_text).filter(|n| *n >= 0).ok_or(ActionDamage::Time)?;
    let parsed = ActionEntry { action: action_id, output: output_id, size, time_ns };
    let oddity = if [action, output].iter().any(|id| id.iter().any(u8::is_ascii_uppercase)) {
        Some(ActionOddity::UpperCase)
    } else if parsed.render() != bytes {
        Some(ActionOddity::Number)
    } else {
        None
    };
    Ok((parsed, oddity))
}

/// Go skips leading blanks, then asks `strconv.ParseInt(s, 10, 64)`, which takes one sign.
fn number(text: &[u8]) -> Option<i64> {
    let blanks = text.iter().take_while(|b| **b == b' ').count();
    let digits = text.get(blanks..).unwrap_or_default();
    let unsigned = digits.strip_prefix(b"+").or_else(|| digits.strip_prefix(b"-")).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry() -> ActionEntry {
        ActionEntry { action: ActionId([0xab; 32]), output: OutputId([7; 32]), size: 4711, time_ns: 1_700_000_000_000_000_000 }
    }

    #[test]
    fn only_blanks_stand_before_a_number() {
        let tabbed = String::from_utf8(entry().render()).unwrap().replace("                4711", "               \t4711");
        assert_eq!(parse(tabbed.as_bytes(), entry().action), Err(ActionDamage::Size));
    }

    #[test]
    fn what_go_writes_is_read_back() {
        let bytes = entry().render();
        assert_eq!(bytes.len(), ENTRY_SIZE);
        assert_eq!(parse(&bytes, entry().action), Ok((entry(), None)));
    }

    #[test]
    fn each_damage_is_named() {
        let good = entry().render();
        let name = entry().action;
        let edit = |at: usize, text: &[u8]| {
            let mut b = good.clone();
            b[at..at + text.len()].copy_from_slice(text);
            parse(&b, name).map(|(_, o)| o)
        };
        assert_eq!(parse(b"", name), Err(ActionDamage::Length(0)));
        assert_eq!(parse(&good[..170], name), Err(ActionDamage::Length(170)));
        assert_eq!(edit(0, b"v2"), Err(ActionDamage::Frame));
        assert_eq!(edit(132, b"x"), Err(ActionDamage::Frame));
        assert_eq!(edit(70, b"z"), Err(ActionDamage::Hex));
        assert_eq!(edit(148, b"-4711"), Err(ActionDamage::Size));
        assert_eq!(edit(148, b"x4711"), Err(ActionDamage::Size));
        assert_eq!(edit(154, b"                  -1"), Err(ActionDamage::Time));
        assert_eq!(edit(3, b"AB"), Ok(Some(ActionOddity::UpperCase)));
        assert_eq!(edit(148, b"04711"), Ok(Some(ActionOddity::Number)));
        assert_eq!(parse(&good, ActionId([1; 32])), Err(ActionDamage::Name(name)));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes, entry().action);
        }

        #[test]
        fn render_and_parse_are_inverse(size in 0u64..u64::MAX / 2, time in 0i64..i64::MAX) {
            let e = ActionEntry { size, time_ns: time, ..entry() };
            prop_assert_eq!(parse(&e.render(), e.action), Ok((e, None)));
        }
    }
}
