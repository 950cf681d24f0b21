//! In calm nobody is turned away: a command is `unavailable` only while something is wrong with an
//! instance or with Postgres, and for a moment after. Redis is never a reason, nor is a circle of
//! commands that wait for each other.

use std::collections::BTreeSet;

use crate::history::{Event, Outcome};

use super::{
    finding::{Evidence, Finding},
    reading::Placed,
};

/// What faults are named like that may turn people away.
const REASONS: [&str; 4] = ["instance.", "postgres.", "wire.postgres", "wire.commit"];
/// How long after, in microseconds: pools fill again, and clients come back.
const AFTERMATH: u64 = 6_000_000;
/// Of so many answers in calm one may be so all the same: machines are busy with other things.
const ONE_IN: u64 = 100;
const A_FEW: u64 = 3;

#[derive(Debug)]
pub struct Calm {
    finding: Finding,
    /// Numbers of faults under way that are a reason.
    reasons: BTreeSet<u32>,
    quiet_from: u64,
    turned_away: Vec<Evidence>,
}

impl Default for Calm {
    fn default() -> Self {
        Self {
            finding: Finding::new("in calm nobody is turned away"),
            reasons: BTreeSet::new(),
            quiet_from: 0,
            turned_away: Vec::new(),
        }
    }
}

impl Calm {
    pub fn see(&mut self, placed: &Placed) {
        if let Event::Fault {
            number,
            name,
            healed,
            ..
        } = &placed.line.event
        {
            if !REASONS.iter().any(|reason| name.starts_with(reason)) {
                return;
            }
            self.quiet_from = placed.line.at + AFTERMATH;
            if *healed {
                self.reasons.remove(number);
            } else {
                self.reasons.insert(*number);
            }
        } else if let Event::Answered { outcome, code, .. } = &placed.line.event {
            if placed.line.at < self.quiet_from || !self.reasons.is_empty() {
                return;
            }
            self.finding.checked += 1;
            if *outcome == Outcome::Refused && code.as_deref() == Some("unavailable") {
                let what = "turned away as unavailable with nothing wrong";
                let evidence = Evidence::at(placed.number, placed.line.client, what);
                self.turned_away.push(evidence);
            }
        }
    }

    pub fn finding(mut self) -> Finding {
        let count = self.turned_away.len() as u64;
        if count <= A_FEW.max(self.finding.checked / ONE_IN) {
            self.finding.excused = count;
            return self.finding;
        }
        for evidence in self.turned_away {
            self.finding.violated(evidence);
        }
        self.finding
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::check::testing::{fault, told};

    fn answered(code: Option<&str>) -> Event {
        Event::Answered {
            command: Uuid::from_u128(1),
            outcome: code.map_or(Outcome::Accepted, |_| Outcome::Refused),
            code: code.map(str::to_owned),
            answer: None,
        }
    }

    fn turned_away(count: usize) -> impl Iterator<Item = Event> {
        std::iter::repeat_with(|| answered(Some("unavailable"))).take(count)
    }

    fn outcome(events: impl Iterator<Item = Event>) -> (u64, u64) {
        let mut promise = Calm::default();
        for placed in told(events.collect()) {
            promise.see(&placed);
        }
        let finding = promise.finding();
        (finding.checked, finding.violations)
    }

    #[test]
    fn a_few_in_many_are_nothing_and_more_are_found() {
        assert_eq!(outcome(turned_away(3)), (3, 0));
        assert_eq!(outcome(turned_away(4)), (4, 4));
        let others = std::iter::repeat_with(|| answered(None)).take(495);
        assert_eq!(outcome(others.chain(turned_away(5))), (500, 0));
        let others = std::iter::repeat_with(|| answered(Some("rate_limited"))).take(9);
        assert_eq!(outcome(others), (9, 0));
    }

    #[test]
    fn postgres_and_instances_are_reasons_and_redis_is_none() {
        let during = |name| [fault(name, false)].into_iter().chain(turned_away(5));
        assert_eq!(outcome(during("postgres.restart")), (0, 0));
        assert_eq!(outcome(during("wire.commit_reply_lost")), (0, 0));
        assert_eq!(outcome(during("redis.kill")), (5, 5));
        assert_eq!(outcome(during("wire.redis_cut")), (5, 5));
    }

    #[test]
    fn calm_begins_a_while_after_the_last_heal() {
        let healed = [
            fault("postgres.restart", false),
            fault("postgres.restart", true),
        ];
        // Lines come a second after one another.
        let events = healed.into_iter().chain(turned_away(10));
        assert_eq!(outcome(events), (5, 5));
    }
}
