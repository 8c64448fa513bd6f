//! Arithmetic: 64-bit integers, C's operators.

/// What an expression is evaluated with.
pub(super) trait Numbers {
    /// The value of a variable: `None` where it is not known.
    fn get(&mut self, name: &[u8]) -> Option<i64>;
    /// Sets a variable, to what is not known with `None`.
    fn set(&mut self, name: &[u8], value: Option<i64>);
}

/// How deep parentheses nest.
const DEEP: u32 = 32;

struct Sum<'a> {
    text: &'a [u8],
    pos: usize,
    deep: u32,
}

/// What went wrong: the expression breaks the grammar or divides by zero.
pub(super) struct Wrong;

/// The value; `None` where it is not known.
pub(super) fn evaluate(text: &[u8], numbers: &mut dyn Numbers) -> Result<Option<i64>, Wrong> {
    let mut sum = Sum { text, pos: 0, deep: 0 };
    sum.blanks();
    if sum.pos == text.len() {
        return Ok(Some(0));
    }
    let value = sum.comma(numbers, true)?;
    sum.blanks();
    if sum.pos < text.len() { Err(Wrong) } else { Ok(value) }
}

const BINARY: [(&[u8], u8); 20] = [
    (b"||", 1),
    (b"&&", 2),
    (b"==", 6),
    (b"!=", 6),
    (b"<<", 8),
    (b">>", 8),
    (b"<=", 7),
    (b">=", 7),
    (b"**", 11),
    (b"|", 3),
    (b"^", 4),
    (b"&", 5),
    (b"<", 7),
    (b">", 7),
    (b"+", 9),
    (b"-", 9),
    (b"*", 10),
    (b"/", 10),
    (b"%", 10),
    (b"?", 0),
];

impl Sum<'_> {
    fn blanks(&mut self) {
        while self.text.get(self.pos).is_some_and(u8::is_ascii_whitespace) {
            self.pos += 1;
        }
    }

    fn take(&mut self, op: &[u8]) -> bool {
        self.blanks();
        let there = self.text.get(self.pos..).unwrap_or(&[]).starts_with(op);
        if there {
            self.pos += op.len();
        }
        there
    }

    fn comma(&mut self, n: &mut dyn Numbers, live: bool) -> Result<Option<i64>, Wrong> {
        let mut value = self.binary(n, 0, live)?;
        while self.take(b",") {
            value = self.binary(n, 0, live)?;
        }
        Ok(value)
    }

    fn binary(&mut self, n: &mut dyn Numbers, least: u8, live: bool) -> Result<Option<i64>, Wrong> {
        self.deep += 1;
        if self.deep > DEEP {
            return Err(Wrong);
        }
        let mut left = self.unary(n, live)?;
        loop {
            self.blanks();
            let rest = self.text.get(self.pos..).unwrap_or(&[]);
            let Some((op, level)) = BINARY.iter().find(|(op, _)| rest.starts_with(op)) else { break };
            if *level < least {
                break;
            }
            self.pos += op.len();
            if *op == b"?" {
                let taken = left.map(|l| l != 0);
                let yes = self.binary(n, 0, live && taken == Some(true))?;
                if !self.take(b":") {
                    return Err(Wrong);
                }
                let no = self.binary(n, 0, live && taken == Some(false))?;
                left = taken.and_then(|t| if t { yes } else { no });
                continue;
            }
            let truth = left.map(|l| l != 0);
            let right_live = match *op {
                b"&&" => live && truth == Some(true),
                b"||" => live && truth == Some(false),
                _ => live,
            };
            let right = self.binary(n, if *op == b"**" { *level } else { level + 1 }, right_live)?;
            left = match *op {
                b"&&" if truth == Some(false) => Some(0),
                b"||" if truth == Some(true) => Some(1),
                _ => match (left, right) {
                    (Some(a), Some(b)) => Some(apply(op, a, b, live)?),
                    _ => None,
                },
            };
        }
        self.deep -= 1;
        Ok(left)
    }

    fn unary(&mut self, n: &mut dyn Numbers, live: bool) -> Result<Option<i64>, Wrong> {
        self.blanks();
        let rest = self.text.get(self.pos..).unwrap_or(&[]);
        let first = rest.first().copied().ok_or(Wrong)?;
        if rest.starts_with(b"++") || rest.starts_with(b"--") {
            self.pos += 2;
            let name = self.name().ok_or(Wrong)?;
            let value = n.get(&name).map(|v| if first == b'+' { v.wrapping_add(1) } else { v.wrapping_sub(1) });
            if live {
                n.set(&name, value);
            }
            return Ok(value);
        }
        if matches!(first, b'!' | b'~' | b'-' | b'+') {
            self.pos += 1;
            self.deep += 1;
            if self.deep > DEEP {
                return Err(Wrong);
            }
            let value = self.unary(n, live)?;
            self.deep -= 1;
            return Ok(value.map(|v| match first {
                b'!' => i64::from(v == 0),
                b'~' => !v,
                b'-' => v.wrapping_neg(),
                _ => v,
            }));
        }
        if first == b'(' {
            self.pos += 1;
            let value = self.comma(n, live)?;
            return if self.take(b")") { Ok(value) } else { Err(Wrong) };
        }
        if first.is_ascii_digit() {
            return self.number().map(Some);
        }
        let name = self.name().ok_or(Wrong)?;
        self.blanks();
        let rest = self.text.get(self.pos..).unwrap_or(&[]);
        if rest.starts_with(b"++") || rest.starts_with(b"--") {
            let plus = rest.first() == Some(&b'+');
            self.pos += 2;
            let value = n.get(&name);
            if live {
                n.set(&name, value.map(|v| if plus { v.wrapping_add(1) } else { v.wrapping_sub(1) }));
            }
            return Ok(value);
        }
        let ops: [&[u8]; 11] = [b"<<=", b">>=", b"+=", b"-=", b"*=", b"/=", b"%=", b"&=", b"|=", b"^=", b"="];
        if let Some(op) = ops.iter().find(|op| rest.starts_with(op))
            && !rest.starts_with(b"==")
        {
            self.pos += op.len();
            let right = self.binary(n, 0, live)?;
            let value = match op.split_last() {
                Some((_, [])) | None => right,
                Some((_, op)) => match (n.get(&name), right) {
                    (Some(a), Some(b)) => Some(apply(op, a, b, live)?),
                    _ => None,
                },
            };
            if live {
                n.set(&name, value);
            }
            return Ok(value);
        }
        Ok(n.get(&name))
    }

    fn name(&mut self) -> Option<Vec<u8>> {
        self.blanks();
        let rest = self.text.get(self.pos..)?;
        let len = rest.iter().take_while(|b| super::reader::name_byte(**b)).count();
        let name = rest.get(..len)?.to_vec();
        self.pos += len;
        Some(name).filter(|n| super::reader::is_name(n))
    }

    fn number(&mut self) -> Result<i64, Wrong> {
        let rest = self.text.get(self.pos..).unwrap_or(&[]);
        let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
        let text = rest.get(..len).and_then(|t| std::str::from_utf8(t).ok()).ok_or(Wrong)?;
        self.pos += len;
        let parsed = if let Some(hex) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            i64::from_str_radix(hex, 16)
        } else if let Some((base, digits)) = text.split_once('#') {
            let base = base.parse().ok().filter(|b| (2..=36).contains(b)).ok_or(Wrong)?;
            i64::from_str_radix(digits, base)
        } else if text.len() > 1 && text.starts_with('0') {
            i64::from_str_radix(text, 8)
        } else {
            text.parse()
        };
        parsed.map_err(|_| Wrong)
    }
}

