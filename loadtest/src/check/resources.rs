//! Memory, descriptors and tasks return to where they were: what an instance held after a warm-up
//! against what it held at the end, when as many clients were connected.

use std::collections::BTreeMap;

use crate::history::Event;

use super::{
    finding::{Evidence, Finding},
    reading::Placed,
};

/// How much more may be left at the end: a part, and a little whatever it was.
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
    fn most(&self, first: u64) -> u64 {
        first + first * self.percent / 100 + self.more
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
        for (instance, (first, last)) in self.held {
            let Some(last) = last else { continue };
            for (kind, tolerance) in tolerances.iter().enumerate() {
                finding.checked += 1;
                let (was, is) = (first.amounts[kind], last.amounts[kind]);
                if is > tolerance.most(was) {
                    let what = format!("instance {instance} held {was} {}, now {is}", names[kind]);
                    finding.violated(Evidence::at(last.line, 0, what));
                }
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
        let events = amounts
            .iter()
            .map(|(rss, descriptors, tasks)| Event::Resources {
                instance: 1,
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
    fn once_is_not_enough_to_compare() {
        assert_eq!(outcome(&[(200, 500, 900)]), (0, 0));
    }
}
