//! One line when the database goes away and one when it is back, with how much failed in between: an
//! outage may last for hours, and every read of it fails. What fails alone is told when it does, too.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::{Failure, StoreError};

/// Without a failure for this long it is over.
const OVER_AFTER: Duration = Duration::from_secs(2);

/// Of this process's database.
static OUTAGE: Outage = Outage(Mutex::new(None));

struct Outage(Mutex<Option<Episode>>);

#[derive(Debug, Clone, Copy)]
struct Episode {
    began: Instant,
    last: Instant,
    failures: u64,
}

/// What a failure means for the one who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It will pass: to be tried again.
    Passing,
    /// A fault of ours, by which it is found in the log.
    Fault { trace_id: String },
}

/// Tells the log of a failure of the database; `what` could not be done for it.
pub fn tell(what: &'static str, error: &StoreError) -> Told {
    match error.failure() {
        Failure::Conflict | Failure::ConnectionLost | Failure::Unavailable => {
            if OUTAGE.failed(Instant::now()) {
                let then = "the database is not available; what fails from here on is counted";
                tracing::warn!(%error, "{what}: {then}");
            } else {
                tracing::debug!(%error, "{what}");
            }
            Told::Passing
        }
        Failure::Fault => {
            let trace_id = Uuid::now_v7().simple().to_string();
            tracing::error!(%error, trace_id, "{what}");
            Told::Fault { trace_id }
        }
    }
}

/// The database has answered. To be said now and then.
pub fn answered() {
    if let Some(over) = OUTAGE.answered(Instant::now()) {
        tracing::warn!(
            failures = over.failures,
            seconds = over.last.duration_since(over.began).as_secs_f64(),
            "the database is available again"
        );
    }
}

impl Outage {
    /// Whether this is the first failure.
    fn failed(&self, now: Instant) -> bool {
        let mut episode = self.locked();
        match &mut *episode {
            Some(known) => {
                known.last = known.last.max(now);
                known.failures += 1;
                false
            }
            none => {
                *none = Some(Episode {
                    began: now,
                    last: now,
                    failures: 1,
                });
                true
            }
        }
    }

    /// What is over by now.
    fn answered(&self, now: Instant) -> Option<Episode> {
        let quiet = |known: &mut Episode| now.saturating_duration_since(known.last) >= OVER_AFTER;
        self.locked().take_if(quiet)
    }

    fn locked(&self) -> MutexGuard<'_, Option<Episode>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_begins_once_and_ends_once_with_its_count() {
        let (outage, began) = (Outage(Mutex::new(None)), Instant::now());
        let at = |ms| began + Duration::from_millis(ms);
        assert!(outage.answered(at(0)).is_none());
        assert!(outage.failed(at(0)));
        assert!(!outage.failed(at(500)));
        assert!(!outage.failed(at(3_000)));
        assert!(outage.answered(at(4_000)).is_none(), "it may flap");
        let over = outage.answered(at(5_000)).expect("it is over");
        assert_eq!((over.failures, over.last), (3, at(3_000)));
        assert!(outage.answered(at(9_000)).is_none());
        assert!(outage.failed(at(9_000)), "the next one is another");
    }
}
