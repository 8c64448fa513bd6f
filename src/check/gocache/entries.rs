//! Rules on one action entry.

use std::path::Path;

use crate::evidence::gocache::{ActionSeen, action_path};
use crate::finding::{Finding, RootKind, Sink};
use crate::format::action::{ActionDamage, ActionEntry, ActionOddity};
use crate::rule::{Fix, Kind, Level, Rule};
use crate::sample::Sample;

const SOURCE: &str = "cmd/go/internal/cache/cache.go (get, putIndexEntry)";

/// The rules of this file.
pub const RULES: &[&Rule] = &[&ACTION_MALFORMED, &ACTION_WRONG_NAME, &ACTION_ODD, &ACTION_FUTURE];

/// Go would not use the entry.
pub static ACTION_MALFORMED: Rule = Rule {
    id: "action-malformed",
    level: Level::Error,
    kind: Kind::Integrity,
    fix: Fix::Quarantine,
    summary: "an action entry has not the form that Go writes",
    what: "All 175 bytes of every `-a` file, as Go parses them. The file is looked at twice before this is told, since a running build \
           writes it in place.",
    why: "Go writes the entry in one call, so a damaged one comes from a full disk, a crash, a bad restore, or a hand. Go heals it in \
          silence: nobody else will tell you that something damages this cache.",
    go: "Takes it as a miss and builds the action again.",
    mend: "Move it away; the next build makes it afresh.",
    source: SOURCE,
    witness: |s| {
        let path = s.an_action()?;
        s.write(&path, b"v1 ")?;
        Ok(Sample::place(&path))
    },
};

/// The entry of another action.
pub static ACTION_WRONG_NAME: Rule = Rule {
    id: "action-wrong-name",
    level: Level::Error,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an action entry lies under the name of another action",
    what: "The action ID inside every `-a` file against its name.",
    why: "Somebody copied or renamed an entry: the attempt to make Go take the output of one action for that of another.",
    go: "Takes it as a miss and builds the action again.",
    mend: "Move it away; the next build makes it afresh.",
    source: SOURCE,
    witness: |s| {
        let path = s.an_action()?;
        let mut entry = crate::format::action::ActionId([7; 32]);
        entry.0[0] = 0;
        let other = ActionEntry { action: entry, output: crate::format::action::OutputId([1; 32]), size: 1, time_ns: 1 };
        s.write(&path, &other.render())?;
        Ok(Sample::place(&path))
    },
};

/// A spelling that Go accepts and never writes.
pub static ACTION_ODD: Rule = Rule {
    id: "action-odd-spelling",
    level: Level::Warning,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an action entry is spelled as Go never spells it",
    what: "Upper-case digits in IDs, zeros, signs or other padding before numbers: Go reads them and never writes them.",
    why: "Another program wrote this entry, and Go believes it.",
    go: "Uses the entry.",
    mend: "Move it away; the next build makes it afresh.",
    source: SOURCE,
    witness: |s| {
        let path = s.an_action()?;
        let text = String::from_utf8(crate::sys::read(&path, 1 << 10)?).map_err(std::io::Error::other)?;
        let (head, rest) = text.split_at(68);
        let (id, tail) = rest.split_at(64);
        s.write(&path, format!("{head}{}{tail}", id.to_uppercase()).as_bytes())?;
        Ok(Sample::place(&path))
    },
};

/// Put in the future.
pub static ACTION_FUTURE: Rule = Rule {
    id: "action-from-the-future",
    level: Level::Warning,
    kind: Kind::Tamper,
    fix: Fix::Quarantine,
    summary: "an action entry was put in the future",
    what: "The time of every action entry against the clock, with a day of tolerance.",
    why: "The clock of the machine that wrote it was wrong, or the entry is made up. Go declares test results void by this time \
          (`go clean -testcache`), so a result from the future never expires.",
    go: "Uses the entry.",
    mend: "Set the clock; move the entry away.",
    source: "cmd/go/internal/test/test.go (testExpireTime)",
    witness: |s| {
        let path = s.an_action()?;
        let text = String::from_utf8(crate::sys::read(&path, 1 << 10)?).map_err(std::io::Error::other)?;
        s.write(&path, format!("{}{:>20}\n", text.get(..154).unwrap_or(""), 4_102_444_800_000_000_000i64).as_bytes())?;
        Ok(Sample::place(&path))
    },
};

/// Nanoseconds of tolerance for clocks that differ.
pub(super) const TOLERANCE_NS: i128 = 86_400 * 1_000_000_000;

/// Whether an entry says that it was put in the future.
pub fn is_from_the_future(entry: &ActionEntry, now_ns: i128) -> bool {
    i128::from(entry.time_ns) > now_ns + TOLERANCE_NS
}

/// Judges one action entry by itself.
pub fn local(root: &Path, seen: &ActionSeen, now_ns: i128, sink: &mut Sink) {
    let rel = action_path(seen.id);
    let find = |rule, message: String| Finding::at(rule, RootKind::Gocache, &root.join(&rel), seen.id.to_string(), message);
    match &seen.entry {
        Err(ActionDamage::Name(inside)) => sink.push(
            find(&ACTION_WRONG_NAME, format!("holds the entry of another action, `{inside}`"))
                .claims(seen.id.to_string(), inside.to_string())
                .claimed_by("the entry's name"),
        ),
        Err(damage) => {
            sink.push(
                find(&ACTION_MALFORMED, format!("is no action entry: {damage}"))
                    .claims("175 bytes `v1 ID ID SIZE TIME`", damage.to_string()),
            );
        }
        Ok((entry, oddity)) => {
            let spelling = match oddity {
                Some(ActionOddity::UpperCase) => Some("an ID has upper-case digits"),
                Some(ActionOddity::Number) => Some("a number is not padded with blanks alone"),
                None => None,
            };
            if let Some(spelling) = spelling {
                let message = format!("is spelled as Go never does: {spelling}; Go believes it all the same");
                sink.push(find(&ACTION_ODD, message).claims("as Go writes it", spelling));
            }
            if is_from_the_future(entry, now_ns) {
                let message = "was put in the future, by its own account".to_owned();
                sink.push(
                    find(&ACTION_FUTURE, message)
                        .claims(format!("at most {now_ns}"), entry.time_ns.to_string())
                        .claimed_by("this machine's clock"),
                );
            }
        }
    }
}
