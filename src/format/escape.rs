//! Terminal escapes in text that Go prints as it is stored (ECMA-48; XTerm Control Sequences).

/// What a text would do to a terminal, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Escape {
    /// Colours, and what the diagnostics of gcc and clang put beside them: erase to the end of the line, links.
    Colour,
    /// Anything else: moves the cursor, erases what was shown, sets titles, fills the clipboard.
    Control,
}

/// The worst escape of a text and the offset of the first one that is as bad; `None` if there is none.
pub fn find(text: &[u8]) -> Option<(Escape, usize)> {
    let mut worst: Option<(Escape, usize)> = None;
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.iter().position(|b| matches!(b, 0x1b | 0xc2))) {
        at += next;
        let rest = text.get(at..).unwrap_or(&[]);
        let (escape, length) = match rest {
            [0x1b, b'[', body @ ..] => control_sequence(body, 2),
            [0x1b, b']', body @ ..] => command(body, 2),
            [0x1b, ..] => (Some(Escape::Control), 1),
            // The same as single characters, which some terminals obey.
            [0xc2, 0x9b, body @ ..] => control_sequence(body, 2),
            [0xc2, 0x9d, body @ ..] => command(body, 2),
            [0xc2, 0x80..=0x9f, ..] => (Some(Escape::Control), 2),
            _ => (None, 1),
        };
        if let Some(escape) = escape
            && worst.is_none_or(|(w, _)| w < escape)
        {
            worst = Some((escape, at));
            if escape == Escape::Control {
                break;
            }
        }
        at += length;
    }
    worst
}

/// What stands behind CSI: parameters, intermediate bytes, one final byte.
fn control_sequence(body: &[u8], before: usize) -> (Option<Escape>, usize) {
    let parameters = body.iter().take_while(|b| matches!(b, b'0'..=b'9' | b';' | b':')).count();
    let escape = match body.get(parameters) {
        Some(b'm' | b'K') => Escape::Colour,
        _ => Escape::Control,
    };
    (Some(escape), before + parameters)
}

/// What stands behind OSC: a number and text, ended by BEL or ESC `\`.
fn command(body: &[u8], before: usize) -> (Option<Escape>, usize) {
    let end = body.iter().position(|b| *b < b' ').unwrap_or(body.len());
    let link = body.starts_with(b"8;");
    match body.get(end..) {
        Some([0x07, ..]) if link => (Some(Escape::Colour), before + end + 1),
        Some([0x1b, b'\\', ..]) if link => (Some(Escape::Colour), before + end + 2),
        _ => (Some(Escape::Control), before),
    }
}

/// Whether JSON text holds an escape in its own spelling, which is printed as one once it is read.
pub fn in_json(text: &[u8]) -> bool {
    text.windows(6).any(|w| w.eq_ignore_ascii_case(b"\\u001b") || w.eq_ignore_ascii_case(b"\\u009b"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_are_told_from_the_rest() {
        let kind = |t: &str| find(t.as_bytes()).map(|(e, _)| e);
        assert_eq!(kind("# pkg\n./a.go:1:2: x\r\n\tüber\u{a0}"), None);
        // As gcc -fdiagnostics-color=always -fdiagnostics-urls=always writes.
        let gcc = "\x1b[01m\x1b[Kx.c:1:1:\x1b[m\x1b[K \x1b[01;35m\x1b[Kwarning: \x1b[m\x1b[K[\x1b]8;;https://gcc.gnu.org/x\x1b\\-Wx\x1b]8;;\x1b\\]";
        assert_eq!(kind(gcc), Some(Escape::Colour));
        assert_eq!(kind("\x1b[38:2:1:2:3mx\x1b]8;;u\x07"), Some(Escape::Colour));
        for control in [
            "\x1b[2J",
            "\x1b[1A",
            "\x1b]0;title\x07",
            "\x1b]52;c;YQ==\x07",
            "\x1bc",
            "\x1b",
            "\x1b[",
            "\u{9b}2J",
            "\u{90}x",
            "\x1b[?25l",
            "\x1b]8;;u\n",
        ] {
            assert_eq!(kind(&format!("a\x1b[mb{control}")), Some(Escape::Control), "{control:?}");
        }
    }

    #[test]
    fn json_spells_them_otherwise() {
        assert!(in_json(br#"{"a":"\u001B[2J"}"#));
        assert!(!in_json(br#"{"a":"\u00e4"}"#));
    }

    proptest! {
        #[test]
        fn never_panics_and_finds_every_escape(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'[')], 0..100)) {
            let found = find(&bytes);
            prop_assert!(found.is_some() || !bytes.contains(&0x1b));
            prop_assert!(found.is_none_or(|(_, at)| matches!(bytes[at], 0x1b | 0xc2)));
        }
    }
}
