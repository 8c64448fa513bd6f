//! What a shell sees of the sample: an account, init files, a Go installation of its own.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::Sample;
use super::binary::BinarySample;
use crate::sys;

/// The version of the sample's Go installation.
pub const GO_VERSION: &str = "go1.26.8";

impl Sample {
    /// HOME.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The Go installation that the sample's shells find.
    pub fn goroot(&self) -> PathBuf {
        self.root.join("usr/local/go")
    }

    /// Makes the account, the init files and the installation, which a scan needs not.
    pub fn make_machine(&self) -> io::Result<()> {
        let (home, goroot) = (self.home(), self.goroot());
        let uid = sys::process::effective_uid();
        let account = format!("ann:x:{uid}:{uid}::{}:/bin/bash\n", home.display());
        self.write(&self.root.join("etc/passwd"), account.as_bytes())?;
        self.write(&self.root.join("etc/shells"), b"/bin/sh\n/bin/bash\n/usr/bin/bash\n")?;
        self.write(&self.root.join("etc/profile"), b"# nothing\n")?;
        self.write(&home.join(".profile"), b". \"$HOME/.bashrc\"\n")?;
        self.write(&home.join(".bashrc"), format!("export PATH=\"$PATH:{}/bin\"\n", goroot.display()).as_bytes())?;
        self.make_installation(&goroot, GO_VERSION)
    }

    /// Makes an installation of Go as small as one can be.
    pub fn make_installation(&self, root: &Path, version: &str) -> io::Result<()> {
        self.write(&root.join("VERSION"), format!("{version}\ntime 2026-01-01T00:00:00Z\n").as_bytes())?;
        for program in ["bin/go", "bin/gofmt", "pkg/tool/linux_amd64/compile"] {
            self.put_tool(&root.join(program), version)?;
        }
        Ok(())
    }

    /// Puts a program there that was built with `version`.
    pub fn put_tool(&self, path: &Path, version: &str) -> io::Result<()> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let program = BinarySample { name, go_version: version.to_owned(), modinfo: String::new() };
        self.write(path, &program.bytes())?;
        sys::set_mode(path, 0o755)
    }

    /// The environment of a process of the sample's user, who has logged in. System files lie below the sample's root.
    pub fn login_environment(&self) -> BTreeMap<String, String> {
        let path = |p: PathBuf| p.to_string_lossy().into_owned();
        let mut env = BTreeMap::from([
            ("HOME".to_owned(), path(self.home())),
            ("USER".to_owned(), "ann".to_owned()),
            ("LOGNAME".to_owned(), "ann".to_owned()),
            ("SHELL".to_owned(), "/bin/bash".to_owned()),
            ("PATH".to_owned(), format!("/usr/bin:/bin:{}", path(self.goroot().join("bin")))),
        ]);
        env.extend(self.env.clone());
        env
    }
}
