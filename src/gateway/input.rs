//! JSON from outside, to types, once. A fault names the field it is in.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, value::RawValue};
use uuid::Uuid;

use crate::domain::{Command, Query, ids::CommandId};

/// What is wrong with an argument, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    pub field: String,
    pub reason: String,
}

impl Invalid {
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

/// Reads an object with fields as `T` has them.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Invalid> {
    let value: Value =
        serde_json::from_slice(text).map_err(|_| Invalid::new("body", "this is not JSON"))?;
    let Value::Object(fields) = value else {
        return Err(Invalid::new("body", "an object is expected"));
    };
    parse_with(&fields, |value| serde_json::from_value(value))
}

/// A command's envelope: its id and its parameters. Over HTTP the id may come beside the body.
pub fn command(
    kind: &str,
    data: Option<&RawValue>,
    id_beside: Option<&str>,
) -> Option<Result<(CommandId, Command), Invalid>> {
    if !Command::KINDS.contains(&kind) {
        return None;
    }
    Some(envelope(kind, data, id_beside))
}

/// A query with its parameters; `None` where there is none of this name.
pub fn query(kind: &str, data: Option<&RawValue>) -> Option<Result<Query, Invalid>> {
    let known = Query::KINDS.contains(&kind);
    known.then(|| query_of(kind, &object(data)?))
}

/// The same out of the query string of an address, where all is text. What is not accepted as text
/// but is a number, a truth value or a list of words apart by commas is taken as that.
pub fn query_text(kind: &str, pairs: Vec<(String, String)>) -> Option<Result<Query, Invalid>> {
    let known = Query::KINDS.contains(&kind);
    known.then(|| {
        let mut fields = Map::new();
        for (name, value) in pairs {
            if fields.insert(name.clone(), value.into()).is_some() {
                return Err(Invalid::new(name, "given twice"));
            }
        }
        loop {
            let invalid = match query_of(kind, &fields) {
                Ok(query) => return Ok(query),
                Err(invalid) => invalid,
            };
            let Some(Value::String(text)) = fields.get(&invalid.field).cloned() else {
                return Err(invalid);
            };
            let literal = match serde_json::from_str(&text) {
                Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
                Ok(_) | Err(_) => text.split(',').collect(),
            };
            fields.insert(invalid.field.clone(), literal);
            // What is as wrong as before was meant as the text it is.
            let again = query_of(kind, &fields).err();
            if again.is_some_and(|again| again.field == invalid.field) {
                return Err(invalid);
            }
        }
    })
}

fn query_of(kind: &str, fields: &Map<String, Value>) -> Result<Query, Invalid> {
    no_nulls(fields)?;
    parse_with(fields, |value| {
        Query::parse(kind, value).expect("the kind is one of ours")
    })
}

fn object(data: Option<&RawValue>) -> Result<Map<String, Value>, Invalid> {
    match data.map(|data| serde_json::from_str(data.get())) {
        Some(Ok(Value::Object(fields))) => Ok(fields),
        None => Ok(Map::new()),
        Some(_) => Err(Invalid::new("body", "an object is expected")),
    }
}

fn no_nulls(fields: &Map<String, Value>) -> Result<(), Invalid> {
    match fields.iter().find(|(_, value)| holds_null(value)) {
        Some((name, _)) => Err(Invalid::new(name, "a null character")),
        None => Ok(()),
    }
}

fn envelope(
    kind: &str,
    data: Option<&RawValue>,
    id_beside: Option<&str>,
) -> Result<(CommandId, Command), Invalid> {
    let mut fields = object(data)?;
    let id_within = fields.remove("command_id");
    let id = match (id_beside, &id_within) {
        (Some(beside), None) => beside,
        (None, Some(Value::String(within))) => within,
        (Some(beside), Some(Value::String(within))) if beside == within => beside,
        (Some(_), Some(_)) => {
            return Err(Invalid::new("command_id", "two ids that are not the same"));
        }
        (None, _) => return Err(Invalid::new("command_id", "a UUID version 7 is expected")),
    };
    let id = Uuid::try_parse(id)
        .map_err(|_| Invalid::new("command_id", "a UUID version 7 is expected"))?;
    no_nulls(&fields)?;
    let command = parse_with(&fields, |value| {
        Command::parse(kind, value).expect("the kind is one of ours")
    })?;
    Ok((CommandId(id), command))
}

/// The one character that the database cannot keep.
fn holds_null(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_null),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_null(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Parses, and finds the field at fault if that fails.
fn parse_with<T>(
    fields: &Map<String, Value>,
    parse: impl Fn(Value) -> Result<T, serde_json::Error>,
) -> Result<T, Invalid> {
    let error = match parse(Value::Object(fields.clone())) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error.to_string(),
    };
    let field = unknown(&error, fields)
        .or_else(|| missing(&error, fields, &parse))
        .or_else(|| blamed(&error, fields, &parse));
    Err(Invalid::new(
        field.unwrap_or_else(|| "body".to_owned()),
        error,
    ))
}

/// The name that a serde error begins with: "missing field `start`".
fn name_after<'e>(error: &'e str, fault: &str) -> Option<&'e str> {
    error.strip_prefix(fault)?.split('`').next()
}

