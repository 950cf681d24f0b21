//! Figures of many durations without keeping each: exact to one part in 128, in a few kilobytes.

use serde::{Deserialize, Serialize};

/// Values below this are counted exactly; above, by so many steps for each doubling.
const STEPS: u64 = 128;

/// Durations in microseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    most: u64,
}

impl Histogram {
    pub fn add(&mut self, value: u64) {
        let place = place(value);
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += 1;
        self.total += 1;
        self.most = self.most.max(value);
    }

    /// All of another's values too.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.most = self.most.max(other.most);
    }

    pub fn count(&self) -> u64 {
        self.total
    }

    /// At least this share, in millionths, is no longer than this. None: there is nothing.
    pub fn quantile(&self, millionths: u64) -> Option<u64> {
        let rank = (u128::from(self.total) * u128::from(millionths))
            .div_ceil(1_000_000)
            .max(1);
        let mut seen = 0_u128;
        let place = self.counts.iter().position(|count| {
            seen += u128::from(*count);
            seen >= rank
        })?;
        Some(upper_end(place).min(self.most))
    }

    /// The share of those no longer than this; whole steps are counted.
    pub fn share_within(&self, value: u64) -> Option<f64> {
        let within: u64 = self.counts.iter().take(place(value) + 1).sum();
        #[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
        (self.total > 0).then(|| within as f64 / self.total as f64)
    }
}

fn place(value: u64) -> usize {
    let doublings = (value / STEPS)
        .checked_ilog2()
        .map_or(0, |log| u64::from(log) + 1);
    let place = if doublings == 0 {
        value
    } else {
        // The leading bit and the seven after it.
        STEPS * doublings + (value >> (doublings - 1)) - STEPS
    };
    usize::try_from(place).expect("64 doublings of 128 steps")
}

/// The largest value that is counted there.
fn upper_end(place: usize) -> u64 {
    let place = place as u64;
    let doublings = place / STEPS;
    if doublings == 0 {
        place
    } else {
        let end = u128::from(place % STEPS + STEPS + 1) << (doublings - 1);
        u64::try_from(end - 1).expect("values have 64 bits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_close_to_where_it_is() {
        for value in (0..2000).chain([9_999, 123_456, 10_000_000, u64::from(u32::MAX)]) {
            let end = upper_end(place(value));
            assert!(end >= value, "{value} {end}");
            assert!(end - value <= value / STEPS + 1, "{value} {end}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(500_000), None);
        for value in 1..=1000 {
            histogram.add(value * 1000);
        }
        for (millionths, exact) in [(500_000, 500_000), (990_000, 990_000), (999_000, 999_000)] {
            let told = histogram.quantile(millionths).expect("some");
            assert!(
                (exact..=exact + exact / 100).contains(&told),
                "{millionths} {told}"
            );
        }
        assert_eq!(histogram.quantile(1_000_000), Some(1_000_000));
        assert_eq!(histogram.count(), 1000);
        let half = histogram.share_within(500_000).expect("some");
        assert!((0.5..0.51).contains(&half), "{half}");
    }

    #[test]
    fn two_together_are_one_of_all_their_values() {
        let (mut few, mut all) = (Histogram::default(), Histogram::default());
        let mut many = Histogram::default();
        for value in 1..=1000_u64 {
            all.add(value * 50);
            if value <= 10 { &mut few } else { &mut many }.add(value * 50);
        }
        few.merge(&many);
        assert_eq!((few.count(), few.most), (1000, 50_000));
        assert_eq!(few.counts, all.counts);
    }
}
