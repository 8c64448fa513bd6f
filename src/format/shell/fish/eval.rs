//! Control flow: what runs after what, and what is left known where that hangs on what is not known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::FishStart;
use super::ast::{Conj, Direction, Job, Kind, List, Redirection, Stmt};
use super::expand::Broken;
use super::glob;
use super::state::{FishVar, Input, Item, Scope, State};
use crate::format::shell::{At, FileSeen, Named, STEPS, Undecided, Value, World};

/// Blocks, functions, files and substitutions within each other: it bounds our stack.
const LEVELS: u32 = 80;
/// Undecided places that are kept.
const UNDECIDED: usize = 200;
/// Bytes that cost as much as a step.
const BYTES_A_STEP: usize = 128;

/// How a statement ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Normal,
    Break,
    Continue,
    Return,
    Exit,
    /// No more is evaluated at all.
    Stop,
}

/// What takes a flow that is not normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Break,
    Continue,
    Return,
    /// A file or a substitution.
    Exit,
}

/// A loop, a function or a file that is being run.
struct Frame {
    takes: Takes,
    scopes: usize,
    outputs: usize,
    inputs: usize,
    /// States in which it was left where that hung on what is not known.
    parked: Vec<State>,
}

/// Where what is done is put.
#[derive(Debug, Clone)]
pub struct Context {
    pub file: Arc<[u8]>,
    pub line: u32,
    /// One place for all, instead of the line.
    pub fixed: Option<At>,
    /// The function, for `status`.
    pub function: Option<Vec<u8>>,
    pub substitution: bool,
    pub block: bool,
}

/// An evaluation of one start.
pub struct Eval<'a> {
    pub(super) world: &'a dyn World,
    pub(super) start: &'a FishStart<'a>,
    pub(super) state: State,
    pub(super) context: Context,
    pub(super) files: Vec<FileSeen>,
    pub(super) undecided: Vec<Undecided>,
    pub(super) names: BTreeMap<Vec<u8>, Named>,
    pub(super) ended: Option<At>,
    /// What `string collect` prints is one element.
    pub(super) explicit: Option<Vec<Item>>,
    /// The output that `explicit` is of.
    pub(super) collecting: usize,
    pub(super) calls: u32,
    /// Whether the file of a function is being read.
    pub(super) loading: bool,
    /// Functions that are running, the innermost last.
    pub(super) running: Vec<Vec<u8>>,
    /// Whether the command that runs has input of its own.
    pub(super) direct: bool,
    frames: Vec<Frame>,
    steps: u32,
    levels: u32,
    pub(super) exhausted: bool,
    /// A substitution in the words that are expanded may have failed: whether their command runs is not known.
    pub(super) doubtful: bool,
    /// The folders of `PATH` at the start.
    pub(super) start_path: Vec<Vec<u8>>,
    /// The program that was looked at last.
    pub(super) last_program: Vec<u8>,
}

