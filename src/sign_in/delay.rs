//! The growing wait after failures to sign in, per address and account. It slows guessing down
//! and locks nobody out: from elsewhere the account's owner signs in as ever.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::limits::{Bounded, Neighbour, Weight};

const FIRST_DELAY: Duration = Duration::from_millis(250);
/// Failures are forgotten after as long without another.
const MEMORY: Duration = Duration::from_mins(15);
/// Beyond this many keys those with the fewest failures are forgotten.
const MAX_KEYS: usize = 50_000;

type Key = (Neighbour, [u8; 32]);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    next_try: Instant,
    last: Instant,
}

impl Weight for Failures {
    fn weight(&self) -> u64 {
        self.count.into()
    }
}

/// What has failed lately.
pub struct Delays {
    failures: Bounded<Key, Failures>,
    free: u32,
    longest: Duration,
}

impl Delays {
    pub fn new(free: u32, longest: Duration) -> Self {
        Self {
            failures: Bounded::new(MAX_KEYS),
            free,
            longest,
        }
    }

    /// Begins an attempt, which counts as failed until [`Delays::succeeded`]; so tries in parallel
    /// gain nothing. An error says how long to wait.
    pub fn attempt(&self, from: Neighbour, subject: &str, now: Instant) -> Result<(), Duration> {
        self.failures.update(&key(from, subject), |known| {
            let known = known.filter(|known| now.saturating_duration_since(known.last) <= MEMORY);
            if let Some(wait) = known.and_then(|known| known.next_try.checked_duration_since(now))
                && !wait.is_zero()
            {
                return Err(wait);
            }
            let count = known.map_or(0, |known| known.count).saturating_add(1);
            let failures = Failures {
                count,
                next_try: now + self.delay_after(count),
                last: now,
            };
            Ok(((), failures))
        })
    }

    pub fn succeeded(&self, from: Neighbour, subject: &str) {
        self.failures.remove(&key(from, subject));
    }

    /// Forgets what is old.
    pub fn prune(&self, now: Instant) {
        self.failures
            .retain(|failures| now.saturating_duration_since(failures.last) <= MEMORY);
    }

    fn delay_after(&self, count: u32) -> Duration {
        match count.checked_sub(self.free) {
            None | Some(0) => Duration::ZERO,
            Some(extra) => FIRST_DELAY
                .saturating_mul(1 << (extra - 1).min(16))
                .min(self.longest),
        }
    }
}

fn key(from: Neighbour, subject: &str) -> Key {
    (from, Sha256::digest(subject.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> Neighbour {
        std::net::IpAddr::from([10, 0, 0, last]).into()
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait() {
        let delays = Delays::new(2, Duration::from_secs(1));
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..6 {
            assert_eq!(delays.attempt(from(1), "anna", now), Ok(()));
            let wait = delays.attempt(from(1), "anna", now).err();
            if let Some(wait) = wait {
                now += wait;
                waits.push(wait.as_millis());
            } else {
                // The free attempt just made counts as well.
                waits.push(0);
            }
        }
        assert_eq!(waits, [0, 250, 500, 1000, 1000, 1000]);
    }

    #[test]
    fn nobody_else_waits_and_success_forgets() {
        let delays = Delays::new(0, Duration::from_secs(8));
        let now = Instant::now();
        assert_eq!(delays.attempt(from(1), "anna", now), Ok(()));
        assert!(delays.attempt(from(1), "anna", now).is_err());
        assert_eq!(delays.attempt(from(2), "anna", now), Ok(()));
        assert_eq!(delays.attempt(from(1), "boris", now), Ok(()));
        delays.succeeded(from(1), "anna");
        assert_eq!(delays.attempt(from(1), "anna", now), Ok(()));
    }

    #[test]
    fn a_flood_of_failures_is_bounded_and_frees_nobody() {
        let delays = Delays::new(0, Duration::from_secs(8));
        let mut now = Instant::now();
        for _ in 0..4 {
            now += delays
                .attempt(from(1), "anna", now)
                .err()
                .unwrap_or_default();
        }
        for stranger in 0..MAX_KEYS + 20_000 {
            let name = stranger.to_string();
            assert_eq!(delays.attempt(from(2), &name, now), Ok(()));
        }
        assert!(delays.failures.len() <= MAX_KEYS + 16);
        assert_eq!(delays.attempt(from(1), "anna", now), Ok(()));
        assert!(delays.attempt(from(1), "anna", now) >= Err(Duration::from_secs(1)));
    }

    #[test]
    fn old_failures_are_forgotten() {
        let delays = Delays::new(0, Duration::from_secs(8));
        let now = Instant::now();
        assert_eq!(delays.attempt(from(1), "anna", now), Ok(()));
        delays.prune(now + MEMORY + Duration::from_secs(1));
        assert!(delays.failures.is_empty());
    }
}
