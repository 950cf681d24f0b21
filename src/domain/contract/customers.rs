//! Contracts of what customers do, or staff for them.

use super::contracts;

contracts! {
    /// Changes a customer's details: a field that is absent stays, an empty address of mail is cleared.
    CustomerUpdate -> CustomerWritten rejected as [StaleVersion]
    example { "name": "Anna Berg", "phone": "+49 30 1234567" }

    /// Makes a customer for somebody who calls.
    CustomerCreate -> CustomerWritten rejected as []
    example { "name": "Anna Berg", "phone": "+49 30 1234567" }

    /// Adds a place to clean. The zone follows from the coordinates.
    PropertyAdd -> PropertyAdded rejected as [OutOfArea]
    example { "address": "Lindenweg 1, Berlin", "lon": 13.4, "lat": 52.5 }

    /// Reserves a slot for five minutes, while the form is filled in.
    HoldPlace -> SlotHeld
    rejected as [SlotGone LeadTime OutsideBookingWindow NotASlot HoldLimit]
    example { "zone": "center", "service": "standard", "start": "2026-11-20T09:00:00Z" }

    /// Gives a hold five more minutes, once.
    HoldExtend -> SlotHeld rejected as [HoldExpired AlreadyExtended IllegalTransition]
    example { "hold": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Gives the slot back.
    HoldRelease -> HoldEnded rejected as [HoldExpired IllegalTransition]
    example { "hold": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Ends a hold whose time is over. Only the server's own timers do this.
    HoldExpire -> HoldStands rejected as []
    example { "hold": "01890a5d-ac96-774b-bcce-b302099a8057" }

    /// Turns a hold into a booking with its job.
    BookingConfirm -> Booked
    rejected as [HoldExpired IllegalTransition OutOfArea DetailsMissing]
    example {
        "hold": "01890a5d-ac96-774b-bcce-b302099a8057",
        "property": "01890a5d-ac96-774b-bcce-b302099a8058"
    }

    /// Books for a customer who calls: a hold and its confirmation in one.
    BookingCreate -> Booked
    rejected as [SlotGone LeadTime OutsideBookingWindow NotASlot DetailsMissing]
    example {
        "customer": "01890a5d-ac96-774b-bcce-b302099a8057",
        "property": "01890a5d-ac96-774b-bcce-b302099a8058",
        "service": "standard", "start": "2026-11-20T09:00:00Z"
    }

    /// Cancels a booking and its job. Customers may until the hours before the start that they
    /// were sold.
    BookingCancel -> BookingWritten
    rejected as [IllegalTransition PolicyWindowClosed StaleVersion]
    example { "booking": "01890a5d-ac96-774b-bcce-b302099a8057", "reason": "We are away" }

    /// Moves a visit to another start, at the price and the policy it was sold with. Customers may
    /// until the hours before the start that they were sold. The crew comes then if it can.
    BookingReschedule -> BookingMoved
    rejected as [IllegalTransition PolicyWindowClosed StaleVersion SlotGone LeadTime
        OutsideBookingWindow NotASlot]
    example {
        "booking": "01890a5d-ac96-774b-bcce-b302099a8057", "start": "2026-11-20T13:00:00Z",
        "expected_version": 1
    }
}
