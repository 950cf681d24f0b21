//! Memory, descriptors and tasks return to where they were: what an instance held after a warm-up
//! against what it held at the end, when as many clients were connected. All instances are taken
//! together, because clients are elsewhere afterwards.

use std::collections::BTreeMap;

use crate::history::Event;

use super::{
    finding::{Evidence, Finding},
    reading::Placed,
};

/// How much more may be left at the end: a part, and a little per instance whatever it was.
struct Tolerance {
    percent: u64,
    more: u64,
}

/// Allocators keep what they have got, and caches fill.
const MEMORY: Tolerance = Tolerance {
    percent: 50,
    more: 96 * 1024 * 1024,
};
/// Pools grow to their size under load.
const DESCRIPTORS: Tolerance = Tolerance {
    percent: 20,
    more: 48,
};
const TASKS: Tolerance = Tolerance {
    percent: 20,
    more: 48,
};

impl Tolerance {
    fn most(&self, first: u64, instances: u64) -> u64 {
        first + first * self.percent / 100 + self.more * instances
    }
}

#[derive(Debug, Clone, Copy)]
struct Held {
    line: u64,
    amounts: [u64; 3],
}

#[derive(Debug, Default)]
pub struct Resources {
    /// The first and the last of each instance.
    held: BTreeMap<usize, (Held, Option<Held>)>,
}

impl Resources {
    pub fn see(&mut self, placed: &Placed) {
        let Event::Resources {
            instance,
            rss_bytes,
            descriptors,
            tasks,
        } = placed.line.event
        else {
            return;
        };
        let held = Held {
            line: placed.number,
            amounts: [rss_bytes, descriptors, tasks],
        };
        let known = self.held.entry(instance);
        known
            .and_modify(|(_, last)| *last = Some(held))
            .or_insert((held, None));
    }

    pub fn finding(self) -> Finding {
        let mut finding = Finding::new("memory, descriptors and tasks return to where they were");
        let names = ["bytes of memory", "descriptors", "tasks"];
        let tolerances = [MEMORY, DESCRIPTORS, TASKS];
        let held = self.held.into_values();
        let both: Vec<(Held, Held)> = held
            .filter_map(|(first, last)| last.map(|last| (first, last)))
            .collect();
        let Some(line) = both.iter().map(|(_, last)| last.line).max() else {
            return finding;
        };
        for (kind, tolerance) in tolerances.iter().enumerate() {
            finding.checked += both.len() as u64;
            let was: u64 = both.iter().map(|(first, _)| first.amounts[kind]).sum();
            let is: u64 = both.iter().map(|(_, last)| last.amounts[kind]).sum();
            if is > tolerance.most(was, both.len() as u64) {
                let what = format!("the instances held {was} {}, now {is}", names[kind]);
                finding.violated(Evidence::at(line, 0, what));
            }
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::told;

    const MIB: u64 = 1024 * 1024;

    fn outcome(amounts: &[(u64, u64, u64)]) -> (u64, u64) {
        let of_one: Vec<_> = amounts.iter().map(|held| (1, *held)).collect();
        outcome_of(&of_one)
    }

    fn outcome_of(amounts: &[(usize, (u64, u64, u64))]) -> (u64, u64) {
        let events = amounts
            .iter()
            .map(|(instance, (rss, descriptors, tasks))| Event::Resources {
                instance: *instance,
                rss_bytes: rss * MIB,
                descriptors: *descriptors,
                tasks: *tasks,
            });
        let mut promise = Resources::default();
        for placed in told(events.collect()) {
            promise.see(&placed);
        }
        let finding = promise.finding();
        (finding.checked, finding.violations)
    }

    #[test]
    fn what_returns_is_in_order_whatever_it_was_between() {
        assert_eq!(
            outcome(&[(200, 500, 900), (900, 9000, 9000), (260, 520, 910)]),
            (3, 0)
        );
    }

    #[test]
    fn what_does_not_return_is_found() {
        assert_eq!(outcome(&[(200, 500, 900), (500, 500, 900)]), (3, 1));
        assert_eq!(outcome(&[(200, 500, 900), (200, 800, 1400)]), (3, 2));
    }

    #[test]
    fn what_one_has_for_another_is_in_order() {
        let (few, many) = ((200, 100, 200), (300, 500, 600));
        assert_eq!(
            outcome_of(&[(1, few), (2, many), (1, many), (2, few)]),
            (6, 0)
        );
        assert_eq!(
            outcome_of(&[(1, few), (2, few), (1, many), (2, many)]),
            (6, 2)
        );
    }

    #[test]
    fn once_is_not_enough_to_compare() {
        assert_eq!(outcome(&[(200, 500, 900)]), (0, 0));
    }
}
