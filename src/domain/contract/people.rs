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

    /// Gives a shift another time. Work promised then that it no longer covers moves to others; with
    /// `force` assigned work does, too.
    ShiftChange -> ShiftReshaped rejected as [StaleVersion IllegalTransition AlreadyExists JobsAffected]
    example {
        "shift": "01890a5d-ac96-774b-bcce-b302099a8057",
        "start": "2026-11-20T09:00:00Z", "end": "2026-11-20T16:00:00Z", "expected_version": 1
    }

    /// Takes a shift back. Work promised then moves to others; with `force` assigned work does, too.
    ShiftCancel -> ShiftReshaped rejected as [StaleVersion IllegalTransition JobsAffected]
    example {
        "shift": "01890a5d-ac96-774b-bcce-b302099a8057", "force": true, "expected_version": 1
    }

    /// Takes time out of a cleaner's shifts. Work promised then moves to others; with `force`
    /// assigned work does, too.
    TimeOffAdd -> TimeOffAdded rejected as [AlreadyExists JobsAffected]
    example {
        "cleaner": "01890a5d-ac96-774b-bcce-b302099a8057",
        "start": "2026-11-20T08:00:00Z", "end": "2026-11-20T12:00:00Z", "reason": "dentist"
    }
}
