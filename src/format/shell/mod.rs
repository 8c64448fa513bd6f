//! What init files do to variables, told without running anything.
//!
//! An evaluator goes through a shell's init files in the shell's own order, as the shell would, with every file, folder and
//! program behind the trait [`World`]. Assignments, conditions, loops, functions, substitutions of parameters and the builtins that
//! touch variables are evaluated; a program is never started. What only a run could tell becomes an unknown piece of a value, and is
//! told in [`Outcome::undecided`]: a guess is never made.
//!
//! Every piece of a value keeps the line that put it there, so that an entry of `PATH` names its cause.

pub mod fish;
pub mod outcome;
pub mod posix;
pub mod value;
pub mod vars;
pub mod world;

pub use outcome::{FileSeen, Named, Outcome, Undecided};
pub use value::{At, Piece, Value};
pub use vars::{Var, Vars};
pub use world::{Missing, NodeState, World};

/// Simple commands, loop rounds and expansions that one start may take. A heavy `.zshrc` takes some ten thousand; an endless loop
/// ends here, and what it might have set is unknown.
pub const STEPS: u32 = 200_000;
/// How deep files may source each other and functions may call: bash's own limit on sourcing is the stack.
pub const DEPTH: u32 = 48;
/// Bytes of stack that an evaluation is safe with at its deepest, in a build without optimisation too: it belongs on a thread of its own.
pub const STACK: usize = 64 << 20;
/// Bytes that one value may have: Linux takes no longer argument or variable (MAX_ARG_STRLEN, 128 KiB). What is longer is unknown.
pub const VALUE_LIMIT: usize = 128 << 10;
