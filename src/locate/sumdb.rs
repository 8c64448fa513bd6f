//! The value of GOSUMDB (`cmd/go/internal/modfetch/sumdb.go`, dbDial; `golang.org/x/mod/sumdb/note`, NewVerifier).

use base64::Engine;
use sha2::{Digest, Sha256};

/// The checksum databases that Go knows by name.
pub const KNOWN_SUMDB: &[&str] = &["sum.golang.org", "sum.golang.google.cn"];

/// The key of sum.golang.org (`cmd/go/internal/modfetch/key.go`).
pub const SUM_GOLANG_ORG: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

/// The name in a verifier key `name+hash+base64`; `None` where Go refuses the key.
pub fn verifier_name(key: &str) -> Option<&str> {
    let (name, rest) = key.split_once('+')?;
    let (hash, encoded) = rest.split_once('+')?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    // Algorithm 1 is Ed25519 with its 32 bytes of key.
    let known = matches!(bytes.as_slice(), [1, key @ ..] if key.len() == 32);
    let mut digest = Sha256::new();
    digest.update(name.as_bytes());
    digest.update(b"\n");
    digest.update(&bytes);
    let digest = crate::format::hex(&digest.finalize()[..4]);
    let good_name = !name.is_empty() && !name.contains(char::is_whitespace);
    (known && good_name && hash.len() == 8 && hash == digest).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_gos_own_key_and_no_forged_one() {
        assert_eq!(verifier_name(SUM_GOLANG_ORG), Some("sum.golang.org"));
        assert_eq!(verifier_name(&SUM_GOLANG_ORG.replace("Ac4", "Ac5")), None);
        assert_eq!(verifier_name(&SUM_GOLANG_ORG.replace("sum.", "sun.")), None);
        for bad in ["", "sum.example.com+abc", "sum.golang.org", "a+b+c", "+033de0ae+AA=="] {
            assert_eq!(verifier_name(bad), None, "{bad}");
        }
    }
}
