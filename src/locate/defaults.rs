//! Go's own defaults: the user's folders (`os/file.go`, UserCacheDir and UserConfigDir) and GOPATH (`go/build/build.go`).

use super::layers::Env;
use super::paths::Os;

/// `os.UserConfigDir`; `Err` holds Go's words.
pub fn user_config_dir(os: Os, env: &Env<'_>, minor: u32) -> Result<Vec<u8>, String> {
    user_dir(os, env, minor, ["AppData", "/Library/Application Support", "XDG_CONFIG_HOME", "/.config"])
}

/// `os.UserCacheDir`; `Err` holds Go's words.
pub fn user_cache_dir(os: Os, env: &Env<'_>, minor: u32) -> Result<Vec<u8>, String> {
    user_dir(os, env, minor, ["LocalAppData", "/Library/Caches", "XDG_CACHE_HOME", "/.cache"])
}

fn user_dir(os: Os, env: &Env<'_>, minor: u32, names: [&str; 4]) -> Result<Vec<u8>, String> {
    let [windows, macos, xdg, unix] = names;
    // Put behind HOME as text: Go does not clean here.
    let below_home = |rest: &str| env.get("HOME").map(|home| [&home[..], rest.as_bytes()].concat());
    match os {
        Os::Windows => env.get(windows).ok_or_else(|| format!("%{windows}% is not defined")),
        Os::Macos => below_home(macos).ok_or_else(|| "$HOME is not defined".to_owned()),
        Os::Unix => match env.get(xdg) {
            // Refused since Go 1.24.
            Some(dir) if minor >= 24 && !os.is_abs(&dir) => Err(format!("path in ${xdg} is relative")),
            Some(dir) => Ok(dir),
            None => below_home(unix).ok_or_else(|| format!("neither ${xdg} nor $HOME are defined")),
        },
    }
}

/// The GOPATH that Go infers: `go` in the user's home, unless that is the GOROOT of the environment
/// (`go/build`, defaultGOPATH; a GOROOT that was compiled into the program is not known to us).
pub fn gopath(os: Os, env: &Env<'_>) -> Vec<u8> {
    let Some(home) = env.get(if os == Os::Windows { "USERPROFILE" } else { "HOME" }) else { return Vec::new() };
    let inferred = os.join(&[&home, b"go"]);
    let goroot = env.get("GOROOT").unwrap_or_default();
    if os.clean(&inferred) == os.clean(&goroot) { Vec::new() } else { inferred }
}

/// The C compilers that Go looks for (`cmd/go/internal/cfg/zdefaultcc.go`).
pub fn compilers(goos: &[u8]) -> (&'static str, &'static str) {
    match goos {
        b"darwin" | b"ios" | b"freebsd" | b"openbsd" => ("clang", "clang++"),
        _ => ("gcc", "g++"),
    }
}
