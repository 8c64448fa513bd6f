//! `h1:`, Go's hash of a set of files: golang.org/x/mod/sumdb/dirhash (`Hash1`).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::hex_digits;

/// Length of the printed form: `h1:` and 44 characters of base64.
pub const H1_LEN: usize = 47;

/// A dirhash: the sha256 of a summary of a set of files. Printed as `h1:` and the base64 of its 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct H1([u8; 32]);

impl H1 {
    /// Parses exactly the 47 bytes that [`H1`] prints. Go compares these texts as strings, so any other spelling of the
    /// same 32 bytes is no dirhash to it and none here.
    pub fn parse(text: impl AsRef<[u8]>) -> Option<H1> {
        let text = text.as_ref();
        let digits = text.strip_prefix(b"h1:").filter(|_| text.len() == H1_LEN)?;
        let bytes = STANDARD.decode(digits).ok()?;
        Some(H1(<[u8; 32]>::try_from(bytes).ok()?))
    }

    /// The dirhash of the single file `go.mod` with this sha256, as go.sum's `/go.mod` lines have it (cmd/go
    /// modfetch/fetch.go, `goModSum`).
    pub fn of_go_mod(sha256: [u8; 32]) -> H1 {
        let mut h = Sha256::new();
        summarize(&mut h, b"go.mod", &sha256);
        H1(h.finalize().into())
    }
}

impl fmt::Display for H1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "h1:{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for H1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A name holds a newline, which `Hash1` refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewlineInName;

impl fmt::Display for NewlineInName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file name holds a newline, so no dirhash exists")
    }
}

impl std::error::Error for NewlineInName {}

/// `Hash1` over rows of slash-separated name and sha256 of the content; sorts the rows bytewise by name.
///
/// Names are those of the zip, or `path@version/` with the path relative to the extracted directory. Where one name
/// occurs more than once in a zip, `HashZip` takes the content of the *last* such member for each: the caller's task.
pub fn hash1<N: AsRef<[u8]>>(rows: &mut [(N, [u8; 32])]) -> Result<H1, NewlineInName> {
    rows.sort_by(|a, b| a.0.as_ref().cmp(b.0.as_ref()));
    let mut h = Sha256::new();
    for (name, sha256) in rows.iter() {
        let name = name.as_ref();
        if name.contains(&b'\n') {
            return Err(NewlineInName);
        }
        summarize(&mut h, name, sha256);
    }
    Ok(H1(h.finalize().into()))
}

/// One line of the summary: what `sha256sum` prints.
fn summarize(h: &mut Sha256, name: &[u8], sha256: &[u8; 32]) {
    h.update(sha256.map(hex_digits).as_flattened());
    h.update(b"  ");
    h.update(name);
    h.update(b"\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(b: &[u8]) -> [u8; 32] {
        Sha256::digest(b).into()
    }

    // The values of golang.org/x/mod/sumdb/dirhash/hash_test.go are made in the same way from `sha256sum`.
    #[test]
    fn hash1_is_sha256sum_of_sha256sum() {
        let want: [u8; 32] = Sha256::digest(format!(
            "{}  abc\n{}  xyz\n",
            super::super::hex(&sha(b"data for abc")),
            super::super::hex(&sha(b"data for xyz"))
        ))
        .into();
        let mut rows = [("xyz", sha(b"data for xyz")), ("abc", sha(b"data for abc"))];
        assert_eq!(hash1(&mut rows), Ok(H1(want)));
    }

    // github.com/google/uuid v1.6.0/go.mod of every go.sum: its go.mod is this one line.
    #[test]
    fn go_mod_hash_is_that_of_go_sum() {
        let h1 = H1::of_go_mod(sha(b"module github.com/google/uuid\n"));
        assert_eq!(h1.to_string(), "h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=");
    }

    #[test]
    fn only_the_canonical_text_parses() {
        let good = "h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=";
        assert_eq!(H1::parse(good).map(|h| h.to_string()).as_deref(), Some(good));
        for bad in [
            "",
            "h1:",
            "garbage",
            "h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=\n",
            "h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHp=",
            "h2:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=",
            "h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo",
        ] {
            assert_eq!(H1::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_newline_in_a_name_has_no_hash() {
        assert_eq!(hash1(&mut [("a\nb", [0; 32])]), Err(NewlineInName));
    }
}
