//! As much of a URL as a proxy of Go needs; anything else is refused.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A URL of http or https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    secure: bool,
    user: Option<String>,
    /// In lower case, an IPv6 address in brackets.
    host: String,
    port: Option<u16>,
    /// With the slash that it begins with, and the query.
    path: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Option<Url> {
        let (scheme, rest) = text.split_once("://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        if !rest.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let (host, port) = match host.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (host, None),
        };
        let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let good = match bracketed {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')),
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        good.then(|| Url { secure, user: user.map(str::to_owned), host: host.to_ascii_lowercase(), port, path })
    }

    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Without brackets.
    pub(super) fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// The header for the user and password of the URL.
    pub(super) fn authorization(&self) -> Option<String> {
        let decoded = percent_decode(self.user.as_deref()?)?;
        let pair = if decoded.contains(&b':') { decoded } else { [&decoded[..], b":"].concat() };
        Some(format!("Basic {}", STANDARD.encode(pair)))
    }

    /// Where a `Location` of it leads: another URL, or a path of the same server. Credentials stay with their server.
    pub(super) fn join(&self, location: &str) -> Option<Url> {
        if location.contains("://") {
            return Url::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Url::parse(&format!("{}://{rest}", if self.secure { "https" } else { "http" }));
        }
        let good = location.starts_with('/') && location.bytes().all(|b| b.is_ascii_graphic());
        let path = location.split('#').next().unwrap_or(location).to_owned();
        good.then(|| Url { path, ..self.clone() })
    }
}

/// Without credentials, which go into a header.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        let digit = |b: u8| char::from(b).to_digit(16);
        let value = digit(bytes.next()?)? * 16 + digit(bytes.next()?)?;
        out.push(u8::try_from(value).ok()?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let shown = |text: &str| Url::parse(text).map(|u| (u.to_string(), u.host().to_owned(), u.port()));
        let is = |url: &str, host: &str, port| Some((url.to_owned(), host.to_owned(), port));
        assert_eq!(shown("https://Proxy.test"), is("https://proxy.test/", "proxy.test", 443));
        assert_eq!(shown("HTTP://a:8080/x/y@v1?q#f"), is("http://a:8080/x/y@v1?q", "a", 8080));
        assert_eq!(shown("https://[::1]:1/x"), is("https://[::1]:1/x", "::1", 1));
        assert_eq!(shown("https://u:p@a/x"), is("https://a/x", "a", 443));
        for bad in [
            "",
            "a",
            "a.test/x",
            "ftp://a/x",
            "https://",
            "https://a b/",
            "https://a:x/",
            "https://[::1/",
            "https://a/\r\nx",
            "https://ä/",
        ] {
            assert_eq!(shown(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn credentials_go_into_a_header_and_stay_with_their_server() {
        let url = Url::parse("https://us%65r:p%40ss@a.test/x").expect("a URL");
        assert_eq!(url.authorization(), Some(format!("Basic {}", STANDARD.encode("user:p@ss"))));
        assert_eq!(
            Url::parse("https://token@a/").and_then(|u| u.authorization()),
            Some(format!("Basic {}", STANDARD.encode("token:")))
        );
        assert_eq!(Url::parse("https://a/").and_then(|u| u.authorization()), None);
        let next = |to: &str| url.join(to).map(|u| (u.to_string(), u.authorization().is_some()));
        assert_eq!(next("/y"), Some(("https://a.test/y".to_owned(), true)));
        assert_eq!(next("https://b.test/y"), Some(("https://b.test/y".to_owned(), false)));
        assert_eq!(next("//b.test/y"), Some(("https://b.test/y".to_owned(), false)));
        for bad in ["y", "", "file:///etc/passwd", "/y\r\nx: y"] {
            assert_eq!(next(bad), None, "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_is_read_again(text in "https?://[a-z@:.\\[\\]0-9/?#%-]{0,30}") {
            if let Some(url) = Url::parse(&text) {
                let again = Url::parse(&url.to_string());
                assert_eq!(again.map(|u| u.to_string()), Some(url.to_string()));
                let _ = (url.authorization(), url.join(&text));
            }
        }
    }
}
