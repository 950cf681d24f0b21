//! Where the protocol core's moments come from: tokio's clock, which tests can pause.

use std::time::Duration;

use governor::{
    clock::{Clock, Reference},
    nanos::Nanos,
};
use tokio::time::Instant;

use crate::protocol::Moment;

/// Counts from the start of the engine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timekeeper {
    start: Instant,
}

impl Timekeeper {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(super) fn now(self) -> Moment {
        Moment::since_start(self.start.elapsed())
    }

    pub(super) fn instant(self, moment: Moment) -> Instant {
        self.start + moment.elapsed()
    }
}

/// The same clock for rate limits.
impl Clock for Timekeeper {
    type Instant = Tick;

    fn now(&self) -> Tick {
        Tick(self.start.elapsed())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tick(Duration);

impl std::ops::Add<Nanos> for Tick {
    type Output = Self;

    fn add(self, after: Nanos) -> Self {
        Self(self.0 + Duration::from(after))
    }
}

impl Reference for Tick {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration.into()))
    }
}
