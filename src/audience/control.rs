//! `control:{zone}:{date}`: a zone's day as dispatchers steer it — the cleaners who work that day,
//! their shifts and time off, every job that starts on it, and the jobs' unresolved alerts.
//!
//! A shift belongs to each local date that it reaches into: somebody on a night shift is there to
//! be given a job at two in the morning.

use jiff::{ToSpan, civil::Date};

use super::{
    Channel, Row,
    agenda::{cleaner_row, shift_row, time_off_row},
    booking::crew,
    row::{AlertRow, JobRow},
    view::Views,
};
use crate::domain::{
    World,
    alert::Alert,
    entity::{Job, Shift, TimeRange},
};

pub(super) fn project(world: &World, views: &mut Views) {
    for shift in world.shifts.values() {
        for date in dates_of(world, shift, shift.during) {
            let channel = Channel::Control {
                zone: shift.zone.clone(),
                date,
            };
            if let Some(cleaner) = world.cleaners.get(&shift.cleaner) {
                views.put(channel.clone(), Row::Cleaner(cleaner_row(cleaner)));
            }
            views.put(channel, Row::Shift(shift_row(shift)));
        }
        project_time_off(world, shift, views);
    }
    for job in world.jobs.values() {
        if let Some(row) = job_row(world, job) {
            let channel = Channel::Control {
                zone: job.zone.clone(),
                date: job.local_date,
            };
            views.put(channel, Row::Job(row));
        }
    }
    for alert in world.alerts.values().filter(|alert| !alert.is_resolved()) {
        let Some(job) = world.jobs.get(&alert.job) else {
            continue;
        };
        let channel = Channel::Control {
            zone: job.zone.clone(),
            date: job.local_date,
        };
        views.put(channel, Row::Alert(alert_row(alert)));
    }
}

fn alert_row(alert: &Alert) -> AlertRow {
    AlertRow {
        id: alert.id,
        version: alert.version,
        job: alert.job,
        about: alert.about,
        level: alert.level,
        status: alert.status,
        raised_at: alert.raised_at,
        snoozed_until: alert.snoozed_until,
        handled_by: alert.handled_by,
    }
}

fn project_time_off(world: &World, shift: &Shift, views: &mut Views) {
    for time_off in world.time_off.values() {
        if time_off.cleaner != shift.cleaner {
            continue;
        }
        let cut = TimeRange::new(
            time_off.during.start.max(shift.during.start),
            time_off.during.end.min(shift.during.end),
        );
        for date in cut.into_iter().flat_map(|cut| dates_of(world, shift, cut)) {
            let channel = Channel::Control {
                zone: shift.zone.clone(),
                date,
            };
            views.put(channel, Row::TimeOff(time_off_row(time_off)));
        }
    }
}

/// The local dates that `part` of a shift reaches into.
fn dates_of(world: &World, shift: &Shift, part: TimeRange) -> Vec<Date> {
    let Some(zone) = world.zones.get(&shift.zone) else {
        return vec![shift.local_date];
    };
    let last_instant = part.end - 1.nanosecond();
    let last = zone.date_at(last_instant);
    zone.date_at(part.start)
        .series(1.day())
        .take_while(|date| *date <= last)
        .collect()
}

fn job_row(world: &World, job: &Job) -> Option<JobRow> {
    let booking = world.bookings.get(&job.booking)?;
    let customer = world.customers.get(&booking.customer)?;
    let property = world.properties.get(&booking.property)?;
    Some(JobRow {
        id: job.id,
        version: job.version,
        number: job.number,
        status: job.status,
        at_risk: job.at_risk,
        service: job.service.clone(),
        starts_at: job.starts_at,
        duration_minutes: job.duration_minutes,
        travel_buffer_minutes: job.travel_buffer_minutes,
        seats: job
            .seats
            .iter()
            .map(|seat| seat.map(|seat| seat.cleaner))
            .collect(),
        lead: crew(job).first().copied(),
        booking: booking.id,
        booking_version: booking.version,
        booking_status: booking.status,
        customer: customer.id,
        customer_name: customer.name.clone(),
        customer_phone: customer.phone.clone(),
        address: property.address.clone(),
        district: property.district.clone(),
        access_notes: property.access_notes.clone(),
        lon: property.lon,
        lat: property.lat,
        times: job.times.clone(),
    })
}
