//! The one room that knows the network. Only the command line makes its [`Client`], and only for `--online`: without that flag no packet
//! leaves, and `tests/architecture.rs` holds the code to it.
//!
//! TLS is rustls with Graviola's cryptography, which needs no C compiler; it runs on x86-64 and 64-bit ARM processors of the last
//! ten years, and says so on others.

mod names;
mod proxy;
mod url;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::transport::DefaultConnector;

use crate::locate::Host;
use crate::remote::{AT_ONCE, NoAnswer, Remote};
use crate::sys;

use names::Names;
use proxy::Proxies;
use url::Url;

/// As many as Go's client follows.
const REDIRECTS: usize = 10;

/// Fetches by HTTP and HTTPS, and from folders by `file`, as the go command does; without credentials of netrc or GOAUTH.
#[derive(Debug)]
pub struct Client {
    proxies: Proxies,
    limits: Limits,
    agent: OnceLock<Result<ureq::Agent, String>>,
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// For one request with its answer; what drips in more slowly is given up.
    pub whole: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connect: Duration::from_secs(10), whole: Duration::from_secs(30) }
    }
}

impl Client {
    /// A client that has sent nothing yet. From the environment it takes HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
    pub fn new(host: &Host, limits: Limits) -> Client {
        let env: &BTreeMap<OsString, OsString> = &host.env;
        let var = |name: &str| env.get(std::ffi::OsStr::new(name)).and_then(|v| v.to_str()).map(str::to_owned);
        Client { proxies: Proxies::of(&var), limits, agent: OnceLock::new() }
    }

    fn agent(&self) -> Result<&ureq::Agent, NoAnswer> {
        self.agent.get_or_init(|| agent(self.limits)).as_ref().map_err(|why| NoAnswer::Failed(why.clone()))
    }

    /// One request; where it leads elsewhere, that URL.
    fn once(&self, url: &Url, limit: u64) -> Result<Result<Vec<u8>, String>, NoAnswer> {
        let agent = self.agent()?;
        let proxy = match self.proxies.of_url(url) {
            Some(proxy) => Some(ureq::Proxy::new(proxy).map_err(|e| failed(&format!("the proxy of the environment: {e}")))?),
            None => None,
        };
        let mut request = agent.get(url.to_string()).config().proxy(proxy).build();
        if let Some(authorization) = url.authorization() {
            if !url.is_secure() {
                return Err(failed(&"refusing to pass credentials to a URL that is not https"));
            }
            request = request.header("authorization", authorization);
        }
        let mut response = request.call().map_err(|e| failed(&e))?;
        let status = response.status().as_u16();
        match status {
            200 => {}
            301 | 302 | 303 | 307 | 308 => {
                let target = response.headers().get("location").and_then(|l| l.to_str().ok());
                return target.map(|t| Err(t.to_owned())).ok_or(NoAnswer::Status(status));
            }
            _ => return Err(NoAnswer::Status(status)),
        }
        match response.body_mut().with_config().limit(limit).read_to_vec() {
            Ok(bytes) => Ok(Ok(bytes)),
            Err(ureq::Error::BodyExceedsLimit(_)) => Err(NoAnswer::TooLong),
            Err(e) => Err(failed(&e)),
        }
    }
}

impl Remote for Client {
    fn get(&self, url: &str, limit: u64) -> Result<Vec<u8>, NoAnswer> {
        if let Some(path) = url.strip_prefix("file://") {
            return read_file(path, limit);
        }
        let mut at = Url::parse(url).ok_or_else(|| failed(&"is no URL of http, https or file"))?;
        for _ in 0..=REDIRECTS {
            match self.once(&at, limit)? {
                Ok(bytes) => return Ok(bytes),
                Err(location) => {
                    let next = at.join(&location).ok_or_else(|| failed(&"is redirected to what is no URL of http or https"))?;
                    if at.is_secure() && !next.is_secure() {
                        return Err(failed(&"is redirected from https to http"));
                    }
                    at = next;
                }
            }
        }
        Err(failed(&"is redirected too often"))
    }
}

fn failed(why: &dyn std::fmt::Display) -> NoAnswer {
    NoAnswer::Failed(why.to_string())
}

