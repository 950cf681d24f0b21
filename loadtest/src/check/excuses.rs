//! What the run's own faults excuse, and nothing else: a database that was put back to a copy, or
//! a standby that took over without all commits, may have lost what was committed in between.
//!
//! An interval begins at the last line `postgres.copied` before the loss and ends where the rewind
//! or the promotion is healed. Within it, what was acknowledged may be gone altogether, and so may
//! what was published. What is there must still be whole.

use crate::history::{Event, Line, fault};

#[derive(Debug, Default)]
pub struct Excuses {
    copied_at: Option<u64>,
    intervals: Vec<(u64, u64)>,
}

impl Excuses {
    pub fn see(&mut self, line: &Line) {
        let Event::Fault { name, healed, .. } = &line.event else {
            return;
        };
        match name.as_str() {
            fault::COPIED if !healed => self.copied_at = Some(line.at),
            fault::REWOUND | fault::PROMOTED if *healed => {
                if let Some(copied_at) = self.copied_at.take() {
                    self.intervals.push((copied_at, line.at));
                }
            }
            _ => {}
        }
    }

    /// Whether what was told at this instant may be gone.
    pub fn may_be_lost(&self, at: u64) -> bool {
        self.intervals
            .iter()
            .any(|(from, until)| (*from..=*until).contains(&at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(at: u64, name: &str, healed: bool) -> Line {
        Line {
            at,
            client: 0,
            event: Event::Fault {
                number: 1,
                name: name.to_owned(),
                target: String::new(),
                healed,
            },
        }
    }

    #[test]
    fn only_what_came_between_the_copy_and_its_return_may_be_lost() {
        let mut excuses = Excuses::default();
        for line in [
            fault(5, fault::COPIED, false),
            fault(10, fault::COPIED, false),
            fault(20, fault::REWOUND, false),
            fault(30, fault::REWOUND, true),
            fault(40, "postgres.restart", true),
        ] {
            excuses.see(&line);
        }
        let lost = [5, 9, 10, 20, 30, 31, 40].map(|at| excuses.may_be_lost(at));
        assert_eq!(lost, [false, false, true, true, true, false, false]);
    }

    #[test]
    fn without_a_copy_nothing_is_excused() {
        let mut excuses = Excuses::default();
        excuses.see(&fault(20, fault::PROMOTED, true));
        assert!(!excuses.may_be_lost(20));
    }
}
