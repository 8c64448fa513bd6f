//! Whole outputs, kept as snapshots in tests/snapshots; `UPDATE_SNAPSHOTS=1 cargo test --test report` accepts new ones.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use std::path::PathBuf;

use gocachescan::cli::Exit;
use gocachescan::report::human::{Detail, Look};
use gocachescan::report::{Report, facts, human, json, schema};
use gocachescan::rule::Level;
use serde_json::Value;
use support::{reports, snapshot};

fn look(width: usize, detail: Detail) -> Look {
    Look { width, color: false, shorten: true, home: Some(PathBuf::from(reports::HOME)), detail }
}

fn shown(report: &Report, look: &Look) -> String {
    let mut out = Vec::new();
    human::write(report, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("healthy", reports::healthy()),
        ("wrong", reports::wrong()),
        ("many", reports::many()),
        ("hostile", reports::hostile()),
        ("incomplete", reports::incomplete()),
        ("nothing", reports::nothing()),
        ("fixed", reports::fixed()),
        ("planned", reports::planned()),
        ("pruned", reports::pruned()),
    ]
}

#[test]
fn people_see() {
    for (name, report) in all() {
        for width in [80, 140] {
            snapshot(&format!("{name}-{width}.txt"), &shown(&report, &look(width, Detail::Normal)));
        }
    }
}

#[test]
fn people_see_what_they_ask_for() {
    let plain = Look::plain(None, Detail::Normal);
    snapshot("wrong-file.txt", &shown(&reports::wrong(), &plain));
    snapshot("wrong-verbose.txt", &shown(&reports::wrong(), &look(80, Detail::Verbose)));
    snapshot("wrong-quiet.txt", &shown(&reports::wrong(), &look(80, Detail::Quiet)));
    let colored = Look { color: true, ..look(80, Detail::Normal) };
    snapshot("wrong-color.txt", &shown(&reports::wrong(), &colored).replace('\x1b', "ESC"));
    assert_eq!(shown(&reports::healthy(), &look(80, Detail::Quiet)), "");
    let whole = shown(&reports::many(), &look(80, Detail::Verbose));
    assert!(whole.contains("f1206.go") && !whole.contains("more: `--verbose`"));
}

