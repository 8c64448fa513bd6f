//! The verifier key of a database: `name+hash+base64` (golang.org/x/mod/sumdb/note, `NewVerifier`).

use std::fmt;

use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use sha2::{Digest, Sha256};

use super::decode64;

/// Algorithm 1 of the note package.
const ED25519: u8 = 1;

/// Why a key is refused. Prints as Go's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// Not of the form, or not of the length.
    MalformedId,
    /// Another algorithm.
    UnknownAlgorithm,
    /// The hash is not that of name and key.
    WrongHash,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyFault::MalformedId => "malformed verifier id",
            KeyFault::UnknownAlgorithm => "unknown verifier algorithm",
            KeyFault::WrongHash => "invalid verifier hash",
        })
    }
}

/// A key that a database signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: u32,
    /// `None`: 32 bytes that are no point of the curve. Go takes such a key, and no signature is good under it.
    point: Option<VerifyingKey>,
}

impl VerifierKey {
    /// Reads a key; base64 holds `+` too, so only the first two divide.
    ///
    /// # Errors
    ///
    /// What Go refuses.
    pub fn parse(text: &str) -> Result<VerifierKey, KeyFault> {
        let (name, rest) = text.split_once('+').unwrap_or((text, ""));
        let (hash, encoded) = rest.split_once('+').unwrap_or((rest, ""));
        let digits = hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        let hash = u32::from_str_radix(hash, 16).ok().filter(|_| digits);
        let bytes = decode64(encoded).filter(|b| !b.is_empty());
        let (Some(hash), Some(bytes), true) = (hash, bytes, is_valid_name(name)) else { return Err(KeyFault::MalformedId) };
        if hash != key_hash(name, &bytes) {
            return Err(KeyFault::WrongHash);
        }
        match bytes.split_first() {
            Some((&ED25519, key)) => {
                let key = <&[u8; 32]>::try_from(key).map_err(|_| KeyFault::MalformedId)?;
                Ok(VerifierKey { name: name.to_owned(), hash, point: VerifyingKey::from_bytes(key).ok() })
            }
            _ => Err(KeyFault::UnknownAlgorithm),
        }
    }

    /// Name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash that stands before each of its signatures.
    pub fn hash(&self) -> u32 {
        self.hash
    }

    /// Whether `signature` is this key's signature of `text`. As strict as Go's crypto/ed25519: the scalar must be reduced, the
    /// point R is compared byte for byte, and small-order keys are allowed.
    pub fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        self.point.zip(signature.ok()).is_some_and(|(point, s)| point.verify(text, &s).is_ok())
    }
}

/// `isValidName`: not empty, no white space, no `+`.
pub(super) fn is_valid_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

/// The first four bytes of the sha256 of name, newline, algorithm and key.
fn key_hash(name: &str, key: &[u8]) -> u32 {
    let mut h = Sha256::new();
    h.update(name);
    h.update(b"\n");
    h.update(key);
    let digest: [u8; 32] = h.finalize().into();
    let [a, b, c, d, ..] = digest;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    #[test]
    fn gos_own_key_is_read_and_its_forgeries_are_not() {
        let key = VerifierKey::parse(GO).expect("Go's key");
        assert_eq!((key.name(), key.hash()), ("sum.golang.org", 0x033d_e0ae));
        assert_eq!(VerifierKey::parse(&GO.replace("Ac4", "Ac5")), Err(KeyFault::WrongHash));
        assert_eq!(VerifierKey::parse(&GO.replace("sum.", "sun.")), Err(KeyFault::WrongHash));
        for bad in ["", "a", "a+b+c", "sum.golang.org", "+033de0ae+AA==", "a b+033de0ae+AA=="] {
            assert_eq!(VerifierKey::parse(bad), Err(KeyFault::MalformedId), "{bad}");
        }
        assert_eq!(VerifierKey::parse(&GO.replace("033de0ae", "+33de0ae")), Err(KeyFault::MalformedId));
    }

    #[test]
    fn a_real_head_is_verified_and_none_that_differs() {
        let key = VerifierKey::parse(GO).expect("Go's key");
        let text = b"go.sum database tree\n71688409\nYKbGT4uCWTZUsAOYw6xmft30GlLu7X7wgr12m2oxslA=\n";
        let signature = "Az3grkEb65Hc3ydJE0fZosggI9/Cn+Wjfb1q5hzaTNDFax9sqCkk0PXAFWkWk69zYxjU/T45UKoeGeNU1e5uS1KyHwA=";
        let signature = super::decode64(signature).expect("base64").split_off(4);
        assert!(key.verify(text, &signature));
        for i in 0..signature.len() {
            let mut other = signature.clone();
            other[i] ^= 1;
            assert!(!key.verify(text, &other), "{i}");
        }
        assert!(!key.verify(&text[1..], &signature));
        assert!(!key.verify(text, &signature[1..]));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_key_or_none(text in ".{0,80}") {
            let _ = VerifierKey::parse(&text);
        }
    }
}
