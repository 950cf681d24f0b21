//! The only source of chance in a world: splitmix64 (Steele, Lea, Flood 2014), seeded.

use std::time::Duration;

#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn seeded(seed: u64) -> Self {
        // Far apart for seeds that lie side by side.
        Self(mix(seed ^ 0x5eed))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high.max(low) - low + 1)
    }

    pub(super) fn index(&mut self, length: usize) -> usize {
        let length = length.max(1) as u64;
        usize::try_from(self.next() % length).expect("below a length")
    }

    /// True so often in a thousand.
    pub(super) fn per_mille(&mut self, share: u64) -> bool {
        self.next() % 1_000 < share
    }

    /// In microseconds, both ends included.
    pub(super) fn micros(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_micros(self.between(low, high))
    }

    /// In milliseconds, drawn to the microsecond.
    pub(super) fn millis(&mut self, low: u64, high: u64) -> Duration {
        self.micros(low * 1_000, high * 1_000)
    }
}

/// A bijection in which every bit depends on every other.
pub(super) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
