//! Rules on where modules come from and who vouches for them.

use super::{Judge, env_variable, goenv_line};
use crate::evidence::settings::Claim;
use crate::finding::Sink;
use crate::format::module::pattern::match_prefix_patterns;
use crate::format::sumdb::key::VerifierKey;
use crate::locate::{SUM_GOLANG_ORG, Source};
use crate::rule::{Fix, Kind, Level, Rule};

/// The rules of this file.
pub const RULES: &[&Rule] = &[
    &SUMDB_OFF,
    &SUMDB_UNTRUSTED,
    &SUMDB_EXEMPTS_ALL,
    &SUMDB_EXEMPTS_HOST,
    &INSECURE_DOWNLOAD,
    &PROXY_WITHOUT_TLS,
    &VCS_UNRESTRICTED,
    &GODEBUG_WEAKENS,
];

const SUMDB_SOURCE: &str = "cmd/go/internal/modfetch/sumdb.go (useSumDB, dbDial)";

/// GOSUMDB=off.
pub static SUMDB_OFF: Rule = Rule {
    id: "sumdb-off",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "`GOSUMDB=off` turns the checksum database off",
    what: "The value of GOSUMDB, from the environment, the GOENV file and go.env. Where go.env of the installation says so, as \
           some distributions ship it, the level is `warning`.",
    why: "A module that go.sum does not list yet is believed whatever it holds: a proxy, or whoever sits between, gives this \
          machine other code than everybody else gets, and go.sum then vouches for it.",
    go: "Downloads without a question and writes the sum of what it got into go.sum.",
    mend: "go env -u GOSUMDB, or take the variable out of the environment. For private modules use GOPRIVATE with their paths.",
    source: SUMDB_SOURCE,
    witness: |s| goenv_line(s, "GOSUMDB=off"),
};

/// A checksum database that Go does not know.
pub static SUMDB_UNTRUSTED: Rule = Rule {
    id: "sumdb-untrusted",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOSUMDB names another checksum database than Go's own, or none that Go could use",
    what: "The name and the key in GOSUMDB. `sum.golang.org`, its known key, an address for it, and `sum.golang.google.cn` are in \
           order. More words than Go takes after a known name are told as `warning`: downloads then fail.",
    why: "Whoever holds that key vouches for every module on this machine, and can vouch for a changed one.",
    go: "Believes any key that is written in GOSUMDB.",
    mend: "go env -u GOSUMDB, unless the database is your own and you guard its key.",
    source: SUMDB_SOURCE,
    witness: |s| env_variable(s, "GOSUMDB", "sum.evil.test+75cfef92+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"),
};

/// Nothing is looked up.
pub static SUMDB_EXEMPTS_ALL: Rule = Rule {
    id: "sumdb-exempts-all",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GONOSUMDB or GOPRIVATE exempts every module from the checksum database",
    what: "The patterns are held against modules of well-known public hosts. Here all of them match.",
    why: "As with `GOSUMDB=off`: nobody vouches for what is downloaded for the first time. With GOPRIVATE the proxy is left out too.",
    go: "Skips the lookup without a word.",
    mend: "Name your private modules alone, such as `GOPRIVATE=corp.example.com`.",
    source: SUMDB_SOURCE,
    witness: |s| goenv_line(s, "GOPRIVATE=*"),
};

/// A public host is exempted.
pub static SUMDB_EXEMPTS_HOST: Rule = Rule {
    id: "sumdb-exempts-public-host",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GONOSUMDB or GOPRIVATE exempts a whole public host from the checksum database",
    what: "The patterns are held against modules of well-known public hosts, of owners that do not exist.",
    why: "Nobody vouches for the public modules of that host either, when they are downloaded for the first time.",
    go: "Skips the lookup without a word.",
    mend: "Name the owner too, such as `GOPRIVATE=github.com/your-company/*`.",
    source: SUMDB_SOURCE,
    witness: |s| goenv_line(s, "GOPRIVATE=github.com"),
};

