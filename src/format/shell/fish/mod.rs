//! What fish's init files do to variables, told without running anything.
//!
//! fish reads universal variables, then its own `config.fish`, which reads the `conf.d` folders of the user, the machine and the
//! vendors, then the machine's `config.fish` and the user's. All of them are evaluated here as they lie on the machine, fish's own
//! too, so that a version with other habits is followed without a word here. Sources: fish 3.6.0 (`env.cpp`, `expand.cpp`,
//! `parse_execution.cpp`, `builtins/`), fish-language(1).

mod argparse;
mod ast;
mod builtins;
mod call;
mod control;
mod define;
mod eval;
mod expand;
mod glob;
mod indexes;
mod math;
mod options;
mod parse;
mod paths;
mod read;
mod regex;
mod set;
mod source;
mod state;
mod string;
mod string_edit;
mod test;
mod text;
mod universal;
mod word;

pub use parse::{NESTING, Syntax};

use super::{At, FileSeen, Outcome, Piece, Value, Var, Vars, World};
use eval::{Eval, Flow};
use state::{FishVar, Item, Scope, joined};

/// A way in which fish is started.
#[derive(Debug, Clone)]
pub struct FishStart<'a> {
    /// `fish -l`
    pub login: bool,
    /// `fish -i`, or without a command at a terminal.
    pub interactive: bool,
    /// `fish -c`
    pub command: bool,
    /// The home folder by the account database, for where `HOME` is not set.
    pub home: Option<&'a [u8]>,
    /// The account's name.
    pub user: &'a [u8],
    /// The account's number.
    pub uid: u32,
    /// The folder in which it is started.
    pub cwd: &'a [u8],
    /// Such as `3.6.0`; `None`: not known.
    pub version: Option<&'a str>,
    /// fish's own files: `/usr/share/fish`
    pub data_dir: &'a [u8],
    /// The machine's configuration: `/etc/fish`
    pub sysconf_dir: &'a [u8],
}

/// The first number of a version; what is not known is taken for the newest.
fn major(version: Option<&str>) -> u32 {
    version.and_then(|v| v.split('.').next()?.parse().ok()).unwrap_or(u32::MAX)
}

/// The first place that a value names.
fn place_of(value: &Value) -> Option<&At> {
    expand::first_place(value)
}

/// Goes through the init files of a start and gives the state before the first prompt or the first command.
pub fn start(world: &dyn World, start: &FishStart, env: Vars) -> Outcome {
    let mut eval = Eval::new(world, start);
    let shlvl = eval.take_environment(&env);
    eval.set_up(shlvl);
    let config = eval.config_folder();
    if let Some(config) = &config {
        eval.take_universal(config);
    }
    let mut flow = eval.init_file(start.data_dir, "fish's own");
    if flow != Flow::Stop {
        flow = eval.init_file(start.sysconf_dir, "the machine's");
    }
    if flow != Flow::Stop
        && let Some(config) = &config
    {
        let _ = eval.init_file(config, "the user's");
    }
    eval.outcome()
}

