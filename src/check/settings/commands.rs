//! Rules on what a build runs: flags for every command, compilers, helpers.

use std::path::Path;

use super::{Judge, env_variable, goenv_line};
use crate::evidence::node::{Changer, Step};
use crate::evidence::settings::{Claim, ProgramSeen};
use crate::finding::{Finding, Mend, Sink};
use crate::format::quoted;
use crate::format::tool_flags::{self, words};
use crate::place::in_system_folder;
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sys;

/// The rules of this file.
pub const RULES: &[&Rule] = &[
    &GOFLAGS_TOOLEXEC,
    &GOFLAGS_OVERLAY,
    &GOFLAGS_MODFILE,
    &GOFLAGS_MOD_MOD,
    &GOFLAGS_LOADER,
    &GOWORK_NAMED,
    &PROGRAM_OUTSIDE,
    &PROGRAM_WRITABLE,
    &CACHE_PROGRAM,
    &CGO_FLAGS_ALLOW,
    &CGO_FLAGS_RUN_CODE,
];

const GOFLAGS_SOURCE: &str = "cmd/go/internal/base/goflags.go (SetFromGOFLAGS), cmd/go/internal/work/build.go";

/// GOFLAGS=-toolexec.
pub static GOFLAGS_TOOLEXEC: Rule = Rule {
    id: "goflags-toolexec",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOFLAGS has every compiler and linker started through another program",
    what: "A `-toolexec` in GOFLAGS that is not empty, whatever program it names.",
    why: "That program sees and may change all that is compiled and linked, and its results are kept in the build cache for later builds.",
    go: "Starts it for each package, without a word.",
    mend: "Take `-toolexec` out of GOFLAGS; give it to the one command that needs it.",
    source: GOFLAGS_SOURCE,
    witness: |s| goenv_line(s, "GOFLAGS=-toolexec=/tmp/x"),
};

/// GOFLAGS=-overlay.
pub static GOFLAGS_OVERLAY: Rule = Rule {
    id: "goflags-overlay",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOFLAGS puts other files in the place of sources",
    what: "An `-overlay` in GOFLAGS that is not empty.",
    why: "The JSON file that it names replaces any source file of any module, the standard library included, while every checksum stays right.",
    go: "Reads the replaced files without a word.",
    mend: "Take `-overlay` out of GOFLAGS; give it to the one command that needs it.",
    source: "cmd/go/internal/fsys/fsys.go (Init), cmd/go/internal/work/build.go",
    witness: |s| goenv_line(s, "GOFLAGS=-overlay=/tmp/overlay.json"),
};

/// GOFLAGS=-modfile.
pub static GOFLAGS_MODFILE: Rule = Rule {
    id: "goflags-modfile",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOFLAGS puts another go.mod in the place of every module's own",
    what: "A `-modfile` in GOFLAGS that is not empty.",
    why: "Requirements, replacements and, with the go.sum beside it, the sums come from a file that nobody reviews.",
    go: "Uses it for every main module.",
    mend: "Take `-modfile` out of GOFLAGS; give it to the one command that needs it.",
    source: "cmd/go/internal/modload/init.go (ModFilePath)",
    witness: |s| goenv_line(s, "GOFLAGS=-modfile=/tmp/go.mod"),
};

/// GOFLAGS=-mod=mod.
pub static GOFLAGS_MOD_MOD: Rule = Rule {
    id: "goflags-mod-mod",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOFLAGS lets every build rewrite go.mod and go.sum",
    what: "`-mod=mod` in GOFLAGS, where no later `-mod` takes it back.",
    why: "A build that meets a module whose sum is missing adds it to go.sum instead of stopping, and ignores a vendor folder.",
    go: "Updates both files without a word.",
    mend: "Take `-mod=mod` out of GOFLAGS; run go mod tidy where the files are to change.",
    source: "cmd/go/internal/modload/init.go (setDefaultBuildMod)",
    witness: |s| goenv_line(s, "GOFLAGS=-mod=mod"),
};

