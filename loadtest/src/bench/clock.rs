//! One clock for all processes of a machine.

use std::{thread, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of the monotonic clock, which is the same in every process.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let whole = u64::try_from(now.tv_sec).expect("the machine has started");
    let rest = u64::try_from(now.tv_nsec).expect("a part of a second");
    whole * 1_000_000_000 + rest
}

pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("runs are shorter than centuries")
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
pub fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// Returns at once where the moment is over.
pub fn sleep_until(moment_ns: u64) {
    let left = moment_ns.saturating_sub(now_ns());
    if left > 0 {
        thread::sleep(Duration::from_nanos(left));
    }
}