fn apply(op: &[u8], a: i64, b: i64, live: bool) -> Result<i64, Wrong> {
    let shift = u32::try_from(b & 63).unwrap_or(0);
    Ok(match op {
        b"||" => i64::from(a != 0 || b != 0),
        b"&&" => i64::from(a != 0 && b != 0),
        b"|" => a | b,
        b"^" => a ^ b,
        b"&" => a & b,
        b"==" => i64::from(a == b),
        b"!=" => i64::from(a != b),
        b"<" => i64::from(a < b),
        b"<=" => i64::from(a <= b),
        b">" => i64::from(a > b),
        b">=" => i64::from(a >= b),
        b"<<" => a.wrapping_shl(shift),
        b">>" => a.wrapping_shr(shift),
        b"+" => a.wrapping_add(b),
        b"-" => a.wrapping_sub(b),
        b"*" => a.wrapping_mul(b),
        b"/" | b"%" if b == 0 => return if live { Err(Wrong) } else { Ok(0) },
        b"/" => a.wrapping_div(b),
        b"%" => a.wrapping_rem(b),
        b"**" => a.wrapping_pow(u32::try_from(b).map_err(|_| Wrong)?),
        _ => return Err(Wrong),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    impl Numbers for BTreeMap<Vec<u8>, i64> {
        fn get(&mut self, name: &[u8]) -> Option<i64> {
            Some(BTreeMap::get(self, name).copied().unwrap_or(0))
        }
        fn set(&mut self, name: &[u8], value: Option<i64>) {
            self.insert(name.to_vec(), value.unwrap_or(0));
        }
    }

    #[test]
    fn operators_bind_as_in_c() {
        let mut vars = BTreeMap::from([(b"x".to_vec(), 5)]);
        for (text, wanted) in [
            ("1+2*3", 7),
            ("(1+2)*3", 9),
            ("x++ + x", 11),
            ("x", 6),
            ("x>5 && x<7", 1),
            ("x==6 ? 10 : 20", 10),
            ("y=3, y*2", 6),
            ("0x10", 16),
            ("-2**2", 4),
            ("10/3%2", 1),
            ("!0", 1),
            ("", 0),
        ] {
            let got = evaluate(text.as_bytes(), &mut vars).ok().flatten();
            assert_eq!(got, Some(wanted), "{text}");
        }
        assert!(evaluate(b"1/0", &mut vars).is_err());
        assert!(evaluate("(".repeat(100_000).as_bytes(), &mut vars).is_err());
    }
}