/// GOINSECURE.
pub static INSECURE_DOWNLOAD: Rule = Rule {
    id: "insecure-download",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOINSECURE lets modules be fetched without TLS",
    what: "Any value of GOINSECURE; where it does not match everything the level is `warning`.",
    why: "Whoever sits between this machine and the server gives it other code. Only the checksum database would tell, and it is \
          not asked for private modules.",
    go: "Falls back to plain HTTP and ignores certificates for what matches.",
    mend: "go env -u GOINSECURE; give the server a certificate that this machine trusts.",
    source: "cmd/go/internal/web/api.go (SecurityMode), cmd/go/internal/vcs/vcs.go (GOINSECURE)",
    witness: |s| goenv_line(s, "GOINSECURE=*"),
};

/// A proxy by plain HTTP.
pub static PROXY_WITHOUT_TLS: Rule = Rule {
    id: "proxy-without-tls",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOPROXY names a proxy by plain HTTP",
    what: "Every entry of GOPROXY that Go reaches, up to `off` or `direct`. A proxy on this very machine is a note.",
    why: "Whoever sits between this machine and the proxy reads which modules you use, and answers in its place.",
    go: "Uses it like any other.",
    mend: "Use https, or go env -u GOPROXY.",
    source: "cmd/go/internal/modfetch/proxy.go (proxyList)",
    witness: |s| goenv_line(s, "GOPROXY=http://proxy.evil.test"),
};

/// GOVCS without limits.
pub static VCS_UNRESTRICTED: Rule = Rule {
    id: "vcs-unrestricted",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOVCS lets public modules be fetched with any version control program",
    what: "The entries of GOVCS for `public` and for all modules, where they allow more than git and hg.",
    why: "Any module path in a go.mod then decides which program is run here on a stranger's repository; bzr, svn and fossil were \
          not made for that.",
    go: "Allows git and hg for public modules unless told otherwise.",
    mend: "go env -u GOVCS, or name the modules that need more.",
    source: "cmd/go/internal/vcs/vcs.go (parseGOVCS, defaultGOVCS)",
    witness: |s| goenv_line(s, "GOVCS=public:all"),
};

/// GODEBUG entries that bring old weaknesses back.
pub static GODEBUG_WEAKENS: Rule = Rule {
    id: "godebug-weakens",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GODEBUG brings a weakness back that Go has closed",
    what: "Entries of GODEBUG that loosen TLS, certificates, or what the go command runs and embeds.",
    why: "The go command itself obeys: it speaks to proxies and the checksum database with broken ciphers or signatures, runs \
          programs of the current folder, or embeds files through links.",
    go: "Counts such uses in its metrics, and says nothing.",
    mend: "Take the entry out of GODEBUG, or set it only for the program that needs it.",
    source: "internal/godebugs/table.go, doc/godebug.md",
    witness: |s| env_variable(s, "GODEBUG", "execerrdot=0"),
};

/// Modules of public hosts; the owners do not exist, so that no honest pattern names them.
const PUBLIC: &[(&str, &str)] = &[
    ("github.com", "github.com/zz-nobody-9/zz-nothing"),
    ("gitlab.com", "gitlab.com/zz-nobody-9/zz-nothing"),
    ("bitbucket.org", "bitbucket.org/zz-nobody-9/zz-nothing"),
    ("codeberg.org", "codeberg.org/zz-nobody-9/zz-nothing"),
    ("gitee.com", "gitee.com/zz-nobody-9/zz-nothing"),
    ("golang.org/x", "golang.org/x/zz-nothing"),
    ("google.golang.org", "google.golang.org/zz-nothing"),
    ("gopkg.in", "gopkg.in/zz-nothing.v1"),
    ("k8s.io", "k8s.io/zz-nothing"),
    ("cloud.google.com/go", "cloud.google.com/go/zz-nothing"),
];

