//! Instants as commands bring them: no finer than the database keeps them.
//!
//! PostgreSQL keeps microseconds, and a sender may write nanoseconds. What is decided, published and
//! stored has to be one instant, so the rest is cut off where a command is read, before anything is
//! made of it. Every instant of a command is read by one of these.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

/// For a field that is always there.
pub(super) fn kept<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    Timestamp::deserialize(from).map(whole_microseconds)
}

/// For a field that may be absent; it needs `default` beside it.
pub(super) fn kept_if_any<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Timestamp>, D::Error> {
    let instant = Option::<Timestamp>::deserialize(from)?;
    Ok(instant.map(whole_microseconds))
}

fn whole_microseconds(instant: Timestamp) -> Timestamp {
    let kept = instant.subsec_nanosecond() / 1000 * 1000;
    Timestamp::new(instant.as_second(), kept).expect("nearer to the epoch than a valid instant")
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use crate::domain::{
        Command,
        contract::{Contract, ContractVisitor},
    };

    /// Every command's example, with finer instants wherever its schema has some.
    struct Finer {
        instants: Vec<String>,
    }

    const FINE: &str = "2026-06-01T08:00:00.123456789Z";
    const KEPT: &str = "2026-06-01T08:00:00.123456Z";

    impl ContractVisitor for Finer {
        fn visit<P: Contract>(&mut self, kind: &'static str) {
            let schema = schemars::schema_for!(P).to_value();
            let fields = schema["properties"].as_object().cloned();
            let instants: Vec<String> = fields
                .unwrap_or_else(Map::new)
                .into_iter()
                .filter(|(_, field)| field["format"] == "date-time")
                .map(|(name, _)| name)
                .collect();
            let mut parameters = P::example();
            for name in &instants {
                parameters[name] = json!(FINE);
            }
            let command = Command::parse(kind, parameters).expect("a command of ours");
            let command = command.unwrap_or_else(|error| panic!("{kind}: {error}"));
            for name in instants {
                assert_eq!(command.parameters()[&name], KEPT, "{kind} {name}");
                self.instants.push(format!("{kind} {name}"));
            }
            let told = command.parameters().to_string();
            assert!(!told.contains("789"), "{kind} keeps nanoseconds: {told}");
        }
    }

    #[test]
    fn no_command_has_an_instant_that_the_database_cannot_keep() {
        let mut finer = Finer {
            instants: Vec::new(),
        };
        Command::visit_contracts(&mut finer);
        let found = finer.instants;
        for known in [
            "alert.snooze until",
            "hold.place start",
            "job.move start",
            "time_off.add end",
        ] {
            assert!(
                found.iter().any(|at| at == known),
                "{known} is not among {found:?}"
            );
        }
    }

    #[test]
    fn instants_at_the_ends_of_the_calendar_and_absent_ones_are_read() {
        let snooze = |until: jiff::Timestamp| {
            let parameters = json!({ "alert": uuid::Uuid::nil(), "until": until });
            Command::parse("alert.snooze", parameters).expect("a command of ours")
        };
        for end in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
            assert!(snooze(end).is_ok(), "{end}");
        }
        for absent in [json!({}), json!({ "start": null })] {
            let mut parameters = json!({ "job": uuid::Uuid::nil() });
            parameters
                .as_object_mut()
                .expect("an object")
                .extend(absent.as_object().cloned().expect("an object"));
            let command = Command::parse("job.move", parameters).expect("a command of ours");
            assert_eq!(
                command.expect("readable").parameters()["start"],
                Value::Null
            );
        }
    }
}
