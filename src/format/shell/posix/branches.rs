//! Commands that choose and repeat: `&&`, `if`, `case`, `while`, `for`.

use super::super::value::Value;
use super::ast::{ArmEnd, CaseArm, Command, Word};
use super::expand::seen;
use super::run::same;
use super::shell::{Flow, Shell};

/// Rounds after which what a loop of unknown length changes must be settled.
const ROUNDS: u32 = 4;

impl Shell<'_> {
    pub(super) fn and_or(&mut self, first: &Command, more: &[(bool, Command)]) -> Flow {
        let last = more.len();
        self.guarded += 1;
        let mut flow = self.command(first);
        self.guarded -= 1;
        for (i, (and, command)) in more.iter().enumerate() {
            if flow != Flow::Next {
                return flow;
            }
            let guard = u32::from(i + 1 < last);
            let run = |s: &mut Self| {
                s.guarded += guard;
                let flow = s.command(command);
                s.guarded -= guard;
                flow
            };
            flow = match self.state.status {
                Some(status) if (status == 0) == *and => run(self),
                Some(_) => Flow::Next,
                None => {
                    self.line = command.line;
                    let and = *and;
                    self.either(
                        |s| {
                            s.state.status = if and { Some(0) } else { None };
                            run(s)
                        },
                        |s| {
                            s.state.status = if and { None } else { Some(0) };
                            Flow::Next
                        },
                    )
                }
            };
        }
        flow
    }

    pub(super) fn conditional(&mut self, arms: &[(Vec<Command>, Vec<Command>)], otherwise: Option<&[Command]>) -> Flow {
        let Some(((condition, body), rest)) = arms.split_first() else {
            self.state.status = Some(0);
            return otherwise.map_or(Flow::Next, |list| self.list(list));
        };
        let flow = self.condition(condition);
        if flow != Flow::Next {
            return flow;
        }
        match self.state.status {
            Some(0) => self.list(body),
            Some(_) => self.conditional(rest, otherwise),
            None => self.either(
                |s| {
                    s.state.status = Some(0);
                    s.list(body)
                },
                |s| s.level(|s| s.conditional(rest, otherwise)).unwrap_or(Flow::Stop),
            ),
        }
    }

    pub(super) fn case(&mut self, subject: &Value, arms: &[CaseArm]) -> Flow {
        let Some((arm, rest)) = arms.split_first() else { return Flow::Next };
        let mut matched = Some(false);
        for pattern in &arm.patterns {
            let pattern = self.pattern(pattern);
            if !self.step(1 + subject.known_len() / 64) {
                return Flow::Stop;
            }
            match pattern.matches(&seen(subject)) {
                Some(true) => {
                    matched = Some(true);
                    break;
                }
                Some(false) => {}
                None => matched = None,
            }
        }
        match matched {
            Some(true) => self.arm(subject, arm, rest),
            Some(false) => {
                if rest.is_empty() {
                    self.state.status = Some(0);
                }
                self.case(subject, rest)
            }
            None => self.either(|s| s.arm(subject, arm, rest), |s| s.level(|s| s.case(subject, rest)).unwrap_or(Flow::Stop)),
        }
    }

    fn arm(&mut self, subject: &Value, arm: &CaseArm, rest: &[CaseArm]) -> Flow {
        if arm.body.is_empty() {
            self.state.status = Some(0);
        }
        let flow = self.list(&arm.body);
        if flow != Flow::Next {
            return flow;
        }
        match (arm.end, rest.split_first()) {
            (ArmEnd::Fall, Some((next, rest))) => self.level(|s| s.arm(subject, next, rest)).unwrap_or(Flow::Stop),
            (ArmEnd::Test, _) => self.level(|s| s.case(subject, rest)).unwrap_or(Flow::Stop),
            _ => Flow::Next,
        }
    }

    /// A loop. `go` tells whether there is another round, `after` ends one.
    pub(super) fn looped(
        &mut self,
        mut go: impl FnMut(&mut Self) -> (Flow, Option<bool>),
        body: &[Command],
        mut after: impl FnMut(&mut Self) -> Flow,
    ) -> Flow {
        let mark = self.parked.len();
        self.loops += 1;
        let mut unsure = 0;
        let mut ran = false;
        let mut flow = loop {
            let (flow, more) = go(self);
            if flow != Flow::Next {
                break flow;
            }
            let before = match more {
                Some(false) => break Flow::Next,
                Some(true) => None,
                None => {
                    unsure += 1;
                    if unsure > ROUNDS {
                        self.forget_all("what a loop of unknown length sets");
                        break Flow::Next;
                    }
                    Some(self.state.clone())
                }
            };
            if !self.step(1) {
                break Flow::Stop;
            }
            ran = true;
            let flow = self.list(body);
            let mut flow = self.unpark(mark, flow, |f| f == Flow::Continue(1));
            if flow == Flow::Next {
                flow = after(self);
            }
            match before {
                None => {
                    if flow != Flow::Next {
                        break flow;
                    }
                }
                Some(before) => {
                    // It may end before this round: what was then holds too.
                    let settled = same(&self.state, &before);
                    let flow = self.join(flow, Flow::Next, before.clone());
                    if flow != Flow::Next || settled || same(&self.state, &before) {
                        break flow;
                    }
                }
            }
        };
        if !ran && flow == Flow::Next {
            self.state.status = Some(0);
        }
        if unsure > 0 {
            self.state.status = None;
        }
        flow = self.unpark(mark, flow, |f| f == Flow::Break(1));
        self.loops -= 1;
        let outward = |f: Flow| match f {
            Flow::Break(n) => Flow::Break(n - 1),
            Flow::Continue(n) if n > 1 => Flow::Continue(n - 1),
            f => f,
        };
        for (f, _) in self.parked.iter_mut().skip(mark) {
            *f = outward(*f);
        }
        match flow {
            Flow::Break(n) if n > 1 => Flow::Break(n - 1),
            Flow::Continue(n) if n > 1 => Flow::Continue(n - 1),
            Flow::Break(_) | Flow::Continue(_) => Flow::Next,
            f => f,
        }
    }

    pub(super) fn for_each(&mut self, names: &[Vec<u8>], words: Option<&[Word]>, body: &[Command], select: bool) -> Flow {
        let args = match words {
            Some(words) => self.args(words),
            None => match &self.state.positional {
                Some(all) => super::expand::Args { list: all.clone(), unsure: false },
                None => super::expand::Args { list: Vec::new(), unsure: true },
            },
        };
        if self.steps >= super::super::STEPS {
            return Flow::Stop;
        }
        if args.unsure || select {
            for name in names {
                self.forget(name);
            }
            let names = names.to_vec();
            return self.looped(
                |_| (Flow::Next, None),
                body,
                move |s| {
                    for name in &names {
                        s.forget(name);
                    }
                    Flow::Next
                },
            );
        }
        let mut items = args.list.into_iter();
        let line = self.line;
        self.looped(
            |s| {
                let Some(first) = items.next() else { return (Flow::Next, Some(false)) };
                s.line = line;
                for (i, name) in names.iter().enumerate() {
                    let value = if i == 0 { first.clone() } else { items.next().unwrap_or_default() };
                    s.set(name, value);
                }
                (Flow::Next, Some(true))
            },
            body,
            |_| Flow::Next,
        )
    }
}
