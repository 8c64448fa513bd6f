//! Which files a start reads, in which order.

use super::super::value::Value;
use super::super::vars::{Var, Vars};
use super::super::world::Missing;
use super::super::{FileSeen, Named, Outcome, STEPS};
use super::Dialect;
use super::expand::Mode;
use super::reader::{Reader, Until};
use super::shell::{Flow, Shell};
use super::state::{Array, Held};

impl Shell<'_> {
    /// What the shell sets before it reads anything.
    pub(super) fn prepare(&mut self, env: Vars) {
        self.state.vars = env;
        self.state.cwd = Some(self.start.cwd.to_vec());
        self.state.positional = Some(Vec::new());
        self.state.status = Some(0);
        let cwd = self.start.cwd.to_vec();
        match self.mode {
            Dialect::Dash => self.prepare_dash(&cwd),
            Dialect::Bash | Dialect::BashAsSh => self.prepare_bash(&cwd),
            Dialect::Zsh => self.prepare_zsh(&cwd),
        }
    }

    fn initial(&mut self, name: &[u8], value: Option<&[u8]>, exported: bool) {
        self.state.vars.insert(name, Var { value: value.map(|v| Value::put(v, None)), exported: Some(exported), at: None });
    }

    fn default(&mut self, name: &[u8], value: &[u8]) {
        if self.state.vars.get(name).is_none() {
            self.initial(name, Some(value), false);
        }
    }

    fn unknown_default(&mut self, name: &[u8]) {
        if self.state.vars.get(name).is_none() {
            self.state.vars.insert(name, Var { value: Some(Value::unknown(None)), exported: Some(false), at: None });
        }
    }

    fn level_up(&mut self) {
        let level =
            self.text(b"SHLVL").and_then(|t| String::from_utf8(t).ok()).and_then(|t| t.trim().parse::<i64>().ok()).unwrap_or(0);
        // bash: beyond 999 it starts again.
        let level = if level < 0 {
            0
        } else if self.bash() && level >= 999 {
            1
        } else {
            level.saturating_add(1)
        };
        self.initial(b"SHLVL", Some(level.to_string().as_bytes()), true);
    }

    fn prompt(&mut self, interactive: &[u8]) {
        if self.start.interactive {
            self.default(b"PS1", interactive);
        } else if self.bash() {
            // A shell that is not interactive unsets it.
            self.state.vars.remove(b"PS1");
            self.state.vars.remove(b"PS2");
        }
    }

    fn prepare_dash(&mut self, cwd: &[u8]) {
        self.initial(b"IFS", Some(b" \t\n"), false);
        self.initial(b"PWD", Some(cwd), true);
        self.default(b"PATH", b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        let prompt: &[u8] = if self.start.uid == 0 { b"# " } else { b"$ " };
        self.default(b"PS1", prompt);
        self.default(b"PS2", b"> ");
        self.default(b"PS4", b"+ ");
        self.default(b"OPTIND", b"1");
    }

    fn prepare_bash(&mut self, cwd: &[u8]) {
        self.initial(b"IFS", Some(b" \t\n"), false);
        self.initial(b"PWD", Some(cwd), true);
        // An old folder that is none is forgotten; what stays is exported, even unset.
        let old = self.text(b"OLDPWD").filter(|p| self.world.state(p).is_some_and(|n| n.folder));
        self.initial(b"OLDPWD", old.as_deref(), true);
        self.level_up();
        self.unknown_default(b"PATH");
        self.default(b"TERM", b"dumb");
        self.default(b"PS4", b"+ ");
        self.initial(b"OPTIND", Some(b"1"), false);
        self.prompt(b"\\s-\\v\\$ ");
        for name in [&b"SHELL"[..], b"HOSTTYPE", b"MACHTYPE", b"OSTYPE", b"HISTFILE", b"HISTSIZE", b"HISTFILESIZE", b"HISTCMD"] {
            self.unknown_default(name);
        }
        match self.start.hostname {
            Some(name) => self.default(b"HOSTNAME", name),
            None => self.unknown_default(b"HOSTNAME"),
        }
        if let Some(home) = self.start.home
            && self.start.login
        {
            self.default(b"HOME", home);
        }
        match self.start.version {
            Some(version) => {
                let numbers: Vec<Value> = version.split('.').take(3).map(|n| Value::put(n.as_bytes(), None)).collect();
                let mut text = Value::put(version.as_bytes(), None);
                text.push_unknown(None);
                self.state.vars.insert(b"BASH_VERSION", Var { value: Some(text), exported: Some(false), at: None });
                self.state.arrays.insert(b"BASH_VERSINFO".to_vec(), Array::List(numbers));
            }
            None => {
                let mut text = Value::put(b"5.", None);
                text.push_unknown(None);
                self.state.vars.insert(b"BASH_VERSION", Var { value: Some(text), exported: Some(false), at: None });
                self.state.arrays.insert(b"BASH_VERSINFO".to_vec(), Array::Unknown(None));
            }
        }
    }

    fn prepare_zsh(&mut self, cwd: &[u8]) {
        for (array, scalar) in [
            (&b"path"[..], &b"PATH"[..]),
            (b"fpath", b"FPATH"),
            (b"cdpath", b"CDPATH"),
            (b"manpath", b"MANPATH"),
            (b"mailpath", b"MAILPATH"),
            (b"module_path", b"MODULE_PATH"),
            (b"fignore", b"FIGNORE"),
            (b"psvar", b"PSVAR"),
        ] {
            self.state.tied.insert(array.to_vec(), (scalar.to_vec(), b':'));
        }
        self.initial(b"IFS", Some(b" \t\n\0"), false);
        self.initial(b"PWD", Some(cwd), true);
        self.initial(b"OLDPWD", Some(cwd), true);
        self.level_up();
        if self.state.vars.get(b"HOME").is_none() {
            self.initial(b"HOME", self.start.home, true);
        }
        if self.state.vars.get(b"LOGNAME").is_none() {
            self.initial(b"LOGNAME", Some(self.start.user), true);
        }
        self.default(b"PATH", b"/bin:/usr/bin:/usr/ucb:/usr/local/bin");
        self.initial(b"USERNAME", Some(self.start.user), false);
        for name in [&b"CDPATH"[..], b"MANPATH", b"MAILPATH", b"FIGNORE", b"PSVAR"] {
            self.default(name, b"");
        }
        for name in [
            &b"FPATH"[..],
            b"MODULE_PATH",
            b"HISTSIZE",
            b"SAVEHIST",
            b"WORDCHARS",
            b"OSTYPE",
            b"MACHTYPE",
            b"CPUTYPE",
            b"VENDOR",
            b"SPROMPT",
            b"KEYTIMEOUT",
            b"TMPPREFIX",
        ] {
            self.unknown_default(name);
        }
        match self.start.hostname {
            Some(name) => self.initial(b"HOST", Some(name), false),
            None => self.unknown_default(b"HOST"),
        }
        match self.start.version {
            Some(version) => self.initial(b"ZSH_VERSION", Some(version.as_bytes()), false),
            None => self.unknown_default(b"ZSH_VERSION"),
        }
        self.initial(b"ZSH_NAME", Some(b"zsh"), false);
        if self.start.interactive {
            for name in [&b"PS1"[..], b"PROMPT", b"prompt"] {
                self.state.vars.insert(name, Var { value: Some(Value::put(b"%m%# ", None)), exported: Some(false), at: None });
            }
        } else {
            for name in [&b"PS1"[..], b"PROMPT", b"prompt"] {
                self.initial(name, Some(b""), false);
            }
        }
    }

    /// Goes through the init files.
    pub(super) fn init_files(&mut self) {
        let (login, interactive) = (self.start.login, self.start.interactive);
        let profile = self.start.system.profile.to_vec();
        let flow = match self.mode {
            Dialect::Dash | Dialect::BashAsSh => {
                let mut flow = Flow::Next;
                if login {
                    flow = self.init(&profile, "a login shell reads it");
                    if flow == Flow::Next {
                        flow = self.of_home(b".profile", "a login shell reads it");
                    }
                }
                let asks = interactive;
                if flow == Flow::Next && asks { self.named_by(b"ENV", "named by ENV") } else { flow }
            }
            Dialect::Bash if login => match self.init(&profile, "a login shell reads it") {
                Flow::Next => match self.bash_login() {
                    Flow::Next if !interactive => self.named_by(b"BASH_ENV", "named by BASH_ENV"),
                    flow => flow,
                },
                flow => flow,
            },
            Dialect::Bash if interactive => {
                let mut flow = Flow::Next;
                if let Some(bashrc) = self.start.system.bashrc {
                    flow = self.init(&bashrc.to_vec(), "an interactive shell reads it");
                }
                if flow == Flow::Next { self.of_home(b".bashrc", "an interactive shell reads it") } else { flow }
            }
            Dialect::Bash => self.named_by(b"BASH_ENV", "named by BASH_ENV"),
            Dialect::Zsh => self.zsh_files(),
        };
        if flow == Flow::Stop || self.steps >= STEPS {
            self.forget_all("the files take more steps than are gone through");
        }
    }

    fn zsh_files(&mut self) -> Flow {
        let (login, interactive) = (self.start.login, self.start.interactive);
        let mut stages = vec![(&b"zshenv"[..], "every zsh reads it")];
        if login {
            stages.push((b"zprofile", "a login shell reads it"));
        }
        if interactive {
            stages.push((b"zshrc", "an interactive shell reads it"));
        }
        if login {
            stages.push((b"zlogin", "a login shell reads it"));
        }
        for (name, why) in stages {
            for global in [true, false] {
                let rcs = self.state.option(b"norcs");
                let globals = self.state.option(b"noglobalrcs");
                let first = name == b"zshenv" && global;
                let skip = match (rcs, globals) {
                    _ if first => Some(false),
                    (Some(true), _) => Some(true),
                    (_, Some(true)) if global => Some(true),
                    (None, _) => None,
                    (_, None) if global => None,
                    _ => Some(false),
                };
                let path = if global {
                    let mut path = self.start.system.zsh.to_vec();
                    path.push(b'/');
                    path.extend_from_slice(name);
                    Some(path)
                } else {
                    let folder = match self.known(b"ZDOTDIR") {
                        Some(Some(folder)) if !folder.is_empty() => Some(folder),
                        Some(_) => self.known(b"HOME").flatten(),
                        None => None,
                    };
                    folder.map(|mut f| {
                        f.extend_from_slice(b"/.");
                        f.extend_from_slice(name);
                        f
                    })
                };
                let Some(path) = path else {
                    self.forget_all(format!("where .{} lies", super::shell::lossy(name)));
                    continue;
                };
                let flow = match skip {
                    Some(true) => {
                        let why = if rcs == Some(true) { "NO_RCS is set" } else { "NO_GLOBAL_RCS is set" };
                        self.files.push(FileSeen { path, read: Some(false), why: why.to_owned(), by: None });
                        Flow::Next
                    }
                    Some(false) => self.init(&path, why),
                    None => {
                        let again = path.clone();
                        self.either(|s| s.init(&again, why), |_| Flow::Next)
                    }
                };
                if flow != Flow::Next {
                    return flow;
                }
            }
        }
        Flow::Next
    }

    fn home_file(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        let home = match self.held(b"HOME") {
            Held::One(value) => value.text()?,
            Held::Unset => match self.mode {
                Dialect::Bash | Dialect::BashAsSh => self.start.home?.to_vec(),
                _ => return None,
            },
            _ => return None,
        };
        Some([home.as_slice(), b"/", name].concat())
    }

    fn of_home(&mut self, name: &[u8], why: &str) -> Flow {
        match self.home_file(name) {
            Some(path) => self.init(&path, why),
            None if self.held(b"HOME") == Held::Unset => Flow::Next,
            None => {
                self.forget_all(format!("where {} lies", super::shell::lossy(name)));
                Flow::Next
            }
        }
    }

    /// The first of three.
    fn bash_login(&mut self) -> Flow {
        let names: [&[u8]; 3] = [b".bash_profile", b".bash_login", b".profile"];
        let mut read: Option<&[u8]> = None;
        let mut flow = Flow::Next;
        let paths: Vec<Option<Vec<u8>>> = names.iter().map(|n| self.home_file(n)).collect();
        for (name, path) in names.iter().zip(paths) {
            let Some(path) = path else {
                self.forget_all("where the files of a login shell lie");
                return Flow::Next;
            };
            if let Some(first) = read {
                let why = match self.contents(&path) {
                    Some(Err(Missing::Absent)) => "not there".to_owned(),
                    _ => format!("~/{} was read instead", super::shell::lossy(first)),
                };
                self.files.push(FileSeen { path, read: Some(false), why, by: None });
                continue;
            }
            // One that can't be read, or is a folder, is passed over.
            let there = matches!(self.contents(&path), Some(Ok(_)) | Some(Err(Missing::Unreadable)) | None);
            flow = self.init(&path, "the first of ~/.bash_profile, ~/.bash_login and ~/.profile that is there");
            if there {
                read = Some(name);
            }
        }
        flow
    }

    /// A file that a variable names; its value is expanded.
    fn named_by(&mut self, variable: &[u8], why: &str) -> Flow {
        let text = match self.known(variable) {
            Some(Some(text)) if !text.is_empty() => text,
            Some(_) => return Flow::Next,
            None => {
                self.forget_all(format!("which file {} names", super::shell::lossy(variable)));
                return Flow::Next;
            }
        };
        let mut reader = Reader::new(&text, 1, self.mode, 0);
        let path = match reader.word(Until::DoubleQuote, true) {
            Ok(word) if reader.peek().is_none() => {
                let value = self.quoted(&word);
                match value.text() {
                    Some(text) if text.starts_with(b"~") => {
                        let word = super::ast::Word { parts: vec![super::ast::Part::Text(text)], line: 1 };
                        if self.mode == Dialect::Dash { value.text() } else { self.single(&word, Mode::Single).text() }
                    }
                    other => other,
                }
            }
            _ => None,
        };
        match path {
            Some(path) => self.init(&path, why),
            None => {
                self.forget_all(format!("which file {} names", super::shell::lossy(variable)));
                Flow::Next
            }
        }
    }

    /// An init file that the shell reads by itself.
    fn init(&mut self, path: &[u8], why: &str) -> Flow {
        let seen =
            |s: &mut Self, read, why: &str| s.files.push(FileSeen { path: path.to_vec(), read, why: why.to_owned(), by: None });
        match self.contents(path) {
            Some(Ok(text)) => {
                seen(self, Some(true), why);
                let flow = self.source(path, &text, None);
                match flow {
                    Flow::Abort if self.mode == Dialect::Dash && !self.start.interactive => {
                        self.ended = Some(self.at());
                        Flow::Exit
                    }
                    Flow::Abort => self.stopped(),
                    flow => flow,
                }
            }
            Some(Err(Missing::Absent)) => {
                seen(self, Some(false), "not there");
                Flow::Next
            }
            Some(Err(Missing::Folder)) => {
                seen(self, Some(false), "a folder");
                Flow::Next
            }
            Some(Err(Missing::Denied)) => {
                let readable = self.node(path).map(|n| n.readable);
                if readable == Some(false) {
                    seen(self, Some(false), "the user may not read it");
                } else {
                    seen(self, None, "we may not read it");
                    self.forget_all(format!("what {} sets", super::shell::lossy(path)));
                }
                Flow::Next
            }
            _ => {
                seen(self, None, "not readable here");
                self.forget_all(format!("what {} sets", super::shell::lossy(path)));
                Flow::Next
            }
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        let mut names = std::collections::BTreeMap::new();
        for (name, function) in &self.state.functions {
            let at = function.as_ref().map(|f| f.at.clone());
            names.insert(name.clone(), Named { text: Vec::new(), function: true, at });
        }
        for (name, alias) in &self.state.aliases {
            let (text, at) = alias.clone().map_or((Vec::new(), None), |(text, at)| (text, Some(at)));
            names.insert(name.clone(), Named { text, function: false, at });
        }
        let mut vars = self.state.vars;
        vars.remove(b"_");
        Outcome { vars, files: self.files, undecided: self.undecided, names, ended: self.ended }
    }
}
