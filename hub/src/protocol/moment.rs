//! Time as the protocol core knows it: a distance from a start that only the runtime knows.

use std::{ops::Add, time::Duration};

/// A point in time, counted from the start of the engine (or of the simulation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(Duration);

impl Moment {
    pub const fn since_start(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long this is after the start.
    pub const fn elapsed(self) -> Duration {
        self.0
    }

    /// How long this is after `earlier`; zero when it is not.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, after: Duration) -> Self {
        Self(self.0.saturating_add(after))
    }
}

/// The earlier of two deadlines, where there are any.
pub(crate) fn earliest(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    match (one, other) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (deadline, None) | (None, deadline) => deadline,
    }
}
