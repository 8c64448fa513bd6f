//! Which proxy of the environment a request goes through (golang.org/x/net/http/httpproxy, which Go's client asks).

use std::net::IpAddr;

use super::url::Url;

/// The proxies of the environment.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    https: Option<String>,
    http: Option<String>,
    none: Vec<Exception>,
}

/// An entry of NO_PROXY.
#[derive(Debug, PartialEq, Eq)]
enum Exception {
    All,
    Net(IpAddr, u8),
    Address(IpAddr, Option<u16>),
    /// The name with a dot before it; whether the name itself counts too.
    Domain(String, bool, Option<u16>),
}

impl Proxies {
    /// Reads the variables through `var`; empty ones are none.
    pub(super) fn of(var: &dyn Fn(&str) -> Option<String>) -> Proxies {
        let any = |names: [&str; 2]| names.into_iter().find_map(|n| var(n).filter(|v| !v.is_empty()));
        // Whoever sends a request to a CGI program sets its HTTP_PROXY.
        let cgi = any(["REQUEST_METHOD", "REQUEST_METHOD"]).is_some();
        let none = any(["NO_PROXY", "no_proxy"]).unwrap_or_default();
        Proxies {
            https: any(["HTTPS_PROXY", "https_proxy"]),
            http: any(["HTTP_PROXY", "http_proxy"]).filter(|_| !cgi),
            none: none.split(',').filter_map(Exception::parse).collect(),
        }
    }

    /// The proxy for `url`; this machine itself is never asked through one.
    pub(super) fn of_url(&self, url: &Url) -> Option<&str> {
        let proxy = if url.is_secure() { &self.https } else { &self.http }.as_deref()?;
        let (host, port) = (url.host(), url.port());
        let address: Option<IpAddr> = host.parse().ok();
        let own = host == "localhost" || address.is_some_and(|ip| ip.is_loopback());
        (!own && !self.none.iter().any(|e| e.matches(host, address, port))).then_some(proxy)
    }
}

impl Exception {
    fn parse(entry: &str) -> Option<Exception> {
        let entry = entry.trim().to_ascii_lowercase();
        if entry == "*" {
            return Some(Exception::All);
        }
        if let Some((address, bits)) = entry.split_once('/')
            && let (Ok(address), Ok(bits)) = (address.parse::<IpAddr>(), bits.parse::<u8>())
        {
            return (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some(Exception::Net(address, bits));
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (entry.as_str(), None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = host.parse() {
            return Some(Exception::Address(address, port));
        }
        let host = host.strip_prefix("*.").map_or_else(|| host.to_owned(), |rest| format!(".{rest}"));
        match host.strip_prefix('.') {
            _ if host.is_empty() => None,
            Some(_) => Some(Exception::Domain(host, false, port)),
            None => Some(Exception::Domain(format!(".{host}"), true, port)),
        }
    }

    fn matches(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        let right = |wanted: &Option<u16>| wanted.is_none_or(|w| w == port);
        match self {
            Exception::All => true,
            Exception::Net(net, bits) => address.is_some_and(|a| same_net(*net, a, *bits)),
            Exception::Address(wanted, p) => address == Some(*wanted) && right(p),
            Exception::Domain(domain, itself, p) => {
                let same = host.ends_with(domain.as_str()) || (*itself && domain.get(1..) == Some(host));
                address.is_none() && same && right(p)
            }
        }
    }
}

fn same_net(net: IpAddr, address: IpAddr, bits: u8) -> bool {
    match (net, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let differ = u32::from(a) ^ u32::from(b);
            differ.checked_shr(32 - u32::from(bits.min(32))).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let differ = u128::from(a) ^ u128::from(b);
            differ.checked_shr(128 - u32::from(bits.min(128))).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)], url: &str) -> Option<String> {
        let var = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Proxies::of(&var).of_url(&Url::parse(url).expect("a URL")).map(str::to_owned)
    }

    #[test]
    fn the_proxy_is_that_of_the_scheme() {
        let vars = [("HTTPS_PROXY", "p:1"), ("https_proxy", "q:1"), ("http_proxy", "h:1")];
        assert_eq!(of(&vars, "https://a.test/"), Some("p:1".to_owned()));
        assert_eq!(of(&vars, "http://a.test/"), Some("h:1".to_owned()));
        assert_eq!(of(&vars, "https://localhost:8/"), None);
        assert_eq!(of(&vars, "https://127.0.0.9/"), None);
        assert_eq!(of(&vars, "https://[::1]/"), None);
        assert_eq!(of(&[("HTTP_PROXY", "h"), ("REQUEST_METHOD", "GET")], "http://a.test/"), None);
        assert_eq!(of(&[], "https://a.test/"), None);
    }

    // The cases of httpproxy's own tests that tell the ways apart.
    #[test]
    fn exceptions_match_as_in_go() {
        for (none, url, proxied) in [
            ("foo.com", "https://bar.foo.com/", false),
            ("foo.com", "https://foo.com/", false),
            ("foo.com", "https://notfoo.com/", true),
            (".foo.com", "https://foo.com/", true),
            (".foo.com", "https://bar.foo.com/", false),
            ("*.foo.com", "https://bar.foo.com/", false),
            ("foo.com:443", "https://foo.com/", false),
            ("foo.com:80", "https://foo.com/", true),
            ("*", "https://a.test/", false),
            ("10.0.0.0/8", "https://10.1.2.3/", false),
            ("10.0.0.0/8", "https://11.1.2.3/", true),
            ("0.0.0.0/0", "https://11.1.2.3/", false),
            ("fe80::/10", "https://[fe80::1]/", false),
            ("1.2.3.4", "https://1.2.3.4/", false),
            ("1.2.3.4:80", "https://1.2.3.4/", true),
            ("[2001:db8::1]:443", "https://[2001:db8::1]/", false),
            (" , ", "https://a.test/", true),
            (":80", "https://a.test/", true),
        ] {
            assert_eq!(of(&[("HTTPS_PROXY", "p"), ("NO_PROXY", none)], url).is_some(), proxied, "{none} {url}");
        }
    }
}
