//! How far the scan is, on standard error: a line that moves on a terminal, plain lines elsewhere if they are asked for.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{Progress, text};

#[derive(Debug, Default)]
struct Numbers {
    by_bytes: AtomicBool,
    items: AtomicU64,
    bytes: AtomicU64,
}

/// One moving line: `[2/3] module cache ━━━━━╸─── 412/569 modules  1.90/2.73 GB  950 MB/s  0:02 left`. Gone when all is done.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    width: u16,
    done: Arc<Numbers>,
}

impl Bar {
    /// A line on standard error, which is a terminal.
    pub fn new() -> Bar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.enable_steady_tick(Duration::from_millis(100));
        let width = terminal_size::terminal_size_of(std::io::stderr()).map_or(80, |(w, _)| w.0);
        Bar { bar, width, done: Arc::default() }
    }
}

impl Default for Bar {
    fn default() -> Self {
        Bar::new()
    }
}

impl Progress for Bar {
    fn phase(&self, number: u32, of: u32, title: &'static str, unit: &'static str, items: u64, bytes: Option<u64>) {
        // The bar moves by bytes where they are known: a module of 50 MB is not one of 5 kB.
        let by_bytes = bytes.is_some_and(|b| b > 0);
        self.done.by_bytes.store(by_bytes, Ordering::Relaxed);
        self.done.items.store(0, Ordering::Relaxed);
        self.done.bytes.store(0, Ordering::Relaxed);
        let length = bytes.filter(|_| by_bytes).unwrap_or(items);
        let numbers = Arc::clone(&self.done);
        let template = match (length, self.width) {
            (0, _) | (_, ..72) => "{prefix} {numbers}",
            (_, ..100) => "{prefix} {wide_bar} {numbers}",
            _ => "{prefix} {bar:24} {numbers}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            let style =
                style.progress_chars("━╸─").with_key("numbers", move |state: &ProgressState, w: &mut dyn std::fmt::Write| {
                    let done = (numbers.items.load(Ordering::Relaxed), numbers.bytes.load(Ordering::Relaxed));
                    let _ = w.write_str(&describe(done, (items, bytes), unit, state.elapsed()));
                });
            self.bar.set_style(style);
        }
        self.bar.reset();
        self.bar.set_length(length);
        self.bar.set_prefix(format!("[{number}/{of}] {title}"));
    }

    fn advance(&self, items: u64, bytes: u64) {
        let items = self.done.items.fetch_add(items, Ordering::Relaxed) + items;
        let bytes = self.done.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bar.set_position(if self.done.by_bytes.load(Ordering::Relaxed) { bytes } else { items });
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// `412/569 modules  1.90/2.73 GB  950 MB/s  0:02 left`; in the first second the time that has passed.
fn describe(done: (u64, u64), all: (u64, Option<u64>), unit: &str, elapsed: Duration) -> String {
    let mut out = text::number(done.0);
    if all.0 > 0 {
        let _ = write!(out, "/{}", text::number(all.0));
    }
    let _ = write!(out, " {unit}");
    let ms = elapsed.as_millis().max(1);
    let speed = u64::try_from(u128::from(done.1) * 1000 / ms).unwrap_or(u64::MAX);
    let total = all.1.filter(|b| *b > 0);
    if let Some(total) = total {
        let _ = write!(out, "  {}", text::bytes_of(done.1, total));
    } else if done.1 > 0 {
        let _ = write!(out, "  {}", text::bytes(done.1));
    }
    if done.1 > 0 {
        let _ = write!(out, "  {}/s", text::bytes(speed));
    }
    // By bytes where their sum is known, else by items: shards of a cache are much alike.
    let by_items = || all.0.checked_sub(done.0)?.checked_mul(elapsed.as_secs())?.checked_div(done.0);
    let left = match total {
        Some(total) => total.checked_sub(done.1).and_then(|rest| rest.checked_div(speed)),
        None => by_items(),
    };
    match left {
        Some(left) if ms >= 1000 => out.push_str(&format!("  {} left", clock(Duration::from_secs(left)))),
        _ => out.push_str(&format!("  {}", clock(elapsed))),
    }
    out
}

/// `0:02`.
fn clock(elapsed: Duration) -> String {
    format!("{}:{:02}", elapsed.as_secs() / 60, elapsed.as_secs() % 60)
}

/// One plain line a phase, for a log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lines;

impl Progress for Lines {
    fn phase(&self, number: u32, of: u32, title: &'static str, unit: &'static str, items: u64, bytes: Option<u64>) {
        let mut line = format!("[{number}/{of}] {title}");
        if items > 0 {
            let _ = write!(line, ": {} {unit}", text::number(items));
        }
        if let Some(bytes) = bytes.filter(|b| *b > 0) {
            let _ = write!(line, ", {}", text::bytes(bytes));
        }
        // A closed standard error is no reason to stop.
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    fn advance(&self, _: u64, _: u64) {}

    fn finish(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_what_is_known() {
        let two = Duration::from_millis(2_000);
        assert_eq!(
            describe((412, 1_900_000_000), (569, Some(2_730_000_000)), "modules", two),
            "412/569 modules  1.90/2.73 GB  950 MB/s  0:00 left"
        );
        assert_eq!(describe((1_204, 0), (0, None), "entries", two), "1,204 entries  0:02");
        assert_eq!(describe((64, 0), (256, None), "shards", two), "64/256 shards  0:06 left");
        assert_eq!(clock(Duration::from_secs(125)), "2:05");
    }
}
