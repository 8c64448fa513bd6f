//! Where Go asks for the checksum database: GOPROXY in its order, then the database itself
//! (`cmd/go/internal/modfetch/sumdb.go`, dbDial and initBase; `cmd/go/internal/modfetch/proxy.go`, proxyList and TryProxies).

use super::{SUM_GOLANG_ORG, Settings};
use crate::format::module::pattern::match_prefix_patterns;
use crate::format::sumdb::key::VerifierKey;

/// A proxy of GOPROXY.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its URL, with a scheme and without a slash at its end.
    pub url: String,
    /// Whether Go goes on to the next one after any failure, not only where something is not found: a `|` stands behind it.
    pub falls_back: bool,
}

/// What stands behind the proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// `direct`: the database itself.
    Direct,
    /// Nothing: the database itself, unless a proxy failed.
    End,
    /// `off`: nobody. Go asks the database itself even then; we take the word as it is meant.
    Off,
}

/// How a database is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its key, which has its name.
    pub key: VerifierKey,
    /// The URL of GOSUMDB's second word: no other way is tried.
    pub base: Option<String>,
    /// The proxies that are tried first.
    pub proxies: Vec<Proxy>,
    /// What follows.
    pub rest: Rest,
}

impl Ask {
    /// Reads the settings. `other` is a key that is known without GOSUMDB.
    ///
    /// # Errors
    ///
    /// The variable that says that nobody is asked, or that can't be used, and why.
    pub fn of(settings: &Settings, other: Option<&str>) -> Result<Ask, (&'static str, String)> {
        let gosumdb = settings.text("GOSUMDB");
        let sumdb = |why: &str| ("GOSUMDB", why.to_owned());
        let words: Vec<&str> = match gosumdb.as_str() {
            "off" => return Err(sumdb("is `off`")),
            "sum.golang.google.cn" => vec![SUM_GOLANG_ORG, "https://sum.golang.google.cn"],
            text => text.split_whitespace().collect(),
        };
        let (first, base) = match (other, words.as_slice()) {
            (Some(key), _) => (key, None),
            (None, []) => return Err(sumdb("names no database")),
            (None, [key]) => (*key, None),
            (None, [key, url]) => (*key, Some((*url).to_owned())),
            (None, _) => return Err(sumdb("has more words than Go takes")),
        };
        let first = if first == "sum.golang.org" { SUM_GOLANG_ORG } else { first };
        let key = VerifierKey::parse(first).map_err(|fault| ("GOSUMDB", format!("is refused by Go: {fault}")))?;
        if !is_host_and_path(key.name()) {
            return Err(sumdb("names a database that is no host with a path"));
        }
        let goproxy = settings.text("GOPROXY");
        let (proxies, rest) = proxy_list(&goproxy);
        if proxies.is_empty() && rest == Rest::Off {
            return Err(("GOPROXY", "is `off`".to_owned()));
        }
        Ok(Ask { key, base, proxies, rest })
    }

    /// The URL of the database itself.
    pub fn direct(&self) -> String {
        format!("https://{}", self.key.name())
    }
}

/// The entries of GOPROXY up to `direct` or `off`; what is no URL is left out, as Go stops on it.
fn proxy_list(text: &str) -> (Vec<Proxy>, Rest) {
    let mut proxies = Vec::new();
    let mut left = text;
    while !left.is_empty() {
        let end = left.find([',', '|']).unwrap_or(left.len());
        let (entry, after) = left.split_at(end);
        let falls_back = after.starts_with('|');
        left = after.get(1..).unwrap_or("");
        match entry.trim() {
            "" => {}
            "direct" => return (proxies, Rest::Direct),
            "off" => return (proxies, Rest::Off),
            url => {
                let bare = !url.contains(":/") && !url.starts_with('/') && url.contains(['.', ':', '/']);
                let url = if bare { format!("https://{url}") } else { url.to_owned() };
                proxies.push(Proxy { url: url.trim_end_matches('/').to_owned(), falls_back });
            }
        }
    }
    (proxies, Rest::End)
}

/// "No funny business in the database name": a host, perhaps with a path.
fn is_host_and_path(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'/');
    name.bytes().all(plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.ends_with('/')
        && !name.contains("//")
}

