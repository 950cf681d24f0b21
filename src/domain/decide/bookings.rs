//! `booking.confirm` and `booking.create` → `{booking, job, number}`, `booking.cancel` →
//! `{booking}`.
//!
//! A booking is the commercial promise; it is sold at the service's price and the policy of the
//! moment. With it comes its one live job (invariant 4), with a reserved row per seat. A hold that
//! lost a row to forced time off is confirmed all the same: its job is at risk.
//!
//! Cancelling: customers until the hours before the start that they were sold; staff as long as the
//! work has not begun, even with the crew on its way.

use jiff::{SignedDuration, Timestamp};

use super::{
    Decision,
    draft::{Draft, check_version},
    holds::{Slot, live_hold},
    text,
};
use crate::domain::{
    Event, Objection, Rejection,
    command::{BookingCancel, BookingConfirm, BookingCreate},
    contract::answer::{Booked, BookingWritten},
    entity::{Booking, BookingStatus, Cause, Customer, Job, JobStatus, Property, Service, Zone},
    homing::{Preference, Promise},
    ids::{BookingId, CustomerId, HoldId, JobId, PropertyId},
    limits::LIMITS,
};

pub(super) fn confirm(mut draft: Draft, command: &BookingConfirm) -> Result<Decision, Objection> {
    let hold = live_hold(&draft, command.hold)?;
    let property = property_of(&draft, command.property, hold.customer)?;
    if property.zone != hold.zone {
        return Err(Rejection::OutOfArea.into());
    }
    let customer = known_customer(&draft, hold.customer)?;
    let sale = Sale {
        hold: Some(hold.id),
        customer,
        property,
        zone: draft.zone(&hold.zone)?,
        service: draft.service(&hold.service)?,
        start: hold.starts_at,
    };
    let rows = draft.rows_of_hold(hold.id);
    let (booking, job) = sale.rows(&mut draft);
    draft.emit(Event::HoldConsumed {
        hold: hold.id,
        booking: booking.id,
    });
    let result = sell(&mut draft, booking, &job);
    for row in rows {
        draft.free(row);
        if let Cause::Hold { seat, .. } = row.cause {
            draft.take(row.cleaner, row.busy, Cause::Reserved { job: job.id, seat });
        }
    }
    settle_seats(&mut draft, &job);
    Ok(draft.done(result))
}

pub(super) fn create(mut draft: Draft, command: &BookingCreate) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let property = property_of(&draft, command.property, command.customer)?;
    let slot = Slot {
        zone: draft.zone(&property.zone)?,
        service: draft.service(&command.service)?,
        start: command.start,
    };
    slot.check_terms(draft.now)?;
    let sale = Sale {
        hold: None,
        customer: known_customer(&draft, command.customer)?,
        property,
        zone: slot.zone.clone(),
        service: slot.service.clone(),
        start: slot.start,
    };
    let (booking, job) = sale.rows(&mut draft);
    let seat_0 = Cause::Reserved {
        job: job.id,
        seat: 0,
    };
    let carriers = slot.carriers(&draft, seat_0, None)?;
    let result = sell(&mut draft, booking, &job);
    for (seat, cleaner) in (0..).zip(carriers) {
        draft.take(cleaner, job.busy(), Cause::Reserved { job: job.id, seat });
    }
    Ok(draft.done(result))
}

pub(super) fn cancel(mut draft: Draft, command: &BookingCancel) -> Result<Decision, Objection> {
    let booking = booking_of(&draft, command.booking)?;
    check_version(command.expected_version, booking.version)?;
    let reason = text::optional("reason", command.reason.as_deref(), LIMITS.note)?;
    let job = unfinished_job(&draft, booking.id);
    if booking.status != BookingStatus::Confirmed {
        return Err(Rejection::IllegalTransition {
            from: booking.status.as_str().to_owned(),
        }
        .into());
    }
    check_policy(&draft, &booking)?;
    draft.emit(Event::BookingCancelled {
        booking: booking.id,
        reason,
        at: draft.now,
    });
    if let Some(job) = job {
        draft.emit(Event::JobCancelled { job, at: draft.now });
        draft.free_all(draft.rows_of_job(job));
    }
    draft.secure();
    Ok(draft.done(BookingWritten {
        booking: booking.id,
    }))
}

