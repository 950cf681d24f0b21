//! P5 as clients see it: an acknowledged command is in the database with the very outcome they were
//! told, whichever instance told it; the same id always says the same; a refused one has left
//! nothing; of an unknown one there is at most one effect, and a retry tells it.
//!
//! A refusal whose `details.in_doubt` is true makes no such promise: a commit's answer was lost,
//! and the database could not be asked.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use crate::history::{Event, Outcome};

use super::{
    canonical::said,
    clients::Clients,
    excuses::Excuses,
    finding::{Evidence, Finding},
    instant::Micros,
    reading::Placed,
    receipts::Stored,
};

#[derive(Debug)]
pub struct Commands {
    finding: Finding,
    told: HashMap<(Uuid, Uuid), Told>,
}

/// What clients know of one command.
#[derive(Debug)]
struct Told {
    client: u32,
    /// Of the last thing that was said of it.
    line: u64,
    /// Kind and parameters, with which it was first sent.
    asked: u64,
    /// The id was used for something else as well, on purpose.
    misused: bool,
    /// Tries that have not been answered, or whose fate nobody knows.
    unknown: u32,
    decided: Option<Decided>,
    /// When it was last refused while no other try was open: nothing had been decided by then.
    undecided_at: Option<u64>,
}

#[derive(Debug)]
struct Decided {
    outcome: Outcome,
    /// Of the whole answer, where it was written down.
    answer: Option<u64>,
    at: u64,
}

impl Default for Commands {
    fn default() -> Self {
        Self {
            finding: Finding::new("what was acknowledged is stored as it was told"),
            told: HashMap::new(),
        }
    }
}

impl Commands {
    pub fn see(&mut self, placed: &Placed, clients: &Clients) {
        let client = placed.line.client;
        let user = clients.get(client).and_then(|client| client.user);
        let fault = if let Event::Sent {
            command,
            kind,
            parameters,
        } = &placed.line.event
        {
            let asked = asked(kind, parameters.get());
            self.sent(placed, user, *command, asked)
        } else if let Event::Answered {
            command,
            outcome,
            code,
            answer,
        } = &placed.line.event
        {
            let answer = answer
                .as_ref()
                .and_then(|answer| serde_json::from_str(answer.get()).ok())
                .filter(|answer: &Value| answer.get("outcome").is_some());
            let answer = Answer {
                outcome: *outcome,
                code: code.as_deref(),
                whole: answer,
                at: placed.line.at,
            };
            self.answered(placed, user, *command, &answer)
        } else {
            None
        };
        if let Some(what) = fault {
            self.found(Evidence::at(placed.number, client, what));
        }
    }

    fn sent(
        &mut self,
        placed: &Placed,
        user: Option<Uuid>,
        command: Uuid,
        asked: u64,
    ) -> Option<String> {
        let Some(user) = user else {
            return Some(format!("{command} of somebody without an account"));
        };
        let told = self.told.entry((user, command)).or_insert(Told {
            client: placed.line.client,
            line: placed.number,
            asked,
            misused: false,
            unknown: 0,
            decided: None,
            undecided_at: None,
        });
        told.misused |= told.asked != asked;
        told.unknown += 1;
        told.line = placed.number;
        None
    }

    fn answered(
        &mut self,
        placed: &Placed,
        user: Option<Uuid>,
        command: Uuid,
        answer: &Answer<'_>,
    ) -> Option<String> {
        let told = user.and_then(|user| self.told.get_mut(&(user, command)));
        let Some(told) = told else {
            return Some(format!("an answer to {command}, which was not sent"));
        };
        told.line = placed.number;
        let fault = told.answered(answer);
        fault.map(|fault| format!("{command}: {fault}"))
    }

    /// Holds a stored command against what was told of it. Each is stored once: what was told of
    /// it is forgotten then.
    pub fn stored(&mut self, stored: &Stored, started_at: Micros) {
        let Some(told) = self.told.remove(&(stored.actor, stored.command)) else {
            return;
        };
        self.finding.checked += 1;
        if let Some(fault) = told.against(stored, started_at) {
            let what = format!("{} {}: {fault}", stored.kind, stored.command);
            self.found(Evidence::at(told.line, told.client, what));
        }
    }

