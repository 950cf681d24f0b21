//! Whom staff act for, for the audit trail: the customer whose hold, booking or details it is, the
//! cleaner whose duty it is, and of the work itself the lead, whose it is to say. What is the
//! company's own (who is assigned, when people work, administration) is on nobody's behalf.

use super::{
    Actor, Command, World,
    ids::{AccountId, BookingId, CleanerId, CustomerId, HoldId, JobId},
};

impl Command {
    /// Out of the world before the decision.
    pub fn on_behalf_of(&self, actor: Actor, world: &World) -> Option<AccountId> {
        if !actor.role.is_staff() {
            return None;
        }
        let customer = |id: CustomerId| AccountId(id.0);
        let cleaner = |id: CleanerId| AccountId(id.0);
        let holder = |id: HoldId| world.holds.get(&id).map(|hold| customer(hold.customer));
        let booker = |id: BookingId| {
            let booking = world.bookings.get(&id);
            booking.map(|booking| customer(booking.customer))
        };
        let lead = |id: JobId| world.jobs.get(&id)?.lead().map(cleaner);
        match self {
            Self::UpdateCustomer(c) => c.customer.map(customer),
            Self::AddProperty(c) => c.customer.map(customer),
            Self::PlaceHold(c) => c.customer.map(customer),
            Self::ExtendHold(c) => holder(c.hold),
            Self::ReleaseHold(c) => holder(c.hold),
            Self::ConfirmBooking(c) => holder(c.hold),
            Self::CreateBooking(c) => Some(customer(c.customer)),
            Self::CancelBooking(c) => booker(c.booking),
            Self::RescheduleBooking(c) => booker(c.booking),
            Self::AcknowledgeJob(c) => lead(c.job),
            Self::DepartForJob(c) => lead(c.job),
            Self::ArriveAtJob(c) => lead(c.job),
            Self::StartJob(c) => lead(c.job),
            Self::PauseJob(c) => lead(c.job),
            Self::ResumeJob(c) => lead(c.job),
            Self::CompleteJob(c) => lead(c.job),
            Self::ReportNoAccess(c) => lead(c.job),
            Self::WithdrawFromJob(c) => c.cleaner.map(cleaner).or_else(|| lead(c.job)),
            Self::SetDuty(c) => c.cleaner.map(cleaner),
            Self::CreateCustomer(_)
            | Self::ExpireHold(_)
            | Self::ClaimJob(_)
            | Self::AssignJob(_)
            | Self::UnassignJob(_)
            | Self::MoveJob(_)
            | Self::VerifyJob(_)
            | Self::ReportNoShow(_)
            | Self::WatchJob(_)
            | Self::AcknowledgeAlert(_)
            | Self::SnoozeAlert(_)
            | Self::ResolveAlert(_)
            | Self::PublishShift(_)
            | Self::ChangeShift(_)
            | Self::CancelShift(_)
            | Self::SaveTemplate(_)
            | Self::EndTemplate(_)
            | Self::ExceptTemplate(_)
            | Self::PlanTemplate(_)
            | Self::AddTimeOff(_)
            | Self::SaveZone(_)
            | Self::SaveService(_)
            | Self::SaveUser(_)
            | Self::SaveCleaner(_)
            | Self::ImportCompany(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        command::{BookingCancel, HoldRelease, JobAssign, JobClaim, JobDepart},
        testing::{CLEANING, DISPATCHER, TEN, Town, at, place},
    };

    #[test]
    fn staff_act_for_whose_it_is_and_others_for_themselves() {
        let mut town = Town::new();
        let lead = town.cleaner(&[]);
        let (booking, job) = town.book(CLEANING, TEN);
        town.accept(lead, &Command::ClaimJob(JobClaim { job }));
        let (customer, _) = town.customer();
        let hold = town.hold(customer, "2026-06-01T14:00:00Z");
        let booker = AccountId(town.world.bookings[&booking].customer.0);
        let (customer, lead) = (AccountId(customer.0), AccountId(lead.0));
        let cancel = Command::CancelBooking(BookingCancel {
            booking,
            reason: None,
            expected_version: None,
        });
        let assign = Command::AssignJob(JobAssign {
            job,
            cleaner: CleanerId(lead.0),
            seat: None,
            expected_version: None,
        });
        for (command, expected) in [
            (cancel.clone(), Some(booker)),
            (Command::ReleaseHold(HoldRelease { hold }), Some(customer)),
            (Command::DepartForJob(JobDepart { job }), Some(lead)),
            (assign, None),
            (place(CLEANING, at(TEN)), None),
        ] {
            let found = command.on_behalf_of(DISPATCHER, &town.world);
            assert_eq!(found, expected, "{}", command.kind());
        }
        let own = Actor::from(CustomerId(booker.0));
        assert_eq!(cancel.on_behalf_of(own, &town.world), None);
    }
}
