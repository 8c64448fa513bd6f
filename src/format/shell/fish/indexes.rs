//! What the brackets behind a variable choose.

/// The places that `1`, `-1`, `2..4` and several of these name, and whether each was counted from the end; `None` where it means
/// nothing. fish: `parse_slice`.
pub(super) fn indexes(text: &[u8], len: usize) -> Option<Vec<(i64, bool)>> {
    let size = i64::try_from(len).ok()?;
    let mut out = Vec::new();
    let mut pos = 0;
    let blank = |pos: &mut usize| {
        while text.get(*pos).is_some_and(u8::is_ascii_whitespace) {
            *pos += 1;
        }
    };
    let number = |pos: &mut usize| -> Option<i64> {
        let start = *pos;
        if matches!(text.get(*pos), Some(b'-' | b'+')) {
            *pos += 1;
        }
        while text.get(*pos).is_some_and(u8::is_ascii_digit) {
            *pos += 1;
        }
        std::str::from_utf8(text.get(start..*pos)?).ok()?.parse::<i64>().ok().filter(|n| *n != 0)
    };
    loop {
        blank(&mut pos);
        if pos >= text.len() {
            return Some(out);
        }
        let range = |pos: usize| text.get(pos..).is_some_and(|t| t.starts_with(b".."));
        let first = if out.is_empty() && range(pos) { 1 } else { number(&mut pos)? };
        let mut low = if first > -1 { first } else { size + first + 1 };
        if !range(pos) {
            out.push((low, first < 0));
            continue;
        }
        pos += 2;
        blank(&mut pos);
        let last = if pos >= text.len() { -1 } else { number(&mut pos)? };
        let mut high = if last > -1 { last } else { size + last + 1 };
        if low > size && high > size {
            continue;
        }
        let mut step = if high < low { -1 } else { 1 };
        if (last > -1) != (first > -1) {
            step = if last > -1 { -1 } else { 1 };
        } else {
            low = low.min(size);
            high = high.min(size);
        }
        // What lies outside of the list names nothing.
        let (from, to) = (low.clamp(0, size + 1), high.clamp(0, size + 1));
        let mut i = from;
        while i * step <= to * step {
            out.push((i, first < 0 || last < 0));
            i += step;
        }
    }
}
