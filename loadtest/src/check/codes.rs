//! Every no has a documented code: refusals and rejections of commands (the glossary and the
//! contracts), errors of the protocol, ends of subscriptions and of connections (the protocol).

use crate::history::{Event, Line, Outcome};

use super::{
    finding::{Evidence, Finding},
    reading::Placed,
};

/// No decision was made.
const REFUSALS: [&str; 10] = [
    "unauthenticated",
    "forbidden",
    "not_found",
    "invalid_argument",
    "rate_limited",
    "draining",
    "unavailable",
    "idempotency_mismatch",
    "command_expired",
    "internal",
];

/// The rules said no.
const REJECTIONS: [&str; 29] = [
    "out_of_area",
    "slot_gone",
    "lead_time",
    "outside_booking_window",
    "not_a_slot",
    "hold_limit",
    "hold_expired",
    "already_extended",
    "details_missing",
    "policy_window_closed",
    "illegal_transition",
    "stale_version",
    "overlap",
    "skill_missing",
    "outside_shift",
    "time_off",
    "already_taken",
    "not_lead",
    "too_early",
    "another_job_active",
    "active_job",
    "jobs_affected",
    "already_resolved",
    "already_exists",
    "in_use",
    "import_faults",
    "not_tracking",
    "not_member",
    "too_long",
];

/// Errors of a request; the application's own are 400 to 1999.
const ERRORS: std::ops::RangeInclusive<u32> = 100..=113;

const ENDS_OF_SUBSCRIPTIONS: [u32; 4] = [2000, 2500, 2501, 2502];

/// Without those of the transport, below 3000.
const ENDS_OF_CONNECTIONS: [u16; 21] = [
    3000, 3001, 3004, 3005, 3006, 3008, 3009, 3010, 3011, 3012, 3013, 3014, 3500, 3501, 3502, 3503,
    3504, 3505, 3507, 3508, 3509,
];

/// The transport's: a normal end, gone away, and what was sent was no WebSocket, no text, too big.
const ENDS_OF_TRANSPORTS: [u16; 5] = [1000, 1001, 1002, 1007, 1009];

/// What a well-behaved client never gets: it is the server's fault, whatever happened around it.
const OURS: [&str; 1] = ["internal"];

#[derive(Debug)]
pub struct Codes {
    finding: Finding,
}

impl Default for Codes {
    fn default() -> Self {
        Self {
            finding: Finding::new("every no has a documented code"),
        }
    }
}

impl Codes {
    pub fn see(&mut self, placed: &Placed) {
        let Some(known) = is_known(&placed.line) else {
            return;
        };
        self.finding.checked += 1;
        if let Err(what) = known {
            let evidence = Evidence::at(placed.number, placed.line.client, what);
            self.finding.violated(evidence);
        }
    }

    pub fn finding(self) -> Finding {
        self.finding
    }
}

/// Whether the line's code is one of those documented; `None` where it has none.
fn is_known(line: &Line) -> Option<Result<(), String>> {
    let judged = |known: bool, what: String| Some(if known { Ok(()) } else { Err(what) });
    if let Event::Denied { code, .. } = &line.event {
        let known = ERRORS.contains(code) || (400..2000).contains(code);
        return judged(known, format!("error {code}"));
    }
    if let Event::Unsubscribed { code, .. } = &line.event {
        let known = ENDS_OF_SUBSCRIPTIONS.contains(code);
        return judged(known, format!("a subscription's end {code}"));
    }
    if let Event::Closed { code: Some(code) } = &line.event {
        let known = ENDS_OF_CONNECTIONS.contains(code)
            || ENDS_OF_TRANSPORTS.contains(code)
            || (4000..5000).contains(code);
        return judged(known, format!("a connection's end {code}"));
    }
    let Event::Answered { outcome, code, .. } = &line.event else {
        return None;
    };
    let named = code.as_deref().unwrap_or("none");
    match outcome {
        Outcome::Accepted => judged(code.is_none(), format!("accepted with code {named}")),
        Outcome::Rejected => judged(REJECTIONS.contains(&named), format!("rejection {named}")),
        Outcome::Refused => {
            let of_protocol = named.parse().is_ok_and(|code| ERRORS.contains(&code));
            let known = of_protocol || REFUSALS.contains(&named) && !OURS.contains(&named);
            judged(known, format!("refusal {named}"))
        }
        Outcome::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::check::testing::{closed, denied, told, unsubscribed};

    fn answered(outcome: Outcome, code: &str) -> Event {
        Event::Answered {
            command: Uuid::from_u128(1),
            outcome,
            code: Some(code.to_owned()),
            answer: None,
        }
    }

    fn outcome(events: Vec<Event>) -> (u64, u64) {
        let mut promise = Codes::default();
        for placed in told(events) {
            promise.see(&placed);
        }
        let finding = promise.finding();
        (finding.checked, finding.violations)
    }

    #[test]
    fn documented_codes_are_in_order() {
        let events = vec![
            answered(Outcome::Rejected, "slot_gone"),
            answered(Outcome::Refused, "unavailable"),
            answered(Outcome::Refused, "111"),
            closed(3001),
            closed(1009),
            denied(103),
            denied(400),
            unsubscribed(2500),
            Event::Closed { code: None },
        ];
        assert_eq!(outcome(events), (8, 0));
    }

    #[test]
    fn any_other_code_is_found() {
        let events = vec![
            answered(Outcome::Rejected, "unavailable"),
            answered(Outcome::Refused, "slot_gone"),
            answered(Outcome::Refused, "99"),
            answered(Outcome::Refused, "internal"),
            answered(Outcome::Accepted, "why"),
            closed(3002),
            closed(1011),
            denied(5),
            unsubscribed(2503),
        ];
        assert_eq!(outcome(events), (9, 9));
    }
}
