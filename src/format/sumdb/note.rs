//! Signed notes: a text, an empty line, signatures (golang.org/x/mod/sumdb/note, `Open`).

use std::collections::HashSet;
use std::fmt;

use super::decode64;
use super::key::{VerifierKey, is_valid_name};

/// Go sets none for a note by itself. Tree texts end at 1 MB (`ParseTree`), and 100 signature lines are far shorter.
pub const LIMIT: u64 = 2 << 20;

/// Go's own limit on signature lines.
const MAX_SIGNATURES: usize = 100;

/// Why a note is refused. Prints as Go's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteFault {
    /// Not of the form.
    Malformed,
    /// The key's own signature is not good.
    InvalidSignature,
    /// Well-formed, and not signed with the key.
    Unsigned,
}

impl fmt::Display for NoteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoteFault::Malformed => "malformed note",
            NoteFault::InvalidSignature => "invalid signature",
            NoteFault::Unsigned => "note has no verifiable signatures",
        })
    }
}

/// Checks a note and returns its text. Signatures of other keys do not count and need not be good; of several with one key the
/// first counts.
///
/// # Errors
///
/// What Go refuses when it knows this one key, or none.
pub fn open<'a>(message: &'a [u8], key: Option<&VerifierKey>) -> Result<&'a str, NoteFault> {
    let message = std::str::from_utf8(message).map_err(|_| NoteFault::Malformed)?;
    if message.bytes().any(|b| b < 0x20 && b != b'\n') {
        return Err(NoteFault::Malformed);
    }
    let split = message.rfind("\n\n").ok_or(NoteFault::Malformed)?;
    let (text, signatures) = message.split_at(split + 1);
    let signatures = signatures.strip_prefix('\n').and_then(|s| s.strip_suffix('\n')).ok_or(NoteFault::Malformed)?;
    let mut signed = false;
    // Once the key has spoken, what else bears its name is passed over.
    let mut seen: HashSet<(&str, u32)> = HashSet::new();
    for (i, line) in signatures.split('\n').enumerate() {
        let line = line.strip_prefix("\u{2014} ").ok_or(NoteFault::Malformed)?;
        let (name, encoded) = line.split_once(' ').unwrap_or((line, ""));
        let bytes = decode64(encoded).filter(|b| b.len() >= 5 && !encoded.is_empty());
        let (Some(bytes), true) = (bytes, is_valid_name(name)) else { return Err(NoteFault::Malformed) };
        let Some((hash, signature)) = bytes.split_first_chunk::<4>() else { return Err(NoteFault::Malformed) };
        if i >= MAX_SIGNATURES {
            return Err(NoteFault::Malformed);
        }
        let hash = u32::from_be_bytes(*hash);
        let Some(key) = key.filter(|k| k.name() == name && k.hash() == hash) else { continue };
        if !seen.insert((name, hash)) {
            continue;
        }
        if !key.verify(text.as_bytes(), signature) {
            return Err(NoteFault::InvalidSignature);
        }
        signed = true;
    }
    if signed { Ok(text) } else { Err(NoteFault::Unsigned) }
}

#[cfg(test)]
mod tests {
    use super::super::key::VerifierKey;
    use super::*;

    const GO: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    const TEXT: &str = "go.sum database tree\n71688409\nYKbGT4uCWTZUsAOYw6xmft30GlLu7X7wgr12m2oxslA=\n";
    const SIGNED: &str =
        "\u{2014} sum.golang.org Az3grkEb65Hc3ydJE0fZosggI9/Cn+Wjfb1q5hzaTNDFax9sqCkk0PXAFWkWk69zYxjU/T45UKoeGeNU1e5uS1KyHwA=\n";

    fn opened(message: &str) -> Result<&str, NoteFault> {
        open(message.as_bytes(), Some(&VerifierKey::parse(GO).expect("key")))
    }

    #[test]
    fn a_head_of_the_database_opens() {
        assert_eq!(opened(&format!("{TEXT}\n{SIGNED}")), Ok(TEXT));
        assert_eq!(open(format!("{TEXT}\n{SIGNED}").as_bytes(), None), Err(NoteFault::Unsigned));
        assert_eq!(opened(&format!("x{TEXT}\n{SIGNED}")), Err(NoteFault::InvalidSignature));
    }

    #[test]
    fn strangers_are_passed_over_and_repeats_too() {
        let stranger = "\u{2014} example.org AAAAAAAA\n";
        let other = SIGNED.replace("sum.golang.org", "sun.golang.org");
        for lines in [format!("{stranger}{SIGNED}"), format!("{SIGNED}{other}"), format!("{SIGNED}{SIGNED}")] {
            assert_eq!(opened(&format!("{TEXT}\n{lines}")), Ok(TEXT), "{lines}");
        }
        assert_eq!(opened(&format!("{TEXT}\n{stranger}")), Err(NoteFault::Unsigned));
        let forged = SIGNED.replace("HwA=", "HwE=");
        assert_eq!(opened(&format!("{TEXT}\n{SIGNED}{forged}")), Ok(TEXT), "of two with one key the first counts");
        assert_eq!(
            opened(&format!("{TEXT}\n{}{SIGNED}", SIGNED.replace("Az3grkEb", "Az3grkEc"))),
            Err(NoteFault::InvalidSignature)
        );
        let many = stranger.repeat(100);
        assert_eq!(opened(&format!("{TEXT}\n{many}")), Err(NoteFault::Unsigned));
        assert_eq!(opened(&format!("{TEXT}\n{many}{SIGNED}")), Err(NoteFault::Malformed));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let whole = format!("{TEXT}\n{SIGNED}");
        for bad in ["", "\n\n", "a\n\n", &whole[..whole.len() - 1], &whole.replace('\u{2014}', "-"), &format!("\t{whole}"), TEXT]
        {
            assert_eq!(opened(bad), Err(NoteFault::Malformed), "{bad:?}");
        }
        assert_eq!(open(b"a\xff\n\n\xe2\x80\x94 a AAAAAAA=\n", None), Err(NoteFault::Malformed));
    }

    proptest::proptest! {
        #[test]
        fn anything_is_a_note_or_none(message in "[a\u{2014} \nA=+/]{0,60}") {
            let _ = opened(&message);
        }
    }
}
