//! Commands wait for each other, never in a circle: rows and channels are locked in one order, so the
//! database never has to pick somebody out of a circle. That commands are tried again afterwards would
//! hide it from clients, and so the database's own log is asked.

use crate::history::Event;

use super::{
    finding::{Evidence, Finding},
    reading::Placed,
};

#[derive(Debug)]
pub struct Circles {
    finding: Finding,
}

impl Default for Circles {
    fn default() -> Self {
        Self {
            finding: Finding::new("nobody waits in a circle"),
        }
    }
}

impl Circles {
    pub fn see(&mut self, placed: &Placed) {
        let Event::Deadlocks { count, place } = &placed.line.event else {
            return;
        };
        self.finding.checked += 1;
        if *count > 0 {
            let what = format!("{place}: {count} times PostgreSQL broke a circle");
            self.finding.violated(Evidence::at(placed.number, 0, what));
        }
    }

    pub fn finding(self) -> Finding {
        self.finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::told;

    fn outcome(counts: &[u64]) -> (u64, u64) {
        let events = counts.iter().map(|count| Event::Deadlocks {
            count: *count,
            place: "primary.log".to_owned(),
        });
        let mut promise = Circles::default();
        for placed in told(events.collect()) {
            promise.see(&placed);
        }
        let finding = promise.finding();
        (finding.checked, finding.violations)
    }

    #[test]
    fn a_server_that_broke_no_circle_is_in_order_and_one_that_did_is_found() {
        assert_eq!(outcome(&[0, 0]), (2, 0));
        assert_eq!(outcome(&[0, 3]), (2, 1));
    }
}
