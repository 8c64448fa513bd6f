//! Settings of VS Code (JSON with comments and commas at the end: code.visualstudio.com/docs/languages/json), read by the crate
//! `jsonc-parser`; each top-level setting keeps its line.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

use super::LIMIT;

/// A top-level setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key, such as `go.toolsEnvVars`.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// The line of the key, from 1.
    pub line: u32,
    /// The keys within it, where it is an object, each with its line.
    pub inner: Vec<(String, u32)>,
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong, in the parser's words.
    pub why: String,
    /// The line, from 1.
    pub line: u32,
}

/// The settings in the order of the file. Of a key that stands twice VS Code takes the last. An empty file has none.
pub fn parse(bytes: &[u8]) -> Result<Vec<Setting>, Malformed> {
    if bytes.len() > LIMIT {
        return Err(Malformed { why: "longer than settings are".to_owned(), line: 1 });
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // VS Code goes on behind a missing comma; it takes none of the rest of JSON5.
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_missing_commas: true,
        allow_loose_object_property_names: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let newlines: Vec<usize> = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i).collect();
    let line = |offset: usize| u32::try_from(newlines.partition_point(|n| *n < offset)).map_or(u32::MAX, |n| n.saturating_add(1));
    let ast = parse_to_ast(text, &CollectOptions::default(), &options)
        .map_err(|e| Malformed { why: e.kind().to_string(), line: line(e.range().start) })?;
    let object = match ast.value {
        None => return Ok(Vec::new()),
        Some(ast::Value::Object(object)) => object,
        Some(other) => return Err(Malformed { why: "not an object".to_owned(), line: line(other.range().start) }),
    };
    let setting = |p: &ast::ObjectProp| Setting {
        key: p.name.as_str().to_owned(),
        value: json(&p.value),
        line: line(p.range.start),
        inner: p
            .value
            .as_object()
            .map_or(Vec::new(), |o| o.properties.iter().map(|p| (p.name.as_str().to_owned(), line(p.range.start))).collect()),
    };
    Ok(object.properties.iter().map(setting).collect())
}

/// The parser goes no deeper than 512, so neither does this.
fn json(value: &ast::Value) -> Value {
    match value {
        ast::Value::StringLit(s) => Value::String(s.value.to_string()),
        // What is no number to JSON stays as it is written.
        ast::Value::NumberLit(n) => serde_json::from_str(n.value).unwrap_or_else(|_| Value::String(n.value.to_owned())),
        ast::Value::BooleanLit(b) => Value::Bool(b.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(a) => Value::Array(a.elements.iter().map(json).collect()),
        ast::Value::Object(o) => {
            Value::Object(o.properties.iter().map(|p| (p.name.as_str().to_owned(), json(&p.value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_commas_and_lines() {
        let text = "\u{feff}// mine\n{\n  /* a\n  b */ \"go.gopath\": \"/go\", // c\n  \"go.toolsEnvVars\": {\n    \"GOFLAGS\": \"-mod=mod\",\n    \"N\": 1.5, \"L\": [true, null,],\n  },\n}\n";
        let got = parse(text.as_bytes()).unwrap();
        assert_eq!((got[0].key.as_str(), got[0].line, &got[0].value), ("go.gopath", 4, &Value::from("/go")));
        assert_eq!((got[1].key.as_str(), got[1].line), ("go.toolsEnvVars", 5));
        assert_eq!(got[1].value, serde_json::json!({"GOFLAGS": "-mod=mod", "N": 1.5, "L": [true, null]}));
        assert_eq!(got[1].inner[0], ("GOFLAGS".to_owned(), 6));
        assert_eq!(parse(b" // nothing\n").unwrap(), []);
        assert_eq!(parse(b"{\n\"a\": ,\n}").unwrap_err().line, 2);
        assert!(parse(b"[1]").is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err(), "no stack is overrun");
    }
}
