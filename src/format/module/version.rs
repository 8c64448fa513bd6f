//! Semantic versions as Go has them: golang.org/x/mod/semver/semver.go, and `CanonicalVersion` of
//! golang.org/x/mod/module. `v1` and `v1.2` are shorthands; build metadata does not count.

use std::cmp::Ordering;

/// The parts of a valid version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parsed<'a> {
    major: &'a str,
    minor: &'a str,
    patch: &'a str,
    /// What a shorthand lacks: `.0`, `.0.0` or nothing.
    short: &'static str,
    /// With its `-`.
    prerelease: &'a str,
    /// With its `+`.
    build: &'a str,
}

fn parse(v: &str) -> Option<Parsed<'_>> {
    let mut p = Parsed { major: "", minor: "0", patch: "0", short: "", prerelease: "", build: "" };
    let mut rest;
    (p.major, rest) = parse_int(v.strip_prefix('v')?)?;
    if rest.is_empty() {
        return Some(Parsed { short: ".0.0", ..p });
    }
    (p.minor, rest) = parse_int(rest.strip_prefix('.')?)?;
    if rest.is_empty() {
        return Some(Parsed { short: ".0", ..p });
    }
    (p.patch, rest) = parse_int(rest.strip_prefix('.')?)?;
    if rest.starts_with('-') {
        (p.prerelease, rest) = rest.split_at(rest.find('+').unwrap_or(rest.len()));
        if !p.prerelease.get(1..)?.split('.').all(|i| is_identifier(i) && !is_bad_number(i)) {
            return None;
        }
    }
    if rest.starts_with('+') {
        (p.build, rest) = (rest, "");
        if !p.build.get(1..)?.split('.').all(is_identifier) {
            return None;
        }
    }
    rest.is_empty().then_some(p)
}

/// A decimal number without leading zeros, and what follows it.
fn parse_int(v: &str) -> Option<(&str, &str)> {
    let end = v.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(v.len());
    let (number, rest) = v.split_at(end);
    (!number.is_empty() && (number.len() == 1 || !number.starts_with('0'))).then_some((number, rest))
}

fn is_identifier(i: &str) -> bool {
    !i.is_empty() && i.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_number(i: &str) -> bool {
    i.bytes().all(|b| b.is_ascii_digit())
}

fn is_bad_number(i: &str) -> bool {
    i.len() > 1 && i.starts_with('0') && is_number(i)
}

/// `semver.IsValid`.
pub fn is_valid(v: &str) -> bool {
    parse(v).is_some()
}

/// `semver.Canonical`: shorthands filled in, build metadata taken away; empty where `v` is invalid.
pub fn canonical(v: &str) -> String {
    parse(v).map_or_else(String::new, |p| format!("{}{}", v.strip_suffix(p.build).unwrap_or(v), p.short))
}

/// `semver.Major`: such as `v2`; empty where `v` is invalid.
pub fn major(v: &str) -> &str {
    parse(v).and_then(|p| v.get(..1 + p.major.len())).unwrap_or("")
}

/// `semver.MajorMinor`: such as `v2.1`; empty where `v` is invalid.
pub fn major_minor(v: &str) -> String {
    parse(v).map_or_else(String::new, |p| format!("v{}.{}", p.major, p.minor))
}

/// `semver.Prerelease`: with its `-`; empty where there is none or `v` is invalid.
pub fn prerelease(v: &str) -> &str {
    parse(v).map_or("", |p| p.prerelease)
}

/// `semver.Build`: with its `+`; empty where there is none or `v` is invalid.
pub fn build(v: &str) -> &str {
    parse(v).map_or("", |p| p.build)
}

/// `semver.Compare`: by precedence; an invalid version stands below a valid one, all invalid ones are equal.
pub fn compare(v: &str, w: &str) -> Ordering {
    match (parse(v), parse(w)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(v), Some(w)) => compare_numbers(v.major, w.major)
            .then_with(|| compare_numbers(v.minor, w.minor))
            .then_with(|| compare_numbers(v.patch, w.patch))
            .then_with(|| compare_prereleases(v.prerelease, w.prerelease)),
    }
}

/// Numbers of any length: none has leading zeros.
fn compare_numbers(x: &str, y: &str) -> Ordering {
    x.len().cmp(&y.len()).then_with(|| x.cmp(y))
}

fn compare_prereleases(x: &str, y: &str) -> Ordering {
    match (x.get(1..), y.get(1..)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(x), Some(y)) => {
            let (mut x, mut y) = (x.split('.'), y.split('.'));
            loop {
                match (x.next(), y.next()) {
                    (None, None) => return Ordering::Equal,
                    (None, Some(_)) => return Ordering::Less,
                    (Some(_), None) => return Ordering::Greater,
                    (Some(a), Some(b)) if a == b => {}
                    (Some(a), Some(b)) => {
                        return match (is_number(a), is_number(b)) {
                            (true, false) => Ordering::Less,
                            (false, true) => Ordering::Greater,
                            (true, true) => compare_numbers(a, b),
                            (false, false) => a.cmp(b),
                        };
                    }
                }
            }
        }
    }
}

/// `module.CanonicalVersion`: as [`canonical`], but `+incompatible` stays.
pub fn canonical_version(v: &str) -> String {
    let mut canonical = canonical(v);
    if build(v) == "+incompatible" {
        canonical.push_str("+incompatible");
    }
    canonical
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_semver_org() {
        let ascending = [
            "bad",
            "v1.0.0-alpha",
            "v1.0.0-alpha.1",
            "v1.0.0-alpha.beta",
            "v1.0.0-beta",
            "v1.0.0-beta.2",
            "v1.0.0-beta.11",
            "v1.0.0-rc.1",
            "v1",
            "v1.2.0",
            "v1.10.0",
            "v10.0.0",
        ];
        for pair in ascending.windows(2) {
            let [a, b] = pair else { continue };
            assert_eq!(compare(a, b), Ordering::Less, "{a} {b}");
            assert_eq!(compare(b, a), Ordering::Greater, "{a} {b}");
        }
        assert_eq!(compare("v1.0.0+x", "v1"), Ordering::Equal);
    }

    #[test]
    fn canonical_fills_in_and_keeps_incompatible() {
        assert_eq!(canonical("v1"), "v1.0.0");
        assert_eq!(canonical("v1.2+meta"), "");
        assert_eq!(canonical("v1.2.3-rc.1+meta"), "v1.2.3-rc.1");
        assert_eq!(canonical_version("v2.0.0+incompatible"), "v2.0.0+incompatible");
        assert_eq!(canonical_version("v2.0.0+meta"), "v2.0.0");
    }

    #[test]
    fn what_is_no_version() {
        for bad in [
            "",
            "v",
            "1.2.3",
            "v01.2.3",
            "v1.2.3.4",
            "v1.2-rc1",
            "v1.2.3-",
            "v1.2.3-01",
            "v1.2.3-a..b",
            "v1.2.3+",
            "v1.2.3-é",
            "v1.2.3 ",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