#[test]
fn a_terminal_gets_no_line_that_is_too_wide_but_for_a_command_and_no_control_character() {
    for (name, report) in all() {
        for width in [80, 140] {
            for line in shown(&report, &look(width, Detail::Normal)).lines() {
                let columns = gocachescan::report::text::columns(line);
                assert!(
                    columns <= width || line.trim_start().starts_with("mend: "),
                    "{name} at {width}: {columns} columns: {line}"
                );
                assert!(!line.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{name}: {line:?}");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    for (_, report) in all() {
        let plain = shown(&report, &look(80, Detail::Normal));
        let mut bare = shown(&report, &Look { color: true, ..look(80, Detail::Normal) });
        for code in ["\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m", "\x1b[36m", "\x1b[0m"] {
            bare = bare.replace(code, "");
        }
        assert_eq!(bare, plain);
    }
}

#[test]
fn no_report_calls_a_hash_that_lies_beside_a_proof() {
    for (name, report) in all() {
        for detail in [Detail::Normal, Detail::Verbose] {
            let text = shown(&report, &look(140, detail));
            assert!(!text.contains("verified"), "{name}");
            for line in text.lines().filter(|l| l.contains("proven by")) {
                assert!(!line.contains("themselves") && !line.contains("555"), "{name}: {line}");
            }
        }
    }
}

#[test]
fn machines_read() {
    let schema: Value = serde_json::from_str(schema::TEXT).unwrap();
    for (name, report) in all() {
        let mut out = Vec::new();
        json::write(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(support::schema::problems(&schema, "", &value), Vec::<String>::new(), "{name}");
        if name != "many" {
            snapshot(&format!("{name}.json"), &text);
        }

        let mut out = Vec::new();
        json::write_lines(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        for line in &lines {
            assert_eq!(support::schema::problems(&schema, "/$defs/line", line), Vec::<String>::new(), "{name}: {line}");
        }
        assert_eq!(lines.first().unwrap()["type"], "header");
        assert_eq!(lines.last().unwrap()["type"], "done");
        let findings: Vec<Value> = lines.iter().filter(|l| l["type"] == "finding").cloned().collect();
        let same: Vec<Value> = findings
            .into_iter()
            .map(|mut f| {
                f.as_object_mut().unwrap().remove("type");
                f
            })
            .collect();
        assert_eq!(Value::Array(same), value["findings"], "{name}: the lines and the object differ");
        if name == "wrong" {
            snapshot("wrong.jsonl", &text);
        }
    }
}

#[test]
fn facts_end_with_done() {
    let schema: Value = serde_json::from_str(schema::TEXT).unwrap();
    let mut out = Vec::new();
    facts::write(&Report { facts: reports::facts(), ..reports::healthy() }, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(support::schema::problems(&schema, "/$defs/fact", &value), Vec::<String>::new(), "{line}");
    }
    snapshot("facts.jsonl", &text);
}

#[test]
fn the_schema_can_fail() {
    let schema: Value = serde_json::from_str(schema::TEXT).unwrap();
    let mut out = Vec::new();
    json::write(&reports::wrong(), &mut out).unwrap();
    let good: Value = serde_json::from_slice(&out).unwrap();
    for (pointer, bad) in [
        ("/complete", Value::from("yes")),
        ("/findings/0/level", Value::from("critical")),
        ("/findings/0/fingerprint", Value::from("x")),
        ("/findings/0/evidence/line", Value::from(0)),
        ("/findings/2/mend", serde_json::json!({"command": []})),
        ("/roots/0/state", Value::Null),
        ("/counts", serde_json::json!({})),
        ("/trust/modules", serde_json::json!({"verified": 1})),
    ] {
        let mut value = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        value.pointer_mut(parent).unwrap()[key] = bad;
        assert_ne!(support::schema::problems(&schema, "", &value), Vec::<String>::new(), "{pointer}");
    }
}

#[test]
fn exit_codes_follow_the_report() {
    let warning = Some(Level::Warning);
    let code = |report: &Report, fail_on, allow_empty| Exit::of_report(report, fail_on, allow_empty).code();
    assert_eq!(code(&reports::healthy(), warning, false), 0);
    assert_eq!(code(&reports::wrong(), warning, false), 1);
    assert_eq!(code(&reports::wrong(), None, false), 0);
    assert_eq!(code(&reports::incomplete(), warning, false), 3);
    assert_eq!(code(&reports::incomplete(), warning, true), 3, "--allow-empty accepts nothing else");
    assert_eq!(code(&reports::nothing(), warning, false), 3);
    assert_eq!(code(&reports::nothing(), warning, true), 0);
    let both = Report { complete: false, ..reports::wrong() };
    assert_eq!(code(&both, warning, false), 1, "a finding outweighs what was not read");
    assert_eq!(code(&both, None, false), 3);
    let mut warnings = reports::wrong();
    warnings.findings.retain(|f| f.level <= Level::Warning);
    assert_eq!(code(&warnings, Some(Level::Error), false), 0);
    assert_eq!(code(&warnings, warning, false), 1);
    warnings.findings.retain(|f| f.level == Level::Note);
    assert_eq!(code(&warnings, warning, false), 0);
    assert_eq!(code(&warnings, Some(Level::Note), false), 1);
    assert_eq!(code(&reports::fixed(), warning, false), 4, "something planned was not done");
    assert_eq!(code(&reports::fixed(), None, false), 4);
    assert_eq!(code(&reports::planned(), warning, false), 1, "a dry run leaves what is found");
    let mut done = reports::fixed();
    for step in &mut done.fix.as_mut().unwrap().steps {
        (step.done, step.error) = (true, None);
    }
    assert_eq!(code(&done, warning, false), 0);
    let mut absent = reports::healthy();
    absent.roots[0].origin = gocachescan::locate::Source::Flag;
    absent.roots[0].state = gocachescan::report::RootState::Absent;
    assert_eq!(code(&absent, warning, false), 3, "a place that a flag names must be there");
    assert_eq!(code(&absent, warning, true), 0);
}
