//! Which entities a published row tells of. A transaction that publishes a row locks them, so that
//! two transactions never publish the same row, or a row and what it joins, in an order other
//! than that of their commits.

use super::{Channel, Row};
use crate::domain::{
    World,
    ids::{AccountId, BookingId, CleanerId, CustomerId, HoldId, JobId, ServiceSlug, ZoneSlug},
};

/// A row that commands lock. The order of the variants, then of the ids, is the one order in which
/// every transaction takes its locks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    Account(AccountId),
    Zone(ZoneSlug),
    Service(ServiceSlug),
    Customer(CustomerId),
    Hold(HoldId),
    Booking(BookingId),
    Job(JobId),
    Cleaner(CleanerId),
}

/// The entities whose columns this row of this channel shows. Properties are locked with their
/// customer, shifts and time off with their cleaner, seats and alerts with their job.
pub fn entities_behind(channel: &Channel, row: &Row, world: &World) -> Vec<Entity> {
    match row {
        Row::Customer(row) => vec![Entity::Customer(row.id)],
        Row::Property(_) => match channel {
            Channel::Customer(customer) => vec![Entity::Customer(*customer)],
            Channel::Slots { .. }
            | Channel::Booking(_)
            | Channel::Agenda(_)
            | Channel::Board(_)
            | Channel::Control { .. } => Vec::new(),
        },
        Row::Hold(row) => vec![Entity::Hold(row.id)],
        Row::Booking(row) => vec![Entity::Booking(row.id)],
        Row::Visit(row) => crew_of(world, row.id)
            .chain([Entity::Job(row.id)])
            .collect(),
        Row::Cleaner(row) => vec![Entity::Cleaner(row.id)],
        Row::Shift(row) => vec![Entity::Cleaner(row.cleaner)],
        Row::ShiftTemplate(row) => vec![Entity::Cleaner(row.cleaner)],
        Row::TimeOff(row) => vec![Entity::Cleaner(row.cleaner)],
        Row::AgendaJob(row) => crew_of(world, row.id)
            .chain(customer_of(world, row.id))
            .chain([Entity::Job(row.id)])
            .collect(),
        Row::OpenJob(row) => vec![Entity::Job(row.id)],
        Row::Alert(row) => vec![Entity::Job(row.job)],
        Row::Job(row) => vec![
            Entity::Customer(row.customer),
            Entity::Booking(row.booking),
            Entity::Job(row.id),
        ],
    }
}

fn crew_of(world: &World, job: JobId) -> impl Iterator<Item = Entity> {
    let seats = world.jobs.get(&job).map(|job| job.seats.clone());
    seats
        .into_iter()
        .flatten()
        .flatten()
        .map(|seat| Entity::Cleaner(seat.cleaner))
}

fn customer_of(world: &World, job: JobId) -> Option<Entity> {
    let booking = world.bookings.get(&world.jobs.get(&job)?.booking)?;
    Some(Entity::Customer(booking.customer))
}
