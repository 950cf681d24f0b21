//! Commands as nobody should send them: mutated examples of every command, through decoding,
//! validation and the decision. Nothing panics, and whatever is wrong is told with a field that
//! was sent, that the command has, or that stands for the whole body.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};

use super::input;
use crate::domain::{
    Actor, Command, Objection,
    contract::{Contract, ContractVisitor},
    testing::{ADMIN, CLEANING, DISPATCHER, MANAGER, TEN, Town},
};

const ID: &str = "019ac000-0000-7000-8000-000000000001";

/// Each command with an example of it, and the fields that it has.
struct Known(Vec<(&'static str, Value, BTreeSet<String>)>);

impl ContractVisitor for Known {
    fn visit<P: Contract>(&mut self, kind: &'static str) {
        let schema = schemars::schema_for!(P).to_value();
        let fields = schema["properties"].as_object().into_iter().flatten();
        let fields = fields.map(|(name, _)| name.clone()).collect();
        self.0.push((kind, P::example(), fields));
    }
}

fn known() -> Vec<(&'static str, Value, BTreeSet<String>)> {
    let mut known = Known(Vec::new());
    Command::visit_contracts(&mut known);
    known.0
}

/// At the edge of what JSON and our types can say, and beyond.
const FIXED: &[&str] = &[
    "null",
    "true",
    "-1",
    "0",
    "255",
    "256",
    "65536",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "1e308",
    "1e999",
    "-0.0",
    "1.5",
    "NaN",
    "[]",
    "{}",
    "[null]",
    "[[]]",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"-009999-01-01T00:00:00Z\"",
    "\"2026-06-01T10:00:00+25:99\"",
    "\"00000000-0000-0000-0000-000000000000\"",
    "{\"opens\":1,\"opens\":2}",
    "[1e400]",
    "[[0,0],[0,0],[0,0],[0,0]]",
    "[[1e300,1e300],[1,2],[3,4],[1e300,1e300]]",
];

/// Text that stands in the place of a value, JSON or not.
fn strange() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => proptest::sample::select(FIXED).prop_map(str::to_owned),
        1 => (1_usize..200_000).prop_map(|depth| "[".repeat(depth)),
        1 => (1_usize..2_000).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
        1 => (1_usize..60_000).prop_map(|letters| format!("\"{}\"", "ä".repeat(letters))),
        2 => any::<String>().prop_map(|text| json!(text).to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| json!(number).to_string()),
    ]
}

/// What happens to one field: another value, none, the same name twice, a name that nobody knows.
#[derive(Debug, Clone)]
enum Change {
    Value(usize, String),
    Gone(usize),
    Twice(usize, String),
    Unknown(String, String),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<usize>(), strange()).prop_map(|(place, value)| Change::Value(place, value)),
        1 => any::<usize>().prop_map(Change::Gone),
        1 => (any::<usize>(), strange()).prop_map(|(place, value)| Change::Twice(place, value)),
        1 => ("[a-z_\\PC]{0,12}", strange()).prop_map(|(name, value)| Change::Unknown(name, value)),
    ]
}

/// The fields as they are sent, in the order in which they are sent.
fn changed(
    example: &Value,
    fields: &BTreeSet<String>,
    changes: &[Change],
) -> Vec<(String, String)> {
    let mut sent: Vec<(String, String)> = fields
        .iter()
        .filter_map(|name| Some((name.clone(), example.get(name)?.to_string())))
        .collect();
    let names: Vec<&String> = fields.iter().collect();
    for change in changes {
        match change {
            Change::Value(place, value) => {
                let name = names[place % names.len()];
                sent.retain(|(sent, _)| sent != name);
                sent.push((name.clone(), value.clone()));
            }
            Change::Gone(place) => {
                let name = names[place % names.len()];
                sent.retain(|(sent, _)| sent != name);
            }
            Change::Twice(place, value) => {
                sent.push((names[place % names.len()].clone(), value.clone()));
            }
            Change::Unknown(name, value) => sent.push((name.clone(), value.clone())),
        }
    }
    sent
}

/// A town with work in it, and the example's ids replaced by ids that exist there.
fn settled(text: &str) -> (Town, Vec<Actor>, String) {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let (booking, job) = town.book(CLEANING, TEN);
    let (customer, property) = town.customer();
    let hold = town.hold(customer, "2026-06-01T14:00:00Z");
    let mut text = text.to_owned();
    let ids = [
        ("job", job.0),
        ("booking", booking.0),
        ("cleaner", cleaner.0),
        ("customer", customer.0),
        ("property", property.0),
        ("hold", hold.0),
        ("account", cleaner.0),
    ];
    for (name, id) in ids {
        let sample = "01890a5d-ac96-774b-bcce-b302099a805";
        for digit in ["7", "8"] {
            let (made_up, real) = (
                format!("\"{name}\":\"{sample}{digit}\""),
                format!("\"{name}\":\"{id}\""),
            );
            text = text.replace(&made_up, &real);
        }
    }
    let actors = vec![
        Actor::SYSTEM,
        cleaner.into(),
        customer.into(),
        DISPATCHER,
        MANAGER,
        ADMIN,
    ];
    (town, actors, text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_strange_command_panics_and_every_fault_names_a_field(
        which in any::<usize>(),
        changes in proptest::collection::vec(change(), 0..3),
    ) {
        let known = known();
        let (kind, example, fields) = &known[which % known.len()];
        let sent = changed(example, fields, &changes);
        let body: Vec<String> = sent.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        let (town, actors, text) = settled(&format!("{{{}}}", body.join(",")));
        // What is not JSON at all gets no further than the frame or the request.
        let Ok(raw) = serde_json::from_str::<&RawValue>(&text) else { return Ok(()) };
        let told = |field: &str| {
            let outer = field.split(['[', '.']).next().unwrap_or_default();
            ["body", "command_id"].contains(&outer)
                || fields.contains(outer)
                || sent.iter().any(|(name, _)| name == outer || name == field)
        };
        let command = match input::command(kind, Some(raw), Some(ID)).expect("a command of ours") {
            Err(invalid) => {
                prop_assert!(told(&invalid.field), "{} names {:?} of {}", kind, invalid.field, &text[..text.len().min(300)]);
                return Ok(());
            }
            Ok((_, command)) => command,
        };
        for actor in actors {
            match town.clone().run(actor, &command) {
                Err(Objection::InvalidArgument { field, reason }) => {
                    prop_assert!(told(field) && !reason.is_empty(), "{} names {:?}", kind, field);
                }
                Ok(_) | Err(Objection::Rejected(_) | Objection::NotFound | Objection::Forbidden) => {}
            }
        }
    }
}
