//! Options of the shell: `set`, `shopt`, `setopt`, `emulate`.

use super::super::value::Value;
use super::Dialect;
use super::shell::{Flow, Shell, lossy};
use super::state::Held;

/// Options that zsh's `emulate` does not set back.
const KEPT_BY_EMULATE: &[&[u8]] = &[b"norcs", b"noglobalrcs"];

impl Shell<'_> {
    pub(super) fn set_builtin(&mut self, args: &[Value], unsure: bool) -> Flow {
        let mut i = 0;
        let mut positional = unsure;
        while let Some(arg) = args.get(i) {
            let Some(text) = arg.text() else {
                positional = true;
                break;
            };
            match text.as_slice() {
                b"--" => {
                    positional = true;
                    i += 1;
                    break;
                }
                b"-" | b"+" => {
                    i += 1;
                    positional |= args.len() > i;
                    break;
                }
                [sign @ (b'-' | b'+'), letters @ ..] => {
                    let on = *sign == b'-';
                    for letter in letters {
                        match letter {
                            b'o' => {
                                i += 1;
                                match args.get(i).map(Value::text) {
                                    Some(Some(name)) => self.option_named(&name, on),
                                    Some(None) => self.forget_all("which option this sets"),
                                    None => self.print_unknown(),
                                }
                            }
                            b'A' if self.zsh() => {
                                self.forget_all("`set -A`");
                                return Flow::Next;
                            }
                            _ => {
                                let name: &[u8] = match letter {
                                    b'a' => b"allexport",
                                    b'e' => b"errexit",
                                    b'u' => b"nounset",
                                    b'f' => b"noglob",
                                    b'C' => b"noclobber",
                                    b'n' => b"noexec",
                                    _ => b"",
                                };
                                if name == b"noexec" && on {
                                    self.forget_all("`set -n`");
                                } else if !name.is_empty() {
                                    self.state.options.insert(name.to_vec(), Some(on));
                                }
                            }
                        }
                    }
                    i += 1;
                }
                _ => {
                    positional = true;
                    break;
                }
            }
        }
        if positional {
            self.state.positional = if unsure { None } else { Some(args.get(i..).unwrap_or(&[]).to_vec()) };
        }
        self.done(Some(0))
    }

    /// An option by the name that the shell knows it by.
    fn option_named(&mut self, name: &[u8], on: bool) {
        let mut name: Vec<u8> =
            if self.zsh() { name.iter().filter(|b| **b != b'_').map(u8::to_ascii_lowercase).collect() } else { name.to_vec() };
        let mut on = on;
        if self.zsh() {
            if let Some(rest) = name.strip_prefix(b"no")
                && name != b"notify"
                && name != b"nomatch"
            {
                name = rest.to_vec();
                on = !on;
            }
            let (key, flip): (&[u8], bool) = match name.as_slice() {
                b"unset" => (b"nounset", true),
                b"glob" => (b"noglob", true),
                b"clobber" => (b"noclobber", true),
                b"nomatch" | b"match" => (b"nomatch_off", name == b"nomatch"),
                b"rcs" => (b"norcs", true),
                b"globalrcs" => (b"noglobalrcs", true),
                b"dotglob" => (b"globdots", false),
                other => (other, false),
            };
            if name == b"match" {
                on = !on;
                self.state.options.insert(b"nomatch_off".to_vec(), Some(!on));
                return;
            }
            let (key, on) = (key.to_vec(), on != flip);
            if matches!(
                key.as_slice(),
                b"ksharrays" | b"cshnullglob" | b"shnullcmd" | b"posixbuiltins" | b"ignorebraces" | b"exec" | b"extendedglob_off"
            ) && on
            {
                self.forget_all(format!("zsh's option {}", lossy(&key)));
            }
            self.state.options.insert(key, Some(on));
            return;
        }
        if name == b"posix" && on {
            self.note("bash's POSIX mode");
        }
        self.state.options.insert(name, Some(on));
    }

    /// `shopt`, `setopt`, `unsetopt`, `emulate`.
    pub(super) fn options_builtin(&mut self, name: &[u8], args: &[Value], unsure: bool) -> Flow {
        let texts: Option<Vec<Vec<u8>>> = args.iter().map(Value::text).collect();
        let Some(texts) = texts.filter(|_| !unsure) else {
            self.forget_all("which option this sets");
            return Flow::Next;
        };
        match name {
            b"shopt" => {
                let mut on = None;
                let mut status = Some(0);
                for text in &texts {
                    if let Some(flags) = text.strip_prefix(b"-") {
                        on = if flags.contains(&b's') {
                            Some(true)
                        } else if flags.contains(&b'u') {
                            Some(false)
                        } else {
                            on
                        };
                        continue;
                    }
                    match on {
                        Some(on) => drop(self.state.options.insert(text.clone(), Some(on))),
                        None => {
                            // Only of what was set here is it known.
                            status = self.state.options.get(text).copied().flatten().map(|on| u8::from(!on));
                        }
                    }
                }
                if on.is_none() {
                    self.print_unknown();
                }
                self.done(status)
            }
            b"emulate" => self.emulate(&texts),
            _ => {
                for text in &texts {
                    if !text.starts_with(b"-") {
                        self.option_named(text, name == b"setopt");
                    } else if text.len() > 1 && text != b"-o" && text != b"-m" {
                        self.note("an option by its letter");
                    }
                }
                self.done(Some(0))
            }
        }
    }

    pub(super) fn emulate(&mut self, texts: &[Vec<u8>]) -> Flow {
        let mode = texts.iter().find(|t| !t.starts_with(b"-")).cloned().unwrap_or_default();
        let local = texts.iter().any(|t| t.starts_with(b"-") && t.contains(&b'L'));
        let code = texts.iter().position(|t| t == b"-c").and_then(|i| texts.get(i + 1)).cloned();
        if mode.is_empty() {
            self.print_unknown();
            return self.done(Some(0));
        }
        let options = self.state.options.clone();
        match (mode.as_slice(), code) {
            (b"zsh", code) => {
                // `emulate` without -R leaves alone what does not concern the language (zshbuiltins(1)).
                self.state.options.retain(|name, _| KEPT_BY_EMULATE.contains(&name.as_slice()));
                if local {
                    self.state.options.insert(b"localoptions".to_vec(), Some(true));
                }
                let flow = match &code {
                    Some(text) => self.eval_text(&Value::put(text, Some(&self.at()))),
                    None => self.done(Some(0)),
                };
                if code.is_some() {
                    self.state.options = options;
                }
                flow
            }
            (b"sh" | b"ksh" | b"bash", Some(text)) => {
                let before = std::mem::replace(&mut self.mode, Dialect::Bash);
                let flow = self.eval_text(&Value::put(&text, Some(&self.at())));
                self.mode = before;
                self.state.options = options;
                flow
            }
            _ => {
                self.forget_all("what follows in another shell's manner");
                Flow::Next
            }
        }
    }

    /// `$-`
    pub(super) fn flags(&self) -> Held {
        let at = self.at();
        let mut flags = match self.mode {
            Dialect::Dash => Vec::new(),
            Dialect::Bash | Dialect::BashAsSh => b"hB".to_vec(),
            Dialect::Zsh => b"569X".to_vec(),
        };
        if self.start.interactive {
            flags.insert(0, b'i');
        }
        for (name, letter) in [(&b"allexport"[..], b'a'), (b"errexit", b'e'), (b"nounset", b'u'), (b"noglob", b'f')] {
            match self.state.option(name) {
                Some(true) => flags.push(letter),
                Some(false) => {}
                None => return Held::Unknown(Some(at)),
            }
        }
        let mut value = Value::put(&flags, Some(&at));
        if self.start.interactive {
            value.push_unknown(Some(&at));
        } else {
            value.push(if self.start.command { b"c" } else { b"s" }, Some(&at));
        }
        Held::One(value)
    }
}
