//! The part of JSON Schema that our schema uses. A keyword that is not known here is an error, so that none is passed over;
//! and, stricter than JSON Schema, so is a member that the schema does not name: the schema must tell of all there is.

use serde_json::{Map, Value};

/// Everything in `value` that the schema at `pointer` of `root` does not allow.
pub fn problems(root: &Value, pointer: &str, value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let schema = root.pointer(pointer).unwrap_or_else(|| panic!("no schema at {pointer}"));
    check(root, schema, value, "$", &mut out);
    out
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
    let schema = schema.as_object().unwrap();
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (keyword, wanted) in schema {
        let ok = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" => true,
            "$ref" => {
                let target = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                check(root, root.pointer(target).unwrap(), value, at, out);
                true
            }
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|t| is(value, t.as_str().unwrap())),
                t => is(value, t.as_str().unwrap()),
            },
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|n| n >= wanted.as_f64().unwrap()),
            "minItems" => value.as_array().is_none_or(|a| a.len() as u64 >= wanted.as_u64().unwrap()),
            "pattern" => value.as_str().is_none_or(|s| pattern(wanted.as_str().unwrap(), s)),
            "required" => {
                for name in wanted.as_array().unwrap() {
                    if value.as_object().is_some_and(|o| !o.contains_key(name.as_str().unwrap())) {
                        out.push(format!("{at}: {name} is missing"));
                    }
                }
                true
            }
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}[{i}]"), out);
                }
                true
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    match properties.get(name) {
                        Some(schema) => check(root, schema, member, &format!("{at}.{name}"), out),
                        None => out.push(format!("{at}: {name} is not in the schema")),
                    }
                }
                true
            }
            "additionalProperties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    if !properties.contains_key(name) {
                        check(root, wanted, member, &format!("{at}.{name}"), out);
                    }
                }
                true
            }
            "anyOf" => {
                let tries: Vec<Vec<String>> = (wanted.as_array().unwrap().iter())
                    .map(|s| {
                        let mut found = Vec::new();
                        check(root, s, value, at, &mut found);
                        found
                    })
                    .collect();
                if tries.iter().all(|t| !t.is_empty()) {
                    out.extend(tries.into_iter().min_by_key(Vec::len).unwrap());
                }
                true
            }
            other => panic!("the keyword {other} is not known"),
        };
        if !ok {
            out.push(format!("{at}: {value} breaks {keyword} {wanted}"));
        }
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known"),
    }
}

fn pattern(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[0-9a-f]{32}$" => text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        "^[a-z0-9]+(-[a-z0-9]+)*$" => {
            text.split('-').all(|p| !p.is_empty() && p.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'z')))
        }
        other => panic!("the pattern {other} is not known"),
    }
}
