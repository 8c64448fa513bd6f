//! Asks for the addresses of a server once: ureq asks before each request, also where it has a connection that it can use again.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The addresses that are known.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Mutex<HashMap<String, Vec<SocketAddr>>>,
    system: DefaultResolver,
}

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let server = format!("{}://{}", uri.scheme_str().unwrap_or(""), uri.authority().map_or("", |a| a.as_str()));
        // Held while the system is asked, so that requests at the same time ask once.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(addresses) = known.get(&server) {
            let mut out = self.empty();
            addresses.iter().for_each(|a| out.push(*a));
            return Ok(out);
        }
        let found = self.system.resolve(uri, config, timeout)?;
        known.insert(server, found.iter().copied().collect());
        Ok(found)
    }
}
