//! The evaluator's own state, and how variables are set.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::value::{At, Piece, Value};
use super::super::world::{Missing, NodeState, World};
use super::super::{FileSeen, STEPS, Undecided};
use super::state::State;
use super::{Dialect, PosixStart};

/// How execution goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// With the next command.
    Next,
    /// Out of the function or file.
    Return,
    /// The shell ends or becomes another program.
    Exit,
    /// Out of so many loops.
    Break(u32),
    /// With the next round of the so-manieth loop.
    Continue(u32),
    /// An error that ends the reading of the file.
    Abort,
    /// The evaluation's own limits are reached.
    Stop,
}

/// Levels of commands and expansions within each other: what the evaluator calls itself for, and the stack of a thread is 2 MiB.
const LEVELS: u32 = 120;
/// Places that are told one by one: a file may have thousands, and nobody reads them.
const UNDECIDED: usize = 500;
/// Elements of an array.
pub(super) const ELEMENTS: usize = 4096;

/// The evaluator.
pub(super) struct Shell<'a> {
    pub(super) world: &'a dyn World,
    pub(super) start: &'a PosixStart<'a>,
    /// The shell, or the one that it imitates (zsh's `emulate`).
    pub(super) mode: Dialect,
    pub(super) state: State,
    pub(super) steps: u32,
    pub(super) levels: u32,
    /// Files and functions that are within each other.
    pub(super) depth: u32,
    pub(super) file: Arc<[u8]>,
    pub(super) line: u32,
    pub(super) files: Vec<FileSeen>,
    pub(super) undecided: Vec<Undecided>,
    /// What a branch that leaves ended with, while the other one goes on.
    pub(super) parked: Vec<(Flow, State)>,
    /// The condition of `if` and such: `set -e` does not count.
    pub(super) guarded: u32,
    /// Loops around, within the function or file.
    pub(super) loops: u32,
    /// Functions around, the innermost last.
    pub(super) calls: Vec<Vec<u8>>,
    pub(super) ended: Option<At>,
    /// Whether output is caught.
    pub(super) catching: bool,
}

