//! Reads compound commands: conditions, loops, functions, tests.

use std::sync::Arc;

use super::Dialect;
use super::ast::{ArmEnd, CaseArm, Command, Kind, Part, Test, Word};
use super::parser::Syntax;
use super::reader::{Reader, Until, is_name, name_byte};

/// The names and the words of a `for`.
type ForWords = (Vec<Vec<u8>>, Option<Vec<Word>>);

impl Reader<'_> {
    /// A compound command, where one starts here.
    pub(super) fn compound(&mut self) -> Result<Option<Kind>, Syntax> {
        let zsh = self.dialect == Dialect::Zsh;
        let modern = self.dialect != Dialect::Dash;
        if self.peek() == Some(b'(') {
            if zsh && self.starts(b"()") {
                self.skip(2);
                return self.anonymous().map(Some);
            }
            if modern && self.starts(b"((") {
                let (pos, line) = (self.pos, self.line);
                self.skip(2);
                let inner = self.word(Until::Arith, true);
                if let Ok(word) = inner
                    && self.starts(b"))")
                {
                    self.skip(2);
                    return Ok(Some(Kind::Arith(word)));
                }
                self.again(pos, line)?;
            }
            self.bump();
            let body = self.deeper(|r| r.list(&[b")"]))?;
            return if self.bump() == Some(b')') { Ok(Some(Kind::Subshell(body))) } else { Err(Syntax::Unfinished) };
        }
        let word = self.here_word();
        Ok(Some(match word.as_slice() {
            b"{" => {
                let body = self.deeper(Reader::braces)?;
                self.blanks();
                if zsh && self.here_word() == b"always" {
                    self.skip(6);
                    Kind::Always(body, self.deeper(Reader::braces)?)
                } else {
                    Kind::Group(body)
                }
            }
            b"if" => self.deeper(Reader::conditional)?,
            b"while" | b"until" => {
                self.skip(word.len());
                let ends: &[&[u8]] = if modern { &[b"do", b"{"] } else { &[b"do"] };
                let condition = self.deeper(|r| r.list(ends))?;
                let body = self.deeper(Reader::do_body)?;
                Kind::While { until: word == b"until", condition, body }
            }
            b"for" | b"select" => {
                self.skip(word.len());
                self.deeper(|r| r.for_loop(word == b"select"))?
            }
            b"foreach" if zsh => {
                self.skip(word.len());
                let (names, words) = self.for_words()?;
                let body = self.deeper(|r| r.list(&[b"end"]))?;
                self.must(b"end")?;
                Kind::For { names, words, body, select: false }
            }
            b"repeat" if zsh => {
                self.skip(word.len());
                self.blanks();
                let count = self.word(Until::Blank, false)?;
                Kind::Repeat(count, self.deeper(Reader::do_body)?)
            }
            b"case" => self.deeper(Reader::case)?,
            b"function" if modern => {
                self.skip(word.len());
                self.function()?
            }
            b"[[" if modern => {
                self.skip(2);
                let test = self.deeper(|r| r.test_or())?;
                self.gaps();
                if !self.starts(b"]]") {
                    return Err(Syntax::Unexpected);
                }
                self.skip(2);
                Kind::Test(Box::new(test))
            }
            _ => return Ok(None),
        }))
    }

    fn anonymous(&mut self) -> Result<Kind, Syntax> {
        let body = self.one_command()?;
        let mut args = Vec::new();
        loop {
            self.blanks();
            let before = self.pos;
            let word = self.word(Until::Blank, false)?;
            if self.pos == before {
                return Ok(Kind::Anonymous(Arc::new(body), args));
            }
            args.push(word);
        }
    }

    fn function(&mut self) -> Result<Kind, Syntax> {
        let mut names = Vec::new();
        loop {
            self.blanks();
            if matches!(self.peek(), None | Some(b'\n' | b'(' | b'{' | b';')) {
                break;
            }
            let before = self.pos;
            names.push(self.word(Until::Blank, false)?);
            // No name begins with what ends a word.
            if self.pos == before || names.len() > 1 && self.dialect != Dialect::Zsh {
                return Err(Syntax::Unexpected);
            }
        }
        self.blanks();
        if self.peek() == Some(b'(') {
            self.bump();
            self.blanks();
            if self.bump() != Some(b')') {
                return Err(Syntax::Unexpected);
            }
        }
        if names.is_empty() {
            return self.anonymous();
        }
        Ok(Kind::Function(names, Arc::new(self.one_command()?)))
    }

    fn conditional(&mut self) -> Result<Kind, Syntax> {
        let zsh = self.dialect == Dialect::Zsh;
        let (mut arms, mut otherwise) = (Vec::new(), None);
        self.skip(2);
        loop {
            let ends: &[&[u8]] = if zsh { &[b"then", b"{"] } else { &[b"then"] };
            let condition = self.list(ends)?;
            if condition.is_empty() {
                return Err(Syntax::Unexpected);
            }
            self.gaps();
            if zsh && self.peek() == Some(b'{') {
                // `if …; then` may be short: `if [[ … ]] { … } elif … { … } else { … }`
                arms.push((condition, self.braces()?));
                let (pos, line) = (self.pos, self.line);
                if self.take_word(b"elif") {
                    continue;
                }
                if self.take_word(b"else") {
                    otherwise = Some(self.braces()?);
                    return Ok(Kind::If(arms, otherwise));
                }
                (self.pos, self.line) = (pos, line);
                return Ok(Kind::If(arms, otherwise));
            }
            arms.push((condition, self.then_body(&[b"elif", b"else", b"fi"])?));
            if self.take_word(b"elif") {
                continue;
            }
            if self.take_word(b"else") {
                otherwise = Some(self.list(&[b"fi"])?);
            }
            self.must(b"fi")?;
            return Ok(Kind::If(arms, otherwise));
        }
    }

    fn for_loop(&mut self, select: bool) -> Result<Kind, Syntax> {
        self.blanks();
        if self.starts(b"((") && self.dialect != Dialect::Dash {
            self.skip(2);
            let mut three = [Word::default(), Word::default(), Word::default()];
            for (i, word) in three.iter_mut().enumerate() {
                *word = self.word(if i < 2 { Until::ArithStep } else { Until::Arith }, true)?;
                if i < 2 && self.bump() != Some(b';') {
                    return Err(Syntax::Unexpected);
                }
            }
            if !self.starts(b"))") {
                return Err(Syntax::Unexpected);
            }
            self.skip(2);
            return Ok(Kind::ForArith(Box::new(three), self.do_body()?));
        }
        let (names, words) = self.for_words()?;
        let body = self.do_body()?;
        Ok(Kind::For { names, words, body, select })
    }

    /// The names of a `for`, and its words; without any it takes the parameters.
    fn for_words(&mut self) -> Result<ForWords, Syntax> {
        let mut names = Vec::new();
        loop {
            self.blanks();
            let n = self.rest().iter().take_while(|b| name_byte(**b)).count();
            let name = self.rest().get(..n).unwrap_or(&[]).to_vec();
            if (!is_name(&name) || (name == b"in" || name == b"do") && !names.is_empty()) || names.len() > 8 {
                break;
            }
            self.skip(n);
            names.push(name);
            if self.dialect != Dialect::Zsh {
                break;
            }
        }
        if names.is_empty() {
            return Err(Syntax::Unexpected);
        }
        self.gaps();
        let mut words = None;
        if self.dialect == Dialect::Zsh && self.peek() == Some(b'(') {
            self.bump();
            let mut list = Vec::new();
            loop {
                self.gaps();
                if self.peek() == Some(b')') {
                    self.bump();
                    break;
                }
                list.push(self.some_word()?);
            }
            return Ok((names, Some(list)));
        }
        if self.take_word(b"in") {
            let mut list = Vec::new();
            loop {
                self.blanks();
                if matches!(self.peek(), None | Some(b'\n' | b';' | b'&' | b'|' | b')')) {
                    break;
                }
                list.push(self.some_word()?);
            }
            words = Some(list);
            if !matches!(self.peek(), Some(b'\n' | b';')) {
                return Err(Syntax::Unexpected);
            }
        }
        Ok((names, words))
    }

    fn some_word(&mut self) -> Result<Word, Syntax> {
        let before = self.pos;
        let word = self.word(Until::Blank, false)?;
        if self.pos == before {
            Err(if self.peek().is_none() { Syntax::Unfinished } else { Syntax::Unexpected })
        } else {
            Ok(word)
        }
    }

    fn case(&mut self) -> Result<Kind, Syntax> {
        self.skip(4);
        self.blanks();
        let subject = self.some_word()?;
        self.must(b"in")?;
        let mut arms = Vec::new();
        loop {
            self.gaps();
            if self.take_word(b"esac") {
                return Ok(Kind::Case(subject, arms));
            }
            if self.peek() == Some(b'(') {
                self.bump();
            }
            let mut patterns = Vec::new();
            loop {
                self.gaps();
                patterns.push(if self.dialect == Dialect::Dash {
                    self.word(Until::Blank, false)?
                } else {
                    self.word(Until::Pattern, false)?
                });
                self.blanks();
                match self.bump() {
                    Some(b'|') => {}
                    Some(b')') => break,
                    None => return Err(Syntax::Unfinished),
                    Some(_) => return Err(Syntax::Unexpected),
                }
            }
            let body = self.list(&[b";;", b";&", b";|", b"esac"])?;
            let (end, n) = match self.rest() {
                [b';', b';', b'&', ..] => (ArmEnd::Test, 3),
                [b';', b';', ..] => (ArmEnd::Leave, 2),
                [b';', b'&', ..] => (ArmEnd::Fall, 2),
                [b';', b'|', ..] => (ArmEnd::Test, 2),
                _ => (ArmEnd::Leave, 0),
            };
            self.skip(n);
            arms.push(CaseArm { patterns, body, end });
        }
    }

    fn test_or(&mut self) -> Result<Test, Syntax> {
        self.deeper(|r| r.chain(b"||", Self::test_and, Test::Or))
    }

    fn test_and(&mut self) -> Result<Test, Syntax> {
        self.chain(b"&&", Self::test_one, Test::And)
    }

    /// Tests with `sign` between them.
    fn chain(
        &mut self,
        sign: &[u8],
        one: fn(&mut Self) -> Result<Test, Syntax>,
        both: fn(Box<Test>, Box<Test>) -> Test,
    ) -> Result<Test, Syntax> {
        let mut left = one(self)?;
        // The tree leans to the left: its depth is bounded so that walking it is.
        for _ in 0..super::parser::NEST {
            self.gaps();
            if !self.starts(sign) {
                return Ok(left);
            }
            self.skip(2);
            left = both(Box::new(left), Box::new(one(self)?));
        }
        Err(Syntax::TooDeep)
    }

    fn test_word(&mut self, until: Until) -> Result<Word, Syntax> {
        self.blanks();
        let before = self.pos;
        let mut word = self.word(until, false)?;
        if self.pos == before {
            if until == Until::Pattern && self.peek() == Some(b'|') && self.peek_at(1) != Some(b'|') {
                return Err(Syntax::Unexpected);
            }
            return Err(if self.peek().is_none() { Syntax::Unfinished } else { Syntax::Unexpected });
        }
        // `a|b` without parentheses, in a pattern.
        while until == Until::Pattern && self.peek() == Some(b'|') && self.peek_at(1) != Some(b'|') {
            self.bump();
            word.parts.push(Part::Text(b"|".to_vec()));
            word.parts.extend(self.word(until, false)?.parts);
        }
        Ok(word)
    }

    fn test_one(&mut self) -> Result<Test, Syntax> {
        self.gaps();
        if self.here_word() == b"!" {
            self.bump();
            return self.deeper(|r| Ok(Test::Not(Box::new(r.test_one()?))));
        }
        if self.peek() == Some(b'(') {
            self.bump();
            let inner = self.deeper(Reader::test_or)?;
            self.gaps();
            return if self.bump() == Some(b')') { Ok(inner) } else { Err(Syntax::Unexpected) };
        }
        let here = self.here_word();
        if here.len() == 2 && here[0] == b'-' && here[1].is_ascii_alphabetic() {
            let (pos, line) = (self.pos, self.line);
            self.skip(2);
            self.blanks();
            if !self.starts(b"]]") && !self.starts(b"&&") && !self.starts(b"||") && !self.starts(b")") && !self.starts(b"==") {
                return Ok(Test::Unary(Some(here), self.test_word(Until::Blank)?));
            }
            (self.pos, self.line) = (pos, line);
        }
        let left = self.test_word(Until::Blank)?;
        self.gaps();
        let here = self.here_word();
        let op = match self.rest() {
            [b'<' | b'>', ..] => vec![self.rest()[0]],
            _ => here,
        };
        let known: [&[u8]; 16] = [
            b"=",
            b"==",
            b"!=",
            b"=~",
            b"<",
            b">",
            b"-eq",
            b"-ne",
            b"-lt",
            b"-le",
            b"-gt",
            b"-ge",
            b"-nt",
            b"-ot",
            b"-ef",
            b"-pcre-match",
        ];
        if !known.contains(&op.as_slice()) {
            return Ok(Test::Unary(None, left));
        }
        self.skip(op.len());
        let until = if op.starts_with(b"=") || op == b"!=" { Until::Pattern } else { Until::Blank };
        Ok(Test::Binary(left, op, self.test_word(until)?))
    }

    /// A function's or an alias's text as commands; `None` where it breaks the grammar.
    pub(super) fn whole(text: &[u8], line: u32, dialect: Dialect) -> Option<Vec<Command>> {
        Reader::new(text, line, dialect, 0).program().ok()
    }
}
