//! Builtins that print: their text counts where a substitution catches it.

use super::super::value::{Piece, Value};
use super::Dialect;
use super::escapes::{Style, decode};
use super::shell::{Flow, Shell, join};

impl Shell<'_> {
    fn print_value(&mut self, value: &Value) {
        if self.catching {
            self.state.out.append(value);
            if self.state.out.known_len() > super::super::VALUE_LIMIT {
                self.state.out = Value::unknown(Some(&self.at()));
            }
        }
    }

    fn decoded(&mut self, value: &Value) -> Value {
        let mut out = Value::new();
        for piece in value.pieces() {
            match piece {
                Piece::Text(text, at) => out.push(&decode(text, Style::Echo).0, at.as_ref()),
                Piece::Unknown(at) => out.push_unknown(at.as_ref()),
            }
        }
        out
    }

    pub(super) fn echo(&mut self, args: &[Value], unsure: bool) -> Flow {
        let (mut newline, mut escapes) = (true, matches!(self.dialect(), Dialect::Dash | Dialect::Zsh));
        let mut args = args;
        while let Some(flags) = args.first().and_then(Value::text) {
            let Some(letters) = flags.strip_prefix(b"-").filter(|l| !l.is_empty()) else { break };
            let all: &[u8] = if self.dialect() == Dialect::Dash { b"n" } else { b"neE" };
            if !letters.iter().all(|l| all.contains(l)) || self.dialect() == Dialect::Dash && letters != b"n" {
                break;
            }
            for letter in letters {
                match letter {
                    b'n' => newline = false,
                    b'e' => escapes = true,
                    _ => escapes = false,
                }
            }
            args = args.get(1..).unwrap_or(&[]);
        }
        let mut text = join(args, b" ");
        if escapes {
            text = self.decoded(&text);
        }
        if unsure || self.bash() && self.state.options.contains_key(&b"xpg_echo"[..]) {
            text = Value::unknown(Some(&self.at()));
        }
        if newline {
            text.push(b"\n", Some(&self.at()));
        }
        self.print_value(&text);
        self.done(Some(0))
    }

    /// zsh's `print`.
    pub(super) fn print(&mut self, args: &[Value], unsure: bool) -> Flow {
        let (mut newline, mut raw, mut separator, mut odd) = (true, false, &b" "[..], unsure);
        let mut args = args;
        while let Some(flags) = args.first().and_then(Value::text) {
            let Some(letters) = flags.strip_prefix(b"-") else { break };
            args = args.get(1..).unwrap_or(&[]);
            if letters.is_empty() || letters == b"-" {
                break;
            }
            for letter in letters {
                match letter {
                    b'n' => newline = false,
                    b'r' | b'R' => raw = true,
                    b'l' => separator = b"\n",
                    _ => odd = true,
                }
            }
        }
        let mut text = join(args, separator);
        if !raw {
            text = self.decoded(&text);
        }
        if odd {
            text = Value::unknown(Some(&self.at()));
        }
        if newline {
            text.push(b"\n", Some(&self.at()));
        }
        self.print_value(&text);
        self.done(Some(0))
    }

    pub(super) fn printf(&mut self, args: &[Value], unsure: bool) -> Flow {
        let mut args = args;
        let mut variable = None;
        if args.first().and_then(Value::text).as_deref() == Some(b"-v") {
            variable = args.get(1).and_then(Value::text);
            if variable.is_none() {
                self.forget_all("which variable this sets");
                return Flow::Next;
            }
            args = args.get(2..).unwrap_or(&[]);
        }
        if args.first().and_then(Value::text).as_deref() == Some(b"--") {
            args = args.get(1..).unwrap_or(&[]);
        }
        let text = args
            .first()
            .and_then(Value::text)
            .filter(|_| !unsure)
            .and_then(|format| self.format(&format, args.get(1..).unwrap_or(&[])))
            .unwrap_or_else(|| Value::unknown(Some(&self.at())));
        match variable {
            Some(name) if super::reader::is_name(&name) => self.set(&name, text),
            Some(name) => {
                let base: Vec<u8> = name.iter().copied().take_while(|b| super::reader::name_byte(*b)).collect();
                self.forget(&base);
            }
            None => self.print_value(&text),
        }
        self.done(Some(0))
    }

    fn format(&mut self, format: &[u8], args: &[Value]) -> Option<Value> {
        let at = self.at();
        let mut out = Value::new();
        let mut left = args.iter();
        loop {
            let before = left.len();
            let mut rest = format;
            while let Some(n) = rest.iter().position(|b| *b == b'%') {
                out.push(&decode(rest.get(..n)?, Style::Format).0, Some(&at));
                rest = rest.get(n + 1..)?;
                let (kind, after) = rest.split_first()?;
                rest = after;
                match kind {
                    b'%' => out.push(b"%", Some(&at)),
                    b's' => out.append(left.next().unwrap_or(&Value::new())),
                    b'b' => {
                        let value = left.next().cloned().unwrap_or_default();
                        out.append(&self.decoded(&value));
                    }
                    b'd' | b'i' => {
                        let text = left.next().cloned().unwrap_or_default().text()?;
                        let n: i64 = if text.is_empty() { 0 } else { std::str::from_utf8(&text).ok()?.parse().ok()? };
                        if text.len() > 1 && text.starts_with(b"0") {
                            return None;
                        }
                        out.push(n.to_string().as_bytes(), Some(&at));
                    }
                    _ => return None,
                }
            }
            out.push(&decode(rest, Style::Format).0, Some(&at));
            if !self.step(1) || out.known_len() > super::super::VALUE_LIMIT {
                return None;
            }
            if left.len() == 0 || left.len() == before {
                return Some(out);
            }
        }
    }

    /// `command -v`, `type`, `which`, `whence`.
    pub(super) fn type_builtin(&mut self, how: &[u8], args: &[Value], unsure: bool) -> Flow {
        let at = self.at();
        let (mut path_only, mut plain) = (false, how == b"command" || how == b"whence" || how == b"which");
        let mut status = Some(0);
        let mut any = false;
        for arg in args {
            let Some(name) = arg.text().filter(|_| !unsure) else {
                status = None;
                self.print_unknown();
                continue;
            };
            if name.starts_with(b"-") {
                path_only |= name.contains(&b'p') || name.contains(&b'P');
                plain &= !name.contains(&b'V') && !name.contains(&b'v') || how == b"command";
                plain |= path_only && how == b"type" && !self.zsh();
                if name.contains(&b't') || name.contains(&b'a') || name.contains(&b'w') {
                    plain = false;
                }
                continue;
            }
            any = true;
            // An alias that is not replaced is not told of either.
            let expand = self.aliases_expand();
            let alias = expand != Some(false) && self.state.aliases.contains_key(&name);
            let special = !path_only
                && (self.state.functions.contains_key(&name)
                    || alias
                    || super::names::is_builtin(self.dialect(), &name)
                    || RESERVED.contains(&name.as_slice()));
            if special {
                let sure = self.state.functions.get(&name).is_none_or(Option::is_some)
                    && (!alias || expand.is_some() && self.state.aliases.get(&name).is_none_or(Option::is_some));
                if !sure {
                    status = None;
                }
                if plain && sure && !alias && how == b"command" {
                    self.print_value(&Value::put(&[name.as_slice(), b"\n"].concat(), Some(&at)));
                } else {
                    self.print_unknown();
                }
                continue;
            }
            match self.which(&name) {
                _ if self.state.lost => {
                    status = None;
                    self.print_unknown();
                }
                Some(Some(path)) => {
                    if plain && !path.starts_with(b".") {
                        self.print_value(&Value::put(&[path.as_slice(), b"\n"].concat(), Some(&at)));
                    } else {
                        self.print_unknown();
                    }
                }
                Some(None) => {
                    status = Some(if self.dialect() == Dialect::Dash { 127 } else { 1 });
                    if how == b"type" || how == b"which" {
                        self.print_unknown();
                    }
                }
                None => {
                    status = None;
                    self.print_unknown();
                }
            }
        }
        self.done(if any { status } else { None })
    }
}

/// Words of the grammar, which `command -v` knows too.
const RESERVED: [&[u8]; 16] = [
    b"if", b"then", b"else", b"elif", b"fi", b"for", b"while", b"until", b"do", b"done", b"case", b"esac", b"{", b"}", b"!",
    b"[[",
];
