//! The syntax of fish as a tree.

use std::rc::Rc;

/// Jobs one after another.
pub type List = Vec<Conj>;

/// How a job hangs on the status before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    And,
    Or,
}

/// Jobs joined by `&&` and `||`, behind `and` or `or` perhaps.
#[derive(Debug)]
pub struct Conj {
    pub decorator: Option<Link>,
    pub first: Job,
    pub rest: Vec<(Link, Job)>,
}

/// A pipeline.
#[derive(Debug)]
pub struct Job {
    pub negated: bool,
    pub background: bool,
    pub stages: Vec<Stmt>,
}

/// A part of a pipeline.
#[derive(Debug)]
pub struct Stmt {
    pub line: u32,
    /// `NAME=value` before the command.
    pub assignments: Vec<(Vec<u8>, Word)>,
    pub kind: Kind,
    pub redirections: Vec<Redirection>,
    /// Whether the next stage gets standard error instead of standard output.
    pub pipes_errors: bool,
}

/// `command`, `builtin` or `exec` before a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoration {
    None,
    Command,
    Builtin,
    Exec,
}

/// What a statement is.
#[derive(Debug)]
pub enum Kind {
    Command { decoration: Decoration, words: Vec<Word> },
    Begin(List),
    If { arms: Vec<(List, List)>, otherwise: List },
    While { condition: List, body: List },
    For { name: Word, items: Vec<Word>, body: List },
    Function { words: Vec<Word>, body: Rc<List> },
    Switch { on: Word, cases: Vec<(Vec<Word>, List)> },
}

/// Where output goes or input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
    /// `2>&1`
    Copy,
}

/// `2>/dev/null`
#[derive(Debug)]
pub struct Redirection {
    pub fd: u32,
    pub direction: Direction,
    pub target: Word,
    /// `&>`: standard error too.
    pub both: bool,
}

/// An argument before it is expanded.
#[derive(Debug, Clone, Default)]
pub struct Word {
    pub line: u32,
    pub parts: Vec<Part>,
}

/// A part of an argument.
#[derive(Debug, Clone)]
pub enum Part {
    Text(Vec<u8>),
    /// `*`
    Star,
    /// `**`
    StarStar,
    /// `?`
    Question,
    /// `~user` at the start.
    Home(Vec<u8>),
    /// `$name`, `$$name`, `$name[1]`
    Var {
        dollars: u32,
        name: Vec<u8>,
        slices: Vec<Word>,
        quoted: bool,
    },
    /// `(…)`, `$(…)`
    Sub {
        body: Rc<List>,
        slice: Option<Word>,
        quoted: bool,
    },
    /// `{`
    Open,
    /// `,` in braces
    Comma,
    /// `}`
    Close,
}
