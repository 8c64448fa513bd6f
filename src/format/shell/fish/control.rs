//! What runs other jobs, or does not: `and` and `or`, `if`, loops, `switch` (fish's `parse_execution.cpp`).
//!
//! A job that could not be run (no such command, a wildcard without a match) is more than one that failed: what is linked to it by
//! `&&` and `||`, and the rest of a condition that begins with it, does not run either.

use super::super::At;
use super::ast::{Conj, Job, Link, List, Word};
use super::eval::{Eval, Flow, Takes};
use super::expand::Broken;
use super::glob;
use super::state::Item;

/// Rounds that a loop of unknown number may take until nothing further becomes unknown.
const ROUNDS: u32 = 4;

impl Eval<'_> {
    pub(super) fn linked(&mut self, link: Option<Link>, run: impl FnOnce(&mut Self) -> Flow) -> Flow {
        match (link, self.state.status) {
            (None, _) => run(self),
            (Some(link), Some(status)) if (link == Link::And) == (status == 0) => run(self),
            (Some(_), Some(_)) => Flow::Normal,
            (Some(link), None) => self.fork(
                |e| {
                    if link == Link::And {
                        e.state.status = Some(0);
                    }
                    run(e)
                },
                |e| {
                    if link == Link::Or {
                        e.state.status = Some(0);
                    }
                    Flow::Normal
                },
            ),
        }
    }

    pub(super) fn conj(&mut self, conj: &Conj) -> Flow {
        let flow = self.job(&conj.first);
        self.continued(&conj.rest, flow)
    }

    fn continued(&mut self, rest: &[(Link, Job)], flow: Flow) -> Flow {
        let Some(((link, job), rest)) = rest.split_first() else { return flow };
        if !flow.goes_on() {
            return flow;
        }
        self.where_it_ran(|e| {
            let flow = e.linked(Some(*link), |e| e.job(job));
            e.continued(rest, flow)
        })
    }

    /// Goes on where the last job could be run, whatever its status.
    fn where_it_ran(&mut self, run: impl FnOnce(&mut Self) -> Flow) -> Flow {
        if self.state.broken {
            return Flow::Normal;
        }
        if !std::mem::take(&mut self.state.doubtful) || self.state.status == Some(0) {
            return run(self);
        }
        self.fork(run, |e| {
            e.state.broken = true;
            Flow::Normal
        })
    }

    /// The jobs of a condition: the first, and those that `and` and `or` link to it.
    fn condition(&mut self, condition: &List) -> Flow {
        let (first, rest) = condition.split_at(condition.len().min(1));
        let flow = self.list(first);
        if rest.is_empty() || !flow.goes_on() {
            return flow;
        }
        self.where_it_ran(|e| e.list(rest))
    }

    pub(super) fn arms(&mut self, arms: &[(List, List)], otherwise: &List) -> Flow {
        let Some(((condition, body), rest)) = arms.split_first() else {
            if otherwise.is_empty() {
                // fish: `if` without a branch that runs is a success.
                self.state.status = Some(0);
                self.state.broken = false;
                return Flow::Normal;
            }
            return self.block(otherwise);
        };
        let flow = self.condition(condition);
        if !flow.goes_on() {
            return flow;
        }
        match self.state.status {
            Some(0) => self.block(body),
            status if self.state.broken || status.is_some() => self.arms(rest, otherwise),
            _ => self.fork(
                |e| {
                    e.state.status = Some(0);
                    e.block(body)
                },
                |e| e.arms(rest, otherwise),
            ),
        }
    }

    fn round(&mut self, body: &List) -> Flow {
        self.framed(Takes::Continue, |e| e.block(body))
    }

    pub(super) fn whilst(&mut self, condition: &List, body: &List) -> Flow {
        let mut first = true;
        loop {
            let before = if first { Some(0) } else { self.state.status };
            first = false;
            let flow = self.condition(condition);
            if !flow.goes_on() {
                return flow;
            }
            match self.state.status {
                Some(0) => {}
                _ if self.state.broken => {
                    self.state.broken = false;
                    return Flow::Normal;
                }
                Some(_) => {
                    self.state.status = before;
                    return Flow::Normal;
                }
                None => {
                    return self.some_rounds(|e| {
                        let flow = e.round(body);
                        if flow.goes_on() { e.condition(condition) } else { flow }
                    });
                }
            }
            let flow = self.round(body);
            if !flow.goes_on() {
                return flow;
            }
        }
    }

    /// Runs `round` any number of times, none too: what no further round would make unknown stays.
    fn some_rounds(&mut self, mut round: impl FnMut(&mut Self) -> Flow) -> Flow {
        for _ in 0..ROUNDS {
            let before = self.state.clone();
            let flow = self.fork(&mut round, |_| Flow::Normal);
            if flow == Flow::Stop {
                return flow;
            }
            self.state.status = None;
            if self.state == before {
                return Flow::Normal;
            }
        }
        self.forget("what a loop of unknown length does".to_owned());
        Flow::Normal
    }

    pub(super) fn over(&mut self, name: &Word, items: &[Word], body: &List) -> Flow {
        let name = match self.expand(name, false) {
            Ok(names) => match super::state::texts(&names).unwrap_or_default().pop() {
                Some(name) => name,
                None => return self.broken(Broken(Some(2))),
            },
            Err(broken) => return self.broken(broken),
        };
        let items = match self.words(items, true) {
            Ok(items) => items,
            Err(broken) => return self.broken(broken),
        };
        let at = self.at();
        self.perhaps(|e| e.rounds(&name, items, body, &at))
    }

    fn rounds(&mut self, name: &[u8], items: Vec<Item>, body: &List, at: &At) -> Flow {
        self.framed(Takes::Break, |e| {
            e.declare_loop_variable(name);
            // One block for all rounds: what is local to it lasts.
            e.scoped(false, |e| {
                for item in items {
                    if !e.pay(0) {
                        return Flow::Stop;
                    }
                    let many = item.many;
                    let value = Item { many: false, ..item };
                    let round = |e: &mut Self| {
                        e.assign_loop_variable(name, value.clone(), at);
                        e.framed(Takes::Continue, |e| e.list(body))
                    };
                    let flow = if many { e.some_rounds(round) } else { round(e) };
                    if !flow.goes_on() {
                        return flow;
                    }
                }
                Flow::Normal
            })
        })
    }

    pub(super) fn switch(&mut self, on: &Word, cases: &[(Vec<Word>, List)]) -> Flow {
        let values = match self.expand(on, true) {
            Ok(values) => values,
            Err(broken) => return self.broken(broken),
        };
        let value = match &values[..] {
            [] => Some(Vec::new()),
            [item] => item.text(),
            _ if values.iter().any(|i| i.many) => None,
            _ => return self.broken(Broken(Some(2))),
        };
        self.perhaps(|e| e.cases(value.as_deref(), cases))
    }

    fn cases(&mut self, value: Option<&[u8]>, cases: &[(Vec<Word>, List)]) -> Flow {
        let Some(((words, body), rest)) = cases.split_first() else { return Flow::Normal };
        let mut fits = Some(false);
        for word in words {
            // A wildcard that stands for no file is a pattern.
            let pattern = self.case_pattern(word);
            match (value, pattern) {
                (Some(value), Some(patterns)) => {
                    if patterns.iter().any(|p| glob::fits(value, p, false)) {
                        fits = Some(true);
                        break;
                    }
                }
                (None, Some(patterns)) if patterns.iter().any(|p| p[..] == [glob::Token::Star]) => {
                    fits = Some(true);
                    break;
                }
                _ => fits = None,
            }
        }
        match fits {
            Some(true) => self.block(body),
            Some(false) => self.cases(value, rest),
            None => self.fork(|e| e.block(body), |e| e.cases(value, rest)),
        }
    }

    fn case_pattern(&mut self, word: &Word) -> Option<Vec<Vec<glob::Token>>> {
        use super::ast::Part;
        // Wildcards of the text are patterns here, they are not looked up.
        let quoted = Word {
            line: word.line,
            parts: word
                .parts
                .iter()
                .map(|p| match p {
                    Part::Star | Part::StarStar => Part::Text(b"*".to_vec()),
                    Part::Question => Part::Text(b"?".to_vec()),
                    _ => p.clone(),
                })
                .collect(),
        };
        let items = self.expand(&quoted, true).ok()?;
        let texts = super::state::texts(&items)?;
        Some(texts.iter().map(|t| glob::pattern(t, self.question())).collect())
    }
}
