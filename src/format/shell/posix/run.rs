//! Runs commands.

use std::sync::Arc;

use super::super::DEPTH;
use super::super::value::Value;
use super::super::world::Missing;
use super::ast::{Command, Kind, Redirect, Word};
use super::expand::Mode;
use super::reader::Reader;
use super::shell::{Flow, Shell, lossy};
use super::state::{Function, Held, State};

impl Shell<'_> {
    pub(super) fn list(&mut self, list: &[Command]) -> Flow {
        for command in list {
            let flow = self.command(command);
            if flow != Flow::Next {
                return flow;
            }
        }
        Flow::Next
    }

    /// A list whose status is a condition: `set -e` does not count in it.
    pub(super) fn condition(&mut self, list: &[Command]) -> Flow {
        self.guarded += 1;
        let flow = self.list(list);
        self.guarded -= 1;
        flow
    }

    pub(super) fn command(&mut self, command: &Command) -> Flow {
        if !self.step(1) {
            return Flow::Stop;
        }
        self.line = command.line;
        let flow = self.level(|s| s.redirected(command)).unwrap_or(Flow::Stop);
        let counts =
            matches!(command.kind, Kind::Simple(..) | Kind::Pipeline(..) | Kind::Subshell(..) | Kind::Test(..) | Kind::Arith(..));
        if flow == Flow::Next && counts && self.guarded == 0 && self.state.status != Some(0) {
            match (self.state.option(b"errexit"), self.state.status) {
                (Some(false), _) => {}
                (Some(true), Some(_)) => {
                    self.ended = Some(self.at());
                    return Flow::Exit;
                }
                _ => self.note("whether the shell ends here, with `set -e`"),
            }
        }
        flow
    }

    fn redirected(&mut self, command: &Command) -> Flow {
        if command.redirects.is_empty() {
            return self.kind(command);
        }
        let simple = matches!(&command.kind, Kind::Simple(..));
        let ok = self.redirects_open(&command.redirects);
        let to_file = command.redirects.iter().any(|r| r.fd.unwrap_or(1) == 1 && r.op.contains(&b'>'));
        let before = std::mem::take(&mut self.state.out);
        let flow = match ok {
            Some(true) => self.kind(command),
            Some(false) => {
                self.state.status = Some(1);
                Flow::Next
            }
            // A program that is not started changes nothing here either.
            None if simple && !self.touches_shell(command) => {
                let flow = self.kind(command);
                self.state.status = None;
                flow
            }
            None => self.either(
                |s| s.kind(command),
                |s| {
                    s.state.status = Some(1);
                    Flow::Next
                },
            ),
        };
        let printed = std::mem::replace(&mut self.state.out, before);
        if !to_file {
            self.state.out.append(&printed);
        } else if command.redirects.iter().any(|r| r.fd.is_none_or(|f| f == 1) && r.op == b">&" && r.target.plain() != Some(b"2"))
            && self.catching
        {
            let at = self.at();
            self.state.out.push_unknown(Some(&at));
        }
        flow
    }

    fn touches_shell(&mut self, command: &Command) -> bool {
        let Kind::Simple(_, args) = &command.kind else { return true };
        let Some(super::ast::Arg::Word(word)) = args.first() else { return true };
        word.plain().is_none_or(|n| {
            self.state.functions.contains_key(n)
                || self.state.aliases.contains_key(n)
                || super::names::is_builtin(self.dialect(), n)
        })
    }

    /// Whether all redirections can be opened.
    fn redirects_open(&mut self, redirects: &[Redirect]) -> Option<bool> {
        let mut all = Some(true);
        for redirect in redirects {
            if redirect.op.ends_with(b"&") || redirect.op.starts_with(b"<<") {
                continue;
            }
            let target = self.single(&redirect.target, Mode::Single);
            let Some(path) = target.text() else {
                all = None;
                continue;
            };
            if path.starts_with(b"/dev/") || (redirect.op == b"&>" || redirect.op == b">&") && path.iter().all(u8::is_ascii_digit)
            {
                continue;
            }
            let node = self.node(&path);
            let one = if redirect.op == b"<" {
                node.map(|n| n.exists() && n.readable)
            } else {
                let clobber = if redirect.op == b">" && self.state.option(b"noclobber") != Some(false) { None } else { Some(()) };
                let opens = match node {
                    Some(n) if n.exists() => Some(!n.folder && n.writable),
                    Some(n) if n.link => None,
                    Some(_) => {
                        let parent = path.iter().rposition(|b| *b == b'/').map_or(b".".to_vec(), |i| path[..i.max(1)].to_vec());
                        self.node(&parent).map(|p| p.folder && p.writable)
                    }
                    None => None,
                };
                if let Some(path) = self.absolute(&path) {
                    self.state.written.insert(path);
                }
                clobber.and(opens)
            };
            match one {
                Some(true) => {}
                Some(false) => return Some(false),
                None => all = None,
            }
        }
        all
    }

    fn kind(&mut self, command: &Command) -> Flow {
        match &command.kind {
            Kind::Simple(assigns, args) => self.simple(assigns, args, &command.redirects),
            Kind::Pipeline(all) => self.pipeline(all),
            Kind::Not(inner) => {
                self.guarded += 1;
                let flow = self.command(inner);
                self.guarded -= 1;
                self.state.status = self.state.status.map(|s| u8::from(s == 0));
                flow
            }
            Kind::AndOr(first, more) => self.and_or(first, more),
            Kind::Background(inner) => {
                self.subshell(std::slice::from_ref(inner), false);
                self.state.status = Some(0);
                self.stopped()
            }
            Kind::If(arms, otherwise) => self.conditional(arms, otherwise.as_deref()),
            Kind::While { until, condition, body } => self.looped(
                |s| {
                    let flow = s.condition(condition);
                    let go = s.state.status.map(|status| (status == 0) != *until);
                    (flow, go)
                },
                body,
                |_| Flow::Next,
            ),
            Kind::For { names, words, body, select } => self.for_each(names, words.as_deref(), body, *select),
            Kind::ForArith(three, body) => {
                let start = self.quoted(&three[0]);
                self.number(&start);
                self.looped(
                    |s| {
                        let text = s.quoted(&three[1]);
                        let go = if text.is_empty() { Some(true) } else { s.number(&text).map(|n| n != 0) };
                        (Flow::Next, go)
                    },
                    body,
                    |s| {
                        let text = s.quoted(&three[2]);
                        s.number(&text);
                        Flow::Next
                    },
                )
            }
            Kind::Repeat(count, body) => {
                let count = self.quoted(count);
                let mut left = self.number(&count);
                self.looped(
                    |_| {
                        let go = left.map(|n| n > 0);
                        left = left.map(|n| n - 1);
                        (Flow::Next, go)
                    },
                    body,
                    |_| Flow::Next,
                )
            }
            Kind::Case(subject, arms) => {
                let subject = self.single(subject, Mode::Single);
                self.case(&subject, arms)
            }
            Kind::Subshell(list) => {
                self.subshell(list, true);
                self.stopped()
            }
            Kind::Group(list) => self.list(list),
            Kind::Always(list, always) => {
                let flow = self.list(list);
                match self.list(always) {
                    Flow::Next => flow,
                    other => other,
                }
            }
            Kind::Function(names, body) => self.define(names, body),
            Kind::Anonymous(body, words) => {
                let args = self.args(words);
                let function = Function { body: body.clone(), at: self.at() };
                self.call(b"(anon)", &function, Some(args.list).filter(|_| !args.unsure))
            }
            Kind::Test(test) => {
                let status = self.level(|s| s.test(test)).unwrap_or(None);
                self.state.status = status.map(|t| u8::from(!t));
                self.stopped()
            }
            Kind::Arith(word) => {
                let text = self.quoted(word);
                self.state.status = self.number(&text).map(|n| u8::from(n == 0));
                Flow::Next
            }
        }
    }

    /// [`Flow::Stop`] where the steps have run out.
    pub(super) fn stopped(&mut self) -> Flow {
        if self.steps < super::super::STEPS { Flow::Next } else { Flow::Stop }
    }

    fn define(&mut self, names: &[Word], body: &Arc<Command>) -> Flow {
        for name in names {
            // An alias is replaced before the parentheses are seen: what then stands there is seldom a definition.
            let is_alias = name.plain().is_some_and(|n| self.state.aliases.contains_key(n));
            if is_alias && self.aliases_expand() != Some(false) {
                self.forget_all("what follows: a function has the name of an alias");
                return Flow::Return;
            }
            match self.single(name, Mode::Single).text() {
                Some(name) => {
                    let function = Function { body: body.clone(), at: self.at() };
                    self.state.functions.insert(name, Some(function));
                }
                None => self.note("the name of a function"),
            }
        }
        self.state.status = Some(0);
        Flow::Next
    }

    fn pipeline(&mut self, all: &[Command]) -> Flow {
        let Some((last, first)) = all.split_last() else { return Flow::Next };
        for command in first {
            self.subshell(std::slice::from_ref(command), false);
        }
        // What comes through the pipe is not followed: a filter's output is unknown.
        if self.zsh() || self.state.option(b"lastpipe") != Some(false) && !self.start.interactive {
            self.command(last)
        } else {
            self.subshell(std::slice::from_ref(last), true);
            self.stopped()
        }
    }

    /// A list whose effects on variables end with it.
    pub(super) fn subshell(&mut self, list: &[Command], prints: bool) {
        let mark = self.parked.len();
        let before = self.state.clone();
        let (guarded, ended) = (self.guarded, self.ended.clone());
        let flow = self.list(list);
        let leaves = self.parked.len() > mark;
        self.parked.truncate(mark);
        self.guarded = guarded;
        self.ended = ended;
        let after = std::mem::replace(&mut self.state, before);
        self.state.written.extend(after.written);
        self.state.status = if leaves || !matches!(flow, Flow::Next | Flow::Exit | Flow::Return) { None } else { after.status };
        if prints {
            self.state.out = after.out;
            if leaves && self.catching {
                let at = self.at();
                self.state.out.push_unknown(Some(&at));
            }
        }
    }

    /// What a substitution prints.
    pub(super) fn substitute(&mut self, body: &[Command]) -> Value {
        let line = self.line;
        let value = match self.file_contents(body) {
            Some(value) => value,
            None => {
                let before = std::mem::take(&mut self.state.out);
                let catching = std::mem::replace(&mut self.catching, true);
                self.subshell(body, true);
                self.catching = catching;
                std::mem::replace(&mut self.state.out, before)
            }
        };
        self.line = line;
        if self.stopped() == Flow::Stop {
            return Value::unknown(Some(&self.at()));
        }
        strip_newlines(&value)
    }

    /// `$(<file)`
    fn file_contents(&mut self, body: &[Command]) -> Option<Value> {
        let [Command { kind: Kind::Simple(assigns, args), redirects, .. }] = body else { return None };
        let [redirect] = redirects.as_slice() else { return None };
        if !assigns.is_empty() || !args.is_empty() || redirect.op != b"<" || self.dialect() == super::Dialect::Dash {
            return None;
        }
        let path = self.single(&redirect.target, Mode::Single).text();
        let at = self.at();
        Some(match path.and_then(|p| self.contents(&p)) {
            Some(Ok(text)) => {
                self.state.status = Some(0);
                Value::put(&text, Some(&at))
            }
            Some(Err(Missing::Absent | Missing::Folder)) => {
                self.state.status = Some(1);
                Value::new()
            }
            _ => {
                self.state.status = None;
                Value::unknown(Some(&at))
            }
        })
    }

    /// Calls a function. Arguments that are not known are `None`.
    pub(super) fn call(&mut self, name: &[u8], function: &Function, args: Option<Vec<Value>>) -> Flow {
        if self.depth >= DEPTH {
            self.steps = super::super::STEPS;
            return Flow::Stop;
        }
        let positional = std::mem::replace(&mut self.state.positional, args);
        let (file, line) = (self.file.clone(), self.line);
        let (loops, guarded) = (std::mem::take(&mut self.loops), self.guarded);
        let mark = self.parked.len();
        self.state.scopes.push(std::collections::BTreeMap::new());
        self.calls.push(name.to_vec());
        self.depth += 1;
        self.file = function.at.file.clone();
        let flow = self.command(&function.body);
        let flow = self.unpark(mark, flow, |f| !matches!(f, Flow::Exit | Flow::Abort | Flow::Stop));
        self.depth -= 1;
        self.calls.pop();
        self.leave_scope();
        (self.file, self.line) = (file, line);
        (self.loops, self.guarded) = (loops, guarded);
        self.state.positional = positional;
        flow
    }

    /// Goes through the text of a file or of `eval`, line by line.
    pub(super) fn text_of(&mut self, text: &[u8], line: u32) -> Flow {
        let mut reader = Reader::new(text, line, self.dialect(), 0);
        loop {
            match reader.complete_line() {
                Ok(None) => return Flow::Next,
                Ok(Some(list)) => {
                    let flow = self.list(&list);
                    if flow != Flow::Next {
                        return flow;
                    }
                }
                Err(why) => {
                    self.line = reader.line;
                    if why == super::parser::Syntax::TooDeep || self.zsh() {
                        self.forget_all("what follows: it is not understood");
                        return Flow::Return;
                    }
                    self.note("a syntax error: what follows in this file is not run");
                    self.state.status = Some(2);
                    return Flow::Abort;
                }
            }
        }
    }

    /// Goes through a file in this shell.
    pub(super) fn source(&mut self, path: &[u8], text: &[u8], args: Option<Vec<Value>>) -> Flow {
        if self.depth >= DEPTH {
            self.steps = super::super::STEPS;
            return Flow::Stop;
        }
        // What is no text is refused, and not read.
        let head = text.get(..80.min(text.len())).unwrap_or(&[]);
        if self.bash() && head.split(|b| *b == b'\n').next().is_some_and(|l| l.contains(&0)) {
            self.state.status = Some(126);
            self.note(format!("`{}` is no text", lossy(path)));
            return Flow::Next;
        }
        let text: Vec<u8> = text.iter().copied().filter(|b| *b != 0).collect();
        self.step(text.len() / 256);
        let positional = args.map(|a| self.state.positional.replace(a));
        let (file, line) = (std::mem::replace(&mut self.file, Arc::from(path)), self.line);
        let (loops, calls) = (std::mem::take(&mut self.loops), std::mem::take(&mut self.calls));
        let mark = self.parked.len();
        self.depth += 1;
        self.line = 1;
        self.state.status = Some(0);
        let flow = self.text_of(&text, 1);
        let flow = self.unpark(mark, flow, |f| !matches!(f, Flow::Exit | Flow::Abort | Flow::Stop));
        self.depth -= 1;
        self.calls = calls;
        (self.file, self.line, self.loops) = (file, line, loops);
        if let Some(positional) = positional {
            self.state.positional = positional;
        }
        flow
    }

    /// A variable's text, or why there is none.
    pub(super) fn known(&mut self, name: &[u8]) -> Option<Option<Vec<u8>>> {
        match self.held(name) {
            Held::Unset => Some(None),
            Held::One(value) => value.text().map(Some),
            _ => None,
        }
    }
}

