//! The JSON that programs on hosts print, as far as their versions agree on it.

use serde_json::{Map, Value};

use crate::base::{Error, Kind, Result};

pub type Object = Map<String, Value>;

/// The objects of a text: of one array, or one after another; those before the place where the text was cut.
///
/// Errors: there is a mistake before the first of them.
pub fn objects(text: &str) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    let mut values = serde_json::Deserializer::from_str(begun(text)).into_iter::<Value>();
    loop {
        match values.next() {
            Some(Ok(Value::Object(object))) => objects.push(object),
            Some(Ok(Value::Array(items))) => objects.extend(items.into_iter().filter_map(object)),
            Some(Ok(_)) => {}
            Some(Err(_)) if objects.is_empty() => return Err(no_json()),
            Some(Err(_)) | None => return Ok(objects),
        }
    }
}

/// The first of some members that has a value: a text, a number, or a list of them.
pub fn text(object: &Object, names: &[&str]) -> String {
    let value = |name: &&str| object.get(*name).and_then(written).filter(|text| !text.is_empty());
    names.iter().find_map(value).unwrap_or_default()
}

fn no_json() -> Error {
    Error::new(Kind::Remote, "A program on the host was to print JSON, and printed something else")
}

/// The objects in a member, if it is a list.
pub fn list<'a>(object: &'a Object, name: &str) -> Option<impl Iterator<Item = &'a Object>> {
    object.get(name)?.as_array().map(|items| items.iter().filter_map(Value::as_object))
}

fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(crate::base::text::on_one_line(text, CELL_CHARS_MAX)),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => Some(items.iter().filter_map(written).collect::<Vec<_>>().join(", ")),
        Value::Object(_) | Value::Null | Value::Bool(_) => None,
    }
}

/// No cell of a list is longer; a container may have thousands of ports.
const CELL_CHARS_MAX: usize = 1_000;

/// From the first line that can be JSON: some versions warn on stdout before they print.
fn begun(text: &str) -> &str {
    let mut rest = text;
    while !rest.trim_start().starts_with(['[', '{']) {
        let Some((_, behind)) = rest.split_once('\n') else { return "" };
        rest = behind;
    }
    rest
}

fn object(value: Value) -> Option<Object> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn arrays_and_lines_are_alike() {
        for list in ["[{\"a\":1},{\"a\":\"b\"}]", "{\"a\":1}\n{\"a\":\"b\"}\n", "x\n{\"a\":1}{\"a\":\"b\"}"] {
            let objects = objects(list).unwrap();
            let texts: Vec<_> = objects.iter().map(|object| text(object, &["z", "a"])).collect();
            assert_eq!(texts.join(","), "1,b", "{list}");
        }
        assert_eq!(objects("{\"a\":1}\n{\"a").unwrap().len(), 1);
        for nothing in ["null", "[]", "", "usage: x"] {
            assert_eq!(objects(nothing).unwrap().len(), 0, "{nothing}");
        }
        for broken in ["[{\"a\":1},", "{a"] {
            assert_eq!(objects(broken).unwrap_err().kind(), Kind::Remote, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}\":,a1\\\\\n ]{0,40}") {
            let _ = objects(&text);
        }
    }
}
