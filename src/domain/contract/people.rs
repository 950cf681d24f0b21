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

    /// Makes a weekly template of a cleaner's shifts in a zone, by the clock on its wall, or changes it
    /// where its version is given. A changed one changes the shifts made from it that have not begun
    /// and that nobody changed by hand; with `force` also where assigned work loses its cleaner.
    TemplateSave -> TemplateWritten rejected as [StaleVersion JobsAffected]
    example {
        "cleaner": "01890a5d-ac96-774b-bcce-b302099a8057", "zone": "center",
        "week": [
            [{ "starts": 480, "ends": 960 }], [{ "starts": 480, "ends": 960 }],
            [{ "starts": 480, "ends": 960 }], [], [{ "starts": 1320, "ends": 1800 }], [], []
        ],
        "valid_from": "2026-11-23"
    }

    /// Says which date is a template's last; its later shifts are taken back.
    TemplateEnd -> TemplateWritten rejected as [StaleVersion JobsAffected]
    example {
        "template": "01890a5d-ac96-774b-bcce-b302099a8057", "last_date": "2026-12-31",
        "expected_version": 2
    }

    /// Gives a template other hours on one date, none of them for a day without, or the week's again.
    TemplateExcept -> TemplateWritten rejected as [StaleVersion JobsAffected]
    example {
        "template": "01890a5d-ac96-774b-bcce-b302099a8057", "date": "2026-12-24", "hours": []
    }

    /// Makes the next week's shifts of a template. The server's own, from a timer.
    TemplatePlan -> TemplateWritten rejected as [JobsAffected]
    example { "template": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Takes time out of a cleaner's shifts. Work promised then moves to others; with `force`
    /// assigned work does, too.
    TimeOffAdd -> TimeOffAdded rejected as [AlreadyExists JobsAffected]
    example {
        "cleaner": "01890a5d-ac96-774b-bcce-b302099a8057",
        "start": "2026-11-20T08:00:00Z", "end": "2026-11-20T12:00:00Z", "reason": "dentist"
    }
}
