//! Versions that Go makes for commits without a tag: golang.org/x/mod/module/pseudo.go.

use super::version::{build, prerelease};

/// The parts of a pseudo-version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PseudoVersion<'a> {
    /// `vX.0.0`, `vX.Y.Z-0` or `vX.Y.Z-pre.0`: what it was made from.
    base: &'a str,
    /// 14 digits: the time of the commit, UTC.
    timestamp: &'a str,
    /// The commit, as a rule the first 12 digits of its hash.
    pub revision: &'a str,
    /// Build metadata with its `+`.
    build: &'a str,
}

impl<'a> PseudoVersion<'a> {
    /// Takes a pseudo-version apart; `None` where `v` is none (`IsPseudoVersion`).
    pub fn parse(v: &'a str) -> Option<PseudoVersion<'a>> {
        let pre = prerelease(v).strip_prefix('-')?;
        let build = build(v);
        let (head, revision) = pre.rsplit_once('-')?;
        let (lead, timestamp) = head.split_at_checked(head.len().checked_sub(14)?)?;
        let digits = timestamp.bytes().all(|b| b.is_ascii_digit());
        let alphanumeric = !revision.is_empty() && revision.bytes().all(|b| b.is_ascii_alphanumeric());
        let release = v.strip_suffix(build)?.strip_suffix(pre)?.strip_suffix('-')?;
        let lead_fits = lead == "0." || lead.ends_with(".0.") || lead.is_empty() && release.ends_with(".0.0");
        if !digits || !alphanumeric || !lead_fits {
            return None;
        }
        let base = if lead.is_empty() { release } else { v.get(..release.len() + lead.len())? };
        Some(PseudoVersion { base, timestamp, revision, build })
    }

    /// The 14 digits of the time, if they are a time (`PseudoVersionTime`).
    pub fn time(&self) -> Option<&'a str> {
        let number = |from: usize, to: usize| self.timestamp.get(from..to).and_then(|t| t.parse::<u32>().ok());
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
        let valid = day >= 1 && day <= days_in(year, month)? && hour < 24 && minute < 60 && second < 60;
        valid.then_some(self.timestamp)
    }

    /// The tagged version before the commit, empty where there is none; `None` where the form is nonsense
    /// (`PseudoVersionBase`).
    pub fn base(&self) -> Option<String> {
        match prerelease(self.base) {
            "" => self.build.is_empty().then(String::new),
            "-0" => {
                let (front, patch) = self.base.strip_suffix("-0")?.rsplit_once('.')?;
                Some(format!("{front}.{}{}", decrement(patch)?, self.build))
            }
            _ => Some(format!("{}{}", self.base.strip_suffix(".0")?, self.build)),
        }
    }
}

/// Days of a month of the proleptic Gregorian calendar; `None` where there is no such month.
pub(crate) fn days_in(year: u32, month: u32) -> Option<u32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    })
}

/// A decimal number of any length less one; `None` for zero (`decDecimal`).
fn decrement(decimal: &str) -> Option<String> {
    let significant = decimal.trim_end_matches('0');
    let (front, last) = significant.split_at_checked(significant.len().checked_sub(1)?)?;
    let nines = "9".repeat(decimal.len() - significant.len());
    let last = char::from(last.bytes().next()?.checked_sub(1)?);
    if front.is_empty() && last == '0' && !nines.is_empty() {
        return Some(nines);
    }
    Some(format!("{front}{last}{nines}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_bases() {
        for (v, revision, base) in [
            ("v0.0.0-20191109021931-daa7c04131f5", "daa7c04131f5", Some("")),
            ("v1.2.4-0.20191109021931-daa7c04131f5", "daa7c04131f5", Some("v1.2.3")),
            ("v1.3.0-0.20191109021931-daa7c04131f5", "daa7c04131f5", None),
            ("v1.2.3-pre.0.20191109021931-daa7c04131f5", "daa7c04131f5", Some("v1.2.3-pre")),
            ("v2.0.1-0.20191109021931-daa7c04131f5+incompatible", "daa7c04131f5", Some("v2.0.0+incompatible")),
            ("v1.0.10-0.20191109021931-daa7c04131f5", "daa7c04131f5", Some("v1.0.9")),
        ] {
            let p = PseudoVersion::parse(v).expect(v);
            assert_eq!((p.revision, p.base().as_deref()), (revision, base), "{v}");
            assert_eq!(p.time(), Some("20191109021931"));
        }
        for v in [
            "v1.2.3",
            "v1.2.3-20191109021931-daa7c04131f5",
            "v0.0.0-2019110902193-daa7c04131f5",
            "v0.0.0-20191109021931-",
            "v1.2.3-a0.20191109021931-x",
        ] {
            assert_eq!(PseudoVersion::parse(v), None, "{v}");
        }
    }

    #[test]
    fn a_time_that_never_was() {
        assert_eq!(PseudoVersion::parse("v0.0.0-20230229000000-x").and_then(|p| p.time()), None);
        assert!(PseudoVersion::parse("v0.0.0-20240229235959-x").and_then(|p| p.time()).is_some());
    }
}
