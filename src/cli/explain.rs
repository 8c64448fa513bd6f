//! `gocachescan explain`: what a rule means, from the rule itself.

use std::fmt::Write as _;

use serde::Serialize;

use super::args::{ExplainArgs, Table};
use super::{Exit, scan, terminal};
use crate::check;
use crate::error::Error;
use crate::report::{schema, text};
use crate::rule::Rule;

/// Columns of an explanation: prose is read best in lines of this length.
const WIDTH: usize = 80;

/// Topics that are no rules.
const TOPICS: &[(&str, &str, &[&str])] = &[
    (
        "trust",
        "how far a proof reaches",
        &[
            "A module's trust is the strongest of these that its zip equals (its directory where there is no zip, its `.mod` where there is neither). One of \
             which any part is damaged has none.",
            "  sumdb    The checksum database's signed tree has this very module: everybody who asks it gets the same, and it has never changed since. \
             Proven from tiles and tree heads on this disk, and with --online from what is fetched. Stops who writes to the caches, a false proxy, and a \
             go.sum that was changed along. Does not stop an author or a publisher's server that was malicious on the first day.",
            "  go.sum   It equals the line of the main module that --main-module names. Stops who writes to the caches and not to that file. Does not stop \
             a go.sum that was made from a changed module, or changed with it: it is as good as the repository that it comes from.",
            "  ziphash  It agrees with the hash that lies beside it, and with nothing else. Stops accidents: a cut-off write, a bad disk. Does not stop \
             anybody who writes on purpose: who can change the zip can change the hash.",
            "  none     Nothing to hold it to.",
            "What GOSUMDB=off, GONOSUMDB or GOPRIVATE exempts is never counted as sumdb. `--require-trust sumdb` or `go.sum` makes less a finding, for exempted \
             modules too: list private ones in a go.sum and require `go.sum`.",
            "An output of the build cache has one of these:",
            "  build-id  The content ID inside it fits its bytes. Stops damage, and careless changes. Does not stop who computes the ID anew.",
            "  sha256    Its bytes have the sha256 in its name. Stops damage. Does not stop who gives the changed file its new name.",
            "  none      Its bytes are not those of its name.",
            "A binary is held by its content ID, as an output is, and each module in it by the strongest claim that equals the sum in its build info. That says \
             which sources it names, not that it was built from them: a rebuild tells.",
            "So `intact` means: it holds to every claim about it. Who rewrites an action entry and its output coherently, or a zip, its hash and its tree, passes \
             every check but those of sumdb and go.sum. The lines `proven by` and `not proven` of a report tell the two apart.",
        ],
    ),
    (
        "levels",
        "what error, warning and note mean",
        &[
            "  error    the content is not what it must be, or someone else may change it",
            "  warning  a protection is off or weakened",
            "  note     unusual, harmless",
            "A cache that any Go from 1.21 on left, in whatever state, gives no error and no warning by itself: neither while a build \
             writes to it, nor after a kill, a trim or a clean-up.",
        ],
    ),
    (
        "formats",
        "what the formats of a report hold",
        &[
            "  human  for people: findings, what could not be read, a line for each place, the answer last",
            "  json   one object; `gocachescan explain --schema` prints its JSON Schema",
            "  jsonl  one object a line, its `type` first: header, then setting, root, finding and unread as often as there are any, \
             and done last: without that line the report was cut off. Their members are those of the same things in json ($defs/line of the schema)",
            "--facts FILE writes what was learned of every zip, tree, .mod file, action entry, output and binary, intact or not, one object a \
             line, its `kind` first; the last is done ($defs/fact of the schema).",
            "A path that is no UTF-8 has its odd bytes, and %, written as %XX, and `path_escaped`: true beside it. Members may be added; \
             `schema_version` grows only when one changes.",
        ],
    ),
    (
        "exit-codes",
        "what the exit codes mean",
        &[
            "  0  the scan is complete and no finding reaches --fail-on",
            "  1  at least one finding reaches --fail-on",
            "  2  wrong usage, or an input that is not what it claims to be; one line on standard error says how to mend it",
            "  3  no such finding, but something could not be read or changed while it was, a place that a flag names is not there, or \
             there was nothing to scan; --allow-empty accepts the last two",
            "  4  --fix or prune could not do all that it planned; what was not done is listed, and nothing is lost",
            "They are the same for every format. A report that is cut off by a closed pipe ends quietly and keeps its code.",
        ],
    ),
];

/// Prints a rule, a topic, the catalogue or the schema.
pub(super) fn run(args: &ExplainArgs) -> Result<Exit, Error> {
    let page = if args.schema {
        schema::TEXT.to_owned()
    } else {
        match (&args.rule, args.format) {
            (None, Table::Human) => catalogue(),
            (None, Table::Json) => to_json(&check::catalogue().map(RuleView::of).collect::<Vec<_>>())?,
            (Some(name), format) => one(name, format)?,
        }
    };
    terminal::print(|out| out.write_all(page.as_bytes()))?;
    Ok(Exit::Clean)
}

