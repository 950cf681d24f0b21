//! Contracts of dispatch and of the work itself.

use super::contracts;

contracts! {
    /// Takes an open seat of a job on the board; the first one wins.
    JobClaim -> SeatFilled
    rejected as [AlreadyTaken IllegalTransition Overlap TimeOff OutsideShift SkillMissing
        AnotherJobActive]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Gives a seat of a job to a cleaner; promises in the way are moved to others.
    JobAssign -> SeatFilled
    rejected as [AlreadyTaken IllegalTransition StaleVersion Overlap TimeOff OutsideShift
        SkillMissing AnotherJobActive]
    example {
        "job": "01890a5d-ac96-774b-bcce-b302099a8057",
        "cleaner": "01890a5d-ac96-774b-bcce-b302099a8058", "expected_version": 3
    }

    /// Moves a job to another start, to another cleaner, or both in one; promises in the way are
    /// moved to others. Before the crew departs.
    JobMove -> JobMoved
    rejected as [AlreadyTaken IllegalTransition StaleVersion LeadTime Overlap TimeOff OutsideShift
        SkillMissing AnotherJobActive]
    example {
        "job": "01890a5d-ac96-774b-bcce-b302099a8057", "start": "2026-11-20T13:00:00Z",
        "cleaner": "01890a5d-ac96-774b-bcce-b302099a8058", "expected_version": 3
    }

    /// Empties one seat, or the whole crew where no seat is named.
    JobUnassign -> JobStands rejected as [IllegalTransition StaleVersion]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057", "seat": 0 }

    /// Says that the crew has seen the job and will come.
    JobAcknowledge -> JobStands rejected as [NotLead IllegalTransition]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Says that the crew is on its way.
    JobDepart -> JobStands rejected as [NotLead IllegalTransition TooEarly AnotherJobActive]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Says that the crew is there.
    JobArrive -> JobStands rejected as [NotLead IllegalTransition]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Says that the work has begun.
    JobStart -> JobStands rejected as [NotLead IllegalTransition]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Says that the work rests.
    JobPause -> JobStands rejected as [NotLead IllegalTransition]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Says that the work goes on.
    JobResume -> JobStands rejected as [NotLead IllegalTransition]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Says that the work is done; what is left of the crew's time is free again.
    JobComplete -> JobStands rejected as [NotLead IllegalTransition]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Says that nobody let the crew in.
    JobNoAccess -> JobStands rejected as [NotLead IllegalTransition]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057", "note": "Rang twice" }

    /// Says that the work was found well done; the booking is closed.
    JobVerify -> JobStands rejected as [IllegalTransition StaleVersion]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057", "expected_version": 8 }

    /// Leaves the crew. The job looks for somebody else.
    JobWithdraw -> JobStands rejected as [IllegalTransition]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057", "reason": "ill" }

    /// Says that the crew did not come. The visit can still be saved until its time is over.
    JobNoShow -> JobStands rejected as [IllegalTransition TooEarly]
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Does what the passing of time makes due about a job. The server's own.
    JobWatch -> JobWatched rejected as []
    example { "job": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Says that somebody sees to it.
    AlertAcknowledge -> AlertStands rejected as [AlreadyResolved StaleVersion]
    example { "alert": "01890a5d-ac96-774b-bcce-b302099a8057", "expected_version": 1 }

    /// Lets an alert rest until an instant at most twelve hours ahead.
    AlertSnooze -> AlertStands rejected as [AlreadyResolved StaleVersion]
    example {
        "alert": "01890a5d-ac96-774b-bcce-b302099a8057", "until": "2026-11-20T09:30:00Z",
        "expected_version": 1
    }

    /// Says that nobody needs to see to it. It stays so unless it gets worse.
    AlertResolve -> AlertStands rejected as [AlreadyResolved StaleVersion]
    example { "alert": "01890a5d-ac96-774b-bcce-b302099a8057", "expected_version": 1 }
}