/// A field that the command does not have. Within a field, the outer one is to blame.
fn unknown(error: &str, fields: &Map<String, Value>) -> Option<String> {
    let name = name_after(error, "unknown field `")?;
    fields.contains_key(name).then(|| name.to_owned())
}

/// A field that the command lacks. One that is missing within another field is told apart by
/// offering it: the command does not know it, or the error stays.
fn missing<T>(
    error: &str,
    fields: &Map<String, Value>,
    parse: &impl Fn(Value) -> Result<T, serde_json::Error>,
) -> Option<String> {
    let name = name_after(error, "missing field `")?;
    let mut offered = fields.clone();
    if offered.insert(name.to_owned(), Value::Null).is_some() {
        return None;
    }
    let still = parse(Value::Object(offered))
        .err()
        .map(|error| error.to_string());
    let within = still
        .is_some_and(|still| still == error || name_after(&still, "unknown field `") == Some(name));
    (!within).then(|| name.to_owned())
}

/// The field without which the error is another one.
fn blamed<T>(
    error: &str,
    fields: &Map<String, Value>,
    parse: &impl Fn(Value) -> Result<T, serde_json::Error>,
) -> Option<String> {
    fields
        .keys()
        .find(|name| {
            let mut others = fields.clone();
            others.remove(*name);
            parse(Value::Object(others)).map_or_else(|other| other.to_string() != error, |_| true)
        })
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn parsed(kind: &str, data: &Value, beside: Option<&str>) -> Result<Command, Invalid> {
        let raw = serde_json::value::to_raw_value(data).expect("JSON");
        command(kind, Some(&raw), beside)
            .expect("a command")
            .map(|(_, command)| command)
    }

    fn field(kind: &str, data: &Value) -> String {
        parsed(kind, data, None).expect_err("invalid").field
    }

    #[test]
    fn a_fault_names_its_field() {
        for (kind, data, expected) in [
            ("job.claim", json!({"command_id": ID}), "job"),
            ("job.claim", json!({"job": ID}), "command_id"),
            (
                "job.claim",
                json!({"command_id": 7, "job": ID}),
                "command_id",
            ),
            (
                "job.claim",
                json!({"command_id": "x", "job": ID}),
                "command_id",
            ),
            ("job.claim", json!({"command_id": ID, "job": 5}), "job"),
            ("job.claim", json!({"command_id": ID, "job": "x"}), "job"),
            (
                "job.claim",
                json!({"command_id": ID, "job": ID, "zone": 1}),
                "zone",
            ),
            ("job.claim", json!([]), "body"),
            (
                "customer.update",
                json!({"command_id": ID, "name": "a\u{0}", "expected_version": 9}),
                "name",
            ),
            (
                "hold.place",
                json!({"command_id": ID, "zone": "Center", "service": "standard",
                    "start": "2026-11-20T09:00:00Z"}),
                "zone",
            ),
            (
                "hold.place",
                json!({"command_id": ID, "zone": "center", "service": "standard", "start": "noon"}),
                "start",
            ),
            (
                "admin.zone_save",
                json!({"command_id": ID, "slug": "a", "name": "A", "polygon": [],
                    "time_zone": "UTC", "opening_hours": [null, null, null, null, null, null,
                    {"opens": 1}]}),
                "opening_hours",
            ),
        ] {
            assert_eq!(field(kind, &data), expected, "{kind} {data}");
        }
    }

    #[test]
    fn the_id_may_stand_beside_the_body_but_not_differ() {
        let other = "01890a5d-ac96-774b-bcce-b302099a8058";
        let body = json!({"job": ID});
        assert!(parsed("job.claim", &body, Some(ID)).is_ok());
        let both = json!({"job": ID, "command_id": ID});
        assert!(parsed("job.claim", &both, Some(ID)).is_ok());
        let fault = parsed("job.claim", &both, Some(other)).expect_err("two ids");
        assert_eq!(fault.field, "command_id");
    }

    #[test]
    fn a_query_string_is_text_but_for_what_must_be_a_number() {
        let pairs = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            let pairs = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            query_text("slots.nearest", pairs.collect()).expect("a query")
        };
        let start = ("start", "2026-11-20T09:00:00Z");
        // a zone may be called by a number
        let asked = pairs(&[("zone", "7"), ("service", "home"), start, ("limit", "5")]);
        let Ok(Query::NearestSlots(asked)) = asked else {
            panic!("{asked:?}");
        };
        assert_eq!((asked.zone.as_str(), asked.limit), ("7", Some(5)));
        for (faulty, field) in [
            (("limit", "many"), "limit"),
            (("limit", "300"), "limit"),
            (("zone", "8"), "zone"),
            (("colour", "red"), "colour"),
        ] {
            let asked = pairs(&[("zone", "7"), ("service", "home"), start, faulty]);
            assert_eq!(asked.expect_err("a fault").field, field, "{faulty:?}");
        }
        assert_eq!(pairs(&[start]).expect_err("a fault").field, "zone");
    }

    #[test]
    fn what_is_no_command_is_not_parsed() {
        assert!(command("job.juggle", None, Some(ID)).is_none());
    }
}
