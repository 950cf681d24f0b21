//! Contracts of cleaners' time.

use super::contracts;

contracts! {
    /// Says that a cleaner works, rests or is off.
    DutySet -> DutyStands rejected as [ActiveJob]
    example { "duty": "on" }

    /// Plans a cleaner's working time in one of their zones.
    ShiftPublish -> ShiftWritten rejected as [AlreadyExists]
    example {
        "cleaner": "01890a5d-ac96-774b-bcce-b302099a8057", "zone": "center",
        "start": "2026-11-20T08:00:00Z", "end": "2026-11-20T16:00:00Z"
    }

    /// Takes time out of a cleaner's shifts. Work promised then moves to others; with `force`
    /// assigned work does, too.
    TimeOffAdd -> TimeOffAdded rejected as [AlreadyExists JobsAffected]
    example {
        "cleaner": "01890a5d-ac96-774b-bcce-b302099a8057",
        "start": "2026-11-20T08:00:00Z", "end": "2026-11-20T12:00:00Z", "reason": "dentist"
    }
}
