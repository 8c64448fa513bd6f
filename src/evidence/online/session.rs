//! One database, asked through one way: a proxy of GOPROXY or the database itself, and what was fetched before.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::locate::{Ask, Rest};
use crate::remote::{AT_ONCE, NoAnswer, Remote};
use crate::sys;

/// So many failures in a row, and nothing more is asked.
const PATIENCE: u32 = 4;
/// Before what had no answer is asked for once more.
const BREATH: Duration = Duration::from_millis(250);
/// The answer to `supported` has no meaning beyond its status.
const SUPPORTED_LIMIT: u64 = 1 << 16;

/// What was sent and came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent {
    /// Requests that were made.
    pub requests: u64,
    /// Bytes of their answers, without headers.
    pub bytes: u64,
    /// What was asked, without a password; `None` where nothing was.
    pub base: Option<String>,
    /// Modules without a proof that nobody was asked about, since the settings keep them private.
    pub withheld: u64,
}

/// Asks one database.
#[derive(Debug)]
pub struct Session<'a> {
    remote: &'a dyn Remote,
    ask: &'a Ask,
    folder: PathBuf,
    pool: rayon::ThreadPool,
    base: OnceLock<Result<String, NoAnswer>>,
    requests: AtomicU64,
    bytes: AtomicU64,
    failures: AtomicU32,
}

impl<'a> Session<'a> {
    /// Ready to ask; nothing is sent before something is missing. `folder` is where gocachescan keeps what it fetched.
    ///
    /// # Errors
    ///
    /// No thread could be started.
    pub fn new(remote: &'a dyn Remote, ask: &'a Ask, folder: &Path) -> Result<Session<'a>, Error> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE).build();
        let pool = pool.map_err(|e| Error::io("start threads to fetch into", folder, std::io::Error::other(e)))?;
        Ok(Session {
            remote,
            ask,
            folder: folder.join("sumdb").join(ask.key.name()),
            pool,
            base: OnceLock::new(),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            failures: AtomicU32::new(0),
        })
    }

    pub(super) fn pool(&self) -> &rayon::ThreadPool {
        &self.pool
    }

    /// Where a file of the database is kept.
    pub fn kept(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Keeps what was proven. What can't be kept is fetched again next time.
    pub fn keep(&self, name: &str, bytes: &[u8]) {
        let path = self.kept(name);
        let made = path.parent().map_or(Ok(()), sys::create_dir_all);
        let _ = made.and_then(|()| sys::replace_file(&path, bytes));
    }

    /// What was sent and came so far.
    pub fn spent(&self) -> Spent {
        Spent {
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            base: self.base.get().and_then(|b| b.as_ref().ok()).map(|b| without_password(b)),
            withheld: 0,
        }
    }

    /// The URL under which the file called `name` is asked for.
    pub fn url(&self, name: &str) -> String {
        let base = self.base.get().and_then(|b| b.as_ref().ok()).map(|b| without_password(b));
        format!("{}/{name}", base.unwrap_or_else(|| self.ask.direct()))
    }

    /// Fetches a file of the database.
    pub(super) fn fetch(&self, name: &str, limit: u64) -> Result<Vec<u8>, NoAnswer> {
        let base = self.base.get_or_init(|| self.find_base()).as_ref().map_err(Clone::clone)?;
        if self.failures.load(Ordering::Relaxed) >= PATIENCE {
            return Err(NoAnswer::Failed(format!("{PATIENCE} requests in a row had no answer, and no more were made")));
        }
        let url = format!("{base}/{name}");
        match self.get(&url, limit) {
            // A name server that stumbled, a connection that was cut: among a thousand requests there is one.
            Err(NoAnswer::Failed(_)) if self.failures.load(Ordering::Relaxed) < PATIENCE => {
                std::thread::sleep(BREATH);
                self.get(&url, limit)
            }
            answer => answer,
        }
    }

    fn get(&self, url: &str, limit: u64) -> Result<Vec<u8>, NoAnswer> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.remote.get(url, limit);
        match &answer {
            Err(why) if !why.is_absent() => drop(self.failures.fetch_add(1, Ordering::Relaxed)),
            other => {
                self.failures.store(0, Ordering::Relaxed);
                let bytes = other.as_ref().map_or(0, Vec::len);
                self.bytes.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
            }
        }
        answer
    }

    /// `initBase`: the first proxy that says that it serves the database, else the database itself.
    fn find_base(&self) -> Result<String, NoAnswer> {
        if let Some(base) = &self.ask.base {
            return Ok(base.trim_end_matches('/').to_owned());
        }
        let mut failed = None;
        for proxy in &self.ask.proxies {
            let base = format!("{}/sumdb/{}", proxy.url, self.ask.key.name());
            match self.get(&format!("{base}/supported"), SUPPORTED_LIMIT) {
                Ok(_) => return Ok(base),
                Err(why) if why.is_absent() => {}
                Err(why) => {
                    let told = NoAnswer::Failed(format!("`{}`: {why}", without_password(&proxy.url)));
                    if !proxy.falls_back {
                        return Err(told);
                    }
                    failed = Some(told);
                }
            }
        }
        match (self.ask.rest, failed) {
            (Rest::Off, _) => Err(NoAnswer::Failed("no proxy of GOPROXY serves it, and GOPROXY ends in `off`".to_owned())),
            (Rest::End, Some(told)) => Err(told),
            // The proxies' failures are no failures of the database.
            (Rest::Direct | Rest::End, _) => {
                self.failures.store(0, Ordering::Relaxed);
                Ok(self.ask.direct())
            }
        }
    }
}

/// A URL without its user and password.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}
