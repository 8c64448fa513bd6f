//! A size as people write it.

/// Reads `10GB`, `1.5 GiB`. A number without a unit is more likely a slip than a number of bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let help = || "a size is a number and a unit, such as 10GB, 500MB or 2GiB".to_owned();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
    if number.len() == text.len() || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(help());
    }
    text.parse().map(|bytesize::ByteSize(bytes)| bytes).map_err(|_| help())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_size_has_a_unit() {
        for (text, bytes) in [
            ("10GB", 10_000_000_000),
            ("500MB", 500_000_000),
            ("2GiB", 2 << 30),
            ("1.5 kB", 1_500),
            ("7g", 7_000_000_000),
            ("0B", 0),
            ("99999999999EB", u64::MAX),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for bad in
            ["", "10", "10 ", "GB", "-1GB", "1e3GB", "10XB", "10GB!", "1.2.3GB", ".", "+1GB", "NaNGB", "infB", "\u{ff11}GB"]
        {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_size_is_read_or_refused(text in any::<String>()) {
            let _ = size(&text);
        }

        #[test]
        fn every_number_of_bytes_is_read(n: u64) {
            prop_assert_eq!(size(&format!("{n}B")), Ok(n));
        }
    }
}
