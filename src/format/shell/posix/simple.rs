//! Simple commands: assignments, aliases, functions, builtins, programs.

use std::collections::BTreeMap;

use super::super::value::Value;
use super::ast::{Arg, Assign, Command, Kind, Redirect};
use super::expand::{Args, Mode};
use super::shell::{Flow, Shell, lossy};
use super::state::Held;

/// Programs whose output, given to `eval`, sets these variables and no others that a shell exports; each is documented so.
const SETTERS: [(&[u8], &[&[u8]]); 22] = [
    (b"dircolors", &[b"LS_COLORS"]),
    (b"gdircolors", &[b"LS_COLORS"]),
    (b"lesspipe", &[b"LESSOPEN", b"LESSCLOSE"]),
    (b"lesspipe.sh", &[b"LESSOPEN", b"LESSCLOSE"]),
    (b"lessfile", &[b"LESSOPEN", b"LESSCLOSE"]),
    (b"ssh-agent", &[b"SSH_AUTH_SOCK", b"SSH_AGENT_PID"]),
    (b"keychain", &[b"SSH_AUTH_SOCK", b"SSH_AGENT_PID", b"GPG_AGENT_INFO"]),
    (b"resize", &[b"COLUMNS", b"LINES"]),
    (b"starship", &[b"STARSHIP_SHELL", b"STARSHIP_SESSION_KEY", b"PROMPT_COMMAND", b"PS1", b"PROMPT", b"RPROMPT", b"PROMPT2"]),
    (b"zoxide", &[b"PROMPT_COMMAND"]),
    (b"direnv", &[b"PROMPT_COMMAND"]),
    (b"atuin", &[b"ATUIN_SESSION", b"ATUIN_STMUX", b"ATUIN_HISTORY_ID"]),
    (b"fzf", &[]),
    (b"register-python-argcomplete", &[]),
    (b"thefuck", &[]),
    (b"kubectl", &[]),
    (b"gh", &[]),
    (b"brew", &[b"HOMEBREW_PREFIX", b"HOMEBREW_CELLAR", b"HOMEBREW_REPOSITORY", b"PATH", b"MANPATH", b"INFOPATH", b"FPATH"]),
    (b"pyenv", &[b"PATH", b"PYENV_SHELL", b"PYENV_VIRTUALENV_INIT", b"PROMPT_COMMAND"]),
    (b"rbenv", &[b"PATH", b"RBENV_SHELL"]),
    (b"nodenv", &[b"PATH", b"NODENV_SHELL"]),
    (b"goenv", &[b"PATH", b"GOENV_SHELL", b"GOENV_ROOT", b"GOROOT", b"GOPATH"]),
];

