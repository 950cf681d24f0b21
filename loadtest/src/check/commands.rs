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
mod tests;
