//! A Dockerfile that the user asks about: what each of its commands starts with.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Disk, Looker, Start, StartKind, User};
use crate::error::Error;
use crate::format::machine::Env;
use crate::format::machine::dockerfile::stages::{Base, Run, Stage, stages};
use crate::format::machine::dockerfile::{Dockerfile, parse};
use crate::format::shell::{Missing, Value};
use crate::locate::{self, Flags, Host, Settings, bytes_of, text_of};

/// Longest Dockerfile that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// Stages whose settings are looked at: no Dockerfile has a tenth of it.
const STAGES: usize = 200;

/// A Dockerfile.
#[derive(Debug)]
pub struct Container {
    /// Where it lies.
    pub path: PathBuf,
    /// Its instructions.
    pub file: Dockerfile,
    /// Its stages.
    pub stages: Vec<Stage>,
}

/// Reads a Dockerfile.
///
/// # Errors
///
/// It is not there, or can't be read.
pub fn read(path: &Path, disk: &Disk) -> Result<Container, Error> {
    let name = bytes_of(path.as_os_str());
    let text = disk.read_up_to(&name, LIMIT).map_err(|why| {
        let what = match why {
            Missing::Absent => "is not there",
            Missing::Folder => "is a folder",
            Missing::Denied => "may not be read",
            Missing::Unreadable => "is no text that could be read",
        };
        Error::Usage(format!("`--dockerfile`: `{}` {what}", path.display()))
    })?;
    let file = parse(&text);
    let stages = stages(&file, &Arc::from(name), &base);
    Ok(Container { path: path.to_path_buf(), file, stages })
}

/// What is known of images: those of Go set what Go's settings hang on (docker-library/golang, Dockerfile-linux.template).
fn base(image: &[u8]) -> Base {
    let name = image.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let name = name.split(|b| *b == b':' || *b == b'@').next().unwrap_or_default();
    let usual: &[u8] = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let put = |text: &[u8]| Value::put(text, None);
    match name {
        b"golang" => Base {
            env: Env::from([
                (b"GOPATH".to_vec(), put(b"/go")),
                (b"GOTOOLCHAIN".to_vec(), put(b"local")),
                (b"PATH".to_vec(), put(&[b"/go/bin:/usr/local/go/bin:".as_slice(), usual].concat())),
            ]),
            // GOLANG_VERSION
            others_unknown: true,
        },
        b"scratch" => Base::default(),
        b"alpine" | b"debian" | b"ubuntu" | b"fedora" | b"busybox" | b"archlinux" | b"almalinux" | b"rockylinux"
        | b"distroless" => Base { env: Env::from([(b"PATH".to_vec(), put(usual))]), others_unknown: false },
        _ => Base { env: Env::new(), others_unknown: true },
    }
}

impl Container {
    /// The commands of a name, with their stages.
    pub fn runs<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (&'a Stage, &'a Run)> {
        self.stages.iter().flat_map(|s| s.runs.iter().map(move |r| (s, r))).filter(|(_, r)| names.contains(&r.name.as_str()))
    }

    /// Go's settings in each stage that sets any, as far as its variables tell them: nothing of this machine counts there.
    pub fn settings(&self) -> Vec<Option<Settings>> {
        let sets = |stage: &Stage| stage.env.iter().any(|(name, value)| name.starts_with(b"GO") && value.at().is_some());
        let of = |stage: &Stage| {
            let named = stage.env.iter().filter(|(name, _)| name.starts_with(b"GO") || name.starts_with(b"CGO_"));
            let mut env: BTreeMap<OsString, OsString> =
                named.filter_map(|(name, value)| Some((text_of(name), text_of(&value.text()?)))).collect();
            env.insert("GOENV".into(), "off".into());
            locate::survey(&Host { env, cwd: PathBuf::from("/") }, &Flags::default())
        };
        self.stages.iter().take(STAGES).map(|stage| sets(stage).then(|| of(stage))).collect()
    }

    /// What the last `RUN`, and what the entry point of the last stage, start with. What lies in the image is not on this machine.
    pub fn starts(&self, user: &User, looker: &Looker) -> Vec<Start> {
        let of = |kind, run: &Run| {
            let env = Env::clone(&run.env);
            let start = super::services::plain(kind, env, Vec::new(), user, looker);
            Start { view: looker.view(&Env::new(), &user.home), ..start }
        };
        let last = self.stages.last();
        let run = last.and_then(|s| s.runs.iter().rev().find(|r| r.name == "RUN"));
        let entry = last.and_then(|s| s.runs.iter().rev().find(|r| r.name != "RUN"));
        let run = run.map(|r| of(StartKind::DockerRun, r));
        run.into_iter().chain(entry.map(|r| of(StartKind::DockerEntrypoint, r))).collect()
    }
}