impl Eval<'_> {
    /// Takes the variables of the environment; gives that of `SHLVL`, which only fish sets.
    fn take_environment(&mut self, env: &Vars) -> Option<Value> {
        self.state.strange = env.others_unknown;
        let mut shlvl = None;
        for (name, var) in env.iter() {
            let Some(value) = &var.value else { continue };
            match name {
                b"SHLVL" => shlvl = Some(value.clone()),
                b"PWD" | b"FISH_VERSION" | b"_" | b"fish_kill_signal" | b"fish_killring" | b"fish_pid" | b"history"
                | b"hostname" | b"pipestatus" | b"status" | b"status_generation" | b"umask" | b"version" | b"fish_user_paths" => {
                }
                _ => {
                    let path = name.ends_with(b"PATH");
                    let items = match (path, value.is_known()) {
                        (true, true) => value.split(b':').into_iter().map(Item::one).collect(),
                        // An unknown part may hold separators.
                        (true, false) => value.split(b':').into_iter().map(|v| Item { many: !v.is_known(), value: v }).collect(),
                        (false, _) => vec![Item::one(value.clone())],
                    };
                    let certain = var.exported == Some(true);
                    let var = FishVar { items, exported: var.exported, path, at: var.at.clone(), certain };
                    self.state.globals.insert(name.to_vec(), var);
                }
            }
        }
        let pwd = env.get(b"PWD").and_then(|v| v.value.as_ref()?.text());
        let same = |p: &[u8]| {
            p == self.start.cwd || self.world.resolve(p).is_some_and(|r| self.world.resolve(self.start.cwd) == Some(r))
        };
        self.state.pwd = Some(match pwd {
            Some(pwd) if pwd.first() == Some(&b'/') && same(&pwd) => pwd,
            _ => self.start.cwd.to_vec(),
        });
        shlvl
    }

    fn global(&mut self, name: &[u8], value: &[u8], exported: bool) {
        let items = vec![Item::one(Value::put(value, None))];
        let var = FishVar { items, exported: Some(exported), path: false, at: None, certain: true };
        self.state.globals.insert(name.to_vec(), var);
    }

    fn missing_or_empty(&self, name: &[u8]) -> bool {
        self.state.globals.get(name).is_none_or(|v| v.items.iter().all(|i| !i.many && i.value.is_empty()))
    }

    /// What fish sets before the first file (`env_init`).
    fn set_up(&mut self, shlvl: Option<Value>) {
        let start = self.start;
        self.global(b"__fish_data_dir", start.data_dir, false);
        self.global(b"__fish_sysconf_dir", start.sysconf_dir, false);
        self.global(b"EUID", start.uid.to_string().as_bytes(), false);
        let named = self.state.globals.get(b"USER".as_slice()).and_then(|v| v.items.first()).and_then(Item::text);
        if named.as_deref() != Some(start.user) {
            self.global(b"USER", start.user, true);
        }
        if self.missing_or_empty(b"HOME") {
            self.global(b"HOME", start.home.unwrap_or_default(), true);
        }
        if self.missing_or_empty(b"PATH") {
            // glibc's confstr(_CS_PATH).
            self.global(b"PATH", b"", true);
            if let Some(path) = self.state.globals.get_mut(b"PATH".as_slice()) {
                path.items = [&b"/bin"[..], b"/usr/bin"].iter().map(|p| Item::one(Value::put(p, None))).collect();
                path.path = true;
            }
        }
        self.start_path =
            self.value_of(b"PATH").map(|v| v.split(b':')).unwrap_or_default().iter().filter_map(Value::text).collect();
        self.global(b"IFS", b"\n \t", false);
        self.global(b"CMD_DURATION", b"0", false);
        if let Some(version) = start.version {
            self.global(b"version", version.as_bytes(), false);
            self.global(b"FISH_VERSION", version.as_bytes(), false);
        }
        self.global(b"fish_bind_mode", b"default", false);
        for (name, folder) in [
            (&b"__fish_help_dir"[..], None),
            (b"__fish_bin_dir", None),
            (b"__fish_config_dir", self.config_folder()),
            (b"__fish_user_data_dir", self.data_folder()),
        ] {
            match folder {
                Some(folder) => self.global(name, &folder, false),
                None => {
                    self.state
                        .globals
                        .insert(name.to_vec(), FishVar { certain: true, exported: Some(false), ..FishVar::unknown(None) });
                }
            }
        }
        for name in [&b"COLUMNS"[..], b"LINES"] {
            if self.missing_or_empty(name) {
                let items = vec![Item::one(Value::unknown(None))];
                self.state
                    .globals
                    .insert(name.to_vec(), FishVar { items, exported: Some(false), path: false, at: None, certain: true });
            }
        }
        let level = shlvl.map(|v| v.text());
        let told = match (&level, start.interactive) {
            (None, false) => None,
            (None, true) => Some(Some(b"1".to_vec())),
            (Some(text), false) => Some(text.clone()),
            (Some(None), true) => Some(None),
            (Some(Some(text)), true) => {
                let number = std::str::from_utf8(text).ok().and_then(|t| t.trim().parse::<i64>().ok()).filter(|n| *n >= 0);
                Some(Some(number.map_or(1, |n| n.saturating_add(1)).to_string().into_bytes()))
            }
        };
        if let Some(told) = told {
            self.global(b"SHLVL", &told.clone().unwrap_or_default(), true);
            if told.is_none()
                && let Some(var) = self.state.globals.get_mut(b"SHLVL".as_slice())
            {
                var.items = vec![Item::one(Value::unknown(None))];
            }
        }
    }

    fn xdg(&self, variable: &[u8], fallback: &[u8]) -> Option<Vec<u8>> {
        let text = |name: &[u8]| match self.state.globals.get(name) {
            Some(var) => joined(&var.items, var.separator()).text(),
            None => Some(Vec::new()),
        };
        let set = text(variable)?;
        if !set.is_empty() {
            return Some([&set[..], b"/fish"].concat());
        }
        let home = text(b"HOME")?;
        (!home.is_empty()).then(|| [&home[..], fallback].concat())
    }

    fn config_folder(&self) -> Option<Vec<u8>> {
        self.xdg(b"XDG_CONFIG_HOME", b"/.config/fish")
    }

    fn data_folder(&self) -> Option<Vec<u8>> {
        self.xdg(b"XDG_DATA_HOME", b"/.local/share/fish")
    }

    fn init_file(&mut self, folder: &[u8], whose: &str) -> Flow {
        let path = [folder, b"/config.fish"].concat();
        self.context.line = 0;
        let own = folder == self.start.data_dir;
        match self.world.state(&path) {
            Some(state) if state.exists() && state.readable => {
                let flow = self.source_file(&path, &[], format!("{whose} config.fish"));
                if own {
                    self.name_masked();
                }
                // `exit` leaves the file, not the shell.
                if flow == Flow::Stop { Flow::Stop } else { Flow::Normal }
            }
            Some(state) => {
                let why = if state.exists() { "not readable" } else { "not there" };
                self.files.push(FileSeen { path, read: Some(false), why: why.to_owned(), by: None });
                if own {
                    // Later versions carry their own files within the program: what these do, others among the files, is not seen.
                    self.forget("what fish's own config.fish does: it is not there".to_owned());
                }
                Flow::Normal
            }
            None => {
                self.files.push(FileSeen {
                    path: path.clone(),
                    read: None,
                    why: "whether it is there can't be told".to_owned(),
                    by: None,
                });
                self.forget(format!("what {} does", String::from_utf8_lossy(&path)));
                Flow::Normal
            }
        }
    }

    /// Names the files of `conf.d` folders that were left out for one of the same name.
    fn name_masked(&mut self) {
        let mut folders: Vec<Vec<u8>> = [b"__fish_config_dir".as_slice(), b"__fish_sysconf_dir"]
            .iter()
            .filter_map(|n| self.value_of(n)?.text())
            .map(|f| [&f[..], b"/conf.d"].concat())
            .collect();
        let vendors = self.lookup(b"__fish_vendor_confdirs").map(|v| v.items).unwrap_or_default();
        folders.extend(vendors.iter().filter_map(Item::text));
        let mut seen: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for folder in folders {
            let mut names = self.world.list(&folder).unwrap_or_default();
            names.sort();
            for name in names.into_iter().filter(|n| n.ends_with(b".fish") && !n.starts_with(b".")) {
                let path = [&folder[..], b"/", &name].concat();
                let first = seen.iter().find(|(n, _)| *n == name).map(|(_, p)| p.clone());
                if self.files.iter().any(|f| f.path == path) {
                    seen.push((name, path));
                    continue;
                }
                let why = match first {
                    Some(first) => format!("{} was read instead", String::from_utf8_lossy(&first)),
                    None => {
                        seen.push((name, path.clone()));
                        "not a readable file".to_owned()
                    }
                };
                self.files.push(FileSeen { path, read: Some(false), why, by: None });
            }
        }
    }

    fn outcome(mut self) -> Outcome {
        // What is local to a file is gone; what is local to the shell itself stays.
        self.state.scopes.truncate(1);
        if self.state.scopes.is_empty() {
            self.state.scopes.push(Scope::default());
        }
        let mut vars = Vars::of_environment([]);
        vars.others_unknown = self.state.strange;
        let mut tables = vec![&self.state.universal, &self.state.globals];
        tables.extend(self.state.scopes.iter().map(|s| &s.vars));
        for table in tables {
            for (name, var) in table {
                vars.insert(name, told(var));
            }
        }
        // An exported universal variable stands behind a global one that is not exported.
        for (name, var) in self.state.exports() {
            vars.insert(&name, told(&var));
        }
        let pwd = self.state.pwd.take().map_or_else(|| Value::unknown(None), |p| Value::put(&p, None));
        vars.insert(b"PWD", Var { value: Some(pwd), exported: Some(true), at: None });
        Outcome { vars, files: self.files, undecided: self.undecided, names: self.names, ended: self.ended }
    }
}

/// A variable as it is told. Where it may be missing, its value is unknown.
fn told(var: &FishVar) -> Var {
    let value = joined(&var.items, var.separator());
    let value = if var.certain || value.pieces().iter().any(|p| matches!(p, Piece::Unknown(_))) {
        value
    } else {
        Value::unknown(var.at.as_ref())
    };
    Var { value: Some(value), exported: var.exported.filter(|_| var.certain), at: var.at.clone() }
}