/// GODEBUG entries and what each lets in again; those of TLS servers and of programs alone are left out.
const WEAKENING: &[(&str, &str)] = &[
    ("allowmultiplevcs=1", "repositories of two version control systems at once"),
    ("embedfollowsymlinks=1", "embedded files that are links out of the module"),
    ("execerrdot=0", "programs of the current folder, found through PATH"),
    ("rsa1024min=0", "RSA keys of less than 1024 bits"),
    ("tls3des=1", "3DES in TLS"),
    ("tlsrsakex=1", "TLS without forward secrecy"),
    ("tlssha1=1", "SHA-1 signatures in TLS"),
    ("tls10default=1", "TLS 1.0"),
    ("tlsunsafeekm=1", "exported keys of unsafe TLS connections"),
    ("x509ignoreCN=0", "certificates without names"),
    ("x509negativeserial=1", "malformed certificates"),
    ("x509sha1=1", "certificates signed with SHA-1"),
    ("x509usepolicies=0", "certificates whose policies forbid their use"),
];

fn matched(patterns: &[u8]) -> Vec<&'static str> {
    PUBLIC.iter().filter(|(_, module)| match_prefix_patterns(patterns, module.as_bytes())).map(|(host, _)| *host).collect()
}

impl Judge<'_> {
    pub(super) fn download(&self, claim: &Claim, sink: &mut Sink) {
        match claim.name {
            "GOSUMDB" => self.sumdb(claim, sink),
            "GONOSUMDB" => self.exemptions(claim, sink),
            // GONOSUMDB alone decides where it is set.
            "GOPRIVATE" if self.settings.get("GONOSUMDB").is_none_or(|s| s.raw.is_none()) => self.exemptions(claim, sink),
            "GOINSECURE" => self.insecure(claim, sink),
            "GOPROXY" => self.proxy(claim, sink),
            "GOVCS" => self.vcs(claim, sink),
            "GODEBUG" => self.godebug(claim, sink),
            _ => {}
        }
    }

    fn sumdb(&self, claim: &Claim, sink: &mut Sink) {
        let text = claim.text();
        let words: Vec<&str> = text.split_whitespace().collect();
        let known = "sum.golang.org";
        let key = words.first().and_then(|key| VerifierKey::parse(key).ok());
        match words.as_slice() {
            _ if text == "off" => {
                let message =
                    "turns the checksum database off: nobody vouches for a module that is downloaded for the first time";
                let finding = self.find(&SUMDB_OFF, claim, message).claims(known, text);
                // A distribution's own choice for all its users, in a file that is as safe as Go itself.
                sink.push(if claim.source == Source::GoEnv { finding.lowered_to(Level::Warning) } else { finding });
            }
            [name] | [name, _] if *name == known || *name == SUM_GOLANG_ORG => {}
            ["sum.golang.google.cn"] if text == "sum.golang.google.cn" => {}
            [_] | [_, _] if key.is_some() => {
                let name = key.as_ref().map_or("", VerifierKey::name);
                let message = if name == known {
                    "names sum.golang.org with another key than its own: whoever holds it vouches for every module here"
                        .to_owned()
                } else {
                    format!("lets `{name}` vouch for every module here, in place of sum.golang.org")
                };
                sink.push(self.find(&SUMDB_UNTRUSTED, claim, message).claims(known, text));
            }
            [first, ..] if *first == known || *first == SUM_GOLANG_ORG => {
                let message = "has more words than Go takes: downloads fail until it is mended";
                sink.push(self.find(&SUMDB_UNTRUSTED, claim, message).claims(known, text).lowered_to(Level::Warning));
            }
            _ => {
                let message = "names no checksum database that Go knows, by no key that Go could use: nobody vouches for modules, and \
                               downloads fail until it is mended";
                sink.push(self.find(&SUMDB_UNTRUSTED, claim, message).claims(known, text));
            }
        }
    }

    fn exemptions(&self, claim: &Claim, sink: &mut Sink) {
        let hosts = matched(&claim.value);
        let patterns = claim.text();
        if hosts.len() == PUBLIC.len() {
            let message = format!("`{patterns}` exempts every module from the checksum database");
            sink.push(self.find(&SUMDB_EXEMPTS_ALL, claim, message));
        } else if !hosts.is_empty() {
            let message = format!("`{patterns}` exempts all of {} from the checksum database", hosts.join(", "));
            sink.push(self.find(&SUMDB_EXEMPTS_HOST, claim, message));
        }
    }

    fn insecure(&self, claim: &Claim, sink: &mut Sink) {
        let patterns = claim.text();
        if patterns.split(',').all(|p| p.trim().is_empty()) {
            return;
        }
        let all = matched(&claim.value).len() == PUBLIC.len();
        let what = if all { "every module".to_owned() } else { format!("what matches `{patterns}`") };
        let message =
            format!("lets {what} be fetched by plain HTTP and with any certificate: whoever sits between decides what you build");
        let finding = self.find(&INSECURE_DOWNLOAD, claim, message);
        sink.push(if all { finding } else { finding.lowered_to(Level::Warning) });
    }

    fn proxy(&self, claim: &Claim, sink: &mut Sink) {
        let text = claim.text();
        for entry in text.split([',', '|']).map(str::trim) {
            if entry == "off" || entry == "direct" {
                break;
            }
            let Some(rest) = entry.get(..7).filter(|s| s.eq_ignore_ascii_case("http://")).and_then(|_| entry.get(7..)) else {
                continue;
            };
            let message = format!(
                "asks the proxy at `{}` by plain HTTP: whoever sits between answers in its place",
                without_password(rest)
            );
            let finding = self.find(&PROXY_WITHOUT_TLS, claim, message);
            sink.push(if is_loopback(rest) { finding.lowered_to(Level::Note) } else { finding });
            break;
        }
    }

    fn vcs(&self, claim: &Claim, sink: &mut Sink) {
        let text = claim.text();
        let wide = text.split(',').filter_map(|entry| entry.split_once(':')).find(|(pattern, list)| {
            let pattern = pattern.trim();
            let every = pattern == "public" || matched(pattern.as_bytes()).len() == PUBLIC.len();
            every && list.split('|').any(|vcs| !matches!(vcs.trim(), "git" | "hg" | "off"))
        });
        if let Some((pattern, list)) = wide {
            let (pattern, list) = (pattern.trim(), list.trim());
            let message =
                format!("`{pattern}:{list}` lets a stranger's module path decide which version control program runs here");
            sink.push(self.find(&VCS_UNRESTRICTED, claim, message).claims("public:git|hg", text));
        }
    }

    fn godebug(&self, claim: &Claim, sink: &mut Sink) {
        let text = claim.text();
        // The last entry of a name counts (internal/godebug, parse).
        let mut last = std::collections::BTreeMap::new();
        for (key, value) in text.split(',').filter_map(|entry| entry.split_once('=')) {
            last.insert(key, value);
        }
        for (entry, what) in WEAKENING {
            let Some((key, value)) = entry.split_once('=') else { continue };
            if last.get(key).is_some_and(|v| v.trim_start_matches('#') == value) {
                let mut finding = self.find(&GODEBUG_WEAKENS, claim, format!("`{entry}` makes the go command accept {what}"));
                finding.subject = format!("GODEBUG {entry}");
                sink.push(finding);
            }
        }
    }
}

/// The authority of a URL without its user and password.
fn without_password(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn is_loopback(rest: &str) -> bool {
    let host = without_password(rest);
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address = name.parse::<std::net::IpAddr>();
    address.is_ok_and(|ip| ip.is_loopback()) || name.eq_ignore_ascii_case("localhost")
}
