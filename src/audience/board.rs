//! `board:{zone}`: jobs with open seats, for every cleaner of the zone to claim. Where it is, is
//! told as a district and a point rounded to about a kilometre: no address, no customer.

use super::{Channel, Row, booking::crew, row::OpenJobRow, view::Views};
use crate::domain::{
    World,
    entity::{Job, JobStatus, Property},
};

pub(super) fn project(world: &World, views: &mut Views) {
    for job in world.jobs.values() {
        views.put_if_any(Channel::Board(job.zone.clone()), || {
            let booking = world.bookings.get(&job.booking)?;
            let property = world.properties.get(&booking.property)?;
            open_job_row(job, property).map(Row::OpenJob)
        });
    }
}

fn open_job_row(job: &Job, property: &Property) -> Option<OpenJobRow> {
    let open_seats = job.seats.iter().filter(|seat| seat.is_none()).count();
    if open_seats == 0 || !may_be_joined(job.status) {
        return None;
    }
    Some(OpenJobRow {
        id: job.id,
        version: job.version,
        number: job.number,
        service: job.service.clone(),
        starts_at: job.starts_at,
        duration_minutes: job.duration_minutes,
        travel_buffer_minutes: job.travel_buffer_minutes,
        crew_size: seats(job.seats.len()),
        open_seats: seats(open_seats),
        crew: crew(job),
        district: place(property),
        lon: coarse(property.lon),
        lat: coarse(property.lat),
    })
}

fn place(property: &Property) -> String {
    #[cfg(feature = "breakages")]
    if crate::breakage::is(crate::breakage::Breakage::BoardTellsTheAddress) {
        return property.address.clone();
    }
    property.district.clone()
}

/// Live, and nobody has set out yet.
fn may_be_joined(status: JobStatus) -> bool {
    match status {
        JobStatus::Unassigned | JobStatus::Assigned | JobStatus::Acknowledged => true,
        JobStatus::EnRoute
        | JobStatus::Arrived
        | JobStatus::InProgress
        | JobStatus::Paused
        | JobStatus::Completed
        | JobStatus::Verified
        | JobStatus::Cancelled
        | JobStatus::NoAccess
        | JobStatus::CleanerNoShow => false,
    }
}

fn seats(count: usize) -> u8 {
    u8::try_from(count).expect("a crew has at most four")
}

fn coarse(degrees: f64) -> f64 {
    (degrees * 100.0).round() / 100.0
}