impl<'a> Eval<'a> {
    pub(super) fn new(world: &'a dyn World, start: &'a FishStart<'a>) -> Eval<'a> {
        Eval {
            world,
            start,
            state: State { status: Some(0), scopes: vec![Scope::default()], inputs: vec![Input::Unknown], ..State::default() },
            context: Context {
                file: Arc::from(&b""[..]),
                line: 0,
                fixed: None,
                function: None,
                substitution: false,
                block: false,
            },
            files: Vec::new(),
            undecided: Vec::new(),
            names: BTreeMap::new(),
            ended: None,
            explicit: None,
            collecting: 0,
            calls: 0,
            loading: false,
            running: Vec::new(),
            direct: false,
            frames: Vec::new(),
            steps: STEPS,
            levels: 0,
            exhausted: false,
            doubtful: false,
            start_path: Vec::new(),
            last_program: Vec::new(),
        }
    }

    pub(super) fn at(&self) -> At {
        self.at_line(self.context.line)
    }

    pub(super) fn at_line(&self, line: u32) -> At {
        self.context.fixed.clone().unwrap_or_else(|| At { file: self.context.file.clone(), line })
    }

    /// Whether `?` is a wildcard in this version.
    pub(super) fn question(&self) -> bool {
        super::major(self.start.version) < 4
    }

    pub(super) fn note(&mut self, what: String) {
        let at = Some(self.at());
        let note = Undecided { at, what };
        if self.undecided.len() < UNDECIDED && !self.undecided.contains(&note) {
            self.undecided.push(note);
        }
    }

    /// After something unknown was run in this shell.
    pub(super) fn forget(&mut self, what: String) {
        self.note(what);
        let at = self.at();
        self.state.forget(Some(&at));
    }

    /// Takes steps for a value of so many bytes; false where none are left.
    pub(super) fn pay(&mut self, bytes: usize) -> bool {
        let cost = u32::try_from(bytes / BYTES_A_STEP).unwrap_or(u32::MAX).saturating_add(1);
        self.steps = self.steps.saturating_sub(cost);
        if self.steps == 0 && !self.exhausted {
            self.exhausted = true;
            self.forget("what the init files do: they take more steps than we follow".to_owned());
        }
        !self.exhausted
    }

    /// Runs both, each on its own state, and keeps what is known either way.
    pub(super) fn fork(&mut self, one: impl FnOnce(&mut Self) -> Flow, other: impl FnOnce(&mut Self) -> Flow) -> Flow {
        // A copy of the state costs more than a step.
        let _ = self.pay(BYTES_A_STEP * 8);
        let before = self.state.clone();
        let ended = self.ended.clone();
        let first_flow = one(self);
        let first = std::mem::replace(&mut self.state, before);
        let second_flow = other(self);
        if self.exhausted {
            return Flow::Stop;
        }
        if self.ended != ended && (first_flow != Flow::Stop || second_flow != Flow::Stop) {
            self.ended = ended;
            self.note("whether the shell ends here".to_owned());
        }
        let at = self.at();
        match (first_flow, second_flow) {
            (a, b) if a == b => self.state.meet(&first, Some(&at)),
            (Flow::Stop, _) => {}
            (_, Flow::Stop) => {
                self.state = first;
                return first_flow;
            }
            (Flow::Normal, away) => {
                let second = std::mem::replace(&mut self.state, first);
                self.park(second, away);
                return Flow::Normal;
            }
            (away, _) => self.park(first, away),
        }
        second_flow
    }

    fn takes(takes: Takes, flow: Flow) -> bool {
        match flow {
            Flow::Break => takes == Takes::Break,
            Flow::Continue => takes == Takes::Continue,
            Flow::Return => matches!(takes, Takes::Return | Takes::Exit),
            Flow::Exit => takes == Takes::Exit,
            Flow::Normal | Flow::Stop => false,
        }
    }

    fn park(&mut self, mut state: State, flow: Flow) {
        if let Some(frame) = self.frames.iter_mut().rev().find(|f| Self::takes(f.takes, flow)) {
            state.scopes.truncate(frame.scopes);
            state.outputs.truncate(frame.outputs);
            state.inputs.truncate(frame.inputs);
            frame.parked.push(state);
        }
    }

    /// Runs `body` as what takes a flow.
    pub(super) fn framed(&mut self, takes: Takes, body: impl FnOnce(&mut Self) -> Flow) -> Flow {
        self.frames.push(Frame {
            takes,
            scopes: self.state.scopes.len(),
            outputs: self.state.outputs.len(),
            inputs: self.state.inputs.len(),
            parked: Vec::new(),
        });
        let flow = body(self);
        let Some(frame) = self.frames.pop() else { return flow };
        let at = self.at();
        let mut parked = frame.parked;
        if flow == Flow::Normal || Self::takes(takes, flow) {
            for state in &parked {
                self.state.meet(state, Some(&at));
            }
            return Flow::Normal;
        }
        let Some(mut state) = parked.pop() else { return flow };
        for other in &parked {
            state.meet(other, Some(&at));
        }
        let away = std::mem::replace(&mut self.state, state);
        self.park(away, flow);
        Flow::Normal
    }

    /// Runs `body` a level deeper, in a scope of its own.
    pub(super) fn scoped(&mut self, function: bool, body: impl FnOnce(&mut Self) -> Flow) -> Flow {
        if self.levels >= LEVELS {
            self.forget("what is nested deeper than we follow".to_owned());
            return Flow::Normal;
        }
        self.levels += 1;
        let depth = self.state.scopes.len();
        self.state.scopes.push(Scope { function, ..Scope::default() });
        let flow = body(self);
        self.state.scopes.truncate(depth);
        self.levels -= 1;
        flow
    }

    /// Runs jobs in a scope of their own.
    pub(super) fn block(&mut self, list: &List) -> Flow {
        let outer = std::mem::replace(&mut self.context.block, true);
        let flow = self.scoped(false, |e| e.list(list));
        self.context.block = outer;
        flow
    }

    pub(super) fn list(&mut self, list: &[Conj]) -> Flow {
        for conj in list {
            let flow = self.linked(conj.decorator, |e| e.conj(conj));
            if !flow.goes_on() {
                return flow;
            }
        }
        Flow::Normal
    }

    pub(super) fn job(&mut self, job: &Job) -> Flow {
        self.state.broken = false;
        self.state.doubtful = false;
        let last = job.stages.len().saturating_sub(1);
        let mut between: Option<Value> = None;
        for (i, stmt) in job.stages.iter().enumerate() {
            let (inputs, outputs) = (self.state.inputs.len(), self.state.outputs.len());
            self.direct = between.is_some();
            if let Some(text) = between.take() {
                self.state.inputs.push(Input::of(text));
            }
            if i < last {
                self.state.outputs.push(Value::new());
            }
            let flow = self.stmt(stmt);
            if i < last {
                let at = self.at();
                let text = self.state.outputs.pop().unwrap_or_default();
                between = Some(if stmt.pipes_errors { Value::unknown(Some(&at)) } else { text });
            }
            self.state.inputs.truncate(inputs.max(1));
            self.state.outputs.truncate(outputs);
            if !flow.goes_on() {
                return flow;
            }
        }
        if job.background {
            self.state.status = None;
        } else if job.negated && !self.state.broken {
            self.state.status = self.state.status.map(|s| u8::from(s == 0));
        }
        Flow::Normal
    }

    fn stmt(&mut self, stmt: &Stmt) -> Flow {
        if !self.pay(0) {
            return Flow::Stop;
        }
        self.context.line = stmt.line;
        if stmt.assignments.is_empty() {
            return self.redirected(stmt);
        }
        self.scoped(false, |e| {
            for (name, word) in &stmt.assignments {
                let items = match e.expand(word, true) {
                    Ok(items) => items,
                    Err(broken) => return e.broken(broken),
                };
                let path = name.ends_with(b"PATH");
                let items = if path { super::set::split_items(items, b':') } else { items };
                let var = FishVar { items, exported: Some(true), path, at: Some(e.at()), certain: true };
                if let Some(scope) = e.state.scopes.last_mut() {
                    scope.vars.insert(name.clone(), var);
                }
            }
            e.redirected(stmt)
        })
    }

    pub(super) fn broken(&mut self, broken: Broken) -> Flow {
        self.state.broken = true;
        self.state.status = broken.0;
        Flow::Normal
    }

    fn redirected(&mut self, stmt: &Stmt) -> Flow {
        let (inputs, outputs) = (self.state.inputs.len(), self.state.outputs.len());
        let piped = std::mem::take(&mut self.direct);
        let mut errors_to_output = false;
        for redirection in &stmt.redirections {
            match self.redirect(redirection) {
                Ok(copied) => errors_to_output |= copied,
                Err(broken) => {
                    self.state.inputs.truncate(inputs);
                    self.state.outputs.truncate(outputs);
                    return self.broken(broken);
                }
            }
        }
        self.direct = piped || self.state.inputs.len() > inputs;
        let flow = self.kind(&stmt.kind);
        self.direct = false;
        self.state.inputs.truncate(inputs.max(1));
        self.state.outputs.truncate(outputs);
        if errors_to_output && self.state.status != Some(0) && flow.goes_on() {
            // The words of errors are not ours to tell.
            let at = self.at();
            self.state.print(&Value::unknown(Some(&at)));
        }
        flow
    }

    fn redirect(&mut self, redirection: &Redirection) -> Result<bool, Broken> {
        let items = self.expand(&redirection.target, false)?;
        let target = match &items[..] {
            [item] => item.text(),
            _ => None,
        };
        match redirection.direction {
            Direction::In => {
                let path = target.and_then(|t| glob::absolute(&t, self.state.pwd.as_deref()));
                let input = match path {
                    Some(path) => match self.read(&path) {
                        Some(Ok(bytes)) => Input::of(Value::put(&bytes, Some(&self.at()))),
                        Some(Err(())) => return Err(Broken(Some(1))),
                        None => Input::Unknown,
                    },
                    None => Input::Unknown,
                };
                self.state.inputs.push(input);
            }
            Direction::Out => {
                if redirection.fd == 1 || redirection.both {
                    self.state.outputs.push(Value::new());
                }
                if let Some(path) = target.and_then(|t| glob::absolute(&t, self.state.pwd.as_deref()))
                    && path != b"/dev/null"
                {
                    self.state.written.insert(glob::normalize(&path));
                }
            }
            Direction::Copy => match (redirection.fd, target.as_deref()) {
                (2, Some(b"1")) => return Ok(true),
                (1, Some(_)) => self.state.outputs.push(Value::new()),
                _ => {}
            },
        }
        Ok(false)
    }

    fn kind(&mut self, kind: &Kind) -> Flow {
        match kind {
            Kind::Command { decoration, words } => self.command(*decoration, words),
            Kind::Begin(list) => self.block(list),
            Kind::If { arms, otherwise } => self.arms(arms, otherwise),
            Kind::While { condition, body } => self.framed(Takes::Break, |e| e.whilst(condition, body)),
            Kind::For { name, items, body } => self.over(name, items, body),
            Kind::Function { words, body } => self.define(words, body),
            Kind::Switch { on, cases } => self.switch(on, cases),
        }
    }

    /// Runs what the words are for, or perhaps not, where a substitution in them may have failed.
    pub(super) fn perhaps(&mut self, run: impl FnOnce(&mut Self) -> Flow) -> Flow {
        if !std::mem::take(&mut self.doubtful) {
            return run(self);
        }
        self.fork(run, |e| {
            e.state.status = None;
            e.state.broken = true;
            Flow::Normal
        })
    }

    /// Runs jobs and gives what they print; `None` where that can't be told.
    pub(super) fn capture(&mut self, body: &List) -> Option<(Value, Option<Vec<Item>>)> {
        let outer = self.context.clone();
        self.context.substitution = true;
        self.explicit = None;
        let depth = self.state.outputs.len();
        let collecting = std::mem::replace(&mut self.collecting, depth + 1);
        let mut out = Value::new();
        let mut ran = false;
        self.scoped(false, |e| {
            ran = true;
            e.state.outputs.push(Value::new());
            let flow = e.framed(Takes::Exit, |e| e.list(body));
            out = e.state.outputs.get_mut(depth).map(std::mem::take).unwrap_or_default();
            e.state.outputs.truncate(depth);
            flow
        });
        self.context = outer;
        self.collecting = collecting;
        let explicit = self.explicit.take();
        if explicit.as_ref().is_some_and(|e| out.known_len() != e.iter().map(|i| i.value.known_len() + 1).sum::<usize>()) {
            // Something else was printed too.
            return None;
        }
        let fits = out.known_len() <= crate::format::shell::VALUE_LIMIT && self.pay(out.known_len());
        (ran && fits).then_some((out, explicit))
    }
}

impl Input {
    /// Input that is this text.
    pub(super) fn of(text: Value) -> Input {
        match text.text() {
            Some(known) => Input::Text { text, known, pos: 0 },
            None => Input::Unknown,
        }
    }
}
