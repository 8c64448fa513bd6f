//! Commands: functions, builtins, programs, and the files and texts that are sourced.

use std::rc::Rc;

use super::ast::{Decoration, Word};
use super::eval::{Eval, Flow, Takes};
use super::glob;
use super::state::{FishVar, Function, Item, Named, Scope, texts};
use crate::format::shell::{At, DEPTH, NodeState, Value};

/// What a builtin leaves as `$status`.
pub(super) enum Reply {
    Status(u8),
    /// Not known.
    Unsure,
    /// `set` keeps that of a substitution in its arguments.
    Keep,
    Flow(Flow),
}

/// Where a name of a command leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Program {
    Found(Vec<u8>),
    Missing,
    NotExecutable,
    Unsure,
}

/// Names that no function may have, and what the grammar takes.
const RESERVED: &[&[u8]] = &[
    b"set",
    b"builtin",
    b"command",
    b"exec",
    b"eval",
    b"argparse",
    b"read",
    b"status",
    b"test",
    b"[",
    b"string",
    b"break",
    b"continue",
    b"return",
    b"count",
    b"exit",
];

impl Eval<'_> {
    pub(super) fn command(&mut self, decoration: Decoration, words: &[Word]) -> Flow {
        let Some((first, rest)) = words.split_first() else { return Flow::Normal };
        let direct = std::mem::take(&mut self.direct);
        let mut head = match self.expand(first, false) {
            Ok(items) => items,
            Err(broken) => return self.broken(broken),
        };
        let name = match head.first() {
            None => Some(Vec::new()),
            Some(item) => item.text(),
        };
        let null = name.as_deref().is_some_and(|n| matches!(n, b"set" | b"count" | b"path"));
        let mut args: Vec<Item> = if head.is_empty() { Vec::new() } else { head.drain(1..).collect() };
        // A command that is not found is told before its arguments are expanded.
        if let Some(name) = &name {
            if name.is_empty() {
                return self.broken(super::expand::Broken(Some(123)));
            }
            if !self.is_function(decoration, name) && !self.is_builtin(decoration, name) {
                match self.program(name) {
                    Program::Missing
                        if rest.is_empty() && args.is_empty() && decoration == Decoration::None && self.is_folder(name) =>
                    {
                        let reply = self.builtin(b"cd", vec![Item::one(Value::put(name, Some(&self.at())))]);
                        return self.reply(reply);
                    }
                    Program::Missing if !self.state.strange => return self.missing(127),
                    Program::NotExecutable if !self.state.strange => return self.missing(126),
                    _ => {}
                }
            }
        }
        match self.words(rest, null) {
            Ok(items) => args.extend(items),
            Err(broken) => return self.broken(broken),
        }
        let Some(name) = name else {
            self.doubtful = false;
            self.forget("what a command with an unknown name does".to_owned());
            self.state.doubtful = true;
            let at = self.at();
            self.state.print(&Value::unknown(Some(&at)));
            return Flow::Normal;
        };
        self.context_line(first);
        self.direct = direct;
        self.perhaps(|e| e.dispatch(decoration, &name, args))
    }

    fn context_line(&mut self, word: &Word) {
        self.context.line = word.line;
    }

    fn missing(&mut self, status: u8) -> Flow {
        self.state.broken = true;
        self.state.status = Some(status);
        Flow::Normal
    }

    fn is_folder(&self, name: &[u8]) -> bool {
        glob::absolute(name, self.state.pwd.as_deref()).and_then(|p| self.world.state(&p)).is_some_and(|s| s.folder)
    }

    fn is_function(&mut self, decoration: Decoration, name: &[u8]) -> bool {
        decoration == Decoration::None && !RESERVED.contains(&name) && !matches!(self.function(name), None | Some(Named::Erased))
    }

    fn is_builtin(&self, decoration: Decoration, name: &[u8]) -> bool {
        matches!(decoration, Decoration::None | Decoration::Builtin) && super::builtins::NAMES.contains(&name)
    }

    fn dispatch(&mut self, decoration: Decoration, name: &[u8], args: Vec<Item>) -> Flow {
        if decoration == Decoration::Exec {
            let at = self.at();
            self.ended = Some(at);
            return Flow::Stop;
        }
        if decoration == Decoration::None && !RESERVED.contains(&name) {
            match self.function(name) {
                Some(Named::Known(function)) => return self.call(name, &function, args),
                Some(Named::Unknown) => {
                    self.forget(format!("what the function `{}` is", String::from_utf8_lossy(name)));
                    self.state.doubtful = true;
                    let at = self.at();
                    self.state.print(&Value::unknown(Some(&at)));
                    return Flow::Normal;
                }
                Some(Named::Erased) | None => {}
            }
        }
        if self.is_builtin(decoration, name) {
            let reply = self.builtin(name, args);
            return self.reply(reply);
        }
        if decoration == Decoration::Builtin {
            self.state.status = Some(1);
            return Flow::Normal;
        }
        let doubtful = !matches!(self.program(name), Program::Found(_));
        if self.state.strange && decoration == Decoration::None && !name.contains(&b'/') && !self.is_plain_program(name) {
            // What was run before may have made it a function.
            self.forget(format!("what `{}` is", String::from_utf8_lossy(name)));
            let at = self.at();
            self.state.print(&Value::unknown(Some(&at)));
            self.state.doubtful = true;
            return Flow::Normal;
        }
        self.state.doubtful = doubtful;
        self.run_program(name, &args);
        Flow::Normal
    }

    fn reply(&mut self, reply: Reply) -> Flow {
        match reply {
            Reply::Status(status) => self.state.status = Some(status),
            Reply::Unsure => self.state.status = None,
            Reply::Keep => {}
            Reply::Flow(flow) => return flow,
        }
        Flow::Normal
    }

    /// After something unknown was run: whether a name is still that of a program, which sets no variable here. Text that a program
    /// prints to be run makes functions of its own name, not of others' programs.
    fn is_plain_program(&self, name: &[u8]) -> bool {
        if self.state.suspects.contains(name) {
            return false;
        }
        let folders = self.start_path.iter().map(Vec::as_slice).chain([&b"/usr/bin"[..], b"/bin"]);
        folders.into_iter().any(|folder| {
            let path = glob::absolute(&[folder, b"/", name].concat(), Some(self.start.cwd));
            path.and_then(|p| self.world.state(&p)).is_some_and(|s| s.file && s.executable)
        })
    }

    /// A program that is not run: what it prints is known where the machine can tell it.
    fn run_program(&mut self, name: &[u8], args: &[Item]) {
        let at = self.at();
        self.last_program = name.to_vec();
        let told = texts(args).and_then(|args| {
            let mut command = vec![name.to_vec()];
            command.extend(args);
            let env: Option<Vec<_>> = self
                .state
                .exports()
                .into_iter()
                .map(|(n, v)| {
                    Some((n, super::state::joined(&v.items, v.separator()).text()?)).filter(|_| v.exported == Some(true))
                })
                .collect();
            self.told_of_user(&command).or_else(|| self.world.told_by(&command, &env?))
        });
        match told {
            Some((out, status)) => {
                self.state.print(&Value::put(&out, Some(&at)));
                self.state.status = Some(status);
            }
            None => {
                self.state.print(&Value::unknown(Some(&at)));
                self.state.status = None;
            }
        }
    }

    /// What `id -u` and `id -un` print is known of every start.
    fn told_of_user(&self, command: &[Vec<u8>]) -> Option<(Vec<u8>, u8)> {
        let [program, option] = command else { return None };
        if program.rsplit(|b| *b == b'/').next() != Some(b"id") {
            return None;
        }
        match &option[..] {
            b"-u" => Some((format!("{}\n", self.start.uid).into_bytes(), 0)),
            b"-un" => Some(([self.start.user, b"\n"].concat(), 0)),
            _ => None,
        }
    }

    /// The program that a name leads to along `PATH`.
    pub(super) fn program(&self, name: &[u8]) -> Program {
        let runs = |s: &NodeState| (s.file || s.special) && s.executable;
        if name.contains(&b'/') {
            let Some(path) = glob::absolute(name, self.state.pwd.as_deref()) else { return Program::Unsure };
            return match self.world.state(&path) {
                Some(state) if runs(&state) => Program::Found(path),
                Some(state) if state.exists() => Program::NotExecutable,
                Some(_) => Program::Missing,
                None => Program::Unsure,
            };
        }
        let Some(path) = self.lookup(b"PATH") else { return Program::Unsure };
        let mut unsure = false;
        let mut blocked = false;
        for item in &path.items {
            let Some(folder) = item.text() else {
                unsure = true;
                continue;
            };
            let folder = if folder.is_empty() { b".".to_vec() } else { folder };
            let Some(mut full) = glob::absolute(&folder, self.state.pwd.as_deref()) else {
                unsure = true;
                continue;
            };
            if full.last() != Some(&b'/') {
                full.push(b'/');
            }
            full.extend_from_slice(name);
            match self.world.state(&full) {
                // Which one it is hangs on an unknown folder, that there is one does not.
                Some(state) if runs(&state) => return if unsure { Program::Unsure } else { Program::Found(full) },
                Some(state) => blocked |= state.file,
                None => unsure = true,
            }
        }
        if unsure || (self.state.strange && !path.certain) {
            Program::Unsure
        } else if blocked {
            Program::NotExecutable
        } else {
            Program::Missing
        }
    }

    /// What a name of a function stands for; its file is read when it is first asked for.
    pub(super) fn function(&mut self, name: &[u8]) -> Option<Named> {
        if let Some(named) = self.state.functions.get(name) {
            return Some(named.clone());
        }
        if name.is_empty() || name.contains(&b'/') || !self.state.tried.insert(name.to_vec()) {
            return None;
        }
        let folders = self.lookup(b"fish_function_path")?;
        let own = [self.start.data_dir, b"/functions"].concat();
        for item in &folders.items {
            // What is unknown leaves fish's own functions alone.
            let folder = match item.text() {
                Some(folder) => folder,
                None if self.world.state(&[&own[..], b"/", name, b".fish"].concat()).is_some_and(|s| s.file) => own.clone(),
                None => return Some(Named::Unknown),
            };
            let path = [&folder[..], b"/", name, b".fish"].concat();
            match self.world.state(&path) {
                None => return Some(Named::Unknown),
                Some(state) if !state.exists() => continue,
                Some(_) => {}
            }
            let status = self.state.status;
            let broken = self.state.broken;
            let why = format!("the function `{}` was called", String::from_utf8_lossy(name));
            let outputs = self.state.outputs.len();
            self.state.outputs.push(Value::new());
            let loading = std::mem::replace(&mut self.loading, true);
            let _ = self.source_file(&path, &[], why);
            self.loading = loading;
            self.state.outputs.truncate(outputs);
            self.state.status = status;
            self.state.broken = broken;
            return self.state.functions.get(name).cloned();
        }
        None
    }

    fn call(&mut self, name: &[u8], function: &Rc<Function>, args: Vec<Item>) -> Flow {
        if self.calls >= DEPTH {
            self.forget(format!("`{}` calls itself deeper than we follow", String::from_utf8_lossy(name)));
            return Flow::Normal;
        }
        self.calls += 1;
        let outer = self.context.clone();
        // What fish's own functions do is done by the line that calls them.
        let own = function.file.starts_with(self.start.data_dir);
        self.context.fixed = outer.fixed.clone().or_else(|| function.fixed.clone()).or_else(|| own.then(|| self.at()));
        self.context.file = function.file.clone();
        self.context.function = Some(name.to_vec());
        self.context.substitution = false;
        self.context.block = false;
        let loading = std::mem::take(&mut self.loading);
        self.running.push(name.to_vec());
        let exported: Vec<(Vec<u8>, FishVar)> = if function.shadows {
            let mut visible: Vec<usize> = self.state.visible().collect();
            visible.reverse();
            let scopes = visible.into_iter().filter_map(|i| self.state.scopes.get(i));
            let vars = scopes.flat_map(|s| s.vars.iter());
            vars.filter(|(_, v)| v.exported != Some(false)).map(|(n, v)| (n.clone(), v.clone())).collect()
        } else {
            Vec::new()
        };
        let flow = self.framed(Takes::Return, |e| {
            e.scoped(function.shadows, |e| {
                let at = e.at();
                if let Some(scope) = e.state.scopes.last_mut() {
                    scope.vars.extend(exported);
                    bind_arguments(scope, function, &args, &at);
                }
                e.list(&function.body)
            })
        });
        self.context = outer;
        self.running.pop();
        self.loading = loading;
        self.calls -= 1;
        self.state.broken = false;
        flow
    }

    /// Runs the handlers of an event.
    pub(super) fn fire(&mut self, of: impl Fn(&Function) -> bool, args: &[&[u8]]) -> Flow {
        let handlers: Vec<(Vec<u8>, Rc<Function>)> = self
            .state
            .functions
            .iter()
            .filter_map(|(name, named)| match named {
                Named::Known(function) if of(function) => Some((name.clone(), function.clone())),
                _ => None,
            })
            .collect();
        for (name, function) in handlers {
            let at = self.at();
            let args = args.iter().map(|a| Item::one(Value::put(a, Some(&at)))).collect();
            let status = self.state.status;
            let flow = self.call(&name, &function, args);
            self.state.status = status;
            if !flow.goes_on() {
                return flow;
            }
        }
        Flow::Normal
    }

    /// Tells the functions that watch a variable.
    pub(super) fn changed(&mut self, name: &[u8], erased: bool) -> Flow {
        let what: &[u8] = if erased { b"ERASE" } else { b"SET" };
        let own: &[u8] = b"__fish_reconstruct_path";
        if name == b"fish_user_paths"
            && self.running.iter().any(|f| f == own)
            && self.lookup(name).is_some_and(|v| v.items.iter().any(|i| i.many))
        {
            // Of an unknown list it sets a shorter one, which calls it again: how often is not known.
            let at = self.at();
            for touched in [&b"PATH"[..], b"__fish_added_user_paths"] {
                let items = vec![Item::unknown(Some(&at))];
                if let Some(var) = self.state.globals.get_mut(touched) {
                    var.items = items;
                    var.at = Some(at.clone());
                }
            }
            return Flow::Normal;
        }
        self.fire(|f| f.on_variable.iter().any(|v| v == name), &[b"VARIABLE", what, name])
    }

    pub(super) fn declare_loop_variable(&mut self, name: &[u8]) {
        let old = self.state.get(name);
        let var = FishVar {
            items: old.as_ref().map(|v| v.items.clone()).unwrap_or_default(),
            exported: Some(self.state.scopes.last().and_then(|s| s.vars.get(name)).is_some_and(|v| v.exported == Some(true))),
            path: old.map_or(name.ends_with(b"PATH"), |v| v.path),
            at: Some(self.at()),
            certain: true,
        };
        if let Some(scope) = self.state.scopes.last_mut() {
            scope.vars.insert(name.to_vec(), var);
        }
    }

    pub(super) fn assign_loop_variable(&mut self, name: &[u8], value: Item, at: &At) {
        let place = self.state.place(name);
        if let Some(var) = self.state.table(place).and_then(|t| t.get_mut(name)) {
            var.items = if var.path { super::set::split_items(vec![value], b':') } else { vec![value] };
            var.at = Some(at.clone());
            var.certain = true;
        }
    }
}

/// A list without attributes.
pub(super) fn plain(items: Vec<Item>, at: &At) -> FishVar {
    FishVar { items, exported: Some(false), path: false, at: Some(at.clone()), certain: true }
}

fn bind_arguments(scope: &mut Scope, function: &Function, args: &[Item], at: &At) {
    for (name, var) in &function.inherited {
        scope.vars.insert(name.clone(), var.clone());
    }
    let known = args.iter().position(|i| i.many).unwrap_or(args.len());
    for (i, name) in function.arguments.iter().enumerate() {
        let items = match args.get(i) {
            _ if i >= known && known < args.len() => vec![Item::unknown(Some(at))],
            Some(item) => vec![item.clone()],
            None => Vec::new(),
        };
        scope.vars.insert(name.clone(), plain(items, at));
    }
    scope.vars.insert(b"argv".to_vec(), plain(args.to_vec(), at));
}