/// GOFLAGS=-ldflags=-I and -r.
pub static GOFLAGS_LOADER: Rule = Rule {
    id: "goflags-loader",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOFLAGS has programs linked that start another loader, or take libraries from elsewhere",
    what: "`-I` and `-r` of the linker in `-ldflags` of GOFLAGS, unless they lead to a system folder. Search folders (`-r`) are told as `warning`.",
    why: "The system starts the loader that a program names before the program itself, on every machine that it runs on, with the rights of whoever \
          starts it; a search folder brings the libraries that it loads.",
    go: "Links both into every dynamic program without a word.",
    mend: "Take the flag out of GOFLAGS; give it to the one command that needs it.",
    source: "cmd/link/internal/ld/main.go (flagInterpreter, flagRpath)",
    witness: |s| goenv_line(s, "GOFLAGS='-ldflags=-linkmode=internal -I /tmp/ld.so'"),
};

/// GOWORK=PATH.
pub static GOWORK_NAMED: Rule = Rule {
    id: "gowork-named",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOWORK puts one workspace in the place of the one that each folder has",
    what: "A path in GOWORK; `off` and `auto` are no finding.",
    why: "The go.work that it names can replace any module by a folder, whose files no sum covers, in every build of every module that it uses.",
    go: "Uses it wherever it is started, without a word.",
    mend: "Unset GOWORK, or give it to the one command that needs it.",
    source: "cmd/go/internal/modload/init.go (FindGoWork)",
    witness: |s| goenv_line(s, "GOWORK=/tmp/go.work"),
};

/// A compiler from somewhere.
pub static PROGRAM_OUTSIDE: Rule = Rule {
    id: "program-outside-system",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a setting makes Go run a program from outside the system folders",
    what: "The programs in CC, CXX, AR, FC, GCCGO, PKG_CONFIG, GOAUTH, and in -exec, -vettool and -ldflags=-extld of GOFLAGS, looked \
           up in PATH, links resolved. One that was found through PATH and that only you may change is told as `warning`.",
    why: "It runs in every build that needs it, with all your rights, and may change what it compiles; the result is kept in the build cache.",
    go: "Starts it without a word.",
    mend: "Name a program of the system, or install this one there.",
    source: "cmd/go/internal/work/exec.go (compilerCmd), cmd/go/internal/work/gccgo.go, cmd/go/internal/auth/auth.go",
    witness: |s| {
        let program = s.root().join("outside/cc");
        s.write(&program, b"#!/bin/sh\nexec gcc \"$@\"\n")?;
        sys::set_mode(&program, 0o755)?;
        let line = format!("CC={}", program.display());
        goenv_line(s, &line)
    },
};

/// A compiler that others may change.
pub static PROGRAM_WRITABLE: Rule = Rule {
    id: "program-writable-by-others",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a setting makes Go run a program that somebody else may change",
    what: "Owner, mode and access list of such a program, of GOCACHEPROG, of the compiler below a GOROOT that is set, and of every \
           folder on the way to it.",
    why: "Whoever may change it runs code with your rights at your next build.",
    go: "Starts it without a word.",
    mend: "chmod o-w the program and its folders, or name another.",
    source: "cmd/go/internal/work/exec.go (compilerCmd), cmd/go/internal/cache/prog.go (startCacheProg)",
    witness: |s| {
        let program = s.root().join("outside/cc");
        s.write(&program, b"#!/bin/sh\nexec gcc \"$@\"\n")?;
        sys::set_mode(&program, 0o777)?;
        let value = program.to_string_lossy().into_owned();
        env_variable(s, "CC", &value)
    },
};

