//! Simple commands are parsed here: words, redirections, assignments.

use super::Dialect;
use super::ast::{Arg, Assign, AssignValue, Command, Kind, Redirect, Word};
use super::parser::Syntax;
use super::reader::{Reader, Until, is_name, name_byte, name_start};

const DECLARING: [&[u8]; 7] = [b"export", b"declare", b"typeset", b"local", b"readonly", b"integer", b"float"];

impl Reader<'_> {
    /// A redirection, where one stands here.
    pub(super) fn redirect(&mut self) -> Result<Option<Redirect>, Syntax> {
        self.blanks();
        let digits = self.rest().iter().take_while(|b| b.is_ascii_digit()).count();
        let mut at = digits;
        if digits == 0 && self.dialect != Dialect::Dash && self.peek() == Some(b'{') {
            // `{fd}>file`
            let n = self.rest().iter().skip(1).take_while(|b| name_byte(**b)).count();
            if n > 0 && self.peek_at(n + 1) == Some(b'}') && matches!(self.peek_at(n + 2), Some(b'<' | b'>')) {
                at = n + 2;
            }
        }
        let ops: [&'static [u8]; 14] =
            [b"&>>", b"&>|", b"&>", b"<<<", b"<<-", b"<<", b"<&", b"<>", b"<", b">>", b">|", b">!", b">&", b">"];
        let rest = self.rest().get(at..).unwrap_or(&[]);
        let Some(op) = ops.iter().find(|op| rest.starts_with(op)) else { return Ok(None) };
        if digits > 0 && op.starts_with(b"&") || matches!(**op, [b'&', ..] | [b'<', b'<', b'<']) && self.dialect == Dialect::Dash
        {
            return Ok(None);
        }
        if matches!(**op, [b'<'] | [b'>']) && rest.get(1) == Some(&b'(') {
            return Ok(None);
        }
        let fd = std::str::from_utf8(self.rest().get(..digits).unwrap_or(&[])).ok().and_then(|d| d.parse().ok());
        self.skip(at + op.len());
        self.blanks();
        let target = self.word(Until::Blank, false)?;
        if target.parts.is_empty() {
            return Err(Syntax::Unexpected);
        }
        if *op == b"<<" || *op == b"<<-" {
            let mut end = Vec::new();
            for part in &target.parts {
                match part {
                    super::ast::Part::Text(t) | super::ast::Part::Quoted(t) => end.extend_from_slice(t),
                    super::ast::Part::Double(inner) => {
                        for part in inner {
                            if let super::ast::Part::Text(t) | super::ast::Part::Quoted(t) = part {
                                end.extend_from_slice(t);
                            }
                        }
                    }
                    _ => {}
                }
            }
            self.heredocs.push((end, *op == b"<<-"));
        }
        Ok(Some(Redirect { fd, op, target }))
    }

    /// Assignments, words and redirections.
    pub(super) fn simple(&mut self) -> Result<Command, Syntax> {
        let line = self.line;
        let (mut assigns, mut args, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        let mut declares = false;
        loop {
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            if args.is_empty()
                && let Some(assign) = self.assignment()?
            {
                assigns.push(assign);
                continue;
            }
            if declares && let Some(assign) = self.assignment()? {
                args.push(Arg::Assign(assign));
                continue;
            }
            let before = self.pos;
            let word =
                if self.dialect == Dialect::Zsh && !args.is_empty() && self.peek() == Some(b'(') && self.peek_at(1) != Some(b')')
                {
                    self.word(Until::Pattern, false)?
                } else {
                    self.word(Until::Blank, false)?
                };
            if self.pos == before {
                break;
            }
            let plain = word.plain().unwrap_or(&[]);
            let prefix = [&b"command"[..], b"builtin", b"noglob"].contains(&plain);
            if args.iter().all(
                |a| matches!(a, Arg::Word(w) if [Some(&b"command"[..]), Some(b"builtin"), Some(b"noglob")].contains(&w.plain())),
            ) && !prefix
            {
                declares = DECLARING.contains(&plain);
            }
            args.push(Arg::Word(word));
            // `f () …`
            self.blanks();
            if args.len() == 1 && assigns.is_empty() && redirects.is_empty() && self.peek() == Some(b'(') {
                let from = self.pos;
                self.bump();
                self.blanks();
                if self.peek() == Some(b')') {
                    self.bump();
                    let Some(Arg::Word(name)) = args.pop() else { return Err(Syntax::Unexpected) };
                    let body = self.one_command()?;
                    return Ok(Command { line, kind: Kind::Function(vec![name], std::sync::Arc::new(body)), redirects });
                }
                self.pos = from;
                if self.dialect != Dialect::Zsh {
                    return Err(Syntax::Unexpected);
                }
            }
        }
        if assigns.is_empty() && args.is_empty() && redirects.is_empty() {
            return Err(if self.peek().is_none() { Syntax::Unfinished } else { Syntax::Unexpected });
        }
        Ok(Command { line, kind: Kind::Simple(assigns, args), redirects })
    }

    /// `name=…`, `name+=…`, `name[…]=…`. Behind a declaring builtin a name may be anything that has no expansion.
    pub(super) fn assignment(&mut self) -> Result<Option<Assign>, Syntax> {
        self.blanks();
        let (pos, line) = (self.pos, self.line);
        if !self.peek().is_some_and(name_start) {
            return Ok(None);
        }
        let n = self.rest().iter().take_while(|b| name_byte(**b)).count();
        let name = self.rest().get(..n).unwrap_or(&[]).to_vec();
        self.pos += n;
        let modern = self.dialect != Dialect::Dash;
        let mut index = None;
        if modern && self.peek() == Some(b'[') {
            self.bump();
            let word = self.word(Until::Bracket, true)?;
            if self.bump() != Some(b']') {
                (self.pos, self.line) = (pos, line);
                return Ok(None);
            }
            index = Some(word);
        }
        let append = modern && self.starts(b"+=");
        if !append && self.peek() != Some(b'=') || !is_name(&name) {
            (self.pos, self.line) = (pos, line);
            return Ok(None);
        }
        self.skip(if append { 2 } else { 1 });
        if modern && self.peek() == Some(b'(') {
            self.bump();
            let value = AssignValue::Array(self.elements()?);
            return Ok(Some(Assign { name, index, append, value, line }));
        }
        let word = self.word(Until::Blank, false)?;
        Ok(Some(Assign { name, index, append, value: AssignValue::Word(word), line }))
    }

    /// The elements of an array up to and with `)`.
    fn elements(&mut self) -> Result<Vec<(Option<Word>, Word)>, Syntax> {
        let mut out = Vec::new();
        loop {
            self.gaps();
            let before = self.pos;
            match self.peek() {
                None => return Err(Syntax::Unfinished),
                Some(b')') => {
                    self.bump();
                    return Ok(out);
                }
                Some(b'[') => {
                    let line = self.line;
                    self.bump();
                    let key = self.word(Until::Bracket, false)?;
                    if self.starts(b"]=") {
                        self.skip(2);
                        out.push((Some(key), self.word(Until::Blank, false)?));
                        continue;
                    }
                    (self.pos, self.line) = (before, line);
                }
                Some(_) => {}
            }
            let word = self.word(Until::Blank, false)?;
            if self.pos == before {
                return Err(Syntax::Unexpected);
            }
            out.push((None, word));
        }
    }
}
