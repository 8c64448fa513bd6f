//! What a shell's grammar reads.

use std::sync::Arc;

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes without quotes: wildcards, braces and tildes count.
    Text(Vec<u8>),
    /// Bytes between quotes or behind a backslash.
    Quoted(Vec<u8>),
    /// `"…"`
    Double(Vec<Part>),
    /// `$x`, `${…}`
    Param(Box<Param>),
    /// `$(…)` and `` `…` ``; `None` where what stands in it breaks the grammar.
    Command(Option<Arc<Vec<Command>>>),
    /// `$((…))`, `$[…]`
    Arith(Box<Word>),
    /// What is read but not evaluated, such as `<(…)`.
    Unknown,
}

/// A word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// Its parts in order.
    pub parts: Vec<Part>,
    /// The line it starts on.
    pub line: u32,
}

impl Word {
    /// Its bytes where none of it is expanded and nothing is quoted.
    pub fn plain(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [] => Some(b""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// What stands between `${` and the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A parameter, or nothing in zsh (`${:-x}`).
    Name(Vec<u8>),
    /// zsh: `${${…}…}`, `${"$(…)"…}`
    Nested(Word),
}

/// What `${…}` does before it looks at the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefix {
    /// Nothing.
    #[default]
    None,
    /// `${#x}`
    Length,
    /// bash: `${!x}`
    Indirect,
    /// bash: `${!x@}`, `${!x[@]}`: names or keys.
    Names,
    /// zsh: `${+x}`
    IsSet,
}

/// `$x` or `${…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// zsh's `(…)` flags.
    pub flags: Vec<u8>,
    /// `#`, `!`, `+` in front.
    pub prefix: Prefix,
    /// zsh: `^`, `=` and `~` in front.
    pub marks: Vec<u8>,
    /// The parameter.
    pub subject: Subject,
    /// `[…]`
    pub index: Option<Word>,
    /// What is done with the value.
    pub op: Op,
}

/// The operator of `${…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// None.
    None,
    /// `-`, `=`, `?`, `+`; with a colon an empty value counts as unset.
    Default {
        /// One of `-=?+`.
        kind: u8,
        /// Whether a colon stands in front.
        colon: bool,
        /// The word.
        word: Word,
    },
    /// `#`, `##`, `%`, `%%`
    Trim {
        /// From the end.
        suffix: bool,
        /// The longest match.
        longest: bool,
        /// The pattern.
        pattern: Word,
    },
    /// `/p/r` and its kin.
    Replace {
        /// `/`: once, `//`: all, `#` and `%`: at the start and the end.
        kind: u8,
        /// The pattern.
        pattern: Word,
        /// What goes in its place.
        with: Word,
    },
    /// `:offset:length`
    Slice(Word, Option<Word>),
    /// `^`, `^^`, `,`, `,,` with no pattern.
    Case {
        /// To upper case.
        upper: bool,
        /// Not the first character alone.
        all: bool,
    },
    /// zsh's `:h`, `:t` and so on.
    Modifiers(Vec<u8>),
    /// zsh's `:#pattern`
    Without(Word),
    /// Read, not evaluated.
    Unknown,
}

/// `name=value` and its kin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assign {
    /// The variable.
    pub name: Vec<u8>,
    /// `[…]`
    pub index: Option<Word>,
    /// `+=`
    pub append: bool,
    /// What it gets.
    pub value: AssignValue,
    /// The line.
    pub line: u32,
}

/// The right side of an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignValue {
    /// A word.
    Word(Word),
    /// `(…)`; each element's key, where it has one.
    Array(Vec<(Option<Word>, Word)>),
}

/// An argument of a simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A word.
    Word(Word),
    /// An assignment behind `export` and its like.
    Assign(Assign),
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The descriptor in front, where there is one.
    pub fd: Option<u32>,
    /// The operator.
    pub op: &'static [u8],
    /// Where to; of a here-document nothing.
    pub target: Word,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The line it starts on.
    pub line: u32,
    /// What it is.
    pub kind: Kind,
    /// Redirections of a compound command, or of a simple one.
    pub redirects: Vec<Redirect>,
}

/// How an arm of `case` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmEnd {
    /// `;;`
    Leave,
    /// `;&`
    Fall,
    /// `;;&`, zsh's `;|`
    Test,
}

/// An arm of `case`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseArm {
    /// The patterns.
    pub patterns: Vec<Word>,
    /// What is run.
    pub body: Vec<Command>,
    /// How it ends.
    pub end: ArmEnd,
}

/// The kinds of command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Assignments and words.
    Simple(Vec<Assign>, Vec<Arg>),
    /// `a | b`, all in order.
    Pipeline(Vec<Command>),
    /// `! a`
    Not(Box<Command>),
    /// `a && b || c`: whether it stands behind `&&`, and the command.
    AndOr(Box<Command>, Vec<(bool, Command)>),
    /// `a &`
    Background(Box<Command>),
    /// Conditions with what they lead to, and `else`.
    If(Vec<(Vec<Command>, Vec<Command>)>, Option<Vec<Command>>),
    /// `while`, `until`
    While {
        /// `until`
        until: bool,
        /// The condition.
        condition: Vec<Command>,
        /// The body.
        body: Vec<Command>,
    },
    /// `for`; without words it goes through `$@`.
    For {
        /// The variables; zsh takes several.
        names: Vec<Vec<u8>>,
        /// The words.
        words: Option<Vec<Word>>,
        /// The body.
        body: Vec<Command>,
        /// `select`, which asks the user.
        select: bool,
    },
    /// `for ((;;))`
    ForArith(Box<[Word; 3]>, Vec<Command>),
    /// zsh: `repeat n`
    Repeat(Word, Vec<Command>),
    /// `case`
    Case(Word, Vec<CaseArm>),
    /// `( … )`
    Subshell(Vec<Command>),
    /// `{ … }`
    Group(Vec<Command>),
    /// zsh: `{ … } always { … }`
    Always(Vec<Command>, Vec<Command>),
    /// `f() …`
    Function(Vec<Word>, Arc<Command>),
    /// zsh: `() { … } …`
    Anonymous(Arc<Command>, Vec<Word>),
    /// `[[ … ]]`
    Test(Box<Test>),
    /// `(( … ))`
    Arith(Word),
}

/// What stands between `[[` and `]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `a || b`
    Or(Box<Test>, Box<Test>),
    /// `a && b`
    And(Box<Test>, Box<Test>),
    /// `! a`
    Not(Box<Test>),
    /// A word alone, or `-x word`
    Unary(Option<Vec<u8>>, Word),
    /// `a op b`
    Binary(Word, Vec<u8>, Word),
}
