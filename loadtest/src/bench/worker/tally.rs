//! What arrived, counted.

use serde::{Deserialize, Serialize};

use super::Window;
use crate::run::Histogram;

/// Of one worker, or of all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Ever.
    pub all: u64,
    pub window: Window,
    /// Of the window.
    pub deliveries: u64,
    /// When the last of those came.
    pub last_ns: u64,
    /// From the intended moment on, microseconds.
    pub latency: Histogram,
}

impl Tally {
    pub fn measure(&mut self, window: Window) {
        *self = Self {
            all: self.all,
            window,
            ..Self::default()
        };
    }

    pub fn count(&mut self, intended_ns: Option<u64>, received_ns: u64) {
        self.all += 1;
        let Some(intended_ns) = intended_ns else {
            return;
        };
        if (self.window.from_ns..self.window.until_ns).contains(&intended_ns) {
            self.deliveries += 1;
            self.last_ns = self.last_ns.max(received_ns);
            self.latency
                .add(received_ns.saturating_sub(intended_ns) / 1000);
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.all += other.all;
        self.window = other.window;
        self.deliveries += other.deliveries;
        self.last_ns = self.last_ns.max(other.last_ns);
        self.latency.merge(&other.latency);
    }

    /// Deliveries per second, until the last of them came.
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    pub fn rate(&self) -> f64 {
        let end = self.last_ns.max(self.window.until_ns);
        let took = end.saturating_sub(self.window.from_ns);
        if took == 0 {
            return 0.0;
        }
        self.deliveries as f64 / (took as f64 / 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_meant_for_the_window_is_measured() {
        let mut tally = Tally::default();
        tally.measure(Window {
            from_ns: 1_000_000,
            until_ns: 2_000_000,
        });
        tally.count(Some(999_999), 1_500_000);
        tally.count(Some(1_000_000), 4_000_000);
        tally.count(Some(2_000_000), 2_500_000);
        tally.count(None, 1_500_000);
        assert_eq!(
            (tally.all, tally.deliveries, tally.last_ns),
            (4, 1, 4_000_000)
        );
        assert_eq!(tally.latency.quantile(1_000_000), Some(3000));
        // One in three milliseconds.
        assert!((tally.rate() - 333.3).abs() < 0.1, "{}", tally.rate());
    }
}