fn one(name: &str, format: Table) -> Result<String, Error> {
    if let (Some((_, _, lines)), Table::Human) = (TOPICS.iter().find(|(topic, ..)| *topic == name), format) {
        let mut out = String::new();
        for line in *lines {
            entry(&mut out, line);
        }
        return Ok(out);
    }
    scan::require_rule(name)?;
    match (check::rule(name), format) {
        (Some(rule), Table::Human) => Ok(explain(rule)),
        (Some(rule), Table::Json) => to_json(&RuleView::of(rule)),
        (None, _) => Ok(String::new()),
    }
}

/// A paragraph; one that is indented keeps its first words as a column.
fn entry(out: &mut String, line: &str) {
    let Some(row) = line.strip_prefix("  ") else {
        for l in text::wrap(line, WIDTH) {
            let _ = writeln!(out, "{l}");
        }
        return;
    };
    let (label, rest) = row.split_once("  ").unwrap_or(("", row));
    let rest = rest.trim_start();
    let column = row.len() - rest.len() + 2;
    for (i, l) in text::wrap(rest, WIDTH.saturating_sub(column)).iter().enumerate() {
        let _ = writeln!(out, "  {:1$}{l}", if i == 0 { label } else { "" }, column.saturating_sub(2));
    }
}

/// Every rule in a line of its own, by the file that holds them.
fn catalogue() -> String {
    let mut out = String::new();
    let width = check::catalogue().map(|r| r.id.len()).max().unwrap_or(0);
    for r in check::catalogue() {
        let left = format!("{:7}  {:width$}  ", r.level.as_str(), r.id);
        for (i, l) in text::wrap(r.summary, WIDTH.saturating_sub(left.len()).max(32)).iter().enumerate() {
            let _ = writeln!(out, "{}{l}", if i == 0 { left.clone() } else { " ".repeat(left.len()) });
        }
    }
    let topics: Vec<&str> = TOPICS.iter().map(|(name, ..)| *name).collect();
    let rules = u64::try_from(check::catalogue().count()).unwrap_or(u64::MAX);
    let _ = writeln!(
        out,
        "\n{}. `gocachescan explain RULE` explains one; topics: {}",
        text::count(rules, "rule", "rules"),
        topics.join(", ")
    );
    out
}

/// One rule for people.
fn explain(rule: &Rule) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}: {}", rule.id, rule.summary);
    let _ = writeln!(out, "{}, about {}; repair: {}", rule.level, rule.kind, rule.fix);
    let parts = [
        ("What is checked", rule.what),
        ("Why it matters", rule.why),
        ("What Go does by itself", rule.go),
        ("How to mend it", rule.mend),
        ("Where Go's behaviour can be read", rule.source),
    ];
    for (title, part) in parts.into_iter().filter(|(_, p)| !p.is_empty()) {
        let _ = writeln!(out, "\n{title}");
        for l in text::wrap(part, WIDTH - 2) {
            let _ = writeln!(out, "  {l}");
        }
    }
    out
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value);
    text.map(|t| t + "\n").map_err(|e| Error::io("write to", "standard output".as_ref(), e.into()))
}

#[derive(Serialize)]
struct RuleView {
    id: &'static str,
    level: &'static str,
    kind: &'static str,
    fix: &'static str,
    summary: &'static str,
    what: &'static str,
    why: &'static str,
    go: &'static str,
    mend: &'static str,
    source: &'static str,
}

impl RuleView {
    fn of(r: &Rule) -> RuleView {
        RuleView {
            id: r.id,
            level: r.level.as_str(),
            kind: r.kind.as_str(),
            fix: r.fix.as_str(),
            summary: r.summary,
            what: r.what,
            why: r.why,
            go: r.go,
            mend: r.mend,
            source: r.source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_and_topic_is_explained() {
        for rule in check::catalogue() {
            let text = one(rule.id, Table::Human).unwrap();
            assert!(text.starts_with(&format!("{}: ", rule.id)) && text.contains("Why it matters"), "{text}");
            assert!(catalogue().contains(rule.id));
        }
        for (topic, ..) in TOPICS {
            let text = one(topic, Table::Human).unwrap();
            assert!(text.lines().all(|l| text::columns(l) <= WIDTH), "{text}");
            assert!(catalogue().contains(topic));
        }
    }

    #[test]
    fn no_rule_speaks_of_a_flag_that_there_is_not() {
        let main = <super::super::args::Cli as clap::CommandFactory>::command();
        let known: Vec<String> = std::iter::once(&main)
            .chain(main.get_subcommands())
            .flat_map(|c| c.get_arguments().filter_map(|a| a.get_long()).map(|l| format!("--{l}")))
            .collect();
        for rule in check::catalogue() {
            for part in [rule.what, rule.why, rule.mend] {
                let quoted = part.split('`').skip(1).step_by(2).filter(|q| q.starts_with("gocachescan") || q.starts_with("--"));
                for word in quoted.flat_map(|q| q.split(' ')).filter(|w| w.starts_with("--")) {
                    assert!(known.iter().any(|k| k == word), "{}: {word}", rule.id);
                }
            }
        }
    }

    #[test]
    fn a_rule_that_is_none_is_told() {
        assert!(matches!(one("no-such-rule", Table::Human), Err(Error::Usage(_))));
    }
}
