//! What one subscriber has of one channel's dense sequence, and what that says of the server.

use serde::{Deserialize, Serialize};

/// Of one subscriber. Starts at the position that it subscribed at.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    last: u64,
    /// Numbers before the last that did not come; both ends included.
    missing: Vec<(u64, u64)>,
}

/// How an arrival fits what came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Next,
    /// After a gap; what is missing may still come.
    Ahead,
    /// One that was missing: out of order.
    Late,
    Twice,
}

/// Of many subscribers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    pub lost: u64,
    pub duplicated: u64,
    pub out_of_order: u64,
}

impl Sequence {
    pub fn at(position: u64) -> Self {
        Self {
            last: position,
            missing: Vec::new(),
        }
    }

    pub fn last(&self) -> u64 {
        self.last
    }

    pub fn arrive(&mut self, number: u64) -> Fit {
        if number == self.last + 1 {
            self.last = number;
            return Fit::Next;
        }
        if number > self.last {
            self.missing.push((self.last + 1, number - 1));
            self.last = number;
            return Fit::Ahead;
        }
        let within = |&(from, to): &(u64, u64)| (from..=to).contains(&number);
        let Some(place) = self.missing.iter().position(within) else {
            return Fit::Twice;
        };
        let (from, to) = self.missing.swap_remove(place);
        if from < number {
            self.missing.push((from, number - 1));
        }
        if number < to {
            self.missing.push((number + 1, to));
        }
        Fit::Late
    }

    /// How many of the numbers up to the head did not come.
    pub fn lost(&self, head: u64) -> u64 {
        let between: u64 = self.missing.iter().map(|(from, to)| to - from + 1).sum();
        between + head.saturating_sub(self.last)
    }

    /// Whether something came that the server says it never had.
    pub fn is_beyond(&self, head: u64) -> bool {
        self.last > head
    }
}

impl Faults {
    pub fn count(&mut self, fit: Fit) {
        match fit {
            Fit::Next | Fit::Ahead => {}
            Fit::Late => self.out_of_order += 1,
            Fit::Twice => self.duplicated += 1,
        }
    }

    pub fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
    }

    pub fn any(self) -> bool {
        self != Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(position: u64, numbers: &[u64], head: u64) -> Faults {
        let mut sequence = Sequence::at(position);
        let mut faults = Faults::default();
        for number in numbers {
            faults.count(sequence.arrive(*number));
        }
        faults.lost = sequence.lost(head);
        faults
    }

    #[test]
    fn a_dense_sequence_has_no_fault() {
        assert_eq!(told(7, &[8, 9, 10], 10), Faults::default());
        assert_eq!(told(0, &[], 0), Faults::default());
    }

    #[test]
    fn what_never_came_is_lost_in_the_middle_and_at_the_end() {
        assert_eq!(told(0, &[1, 4, 5], 7).lost, 4);
        assert_eq!(told(3, &[], 5).lost, 2);
        assert_eq!(told(0, &[2], 2).lost, 1);
    }

    #[test]
    fn what_came_twice_is_told() {
        let faults = told(0, &[1, 2, 2, 3, 1], 3);
        assert_eq!(
            (faults.duplicated, faults.lost, faults.out_of_order),
            (2, 0, 0)
        );
    }

    #[test]
    fn what_came_late_is_out_of_order_and_not_lost() {
        let faults = told(0, &[1, 5, 3, 2, 4, 6], 6);
        assert_eq!(
            (faults.out_of_order, faults.lost, faults.duplicated),
            (3, 0, 0)
        );
        let twice = told(0, &[1, 3, 2, 2], 3);
        assert_eq!((twice.out_of_order, twice.duplicated), (1, 1));
    }

    #[test]
    fn what_the_server_never_had_is_noticed() {
        let mut sequence = Sequence::at(0);
        sequence.arrive(1);
        assert!(sequence.is_beyond(0));
        assert!(!sequence.is_beyond(1));
    }
}
