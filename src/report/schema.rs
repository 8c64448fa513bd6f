//! The JSON Schema of the report, of a line of `jsonl` and of a line of `--facts`.

/// The schema, as `explain --schema` prints it. The report is its root; a line of `jsonl` is `$defs/line`, a line of
/// `--facts` is `$defs/fact`.
pub const TEXT: &str = include_str!("schema.json");