/// A proxy that is a folder (cmd/go/internal/web/file.go).
fn read_file(path: &str, limit: u64) -> Result<Vec<u8>, NoAnswer> {
    if path.contains('%') || !path.starts_with('/') {
        return Err(failed(&"is a file URL of another form than `file:///folder`"));
    }
    let path = if cfg!(windows) { path.trim_start_matches('/') } else { path };
    match sys::open(Path::new(path)).and_then(|mut file| file.read_all(limit)) {
        Ok((bytes, true)) => Ok(bytes),
        Ok((_, false)) => Err(NoAnswer::TooLong),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(NoAnswer::Status(404)),
        Err(e) => Err(failed(&e)),
    }
}

fn agent(limits: Limits) -> Result<ureq::Agent, String> {
    let found = rustls_native_certs::load_native_certs();
    let certificates: Vec<Certificate<'static>> =
        found.certs.iter().map(|c| Certificate::from_der(c.as_ref()).to_owned()).collect();
    let mut tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(RootCerts::new_with_certs(&certificates));
    // Without it only http is spoken, and https says why.
    tls = tls.unversioned_rustls_crypto_provider(Arc::new(provider()?));
    let config = ureq::Agent::config_builder()
        .tls_config(tls.build())
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(limits.connect))
        .timeout_global(Some(limits.whole))
        // One for each request that is made at a time, or most of the time goes into handshakes.
        .max_idle_connections(2 * AT_ONCE)
        .max_idle_connections_per_host(AT_ONCE)
        .accept_encoding("identity")
        .user_agent(concat!("gocachescan/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(ureq::Agent::with_parts(config, DefaultConnector::default(), Names::default()))
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn provider() -> Result<rustls::crypto::CryptoProvider, String> {
    match missing_instruction() {
        None => Ok(rustls_graviola::default_provider()),
        Some(name) => Err(format!("this processor has no `{name}` instructions, which TLS needs here")),
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn provider() -> Result<rustls::crypto::CryptoProvider, String> {
    Err("there is no TLS for this processor: `--online` works on x86-64 and 64-bit ARM".to_owned())
}

/// What Graviola can't do without (its `verify_cpu_features`, which would panic).
#[cfg(target_arch = "x86_64")]
fn missing_instruction() -> Option<&'static str> {
    [
        ("aes", is_x86_feature_detected!("aes")),
        ("pclmulqdq", is_x86_feature_detected!("pclmulqdq")),
        ("bmi1", is_x86_feature_detected!("bmi1")),
        ("bmi2", is_x86_feature_detected!("bmi2")),
        ("adx", is_x86_feature_detected!("adx")),
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
    ]
    .into_iter()
    .find_map(|(name, there)| (!there).then_some(name))
}

/// What Graviola can't do without (its `verify_cpu_features`, which would panic).
#[cfg(target_arch = "aarch64")]
fn missing_instruction() -> Option<&'static str> {
    use std::arch::is_aarch64_feature_detected;
    [
        ("neon", is_aarch64_feature_detected!("neon")),
        ("aes", is_aarch64_feature_detected!("aes")),
        ("pmull", is_aarch64_feature_detected!("pmull")),
        ("sha2", is_aarch64_feature_detected!("sha2")),
    ]
    .into_iter()
    .find_map(|(name, there)| (!there).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client::new(&Host { env: BTreeMap::new(), cwd: "/".into() }, Limits::default())
    }

    #[test]
    fn folders_are_proxies_too() {
        let dir = tempfile::tempdir().expect("a folder");
        sys::write_file(&dir.path().join("sumdb/a/supported"), b"").expect("written");
        sys::write_file(&dir.path().join("sumdb/a/tile"), &[7; 40]).expect("written");
        let base = format!("file://{}", dir.path().display());
        assert_eq!(client().get(&format!("{base}/sumdb/a/supported"), 10), Ok(Vec::new()));
        assert_eq!(client().get(&format!("{base}/sumdb/a/tile"), 40), Ok(vec![7; 40]));
        assert_eq!(client().get(&format!("{base}/sumdb/a/tile"), 39), Err(NoAnswer::TooLong));
        assert_eq!(client().get(&format!("{base}/sumdb/b"), 39), Err(NoAnswer::Status(404)));
        assert!(matches!(client().get("file://host/x", 39), Err(NoAnswer::Failed(_))));
        assert!(matches!(client().get("ftp://a.test/x", 39), Err(NoAnswer::Failed(_))));
        assert!(
            matches!(client().get("http://user:secret@127.0.0.1:9/x", 39), Err(NoAnswer::Failed(why)) if why.contains("credentials"))
        );
    }
}
