//! `function`, `functions` and `alias`.

use std::rc::Rc;

use super::ast::{List, Word};
use super::call::Reply;
use super::eval::{Eval, Flow};
use super::state::{Function, Item, Named, texts};
use crate::format::shell;

impl Eval<'_> {
    /// `function NAME OPTIONS; …; end`
    pub(super) fn define(&mut self, words: &[Word], body: &Rc<List>) -> Flow {
        let items = match self.words(words, false) {
            Ok(items) => items,
            Err(broken) => return self.broken(broken),
        };
        let Some(texts) = texts(&items) else {
            self.forget("which function is defined".to_owned());
            return Flow::Normal;
        };
        let at = self.at();
        let mut function = Function {
            body: body.clone(),
            file: self.context.file.clone(),
            at: Some(at),
            fixed: self.context.fixed.clone(),
            arguments: Vec::new(),
            inherited: Vec::new(),
            on_variable: Vec::new(),
            on_event: Vec::new(),
            shadows: true,
            loaded: self.loading,
        };
        let mut description = Vec::new();
        let mut rest = texts.iter();
        let Some(name) = rest.next() else { return Flow::Normal };
        let mut names_follow = false;
        while let Some(word) = rest.next() {
            let (option, attached): (&[u8], Option<Vec<u8>>) = if let Some(long) = word.strip_prefix(b"--") {
                match long.iter().position(|b| *b == b'=') {
                    Some(i) => (long.get(..i).unwrap_or_default(), long.get(i + 1..).map(<[u8]>::to_vec)),
                    None => (long, None),
                }
            } else if word.starts_with(b"-") && word.len() > 1 {
                let tail = word.get(2..).unwrap_or_default();
                (word.get(1..2).unwrap_or_default(), (!tail.is_empty()).then(|| tail.to_vec()))
            } else {
                if names_follow {
                    function.arguments.push(word.clone());
                    continue;
                }
                self.state.status = Some(2);
                return Flow::Normal;
            };
            if matches!(option, b"S" | b"no-scope-shadowing") {
                function.shadows = false;
                continue;
            }
            if option.is_empty() {
                continue;
            }
            let Some(value) = attached.or_else(|| rest.next().cloned()) else {
                self.state.status = Some(2);
                return Flow::Normal;
            };
            match option {
                b"a" | b"argument-names" => {
                    function.arguments.push(value);
                    names_follow = true;
                }
                b"d" | b"description" => description = value,
                b"e" | b"on-event" => function.on_event.push(value),
                b"v" | b"on-variable" => function.on_variable.push(value),
                b"V" | b"inherit-variable" => {
                    if let Some(var) = self.lookup(&value) {
                        function.inherited.push((value, super::state::FishVar { exported: Some(false), ..var }));
                    }
                }
                _ => {}
            }
        }
        if let Some(at) = function.at.clone().filter(|at| !at.file.starts_with(self.start.data_dir)) {
            let alias =
                description.strip_prefix(b"alias ".as_slice()).and_then(|d| d.strip_prefix(&name[..])).and_then(|d| d.get(1..));
            let named =
                shell::Named { text: alias.map(<[u8]>::to_vec).unwrap_or_default(), function: alias.is_none(), at: Some(at) };
            self.names.insert(name.clone(), named);
        }
        self.state.functions.insert(name.clone(), Named::Known(Rc::new(function)));
        self.state.status = Some(0);
        Flow::Normal
    }

    /// `functions`
    pub(super) fn functions(&mut self, args: &[Item]) -> Reply {
        let Some(args) = texts(args) else { return Reply::Unsure };
        let options: Vec<&Vec<u8>> = args.iter().take_while(|a| a.starts_with(b"-") && a.len() > 1).collect();
        let named = args.iter().skip(options.len());
        let has = |short: &[u8], long: &[u8]| options.iter().any(|o| &o[..] == short || &o[..] == long);
        if has(b"-e", b"--erase") {
            for name in named {
                self.state.functions.insert(name.clone(), Named::Erased);
                self.names.remove(name);
            }
            return Reply::Status(0);
        }
        if has(b"-q", b"--query") {
            let mut missing = 0u8;
            for name in named {
                match self.function(name) {
                    Some(Named::Known(_)) => {}
                    Some(Named::Unknown) => return Reply::Unsure,
                    _ if self.state.strange => return Reply::Unsure,
                    _ => missing = missing.saturating_add(1),
                }
            }
            return Reply::Status(missing);
        }
        if has(b"-c", b"--copy") {
            let pair: Vec<&Vec<u8>> = named.collect();
            let [from, to] = &pair[..] else { return Reply::Status(2) };
            return match self.function(from) {
                Some(function @ Named::Known(_)) => {
                    self.state.functions.insert((*to).clone(), function);
                    if !to.is_empty() {
                        let at = Some(self.at());
                        self.names.insert((*to).clone(), shell::Named { text: (*from).clone(), function: true, at });
                    }
                    Reply::Status(0)
                }
                Some(Named::Unknown) => {
                    self.state.functions.insert((*to).clone(), Named::Unknown);
                    Reply::Unsure
                }
                _ if self.state.strange => Reply::Unsure,
                _ => Reply::Status(1),
            };
        }
        self.print_unknown();
        Reply::Unsure
    }
}
