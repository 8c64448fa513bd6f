//! Text that is run: a file that is sourced, words of `eval`.

use super::ast::List;
use super::call::{Reply, plain};
use super::eval::{Eval, Flow, Takes};
use super::glob;
use super::parse::{Syntax, parse};
use super::state::Item;
use crate::format::shell::{DEPTH, FileSeen, Missing, Value};
use std::sync::Arc;

impl Eval<'_> {
    /// The bytes of a file: `None` where they are not known, `Err` where the shell can't read it.
    pub(super) fn read(&self, path: &[u8]) -> Option<Result<Vec<u8>, ()>> {
        if self.state.written.contains(&glob::normalize(path)) {
            return None;
        }
        match self.world.read(path) {
            Ok(bytes) => Some(Ok(bytes)),
            Err(Missing::Absent | Missing::Folder) => Some(Err(())),
            Err(Missing::Denied) => match self.world.state(path) {
                Some(state) if !state.readable => Some(Err(())),
                _ => None,
            },
            Err(Missing::Unreadable) => None,
        }
    }

    /// Runs a file in this shell; false where it could not be read.
    pub(super) fn source_file(&mut self, path: &[u8], args: &[Item], why: String) -> Flow {
        let by = (self.context.line > 0).then(|| self.at());
        let full = glob::absolute(path, self.state.pwd.as_deref());
        let bytes = full.and_then(|p| self.read(&p));
        let read = bytes.as_ref().map(Result::is_ok);
        // What a program wrote for this file is not ours to follow either.
        let quiet = path.starts_with(self.start.data_dir)
            && path.ends_with(b".fish")
            && path.split(|b| *b == b'/').any(|p| p == b"functions");
        let index = (!quiet).then(|| {
            self.files.push(FileSeen {
                path: path.to_vec(),
                read,
                why: if read == Some(false) { "not there or not readable".to_owned() } else { why },
                by,
            });
            self.files.len() - 1
        });
        match bytes {
            Some(Ok(bytes)) => {
                let flow = self.run_text(&bytes, path, args);
                match flow {
                    Ok(flow) => flow,
                    Err(syntax) => {
                        let what = format!("line {}: {}; fish runs nothing of it", syntax.line, syntax.what);
                        if let Some(seen) = index.and_then(|i| self.files.get_mut(i)) {
                            seen.why = what;
                        }
                        self.state.status = Some(1);
                        Flow::Normal
                    }
                }
            }
            Some(Err(())) => {
                self.state.status = Some(1);
                Flow::Normal
            }
            None => {
                self.forget(format!("what {} holds", String::from_utf8_lossy(path)));
                Flow::Normal
            }
        }
    }

    /// The jobs of a text; `None` where whether fish takes it is not known.
    pub(super) fn parsed(&mut self, bytes: &[u8]) -> Option<Result<List, Syntax>> {
        if !self.pay(bytes.len()) {
            return None;
        }
        match parse(bytes, self.question()) {
            Ok(list) => Some(Ok(list)),
            // Later versions have a wider grammar.
            Err(syntax) if syntax.ours || bytes.contains(&0) || super::major(self.start.version) != 3 => {
                self.forget(format!("what a text does that we can't read: line {}, {}", syntax.line, syntax.what));
                None
            }
            Err(syntax) => Some(Err(syntax)),
        }
    }

    fn run_text(&mut self, bytes: &[u8], path: &[u8], args: &[Item]) -> Result<Flow, Syntax> {
        let Some(list) = self.parsed(bytes) else { return Ok(Flow::Normal) };
        let list = list?;
        if self.calls >= DEPTH {
            self.forget("what files that source each other deeper than we follow do".to_owned());
            return Ok(Flow::Normal);
        }
        self.calls += 1;
        let outer = self.context.clone();
        self.context.file = Arc::from(path);
        self.context.line = 1;
        let own = path.starts_with(self.start.data_dir);
        if !own {
            self.context.fixed = None;
        }
        let flow = self.sourced(&list, args);
        self.context = outer;
        self.calls -= 1;
        Ok(flow)
    }

    /// Runs the jobs of a file or of piped text.
    pub(super) fn sourced(&mut self, list: &List, args: &[Item]) -> Flow {
        self.framed(Takes::Exit, |e| {
            e.scoped(false, |e| {
                let at = e.at();
                if let Some(scope) = e.state.scopes.last_mut() {
                    scope.vars.insert(b"argv".to_vec(), plain(args.to_vec(), &at));
                }
                e.list(list)
            })
        })
    }

    /// Runs a text that has no file of its own: all that it does is done by this line.
    pub(super) fn run_words(&mut self, text: &Value, source: bool, args: &[Item]) -> Reply {
        let Some(bytes) = text.text() else {
            self.state.suspects.insert(self.last_program.clone());
            self.forget(if source {
                "what the text that is sourced here does".to_owned()
            } else {
                "what the text that `eval` runs does".to_owned()
            });
            return Reply::Unsure;
        };
        let Some(parsed) = self.parsed(&bytes) else { return Reply::Unsure };
        let list = match parsed {
            Ok(list) => list,
            Err(_) => return Reply::Status(if source { 1 } else { 127 }),
        };
        if list.is_empty() && !source {
            return Reply::Status(0);
        }
        if self.calls >= DEPTH {
            self.forget("what texts that evaluate each other deeper than we follow do".to_owned());
            return Reply::Unsure;
        }
        self.calls += 1;
        let outer = self.context.clone();
        self.context.fixed = Some(self.at());
        let flow = if source { self.sourced(&list, args) } else { self.scoped(false, |e| e.list(&list)) };
        self.context = outer;
        self.calls -= 1;
        if flow.goes_on() { Reply::Keep } else { Reply::Flow(flow) }
    }
}