    /// What is left has not been stored.
    pub fn finding(mut self, excuses: &Excuses) -> Finding {
        for ((_, command), told) in std::mem::take(&mut self.told) {
            self.finding.checked += 1;
            let Some(decided) = told.decided else {
                continue;
            };
            if excuses.may_be_lost(decided.at) {
                self.finding.excused += 1;
                continue;
            }
            let what = format!("{command} was {:?}, and is not stored", decided.outcome);
            self.found(Evidence::at(told.line, told.client, what));
        }
        self.finding
    }

    fn found(&mut self, evidence: Evidence) {
        self.finding.violated(evidence);
    }
}

struct Answer<'a> {
    outcome: Outcome,
    code: Option<&'a str>,
    /// The envelope, where it was written down.
    whole: Option<Value>,
    at: u64,
}

impl Told {
    /// Takes an answer in; what is wrong with it.
    fn answered(&mut self, answer: &Answer<'_>) -> Option<String> {
        match answer.outcome {
            Outcome::Unknown => None,
            Outcome::Refused => self.refused(answer),
            Outcome::Accepted | Outcome::Rejected => self.decided(answer),
        }
    }

    fn refused(&mut self, answer: &Answer<'_>) -> Option<String> {
        let details = answer.whole.as_ref().map(|answer| &answer["details"]);
        let in_doubt = details.is_some_and(|details| details["in_doubt"] == true);
        // An error of the protocol does not tell how far the call had come.
        let of_protocol = answer.code.is_some_and(|code| code.parse::<u32>().is_ok());
        if !in_doubt && !of_protocol {
            self.unknown = self.unknown.saturating_sub(1);
            if self.unknown == 0 && self.decided.is_none() {
                self.undecided_at = Some(answer.at);
            }
        }
        (answer.code == Some("idempotency_mismatch") && !self.misused)
            .then(|| "taken for another command, although it is the same".to_owned())
    }

    fn decided(&mut self, answer: &Answer<'_>) -> Option<String> {
        self.unknown = self.unknown.saturating_sub(1);
        let new = Decided {
            outcome: answer.outcome,
            answer: answer.whole.as_ref().map(said),
            at: answer.at,
        };
        let Some(before) = &self.decided else {
            self.decided = Some(new);
            return None;
        };
        if before.outcome != new.outcome {
            return Some(format!("{:?}, and then {:?}", before.outcome, new.outcome));
        }
        let differs = before.answer.zip(new.answer).is_some_and(|(a, b)| a != b);
        differs.then(|| "the same id was answered in two ways".to_owned())
    }

    fn against(&self, stored: &Stored, started_at: Micros) -> Option<String> {
        let refused_at = self
            .undecided_at
            .and_then(|at| started_at.checked_add_unsigned(at));
        if refused_at.is_some_and(|refused_at| stored.received_at < refused_at) && !self.misused {
            return Some("refused when it had been decided already".to_owned());
        }
        let Some(decided) = &self.decided else {
            return (self.unknown == 0 && !self.misused)
                .then(|| format!("refused, and yet it was {}", stored.outcome_name()));
        };
        if stored.outcome_name() != name(decided.outcome) {
            let (told, kept) = (decided.outcome, stored.outcome_name());
            return Some(format!("told as {told:?}, and stored as {kept}"));
        }
        let differs = decided
            .answer
            .is_some_and(|answer| answer != said(&stored.outcome));
        differs.then(|| format!("told otherwise than it is stored: {}", stored.outcome))
    }
}

fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Rejected => "rejected",
        Outcome::Refused => "refused",
        Outcome::Unknown => "unknown",
    }
}

fn asked(kind: &str, parameters: &str) -> u64 {
    let parameters = serde_json::from_str(parameters).unwrap_or(Value::Null);
    said(&Value::from(vec![Value::from(kind), parameters]))
}

#[cfg(test)]
mod tests {
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
}