/// Whether two states hold the same, places aside.
pub(super) fn same(a: &State, b: &State) -> bool {
    let plain = |s: &State| {
        let mut s = s.clone();
        s.status = None;
        let mut again = super::super::vars::Vars::default();
        again.others_unknown = s.vars.others_unknown;
        for (name, var) in s.vars.iter() {
            let known = var.value.as_ref().map(|v| v.text());
            let value = known.map(|k| k.map_or_else(|| Value::unknown(None), |t| Value::put(&t, None)));
            again.insert(name, super::super::vars::Var { value, exported: var.exported, at: None });
        }
        s.vars = again;
        for array in s.arrays.values_mut() {
            if let super::state::Array::Unknown(at) = array {
                *at = None;
            }
        }
        s
    };
    plain(a) == plain(b)
}

/// A value without the newlines at its end.
fn strip_newlines(value: &Value) -> Value {
    use super::super::value::Piece;
    let mut pieces: Vec<Piece> = value.pieces().to_vec();
    while let Some(Piece::Text(text, _)) = pieces.last_mut() {
        while text.last() == Some(&b'\n') {
            text.pop();
        }
        if !text.is_empty() {
            break;
        }
        pieces.pop();
    }
    let mut out = Value::new();
    for piece in pieces {
        match piece {
            Piece::Text(text, at) => out.push(&text.into_iter().filter(|b| *b != 0).collect::<Vec<_>>(), at.as_ref()),
            Piece::Unknown(at) => out.push_unknown(at.as_ref()),
        }
    }
    out
}