/// GOCACHEPROG.
pub static CACHE_PROGRAM: Rule = Rule {
    id: "cache-program",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "GOCACHEPROG puts a program in the place of the build cache",
    what: "Any value of GOCACHEPROG.",
    why: "What Go compiles, links and runs comes from that program, wherever it has it from; the folder that is scanned here holds none of it.",
    go: "Asks the program for every entry, and believes it (since Go 1.24; before that only with GOEXPERIMENT=cacheprog).",
    mend: "go env -u GOCACHEPROG, unless you trust the program and all who may fill its store.",
    source: "cmd/go/internal/cache/prog.go",
    witness: |s| env_variable(s, "GOCACHEPROG", "/usr/bin/cacheprog"),
};

/// CGO_CFLAGS_ALLOW and the like.
pub static CGO_FLAGS_ALLOW: Rule = Rule {
    id: "cgo-flags-allow",
    level: Level::Warning,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "a setting lets packages pass more flags to the C compiler and linker than Go deems safe",
    what: "Any value of CGO_CFLAGS_ALLOW, CGO_CPPFLAGS_ALLOW, CGO_CXXFLAGS_ALLOW, CGO_FFLAGS_ALLOW and CGO_LDFLAGS_ALLOW.",
    why: "Go's own list keeps a package that is merely built from running code here (a compiler plugin, say); a pattern beside it opens a gap in that.",
    go: "Lets every flag pass that matches, for every package.",
    mend: "Set it only for the build that needs it, with a pattern that fits one flag.",
    source: "cmd/go/internal/work/security.go (checkFlags)",
    witness: |s| goenv_line(s, "CGO_LDFLAGS_ALLOW=.*"),
};

/// CGO_CFLAGS and the like that run code.
pub static CGO_FLAGS_RUN_CODE: Rule = Rule {
    id: "cgo-flags-run-code",
    level: Level::Error,
    kind: Kind::Environment,
    fix: Fix::None,
    summary: "the C flags of every build load a plugin or replace a tool",
    what: "Flags of CC, CXX, FC, GCCGO, CGO_CFLAGS, CGO_CPPFLAGS, CGO_CXXFLAGS, CGO_FFLAGS and CGO_LDFLAGS, and in `-ldflags=-extldflags` and \
           `-gccgoflags` of GOFLAGS, that make the compiler load or start something (-fplugin, -wrapper, -specs, -B, -fuse-ld with a path and the like), unless that lies in a system folder.",
    why: "What they name runs in every build that uses cgo, and may change what is compiled.",
    go: "Passes these variables on unchecked: its list of safe flags is for packages, not for you.",
    mend: "Take the flag out.",
    source: "cmd/go/internal/work/exec.go (buildFlags), cmd/go/internal/work/security.go",
    witness: |s| goenv_line(s, "CGO_CFLAGS=-O2 -fplugin=/tmp/plugin.so"),
};

/// Flags of C compilers and linkers that load or start what they name; the name follows, or is the next word where it is empty.
const RUNNING_FLAGS: &[&str] = &[
    "-fplugin=",
    "-fpass-plugin=",
    "-iplugindir=",
    "-specs=",
    "--specs=",
    "-wrapper",
    "-B",
    "-load",
    "-plugin",
    "--ld-path=",
    "-Wl,-plugin,",
    "-Wl,--plugin,",
    "-Wl,-plugin=",
    "-Wl,--plugin=",
    "-fuse-ld=/",
    "@",
];

