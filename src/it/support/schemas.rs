//! Published schemas as validators, closed: what a schema does not know is a fault, so that no
//! field leaves the server untold.

use std::sync::LazyLock;

use dashmap::DashMap;
use dispatch_hub::http::published::PUBLISHED;
use jsonschema::{Validator, draft202012};
use serde_json::Value;

static VALIDATORS: LazyLock<DashMap<String, Validator>> = LazyLock::new(DashMap::new);

/// Panics unless the value is as the schema of this name says, and says no more.
pub(crate) fn assert_is(name: &str, value: &Value) {
    let validator = VALIDATORS
        .entry(name.to_owned())
        .or_insert_with(|| closed(name))
        .downgrade();
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "not {name}: {faults:?}\n{value:#}");
}

fn closed(name: &str) -> Validator {
    let definitions = &PUBLISHED.contracts.definitions;
    let document = definitions.document(name, &format!("test:{name}"));
    let mut document = document.unwrap_or_else(|| panic!("no schema is called {name}"));
    close(&mut document);
    draft202012::options()
        .should_validate_formats(true)
        .build(&document)
        .unwrap_or_else(|fault| panic!("{name} is not a schema: {fault}"))
}

/// Adds to every object that lists its fields that there are no others.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
