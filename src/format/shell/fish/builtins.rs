//! fish's builtins.

use super::call::{Program, Reply};
use super::eval::{Eval, Flow};
use super::state::{Input, Item, Named, joined, texts};
use crate::format::shell::Value;

/// All that are no programs.
pub(super) const NAMES: &[&[u8]] = &[
    b".",
    b":",
    b"[",
    b"_",
    b"abbr",
    b"argparse",
    b"bg",
    b"bind",
    b"block",
    b"break",
    b"breakpoint",
    b"builtin",
    b"cd",
    b"command",
    b"commandline",
    b"complete",
    b"contains",
    b"continue",
    b"count",
    b"disown",
    b"echo",
    b"emit",
    b"eval",
    b"exec",
    b"exit",
    b"false",
    b"fg",
    b"functions",
    b"history",
    b"jobs",
    b"math",
    b"path",
    b"printf",
    b"pwd",
    b"random",
    b"read",
    b"realpath",
    b"return",
    b"set",
    b"set_color",
    b"source",
    b"status",
    b"string",
    b"test",
    b"true",
    b"type",
    b"ulimit",
    b"wait",
];

impl Eval<'_> {
    pub(super) fn print_unknown(&mut self) {
        let at = self.at();
        self.state.print(&Value::unknown(Some(&at)));
    }

    /// Prints a line.
    pub(super) fn print_line(&mut self, value: &Value) {
        self.state.print(value);
        let at = super::place_of(value).cloned().unwrap_or_else(|| self.at());
        self.state.print(&Value::put(b"\n", Some(&at)));
    }

    pub(super) fn builtin(&mut self, name: &[u8], args: Vec<Item>) -> Reply {
        match name {
            b"set" => self.set(&args),
            b"test" => self.test(&args),
            b"[" => match args.split_last() {
                Some((last, rest)) if last.text().as_deref() == Some(b"]") => self.test(rest),
                _ => Reply::Status(1),
            },
            b"string" => self.string(&args),
            b"status" => self.status(&args),
            b"contains" => self.contains(&args),
            b"count" => self.count(&args),
            b"echo" => self.echo(&args),
            b"printf" => self.printf(&args),
            b"_" => {
                let text = args.first().map(|i| i.value.clone()).unwrap_or_default();
                self.state.print(&text);
                Reply::Status(0)
            }
            b"true" | b":" => Reply::Status(0),
            b"false" => Reply::Status(1),
            b"set_color" => {
                self.print_unknown();
                Reply::Status(0)
            }
            b"type" | b"command" | b"builtin" => self.lookup_command(name, &args),
            b"functions" => self.functions(&args),
            b"argparse" => self.argparse(&args),
            b"math" => self.math(&args),
            b"read" => self.read_input(&args),
            b"source" | b"." => self.source(&args),
            b"eval" => {
                let at = self.at();
                let text = if args.iter().any(|i| i.many) { Value::unknown(Some(&at)) } else { joined(&args, b' ') };
                self.run_words(&text, false, &[])
            }
            b"cd" => self.cd(&args),
            b"pwd" => {
                let at = self.at();
                let pwd = self.state.pwd.clone().filter(|_| args.is_empty());
                self.print_line(&pwd.map_or_else(|| Value::unknown(Some(&at)), |p| Value::put(&p, Some(&at))));
                Reply::Status(0)
            }
            b"path" => self.path(&args),
            b"realpath" => self.realpath(&args),
            b"emit" => self.emit(&args),
            b"break" => Reply::Flow(Flow::Break),
            b"continue" => Reply::Flow(Flow::Continue),
            b"return" | b"exit" => {
                self.state.status = match args.first() {
                    None => self.state.status,
                    Some(item) => item
                        .text()
                        .and_then(|t| std::str::from_utf8(&t).ok()?.parse::<i64>().ok())
                        .and_then(|n| u8::try_from(n.rem_euclid(256)).ok()),
                };
                Reply::Flow(if name == b"exit" { Flow::Exit } else { Flow::Return })
            }
            // They touch no variable that is exported, and print what only a run could tell.
            _ => {
                self.print_unknown();
                Reply::Unsure
            }
        }
    }

    fn source(&mut self, args: &[Item]) -> Reply {
        let args = match args.split_first() {
            Some((first, rest)) if first.text().as_deref() == Some(b"--") => rest,
            _ => args,
        };
        let from_input = match args.first() {
            None => true,
            Some(item) => item.text().as_deref() == Some(b"-"),
        };
        if from_input {
            let input = self.state.inputs.last().cloned();
            let at = self.at();
            let text = match input {
                Some(Input::Text { text, pos: 0, .. }) => text,
                _ if self.state.inputs.len() <= 1 => return Reply::Status(1),
                _ => Value::unknown(Some(&at)),
            };
            let rest = args.get(1..).unwrap_or_default().to_vec();
            return self.run_words(&text, true, &rest);
        }
        let Some((first, rest)) = args.split_first() else { return Reply::Status(1) };
        let Some(path) = first.text() else {
            self.forget("which file is sourced here".to_owned());
            return Reply::Unsure;
        };
        match self.source_file(&path, rest, "sourced".to_owned()) {
            Flow::Normal => Reply::Keep,
            flow => Reply::Flow(flow),
        }
    }

    fn emit(&mut self, args: &[Item]) -> Reply {
        let Some(args) = texts(args) else {
            self.forget("which event is emitted".to_owned());
            return Reply::Unsure;
        };
        let Some((event, rest)) = args.split_first() else { return Reply::Status(2) };
        let rest: Vec<&[u8]> = rest.iter().map(Vec::as_slice).collect();
        match self.fire(|f| f.on_event.iter().any(|e| e == event), &rest) {
            Flow::Normal => Reply::Status(0),
            flow => Reply::Flow(flow),
        }
    }

    fn contains(&mut self, args: &[Item]) -> Reply {
        let mut index = false;
        let mut rest = args;
        while let Some((first, others)) = rest.split_first() {
            match first.text().as_deref() {
                Some(b"--") => {
                    rest = others;
                    break;
                }
                Some(b"-i" | b"--index") => index = true,
                Some(text) if text.len() > 1 && text.starts_with(b"-") => return Reply::Status(2),
                _ => break,
            }
            rest = others;
        }
        let Some((key, items)) = rest.split_first() else { return Reply::Status(2) };
        if key.many {
            self.print_unknown();
            return Reply::Unsure;
        }
        let Some(key) = key.text() else {
            if index {
                self.print_unknown();
            }
            return if items.is_empty() { Reply::Status(1) } else { Reply::Unsure };
        };
        let mut unsure = false;
        for (i, item) in items.iter().enumerate() {
            match item.text() {
                Some(text) if text == key => {
                    if index {
                        let at = self.at();
                        let told = if unsure {
                            Value::unknown(Some(&at))
                        } else {
                            Value::put((i + 1).to_string().as_bytes(), Some(&at))
                        };
                        self.print_line(&told);
                    }
                    return Reply::Status(0);
                }
                Some(_) => {}
                None => unsure = true,
            }
        }
        if unsure {
            if index {
                self.print_unknown();
            }
            return Reply::Unsure;
        }
        Reply::Status(1)
    }

    fn count(&mut self, args: &[Item]) -> Reply {
        let mut total = args.len();
        let mut unsure = args.iter().any(|i| i.many);
        if self.direct {
            match self.state.inputs.last() {
                Some(Input::Text { known, pos, .. }) => {
                    total += known.get(*pos..).unwrap_or_default().iter().filter(|b| **b == b'\n').count();
                }
                _ => unsure = true,
            }
        }
        let at = self.at();
        if unsure {
            self.print_line(&Value::unknown(Some(&at)));
            return if args.iter().any(|i| !i.many) { Reply::Status(0) } else { Reply::Unsure };
        }
        self.print_line(&Value::put(total.to_string().as_bytes(), Some(&at)));
        Reply::Status(u8::from(total == 0))
    }

    fn status(&mut self, args: &[Item]) -> Reply {
        let Some(args) = texts(args) else {
            self.print_unknown();
            return Reply::Unsure;
        };
        let Some(what) = args.first() else {
            self.print_unknown();
            return Reply::Status(0);
        };
        let told = |b: bool| Reply::Status(u8::from(!b));
        let at = self.at();
        let file = self.context.file.to_vec();
        match &what[..] {
            b"is-login" | b"--is-login" | b"-l" => told(self.start.login),
            b"is-interactive" | b"--is-interactive" | b"-i" => told(self.start.interactive),
            b"is-command-substitution" | b"--is-command-substitution" | b"-c" => told(self.context.substitution),
            b"is-block" | b"--is-block" | b"-b" => told(self.context.block),
            b"is-breakpoint" => Reply::Status(1),
            b"filename" | b"current-filename" | b"--current-filename" | b"-f" => {
                self.print_line(&Value::put(&file, Some(&at)));
                Reply::Status(0)
            }
            b"dirname" | b"basename" => {
                let value = if &what[..] == b"dirname" { super::paths::dirname(&file) } else { super::paths::basename(&file) };
                self.print_line(&Value::put(&value, Some(&at)));
                Reply::Status(0)
            }
            b"line-number" | b"current-line-number" => {
                self.print_line(&Value::put(at.line.to_string().as_bytes(), Some(&at)));
                Reply::Status(0)
            }
            b"function" | b"current-function" => {
                let name = self.context.function.clone().unwrap_or_else(|| b"Not a function".to_vec());
                self.print_line(&Value::put(&name, Some(&at)));
                Reply::Status(0)
            }
            _ => {
                self.print_unknown();
                Reply::Unsure
            }
        }
    }

    /// `type`, `command` and `builtin` where they ask about names.
    fn lookup_command(&mut self, which: &[u8], args: &[Item]) -> Reply {
        let Some(args) = texts(args) else {
            self.print_unknown();
            return Reply::Unsure;
        };
        let mut letters = Vec::new();
        let mut rest = &args[..];
        while let Some((first, others)) = rest.split_first() {
            if first == b"--" {
                rest = others;
                break;
            }
            match first.strip_prefix(b"--") {
                Some(long) => letters.push(match long {
                    b"query" | b"quiet" => b'q',
                    b"search" => b's',
                    b"all" => b'a',
                    b"path" => b'p',
                    b"force-path" => b'P',
                    b"type" => b't',
                    b"no-functions" => b'f',
                    b"short" => b's',
                    b"names" => b'n',
                    _ => b'?',
                }),
                None if first.starts_with(b"-") && first.len() > 1 => letters.extend(first.iter().skip(1)),
                None => break,
            }
            rest = others;
        }
        let has = |letter: u8| letters.contains(&letter);
        let quiet = has(b'q');
        if has(b'?') || (which == b"builtin" && !quiet) || has(b'a') {
            self.print_unknown();
            return Reply::Unsure;
        }
        let mut found = Some(false);
        for name in rest {
            let at = self.at();
            let mut answer = Some(false);
            let mut line = None;
            if which == b"type" && !has(b'f') && !has(b'P') {
                match self.function(name) {
                    Some(Named::Known(_)) => {
                        answer = Some(true);
                        line = Some(if has(b't') { Value::put(b"function", Some(&at)) } else { Value::unknown(Some(&at)) });
                    }
                    Some(Named::Unknown) => answer = None,
                    _ if self.state.strange => answer = None,
                    _ => {}
                }
            }
            if which != b"command"
                && answer == Some(false)
                && !has(b'P')
                && (NAMES.contains(&&name[..]) || KEYWORDS.contains(&&name[..]))
            {
                answer = Some(true);
                line =
                    (!has(b'p')).then(|| if has(b't') { Value::put(b"builtin", Some(&at)) } else { Value::unknown(Some(&at)) });
            }
            if which != b"builtin" && answer != Some(true) {
                match self.program(name) {
                    Program::Found(path) => {
                        if answer == Some(false) {
                            line = Some(if has(b't') {
                                Value::put(b"file", Some(&at))
                            } else if which == b"command" || has(b'p') || has(b'P') {
                                Value::put(&path, Some(&at))
                            } else {
                                Value::unknown(Some(&at))
                            });
                        }
                        answer = Some(true);
                    }
                    Program::Missing | Program::NotExecutable => {}
                    Program::Unsure => answer = None,
                }
            }
            if !quiet {
                match (answer, line) {
                    (Some(true), Some(line)) => self.print_line(&line),
                    (Some(false), _) | (Some(true), None) => {}
                    _ => self.print_unknown(),
                }
            }
            found = match (found, answer) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        match found {
            Some(found) => Reply::Status(u8::from(!found)),
            None => Reply::Unsure,
        }
    }
}

/// Words of the grammar that are listed as builtins.
const KEYWORDS: &[&[u8]] =
    &[b"and", b"begin", b"case", b"else", b"end", b"for", b"function", b"if", b"not", b"or", b"switch", b"time", b"while"];
