//! Named schemas (JSON Schema 2020-12) that refer to one another, made of Rust types.
//!
//! What is read and what is written can differ (a field may be absent, and is always written),
//! so each direction is told apart; a type that is the same in both has one definition.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// Where references point within a schema that stands alone.
const WITHIN: &str = "#/$defs/";

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Schemas by name.
#[derive(Default)]
pub struct Definitions {
    named: BTreeMap<String, Value>,
    /// Names under which schemas are published; the others are parts of them.
    published: BTreeSet<String>,
}

impl Definitions {
    /// A type as the server reads it.
    pub fn read<T: JsonSchema>(&mut self) -> Value {
        self.take::<T>(SchemaSettings::draft2020_12().for_deserialize())
    }

    /// A type as the server writes it.
    pub fn written<T: JsonSchema>(&mut self) -> Value {
        self.take::<T>(SchemaSettings::draft2020_12().for_serialize())
    }

    fn take<T: JsonSchema>(&mut self, settings: SchemaSettings) -> Value {
        let mut generator: SchemaGenerator = settings.into_generator();
        let schema = generator.subschema_for::<T>().to_value();
        for (name, schema) in generator.take_definitions(true) {
            let before = self.named.insert(name.clone(), schema.clone());
            assert!(
                before.is_none_or(|before| before == schema),
                "two schemas are called {name}"
            );
        }
        schema
    }

    /// Publishes a schema under a name, and refers to it.
    pub fn publish(&mut self, name: impl Into<String>, schema: Value) -> Value {
        let name = name.into();
        let before = self.named.insert(name.clone(), schema);
        assert!(before.is_none(), "two schemas are called {name}");
        let reference = refer(&name);
        self.published.insert(name);
        reference
    }

    /// Publishes the schema of a type under the type's name, and refers to it.
    pub fn publish_written<T: JsonSchema>(&mut self) -> Value {
        let reference = self.written::<T>();
        self.published.insert(T::schema_name().into_owned());
        reference
    }

    /// The definition that a reference of ours means; any other schema as it is.
    pub fn resolve(&self, schema: &Value) -> Value {
        let name = schema["$ref"]
            .as_str()
            .and_then(|to| to.strip_prefix(WITHIN));
        name.and_then(|name| self.named.get(name))
            .unwrap_or(schema)
            .clone()
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.named.get(name)
    }

    /// Changes a definition.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        if let Some(schema) = self.named.get_mut(name) {
            change(schema);
        }
    }

    /// Names of what is published.
    pub fn published(&self) -> impl Iterator<Item = &str> {
        self.published.iter().map(String::as_str)
    }

    /// All definitions, as parts of a document that keeps them under `prefix`.
    pub fn under(&self, prefix: &str) -> Map<String, Value> {
        let moved = self.named.iter().map(|(name, schema)| {
            let mut schema = schema.clone();
            redirect(&mut schema, prefix);
            (name.clone(), schema)
        });
        moved.collect()
    }

    /// A published schema with all that it refers to, for `$id` as its address.
    pub fn document(&self, name: &str, id: &str) -> Option<Value> {
        let schema = self.named.get(self.published.get(name)?)?;
        let mut parts = BTreeMap::new();
        self.gather(schema, &mut parts);
        let mut document = json!({ "$schema": DIALECT, "$id": id });
        let fields = document.as_object_mut().expect("an object");
        fields.extend(schema.as_object().expect("our schemas are objects").clone());
        if !parts.is_empty() {
            fields.insert("$defs".to_owned(), json!(parts));
        }
        Some(document)
    }

    fn gather<'d>(&'d self, schema: &'d Value, parts: &mut BTreeMap<&'d str, &'d Value>) {
        match schema {
            Value::Object(fields) => {
                let to = fields.get("$ref").and_then(Value::as_str);
                let to = to.and_then(|to| to.strip_prefix(WITHIN));
                if let Some((name, part)) = to.and_then(|to| self.named.get_key_value(to))
                    && parts.insert(name, part).is_none()
                {
                    self.gather(part, parts);
                }
                fields.values().for_each(|value| self.gather(value, parts));
            }
            Value::Array(values) => values.iter().for_each(|value| self.gather(value, parts)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// A reference to a definition.
pub fn refer(name: &str) -> Value {
    json!({ "$ref": format!("{WITHIN}{name}") })
}

/// Points references to where a document keeps its definitions.
pub fn redirect(schema: &mut Value, prefix: &str) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(to)) = fields.get_mut("$ref")
                && let Some(name) = to.strip_prefix(WITHIN)
            {
                *to = format!("{prefix}{name}");
            }
            for value in fields.values_mut() {
                redirect(value, prefix);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| redirect(value, prefix)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An object with exactly these fields, all of them there.
pub fn object(fields: &[(&str, Value)]) -> Value {
    let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<_, _> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({ "type": "object", "properties": properties, "required": names })
}