impl Shell<'_> {
    pub(super) fn simple(&mut self, assigns: &[Assign], args: &[Arg], redirects: &[Redirect]) -> Flow {
        if args.is_empty() {
            self.state.status = Some(0);
            for assign in assigns {
                self.line = assign.line;
                self.assign(assign);
            }
            let _ = redirects;
            return self.stopped();
        }
        if let Some(flow) = self.alias(assigns, args, redirects) {
            return flow;
        }
        if let Some(flow) = self.setter(args) {
            return flow;
        }
        let line = self.line;
        let mut list = Args::default();
        let mut parts = Vec::new();
        for arg in args {
            match arg {
                Arg::Word(word) => {
                    self.line = word.line;
                    let some = self.word_args(word);
                    list.unsure |= some.unsure;
                    parts.push((list.list.len(), None));
                    list.list.extend(some.list);
                }
                Arg::Assign(assign) => {
                    // Its place among the words; what it is given is evaluated by the builtin.
                    parts.push((list.list.len(), Some(assign)));
                    list.list.push(Value::put(&assign.name, None));
                }
            }
        }
        self.line = line;
        if self.stopped() == Flow::Stop {
            return Flow::Stop;
        }
        let declared: BTreeMap<usize, &Assign> = parts.into_iter().filter_map(|(i, a)| a.map(|a| (i, a))).collect();
        let Some(first) = list.list.first().cloned() else {
            // `$(…)` that prints nothing, as a command: its assignments hold in this shell.
            for assign in assigns {
                self.assign(assign);
            }
            return Flow::Next;
        };
        let Some(name) = first.text() else {
            let slash = first.pieces().iter().any(|p| matches!(p, super::super::value::Piece::Text(t, _) if t.contains(&b'/')));
            if !slash {
                self.forget_all("which command this is");
            }
            self.state.status = None;
            self.print_unknown();
            return Flow::Next;
        };
        if list.unsure && list.list.len() == 1 && args.len() == 1 {
            self.forget_all("which command this is");
            return Flow::Next;
        }
        self.dispatch(&name, list, &declared, assigns, true)
    }

    /// Runs a command by its name; `functions`: they come before builtins.
    pub(super) fn dispatch(
        &mut self,
        name: &[u8],
        list: Args,
        declared: &BTreeMap<usize, &Assign>,
        assigns: &[Assign],
        functions: bool,
    ) -> Flow {
        if assigns.is_empty() {
            return self.named_command(name, list, declared, functions);
        }
        // `.`, `eval`, `export` and their like keep what stands in front of them in dash.
        let keeps = super::names::is_special(name) && (self.dialect() == super::Dialect::Dash || self.zsh() && name == b"exec");
        if keeps {
            for assign in assigns {
                self.assign(assign);
            }
            return self.named_command(name, list, declared, functions);
        }
        self.state.scopes.push(BTreeMap::new());
        for assign in assigns {
            self.make_local(&assign.name);
            self.assign(assign);
            self.export(&assign.name, true);
        }
        let mark = self.parked.len();
        // Variables made local by the command belong to the function around.
        let scope = self.state.scopes.pop().unwrap_or_default();
        let flow = self.named_command(name, list, declared, functions);
        self.state.scopes.push(scope.clone());
        self.leave_scope();
        for (_, state) in self.parked.iter_mut().skip(mark) {
            state.scopes.push(scope.clone());
            super::variables::leave_scope(state);
        }
        flow
    }

    fn named_command(&mut self, name: &[u8], list: Args, declared: &BTreeMap<usize, &Assign>, functions: bool) -> Flow {
        if functions {
            match self.state.functions.get(name).cloned() {
                Some(Some(function)) => {
                    let args = Some(list.list.into_iter().skip(1).collect()).filter(|_| !list.unsure);
                    return self.call(name, &function, args);
                }
                Some(None) => {
                    self.forget_all(format!("what the function `{}` does", lossy(name)));
                    return Flow::Next;
                }
                None => {}
            }
        }
        if super::names::is_builtin(self.dialect(), name) {
            return self.builtin(name, list, declared);
        }
        self.program(name, &list)
    }

    /// A program: it can't change a variable.
    fn program(&mut self, name: &[u8], list: &Args) -> Flow {
        if self.state.lost && functions_may_hide(name) && !matches!(self.which(name), Some(Some(_))) && !self.common(name) {
            self.forget_all(format!("what `{}` is", lossy(name)));
            return Flow::Next;
        }
        self.changes_files(name, list);
        let known: Option<Vec<Vec<u8>>> = list.list.iter().map(Value::text).collect();
        let nowhere = self.which(name) == Some(None);
        let told = match known {
            Some(words) if !list.unsure && !nowhere => {
                let env = self.environment();
                self.world.told_by(&words, &env)
            }
            _ => None,
        };
        match told {
            Some((text, status)) => {
                let at = self.at();
                self.state.out.push(&text, Some(&at));
                self.state.status = Some(status);
            }
            None => {
                let handled = self.state.lost
                    || self.state.functions.contains_key(&b"command_not_found_handle"[..])
                    || self.state.functions.contains_key(&b"command_not_found_handler"[..]);
                if !handled && nowhere {
                    self.state.status = Some(127);
                } else {
                    self.state.status = None;
                    self.print_unknown();
                }
            }
        }
        Flow::Next
    }

    fn common(&mut self, name: &[u8]) -> bool {
        [&b"/usr/bin/"[..], b"/bin/", b"/usr/local/bin/", b"/sbin/", b"/usr/sbin/"].iter().any(|folder| {
            let path = [folder, name].concat();
            self.world.state(&path).is_some_and(|n| n.file && n.executable)
        })
    }

    /// Files that a program may make, change or remove: what is asked of them later is not known.
    fn changes_files(&mut self, name: &[u8], list: &Args) {
        const CHANGING: [&[u8]; 20] = [
            b"mkdir",
            b"touch",
            b"cp",
            b"mv",
            b"rm",
            b"rmdir",
            b"ln",
            b"install",
            b"chmod",
            b"chown",
            b"git",
            b"curl",
            b"wget",
            b"tee",
            b"tar",
            b"unzip",
            b"zcompile",
            b"mkfifo",
            b"mktemp",
            b"sed",
        ];
        let name = name.rsplit(|b| *b == b'/').next().unwrap_or(name);
        if !CHANGING.contains(&name) {
            return;
        }
        let makes = name == b"mkdir" || name == b"touch";
        for word in list.list.iter().skip(1).filter_map(Value::text) {
            if word.starts_with(b"-") {
                continue;
            }
            let there = self.node(&word).is_some_and(|n| n.exists());
            if let Some(path) = self.absolute(&word)
                && !(makes && there)
            {
                self.state.written.insert(path);
            }
        }
    }

    pub(super) fn print_unknown(&mut self) {
        if self.catching {
            let at = self.at();
            self.state.out.push_unknown(Some(&at));
        }
    }

    /// Where a program lies: `None` where that can't be told, `Some(None)` where there is none.
    pub(super) fn which(&mut self, name: &[u8]) -> Option<Option<Vec<u8>>> {
        if name.contains(&b'/') {
            let node = self.node(name)?;
            return Some(Some(name.to_vec()).filter(|_| node.file && node.executable));
        }
        let path = match self.state.held(b"PATH") {
            Held::One(path) => path,
            _ => return None,
        };
        for entry in path.split(b':') {
            let mut folder = entry.text()?;
            if folder.is_empty() {
                folder = b".".to_vec();
            }
            if !self.step(1) {
                return None;
            }
            folder.push(b'/');
            folder.extend_from_slice(name);
            let node = self.node(&folder)?;
            if node.file && node.executable {
                return Some(Some(folder));
            }
        }
        Some(None)
    }

    /// Whether aliases are replaced here.
    pub(super) fn aliases_expand(&self) -> Option<bool> {
        match self.dialect() {
            super::Dialect::Dash | super::Dialect::Zsh => Some(true),
            _ => match self.state.options.get(&b"expand_aliases"[..]) {
                Some(set) => *set,
                None => Some(self.start.interactive),
            },
        }
    }

    /// An alias in command position.
    fn alias(&mut self, assigns: &[Assign], args: &[Arg], redirects: &[Redirect]) -> Option<Flow> {
        let Some(Arg::Word(first)) = args.first() else { return None };
        let name = first.plain()?;
        let alias = self.state.aliases.get(name)?.clone();
        let expands = self.aliases_expand();
        if expands == Some(false) {
            return None;
        }
        let body = alias.and_then(|(text, at)| {
            // It counts from the line behind its own, and not in functions that were read before.
            let fresh = at.file == self.file && at.line >= first.line;
            let list = Reader::whole(&text, first.line, self.dialect())?;
            if fresh || !self.calls.is_empty() || expands.is_none() {
                return None;
            }
            match list.as_slice() {
                [Command { kind: Kind::Simple(a, w), redirects: r, .. }]
                    if a.is_empty() && r.is_empty() && !text.ends_with(b" ") =>
                {
                    Some(w.clone())
                }
                _ => None,
            }
        });
        let Some(mut words) = body else {
            // Where it may or may not count, programs are all the same.
            let harmless = |s: &Self| !super::names::is_builtin(s.dialect(), name) && !s.state.functions.contains_key(name);
            let alias_text = self.state.aliases.get(name).cloned().flatten();
            let ends_alike = alias_text.is_some_and(|(text, _)| {
                let first_word = text.split(|b| *b == b' ').next().unwrap_or(&[]);
                !super::names::is_builtin(self.dialect(), first_word)
                    && !self.state.functions.contains_key(first_word)
                    && !text.iter().any(|b| matches!(b, b';' | b'&' | b'|' | b'=' | b'`' | b'$' | b'('))
            });
            if harmless(self) && ends_alike {
                self.state.status = None;
                self.print_unknown();
                return Some(Flow::Next);
            }
            self.forget_all(format!("what the alias `{}` does", lossy(name)));
            return Some(Flow::Next);
        };
        words.extend_from_slice(args.get(1..).unwrap_or(&[]));
        // It does not expand itself.
        let held = self.state.aliases.remove(name);
        let flow = self.level(|s| s.simple(assigns, &words, redirects)).unwrap_or(Flow::Stop);
        if let Some(held) = held {
            self.state.aliases.entry(name.to_vec()).or_insert(held);
        }
        Some(flow)
    }

    /// `eval "$(program …)"` of a program that is known to set certain variables only.
    fn setter(&mut self, args: &[Arg]) -> Option<Flow> {
        let [Arg::Word(eval), Arg::Word(word)] = args else { return None };
        if eval.plain() != Some(b"eval") || self.state.functions.contains_key(&b"eval"[..]) {
            return None;
        }
        let part = match word.parts.as_slice() {
            [super::ast::Part::Double(inner)] => inner.as_slice(),
            parts => parts,
        };
        let [super::ast::Part::Command(Some(body))] = part else { return None };
        let [Command { kind: Kind::Simple(_, words), line, .. }] = body.as_slice() else { return None };
        let line = *line;
        // What is told of it is better.
        let value = self.single(word, Mode::Single);
        if value.is_known() {
            return Some(self.eval_text(&value));
        }
        let Some(Arg::Word(first)) = words.first() else { return None };
        let name = self.single(first, Mode::Single);
        let tail = match name.pieces().last() {
            Some(super::super::value::Piece::Text(text, _)) => text.rsplit(|b| *b == b'/').next().unwrap_or(&[]).to_vec(),
            _ => return None,
        };
        let names = SETTERS.iter().find(|(n, _)| *n == tail)?.1;
        self.line = line;
        self.note(format!("what `eval \"$({} …)\"` sets", lossy(&tail)));
        for name in names {
            self.forget(name);
        }
        self.state.status = None;
        Some(Flow::Next)
    }

    /// `eval` of one string.
    pub(super) fn eval_text(&mut self, value: &Value) -> Flow {
        match value.text() {
            Some(text) => {
                self.state.status = Some(0);
                let line = self.line;
                let flow = self.level(|s| s.text_of(&text, line)).unwrap_or(Flow::Stop);
                // An error in it ends a file in dash; bash goes on behind it.
                if flow == Flow::Abort && self.bash() { Flow::Next } else { flow }
            }
            None => {
                self.forget_all("what `eval` of unknown text sets");
                Flow::Next
            }
        }
    }
}

use super::reader::Reader;

/// Whether a function of unknown text may stand behind a name.
fn functions_may_hide(name: &[u8]) -> bool {
    !name.contains(&b'/')
}
