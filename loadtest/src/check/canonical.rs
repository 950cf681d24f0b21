//! A digest of what a JSON text says, whatever its spaces, the order of its keys and the spelling
//! of its numbers.

use std::fmt::Write;

use serde_json::Value;

use crate::history::digest;

pub fn said(value: &Value) -> u64 {
    let mut text = String::new();
    spell(value, &mut text);
    digest(text.as_bytes())
}

fn spell(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, field) in fields {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                spell(field, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                spell(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Number(number) => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0);
            match whole.filter(|number| number.abs() < 9e15) {
                Some(whole) => write!(text, "{whole:.0}"),
                None => write!(text, "{number}"),
            }
            .expect("a text takes all");
        }
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_by(text: &str) -> u64 {
        said(&serde_json::from_str(text).expect("JSON"))
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_that_of_items_does() {
        assert_eq!(
            said_by(r#"{"a":1,"b":[1.0,2]}"#),
            said_by(r#"{ "b":[1,2],"a":1.0 }"#)
        );
        assert_ne!(said_by("[1,2]"), said_by("[2,1]"));
        assert_ne!(said_by(r#"{"a":null}"#), said_by("{}"));
        assert_ne!(said_by(r#"["a,b"]"#), said_by(r#"["a","b"]"#));
        assert_ne!(said_by("1.5"), said_by("1"));
    }
}
