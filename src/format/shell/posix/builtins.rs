//! Builtins.

use std::collections::BTreeMap;

use super::super::value::Value;
use super::super::world::Missing;
use super::Dialect;
use super::ast::Assign;
use super::expand::Args;
use super::names::is_builtin;
use super::shell::{Flow, Shell, lossy};

impl Shell<'_> {
    pub(super) fn builtin(&mut self, name: &[u8], list: Args, declared: &BTreeMap<usize, &Assign>) -> Flow {
        let args = list.list.get(1..).unwrap_or(&[]).to_vec();
        self.step(1);
        match name {
            b":" | b"true" => self.done(Some(0)),
            b"false" => self.done(Some(1)),
            b"export" | b"declare" | b"typeset" | b"local" | b"readonly" | b"integer" | b"float" => {
                self.declare(name, &list, declared)
            }
            b"unset" => self.unset_all(&args, list.unsure),
            b"." | b"source" => self.dot(name, &args, list.unsure),
            b"eval" => {
                if list.unsure && !super::shell::join(&args, b" ").is_known() {
                    self.forget_all("what `eval` of unknown text sets");
                    return Flow::Next;
                }
                self.eval_text(&super::shell::join(&args, b" "))
            }
            b"set" => self.set_builtin(&args, list.unsure),
            b"shift" => self.shift(&args),
            b"[" | b"test" => {
                let mut words = args;
                if name == b"[" && words.pop().and_then(|w| w.text()).as_deref() != Some(b"]") {
                    return self.done(Some(2));
                }
                let told = if list.unsure { None } else { self.test_words(&words) };
                self.done(told)
            }
            b"alias" => self.alias_builtin(&args),
            b"unalias" => {
                for name in args.iter().filter_map(Value::text) {
                    if name == b"-a" { self.state.aliases.clear() } else { drop(self.state.aliases.remove(&name)) }
                }
                self.done(Some(0))
            }
            b"echo" => self.echo(&args, list.unsure),
            b"print" => self.print(&args, list.unsure),
            b"printf" => self.printf(&args, list.unsure),
            b"pwd" => {
                let at = self.at();
                match (self.state.cwd.clone(), args.is_empty()) {
                    (Some(cwd), true) => {
                        self.state.out.push(&cwd, Some(&at));
                        self.state.out.push(b"\n", Some(&at));
                    }
                    _ => self.print_unknown(),
                }
                self.done(Some(0))
            }
            b"cd" | b"chdir" => self.cd(&args, list.unsure),
            b"pushd" | b"popd" => {
                self.moved(None);
                self.done(None)
            }
            b"return" | b"break" | b"continue" | b"exit" | b"bye" | b"logout" => self.leave(name, &args),
            b"exec" => {
                if args.is_empty() {
                    return self.done(Some(0));
                }
                let known = args.iter().map(Value::text).find(|a| a.as_ref().is_none_or(|a| !a.starts_with(b"-"))).flatten();
                if let Some(name) = known
                    && self.which(&name) == Some(None)
                {
                    // It fails; an interactive shell of bash goes on, others end.
                    self.note(format!("`exec {}`, which is not there", lossy(&name)));
                }
                self.ended = Some(self.at());
                Flow::Exit
            }
            b"command" | b"builtin" | b"-" => self.command_builtin(name, list, declared),
            b"type" | b"which" | b"whence" | b"where" => self.type_builtin(name, &args, list.unsure),
            b"read" | b"mapfile" | b"readarray" | b"getopts" => {
                let skip = usize::from(name == b"getopts");
                if name == b"getopts" {
                    self.forget(b"OPTARG");
                    self.forget(b"OPTIND");
                }
                for arg in args.iter().skip(skip) {
                    match arg.text() {
                        Some(name) if super::reader::is_name(&name) => self.forget(&name),
                        Some(_) => {}
                        None => {
                            self.forget_all("which variable this reads");
                            return Flow::Next;
                        }
                    }
                }
                if name == b"read" {
                    self.forget(b"REPLY");
                }
                self.done(None)
            }
            b"let" => {
                let mut last = Some(0);
                for arg in &args {
                    last = self.number(arg);
                }
                self.done(last.map(|n| u8::from(n == 0)))
            }
            b"shopt" | b"setopt" | b"unsetopt" | b"emulate" => self.options_builtin(name, &args, list.unsure),
            b"autoload" => {
                // What such a function does is in a file that is read when it is called.
                for name in args.iter().filter_map(Value::text).filter(|n| !n.starts_with(b"-") && !n.starts_with(b"+")) {
                    if !is_builtin(self.dialect(), &name) && !HARMLESS.contains(&name.as_slice()) {
                        self.state.functions.entry(name).or_insert(None);
                    }
                }
                self.done(Some(0))
            }
            b"unfunction" => {
                for name in args.iter().filter_map(Value::text) {
                    self.state.functions.remove(&name);
                }
                self.done(Some(0))
            }
            b"enable" if !self.zsh() => {
                self.note("which builtins there are");
                self.done(Some(0))
            }
            b"trap" | b"umask" | b"ulimit" | b"zmodload" | b"bindkey" | b"zstyle" | b"complete" | b"bind" | b"compdef"
            | b"compinit" => self.done(Some(0)),
            _ => {
                self.print_unknown();
                self.done(None)
            }
        }
    }

    pub(super) fn done(&mut self, status: Option<u8>) -> Flow {
        self.state.status = status;
        self.stopped()
    }

    fn unset_all(&mut self, args: &[Value], unsure: bool) -> Flow {
        let mut functions = false;
        for arg in args {
            match arg.text() {
                None => {
                    self.forget_all("which variable this unsets");
                    return Flow::Next;
                }
                Some(flag) if flag.starts_with(b"-") => functions = flag == b"-f",
                Some(name) if functions => {
                    self.state.functions.remove(&name);
                }
                Some(name) if super::reader::is_name(&name) => {
                    let function =
                        !self.zsh() && self.dialect() != Dialect::Dash && self.held(&name) == super::state::Held::Unset;
                    if function {
                        self.state.functions.remove(&name);
                    }
                    self.unset(&name);
                }
                Some(name) => {
                    let base: Vec<u8> = name.iter().copied().take_while(|b| super::reader::name_byte(*b)).collect();
                    self.forget(&base);
                }
            }
        }
        if unsure {
            self.forget_all("which variables this unsets");
        }
        self.done(Some(0))
    }

    /// `.` and `source`.
    fn dot(&mut self, name: &[u8], args: &[Value], unsure: bool) -> Flow {
        let args = if args.first().and_then(Value::text).as_deref() == Some(b"--") { args.get(1..).unwrap_or(&[]) } else { args };
        let Some(first) = args.first() else { return self.done(Some(2)) };
        let Some(path) = first.text().filter(|_| !unsure) else {
            self.forget_all("what a file of unknown name sets");
            return Flow::Next;
        };
        let found = if path.contains(&b'/') { Some(Some(path.clone())) } else { self.dot_search(name, &path) };
        let by = Some(self.at());
        let Some(found) = found else {
            self.forget_all(format!("which file `{}` is", lossy(&path)));
            return Flow::Next;
        };
        let contents = match &found {
            Some(found) => self.contents(found),
            None => Some(Err(Missing::Absent)),
        };
        let shown = found.unwrap_or(path);
        let seen = |s: &mut Self, read, why: &str| {
            if s.files.len() < FILES {
                s.files.push(super::super::FileSeen { path: shown.clone(), read, why: why.to_owned(), by: by.clone() });
            }
        };
        match contents {
            Some(Ok(text)) => {
                seen(self, Some(true), "sourced");
                let rest = args.get(1..).filter(|r| !r.is_empty() && self.dialect() != Dialect::Dash).map(<[Value]>::to_vec);
                match self.source(&shown, &text, rest) {
                    Flow::Abort if self.bash() => self.stopped(),
                    flow => flow,
                }
            }
            Some(Err(why @ (Missing::Absent | Missing::Folder))) => {
                seen(self, Some(false), if why == Missing::Absent { "not there" } else { "a folder" });
                self.state.status = Some(if self.zsh() { 127 } else { 1 });
                if why == Missing::Folder && !(self.bash() && self.start.dialect != Dialect::Zsh) {
                    // It is opened, and nothing is read from it.
                    return self.done(Some(0));
                }
                if self.dialect() == Dialect::Dash {
                    self.state.status = Some(2);
                    return Flow::Abort;
                }
                if self.sh_of_zsh() {
                    // An error of a special builtin: it ends the file, and a shell that nobody types into.
                    if self.start.interactive {
                        return Flow::Abort;
                    }
                    self.ended = Some(self.at());
                    return Flow::Exit;
                }
                self.stopped()
            }
            Some(Err(_)) | None => {
                seen(self, None, "not readable here");
                self.forget_all(format!("what `{}` sets", lossy(&shown)));
                Flow::Next
            }
        }
    }

    /// A name without a slash: along `PATH`, and here.
    fn dot_search(&mut self, name: &[u8], path: &[u8]) -> Option<Option<Vec<u8>>> {
        let super::state::Held::One(folders) = self.state.held(b"PATH") else { return None };
        let here_first = self.zsh() && name == b"source";
        if here_first && self.node(path)?.file {
            return Some(Some(path.to_vec()));
        }
        for entry in folders.split(b':') {
            let mut at = entry.text()?;
            if at.is_empty() {
                at = b".".to_vec();
            }
            at.push(b'/');
            at.extend_from_slice(path);
            if self.node(&at)?.file {
                return Some(Some(at));
            }
        }
        if self.bash() && self.node(path)?.file {
            return Some(Some(path.to_vec()));
        }
        Some(None)
    }

    fn shift(&mut self, args: &[Value]) -> Flow {
        let n = match args.first() {
            None => Some(1),
            Some(arg) => self.number(arg),
        };
        let n = n.and_then(|n| usize::try_from(n).ok());
        let dash = self.dialect() == Dialect::Dash;
        match (n, &mut self.state.positional) {
            (Some(n), Some(all)) if n <= all.len() => {
                all.drain(..n);
                self.done(Some(0))
            }
            (Some(_), Some(_)) if dash => {
                self.state.status = Some(2);
                Flow::Abort
            }
            (Some(_), Some(_)) => self.done(Some(1)),
            _ => {
                self.state.positional = None;
                self.done(None)
            }
        }
    }

    fn alias_builtin(&mut self, args: &[Value]) -> Flow {
        let at = self.at();
        // zsh's suffix aliases open files by their ending: no command has such a name.
        let mut flags = args.iter().map_while(|a| a.text().filter(|t| t.starts_with(b"-")));
        if self.zsh() && flags.any(|flag| flag.contains(&b's')) {
            return self.done(Some(0));
        }
        for arg in args {
            let pieces = arg.text();
            match pieces {
                Some(text) => {
                    if let Some(n) = text.iter().position(|b| *b == b'=') {
                        self.state.aliases.insert(text[..n].to_vec(), Some((text[n + 1..].to_vec(), at.clone())));
                    }
                }
                None => match arg.pieces().first() {
                    Some(super::super::value::Piece::Text(text, _)) if text.contains(&b'=') => {
                        let name = text.split(|b| *b == b'=').next().unwrap_or(&[]).to_vec();
                        self.state.aliases.insert(name, None);
                    }
                    _ => self.note("which alias this is"),
                },
            }
        }
        self.done(Some(0))
    }

    fn leave(&mut self, name: &[u8], args: &[Value]) -> Flow {
        let n = match args.first() {
            None => None,
            Some(arg) => {
                let number = self.number(arg);
                match number {
                    Some(n) => Some(n),
                    None if name == b"break" || name == b"continue" => {
                        self.forget_all("which loop this leaves");
                        return Flow::Next;
                    }
                    None => {
                        self.state.status = None;
                        None
                    }
                }
            }
        };
        if let Some(n) = n
            && !matches!(name, b"break" | b"continue")
        {
            self.state.status = u8::try_from(n & 255).ok();
        }
        let depth = n.and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1).min(self.loops);
        match name {
            b"return" => Flow::Return,
            b"break" | b"continue" if self.loops == 0 => self.done(Some(0)),
            b"break" => {
                self.state.status = Some(0);
                Flow::Break(depth)
            }
            b"continue" => {
                self.state.status = Some(0);
                Flow::Continue(depth)
            }
            _ => {
                self.ended = Some(self.at());
                Flow::Exit
            }
        }
    }

    /// The working folder is another; `None` where it is not known which.
    pub(super) fn moved(&mut self, to: Option<Vec<u8>>) {
        let at = self.at();
        let old = match self.held(b"PWD") {
            super::state::Held::One(value) => value,
            _ => Value::unknown(Some(&at)),
        };
        self.set(b"OLDPWD", old);
        match &to {
            Some(path) => self.set(b"PWD", Value::put(path, Some(&at))),
            None => self.forget(b"PWD"),
        }
        if self.zsh() || self.dialect() == Dialect::Dash {
            self.export(b"OLDPWD", true);
            self.export(b"PWD", true);
        }
        self.state.cwd = to;
    }

    fn cd(&mut self, args: &[Value], unsure: bool) -> Flow {
        let words: Vec<&Value> =
            args.iter().filter(|a| !matches!(a.text().as_deref(), Some(b"-L" | b"-q" | b"--" | b"-P"))).collect();
        let physical = args.iter().any(|a| a.text().as_deref() == Some(b"-P"));
        let target = match words.as_slice() {
            [] => self.known(b"HOME").flatten(),
            [one] => match one.text() {
                Some(text) if text == b"-" => self.known(b"OLDPWD").flatten(),
                Some(text) => Some(text),
                None => None,
            },
            _ => None,
        };
        let search = self.known(b"CDPATH").is_none_or(|c| c.is_some_and(|c| !c.is_empty()));
        let searched = |t: &Vec<u8>| search && !t.starts_with(b"/") && !t.starts_with(b".");
        let target = target.filter(|t| !(unsure || physical || searched(t)));
        let Some(path) = target.and_then(|t| self.absolute(&t)) else {
            self.moved(None);
            return self.done(None);
        };
        let path = super::edit::normal(&path);
        match self.node(&path) {
            Some(node) if node.folder && node.executable => {
                self.moved(Some(path));
                self.done(Some(0))
            }
            Some(_) => self.done(Some(1)),
            None => {
                self.moved(None);
                self.done(None)
            }
        }
    }

    /// `command` and `builtin`.
    fn command_builtin(&mut self, name: &[u8], mut list: Args, declared: &BTreeMap<usize, &Assign>) -> Flow {
        let mut shift = 1;
        let mut asks = None;
        while let Some(flag) = list.list.get(shift).and_then(Value::text).filter(|f| f.starts_with(b"-") && f.len() > 1) {
            if flag.contains(&b'v') || flag.contains(&b'V') {
                asks = Some(flag);
            }
            shift += 1;
        }
        if asks.is_some() && name == b"command" {
            let words = list.list.get(shift..).unwrap_or(&[]).to_vec();
            return self.type_builtin(b"command", &words, list.unsure);
        }
        list.list.drain(..shift.min(list.list.len()));
        let moved: BTreeMap<usize, &Assign> =
            declared.iter().filter_map(|(i, a)| i.checked_sub(shift).map(|i| (i, *a))).collect();
        let Some(first) = list.list.first() else { return self.done(Some(0)) };
        let Some(first) = first.text() else {
            self.forget_all("which command this is");
            return Flow::Next;
        };
        let known = is_builtin(self.dialect(), &first);
        if name == b"builtin" && !known {
            return self.done(Some(1));
        }
        let (before, ended) = (self.files.len(), self.ended.clone());
        match self.dispatch(&first, list, &moved, &[], false) {
            // Errors of special builtins behind `command` don't end the shell.
            Flow::Abort if name == b"command" => self.stopped(),
            Flow::Exit if name == b"command" && self.files.get(before).is_some_and(|file| file.read == Some(false)) => {
                self.ended = ended;
                self.stopped()
            }
            flow => flow,
        }
    }
}

/// Files that are told one by one.
const FILES: usize = 2000;
/// zsh's own functions that change no variable a program gets.
const HARMLESS: [&[u8]; 12] = [
    b"compinit",
    b"bashcompinit",
    b"colors",
    b"promptinit",
    b"add-zsh-hook",
    b"vcs_info",
    b"is-at-least",
    b"zmv",
    b"zcalc",
    b"edit-command-line",
    b"up-line-or-beginning-search",
    b"down-line-or-beginning-search",
];
