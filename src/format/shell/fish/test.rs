//! `test`: three answers, yes, no and not known.

use super::call::Reply;
use super::eval::Eval;
use super::glob;
use super::state::Item;

/// How deep parentheses and `!` may nest.
const NESTING: u32 = 24;

const UNARY: &[&[u8]] = &[
    b"-b", b"-c", b"-d", b"-e", b"-f", b"-g", b"-G", b"-h", b"-k", b"-L", b"-n", b"-O", b"-p", b"-r", b"-s", b"-S", b"-t", b"-u",
    b"-w", b"-x", b"-z",
];
const BINARY: &[&[u8]] = &[b"=", b"!=", b"-eq", b"-ne", b"-gt", b"-ge", b"-lt", b"-le", b"-nt", b"-ot", b"-ef"];

/// An expression that is being read.
struct Reader<'a, 'e> {
    eval: &'a Eval<'e>,
    args: &'a [Item],
    pos: usize,
    depth: u32,
}

/// `Err`: it means nothing to fish; `Ok(None)`: not known.
type Answer = Result<Option<bool>, ()>;

impl Eval<'_> {
    pub(super) fn test(&mut self, args: &[Item]) -> Reply {
        if args.iter().any(|i| i.many) {
            return Reply::Unsure;
        }
        let answer = match args {
            [] => Ok(Some(false)),
            [one] => Ok(filled(one)),
            _ => {
                let mut reader = Reader { eval: self, args, pos: 0, depth: 0 };
                let answer = reader.any();
                if reader.pos < args.len() { Err(()) } else { answer }
            }
        };
        // An operator may be hidden in what is not known.
        let hidden = args.iter().any(|i| !i.value.is_known() && i.value.known_len() == 0);
        match answer {
            Ok(Some(yes)) => Reply::Status(u8::from(!yes)),
            Ok(None) => Reply::Unsure,
            Err(()) if hidden => Reply::Unsure,
            Err(()) => Reply::Status(2),
        }
    }
}

/// Whether a string is not empty.
fn filled(item: &Item) -> Option<bool> {
    match item.text() {
        Some(text) => Some(!text.is_empty()),
        None => (item.value.known_len() > 0).then_some(true),
    }
}

impl Reader<'_, '_> {
    fn peek(&self, ahead: usize) -> Option<Vec<u8>> {
        self.args.get(self.pos + ahead)?.text()
    }

    fn any(&mut self) -> Answer {
        let mut answer = self.all()?;
        while self.peek(0).as_deref() == Some(b"-o") {
            self.pos += 1;
            let other = self.all()?;
            answer = match (answer, other) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        Ok(answer)
    }

    fn all(&mut self) -> Answer {
        let mut answer = self.one()?;
        while self.peek(0).as_deref() == Some(b"-a") {
            self.pos += 1;
            let other = self.one()?;
            answer = match (answer, other) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        Ok(answer)
    }

    fn one(&mut self) -> Answer {
        if self.depth >= NESTING {
            return Ok(None);
        }
        self.depth += 1;
        let answer = self.primary();
        self.depth -= 1;
        answer
    }

    fn primary(&mut self) -> Answer {
        let left = self.args.len().saturating_sub(self.pos);
        let first = self.peek(0);
        if left >= 3 && self.peek(1).is_some_and(|op| BINARY.contains(&&op[..])) {
            let op = self.peek(1).unwrap_or_default();
            let (Some(a), Some(b)) = (self.args.get(self.pos), self.args.get(self.pos + 2)) else { return Err(()) };
            self.pos += 3;
            return self.eval.compare(a, &op, b);
        }
        match first.as_deref() {
            Some(b"!") if left >= 2 => {
                self.pos += 1;
                Ok(self.one()?.map(|yes| !yes))
            }
            Some(b"(") => {
                self.pos += 1;
                let answer = self.any()?;
                if self.peek(0).as_deref() != Some(b")") {
                    return Err(());
                }
                self.pos += 1;
                Ok(answer)
            }
            Some(op) if left >= 2 && UNARY.contains(&op) => {
                let Some(item) = self.args.get(self.pos + 1) else { return Err(()) };
                self.pos += 2;
                Ok(self.eval.unary(op, item))
            }
            _ => {
                let Some(item) = self.args.get(self.pos) else { return Err(()) };
                self.pos += 1;
                Ok(filled(item))
            }
        }
    }
}

impl Eval<'_> {
    fn compare(&self, a: &Item, op: &[u8], b: &Item) -> Answer {
        let (Some(x), Some(y)) = (a.text(), b.text()) else {
            return Ok(match op {
                // What is known of both may tell already.
                b"=" if differ(a, b) => Some(false),
                b"!=" if differ(a, b) => Some(true),
                _ => None,
            });
        };
        match op {
            b"=" => return Ok(Some(x == y)),
            b"!=" => return Ok(Some(x != y)),
            b"-nt" | b"-ot" | b"-ef" => return Ok(None),
            _ => {}
        }
        let (x, y) = (number(&x)?, number(&y)?);
        Ok(Some(match op {
            b"-eq" => x == y,
            b"-ne" => x != y,
            b"-gt" => x > y,
            b"-ge" => x >= y,
            b"-lt" => x < y,
            _ => x <= y,
        }))
    }

    fn unary(&self, op: &[u8], item: &Item) -> Option<bool> {
        match op {
            b"-n" => return filled(item),
            b"-z" => return filled(item).map(|f| !f),
            _ => {}
        }
        let text = item.text()?;
        if text.is_empty() {
            return Some(false);
        }
        let path = glob::absolute(&text, self.state.pwd.as_deref())?;
        if self.state.written.contains(&glob::normalize(&path)) {
            return None;
        }
        let state = self.world.state(&path)?;
        match op {
            b"-d" => Some(state.folder),
            b"-e" => Some(state.exists()),
            b"-f" => Some(state.file),
            b"-h" | b"-L" => Some(state.link),
            b"-r" => Some(state.exists() && state.readable),
            b"-w" => Some(state.exists() && state.writable),
            b"-x" => Some(state.exists() && state.executable),
            b"-s" if state.file => Some(state.size > 0),
            _ if !state.exists() => Some(false),
            b"-b" | b"-c" | b"-p" | b"-S" if !state.special => Some(false),
            _ => None,
        }
    }
}

/// Whether the known starts of two strings tell them apart.
fn differ(a: &Item, b: &Item) -> bool {
    let start = |item: &Item| match item.value.pieces().first() {
        Some(crate::format::shell::Piece::Text(text, _)) => text.clone(),
        _ => Vec::new(),
    };
    let (x, y) = (start(a), start(b));
    let shared = x.len().min(y.len());
    x.get(..shared) != y.get(..shared)
        || (a.text().is_some_and(|t| t.len() < y.len()))
        || (b.text().is_some_and(|t| t.len() < x.len()))
}

/// A number as `test` reads it: whole or with a fraction.
fn number(text: &[u8]) -> Result<f64, ()> {
    let text = std::str::from_utf8(text).map_err(|_| ())?.trim();
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
    if plain { text.parse().map_err(|_| ()) } else { Err(()) }
}
