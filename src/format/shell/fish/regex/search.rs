//! Looking for a pattern in a text, with a bound on the work.

use super::{Found, Inst, Regex};

/// Steps that a search may take.
const STEPS: u32 = 200_000;

impl Regex {
    /// The first match from `from` on: `Err` where the search takes too long.
    pub fn find(&self, text: &[u8], from: usize) -> Result<Option<Found>, ()> {
        let mut steps = STEPS;
        for start in from..=text.len() {
            if text.get(start).is_some_and(|b| b & 0xc0 == 0x80) {
                continue;
            }
            if let Some(slots) = self.run(0, text, start, &mut steps, vec![None; self.slots])? {
                let pair = |i: usize| Some((slots.get(i * 2).copied()??, slots.get(i * 2 + 1).copied()??));
                return Ok(Some((0..self.groups).map(pair).collect()));
            }
        }
        Ok(None)
    }

    fn run(
        &self,
        pc: usize,
        text: &[u8],
        at: usize,
        steps: &mut u32,
        slots: Vec<Option<usize>>,
    ) -> Result<Option<Vec<Option<usize>>>, ()> {
        enum Saved {
            Branch(usize, usize),
            Slot(usize, Option<usize>),
        }
        let word = |i: usize| text.get(i).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let mut slots = slots;
        let mut stack: Vec<Saved> = Vec::new();
        let (mut pc, mut pos) = (pc, at);
        loop {
            *steps = steps.checked_sub(1).ok_or(())?;
            let ok = match self.program.get(pc) {
                None => return Err(()),
                Some(Inst::Done) => return Ok(Some(slots)),
                Some(Inst::Byte(want)) => {
                    let fits = text.get(pos).is_some_and(|b| b == want || (self.insensitive && b.eq_ignore_ascii_case(want)));
                    pos += usize::from(fits);
                    fits
                }
                Some(Inst::Any) => match text.get(pos) {
                    Some(b'\n') | None => false,
                    Some(_) => {
                        pos = next(text, pos);
                        true
                    }
                },
                Some(Inst::Class(set, negated)) => match text.get(pos) {
                    None => false,
                    Some(byte) => {
                        let holds = |b: u8| set.get(usize::from(b)).copied().unwrap_or(false);
                        let mut inside = holds(*byte);
                        if self.insensitive {
                            inside = inside || holds(byte.to_ascii_lowercase()) || holds(byte.to_ascii_uppercase());
                        }
                        let fits = inside != *negated;
                        if fits {
                            pos = next(text, pos);
                        }
                        fits
                    }
                },
                Some(Inst::Start) => pos == 0,
                Some(Inst::End) => pos == text.len() || (pos + 1 == text.len() && text.last() == Some(&b'\n')),
                Some(Inst::Boundary(wanted)) => {
                    let before = pos.checked_sub(1).is_some_and(word);
                    (before != word(pos)) == *wanted
                }
                Some(Inst::Save(slot) | Inst::Mark(slot)) => {
                    if let Some(place) = slots.get_mut(*slot) {
                        stack.push(Saved::Slot(*slot, *place));
                        *place = Some(pos);
                    }
                    true
                }
                Some(Inst::Moved(slot)) => slots.get(*slot).copied().flatten() != Some(pos),
                Some(Inst::Jump(to)) => {
                    pc = *to;
                    continue;
                }
                Some(Inst::Split(first, second)) => {
                    stack.push(Saved::Branch(*second, pos));
                    pc = *first;
                    continue;
                }
                Some(Inst::Look(to, wanted)) => {
                    let found = self.run(pc + 1, text, pos, steps, slots.clone())?.is_some();
                    if found == *wanted {
                        pc = *to;
                        continue;
                    }
                    false
                }
                Some(Inst::Back(group)) => {
                    let part = match (slots.get(group * 2).copied().flatten(), slots.get(group * 2 + 1).copied().flatten()) {
                        (Some(a), Some(b)) => text.get(a..b),
                        _ => None,
                    };
                    match part {
                        Some(part) if text.get(pos..).is_some_and(|t| t.starts_with(part)) => {
                            pos += part.len();
                            true
                        }
                        _ => false,
                    }
                }
            };
            if ok {
                pc += 1;
                continue;
            }
            loop {
                match stack.pop() {
                    None => return Ok(None),
                    Some(Saved::Slot(slot, old)) => {
                        if let Some(place) = slots.get_mut(slot) {
                            *place = old;
                        }
                    }
                    Some(Saved::Branch(to, at)) => {
                        (pc, pos) = (to, at);
                        break;
                    }
                }
            }
        }
    }
}

/// Behind the character at `pos`.
fn next(text: &[u8], pos: usize) -> usize {
    let mut end = pos + 1;
    if text.get(pos).is_some_and(|b| *b >= 0xc0) {
        while text.get(end).is_some_and(|b| b & 0xc0 == 0x80) {
            end += 1;
        }
    }
    end
}
