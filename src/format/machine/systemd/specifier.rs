//! `%h`, `%u` and the like (systemd.unit(5) "Specifiers"; systemd's src/shared/specifier.c, src/core/unit-printf.c).

use crate::format::shell::{At, Value};

/// What specifiers stand for. Those that are not known make a value unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Specifiers {
    /// The unit's full name, such as `go@x.service`.
    pub unit: Vec<u8>,
    /// Whether a user's manager runs it.
    pub user_manager: bool,
    /// Home folder of the user that runs the manager (`%h`): `/root` for the system's, whatever `User=` says.
    pub home: Option<Vec<u8>>,
    /// Name of that user (`%u`).
    pub user: Option<Vec<u8>>,
    /// Its number (`%U`).
    pub uid: Option<u32>,
    /// Its shell (`%s`).
    pub shell: Option<Vec<u8>>,
    /// The folder of its runtime files (`%t`): `/run`, or `XDG_RUNTIME_DIR`.
    pub runtime: Option<Vec<u8>>,
}

impl Specifiers {
    fn of(&self, letter: u8) -> Option<Option<Vec<u8>>> {
        let (name, suffix) = match self.unit.iter().rposition(|b| *b == b'.') {
            Some(dot) => self.unit.split_at(dot),
            None => (self.unit.as_slice(), &b""[..]),
        };
        let (prefix, instance) = super::super::span(name, |b| b == b'@');
        // A template stands for each of its instances.
        let is_template = instance == b"@";
        let instance = instance.get(1..).unwrap_or_default();
        Some(match letter {
            b'%' => Some(b"%".to_vec()),
            b'h' => self.home.clone(),
            b'u' => self.user.clone(),
            b'U' => self.uid.map(|n| n.to_string().into_bytes()),
            b's' => self.shell.clone(),
            b't' => self.runtime.clone(),
            b'n' | b'N' | b'i' if is_template => None,
            b'n' => Some([name, suffix].concat()),
            b'N' => Some(name.to_vec()),
            b'p' => Some(prefix.to_vec()),
            b'i' => Some(instance.to_vec()),
            b'E' if !self.user_manager => Some(b"/etc".to_vec()),
            b'S' if !self.user_manager => Some(b"/var/lib".to_vec()),
            b'C' if !self.user_manager => Some(b"/var/cache".to_vec()),
            b'L' if !self.user_manager => Some(b"/var/log".to_vec()),
            // Known to a running machine alone, or to rules of escaping that no environment of Go needs.
            b'a' | b'A' | b'b' | b'B' | b'C' | b'd' | b'D' | b'E' | b'f' | b'g' | b'G' | b'H' | b'I' | b'j' | b'J' | b'l'
            | b'L' | b'm' | b'M' | b'o' | b'P' | b'q' | b'S' | b'T' | b'v' | b'V' | b'w' | b'W' | b'y' | b'Y' => None,
            _ => return None,
        })
    }

    /// The text with its specifiers replaced; a `%` before another letter stays.
    pub fn expand(&self, text: &[u8], at: &At) -> Value {
        let mut out = Value::new();
        let mut rest = text;
        while let [b, after @ ..] = rest {
            rest = after;
            let told = after.first().filter(|_| *b == b'%').and_then(|letter| self.of(*letter));
            match told {
                Some(value) => {
                    rest = after.get(1..).unwrap_or_default();
                    match value {
                        Some(value) => out.push(&value, Some(at)),
                        None => out.push_unknown(Some(at)),
                    }
                }
                None => out.push(&[*b], Some(at)),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_systemd_unit_5() {
        let of = Specifiers { unit: b"go-x@ci.service".to_vec(), home: Some(b"/root".to_vec()), ..Specifiers::default() };
        let at = At { file: std::sync::Arc::from(&b"x"[..]), line: 1 };
        assert_eq!(of.expand(b"%h/go 100%% %i %p %n %_ %", &at).text().unwrap(), b"/root/go 100% ci go-x go-x@ci.service %_ %");
        assert!(!of.expand(b"%H", &at).is_known());
        let of = Specifiers { unit: b"go@.service".to_vec(), ..of };
        assert!(!of.expand(b"/opt/%i", &at).is_known(), "each instance has another");
    }
}