/// Customers change their booking alone until the hours before the start that they were sold;
/// staff at any time.
pub(super) fn check_policy(draft: &Draft, booking: &Booking) -> Result<(), Objection> {
    if draft.actor.role.is_staff() {
        return Ok(());
    }
    let hours = SignedDuration::from_hours(i64::from(booking.cancel_until_hours));
    let until = booking.starts_at.saturating_sub(hours);
    let until = until.unwrap_or(Timestamp::MIN);
    if draft.now > until {
        return Err(Rejection::PolicyWindowClosed { until }.into());
    }
    Ok(())
}

/// What is sold to whom.
struct Sale {
    hold: Option<HoldId>,
    customer: Customer,
    property: Property,
    zone: Zone,
    service: Service,
    start: Timestamp,
}

impl Sale {
    fn rows(&self, draft: &mut Draft) -> (Booking, Job) {
        let local_date = self.zone.date_at(self.start);
        let booking = Booking {
            id: draft.new_id(),
            hold: self.hold,
            customer: self.customer.id,
            property: self.property.id,
            zone: self.zone.slug.clone(),
            service: self.service.slug.clone(),
            starts_at: self.start,
            local_date,
            price_minor: self.service.price_minor,
            currency: self.service.currency.clone(),
            cancel_until_hours: LIMITS.cancel_until_hours,
            status: BookingStatus::Confirmed,
            booked_at: draft.now,
            version: 1,
        };
        let job = Job {
            id: draft.new_id(),
            number: draft
                .world
                .next_job_number
                .expect("the loader numbers the job of a command that makes one"),
            booking: booking.id,
            zone: booking.zone.clone(),
            service: booking.service.clone(),
            starts_at: self.start,
            local_date,
            duration_minutes: self.service.duration_minutes,
            travel_buffer_minutes: self.service.travel_buffer_minutes,
            seats: vec![None; usize::from(self.service.crew_size)],
            status: JobStatus::Unassigned,
            at_risk: false,
            times: [(JobStatus::Unassigned, draft.now)].into(),
            version: 1,
        };
        (booking, job)
    }
}

fn sell(draft: &mut Draft, booking: Booking, job: &Job) -> Booked {
    let result = Booked {
        booking: booking.id,
        job: job.id,
        number: job.number,
    };
    draft.emit(Event::BookingConfirmed { booking });
    draft.emit(Event::JobCreated { job: job.clone() });
    result
}

/// Seats for which the hold had no row any more get one if somebody is left.
fn settle_seats(draft: &mut Draft, job: &Job) {
    let rows = draft.rows_of_job(job.id);
    for (seat, _) in job.seats_by_number() {
        let cause = Cause::Reserved { job: job.id, seat };
        if rows.iter().any(|row| row.cause == cause) {
            continue;
        }
        if let Some(promise) = Promise::behind(&draft.world, cause, job.busy()) {
            draft.place(promise, Preference::default());
        }
    }
    draft.settle_risk(job.id);
}

fn property_of(draft: &Draft, id: PropertyId, customer: CustomerId) -> Result<Property, Objection> {
    let property = draft.world.properties.get(&id);
    property
        .filter(|property| property.customer == customer)
        .cloned()
        .ok_or(Objection::NotFound)
}

/// The customer, if the cleaner will know whom to ask for and where to call.
fn known_customer(draft: &Draft, id: CustomerId) -> Result<Customer, Objection> {
    let customer = draft.world.customers.get(&id).ok_or(Objection::NotFound)?;
    let known = [("name", &customer.name), ("phone", &customer.phone)];
    let missing: Vec<String> = known
        .iter()
        .filter(|(_, value)| value.is_none())
        .map(|(field, _)| (*field).to_owned())
        .collect();
    if !missing.is_empty() {
        return Err(Rejection::DetailsMissing { missing }.into());
    }
    Ok(customer.clone())
}

pub(super) fn booking_of(draft: &Draft, id: BookingId) -> Result<Booking, Objection> {
    let booking = draft.world.bookings.get(&id);
    booking
        .filter(|booking| draft.may_act_for(booking.customer))
        .cloned()
        .ok_or(Objection::NotFound)
}

pub(super) fn unfinished_job(draft: &Draft, booking: BookingId) -> Option<JobId> {
    let mut jobs = draft.world.jobs.values();
    jobs.find(|job| job.booking == booking && (job.status.is_live() || draft.can_be_saved(job)))
        .map(|job| job.id)
}

#[cfg(test)]
mod tests;