/// Whether a module's path may leave this machine. Stricter than Go, which asks about what GOPRIVATE names where GONOSUMDB is set to
/// something else: who calls a module private does not want its name told.
pub fn may_be_told(settings: &Settings, path: &str) -> bool {
    let private = |name: &str| match_prefix_patterns(settings.text(name).as_bytes(), path.as_bytes());
    // Toolchains are Go's own, and looked up whatever the patterns say (`useSumDB`).
    path == "golang.org/toolchain" || !(private("GONOSUMDB") || private("GOPRIVATE"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::{Flags, Host, survey};
    use super::*;

    fn settings(vars: &[(&str, &str)]) -> Settings {
        let mut env: std::collections::BTreeMap<OsString, OsString> =
            [("HOME", "/nowhere"), ("GOENV", "off"), ("PATH", "/nowhere")]
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect();
        env.extend(vars.iter().map(|(k, v)| ((*k).into(), (*v).into())));
        survey(&Host { env, cwd: "/".into() }, &Flags::default())
    }

    #[test]
    fn proxies_are_read_as_by_go() {
        let shown = |text: &str| {
            let (proxies, rest) = proxy_list(text);
            let all: Vec<String> = proxies.iter().map(|p| format!("{}{}", p.url, if p.falls_back { "|" } else { "" })).collect();
            (all.join(" "), rest)
        };
        assert_eq!(shown("https://proxy.golang.org,direct"), ("https://proxy.golang.org".to_owned(), Rest::Direct));
        assert_eq!(shown("a.test| http://b.test/x/ ,off,c.test"), ("https://a.test| http://b.test/x".to_owned(), Rest::Off));
        assert_eq!(shown(" ,file:///p"), ("file:///p".to_owned(), Rest::End));
        assert_eq!(shown("off"), (String::new(), Rest::Off));
    }

    #[test]
    fn who_is_asked() {
        let of = |vars: &[(&str, &str)]| Ask::of(&settings(vars), None).map(|a| (a.key.name().to_owned(), a.base, a.rest));
        let org = "sum.golang.org".to_owned();
        let proxy = ("GOPROXY", "https://p.test,direct");
        assert_eq!(of(&[("GOSUMDB", "sum.golang.org"), proxy]), Ok((org.clone(), None, Rest::Direct)));
        let mirror = Some("https://sum.golang.google.cn".to_owned());
        assert_eq!(of(&[("GOSUMDB", "sum.golang.google.cn"), proxy]), Ok((org.clone(), mirror, Rest::Direct)));
        let own = Some("https://s.test/db".to_owned());
        assert_eq!(of(&[("GOSUMDB", "sum.golang.org https://s.test/db"), proxy]), Ok((org, own, Rest::Direct)));
        for (sumdb, proxy, named) in [
            ("off", "https://p.test", "GOSUMDB"),
            ("sum.golang.org", "off", "GOPROXY"),
            ("sum.golang.org a b", "direct", "GOSUMDB"),
            ("evil", "direct", "GOSUMDB"),
        ] {
            assert_eq!(of(&[("GOSUMDB", sumdb), ("GOPROXY", proxy)]).err().map(|e| e.0), Some(named), "{sumdb} {proxy}");
        }
        for (name, good) in
            [("sum.golang.org", true), ("a.test:8080/x", true), ("a/", false), ("a@b", false), ("/a", false), ("a//b", false)]
        {
            assert_eq!(is_host_and_path(name), good, "{name}");
        }
    }

    #[test]
    fn what_is_private_is_never_told() {
        let corp = "corp.example.com/secret";
        for vars in [
            &[("GOPRIVATE", "*.example.com")][..],
            &[("GONOSUMDB", "corp.example.com")],
            &[("GOPRIVATE", "corp.example.com/*"), ("GONOSUMDB", "none")],
        ] {
            assert!(!may_be_told(&settings(vars), corp), "{vars:?}");
            assert!(may_be_told(&settings(vars), "golang.org/x/text"), "{vars:?}");
        }
        assert!(may_be_told(&settings(&[("GOPRIVATE", "*")]), "golang.org/toolchain"));
        assert!(!may_be_told(&settings(&[("GOPRIVATE", "*")]), corp));
    }
}
