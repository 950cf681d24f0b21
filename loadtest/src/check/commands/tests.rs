use serde_json::json;

use super::*;
use crate::{
    check::testing::{copied, person, raw, rewound, told},
    history::Role,
};

const USER: Uuid = Uuid::from_u128(1);
const COMMAND: Uuid = Uuid::from_u128(2);

fn sent() -> Event {
    sent_with("{}")
}

fn sent_with(parameters: &str) -> Event {
    Event::Sent {
        command: COMMAND,
        kind: "hold.place".to_owned(),
        parameters: raw(parameters),
    }
}

fn answered(outcome: Outcome, answer: &Value) -> Event {
    Event::Answered {
        command: COMMAND,
        outcome,
        code: answer["code"].as_str().map(str::to_owned),
        answer: Some(raw(&answer.to_string())),
    }
}

fn accepted(hold: &str) -> Value {
    json!({"outcome": "accepted", "result": {"hold": hold}, "positions": {}})
}

fn rejected() -> Value {
    json!({"outcome": "rejected", "code": "slot_gone", "message": "", "details": {}})
}

fn refused(code: &str, details: &Value) -> Event {
    let answer = json!({"outcome": "refused", "code": code, "message": "", "details": details});
    answered(Outcome::Refused, &answer)
}

fn unavailable() -> Event {
    refused("unavailable", &json!({"retry_after_ms": 200}))
}

fn unknown() -> Event {
    Event::Answered {
        command: COMMAND,
        outcome: Outcome::Unknown,
        code: None,
        answer: None,
    }
}

fn finding(events: Vec<Event>, stored: Option<Value>) -> Finding {
    finding_of_what_came(100, events, stored)
}

/// The transaction began in this second of the run; lines come a second after one another.
fn finding_of_what_came(second: i64, events: Vec<Event>, stored: Option<Value>) -> Finding {
    let (mut promise, mut clients) = (Commands::default(), Clients::default());
    let mut excuses = Excuses::default();
    let events = [person(USER, Role::Customer)].into_iter().chain(events);
    for placed in told(events.collect()) {
        promise.see(&placed, &clients);
        clients.apply(&placed);
        excuses.see(&placed.line);
    }
    if let Some(outcome) = stored {
        let row = Stored {
            actor: USER,
            command: COMMAND,
            kind: "hold.place".to_owned(),
            outcome,
            received_at: second * 1_000_000,
            ..Stored::default()
        };
        promise.stored(&row, 0);
    }
    promise.finding(&excuses)
}

fn is_in_order(events: Vec<Event>, stored: Option<Value>) {
    let finding = finding(events, stored);
    assert_eq!(finding.first, Vec::new());
    assert_eq!(finding.checked, 1);
}

fn is_found(events: Vec<Event>, stored: Option<Value>, what: &str) {
    let found = finding(events, stored).first;
    assert!(
        found.iter().any(|fault| fault.what.contains(what)),
        "{found:?}"
    );
}

#[test]
fn outcomes_that_are_stored_as_told_are_in_order() {
    let again = || answered(Outcome::Accepted, &accepted("h"));
    is_in_order(vec![sent(), again(), sent(), again()], Some(accepted("h")));
    is_in_order(
        vec![sent(), unknown(), sent(), again()],
        Some(accepted("h")),
    );
    is_in_order(vec![sent(), unknown()], Some(accepted("h")));
    is_in_order(vec![sent(), unknown()], None);
    is_in_order(vec![sent()], Some(rejected()));
    is_in_order(vec![sent(), unavailable()], None);
    is_in_order(vec![sent(), unavailable(), sent()], Some(accepted("h")));
    is_in_order(
        vec![sent(), answered(Outcome::Rejected, &rejected())],
        Some(rejected()),
    );
}

#[test]
fn an_acknowledged_command_that_is_not_stored_is_found() {
    for (outcome, answer) in [
        (Outcome::Accepted, accepted("h")),
        (Outcome::Rejected, rejected()),
    ] {
        let events = vec![sent(), answered(outcome, &answer)];
        is_found(events, None, "is not stored");
    }
}

#[test]
fn a_second_answer_that_differs_is_found() {
    let first = || vec![sent(), answered(Outcome::Accepted, &accepted("h")), sent()];
    let mut events = first();
    events.push(answered(Outcome::Accepted, &accepted("i")));
    is_found(events, Some(accepted("h")), "in two ways");
    let mut events = first();
    events.push(answered(Outcome::Rejected, &rejected()));
    is_found(events, Some(accepted("h")), "and then");
}

#[test]
fn an_outcome_that_is_stored_otherwise_is_found() {
    let events = || vec![sent(), answered(Outcome::Accepted, &accepted("h"))];
    is_found(events(), Some(accepted("i")), "otherwise");
    is_found(events(), Some(rejected()), "stored as rejected");
}

#[test]
fn a_refused_command_that_was_executed_is_found_unless_it_was_in_doubt() {
    is_found(
        vec![sent(), unavailable()],
        Some(accepted("h")),
        "refused, and yet",
    );
    let again = vec![sent(), unavailable(), sent(), unavailable()];
    is_found(again, Some(rejected()), "refused, and yet");
    let in_doubt = refused("unavailable", &json!({"in_doubt": true}));
    is_in_order(vec![sent(), in_doubt], Some(accepted("h")));
    is_in_order(
        vec![sent(), unknown(), sent(), unavailable()],
        Some(accepted("h")),
    );
}

#[test]
fn a_refusal_of_what_had_been_decided_is_found_although_a_retry_tells_it() {
    let retried = |second, unavailable| {
        let accepted_then = answered(Outcome::Accepted, &accepted("h"));
        let events = vec![sent(), unavailable, sent(), accepted_then];
        finding_of_what_came(second, events, Some(accepted("h")))
    };
    let early = retried(2, unavailable());
    assert!(early.first[0].what.contains("had been decided already"));
    assert_eq!(retried(4, unavailable()).violations, 0);
    let in_doubt = refused("unavailable", &json!({"in_doubt": true}));
    assert_eq!(retried(2, in_doubt).violations, 0);
}

#[test]
fn a_mismatch_is_told_only_of_another_command() {
    let mismatch = || refused("idempotency_mismatch", &json!({}));
    let accepted_once = || vec![sent(), answered(Outcome::Accepted, &accepted("h"))];
    let mut events = accepted_once();
    events.extend([sent(), mismatch()]);
    is_found(events, Some(accepted("h")), "although it is the same");
    let mut events = accepted_once();
    events.extend([sent_with(r#"{"zone":"x"}"#), mismatch()]);
    is_in_order(events, Some(accepted("h")));
}

#[test]
fn only_what_a_rewind_took_away_is_excused() {
    let done = || [sent(), answered(Outcome::Accepted, &accepted("h"))];
    let within = [copied()].into_iter().chain(done()).chain([rewound()]);
    let finding_within = finding(within.collect(), None);
    assert_eq!((finding_within.excused, finding_within.violations), (1, 0));
    let before = done().into_iter().chain([copied(), rewound()]);
    is_found(before.collect(), None, "is not stored");
    let after = [copied(), rewound()].into_iter().chain(done());
    is_found(after.collect(), None, "is not stored");
}
