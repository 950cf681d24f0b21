//! `booking:{id}`: one visit as its customer follows it — the order, how the work stands, and the
//! first names of those who come. Nothing here says more about a cleaner than that.

use super::{
    Channel, Row,
    row::{BookingRow, CleanerCard, VisitRow},
    view::Views,
};
use crate::domain::{
    World,
    entity::{Booking, Job},
    ids::CleanerId,
    world::ByBooking,
};

pub(super) fn project(world: &World, views: &mut Views) {
    for booking in world.bookings.values() {
        views.put_if_any(Channel::Booking(booking.id), || {
            booking_row(world, booking).map(Row::Booking)
        });
    }
    for job in world.jobs.values() {
        let row = || Row::Visit(visit_row(world, job));
        views.put(Channel::Booking(job.booking), row);
    }
}

/// Also shown on `customer`. `None` where the world was loaded without the property.
pub(super) fn booking_row(world: &World, booking: &Booking) -> Option<BookingRow> {
    let property = world.properties.get(&booking.property)?;
    let jobs = world.jobs.group::<ByBooking>(booking.id.0);
    let job = jobs.min_by_key(|job| job.id)?;
    Some(BookingRow {
        id: booking.id,
        version: booking.version,
        status: booking.status,
        zone: booking.zone.clone(),
        service: booking.service.clone(),
        property: booking.property,
        address: property.address.clone(),
        starts_at: booking.starts_at,
        duration_minutes: job.duration_minutes,
        price_minor: booking.price_minor,
        currency: booking.currency.clone(),
        cancel_until_hours: booking.cancel_until_hours,
    })
}

fn visit_row(world: &World, job: &Job) -> VisitRow {
    VisitRow {
        id: job.id,
        version: job.version,
        number: job.number,
        status: job.status,
        times: job.times.clone(),
        crew: crew(job)
            .into_iter()
            .map(|cleaner| CleanerCard {
                id: cleaner,
                first_name: first_name(world, cleaner),
            })
            .collect(),
    }
}

/// The cleaners on a job's seats, the lead (the first filled) first.
pub(super) fn crew(job: &Job) -> Vec<CleanerId> {
    let mut seats: Vec<_> = job.seats.iter().flatten().collect();
    seats.sort_by_key(|seat| seat.filled_at);
    seats.into_iter().map(|seat| seat.cleaner).collect()
}

/// The first word of a cleaner's name.
pub(super) fn first_name(world: &World, cleaner: CleanerId) -> String {
    world
        .cleaners
        .get(&cleaner)
        .and_then(|cleaner| cleaner.name.split_whitespace().next())
        .unwrap_or_default()
        .to_owned()
}
