//! How far a module can be trusted, and what is less than the user requires.

use std::path::Path;

use crate::facts::{ModuleTrust, ModuleVersion};
use crate::finding::{Finding, RootKind};
use crate::format::dirhash::H1;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

/// The rules of this file.
pub const RULES: &[&Rule] = &[&BELOW_REQUIRED];

/// A module that is proven by less than `--require-trust` asks for.
pub static BELOW_REQUIRED: Rule = Rule {
    id: "trust-below-required",
    level: Level::Error,
    kind: Kind::Posture,
    fix: Fix::None,
    summary: "a module is proven by less than `--require-trust` asks for",
    what: "The trust of every module version with content: of its zip, of its directory where there is no zip, else of its `.mod`. Only with `--require-trust`. \
           What the settings exempt from the checksum database can't be proven by it, and is told as such. A module with another error is not told twice.",
    why: "A module that only agrees with itself may have been changed by whoever can write to the cache: zip and hash lie side by side.",
    go: "Takes what is in the cache if it fits go.sum or, where go.sum has no line, its own `.ziphash`.",
    mend: "Name the main module whose go.sum lists it with `--main-module`, fetch what is missing for a proof with `--online`, or remove the module: go fetches it again, \
           and asks the checksum database where go.sum does not list it.",
    source: "cmd/go/internal/modfetch/fetch.go (checkMod, checkModSum)",
    witness: |s| {
        s.require_trust = Some(ModuleTrust::Sumdb);
        Ok(Sample::place(&s.zip()))
    },
};

/// The strongest of these claims that equals `computed`.
pub fn strongest(computed: H1, claims: &[(Option<H1>, ModuleTrust)]) -> ModuleTrust {
    let equal = claims.iter().filter(|(h1, _)| *h1 == Some(computed));
    equal.map(|(_, trust)| *trust).max().unwrap_or(ModuleTrust::None)
}

/// What the user asks for, and what could have given it.
#[derive(Debug, Clone, Copy)]
pub struct Required {
    /// The least trust that is enough.
    pub least: ModuleTrust,
    /// Whether a go.sum was given.
    pub go_sum: bool,
    /// Whether what is missing was fetched.
    pub online: bool,
}

/// A finding where `trust` is too little. `path` is the part of the module that would have to be proven.
pub fn required(asked: Required, module: &ModuleVersion, path: &Path, trust: ModuleTrust, exempt: bool) -> Option<Finding> {
    if trust >= asked.least {
        return None;
    }
    let held = match trust {
        ModuleTrust::None => "nothing vouches for it",
        ModuleTrust::Ziphash => "only its own `.ziphash` vouches for it",
        ModuleTrust::GoSum | ModuleTrust::Sumdb => "only go.sum vouches for it",
    };
    let mut why = Vec::new();
    if exempt {
        why.push("GOSUMDB, GONOSUMDB or GOPRIVATE exempts it from the checksum database, which then never proves it");
    } else if asked.online {
        why.push("no proof could be had from the checksum database");
    } else {
        why.push("no record of the checksum database that is here proves it");
    }
    if asked.least == ModuleTrust::GoSum {
        why.push(if asked.go_sum { "go.sum has no line that it equals" } else { "no `--main-module` names a go.sum" });
    }
    let message = format!("{held}, where `{}` is required: {}", asked.least.as_str(), why.join(", and "));
    let finding = Finding::at(&BELOW_REQUIRED, RootKind::Gomodcache, path, module.to_string(), message);
    Some(finding.claims(asked.least.as_str(), trust.as_str()).claimed_by("--require-trust"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_equal_claim_counts() {
        let of = |text: &str| H1::parse(format!("h1:{}=", text.repeat(43)));
        let (a, b) = (of("A"), of("E"));
        let claims = [(a, ModuleTrust::Ziphash), (b, ModuleTrust::Sumdb), (a, ModuleTrust::GoSum), (None, ModuleTrust::Sumdb)];
        assert_eq!(strongest(a.expect("a sum"), &claims), ModuleTrust::GoSum);
        assert_eq!(strongest(b.expect("a sum"), &claims), ModuleTrust::Sumdb);
        assert_eq!(strongest(of("I").expect("a sum"), &claims), ModuleTrust::None);
    }

    #[test]
    fn enough_is_no_finding_and_less_says_why() {
        let module = ModuleVersion { path: "example.com/m".into(), version: "v1.0.0".into() };
        let told = |least, trust, exempt| {
            let asked = Required { least, go_sum: false, online: false };
            required(asked, &module, Path::new("/m"), trust, exempt).map(|f| f.message)
        };
        assert_eq!(told(ModuleTrust::GoSum, ModuleTrust::GoSum, false), None);
        assert_eq!(told(ModuleTrust::GoSum, ModuleTrust::Sumdb, false), None);
        let less = told(ModuleTrust::Sumdb, ModuleTrust::GoSum, true).expect("less");
        assert!(less.contains("exempts it") && less.contains("only go.sum"), "{less}");
        let less = told(ModuleTrust::GoSum, ModuleTrust::Ziphash, false).expect("less");
        assert!(less.contains("--main-module") && less.contains("no record"), "{less}");
    }
}