impl Judge<'_> {
    pub(super) fn commands(&self, claim: &Claim, sink: &mut Sink) {
        match claim.name {
            "GOFLAGS" => {
                self.goflags(claim, sink);
                self.tool_flags(claim, sink);
            }
            "GOWORK" if !matches!(claim.text().as_str(), "off" | "auto") => {
                let message = format!("has every build use the workspace `{}`", claim.text());
                sink.push(self.find(&GOWORK_NAMED, claim, message));
            }
            "GOCACHEPROG" => {
                let message = format!("puts `{}` in the place of the build cache: what Go links comes from it", claim.text());
                sink.push(self.find(&CACHE_PROGRAM, claim, message));
            }
            name if name.ends_with("FLAGS_ALLOW") => {
                let message = format!("lets every package pass flags that match `{}` to the C compiler or linker", claim.text());
                sink.push(self.find(&CGO_FLAGS_ALLOW, claim, message));
            }
            // What stands behind a compiler's name is its flags.
            "CGO_CFLAGS" | "CGO_CPPFLAGS" | "CGO_CXXFLAGS" | "CGO_FFLAGS" | "CGO_LDFLAGS" | "CC" | "CXX" | "FC" | "GCCGO" => {
                self.running(claim, &words(&claim.value)).into_iter().for_each(|f| sink.push(f));
            }
            _ => {}
        }
    }

    fn goflags(&self, claim: &Claim, sink: &mut Sink) {
        let Ok(words) = quoted::split(&claim.value) else { return };
        let one_dash = |w: &&[u8]| {
            String::from_utf8_lossy(if w.starts_with(b"--") { w.get(1..).unwrap_or_default() } else { w }).into_owned()
        };
        let flags: Vec<String> = words.iter().map(one_dash).collect();
        // A later flag of the same name overrules an earlier one.
        let last = |name: &str| flags.iter().rev().find_map(|f| f.strip_prefix(name)).filter(|v| !v.is_empty());
        let mut tell = |rule: &'static Rule, name: &str, message: String| {
            sink.push(self.mended(claim, name, self.find(rule, claim, message)));
        };
        if let Some(program) = last("-toolexec=") {
            tell(&GOFLAGS_TOOLEXEC, "-toolexec", format!("starts every compiler and linker through `{program}`"));
        }
        if let Some(file) = last("-overlay=") {
            tell(&GOFLAGS_OVERLAY, "-overlay", format!("lets `{file}` put other files in the place of any source"));
        }
        if let Some(file) = last("-modfile=") {
            tell(&GOFLAGS_MODFILE, "-modfile", format!("puts `{file}` in the place of every module's go.mod"));
        }
        if last("-mod=") == Some("mod") {
            tell(&GOFLAGS_MOD_MOD, "-mod", "lets every build rewrite go.mod and go.sum".to_owned());
        }
    }

    /// The line without one flag; `None` where nothing else is on it, or no file holds it.
    fn without_flag(&self, claim: &Claim, name: &str) -> Option<Mend> {
        let words = quoted::split(&claim.value).ok()?;
        let is_it = |w: &&[u8]| {
            let bare = if w.starts_with(b"--") { w.get(1..).unwrap_or_default() } else { w };
            bare.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='))
        };
        let rest: Vec<&[u8]> = words.iter().filter(|w| !is_it(w)).copied().collect();
        let joined = quoted::join(&rest).filter(|_| !rest.is_empty())?;
        self.edit(claim, Some(format!("GOFLAGS={}", String::from_utf8_lossy(&joined))))
    }

    /// The first flag that loads or starts something.
    fn running(&self, claim: &Claim, flags: &[String]) -> Option<Finding> {
        let (flag, program) = starts(flags)?;
        let message = format!("`{flag}` loads or starts `{program}` in every build that uses cgo");
        Some(self.find(&CGO_FLAGS_RUN_CODE, claim, message))
    }

    /// The flags for the linker and for gccgo that stand in GOFLAGS.
    fn tool_flags(&self, claim: &Claim, sink: &mut Sink) {
        for word in words(&claim.value) {
            match tool_flags::handed_on(&word) {
                Some(("-gccgoflags", flags)) => {
                    self.running(claim, &flags).into_iter().for_each(|f| sink.push(self.mended(claim, "-gccgoflags", f)))
                }
                Some(("-ldflags", flags)) => {
                    for (name, value) in tool_flags::with_values(&flags) {
                        let found = self.of_linker(claim, name, value);
                        found.into_iter().for_each(|f| sink.push(self.mended(claim, "-ldflags", f)));
                    }
                }
                _ => {}
            }
        }
    }

    fn of_linker(&self, claim: &Claim, name: &str, value: &str) -> Option<Finding> {
        if name == "extldflags" {
            return self.running(claim, &words(value.as_bytes()));
        }
        let (what, level) = match name {
            "I" => ("start with the loader", Level::Error),
            "r" => ("look for libraries in", Level::Warning),
            _ => return None,
        };
        let message = format!("has every dynamic program {what} `{value}`");
        let outside = !value.is_empty() && !in_system_folder(Path::new(value));
        outside.then(|| self.find(&GOFLAGS_LOADER, claim, message).lowered_to(level))
    }

    /// With the change that takes out one flag alone, where a file holds others beside it.
    fn mended(&self, claim: &Claim, flag: &str, mut finding: Finding) -> Finding {
        finding.mend = self.without_flag(claim, flag).or(finding.mend);
        finding
    }

    pub(super) fn programs(&self, sink: &mut Sink) {
        for program in &self.seen.programs {
            let Some(claim) = self.seen.claims.get(program.claim) else { continue };
            if let Some(mut finding) = self.program(program, claim) {
                let name = Path::new(&program.word).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                finding.subject = format!("{} {name}", claim.name);
                sink.push(finding);
            }
        }
    }

    fn program(&self, program: &ProgramSeen, claim: &Claim) -> Option<Finding> {
        let word = &program.word;
        let Some(place) = &program.place else {
            // A name that PATH does not have starts nothing. A relative path starts whatever lies there.
            let message = format!("makes Go run `{word}`, whatever lies under that name in the folder of each package");
            return (!program.from_path && claim.name != "GOROOT").then(|| self.find(&PROGRAM_OUTSIDE, claim, message));
        };
        let shown = place.display();
        if let Some((step, who)) = self.writer(&program.steps) {
            let message = format!("makes Go run `{shown}`, and {who} may change `{}`", step.path.display());
            return Some(
                self.find(&PROGRAM_WRITABLE, claim, message).claims("writable by you or root alone", step.stat.mode_string()),
            );
        }
        let ours = self.settings.path("GOROOT").is_some_and(|root| place.starts_with(root));
        if matches!(claim.name, "GOCACHEPROG" | "GOROOT") || ours || in_system_folder(place) {
            return None;
        }
        let finding =
            self.find(&PROGRAM_OUTSIDE, claim, format!("makes Go run `{shown}`, which lies outside the system folders"));
        Some(if program.from_path { finding.lowered_to(Level::Warning) } else { finding })
    }

    /// The first step of a way that somebody else may change, and who.
    fn writer<'s>(&self, steps: &'s [Step]) -> Option<(&'s Step, String)> {
        let owners = &self.seen.owners;
        steps.iter().find_map(|step| match step.changer(owners, owners.euid)? {
            Changer::Adder | Changer::Group(_) => None,
            who => Some((step, who.who())),
        })
    }
}

/// The first flag of a C compiler that loads or starts something outside of the system folders, and what.
fn starts(flags: &[String]) -> Option<(&str, String)> {
    flags.iter().enumerate().find_map(|(at, word)| {
        let flag = RUNNING_FLAGS.iter().find(|f| word.starts_with(**f))?;
        // Longer words of the same beginning are other flags.
        if matches!(*flag, "-wrapper" | "-load" | "-plugin") && word != flag {
            return None;
        }
        let value = match word.strip_prefix(flag.trim_end_matches('/')).filter(|v| !v.is_empty()) {
            Some(value) => value,
            None => flags.get(at + 1).filter(|next| *next != "-Xclang").or_else(|| flags.get(at + 2)).map_or("", String::as_str),
        };
        let program = value.split(',').next().unwrap_or_default();
        (!in_system_folder(Path::new(program))).then(|| (word.as_str(), program.to_owned()))
    })
}