impl<'a> Shell<'a> {
    pub(super) fn new(world: &'a dyn World, start: &'a PosixStart<'a>) -> Shell<'a> {
        Shell {
            world,
            start,
            mode: start.dialect,
            state: State::default(),
            steps: 0,
            levels: 0,
            depth: 0,
            file: Arc::from(&b""[..]),
            line: 0,
            files: Vec::new(),
            undecided: Vec::new(),
            parked: Vec::new(),
            guarded: 0,
            loops: 0,
            calls: Vec::new(),
            ended: None,
            catching: false,
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.mode
    }

    /// zsh that takes itself for `sh`: `emulate sh -c`.
    pub(super) fn sh_of_zsh(&self) -> bool {
        self.start.dialect == Dialect::Zsh && self.mode != Dialect::Zsh
    }

    pub(super) fn zsh(&self) -> bool {
        self.mode == Dialect::Zsh
    }

    /// bash, also where it is called `sh`.
    pub(super) fn bash(&self) -> bool {
        matches!(self.mode, Dialect::Bash | Dialect::BashAsSh)
    }

    /// The line that is evaluated.
    pub(super) fn at(&self) -> At {
        At { file: self.file.clone(), line: self.line }
    }

    /// Notes what could not be decided, each place once.
    pub(super) fn note(&mut self, what: impl Into<String>) {
        let (at, what) = (Some(self.at()), what.into());
        if self.undecided.len() < UNDECIDED && !self.undecided.iter().any(|u| u.at == at && u.what == what) {
            self.undecided.push(Undecided { at, what });
        }
    }

    /// Counts a step; `false` where there are no more.
    pub(super) fn step(&mut self, cost: usize) -> bool {
        self.steps = self.steps.saturating_add(u32::try_from(cost).unwrap_or(STEPS).max(1));
        self.steps < STEPS
    }

    /// Goes a level deeper; `None` where that is too deep, and then everything is unknown.
    pub(super) fn level<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.levels >= LEVELS {
            self.steps = STEPS;
            return None;
        }
        self.levels += 1;
        let out = f(self);
        self.levels -= 1;
        Some(out)
    }

    /// Everything may be another from here on.
    pub(super) fn forget_all(&mut self, what: impl Into<String>) {
        self.note(what);
        let at = self.at();
        self.state.forget_all(Some(&at));
    }

    /// An absolute path for what the shell would open.
    pub(super) fn absolute(&self, path: &[u8]) -> Option<Vec<u8>> {
        if path.starts_with(b"/") {
            return Some(path.to_vec());
        }
        let mut out = self.state.cwd.clone()?;
        if !out.ends_with(b"/") {
            out.push(b'/');
        }
        out.extend_from_slice(path);
        Some(out)
    }

    /// What stands at a path; `None` where that can't be told or a command may have changed it.
    pub(super) fn node(&mut self, path: &[u8]) -> Option<NodeState> {
        if path.is_empty() {
            return Some(NodeState::default());
        }
        let path = self.absolute(path)?;
        self.step(8);
        if self.state.written.contains(&path) || path.starts_with(b"/dev/fd/") || path.starts_with(b"/proc/") {
            return None;
        }
        self.world.state(&path)
    }

    /// The bytes of a file; the outer `None` where that can't be told.
    pub(super) fn contents(&mut self, path: &[u8]) -> Option<Result<Vec<u8>, Missing>> {
        let path = self.absolute(path)?;
        self.step(8);
        if self.state.written.contains(&path) || path.starts_with(b"/dev/") || path.starts_with(b"/proc/") {
            return None;
        }
        Some(self.world.read(&path))
    }

    /// Parks what a branch that leaves ended with, and takes the other's flow.
    pub(super) fn join(&mut self, ours: Flow, theirs: Flow, other: State) -> Flow {
        let at = self.at();
        match (ours, theirs) {
            (Flow::Stop, _) | (_, Flow::Stop) => Flow::Stop,
            _ if ours == theirs => {
                self.state.meet(&other, Some(&at));
                ours
            }
            (Flow::Exit, _) => {
                // No prompt is reached that way: what the start ends with is the other's.
                self.note("whether the shell ends here");
                self.state = other;
                theirs
            }
            (_, Flow::Exit) => {
                self.note("whether the shell ends here");
                ours
            }
            (Flow::Next, _) => {
                self.parked.push((theirs, other));
                Flow::Next
            }
            _ => {
                let mine = std::mem::replace(&mut self.state, other);
                self.parked.push((ours, mine));
                theirs
            }
        }
    }

    /// Runs both ways on copies of the state.
    pub(super) fn either(&mut self, yes: impl FnOnce(&mut Self) -> Flow, no: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let size = self.state.vars.iter().count() + self.state.functions.len() + self.state.arrays.len();
        if !self.step(1 + size / 16) {
            return Flow::Stop;
        }
        let before = self.state.clone();
        let first = yes(self);
        let one = std::mem::replace(&mut self.state, before);
        let second = no(self);
        self.join(second, first, one)
    }

    /// Lets what was parked since `mark` with one of these flows hold too.
    pub(super) fn unpark(&mut self, mark: usize, flow: Flow, wanted: impl Fn(Flow) -> bool) -> Flow {
        let at = self.at();
        let mut rest = Vec::new();
        let mut out = flow;
        let parked = self.parked.split_off(mark.min(self.parked.len()));
        for (f, state) in parked {
            if wanted(f) {
                if out == Flow::Next || wanted(out) {
                    self.state.meet(&state, Some(&at));
                    out = Flow::Next;
                } else {
                    // This way leaves further; the parked one goes on.
                    out = self.join(out, Flow::Next, state);
                    if out != Flow::Next && out != Flow::Stop {
                        continue;
                    }
                }
            } else {
                rest.push((f, state));
            }
        }
        self.parked.extend(rest);
        if wanted(out) { Flow::Next } else { out }
    }
}

pub(super) fn merge(before: Option<bool>, every: Option<bool>) -> Option<bool> {
    match (before, every) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// For messages.
pub(super) fn lossy(text: &[u8]) -> String {
    const MOST: usize = 60;
    let out = String::from_utf8_lossy(text);
    if out.chars().count() <= MOST { out.into_owned() } else { out.chars().take(MOST).chain("…".chars()).collect() }
}

/// Strings with a separator between them.
pub(super) fn join(items: &[Value], separator: &[u8]) -> Value {
    let mut out = Value::new();
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(separator, item.at());
        }
        out.append(item);
    }
    out
}

/// Each known string once, the first stays.
pub(super) fn unique(items: Vec<Value>) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    // What is not known may be any of the others: then the places behind it are not known.
    items.into_iter().filter(|v| v.text().is_none_or(|t| seen.insert(t))).collect()
}

/// Letters changed; of all, or of the first alone.
pub(super) fn map_case(value: &Value, upper: bool, all: bool) -> Value {
    let mut out = Value::new();
    let mut first = true;
    for piece in value.pieces() {
        match piece {
            Piece::Text(text, at) => {
                let change = |b: &u8| if upper { b.to_ascii_uppercase() } else { b.to_ascii_lowercase() };
                let mapped: Vec<u8> =
                    text.iter().enumerate().map(|(i, b)| if all || first && i == 0 { change(b) } else { *b }).collect();
                out.push(&mapped, at.as_ref());
            }
            Piece::Unknown(at) => out.push_unknown(at.as_ref()),
        }
        first = false;
    }
    out
}
